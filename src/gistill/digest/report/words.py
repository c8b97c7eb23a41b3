"""Figures and dates in the words of the report, and text made harmless to show. Pure; knows no markup."""

from __future__ import annotations

import datetime as dt
import re

from gistill.categories import CATEGORIES
from gistill.schema import (
    Answered,
    Attacks,
    Change,
    Check,
    Estimate,
    Figure,
    HandCorrections,
    Outcome,
    Outcomes,
    Period,
    Point,
    Proportion,
    Ratings,
    SummarySentence,
    Tally,
)

NOT_MEASURED = "– not measured"
FEW = 10  # below this many people a figure is shown with a warning

# Not strftime: its names follow the machine's locale.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)

# Control characters, bidirectional embeddings, overrides and isolates, surrogates and non-characters. The plain
# marks U+200E, U+200F and U+061C stay: Hebrew and Arabic need them, and inside <bdi> they reach no further.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def visible(text: str) -> str:
    """Replace the characters that act without being seen by ones that are seen and do not act.

    A bidirectional override in one review would otherwise turn round the figures printed after it, and an escape
    character copied from the page would reach a terminal. Apply it to pieces after cutting: it changes lengths.

    Returns:
        C0 controls as their Unicode pictures (`␛`), the others as `[U+202E]`; every kind of line end as `\\n`.

    >>> visible("a\\x1bb\\u202ec\\r\\nd")
    'a␛b[U+202E]c\\nd'
    """
    text = re.sub("\r\n?|[\u2028\u2029\x85]", "\n", text)
    return _UNSAFE.sub(lambda found: _picture(ord(found[0])), text)


def _picture(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else f"[U+{code:04X}]"


def number(count: int) -> str:
    """Write a count with thousands marked: `12,480`."""
    return f"{count:,}"


def counted(count: int, one: str, many: str | None = None) -> str:
    """Write a count with its noun: `1 person`, `12 people`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def percent(value: float) -> str:
    """Write a proportion in [0, 1] as per cent, without letting a rare thing round to none or a common one to all."""
    share = 100 * value
    if 0 < share < 0.05:
        return "under 0.1"
    if 99.95 < share < 100:
        return "over 99.9"
    return f"{share:.1f}" if 0 < share < 0.95 or 99 < share < 100 else f"{share:.0f}"


def signed(value: float) -> str:
    """Write a number in [-1, 1] as points of Net Sentiment from −100 to +100, with its sign in words a font has."""
    points = round(100 * value)
    return f"+{points}" if points > 0 else f"−{-points}" if points < 0 else "0"


def share_of(share: Proportion, one: str = "person", many: str = "people") -> str:
    """Write a proportion with its denominator and interval: `31 of 240 people (13%, 95% interval 9 to 18%)`."""
    if share.value is None:
        return NOT_MEASURED
    start = f"{share.count:,} of {counted(share.of, one, many)} ({percent(share.value)}%"
    return f"{start}{_and_interval(share)})"


def _and_interval(share: Proportion) -> str:
    if share.low is None or share.high is None:
        return ""
    return f", 95% interval {percent(share.low)} to {percent(share.high)}%"


def bounds_of(point: Point) -> str:
    """Write from which share of people to which a point may be: `9 to 27%`."""
    if point.bounds is None:
        return NOT_MEASURED
    return f"{percent(point.bounds[0])} to {percent(point.bounds[1])}%"


def point_share(point: Point, one: str = "person", many: str = "people") -> str:
    """Write who makes a point, and its bounds: `31 of 240 people (13%; 9 to 27%)`."""
    share = point.tally.share
    if share.value is None:
        return NOT_MEASURED
    return f"{share.count:,} of {counted(share.of, one, many)} ({percent(share.value)}%; {bounds_of(point)})"


def interval_of(share: Proportion) -> str:
    """Write only the interval of a proportion: `9 to 18%`."""
    if share.low is None or share.high is None:
        return NOT_MEASURED
    return f"{percent(share.low)} to {percent(share.high)}%"


def net(estimate: Estimate) -> str:
    """Write a Net Sentiment with its interval: `+42 (from +31 to +53)`."""
    if estimate.value is None:
        return NOT_MEASURED
    span = net_span(estimate)
    return f"{signed(estimate.value)} ({span})" if span else signed(estimate.value)


def net_span(estimate: Estimate) -> str:
    """Write only the interval of a Net Sentiment: `from +31 to +53`; empty where there is none.

    Resampling opinions that are all alike gives an interval without width, which looks like certainty and is only a
    small sample; it is named instead.
    """
    if estimate.low is None or estimate.high is None:
        return ""
    if estimate.low == estimate.high:
        return "no interval: all alike"
    return f"from {signed(estimate.low)} to {signed(estimate.high)}"


# The figures of `schema.Corrected` in the order in which they are shown, and what they count.
FIGURES = {
    "net_sentiment": "Net Sentiment",
    "positive": "positive opinions",
    "negative": "negative opinions",
    "neutral": "neutral opinions",
    "people": "people who say anything",
    "people_positive": "people who say something positive",
    "people_negative": "people who say something negative",
}


def raw_figure(figure: Figure, name: str) -> str:
    """Write a figure as the reader's readings give it."""
    if figure.raw is None:
        return NOT_MEASURED
    return signed(figure.raw) if name == "net_sentiment" else number(round(figure.raw))


def corrected_figure(figure: Figure, name: str) -> str:
    """Write a corrected figure with its interval: `1,240 (from 1,100 to 1,390)`."""
    found = figure.corrected
    if found is None or found.value is None:
        return "not corrected"
    if name == "net_sentiment":
        return net(found)
    if found.low is None or found.high is None:
        return number(round(found.value))
    return f"{number(round(found.value))} (from {number(round(found.low))} to {number(round(found.high))})"


def hand_words(by_hand: HandCorrections, tally: Tally) -> str:
    """Say how many corrections of people are counted, and what the figures are with and without them."""
    given, applied = by_hand.given, by_hand.applied
    people = f" of {counted(by_hand.authors, 'person', 'people')}" if by_hand.authors else ""
    lost = "" if applied == given else f" {counted(given - applied, 'correction')} found nothing to correct any more."
    return (
        f"{number(applied)} of {counted(given, 'correction')} by hand{people} "
        f"{'is' if applied == 1 else 'are'} counted: {_sides(tally)}. "
        f"As read, without them: {_sides(by_hand.as_read)}.{lost}"
    )


def _sides(tally: Tally) -> str:
    counts = f"{number(tally.positive)} positive, {number(tally.neutral)} neutral, {number(tally.negative)} negative"
    value = tally.net_sentiment.value
    return f"{counts}, Net Sentiment {NOT_MEASURED if value is None else signed(value)}"


def attack_words(attacks: Attacks) -> str:
    """Say how many opinions stand in sentences that attack people, and whether these are shown."""
    how = (
        "hidden in this report, not in digest.json and opinions.jsonl"
        if attacks.hidden
        else "marked where they are quoted"
    )
    opinions = counted(attacks.of, "opinion")
    return (
        f"{number(attacks.opinions)} of {opinions} {'stands' if attacks.opinions == 1 else 'stand'} in sentences that "
        f"attack people (insults, slurs, threats); they count like all others, and the sentences are {how}."
    )


def category_name(code: str) -> str:
    """Name a category in a report; one of a taxonomy is a name already."""
    return CATEGORIES[code][0] if code in CATEGORIES else code


def category_or_none(code: str | None) -> str:
    """Name the category of a group of points; a reader of old was taught none."""
    return category_name(code) if code else "No category"


def lean(estimate: Estimate) -> str:
    """Say on which side of zero a Net Sentiment stands, by its interval and not by its middle."""
    if estimate.value is None:
        return "not measured"
    if estimate.low is None or estimate.high is None:
        return "no interval"
    return "positive" if estimate.low > 0 else "negative" if estimate.high < 0 else "no clear lean"


def is_few(tally: Tally) -> bool:
    """Say whether a group is so small that its figures need a warning."""
    return tally.people < FEW


def day(date: dt.date) -> str:
    """Write a date as `3 January 2025`."""
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}"


def period(step: Period) -> str:
    """Name one step of a trend: `Jan 2025`, `Q1 2025`, `week of 6 Jan 2025`, `2025`."""
    start, month = step.start, _MONTHS[step.start.month - 1][:3]
    match step.unit:
        case "year":
            return f"{start.year}"
        case "quarter":
            return f"Q{(start.month + 2) // 3} {start.year}"
        case "month":
            return f"{month} {start.year}"
        case "week":
            return f"week of {start.day} {month} {start.year}"
        case "day":
            return f"{start.day} {month} {start.year}"


def rating(value: float) -> str:
    """Write a rating without a needless `.0`."""
    return f"{value:g}"


def file_name(path: str) -> str:
    """Name a file without its folders: a report is passed on, and whose disk it was made on concerns nobody."""
    return re.split(r"[\\/]", path.rstrip("\\/"))[-1] or path


def plain(name: str) -> str:
    """Turn a name of the code (`near_duplicate`) into words."""
    return name.replace("_", " ")


def origin(sentence: SummarySentence) -> str:
    """Say where a summary's sentence comes from and what its check found, promising no more than was done."""
    if sentence.origin == "quote":
        return "counts and quotes"
    written = "written by the model" if sentence.origin == "writer" else "rewritten after a check"
    match sentence.check.verdict:
        case "supported":
            return f"{written}, checked" if sentence.origin == "writer" else f"{written}, checked again"
        case "not_supported":
            return f"{written}, did not pass"
        case "not_checked":
            return f"{written}, not checked"


def verdict(check: Check) -> str:
    """Write a check as one sentence: which checks ran and what they found."""
    ran = ", ".join(plain(name) for name in check.by)
    match check.verdict:
        case "supported":
            found = "Passed its checks"
        case "not_supported":
            found = "Did not pass its checks"
        case "not_checked":
            found = "Not checked"
    found += f" ({ran})" if ran else ""
    return f"{found}: {'; '.join(check.reasons)}." if check.reasons else f"{found}."


def carried(sentence: SummarySentence) -> str:
    """Say which of its quotations a sentence needs; empty where nobody looked."""
    if sentence.carried_by is None:
        return ""
    if not sentence.carried_by:
        return "It would pass without any one of its quotations, for the others say what it says."
    if len(sentence.carried_by) == 1:
        return "Without the quotation marked “carries the sentence” it would not pass."
    return "Without any one of the quotations marked “carries the sentence” it would not pass."


def change_words(change: Change, what: str = "it") -> str:
    """Write a change as one sentence with both shares; `what` is said."""
    more = "more" if change.more else "fewer"
    here, there = _short_share(change.here), _short_share(change.elsewhere)
    if change.by == "date":
        since = day(dt.date.fromisoformat(change.value))
        return f"Since {since} {more} people say {what}: {here}, before it was {there}."
    of = "" if change.by == "entity" else f"{change.by} "
    return f"{more.capitalize()} people say {what} of {of}{change.value}: {here}, of the rest {there}."


def _short_share(share: Proportion) -> str:
    return f"{share.count:,} of {share.of:,} ({percent(share.count / share.of)}%)"


def ratings_words(ratings: Ratings) -> str:
    """Compare the ratings of those who say something with those of the rest; empty where too few gave any."""
    more = ratings.difference.value
    if ratings.said.value is None or ratings.rest.value is None or more is None:
        return ""
    words = f"Those who say it rate {ratings.said.value:.1f} on average, the others {ratings.rest.value:.1f}"
    low, high = ratings.difference.low, ratings.difference.high
    if low is None or high is None:
        return f"{words}."
    return f"{words} (difference {_plus(more)}, 95% interval {_plus(low)} to {_plus(high)})."


def outcome_word(outcome: Outcome | None) -> str:
    """Say how a conversation ended."""
    return {"solved": "solved", "moved": "moved elsewhere", "open": "open", None: "not judged"}[outcome]


def slot_word(slot: str) -> str:
    """Name a part of a conversation's brief."""
    return {"issue": "Issue", "done": "What was done", "outcome": "Outcome", "next": "Next step"}[slot]


OUTCOMES_HINT = "a hint: told from the last turns, right in about two of three"  # measured: docs/evaluation.md


def outcomes_words(ended: Outcomes) -> str:
    """Say how conversations ended: `of 8 conversations 4 solved (50%), 1 moved elsewhere (12%), 3 open (38%); a hint`.

    What it is a hint for is said in full (`OUTCOMES_HINT`).
    """
    shares: dict[Outcome, Proportion] = {"solved": ended.solved, "moved": ended.moved, "open": ended.open}
    parts = [
        f"{share.count:,} {outcome_word(name)}" + ("" if share.value is None else f" ({percent(share.value)}%)")
        for name, share in shares.items()
    ]
    return f"of {counted(ended.solved.of, 'conversation')} {', '.join(parts)}; {OUTCOMES_HINT}"


def _plus(value: float) -> str:
    return f"{value:+.1f}".replace("-", "−")


FAILURES = {
    "empty": "Rows without text.",
    "duplicate": "The same text as an earlier row; counted once.",
    "near_duplicate": "Almost the same text as an earlier row; counted once.",
    "too_long": "Texts longer than the limit in the settings.",
    "not_text": "Rows whose text is not writing: binary, encoded or only symbols.",
    "deleted": "Rows whose text was deleted.",
    "filler": "Answers that say nothing, such as “n/a”.",
    "automatic": "Texts that a program wrote, such as automatic replies.",
    "agent": "Conversations in which no customer says anything.",
    "owner_reply": "Replies of the owner without a text by a customer.",
    "translation": "Translations without the customer’s own text.",
    "quoted": "Texts that only quote somebody else.",
    "signature": "Texts that are only a signature.",
    "status": "Texts that are only a mark of the page.",
    "markup": "Texts that are only a mark of the page.",
    "boilerplate": "The same long passage in many rows; not read.",
    "nothing_to_read": "Records with nothing to read, such as conversations without a customer.",
    "media": "Pictures or sound that could not be turned into text.",
    "language_not_read": "Records in a language the reader was not trained to read.",
    "bad_row": "Rows that could not become a record.",
    "unreadable": "Files, or the rest of a file, that could not be read.",
    "unparsable": "Answers of a model that could not be read.",
    "truncated": "Answers of a model that were cut off.",
    "unanchored": "Quotations that do not stand in the text; not used.",
    "malformed": "Answers of the reader that make no sense; not used.",
    "unsure": "Opinions the reader was less sure of than the settings ask.",
    "refused": "Requests a model declined.",
    "skipped": "Rows passed over on request.",
    "not_supported": "Sentences that failed a check; revised once, else replaced.",
    "revision_not_supported": "Revisions that failed a check; replaced by counts and people’s own words.",
    "empty_answer": "Answers of a model that held no sentence.",
    "redundant": "Sentences that passed but repeat another one.",
}


def failure(kind: str) -> str:
    """Explain a failure kind in one sentence; empty for a kind that explains itself or is not known here."""
    return FAILURES.get(kind, "")


def mean(value: float | None) -> str:
    """Write the mean of ratings with two decimals."""
    return NOT_MEASURED if value is None else f"{value:.2f}"


def distribution(answered: Answered) -> str:
    """Write how many gave which rating, from the lowest; of more than twelve ratings the ends."""
    each = [f"{value}: {count:,}" for value, count in answered.counts.items()]
    return ", ".join(each if len(each) <= 12 else [*each[:5], "...", *each[-5:]])


def without_text(answered: Answered) -> str:
    """Say in one sentence how many of those who rated wrote nothing; empty where all wrote something."""
    count = answered.without_text
    if not count:
        return ""
    return f"{count:,} of these rated without a word and {'is' if count == 1 else 'are'} counted here alone."


FILTERS = {
    "mean": mean, "distribution": distribution, "without_text": without_text,
    "number": number, "counted": counted, "percent": percent, "signed": signed, "share_of": share_of,
    "interval_of": interval_of, "bounds_of": bounds_of,
    "point_share": point_share, "net": net, "net_span": net_span, "lean": lean, "is_few": is_few, "day": day,
    "period": period, "rating": rating, "plain": plain, "origin": origin, "verdict": verdict, "failure": failure,
    "carried": carried,
    "file_name": file_name, "raw_figure": raw_figure, "hand_words": hand_words,
    "attack_words": attack_words, "corrected_figure": corrected_figure,
    "category_name": category_name, "category_or_none": category_or_none, "change_words": change_words,
    "ratings_words": ratings_words, "outcomes_words": outcomes_words,
    "outcome_word": outcome_word, "slot_word": slot_word,
}  # fmt: skip
