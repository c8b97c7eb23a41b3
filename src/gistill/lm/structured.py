"""Answers of a given shape: the schema asked for, every answer checked here, mended at most, asked once again.

Servers fail open: asked for a schema they cannot enforce, several answer 200 with plain text. So what comes back is
never trusted, whoever promised what.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from gistill import install
from gistill.errors import ExtraMissingError
from gistill.lm.seam import Completion, LanguageModel, Request
from gistill.schema import Failure, Message
from gistill.thinking import bare

T = TypeVar("T")

_LONGEST_MENDED = 100_000  # characters; what is longer is not an answer that lacks a comma
_MOST_STRETCHES = 50  # bracketed stretches looked at in one answer
_SHOWN = 2_000  # characters of a bad answer that the model sees again
_OPENER = re.compile(r"[{\[]")
_BRACKET = re.compile(r"[{}\[\]]")
_WITH_QUOTES = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[{}\[\]]', re.DOTALL)  # an open quote swallows the rest
_ANNOTATIONS = ("title", "default", "discriminator", "uniqueItems")  # not constraints, or not known to hosted servers


@dataclass(frozen=True)
class Structured(Generic[T]):
    """An answer that has the shape asked for.

    Attributes:
        value: What was asked for, validated.
        mended: The text was not plain JSON of that shape: there were words or code fences around it, a comma was
            missing, a number stood in quotes. What it says was not changed.
        asked_again: It is the answer to the second question, which named what was wrong with the first.
        completion: The answer as the model gave it.
    """

    value: T
    mended: bool
    asked_again: bool
    completion: Completion


def complete_as(
    model: LanguageModel, requests: Sequence[Request], kind: type[T] | TypeAdapter[T]
) -> list[Structured[T] | Failure]:
    """Ask for answers of one shape, and take nothing else.

    Args:
        model: Whatever answers; one that can enforce a schema gets it with each request.
        requests: What to ask. The prompt must itself say what the answer looks like: many servers ignore a schema.
        kind: A pydantic model or a `TypeAdapter`. A field that must be there must have no default.

    Returns:
        One per request, in their order. An answer that is cut short is a failure and is never mended into a shorter
        one: `truncated`. What can be read in no way is asked for once again and then is `empty`, `not_json`,
        `several_answers`, `schema_invalid` or `truncated`. A failure of the model (`refused`, `timeout`, ...) is
        passed on as it is, and is not asked again: that is the model's own affair.

    Raises:
        ExtraMissingError: json-repair is not installed.
    """
    if not requests:
        return []
    adapter = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
    _repairer()
    schema = schema_text(adapter)
    asked = [request.model_copy(update={"answer_schema": schema}) for request in requests]
    answers = model.complete(asked)
    results: list[Structured[T] | Failure] = [_read(answer, adapter, again=False) for answer in answers]
    again = [
        at
        for at, (answer, result) in enumerate(zip(answers, results, strict=True))
        if isinstance(result, Failure) and answer.stop == "end" and answer.failure is None
    ]
    if again:
        second = model.complete([_asked_again(asked[at], answers[at].text, _problem(results[at])) for at in again])
        for at, answer in zip(again, second, strict=True):
            results[at] = _read(answer, adapter, again=True)
    return results


def schema_text(kind: type[Any] | TypeAdapter[Any]) -> str:
    """Write a kind's JSON schema in the form that hosted servers enforce.

    Every property is required and no other is allowed; references are written out, except in a kind that holds
    itself. Class docstrings are left out, so that rewording one does not change what was asked (and paid).

    Returns:
        JSON text; the same kind always gives the same text. Properties keep their order, which is the order in
        which a server that enforces the schema writes them. A `dict` with free keys has no strict form: hosted
        servers refuse it.
    """
    adapter = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
    root = adapter.json_schema()
    found = root.pop("$defs", {})
    kept: dict[str, Any] = {}
    strict = _definition(root, found, (), kept)
    if kept:
        strict["$defs"] = kept
    return json.dumps(strict, separators=(",", ":"))


def read_as(text: str, kind: type[T] | TypeAdapter[T]) -> tuple[T, bool] | Failure:
    """Read one answer as a kind.

    Returns:
        The value, and whether the text had to be mended (see `Structured`); or why it is none.
    """
    adapter = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
    if not text.strip():
        return Failure(kind="empty", detail="the answer is empty")
    try:
        value = _parsed(text)
        return adapter.validate_json(value, strict=True), False
    except ValidationError as error:
        problem = _invalid(error)
        try:
            return adapter.validate_json(value), True
        except ValidationError:
            pass
    except ValueError as error:
        problem = Failure(kind="not_json", detail=_short(str(error)))
    found = _found_in(bare(text).text, adapter)
    if isinstance(found, Failure):
        told = problem.kind == "schema_invalid" or _OPENER.search(text)
        return problem if found.kind == "not_json" and told else found
    return found, True


def _read(answer: Completion, adapter: TypeAdapter[T], *, again: bool) -> Structured[T] | Failure:
    if answer.failure is not None:
        return answer.failure
    if answer.stop == "length":
        length = "" if answer.completion_tokens is None else f" after {answer.completion_tokens} tokens"
        return Failure(kind="truncated", detail=f"cut{length}; allow more")
    found = read_as(answer.text, adapter)
    if isinstance(found, Failure):
        return found
    return Structured(found[0], mended=found[1], asked_again=again, completion=answer)


def _asked_again(request: Request, text: str, problem: Failure) -> Request:
    """Show the model its answer and what is wrong with it; an answer's beginning stays where it is."""
    beginning = request.messages[-1:] if request.beginning else ()
    before = request.messages[:-1] if beginning else request.messages
    shown = _encodable(text)[:_SHOWN].strip() or "(nothing)"
    told = f"That cannot be used: {_encodable(problem.detail)}. Answer once more, with nothing but the corrected JSON."
    talk = (Message(role="assistant", content=shown), Message(role="user", content=told))
    return request.model_copy(update={"messages": (*before, *talk, *beginning)})


def _problem(result: object) -> Failure:
    assert isinstance(result, Failure)
    return result


class _TwiceError(ValueError):
    """A key stands twice: which of the two was meant cannot be known, so nothing is mended."""


def _parsed(text: str) -> str:
    """Check that a text is JSON in the strict sense, and write it again for the validator.

    Raises:
        ValueError: It is not: a key twice, NaN, a number beyond a float, nesting that no reader survives.
    """
    return _written(_DECODER.decode(text.strip()))


def _written(value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _TwiceError(f"the key {twice!r} stands twice")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


class _Decoder(json.JSONDecoder):
    """The library's decoder, which dies of deep nesting with an error that nobody would look for."""

    def raw_decode(self, s: str, idx: int = 0) -> tuple[Any, int]:
        try:
            return super().raw_decode(s, idx)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None


_DECODER = _Decoder(object_pairs_hook=_once, parse_constant=_no_constant)


def _found_in(text: str, adapter: TypeAdapter[T]) -> T | Failure:
    """Find the one answer in a text with other things around it, else mend it."""
    stretches = []
    for stretch in _stretches(text):
        if stretch is None:
            return Failure(kind="truncated", detail="the JSON ends before its last bracket is closed")
        stretches.append(stretch)
    well_formed, broken = _sorted_out(stretches)
    found, problem = _valid(well_formed, adapter)
    if not found and broken:
        mended = [text for text in map(_mended, broken) if text]
        found, second = _valid(mended, adapter)
        problem = problem or second
    if len(found) > 1:
        return Failure(kind="several_answers", detail=f"it holds {len(found)} different answers")
    if found:
        return next(iter(found.values()))
    return problem or Failure(kind="not_json", detail="it holds no JSON")


def _stretches(text: str) -> Iterator[str | None]:
    """Cut out what stands in outermost brackets; None, and nothing after it, where a bracket is never closed."""
    at = 0
    for _ in range(_MOST_STRETCHES):
        opener = _OPENER.search(text, at)
        if opener is None:
            return
        start = opener.start()
        end = _end(text, start)
        if end is None:
            yield None
            return
        yield text[start:end]
        at = end


def _end(text: str, start: int) -> int | None:
    """Find where a bracket is closed: first as JSON would, then past all quotes, which may be what is wrong."""
    for pattern in (_WITH_QUOTES, _BRACKET):
        depth = 0
        for mark in pattern.finditer(text, start):
            if mark.group() in "{[":
                depth += 1
            elif mark.group() in "}]":
                depth -= 1
                if depth == 0:
                    return mark.end()
    return None


def _sorted_out(stretches: Sequence[str]) -> tuple[list[str], list[str]]:
    well_formed, broken = [], []
    for stretch in stretches:
        try:
            well_formed.append(_parsed(stretch))
        except _TwiceError:
            continue
        except ValueError:
            broken.append(stretch)
    return well_formed, broken


def _valid(texts: Sequence[str], adapter: TypeAdapter[T]) -> tuple[dict[str, T], Failure | None]:
    """Keep what has the shape, by its JSON text, so that the same answer given twice is one answer."""
    found: dict[str, T] = {}
    problem = None
    for text in texts:
        try:
            found[text] = adapter.validate_json(text)
        except ValidationError as error:
            problem = problem or _invalid(error)
    return found, problem


def _mended(text: str) -> str:
    """Let json-repair try; strictly, so that it adds punctuation and never picks one of two values."""
    if len(text) > _LONGEST_MENDED:
        return ""
    try:
        return _written(_repairer().loads(text, skip_json_loads=True, strict=True))
    except (ValueError, RecursionError):
        return ""


def _repairer() -> Any:
    try:
        return import_module("json_repair")
    except ImportError as error:
        raise ExtraMissingError("Structured answers need json-repair.", hint=install.hint("teacher")) from error


def _invalid(error: ValidationError) -> Failure:
    """Say what is wrong in the model's terms: where, and what was expected. At most three things."""
    wrong = error.errors(include_url=False, include_context=False, include_input=False)
    if wrong[0]["type"] == "json_invalid":
        return Failure(kind="not_json", detail=_short(wrong[0]["msg"]))
    told = [f"{'.'.join(map(str, one['loc'])) or 'the answer'}: {one['msg']}" for one in wrong[:3]]
    more = f"; and {len(wrong) - 3} more" if len(wrong) > 3 else ""
    return Failure(kind="schema_invalid", detail=_short("; ".join(told)) + more)


def _short(text: str) -> str:
    return text if len(text) <= 300 else text[:297] + "..."


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _strict(node: Any, found: dict[str, Any], inside: tuple[str, ...], kept: dict[str, Any]) -> Any:
    """Rewrite one part of a schema; `inside` are the definitions it stands in, `kept` those that hold themselves."""
    if isinstance(node, list):
        return [_strict(part, found, inside, kept) for part in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        name = node["$ref"].rpartition("/")[2]
        if name in inside or name in kept:
            if name not in kept:
                kept[name] = {}  # known from here on, so that it is written only once
                kept[name] = _definition(found[name], found, (name,), kept)
            return {"$ref": f"#/$defs/{name}"}
        beside = {key: part for key, part in node.items() if key not in ("$ref", *_ANNOTATIONS)}
        return {**_definition(found[name], found, (*inside, name), kept), **beside}
    told = {
        "anyOf" if key == "oneOf" else key: part
        if key in ("enum", "const", "properties")
        else _strict(part, found, inside, kept)
        for key, part in node.items()
        if key not in _ANNOTATIONS
    }
    if "properties" in told:  # a property's name may be a keyword, so names are not looked at as such
        told["properties"] = {name: _strict(part, found, inside, kept) for name, part in node["properties"].items()}
        told["required"] = list(told["properties"])
        told["additionalProperties"] = False
    elif told.get("type") == "object" and "additionalProperties" not in told:
        told |= {"properties": {}, "required": [], "additionalProperties": False}
    return told


def _definition(node: dict[str, Any], found: dict[str, Any], inside: tuple[str, ...], kept: dict[str, Any]) -> Any:
    """Rewrite a class, without its docstring."""
    strict = _strict(node, found, inside, kept)
    if "properties" in strict:
        strict.pop("description", None)
    return strict
