"""Published formats are read as their authors wrote them, and labels stay on the words they were put on."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.corpora import acos, aste, dmaste, mams, memd, towe
from gistill.corpora.labelled import Labelled, Source, Triplet, join_tokens, open_part, retokenised
from gistill.corpora.leaks import open_tests, without_leaks
from gistill.corpora.sentences import by_sentence
from gistill.errors import InputError
from gistill.train.reader.data import held_out_examples, training_examples

DATA = Path(os.environ.get("GISTILL_DATA", ""))
needs_data = pytest.mark.skipif(not os.environ.get("GISTILL_DATA"), reason="GISTILL_DATA names no data folder")

TOKENS = st.lists(
    st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=8), min_size=1, max_size=12
)


def source_of(tmp_path: Path, name: str, files: dict[str, str]) -> Source:
    """Write files as a corpus and return its source with the right checksums."""
    sums = {}
    for file, text in files.items():
        path = tmp_path / "absa" / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        sums[file] = hashlib.sha256(path.read_bytes()).hexdigest()
    return Source(name=name, address="https://example.org", licence="", ship=False, files=sums)


def words(example: Labelled) -> list[tuple[str | None, str | None, str | None]]:
    """Give an example's triplets as words."""
    text = example.text

    def cut(extent: tuple[int, int] | None) -> str | None:
        return None if extent is None else text[extent[0] : extent[1]]

    return [(cut(t.aspect), cut(t.opinion), t.polarity) for t in example.triplets]


def test_a_triplet_line_gives_spans_and_implicit_parts() -> None:
    line = "The lid is very tight , but cheap .####[([1], [3, 4], 'POS'), ([-1], [7], 'NEG')]####Home"
    text, triplets = aste.parse_line(line, number=1)
    assert words(Labelled(text, triplets)) == [("lid", "very tight", "positive"), (None, "cheap", "negative")]


@pytest.mark.parametrize(
    "line",
    ["no separator", "a b####[([5], [0], 'POS')]", "a b####[([0], [1], 'GOOD')]", "a b####[([0], [1])]", "a####[(("],
)
def test_a_broken_triplet_line_names_its_row(line: str) -> None:
    with pytest.raises(InputError, match=r"set.txt, row 7: not a triplet line"):
        aste.parse_line(line, number=7, file="set.txt")


def test_code_in_a_label_is_not_run() -> None:
    with pytest.raises(InputError):
        aste.parse_line("a b####__import__('os').getcwd()", number=1)


def test_towe_rows_of_one_sentence_become_one_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [
        "s_id\tsentence\ttarget_tags\topinion_words_tags",
        "1\tgood tea and rude staff\tgood\\O tea\\B and\\O rude\\O staff\\O\tgood\\B tea\\O and\\O rude\\O staff\\O",
        "1\tgood tea and rude staff\tgood\\O tea\\O and\\O rude\\O staff\\B\tgood\\O tea\\O and\\O rude\\B staff\\O",
    ]
    monkeypatch.setattr(towe, "SOURCE", source_of(tmp_path, "towe", {"data/14res/train.tsv": "\n".join(rows)}))
    (example,) = towe.load("14res", "train", folder=tmp_path)
    assert words(example) == [("tea", "good", None), ("staff", "rude", None)]


def test_acos_reads_half_open_spans_and_merges_categories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = "the hinge broke twice\t1,2 A#B 0 2,4\t1,2 A#C 0 2,4\t-1,-1 A#D 0 -1,-1"
    files = {f"{acos._FILES['laptop']}_train.tsv": line}
    monkeypatch.setattr(acos, "SOURCE", source_of(tmp_path, "acos", files))
    (example,) = acos.load("laptop", "train", folder=tmp_path)
    assert words(example) == [("hinge", "broke twice", "negative"), (None, None, "negative")]
    assert example.implicit_opinions


def test_mams_checks_that_a_term_stands_where_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    xml = (
        "<sentences><sentence><text>Cold soup.</text><aspectTerms>"
        '<aspectTerm from="{}" to="{}" polarity="negative" term="soup"/></aspectTerms></sentence></sentences>'
    )
    file = "data/MAMS-ATSA/raw/train.xml"
    monkeypatch.setattr(mams, "SOURCE", source_of(tmp_path, "mams", {file: xml.format(5, 9)}))
    (example,) = mams.load("train", folder=tmp_path)
    assert example.terms == (((5, 9), "negative"),)
    monkeypatch.setattr(mams, "SOURCE", source_of(tmp_path, "mams", {file: xml.format(4, 8)}))
    with pytest.raises(InputError, match="is not at"):
        mams.load("train", folder=tmp_path)


def test_a_file_that_differs_from_the_published_one_is_refused(tmp_path: Path) -> None:
    source = source_of(tmp_path, "set", {"a.txt": "as published"})
    (tmp_path / "absa/set/a.txt").write_text("changed", encoding="utf-8")
    with pytest.raises(InputError, match="differs from the published one"):
        open_part(source, "a.txt", folder=tmp_path)
    (tmp_path / "absa/set/a.txt").unlink()
    with pytest.raises(InputError, match="no such file"):
        open_part(source, "a.txt", folder=tmp_path)


def test_tokens_are_joined_as_people_type() -> None:
    tokens = ["I", "do", "n't", "like", "(", "the", "lid", ")", "!"]
    text, places = join_tokens(tokens, raw=True)
    assert text == "I don't like (the lid)!"
    assert [text[a:b] for a, b in places] == tokens


@given(TOKENS, st.booleans())
def test_every_token_stands_where_join_says(tokens: list[str], raw: bool) -> None:
    text, places = join_tokens(tokens, raw=raw)
    assert [text[a:b] for a, b in places] == tokens


@given(TOKENS, st.data())
def test_labels_survive_the_change_of_spacing(tokens: list[str], data: st.DataObject) -> None:
    text, places = join_tokens(tokens, raw=False)
    first = data.draw(st.integers(0, len(tokens) - 1))
    last = data.draw(st.integers(first, len(tokens) - 1))
    extent = (places[first][0], places[last][1])
    example = Labelled(text, (Triplet(extent, None, "positive"),), terms=((extent, "negative"),))
    typed = retokenised(example)
    assert typed.triplets[0].aspect is not None
    a, b = typed.triplets[0].aspect
    assert typed.text[a:b].replace(" ", "") == text[extent[0] : extent[1]].replace(" ", "")
    assert typed.terms[0][0] == (a, b)


def test_leaks_are_found_through_spacing_and_case() -> None:
    train = [Labelled("The lid is tight .", ()), Labelled("A new one", ())]
    kept, dropped = without_leaks(train, [Labelled("the lid is tight!", ())])
    assert ([e.text for e in kept], dropped) == (["A new one"], 1)


def test_a_review_is_cut_into_sentences_with_its_labels() -> None:
    text = "I love the lid . It is tight . Bad smell ."
    lid, tight, bad, smell = ((text.index(w), text.index(w) + len(w)) for w in ("lid", "tight", "Bad", "smell"))
    review = Labelled(
        text, (Triplet(lid, tight, "positive"), Triplet(smell, bad, "negative"), Triplet(None, tight, None))
    )
    found = [words(sentence) for sentence in by_sentence(review)]
    # the lid is named in another sentence, so for its own sentence "tight" is about nothing named
    assert found == [[], [(None, "tight", "positive"), (None, "tight", None)], [("smell", "Bad", "negative")]]


@needs_data
@pytest.mark.parametrize(("domain", "sizes"), [("14lap", (906, 219, 328)), ("14res", (1266, 310, 492))])
def test_aste_has_its_published_sizes(domain: str, sizes: tuple[int, int, int]) -> None:
    assert tuple(len(aste.load(domain, part, folder=DATA)) for part in ("train", "dev", "test")) == sizes


@needs_data
def test_every_public_corpus_loads() -> None:
    assert len(mams.load("test", folder=DATA)) == 500
    assert len(acos.load("laptop", "train", folder=DATA)) == 2934
    assert len(memd.load("Books", folder=DATA)) == 2092
    assert [len(dmaste.load(d, "train", folder=DATA)) for d in dmaste.DOMAINS] == [535, 1395, 851, 1050]


@pytest.mark.slow
@needs_data
@pytest.mark.parametrize("recipe", ["public", "labels", "14lap", "14res"])
def test_nothing_that_is_tested_is_trained_on(recipe: str) -> None:
    examples = training_examples(recipe, folder=DATA)
    assert without_leaks(examples, open_tests(DATA))[1] == 0
    held_out = aste.load(recipe if recipe in ("14lap", "14res") else "14lap", "dev", folder=DATA)
    assert without_leaks(examples, held_out)[1] <= 2  # the published parts themselves repeat a sentence


@needs_data
def test_a_domain_of_dmaste_is_a_recipe_of_its_own() -> None:
    examples = training_examples("home", folder=DATA)
    held_out = held_out_examples("home", folder=DATA)
    assert {e.source for e in examples + held_out} == {"dmaste/home"}
    assert without_leaks(examples, open_tests(DATA))[1] == 0
    assert len(held_out) < len(held_out_examples("public", folder=DATA))


@pytest.mark.slow
@needs_data
def test_the_shipped_recipe_uses_only_what_may_be_shipped() -> None:
    shipped = {e.source.partition("/")[0] for e in training_examples("public", folder=DATA)}
    shipped |= {e.source.partition("/")[0] for e in held_out_examples("public", folder=DATA)}
    sources = {s.name.partition("-")[0]: s.ship for s in (m.SOURCE for m in (acos, aste, dmaste, mams, memd, towe))}
    assert all(sources[name] for name in shipped)
