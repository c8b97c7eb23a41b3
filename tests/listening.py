"""Code that runs in a process of its own, with an empty HOME and every way to the network heard and refused."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_KEPT = ("PATH", "PYTHONPATH", "VIRTUAL_ENV")
_LISTENING = """
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
        thread.join(20)
print("heard", heard)
"""


def heard(code: str, home: Path, **switches: str) -> str:
    """Say what was heard while code ran, "" for nothing.

    Args:
        code: Python.
        home: An empty folder; HOME, and where it runs.
        **switches: Environment variables; of this process's none are set but those that Python itself needs.
    """
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", _LISTENING.format(code=code)],
        capture_output=True,
        text=True,
        check=False,
        cwd=home,
        env={**kept, "HOME": str(home), **switches},
    )
    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert last.startswith("heard [")
    return "" if last == "heard []" else last
