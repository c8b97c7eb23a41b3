"""What the package imports is declared: in the dependencies, or in the extra of the part that imports it."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FILES = sorted(SOURCE.glob("gistill/**/*.py"))

# Where the extras are needed, most precise first; a module that is not below one of these has the dependencies alone.
EXTRAS = {
    "gistill.bench.abs": {"eval"},
    "gistill.digest.correction.sheet": {"sheets"},
    "gistill.evaluate.summaries": {"eval"},
    "gistill.lm.engines.torch_model": {"train"},
    "gistill.lm.formats": {"writer", "train"},
    "gistill.lm.structured": {"teacher"},
    "gistill.mcp": {"mcp"},
    "gistill.offline": {"writer"},
    "gistill.cli.serve": {"serve"},
    "gistill.serve.tracing": {"serve", "otel"},
    "gistill.serve": {"serve"},
    "gistill.teacher": {"teacher"},
    "gistill.train": {"train"},
}
# Declared though nothing here imports it: what does.
INDIRECT = {
    "onnxscript": "torch exports the reader with it",
    "tensorboard": "the trainers of trl write their curves with it",
}
IMPORTED_AS = {  # distributions whose modules are called otherwise
    "pyyaml": "yaml",
    "opentelemetry-exporter-otlp-proto-http": "opentelemetry",
    "opentelemetry-sdk": "opentelemetry",
}


def modules(requirements: list[str]) -> set[str]:
    """Module names of requirements such as "json-repair>=0.50"."""
    names = [re.split(r"[<>=!~\[; ]", requirement, maxsplit=1)[0].lower() for requirement in requirements]
    return {IMPORTED_AS.get(name, name.replace("-", "_")) for name in names}


@cache
def imported(path: Path) -> frozenset[str]:
    """Top-level names of other people's modules that a file imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            parts = [part for argument in node.args for part in ast.walk(argument) if isinstance(part, ast.Constant)]
            names = [part.value for part in parts if isinstance(part.value, str) and part.value]
        for name in names:
            top = name.partition(".")[0]
            if top not in sys.stdlib_module_names and top != "gistill":
                found.add(top)
    return frozenset(found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_every_import_is_declared_where_it_is_needed(path: Path) -> None:
    module = ".".join(path.relative_to(SOURCE).with_suffix("").parts)
    extras = next((extras for place, extras in EXTRAS.items() if f"{module}.".startswith(f"{place}.")), set())
    declared = modules(PROJECT["dependencies"])
    for extra in extras:
        declared |= modules(PROJECT["optional-dependencies"][extra])
    assert imported(path) <= declared


def test_everything_declared_is_imported_or_has_its_reason() -> None:
    declared = modules(PROJECT["dependencies"])
    for requirements in PROJECT["optional-dependencies"].values():
        declared |= modules(requirements)
    found = {name for path in FILES for name in imported(path)}
    assert declared - found - set(INDIRECT) == set()


def test_imports_are_found_wherever_they_stand(tmp_path: Path) -> None:
    code = "import os, a.b\ndef f():\n    from c.d import e\n    importlib.import_module('g.h')\n    import gistill.x\n"
    (tmp_path / "x.py").write_text(code, encoding="utf-8")
    assert sorted(imported(tmp_path / "x.py")) == ["a", "c", "g"]
    assert modules(["json-repair>=0.50", "PyYAML>=6", "typer"]) == {"json_repair", "yaml", "typer"}
