"""The understanding skill: what is written can be read, debris comes off, and everything kept stands in its review."""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.errors import AnchorError
from gistill.schema import SENTIMENTS, Failure, Target
from gistill.skills import anchoring, debris, rewrites
from gistill.skills.understanding import (
    Rewriting,
    UnderstandingInput,
    anchor,
    fingerprint,
    parse_analysis,
    parse_rewriting,
    render,
    write_analysis,
)

TEXT = "The lid of this kettle sticks. It boils fast though, and the wait staff... just kidding. I paid $20, not $50!"
BLOCK = "Opinion Target {n}: {target}\nAspect: {aspect}\nSentiment: {label}\nReasoning: {why}\n\n"


def block(target: str = '"lid"', *, n: int = 1, aspect: str = "Build", label: str = "Negative", why: str = "") -> str:
    why = why or 'The word "sticks" conveys a negative sentiment.'
    return BLOCK.format(n=n, target=target, aspect=aspect, label=label, why=why)


def kinds(answer: str, text: str = TEXT, **options: bool) -> list[str]:
    return [failure.kind for failure in parse_analysis(answer, text, **options).failures]


def words(answer: str, text: str = TEXT) -> list[str | None]:
    return [target.target for target in parse_analysis(answer, text).targets]


def test_a_student_is_asked_shortly_and_a_teacher_is_shown_examples() -> None:
    short = render(UnderstandingInput(TEXT, "analysis"))
    assert [m.role for m in short] == ["system", "user"]
    assert short[0].content == "Analyze the review: target | aspect | sentiment | reasoning."
    long = render(UnderstandingInput(TEXT, "analysis", shots=3))
    assert [m.role for m in long] == ["system", *["user", "assistant"] * 3, "user"]
    assert long[0].content.startswith(short[0].content)
    assert short[0].content != render(UnderstandingInput(TEXT, "rewriting"))[0].content
    with pytest.raises(ValueError, match="3 worked examples, not 4"):
        render(UnderstandingInput(TEXT, "analysis", shots=4))


def test_the_worked_examples_pass_their_own_filters() -> None:
    for kind in ("analysis", "rewriting"):
        _, *turns, _ = render(UnderstandingInput("x", kind, shots=3))  # type: ignore[arg-type]
        for asked, answer in zip(turns[::2], turns[1::2], strict=True):
            if kind == "analysis":
                read = parse_analysis(answer.content, asked.content)
                assert (read.failures, read.mended) == ((), {})
                assert write_analysis(read.targets) == answer.content
            else:
                assert parse_rewriting(answer.content, asked.content) == Rewriting(answer.content, {})


def test_the_fingerprint_is_of_the_question_and_not_of_the_review() -> None:
    assert len({fingerprint(kind, shots=n) for kind in ("analysis", "rewriting") for n in (0, 1, 3)}) == 6  # type: ignore[arg-type]


def test_what_is_written_is_read() -> None:
    targets = (
        Target(target="lid", aspect="build", sentiment="very negative", reasoning='"sticks" says so.'),
        Target(aspect="price", sentiment="neutral", reasoning='"I paid $20" is a fact.'),
    )
    read = parse_analysis(write_analysis(targets), TEXT)
    assert read == (targets, (), {})
    assert read.targets[1].implicit
    assert parse_analysis(write_analysis([]), TEXT) == ((), (), {})


@given(
    st.sampled_from(["lid", "kettle", "wait staff", "It boils fast", "$20", None]),
    st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda s: any(c.isalnum() for c in s)),
    st.sampled_from(SENTIMENTS),
)
def test_whatever_a_reasoning_holds_a_line_is_read_as_one_target(words: str | None, why: str, level: str) -> None:
    target = Target(target=words, aspect="aspect", sentiment=level, reasoning=why)  # type: ignore[arg-type]
    read = parse_analysis(write_analysis([target]), TEXT)
    assert len(read.targets) + len(read.failures) == 1
    for found in read.targets:
        assert (found.target, found.sentiment) == (words, level)


@given(st.text(), st.text())
def test_no_answer_breaks_the_parsers_and_every_kept_target_stands_in_its_text(answer: str, text: str) -> None:
    for said in (answer, block(f'"{text[:9]}"') + answer, f"{text[1:5]} | a | positive | {answer}"):
        for complete in (True, False):
            for target in parse_analysis(said, text, complete=complete).targets:
                place = anchor(target, text)
                assert target.target is None or (place and text[slice(*place)] == target.target)
            read = parse_rewriting(said, text, complete=complete)
            assert isinstance(read, Rewriting | Failure)


def test_the_published_blocks_are_read() -> None:
    answer = block() + block(
        '"It"', n=2, aspect="Speed, which refers to heating", label="**Mildly Positive**", why="Fast."
    )
    read = parse_analysis(answer, TEXT)
    assert [(t.target, t.aspect, t.sentiment) for t in read.targets] == [
        ("lid", "Build", "negative"),
        ("It", "Speed", "positive"),
    ]
    assert read.mended == {"aspect_remark": 1, "blocks": 1, "level_spelling": 2}


def test_several_aspects_share_their_target() -> None:
    answer = 'Opinion Target 1: "kettle"\nAspect 1: Lid\nSentiment 1: Negative\nReasoning 1: It sticks.\n'
    answer += "Aspect 2: Speed\nSentiment 2: Very positive\nReasoin: It boils fast.\n"
    read = parse_analysis(answer, TEXT)
    assert [(t.target, t.aspect, t.sentiment) for t in read.targets] == [
        ("kettle", "Lid", "negative"),
        ("kettle", "Speed", "very positive"),
    ]
    assert read.mended["field_name"] == 1


def test_a_block_on_one_line_is_read() -> None:
    answer = 'Opinion Target 1: "lid", Aspect: Build, Sentiment: Negative, Reasoning: It sticks.'
    assert words(answer) == ["lid"]


@pytest.mark.parametrize(
    "more",
    [
        "Review: the lid is fine and so is the kettle.\n\n" + block('"kettle"'),
        "Your task:\n\nReview: a kettle\n\n" + block('"kettle"'),
        "Example Output:\n\n" + block('"kettle"'),
        "---\n\n" + block('"kettle"'),
        "I hope this helps!\n\n" + block('"kettle"'),
        "Please analyze the other targets as well.\n\n" + block('"kettle"', n=2),
    ],
)
def test_what_was_begun_after_the_answer_is_cut_off(more: str) -> None:
    read = parse_analysis(block() + more, TEXT)
    assert [t.target for t in read.targets] == ["lid"]
    assert read.mended["continuation"] == 1
    assert read.failures == ()


def test_a_try_that_says_nothing_whole_makes_room_for_the_next() -> None:
    first = 'Opinion Target 1: "kettle"\nSentiment: Negative\nReasoning: It sticks.\n\nYour Output:\n\n'
    read = parse_analysis(first + block(), TEXT)
    assert [t.target for t in read.targets] == ["lid"]
    assert read.mended["second_try"] == 1


@pytest.mark.parametrize(
    ("line", "found", "mended"),
    [
        ('"lid"', "lid", ""),
        ("The lid", "The lid", ""),
        ('"LID"', "lid", "place_case"),
        ('"lid", which refers to the cover', "lid", "comment"),
        ("lid (the part on top)", "lid", "comment"),
        ('"Them"/ "wait staff"', "wait staff", "first_of_several"),
        ("a kettle", "kettle", "place_determiner"),
        ("wait-staff", "wait staff", "place_marks"),
        ("wait stafff", "wait staff", "place_nearest"),
        ("kettle, cheap", "kettle", ""),
        ("Product (kettle)", "kettle", "comment"),
        ("[lid]", "lid", ""),
        ("‘lid’", "lid", ""),
    ],
)
def test_a_target_is_found_by_its_words(line: str, found: str, mended: str) -> None:
    read = parse_analysis(block(line), TEXT)
    assert [t.target for t in read.targets] == [found]
    assert set(read.mended) - {"blocks", "level_spelling"} == ({mended} - {""})


@pytest.mark.parametrize("line", ['"tea pot"', '"li"', "[Product Name]", '"handle and spout"', "…"])
def test_words_that_stand_nowhere_are_refused(line: str) -> None:
    assert kinds(block(line)) == ["unanchored"]


def test_a_target_said_to_be_implied_is_implicit_and_not_refused() -> None:
    read = parse_analysis(block("Seller (not explicitly mentioned, but inferred)"), TEXT)
    assert [t.target for t in read.targets] == [None]
    assert read.mended["implicit"] == 1
    assert words("- | price | neutral | A fact.") == [None]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("lid | build | negative", "missing_field"),
        ("lid | | negative | It sticks.", "missing_field"),
        ("lid | build | Mixed | It sticks.", "unknown_sentiment"),
        ("lid | build | Neutral/Positive | It sticks.", "unknown_sentiment"),
        ("lid | build | Very Mild | It sticks.", "unknown_sentiment"),
        ("handle | build | negative | It sticks.", "unanchored"),
        ("It boils fast though, and the wait staff... just kidding. I paid | x | positive | Fast.", "not_a_name"),
        ("lid | build | positive | This conveys a negative sentiment.", "contradictory"),
        ("lid | build | mild | A mildly positive sentiment shows.", "contradictory"),
        ('lid | build | negative | The review says "falls apart at once".', "invented_quote"),
        ("lid | build | negative | [to be filled in]", "placeholder"),
        ("lid | build | negative | It sticks.\nlid | Build | negative | It sticks a lot.", "repeated"),
        ("I cannot assist with that request.", "refused"),
        ("The customer is rather unhappy about the lid.", "unparsable"),
        (" \n", "empty_answer"),
    ],
)
def test_what_cannot_be_put_right_is_a_failure_by_name(answer: str, kind: str) -> None:
    assert kinds(answer) == [kind]


def test_an_answer_that_was_cut_off_loses_what_it_said_last() -> None:
    answer = block() + block('"kettle"', n=2, why="The review sug")
    read = parse_analysis(answer, TEXT, complete=False)
    assert [t.target for t in read.targets] == ["lid"]
    assert [f.kind for f in read.failures] == ["truncated"]
    for more in ("\nReview: another", "\n\nPlease note that the abo"):  # what was cut off is something else
        assert len(parse_analysis(answer + more, TEXT, complete=False).targets) == 2


def test_json_tables_and_bullets_are_read_as_lines_are() -> None:
    line = "lid | build | negative | It sticks."
    fields = {"Opinion Target": "lid", "Aspect": "build", "Sentiment": "Negative", "Reasoning": "It sticks."}
    said = f"```json\n{json.dumps([fields])}\n```"
    table = f"| target | aspect | sentiment | reasoning |\n|---|---|---|---|\n| {line} |"
    wanted = parse_analysis(line, TEXT).targets
    for answer in (said, table, f"1. {line}", f"* {line}", f"Here is the analysis:\n{line}\nLet me know!"):
        read = parse_analysis(answer, TEXT)
        assert read.targets == wanted, answer
        assert read.mended


@pytest.mark.parametrize(
    ("label", "level"),
    [
        ("Very Positive", "very positive"),
        ("Positive (Mild)", "positive"),
        ("MildNegative", "negative"),
        ("Mild Sentiment", "neutral"),
        ("Near Neutral", "neutral"),
        ('"neutral"', "neutral"),
        ("Very Neutral", None),
        ("Not Specified", None),
        ("Very Positive (food) / Mild Positive (rest)", None),
        ("not positive", None),
        ("positively", None),
        ("", None),
    ],
)
def test_a_label_is_one_of_five_levels_or_none(label: str, level: str | None) -> None:
    assert debris.level(label) == level


def test_of_several_places_the_one_its_reasoning_quotes_is_taken() -> None:
    text = "The soup came first. Later the soup was cold."
    target = Target(target="soup", aspect="warmth", sentiment="negative", reasoning='"was cold" says so.')
    assert anchor(target, text) == (31, 35)
    with pytest.raises(AnchorError):
        anchor(target, "No such words.")


def test_a_text_on_several_lines_keeps_its_own_words() -> None:
    text = "Loved the battery\n life of it."
    read = parse_analysis("battery life | endurance | positive | Loved.", text)
    assert [t.target for t in read.targets] == ["battery\n life"]
    assert write_analysis(read.targets) == "battery life | endurance | positive | Loved."


def test_quotations_are_looked_for_without_case_and_marks_and_cut_at_dots() -> None:
    assert anchoring.quotations("He says \"the lid ... sticks\" and 'fast'.") == ["the lid", "sticks", "fast"]
    assert anchoring.quotations("It isn't the reviewer's fault.") == []
    assert anchoring.stands("THE LID, of this", TEXT)
    assert not anchoring.stands("the lid is stuck", TEXT)


REWRITTEN = "I am annoyed that the lid of my kettle sticks. I like that it boils fast, and I paid $20 for it."


@pytest.mark.parametrize(
    ("answer", "mended"),
    [
        (REWRITTEN, ""),
        (f"Rewritten review: {REWRITTEN}", "preamble"),
        (f"Sure! Here is the rewritten review:\n\n{REWRITTEN}", "preamble"),
        (f'"{REWRITTEN}"', "quotes"),
        (f"```\n{REWRITTEN}\n```", "code_fence"),
        (f"<think>Let me see.</think>{REWRITTEN}", "thinking"),
        (f"{REWRITTEN}\n\nConfidence: 95%", "continuation"),
        (f"{REWRITTEN}\n\nNote: I kept the price.", "continuation"),
        (f"{REWRITTEN}\n\nYour task:\n\nReview: the pan is bad.\n\nRewritten: I hate the pan.", "continuation"),
        (f"{REWRITTEN}\n\nAnswer:\n\nI am annoyed. I like", "continuation"),
    ],
)
def test_a_rewriting_is_undressed(answer: str, mended: str) -> None:
    assert parse_rewriting(answer, TEXT) == Rewriting(REWRITTEN, {mended: 1} if mended else {})


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("", "empty_answer"),
        ("I'm sorry, but I can't help with that.", "refused"),
        (TEXT, "copied"),
        ("I am annoyed.", "too_short"),
        (f"{REWRITTEN} The reviewer says that I like it a lot.", "third_person"),
        ("The lid of the kettle sticks. It boils fast though. It costs $20 and that is annoying.", "not_first_person"),
        (f"{REWRITTEN} This is the original review in other words.", "meta"),
        (f"{REWRITTEN} {REWRITTEN}", "repeated"),
        (f"{REWRITTEN} I had it for 3 weeks.", "invented_number"),
        (f"{REWRITTEN} I had it for three weeks.", "invented_number"),
        (f"{REWRITTEN} I bought it from Amazon.", "invented_name"),
        (" ".join(f"I like it, and this is reason {'so' * n}." for n in range(1, 60)), "too_long"),
    ],
)
def test_a_rewriting_that_is_none_is_refused_by_name(answer: str, kind: str) -> None:
    read = parse_rewriting(answer, TEXT)
    assert isinstance(read, Failure)
    assert read.kind == kind


@pytest.mark.parametrize("end", ["", " :)", ", no doubt", "\n\nNote: I kept the price."])
def test_only_an_answer_that_the_server_cut_is_truncated(end: str) -> None:
    whole = REWRITTEN[:-1] + end
    read = parse_rewriting(whole, TEXT)
    assert isinstance(read, Rewriting)
    assert read.text == whole.partition("\n")[0]
    cut = parse_rewriting(whole, TEXT, complete=False)
    assert isinstance(cut, Failure)
    assert cut.kind == "truncated"
    stopped_later = parse_rewriting(f"{REWRITTEN}\n\nNote: I kept the pr", TEXT, complete=False)
    assert isinstance(stopped_later, Rewriting)  # what was cut is not ours


@pytest.mark.parametrize("char", [".", " ", "\n", "- ", "'a", '"', "(", "|", "not ", "your ", "[", "{", "1,"])
def test_a_hostile_answer_costs_no_time(char: str) -> None:
    answer, begun = char * 8000 + "x", time.monotonic()
    parse_analysis(answer, TEXT)
    parse_analysis(block(answer, aspect=answer, why=answer), TEXT)
    parse_rewriting(answer, TEXT)
    assert time.monotonic() - begun < 5


def test_a_customer_who_cannot_recommend_does_not_refuse() -> None:
    assert not debris.refuses("I cannot recommend this kettle. I'm sorry to say that the lid sticks.")
    assert debris.refuses("As an AI language model, I have no kettle.")


def test_numbers_and_names_are_the_reviews_own_in_any_spelling() -> None:
    text = "Went at 6 w/ my 3 kids to joe's cafe, 10 yrs after the first iphone"
    assert rewrites.new_numbers("We went at 6:00 with three kids, a decade later, on two occasions.", text) == set()
    assert rewrites.new_numbers("We were 4, and paid 1,200.50.", text) == {"4", "1200.50", "1200", "50"}
    assert rewrites.new_names("We love Joe's Café. My iPhone and I'm sure the Iphone-loving crowd.", text) == set()
    assert rewrites.new_names("We went to Square Street in December.", "went in dec to sq st") == set()
    assert rewrites.new_names("We love Paris and the Google-made phone.", text) == {"Paris", "Google"}


@pytest.mark.skipif("GISTILL_DATA" not in os.environ, reason="GISTILL_DATA names no data folder")
def test_the_real_answers_are_all_read_and_every_kept_target_is_anchored() -> None:
    from gistill.corpora import mixtral

    rows = mixtral.load(folder=Path(os.environ["GISTILL_DATA"]))
    assert Counter(row.kind for row in rows) == {"analysis": 234, "rewriting": 265}
    assert len({row.id for row in rows}) == 499
    kept = rewritten = 0
    for row in rows:
        if row.kind == "analysis":
            targets = parse_analysis(row.answer, row.text, complete=row.complete).targets
            for target in targets:
                place = anchor(target, row.text)
                assert target.target is None or (place and row.text[slice(*place)] == target.target)
            again = parse_analysis(write_analysis(targets), row.text)
            assert [t.target for t in again.targets] == [t.target for t in targets]
            kept += bool(targets)
        else:
            rewritten += isinstance(parse_rewriting(row.answer, row.text, complete=row.complete), Rewriting)
    assert (kept > 200, rewritten) == (True, 237)
