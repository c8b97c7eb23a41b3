"""The privacy gate: whatever is asked through it loses its personal data before any byte leaves, and gets it back.

It answers the seam, and stands in front of whatever sends: `PrivateModel(RemoteModel(...))`. What is below it (the
journal, the server, the server's logs) sees placeholders only. The values stay in this process for as long as one
request is under way and are written nowhere, because the same request is always redacted in the same way.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

from gistill.errors import SettingError
from gistill.lm.seam import Completion, LanguageModel, Request, failed
from gistill.privacy import Memory, NameDetector, find, redact_all, restore

Pii = Literal["off", "redact", "refuse"]
MODES: tuple[Pii, ...] = ("off", "redact", "refuse")


class PrivateModel:
    """Ask another model without telling it who anybody is.

    Args:
        model: Answers; sees redacted requests only.
        pii: "redact" writes placeholders and puts the values back into the answers; "refuse" fails a request that
            holds personal data as `personal_data`, so that no byte of it leaves; "off" passes everything through.
        names: Finds people's names in free text (see `privacy.names`); without it only sure signs are followed.

    Attributes:
        found: Finds by kind, in all requests so far.
        unknown: Placeholders in answers that stand for nothing the request had, by how they were written.

    Raises:
        SettingError: There is no such mode.
    """

    def __init__(self, model: LanguageModel, *, pii: Pii = "redact", names: NameDetector | None = None) -> None:
        if pii not in MODES:
            raise SettingError(f"there is no privacy mode {pii!r}", hint=f"The modes are {', '.join(MODES)}.")
        self.name, self.hash = model.name, model.hash
        self.pii: Pii = pii
        self.found: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self._model = model
        self._names = names

    def before(self, model: LanguageModel) -> PrivateModel:
        """Give a gate like this one before another model."""
        return PrivateModel(model, pii=self.pii, names=self._names)

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Answer every request: same length, same order."""
        if self.pii == "off":
            return self._model.complete(requests)
        gated = [self._gated(request) for request in requests]
        sent = [one for one in gated if not isinstance(one, Completion)]
        answers = iter(self._model.complete([request for request, _ in sent]) if sent else [])
        return [one if isinstance(one, Completion) else self._restored(next(answers), one[1]) for one in gated]

    def _gated(self, request: Request) -> tuple[Request, Memory] | Completion:
        memory, counts = Memory(), Counter[str]()
        schema = _read(request.answer_schema)
        if any(find(repr(number)) for number in _numbers(schema)):
            return failed("personal_data", "not sent: a number in the answer schema")  # no placeholder fits there
        texts = [*(message.content for message in request.messages), *request.stop, *_strings(schema)]
        redacted = redact_all(texts, memory, names=self._names, counts=counts)
        self.found += counts
        if not counts:
            return request, memory
        if self.pii == "refuse":
            told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
            return failed("personal_data", f"not sent: {told}")
        rest = iter(redacted)
        messages = tuple(message.model_copy(update={"content": next(rest)}) for message in request.messages)
        stop = tuple(next(rest) for _ in request.stop)
        answer_schema = _written(_replaced(schema, rest)) if request.answer_schema else ""
        update = {"messages": messages, "stop": stop, "answer_schema": answer_schema}
        return request.model_copy(update=update), memory

    def _restored(self, completion: Completion, memory: Memory) -> Completion:
        text = restore(completion.text, memory)
        self.unknown += memory.unknown
        return completion.model_copy(update={"text": text}) if text != completion.text else completion


def _read(schema: str) -> Any:
    """Read a schema; what is no JSON is one text, for the server to complain about."""
    try:
        return json.loads(schema) if schema else None
    except ValueError:
        return schema


def _written(schema: Any) -> str:
    return schema if isinstance(schema, str) else json.dumps(schema, ensure_ascii=False)


def _numbers(value: Any) -> list[int | float]:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [number for one in inner for number in _numbers(one)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def _strings(value: Any) -> list[str]:
    """List every text of a JSON value in order, keys included."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for key, inner in value.items() for text in [key, *_strings(inner)]]
    return [text for inner in value for text in _strings(inner)] if isinstance(value, list) else []


def _replaced(value: Any, texts: Any) -> Any:
    """Write new texts in the places where `_strings` found them."""
    if isinstance(value, str):
        return next(texts)
    if isinstance(value, dict):
        return {next(texts): _replaced(inner, texts) for inner in value.values()}
    return [_replaced(inner, texts) for inner in value] if isinstance(value, list) else value
