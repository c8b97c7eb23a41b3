"""Nothing a test does leaves this machine, reads the developer's settings, or writes outside a temporary folder."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# How many examples a property is tried on, where its test sets no number of its own because each takes long.
settings.register_profile("quick", max_examples=60, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile("quick")  # pytest --hypothesis-profile=thorough

THREADS = ("GISTILL_THREADS", "OMP_NUM_THREADS", "RAYON_NUM_THREADS")
if "PYTEST_XDIST_WORKER" in os.environ:
    # There is a process a core: with more threads than one each, the processes would only wait for one another.
    os.environ.update(dict.fromkeys(THREADS, "1"))

_connect, _connect_ex, _getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo


class NetworkUsedError(RuntimeError):
    """A test tried to leave the machine."""


def _is_local(host: object) -> bool:
    if host in ("", "localhost", None):
        return True
    try:
        return ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        return False


def _guard(address: Any) -> None:
    host = address[0] if isinstance(address, tuple) else ""  # a path is a Unix socket
    if not _is_local(host):
        raise NetworkUsedError(f"a test tried to connect to {address!r}")


@pytest.fixture(autouse=True, scope="session")
def _closed_network() -> Iterator[None]:
    def connect(self: socket.socket, address: Any) -> None:
        _guard(address)
        _connect(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        _guard(address)
        return _connect_ex(self, address)

    def getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        _guard((host,))
        return _getaddrinfo(host, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket.socket, "connect_ex", connect_ex)
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield


@pytest.fixture(autouse=True, scope="session")
def _clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            kept = name in THREADS or (name == "GISTILL_DATA" and os.environ[name])
            if name.startswith(("GISTILL_", "HF_", "TRANSFORMERS_")) and not kept:
                patch.delenv(name)
        for name in ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "PYTHONWARNINGS"):
            patch.delenv(name, raising=False)
        patch.setenv("GISTILL_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("HF_HOME", str(tmp_path_factory.mktemp("hub")))
        yield


@pytest.fixture(autouse=True, scope="session")
def _shipped_models_are_loaded_once() -> Iterator[None]:
    """Compiling the encoder takes every digest a second; `tests/test_likeness.py` loads it itself.

    The commands are made of their functions once, too, which takes each call of the command line a tenth of a second.
    """
    import typer.main
    import typer.testing

    from gistill.digest import run

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "load_likeness", cache(run.load_likeness))
        patch.setattr(run, "load_vectors", cache(run.load_vectors))
        patch.setattr(typer.main, "get_command", made := cache(typer.main.get_command))
        patch.setattr(typer.testing, "_get_command", made)
        yield


@pytest.fixture
def public_data() -> Path:
    """The folder of public data; the test is skipped by name where there is none."""
    folder = os.environ.get("GISTILL_DATA")
    if not folder:
        pytest.skip("GISTILL_DATA does not name the folder of public data")
    return Path(folder)


@pytest.fixture
def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """Run a command in this process with the fake reader: exit code, standard output, standard error."""
    from fake_reader import FakeReader
    from gistill.cli import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gistill.reader.load_readers", lambda path=None: FakeReader())

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["gistill", *arguments])
        try:
            main()
            code = 0
        except SystemExit as stop:
            code = int(stop.code or 0)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return command
