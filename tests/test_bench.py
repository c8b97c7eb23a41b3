"""The bench: sets, systems, answers that survive a kill, and one table that comes out the same every time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from fake_reader import FakeReader
from gistill.bench import run as run_module
from gistill.bench.answers import CHUNK, Kept
from gistill.bench.benchmark import Settings
from gistill.bench.charts import curve, matrix
from gistill.bench.fsa import sets as sets_module
from gistill.bench.fsa.benchmark import FSA
from gistill.bench.fsa.jobs import as_tuples, elect, job, why_not
from gistill.bench.fsa.report import PUBLISHED, cell, markdown, write_report
from gistill.bench.fsa.scorecard import BenchScorecard
from gistill.bench.fsa.sets import BenchSet, load_set
from gistill.bench.fsa.trained import by_domain, by_share, systems_in
from gistill.bench.models import Models, engines, hash_weights
from gistill.bench.run import run_bench
from gistill.bench.shots import draw, nearest
from gistill.bench.systems import Member, System, parse_systems
from gistill.corpora.tuples import Example
from gistill.errors import GistillError, InputError, ModelMissingError, SettingError
from gistill.lm import Completion, Request
from gistill.lm.fake import ScriptedModel
from gistill.reader import Reading
from gistill.schema import ELEMENTS, Estimate, Failure, OpinionTuple, SentimentTask, TupleAnswer

SOUND = OpinionTuple("sound", None, "great", "positive")
CABLE = OpinionTuple("cable", None, "bad", "negative")


def corpus(name: str, *, folder: Path) -> list[Example]:
    """Stands for `corpora.index.load`: "made/up" marks triplets, "made/quads" has categories as well."""
    place, _, task = name.partition(":")
    domain, _, part = place.rpartition("/")
    count = {"train": 40, "dev": 70, "test": 5}[part]
    found = []
    for i in range(count):
        sound, cable = SOUND, CABLE
        if domain == "made/quads":
            sound, cable = sound._replace(category="audio"), cable._replace(category="build")
        tuples: tuple[OpinionTuple, ...] = ((sound,), (sound, cable), ())[i % 3]
        text = ("{} {} great sound", "{} {} great sound , bad cable", "{} {} it came")[i % 3].format(part, i)
        made: SentimentTask = "asqp" if domain == "made/quads" else "aste"
        if task == "tsa":
            made, tuples = "tsa", tuple(t._replace(opinion=None, category=None) for t in tuples)
        found.append(Example(text, made, tuples, place, implicit=i % 5 == 0))
    return found


@pytest.fixture(autouse=True)
def _made_up_corpora(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets_module, "_load", corpus)


def right(request: Request) -> str:
    """Answer as a well trained model would: in the order that is asked for."""
    asked = request.messages[0].content
    order = asked.split(": ", 1)[1].split(".")[0].split(" | ")
    text = request.messages[-1].content
    lines = []
    for words, values in (
        ("great sound", {"aspect": "sound", "category": "audio", "opinion": "great", "polarity": "positive"}),
        ("bad cable", {"aspect": "cable", "category": "build", "opinion": "bad", "polarity": "negative"}),
    ):
        if words in text:
            lines.append(" | ".join(values[element] for element in order))
    return "\n".join(lines) or "none"


class Loaded(Models):
    """Models of the tests, which counts what is loaded."""

    def __init__(self, writer: Callable[[Request], Any] = right) -> None:
        self.loads: list[str | None] = []
        self.prefix_caches: list[bool] = []
        self.writers: dict[str | None, ScriptedModel] = {}
        self.fake = FakeReader()

        def load_writer(path: str | None, *, prefix_cache: bool) -> ScriptedModel:
            self.prefix_caches.append(prefix_cache)
            self.loads.append(path)
            return self.writers.setdefault(path, ScriptedModel(writer, name=str(path)))

        def load_reader(path: str | None) -> FakeReader:
            self.loads.append(path)
            return self.fake

        super().__init__(load_writer, load_reader, lambda kind, path: f"{kind} {path}")


def bench(
    tmp_path: Path, systems: str, sets: Sequence[str] = ("made/up:aste",), *, models: Models | None = None, **more: Any
) -> list[BenchScorecard]:
    settings = Settings(tmp_path, tmp_path / "out", **more)
    return run_bench(FSA, parse_systems([systems]), sets, settings, models=models or Loaded())


def f1(card: BenchScorecard) -> float | None:
    return card.views["all"].f1.value


# sets


def test_a_test_part_is_only_read_when_the_name_says_so(tmp_path: Path) -> None:
    assert load_set("made/up:aste", folder=tmp_path).name == "made/up/dev:aste"
    assert load_set("made/up", folder=tmp_path).name == "made/up/dev:aste"
    test = load_set("made/up/test:aste", folder=tmp_path)
    assert (test.name, len(test.examples)) == ("made/up/test:aste", 5)


def test_a_limit_takes_the_first_after_a_shuffle_by_seed(tmp_path: Path) -> None:
    first, again, other = (load_set("made/up", folder=tmp_path, limit=9, seed=s) for s in (1, 1, 2))
    assert first == again
    assert first.hash == again.hash != other.hash
    assert len(first.examples) == 9
    assert first.examples != tuple(corpus("made/up/dev:aste", folder=tmp_path)[:9])
    assert len(load_set("made/up", folder=tmp_path, limit=500).examples) == 70


@pytest.mark.parametrize("name", ["made/up/train:aste", ":aste", "", "a:b:c"])
def test_a_wrong_name_is_said(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError):
        load_set(name, folder=tmp_path)


def test_training_texts_that_are_scored_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    leak = Example("Great SOUND!", "aste", (SOUND,))

    def load(name: str, *, folder: Path) -> list[Example]:
        return [leak, *corpus("made/up/train", folder=folder)] if "/train" in name else [leak]

    monkeypatch.setattr(sets_module, "_load", load)
    on = load_set("made/up", folder=tmp_path)
    assert [e.text for e in on.examples] == ["Great SOUND!"]
    assert len(on.training) == 40


def test_the_hash_of_a_set_changes_with_its_marks(tmp_path: Path) -> None:
    on = load_set("made/up", folder=tmp_path)
    changed = BenchSet(on.name, on.task, (*on.examples[:-1], Example("dev 69 great sound", "aste", ())), tmp_path)
    assert on.hash != changed.hash


# systems


def test_systems_are_read_as_they_are_written() -> None:
    systems = parse_systems(["majority,few-shot:3,writer:a/0,a/1,b=writer:x", "reader,vote:C:\\w,zero-shot:m"])
    assert [s.name for s in systems] == [
        "majority", "few-shot:3", "writer:a/0,a/1", "b", "reader", "vote:C:\\w", "zero-shot:m",
    ]  # fmt: skip
    assert systems[2].members == (Member("writer", "a/0"), Member("writer", "a/1"))
    assert systems[3].members == (Member("writer", "x"),)
    assert systems[5].members == (Member("vote", "C:\\w"),)


def test_shots_and_seeds_of_prompted_systems() -> None:
    few, near, named = parse_systems(["few-shot,nearest:2,few-shot:4:a:b"], shots=7, seeds=[3, 5, 3])
    assert few.members == (Member("few-shot", None, 7, 3), Member("few-shot", None, 7, 5))
    assert near.members == (Member("nearest", None, 2),)
    assert named.members[0] == Member("few-shot", "a:b", 4, 3)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ("guess", "not a system"),
        ("few-shot:0", "no example"),
        ("writer", "needs a path"),
        ("majority:x", "takes nothing"),
        ("reader,reader", "two systems"),
        ("writer:a,a", "twice"),
    ],
)
def test_a_wrong_system_is_said(spec: str, reason: str) -> None:
    with pytest.raises(SettingError, match=reason):
        parse_systems([spec])


def test_a_reader_is_not_asked_for_categories_and_a_lexicon_not_without_its_answers(tmp_path: Path) -> None:
    sets: dict[SentimentTask, BenchSet] = {task: BenchSet("made/up", task, (), tmp_path) for task in ELEMENTS}
    assert why_not(Member("reader"), sets["asqp"])
    assert not why_not(Member("reader"), sets["tsa"])
    assert why_not(Member("lexicon", "file"), sets["tasd"])
    assert not why_not(Member("answers", "file"), sets["tasd"])
    quads, triplets = bench(tmp_path, "reader", ("made/quads", "made/up"))
    assert (quads.skipped, quads.views) == ("a reader names no categories", {})
    assert f1(triplets) is not None
    [lexicon] = bench(tmp_path, "lexicon")
    assert "baselines.py lexicon" in lexicon.skipped
    assert "lexicon on made/up/dev:aste: not measured" in markdown([lexicon])


# what is asked


def test_shots_are_drawn_by_seed_from_the_training_part(tmp_path: Path) -> None:
    models = Loaded()
    bench(tmp_path, "few-shot:3", models=models, limit=2)
    first, second = models.writers[None].calls[0]
    assert len(first.messages) == 2 + 2 * 3
    assert [m.content for m in first.messages[:-1]] == [m.content for m in second.messages[:-1]]
    assert all(m.content.startswith("train ") for m in first.messages[1:-1:2])
    examples = load_set("made/up", folder=tmp_path).training
    assert draw(examples, 3, seed=0) == draw(examples, 3, seed=0) != draw(examples, 3, seed=1)
    with pytest.raises(SettingError, match="41 examples cannot be shown"):
        draw(examples, 41, seed=0)


def test_the_nearest_examples_share_the_rarest_words() -> None:
    training = [
        Example(text, "aste", ()) for text in ("the food was good", "the battery was bad", "the staff", "Battery !")
    ]
    [found] = nearest(training, ["A battery, the best"], 2)
    assert [e.text for e in found] == ["the battery was bad", "Battery !"]  # the nearest last
    [unknown] = nearest(training, ["nichts"], 2)
    assert [e.text for e in unknown] == ["the battery was bad", "the food was good"]  # equals in their order
    [chinese] = nearest([Example("菜很好", "aste", ()), Example("服务慢", "aste", ())], ["服务不好"], 1)
    assert chinese[0].text == "服务慢"


def test_prompted_systems_are_told_the_categories_and_trained_ones_are_not(tmp_path: Path) -> None:
    models = Loaded()
    bench(tmp_path, "zero-shot,writer:w", ("made/quads",), models=models, limit=1)
    assert "Categories: audio, build." in models.writers[None].calls[0][0].messages[0].content
    assert "Categories" not in models.writers["w"].calls[0][0].messages[0].content


def test_only_prompts_that_begin_alike_keep_their_beginning(tmp_path: Path) -> None:
    models = Loaded()
    bench(tmp_path, "zero-shot,few-shot:2,nearest:2,writer:w", models=models, limit=1)
    assert models.prefix_caches == [False, True, False, False]


def test_a_category_that_does_not_exist_is_illegal(tmp_path: Path) -> None:
    models = Loaded(lambda request: right(request).replace("audio", "smell"))
    [card] = bench(tmp_path, "writer:w", ("made/quads",), models=models)
    assert card.views["all"].seeds[0].failures == {"unknown_category": 47}


def test_a_category_that_only_the_scored_texts_have_can_be_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = Example("great sound", "asqp", (SOUND._replace(category="noise"),))

    def load(name: str, *, folder: Path) -> list[Example]:
        return corpus(name, folder=folder) if "/train" in name else [new]

    monkeypatch.setattr(sets_module, "_load", load)
    models = Loaded(lambda request: right(request).replace("audio", "noise"))
    [card] = bench(tmp_path, "writer:w", ("made/quads",), models=models)
    assert f1(card) == 1.0


# what comes of it


def test_a_model_that_is_right_has_full_marks_and_views_have_their_own(tmp_path: Path) -> None:
    [card] = bench(tmp_path, "writer:w")
    assert f1(card) == 1.0
    assert {name: view.texts for name, view in card.views.items()} == {"all": 70, "implicit": 14, "multi": 23}
    assert card.signature["data"] == load_set("made/up", folder=tmp_path).hash
    assert card.signature["weights"] == ["writer w"]
    assert card.sentences_per_second is not None


def test_illegal_predictions_are_wrong_and_left_out_as_published(tmp_path: Path) -> None:
    models = Loaded(lambda request: "sound | great | positive")
    [card] = bench(tmp_path, "writer:w", models=models)
    strict, published = card.views["all"].seeds[0], card.as_published["all"].seeds[0]
    assert (strict.correct, strict.predicted, strict.gold) == (47, 70, 70)
    assert strict.failures == {"unanchored": 23}
    assert published.predicted == 47
    page = markdown([card], as_published=True)
    assert "67.1" in page
    assert "80.3" in page
    assert "23 unanchored of 70" in page


def test_hostile_answers_are_wrong_and_nothing_more(tmp_path: Path) -> None:
    hostile = [
        "\x00", "\ud800 | great | positive", "|" * 5000, "a" * 100_000, "", "none\nnone",
        "=cmd()|'x'!A0 | great | positive",
        Failure(kind="too_long"), Completion(text="sou", prompt_tokens=1, completion_tokens=1, stop="length"),
        "sound | great | positive\r\n<script>alert(1)</script>", "sound\u2028| great | positive",
    ]  # fmt: skip
    models = Loaded(lambda request: hostile[int(request.messages[-1].content.split()[1]) % len(hostile)])
    [card] = bench(tmp_path, "writer:w", models=models)
    first = card.views["all"].seeds[0]
    assert first.predicted >= 70
    assert set(first.failures) == {"unparsable", "unanchored", "empty_answer", "too_long", "truncated"}
    write_report([card], tmp_path / "out")
    assert [c.model_dump() for c in bench(tmp_path, "writer:w", models=models)] == [card.model_dump()]


def test_seeds_of_one_system_are_one_row(tmp_path: Path) -> None:
    models = Loaded()
    models.writers["bad"] = ScriptedModel(lambda request: "none", name="bad")
    [card] = bench(tmp_path, "writer:good,bad", models=models)
    assert [run.f1.value for run in card.views["all"].seeds] == [1.0, 0.0]
    assert card.views["all"].f1.value == 0.5
    assert cell(card.views["all"]).startswith("50.0 ± 70.7 (")


def test_the_commonest_tuple_that_fits_is_the_majority(tmp_path: Path) -> None:
    [card] = bench(tmp_path, "majority")
    # sound in two of three texts, cable only beside it and less often
    assert (card.views["all"].seeds[0].correct, card.views["all"].seeds[0].predicted) == (47, 47)
    [aspects] = bench(tmp_path, "majority", ("made/up:tsa",))
    assert aspects.views["all"].seeds[0].correct == 47


def test_readings_become_tuples_of_the_task() -> None:
    text = "Great  sound , bad sound"
    found = [
        Reading((0, 12), (0, 5), "positive", 0.6),
        Reading((0, 12), (15, 18), "negative", 0.9),  # the surer of the two about this span
        Reading(None, (15, 18), "negative", 0.5),
    ]
    assert as_tuples(found, text, "tsa") == (
        OpinionTuple("Great sound", None, None, "negative"),
        OpinionTuple(None, None, None, "negative"),
    )
    assert as_tuples(found, text, "tsa", implicit_aspects=False) == (
        OpinionTuple("Great sound", None, None, "negative"),
    )
    assert as_tuples(found, text, "aope")[0] == OpinionTuple("Great sound", None, "Great", None)
    assert len(as_tuples(found, text, "aste")) == 3
    assert as_tuples([], text, "aste") == ()


def test_an_unmeasured_reading_is_not_surer_than_one_that_was_measured_as_0() -> None:
    measured, unmeasured = Reading((0, 5), (0, 5), "positive", 0.0), Reading((0, 5), (0, 5), "negative", None)
    for found in ([measured, unmeasured], [unmeasured, measured]):
        assert as_tuples(found, "sound", "tsa") == (OpinionTuple("sound", None, None, "positive"),)
    assert as_tuples([unmeasured], "sound", "tsa") == (OpinionTuple("sound", None, None, "negative"),)


def test_a_reader_is_scored_by_the_words_of_its_readings(tmp_path: Path) -> None:
    [card] = bench(tmp_path, "reader")
    assert f1(card) == 1.0


# voting


def test_a_vote_keeps_what_half_of_the_orders_say_and_the_failures_that_could_win() -> None:
    def said(*tuples: OpinionTuple, failures: int = 0) -> TupleAnswer:
        return TupleAnswer(tuples, (Failure(kind="unparsable"),) * failures)

    won = elect([said(SOUND, CABLE, failures=1), said(SOUND), said(failures=4)])
    assert won.tuples == (SOUND,)
    assert len(won.failures) == 2  # 5 illegal lines, 2 votes win
    assert elect([said(SOUND, failures=3)]) == said(SOUND, failures=3)
    assert elect([said(), said(failures=1), said()]) == said()


def test_a_voting_writer_is_asked_in_every_order_and_read_in_it(tmp_path: Path) -> None:
    models = Loaded()
    [card] = bench(tmp_path, "vote:w", models=models, orders=4)
    assert f1(card) == 1.0
    asked = models.writers["w"].calls[0]
    assert len(asked) == 4 * CHUNK
    assert len({request.messages[0].content for request in asked}) == 4


# answers on disk


def test_a_second_run_loads_nothing_and_gives_the_same_bytes(tmp_path: Path) -> None:
    systems = "majority,few-shot:2,writer:a,b,reader"
    cards = bench(tmp_path, systems, ("made/up", "made/up:tsa"))
    write_report(cards, tmp_path / "out", views=True, as_published=True)
    first = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    models = Loaded()
    again = bench(tmp_path, systems, ("made/up", "made/up:tsa"), models=models)
    write_report(again, tmp_path / "out", views=True, as_published=True)
    assert models.loads == []
    assert again == cards
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == first


def test_answers_are_asked_again_when_what_decides_them_changes(tmp_path: Path) -> None:
    models = Loaded()
    for more in ({}, {"limit": 10}, {"limit": 10, "seed": 1}, {"limit": 10, "max_tokens": 50}):
        bench(tmp_path, "writer:w", models=models, **more)
    bench(tmp_path, "writer:w,v", models=models, limit=10)  # only the new seed
    assert len(models.writers["w"].calls) == 3 + 1 + 1 + 1
    assert len(models.writers["v"].calls) == 1
    assert models.loads == ["w", "v"]


def kept(tmp_path: Path, count: int = 70) -> Kept:
    return Kept(tmp_path, {"a": 1}, count)


def replies(start: int, end: int) -> tuple[list[int], float]:
    return list(range(start, end)), 0.5


@pytest.mark.parametrize(
    "torn", [b'{"from": 32, "repl', b"\xff\xfe\n", b'{"from": 64, "replies": [], "x": 0}\n', b"[]\n"]
)
def test_a_torn_end_is_asked_again(torn: bytes, tmp_path: Path) -> None:
    whole = kept(tmp_path / "whole")
    whole.complete(replies, peak=lambda: 1.0)
    assert whole.replies() == list(range(70))
    assert whole.cost() == (1.5, 1.0)
    broken = kept(tmp_path / "broken")
    broken.folder.mkdir()
    broken.path.write_bytes(whole.path.read_bytes().split(b"\n")[0] + b"\n" + torn)
    assert broken.answered == CHUNK
    asked = []
    broken.complete(lambda start, end: (asked.append(start), replies(start, end))[1], peak=lambda: 1.0)
    assert asked == [32, 64]
    assert broken.path.read_bytes() == whole.path.read_bytes()


def test_answers_that_another_run_spoiled_are_one_sentence(tmp_path: Path) -> None:
    class Spoiled(Loaded):
        def writer(self, path: str | None, *, prefix_cache: bool) -> ScriptedModel:
            for file in (tmp_path / "out" / "answers").iterdir():
                file.write_bytes(file.read_bytes() + b"{}\n")  # as if somebody else wrote
            return ScriptedModel(right)

    with pytest.raises(GistillError, match="are missing from"):
        bench(tmp_path, "writer:w", models=Spoiled())
    [card] = bench(tmp_path, "writer:w")
    assert f1(card) == 1.0


def test_an_interrupted_run_keeps_whole_chunks(tmp_path: Path) -> None:
    calls = 0

    def interrupted(request: Request) -> str:
        nonlocal calls
        calls += 1
        if calls == 40:
            raise KeyboardInterrupt
        return right(request)

    with pytest.raises(KeyboardInterrupt):
        bench(tmp_path, "writer:w", models=Loaded(interrupted))
    models = Loaded()
    [card] = bench(tmp_path, "writer:w", models=models)
    assert sum(len(call) for call in models.writers["w"].calls) == 70 - CHUNK
    assert f1(card) == 1.0


SLOW = """
import sys, time
sys.path.insert(0, {tests!r})
import test_bench as t
from gistill.bench.fsa import sets
sets._load = t.corpus
class Slow(t.Loaded):
    def writer(self, path, *, prefix_cache):
        time.sleep(0.15)
        return super().writer(path, prefix_cache=prefix_cache)
t.bench(t.Path({out!r}), "writer:w", models=Slow())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_run_goes_on_and_ends_with_the_same_scores(tmp_path: Path) -> None:
    code = SLOW.format(tests=str(Path(__file__).parent), out=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", code])
    answers = tmp_path / "out" / "answers"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not any(f.stat().st_size for f in answers.glob("*.jsonl")):
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    models = Loaded()
    [card] = bench(tmp_path, "writer:w", models=models)
    assert sum(len(call) for call in models.writers["w"].calls) < 70
    [fresh] = bench(tmp_path / "fresh", "writer:w")
    assert card.views == fresh.views
    assert {**card.signature} == {**fresh.signature}


def linger(_: object, __: object, ___: object, settings: Settings) -> None:
    run_module.end_with_parent()
    part = settings.out / "part"
    part.write_text(str(os.getpid()))
    part.rename(settings.out / "pid")
    time.sleep(60)


LINGER = """
import sys
sys.path.insert(0, {tests!r})
import test_bench as t
if __name__ == "__main__":
    t.sets_module._load = t.corpus
    t.run_module.answer = t.linger
    out = t.Path({out!r})
    t.run_bench(t.FSA, t.parse_systems(["majority"]), ["made/up"], t.Settings(out, out))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_process_ends_with_the_one_that_started_it(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(LINGER.format(tests=str(Path(__file__).parent), out=str(tmp_path)), encoding="utf-8")
    process = subprocess.Popen([sys.executable, str(script)])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (tmp_path / "pid").exists():
        time.sleep(0.05)
    child = int((tmp_path / "pid").read_text())
    process.kill()
    process.wait()
    while time.monotonic() < deadline and running(child):
        time.sleep(0.05)
    assert not running(child)


def running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not (state.exists() and " Z " in state.read_text())  # one that nobody waits for has ended too


def killed(*_: object, **__: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_killed_process_of_a_system_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "answer", killed)
    with pytest.raises(GistillError, match="the process of majority was killed") as error:
        run_bench(FSA, parse_systems(["majority"]), ["made/up"], Settings(tmp_path, tmp_path / "out"))
    assert "same command again" in error.value.hint


def refused(*_: object, **__: object) -> None:
    raise InputError("no such row", file="a.csv", row=3, hint="Look again.")


def test_an_error_in_a_process_of_a_system_is_said_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_module, "answer", refused)
    with pytest.raises(InputError, match=r"a.csv, row 3: no such row") as error:
        run_bench(FSA, parse_systems(["majority"]), ["made/up"], Settings(tmp_path, tmp_path / "out"))
    assert (error.value.hint, error.value.exit_code) == ("Look again.", 2)


# other answers


def lines(on: BenchSet, **changed: Any) -> str:
    rows = [{"text": e.text, "task": e.task, "tuples": [t._asdict() for t in e.tuples], **changed} for e in on.examples]
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_answers_of_another_system_are_scored_from_their_file(tmp_path: Path) -> None:
    on, file = load_set("made/up", folder=tmp_path), tmp_path / "lexicon.jsonl"
    file.write_text(lines(on) + "\n", encoding="utf-8")
    [card] = bench(tmp_path, f"lexicon:{file}")
    assert (f1(card), card.sentences_per_second) == (1.0, None)
    file.write_text(lines(on, illegal=1), encoding="utf-8")
    [card] = bench(tmp_path, f"answers:{file}")
    assert card.views["all"].seeds[0].failures == {"illegal": 70}
    odd = [
        {"aspect": 3, "category": None, "opinion": [], "polarity": "positive"},
        {**SOUND._asdict(), "polarity": "so"},
    ]
    file.write_text(lines(on, tuples=odd), encoding="utf-8")
    [card] = bench(tmp_path, f"answers:{file}")
    assert card.views["all"].seeds[0].predicted == 140
    assert card.views["all"].seeds[0].correct == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{}", "not an answer"),
        ("[1]", "not an answer"),
        ('{"text": "a", "task": "aste", "tuples": [], "illegal": 1e30}', "illegal lines"),
        ('{"text": "a", "task": "aste", "tuples": [{"aspect": null}]}', "not an answer"),
        ('{"text": "a", "task": "aste", "tuples": []}', "no answer to 70 of the 70"),
    ],
)
def test_a_wrong_file_of_answers_is_said(content: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=reason):
        bench(tmp_path, f"answers:{file}")
    with pytest.raises(InputError, match="cannot be read"):
        bench(tmp_path, f"answers:{tmp_path / 'none'}")


# models


def test_a_model_that_is_not_there_is_said_before_anything_is_asked(tmp_path: Path) -> None:
    for spec in ("writer:/nowhere/at/all", "reader:/nowhere/at/all"):
        with pytest.raises(ModelMissingError):
            run_bench(FSA, parse_systems([f"majority,{spec}"]), ["made/up"], Settings(tmp_path, tmp_path / "out"))
    assert not (tmp_path / "out").exists()


def test_weights_decide_the_hash_and_facts_about_them_do_not(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"1")
    (folder / "config.json").write_text("{}")
    first = hash_weights(folder)
    (folder / "scores.json").write_text("{}")
    (folder / "README.md").write_text("card")
    assert hash_weights(folder) == first
    (folder / "config.json").write_text("[]")
    assert hash_weights(folder) != first
    assert hash_weights(folder / "config.json") != first


def test_an_adapter_is_its_base_too(tmp_path: Path) -> None:
    adapter, base = tmp_path / "adapter", tmp_path / "base"
    adapter.mkdir()
    base.mkdir()
    (base / "model.safetensors").write_bytes(b"1")
    (adapter / "adapter_model.safetensors").write_bytes(b"2")
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(base)}))
    first = hash_weights(adapter)
    (base / "model.safetensors").write_bytes(b"3")
    assert hash_weights(adapter) != first


def test_engines_name_what_computes() -> None:
    assert set(engines("reader")) == {"openvino"}
    assert set(engines("reader")) <= set(engines("writer"))


# the table


def test_the_table_has_systems_as_rows_and_published_figures_below(tmp_path: Path) -> None:
    cards = [
        card.model_copy(update={"set": name})
        for name in ("aste/14res/test:aste", "asqp/rest16/dev:asqp")
        for card in bench(tmp_path, "writer:w,a|b=majority")
    ]
    page = markdown(cards)
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert len({len(line) for line in rows}) == 1
    assert [line.split(" | ")[0].strip("| *") for line in rows[2:]] == [
        "writer:w",
        "a\\|b",
        "published: MvP, T5-base (220M)",
        "published: span model, BERT-base (110M)",
    ]
    assert "76.1 " in page
    assert "59.5 (on test)" in page
    assert "Gou et al." in page
    assert len(PUBLISHED) == 8


def test_a_set_that_every_system_skips_has_its_column(tmp_path: Path) -> None:
    page = markdown(bench(tmp_path, "reader", ("made/quads", "made/up")), views=True)
    assert "| system | made/quads/dev:asqp (70 texts) | made/up/dev:aste (70 texts) |" in page
    assert "| reader | - " in page


def test_the_sheet_has_every_view_and_both_ways_of_counting(tmp_path: Path) -> None:
    page, sheet = write_report(bench(tmp_path, "writer:w,majority"), tmp_path / "out")
    rows = [line.split(",") for line in sheet.read_text("utf-8-sig").splitlines()]
    assert len(rows) == 1 + 2 * 3 * 2
    assert {len(row) for row in rows} == {len(rows[0])}
    assert page.read_text("utf-8").startswith("Strict F1")


def test_scorecards_are_json_and_one_a_system_and_set(tmp_path: Path) -> None:
    cards = bench(tmp_path, "writer:w,x/y=majority", ("made/up", "made/up:tsa"))
    files = sorted((tmp_path / "out" / "scorecards").iterdir())
    assert len(files) == 4
    read = [BenchScorecard.model_validate_json(file.read_text("utf-8")) for file in files]
    assert {card.model_dump_json() for card in read} == {card.model_dump_json() for card in cards}


# curve and matrix


def estimate(value: float | None) -> Estimate:
    return Estimate(value=value, low=None if value is None else value / 2, high=value)


def test_folders_are_systems_named_by_share_or_domain(tmp_path: Path) -> None:
    for name in ("0.1-1", "0.1-0", "1", "0.05-0"):
        (tmp_path / name).mkdir()
    (tmp_path / "1" / "reader.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("not a model")
    systems = systems_in(tmp_path, shares=True)
    assert [s.name for s in systems] == ["0.05", "0.1", "1"]
    assert systems[1].members == (Member("writer", str(tmp_path / "0.1-0")), Member("writer", str(tmp_path / "0.1-1")))
    assert systems[2].members == (Member("reader", str(tmp_path / "1")),)
    (tmp_path / "home-0").mkdir()
    with pytest.raises(InputError, match="home-0"):
        systems_in(tmp_path, shares=True)
    with pytest.raises(InputError, match="no folder"):
        systems_in(tmp_path / "1")


def test_a_curve_and_a_matrix_are_drawn_from_scorecards(tmp_path: Path) -> None:
    cards = run_bench(
        FSA,
        [System("0.1", (Member("writer", "a"),)), System("1", (Member("writer", "b"),))],
        ["made/up", "made/up:tsa"],
        Settings(tmp_path, tmp_path / "out"),
        models=Loaded(),
    )
    drawn = by_share(cards)
    assert {name: [share for share, _ in line] for name, line in drawn.items()} == {
        "made/up/dev:aste": [0.1, 1.0],
        "made/up/dev:tsa": [0.1, 1.0],
    }
    ElementTree.fromstring(curve(drawn))
    trained, tested, scores = by_domain(cards)
    assert (trained, tested) == (["0.1", "1"], ["made/up/dev:aste", "made/up/dev:tsa"])
    assert [[score.value for score in row] for row in scores] == [[1.0, 1.0], [1.0, 1.0]]


def test_drawings_stand_whatever_is_drawn() -> None:
    for lines_drawn in ({}, {"a<b": []}, {"a": [(1.0, estimate(0.5))]}, {"a": [(0.01, estimate(None))]}):
        picture = ElementTree.fromstring(curve(lines_drawn))
        assert picture.attrib["viewBox"]
    drawn = matrix(["<script>"], ["b", "c"], [[estimate(0.756), estimate(None)]])
    assert "75.6" in drawn
    assert "<script>" not in drawn
    assert ">-<" in drawn


# the commands


def command(*arguments: str) -> Any:
    from gistill.cli import app

    return CliRunner().invoke(app, ["bench", *arguments])


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> Loaded:
    """Let the commands answer in this process, with the models of the tests."""
    models = Loaded()

    def here(*arguments: Any, **options: Any) -> list[BenchScorecard]:
        return run_bench(*arguments, **{**options, "models": models})

    monkeypatch.setattr(run_module, "run_bench", here)
    return models


def test_the_command_prints_and_writes_one_table(tmp_path: Path, in_process: Loaded) -> None:
    out = tmp_path / "o"
    arguments = ["fsa", "--data", str(tmp_path), "-o", str(out), "--systems", "few-shot:2,writer:a,b"]
    result = command(*arguments, "--sets", "made/up,made/quads", "--seeds", "0,1", "--limit", "9", "--views")
    assert result.exit_code == 0, result.output
    assert "| few-shot:2 | 100.0 ± 0.0 (100.0 to 100.0)" in result.stdout
    assert "more than one polarity" in result.stdout
    assert (out / "table.md").read_text("utf-8").strip() == result.stdout.strip()
    assert len(list((out / "scorecards").iterdir())) == 4


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--systems", "guess", "--sets", "made/up"], "'guess' is not a system"),
        (["--systems", "majority", "--sets", "made/up/train"], "is a training part"),
        (["--systems", "few-shot", "--sets", "made/up", "--seeds", "one"], "seeds are whole numbers"),
        (["--systems", "few-shot:90", "--sets", "made/up"], "90 examples cannot be shown"),
    ],
)
def test_a_wrong_setting_ends_the_command_with_a_sentence(
    arguments: list[str], reason: str, tmp_path: Path, in_process: Loaded
) -> None:
    result = command("fsa", "--data", str(tmp_path), "-o", str(tmp_path / "o"), *arguments)
    assert result.exit_code == 2
    assert reason in result.stderr
    assert not (tmp_path / "o").exists()


def test_curve_and_matrix_write_their_drawing(tmp_path: Path, in_process: Loaded) -> None:
    runs, out = tmp_path / "runs", tmp_path / "o"
    (runs / "0.5-0").mkdir(parents=True)
    for name in ("curve", "matrix"):
        arguments = (name, str(runs), "--data", str(tmp_path), "-o", str(out), "--sets", "made/up", "--limit", "9")
        result = command(*arguments)
        assert result.exit_code == 0, result.output
        assert "100.0" in result.stdout
        ElementTree.fromstring((out / f"{name}.svg").read_text("utf-8"))
    (runs / "home").mkdir()
    assert command("curve", *arguments[1:]).exit_code == 2


@pytest.mark.slow
def test_systems_answer_in_processes_of_their_own(
    public_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On public data, since what a test replaces is not replaced in another process."""
    monkeypatch.undo()
    settings = Settings(public_data, tmp_path, limit=5)
    cards = run_bench(FSA, parse_systems(["majority,reader"]), ["aste/14res/dev:aste"], settings)
    assert [card.texts for card in cards] == [5, 5]
    if sys.platform == "linux":
        small, large = (card.peak_mb or 0.0 for card in cards)
        assert 20 < small < large
    assert run_bench(FSA, parse_systems(["majority,reader"]), ["aste/14res/dev:aste"], settings) == cards


def test_every_system_can_be_prepared_for_public_sets(public_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    settings = Settings(public_data, public_data)
    for name in ("aste/14lap/dev:tsa", "asqp/rest16/dev:asqp", "mams/dev:tsa"):
        on = load_set(name, folder=public_data, limit=3)
        for system in parse_systems(["majority,zero-shot,few-shot:2,nearest:2,vote:w,reader"]):
            if not why_not(system.members[0], on):
                assert job(system.members[0], on, Loaded(), settings).decided_by["set"] == on.hash
