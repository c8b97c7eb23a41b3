"""A user's own annotated files, in and out, in the formats the public data sets are published in.

| format | task | an example is |
| --- | --- | --- |
| aste | aste | `tokens####[([aspect token indexes], [opinion token indexes], 'POS')]` |
| dmaste | aste | the same with `[-1]` for an aspect that is not named, and `####domain` at the end |
| asqp | asqp | `text####[['aspect', 'category', 'polarity', 'opinion']]` with NULL for what has no words |
| acos | asqp | `tokens<TAB>start,end CATEGORY 2 start,end<TAB>...` with half-open token spans, `-1,-1`, 0/1/2 |
| semeval-xml | tsa | `<sentence><text/><aspectTerms><aspectTerm term polarity from to/>` with code-point offsets |
| fsa-json | tsa, asa, tasd | `[{ID, sentence, aspects: [{from, to, target, category, polarity}]}]`, with a BOM |
| towe | aope | a header, then a row per target: `s_id, sentence, target tags, opinion tags`, tags `word\\B` |

What is written reads back as the same examples, or it is an error and nothing is written: no format says everything.
Positions are not kept in an example, so they are found again: where words recur, aspect and opinion nearest each other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args
from xml.sax.saxutils import escape, quoteattr

from gistill import files
from gistill.corpora import acos, aste, towe
from gistill.corpora.asqp import NULL, label_lines, quads_of
from gistill.corpora.fsa import read_rows
from gistill.corpora.labelled import Labelled
from gistill.corpora.mams import read_terms
from gistill.corpora.tuples import Example, from_labelled, from_quads, project
from gistill.errors import InputError, SettingError
from gistill.schema import ELEMENTS, OpinionTuple, SentimentTask
from gistill.tables.shapes.sources import explain
from gistill.text import clean, places

Format = Literal["acos", "aste", "asqp", "dmaste", "fsa-json", "semeval-xml", "towe"]
_TASKS: dict[Format, tuple[SentimentTask, ...]] = {
    "acos": ("asqp",),
    "aste": ("aste",),
    "asqp": ("asqp",),
    "dmaste": ("aste",),
    "fsa-json": ("tsa", "asa", "tasd"),
    "semeval-xml": ("tsa",),
    "towe": ("aope",),
}
_SIGNS = {polarity: sign for sign, polarity in aste.POLARITIES.items()}
_DIGITS = {polarity: digit for digit, polarity in acos.POLARITIES.items()}
_BOM = "\ufeff"  # goes when a file is read, so no text can begin with it
_TOWE_HEADER = "s_id\tsentence\ttarget_tags\topinion_words_tags"


def read(path: str | Path, *, format: Format, task: SentimentTask | None = None) -> list[Example]:  # noqa: A002
    """Read a file of annotated texts; opinions whose polarity is none of the three are left out and counted.

    Args:
        path: The file, UTF-8 with or without a byte order mark.
        format: One of the table above.
        task: Which task's examples to give; None is the one with all elements of the format, for "fsa-json" all that
            the file has: "tsa" without categories, "asa" without targets.

    Returns:
        The examples in the file's order. `source` is the path.

    Raises:
        SettingError: No such format, or it does not have what the task asks for.
        InputError: The file cannot be read, or a row is not in the format. Rows are lines, and for XML and JSON
            sentences, counted from 1.
    """
    _check_format(format)
    if task is not None and task not in ELEMENTS:
        raise SettingError(f"no task {task!r}", hint=f"One of: {', '.join(ELEMENTS)}.")
    try:
        content = Path(path).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"cannot be read ({explain(error)})", file=str(path)) from error
    except UnicodeDecodeError as error:
        row = error.object.count(b"\n", 0, error.start) + 1
        raise InputError("is not UTF-8 text", file=str(path), row=row) from error
    examples = _decode(content, format, task, str(path))
    try:
        return [project(example, task) for example in examples] if task else examples
    except ValueError as error:
        raise SettingError(f"{format} files have no examples of the task {task!r} ({error})") from error


def write(examples: Sequence[Example], path: str | Path, *, format: Format) -> int:  # noqa: A002
    """Write examples into a file that reads back as the same texts and tuples; all of them or nothing.

    Categories are written as a model writes them, in ACOS with "_" for the spaces. In TOWE the tuples of a text are
    put in order of their targets.

    Args:
        examples: Of a task of the format; see `tuples.project`.
        path: The file; it is replaced when the new one is whole.
        format: One of the table above.

    Returns:
        How many examples were written.

    Raises:
        SettingError: No such format.
        InputError: The format cannot say an example (the row counts examples from 1), or the file cannot be written.
    """
    _check_format(format)
    bodies = []
    for number, example in enumerate(examples, 1):
        try:
            body = _encode(example, number, format)
            same = _same(_decode(_whole([body], format).removeprefix(_BOM), format, example.task, ""), [example])
        except (ValueError, InputError) as error:
            raise InputError(f"{format} cannot hold this example: {error}", file=str(path), row=number) from error
        if not same:
            reason = f"{format} cannot hold this example: it would read back as another"
            raise InputError(reason, file=str(path), row=number, hint="Look for the format's own marks in the text.")
        bodies.append(body)
    content = _whole(bodies, format)
    if examples and not _same(_decode(content, format, examples[0].task, str(path)), examples):
        raise InputError(f"{format} cannot hold these examples: two have the same text", file=str(path))
    _replace(Path(path), content.encode("utf-8-sig" if format == "fsa-json" else "utf-8"))
    return len(examples)


def _check_format(kind: str) -> None:
    if kind not in get_args(Format):
        raise SettingError(f"no format {kind!r}", hint=f"One of: {', '.join(get_args(Format))}.")


def _same(found: Sequence[Example], wanted: Sequence[Example]) -> bool:
    """Compare texts and tuples; the order of tuples counts except where the format is grouped by target."""

    def said(example: Example) -> object:
        return example.text, frozenset(example.tuples) if example.task == "aope" else example.tuples

    return [said(e) for e in found] == [said(e) for e in wanted]


def _decode(content: str, kind: Format, task: SentimentTask | None, file: str) -> list[Example]:
    match kind:
        case "aste" | "dmaste":
            return _decode_triplets(content, kind, file)
        case "asqp":
            found = [
                (text, quads_of(labels, number=n, file=file)) for n, text, labels in label_lines(content, file=file)
            ]
            return [
                from_quads(text, "asqp", quads, source=file, implicit=any(quad[2] is None for quad in quads))
                for text, quads in found
            ]
        case "acos":
            rows = enumerate(content.split("\n"), 1)
            return [
                acos.from_spans(*acos.parse_line(line.removesuffix("\r"), number=number, file=file), file)
                for number, line in rows
                if line.strip()
            ]
        case "semeval-xml":
            return [
                from_quads(text, "tsa", [(text[a:b], None, None, p) for (a, b), p in terms], source=file)
                for text, terms in read_terms(content, file=file)
            ]
        case "fsa-json":
            known = task if task in _TASKS["fsa-json"] else None  # another is for `read` to refuse
            return read_rows(content, known, source=file, file=file)
        case "towe":
            rows_of = towe.read_rows((line.removesuffix("\r") for line in content.split("\n")), file=file)
            return [from_labelled(Labelled(text, tuple(t)), "aope", source=file) for text, t in rows_of.items()]


def _decode_triplets(content: str, kind: Format, file: str) -> list[Example]:
    examples = []
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        text, triplets = aste.parse_line(line.removesuffix("\r"), number=number, file=file)
        if not text.strip():
            raise InputError("a line has no text", file=file, row=number)
        if any(t.opinion is None or (kind == "aste" and t.aspect is None) for t in triplets):
            raise InputError(
                f"{kind} files hold no opinion without words, and only dmaste files hold an aspect without words",
                file=file,
                row=number,
            )
        examples.append(from_labelled(Labelled(text, triplets), "aste", source=file))
    return examples


def _encode(example: Example, number: int, kind: Format) -> str:
    if example.task not in _TASKS[kind]:
        raise ValueError(f"its task is {example.task}, the format's is {' or '.join(_TASKS[kind])}")
    if "####" in example.text and kind in ("aste", "dmaste", "asqp"):
        raise ValueError("its text holds ####, which divides text and labels")
    match kind:
        case "aste" | "dmaste":
            labels = ", ".join(_triplet(t, example.text) for t in example.tuples)
            return f"{example.text}####[{labels}]" + (f"####{clean(example.source) or '-'}" if kind == "dmaste" else "")
        case "asqp":
            quads = [[t.aspect or NULL, t.category, t.polarity, t.opinion or NULL] for t in example.tuples]
            return f"{example.text}####{quads}"
        case "acos":
            return "\t".join([example.text, *(_acos_label(t, example.text) for t in example.tuples)])
        case "semeval-xml":
            return _xml_sentence(example)
        case "fsa-json":
            return _fsa_row(example, number)
        case "towe":
            return _towe_rows(example, number)


def _whole(bodies: list[str], kind: Format) -> str:
    """Join encoded examples to a file's content."""
    match kind:
        case "semeval-xml":
            return "\n".join(['<?xml version="1.0" encoding="utf-8"?>', "<sentences>", *bodies, "</sentences>", ""])
        case "fsa-json":
            return "[\n" + ",\n".join(bodies) + "\n]\n"
        case "towe":
            return "\n".join([_TOWE_HEADER, *bodies, ""])
        case _:
            return "".join(body + "\n" for body in bodies)


def _runs(words: str | None, text: str) -> list[tuple[int, int] | None]:
    """Find where words stand as whole tokens, as half-open token spans; `[None]` for no words."""
    if words is None:
        return [None]
    tokens, wanted = text.split(" "), words.split(" ")
    found = [i for i in range(len(tokens) - len(wanted) + 1) if tokens[i : i + len(wanted)] == wanted]
    if not found:
        raise ValueError(f"{words!r:.60} does not stand in the text as whole tokens (words between spaces)")
    return [(i, i + len(wanted)) for i in found]


def _spans(t: OpinionTuple, text: str) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Give the token spans of aspect and opinion, those nearest each other; None for what has no words."""

    def distance(pair: tuple[tuple[int, int] | None, tuple[int, int] | None]) -> int:
        a, o = pair
        return max(o[0] - a[1], a[0] - o[1]) if a and o else 0

    return min(((a, o) for a in _runs(t.aspect, text) for o in _runs(t.opinion, text)), key=distance)


def _triplet(t: OpinionTuple, text: str) -> str:
    aspect, opinion = (list(range(*span)) if span else [-1] for span in _spans(t, text))
    return f"({aspect}, {opinion}, {_SIGNS[t.polarity or 'neutral']!r})"


def _acos_label(t: OpinionTuple, text: str) -> str:
    aspect, opinion = (f"{span[0]},{span[1]}" if span else "-1,-1" for span in _spans(t, text))
    return f"{aspect} {(t.category or '').replace(' ', '_')} {_DIGITS[t.polarity or 'neutral']} {opinion}"


def _offsets(words: str, text: str) -> tuple[int, int]:
    """Find words in a text as code points: as whole words if they stand so, else wherever they stand."""
    start = (places(words, text) or [(text.find(words), 0)])[0][0] if words else -1
    if start < 0:
        raise ValueError(f"{words!r:.60} does not stand in the text")
    return start, start + len(words)


def _xml_sentence(example: Example) -> str:
    lines = ["\t<sentence>", f"\t\t<text>{escape(example.text)}</text>", "\t\t<aspectTerms>"]
    for t in example.tuples:
        start, end = _offsets(t.aspect or "", example.text)
        term = f'from="{start}" polarity="{t.polarity}" term={quoteattr(t.aspect or "")} to="{end}"'
        lines.append(f"\t\t\t<aspectTerm {term}/>")
    return "\n".join([*lines, "\t\t</aspectTerms>", "\t</sentence>"])


def _fsa_row(example: Example, number: int) -> str:
    aspects = []
    for t in example.tuples:
        start, end = _offsets(t.aspect, example.text) if t.aspect else (0, 0)
        named = {"from": str(start), "to": str(end), "target": t.aspect or NULL}
        unnamed = dict.fromkeys(named)
        where = unnamed if example.task == "asa" else named
        aspects.append({**where, "category": t.category, "polarity": t.polarity})
    row = {"ID": str(number), "sentence": example.text, "aspects": aspects}
    return json.dumps(row, ensure_ascii=False, indent=4)


def _towe_rows(example: Example, number: int) -> str:
    tokens = example.text.split(" ")
    targets: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for t in example.tuples:
        aspect, opinion = _spans(t, example.text)
        if aspect is None or opinion is None:
            raise ValueError("it has an aspect or an opinion without words")
        targets.setdefault(aspect, []).append(opinion)
    if not targets:
        raise ValueError("it has no opinion, and there is a row per target")
    rows = []
    for target, opinions in targets.items():
        tagged = "\t".join((_tags(tokens, [target]), _tags(tokens, opinions)))
        rows.append(f"{number}\t{example.text}\t{tagged}")
    return "\n".join(rows)


def _tags(tokens: list[str], spans: list[tuple[int, int]]) -> str:
    tags = ["O"] * len(tokens)
    for start, end in spans:
        tags[start:end] = ["B"] + ["I"] * (end - start - 1)
    return " ".join(f"{token}\\{tag}" for token, tag in zip(tokens, tags, strict=True))


def _replace(path: Path, data: bytes) -> None:
    try:
        files.write(path, data)
    except OSError as error:
        raise InputError(f"cannot be written ({explain(error)})", file=str(path)) from error
