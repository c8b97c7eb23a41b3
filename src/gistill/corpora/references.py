"""Summaries that people wrote as training examples: which of a conversation's are worth learning from.

People differ in care: some name what was asked and answered, some write "the customer has a problem". Of each
conversation the one or two are learned from whose words stand in it.
"""

from __future__ import annotations

import re
from pathlib import Path

from gistill.corpora import tweetsumm
from gistill.corpora.tweetsumm import Conversation
from gistill.files import hash_text
from gistill.schema import TrainingExample
from gistill.skills.conversation_summary import (
    CONVERSATION_SUMMARY,
    ConversationInput,
    ConversationSummary,
    Style,
    tidy,
)
from gistill.skills.overlap import rouge1
from gistill.skills.skill import training_example


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONG = 1_800  # characters; what is longer is summed up in pieces, so it is not learned from as a whole
_KEPT = 2  # references of a conversation
_ALIKE = 0.8  # ROUGE-1 from which the second says nothing new
_SHORTEST, _LONGEST = 10, 60  # words
_ENOUGH = 14  # words with a meaning that stand in the conversation; more are no better
_FEWEST, _LEAST = 5, 0.4  # of such words, and of their share; with fewer nothing in particular is said
_STEM = 5  # letters by which a word of a summary is found again in the conversation
_PLACEHOLDER = re.compile(r"[@#]\d|https?:|\bURL\b|<")
_SIDES = (re.compile(r"\bcustomer", re.IGNORECASE), re.compile(r"\bagents?\b|\bsupport\b", re.IGNORECASE))
_EMPTY = _words(
    "the and that this with for from they them their have has had was were been will would can could customer agent "
    "support states says asks asked said told about because also then there here which when while what his her him "
    "she its not but are you your out informed updated requested complaining issue problem regarding"
)


def reference_examples(part: str, *, folder: Path) -> list[TrainingExample]:
    """Give a part of TweetSumm as examples of the skill `conversation_summary`.

    In `teach` and `summarise`, which are learned from, each chosen reference is an example that asks for about as many
    words as it has, in tens; one of five asks for points; conversations over 1,800 characters are left out. In `dev`
    and the tests each conversation is one example that asks for the usual length, and every reference is right.

    Args:
        part: See `tweetsumm.load`.
        folder: The data folder.

    Raises:
        SettingError: No such part.
        InputError: A file is missing.
    """
    source = f"{tweetsumm.SOURCE.name}/{part}"
    found: list[TrainingExample] = []
    for one in tweetsumm.load(part, folder=folder):
        if part in (*tweetsumm.TESTS, "dev"):
            right = [summary for summary in map(tidy, one.references) if summary is not None]
            gold = ConversationSummary(right[0].sentences, tuple(other.text for other in right[1:]))
            found.append(_example(one, ConversationInput(one.turns), gold, source))
            continue
        for summary in chosen(one) if len(one.text) <= _LONG else ():
            words = round(len(summary.text.split()) / 10) * 10
            digit = int(hash_text(summary.text + one.id)[:8], 16) % 5
            style: Style = "points" if digit == 0 else "sentences"
            found.append(_example(one, ConversationInput(one.turns, words, style), summary, source))
    return found


def chosen(one: Conversation) -> list[ConversationSummary]:
    """Choose the references that are learned from, the best first: at most two, and none where none is good enough.

    One that names only one side, has an address or a placeholder in it, is very short or long, or says nothing of this
    conversation in particular is no choice. The rest are ordered by the share of their words with a meaning that stand
    in the conversation, where few such words count less; a second one must differ from the first.
    """
    said = {word[:_STEM] for word in _content(one.text)}
    ranked: list[tuple[float, int, ConversationSummary]] = []
    for place, reference in enumerate(one.references):
        summary = tidy(reference)
        if summary is None or not _SHORTEST <= len(summary.text.split()) <= _LONGEST:
            continue
        if _PLACEHOLDER.search(summary.text) or not all(side.search(summary.text) for side in _SIDES):
            continue
        words = _content(summary.text)
        found = sum(word[:_STEM] in said for word in words)
        if found >= max(_FEWEST, _LEAST * len(words)):
            ranked.append((-found / len(words) * min(1.0, found / _ENOUGH), place, summary))
    kept: list[ConversationSummary] = []
    for _, _, summary in sorted(ranked):
        if len(kept) < _KEPT and all(rouge1(other.text, summary.text) < _ALIKE for other in kept):
            kept.append(summary)
    return kept


def _content(text: str) -> list[str]:
    return [word for word in re.findall(r"[^\W_]{3,}", text.casefold()) if word not in _EMPTY]


def _example(one: Conversation, asked: ConversationInput, gold: ConversationSummary, source: str) -> TrainingExample:
    return training_example(CONVERSATION_SUMMARY, asked, gold, source=source, text=one.text)
