"""Nothing leaves the machine when a model is loaded: heard in a process of its own, with an empty HOME."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "gistill"
LISTENING = """
import sys, threading
heard = []
def hear(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto", "urllib.Request", "subprocess.Popen"):
        heard.append((event, repr(args)[:200]))
        raise PermissionError(event)
sys.addaudithook(hear)
threading.excepthook = lambda args: None
{code}
for thread in threading.enumerate():
    if thread is not threading.current_thread():
        thread.join(10)
print("heard", heard)
"""
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


def run(code: str, home: Path) -> str:
    """Run code with every connection heard and refused, and return what was heard."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", LISTENING.format(code=code)],
        capture_output=True,
        text=True,
        check=False,
        cwd=home,
        env={**kept, "HOME": str(home)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


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
    assert run(code, tmp_path) == "heard []"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(find_spec("openvino_telemetry") is None, reason="openvino_telemetry is not installed")
def test_the_same_import_without_the_door_is_heard(tmp_path: Path) -> None:
    """The test above hears what it must hear: openvino by itself calls its analytics server or writes into HOME."""
    heard = run("import openvino", tmp_path)
    assert heard != "heard []" or list(tmp_path.iterdir()) != []


def test_openvino_is_imported_through_one_door_only() -> None:
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            outside = [name for name in names if name.split(".")[0] in ("openvino", "openvino_genai")]
            assert not outside, f"{path.name} imports {outside} past gistill.offline"
