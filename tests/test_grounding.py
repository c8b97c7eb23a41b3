"""Findings: every way to fail has a code, says where it is and what it was held against; all of it without a digest."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import gistill.grounding.checking
from gistill.grounding import CHECKS, CODES, Counts, Evidence, check, finding, with_finding
from gistill.grounding.verify import verify
from gistill.schema import Check, Quote, Span
from opinions import BATTERY, world

PRAISE = ["The battery is great and lasts all day.", "Great battery!", "Good battery, it charges quickly."]
BLAME = ["The battery is bad and died after a week.", "Battery does not hold a charge, bad."]
SEVEN = Counts(7, positive=5, negative=2, mentions=8, positive_mentions=6, negative_mentions=2, records=7, read=20)
TEXTS = " / ".join(PRAISE)
COUNTS = "5 of 7 people, 6 of 8 mentions, 7 records"

CASES = [
    # code, sentence, evidence, the words of its span (None: the whole), what it was held against
    ("length", "Great battery!", PRAISE, None, "4 to 40 words"),
    ("characters", "The battery is great\u202e and lasts all day.", PRAISE, "\u202e", ""),
    ("address", "The battery is great, see evil.com for more.", PRAISE, "evil.com", ""),
    ("markup", "The battery is <b>great and lasts all day.", PRAISE, "<", ""),
    ("fragment", "The battery is great and lasts all", PRAISE, None, ""),
    ("several_sentences", "The battery is great. It lasts all day.", PRAISE, ". I", ""),
    ("person", "I love the battery because it lasts all day.", PRAISE, "I", ""),
    ("advice", "Buy this great battery that lasts all day.", PRAISE, "Buy", ""),
    ("advice", "Customers should buy the great battery.", PRAISE, "should buy", ""),
    ("repetition", "The battery is great and great.", PRAISE, "great and great", ""),
    ("prompt_leak", "The summary says the battery is great.", PRAISE, "summary", ""),
    ("uncited", "The battery is great.", [], None, ""),
    ("citation_moved", "The battery is great.", [Evidence("Great!", aspect=Quote(start=0, end=4, text="Good"))], None,
     "Good"),
    ("quotation_marks", "One person likes the battery: “Great battery.", PRAISE, "“", ""),
    ("quote_missing", "One person likes the battery: “awesome battery”.", PRAISE, "“awesome battery”", TEXTS),
    ("number", "More than 6 people praise the battery.", PRAISE, "6 people", COUNTS),
    ("number", "About 60% of the people praise the battery.", PRAISE, "60%", COUNTS),
    ("quantity", "Almost  all people praise the battery.", PRAISE, "Almost  all", "5 of 7 people"),
    ("quantity_unclear", "Not everyone praises the battery.", PRAISE, "Not everyone",
     "0 of the people cited, 2 of 7 people, 2 of 8 mentions, 7 records"),
    ("plural", "Customers complain that the battery died after a week.", BLAME, "Customers", "1 of the people cited"),
    ("single_reason", "Most people like the battery because it lasts all day.", PRAISE, "because it lasts all day",
     "1 of the people cited"),
    ("generalization", "The battery is bad.", BLAME, "The battery is bad", "2 of 7 people"),
    ("polarity", "Most people dislike the battery.", PRAISE, "Most people dislike the battery", "positive"),
    ("polarity", "Some people like the battery.", BLAME, "Some people like the battery", "negative"),
    ("polarity_unclear", "One person mentions the battery.", PRAISE, None, "positive"),
    ("one_sided", "Most people praise the battery.", PRAISE + BLAME, None, "positive and negative"),
    ("support", "The battery is great and Waterproof.", PRAISE, "Waterproof", TEXTS),
    ("contradiction", "One person says the battery never charges.", PRAISE, "One person says the battery never charges",
     PRAISE[2]),
    ("joined", "One person praises the battery, which charges all day.", PRAISE, "which charges all day", TEXTS),
]  # fmt: skip


@pytest.mark.parametrize(("code", "sentence", "evidence", "words", "against"), CASES)
def test_each_way_to_fail_has_its_code_place_and_measure(
    code: str, sentence: str, evidence: list[Evidence | str], words: str | None, against: str
) -> None:
    found = check(sentence, evidence=evidence, counts=SEVEN, terms=["battery"])
    assert found.verdict == "not_supported"
    assert code in found.failed, found.findings
    one = next(one for one in found.findings if one.code == code)
    assert (one.span and sentence[one.span.start : one.span.end]) == words
    assert one.against == against


def test_every_code_has_a_case_here_or_below_and_a_check_that_finds_it() -> None:
    assert {code for code, *_ in CASES} == set(CODES) - {"citation_missing", "substance"}
    assert {code.check for code in CODES.values()} == {*CHECKS, "substance"}


def test_failed_and_reasons_are_those_of_the_findings_at_most_one_for_each_check() -> None:
    found = check("Everyone likes the waterproof battery.", evidence=PRAISE, counts=SEVEN, terms=["battery"])
    assert found.by == CHECKS
    assert found.failed == ("quantity", "support")
    assert found.reasons == (
        "“everyone” does not fit the counts (0 of the people cited)",
        "the people it cites do not mention “waterproof”",
    )
    assert [(one.code, one.reason) for one in found.findings] == list(zip(found.failed, found.reasons, strict=True))
    assert Check.model_validate_json(found.model_dump_json()) == found


def test_a_citation_of_a_record_that_is_not_there_is_found() -> None:
    here = world(BATTERY)
    found = verify("The battery is great.", cites=here.opinions[:1], records={}, tally=here.tally)
    assert (found.by, found.failed, found.findings[0].against) == (("quotes",), ("citation_missing",), "r0")


def test_without_counts_those_cited_are_all_there_are() -> None:
    def verdict(sentence: str, evidence: list[Evidence | str]) -> str:
        return check(sentence, evidence=evidence, terms=["battery"]).verdict

    assert verdict("3 people praise the battery.", [*PRAISE]) == "supported"
    assert verdict("4 people praise the battery.", [*PRAISE]) == "not_supported"
    assert verdict("Everyone praises the battery.", [*PRAISE]) == "supported"
    ann = [Evidence(text, person="ann") for text in PRAISE]
    assert verdict("3 people praise the battery.", [*ann]) == "not_supported"
    assert verdict("One person praises the battery.", [*ann]) == "supported"
    both = "3 of 5 people praise the battery, but 2 of 5 people complain about it."
    assert verdict(both, [*PRAISE, *BLAME]) == "supported"


@pytest.mark.parametrize(
    "sentence", ["5 people praise it.", "5 of the 8 opinions are positive.", "9 records praise it."]
)
def test_a_number_of_something_that_nobody_counted_fails(sentence: str) -> None:
    assert "number" in check(sentence, evidence=["It is great."], counts=Counts(7)).failed


def test_counts_of_nobody_bear_out_nothing() -> None:
    nobody = Counts(0, positive=0, negative=0, mentions=0, positive_mentions=0, negative_mentions=0)
    assert check("The battery is great.", evidence=PRAISE, counts=nobody).failed == ("generalization",)


def test_a_feeling_that_is_not_given_is_that_of_the_words_and_neutral_where_they_have_none_or_both() -> None:
    def failed(text: str) -> tuple[str, ...]:
        return check("One person likes the battery.", evidence=[text], terms=["battery"]).failed

    assert failed("The battery is great.") == ()
    assert "polarity" in failed("The battery is terrible.")
    assert "polarity" in failed("The battery is from May.")
    assert "polarity" in failed("The battery is great and terrible.")
    praise = Evidence("The battery is from May.", polarity="positive")
    assert check("One person likes the battery.", evidence=[praise], terms=["battery"]).verdict == "supported"


def test_the_words_of_an_opinion_bear_feeling_and_keep_out_what_is_said_of_something_else() -> None:
    text = "The battery is frugal, the screen flickers."
    frugal = Evidence(
        text, polarity="positive", aspect=Quote(start=4, end=11, text="battery"),
        opinion=Quote(start=15, end=21, text="frugal"),
    )  # fmt: skip
    assert check("The battery is frugal in use.", evidence=[frugal], terms=["battery"]).failed == ("support",)
    assert check("One person says the battery is frugal.", evidence=[frugal], terms=["battery"]).verdict == "supported"
    assert "support" in check("One person says the screen flickers.", evidence=[frugal]).failed


def test_one_more_check_keeps_what_the_others_found() -> None:
    good = check("The battery is great.", evidence=PRAISE, terms=["battery"])
    assert with_finding(good, "mine", None) == good.model_copy(update={"by": (*CHECKS, "mine")})
    bad = with_finding(good, "substance", finding("substance", "it gives no reason", span=(0, 3), against="x"))
    assert (bad.verdict, bad.by, bad.failed) == ("not_supported", (*CHECKS, "substance"), ("substance",))
    assert bad.findings[0].span == Span(start=0, end=3)
    assert with_finding(bad, "mine", None).findings == bad.findings


@settings(max_examples=60)
@given(st.text(max_size=60), st.sampled_from(["The battery, “{}”, is great.", "{}", "Most people say {}, it is BAD."]))
def test_a_span_lies_in_the_sentence_whatever_it_says(text: str, form: str) -> None:
    sentence = form.format(text)
    for one in check(sentence, evidence=[*PRAISE, text or "x"], terms=["battery"]).findings:
        assert one.code in CODES
        assert one.span is None or one.span.end <= len(sentence)


def test_the_examples_of_the_documentation_run() -> None:
    assert doctest.testmod(gistill.grounding.checking).attempted > 0
    page = (Path(__file__).parent.parent / "docs" / "extending.md").read_text(encoding="utf-8")
    section = re.search(r"^## How to add a check$(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert section
    code = "\n".join(re.findall(r"```python\n(.*?)```", section[1], re.DOTALL))
    assert "assert" in code
    exec(compile(code, "docs/extending.md", "exec"), {})
