"""Sets by name give what their files say, task by task; and a user's files go out and come back the same."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gistill.corpora import acos, asqp, datastory, dmaste, formats, fsa, generative, index, leaks, memd, oats
from gistill.corpora.formats import Format
from gistill.corpora.labelled import Labelled, Source, Triplet
from gistill.corpora.tuples import Example, category_words, from_labelled, from_quads, project, unwritable
from gistill.errors import InputError, SettingError
from gistill.schema import ELEMENTS, OpinionTuple, SentimentTask

DATA = Path(os.environ.get("GISTILL_DATA", ""))
needs_data = pytest.mark.skipif(not os.environ.get("GISTILL_DATA"), reason="GISTILL_DATA names no data folder")


def T(  # noqa: N802 - short for what stands in every line below
    aspect: str | None = None, category: str | None = None, opinion: str | None = None, polarity: str | None = None
) -> OpinionTuple:
    return OpinionTuple(aspect, category, opinion, polarity)  # type: ignore[arg-type]


def put(monkeypatch: pytest.MonkeyPatch, folder: Path, module: ModuleType, files: dict[str, str]) -> Path:
    """Let a corpus consist of these files, with the right checksums."""
    sums = {}
    for file, text in files.items():
        path = folder / "absa" / module.SOURCE.name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sums[file] = hashlib.sha256(path.read_bytes()).hexdigest()
    source: Source = module.SOURCE
    monkeypatch.setattr(module, "SOURCE", Source(source.name, source.address, source.licence, source.ship, sums))
    return folder


QUADS = Example(
    "the hinge broke and support shrugged",
    "asqp",
    (
        T("hinge", "laptop quality", "broke", "negative"),
        T(None, "support", None, "negative"),
        T("lid", "a", "b", "neutral"),
    ),
    implicit=True,
)


@pytest.mark.parametrize(
    ("task", "tuples"),
    [
        ("tsa", [T("hinge", polarity="negative"), T("lid", polarity="neutral")]),
        (
            "asa",
            [
                T(category="laptop quality", polarity="negative"),
                T(category="support", polarity="negative"),
                T(category="a", polarity="neutral"),
            ],
        ),
        ("aope", [T("hinge", opinion="broke"), T("lid", opinion="b")]),
        ("aste", [T("hinge", None, "broke", "negative"), T(polarity="negative"), T("lid", None, "b", "neutral")]),
        (
            "tasd",
            [
                T("hinge", "laptop quality", None, "negative"),
                T(None, "support", None, "negative"),
                T("lid", "a", None, "neutral"),
            ],
        ),
        ("asqp", list(QUADS.tuples)),
    ],
)
def test_quads_give_the_examples_of_every_task(task: SentimentTask, tuples: list[OpinionTuple]) -> None:
    found = project(QUADS, task)
    assert (list(found.tuples), found.task) == (tuples, task)
    assert (found.multi, found.implicit, found.text) == (True, True, QUADS.text)


def test_a_task_cannot_ask_for_what_is_not_labelled() -> None:
    with pytest.raises(ValueError, match="has no category, which tasd asks for"):
        project(Example("a b", "aste", ()), "tasd")
    with pytest.raises(ValueError, match="has no polarity"):
        from_labelled(Labelled("a b", (Triplet((0, 1), (2, 3), None),)), "aste")
    with pytest.raises(ValueError, match="no categories"):
        from_labelled(Labelled("a b", ()), "asqp")


def test_terms_are_targets_and_equal_words_are_one_tuple() -> None:
    labelled = Labelled("tea and tea", (), terms=(((0, 3), "positive"), ((8, 11), "positive")), marks_opinions=False)
    assert from_labelled(labelled, "tsa").tuples == (T("tea", polarity="positive"),)


def test_an_opinion_with_a_fourth_polarity_is_left_out_counted_and_still_mixes_the_text() -> None:
    quads = [("tea", None, None, "positive"), ("cake", None, None, "conflict")]
    example = from_quads("tea  and\ncake", "tsa", quads, source="x")
    assert example.tuples == (T("tea", polarity="positive"),)
    assert (example.left_out, example.multi, example.text) == (1, True, "tea and cake")


@given(st.text())
def test_a_category_is_one_line_in_lower_case_and_stays_so(raw: str) -> None:
    words = category_words(raw)
    assert words == " ".join(words.split())
    assert not set(words) & set("#_")
    assert category_words(words) == words


def test_what_no_answer_can_say_is_found() -> None:
    tuples = (
        T("ram|rom", polarity="neutral"),
        T("-", polarity="neutral"),
        T("ram", polarity="neutral"),
        T("rum", polarity="neutral"),
    )
    assert unwritable(Example("a ram|rom - yes", "tsa", tuples)) == (tuples[0], tuples[1], tuples[3])


# Corpora


def fsa_row(text: str, *aspects: dict[str, str | None]) -> dict[str, object]:
    return {"ID": "1", "sentence": text, "aspects": list(aspects)}


def test_fsa_views_go_by_the_marks_of_its_test_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def aspect(target: str, polarity: str, words: str | None) -> dict[str, str | None]:
        return {
            "from": "0",
            "to": "1",
            "target": target,
            "category": None,
            "polarity": polarity,
            "opinion_words": words,
        }

    rows = [
        fsa_row("nice soup", aspect("soup", "positive", "nice")),
        fsa_row("the soup , an hour late", aspect("soup", "negative", None)),
        fsa_row("soup yes , cake hm", aspect("soup", "positive", "yes"), aspect("cake", "conflict", "")),
        fsa_row("we went there"),
    ]
    file = "fsa_datasets/w_hard/atsa/rest14/test.json"
    put(monkeypatch, tmp_path, fsa, {file: "\ufeff" + json.dumps(rows)})
    examples = index.load("fsa/rest14/test:tsa", folder=tmp_path)
    assert [e.text for e in examples] == [row["sentence"] for row in rows]
    assert [e.text for e in examples if e.implicit] == ["the soup , an hour late", "soup yes , cake hm"]
    assert [e.text for e in examples if e.multi] == ["soup yes , cake hm"]
    assert [e.left_out for e in examples] == [0, 0, 1, 0]
    assert examples[0].source == "fsa/rest14/test"


def test_fsa_categories_give_asa_and_tasd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    aspects = [
        {"from": "0", "to": "0", "target": "NULL", "category": "FOOD#STYLE_OPTIONS", "polarity": "neutral"},
        {"from": "0", "to": "4", "target": "soup", "category": "FOOD#STYLE_OPTIONS", "polarity": "neutral"},
    ]
    file = "fsa_datasets/w_hard/acsa/rest16/train.json"
    put(monkeypatch, tmp_path, fsa, {file: json.dumps([fsa_row("soup or soup", *aspects)])})  # type: ignore[arg-type]
    (asa,) = index.load("fsa/rest16/train:asa", folder=tmp_path)
    (tasd,) = index.load("fsa/rest16/train:tasd", folder=tmp_path)
    assert asa.tuples == (T(category="food style options", polarity="neutral"),)
    assert [t.aspect for t in tasd.tuples] == [None, "soup"]
    assert asa.implicit is None  # opinions without words are not marked


@pytest.mark.parametrize(
    ("module", "name", "file", "content", "text", "tuples", "implicit"),
    [
        (
            asqp,
            "asqp/rest16/train:asqp",
            "data/rest16/train.txt",
            "Soup is 5 \\d ok####[['Soup', 'food style_options', 'neutral', 'ok'], "
            "['NULL', 'food', 'neutral', 'ok']]\n",
            "Soup is 5 \\d ok",
            [T("Soup", "food style options", "ok", "neutral"), T(None, "food", "ok", "neutral")],
            None,
        ),
        (
            acos,
            "acos/laptop/dev:asqp",
            "data/Laptop-ACOS/laptop_quad_dev.tsv",
            "the hinge broke twice\t1,2 HARD_DISC#GENERAL 0 2,4\t-1,-1 A#B 2 -1,-1",
            "the hinge broke twice",
            [T("hinge", "hard disc general", "broke twice", "negative"), T(None, "a b", None, "positive")],
            True,
        ),
        (
            memd,
            "memd/books/test:asqp",
            "MEMD_ABSA_Dataset/Books/Test.json",
            json.dumps(
                [
                    {
                        "raw_words": "a slow plot",
                        "quadruples": [
                            {
                                "aspect": {"from": 2, "to": 3},
                                "category": "Content#Plot",
                                "opinion": {"from": 1, "to": 2},
                                "sentiment": "NEG",
                            }
                        ],
                    }
                ]
            ),
            "a slow plot",
            [T("plot", "content plot", "slow", "negative")],
            False,
        ),
        (
            generative,
            "gabsa/rest14/dev:tsa",
            "data/uabsa/rest14/dev.txt",
            "thai soup and tea####[([0, 1], 'POS'), ([3], 'NEG')]",
            "thai soup and tea",
            [T("thai soup", polarity="positive"), T("tea", polarity="negative")],
            None,
        ),
        (
            oats,
            "oats/hotels/dev:asa",
            "data/hotels/tuples/dev.txt",
            "Small rooms. Fine.####[['rooms design_features', 'negative'], ['hotel general', 'conflict']]",
            "Small rooms. Fine.",
            [T(category="rooms design features", polarity="negative")],
            None,
        ),
        (
            datastory,
            "datastory/zh/dev:asqp",
            "zh-FoodBeverage/dev.txt",
            "茶很香，会回购####[['食品-味道#香', '0,1', '1,3', '2'], ['态度#忠诚', '0,1', '-1,-1', '2']]",
            "茶很香，会回购",
            [T("茶", "食品-味道 香", "很香", "positive"), T("茶", "态度 忠诚", None, "positive")],
            True,
        ),
    ],
)
def test_a_published_file_gives_its_tuples(
    module: ModuleType,
    name: str,
    file: str,
    content: str,
    text: str,
    tuples: list[OpinionTuple],
    implicit: bool | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (example,) = index.load(name, folder=put(monkeypatch, tmp_path, module, {file: content}))
    assert (example.text, list(example.tuples), example.implicit) == (text, tuples, implicit)
    assert example.source == name.split(":")[0]


@pytest.mark.parametrize(
    ("module", "name", "file", "content"),
    [
        (asqp, "asqp/rest16/train:asqp", "data/rest16/train.txt", "a####[['a', 'b']]"),
        (asqp, "asqp/rest16/train:asqp", "data/rest16/train.txt", "a####" + "(" * 5000),
        (asqp, "asqp/rest16/train:asqp", "data/rest16/train.txt", "a####__import__('os')"),
        (generative, "gabsa/rest14/dev:tsa", "data/uabsa/rest14/dev.txt", "a####[([-2], 'POS')]"),
        (generative, "gabsa/rest14/dev:tsa", "data/uabsa/rest14/dev.txt", "a####[([7], 'POS')]"),
        (oats, "oats/hotels/dev:asa", "data/hotels/tuples/dev.txt", "a####[['b']]"),
        (oats, "oats/hotels/dev:asa", "data/hotels/tuples/dev.txt", "a####[[1, 2]]"),
        (datastory, "datastory/zh/dev:asqp", "zh-FoodBeverage/dev.txt", "茶####[['a', '0,9', '0,1', '2']]"),
        (datastory, "datastory/zh/dev:asqp", "zh-FoodBeverage/dev.txt", "茶####[['a', '0,1', '0,1', '-1']]"),
        (acos, "acos/laptop/dev:asqp", "data/Laptop-ACOS/laptop_quad_dev.tsv", "a b\t0,1 A#B -1 1,2"),
        (acos, "acos/laptop/dev:asqp", "data/Laptop-ACOS/laptop_quad_dev.tsv", "a b\t0,1 A#B 1 1,3"),
        (acos, "acos/laptop/dev:asqp", "data/Laptop-ACOS/laptop_quad_dev.tsv", "a b\t-2,-1 A#B 1 0,1"),
        (fsa, "fsa/rest14/dev:tsa", "fsa_datasets/w_hard/atsa/rest14/dev.json", '[{"sentence": "a", "aspects": [{}]}]'),
        (fsa, "fsa/rest14/dev:tsa", "fsa_datasets/w_hard/atsa/rest14/dev.json", '[{"sentence": 3, "aspects": []}]'),
        (fsa, "fsa/rest14/dev:tsa", "fsa_datasets/w_hard/atsa/rest14/dev.json", "[7]"),
    ],
)
def test_a_broken_row_names_file_and_row(
    module: ModuleType, name: str, file: str, content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError) as caught:
        index.load(name, folder=put(monkeypatch, tmp_path, module, {file: content}))
    assert (caught.value.file, caught.value.row) == (file, 1)


# Names


MAY_SHIP = {
    "acos": False, "aste": False, "asqp": False, "datastory": False, "dmaste": True, "fsa": False, "gabsa": False,
    "mams": True, "memd": False, "oats": False, "towe": True,
}  # fmt: skip


def test_every_name_is_of_a_set_and_says_what_may_be_done_with_it() -> None:
    names = index.names()
    assert names == sorted(set(names))
    parts = {name.partition(":")[0] for name in names}
    assert {f"{domain}/{part}" for domain in COUNTS for part in PARTS[: len(COUNTS[domain])]} <= parts
    assert {f"dmaste/{domain}/{part}" for domain in dmaste.DOMAINS for part in PARTS} <= parts
    assert [index.is_test(f"aste/14res/{part}:aste") for part in PARTS] == [False, False, True]
    allowed = {(name.split("/")[0], index.may_ship(name)) for name in names}
    assert set(MAY_SHIP.items()) <= allowed, "every set of a corpus has its licence"
    assert not {(corpus, not ship) for corpus, ship in MAY_SHIP.items()} & allowed
    assert (index.licence("mams/test:tsa"), index.licence("acos/laptop/train")) == ("Apache-2.0", "")
    tasks = {name.split(":")[1] for name in names if name.startswith("acos/laptop/train")}
    assert tasks == set(get_args(SentimentTask)) == set(ELEMENTS)


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("aste/14ress/test:aste", "no set 'aste/14ress/test'", "aste/14res/test"),
        ("aste/16res/test:aste", "aste/16res has no part 'test'", "One of: train, dev"),
        ("mams/train:aste", "mams/train has no task 'aste'", "One of: tsa"),
        ("", "no set ''", "acos/laptop/dev"),
    ],
)
def test_a_wrong_name_gets_the_nearest_ones(name: str, message: str, hint: str, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=message) as caught:
        index.load(name, folder=tmp_path)
    assert hint in caught.value.hint
    assert caught.value.hint.count("/") <= 10  # five names


@pytest.mark.parametrize(("name", "says"), [("mam/test", "Near it: mams/test"), ("poetry", "There are: acos/laptop/")])
def test_a_wrong_name_is_not_answered_with_seventy(name: str, says: str) -> None:
    with pytest.raises(SettingError) as caught:
        index.source(name)
    shown, _, more = caught.value.hint.partition(", and ")
    assert shown.startswith(says)
    sets = len({known.split(":")[0] for known in index.names()})
    assert more == f"{sets - len(shown.split(', '))} more."
    assert len(shown.split(", ")) <= 5


def test_leaks_are_counted_and_taken_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = "The waiter did n't come back for half an hour and then forgot it ."
    train = f"{long}####[]\nwow####[]\n. . .####[]\nsomething else####[]"
    test = f"{long.replace(' ', '').upper()}####[]\nWow !####[]\n!!####[]"
    files = {"data/uabsa/rest14/train.txt": train, "data/uabsa/rest14/test.txt": test}
    folder = put(monkeypatch, tmp_path, generative, files)
    names = ("gabsa/rest14/train:tsa", "gabsa/rest14/test:tsa")
    assert leaks.count_leaks([names[0]], [names[1]], folder=folder) == [leaks.Leak(*names, texts=4, found=2, long=1)]
    kept, dropped = leaks.without_leaks(*(index.load(name, folder=folder) for name in names))
    assert ([e.text for e in kept], dropped) == ([". . .", "something else"], 2)


# Formats


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn"]), min_size=1, max_size=6).map(
    lambda word: "".join(word.split()) or "x"
)
POLARITIES = st.sampled_from(["positive", "negative", "neutral"])


@st.composite
def examples_of(draw: st.DrawFn, task: SentimentTask, implicit: bool) -> Example:
    """Give an example whose phrases are runs of its tokens."""
    tokens = draw(st.lists(WORDS, min_size=1, max_size=8))

    def phrase() -> str | None:
        if implicit and draw(st.booleans()):
            return None
        start = draw(st.integers(0, len(tokens) - 1))
        return " ".join(tokens[start : draw(st.integers(start + 1, len(tokens)))])

    tuples = []
    for _ in range(draw(st.integers(0, 3))):
        values = {"aspect": phrase(), "opinion": phrase(), "polarity": draw(POLARITIES)}
        values["category"] = category_words(draw(st.sampled_from(["food", "food style options", "Ü|"])))
        tuples.append(OpinionTuple(**{element: values[element] for element in ELEMENTS[task]}))  # type: ignore[arg-type]
    return Example(" ".join(tokens), task, tuple(dict.fromkeys(tuples)))


CASES = [(kind, task) for kind, tasks in formats._TASKS.items() for task in tasks]


@pytest.mark.parametrize(("kind", "task"), CASES)
@settings(max_examples=25)
@given(data=st.data())
def test_what_is_written_reads_back_the_same_or_is_refused(
    kind: Format, task: SentimentTask, data: st.DataObject
) -> None:
    wanted = data.draw(st.lists(examples_of(task, data.draw(st.booleans())), max_size=4))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "set"
        try:
            assert formats.write(wanted, path, format=kind) == len(wanted)
        except InputError:
            assert list(Path(folder).iterdir()) == []
            return
        found = formats.read(path, format=kind, task=task)
    assert [e.text for e in found] == [e.text for e in wanted]
    assert [set(e.tuples) for e in found] == [set(e.tuples) for e in wanted]
    if kind != "towe":
        assert [e.tuples for e in found] == [e.tuples for e in wanted]


SOUP = "the soup was cold , the soup spoon too"
PLAIN: dict[Format, Example] = {
    "aste": Example(SOUP, "aste", (T("soup spoon", None, "cold", "negative"),)),
    "dmaste": Example(SOUP, "aste", (T("soup", None, "cold", "negative"), T(None, None, "too", "neutral"))),
    "asqp": Example(SOUP, "asqp", (T("soup", "food quality", "cold", "negative"), T(None, "food", None, "neutral"))),
    "acos": Example(SOUP, "asqp", (T("soup", "food quality", "cold", "negative"), T(None, "food", None, "neutral"))),
    "semeval-xml": Example("soup & <tea>", "tsa", (T("tea", polarity="negative"),)),
    "fsa-json": Example(SOUP, "tasd", (T("soup", "food", None, "negative"), T(None, "food", None, "positive"))),
    "towe": Example(
        SOUP, "aope", (T("soup", opinion="cold"), T("soup spoon", opinion="cold"), T("soup", opinion="too"))
    ),
}
WRITTEN: dict[Format, str] = {
    "aste": f"{SOUP}####[([6, 7], [3], 'NEG')]\n",
    "dmaste": f"{SOUP}####[([1], [3], 'NEG'), ([-1], [8], 'NEU')]####-\n",
    "asqp": f"{SOUP}####[['soup', 'food quality', 'negative', 'cold'], ['NULL', 'food', 'neutral', 'NULL']]\n",
    "acos": f"{SOUP}\t1,2 food_quality 0 3,4\t-1,-1 food 1 -1,-1\n",
}


@pytest.mark.parametrize("kind", get_args(Format))
def test_plain_examples_can_be_said_and_come_back(kind: Format, tmp_path: Path) -> None:
    path = tmp_path / "set"
    formats.write([PLAIN[kind]], path, format=kind)
    (found,) = formats.read(path, format=kind)
    assert (found.text, found.task, set(found.tuples)) == (
        PLAIN[kind].text,
        PLAIN[kind].task,
        set(PLAIN[kind].tuples),
    )
    assert found.source == str(path)
    if kind in WRITTEN:
        assert path.read_text(encoding="utf-8") == WRITTEN[kind]
    assert path.read_bytes().startswith(b"\xef\xbb\xbf") == (kind == "fsa-json")
    assert list(tmp_path.iterdir()) == [path]
    other: SentimentTask = "asa" if kind in ("aste", "dmaste", "towe", "semeval-xml") else "nonsense"  # type: ignore[assignment]
    with pytest.raises(SettingError, match=r"no task|no examples of the task"):
        formats.read(path, format=kind, task=other)


@pytest.mark.parametrize(
    ("kind", "example", "reason"),
    [
        ("aste", Example("so cold", "aste", (T(None, None, "cold", "negative"),)), "only dmaste files hold an aspect"),
        ("dmaste", Example("so cold", "aste", (T("so", None, None, "negative"),)), "no opinion without words"),
        ("aste", Example("soup, cold", "aste", (T("soup", None, "cold", "negative"),)), "as whole tokens"),
        ("aste", Example("so cold", "tsa", (T("so", polarity="negative"),)), "its task is tsa"),
        ("asqp", Example("a #### b", "asqp", ()), "divides"),
        ("asqp", Example("the NULL", "asqp", (T("NULL", "a", "the", "neutral"),)), "read back as another"),
        ("asqp", Example("two  spaces", "asqp", ()), "read back as another"),
        ("asqp", Example("\ufeffa mark", "asqp", ()), "read back as another"),
        ("asqp", Example("soup", "asqp", (T("soup", "FOOD#QUALITY", None, "neutral"),)), "read back as another"),
        ("acos", Example("soup", "asqp", (T("soup", None, None, "neutral"),)), "not an ACOS line"),
        ("semeval-xml", Example("bell \x07", "tsa", ()), "not XML"),
        ("semeval-xml", Example("soup", "tsa", (T("tea", polarity="neutral"),)), "does not stand in the text"),
        ("fsa-json", Example("lone \ud800", "tsa", ()), "read back as another"),
        ("towe", Example("soup", "aope", ()), "no opinion"),
        ("towe", Example("soup cold", "aope", (T(None, opinion="cold"),)), "without words"),
    ],
)
def test_what_a_format_cannot_say_is_refused_and_the_old_file_stays(
    kind: Format, example: Example, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "set"
    path.write_text("old", encoding="utf-8")
    with pytest.raises(InputError, match=f"{kind} cannot hold this example.*{reason}") as caught:
        formats.write([PLAIN[kind], example], path, format=kind)
    assert caught.value.row == 2
    assert [p.read_text(encoding="utf-8") for p in tmp_path.iterdir()] == ["old"]


def test_towe_cannot_say_the_same_text_twice(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="two have the same text"):
        formats.write([PLAIN["towe"], PLAIN["towe"]], tmp_path / "set", format="towe")


BOMB = '<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><sentences>&b;</sentences>'
OUTSIDE = '<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/hostname">]><sentences><sentence><text>&x;</text></sentence></sentences>'


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        ("semeval-xml", BOMB, "declares a document type"),
        ("semeval-xml", OUTSIDE, "declares a document type"),
        ("semeval-xml", "<sentences><sentence>", "not XML"),
        ("semeval-xml", "<reviews/>", "not <sentences>"),
        (
            "semeval-xml",
            '<sentences><sentence><text>tea</text><aspectTerm from="1" to="2" term="t"/></sentence></sentences>',
            "row 1.*is not at",
        ),
        (
            "semeval-xml",
            "<sentences><sentence><text>a</text></sentence><sentence><text>b</text><aspectTerm/></sentence></sentences>",
            "row 2",
        ),
        (
            "semeval-xml",
            "<sentences><sentence><text>a</text><Opinions/></sentence></sentences>",
            "row 1.*2015 and 2016",
        ),
        ("semeval-xml", "<sentences>" + "<a>" * 9999 + "</a>" * 9999 + "</sentences>", "row 1.*not a sentence"),
        ("fsa-json", '[{"sentence": "a", "aspects": 5}]', "row 1.*no list"),
        ("fsa-json", "{}", "not a JSON list"),
        ("fsa-json", "[" * 100_000, "not JSON"),
        ("fsa-json", '[{"sentence": "a", "aspects": []}, {"sentence": "a"}]', "row 2"),
        ("aste", "a b####[([0], [1], 'POS')]\n\nc####[([-3], [0], 'POS')]", "row 3"),
        ("aste", "a####" + "[" * 10_000, "row 1"),
        ("aste", " ####[]", "row 1: a line has no text"),
        ("asqp", "####[]", "row 1"),
        ("asqp", "a####[['a', 'b', 'postive', 'a']]", "row 1: unknown polarity 'postive'"),
        ("acos", "a b\t0,1 A 0", "row 1"),
        ("towe", f"{formats._TOWE_HEADER}\n1\ta b\ta\\B b\\Q\ta\\O b\\B", "row 2.*'Q'"),
        ("towe", f"{formats._TOWE_HEADER}\n1\ta b\ta\\B\ta\\O b\\B", "row 2"),
    ],
)
def test_hostile_and_broken_files_are_one_clear_error(kind: Format, content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "set"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=message) as caught:
        formats.read(path, format=kind)
    assert caught.value.file == str(path)


def test_files_that_cannot_be_read_or_written_say_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        formats.read(tmp_path / "none", format="asqp")
    (tmp_path / "latin").write_bytes(b"a####[]\ncaf\xe9####[]")
    with pytest.raises(InputError, match="row 2: is not UTF-8"):
        formats.read(tmp_path / "latin", format="asqp")
    with pytest.raises(InputError, match="cannot be written"):
        formats.write([], tmp_path / "none" / "set", format="asqp")
    with pytest.raises(SettingError, match="no format 'csv'"):
        formats.read(tmp_path / "latin", format="csv")  # type: ignore[arg-type]


def test_a_fsa_file_says_itself_which_task_it_has(tmp_path: Path) -> None:
    path = tmp_path / "set"
    for task, t in {"tsa": T("soup", polarity="neutral"), "asa": T(None, "food", None, "neutral")}.items():
        formats.write([Example("soup", task, (t,))], path, format="fsa-json")  # type: ignore[arg-type]
        assert formats.read(path, format="fsa-json")[0].task == task
    path.write_text('[{"sentence": "\\ud800 a", "aspects": []}]', encoding="utf-8")
    assert formats.read(path, format="fsa-json")[0].text == "\ufffd a"


# The published files


@lru_cache
def loaded(name: str) -> list[Example]:
    return index.load(name, folder=DATA)


PARTS = ("train", "dev", "test")
# Set -> texts of train, dev and test, as the data folder's README counts them.
COUNTS = {
    "mams": (4297, 500, 500),
    "aste/14lap": (906, 219, 328),
    "aste/14res": (1266, 310, 492),
    "aste/16res": (857, 210),
    "asqp/rest16": (1264, 316),
    "acos/laptop": (2934, 326),
    "acos/restaurant": (1530, 171),
    "memd/books": (2092, 292, 583),
    "memd/clothing": (1674, 233, 466),
    "memd/hotel": (2481, 349, 696),
    "memd/restaurant": (3622, 510, 1020),
    "oats/amazon_ff": (1434, 179),
    "oats/coursera": (1357, 170),
    "oats/hotels": (1196, 150),
    "gabsa/laptop14": (2741, 304, 800),
    "gabsa/rest14": (2736, 304, 800),
    "fsa/rest14": (2432, 609, 800),
    "fsa/laptop14": (2436, 609, 800),
    "fsa/rest16": (1600, 400),
    "fsa/laptop16": (2000, 500),
    "datastory/zh": (6589, 1415),
}


@needs_data
@pytest.mark.parametrize("domain", COUNTS)
def test_every_set_has_as_many_texts_as_published(domain: str) -> None:
    parts = PARTS[: len(COUNTS[domain])]
    assert tuple(len(loaded(f"{domain}/{part}")) for part in parts) == COUNTS[domain]
    assert all(e.text and e.text == " ".join(e.text.split()) for part in parts for e in loaded(f"{domain}/{part}"))


@needs_data
def test_reviews_are_as_many_as_published_before_they_are_cut() -> None:
    found = [len(dmaste.load(domain, "train", folder=DATA)) for domain in dmaste.DOMAINS]
    assert found == [535, 1395, 851, 1050]


@needs_data
def test_only_slips_of_the_corpora_cannot_be_said() -> None:
    names = (
        "fsa/rest14/test",
        "fsa/laptop14/test",
        "mams/train",
        "asqp/rest16/train",
        "acos/laptop/train",
        "datastory/zh/dev",
    )
    assert [sum(len(unwritable(e)) for e in loaded(name)) for name in names] == [0, 1, 9, 4, 0, 0]


@pytest.mark.slow
@needs_data
def test_nothing_that_may_be_shipped_holds_a_sentence_of_an_open_test() -> None:
    tests = {name.split(":")[0] for name in index.names() if index.is_test(name)}
    held = [example for name in sorted(tests) for example in loaded(name)]
    prints = {leaks.fingerprint(e.text) for e in held} - {""}
    trains = {name.split(":")[0] for name in index.names() if index.may_ship(name) and "/train" in name}
    everything = [example for name in sorted(trains) for example in loaded(name)]
    kept, dropped = leaks.without_leaks(everything, held)
    assert not {leaks.fingerprint(e.text) for e in kept} & prints
    assert dropped == len(everything) - len(kept)
    assert 0 < dropped < 0.05 * len(everything)


@needs_data
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("aste/14res/dev:aste", "aste"),
        ("dmaste/beauty/dev:aste", "dmaste"),
        ("acos/restaurant/dev:asqp", "acos"),
        ("mams/dev:tsa", "semeval-xml"),
        ("fsa/rest14/dev:tsa", "fsa-json"),
        ("fsa/rest16/dev:asa", "fsa-json"),
        ("towe/14lap/test:aope", "towe"),
        ("asqp/rest16/dev:asqp", "asqp"),
    ],
)
def test_published_sets_go_through_their_format(name: str, kind: Format, tmp_path: Path) -> None:
    wanted = loaded(name)
    formats.write(wanted, tmp_path / "set", format=kind)
    found = formats.read(tmp_path / "set", format=kind, task=wanted[0].task)
    assert [(e.text, set(e.tuples)) for e in found] == [(e.text, set(e.tuples)) for e in wanted]
