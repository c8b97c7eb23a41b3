"""Annotating: what is asked, what is kept of the answers, what is written, and what a run that was stopped leaves."""

from __future__ import annotations

import json
from pathlib import Path

from gistill.distill.annotate import Settings, annotate
from gistill.distill.opinion_task import opinion_task
from gistill.lm.fake import ScriptedModel
from gistill.lm.seam import Request
from gistill.schema import Record
from gistill.train.examples import read_jsonl


def reviews(count: int) -> list[Record]:
    return [Record(id=f"r{n}", text=f"The soup was great {n}. We sat outside at {n}.") for n in range(count)]


def teach(request: Request) -> str:
    return "Sure:\n1. Soup | great | Positive" if "soup" in request.messages[-1].content else "none"


def test_records_become_rows_and_lessons_that_a_writer_is_trained_on(tmp_path: Path) -> None:
    done = annotate(reviews(3), opinion_task(), [ScriptedModel(teach)], out=tmp_path, settings=Settings(shard_size=4))
    assert (done.manifest.rows, done.manifest.done, done.lessons, done.stopped) == (6, True, 6, "")
    rows = [json.loads(line) for line in (tmp_path / "shards/00000.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == ["r0#0", "r0#1", "r1#0", "r1#1"]
    assert rows[0]["answer"]["opinions"] == [
        {"aspect": "soup", "category": None, "opinion": "great", "polarity": "positive"}
    ]
    assert rows[0]["by"]["mended"] == {"case": 1, "dress": 1, "polarity": 1, "talk": 1}
    lessons = read_jsonl(tmp_path / "train.jsonl")
    assert [lesson.answer for lesson in lessons[:2]] == ["soup | great | positive", "none"]
    assert lessons[0].text == "The soup was great 0."
