"""`gistill doctor`: what a server can do, before a run depends on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gistill.cli import options
from gistill.cli.ending import ending, output, tell

if TYPE_CHECKING:
    from gistill.teacher.doctor import Diagnosis

LACKING = 3  # the exit code
_MARKS = {"good": "ok", "bad": "!!", "unknown": "??"}


def doctor(
    server: Annotated[
        str, typer.Option(metavar="URL", help="Address of an OpenAI-compatible API, for example http://host:8000/v1.")
    ],
    model: Annotated[
        str | None, typer.Option(metavar="NAME", help="Model to ask. Default: the first one that the server lists.")
    ] = None,
    require: Annotated[
        str,
        typer.Option(
            metavar="CHECK,...",
            help="Checks that must pass, for example schema,usage; otherwise the exit code is 3. Default: none.",
        ),
    ] = "",
    api_key_env: Annotated[
        str,
        typer.Option("--key-env", "--api-key-env", metavar="NAME", help="Environment variable that holds the API key."),
    ] = "OPENAI_API_KEY",
    seconds: Annotated[
        float, typer.Option(min=1, metavar="S", help="Time limit for all questions together, in seconds.")
    ] = 60,
    longest_prompt: Annotated[
        int,
        typer.Option(
            min=0, metavar="N", help="Longest prompt to try, in words, to find the context length. 0: do not try."
        ),
    ] = 16_000,
    as_json: options.Json = False,
) -> None:
    """Check within a minute what a server supports, ignores and does not report. None of your texts is sent."""
    with ending():
        from gistill.teacher.doctor import diagnose

        required = _required(require)
        found = diagnose(
            server, model=model, api_key_env=api_key_env, seconds=seconds, longest_prompt=longest_prompt, say=tell
        )
        output(found.model_dump_json(indent=2) if as_json else _shown(found))
        lacking = [check for check in required if not found.holds(check)]
        if lacking:
            tell(f"{' and '.join(lacking)} {'does' if len(lacking) == 1 else 'do'} not hold.")
            raise SystemExit(LACKING)


def _required(text: str) -> list[str]:
    from gistill.errors import SettingError
    from gistill.teacher.doctor import CHECKS

    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in CHECKS:
            raise SettingError(f"there is no check {name!r} for --require", hint=f"The checks are {', '.join(CHECKS)}.")
    return names


def _shown(found: Diagnosis) -> str:
    lines = [f"{found.model} at {found.url}", ""]
    for finding in found.findings:
        lines.append(f"{_MARKS[finding.verdict]} {finding.check:11}{finding.sentence}")
    asked = f"{found.calls} calls in {found.seconds:.0f} seconds"
    spent = f", {found.prompt_tokens:,} prompt and {found.completion_tokens:,} answer tokens"
    lines += ["", asked + (spent if found.prompt_tokens else ", tokens not reported") + "."]
    return "\n".join(lines)
