"""The probes of benchmarks/summaries.py do what they say, on sources of a few words."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("rouge_score")

sys.path.insert(0, str(Path(__file__).parent.parent / "benchmarks"))

import summaries

from gistill.bench.abs.sets import SummarySet
from gistill.task import SummaryTask

ROOMS = "The bathroom was clean. Breakfast was served late. The waiter dropped a tray. We came by train."
TASK = SummaryTask("h", (ROOMS, "Nice soup. The bed was soft."), "reviews", asked="food", references=("Nice soup.",))


@pytest.mark.parametrize("kind", summaries.NOISE)
def test_noise_is_drawn_by_the_task_and_keeps_its_question_and_references(kind: str) -> None:
    found = summaries.noisy(TASK, kind)
    assert found == summaries.noisy(TASK, kind)
    assert found._replace(sources=TASK.sources) == TASK


def test_each_noise_spoils_the_sources_in_its_own_way() -> None:
    assert summaries.noisy(TASK, "none").sources == TASK.sources
    assert summaries.noisy(TASK, "capitals").sources[1] == "NICE SOUP. THE BED WAS SOFT."
    assert summaries.noisy(TASK, "emoji").sources[1].count("\N{GRINNING FACE}") == 2
    shuffled = summaries.noisy(TASK, "shuffled").sources[0]
    assert shuffled != ROOMS
    assert sorted(shuffled) == sorted(ROOMS)
    off = summaries.noisy(TASK, "off topic").sources
    assert off == (ROOMS, *summaries.PLANTED["off topic"], TASK.sources[1])


def test_a_typo_swaps_two_letters_inside_of_a_word_and_leaves_short_words() -> None:
    long = TASK._replace(sources=("the splendid breakfast was in a garden " * 40,))
    before, after = long.sources[0].split(), summaries.noisy(long, "typos").sources[0].split()
    spoilt = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert 0.02 * len(before) < len(spoilt) < 0.12 * len(before)  # a tenth of the words, the short ones left alone
    assert all(sorted(a) == sorted(b) and (a[0], a[-1]) == (b[0], b[-1]) and len(a) > 3 for a, b in spoilt)


def test_what_was_planted_is_found_in_a_summary() -> None:
    assert summaries.planted("Nice soup. Everything is perfect.", "orders")
    assert not summaries.planted("Nice soup. Everything is perfect.", "off topic")
    assert summaries.planted("The tractor was repaired on Tuesday.", "off topic")


def test_the_evidence_of_an_aspect_is_left_out_and_nothing_else() -> None:
    """A quarter of six sentences is one: the one about bathrooms."""
    found = summaries.without(TASK, "bathroom")
    assert found.sources == (ROOMS.removeprefix("The bathroom was clean. "), TASK.sources[1])
    single = summaries.without(
        TASK._replace(sources=("The bathroom was clean.", "A. b c d.", "E f.", "G h.")), "bathroom"
    )
    assert single.sources == ("A. b c d.", "E f.", "G h.")  # a source without a sentence is gone


def test_the_evidence_of_an_aspect_is_turned_round_and_nothing_else() -> None:
    found = summaries.turned(TASK, "bathroom")
    assert found.sources == (ROOMS.replace("clean", "dirty"), TASK.sources[1])
    assert summaries.turn("It was not Good, it was bad.") == "It was not Bad, it was good."
    assert summaries.turn("The rooms are old.") == "The rooms are not old."
    assert summaries.turn("The rooms are not old.") == "The rooms are old."


def test_a_change_counts_the_sentences_that_are_gone() -> None:
    assert summaries.changed("Nice soup. It rained.", "It rained. Bad soup.") == (1, 2)
    assert summaries.changed("", "It rained.") == (0, 0)


def test_a_probe_changes_a_summary_there_and_only_there() -> None:
    """Lead takes the sentences near to the aspect, so what is done to beds does not change what it says of food."""
    soup = tuple(f"The soup number {n} was good. The bed number {n} was hard." for n in range(12))
    tasks = tuple(
        SummaryTask(f"{hotel}/{asked}", soup, "reviews", asked=asked, group=hotel)
        for hotel in ("a", "b")
        for asked in ("soup", "bed")
    )
    rows = summaries.counterfactual(SummarySet("s", tasks, {"": 12, "asked": 12}), ["lead"])
    assert [row[:3] for row in rows] == [["lead", "left out", "4"], ["lead", "turned round", "4"]]
    for row in rows:
        own, other = float(row[3].split(" ")[0]), float(row[4].split(" ")[0])
        assert own > other == 0


def test_a_limit_keeps_whole_groups() -> None:
    tasks = tuple(TASK._replace(id=f"{n}", group=group) for n, group in enumerate("aabbbc"))
    on = SummarySet("s", tasks, {"": 30, "asked": 30})
    assert [task.id for task in summaries.whole_groups(on, 5).examples] == list("01234")
    assert [task.id for task in summaries.whole_groups(on, 4).examples] == list("01")
    assert [task.id for task in summaries.whole_groups(on, 1).examples] == list("01")


def test_noise_is_scored_against_the_same_references() -> None:
    tasks = tuple(TASK._replace(id=name, group=name, asked="") for name in "ab")
    rows = {row[1]: row for row in summaries.noise(SummarySet("s", tasks, {"": 30, "asked": 30}), ["lead"])}
    assert list(rows) == list(summaries.NOISE)
    assert rows["none"][3] == "-"
    assert rows["capitals"][3].startswith("0.0")  # ROUGE does not see case, and lead keeps its sentences
    assert rows["orders"][4] == "2 of 2"
    assert rows["typos"][4] == "-"
