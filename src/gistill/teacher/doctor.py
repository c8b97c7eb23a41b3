"""What a server can do, found out by asking it: what it promises is not looked at where it can be tried."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from gistill.errors import ServerError
from gistill.schema import Noun
from gistill.teacher.chat_api import key_hint
from gistill.teacher.connection import NO_HTTPS, checked_url, http_instead
from gistill.teacher.doctor_checks import (
    GREETING,
    check_answers,
    check_context,
    check_continues,
    check_length,
    check_repeats,
    check_schema,
    check_seeds,
    check_stop,
    check_usage,
)
from gistill.teacher.doctor_line import Finding, Line, Said

CHECKS = (
    *("models", "answers", "usage", "max_tokens", "finish", "stop", "repeats", "seeds", "continues"),
    *("schema", "context", "reliable"),
)
_SLOW = "Where the server is only slow, `gistill doctor --seconds N` gives it more time; see also the server's own log."


class Diagnosis(Noun):
    """What was found out about one server and one of its models, and what finding it out took."""

    url: str
    model: str
    models: tuple[str, ...]  # as the server lists them; empty where it does not
    findings: tuple[Finding, ...]  # in the order of CHECKS
    context: int | None  # tokens of prompt and answer, where the server tells; else the longest prompt it took
    calls: int
    prompt_tokens: int  # as the server counts; 0 where it does not
    completion_tokens: int
    seconds: float

    def holds(self, check: str) -> bool:
        """Say whether one thing was found to be good. What could not be found out does not hold."""
        return any(finding.check == check and finding.verdict == "good" for finding in self.findings)


def diagnose(
    url: str,
    *,
    model: str | None = None,
    api_key_env: str = "OPENAI_API_KEY",
    seconds: float = 60,
    call_seconds: float = 20,
    longest_prompt: int = 16_000,
    say: Callable[[str], None] = lambda _: None,
) -> Diagnosis:
    """Find out what a server of OpenAI's kind can do, by some forty short questions. None of them holds your text.

    Args:
        url: As for OpenAI's clients, as a rule ending in /v1; the /v1 is added where it is missing.
        model: The model's name at the server; the first one that it lists where None.
        api_key_env: The environment variable that holds the key, where the server wants one.
        seconds: For everything; what is not asked by then is `unknown`.
        call_seconds: For one answer.
        longest_prompt: The longest prompt to try, in words of about a token, where the server does not tell its
            context; 0 tries none.
        say: Is told what is being tried.

    Raises:
        SettingError: The address is none, or holds a secret.
        ServerError: There is no such server, it refuses the key or the model, or it answers nothing of use.
        ExtraMissingError: openai is not installed.
    """
    began = time.monotonic()
    line, listed, names = _reached(checked_url(url), api_key_env, seconds=seconds, call_seconds=call_seconds)
    try:
        line.model = model or _first(names, listed)
        say(f"Asking {line.model} at {line.url}.")
        greeting = _greeted(line, api_key_env)
        findings = [_models(listed, names, line.model), check_answers(line, greeting)]
        length, plain = check_length(line)
        findings += [*length, check_stop(line, plain), check_repeats(line, plain), check_seeds(line)]
        findings.append(check_continues(line, plain))
        say("Asking for answers of ten shapes.")
        findings.append(check_schema(line))
        context, finding = check_context(line, listed.body, line.look(_root(line) + "/props"), longest_prompt)
        findings += [finding, check_usage(line), _reliable(line)]
    finally:
        line.close()
    return Diagnosis(
        url=line.url,
        model=line.model,
        models=names,
        findings=tuple(sorted(findings, key=lambda finding: CHECKS.index(finding.check))),
        context=context,
        calls=line.calls,
        prompt_tokens=line.prompt_tokens,
        completion_tokens=line.completion_tokens,
        seconds=round(time.monotonic() - began, 1),
    )


def listed_models(url: str, *, api_key_env: str = "OPENAI_API_KEY", seconds: float = 20) -> tuple[str, tuple[str, ...]]:
    """Ask a server which models it has.

    Returns:
        The address under which it answers (see `diagnose`), and the names; none where it lists none.

    Raises:
        SettingError: The address is none, or holds a secret.
        ServerError: There is no such server, or it refuses the key.
        ExtraMissingError: openai is not installed.
    """
    line, _, names = _reached(checked_url(url), api_key_env, seconds=seconds, call_seconds=seconds)
    line.close()
    return line.url, names


def _root(line: Line) -> str:
    return line.url.rstrip("/").removesuffix("/v1")


def _reached(url: str, api_key_env: str, *, seconds: float, call_seconds: float) -> tuple[Line, Said, tuple[str, ...]]:
    """Find the address under which the server answers at all."""
    until, tried = time.monotonic() + seconds, [url]
    if not tried[0].endswith("/v1"):
        tried.append(f"{tried[0]}/v1")
    for address in tried:
        line = Line(address, api_key_env, seconds=until - time.monotonic(), call_seconds=call_seconds)
        listed = line.look("/models")
        names = tuple(_names(listed.body))
        if names or address == tried[-1]:
            break
        line.close()
    if listed.status in (401, 403):
        line.close()
        raise ServerError(
            f"{url} refuses the key ({listed.status}: {listed.error})",
            hint=key_hint(api_key_env),
        )
    if listed.status <= 0:
        line.close()
        if plain := http_instead(url, listed.error):
            raise ServerError(f"{url} does not answer: {NO_HTTPS}", hint=f"Try {plain}")
        hint = _SLOW if listed.slow else "Is the server running, and is it this address?"
        raise ServerError(f"{url} does not answer: {listed.error}", hint=hint)
    return line, listed, names


def _names(body: object) -> Iterator[str]:
    data = body.get("data") if isinstance(body, dict) else None
    for entry in data if isinstance(data, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            yield entry["id"]


def _first(names: tuple[str, ...], listed: Said) -> str:
    if not names:
        raise ServerError(
            f"the server lists no models ({listed.status} {listed.error})".replace(" )", ")"),
            hint="Name one with --model, or check the address: it often ends in /v1.",
        )
    return names[0]


def _greeted(line: Line, api_key_env: str) -> Said:
    """Ask something that any model answers, before anything else is made of its answers."""
    said = line.say(GREETING, max_tokens=16)
    if said.ok:
        return said
    hint = {
        401: key_hint(api_key_env),
        403: key_hint(api_key_env),
        404: "Name a model that the server lists with --model.",
    }.get(said.status, _SLOW if said.slow else "Look into the server's own log.")
    status = f"{said.status}: " if said.status > 200 else ""
    raise ServerError(f"{line.model} cannot be asked ({status}{said.error})", hint=hint)


def _models(listed: Said, names: tuple[str, ...], model: str) -> Finding:
    if not names:
        told = "The server lists no models, so a misspelt name is noticed only when it is asked."
        return Finding(check="models", verdict="bad", answer="none", sentence=told)
    if model not in names:
        told = f"{model} answers but is not listed: the server may answer with another model under any name."
        return Finding(check="models", verdict="bad", answer="not listed", sentence=told)
    told = f"{len(names)} listed, {model} among them."
    return Finding(check="models", verdict="good", answer=str(len(names)), sentence=told)


def _reliable(line: Line) -> Finding:
    if not line.failed:
        told = f"All {line.calls} calls were answered."
        return Finding(check="reliable", verdict="good", answer="yes", sentence=told)
    told = f"{line.failed} of {line.calls} calls failed or were too slow: a long run will meet this too."
    if line.left <= 0:
        told += " The time was up; --seconds gives more."
    return Finding(check="reliable", verdict="bad", answer=f"{line.failed} failed", sentence=told)
