"""Nothing leaves the machine when a model is loaded: heard in a process of its own, with an empty HOME."""

from __future__ import annotations

import ast
from importlib.util import find_spec
from pathlib import Path

import pytest

from listening import heard

SOURCE = Path(__file__).parent.parent / "src" / "gistill"
LOADING = "from gistill.reader import load_reader; load_reader().read(['The battery is great.'])"
WRITER = "from gistill.lm.engines.local import engine; engine()"
INT8 = """
from pathlib import Path
from gistill.lm.formats.int8 import compress
try:
    compress(Path("nothing.xml"), Path("none.xml"))
except RuntimeError:
    pass
"""


@pytest.mark.parametrize(
    "code",
    [
        LOADING,
        INT8,
        pytest.param(
            WRITER, marks=pytest.mark.skipif(find_spec("openvino_genai") is None, reason="no openvino_genai here")
        ),
    ],
    ids=["reader", "int8", "writer"],
)
def test_loading_a_model_opens_no_connection_and_writes_nothing_into_home(code: str, tmp_path: Path) -> None:
    assert not heard(code, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(find_spec("openvino_telemetry") is None, reason="openvino_telemetry is not installed")
def test_the_same_import_without_the_door_is_heard(tmp_path: Path) -> None:
    """The test above hears what it must hear: openvino by itself calls its analytics server or writes into HOME."""
    assert heard("import openvino", tmp_path) or list(tmp_path.iterdir())


def test_openvino_is_imported_through_one_door_only() -> None:
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            outside = [name for name in names if name.split(".")[0] in ("openvino", "openvino_genai")]
            assert not outside, f"{path.name} imports {outside} past gistill.offline"
