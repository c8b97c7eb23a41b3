from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import gistill
from fake_reader import FakeReader
from gistill.digest.group.taxonomy import Taxonomy, TaxonomyAspect
from gistill.digest.run import digest
from gistill.digest.steps import OUTPUTS
from gistill.errors import InputError, ModelMissingError
from gistill.lm.fake import ScriptedModel
from gistill.reader import ReadersByLanguage, Reading
from gistill.reader.model import SHIPPED
from gistill.schema import Digest, Failure, Opinion, Record
from gistill.tables import read_jsonl, read_records

SAMPLE = Path(__file__).parent.parent / "samples" / "reviews.csv"
FILES = sorted([*OUTPUTS, "opinions.manifest.json", "opinions.readings.jsonl", "manifest.json"])


def reviews() -> list[Record | Failure]:
    texts = ["Great sound!", "Bad sound. Great battery.", "It broke.", "Great sound, okay battery.", "", "Bad battery"]
    records: list[Record | Failure] = [
        Record(id=f"r{n}", text=text, author=f"a{n % 4}", entity="Nimbus", rating=4.0) for n, text in enumerate(texts)
    ]
    return [*records, Failure(kind="bad_row", row=9)]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.name != "manifest.json"}


def test_the_walk_counts_what_was_said(tmp_path: Path) -> None:
    result = digest(reviews(), folder=tmp_path / "new" / "report", reader=FakeReader(), writer=None)
    assert (result.records, result.read, result.people, result.sentences, result.opinions) == (7, 5, 4, 6, 7)
    assert result.failures == {"bad_row": 1, "empty": 1}
    assert {failure.kind for failure in result.failure_examples} == {"bad_row", "empty"}
    by_name = {aspect.name: aspect.tally for aspect in result.aspects}
    assert set(by_name) == {"sound", "battery"}
    # sound: r0 and r3 (authors a0 and a3) for it, r1 (a1) against it; battery: r1 for, r3 neutral, r5 (a1) against
    assert (by_name["sound"].people, by_name["sound"].positive, by_name["sound"].negative) == (3, 2, 1)
    assert (by_name["battery"].people, by_name["battery"].mentions, by_name["battery"].neutral) == (2, 3, 1)
    assert result.ungrouped.mentions == 1
    assert result.title == "What people say about Nimbus"
    assert result.made_with["writer"] == "none (quotes alone)"
    assert result.made_with["reader"] == "fake f0"


def test_the_title_of_one_text_is_in_the_singular(tmp_path: Path) -> None:
    one = Record(id="1", text="The sound is great.")
    assert digest([one], reader=FakeReader(), writer=None).title == "What 1 text says"
    other = Record(id="2", text="The screen is dull and grey.")
    assert digest([one, other], reader=FakeReader(), writer=None).title == "What 2 texts say"


def test_a_path_in_place_of_records_is_refused_with_the_way_to_read_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a path, not records") as caught:
        digest(str(tmp_path / "reviews.csv"), reader=FakeReader(), writer=None)  # type: ignore[arg-type]
    assert "read_records" in caught.value.hint


def test_every_citation_has_its_opinion_and_its_record(tmp_path: Path) -> None:
    result = digest(reviews(), folder=tmp_path, reader=FakeReader(), writer=None)
    cited = {opinion.id: opinion for opinion in result.cited}
    assert result.summaries
    for summary in result.summaries:
        for sentence in summary.sentences:
            assert sentence.cites
            assert set(sentence.cites) <= set(cited)
    for opinion in cited.values():
        text = result.contexts[opinion.record].text
        for quote in filter(None, (opinion.aspect, opinion.opinion)):
            assert text[quote.start : quote.end] == quote.text


def test_a_report_to_be_sent_on_names_no_author_and_no_disk(tmp_path: Path) -> None:
    named = [
        record.model_copy(update={"author": "Jo Secret", "file": "/home/jo/reviews.csv", "meta": {"mail": "jo@x.test"}})
        for record in reviews()
    ]
    result = digest(named, folder=tmp_path, reader=FakeReader(), writer=None)
    assert result.contexts
    for name in ("digest.json", "report.html", "report.md", "aspects.csv", "manifest.json", "opinions.jsonl"):
        text = (tmp_path / name).read_text("utf-8-sig")
        assert not [secret for secret in ("Secret", "/home/jo", "jo@x.test") if secret in text], name


def test_the_folder_holds_the_report_and_how_it_was_made(tmp_path: Path) -> None:
    result = digest(reviews(), folder=tmp_path, reader=FakeReader(), writer=None, seed=5, title="Mine")
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES
    assert Digest.model_validate_json((tmp_path / "digest.json").read_text("utf-8")) == result
    assert len(list(read_jsonl(tmp_path / "opinions.jsonl", Opinion))) == result.opinions
    with (tmp_path / "aspects.csv").open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.reader(file))) == 1 + len(result.aspects)
    manifest = json.loads((tmp_path / "manifest.json").read_text("utf-8"))
    assert [step["step"] for step in manifest["steps"]] == [
        "load models",
        "read",
        "screen",
        "extract",
        "group",
        "find points",
        "summarize",
        "report",
    ]
    assert manifest["made_with"]["seed"] == "5"
    assert len(manifest["made_with"]["input"]) == 64
    for name, expected in manifest["outputs"].items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == expected
    assert "Mine" in (tmp_path / "report.html").read_text("utf-8")


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        digest(reviews(), folder=tmp_path / name, reader=FakeReader(), writer=None)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    digest(reviews(), folder=tmp_path / "one", reader=FakeReader(), writer=None, resume=False)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_without_a_folder_nothing_is_written_and_the_digest_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    bare = digest(reviews(), reader=FakeReader(), writer=None)
    assert list(tmp_path.iterdir()) == []
    assert bare == digest(reviews(), folder=tmp_path / "report", reader=FakeReader(), writer=None)


def test_a_second_run_reads_nothing_again_and_a_taxonomy_relabels(tmp_path: Path) -> None:
    digest(reviews(), folder=tmp_path, reader=FakeReader(), writer=None)
    plain = contents(tmp_path)
    reader = FakeReader()
    taxonomy = Taxonomy(aspects=(TaxonomyAspect(name="Audio", examples=("sound",)),))
    result = digest(reviews(), folder=tmp_path, reader=reader, writer=None, taxonomy=taxonomy)
    assert reader.asked == []
    assert "Audio" in {aspect.name for aspect in result.aspects}
    topics = {o.aspect.text: o.topic for o in read_jsonl(tmp_path / "opinions.jsonl", Opinion) if o.aspect}
    assert topics == {"sound": "Audio", "battery": None}
    digest(reviews(), folder=tmp_path, reader=reader, writer=None)
    assert reader.asked == []
    assert contents(tmp_path) == plain


def test_unsure_opinions_are_set_apart_and_counted(tmp_path: Path) -> None:
    result = digest(reviews(), folder=tmp_path, reader=FakeReader(), writer=None, min_confidence=0.99)
    assert (result.opinions, result.failures["unsure"]) == (0, 7)
    assert len(list(read_jsonl(tmp_path / "opinions.jsonl", Opinion))) == 7


class Unmeasured(FakeReader):
    """A reader whose opinions about something named have no measured confidence, as a writer's have none."""

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
        return [
            [reading._replace(confidence=None) if reading.aspect else reading for reading in found]
            for found in super().read(sentences)
        ]


def test_an_unmeasured_confidence_is_counted_and_said_never_taken_for_0() -> None:
    said: list[str] = []
    assert digest(reviews(), reader=Unmeasured(), writer=None, say=said.append).opinions == 7
    assert said == []
    result = digest(reviews(), reader=Unmeasured(), writer=None, min_confidence=0.99, say=said.append)
    assert (result.opinions, result.failures["unsure"]) == (6, 1)
    note = "6 opinions have no measured confidence and are counted all the same"
    assert said == [f"The lowest confidence counted is 0.99; {note}."]
    assert result.made_with["min_confidence"] == f"0.99 ({note})"


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ([], "nothing was read: there are no rows"),
        ([Failure(kind="bad_row", row=1)], "nothing was read: 1 could not be read because of the file"),
        ([Record(id="1", text=""), Record(id="2", text=" ")], "nothing was read: 2 hold no text"),
        ([Record(id="1", text="N/A"), Record(id="2", text="")], "1 holds no text, 1 says nothing"),
        (
            [Record(id="1", text="Great sound"), *(Failure(kind="bad_row", row=row) for row in (2, 3))],
            "2 of 3 rows with a text could not be read because of the file",
        ),
    ],
)
def test_what_was_not_read_makes_no_report(tmp_path: Path, records: list[Record | Failure], why: str) -> None:
    with pytest.raises(InputError, match=re.escape(why)):
        digest(records, folder=tmp_path, reader=FakeReader(), writer=None)
    assert not (tmp_path / "report.html").exists()


def test_rows_without_a_text_and_a_few_broken_ones_are_no_reason_to_refuse(tmp_path: Path) -> None:
    empty = [Record(id=f"e{number}", text="") for number in range(9)]
    kept = [Record(id="1", text="Great sound"), Record(id="2", text="The lid broke")]
    result = digest([*kept, *empty, Failure(kind="bad_row", row=3)], folder=tmp_path, reader=FakeReader(), writer=None)
    assert (result.read, result.failures) == (2, {"bad_row": 1, "empty": 9})


def test_nothing_to_say_is_a_report_too(tmp_path: Path) -> None:
    result = digest([Record(id="1", text="Nothing to see.")], folder=tmp_path, reader=FakeReader(), writer=None)
    assert (result.opinions, result.aspects) == (0, ())
    assert result.tally.share.value in (None, 0.0)
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES


def test_two_records_with_one_id_are_refused() -> None:
    with pytest.raises(InputError, match="'r1'"):
        digest(
            [Record(id="r1", text="Great sound"), Record(id="r1", text="It broke")], reader=FakeReader(), writer=None
        )


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    for folder in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(InputError, match="file of that name"):
            digest(reviews(), folder=folder, reader=FakeReader(), writer=None)
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_missing_writer_is_said_and_quotes_stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(name: str | None) -> None:
        raise ModelMissingError("no weights", hint="Bring them.")

    monkeypatch.setattr("gistill.digest.run.load_writer", load)
    said: list[str] = []
    result = digest(reviews(), reader=FakeReader(), say=said.append)
    assert result.made_with["writer"] == "none (quotes alone)"
    assert said == ["No language model for the summaries: no weights. They are made from quotes alone. Bring them."]
    with pytest.raises(ModelMissingError):
        digest(reviews(), reader=FakeReader(), writer="some-model")


def test_a_writer_that_takes_its_time_is_announced() -> None:
    said: list[str] = []
    digest(reviews(), reader=FakeReader(), writer=ScriptedModel([], name="slow"), say=said.append)
    assert said == ["slow writes about 2 aspects; this can take minutes."]


def test_progress_names_the_steps() -> None:
    seen: dict[str, tuple[int, int | None]] = {}
    digest(reviews(), reader=FakeReader(), writer=None, progress=lambda step, n, total: seen.update({step: (n, total)}))
    assert seen["read"] == (7, None)
    assert seen["extract"] == (5, 5)


def test_the_package_itself_is_the_function() -> None:
    result = gistill.digest(reviews(), reader=FakeReader(), writer=None)
    assert result.opinions == 7
    assert len(gistill.extract([r for r in reviews() if isinstance(r, Record)], reader=FakeReader()).opinions) == 7


WATCHED = """
import json, sys
from pathlib import Path
seen = []
def watch(event, args):
    if event.startswith(("socket.", "subprocess.", "os.system", "os.exec", "os.posix_spawn", "urllib.", "http.")):
        seen.append([event, repr(args)[:200]])
sys.addaudithook(watch)
import gistill
gistill.digest(gistill.read_records(sys.argv[1], limit=20), folder=sys.argv[2], writer=None)
print(json.dumps(seen))
"""


@pytest.mark.slow
@pytest.mark.skipif(not (SHIPPED / "reader.json").is_file(), reason="no reader is shipped")
def test_the_shipped_reader_makes_a_report_and_nothing_leaves_the_machine(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WATCHED, str(SAMPLE), str(tmp_path / "report")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
    assert done.stderr == ""
    opinions = list(read_jsonl(tmp_path / "report" / "opinions.jsonl", Opinion))
    texts = {r.id: r.text for r in read_records(SAMPLE) if isinstance(r, Record)}
    assert len(opinions) >= 20
    for opinion in opinions:
        for quote in filter(None, (opinion.aspect, opinion.opinion)):
            assert texts[opinion.record][quote.start : quote.end] == quote.text


def test_the_sample_is_read_whole(tmp_path: Path) -> None:
    result = digest(read_records(SAMPLE), folder=tmp_path, reader=FakeReader(), writer=None)
    assert (result.records, result.read) == (170, 164)
    assert result.failures == {"duplicate": 1, "empty": 1, "filler": 1, "near_duplicate": 2, "not_text": 1}
    assert {tally.entity for tally in result.entities} == {
        "Nimbus 40 headphones",
        "Rill kettle 1.7 l",
        "Fenn 28 backpack",
    }
    assert result.dates is not None
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.count("<script") == 1  # ours, whose hash the policy names
    assert 'href="http://shop.invalid' not in page


TWO_DIGESTS = """
import sys, time
from fake_reader import FakeReader
from gistill.reader import ReadersByLanguage
from gistill.digest.run import digest
from gistill.errors import InputError
from gistill.schema import Record
name, folder = sys.argv[1:]
records = [Record(id=f"{name}{n}", text=f"Great sound {name} {n}, bad battery.") for n in range(600)]
try:
    digest(records, folder=folder, reader=FakeReader(seconds=0.05), writer=None)
    print("made")
except InputError as error:
    print(error)
"""


@pytest.mark.slow
def test_of_two_digests_in_one_folder_one_is_made_and_the_other_is_refused(tmp_path: Path) -> None:
    """Side by side they cut one another's readings, and the opinions had NUL bytes under their final name."""
    where = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    asked = [[sys.executable, "-c", TWO_DIGESTS, name, str(tmp_path / "report")] for name in ("a", "b")]
    both = [subprocess.Popen(one, stdout=subprocess.PIPE, text=True, env=where) for one in asked]
    said = sorted(one.communicate(timeout=120)[0].strip() for one in both)
    assert said[1] == "made"
    assert "is in use by another run: process" in said[0]
    opinions = (tmp_path / "report" / "opinions.jsonl").read_bytes()
    assert b"\0" not in opinions
    assert len({json.loads(line)["record"][0] for line in opinions.splitlines()}) == 1
    assert not (tmp_path / "report" / ".lock").exists()


class Speaking(FakeReader):
    def __init__(self, version: str, *languages: str) -> None:
        super().__init__(version=version)
        self.languages = languages


@pytest.mark.parametrize(
    ("others", "asked"),
    [
        (("Das Zimmer war schmutzig.", "Mir wurde zweimal abgebucht.", "The room was dirty."), "de"),
        (("Das Zimmer war schmutzig.", "The room was dirty.", "I was charged twice."), "en"),
    ],
)
def test_what_is_too_short_to_tell_its_language_is_read_in_that_of_the_file(
    others: tuple[str, ...], asked: str
) -> None:
    readers = {"en": Speaking("e0", "en"), "de": Speaking("g0", "de")}
    records = [Record(id=str(number), text=text) for number, text in enumerate((*others, "bad Preis"))]
    result = digest(records, reader=ReadersByLanguage(list(readers.values())), writer=None)
    assert ("bad Preis" in readers["de"].asked, "bad Preis" in readers["en"].asked) == (asked == "de", asked == "en")
    assert result.opinions == 1
