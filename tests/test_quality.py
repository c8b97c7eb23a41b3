"""The skill that rates summaries: what is asked, and which answers are read."""

from __future__ import annotations

import pytest

from gistill.skills.quality import CRITERIA, QUALITY, Quality, QualityInput

ASKED = QualityInput(("The lid broke.", "The lid leaks."), "Customers say that the lid breaks.", "the lid")
RATED = Quality(5, 4, 3, 5, 4)


def test_what_is_written_is_read_back() -> None:
    assert QUALITY.parse(QUALITY.write(RATED, ASKED), ASKED, True).result == RATED


@pytest.mark.parametrize(
    "answer",
    [
        "relevance: 5\ncoverage: 4\npurity: 3\nlanguage: 5\noverall: 4",
        "**Relevance**: 5/5\n- coverage = 4\nPurity: 3.\nlanguage: 5\n\noverall: 4 / 5",
        "Here are my ratings:\noverall: 4\nlanguage: 5\npurity: 3\ncoverage: 4\nrelevance: 5\nI hope this helps.",
    ],
)
def test_numbers_are_read_whatever_stands_around_them(answer: str) -> None:
    assert QUALITY.parse(answer, ASKED, True).result == RATED


@pytest.mark.parametrize(
    ("answer", "complete", "kind"),
    [
        ("relevance: 5\ncoverage: 4\npurity: 3\nlanguage: 5", True, "unparsable"),
        ("relevance: 5\ncoverage: 4\npurity: 3\nlanguage: 5", False, "truncated"),
        ("relevance: 6\ncoverage: 4\npurity: 3\nlanguage: 5\noverall: 4", True, "unparsable"),
        ("relevance: 0\ncoverage: 4\npurity: 3\nlanguage: 5\noverall: 4", True, "unparsable"),
        ("relevance: 5\nrelevance: 1\ncoverage: 4\npurity: 3\nlanguage: 5\noverall: 4", True, "ambiguous"),
        ("relevance: 4.5\ncoverage: 4\npurity: 3\nlanguage: 5\noverall: 4", True, "unparsable"),
        ("5 4 3 5 4", True, "unparsable"),
        ("", True, "empty_answer"),
    ],
)
def test_what_is_no_rating_is_a_failure(answer: str, complete: bool, kind: str) -> None:
    parsed = QUALITY.parse(answer, ASKED, complete)
    assert parsed.result is None
    assert [one.kind for one in parsed.failures] == [kind]


def test_the_question_names_every_criterion_and_nobody_who_wrote() -> None:
    text = QUALITY.render(ASKED)[-1].content
    assert all(f"\n{name}: " in text for name in CRITERIA)
    assert "of the lid with whole numbers" in text
    assert text.count("<source>") == 2
    long = QUALITY.render(QualityInput(("x" * 90_000,), "s"))[-1].content
    assert "the middle is left out" in long
    assert len(long) < 26_000


def test_a_rating_one_away_is_near() -> None:
    said = QUALITY.parse(QUALITY.write(Quality(4, 4, 5, 5, 1), ASKED), ASKED, True)
    assert QUALITY.score(RATED, said, ASKED) == {"within_one": (3, 5)}
    assert QUALITY.score(RATED, QUALITY.parse("", ASKED, True), ASKED) == {"within_one": (0, 5)}
