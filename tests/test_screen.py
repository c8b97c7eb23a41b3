"""Screening keeps what people said, once for each of them, and counts the rest by name."""

from __future__ import annotations

import random
import tracemalloc
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.errors import SettingError
from gistill.schema import Failure, Record, Turn
from gistill.screen import NearDuplicates, screen

LONG = "The battery lasts two days and the screen is bright enough for reading outside in the sun"


def kinds(*records: Record | Failure, **settings: float) -> list[str]:
    return [item.kind if isinstance(item, Failure) else "ok" for item in screen(records, **settings)]  # type: ignore[arg-type]


def said(*texts: str, **fields: str) -> list[Record]:
    return [Record(id=str(place), text=text, **fields) for place, text in enumerate(texts)]  # type: ignore[arg-type]


def test_each_kind_is_set_apart_by_name() -> None:
    records = said("", " \u200b\n", "x" * 11, "10/10", "https://a.example", "Good")
    assert kinds(*records, max_characters=10) == ["empty", "empty", "too_long", "not_text", "too_long", "ok"]
    assert kinds(*said("https://a.example")) == ["not_text"]


def test_the_failure_names_the_record_the_row_and_the_reason() -> None:
    failure = next(iter(screen([Record(id="a", text="z" * 100_000, row=7)])))
    assert failure == Failure(kind="too_long", record="a", row=7, detail="100,000 characters; at most 50,000 are read")


def test_failures_pass_through_and_nothing_is_lost() -> None:
    bad = Failure(kind="bad_row", row=3)
    assert list(screen([bad, *said("Good")])) == [bad, *said("Good")]
    assert list(screen([])) == []


def test_short_equal_texts_without_authors_are_different_people() -> None:
    assert kinds(*said("Great product", "Great product", "great PRODUCT")) == ["ok", "ok", "ok"]


def test_short_equal_texts_of_one_author_are_one() -> None:
    assert kinds(*said("Great!", " great! ", author="ann")) == ["ok", "duplicate"]
    assert kinds(Record(id="1", text="Great!", author="ann"), Record(id="2", text="Great!", author="bob")) == [
        "ok",
        "ok",
    ]


def test_eight_words_are_where_a_repeated_anonymous_text_is_a_copy() -> None:
    seven, eight = "one two three four five six seven", "one two three four five six seven eight"
    assert kinds(*said(seven, seven, eight, eight)) == ["ok", "ok", "ok", "duplicate"]


def test_long_equal_texts_of_different_or_half_known_authors_are_all_kept() -> None:
    records = [Record(id=str(n), text=LONG, author=author) for n, author in enumerate(["ann", "bob", None, "ann"])]
    assert kinds(*records) == ["ok", "ok", "ok", "duplicate"]


def test_the_same_words_about_two_things_are_two_opinions() -> None:
    records = [
        Record(id=str(n), text=LONG, author="ann", entity=entity) for n, entity in enumerate(["case", "phone", "case"])
    ]
    assert kinds(*records) == ["ok", "ok", "duplicate"]


def test_a_duplicate_names_the_first() -> None:
    last = list(screen(said(LONG, "Something else", LONG.upper())))[-1]
    assert last == Failure(kind="duplicate", record="2", detail="repeats 0")


def test_near_duplicates_are_found_and_named() -> None:
    text = f"{LONG}. {LONG[::-1]}"
    changed = text.replace("bright", "bright,").replace("two", "2")
    last = list(screen(said(text, changed)))[-1]
    assert last == Failure(kind="near_duplicate", record="1", detail="nearly repeats 0")
    assert kinds(*said(text, changed), near_duplicate=1.0) == ["ok", "ok"]


def test_punctuation_and_emoji_make_no_difference() -> None:
    assert kinds(*said(LONG, LONG + "!!! 👍")) == ["ok", "near_duplicate"]


def test_half_the_words_in_common_is_no_duplicate() -> None:
    words = LONG.split()
    other = " ".join([*words[:8], "but", "charging", "it", "takes", "the", "whole", "night", "sadly"])
    assert kinds(*said(LONG, other)) == ["ok", "ok"]


def test_short_texts_are_never_near_duplicates() -> None:
    assert kinds(*said("Great product, works!", "Great product, works.", author="ann")) == ["ok", "ok"]


def test_chinese_is_compared_like_any_other() -> None:
    text = "酒店的位置很好离地铁站只有五分钟房间干净服务员也很热情早餐种类很多"
    assert kinds(*said(text, text + "。", "这家酒店的床太硬了晚上睡不着觉而且隔壁很吵")) == [
        "ok",
        "near_duplicate",
        "ok",
    ]


def test_a_conversation_is_judged_by_what_was_said() -> None:
    empty = Record(id="1", text="user: 12", turns=(Turn(start=6, end=8, role="user"),))
    assert kinds(empty) == ["not_text"]


def test_limits_that_cannot_be_meant_are_refused_at_once() -> None:
    with pytest.raises(SettingError, match=r"from 0\.8 to 1"):
        screen([], near_duplicate=0.5)
    with pytest.raises(SettingError, match="at least 1"):
        screen([], max_characters=0)


@given(st.lists(st.tuples(st.text(max_size=60), st.sampled_from([None, "ann", "bob"])), max_size=12))
def test_as_many_come_out_as_went_in_twice_the_same(items: list[tuple[str, str | None]]) -> None:
    records = [Record(id=str(n), text=text, author=author) for n, (text, author) in enumerate(items)]
    out = list(screen(records))
    assert [item.record if isinstance(item, Failure) else item.id for item in out] == [record.id for record in records]
    assert out == list(screen(records))
    kept = [item for item in out if isinstance(item, Record)]
    assert list(screen(kept)) == kept  # screening what was kept sets nothing more apart


def test_recall_and_precision_of_the_index() -> None:
    """Of 200 texts with two characters changed (similarity about 0.93), nearly all are found; of 200 others, none."""
    source = random.Random(5)
    words = ["".join(source.choices("abcdefghijklmnop", k=6)) for _ in range(500)]
    texts = [" ".join(source.choices(words, k=45)) for _ in range(200)]
    changed = [text[:80] + "zz" + text[82:] for text in texts]
    index = NearDuplicates(0.9)
    assert [index.find_or_add(text, 0, str(n)) for n, text in enumerate(texts)] == [str(n) for n in range(200)]
    found = Counter(index.find_or_add(text, 0, "new") == str(n) for n, text in enumerate(changed))
    assert found[True] >= 190
    assert all(index.find_or_add(text, 1, f"other {n}") == f"other {n}" for n, text in enumerate(texts))


def test_memory_is_bounded_per_record_not_by_its_length() -> None:
    source = random.Random(1)
    words = ["".join(source.choices("abcdefghijklmnop", k=6)) for _ in range(500)]
    records = [Record(id=str(n), text=" ".join(source.choices(words, k=600))) for n in range(200)]
    held = []
    tracemalloc.start()
    for count, _ in enumerate(screen(records), 1):
        if count in (30, 60):
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert held[1] - held[0] < 30 * 1_500  # bytes; the texts have 2,100 characters each
