"""How many there are, and the numbers of a sentence checked against them. Words of quantity: `grounding.quantity`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from gistill.grounding.findings import finding
from gistill.grounding.wording import PEOPLE, Clause, Word, number, word_set
from gistill.schema import Finding, Opinion, Record


class Voices(NamedTuple):
    """People by feeling. Somebody with praise and blame counts in both, so the three can add up to more than all."""

    people: int
    positive: int
    negative: int
    neutral: int


def person(record: Record) -> tuple[str, str]:
    """Say who speaks: the author, or the record itself where no author is known."""
    return ("author", record.author) if record.author else ("record", record.id)


def count_voices(opinions: Iterable[Opinion], records: Mapping[str, Record]) -> Voices:
    """Count the people behind opinions, once each and once per feeling."""
    everyone: set[tuple[str, str]] = set()
    by_feeling: dict[str, set[tuple[str, str]]] = {"positive": set(), "negative": set(), "neutral": set()}
    for opinion in opinions:
        who = person(records[opinion.record])
        everyone.add(who)
        by_feeling[opinion.polarity].add(who)
    return Voices(len(everyone), *(len(by_feeling[feeling]) for feeling in ("positive", "negative", "neutral")))


class Counts(NamedTuple):
    """How many people, mentions and records there are of what a sentence is about. None: not known, so that a sentence
    with a number of that kind fails.
    """

    people: int  # who mention it
    positive: int | None = None  # of these people, those who praise it
    negative: int | None = None  # of these people, those who complain; somebody can do both
    mentions: int | None = None
    positive_mentions: int | None = None
    negative_mentions: int | None = None
    records: int | None = None  # that mention it
    read: int | None = None  # people whose text was read, whether they mention it or not


class Allowed(NamedTuple):
    """What the numbers of one claim may be. None: not known, so no number of that kind can stand.

    `shown` is for a claim with words of its own ("it is too thin"): how many of the people cited say it.
    """

    people: int
    side_people: int | None  # of them, those who feel as the claim does; equal to `people` for a claim without feeling
    mentions: int | None
    side_mentions: int | None
    records: int | None
    read: int | None  # people whose text was read, where the claim is about who mentions the aspect at all
    shown: int | None = None


class Claim(NamedTuple):
    """One clause of the sentence being checked. `signs` are +1 for praise and -1 for blame, in order."""

    clause: Clause
    specific: tuple[Word, ...]
    signs: tuple[int, ...]
    span: tuple[int, int]  # in the sentence
    part: str | None = None

    @property
    def sign(self) -> int:
        """The one feeling of the claim; 0 where it has none or both."""
        return self.signs[0] if len(set(self.signs)) == 1 else 0


class Figure(NamedTuple):
    """A number in a clause: tokens [first, last) and its value; `step` is its rounding, 1 for whole numbers."""

    first: int
    last: int
    value: float
    step: float


_REVIEWS = {"review", "reviews", "record", "records", "texts", "conversations", "documents"}
_MENTIONS = {"mention", "mentions", "opinion", "opinions", "comment", "comments", "remarks"}
_VERBS = word_set(
    "are is were was say says said find finds found like likes liked dislike dislikes disliked praise praises "
    "praised complain complains complained mention mentions mentioned report reports reported think feel call do "
    "have"
)
_PARTS = {"half": 2, "halves": 2, "third": 3, "thirds": 3, "quarter": 4, "quarters": 4, "fifth": 5, "fifths": 5}
_QUALIFIERS = {
    "about": "near", "around": "near", "roughly": "near", "approximately": "near", "some": "near", "over": "over",
    "above": "over", "more than": "over", "nearly": "under", "almost": "under", "under": "under", "fewer than": "under",
    "less than": "under", "at least": "least", "up to": "most", "at most": "most",
}  # fmt: skip


def check_numbers(claims: Sequence[Claim], counts: Sequence[Allowed]) -> tuple[Finding | None, set[int]]:
    """Check every number of people, reviews or mentions, every percentage, fraction and "N of M".

    Counts must be equal, percentages right when rounded as written. "about" allows a tenth, "more than", "at least",
    "nearly" and "fewer than" a quarter on their side. In a claim of praise the number must be of those who praise. A
    number of anything else ("13 inch") is left to the support check.

    Returns:
        The first number that is wrong, and the places in the sentence of the tokens that were accounted for.
    """
    used: set[int] = set()
    wrong: Finding | None = None
    for claim, count in zip(claims, counts, strict=True):
        words = [token.text for token in claim.clause]
        skip_to = 0
        for figure in _figures(claim.clause):
            if figure.first < skip_to:
                continue
            verdict, skip_to = _judge(words, figure, count)
            if verdict is None:
                continue
            read = claim.clause[figure.first : skip_to]
            if not verdict and wrong is None:
                reason = f"“{' '.join(token.text for token in read)}” does not match the counts"
                wrong = finding("number", reason, span=(read[0].start, read[-1].end), against=in_words(count))
            used.update(token.start for token in read)
    return wrong, used


def in_words(count: Allowed) -> str:
    """Write what the numbers of a claim may be, as far as it is known."""
    kinds = (
        (count.side_people, count.people, "people"),
        (count.side_mentions, count.mentions, "mentions"),
        (count.records, None, "records"),
    )
    known = [f"{n}{'' if of is None else f' of {of}'} {kind}" for n, of, kind in kinds if n is not None]
    if count.shown is not None:
        known.insert(0, f"{count.shown} of the people cited")
    return ", ".join(known)


def _figures(clause: Clause) -> Iterator[Figure]:
    """Read the numbers of a clause, joining "two hundred", "twenty five" and "5 thousand"."""
    place = 0
    while place < len(clause):
        value = number(clause[place].text)
        if value is None:
            place += 1
            continue
        text, first = clause[place].text, place
        place += 1
        while place < len(clause) and not clause[place].text[0].isdecimal():
            more = number(clause[place].text)
            if more is None:
                break
            if more >= 12 and more in (12, 100, 1000, 1_000_000):
                value *= more
            elif (value % 10 == 0 and more < 10) or (value % 100 == 0 and more < 100):
                value += more
            else:
                break
            place += 1
        decimals = len(text.partition(".")[2]) if text[0].isdecimal() else 0
        yield Figure(first, place, value, 10.0**-decimals)


def _judge(words: list[str], figure: Figure, count: Allowed) -> tuple[bool | None, int]:
    """Decide about one number: True, False, or None if it does not count people; and where the reading goes on."""
    at, value = figure.last, figure.value
    rest = [*words[at : at + 4], "", "", "", ""]
    near = _QUALIFIERS.get(" ".join(words[max(0, figure.first - 2) : figure.first])) or _QUALIFIERS.get(
        words[figure.first - 1] if figure.first else ""
    )
    if rest[0] in ("%", "percent") or rest[:2] == ["per", "cent"]:
        ratios = _ratios(count)
        step = figure.step / 2
        return any(_fits(value, 100 * r, near, step) for r in ratios), at + (2 if rest[0] == "per" else 1)
    if rest[0] in _PARTS:
        return any(_fits(value / _PARTS[rest[0]], r, None, 0.05) for r in _ratios(count)), at + 1
    whole = _whole(words, at)
    if whole is not None:
        of, end, word = whole
        if word == "in":
            return any(_fits(value / max(of, 1), r, None, 0.05) for r in _ratios(count)), end
        return (value, of) in _pairs(count), end
    if rest[0] == "of" and rest[1] in ("them", "these", "those"):
        return _among(value, near, [count.side_people, count.side_mentions], count), at + 2
    for ahead in range(3):
        if number(rest[ahead]) is not None:
            break
        if rest[ahead] in PEOPLE:
            return _among(value, near, [count.side_people], count), at + ahead + 1
        if rest[ahead] in _REVIEWS:
            return _among(value, near, [count.records], count), at + ahead + 1
        if rest[ahead] in _MENTIONS:
            return _among(value, near, [count.side_mentions], count), at + ahead + 1
    if rest[0] in _VERBS and not (value == 1 and words[figure.first] == "one"):
        return _among(value, near, [count.side_people, count.side_mentions], count), at
    return None, at


def _whole(words: list[str], at: int) -> tuple[float, int, str] | None:
    """Read the M of "N of M", "N out of the M" and "N in M": its value, where it ends, and "of" or "in"."""
    rest = words[at:]
    length = 2 if rest[:2] == ["out", "of"] else 1 if rest[:1] in (["of"], ["in"]) else 0
    if not length:
        return None
    word = rest[length - 1]
    while length < len(rest) and rest[length] in ("the", "all", "those", "these", "every"):
        length += 1
    value = number(rest[length]) if length < len(rest) else None
    return None if value is None else (value, at + length + 1, word)


def _pairs(count: Allowed) -> set[tuple[float, float]]:
    pairs: set[tuple[int, int]] = set()
    if count.side_mentions is not None and count.mentions is not None:
        pairs.add((count.side_mentions, count.mentions))
    if count.read is not None:
        pairs.add((count.people, count.read))
    if count.side_people is not None:
        pairs.add((count.shown if count.shown is not None else count.side_people, count.people))
    return {(float(n), float(of)) for n, of in pairs}


def _ratios(count: Allowed) -> list[float]:
    pairs = [(count.side_people, count.people), (count.side_mentions, count.mentions)]
    if count.shown is not None:
        pairs = [(count.shown, count.people)]
    elif count.read is not None:
        pairs.append((count.people, count.read))
    return [n / of for n, of in pairs if n is not None and of]


def _among(value: float, near: str | None, allowed: list[int | None], count: Allowed) -> bool:
    if value == 1 and near is None:  # "one person says" is true when at least one does
        return any(target is not None and target >= 1 for target in allowed) and count.shown != 0
    targets = allowed if count.shown is None else [count.shown]
    return any(target is not None and _fits(value, target, near, 0.0) for target in targets)


def _fits(value: float, target: float, near: str | None, slack: float) -> bool:
    match near:
        case "near":
            return abs(value - target) <= max(0.1 * target, slack)
        case "over":
            return value < target <= 1.25 * value
        case "least":
            return value <= target <= 1.25 * value
        case "under":
            return 0.75 * value <= target < value
        case "most":
            return 0.75 * value <= target <= value
    return abs(value - target) <= slack + 1e-9
