"""What a sentence says about how many, checked against how many there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from gistill.grounding.wording import PEOPLE, Clause, Word, number, word_set
from gistill.schema import Opinion, Record


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
    """What the numbers of one claim may be. None: not known, so no number of that kind can stand.

    `shown` is for a claim with words of its own ("it is too thin"): how many of the people cited say it.
    """

    people: int
    side_people: int | None  # of them, those who feel as the claim does; equal to `people` for a claim without feeling
    mentions: int
    side_mentions: int
    records: int
    read: int | None  # people whose text was read, where the claim is about who mentions the aspect at all
    shown: int | None = None


class Claim(NamedTuple):
    """One clause of the sentence being checked. `sign` is +1, -1, or 0 where it has no feeling or both."""

    clause: Clause
    specific: tuple[Word, ...]
    signs: tuple[int, ...]
    part: str | None = None

    @property
    def sign(self) -> int:
        """The one feeling of the claim, if it has one."""
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


def check_numbers(claims: Sequence[Claim], counts: Sequence[Counts]) -> tuple[str, set[int]]:
    """Check every number of people, reviews or mentions, every percentage, fraction and "N of M".

    Counts must be equal, percentages right when rounded as written. "about" allows a tenth, "more than", "at least",
    "nearly" and "fewer than" a quarter on their side. In a claim of praise the number must be of those who praise. A
    number of anything else ("13 inch") is left to the support check.

    Returns:
        Why it fails, or "", and the places in the sentence of the tokens that were accounted for.
    """
    used: set[int] = set()
    wrong = ""
    for claim, count in zip(claims, counts, strict=True):
        words = [token.text for token in claim.clause]
        skip_to = 0
        for figure in _figures(claim.clause):
            if figure.first < skip_to:
                continue
            verdict, skip_to = _judge(words, figure, count)
            if verdict is None:
                continue
            if not verdict:
                written = " ".join(words[figure.first : skip_to])
                wrong = wrong or f"“{written}” does not match the counts"
            used.update(token.start for token in claim.clause[figure.first : skip_to])
    return wrong, used


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


def _judge(words: list[str], figure: Figure, count: Counts) -> tuple[bool | None, int]:
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


def _pairs(count: Counts) -> set[tuple[float, float]]:
    pairs = {(count.side_mentions, count.mentions)}
    if count.read is not None:
        pairs.add((count.people, count.read))
    if count.side_people is not None:
        pairs.add((count.shown if count.shown is not None else count.side_people, count.people))
    return {(float(n), float(of)) for n, of in pairs}


def _ratios(count: Counts) -> list[float]:
    pairs = [(count.side_people, count.people), (count.side_mentions, count.mentions)]
    if count.shown is not None:
        pairs = [(count.shown, count.people)]
    elif count.read is not None:
        pairs.append((count.people, count.read))
    return [n / of for n, of in pairs if n is not None and of]


def _among(value: float, near: str | None, allowed: list[int | None], count: Counts) -> bool:
    if value == 1 and near is None:  # "one person says" is true when at least one does
        return any((target or 0) >= 1 for target in allowed) and count.shown != 0
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


_QUANTIFIERS = {"many", "most", "some", "several", "few", "everyone", "everybody", "nobody", "someone"}
_WHO = f"(?:{'|'.join(sorted(PEOPLE - _QUANTIFIERS))})"


class Bound(NamedTuple):
    """A word of quantity: how many people it needs, and what share of those who mention the aspect it may stand for."""

    words: str
    people: int
    low: float  # the share must be above this
    high: float  # and not above this


_BOUND_TABLE = (
    (r"almost all|nearly all|(?:almost|nearly) (?:everyone|everybody|every \w+)", 5, 0.8, 1.0),
    (r"vast majority|overwhelming\w*|virtually all|consistently", 5, 0.8, 1.0),
    (r"everyone|everybody|unanimous\w*|universal\w*|all of them|they all|all agree", 2, 0.9999, 1.0),
    (rf"all (?:of )?(?:the |these |those )?(?:[\d,]+ )?{_WHO}|(?:every|each) (?:\w+ )?{_WHO}", 2, 0.9999, 1.0),
    (r"most|majority|mostly|mainly|largely|generally|usually|typically|widely|primarily|overall|tend to", 2, 0.5, 1.0),
    (r"half", 2, 0.4, 0.6),
    (r"dozens", 24, 0.0, 1.0),
    (r"hundreds", 200, 0.0, 1.0),
    (r"thousands", 2000, 0.0, 1.0),
    (r"a few|a handful|a couple", 2, 0.0, 0.3),
    (r"few|handful|couple|rarely|seldom", 1, 0.0, 0.2),
    (r"minority", 1, 0.0, 0.4999),
    (r"many|numerous|lots|plenty|a lot|frequently|often|commonly|countless|a number of", 5, 0.15, 1.0),
    (r"several|multiple|various", 3, 0.0, 1.0),
    (r"some|certain|sometimes|occasionally", 2, 0.0, 0.6),
    (rf"someone|(?:one|an?|a single|another) {_WHO}", 1, 0.0, 1.0),
)
BOUNDS = tuple(Bound(rf"\b(?:{words})\b", people, low, high) for words, people, low, high in _BOUND_TABLE)
_UNDECIDABLE = re.compile(
    r"\b(?:nobody|no one|none|not (?:all|every\w*|many|most|everyone|everybody)|no "
    + _WHO
    + rf"|twice|equally|outnumber\w*|(?:more|fewer|less) {_WHO}\b.* than)\b"
)
_BARE = Bound("", 2, 0.1, 1.0)  # "customers say", without a word of quantity
_FACT = 0.5  # "it is great", without any people: more than half of them must feel so


def quantity_places(clause: Clause) -> set[int]:
    """Say where in the sentence a clause's words of quantity stand: "all" in "all customers", not in "all day"."""
    text, starts = _joined(clause)
    spans = [match.span() for bound in BOUNDS for match in re.finditer(bound.words, text)]
    return {start for at, start in starts if any(first <= at < last for first, last in spans)}


def check_quantities(claims: Sequence[Claim], counts: Sequence[Counts], *, numbered: set[int]) -> str:
    """Check words of quantity against the shares of `_BOUND_TABLE`, in people of those who mention the aspect.

    | words | people, at least | share |
    | --- | --- | --- |
    | all, everyone, every customer, unanimously | 2 | all |
    | almost all, vast majority, overwhelmingly, consistently | 5 | above 80% |
    | most, majority, mostly, generally, usually, overall | 2 | above 50% |
    | half | 2 | 40% to 60% |
    | many, numerous, lots, often, frequently | 5 | above 15% |
    | several, multiple, various | 3 | any |
    | some, sometimes, occasionally | 2 | up to 60% |
    | a few, a handful, a couple | 2 | up to 30% |
    | few, rarely, seldom | 1 | up to 20% |
    | minority | 1 | below 50% |
    | one customer, someone | 1 | any |
    | customers, people (no word of quantity) | 2 | above 10% |
    | a plain statement ("it is great") | 1 | above 50% |

    A claim with words of its own ("most say it is too thin") needs as many people among those cited, and a reason
    ("most like it because it is light") needs two of them, unless it is given for example. "No one",
    "not all" and "more people than" cannot be decided from the counts of one feeling and fail.

    Args:
        claims: The sentence, clause by clause.
        counts: What may be said, claim by claim.
        numbered: Places that `check_numbers` accounted for: a claim with a checked number needs no word of quantity.

    Returns:
        Why it fails, or "".
    """
    softened = re.search(r"\b(?:example|instance|such as|including|among other)\b", " ".join(_words(claims)))
    spoken = several = reasoned = False
    for place, (claim, count) in enumerate(zip(claims, counts, strict=True)):
        text, _ = _joined(claim.clause)
        whole = text
        if unclear := _UNDECIDABLE.search(text):
            return f"“{unclear.group()}” cannot be checked against the counts"
        if not claim.signs and not claim.specific and place + 1 < len(claims):
            count = counts[place + 1]  # "most people say, it is too thin"
        counted = any(token.start in numbered for token in claim.clause)
        spoken = spoken or counted
        for bound in BOUNDS:
            for match in re.finditer(bound.words, text):
                spoken = True
                if not _within(bound, count) and not counted:
                    return f"“{match.group()}” does not fit the counts ({_said(count)})"
            text = re.sub(bound.words, lambda match: "#" * len(match.group()), text)
        who = re.search(rf"\b{_WHO}\b", text)
        if who and not counted and "#" not in text and not _within(_BARE, count):
            return f"“{who.group()}” is too many for the counts ({_said(count)})"
        several = (
            several or who is not None or any(bound.people > 1 and re.search(bound.words, whole) for bound in BOUNDS)
        )
        reasoned = reasoned or claim.clause[0].text in ("because", "since")
        if reasoned and several and not softened and claim.specific and (count.shown or 0) < 2:
            return "only one of the people cited gives this reason, and not “for example”"
        spoken = spoken or who is not None
    if not spoken:
        for claim, count in zip(claims, counts, strict=True):
            side = (
                count.side_mentions / count.mentions if count.side_people is None else count.side_people / count.people
            )
            if claim.sign and side <= _FACT:
                return f"it is stated as a fact, but {_said(count)} say so"
    return ""


def _words(claims: Sequence[Claim]) -> list[str]:
    return [token.text for claim in claims for token in claim.clause]


def _joined(clause: Clause) -> tuple[str, list[tuple[int, int]]]:
    """Join a clause's words by spaces; also list each word's place in that text and in the sentence."""
    text, starts = "", []
    for token in clause:
        starts.append((len(text), token.start))
        text += token.text + " "
    return text.strip(), starts


def _within(bound: Bound, count: Counts) -> bool:
    side = count.side_people if count.side_people is not None else count.side_mentions
    whole = count.people if count.side_people is not None else count.mentions
    if not whole:
        return False
    enough = side if count.shown is None else count.shown
    return enough >= bound.people and enough / whole > bound.low and side / whole <= bound.high


def _said(count: Counts) -> str:
    if count.shown is not None:
        return f"{count.shown} of the people cited"
    if count.side_people is None:
        return f"{count.side_mentions} of {count.mentions} mentions"
    return f"{count.side_people} of {count.people} people"
