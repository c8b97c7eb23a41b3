"""Sets of summaries: every format is read into the same shape, and evidence keeps its place."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from gistill.corpora.summaries import aclsum, fewsum, index, oasum, opinosis, qmsum, space
from gistill.errors import InputError, SettingError

DATA = os.environ.get("GISTILL_DATA", "")
needs_data = pytest.mark.skipif(not DATA, reason="GISTILL_DATA names no folder of public data")
ARTICLES = [
    {
        "title": "Vennel Quartet",
        "document": ["The quartet met in Oulby.", "They recorded in a barn.", "Critics liked the sound."],
        "aspect": "Production",
        "aspect_sents": ["They recorded in a barn."],
        "summary": ["Recorded in a barn."],
    },
    {
        "title": "Vennel Quartet",
        "document": ["The quartet met in Oulby.", "They recorded in a barn.", "Critics liked the sound."],
        "aspect": "Background",
        "aspect_sents": [0, 2],
        "summary": ["They met in Oulby.", "Critics liked them."],
    },
    {
        "title": "Oulby",
        "document": ["Oulby lies on a hill.", "It has one school."],
        "aspect": "Production",
        "aspect_sents": [],
        "summary": ["Nothing is made there."],
    },
]


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    path = tmp_path / "articles.jsonl"
    path.write_text("\n".join(map(json.dumps, ARTICLES)) + "\n", encoding="utf-8")
    return path


def test_articles_keep_each_sentence_of_evidence_where_it_stands(articles: Path) -> None:
    production, background, empty = index.load(f"oasum:{articles}", folder=None)
    assert production.evidence_texts == ("They recorded in a barn.",)
    assert background.evidence_texts == ("The quartet met in Oulby.", "Critics liked the sound.")
    assert background.references == ("They met in Oulby. Critics liked them.",)
    assert (production.domain, background.domain) == ("Music", "Life and career")
    assert empty.evidence == ()
    assert [task.cluster for task in (production, background, empty)] == ["Vennel Quartet", "Vennel Quartet", "Oulby"]


def test_aspects_are_kept_by_how_often_they_are_asked(articles: Path) -> None:
    found = oasum.load(articles)
    assert {task.asked for task in oasum.variant(found, "frequent")} == {"Production"}
    assert {task.asked for task in oasum.variant(found, "rare")} == {"Background"}
    drawn = [{task.asked for task in oasum.variant(found, "random", seed=seed)} for seed in range(8)]
    assert all(len(aspects) == 1 for aspects in drawn)
    assert {"Production"} in drawn
    assert {"Background"} in drawn
    assert len(index.load(f"oasum-frequent:{articles}", folder=None)) == 2


@pytest.mark.parametrize("change", [{"aspect_sents": ["Not there."]}, {"document": None}, {"aspect_sents": [7]}])
def test_an_article_out_of_format_names_its_row(change: dict[str, object], tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text(json.dumps(ARTICLES[0]) + "\n" + json.dumps({**ARTICLES[1], **change}), encoding="utf-8")
    with pytest.raises(InputError, match=r"broken\.jsonl, row 2"):
        oasum.load(path)


def test_a_paper_gives_a_task_for_each_aspect() -> None:
    marks = {"challenge": [1, 0], "approach": [0, 1], "outcome": [0, 0]}
    paper = {
        "id": "X1",
        "title": "Knots",
        "sentences": {"abstract": ["Knots slip .", "We tie twice ."], "conclusion": ["They hold ."]},
        "summary": {"challenge": "Knots slip.", "approach": "Tie twice.", "outcome": "They hold."},
        "highlights": {
            aspect: {"abstract": m, "conclusion": [int(aspect == "outcome")]} for aspect, m in marks.items()
        },
    }
    found = aclsum.parse(json.dumps(paper), row=1)
    assert [(task.asked, task.evidence_texts) for task in found] == [
        ("challenge", ("Knots slip .",)),
        ("approach", ("We tie twice .",)),
        ("outcome", ("They hold .",)),
    ]
    paper["highlights"]["outcome"]["abstract"] = [0]  # type: ignore[index]
    with pytest.raises(InputError, match="row 4"):
        aclsum.parse(json.dumps(paper), row=4, file="papers.jsonl")


def test_a_meeting_counts_the_last_turn_as_evidence() -> None:
    meeting = {
        "meeting_transcripts": [{"speaker": name, "content": f"I am {name} ."} for name in "ABCD"],
        "general_query_list": [{"query": "Summarize the meeting", "answer": "Four met."}],
        "specific_query_list": [
            {"query": "Who is B or C?", "answer": "They.", "relevant_text_span": [["1", "2"], ["2", "2"]]}
        ],
    }
    general, specific = qmsum.parse(json.dumps(meeting), file="covid_9.json")
    assert general.evidence is None
    assert specific.evidence_texts == ("B: I am B .", "C: I am C .")
    assert specific.domain == "committee"
    assert specific.group == general.group == "covid_9"


def test_businesses_and_topics_are_reviews() -> None:
    line = "\t".join(["cafe", "K7", *(f"review {n}" for n in range(8)), "one", "two", "three"])
    business = fewsum.parse(line, row=2)
    assert (business.id, business.domain, len(business.sources)) == ("K7", "cafe", 8)
    assert business.references == ("one", "two", "three")
    with pytest.raises(InputError, match="row 3"):
        fewsum.parse("a\tb", row=3, file="val.csv")
    (topic,) = opinosis.parse(
        {
            "summaries-gold/lid_mug/lid_mug.1.gold": "It leaks.\r\n",
            "topics/lid_mug.txt.data": "It leaks .\r\nTight .\r\n",
        }
    )
    assert (topic.title, topic.sources, topic.references) == ("lid mug", ("It leaks .", "Tight ."), ("It leaks.",))


def test_tasks_of_ones_own_are_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    task = {"id": 1, "sources": ["A good lamp.", "Too dim."], "references": ["Mixed."], "evidence": [[1, 0, 8]]}
    path.write_text(json.dumps(task), encoding="utf-8")
    (found,) = index.load(f"tasks:{path}", folder=None)
    assert found.shape == "reviews"
    assert found.evidence_texts == ("Too dim.",)
    path.write_text(json.dumps({**task, "evidence": [[1, 0, 9]]}), encoding="utf-8")
    with pytest.raises(InputError, match="row 1"):
        index.load(f"tasks:{path}", folder=None)


def test_an_unknown_set_lists_the_known_ones() -> None:
    with pytest.raises(SettingError, match="no set") as raised:
        index.load("spaces/report", folder=None)
    assert "space/report" in str(raised.value.hint)
    with pytest.raises(SettingError, match="needs the folder"):
        index.load("space/report", folder=None)


@needs_data
def test_public_sets_have_what_was_published() -> None:
    counts = {"aclsum/val": 150, "fewsum/val": 30, "opinosis": 51, "space/report": 63, "space/dev": 70}
    counts |= {"qmsum/val": 272, "tweetsumm/valid": 110}
    for name, wanted in counts.items():
        found = index.load(name, folder=Path(DATA))
        assert len({task.id for task in found}) == len(found) == wanted
        assert all(task.references and all(task.sources) for task in found)
        for task in found:
            assert all(text.strip() for text in task.evidence_texts or ())
    hotels = {task.group for task in index.load("space/report", folder=Path(DATA))}
    assert hotels == set(space.REPORTING)


@needs_data
@pytest.mark.parametrize("pipeline", fewsum.PIPELINES)
def test_every_pipeline_was_recorded_for_every_business(pipeline: str) -> None:
    known = fewsum.recorded(pipeline, folder=Path(DATA))
    tasks = [task for part in fewsum.PARTS for task in fewsum.load(part, folder=Path(DATA))]
    # Two of the extractive pipelines wrote nothing about some businesses.
    assert all(known[task.id] or pipeline.startswith("qfsumm") for task in tasks)
