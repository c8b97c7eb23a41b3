"""Where in a nested document the records are, and what of the levels above them belongs to each.

A document is what JSON or XML holds: mappings, lists, texts, numbers. Its records are the members of that list, or the
values of that mapping, whose members are mappings with prose in them. What is no list inside a record is flattened to
columns, a list stays a cell; of the levels above, plain members become columns of each record.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from gistill.errors import SettingError
from gistill.tables.columns import is_known_name, squeeze
from gistill.tables.conversations import CONTENT_KEYS, ROLE_KEYS
from gistill.tables.dates import parse_date
from gistill.tables.names import NAMES
from gistill.tables.shapes.recipients import with_senders
from gistill.tables.shapes.sheets import flatten
from gistill.tables.shapes.talks import gather
from gistill.text import count_words

EACH: Literal[0] = 0  # every member of a list
VALUES: Literal[1] = 1  # every value of a mapping, whose key becomes a column
Step = str | Literal[0, 1]
Path = tuple[Step, ...]

_DEEPEST = 8  # levels that are looked at
_LOOKED_AT = 200  # members of a list that are looked at
_TEXTS = frozenset(NAMES["text"].split())
_ENTITIES = frozenset(NAMES["entity"].split())
# Lists by these names hold what customers wrote, also where what stands around them has a text of its own.
_REVIEWS_NAMES = (
    "reviews review ratings feedback feedbacks opinions testimonials customerreviews userreviews productreviews "
    "bewertungen rezensionen avis resenas recensioni avaliacoes 评论 レビュー 리뷰 отзывы"
)
_REVIEWS = frozenset(_REVIEWS_NAMES.split())
# Lists by these names are part of the record they stand in.
_PARTS_NAMES = (
    "comments messages replies events parts notes history thread threads conversation conversationparts turns dialog "
    "dialogue customfields fields tags labels attachments images photos links categories answers responses answer "
    "topics subcategories aspects opinions entities annotations versions"
)
_PARTS = frozenset(_PARTS_NAMES.split())
_ASKED = ("question", "questiontext", "title", "label", "name", "field")
_ANSWERED = ("answer", "answertext", "text", "value", "response", "comment")


class Found(NamedTuple):
    """Where the records are."""

    path: Path
    others: tuple[str, ...]  # other lists of mappings that are not read, as the user may name them
    objects: bool = True  # whether they are mappings; else they are texts


@dataclass
class _Items:
    """What was seen of the things at one path."""

    count: int = 0
    prose: int = 0  # of them with prose
    objects: int = 0  # of them that are mappings
    characters: int = 0  # of prose
    talks: int = 0  # of them with a list of what several people said
    lists: set[Path] = field(default_factory=set)  # of mappings or of texts, inside them


def find_records(values: Sequence[object]) -> Found:
    """Find the records in a document, or in the first values of a stream of them.

    Args:
        values: The values one after another; one in most files.
    """
    seen: dict[Path, _Items] = {}
    for value in values[:_LOOKED_AT]:
        _look(value, (), seen)
    single = len(values) == 1
    place: Path = () if () in seen else min(seen, key=len, default=())
    while place in seen:
        inner = _better(place, seen, single=single and not any(step in (EACH, VALUES) for step in place))
        if inner is None:
            break
        place = inner
    others = [
        write_path(path)
        for path, items in seen.items()
        if items.objects and path.count(EACH) == 1 and path[-1] is EACH and path[: len(place)] != place
        and place[: len(path)] != path and VALUES not in path
    ]  # fmt: skip
    here = seen.get(place, _Items())
    return Found(place, tuple(others), objects=2 * here.objects >= max(here.count, 1))


def _better(place: Path, seen: Mapping[Path, _Items], *, single: bool) -> Path | None:
    """Say which list inside the items at a place holds the records rather than they do; None where they are it."""
    here = seen[place]
    inner = [path for path in here.lists if path in seen]
    best = max(
        (path for path in inner if seen[path].characters or _holds_deeper(path, seen)),
        key=lambda path: (_list_name(path) in _REVIEWS, _weight(path, seen), -len(path)),
        default=None,
    )
    talks = 0 if single and best is not None and _list_name(best) in ("comments", "replies") else here.talks
    told = max(here.prose, talks) >= 0.5 * here.count
    if best is None:
        filled = max(inner, key=lambda path: seen[path].count, default=None)
        return filled if single and not told and not here.characters else None
    name = _list_name(best)
    if name in _REVIEWS or not told:
        return best
    if single and not talks and name not in _PARTS and seen[best].characters > here.characters:
        return best
    return None


def _holds_deeper(path: Path, seen: Mapping[Path, _Items]) -> bool:
    return seen[path].talks > 0 or any(seen[deeper].characters for deeper in seen[path].lists if deeper in seen)


def _weight(path: Path, seen: Mapping[Path, _Items]) -> int:
    return seen[path].characters + sum(_weight(deeper, seen) for deeper in seen[path].lists if deeper in seen)


def _list_name(path: Path) -> str:
    return next((squeeze(step) for step in reversed(path) if isinstance(step, str)), "")


def _look(value: object, path: Path, seen: dict[Path, _Items]) -> None:
    """Enter what is at a path, and what is below it, into `seen`."""
    if sum(step in (EACH, VALUES) for step in path) > _DEEPEST:
        return
    if isinstance(value, list):
        for member in value[:_LOOKED_AT]:
            _look(member, (*path, EACH), seen)
    elif isinstance(value, Mapping) and is_keyed(value):
        for member in list(value.values())[:_LOOKED_AT]:
            _look(member, (*path, VALUES), seen)
    elif isinstance(value, Mapping):
        items = seen.setdefault(path, _Items())
        items.count += 1
        items.objects += 1
        characters = _prose(value)
        items.prose += bool(characters)
        items.characters += characters
        talks = any(_is_talk(_list_name(below), member) for below, member in _lists(value, ()))
        items.talks += talks
        for below, member in itertools.islice(_lists(value, path), _LOOKED_AT):
            _look(member, below, seen)
            items.lists |= _tops(below, seen)
    elif isinstance(value, str):
        items = seen.setdefault(path, _Items())
        items.count += 1
        characters = len(value) if _is_prose("", value) else 0
        items.prose += bool(characters)
        items.characters += characters


def _tops(below: Path, seen: Mapping[Path, _Items]) -> set[Path]:
    """Name the nearest items below a path: those of a list, of a list of lists, of a mapping of lists."""
    under = [path for path in seen if path[: len(below)] == below and len(path) > len(below)]
    nearest = min(map(len, under), default=0)
    return {path for path in under if len(path) == nearest}


def _lists(value: Mapping[str, object], path: Path) -> Iterator[tuple[Path, object]]:
    """Give the lists, and the mappings of like things, inside a mapping and the plain mappings in it."""
    for key, member in value.items():
        if isinstance(member, list) or (isinstance(member, Mapping) and is_keyed(member)):
            yield (*path, key), member
        elif isinstance(member, Mapping) and len(path) < 4 * _DEEPEST:
            yield from _lists(member, (*path, key))


def is_keyed(value: Mapping[str, object]) -> bool:
    """Say whether a mapping holds like things by their names: records by id, lists of records by product."""
    members = list(value.values())
    if len(members) < 2:
        return bool(members) and isinstance(members[0], list) and _is_odd_key(next(iter(value)), members[0])
    if all(isinstance(member, list) for member in members):
        first = [member[0] for member in members if isinstance(member, list) and member]
        return len(first) > 1 and all(isinstance(one, Mapping) for one in first) and _are_alike(first)
    return all(isinstance(member, Mapping) and member for member in members) and _are_alike(members)


def _is_odd_key(key: str, member: list[object]) -> bool:
    """Say whether the only key of an object is the name of a thing, not of a field: an address, or several words."""
    return bool(member) and isinstance(member[0], Mapping) and (key.startswith("http") or len(key.split()) > 2)


def _are_alike(members: Sequence[object]) -> bool:
    keys = [set(member) for member in members[:_LOOKED_AT] if isinstance(member, Mapping)]
    common = set.intersection(*keys)
    if any(squeeze(key) in _TEXTS for key in common):
        return True
    return len(common) > 1 and all(len(common) >= 0.6 * len(one) for one in keys)


def _prose(value: Mapping[str, object]) -> int:
    """Count the characters of prose in a mapping, without what stands in lists but answers to questions."""
    cells = flatten(spread(value))
    return sum(len(cell) for name, cell in cells.items() if isinstance(cell, str) and _is_prose(name, cell))


def _is_prose(name: str, cell: str) -> bool:
    if cell.startswith(("http://", "https://")) or len(cell) < 4:
        return False
    known = squeeze(name.rpartition(".")[2]) in _TEXTS
    return (count_words(cell) >= 3 or known) and parse_date(cell) is None and bool(re.search(r"[^\W\d_]", cell))


_TALKS_NAMES = (
    "messages conversation conversations turns dialog dialogue chat thread threads comments conversationparts parts "
    "events replies transcript utterances"
)
_TALKS = frozenset(_TALKS_NAMES.split())
_SPEAKS = (*ROLE_KEYS, "type", "author_id", "authorId", "authorid", "by", "user_id", "createdBy")
_SAYS = (*CONTENT_KEYS, "html_body")


def _is_talk(name: str, member: object) -> bool:
    """Say whether a list holds what people said to each other: objects that name who and what."""
    if not isinstance(member, list) or not member or not all(isinstance(one, Mapping) for one in member[:3]):
        return False
    speaks, says = (_SPEAKS, _SAYS) if name in _TALKS else (("role", "from", "speaker"), ("content", "value", "text"))
    return all(any(key in one for key in speaks) and any(key in one for key in says) for one in member[:3])


def spread(value: Mapping[str, object]) -> dict[str, object]:
    """Make lists of answers into members by their questions.

    A list of objects with one member each, or of objects that hold a question and its answer, is replaced by its
    members. What is no such list stays.
    """
    spread_out: dict[str, object] = {}
    for key, member in value.items():
        answers = _answers(key, member)
        if answers is None or any(question in value for question in answers):
            spread_out[key] = spread(member) if isinstance(member, Mapping) else member
        else:
            spread_out.update(answers)
    return spread_out


def _answers(key: str, member: object) -> dict[str, object] | None:
    if not isinstance(member, list) or not member or not all(isinstance(one, Mapping) for one in member):
        return None
    pairs: list[tuple[str, object]] = []
    for one in member:
        if len(one) == 1:
            question, answer = next(iter(one.items()))
        elif squeeze(key) in ("answers", "responses", "questions", "fields", "customfields"):
            asked = {squeeze(str(name)): text for name, text in flatten(one).items()}
            question = next((asked[n] for n in (*_ASKED, "fieldtitle", "questiontitle") if asked.get(n)), None)
            answer = next((asked[n] for n in (*_ANSWERED, "choicelabel", "number", "date") if n in asked), None)
        else:
            return None
        if not isinstance(question, str) or isinstance(answer, (list, Mapping)):
            return None
        pairs.append((question, answer))
    answers = dict(pairs)
    return answers if len(answers) == len(pairs) and (len(pairs) > 1 or len(str(pairs[0][0]).split()) > 1) else None


def records_at(value: object, found: Found) -> Iterator[dict[str, object] | None]:
    """Give the records in a value, flattened, with what the levels above say of each; None for what is no object.

    Of a level that holds a list of things that hold records (a product and its reviews), all plain members become
    columns; of the document around a single list, only what names a product, a place or a service. The key of a
    mapping of lists is the column "entity" ("date" where it is one), that of a mapping of objects is "key".
    """
    for record, above, name in _walk(value, found.path, {}, repeated=False, name="text"):
        yield _record(record, above, name) if isinstance(record, Mapping) or not found.objects else None


def _walk(
    value: object, path: Path, above: Mapping[str, object], *, repeated: bool, name: str
) -> Iterator[tuple[object, Mapping[str, object], str]]:
    if not path:
        yield value, above, name
        return
    step, rest = path[0], path[1:]
    if step is EACH:
        for member in value if isinstance(value, list) else []:
            inside = above if not rest else {**above, **_outer(member, rest, repeated=True)}
            yield from _walk(member, rest, inside, repeated=True, name=name)
    elif step is VALUES:
        for key, member in value.items() if isinstance(value, Mapping) else ():
            column = "key" if isinstance(member, Mapping) else "date" if parse_date(key) else "entity"
            inside = {**above, column: key, **(_outer(member, rest, repeated=True) if rest else {})}
            yield from _walk(member, rest, inside, repeated=True, name=name)
    elif isinstance(value, Mapping) and step in value:
        outer = {**above, **_outer(value, path, repeated=repeated)} if not repeated else above
        yield from _walk(value[step], rest, outer, repeated=repeated, name=str(step))
    elif isinstance(value, list):  # a path that the user wrote without [*]
        yield from _walk(value, (EACH, *path), above, repeated=repeated, name=name)


def _outer(value: object, path: Path, *, repeated: bool) -> dict[str, object]:
    """Give what a level says of the records inside it: its plain members."""
    if not isinstance(value, Mapping):
        return {}
    members = {key: member for key, member in value.items() if key != path[0]}
    if not repeated:
        return {key: m for key, m in members.items() if squeeze(key) in _ENTITIES and isinstance(m, str | int)}
    return {key: member for key, member in flatten(members).items() if not isinstance(member, list)}


def _record(value: object, above: Mapping[str, object], name: str) -> dict[str, object]:
    cells = gather(with_senders(lift(flatten(spread(value))))) if isinstance(value, Mapping) else {name: value}
    for key, member in above.items():
        column = key
        while column in cells:
            column = f"outer.{column}"
        cells[column] = member
    return cells


def lift(cells: dict[str, object]) -> dict[str, object]:
    """Shorten the names of members that only wrap a value: {"title": {"label": "Fine"}} is a column "title"."""
    lifted: dict[str, object] = {}
    for name, cell in cells.items():
        short = name
        while (parts := short.rpartition("."))[2] in ("label", "$t", "#text", "_text", "__text") and parts[0]:
            short = parts[0]
        lifted[name if short in lifted or (short != name and short in cells) else short] = cell
    return lifted


def read_path(text: str) -> Path:
    """Read a path as a user writes it: `feed.entry`, `$.products[*].reviews`, `data["a.b"]`, `*` for any key.

    Raises:
        SettingError: It is not such a path.
    """
    steps: list[Step] = []
    rest = text.strip().removeprefix("$")
    pattern = re.compile(r"""\.?(?:\[(?:\*|\d*)\]|\["([^"]+)"\]|\['([^']+)'\]|(\*)|([^.\[\]"']+))""")
    while rest:
        found = pattern.match(rest)
        if not found:
            raise SettingError(
                f"{text!r} is not a path into a JSON file", hint="Write it like feed.entry or products[*].reviews."
            )
        key = found[1] or found[2] or found[4]
        steps.append(key.strip() if key else VALUES if found[3] else EACH)
        rest = rest[found.end() :]
    return tuple(steps)


def write_path(path: Path) -> str:
    """Write a path as `read_path` reads it."""
    text = ""
    for step in path[:-1] if path and path[-1] is EACH else path:
        if step is EACH:
            text += "[*]"
        elif step is VALUES:
            text += ".*" if text else "*"
        else:
            plain = re.fullmatch(r"[^.\[\]\"'*]+", str(step))
            text += (f".{step}" if text else str(step)) if plain else f'["{step}"]'
    return text or "$"


def as_lists(value: object, depth: int = 0) -> object:
    """Turn the table layouts of data frames into lists of objects, wherever in a document they stand.

    Known are columns with rows ("split", and API answers with columns and data), columns with their cells by row
    number or as lists, objects by row number, and lists of lists below a list of names.
    """
    if depth > 6:
        return value
    if isinstance(value, Mapping):
        rows = _frame(value)
        if rows is not None:
            return rows
        return {key: as_lists(member, depth + 1) for key, member in value.items()}
    if isinstance(value, list) and value and all(isinstance(row, list) for row in value[:_LOOKED_AT]):
        first = value[0]
        if first and len(value) > 1 and all(isinstance(cell, str) for cell in first) and _names_columns(first):
            return [dict(zip(first, row, strict=False)) for row in value[1:] if isinstance(row, list)]
        return [_unnamed(row) for row in value] if not any(isinstance(c, (list, Mapping)) for c in first) else value
    return value


def _unnamed(row: object) -> object:
    return {f"column {n}": cell for n, cell in enumerate(row, 1)} if isinstance(row, list) else row


def _names_columns(cells: Sequence[str]) -> bool:
    return len(set(cells)) == len(cells) and any(map(is_known_name, cells))


def _frame(value: Mapping[str, object]) -> list[object] | None:
    """Read one object as a table; None where it is none."""
    names = _column_names(
        next((value[key] for key in ("columns", "fields", "header", "headers") if key in value), None)
    )
    for key in ("data", "rows", "values"):
        rows = value.get(key)
        if names and isinstance(rows, list) and rows and all(isinstance(row, list) for row in rows):
            return [dict(zip(names, row, strict=False)) for row in rows]
    members = list(value.values())
    if members and all(isinstance(member, Mapping) and member for member in members):
        return _by_number(value)
    if members and all(isinstance(member, list) for member in members):
        cells = [member for member in members if isinstance(member, list)]
        length = len(cells[0])
        plain = all(not isinstance(one, (list, Mapping)) for cell in cells for one in cell[:_LOOKED_AT])
        if len(cells) > 1 and plain and length > 1 and all(len(cell) == length for cell in cells):
            return [dict(zip(value, row, strict=True)) for row in zip(*cells, strict=True)]
    return None


def _column_names(value: object) -> list[str]:
    if not isinstance(value, list):
        return []
    names = [one.get("name") or one.get("fieldName") if isinstance(one, Mapping) else one for one in value]
    return [str(name) for name in names] if names and all(isinstance(name, str) for name in names) else []


def _by_number(value: Mapping[str, object]) -> list[object] | None:
    """Read columns whose cells, or rows that, stand under row numbers: {"text": {"0": ...}} or {"0": {"text": ...}}."""
    members = [member for member in value.values() if isinstance(member, Mapping)]
    inner = dict.fromkeys(key for member in members for key in member)
    plain = not any(isinstance(cell, (list, Mapping)) for member in members for cell in list(member.values())[:50])
    if plain and all(str(key).isdecimal() for key in inner):
        return [{name: column.get(key) for name, column in zip(value, members, strict=True)} for key in inner]
    if len(members) > 1 and all(str(key).isdecimal() for key in value):
        return list(members)
    return None
