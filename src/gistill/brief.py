"""The nouns of a conversation's brief; `gistill.schema` has them too. Not measured is None."""

from __future__ import annotations

from typing import Literal

from gistill.record import Failure, Noun

Outcome = Literal["solved", "moved", "open"]  # of a conversation; moved: to another channel, team or company


class BriefSentence(Noun):
    """A sentence of a conversation's brief: written by a model and checked, or the words of a turn as they stand."""

    slot: Literal["issue", "done", "outcome", "next"]
    text: str
    turns: tuple[int, ...]  # numbers of the turns that carry it, from 1
    origin: Literal["writer", "words"]
    speaker: str | None = None  # whose words they are; None where a model wrote the sentence, which says it itself


class Brief(Noun):
    """What a conversation was about, what was done, how it ended, what comes next. A slot that nothing fills is empty.

    `outcome` None was not measured: one side only speaks, or the language is not read. `left_out` counts the turns
    that were too many or too long to be looked at; `refused` the sentences of a model that did not stand.
    """

    record: str
    channel: str | None  # a `skills.conversation_summary.Channel`
    turns: int
    outcome: Outcome | None
    outcome_turn: int | None = None  # the turn that says it best
    sentences: tuple[BriefSentence, ...]
    left_out: int = 0
    refused: tuple[Failure, ...] = ()
    note: str = ""  # in a sentence, what could not be done
