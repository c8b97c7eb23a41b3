"""What a judge marked and an editor wrote before, in files: asked again by the hashes of the texts, without anybody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gistill import files
from gistill.analysis.cases import Case
from gistill.grounding.faults.fault import Fault
from gistill.grounding.faults.rules import Checked
from gistill.grounding.faults.taxonomy import Taxonomy
from gistill.schema import Failure, Noun, Span
from gistill.tables import read_jsonl

_DIGITS = 16  # of a hash, in the files


class Marked(Noun):
    """An error that was marked; spans are `[start, end)` in code points, None where nothing is marked."""

    code: str
    span: tuple[int, int] | None = None  # in the summary
    source: tuple[int, int] | None = None
    why: str = ""


class Judged(Noun):
    """A reading of one summary.

    `conversation` and `summary` are the first 16 digits of the sha256 of the source, as `analyze` has it, and of the
    summary; what else is there is for people: `id` and `part` of the conversation, `by` whom the summary is, and who
    read it.
    """

    conversation: str
    summary: str
    errors: tuple[Marked, ...]
    id: str = ""
    part: str = ""
    by: str = ""
    reader: str = ""


class Edited(Noun):
    """What an editor made of one summary, and perhaps the editor's own; `doubted` are codes that the editor did not
    believe.
    """

    id: str
    edit: str
    own: str = ""
    doubted: tuple[str, ...] = ()


class RecordedJudge:
    """Answers about summaries that were judged before; about any other there is no answer, which is a failure.

    Args:
        marks: JSON lines of `Judged`. Of two readings of one text the first counts.
        taxonomy: The codes that count; errors of others are left out.

    Raises:
        InputError: A file cannot be read, or a line is no such reading.
    """

    name = "recorded marks"

    def __init__(self, marks: Sequence[Path], taxonomy: Taxonomy) -> None:
        self._codes = frozenset(taxonomy)
        self._known: dict[tuple[str, str], tuple[Fault, ...]] = {}
        for path in marks:
            for one in read_jsonl(path, Judged):
                faults = tuple(self._fault(error) for error in one.errors if error.code in self._codes)
                self._known.setdefault((one.conversation, one.summary), faults)

    def check(self, cases: Sequence[Case]) -> list[Checked | Failure]:
        """Give the faults of each case: same length, same order."""
        found: list[Checked | Failure] = []
        for case in cases:
            faults = self._known.get(key_of(case.source, case.summary))
            if faults is None:
                found.append(Failure(kind="waiting", record=case.id, detail="nobody has judged this summary"))
            else:
                found.append(Checked(faults, self._codes))
        return found

    def _fault(self, error: Marked) -> Fault:
        span, source = (None if at is None else Span(start=at[0], end=at[1]) for at in (error.span, error.source))
        says = error.why or "The judge gives no reason."
        return Fault(code=error.code, rule=self.name, tier="judge", span=span, source=source, says=says)


def key_of(source: str, summary: str) -> tuple[str, str]:
    """Give the hashes by which marks are found: of the source and of the summary."""
    return files.hash_text(source)[:_DIGITS], files.hash_text(summary)[:_DIGITS]
