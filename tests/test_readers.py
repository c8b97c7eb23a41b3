"""Readers by name and by language: what is found where, and what is loaded when."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gistill.errors import ModelBrokenError, ModelMissingError
from gistill.reader import Reader, ReadersByLanguage, find_reader, load_reader, load_readers
from gistill.reader import model as reader_model


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GISTILL_READER", raising=False)


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with a reader of German and English: the small one's weights under another card."""
    weights = tmp_path / "other_reader" / "weights"
    weights.mkdir(parents=True)
    (weights.parent / "__init__.py").write_text("")
    for name in ("model.onnx", "tokenizer.json"):
        shutil.copyfile(reader_model.SHIPPED / name, weights / name)
    card = json.loads((reader_model.SHIPPED / "reader.json").read_text("utf-8"))
    (weights / "reader.json").write_text(json.dumps({**card, "name": "other", "languages": ["en", "de"]}))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(reader_model.PACKAGES, "multilingual", "other_reader")
    return weights


def test_a_reader_has_a_name_or_a_folder(other: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_reader() == find_reader("small") == reader_model.SHIPPED
    assert find_reader("multilingual") == find_reader(other) == other
    monkeypatch.setenv("GISTILL_READER", "multilingual")
    assert find_reader() == other
    assert find_reader("small") == reader_model.SHIPPED


def test_a_reader_that_is_not_installed_says_what_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(reader_model.PACKAGES, "multilingual", "gistill_reader_nobody_has")
    with pytest.raises(ModelMissingError, match="the multilingual reader is not installed") as caught:
        find_reader("multilingual")
    assert caught.value.hint == "pip install gistill-reader-nobody-has"
    with pytest.raises(ModelMissingError, match="no reader in") as caught:
        find_reader(tmp_path)
    assert "small, multilingual, large" in caught.value.hint
    assert isinstance(load_readers(), Reader), "without another one, the small one reads everything"


def test_what_is_installed_reads_the_languages_that_the_small_one_does_not(other: Path) -> None:
    both = load_readers()
    assert isinstance(both, ReadersByLanguage)
    assert [one.name for one in both.readers] == [load_reader().name, "other"]
    assert both.languages == ("en", "de")
    assert both.for_language("de").name == "other"
    assert both.for_language("en") is both.for_language(None) is both.readers[0]
    assert isinstance(load_readers("small"), Reader)
    assert load_readers(other).name == "other"


def test_a_reader_is_loaded_when_its_first_sentence_comes(other: Path) -> None:
    (other / "model.onnx").write_bytes(b"no model")
    with pytest.raises(ModelBrokenError):
        load_reader(other)
    both = load_readers()
    assert isinstance(both, ReadersByLanguage)
    assert both.read(["The lid broke."])[0][0].polarity == "negative"
    with pytest.raises(ModelBrokenError, match="does not load"):
        both.for_language("de").read(["Der Deckel ist zerbrochen."])


def test_the_large_reader_is_that_of_its_package_and_read_with_alone(
    other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(reader_model.PACKAGES, "large", "gistill_reader_nobody_has")
    with pytest.raises(ModelMissingError, match="the large reader is not installed") as caught:
        load_readers("large")
    assert "None is shipped yet" in caught.value.hint
    shutil.copytree(other.parent, tmp_path / "large_reader")
    monkeypatch.setitem(reader_model.PACKAGES, "large", "large_reader")
    assert load_readers("large").folder == tmp_path / "large_reader" / "weights"
    without_a_name = load_readers()
    assert isinstance(without_a_name, ReadersByLanguage)
    assert len(without_a_name.readers) == 2, "the large one reads only where it is asked for"
