"""Corrections by hand: what each changes, that none is lost, what the report says of them, and what is learned."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_reader import FakeReader
from gistill.corpora.marks import labelled
from gistill.corrections.form import (
    CorrectionKind,
    HandCorrection,
    Mark,
    as_corrected,
    load,
    mark_of,
    named,
    save,
    together,
)
from gistill.corrections.training import is_corrections, training_rows
from gistill.digest.correction.by_hand import counted_by_hand, with_corrections
from gistill.digest.correction.points_by_hand import with_point_corrections
from gistill.digest.extract import extract
from gistill.digest.group.points import Points, find_points
from gistill.errors import InputError
from gistill.likeness import load_likeness
from gistill.schema import Opinion, Record

Run = Callable[..., tuple[int, str, str]]
TIME = dt.datetime(2026, 11, 28, 9, 0, tzinfo=dt.UTC)
TEXT = "It has great sound. The case broke quickly, but I love it."


def read(*texts: str) -> tuple[list[Record], list[Opinion]]:
    records = [Record(id=f"r{n}", text=text, author=f"a{n}", language="en") for n, text in enumerate(texts)]
    return records, extract(records, reader=FakeReader()).opinions


def correction(
    kind: CorrectionKind, opinion: Opinion, record: Record, /, *, author: str = "ann", hour: int = 0, **new: Any
) -> HandCorrection:
    """Correct some fields of an opinion's mark; `nobody said this` has none."""
    was = mark_of(opinion)
    start, end = opinion.sentence.start, opinion.sentence.end
    made = HandCorrection(
        kind=kind,
        author=author,
        time=TIME + dt.timedelta(hours=hour),
        record=record.id,
        at=(start, end),
        sentences=(record.text[start:end],),
        read=(was,),
        opinion_id=opinion.id,
        was=was,
        mark=None if kind == "nobody said this" else was.model_copy(update=new),
    )
    return named(made.model_copy(update={"opinions": as_corrected(made.read, made)}))


def said(opinions: Sequence[Opinion]) -> list[tuple[str | None, str | None, str]]:
    return [(o.aspect and o.aspect.text, o.opinion and o.opinion.text, o.polarity) for o in opinions]


def test_each_kind_changes_its_own_part_and_the_id_stays() -> None:
    (record,), opinions = read(TEXT)
    great, broke, love = opinions
    assert said(opinions) == [
        ("sound", "great", "positive"),
        ("quickly", "broke", "negative"),
        ("it", "love", "positive"),
    ]
    broken = record.text.index("broke quickly") - broke.sentence.start
    changes = [
        correction("polarity", great, record, level=-2),
        correction("category", great, record, category="sound"),
        correction("aspect", broke, record, aspect="case", aspect_at=(4, 8)),
        correction("span", broke, record, opinion="broke quickly", opinion_at=(broken, broken + 13)),
        correction("nobody said this", love, record),
    ]
    after, unattached = with_corrections(opinions, [record], changes)
    assert said(after) == [("sound", "great", "negative"), ("case", "broke quickly", "negative")]
    assert [o.id for o in after] == [great.id, broke.id]
    assert (after[0].category, after[0].confidence, unattached) == ("sound", None, [])
    told = counted_by_hand(changes, unattached, opinions, [record])
    assert told is not None
    assert (told.given, told.applied, told.authors, told.as_read.positive, told.as_read.negative) == (5, 5, 1, 2, 1)
    assert told.kinds == {"aspect": 1, "category": 1, "nobody said this": 1, "polarity": 1, "span": 1}


def test_a_missing_opinion_is_added_with_the_id_a_reader_would_give_it() -> None:
    (record,), opinions = read(TEXT)
    start, end = opinions[0].sentence.start, opinions[0].sentence.end
    for word, at in (("great", (7, 12)), ("has", (3, 6))):
        mark = Mark(aspect=None, aspect_at=None, opinion=word, opinion_at=at, level=1)
        one = HandCorrection(kind="missing", record="r0", at=(start, end), sentences=(TEXT[start:end],), mark=mark)
        after, unattached = with_corrections(opinions, [record], [one])
        assert (len(after), unattached) == (4, [])
        again, _ = with_corrections(after, [record], [one])
        assert again == after  # the same correction twice adds nothing


def test_of_two_corrections_the_later_one_counts_and_what_was_dropped_can_come_back() -> None:
    (record,), opinions = read(TEXT)
    first = correction("nobody said this", opinions[0], record)
    second = correction("polarity", opinions[0], record, author="bob", hour=1, level=0)
    assert said(with_corrections(opinions, [record], together([second], [first])).opinions)[0][2] == "neutral"
    later = first.model_copy(update={"time": TIME + dt.timedelta(hours=2)})
    assert len(with_corrections(opinions, [record], together([later], [second])).opinions) == 2


def test_where_the_id_is_gone_it_goes_to_the_opinion_with_overlapping_words() -> None:
    (record,), opinions = read(TEXT)
    one = correction("polarity", opinions[1], record, level=1)
    moved = record.model_copy(update={"text": "I waited. " + TEXT})
    after = extract([moved], reader=FakeReader()).opinions
    assert one.opinion_id not in {o.id for o in after}
    fixed, unattached = with_corrections(after, [moved], [one])
    assert unattached == []
    assert said(fixed)[1] == ("quickly", "broke", "positive")
    edited = record.model_copy(update={"text": TEXT.replace("The case", "My new case")})
    assert (
        said(with_corrections(extract([edited], reader=FakeReader()).opinions, [edited], [one]).opinions)[1][2]
        == "positive"
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "its record is gone"),
        ("It has great sound. Nothing else.", "no opinion with these words is read any more"),
    ],
)
def test_what_finds_nothing_is_listed_with_its_reason(text: str | None, why: str) -> None:
    (record,), opinions = read(TEXT)
    one = correction("polarity", opinions[1], record, level=1)
    now = [] if text is None else [record.model_copy(update={"text": text})]
    after, (lost,) = with_corrections(extract(now, reader=FakeReader()).opinions, now, [one])
    assert (lost.id, lost.why, lost.words, lost.author) == (one.id, why, "broke", "ann")
    assert all(o.confidence is not None for o in after)


WORDS = st.sampled_from(["great sound.", "It broke.", "I love it.", "Nothing.", "bad 💬 case!", "okay é."])


@settings(max_examples=60, deadline=None)
@given(before=st.lists(WORDS, min_size=1, max_size=4), after=st.lists(WORDS, max_size=4), data=st.data())
def test_no_correction_is_ever_lost_and_every_quotation_stays_exact(
    before: list[str], after: list[str], data: st.DataObject
) -> None:
    (record,), opinions = read(" ".join(before))
    kinds: list[CorrectionKind] = ["polarity", "category", "nobody said this", "right"]
    chosen = [
        correction(data.draw(st.sampled_from(kinds)), o, record, level=data.draw(st.integers(-2, 2)), category="price")
        for o in opinions
    ]
    now = [Record(id="r0", text=" ".join(after), language="en")] if after else []
    readings = extract(now, reader=FakeReader()).opinions
    fixed, unattached = with_corrections(readings, now, chosen)
    told = counted_by_hand(chosen, unattached, readings, now)
    if chosen:
        assert told is not None
        assert told.applied + len(told.unattached) == len(chosen) == told.given
        assert sum(told.kinds.values()) == told.applied
    for o in fixed:
        assert now[0].text[o.opinion.start : o.opinion.end] == o.opinion.text if o.opinion else True
    if before == after:
        assert unattached == []


def test_a_file_of_corrections_comes_back_as_it_was_and_a_damaged_line_is_named(tmp_path: Path) -> None:
    (record,), opinions = read(TEXT)
    some = [correction("right", opinions[0], record), correction("nobody said this", opinions[1], record)]
    save(tmp_path / "c.jsonl", some)
    assert load(tmp_path / "c.jsonl") == some
    assert together(some, load(tmp_path / "c.jsonl")) == some
    (tmp_path / "c.jsonl").write_text('{"kind": "polarity", "level": 3}\n', encoding="utf-8")
    with pytest.raises(InputError, match="row 1"):
        load(tmp_path / "c.jsonl")


def test_corrections_are_rows_of_marks_one_a_sentence_with_all_that_was_corrected(tmp_path: Path) -> None:
    (record,), opinions = read("great sound, bad case, okay price.")
    marks = tuple(map(mark_of, opinions))
    some = [
        correction("polarity", opinions[0], record, level=-1),
        correction("category", opinions[0], record, hour=1, category="sound"),
        correction("nobody said this", opinions[2], record),
    ]
    save(tmp_path / "c.jsonl", [one.model_copy(update={"read": marks}) for one in some])
    assert is_corrections(tmp_path / "c.jsonl")
    (row,) = training_rows(tmp_path / "c.jsonl")
    text = labelled(row, source="test")
    assert [(t.polarity, t.category) for t in text.triplets] == [("negative", "sound"), ("negative", None)]
    assert text.group == "r0"
    (tmp_path / "m.jsonl").write_text(json.dumps({"sentences": ["Fine."], "opinions": []}) + "\n", encoding="utf-8")
    assert not is_corrections(tmp_path / "m.jsonl")


@pytest.mark.slow
def test_finetune_learns_from_a_file_of_corrections(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    from gistill.train.reader.finetune import load_examples

    records, opinions = read(*(f"great {thing}, bad case." for thing in ("sound", "screen", "price")))
    some = [
        correction("polarity", o, records[int(o.record[1:])], level=-2) for o in opinions if o.polarity == "positive"
    ]
    save(tmp_path / "corrections.jsonl", some)
    examples, held = load_examples("marks", None, tmp_path / "corrections.jsonl", fitted=True)
    assert [[t.polarity for t in e.triplets] for e in examples] == [["negative"]] * 3
    assert held == []


def points_of(records: list[Record], opinions: list[Opinion]) -> Points:
    """Only what is said in the same words is a point."""
    return find_points(opinions, records, embed=load_likeness().embed, enough=9.0)


def about_points(
    kind: CorrectionKind, points: tuple[str, ...], members: Sequence[str] = (), name: str = ""
) -> HandCorrection:
    return named(HandCorrection(kind=kind, points=points, members=tuple(members), name=name or None, time=TIME))


def test_points_are_merged_split_and_renamed_and_counted_again() -> None:
    records, opinions = read(*["great sound."] * 3, *["great battery."] * 2, *["bad case."] * 2)
    points = points_of(records, opinions)
    sound, battery = (next(p for p in points.points if word in p.name) for word in ("sound", "battery"))
    case = next(p for p in points.points if p.direction == "negative")
    merge = about_points("merge points", (sound.id, battery.id), [*sound.opinions, *battery.opinions], "good hardware")
    after, lost = with_point_corrections(points, opinions, records, [merge])
    assert [(p.id, p.name, p.tally.people) for p in after.points[:1]] == [(sound.id, "good hardware", 5)]
    assert (len(after.points), lost) == (2, [])
    split = about_points("split point", (sound.id,), sound.opinions[:2], "loud sound")
    after, lost = with_point_corrections(points, opinions, records, [split])
    assert Counter({p.name: p.tally.people for p in after.points})["loud sound"] == 2
    assert sound.opinions[2] in after.once  # one person alone makes no point
    renamed, lost = with_point_corrections(
        points, opinions, records, [about_points("rename point", (case.id,), (), "weak case")]
    )
    assert [p.name for p in renamed.points if p.id == case.id] == ["weak case"]
    gone = about_points("rename point", ("of-another-run",), case.opinions, "weak case")
    assert with_point_corrections(points, opinions, records, [gone])[0] == renamed  # found again by its opinions
    bad = [
        about_points("merge points", (sound.id, case.id), (), "x"),
        about_points("rename point", ("nowhere",), ("no:opinion",), "x"),
    ]
    same, lost = with_point_corrections(points, opinions, records, bad)
    assert {p.id: p.tally for p in same.points} == {p.id: p.tally for p in points.points}
    assert [one.why for one in lost] == ["its points are of different directions", "its point is gone"]


def test_the_report_counts_corrections_and_says_both_figures_and_never_moves_an_estimate(
    run: Run, tmp_path: Path
) -> None:
    lines = [json.dumps({"id": str(n), "text": "It has great sound. It broke.", "author": f"p{n}"}) for n in range(6)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert run("digest", "in.jsonl", "-o", "out", "--writer", "none")[0] == 0
    before = json.loads((tmp_path / "out/digest.json").read_bytes())
    assert "by_hand" not in before
    opinions = [
        Opinion.model_validate_json(line) for line in (tmp_path / "out/opinions.jsonl").read_text().splitlines()
    ]
    texts = {o.record: Record(id=o.record, text="It has great sound. It broke.") for o in opinions}
    blame = [o for o in opinions if o.polarity == "negative"]
    mine = [correction("nobody said this", o, texts[o.record]) for o in blame[:2]]
    gone = correction("polarity", blame[0], texts[blame[0].record], author="bob", level=1).model_copy(
        update={"record": "gone"}
    )
    save(tmp_path / "out/corrections.jsonl", mine)
    save(tmp_path / "more.jsonl", [named(gone)])
    code, shown, told = run("digest", "in.jsonl", "-o", "out", "--writer", "none", "--corrections", "more.jsonl")
    assert code == 0, told
    assert "2 of 3 corrections by hand of 2 people are counted: 6 positive, 0 neutral, 4 negative" in shown
    after = json.loads((tmp_path / "out/digest.json").read_bytes())
    assert (after["tally"]["negative"], after["by_hand"]["as_read"]["negative"]) == (4, 6)
    assert (after["by_hand"]["given"], after["by_hand"]["applied"]) == (3, 2)
    assert [one["why"] for one in after["by_hand"]["unattached"]] == ["its record is gone"]
    for page in ("report.html", "report.md"):
        text = (tmp_path / "out" / page).read_text(encoding="utf-8")
        assert (
            "As read, without them: 6 positive, 0 neutral, 6 negative, Net Sentiment 0. 1 correction found nothing"
            in text
        )
    assert after.get("corrections") == before.get("corrections")
    assert (tmp_path / "out/opinions.jsonl").read_text().count("\n") == 12  # the readings stay as they were read
