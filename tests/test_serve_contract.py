"""The service against its own description: every body is typed, and schemathesis finds no broken promise.

`pytest tests/test_serve_contract.py --hypothesis-profile=thorough` sends 500 requests to each operation; without the
profile it sends some.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi")
pytest.importorskip("uvicorn")
pytest.importorskip("httpx2")

import httpx2
from hypothesis import settings

from serve_process import Server, serving, until

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One with a short queue, so that a job that is watched soon ends."""
    with serving(tmp_path_factory.mktemp("contract"), jobs=6, at_once=2) as found:
        until(lambda: httpx2.get(f"{found.url}/readyz").status_code == 200)
        yield found


def is_typed(schema: dict[str, Any], parts: dict[str, Any]) -> bool:
    """Say whether a schema says what may stand there."""
    if "$ref" in schema:
        return is_typed(parts[schema["$ref"].rpartition("/")[2]], parts)
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return all(is_typed(one, parts) for one in choices)
    if schema.get("type") == "array":
        return all(is_typed(one, parts) for one in schema.get("prefixItems") or [schema["items"]])
    return bool({"type", "enum", "const"} & set(schema))


def test_every_body_that_is_sent_or_answered_is_typed_and_has_an_example_or_a_description(server: Server) -> None:
    told = httpx2.get(f"{server.url}/openapi.json", timeout=30).json()
    parts, seen = told["components"]["schemas"], 0
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            assert method in METHODS
            assert operation["description"], path
            bodies = {"request": operation["requestBody"]} if "requestBody" in operation else {}
            bodies |= operation["responses"]
            for code, body in bodies.items():
                content = body.get("content", {})
                assert content or code == "204", (method, path, code)
                for kind, one in content.items():
                    assert is_typed(one.get("schema", {}), parts), (method, path, code, kind)
                    seen += 1
    assert seen > 100
    for name, schema in parts.items():
        for field, one in schema.get("properties", {}).items():
            assert is_typed(one, parts), (name, field)
    assert "#/$defs/" not in str(told)


@pytest.mark.slow
def test_schemathesis_finds_nothing_by_all_its_checks(server: Server, tmp_path: Path) -> None:
    pytest.importorskip("schemathesis")
    examples = {"thorough": 500}.get(settings.get_current_profile_name(), 8)
    done = subprocess.run(
        [
            str(Path(sys.executable).parent / "schemathesis"),
            *("run", f"{server.url}/openapi.json", "--url", server.url, "--checks", "all"),
            *("--max-examples", str(examples), "--continue-on-failure", "--no-color", "--wait-for-schema", "60"),
            *("--request-timeout", "120", "--seed", "1", "--max-response-time", "120"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert server.process.poll() is None
    assert "Traceback" not in server.log.read_text("utf-8")
