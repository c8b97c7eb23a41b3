"""Each switch that keeps a library from calling home is needed, and is set before the library is imported."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from gistill import offline
from listening import heard

SOURCE = Path(offline.__file__).parent
HUGGING_FACE = {"accelerate", "datasets", "huggingface_hub", "peft", "transformers", "trl"}
REPORT = "from huggingface_hub.utils import send_telemetry; send_telemetry('trl/trainer', library_name='trl')"
ASK = """
from huggingface_hub import model_info
try:
    model_info("HuggingFaceTB/SmolLM2-135M-Instruct")
except Exception:
    pass
"""
# What is heard without the switch that stands beside it, and the calls that it stops.
CALLS = {
    "HF_HUB_OFFLINE": (ASK, REPORT),
    "TRANSFORMERS_OFFLINE": (ASK, REPORT),
    "HF_HUB_DISABLE_TELEMETRY": (REPORT,),
    "DO_NOT_TRACK": (REPORT,),
}


def test_the_switches_are_these() -> None:
    assert dict.fromkeys(CALLS, "1") == offline.SWITCHES


@pytest.mark.skipif(find_spec("huggingface_hub") is None, reason="huggingface_hub is not installed")
@pytest.mark.parametrize("switch", CALLS)
def test_without_a_switch_the_call_is_heard_and_with_it_alone_it_is_not(switch: str, tmp_path: Path) -> None:
    for call in CALLS[switch]:
        assert heard(call, tmp_path)
        assert not heard(call, tmp_path, **{switch: "1"})


@pytest.mark.skipif(find_spec("huggingface_hub") is None, reason="huggingface_hub is not installed")
def test_the_door_switches_all_of_it_off(tmp_path: Path) -> None:
    for call in (ASK, REPORT):
        assert not heard(f"from gistill import offline; offline.hugging_face()\n{call}", tmp_path)


@pytest.mark.skipif(find_spec("trl") is None, reason="trl is not installed")
def test_trl_reports_its_trainers_by_the_call_that_is_switched_off() -> None:
    """Where TRL found another way to report, the tests above would say nothing about it."""
    spec = find_spec("trl")
    assert spec is not None
    assert spec.origin is not None
    reporting = [
        path.name for path in Path(spec.origin).parent.rglob("*.py") if "telemetry" in path.read_text(encoding="utf-8")
    ]
    assert reporting in ([], ["base_trainer.py"])
    base = Path(spec.origin).parent / "trainer" / "base_trainer.py"
    assert not reporting or "from huggingface_hub.utils import send_telemetry" in base.read_text(encoding="utf-8")


def imports(node: ast.AST) -> set[str]:
    names: list[str] = []
    for one in ast.walk(node):
        if isinstance(one, ast.Import):
            names += [alias.name for alias in one.names]
        elif isinstance(one, ast.ImportFrom):
            names.append(one.module or "")
        elif isinstance(one, ast.Call) and getattr(one.func, "id", "") == "import_module" and one.args:
            names.append(str(getattr(one.args[0], "value", "")))
    return {name.split(".")[0] for name in names} & HUGGING_FACE


def switches_off(node: ast.AST) -> bool:
    return any(isinstance(one, ast.Call) and ast.unparse(one.func) == "offline.hugging_face" for one in ast.walk(node))


def test_the_switches_are_set_before_any_of_these_libraries_is_imported() -> None:
    """The command line sets them for all; a module when it is imported itself, `gistill.train` for those in it."""
    main = ast.parse((SOURCE / "cli" / "__init__.py").read_text(encoding="utf-8"))
    [command] = [one for one in main.body if isinstance(one, ast.FunctionDef) and one.name == "main"]
    assert switches_off(command)
    train = ast.parse((SOURCE / "train" / "__init__.py").read_text(encoding="utf-8"))
    assert any(switches_off(one) for one in train.body if isinstance(one, ast.Expr))
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        at_once = [one for one in tree.body if not isinstance(one, ast.FunctionDef | ast.ClassDef)]
        if "train" in path.relative_to(SOURCE).parts or any(switches_off(one) for one in at_once):
            continue
        assert not any(imports(one) for one in at_once), path.name
        for function in (one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)):
            assert switches_off(function) or not imports(function), f"{path.name}: {function.name}"
