"""Which columns hold the customer's words, and why others that hold text are not read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from gistill.tables.asked import find_side, is_copy_name, is_question, is_title, tokens, whose
from gistill.tables.facts import Facts

_MOST_COMPARED = 40  # columns that are looked at for repeating one another: pairs grow with the square
_SAME = 0.8  # of the rows in which both are filled, how many say the same
_OPEN = frozenset(
    {"comment", "comments", "feedback", "tell", "describe", "explain", "why", "think", "suggestions", "share"}
)
_PROSE_WORDS = 5.0  # a column whose name says nothing is text from so many words a cell on


class Texts(NamedTuple):
    """The columns to read, in the order of the file, and column -> why another one that holds text is not."""

    read: tuple[str, ...]
    unread: dict[str, str]
    unsure: tuple[str, ...] = ()  # nothing tells which of these is the customer's


def choose_texts(
    header: Sequence[str], facts: Mapping[str, Facts], labels: Mapping[str, str], fit: Callable[[str], int | None]
) -> Texts:
    """Find the text columns among those that have no other role.

    Args:
        header: The columns that are left, in the order of the file.
        facts: What each holds.
        labels: Column -> what was asked, or its name where no question is known.
        fit: Says how well a column's name is one that texts go by: 0 as a whole to 3 by its first word; None not.
    """
    unread: dict[str, str] = {}
    named: list[str] = []
    prose: list[str] = []
    replies: list[str] = []
    sentences: list[str] = []  # short ones, which are text beside others that are
    weak: list[str] = []  # picked from a list, as far as the cells tell
    for name in header:
        column, label = facts[name], labels[name]
        spoken = column.letters >= 0.5 and column.date < 0.8 and not column.messages and column.lists < 0.5
        if not column.is_text and not (fit(name) == 0 and spoken):  # "One star." is a rating, and may be a review
            continue
        why = whose(label) or _on_reviews(label, labels.values())
        if why == "perhaps a reply":
            replies.append(name)
        elif why:
            if column.words >= 3 and not (why == "a label" and column.choices):
                unread[name] = why
        elif _is_asked(label, column) or _is_called_text(fit(name), column) or _is_heading(label, column):
            named.append(name)
        elif is_title(label) and column.words > 12:
            unread[name] = "longer than a title"
        elif fit(name) is not None:
            weak.append(name)
        elif column.distinct >= 0.8 and not column.choices:
            if column.words >= _PROSE_WORDS:
                prose.append(name)
            elif column.words >= 2 and column.sentences >= 0.5:
                sentences.append(name)
    strong = [name for name in named if not is_title(labels[name])]
    if not strong and not replies and not prose:
        named += weak[:1]
    if replies and not strong:
        named += replies
    else:
        unread.update(dict.fromkeys(replies, "a reply to the customer"))
    prose = [name for name in prose if named or 4 * facts[name].prose >= max(facts[other].prose for other in prose)]
    if not named and len(prose) > 1:
        return Texts((), unread, tuple(prose))
    candidates = [name for name in header if name in named or name in prose or (named and name in sentences)]
    copies = _copies(candidates, facts)
    unread.update(copies)
    return Texts(tuple(name for name in candidates if name not in copies), unread)


def _on_reviews(label: str, labels: Iterable[str]) -> str:
    """Say in a clause that a column holds comments on reviews: "Comment Content" beside "Review Content"."""
    words = tokens(label)
    if len(words) < 2 or words[0] not in ("comment", "comments", "shop", "response"):
        return ""
    return "a reply to the customer" if any(tokens(other) == ["review", *words[1:]] for other in labels) else ""


def _is_asked(label: str, column: Facts) -> bool:
    """Say whether a column holds answers in a person's own words to what its name asks."""
    if column.items or (column.count >= 3 and column.constant):
        return False
    if find_side(label) is not None or (is_question(label) and set(tokens(label)) & _OPEN):
        few = column.count >= 10 and column.distinct <= 0.2  # many people may answer "Parking", and each by himself
    else:
        few = column.choices
    if few:
        return False
    if is_question(label):
        return column.words >= 1.5 or column.distinct >= 0.8
    return find_side(label) is not None and len(tokens(label)) <= 4 and (column.words >= 1.5 or column.distinct >= 0.8)


def _is_called_text(fit: int | None, column: Facts) -> bool:
    """Say whether a column goes by a text's name and holds more than a choice from a list."""
    if fit is None or (fit == 3 and column.words < 3):
        return False
    return not column.choices or (fit == 0 and column.words >= 2)


def _is_heading(label: str, column: Facts) -> bool:
    """Titles are short and may recur: "Nice app" from six people is what six people wrote."""
    longest = 12 if tokens(label)[-1:] == ["summary"] else 30  # a longer summary is somebody else's, of the text
    return is_title(label) and column.words <= longest


def _copies(candidates: Sequence[str], facts: Mapping[str, Facts]) -> dict[str, str]:
    """Say which columns repeat others, and in what way."""
    compared = list(candidates[:_MOST_COMPARED])
    rows = {name: facts[name].plain_rows() for name in compared}
    found: dict[str, str] = {}
    for late, name in enumerate(compared):
        for other in compared[:late]:
            if name in found or other in found:
                continue
            drop, why = _repeats(name, other, rows, facts)
            if drop:
                found[drop] = why
    left = [name for name in compared if name not in found]
    for name in left:
        others = [other for other in left if other not in (name, *found)]
        if len(others) > 1 and _joins(name, others, rows):
            found[name] = "joins other columns"
    return found


def _repeats(name: str, other: str, rows: Mapping[str, Sequence[str]], facts: Mapping[str, Facts]) -> tuple[str, str]:
    """Say which of two columns repeats the other, and how; nothing where neither does."""
    both = [(here, there) for here, there in zip(rows[name], rows[other], strict=True) if here and there]
    for first, second in ((name, other), (other, name)):
        why = is_copy_name(first, second)
        if why and len(both) >= 0.5 * sum(map(bool, rows[first])):
            return first, f"{why} of {second!r}"
    if not both:
        return "", ""
    if sum(here == there for here, there in both) >= _SAME * len(both):
        html = facts[name].markup > facts[other].markup
        longer = len(tokens(name)) >= len(tokens(other))
        drop = name if html or (longer and facts[name].markup == facts[other].markup) else other
        kept = other if drop == name else name
        return drop, f"repeats {kept!r}"
    long, short = (name, other) if facts[name].words > facts[other].words else (other, name)
    pairs = [(rows[long][at], rows[short][at]) for at in range(len(rows[name])) if rows[long][at] and rows[short][at]]
    begun = sum(whole.startswith(start.rstrip(" .…")) for whole, start in pairs)
    if facts[short].words >= 4 and begun >= _SAME * len(pairs):
        return short, f"repeats the beginning of {long!r}"
    return "", ""


def _joins(name: str, others: Sequence[str], rows: Mapping[str, Sequence[str]]) -> bool:
    """Say whether a column is made of others written one behind another."""
    joined = told = 0
    for at, whole in enumerate(rows[name]):
        pieces = [rows[other][at] for other in others if rows[other][at] and rows[other][at] in whole]
        if not whole or not pieces:
            continue
        told += 1
        rest = whole
        for piece in sorted(pieces, key=len, reverse=True):
            rest = rest.replace(piece, " ", 1)
        joined += len(pieces) > 1 and sum(char.isalnum() for char in rest) <= 0.1 * len(whole)
    return told > 0 and joined >= _SAME * sum(map(bool, rows[name]))
