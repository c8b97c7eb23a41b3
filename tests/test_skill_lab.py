"""A second skill goes through the whole lab, on tiny models, and nothing outside its own modules knows its name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter
from typer.testing import CliRunner

from fake_reader import FakeReader
from gistill.bench import run as run_module
from gistill.bench.benchmark import Settings
from gistill.bench.examples.benchmark import EXAMPLES
from gistill.bench.examples.sets import load_examples
from gistill.bench.models import Models
from gistill.bench.run import run_bench
from gistill.bench.systems import parse_systems
from gistill.cli import app
from gistill.distill.annotate import annotate
from gistill.distill.settings import AnnotateSettings
from gistill.distill.tasks import prepared, task_named
from gistill.errors import InputError, SettingError
from gistill.lm.fake import ScriptedModel
from gistill.lm.seam import Request
from gistill.schema import Record
from gistill.skills.all import SKILLS, example_of
from gistill.skills.aspect_summary import ASPECT_SUMMARY, AspectInput, parse, score, write
from gistill.skills.skill import Choices, Parsed, from_json, to_json, total, training_example
from gistill.skills.summary import Draft

SOURCE = Path(__file__).parents[1] / "src" / "gistill"
THINGS = ("sound", "fit", "lid", "lamp", "food", "room")
PASTA = AspectInput("pasta", ("Loved it, so fresh!", "It was cold.", "Fresh pasta."))


@pytest.fixture
def _torch() -> Iterator[None]:
    torch = pytest.importorskip("torch", reason="needs the extra: train")
    pytest.importorskip("peft", reason="needs the extra: train")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def kinds(answer: str, complete: bool = True) -> list[str]:
    return [failure.kind for failure in parse(answer, PASTA, complete).failures]


def test_what_is_written_is_read_again_and_scores_all_points() -> None:
    summary = (Draft("People love the fresh pasta.", (1, 3)), Draft("One got it cold.", (2,)))
    written = write(summary, PASTA)
    assert written == "People love the fresh pasta. [1][3] One got it cold. [2]"
    assert parse(written, PASTA, True) == Parsed(summary)
    assert total([score(summary, Parsed(summary), PASTA)]) == {
        "rouge1": 1.0,
        "citation_precision": 1.0,
        "citation_recall": 1.0,
    }


def test_overlap_and_citations_are_counted_by_hand() -> None:
    """Two of three words shared with two of four; cited are 1 and one that is not there, wanted 1 and 3."""
    gold = (Draft("fresh pasta here.", (1, 3)),)
    said = parse("Fresh pasta or not. [1][9]", PASTA, True)
    assert [failure.kind for failure in said.failures] == ["unknown_citation"]
    points = score(gold, said, PASTA)
    assert points["rouge1"] == (pytest.approx(4 / 7), 1)
    assert (points["citation_precision"], points["citation_recall"]) == ((1, 2), (1, 2))
    assert total([points, score(gold, Parsed(None), PASTA)])["citation_recall"] == 0.25


def test_sentences_without_citations_and_cut_answers_are_failures_by_name() -> None:
    assert kinds("They love it. [1] It is nice here.") == ["uncited"]
    assert parse("It is nice here.", PASTA, True).result is None
    assert kinds("They love it. [1] It is", complete=False) == ["truncated"]
    assert kinds("") == ["empty_answer"]


@pytest.mark.parametrize("name", SKILLS)
def test_every_skill_has_what_the_lab_needs(name: str) -> None:
    """Asked about a text, or about its probe; an answer that could not be read gets none of the points."""
    skill = SKILLS[name]
    task = task_named(name, categories=())
    choices = Choices(next(iter(skill.teacher.tasks), ""))
    probe, from_text = skill.teacher.probe, skill.teacher.from_text
    asked = probe if from_text is None else from_text("The soup was great.", choices)
    assert from_json(skill.input, json.loads(json.dumps(to_json(asked)))) == asked
    right = from_json(skill.result, some(TypeAdapter(skill.result).json_schema()))
    assert from_json(skill.result, json.loads(json.dumps(to_json(right)))) == right
    points = skill.score(right, Parsed(None), asked)
    assert list(points) == list(skill.measures)
    assert all(got == 0 <= possible for got, possible in points.values()), points
    assert any(possible for _, possible in points.values()), points
    assert len(task.prompt) == 16
    assert skill.render(asked)[-1].role in ("user", "assistant")


def some(schema: dict[str, Any], defined: dict[str, Any] | None = None) -> Any:
    """Make a value of a type as JSON, so that a new skill brings no example of its own: lists have one part."""
    defined = schema.get("$defs", {}) if defined is None else defined
    if "$ref" in schema:
        return some(defined[schema["$ref"].rpartition("/")[2]], defined)
    if "enum" in schema or "const" in schema:
        return schema.get("enum", [schema.get("const")])[0]
    for kind in schema.get("anyOf", ()):
        return some(kind, defined)
    match schema.get("type"):
        case "array" if "prefixItems" in schema:
            return [some(part, defined) for part in schema["prefixItems"]]
        case "array":
            return [some(schema["items"], defined)]
        case "object":
            return {key: some(part, defined) for key, part in schema.get("properties", {}).items()}
        case "string":
            return "word"
        case kind:
            return {"integer": 1, "number": 1.0, "boolean": True}[str(kind)]


def reviews() -> list[Record]:
    return [Record(id=f"{thing}{n}", text=text) for thing in THINGS for n, text in enumerate(_texts(thing))]


def _texts(thing: str) -> list[str]:
    return [f"Great {thing} here.", f"Really great {thing} again!", f"What a great {thing} it was."]


def teacher(request: Request) -> str:
    """Answer as a large model would: with a citation, and now and then with one that is not there."""
    asked = request.messages[-1].content
    thing = asked.partition("about the ")[2].partition(":")[0]
    if thing == "room":
        return "Nobody can say anything. [1]"
    return f"They say great {thing}. [1][2]" + (" [7]" if thing == "food" else "")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    found, task = prepared(task_named("aspect_summary"), reviews(), reader=FakeReader())
    settings = AnnotateSettings(skill="aspect_summary")
    annotate(found, out=tmp_path / "corpus", settings=settings, teachers=[ScriptedModel(teacher)], task=task)
    return tmp_path / "corpus"


def test_annotate_keeps_what_the_preparing_functions_check_bears_out(corpus: Path) -> None:
    lines = [json.loads(line) for line in (corpus / "train.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(lines) == len(THINGS) - 1
    assert {line["skill"] for line in lines} == {"aspect_summary"}
    assert {line["completion"][0]["content"].partition("great ")[2] for line in lines} == {
        f"{thing}. [1][2]" for thing in THINGS if thing != "room"
    }
    failed = [json.loads(line) for line in (corpus / "failures.jsonl").read_text(encoding="utf-8").splitlines()]
    assert sorted(failure["kind"] for failure in failed) == ["not_supported", "unknown_citation"]
    assert len(lines[0]["prompt"]) == 2, "a student is asked without the teacher's example"


@pytest.mark.usefixtures("_torch")
@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning")
def test_the_skill_is_trained_chosen_benchmarked_and_distilled(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("transformers")
    import tiny_models
    from gistill.distill import walk
    from gistill.distill.recipe import load_distill_recipe
    from gistill.lm.engines.torch_model import load_torch_model
    from gistill.train.writer.finetune import finetune_writer
    from gistill.train.writer.recipe import recipe_from

    base = tiny_models.causal(tmp_path / "base")
    lines = (corpus / "train.jsonl").read_text(encoding="utf-8").splitlines()
    (tmp_path / "dev.jsonl").write_text(lines[0] + "\n", encoding="utf-8")
    bare = [{key: json.loads(line)[key] for key in ("skill", "input", "result")} for line in lines[1:]]
    (tmp_path / "test.jsonl").write_text("".join(json.dumps(row) + "\n" for row in bare), encoding="utf-8")
    fast: dict[str, Any] = {"method": "full", "batch": 4, "rate": 5e-3, "report_to": [], "precision": "fp32"}

    made = recipe_from(
        {"model": str(base), "train": [str(corpus / "train.jsonl")], "dev": [str(tmp_path / "dev.jsonl")]}
        | fast
        | {"steps": 200, "save_every": 200, "max_new_tokens": 60}
    )
    about = finetune_writer(made, out=tmp_path / "student", data=None)
    assert (about["skills"], about["learned"]) == ({"aspect_summary": []}, len(bare)), (
        "what is chosen by is not learned"
    )
    log = [json.loads(line) for line in (tmp_path / "student" / "training" / "log.jsonl").read_text().splitlines()]
    assert any(line["eval_score"] == line["eval_rouge1"] for line in log if "eval_score" in line)
    assert about["scored_by"] == "rouge1"
    assert "| rouge1 |" in (tmp_path / "student" / "README.md").read_text(encoding="utf-8")
    assert "Sums up what customers say" in (tmp_path / "student" / "README.md").read_text(encoding="utf-8")

    models = Models(lambda path, prefix_cache: load_torch_model(Path(path), dtype="float32"))
    rows = parse_systems([f"untaught=zero-shot:{base},shown=few-shot:1:{base},student=writer:{tmp_path / 'student'}"])
    settings = Settings(None, tmp_path / "bench", max_tokens=60, shots_from=tmp_path / "dev.jsonl")
    cards = run_bench(EXAMPLES, rows, [str(tmp_path / "test.jsonl")], settings, models=models)
    untaught, _, student = [card.measures["rouge1"].value for card in cards]
    assert untaught is not None
    assert student is not None
    assert untaught < 0.5 < 0.9 < student, "it learned these by heart"
    assert (cards[-1].measures["citation_recall"].value or 0) > 0.9
    assert cards[0].failures

    recipe = {
        "model": str(tmp_path / "student"),  # what was made of nothing learns by whole weights only
        "corpora": {"teacher": "corpus"},
        "students": {"untaught": [], "taught": ["teacher"]},
        "tasks": {"summaries": {"train": ["dev.jsonl"], "tests": ["test.jsonl"]}},
        "teach": {**fast, "method": "lora", "rate": 1e-5, "steps": 2, "save_every": 2},
        "finetune": {**fast, "method": "lora", "rate": 1e-5, "steps": 1, "save_every": 1},
        "seeds": [0],
        "max_tokens": 60,
    }
    (tmp_path / "distill.yaml").write_text(json.dumps(recipe), encoding="utf-8")  # JSON is YAML

    def here(*arguments: Any, **options: Any) -> Any:
        return run_bench(*arguments, **{**options, "models": models})

    monkeypatch.setattr(walk, "run_bench", here)
    walk.distill(load_distill_recipe(tmp_path / "distill.yaml"), out=tmp_path / "walk")
    page = (tmp_path / "walk" / "table.md").read_text(encoding="utf-8")
    assert "summaries: rouge1 above untaught" in page
    assert re.search(r"\| taught \| teacher \| [+-]\d+\.\d \(", page), page
    scores = re.findall(r"^\| (untaught|taught) +\| (\d+\.\d) ", page, re.MULTILINE)
    assert [name for name, _ in scores] == ["untaught", "taught"]
    assert all(float(value) > 90 for _, value in scores), "both begin where the student ended"
    assert "aspect_summary on" in page
    assert (tmp_path / "walk" / "table.csv").is_file()


def example_file(path: Path, count: int = 40) -> Path:
    rows = []
    for n in range(count):
        asked = AspectInput(f"thing {n}", ("It is great.", "It is bad."))
        rows.append(
            {"skill": "aspect_summary", "input": to_json(asked), "result": [{"text": f"Great {n}.", "cites": [1]}]}
        )
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_the_command_scores_answers_of_anything(tmp_path: Path) -> None:
    file = example_file(tmp_path / "examples.jsonl")
    with (tmp_path / "answers.jsonl").open("w", encoding="utf-8") as answers:
        for n, line in enumerate(file.read_text(encoding="utf-8").splitlines()):
            answer = f"Great {n}. [1]" if n % 2 else "Bad. [2]"
            answers.write(json.dumps({"input": json.loads(line)["input"], "answer": answer}) + "\n")
    asked = ["bench", "run", "--skill", "aspect_summary", "--examples", str(file), "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(app, [*asked, "--systems", f"theirs=answers:{tmp_path / 'answers.jsonl'}"])
    assert done.exit_code == 0, (done.stderr, done.exception)
    assert "| theirs | 50.0 (" in done.stdout
    [row, *_] = [
        line for line in (tmp_path / "out" / "table.csv").read_text().splitlines() if line.startswith("theirs")
    ]
    assert row.split(",")[2:6] == ["aspect_summary", "40", "rouge1", "0.500000"]
    theirs = f"theirs=answers:{tmp_path / 'answers.jsonl'}"
    at_once = CliRunner().invoke(app, [*asked[:-1], str(tmp_path / "none"), "--systems", f"{theirs},majority"])
    assert at_once.exit_code == 2
    assert "majority answers only named sets of opinions" in at_once.stderr
    assert not (tmp_path / "none").exists(), "nobody was asked before"
    unknown = CliRunner().invoke(app, [*asked[:3], "nothing", *asked[4:], "--systems", "zero-shot"])
    assert unknown.exit_code == 2
    assert "opinions, analysis" in unknown.stderr


def test_a_system_is_scored_like_the_counts_by_hand_and_seeds_have_a_deviation(tmp_path: Path) -> None:
    file = example_file(tmp_path / "examples.jsonl")

    def write_as(path: str | None, prefix_cache: bool) -> ScriptedModel:
        def answer(request: Request) -> str:
            number = request.messages[-1].content.partition("thing ")[2].partition(":")[0]
            return f"Great {number}. [1]" if path == "good" or int(number) < 10 else "Great thing! [2]"

        return ScriptedModel(answer)

    models = Models(write_as, weights=lambda kind, path: str(path))
    settings = Settings(None, tmp_path / "out")
    [card] = run_bench(EXAMPLES, parse_systems(["two=writer:good,bad"]), [str(file)], settings, models=models)
    # one seed is right 40 times; the other 10 times, and 30 times one of its two words is right
    expected = (1.0 + (10 + 30 / 2) / 40) / 2
    assert card.measures["rouge1"].value == pytest.approx(expected)
    assert card.measures["citation_precision"].value == pytest.approx((1 + 0.25) / 2)
    assert card.deviations["citation_recall"] == pytest.approx(0.75 / 2**0.5)
    base, other = parse_systems(["writer:bad", "writer:good"])
    run_bench(EXAMPLES, [base, other], [str(file)], settings, models=models)
    [above] = _compared(models, base, [other], [str(file)], settings)
    assert above.value == pytest.approx(1 - (10 + 15) / 40)


def _compared(models: Models, base: Any, others: Any, sets: Any, settings: Settings) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_module, "Models", lambda: models)
        return run_module.compare(EXAMPLES, base, others, sets, settings)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{", "not a JSON object"),
        ("[]", "no example of a skill"),
        ('{"input": {}, "result": []}', "no example of a skill"),
        ('{"skill": "x", "input": {}, "result": []}', "there is no skill 'x'"),
        ('{"skill": "aspect_summary", "input": {"aspect": "a"}, "result": []}', "quotes"),
        ('{"skill": "rating", "input": {"text": "a"}, "result": 3}', "valid string"),
    ],
)
def test_a_bad_file_of_examples_is_one_sentence(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "x.jsonl").write_text(line + "\n", encoding="utf-8")
    with pytest.raises(InputError) as error:
        load_examples(str(tmp_path / "x.jsonl"))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_has_examples_of_the_skill_that_is_asked_for_and_shots_need_a_file(tmp_path: Path) -> None:
    file = example_file(tmp_path / "x.jsonl", 3)
    with pytest.raises(InputError, match="not of rating"):
        load_examples(f"rating:{file}")
    with pytest.raises(SettingError, match="needs examples to show"):
        run_bench(EXAMPLES, parse_systems(["few-shot:2"]), [str(file)], Settings(None, tmp_path), models=Models())


def test_examples_of_opinions_are_read_back_as_they_were_written() -> None:
    asked, result = _opinions()
    row = {"skill": "opinions", "input": to_json(asked), "result": to_json(result)}
    assert row["input"] == {"text": "Great soup.", "task": "aste"}
    assert row["result"] == [{"aspect": "soup", "opinion": "Great", "polarity": "positive"}]
    found = example_of(json.loads(json.dumps(row)))
    assert (found.asked, found.result) == (asked, result)
    learned = training_example(found.skill, found.asked, found.result, source="x")
    assert (learned.answer, learned.text) == ("soup | Great | positive", "Great soup.")


def _opinions() -> tuple[Any, Any]:
    from gistill.schema import OpinionTuple
    from gistill.skills.opinions import OpinionsInput

    return OpinionsInput("Great soup.", "aste"), (OpinionTuple("soup", None, "Great", "positive"),)


def test_no_line_outside_its_modules_names_the_second_skill() -> None:
    """What is said of it stands in its module, in its preparing function, and in the list of skills."""
    named = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in ("aspect_summary", "ASPECT_SUMMARY", "AspectInput"))
    }
    assert named == {"skills/aspect_summary.py", "skills/all.py", "distill/evidence.py"}
    assert ASPECT_SUMMARY.teacher.prepare == "gistill.distill.evidence:aspect_evidence"


def test_the_example_in_the_documentation_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[1] / "docs" / "extending.md").read_text(encoding="utf-8")
    section = page.partition("## How to add a skill")[2].partition("\n## ")[0]
    code, teaching = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    (tmp_path / "urgency.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    import urgency  # type: ignore[import-not-found,unused-ignore]

    skill = urgency.URGENCY
    monkeypatch.setitem(SKILLS, "urgency", skill)
    asked = urgency.UrgencyInput("Where is my parcel?")
    assert skill.parse(skill.write("yes", asked), asked, True).result == "yes"
    assert [failure.kind for failure in skill.parse("yes", asked, False).failures] == ["truncated"]
    records = [Record(id=str(n), text=text) for n, text in enumerate(("Where is it?", "Thanks.", "Who knows."))]
    answers = {"Where is it?": "Yes.", "Thanks.": "no", "Who knows.": "perhaps"}
    model = ScriptedModel(lambda request: answers[request.messages[-1].content])
    done = annotate(records, out=tmp_path / "corpus", settings=AnnotateSettings(skill="urgency"), teachers=[model])
    assert (done.manifest.rows, done.manifest.failures) == (2, {"unparsable": 1})
    (tmp_path / "reviews.csv").write_text("text\nIs anybody there?\nIt is fine.\n", encoding="utf-8")
    names: dict[str, Any] = {}
    exec(teaching.replace('out="corpus"', 'out="scripted"'), names)
    lines = (tmp_path / "scripted" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    assert [(json.loads(line)["input"]["text"], json.loads(line)["result"]) for line in lines] == [
        ("Is anybody there?", "yes"), ("It is fine.", "no"),
    ]  # fmt: skip
    assert names["done"].stopped == ""
    models = Models(lambda path, prefix_cache: model, weights=lambda kind, path: "")
    train = str(tmp_path / "corpus" / "train.jsonl")
    [card] = run_bench(EXAMPLES, parse_systems(["writer:x"]), [train], Settings(None, tmp_path / "out"), models=models)
    assert card.measures["accuracy"].value == 1.0
    walked(section, tmp_path)


def walked(section: str, folder: Path) -> None:
    """Read the recipe of a distillation that the page prints: it needs the user's own files and no public data."""
    pytest.importorskip("torch", reason="needs the extra: train")
    from gistill.distill.recipe import load_distill_recipe
    from gistill.distill.walk import plan

    [recipe] = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    (folder / "distill.yaml").write_text(recipe, encoding="utf-8")
    read = load_distill_recipe(folder / "distill.yaml")
    assert [step.name for step in plan(read, folder / "walk")] == [
        "untaught: fine-tune for urgency, seed 0", "taught: teach, seed 0", "taught: fine-tune for urgency, seed 0",
    ]  # fmt: skip
    assert read.public_sets == ()
