"""The benchmark of summaries: baselines choose as they say, and a second run gives the same numbers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("rouge_score")
pytest.importorskip("sumy")

from typer.testing import CliRunner

from gistill.bench.abs import deeply
from gistill.bench.abs.baselines import summarize
from gistill.bench.abs.benchmark import ABS, difference, load
from gistill.bench.abs.candidates import candidates, nearness
from gistill.bench.abs.groups import groups_of
from gistill.bench.abs.metrics import counted, load_metric
from gistill.bench.abs.sets import SummarySet
from gistill.bench.abs.support import by_rules
from gistill.bench.benchmark import Settings
from gistill.bench.models import Models
from gistill.bench.run import run_bench
from gistill.bench.systems import parse_systems
from gistill.cli import app
from gistill.errors import InputError, SettingError
from gistill.evaluate.summaries.words import words
from gistill.grounding.faults.fault import Fault
from gistill.grounding.faults.reading import Reading
from gistill.schema import Span
from gistill.task import SummaryTask

LAMP = (
    "The lamp is bright. My cat likes boxes. The base wobbles badly.",
    "A bright lamp for reading. The base wobbles.",
    "Delivery took nine days. The lamp is bright and the base wobbles.",
)
TASK = SummaryTask("lamp", LAMP, "reviews", references=("The lamp is bright but the base wobbles.",))


def test_lead_takes_the_first_sentence_of_each_review() -> None:
    """The second review's first sentence says little new, so that the second sentences follow sooner."""
    said = summarize("lead", TASK, 15)
    assert said == "The lamp is bright. Delivery took nine days. My cat likes boxes. The base wobbles."
    whole = TASK._replace(sources=(" ".join(LAMP),), shape="document")
    assert summarize("lead", whole, 13) == "The lamp is bright. My cat likes boxes. The base wobbles badly."


@pytest.mark.parametrize("kind", ["lexrank", "textrank", "centroid", "oracle"])
def test_what_many_say_comes_before_what_one_says(kind: str) -> None:
    said = summarize(kind, TASK, 10)
    assert "bright" in said
    assert "wobbles" in said
    assert "cat" not in said
    assert "Delivery" not in said


@pytest.mark.parametrize("kind", ["lead", "random", "lexrank", "textrank", "centroid", "oracle"])
@pytest.mark.parametrize("sources", [("",), ("Ok",), ("!!!",), ("One two three four five six seven.",)])
def test_little_text_gives_little_and_no_error(kind: str, sources: tuple[str, ...]) -> None:
    task = SummaryTask("t", sources, "reviews", references=("One.",))
    assert summarize(kind, task, 5).strip() in {*sources, ""}


def test_a_length_is_kept_and_nothing_said_twice() -> None:
    task = TASK._replace(sources=("The handle broke off. The handle broke off. It is red.",) * 5)
    for seed in range(5):
        said = summarize("random", task, 11, seed=seed)
        assert len(words(said)) <= 11
        assert said.count("handle") == 1


def test_a_question_brings_the_sentences_near_to_it() -> None:
    near = nearness("cleanliness", ["The room was spotless and clean.", "The train station is close."])
    assert near[0] > near[1]
    many = ["The bathroom was dirty."] * 2 + [f"Waiter number {n} brought soup." for n in range(60)]
    asked = SummaryTask("t", tuple(many), "reviews", asked="cleanliness")
    found = [one.text for one in candidates(asked)]
    assert found.count("The bathroom was dirty.") == 2
    assert len(found) == 16  # a quarter of 62


def tasks(path: Path) -> Path:
    rows = [
        {"id": f"t{n}", "sources": list(LAMP), "references": ["The lamp is bright but the base wobbles."], "group": g}
        for n, g in enumerate("aabbcc")
    ]
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_second_run_takes_the_kept_answers_and_gives_the_same_table(tmp_path: Path) -> None:
    file = tasks(tmp_path / "tasks.jsonl")
    answers = tmp_path / "mine.jsonl"
    answers.write_text("\n".join(json.dumps({"id": f"t{n}", "summary": "It wobbles."}) for n in range(6)), "utf-8")
    settings = Settings(None, tmp_path / "out", words=9)
    systems = parse_systems([f"lead,random,oracle,mine=answers:{answers},recorded:gpt3,reader"], seeds=(0, 1))
    first = run_bench(ABS, systems, [f"tasks:{file}"], settings, models=Models())
    kept = {path: path.read_bytes() for path in (tmp_path / "out" / "answers").glob("*.jsonl")}
    again = run_bench(ABS, systems, [f"tasks:{file}"], settings, models=Models())
    assert ABS.markdown(first) == ABS.markdown(again)
    assert kept == {path: path.read_bytes() for path in (tmp_path / "out" / "answers").glob("*.jsonl")}
    cards = {card.system: card for card in first}
    assert cards["recorded:gpt3"].skipped == "nothing was recorded for this set"
    assert cards["reader"].skipped
    rouge = {name: card.free["ROUGE-1"].value or 0 for name, card in cards.items() if not card.skipped}
    assert rouge["oracle"] == max(rouge.values())
    assert cards["mine"].free["ROUGE-1"].value == pytest.approx(2 / 10)  # "wobbles" of 2 and 8 words
    assert cards["mine"].free["words"].value == 2
    assert "ROUGE-1" in cards["random"].deviations


def test_cutting_to_equal_length_takes_away_what_length_gave(tmp_path: Path) -> None:
    file = tasks(tmp_path / "tasks.jsonl")
    answers = tmp_path / "long.jsonl"
    long = "The lamp is bright but the base wobbles. " * 3
    answers.write_text("\n".join(json.dumps({"id": f"t{n}", "summary": long}) for n in range(6)), "utf-8")
    (card,) = run_bench(
        ABS, parse_systems([f"answers:{answers}"]), [f"tasks:{file}"], Settings(None, tmp_path / "o"), models=Models()
    )
    assert card.free["ROUGE-1"].value == pytest.approx(2 * 8 / 32)
    assert card.equal["ROUGE-1"].value == pytest.approx(1.0)
    assert card.equal["words"].value == 8


def test_a_paired_difference_is_of_the_same_tasks(tmp_path: Path) -> None:
    on = load(f"tasks:{tasks(tmp_path / 'tasks.jsonl')}", Settings(None, tmp_path))
    right, half = "The lamp is bright but the base wobbles.", "The lamp is bright."
    found = difference([on], [[right] * 6], [[half] * 6])
    assert found.value == pytest.approx(1 - 2 * 4 / 12)
    assert found.low == pytest.approx(found.high)


def test_missing_answers_are_said_before_anything_is_scored(tmp_path: Path) -> None:
    file = tasks(tmp_path / "tasks.jsonl")
    answers = tmp_path / "few.jsonl"
    answers.write_text('{"id": "t0", "summary": "x"}\n', "utf-8")
    with pytest.raises(InputError, match="no summary of 5 of the 6 tasks"):
        run_bench(
            ABS, parse_systems([f"answers:{answers}"]), [f"tasks:{file}"], Settings(None, tmp_path), models=Models()
        )
    with pytest.raises(SettingError, match="lead takes nothing"):
        parse_systems(["lead:x"])


def test_what_many_reviews_say_has_a_higher_prevalence_and_the_right_feeling() -> None:
    reviews = ("The staff was friendly.", "Friendly staff!", "The staff were so friendly.", "The lift was broken.")
    task = SummaryTask("hotel", reviews, "reviews", references=("Friendly staff.",))
    many, one = (deeply.count(task, text) for text in ("The staff is friendly.", "The lift was broken."))
    assert many["prevalence"] == (0.75, 1)
    assert one["prevalence"] == (0.25, 1)
    assert many["distance of sentiment"][0] < one["distance of sentiment"][0]
    assert many["BERTScore F1"][0] > one["BERTScore F1"][0]
    stated = deeply.count(task, "1 of 4 guests found the staff friendly.")
    assert stated["error of stated counts"] == (0.5, 1)


def test_measures_of_aspects_sentences_and_polarity_need_no_reference() -> None:
    """The second sentence is about the service; the third says what nobody said; most people liked the food."""
    reviews = ("The food was tasty.", "Tasty food, friendly staff.", "The food was bad.", "The staff was rude.")
    task = SummaryTask("h", reviews, "reviews", asked="food")
    text = "The food was tasty. The staff was friendly. The marble fountain sang operas."
    found = deeply.count(task, text, aspects=("food", "staff", "parking"))
    pure, judged = found["aspect purity"]
    assert pure < judged
    assert found["sentences without a fault by rules"] == (2, 3)
    assert deeply.count(task, "The food was tasty.", aspects=("food", "staff"))["aspect purity"] == (1, 1)
    assert deeply.count(task, "The food was tasty.")["polarity as in the sources"] == (1, 1)
    assert deeply.count(task, "The food was bad.")["polarity as in the sources"] == (0, 1)
    assert "aspect purity" not in deeply.count(task._replace(asked=""), text, aspects=("food", "staff"))
    said = by_rules(task, text)
    assert [bool(one.faults) for one in said] == [False, False, True]
    assert said[2].faults[0].startswith("E3: ")


def test_a_critic_judges_each_sentence() -> None:
    class Strict:
        """Takes every sentence about a fountain for wrong."""

        def check(self, summaries: list[tuple[str, Reading]]) -> list[tuple[Fault, ...]]:
            return [
                tuple(
                    Fault(code="E3", rule="strict", tier="critic", span=Span(start=s.start, end=s.end), source=None,
                          says="No.")
                    for s in Reading(text).sentences
                    if "fountain" in text[s.start : s.end]
                )
                for text, _ in summaries
            ]  # fmt: skip

    task = SummaryTask("h", ("The food was tasty.",), "document")
    found = deeply.count(task, "The food was tasty. A fountain sang.", critic=Strict())  # type: ignore[arg-type]
    assert found["sentences without a fault by the critic"] == (1, 2)


def test_tasks_are_sorted_by_aspect_its_frequency_and_the_length_of_their_sources() -> None:
    asked = ["food", "food", "food", "rooms", "rooms", "spa", "", "What did the lawyer say about the lease?", ""]
    rows = tuple(
        SummaryTask(str(n), ("word " * (n + 1),), "reviews", asked=one, references=("x",))
        for n, one in enumerate(asked)
    )
    on = SummarySet("s", rows, {"": 9, "asked": 9})
    assert on.aspects == ("food", "rooms", "spa")
    found = groups_of(on)
    assert found["aspect"] == {"food": [0, 1, 2], "rooms": [3, 4], "spa": [5], "(all)": [6, 7, 8]}
    assert found["frequency of the aspect"] == {"frequent": [0, 1, 2], "usual": [3, 4], "rare": [5]}
    assert found["words of the sources"] == {
        "short (1 to 3)": [0, 1, 2], "middle (4 to 6)": [3, 4, 5], "long (7 to 9)": [6, 7, 8]
    }  # fmt: skip
    same = SummarySet("s", tuple(row._replace(asked="food", sources=("a b",)) for row in rows), {"": 9, "asked": 9})
    assert groups_of(same) == {}


def test_a_learned_metric_is_a_function_from_a_module_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("def brief(summary, references, sources):\n    return None if not summary else 1 / len(summary)\n")
    name, metric = load_metric(f"{file}:brief")
    assert name == "brief"
    assert counted(metric, TASK, "four") == (0.25, 1)
    assert counted(metric, TASK, "") == (0, 0)
    assert load_metric("textwrap:shorten")[0] == "shorten"
    with pytest.raises(SettingError, match="no number"):
        counted(lambda *_: "good", TASK, "x")  # type: ignore[arg-type, return-value]
    for wrong, said in (("brief", "is no metric"), (f"{file}:no", "no function"), ("nowhere:x", "cannot be imported")):
        with pytest.raises(SettingError, match=said):
            load_metric(wrong)


def test_a_command_scores_two_systems_and_shows_the_worst(tmp_path: Path) -> None:
    file = tasks(tmp_path / "tasks.jsonl")
    texts = {"good": "The lamp is bright but the base wobbles.", "bad": "<script>alert(1)</script> Nice."}
    for name, text in texts.items():
        rows = [json.dumps({"id": f"t{n}", "summary": text}) for n in range(6)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows), "utf-8")
    (tmp_path / "mine.py").write_text("def letters(summary, references, sources):\n    return len(summary)\n")
    given = [str(tmp_path / f"{name}.jsonl") for name in ("bad", "good")]
    asked = ["--set", f"tasks:{file}", "--metric", f"{tmp_path / 'mine.py'}:letters", "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(app, ["evaluate", "summaries", *given, *asked])
    assert done.exit_code == 0, done.output
    assert "bad minus good, paired over the same tasks" in done.stdout
    kept = json.loads((tmp_path / "out" / "evaluation.json").read_text("utf-8"))
    assert kept["differences"]["good"]["ROUGE-1"]["high"] < -0.9
    assert kept["differences"]["good"]["letters"]["value"] == len(texts["bad"]) - len(texts["good"])
    assert kept["cards"][1]["free"]["letters"]["value"] == len(texts["good"])
    worst = kept["worst"][0]
    assert (worst["id"], worst["summary"], worst["score"]) == ("t0", texts["bad"], 0)
    assert worst["references"] == ["The lamp is bright but the base wobbles."]
    assert worst["source"] == "\n".join(LAMP)
    written = (tmp_path / "out" / "evaluation.md").read_text("utf-8")
    assert "The 6 worst of the first system" in written
    assert "<script" not in written
    page = (tmp_path / "out" / "evaluation.html").read_text("utf-8")
    assert "<script" not in page
    assert "letters" in page
    assert page.count("<section>") == 6
    assert page.index("t0") < page.index("t5")
    assert LAMP[0] in page
    assert page.count("<svg") == 2


def test_a_judge_rates_summaries_and_is_not_told_whose_they_are(tmp_path: Path) -> None:
    pytest.importorskip("aiolimiter", reason="needs the extra: teacher")
    file = tasks(tmp_path / "tasks.jsonl")
    texts = {"first": "The lamp is bright but the base wobbles.", "other": "Nice."}
    for name, text in texts.items():
        rows = [json.dumps({"id": f"t{n}", "summary": text}) for n in range(6)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows), "utf-8")
    command = ["evaluate", "summaries", *(str(tmp_path / f"{name}.jsonl") for name in texts), "--set", f"tasks:{file}"]
    whom = ["--judge", "http://127.0.0.1:9/v1", "--model", "m"]

    def run(*more: object) -> str:
        done = CliRunner().invoke(app, [*command, *whom, *map(str, more)])
        assert done.exit_code == 0, done.output
        return done.output

    no_folder = CliRunner().invoke(app, [*command, *whom])
    assert (no_folder.exit_code, "no folder is named" in no_folder.output) == (2, True)
    said = run("-o", tmp_path / "out", "--write-batch", tmp_path / "asked")
    asked = [json.loads(line) for one in (tmp_path / "asked").glob("*.jsonl") for line in one.read_text().splitlines()]
    assert len(asked) == 2, "six tasks with equal sources and two texts are two questions"
    assert "12" not in said.split("were not rated")[0][-12:]
    assert not any(name in json.dumps(asked) for name in ("first.jsonl", '"other"'))
    back = []
    for one in asked:
        rating = 5 if texts["first"] in one["body"]["messages"][-1]["content"] else 2
        text = "\n".join(f"{name}: {rating}" for name in ("relevance", "coverage", "purity", "language", "overall"))
        choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop", "index": 0}
        body = {"choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}}
        back.append(json.dumps({"custom_id": one["custom_id"], "response": {"status_code": 200, "body": body}}))
    (tmp_path / "answers.out").write_text("\n".join(back))
    run("-o", tmp_path / "out", "--read-batch", tmp_path / "answers.out")
    kept = json.loads((tmp_path / "out" / "evaluation.json").read_text("utf-8"))
    assert [card["free"]["judge: overall"]["value"] for card in kept["cards"]] == [5, 2]
    assert kept["differences"]["other"]["judge: coverage"]["value"] == 3
    assert kept["unrated"] == {}
