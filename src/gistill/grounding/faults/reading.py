"""A text as the rules see it: its sentences, who says them, and the words in them that need evidence."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

from gistill.grounding.wording import NEUTRAL, Clause, Token, clauses, number, stem, tokens, word_set
from gistill.schema import Span, Turn
from gistill.sentences import split
from gistill.speakers import of_customers, side_of

Side = Literal["customer", "company"]
_NEGATORS = word_set(
    "not no never without hardly barely scarcely cannot cant dont doesnt didnt isnt wasnt wont wouldnt couldnt arent "
    "werent havent hasnt hadnt shouldnt nothing none neither nor nobody unable impossible fail fails failed failing "
    "lack lacks lacked lacking refuse refuses refused stop stops stopped stopping unavailable zero"
)
# What a summary of a conversation tells that somebody speaks with; the conversation itself has no such words.
_TELLING = frozenset(
    stem(word)
    for word in word_set(
        "customer client user agent support representative company complain complaint inquire enquire enquiry query "
        "ask reply respond response inform update tell request suggest advise advice state states mention explain "
        "apologize apologise assist assistance help provide further additional information info detail details issue "
        "problem solve solution resolve face facing regarding regards concern concerned want wants better check please "
        "further know let matter same said according conversation team member situation"
    )
)
_MEANINGLESS = frozenset(("only", "just", "doubt", "longer"))  # "not only" negates nothing
TROUBLE = word_set(
    "issue issues problem problems trouble error errors fail fails failed failing failure complain complains "
    "complaining complained complaint difficulty difficulties difficult unable broken break breaks broke down stuck "
    "crash crashes crashed crashing wrong missing lost stop stops stopped despite"
)


def is_negator(word: str) -> bool:
    """Say whether a word turns round what follows: "not", "cannot", "unable"."""
    return word.replace("'", "") in _NEGATORS or word.endswith("n't")


class Said(NamedTuple):
    """A word that needs evidence: its stem, whether it is negated, and its place in the text."""

    stem: str
    negated: bool
    start: int
    end: int


class Sentence(NamedTuple):
    """A sentence of a text.

    Attributes:
        start: In the text; `end` likewise.
        side: Whose words it is; None where that is not known.
        turn: Number of the turn, or of the text where the source is several, from 0.
        tokens: All its words and marks, with places in the text.
        words: Those that need evidence.
    """

    start: int
    end: int
    side: Side | None
    turn: int
    tokens: tuple[Token, ...]
    words: tuple[Said, ...]


@dataclass(frozen=True)
class Reading:
    """A source or a summary as it is read for errors.

    Args:
        text: All of it.
        turns: Who speaks where; empty for a text that is no conversation.
        texts: The texts of different people, where the source is several; empty where it is one.
    """

    text: str
    turns: tuple[Turn, ...] = ()
    texts: tuple[Span, ...] = ()

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The sentences in order; none crosses the border of a turn or of a text."""
        parts: Sequence[Span] = self.turns or self.texts
        if not parts:
            return tuple(_sentences(self.text, 0, len(self.text), None, 0))
        spoken = [(turn.role, self.text[turn.start : turn.end]) for turn in self.turns]
        customers = of_customers(spoken) if spoken else [False] * len(parts)
        found: list[Sentence] = []
        for place, part in enumerate(parts):
            side: Side | None = None
            if isinstance(part, Turn):
                side = "customer" if customers[place] else "company" if side_of(part.role) != "customer" else None
            found += _sentences(self.text, part.start, part.end, side, place)
        return tuple(found)

    @cached_property
    def sides(self) -> frozenset[Side]:
        """Who speaks in it."""
        return frozenset(one.side for one in self.sentences if one.side)

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of all words, also of those that need no evidence."""
        return frozenset(stem(token.text) for one in self.sentences for token in one.tokens)

    @cached_property
    def weights(self) -> dict[str, float]:
        """How much a stem tells: the logarithm of how few sentences have it."""
        counts = Counter(root for one in self.sentences for root in {word.stem for word in one.words})
        return {root: math.log((len(self.sentences) + 1) / count) for root, count in counts.items()}

    def weight(self, root: str) -> float:
        """Weigh a stem; one that the text does not have tells as much as the rarest that it has."""
        return self.weights.get(root, math.log(len(self.sentences) + 1))

    def of(self, side: Side) -> list[Sentence]:
        """Give the sentences of one side."""
        return [one for one in self.sentences if one.side == side]


def _sentences(text: str, start: int, end: int, side: Side | None, turn: int) -> list[Sentence]:
    found = []
    for span in split(text[start:end]):
        at, to = start + span.start, start + span.end
        inside = [Token(token.text, token.start + at, token.end + at) for token in tokens(text[at:to])]
        words = [word for clause in _clauses(text, at, to) for word in said(clause)]
        found.append(Sentence(at, to, side, turn, tuple(inside), tuple(words)))
    return found


def _clauses(text: str, start: int, end: int) -> list[Clause]:
    return [
        tuple(Token(token.text, token.start + start, token.end + start) for token in clause)
        for clause in clauses(text[start:end])
    ]


def clauses_of(reading: Reading, sentence: Sentence) -> list[Clause]:
    """Cut a sentence where a claim ends; places are those of the text."""
    return _clauses(reading.text, sentence.start, sentence.end)


def said(clause: Clause) -> list[Said]:
    """List the words of a clause that need evidence, and whether they are negated in it.

    It is stricter than `wording.content`, which a digest uses: "unable to log in" and "cannot log in" are negated
    alike here, and general praise ("good") needs evidence like any other word. Words that tell of
    talking ("informs") need none. A number becomes its value.
    """
    found, negated = [], False
    for place, token in enumerate(clause):
        after = clause[place + 1].text if place + 1 < len(clause) else ""
        if is_negator(token.text):
            negated = negated if after in _MEANINGLESS else not negated
            continue
        root = stem(token.text)
        if token.text in NEUTRAL or root in NEUTRAL or root in _TELLING or not token.text[0].isalnum():
            continue
        value = number(token.text)
        found.append(Said(root if value is None else f"#{value:g}", negated and value is None, token.start, token.end))
    return found


def is_trouble(sentence: Sentence) -> bool:
    """Say whether a sentence speaks of something that does not work, so that "not" may be missing in it.

    What somebody "complains that" is told like anything else: there the "not" may not be missing.
    """
    words = [token.text for token in sentence.tokens]
    telling = any(word.startswith("complain") for word in words) and "that" in words
    return any(word in TROUBLE and not (telling and word.startswith("complain")) for word in words)
