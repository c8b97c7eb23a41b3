from __future__ import annotations

import hashlib
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gistill import files


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_replaced_in_one_move(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    files.write(path, "é\r\n")
    files.write(path, "é\r\n中")
    assert path.read_bytes() == "é\r\n中".encode()
    assert names(tmp_path) == ["a.txt"]


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    files.write(path, b"old")

    def write_and_fail() -> None:
        with files.replacing(path) as file:
            file.write(b"half of the n")
            assert path.read_bytes() == b"old"
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    with pytest.raises(OSError, match="nowhere"):
        files.write(tmp_path / "nowhere" / "a.txt", b"")
    assert (path.read_bytes(), names(tmp_path)) == (b"old", ["a.txt"])


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such permissions")
def test_a_private_file_is_its_owners(tmp_path: Path) -> None:
    files.write(tmp_path / "a", b"secret", private=True)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_a_very_long_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 250 + ".json")
    files.write(path, b"1")
    assert names(tmp_path) == [path.name]


def test_a_folder_appears_when_it_is_full(tmp_path: Path) -> None:
    target = tmp_path / "model"
    with files.folder_beside(target) as part:
        (part / "a").write_text("1")
        assert not target.exists()
    assert (target / "a").read_text() == "1"
    with files.folder_beside(target) as part:
        (part / "a").write_text("2")
    assert (target / "a").read_text() == "1"
    with pytest.raises(KeyError), files.folder_beside(tmp_path / "other"):
        raise KeyError
    assert names(tmp_path) == ["model"]


def test_an_empty_folder_gives_way(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    with files.folder_beside(tmp_path / "model") as part:
        (part / "a").write_text("1")
    assert names(tmp_path / "model") == ["a"]


@pytest.mark.parametrize("good", [0, 4])
def test_a_growing_file_loses_what_was_torn(tmp_path: Path, good: int) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\ntw")
    with files.appending(path, good) as add:
        add(b"two\n")
        assert path.read_bytes() == b"one\n"[:good] + b"two\n"
        add(b"three\n")
    assert path.read_bytes() == b"one\n"[:good] + b"two\nthree\n"


@pytest.mark.parametrize("folder", [False, True])
def test_what_is_made_once_is_made_once(tmp_path: Path, folder: bool) -> None:
    made: list[Path] = []

    def make(path: Path) -> None:
        made.append(path)
        (path / "a" if folder else path).write_text("x")

    target = tmp_path / "cache" / "weights"
    old = tmp_path / "cache" / ".weights.1-abc.part"
    young = tmp_path / "cache" / ".weights.2-abc.part"
    old.parent.mkdir()
    for left in (old, young):
        left.mkdir() if folder else left.write_text("half")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    assert files.made_once(target, make, folder=folder) == target
    assert files.made_once(target, make, folder=folder) == target
    assert len(made) == 1
    assert names(tmp_path / "cache") == [young.name, "weights"], "an hour is somebody's work, two are a leftover"


def test_hashes_are_sha256_of_the_bytes(tmp_path: Path) -> None:
    text = 'é "中" \ud800'
    assert files.hash_text("abc") == files.hash_bytes(b"abc") == hashlib.sha256(b"abc").hexdigest()
    assert files.hash_text(text) == hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    (tmp_path / "a").write_bytes(b"abc")
    assert files.hash_file(tmp_path / "a") == files.hash_text("abc")
    assert files.hash_json({"b": [1, None], "a": "é"}) == files.hash_text('{"a": "\\u00e9", "b": [1, null]}')


SCRIPT = """
import sys
from pathlib import Path
from gistill import files
print("ready", flush=True)
for number in range(100_000):
    files.write(Path(sys.argv[1]), str(number % 10).encode() * 200_000)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_killed_at_any_moment_the_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    for wait in (0.02, 0.07, 0.11):
        with subprocess.Popen([sys.executable, "-c", SCRIPT, str(path)], stdout=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
        if path.exists():
            data = path.read_bytes()
            assert (len(data), len(set(data))) == (200_000, 1)
    assert path.exists()
