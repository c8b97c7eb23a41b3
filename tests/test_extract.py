from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import gistill
from fake_reader import FakeReader
from gistill.digest import extract as module
from gistill.digest.extract import extract, extract_to
from gistill.digest.readings import manifest_of, store_of
from gistill.errors import InputError, ModelBrokenError
from gistill.reader import Reading
from gistill.reader.by_language import ReadersByLanguage
from gistill.schema import Opinion, Record, Turn
from gistill.screen import customer_spans

WORDS = [
    "great sound",
    "bad battery",
    "it broke",
    "okay fit",
    "love it",
    "nothing here",
    "😀 great 中文",
    "e\u0301 bad 👨‍👩‍👧",
]


def record(number: int, text: str) -> Record:
    return Record(id=f"r{number}", text=text)


def many(count: int) -> list[Record]:
    draw = random.Random(7)
    return [record(n, ". ".join(draw.choices(WORDS, k=draw.randint(0, 6)))) for n in range(count)]


class Scripted:
    name, hash = "scripted", "s"

    def __init__(self, *readings: Reading) -> None:
        self.readings = list(readings)

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
        return [list(self.readings) for _ in sentences]


def test_opinions_come_in_order_of_records_and_place_with_exact_quotes() -> None:
    records = [record(0, "Nothing. Great sound, but bad 电池!"), record(1, "It broke 😀.")]
    got = extract(records, reader=FakeReader())
    assert [o.id.partition(":")[0] for o in got.opinions] == ["r0", "r0", "r1"]
    assert [o.aspect and o.aspect.text for o in got.opinions] == ["sound", "电池", None]
    assert [o.opinion and o.opinion.text for o in got.opinions] == ["Great", "bad", "broke"]
    assert [o.polarity for o in got.opinions] == ["positive", "negative", "negative"]
    assert (got.records, got.sentences, got.failures) == (2, 3, [])
    assert (
        records[0].text[got.opinions[0].sentence.start : got.opinions[0].sentence.end] == "Great sound, but bad 电池!"
    )


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text() | st.lists(st.sampled_from(WORDS)).map(". ".join), max_size=5))
def test_every_quote_stands_in_its_record(texts: list[str]) -> None:
    records = [record(n, text) for n, text in enumerate(texts)]
    by_id = {r.id: r for r in records}
    for opinion in extract(records, reader=FakeReader()).opinions:
        text = by_id[opinion.record].text
        for quote in (opinion.aspect, opinion.opinion):
            if quote:
                assert text[quote.start : quote.end] == quote.text
                assert opinion.sentence.start <= quote.start < quote.end <= opinion.sentence.end


def test_without_a_reader_the_shipped_one_reads_what_read_records_gives(tmp_path: Path) -> None:
    file = tmp_path / "reviews.jsonl"
    file.write_text('{"id": "a", "text": "The sound is great."}\n[1]\n', encoding="utf-8")
    found = gistill.extract(gistill.read_records(file))
    assert [(o.record, o.aspect and o.aspect.text, o.polarity) for o in found.opinions] == [("a", "sound", "positive")]
    assert (found.records, [failure.kind for failure in found.failures]) == (1, ["bad_row"])


def test_no_records_give_no_opinions() -> None:
    assert extract([], reader=FakeReader()) == ([], 0, 0, [])


def test_identical_sentences_are_read_once_and_short_ones_first() -> None:
    reader = FakeReader()
    got = extract([record(n, "Bad. It is a great sound.") for n in range(3)], reader=reader)
    assert reader.asked == ["Bad.", "It is a great sound."]
    assert len(got.opinions) == 6
    assert got.sentences == 6


def test_only_customers_are_read_in_a_conversation() -> None:
    text = "customer: bad app\nagent: great day\ncustomer: it broke"
    turns = tuple(
        Turn(role=role, start=text.index(words), end=text.index(words) + len(words))
        for role, words in [("Customer", "bad app"), ("agent", "great day"), ("customer", "it broke")]
    )
    got = extract([Record(id="c", text=text, turns=turns)], reader=FakeReader())
    assert [o.opinion.text for o in got.opinions if o.opinion] == ["bad", "broke"]


@pytest.mark.parametrize(
    ("roles", "read"),
    [
        (["user", "assistant"], [True, False]),
        (["Anna", "Support"], [True, False]),
        (["Anna", "customer"], [False, True]),
        (["agent", "bot"], [False, False]),
    ],
)
def test_roles(roles: list[str], read: list[bool]) -> None:
    turns = tuple(Turn(role=role, start=n, end=n + 1) for n, role in enumerate(roles))
    spans = customer_spans(Record(id="c", text="ab", turns=turns))
    assert [span.start for span in spans] == [n for n, wanted in enumerate(read) if wanted]


def test_a_record_with_nothing_to_read_is_counted() -> None:
    agent = Record(id="a", text="great", turns=(Turn(role="agent", start=0, end=5),))
    got = extract([agent, record(1, "bad \ud800"), record(2, " ")], reader=FakeReader())
    assert [(f.kind, f.record) for f in got.failures] == [
        ("nothing_to_read", "a"),
        ("not_text", "r1"),
        ("nothing_to_read", "r2"),
    ]
    assert got.opinions == []


@pytest.mark.parametrize(
    ("reading", "kind"),
    [
        (Reading((0, 99), None, "positive", 0.5), "unanchored"),
        (Reading(None, (3, 3), "positive", 0.5), "unanchored"),
        (Reading((-1, 2), None, "positive", 0.5), "unanchored"),
        (Reading(None, None, "furious", 0.5), "malformed"),  # type: ignore[arg-type]
        (Reading(None, None, "positive", float("nan")), "malformed"),
        (Reading(None, None, "positive", 1.2), "malformed"),
    ],
)
def test_an_answer_that_does_not_fit_is_a_named_failure_and_the_others_stay(reading: Reading, kind: str) -> None:
    good = Reading((0, 4), None, "negative", 0.123456)
    got = extract([record(0, "word")], reader=Scripted(reading, good))
    assert [f.kind for f in got.failures] == [kind]
    assert [(o.record, o.confidence) for o in got.opinions] == [("r0", 0.1235)]


def test_a_reader_that_loses_a_sentence_is_an_error() -> None:
    class Lossy(Scripted):
        def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
            return []

    with pytest.raises(ModelBrokenError, match="0 of 1"):
        extract([record(0, "word")], reader=Lossy())


def test_progress_reaches_the_total() -> None:
    seen: list[tuple[str, int, int | None]] = []
    extract(many(600), reader=FakeReader(), total=600, progress=lambda *step: seen.append(step))
    assert seen[-1] == ("extract", 600, 600)
    assert [done for _, done, _ in seen] == sorted(done for _, done, _ in seen)


def test_a_file_holds_what_memory_holds(tmp_path: Path) -> None:
    path = tmp_path / "opinions.jsonl"
    done = extract_to(path, many(700), reader=FakeReader())
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = extract(many(700), reader=FakeReader())
    assert [Opinion.model_validate_json(line) for line in lines] == expected.opinions
    assert done == (700, expected.sentences, len(lines), {"nothing_to_read": len(expected.failures)}, 0)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "opinions.jsonl",
        "opinions.manifest.json",
        "opinions.readings.jsonl",
    ]


class Stopped(FakeReader):
    """Fails at the nth call."""

    calls = 0

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
        self.calls += 1
        if self.calls > self.after:
            raise KeyboardInterrupt
        return super().read(sentences)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CHUNK_RECORDS", 10)
    monkeypatch.setattr(module, "BATCH", 4)


def run_whole(folder: Path) -> bytes:
    path = folder / "whole.jsonl"
    extract_to(path, many(100), reader=FakeReader())
    return path.read_bytes()


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("after", [0, 1, 7, 20])
@pytest.mark.parametrize("torn", [b"", b'{"record":"r', b"garbage\n" * 9, b'{"sha256": "0"}\n'])
def test_a_stopped_run_ends_with_the_same_bytes(tmp_path: Path, after: int, torn: bytes) -> None:
    path = tmp_path / "opinions.jsonl"
    with pytest.raises(KeyboardInterrupt):
        extract_to(path, many(100), reader=Stopped(after))
    assert not path.exists()
    with store_of(path).open("ab") as store:
        store.write(torn)
    said: list[str] = []
    reader = FakeReader()
    done = extract_to(path, iter(many(100)), reader=reader, say=said.append)
    assert path.read_bytes() == run_whole(tmp_path)
    assert store_of(path).read_bytes() == store_of(tmp_path / "whole.jsonl").read_bytes()
    assert done.records == 100
    if after > 7:
        assert said[-1] == f"{done.kept} records were read before; only new and changed ones are read."
        assert len(reader.asked) < sum(1 for r in many(100) for _ in r.text.split(". "))


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("lost", [False, True])
def test_a_finished_file_is_not_read_again(tmp_path: Path, lost: bool) -> None:
    path = tmp_path / "opinions.jsonl"
    first = extract_to(path, many(30), reader=FakeReader())
    before = path.read_bytes(), store_of(path).read_bytes(), manifest_of(path).read_bytes()
    if lost:  # it can be written from what is kept of each record
        path.unlink()
    reader = FakeReader()
    again = extract_to(path, many(30), reader=reader)
    assert reader.asked == []
    assert again == first._replace(kept=30)
    assert path.read_bytes() == before[0]
    assert store_of(path).read_bytes() == before[1]
    assert json.loads(manifest_of(path).read_bytes())["whole"] is True


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("reader", "The reader changed since opinions.jsonl was made, so it is made again."),
        ("settings", "The way of reading changed since opinions.jsonl was made, so it is made again."),
        ("manifest", "opinions.manifest.json is damaged or was edited, so opinions.jsonl is made again."),
        ("fresh", ""),
    ],
)
def test_another_reader_starts_afresh_and_says_so(
    tmp_path: Path, change: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "opinions.jsonl"
    extract_to(path, many(30), reader=FakeReader())
    reader, resume = FakeReader(), True
    match change:
        case "reader":
            reader = FakeReader(version="f1")
        case "manifest":
            manifest_of(path).write_text('{"records": [}')
        case "fresh":
            resume = False
        case "settings":
            monkeypatch.setattr(module, "CHUNK_RECORDS", 20)
    said: list[str] = []
    done = extract_to(path, many(30), reader=reader, resume=resume, say=said.append)
    assert (done.kept, said) == (
        0,
        [sentence.replace("opinions.manifest", str(tmp_path / "opinions.manifest"))] if sentence else [],
    )
    assert done.opinions == len(extract(many(30), reader=FakeReader()).opinions)


@pytest.mark.usefixtures("small")
def test_an_edited_reading_is_read_again_with_all_that_follow(tmp_path: Path) -> None:
    path = tmp_path / "opinions.jsonl"
    extract_to(path, many(30), reader=FakeReader())
    ids = [json.loads(line)["id"] for line in path.read_bytes().splitlines()]
    store_of(path).write_bytes(store_of(path).read_bytes().replace(b'"r15"', b'"r99"', 1))
    said: list[str] = []
    done = extract_to(path, many(30), reader=FakeReader(), say=said.append)
    assert [json.loads(line)["id"] for line in path.read_bytes().splitlines()] == ids
    assert 10 <= done.kept < 20, "a record that says what an earlier one says is found by that"
    assert said[0] == ("opinions.readings.jsonl was changed, so everything after its first 10 records is read again.")


def test_what_an_older_version_made_is_refused_and_fresh_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "opinions.jsonl"
    manifest_of(path).write_text('{"file": "opinions.jsonl", "done": true, "made_from": {}, "records": 3}')
    path.with_name("opinions.jsonl.part").write_text("{}")
    with pytest.raises(InputError, match=r"opinions\.manifest\.json: was made by an older version") as caught:
        extract_to(path, many(3), reader=FakeReader())
    assert "--fresh" in caught.value.hint
    assert extract_to(path, many(3), reader=FakeReader(), resume=False).records == 3
    assert not path.with_name("opinions.jsonl.part").exists()


SCRIPT = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from fake_reader import FakeReader
from test_extract import many
from gistill.digest import extract as module
module.CHUNK_RECORDS, module.BATCH = 10, 4
print("ready", flush=True)
module.extract_to(Path(sys.argv[2]), many(100), reader=FakeReader(seconds=0.002))
"""


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_kill_9_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    draw = random.Random(3)
    path = tmp_path / "opinions.jsonl"
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent), str(path)]
    kills = 0
    for _ in range(4):
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stdout.readline() == b"ready\n"
            time.sleep(draw.uniform(0.005, 0.09))
            process.send_signal(signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
    assert kills, "every run ended before it could be killed"
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert path.read_bytes() == run_whole(tmp_path)


class Speaking(FakeReader):
    def __init__(self, version: str, *languages: str) -> None:
        super().__init__(version=version)
        self.languages = languages


def test_each_record_is_read_by_the_reader_of_its_language() -> None:
    english, others = Speaking("e0", "en"), Speaking("m0", "en", "de", "fr")
    both = ReadersByLanguage([english, others])
    said = {"a": ("great Preis", "de"), "b": ("great price", "en"), "c": ("bad fit", None), "d": ("bad Preis", "de")}
    records = [Record(id=name, text=text, language=language) for name, (text, language) in said.items()]
    found = extract([*records, Record(id="e", text="great prijs", language="nl")], reader=both)
    assert english.asked == ["bad fit", "great price"]
    assert others.asked == ["bad Preis", "great Preis"]
    assert [opinion.record for opinion in found.opinions] == ["a", "b", "c", "d"]
    assert [(one.kind, one.record) for one in found.failures] == [("language_not_read", "e")]


def test_of_several_readers_the_hash_is_of_all_and_of_their_order() -> None:
    english, others = Speaking("e0", "en"), Speaking("m0", "de")
    both = ReadersByLanguage([english, others])
    assert both.languages == ("en", "de")
    assert both.for_language("nl") is both.for_language(None) is english
    assert len({both.hash, ReadersByLanguage([others, english]).hash, ReadersByLanguage([english]).hash}) == 3
