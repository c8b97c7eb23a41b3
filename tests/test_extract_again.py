"""A file of records that grew, shrank or changed: what is read again, and which opinion keeps its id."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from fake_reader import FakeReader
from gistill.digest import extract as module
from gistill.digest.extract import Extracted, extract, extract_to
from gistill.digest.readings import Counts, manifest_of, store_of
from gistill.reader import Reading
from gistill.runs import Run, load, save
from gistill.schema import Opinion, Record
from gistill.screen import screen
from gistill.tables import read_jsonl, read_records, write_csv

Rows = list[dict[str, Any]]
NAMES = ["sound", "battery", "fit", "strap", "case", "cable", "screen", "bass", "hinge"]


def rows(count: int) -> Rows:
    draw = random.Random(11)
    feeling = ["great", "bad", "okay", "love"]
    return [
        {
            "text": f"It is number {n}. {draw.choice(feeling)} {draw.choice(NAMES)}, {draw.choice(feeling)} case too!",
            "stars": draw.randint(1, 5),
            "day": f"2024-03-{draw.randint(1, 28):02d}",
        }
        for n in range(count)
    ]


def write(path: Path, items: Rows) -> None:
    header = list(items[0])
    write_csv(path, header, [[item.get(name, "") for name in header] for item in items])


def read(source: Path, out: Path) -> tuple[Extracted, list[Opinion], FakeReader]:
    reader = FakeReader()
    records = (item for item in read_records(source) if isinstance(item, Record))
    done = extract_to(out, records, reader=reader)
    return done, list(read_jsonl(out, Opinion)), reader


def said_by(opinions: Sequence[Opinion]) -> list[tuple[str, str]]:
    return [(o.id, o.model_dump_json(exclude={"confidence"})) for o in opinions]


def as_fresh(opinions: Sequence[Opinion], source: Path) -> None:
    """Compare with a fresh run, but for what the reader's confidence owes to its batch (tests' reader: up to 0.064)."""
    fresh = extract((item for item in read_records(source) if isinstance(item, Record)), reader=FakeReader())
    assert said_by(opinions) == said_by(fresh.opinions)
    for now, then in zip(opinions, fresh.opinions, strict=True):
        assert now.confidence is not None
        assert then.confidence is not None
        assert abs(now.confidence - then.confidence) <= 0.064


def with_ids(items: Rows) -> Rows:
    return [{"id": f"R{(n * 7919) % 1_000_003}", **item} for n, item in enumerate(items)]


def with_row_numbers(items: Rows) -> Rows:
    return [{"id": n, **item} for n, item in enumerate(items, 1)]


Begun = Callable[[Callable[[Rows], Rows]], tuple[Path, Path, list[Opinion]]]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Begun:
    """Give a source of 10,000 rows and its opinions, which were read once for all tests, in a folder of one's own."""
    made: dict[Callable[[Rows], Rows], Path] = {}

    def begin(named: Callable[[Rows], Rows]) -> tuple[Path, Path, list[Opinion]]:
        if named not in made:
            made[named] = tmp_path_factory.mktemp("begun")
            write(made[named] / "r.csv", named(rows(10_000)))
            first, _, reader = read(made[named] / "r.csv", made[named] / "opinions.jsonl")
            assert (first.records, first.kept) == (10_000, 0)
            assert len(reader.asked) > 10_000
        folder = tmp_path_factory.mktemp("again")
        shutil.copytree(made[named], folder, dirs_exist_ok=True)
        return folder / "r.csv", folder / "opinions.jsonl", list(read_jsonl(folder / "opinions.jsonl", Opinion))

    return begin


@pytest.mark.slow
@pytest.mark.parametrize("named", [with_ids, with_row_numbers, list])
def test_of_ten_thousand_rows_and_one_more_in_the_middle_one_is_read(
    begun: Begun, named: Callable[[Rows], Rows]
) -> None:
    source, out, before = begun(named)
    items = rows(10_000)
    new = {"text": "A new row. bad zipper here", "stars": 1, "day": "2024-04-01"}
    if named is with_ids:
        grown = with_ids([*items, new])
        grown = [*grown[:5_000], grown[-1], *grown[5_000:-1]]
    else:
        grown = named([*items[:5_000], new, *items[5_000:]])
    write(source, grown)
    done, after, reader = read(source, out)
    assert sorted(reader.asked) == ["A new row.", "bad zipper here"]
    assert (done.records, done.kept) == (10_001, 10_000)
    added = [o for o in after if o.aspect and o.aspect.text == "zipper"]
    assert len(added) == 1
    assert [o for o in after if o is not added[0]] == before, "another opinion changed, or its id"


@pytest.mark.slow
@pytest.mark.parametrize("named", [with_ids, with_row_numbers, list])
def test_of_ten_thousand_rows_with_another_column_none_is_read(begun: Begun, named: Callable[[Rows], Rows]) -> None:
    source, out, before = begun(named)
    kept = store_of(out).read_bytes()
    write(
        source, [{**item, "country": "DE" if n % 3 else "FR", "stars": 3} for n, item in enumerate(named(rows(10_000)))]
    )
    done, after, reader = read(source, out)
    assert (reader.asked, done.kept) == ([], 10_000)
    assert after == before
    assert store_of(out).read_bytes() == kept


def test_a_grown_file_gives_what_a_fresh_run_gives(tmp_path: Path) -> None:
    source, out = tmp_path / "r.csv", tmp_path / "opinions.jsonl"
    items = rows(700)
    write(source, items[:350] + items[351:])
    read(source, out)
    write(source, items)
    _, opinions, _ = read(source, out)
    as_fresh(opinions, source)


def test_a_file_that_gets_ids_or_authors_is_not_read_again_and_its_opinions_go_by_them(tmp_path: Path) -> None:
    source, out = tmp_path / "r.csv", tmp_path / "opinions.jsonl"
    items = rows(300)
    write(source, items)
    _, before, _ = read(source, out)
    for changed in (with_ids(items), [{**item, "author": f"ann {n}"} for n, item in enumerate(items)]):
        write(source, changed)
        _, after, reader = read(source, out)
        assert reader.asked == []
        assert [o.id.partition(":")[2] for o in after] == [o.id.partition(":")[2] for o in before]
        as_fresh(after, source)
    assert len({o.record for o in after} & {o.record for o in before}) == 0


def test_a_changed_text_is_read_again_and_its_untouched_opinions_keep_their_ids(tmp_path: Path) -> None:
    source, out = tmp_path / "r.csv", tmp_path / "opinions.jsonl"
    items = with_ids(rows(300))
    items[7]["text"] = "great sound. bad strap!"
    write(source, items)
    _, before, _ = read(source, out)
    items[7]["text"] = "great sound. bad hinge!"
    write(source, items)
    done, after, reader = read(source, out)
    assert (sorted(reader.asked), done.kept) == (["bad hinge!", "great sound."], 299)
    name = items[7]["id"]
    was, now = ([o.id for o in some if o.record == name] for some in (before, after))
    assert (was[0] == now[0], was[1] == now[1]) == (True, False)
    as_fresh(after, source)


def test_a_record_that_is_gone_is_dropped_with_all_its_words(tmp_path: Path) -> None:
    source, out = tmp_path / "r.csv", tmp_path / "opinions.jsonl"
    items = rows(300)
    items[9]["text"] = "bad Zyzzyva"
    write(source, items)
    read(source, out)
    del items[9]
    write(source, items)
    _, after, reader = read(source, out)
    assert reader.asked == []
    assert not any(b"Zyzzyva" in path.read_bytes() for path in tmp_path.iterdir())
    as_fresh(after, source)


def test_another_order_and_a_part_are_not_read_again(tmp_path: Path) -> None:
    source, out = tmp_path / "r.csv", tmp_path / "opinions.jsonl"
    items = rows(600)
    write(source, items)
    read(source, out)
    for changed in (items[::-1], items[100:400]):
        write(source, changed)
        _, after, reader = read(source, out)
        assert reader.asked == []
        as_fresh(after, source)


class Stopped(FakeReader):
    """Fails at the nth call."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.left = after

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().read(sentences)


@pytest.mark.parametrize("after", [0, 1, 5, 11])
@pytest.mark.parametrize("changed", ["ids", "grown"])
def test_a_grown_file_stopped_at_any_moment_ends_with_the_same_bytes(
    tmp_path: Path, after: int, changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The readings of an earlier run are found without their ids; those of the stopped run only with them."""
    monkeypatch.setattr(module, "CHUNK_RECORDS", 10)
    monkeypatch.setattr(module, "BATCH", 4)
    source, out = tmp_path / "r.csv", tmp_path / "opinions.jsonl"
    old = rows(60)
    new = [{**item, "text": item["text"].replace("It is", "This was")} for item in rows(60)]
    new += [{**new[n % 60]} for n in range(40)]  # the same words once more, in another chunk
    grown = [each for pair in zip(old, new[:60], strict=True) for each in pair] + new[60:]
    whole: dict[bool, tuple[bytes, bytes]] = {}
    for stopped in (False, True):
        folder = tmp_path / str(stopped)
        folder.mkdir()
        source, out = folder / "r.csv", folder / "opinions.jsonl"
        write(source, old)
        read(source, out)
        write(source, with_ids(grown) if changed == "ids" else grown)
        if stopped:
            for n in (after, 1):
                records = (item for item in read_records(source) if isinstance(item, Record))
                with pytest.raises(KeyboardInterrupt):
                    extract_to(out, records, reader=Stopped(n))
        _, opinions, _ = read(source, out)
        as_fresh(opinions, source)
        whole[stopped] = out.read_bytes(), store_of(out).read_bytes()
    assert whole[False] == whole[True]


@pytest.mark.parametrize("after", [2, 5, 99])
@pytest.mark.parametrize("column", ["author", "entity", "text", "language"])
def test_a_run_that_goes_on_with_another_column_gives_what_a_fresh_run_gives(
    tmp_path: Path, after: int, column: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another author or entity keeps other records, so the records of a chunk, and what is said of them, are others."""
    monkeypatch.setattr(module, "CHUNK_RECORDS", 10)
    monkeypatch.setattr(module, "BATCH", 4)
    source, out, fresh = tmp_path / "r.csv", tmp_path / "o.jsonl", tmp_path / "fresh.jsonl"
    draw = random.Random(5)
    texts = [
        f"The {name} is {word}. It is {word} sound." for name in ("lid", "zip", "lamp") for word in ("great", "bad")
    ]
    drawn = {"a": "xyz", "e": "pq", "a2": "uvw", "e2": "st", "l2": ("en", "de")}
    write(
        source,
        [
            {"id": f"r{n}", "text": draw.choice(texts), "other": f"great lid {n}", "l": "en"}
            | {name: draw.choice(values) for name, values in drawn.items()}
            for n in range(90)
        ],
    )
    first = {"id": "id", "text": "text", "author": "a", "entity": "e", "language": "l"}
    second = {**first, column: {"author": "a2", "entity": "e2", "text": "other", "language": "l2"}[column]}

    def records(columns: dict[str, str]) -> Iterator[Record]:
        return (one for one in screen(read_records(source, columns=columns)) if isinstance(one, Record))

    with pytest.raises(KeyboardInterrupt) if after < 99 else nullcontext():
        extract_to(out, records(first), reader=Stopped(after))
    if after == 99:  # killed when all was read, and nothing written yet
        manifest = manifest_of(out)
        begun = load(manifest, Run[Counts])
        assert begun is not None
        save(manifest, begun.model_copy(update={"whole": False, "far": Counts()}))
    done = extract_to(out, records(second), reader=FakeReader())
    extract_to(fresh, records(second), reader=FakeReader())
    assert done.records == len(list(records(second)))
    assert out.read_bytes() == fresh.read_bytes()
    assert store_of(out).read_bytes() == store_of(fresh).read_bytes()


def test_an_opinions_id_is_made_of_its_record_its_place_and_its_words() -> None:
    text = "great sound, great sound. bad"

    class Twice(FakeReader):
        def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
            return [
                [
                    Reading((6, 11), (0, 5), "positive", 0.5),
                    Reading((6, 11), (0, 5), "negative", 0.9),
                    Reading((19, 24), (13, 18), "positive", 0.5),
                ]
                if "sound" in sentence
                else [Reading(None, None, "negative", 0.5)]
                for sentence in sentences
            ]

    got = extract([Record(id="a:b", text=text), Record(id="c", text=text)], reader=Twice()).opinions
    first, *others = (o.id for o in got[:4])
    assert re.fullmatch("a:b:[0-9a-f]{8}", first)
    assert others[0] == f"{first}-2", "another feeling about the same words"
    assert len({first, *others}) == 4
    assert first == "a:b:d7820f70", "a change would rename every opinion that is kept"
    assert [o.id.replace("c:", "a:b:") for o in got[4:]] == [first, *others]
