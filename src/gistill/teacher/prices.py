"""What a call costs, and who says so: the user's price file, else the table of genai-prices, else nobody knows.

And what all calls in a journal cost and saved, per run, step and model (`costs`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from gistill.errors import SettingError
from gistill.files import hash_bytes
from gistill.schema import Noun

UNKNOWN = "unknown"
_MILLION = 1_000_000

Ask = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]  # a question in SQL, its values -> the rows


class Price(Noun):
    """USD per million tokens. `cached_input` is for the part of the prompt that the server had cached."""

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)
    cached_input: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class Prices:
    """Prices of models, by name.

    A model's name in the table of genai-prices counts only together with its provider's address: the same open model
    on a server of one's own has no price there. Nothing is ever fetched.

    Args:
        own: Model name -> price, of the user; goes before the table.
        source: What to call it in the journal.
    """

    def __init__(self, own: Mapping[str, Price] | None = None, *, source: str = "file") -> None:
        self._own, self._source = dict(own or {}), source

    def of(self, model: str, url: str, prompt: int | None, completion: int | None, cached: int | None = None) -> Priced:
        """Price a call from its tokens; None where a price or a count is not known."""
        if prompt is None or completion is None:
            return None, UNKNOWN
        own = self._own.get(model)
        if own is None:
            return _listed(model, url, prompt, completion, cached or 0)
        cheaper = min(cached or 0, prompt)
        cached_price = own.input if own.cached_input is None else own.cached_input
        paid = (prompt - cheaper) * own.input + cheaper * cached_price + completion * own.output
        return paid / _MILLION, self._source

    def known(self, model: str, url: str) -> bool:
        """Say whether calls to a model have a price."""
        return self.of(model, url, 1, 1)[0] is not None


Priced = tuple[float | None, str]


def read_prices(path: Path) -> Prices:
    """Read a price file: YAML or JSON, model -> {input, output, cached_input}, in USD per million tokens.

    Raises:
        SettingError: It cannot be read, or a price is missing, negative or not a number.
    """
    import yaml

    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingError(f"it cannot be read: {(error.strerror or str(error)).lower()}", file=str(path)) from error
    try:
        own = TypeAdapter(dict[str, Price]).validate_python(yaml.safe_load(data))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingError("it is neither YAML nor JSON", file=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = " -> ".join(str(part) for part in first["loc"])
        raise SettingError(
            f"{place + ': ' if place else ''}{first['msg'].lower()}",
            file=str(path),
            hint="A line is: MODEL: {input: 0.15, output: 0.60, cached_input: 0.075}, in USD per million tokens.",
        ) from error
    return Prices(own, source=f"file {path.name} {hash_bytes(data)[:8]}")


def _listed(model: str, url: str, prompt: int, completion: int, cached: int) -> Priced:
    try:
        import genai_prices
    except ImportError:
        return None, UNKNOWN
    usage: Any = genai_prices.Usage(
        input_tokens=prompt, output_tokens=completion, cache_read_tokens=min(cached, prompt) or None
    )
    try:
        found = genai_prices.calc_price(usage, model, provider_api_url=url)
    except (LookupError, ValueError):  # no such provider or model, or no price for this kind of use
        return None, UNKNOWN
    return float(found.total_price), f"genai-prices {genai_prices.__version__}"


_CALLS = """
SELECT run, step, model, count(*), sum(outcome = 'ok'), sum(outcome = 'failed'), sum(outcome = 'open'),
       coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0), coalesce(sum(cached_tokens), 0),
       sum(outcome = 'ok' AND (prompt_tokens IS NULL OR completion_tokens IS NULL)), coalesce(sum(seconds), 0.0),
       coalesce(sum(price), 0.0), sum(price IS NULL)
FROM attempts WHERE run IS coalesce(?, run) GROUP BY run, step, model
"""
_COUNTED = (
    *("calls", "answered", "failed", "open", "prompt_tokens", "completion_tokens", "cached_tokens", "untold"),
    *("seconds", "known_spent", "unknown_spent"),
)
_SOURCES = """
SELECT DISTINCT run, step, model, price_source FROM attempts
WHERE price_source <> 'refused' AND outcome <> 'open' AND run IS coalesce(?, run) ORDER BY price_source
"""
_HITS = """
SELECT hits.run, hits.step, model, count(*), coalesce(sum(price), 0.0), sum(price IS NULL)
FROM hits JOIN attempts ON attempts.id = hits.attempt WHERE hits.run IS coalesce(?, hits.run)
GROUP BY hits.run, hits.step, model
"""


@dataclass(frozen=True)
class Cost:
    """The calls of one run, step and model; of all, where these are empty.

    Attributes:
        calls: Attempts: answered, failed and open. An open one is in flight, or was when its process was killed: nobody
            can know whether it was paid.
        hits: Calls that were not made, because the journal held the answer or an equal request was in the same batch.
        prompt_tokens: As far as servers told. The same holds for `completion_tokens` and `cached_tokens`.
        untold: Answers without token counts.
        seconds: Sum over calls, which overlap: not the time the run took.
        known_spent: USD, of the attempts whose price is known. A call that the server refused cost nothing.
        unknown_spent: Attempts of unknown price.
        known_saved: USD that the hits would have cost, as far as known; `unknown_saved` counts the others.
        price_sources: Who said what a call costs.
    """

    run: str
    step: str
    model: str
    calls: int = 0
    answered: int = 0
    failed: int = 0
    open: int = 0
    hits: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    untold: int = 0
    seconds: float = 0.0
    known_spent: float = 0.0
    unknown_spent: int = 0
    known_saved: float = 0.0
    unknown_saved: int = 0
    price_sources: tuple[str, ...] = ()

    @property
    def spent(self) -> float | None:
        """Money spent, USD; None where any of it is unknown."""
        return None if self.unknown_spent else self.known_spent

    @property
    def saved(self) -> float | None:
        """Money saved by hits, USD; None where any of it is unknown."""
        return None if self.unknown_saved else self.known_saved


def costs(ask: Ask, run: str | None = None) -> list[Cost]:
    """Sum up a journal, through a function that answers SQL; one row per run, step and model, in this order."""
    found: dict[tuple[str, str, str], dict[str, Any]] = {
        (row[0], row[1], row[2]): dict(zip(_COUNTED, row[3:], strict=True)) for row in ask(_CALLS, (run,))
    }
    for name, step, model, hits, saved, unknown in ask(_HITS, (run,)):  # also of runs that the journal alone answered
        found.setdefault((name, step, model), {}).update(hits=hits, known_saved=saved, unknown_saved=unknown)
    for name, step, model, source in ask(_SOURCES, (run,)):
        counts = found.get((name, step, model))
        if counts is None:  # a run that began between two of these questions; the next look sees it whole
            continue
        counts["price_sources"] = (*counts.get("price_sources", ()), source)
    return [Cost(name, step, model, **counts) for (name, step, model), counts in sorted(found.items())]


def total(rows: Iterable[Cost]) -> Cost:
    """Add costs up."""
    rows = list(rows)
    summed = {
        name: sum(getattr(row, name) for row in rows)
        for name, field in Cost.__dataclass_fields__.items()
        if field.type in ("int", "float")
    }
    return Cost("", "", "", **summed, price_sources=tuple(sorted({s for row in rows for s in row.price_sources})))
