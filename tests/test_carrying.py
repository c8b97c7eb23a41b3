"""Which quotes carry a sentence, by leaving each out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gistill.digest.report.html import render_html
from gistill.digest.report.view import View
from gistill.digest.summary.summarizing import summarize
from gistill.grounding.carrying import carrying, share_of_words
from gistill.lm.fake import ScriptedModel
from gistill.schema import Span, SummarySentence
from opinions import BATTERY, world
from sample_digest import sample_digest, sentence


def judged(sentence: str, quotes: Sequence[str]) -> float:
    """Half for each of two facts."""
    said = " ".join(quotes)
    return 0.5 * ("cold" in said) + 0.5 * ("late" in said)


def test_the_only_quote_for_a_fact_is_needed() -> None:
    found = carrying(
        "Breakfast was cold and late.", ["It was cold.", "It came late.", "Nice view."], judged, enough=1.0
    )
    assert found.whole == 1.0
    assert found.falls == (0.5, 0.5, 0.0)
    assert found.needed == (0, 1)


def test_two_quotes_that_say_the_same_stand_in_for_each_other() -> None:
    found = carrying("Breakfast was cold and late.", ["cold", "so cold", "late"], judged, enough=1.0)
    assert found.falls == (0.0, 0.0, 0.5)
    assert found.needed == (2,)


def test_what_never_stood_needs_nothing() -> None:
    found = carrying("Breakfast was free.", ["Nice view."], judged)
    assert (found.whole, found.needed) == (0.0, ())
    with pytest.raises(ValueError, match="without quotes"):
        carrying("Breakfast was free.", [], judged)


def test_by_words_the_quote_that_names_the_thing_is_needed() -> None:
    quotes = ["The elevator was broken all week.", "We liked the garden."]
    found = carrying("The elevator was broken.", quotes, share_of_words)
    assert found.whole == pytest.approx(1.0)
    assert found.needed == (0,)
    assert found.falls[1] == pytest.approx(0.0)


def written(answer: str) -> list[SummarySentence]:
    """Summarize reviews of a battery by a writer that says this in praise of it, and nothing else."""
    here = world(BATTERY)
    model = ScriptedModel(lambda request: "" if "dislike" in request.messages[-1].content else answer)
    summary = summarize([here.aspect()], here.opinions, here.records.values(), writer=model)[1]
    return [sentence for sentence in summary.sentences if sentence.origin == "writer"]


@pytest.mark.parametrize(
    ("said", "cites", "carried_by"),
    [
        # r0 alone lasts all day, r3 alone charges quickly: each bears out one of the two claims
        ("for example because it lasts all day and charges quickly", ("r0:0", "r3:0"), ("r0:0", "r3:0")),
        # r0 lasts all day and r2 lasts two days: either bears out that it lasts
        ("for example because it lasts", ("r2:0", "r0:0"), ()),
        # without "for example" two people have to say so, and without either of them one is left
        ("because it lasts", ("r2:0", "r0:0"), ("r2:0", "r0:0")),
        ("for example because it lasts all day", ("r0:0",), None),  # of one quotation there is nothing to find
    ],
)
def test_a_written_sentence_names_the_quotes_without_which_it_fails_its_check(
    said: str, cites: tuple[str, ...], carried_by: tuple[str, ...] | None
) -> None:
    (found,) = written(f"Most people like the battery, {said}.")
    assert found.cites == cites
    assert found.carried_by == carried_by


def test_a_sentence_made_of_quotes_is_not_asked_about() -> None:
    here = world(BATTERY)
    for summary in summarize([here.aspect()], here.opinions, here.records.values(), writer=None):
        assert [sentence.carried_by for sentence in summary.sentences] == [None] * len(summary.sentences)


def test_an_old_digest_says_nothing_of_it() -> None:
    old = sentence("It lasts.", "o1", "o2").model_dump_json(exclude={"carried_by"})
    assert SummarySentence.model_validate_json(old).carried_by is None


def test_the_report_marks_what_carries_a_sentence_and_says_what_the_mark_means() -> None:
    digest = sample_digest()
    whole = digest.summaries[0]
    first, second, *others = whole.sentences
    sentences = (
        first.model_copy(update={"carried_by": ("r-011:2",)}),
        second.model_copy(update={"carried_by": ()}),
        *others,
    )
    summaries = (whole.model_copy(update={"sentences": sentences}), *digest.summaries[1:])
    page = render_html(View(digest.model_copy(update={"summaries": summaries})))
    quotes = [part for part in page.split('<figure class="quote')[1:] if 'class="fact carries"' in part]
    assert [part.split('data-quote="')[1].split('"')[0] for part in quotes] == ["r-011:2"]
    assert page.count("Without the quotation marked “carries the sentence” it would not pass.") == 1
    assert page.count("It would pass without any one of its quotations") == 1
    assert "carries the sentence" not in render_html(View(digest))


def test_a_hostile_quotation_that_carries_a_sentence_stays_text() -> None:
    attack = "<img src=x onerror=alert(1)>"
    digest = sample_digest()
    record = digest.contexts["r-031"]
    text = f"{record.text} {attack}"
    opinion = next(one for one in digest.cited if one.id == "r-031:0")
    moved = opinion.model_copy(update={"sentence": Span(start=opinion.sentence.start, end=len(text))})
    whole = digest.summaries[0]
    marked = whole.sentences[1].model_copy(update={"carried_by": ("r-031:0",), "text": attack})
    page = render_html(
        View(
            digest.model_copy(
                update={
                    "contexts": {**digest.contexts, "r-031": record.model_copy(update={"text": text})},
                    "cited": tuple(moved if one.id == moved.id else one for one in digest.cited),
                    "summaries": (whole.model_copy(update={"sentences": (marked,)}), *digest.summaries[1:]),
                }
            )
        )
    )
    assert page.count('class="fact carries"') == 1
    assert attack not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
