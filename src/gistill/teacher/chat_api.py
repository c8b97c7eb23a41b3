"""OpenAI's chat completions as plain data: a request to its body, and what came back to an answer or a named error.

Nothing here opens a connection. Servers differ in what they refuse, how they say it and what they leave out, so
everything that comes back is read defensively: a missing count is None, a broken body is an error with a name.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from gistill.lm.seam import Request, Stop
from gistill.thinking import bare

Scope = Literal["again", "request", "all"]
_CUT = {"length", "max_tokens", "model_length"}
_FILTERED = {"content_filter", "content_filtered", "safety"}
_MOST_STOPS = 4  # what the API takes; the others are cut here
_LONGEST_DETAIL = 300
_MORE_TOKENS = "Allow longer answers with --max-tokens, or switch the model's reasoning off."
_WRONG_PLACE = "Check the address (it usually ends in /v1), and that no sign-in page or proxy stands before the server."


class CallError(Exception):
    """A call that brought no answer.

    Args:
        kind: Its name in a `Failure` and in the journal.
        detail: What the server said, shortened.
        scope: Who is affected: the call can be made `again`, this `request` will never be answered, or `all` are
            refused alike.
        status: HTTP; None where no answer came.
        wait: Seconds the server wants us to wait; None where it did not say.
        paid: Whether it may have been paid. A refusal is not; an answer that did not arrive may be.
        hint: What to do about it, where `scope` is `all`.
        dropped: The field of the body that the server does not take, and asks to leave out.
    """

    def __init__(
        self,
        kind: str,
        detail: str,
        *,
        scope: Scope = "again",
        status: int | None = None,
        wait: float | None = None,
        paid: bool = True,
        hint: str = "",
        dropped: str = "",
    ) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind, self.detail, self.scope, self.status = kind, _short(detail), scope, status
        self.wait, self.paid, self.hint, self.dropped = wait, paid, hint, dropped
        self.usage = Usage()

    @property
    def once(self) -> bool:
        """Whether one more call is enough: each is paid, and who gave no answer rarely gives one the next time."""
        return self.kind in ("no_answer", "reasoning")


@dataclass(frozen=True)
class Usage:
    """Tokens as the server told; None where it did not."""

    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None


@dataclass(frozen=True)
class Answer:
    """What a server answered."""

    text: str
    stop: Stop
    usage: Usage = field(default_factory=Usage)


def chat_body(
    model: str, request: Request, *, continues: bool = False, without: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """Write a request as the body of a call.

    A last message of the assistant is the beginning of the answer, and most servers answer it instead of going on
    from it. So unless the server `continues`, it is asked for in words in the message before.

    Args:
        model: Name that the server knows.
        request: What is asked. Lone surrogates, which no JSON may carry, become U+FFFD.
        continues: The server goes on from a last message of the assistant when told so (vLLM's fields).
        without: Fields that this server does not take. Without `max_tokens`, it is called `max_completion_tokens`.
    """
    messages = [{"role": message.role, "content": clean(message.content)} for message in request.messages]
    if request.beginning and not continues:
        wanted = f"Begin your answer with exactly this, and go on from it: {messages.pop()['content']}"
        if messages and messages[-1]["role"] == "user":
            messages[-1]["content"] += f"\n\n{wanted}"
        else:
            messages.append({"role": "user", "content": wanted})
    body: dict[str, Any] = {"model": model, "messages": messages, "temperature": request.temperature}
    body["max_completion_tokens" if "max_tokens" in without else "max_tokens"] = request.max_tokens
    if request.temperature > 0:
        body["seed"] = request.seed
        if request.top_p < 1:
            body["top_p"] = request.top_p
    if request.stop:
        body["stop"] = [clean(stop) for stop in request.stop[:_MOST_STOPS]]
    if request.answer_schema:
        schema = json.loads(request.answer_schema)
        asked = {"name": "answer", "schema": schema, "strict": _is_strict(schema)}
        body["response_format"] = {"type": "json_schema", "json_schema": asked}
    if request.beginning and continues:
        body |= {"continue_final_message": True, "add_generation_prompt": False}
    return {name: value for name, value in body.items() if name not in without}


def _is_strict(schema: Any) -> bool:
    """Say whether a schema is one that OpenAI's strict mode takes: every object closed, every property required."""
    if isinstance(schema, list):
        return all(_is_strict(part) for part in schema)
    if not isinstance(schema, dict):
        return True
    named = schema.get("properties")
    closed = schema.get("additionalProperties") is False and set(schema.get("required", ())) == set(named or ())
    return (closed or schema.get("type") != "object") and all(_is_strict(part) for part in schema.values())


def read_answer(content: bytes, request: Request) -> Answer:
    """Read the body of a 200.

    Returns:
        The whole answer: it begins with the request's beginning, whether the server repeated it or not, and ends
        before the first stop sequence, whether the server heeded it or not.

    Raises:
        CallError: It is broken, empty, an error after all, or refused; with the tokens it told.
    """
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        raise _no_json(content) from None
    if not isinstance(told, dict):
        raise CallError("not_an_api", f"it answers {_said(content)}, which is no chat completion",
                        scope="all", status=200, hint=_WRONG_PLACE)  # fmt: skip
    usage = _usage(told.get("usage"))
    try:
        return _answer(told, request, usage)
    except CallError as error:
        error.usage = usage
        raise


def _answer(told: dict[str, Any], request: Request, usage: Usage) -> Answer:
    choices = told.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(choice, dict) or not isinstance(message, dict):
        if told.get("error"):
            status = told["error"].get("code") if isinstance(told["error"], dict) else None
            raise read_error(status if isinstance(status, int) and 400 <= status < 600 else 502, told, {})
        raise CallError("no_answer", "the answer has no choices", status=200)
    finish, text = choice.get("finish_reason"), content_of(message.get("content"))
    if finish in _FILTERED:
        raise CallError("filtered", "the server's content filter stopped the answer", scope="request", status=200)
    if message.get("refusal"):
        raise CallError("refused", str(message["refusal"]), scope="request", status=200)
    cut = finish in _CUT or (finish is None and usage.completion is not None and usage.completion >= request.max_tokens)
    whole, thought = bare(clean(text))
    if not whole.strip() and (cut or thought or not request.beginning):
        raise _no_content(message, choice, told, thought=thought, cut=cut, allowed=request.max_tokens)
    shown = _until_stop(whole := _with_beginning(whole, request.beginning), request)
    return Answer(shown, "length" if cut and shown == whole else "end", usage)


def content_of(told: Any) -> str:
    """Read a message's content: a text, or parts of which those that are text count (Mistral); "" where there is none.

    A part that is thinking, an image or a reference is no part of the answer.
    """
    if isinstance(told, list):
        texts = (part.get("text") for part in told if isinstance(part, dict) and part.get("type") in ("text", None))
        return "".join(text for text in texts if isinstance(text, str))
    return told if isinstance(told, str) else ""


def _no_content(
    message: Mapping[str, Any],
    choice: Mapping[str, Any],
    told: Mapping[str, Any],
    *,
    thought: bool,
    cut: bool,
    allowed: int,
) -> CallError:
    """Name why an answer has no words: its tokens were spent on reasoning, it calls a tool, or nobody knows."""
    if thought or reasoned(message, told.get("usage")):
        spent = f"all {allowed:,} tokens it may have" if cut else "its answer"
        told_so = f"the model spent {spent} on reasoning and answered nothing"
        return CallError("reasoning", told_so, status=200, hint=_MORE_TOKENS)
    if message.get("tool_calls") or message.get("function_call") or choice.get("finish_reason") == "tool_calls":
        return CallError("tool_call", "the model calls a tool instead of answering", scope="request", status=200,
                         hint="Ask a server that does not add tools, or another model.")  # fmt: skip
    if cut:
        told_so = f"the answer was cut after {allowed:,} tokens and is empty"
        return CallError("no_answer", told_so, status=200, hint=_MORE_TOKENS)
    return CallError("no_answer", "the answer has no content", status=200,
                     hint="`gistill doctor` shows what the server answers.")  # fmt: skip


def reasoned(message: Mapping[str, Any], usage: Any) -> bool:
    """Say whether a server tells of reasoning beside an answer's content, in any of the usual fields."""
    if any(message.get(name) for name in ("reasoning_content", "reasoning", "reasoning_details", "thinking")):
        return True
    parts = message.get("content")
    if isinstance(parts, list) and any(isinstance(part, dict) and part.get("type") == "thinking" for part in parts):
        return True
    details = usage.get("completion_tokens_details") if isinstance(usage, dict) else None
    return bool(isinstance(details, dict) and _count(details.get("reasoning_tokens")))


def _no_json(content: bytes) -> CallError:
    """Name a body that is no JSON: a web page and a stream are always so, half an answer only this time."""
    begins = content[:200].lstrip().lower()
    if begins.startswith(b"<"):
        return CallError("not_an_api", f"it answers with a web page ({_said(content)})",
                         scope="all", status=200, hint=_WRONG_PLACE)  # fmt: skip
    if begins.startswith((b"data:", b"event:", b": ")):
        return CallError("not_an_api", "it streams its answers, although it is not asked to", scope="all", status=200,
                         hint="Switch streaming off at the server or the proxy before it.")  # fmt: skip
    return CallError("broken_answer", f"no JSON: {content[:80]!r}", status=200)


def _said(content: bytes) -> str:
    words = re.sub(r"<[^>]*>", " ", content[:2000].decode("utf-8", "replace"))
    return repr(" ".join(words.split())[:60])


def _with_beginning(text: str, beginning: str) -> str:
    """Make an answer whole, whether the server repeated the beginning (maybe after white space) or went on from it."""
    if text.startswith(beginning):
        return text
    return text.lstrip() if text.lstrip().startswith(beginning.strip()) else beginning + text


def _until_stop(text: str, request: Request) -> str:
    """Cut before the first stop sequence that stands after the beginning."""
    after = len(request.beginning) if text.startswith(request.beginning) else 0
    places = [at for at in (text.find(stop, after) for stop in request.stop if stop) if at >= 0]
    return text[: min(places)] if places else text


def read_error(status: int, told: Any, headers: Mapping[str, str]) -> CallError:
    """Name an HTTP error.

    Args:
        status: 400 or more, or a redirection, which is not followed: it would carry the texts elsewhere.
        told: The body as JSON, or as text where it is none.
        headers: With lower-case names.
    """
    error = told.get("error", told) if isinstance(told, dict) else {}
    error = error if isinstance(error, dict) else {"message": error}
    message = _short(str(error.get("message") or error.get("detail") or told or "no reason given"))
    code, field_named = str(error.get("code") or error.get("type") or ""), str(error.get("param") or "")
    told_all: dict[str, Any] = {"status": status, "paid": False, "wait": retry_after(headers)}
    said = f"{code} {message}".lower()
    if status == 402 or _no_money(status, said):
        hint = "Top up the account, or ask another server. What was answered is kept, and the same command goes on."
        return CallError("no_quota", message, scope="all", hint=hint, **told_all)
    if status in (401, 403):
        return CallError("unauthorized", message, scope="all", hint=key_hint("OPENAI_API_KEY"), **told_all)
    if status in (404, 405, 410) or 300 <= status < 400:
        hint = "Check the address (it usually ends in /v1) and the model's name."
        return CallError("not_found", message, scope="all", hint=hint, **told_all)
    if status == 413 or (status in (400, 422) and _too_long(said)):
        return CallError("too_long", message, scope="request", **told_all)
    if status in (400, 422) and re.search(r"content.?(filter|policy|management)|responsibleai|safety", said):
        return CallError("filtered", message, scope="request", **told_all)
    if status in (408, 409, 425, 429) or status >= 500:
        kinds = {429: "rate_limited", 503: "unavailable", 408: "timeout", 504: "timeout"}
        return CallError(kinds.get(status, "server_error"), message, **told_all)
    return CallError("bad_request", message, scope="request", dropped=_not_taken(said, field_named), **told_all)


def _no_money(status: int, said: str) -> bool:
    """Say whether an account is refused. Some 429s speak of a quota and mean this minute's: these can be waited for."""
    if status == 429:
        return bool(re.search(r"insufficient.?(quota|credit|balance|fund)|credit balance", said))
    broke = r"insufficient.?(quota|credit|balance|fund)|credit balance|out of credit|billing|spend(ing)? limit"
    return status in (400, 403) and bool(
        re.search(
            rf"{broke}|(key|monthly|weekly|daily|budget|usage) limit|quota.{{0,20}}exceed|exceed.{{0,30}}quota", said
        )
    )


def key_hint(variable: str) -> str:
    """Say what to do where a server refuses the key that an environment variable holds."""
    return f"Put a valid key into the environment variable {variable}, or name another one with --key-env."


def _too_long(said: str) -> bool:
    return bool(
        re.search(r"context.?(length|size|window)|too (long|many tokens)|exceeds? .{0,40}(context|tokens)", said)
    )


def _not_taken(said: str, named: str) -> str:
    """Find the optional field that a server complains about, if it is one we can do without."""
    if not re.search(
        r"unsupported|not supported|not support|unknown|unrecognized|not permitted|not allowed|deprecated"
        r"|only the default|invalid schema|max_comp",
        said,
    ):
        return ""
    for name in ("response_format", "seed", "stop", "temperature", "top_p", "max_tokens"):
        if named.split(".")[0] == name or re.search(rf"\b{name}\b", said):
            return name
    return "response_format" if "json_schema" in said else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read how many seconds a server wants us to wait: a number or an HTTP date; None where it does not say."""
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        told = headers.get(name, "").strip()
        try:
            if told:
                return max(0.0, float(told) / unit)
        except ValueError:
            pass
        try:
            if told:
                at = parsedate_to_datetime(told)
                at = at if at.tzinfo else at.replace(tzinfo=dt.UTC)
                return max(0.0, (at - dt.datetime.now(dt.UTC)).total_seconds())
        except ValueError:
            continue
    return None


def clean(text: str) -> str:
    """Replace lone surrogates, which neither UTF-8 nor the journal can hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _usage(told: Any) -> Usage:
    """Read the tokens a server told. A prompt of no tokens was not counted."""
    if not isinstance(told, dict):
        return Usage()
    details = told.get("prompt_tokens_details")
    cached = _count(details.get("cached_tokens")) if isinstance(details, dict) else None
    return Usage(_count(told.get("prompt_tokens")) or None, _count(told.get("completion_tokens")), cached)


def _count(told: Any) -> int | None:
    return told if isinstance(told, int) and not isinstance(told, bool) and 0 <= told < 2**40 else None


def _short(text: str) -> str:
    line = " ".join(clean(text).split())
    return line if len(line) <= _LONGEST_DETAIL else line[: _LONGEST_DETAIL - 3] + "..."
