"""Asking people and taking their answers back: the queue, the page, files of other tools, and how far people agree."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gistill.categories import CODES
from gistill.corrections import doccano, label_studio
from gistill.corrections.agreement import agreement, cohen, krippendorff
from gistill.corrections.form import HandCorrection, Mark, load, looks_alike, named, ordered, save
from gistill.corrections.page import render_page
from gistill.corrections.queue import queue
from gistill.corrections.tasks import Task, as_exact, marks_of, placed, regions_of, shown_text
from gistill.digest.correcting import open_correcting, tasks_of
from gistill.digest.extract import sentences_of
from gistill.errors import InputError
from gistill.schema import Record, Span
from test_corrections import correction, read

Run = Callable[..., tuple[int, str, str]]

SENTENCES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    """Any sentence with any opinions in it: overlapping, alike, about one thing, without words, in any script."""
    text = draw(SENTENCES)
    place = st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text))).filter(lambda at: at[0] < at[1])
    marks = [
        placed(
            Mark(
                aspect=None,
                aspect_at=draw(st.none() | place),
                opinion=None,
                opinion_at=draw(st.none() | place),
                category=draw(st.none() | st.sampled_from(sorted(CODES))),
                level=draw(st.integers(-2, 2)),
                kind=draw(st.sampled_from([None, "o", "f", "w"])),
            ),
            text,
        )
        for _ in range(draw(st.integers(0, 5)))
    ]
    return Task("r1", (3, 3 + len(text)), "en", text, ordered(marks), tuple(f"r1:{n}" for n in range(len(marks))))


def annotated(task: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What Label Studio exports where a person accepts what was predicted."""
    result = task["predictions"][0]["result"]
    return {"id": 1, "data": task["data"], "annotations": [{"result": result, "was_cancelled": False, **more}]}


@settings(max_examples=300, deadline=None)
@given(task=tasks())
def test_opinions_come_back_from_regions_label_studio_and_doccano_exactly(task: Task) -> None:
    marks = sorted(map(str, task.marks))
    assert sorted(map(str, marks_of(task.sentence, *regions_of(task)))) == marks
    (out,) = json.loads(json.dumps(label_studio.tasks_json([task])))
    (one,) = label_studio.corrections_of(
        [annotated(out, completed_by={"email": "ann@x.org"}, updated_at="2026-11-28T09:00:00Z")]
    )
    (line,) = json.loads(json.dumps(doccano.lines([task])))
    (other,) = doccano.corrections_of([line], author="ann@x.org")
    for back in (one, other):
        assert sorted(map(str, back.opinions or ())) == marks
        assert (back.read, back.sentences, back.record, back.at) == (task.marks, (task.sentence,), "r1", task.at)
        assert (back.author, back.kind) == ("ann@x.org", "sentence")


@settings(max_examples=100, deadline=None)
@given(task=tasks())
def test_label_studios_old_offsets_in_utf_16_units_are_understood(task: Task) -> None:
    (out,) = label_studio.tasks_json([task])
    for one in out["predictions"][0]["result"]:
        if "value" in one:
            for end in ("start", "end"):
                one["value"][end] = len(task.sentence[: one["value"][end]].encode("utf-16-le")) // 2
    (back,) = label_studio.corrections_of([annotated(out)])
    for mark in back.opinions or ():
        for words, at in ((mark.aspect, mark.aspect_at), (mark.opinion, mark.opinion_at)):
            assert words == (task.sentence[slice(*at)] if at else None)
    if all(ord(letter) < 0x10000 for letter in task.sentence):
        assert sorted(map(str, back.opinions or ())) == sorted(map(str, task.marks))


@pytest.mark.parametrize(
    ("entity", "wrong"),
    [
        ({"start_offset": 0, "end_offset": 99, "label": "thing | negative | - | -"}, "outside"),
        ({"start_offset": 0, "end_offset": 3, "label": "words"}, "no level"),
        ({"start_offset": 0, "end_offset": 3, "label": "PERSON"}, "means nothing"),
        ({"start_offset": 0, "end_offset": 3, "label": "words | awful | - | -"}, "means nothing"),
    ],
)
def test_what_another_tool_made_otherwise_is_refused_by_line(entity: dict[str, Any], wrong: str) -> None:
    (line,) = doccano.lines([Task("r1", (0, 4), "en", "Bad.", (), ())])
    line["entities"] = [{"id": 7, **entity}]
    with pytest.raises(ValueError, match=f"line 1.*{wrong}"):
        doccano.corrections_of([line], author=None)
    with pytest.raises(ValueError, match="task 1"):
        label_studio.corrections_of([{"data": {"text": "x"}, "annotations": [{"result": []}]}])


@settings(max_examples=200, deadline=None)
@given(text=SENTENCES, data=st.data())
def test_what_is_shown_is_as_long_as_the_text_and_made_exact_again(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    shown = shown_text(text, [Span(start=start, end=data.draw(st.integers(start + 1, len(text))))])
    assert looks_alike(shown, text)
    assert not re.search("[\x00-\x09\x0b-\x1f\u202a-\u202e\u200b-\u200f]", shown)
    mark = placed(Mark(aspect=None, aspect_at=None, opinion=None, opinion_at=(0, len(text)), level=1), shown)
    one = HandCorrection(kind="missing", record="r", at=(0, len(text)), sentences=(shown,), mark=mark, opinions=(mark,))
    exact = as_exact(one, text)
    assert exact.mark is not None
    assert (exact.sentences, exact.mark.opinion) == ((text,), text)


def test_the_queue_asks_first_for_what_is_at_odds_and_is_diverse() -> None:
    texts = ["It has great sound."] * 6 + ["It broke.", "Nothing was in the box at all."]
    ratings = [5, 5, 5, 5, 5, 1, 1, 1]
    records = {
        f"r{n}": Record(id=f"r{n}", text=text, rating=float(rating), language="en")
        for n, (text, rating) in enumerate(zip(texts, ratings, strict=True))
    }
    opinions = read(*texts)[1]
    sentences = {name: sentences_of(record, ())[0] for name, record in records.items()}
    found = queue(sentences, opinions, records, n=4)
    assert [(item.record.id, item.why) for item in found][:1] == [("r5", "the rating says otherwise")]
    assert {"r6", "r7"} < {item.record.id for item in found}  # and not four times the same words
    assert "nothing was read here, and the rating is low" in {item.why for item in found}
    rest = queue(sentences, opinions, records, n=9, done={("r5", 0)})
    assert (len(rest), "r5" in {item.record.id for item in rest}) == (7, False)


def test_agreement_by_hand() -> None:
    table = [("yes", "yes")] * 20 + [("yes", "no")] * 5 + [("no", "yes")] * 10 + [("no", "no")] * 15
    assert cohen(table) == pytest.approx(0.4)  # observed 35/50, by chance 1/2
    assert cohen([("yes", "yes")]) is None
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
    units = [[str(one[n]) for one in observers if one[n]] for n in range(12)]
    assert krippendorff(units) == pytest.approx(
        0.743, abs=0.0005
    )  # Krippendorff (2011), nominal data of four observers
    assert krippendorff([["a", "a"], ["a"]]) is None


def test_two_people_who_judge_the_same_opinions_have_an_agreement() -> None:
    records, opinions = read(*["It has great sound."] * 4)
    ann = [correction("right", o, r) for o, r in zip(opinions, records, strict=True)]
    bob = [
        correction("right", opinions[0], records[0], author="bob"),
        correction("polarity", opinions[1], records[1], author="bob", level=-1),
        correction("nobody said this", opinions[2], records[2], author="bob"),
    ]
    (found,) = agreement([*ann, *bob])
    assert (found.about, found.judged, found.pairs[0].people) == ("polarity", 3, ("ann", "bob"))
    assert (found.pairs[0].both, found.pairs[0].agreed) == (3, 1)
    assert found.pairs[0].kappa == pytest.approx(0.0)
    assert agreement(ann) == []


HOSTILE = ["</script><script>alert(1)</script>", "<!-- <script>", "\u202eevil", "{{ 7*7 }}", "\u2028x", "=1+1", "]]>"]


def test_no_text_can_become_active_on_the_page() -> None:
    some = [Task("r<1>", (0, len(text)), "en", shown_text(text, ()), (), (), "why", text) for text in HOSTILE]
    points = [
        {
            "id": "p",
            "name": HOSTILE[0],
            "direction": "negative",
            "people": 2,
            "opinions": ["a"],
            "quotes": [["a", HOSTILE[1]]],
        }
    ]
    page = render_page(some, points, title=HOSTILE[0], command="gistill", key="k", hides=True)
    scripts = re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)
    assert len(scripts) == page.lower().count("<script") == 2
    assert scripts[0][0] == ' type="application/json" id="data"'
    data = json.loads(scripts[0][1])
    assert [one["sentence"] for one in data["tasks"]] == [shown_text(text, ()) for text in HOSTILE]
    sha = base64.b64encode(hashlib.sha256(scripts[1][1].encode()).digest()).decode()
    assert "default-src 'none'; style-src" in page
    assert f"script-src 'sha256-{sha}'" in page
    assert not re.search(r"https?://|innerHTML|outerHTML|insertAdjacent|eval\(|fetch\(|XMLHttp", page)
    assert 'href="javascript' not in page


def test_from_the_queue_to_the_next_report(run: Run, tmp_path: Path) -> None:
    lines = [json.dumps({"id": str(n), "text": "It has great sound. It broke.", "author": f"p{n}"}) for n in range(6)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert run("digest", "in.jsonl", "-o", "out", "--writer", "none")[0] == 0
    code, shown, _ = run("correct", "out", "--n", "5")
    assert (code, "sentences: out/correct.html" in shown) == (0, True)
    page = (tmp_path / "out/correct.html").read_text(encoding="utf-8")
    data = json.loads(re.findall(r'id="data">(.*?)</script>', page, re.DOTALL)[0])
    task = next(one for one in data["tasks"] if one["marks"])
    was = task["marks"][0]
    rest = {"record": task["record"], "at": task["at"], "sentences": [task["sentence"]], "read": task["marks"]}
    saved = {**rest, "kind": "nobody said this", "opinion_id": task["ids"][0], "was": was, "mark": None,
             "opinions": [], "author": "ann", "time": "2026-11-28T09:00:00.000Z"}  # fmt: skip
    (tmp_path / "ann.jsonl").write_text(json.dumps(saved) + "\n", encoding="utf-8")
    bob = {**saved, "kind": "right", "mark": was, "opinions": [was], "author": "bob", "time": "2026-11-28T08:00:00Z"}
    (tmp_path / "bob.jsonl").write_text(json.dumps(bob) + "\n", encoding="utf-8")
    code, shown, told = run("correct", "out", "--read", "ann.jsonl", "--read", "bob.jsonl")
    assert code == 0, told
    assert "2 corrections in out/corrections.jsonl" in shown
    assert "ann and bob: 0 of 1 alike" in shown
    assert run("correct", "out", "--read", "ann.jsonl")[1].startswith("2 corrections")  # the same file twice is once
    assert [one.author for one in load(tmp_path / "out/corrections.jsonl")] == ["bob", "ann"]
    left = tasks_of(open_correcting(tmp_path / "out"), n=50, again=False, show_names=False)
    assert (task["record"], task["at"][0]) not in {(one.record, one.at[0]) for one in left}
    assert run("digest", "in.jsonl", "-o", "out", "--writer", "none")[0] == 0
    after = json.loads((tmp_path / "out/digest.json").read_bytes())
    assert after["opinions"] == 11
    assert after["by_hand"]["kinds"] == {"nobody said this": 1, "right": 1}


@pytest.mark.parametrize("tool", ["label-studio", "doccano"])
def test_the_files_of_other_tools_go_out_and_come_back_by_the_command(run: Run, tmp_path: Path, tool: str) -> None:
    texts = ["It has great sound, says Ann Miller.", "It broke 💬 badly."]
    lines = [json.dumps({"id": str(n), "text": texts[n % 2] + f" {n}", "author": f"p{n}"}) for n in range(8)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert run("digest", "in.jsonl", "-o", "out", "--writer", "none")[0] == 0
    assert run("correct", "out", "--to", tool, "-o", "file.json")[0] == 0
    text = (tmp_path / "file.json").read_text(encoding="utf-8")
    if tool == "label-studio":
        assert "<Relations>" in (tmp_path / "file.xml").read_text(encoding="utf-8")
        text = json.dumps([annotated(one, completed_by=3) for one in json.loads(text)])
    (tmp_path / "back.json").write_text(text, encoding="utf-8")
    code, _, told = run("correct", "out", "--read", "back.json")
    assert code == 0, told
    every = load(tmp_path / "out/corrections.jsonl")
    assert {one.kind for one in every} == {"sentence"}
    assert {one.author for one in every} == {"3" if tool == "label-studio" else "back"}
    assert all("•" not in one.sentences[0] for one in every)  # exact again, whatever was shown
    before = json.loads((tmp_path / "out/digest.json").read_bytes())["tally"]  # which what was accepted does not change
    assert run("digest", "in.jsonl", "-o", "out", "--writer", "none")[0] == 0
    assert json.loads((tmp_path / "out/digest.json").read_bytes())["tally"] == before


def test_what_is_no_file_of_corrections_is_one_sentence_and_nothing_is_taken(run: Run, tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(json.dumps({"text": "It has great sound."}), encoding="utf-8")
    run("digest", "in.jsonl", "-o", "out", "--writer", "none")
    for text in ("[1]", "{", '{"a": 1}', "\x00"):
        (tmp_path / "x.json").write_text(text, encoding="utf-8")
        code, _, told = run("correct", "out", "--read", "x.json")
        assert (code, told.count("Error:"), "Traceback" in told) == (2, 1, False), text
    assert not (tmp_path / "out/corrections.jsonl").exists()
    with pytest.raises(InputError, match="no folder of a report"):
        open_correcting(tmp_path)
    save(tmp_path / "empty.jsonl", [named(HandCorrection())])
    assert len(load(tmp_path / "empty.jsonl")) == 1
