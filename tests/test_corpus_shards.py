"""A corpus on disk: whole shards, a manifest that never lies, and what a kill or a damaged file leaves."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gistill.distill.annotate import annotate
from gistill.distill.corpus import Corpus, Manifest, Shard, load_manifest
from gistill.distill.settings import AnnotateSettings
from gistill.distill.tasks import Provenance, Row, task_named
from gistill.errors import InputError
from gistill.lm.fake import ScriptedModel
from gistill.runs import Run
from gistill.schema import Failure
from gistill.tables import read_records

BY = Provenance(teachers=("t",), hosts=(), prompt="p", keys=("k",), filters=("parsed",))


def row(number: int) -> Row:
    return Row(
        id=f"r{number}#0", record=f"r{number}", skill="rating", text="Fine.", answer={"rating": "positive"}, by=BY
    )


def fresh(shards: int = 3, *, texts: str = "i") -> Run[Manifest]:
    far = Manifest(planned=2 * shards, shards=(None,) * shards)
    return Run[Manifest](made_from={"texts to ask about": texts}, far=far)


def opened(folder: Path, run: Run[Manifest] | None = None) -> tuple[Corpus, list[str]]:
    told: list[str] = []
    return Corpus.open(folder, run or fresh(), say=told.append), told


def shard(**more: object) -> Shard:
    return Shard.model_validate({"items": 2, "rows": 1, "sha256": "", "failures": {"refused": 1}, **more})


def fill(folder: Path, *numbers: int, **more: object) -> Corpus:
    corpus, _ = opened(folder)
    for number in numbers:
        corpus.add(number, [row(number)], [Failure(kind="refused", record=f"x{number}")], shard(**more))
    return corpus


def finish(corpus: Corpus) -> int:
    (corpus.folder / "set_apart.jsonl").write_text('{"kind": "leak", "record": "z"}\n')
    return corpus.finish(task_named("rating"), corpus.folder / "set_apart.jsonl")


def test_what_is_finished_is_found_again(tmp_path: Path) -> None:
    fill(tmp_path, 0, 2)
    corpus, told = opened(tmp_path)
    assert [bool(one) for one in corpus.manifest.shards] == [True, False, True]
    assert told == ["Continuing after 4 of 6 texts."]
    assert [found.id for found in corpus.rows()] == ["r0#0", "r2#0"]


def test_a_corpus_is_done_when_every_shard_is_whole_and_answered(tmp_path: Path) -> None:
    assert finish(fill(tmp_path, 0, 1)) == 2
    assert load_manifest(tmp_path).whole is False  # type: ignore[union-attr]
    corpus = fill(tmp_path, 2)
    assert finish(corpus) == 3
    assert corpus.manifest.done
    assert corpus.run.whole
    kinds = [json.loads(line)["kind"] for line in (tmp_path / "failures.jsonl").read_text().splitlines()]
    assert kinds == ["leak", "refused", "refused", "refused"]
    assert corpus.manifest.failures == {"refused": 3}


@pytest.mark.parametrize("more", [{"whole": False}, {"unanswered": 1}])
def test_a_shard_that_is_not_whole_or_not_answered_is_made_again(tmp_path: Path, more: dict[str, object]) -> None:
    fill(tmp_path, 0, **more)
    assert opened(tmp_path)[0].manifest.shards[0] is None


@pytest.mark.parametrize("name", ["00000.jsonl", "00000.failures.jsonl"])
def test_a_damaged_or_missing_shard_is_made_again(tmp_path: Path, name: str) -> None:
    fill(tmp_path, 0, 1)
    (tmp_path / "shards" / name).unlink()
    assert [bool(one) for one in opened(tmp_path)[0].manifest.shards] == [False, True, False]
    fill(tmp_path, 0)
    (tmp_path / "shards" / "00001.jsonl").write_text("{}\n")
    assert [bool(one) for one in opened(tmp_path)[0].manifest.shards] == [True, False, False]


def test_another_question_begins_afresh_and_says_why(tmp_path: Path) -> None:
    fill(tmp_path, 0)
    corpus, told = opened(tmp_path, fresh(texts="other"))
    assert corpus.manifest.shards == (None, None, None)
    assert told == [
        f"The texts to ask about changed since {tmp_path} was made, so it is made again; "
        "answers in the journal are not paid again."
    ]
    assert not (tmp_path / "shards").exists()


@pytest.mark.parametrize("damage", ["", "{", '{"format": 2, "made_from": {}, "far": {"planned": 0}}'])
def test_a_manifest_that_cannot_be_read_begins_afresh(tmp_path: Path, damage: str) -> None:
    fill(tmp_path, 0)
    (tmp_path / "manifest.json").write_text(damage)
    assert opened(tmp_path)[0].manifest.shards == (None, None, None)


def test_a_corpus_of_an_older_version_is_refused_and_its_journal_named(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"format": 1, "made_from": {}, "planned": 0}')
    with pytest.raises(InputError, match="made by an older version") as caught:
        opened(tmp_path)
    assert "not paid again" in caught.value.hint
    assert load_manifest(tmp_path) is None


def test_the_mean_agreement_weighs_shards_by_their_rows(tmp_path: Path) -> None:
    """(1 x 0.5 + 3 x 0.9) / 4 = 0.8; a shard without votes does not count."""
    manifest = fresh().far.model_copy(
        update={"shards": (shard(agreement=0.5), shard(agreement=0.9, rows=3), shard(agreement=None, rows=5))}
    )
    assert manifest.agreement == 0.8
    assert fresh().far.agreement is None


@pytest.mark.skipif(os.name == "nt", reason="there are no permission bits")
def test_only_its_owner_can_read_what_people_wrote(tmp_path: Path) -> None:
    (tmp_path / "reviews.jsonl").write_text('{"text": "Write to ada@example.com, the lid is great."}\n{"text": ""}\n')
    before = os.umask(0)
    try:
        annotate(
            read_records(tmp_path / "reviews.jsonl"),
            out=tmp_path / "corpus",
            settings=AnnotateSettings(skill="opinions", go_on=True),
            teachers=[ScriptedModel(lambda request: "lid | great | positive")],
        )
    finally:
        os.umask(before)
    written = [path for path in (tmp_path / "corpus").rglob("*.jsonl") if path.is_file()]
    assert {path.name for path in written} >= {"train.jsonl", "failures.jsonl", "00000.jsonl"}
    assert b"ada@example.com" in (tmp_path / "corpus" / "train.jsonl").read_bytes()
    assert {path.stat().st_mode & 0o777 for path in written} == {0o600}
