"""What a benchmark is made of: sets, what each system is asked about them, and how the answers are scored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from gistill.bench.models import Models
from gistill.bench.systems import Member
from gistill.schema import Estimate

MAX_TOKENS = 96  # of an answer; of 20,194 marked answers of English training parts one is longer in SmolLM2's tokens
ORDERS = 5  # of elements, where a writer votes


class Settings(NamedTuple):
    """What a benchmark does, but for systems and sets.

    Attributes:
        data: The folder of public data; None where only files are scored.
        out: Where answers and scorecards go.
        limit: Texts of each set, the first after a shuffle; None takes all.
        seed: Of that shuffle and of the bootstrap.
        max_tokens: Of a writer's answer.
        orders: How many orders of elements a vote is taken over.
        shots_from: A file that worked examples are drawn from, for sets that have no training part.
        words: How long a summary should be; None is as long as those of the set usually are.
        deep: Whether summaries are also scored by measures that need a model.
    """

    data: Path | None
    out: Path
    limit: int | None = None
    seed: int = 0
    max_tokens: int = MAX_TOKENS
    orders: int = ORDERS
    shots_from: Path | None = None
    words: int | None = None
    deep: bool = False


class Job(NamedTuple):
    """One system on one set.

    Attributes:
        decided_by: All that decides the answers, as JSON.
        ask: Replies to the texts from one number to below another, as JSON, and the seconds it took.
        read: What the reply to a text says.
    """

    decided_by: dict[str, Any]
    ask: Callable[[int, int], tuple[list[Any], float]]
    read: Callable[[int, Any], Any]


class AnySet(Protocol):
    """What is scored on: a name, and texts in order."""

    @property
    def name(self) -> str:
        """The name, by which the set can be loaded again."""

    @property
    def examples(self) -> Sequence[Any]:
        """What is asked about."""


class AnyCard(Protocol):
    """What is known of one system on one set."""

    @property
    def system(self) -> str:
        """The row's name."""

    @property
    def set(self) -> str:
        """The set's name."""

    def model_dump_json(self, *, indent: int | None = None) -> str:
        """Write it as JSON text."""

    def model_dump(self, *, mode: str = "python") -> dict[str, Any]:
        """Write it as an object."""


Set = TypeVar("Set", bound=AnySet)
Card = TypeVar("Card", bound=AnyCard)


@dataclass(frozen=True)
class Benchmark(Generic[Set, Card]):
    """A benchmark, as functions of a module: another process finds it by their names.

    Args:
        name: Of the benchmark.
        load: A set by its name.
        job: Prepares a system for a set; nothing is loaded and nothing asked.
        why_not: Says why a system cannot do a set; empty where it can.
        card: System, set, answers and costs of each seed, and how they were made -> scorecard; by keyword the seed of
            the bootstrap.
        skipped: The scorecard of a system that cannot do a set: system, set, and why.
        difference: By how much the first answers are above the second, over all sets together.
        measure: The measure in which that is, for the sets of some scorecards.
        markdown: The table of some scorecards.
        write_csv: Writes them to compute with.
    """

    name: str
    load: Callable[[str, Settings], Set]
    job: Callable[[Member, Set, Models, Settings], Job]
    why_not: Callable[[Member, Set], str]
    card: Callable[..., Card]
    skipped: Callable[[str, Set, str], Card]
    difference: Callable[..., Estimate]
    measure: Callable[[Sequence[Card]], str]
    markdown: Callable[[Sequence[Card]], str]
    write_csv: Callable[[Path, Sequence[Card]], object]
