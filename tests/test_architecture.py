"""The shape of the package: which module may import which, what importing costs, and how long anything may get."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import gistill

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src"
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(SOURCE.glob("gistill/**/*.py"))
}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in MODULES.items()}

# Part of the package -> its row. A part may import parts of lower rows only, and itself.
ROWS = {
    "schema": 0,
    "errors": 0,
    "text": 0,
    "offline": 0,
    "sentences": 1,
    "tables": 1,
    "screen": 1,
    "stats": 1,
    "skills": 1,
    "privacy": 1,
    "lm": 2,
    "reader": 2,
    "corpora": 2,
    "vectors": 2,
    "evaluate": 2,  # knows no models; training measures itself with it
    "teacher": 3,
    "grounding": 2,
    "digest": 3,
    "train": 3,
    "bench": 4,
    "distill": 5,  # a walk over training and the benchmark
    "serve": 5,
    "cli": 6,
    "__main__": 7,
}
# Rows whose parts may know each other: the plain nouns and texts at the bottom.
SIDEWAYS = {0}

HEAVY = ("torch", "transformers", "openvino", "openvino_genai", "onnxruntime", "onnx", "pyarrow", "scipy")

MAX_FUNCTION = 60
MAX_MODULE = 450

PUBLIC = [
    "Aspect",
    "Check",
    "Digest",
    "Failure",
    "GistillError",
    "Opinion",
    "Record",
    "Summary",
    "digest",
    "extract",
    "load_reader",
    "load_writer",
    "read_records",
    "write_report",
]


def part(module: str) -> str:
    """`gistill.digest.run` belongs to `digest`."""
    return module.split(".")[1]


def imports(module: str) -> set[str]:
    """Every gistill module that a module imports, wherever in it the import stands."""
    package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = ".".join(
                    [*package.split(".")[: len(package.split(".")) - node.level + 1], *filter(None, [base])]
                )
            inside = [f"{base}.{alias.name}" for alias in node.names]
            found.update(name if name in MODULES else base for name in inside)
    return {name for name in found if name.split(".")[0] == "gistill"}


INNER = [name for name in MODULES if name != "gistill"]


@pytest.mark.parametrize("module", INNER)
def test_every_module_imports_only_from_below(module: str) -> None:
    assert part(module) in ROWS, f"{module} has no declared row"
    row = ROWS[part(module)]
    for other in imports(module):
        assert other != "gistill", f"{module} imports the package root"
        allowed = (
            part(other) == part(module) or ROWS[part(other)] < row or (ROWS[part(other)] == row and row in SIDEWAYS)
        )
        assert allowed, f"{module} (row {row}) imports {other} (row {ROWS[part(other)]})"


def test_nothing_imports_in_a_circle() -> None:
    state: dict[str, str] = {}

    def visit(module: str, path: list[str]) -> None:
        assert state.get(module) != "open", " -> ".join([*path, module])
        if module not in state:
            state[module] = "open"
            for other in sorted(imports(module) & set(MODULES)):
                visit(other, [*path, module])
            state[module] = "done"

    for module in INNER:
        visit(module, [])


def test_public_names_are_exactly_these() -> None:
    assert gistill.__all__ == PUBLIC == sorted(PUBLIC)
    assert [getattr(gistill, name).__name__ for name in PUBLIC if name != "digest"] == [
        n for n in PUBLIC if n != "digest"
    ]
    assert set(PUBLIC) <= set(dir(gistill))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = gistill.nothing


@pytest.mark.parametrize(
    "code",
    [
        "from gistill import digest; assert callable(digest); import gistill.digest.run; assert callable(digest)",
        "import gistill; assert callable(gistill.digest)",
        "import gistill.digest.run; import gistill; assert callable(gistill.digest); gistill.digest.run.digest",
        "import gistill, gistill.digest; from gistill.digest.run import digest; assert callable(gistill.digest)",
        "from gistill import digest; import gistill.digest.extract as e; assert digest.extract is e",
    ],
)
def test_digest_is_a_function_and_a_package_in_any_order_of_import(code: str) -> None:
    fresh(code)


def fresh(code: str) -> str:
    """Run code in an interpreter of its own, where nothing is imported yet, and return what it printed."""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    return run.stdout


WATCH = """
import json, sys
events = []
sys.addaudithook(lambda event, args: events.append(event) if event.startswith("socket.") else None)
{code}
print(json.dumps({{"modules": sorted({{name.split(".")[0] for name in sys.modules}}), "events": events}}))
"""


def watched(code: str) -> dict[str, list[str]]:
    lines = fresh(WATCH.format(code=code)).splitlines()
    assert len(lines) == 1, f"it printed: {lines[:-1]}"
    seen: dict[str, list[str]] = json.loads(lines[0])
    return seen


def test_importing_gistill_is_light_silent_and_private() -> None:
    seen = watched("import gistill")
    assert not set(seen["modules"]) & {*HEAVY, "numpy", "pydantic", "rich", "typer"}
    assert seen["events"] == []


def test_importing_any_module_opens_no_connection_prints_nothing_and_loads_nothing_heavy() -> None:
    """In one interpreter, one after the other; the train extra is there to load torch."""
    modules = [name for name in INNER if part(name) not in {"train", "__main__"}]
    seen = watched(f"for name in {modules}: __import__(name)")
    assert seen["events"] == []
    assert not set(seen["modules"]) & set(HEAVY)


def test_help_is_quick_and_loads_nothing_heavy() -> None:
    code = "import sys, io; sys.argv = ['gistill', '--help']; sys.stdout = io.StringIO()\n"
    code += "from gistill.cli import main\n"
    code += "try: main()\nexcept SystemExit as e: assert not e.code, e.code\n"
    code += "finally: sys.stdout = sys.__stdout__"
    seen = watched(code)
    assert not set(seen["modules"]) & {*HEAVY, "numpy", "tokenizers", "sentencex", "fasttext", "jinja2"}
    assert seen["events"] == []


@pytest.mark.skipif(sys.platform == "win32", reason="the time of children is not measured there")
def test_help_answers_within_half_a_second() -> None:
    """In seconds of processor time, which a busy machine does not stretch much; the best of three."""
    import resource

    took = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "gistill", "--help"], check=True, stdout=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(took) < 0.5, took


@pytest.mark.parametrize("module", MODULES)
def test_modules_and_functions_stay_readable(module: str) -> None:
    lines = MODULES[module].read_text(encoding="utf-8").count("\n")
    assert lines <= MAX_MODULE, f"{module} has {lines} lines"
    for node in ast.walk(TREES[module]):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert body_lines(node) <= MAX_FUNCTION, f"{module}.{node.name} has {body_lines(node)} lines"


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count a function's lines without its signature and docstring, which may be as long as they are useful."""
    first = function.body[1 if ast.get_docstring(function) and len(function.body) > 1 else 0]
    return (function.end_lineno or 0) - first.lineno + 1


@pytest.mark.parametrize("module", MODULES)
def test_everything_public_is_documented(module: str) -> None:
    assert ast.get_docstring(TREES[module]), f"{module} has no docstring"
    for node in TREES[module].body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{module}.{node.name} has no docstring"


def test_the_walk_stands_in_one_short_place() -> None:
    walk = next(n for n in TREES["gistill.digest.run"].body if isinstance(n, ast.FunctionDef) and n.name == "digest")
    assert body_lines(walk) < 60
    source = ast.unparse(walk)
    places = [source.index(f"{step}(") for step in ("screen", "_extract", "group", "summarize", "write_report")]
    assert places == sorted(places)


def test_nothing_is_pickled() -> None:
    for module, tree in TREES.items():
        named = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert not named & {"pickle", "joblib", "shelve", "marshal"}, module


def test_the_tree_in_the_readme_names_every_part() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in {part(module) for module in INNER}:
        assert f"{name}.py" in readme or f"{name}/" in readme, f"README.md says nothing of {name}"
