"""The index of a report: nothing in it acts unseen, and no page reads every text for one record or one point."""

from __future__ import annotations

from pathlib import Path

from gistill.explore import slices
from gistill.explore.index import write_index
from gistill.explore.slices import Filter
from gistill.schema import Opinion
from gistill.tables import write_jsonl
from test_attack_texts import ACTING, ATTACKS, quoting_all


def indexed(folder: Path) -> list[Opinion]:
    digest = quoting_all()
    records = list(digest.contexts.values())
    write_jsonl(folder / "opinions.jsonl", digest.cited)
    (folder / "digest.json").write_text(digest.model_dump_json(), encoding="utf-8")
    write_index(folder, digest, records)
    return list(digest.cited)


def test_no_attack_acts_where_the_index_is_shown_and_each_is_found(tmp_path: Path) -> None:
    opinions = indexed(tmp_path)
    with slices.asking(tmp_path) as db:
        shown = [name for names in slices.choices(db).values() for name in names]
        shown += [line.name for line in slices.points(db, Filter())]
        found = list(slices.said(db, Filter(), most=-1))
        for said in found:
            record, _ = slices.of_record(db, said.record) or ({}, [])
            assert (record["shown"], record["entity"]) == (said.text, said.about[1])
            assert len(record["text"]) == len(record["shown"])
            shown += [said.text, said.about[1] or ""]
        assert not [ascii(text) for text in shown if ACTING.search(text)]
        assert len(found) == len(opinions) >= len(ATTACKS)
        assert [one.opinion.id for one in slices.said(db, Filter(), start=3, most=4)] == [
            one.opinion.id for one in found[3:7]
        ]
        some = Filter(text="EVERYBODY is happy")
        matched = [one for one in found if "everybody is happy" in one.text.casefold()]
        assert slices.mentions(db, some) == len(list(slices.said(db, some))) == len(matched) > 0
        assert slices.mentions(db, Filter(text="nobody wrote this")) == 0


def test_texts_are_read_for_a_search_only_and_once(tmp_path: Path) -> None:
    indexed(tmp_path)
    with slices.asking(tmp_path) as db:
        asked: list[str] = []
        db.set_trace_callback(asked.append)
        for each in (Filter(), Filter(point="point-0"), Filter(text="happy")):
            slices.points(db, each)
            slices.by_category(db, each)
            slices.people(db, each, opinions=True)
            slices.mentions(db, each)
        slices.of_record(db, 0)
        db.set_trace_callback(None)
        whole = [one for one in asked if one.startswith(("SELECT", "INSERT INTO found")) and "texts" in one]
        plans = [[row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {one}")] for one in whole]
        assert sum("SCAN texts" in step for plan in plans for step in plan) == 1
        for one in asked:
            if "o.point = 'point-0'" in one:
                steps = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {one}")]
                assert any("opinion_of_point" in step for step in steps), steps
