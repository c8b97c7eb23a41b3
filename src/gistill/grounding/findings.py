"""What a check can find wrong with a sentence, as data: the codes, and what makes a verdict of findings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from gistill.schema import Check, Finding, Span


class Code(NamedTuple):
    """One way to fail: the check that finds it (a name of `Check.by`), and what it means."""

    check: str
    means: str


# Code -> its meaning. Codes stand on disk: add new ones, and never give an old one another meaning.
CODES: dict[str, Code] = {
    "length": Code("form", "The sentence has fewer than 4 or more than 40 words."),
    "characters": Code("form", "A character is invisible or cannot be printed."),
    "address": Code("form", "There is an address of the web or of e-mail."),
    "markup": Code("form", "There are marks of HTML, Markdown or a list."),
    "fragment": Code("form", "The sentence does not begin like a sentence, or has no full stop."),
    "several_sentences": Code("form", "There is a second sentence, or a question."),
    "person": Code("form", "The sentence speaks as “I” or “we”, or to “you”."),
    "advice": Code("form", "The sentence tells the reader what to do."),
    "repetition": Code("form", "The sentence says the same words twice."),
    "prompt_leak": Code("form", "The sentence speaks of the task or of the model that wrote it."),
    "uncited": Code("quotes", "The sentence cites nobody's words."),
    "citation_missing": Code("quotes", "A citation is of a text that is not in the data."),
    "citation_moved": Code("quotes", "The words of a citation do not stand where it says."),
    "quotation_marks": Code("quotes", "A quotation is opened and not closed, or closed and not opened."),
    "quote_missing": Code("quotes", "The words between quotation marks are not in the texts cited."),
    "number": Code("numbers", "A number, percentage or fraction of people, records or mentions is not the true one."),
    "quantity": Code("quantity", "A word of quantity (“most”, “a few”) does not fit the counts."),
    "quantity_unclear": Code("quantity", "A word of quantity (“nobody”, “not all”) cannot be checked."),
    "plural": Code("quantity", "The sentence says “people” without a number, and too few people say so."),
    "single_reason": Code("quantity", "Several people are given one reason, which only one of those cited gives."),
    "generalization": Code("quantity", "The sentence states as a fact what at most half of the people say."),
    "polarity": Code("polarity", "The sentence praises, or complains, and the people cited do not."),
    "polarity_unclear": Code("polarity", "Whether the sentence praises or complains cannot be told."),
    "one_sided": Code("polarity", "The people cited disagree, and the sentence gives one side only."),
    "support": Code("support", "A word of the sentence is in none of the texts cited."),
    "contradiction": Code("support", "The texts cited say the words of the sentence with the opposite meaning."),
    "joined": Code("support", "The sentence joins words that no text cited joins."),
    "substance": Code("substance", "The sentence names a feeling and gives no reason."),
}


def finding(code: str, reason: str, *, span: tuple[int, int] | None = None, against: str = "") -> Finding:
    """Make a finding; `span` is `[start, end)` in the sentence."""
    place = None if span is None else Span(start=span[0], end=span[1])
    return Finding(code=code, span=place, against=against, reason=reason)


def concluded(found: Iterable[Finding | None], *, by: tuple[str, ...]) -> Check:
    """Make the verdict of what each check found: a sentence is supported where no check found anything.

    Args:
        found: What each check found; None where it found nothing.
        by: The names of the checks that ran.
    """
    findings = tuple(one for one in found if one is not None)
    return Check(
        verdict="not_supported" if findings else "supported",
        by=by,
        failed=tuple(one.code for one in findings),
        reasons=tuple(one.reason for one in findings),
        findings=findings,
    )


def with_finding(check: Check, name: str, found: Finding | None) -> Check:
    """Add one more check to those that ran; what the others found stays.

    Args:
        check: Of the same sentence.
        name: The name of the check that is added.
        found: What it found; None where it found nothing.
    """
    return concluded((*check.findings, found), by=(*check.by, name))
