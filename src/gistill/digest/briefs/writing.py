"""Records in, briefs out: written by a model and checked sentence by sentence, else in the words of the conversation.

A long conversation is summed up in pieces of whole turns (map), and of the sentences that stand the first about the
issue and the last about what was done are taken (reduce). Conversations are taken a few at a time.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from gistill.digest.briefs.outcome import ending
from gistill.digest.briefs.own_words import own_words
from gistill.digest.briefs.talk import Said, Talk, asked, talk_of
from gistill.grounding.spoken import SpokenTurn, check_spoken
from gistill.grounding.wording import stem, tokens
from gistill.lm.seam import LanguageModel, Request
from gistill.schema import Brief, BriefSentence, Failure, Record
from gistill.skills.conversation_summary import WORDS, ConversationInput, parse, render
from gistill.text import is_in_one_of

_AT_ONCE = 8  # conversations in memory, and given to a model together; then it is said how far the work is
_PIECE = 1_600  # characters of turns that a small model sums up at once; it learned from conversations of this length
_PIECES = 12  # of a conversation; of a longer one those in the middle are left out
_FIRST = 4  # of these pieces, how many are from the beginning
_NEXT = re.compile(r"\b(?:will|requests?|requested|asks?|asked|advis\w+|suggest\w*|within|dm)\b", re.IGNORECASE)
_UNREAD = "It is not in English, so how it ended is not judged, and the brief is in its own words"
_SLOTS = ("issue", "done", "outcome", "next")


class _Piece(NamedTuple):
    turns: tuple[Said, ...]
    cut: bool  # a turn lost its end


class _Plan(NamedTuple):
    talk: Talk
    said: tuple[Said, ...]  # the turns that the brief may speak of
    pieces: tuple[_Piece, ...]
    left_out: int
    note: str


def make_briefs(
    records: Iterable[Record],
    *,
    writer: LanguageModel | None = None,
    aspects: Sequence[str] = (),
    words: int = WORDS,
    made: Callable[[int], None] = lambda done: None,
) -> Iterator[Brief]:
    """Make a brief of each conversation, in order.

    Args:
        records: Conversations; a text without turns is one turn of the customer.
        writer: A model that learned the skill `conversation_summary`; None takes every sentence from the conversation.
        aspects: Only turns with the words of one of them, and the answers to these, are looked at; empty looks at all.
        words: About how long the model should write.
        made: Called with the number of briefs made so far, after each few.

    Returns:
        As many briefs as records. A conversation without words, or without any about the aspects, has one without
        sentences, whose note says so.
    """
    records, done = iter(records), 0
    while chunk := list(itertools.islice(records, _AT_ONCE)):
        plans = [_plan(talk_of(record), aspects, pieces=writer is not None) for record in chunk]
        asking = [
            (place, Request(messages=render(_input(piece, words, aspects)), max_tokens=2 * words + 32))
            for place, plan in enumerate(plans)
            for piece in plan.pieces
        ]
        answers = writer.complete([request for _, request in asking]) if writer and asking else []
        said: list[list[tuple[str, bool] | Failure]] = [[] for _ in plans]
        for (place, _), answer in zip(asking, answers, strict=True):
            said[place].append(answer.failure or (answer.text, answer.stop == "end"))
        done += len(plans)
        made(done)
        yield from (_brief(plan, written) for plan, written in zip(plans, said, strict=True))


def _input(piece: _Piece, words: int, aspects: Sequence[str]) -> ConversationInput:
    return ConversationInput(asked(piece.turns), words, aspect=" or ".join(aspects))


def _plan(talk: Talk, aspects: Sequence[str], *, pieces: bool) -> _Plan:
    """Decide which turns a brief is made from and which of these a model is shown."""
    said = _about(talk.said, aspects) if aspects else talk.said
    if not talk.said:
        return _Plan(talk, (), (), 0, "Nobody says anything")
    if not said:
        return _Plan(talk, (), (), 0, f"Nobody speaks of {' or '.join(aspects)}")
    if not is_in_one_of(talk.words, ("en",), declared=talk.language):
        return _Plan(talk, said, (), 0, _UNREAD)
    if not pieces:
        return _Plan(talk, said, (), 0, "")
    cut = _cut(said)
    shown = cut if len(cut) <= _PIECES else [*cut[:_FIRST], *cut[_FIRST - _PIECES :]]
    whole = {turn.number for piece in shown if not piece.cut for turn in piece.turns}
    return _Plan(talk, said, tuple(shown), len({turn.number for turn in said} - whole), "")


def _cut(said: Sequence[Said]) -> list[_Piece]:
    """Cut a conversation into pieces of whole turns; a turn that is too long for a piece is one, and loses its end."""
    pieces: list[_Piece] = []
    held: list[Said] = []
    for turn in said:
        if held and sum(len(one.text) for one in held) + len(turn.text) > _PIECE:
            pieces.append(_Piece(tuple(held), False))
            held = []
        if len(turn.text) > _PIECE:
            pieces.append(
                _Piece((turn._replace(text=turn.text[:_PIECE].rpartition(" ")[0] or turn.text[:_PIECE]),), True)
            )
        else:
            held.append(turn)
    return [*pieces, _Piece(tuple(held), False)] if held else pieces


def _about(said: Sequence[Said], aspects: Sequence[str]) -> tuple[Said, ...]:
    """Keep the turns that have all words of an aspect, and the next turn of the other side after each."""
    wanted = [{stem(token.text) for token in tokens(aspect)} for aspect in aspects]
    kept: list[Said] = []
    answer_of: bool | None = None  # whose turn is waited for: the customer's (True) or the company's
    for turn in said:
        stems = {stem(token.text) for token in tokens(turn.text)}
        customer = turn.speaker == "customer"
        named = any(words and words <= stems for words in wanted)
        if named or answer_of == customer:
            kept.append(turn)
            answer_of = not customer if named else None
    return tuple(kept)


def _brief(plan: _Plan, written: Sequence[tuple[str, bool] | Failure]) -> Brief:
    """Put the sentences of the model that stand, and of the conversation where none does, into their slots."""
    talk = plan.talk
    judged = not plan.note
    end = ending(talk.said) if judged else None
    standing, refused = _standing(plan, written)
    slots: dict[str, BriefSentence] = {one.slot: one for one in own_words(plan.said, end, language=talk.language)}
    slots.update(_reduced(standing))
    note = plan.note
    if judged and end is None:
        note = "Only one side speaks, so how it ended is not judged"
    return Brief(
        record=talk.record,
        channel=talk.channel,
        turns=talk.turns,
        outcome=end.outcome if end else None,
        outcome_turn=end.turn if end else None,
        sentences=tuple(slots[slot] for slot in _SLOTS if slot in slots),
        left_out=plan.left_out,
        refused=tuple(refused),
        note=note,
    )


def _standing(
    plan: _Plan, written: Sequence[tuple[str, bool] | Failure]
) -> tuple[list[tuple[str, tuple[int, ...]]], list[Failure]]:
    """Read and check what the model wrote about each piece: the sentences that stand with their turns, and the rest."""
    standing: list[tuple[str, tuple[int, ...]]] = []
    refused: list[Failure] = []
    for piece, answer in zip(plan.pieces, written, strict=bool(written)):
        if isinstance(answer, Failure):
            refused.append(answer.model_copy(update={"record": plan.talk.record}))
            continue
        read = parse(answer[0], ConversationInput(asked(piece.turns)), answer[1])
        refused += [failure.model_copy(update={"record": plan.talk.record}) for failure in read.failures]
        turns = [SpokenTurn(turn.number, turn.speaker == "customer", turn.text) for turn in piece.turns]
        for sentence in read.result.sentences if read.result else ():
            grounded = check_spoken(sentence, turns)
            if grounded.check.verdict == "supported":
                standing.append((sentence, grounded.turns))
            else:
                detail = f"{sentence[:300]} ({'; '.join(grounded.check.reasons)})"
                refused.append(Failure(kind="not_supported", record=plan.talk.record, detail=detail))
    return standing, refused


def _reduced(standing: Sequence[tuple[str, tuple[int, ...]]]) -> dict[str, BriefSentence]:
    """Choose of the sentences that stand: the first about the customer, the last about the company, what is next."""
    found: dict[str, BriefSentence] = {}
    for text, turns in standing:
        customer = re.match(r"(?:the )?(?:customer|client|user)", text, re.IGNORECASE) is not None
        slot = "issue" if customer else "next" if "done" in found and _NEXT.search(text) else "done"
        if slot != "issue" or slot not in found:
            found[slot] = BriefSentence.model_validate({"slot": slot, "text": text, "turns": turns, "origin": "writer"})
    return found
