"""Briefs of conversations as Markdown and as rows of a table. All text is escaped here for Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from gistill.digest.report.markdown import escape_markdown
from gistill.digest.report.words import counted, outcome_word, share_of, slot_word
from gistill.schema import Brief, BriefSentence, Outcome
from gistill.stats import wilson

OUTCOMES: tuple[Outcome, ...] = ("solved", "moved", "open")
SLOTS = ("issue", "done", "outcome", "next")
COLUMNS = (
    "conversation", "channel", "turns", "outcome", "outcome_turn", "issue", "issue_turns", "done", "done_turns",
    "done_by", "outcome_words", "outcome_words_turns", "next_step", "next_step_turns", "written_by", "turns_left_out",
    "sentences_refused", "note",
)  # fmt: skip

IN_SHORT = (
    "conversation", "outcome", "issue", "issue_source", "done", "done_source", "outcome_words", "outcome_words_source",
    "next_step", "next_step_source", "channel", "turns", "note",
)  # fmt: skip


def brief_row(brief: Brief) -> tuple[object, ...]:
    """Give a brief as a row under `COLUMNS`; a cell is empty where nothing fills the slot or nothing was judged.

    What stands in quotation marks is the conversation's own words; the rest a model wrote.
    """
    slots: dict[str, BriefSentence] = {sentence.slot: sentence for sentence in brief.sentences}
    cells: list[object] = []
    for slot in SLOTS:
        found = slots.get(slot)
        cells += [_quoted(found, found.text), ", ".join(map(str, found.turns))] if found else [None, None]
        if slot == "done":
            cells.append(found.speaker if found else None)
    origins = {sentence.origin for sentence in brief.sentences}
    written = "a model, checked" if "writer" in origins else "the conversation's own words" if origins else None
    return (
        brief.record, brief.channel, brief.turns, brief.outcome, brief.outcome_turn, *cells, written, brief.left_out,
        len(brief.refused), brief.note or None,
    )  # fmt: skip


def short_row(brief: Brief) -> tuple[object, ...]:
    """Give a brief as a row under `IN_SHORT`, which says of each sentence whether a model wrote it or it is a quote."""
    slots: dict[str, BriefSentence] = {sentence.slot: sentence for sentence in brief.sentences}
    cells: list[object] = []
    for slot in SLOTS:
        found = slots.get(slot)
        by = {"writer": "model", "words": "quote"}
        cells += [_quoted(found, found.text), by[found.origin]] if found else [None, None]
    return (brief.record, brief.outcome, *cells, brief.channel, brief.turns, brief.note or None)


def brief_markdown(brief: Brief) -> str:
    """Write a brief as a section: how it ended, then a line for each slot with its turns."""
    about = [brief.channel or "", counted(brief.turns, "turn")]
    ended = outcome_word(brief.outcome) + (f" (turn {brief.outcome_turn})" if brief.outcome_turn else "")
    lines = [f"## {escape_markdown(brief.record)}", "", f"{', '.join(filter(None, about))}: **{ended}**", ""]
    lines += [f"* {slot_word(one.slot)}, {_places(one)}: {_words(one)}" for one in brief.sentences]
    if brief.left_out:
        lines += ["", f"{counted(brief.left_out, 'turn')} could not be shown to the model whole."]
    if brief.refused:
        lines += ["", f"{counted(len(brief.refused), 'sentence')} of the model did not stand."]
    if brief.note:
        lines += ["", f"{escape_markdown(brief.note)}."]
    return "\n".join(lines).replace("\n\n\n", "\n\n") + "\n"


class Tallied:
    """Counts briefs while they pass, so that none has to be held."""

    def __init__(self, briefs: Iterable[Brief]) -> None:
        self._briefs = briefs
        self.outcomes: Counter[str] = Counter()
        self.refused = 0
        self.written = 0
        self.empty = 0

    def __iter__(self) -> Iterator[Brief]:
        for brief in self._briefs:
            self.outcomes[brief.outcome or ""] += 1
            self.refused += len(brief.refused)
            self.written += sum(sentence.origin == "writer" for sentence in brief.sentences)
            self.empty += not brief.sentences
            yield brief

    @property
    def sentence(self) -> str:
        """Say how the conversations ended: shares of those that were judged, with 95% intervals."""
        judged = sum(self.outcomes[name] for name in OUTCOMES)
        said = [f"{counted(judged + self.outcomes[''], 'conversation')}"]
        if judged:
            said += [
                f"{outcome_word(one)}: {share_of(wilson(self.outcomes[one], judged), 'judged', 'judged')}"
                for one in OUTCOMES
            ]
        if self.outcomes[""]:
            said.append(f"not judged: {self.outcomes['']:,}")
        return "; ".join(said) + "."


def _places(one: BriefSentence) -> str:
    who = f"{one.speaker} in " if one.speaker else ""
    return f"{who}{'turn' if len(one.turns) == 1 else 'turns'} {', '.join(map(str, one.turns))}"


def _words(one: BriefSentence) -> str:
    return _quoted(one, escape_markdown(one.text))


def _quoted(one: BriefSentence, text: str) -> str:
    return f"“{text}”" if one.origin == "words" else text
