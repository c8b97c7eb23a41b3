from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gistill.errors import InputError
from gistill.runs import FORMAT, Run, changed, holding, load, resume, save
from gistill.schema import Noun


class Far(Noun):
    """How far."""

    items: int = 0


def run(**made_from: str) -> Run[Far]:
    return Run[Far](made_from=made_from, far=Far())


def resumed(path: Path, fresh: Run[Far]) -> tuple[Run[Far] | None, list[str]]:
    said: list[str] = []
    return resume(path, fresh, what="corpus", say=said.append), said


def test_a_run_is_gone_on_with_where_it_is_made_from_the_same(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    assert resumed(path, run(reader="r")) == (None, [])
    begun = run(reader="r").model_copy(update={"far": Far(items=3)})
    save(path, begun)
    assert resumed(path, run(reader="r")) == (begun, [])
    assert load(path, Run[Far]) == begun
    told = json.loads(path.read_text())
    assert len(told.pop("sha256")) == 64
    assert told == {"format": FORMAT, "made_from": {"reader": "r"}, "whole": False, "far": {"items": 3}}


@pytest.mark.parametrize("edit", [("far", {"items": 4}), ("whole", True), ("sha256", None), ("more", 1)])
def test_an_edited_manifest_is_not_believed(tmp_path: Path, edit: tuple[str, object]) -> None:
    path = tmp_path / "manifest.json"
    save(path, run(reader="r").model_copy(update={"far": Far(items=3)}))
    told = json.loads(path.read_text())
    path.write_text(json.dumps({**told, edit[0]: edit[1]}))
    assert resumed(path, run(reader="r")) == (None, [f"{path} is damaged or was edited, so corpus is made again."])
    path.write_text(json.dumps(told))  # only the white space is another
    assert resumed(path, run(reader="r"))[0] is not None


HOLDER = """
import sys, time
from pathlib import Path
from gistill.runs import holding
with holding(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_two_runs_in_one_place_exclude_each_other_until_the_first_ends_or_is_killed(tmp_path: Path, kind: str) -> None:
    place = tmp_path if kind == "folder" else tmp_path / "opinions.jsonl"
    for signal in ("terminate", "kill"):
        with subprocess.Popen([sys.executable, "-c", HOLDER, str(place)], stdout=subprocess.PIPE, text=True) as other:
            try:
                assert other.stdout is not None
                assert other.stdout.readline() == "held\n"
                with pytest.raises(InputError) as refused, holding(place):
                    pass
                host = re.escape(socket.gethostname()[:60])
                told = rf"in use by another run: process {other.pid} on {host}, since less than a minute"
                assert re.search(told, str(refused.value))
                assert "-o" in refused.value.hint
            finally:
                getattr(other, signal)()
        with holding(place), pytest.raises(InputError, match=f"process {os.getpid()} on"), holding(place):
            pass
    with holding(place):  # what a run that was killed left behind is nobody's
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_age_of_a_lock_is_said_in_minutes(tmp_path: Path) -> None:
    with holding(tmp_path):
        owner = json.loads((tmp_path / ".lock").read_text())
        (tmp_path / ".lock").write_text(json.dumps({**owner, "at": owner["at"] - 300}))
        with pytest.raises(InputError, match="since 5 minutes"), holding(tmp_path):
            pass
        (tmp_path / ".lock").write_text("{")
        with pytest.raises(InputError, match=r"in use by another run$"), holding(tmp_path):
            pass


@pytest.mark.parametrize(
    ("now", "sentence"),
    [
        ({"reader": "s"}, "The reader changed since corpus was made, so it is made again."),
        ({}, "The reader changed since corpus was made, so it is made again."),
        ({"reader": "s", "seed": "1"}, "The reader and the seed changed since corpus was made, so it is made again."),
        (
            {"reader": "s", "seed": "1", "question": "q"},
            "The reader, the seed and the question changed since corpus was made, so it is made again.",
        ),
    ],
)
def test_what_changed_is_said_in_one_sentence(tmp_path: Path, now: dict[str, str], sentence: str) -> None:
    path = tmp_path / "manifest.json"
    save(path, run(reader="r"))
    assert resumed(path, run(**now)) == (None, [sentence])


def test_nothing_and_null_are_not_the_same() -> None:
    with_null = Run[Far](made_from={"limit": None}, far=Far())
    assert changed(with_null, run()) == changed(run(), with_null) == ["limit"]


@pytest.mark.parametrize("damage", [b"", b"{", b'{"format": 2}', b'{"format": 2, "made_from": {}, "far": {"x": 1}}'])
def test_a_damaged_manifest_promises_nothing(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "manifest.json"
    path.write_bytes(damage)
    assert resumed(path, run()) == (None, [f"{path} is damaged or was edited, so corpus is made again."])


@pytest.mark.parametrize(
    ("written", "version"), [('{"records": 3, "done": true}', "older"), ('{"format": 1}', "older"), ("[]", "older"),
                             ('{"format": 3}', "newer")],
)  # fmt: skip
def test_another_form_is_refused_with_a_way_to_go_on(tmp_path: Path, written: str, version: str) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(written)
    with pytest.raises(InputError, match=f"made by an? {version} version of gistill") as caught:
        resumed(path, run())
    assert "-o" in caught.value.hint


def test_an_older_name_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "of.json").write_text("{}")
    with pytest.raises(InputError, match=r"of\.json: was made by an older version"):
        load(tmp_path / "manifest.json", Run[Far], formerly="of.json")
    save(tmp_path / "manifest.json", run())
    assert load(tmp_path / "manifest.json", Run[Far], formerly="of.json") == run()
