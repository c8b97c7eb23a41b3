"""What customers say about one aspect in, a few sentences out that cite their comments by number.

    Comments about the pasta:
    [1] Loved the pasta, so fresh!
    [2] The pasta was cold.
    -> Customers love the fresh pasta. [1] One got it cold. [2]

Unlike `summary`, which is given the beginning of one sentence about one feeling, the whole text is the model's.
"""

from __future__ import annotations

from typing import NamedTuple

from gistill.schema import Failure, Message
from gistill.skills.overlap import rouge1
from gistill.skills.skill import Parsed, Ratio, Skill, Teacher
from gistill.skills.summary import Draft, one_line
from gistill.skills.summary import parse as parse_sentences

_SENTENCES = 3  # kept of an answer

Summary = tuple[Draft, ...]


class AspectInput(NamedTuple):
    """What is known about an aspect: its name, and what people wrote, cited as [1], [2], ..."""

    aspect: str
    quotes: tuple[str, ...]


_SYSTEM = (
    "Sum up the comments in one to three sentences. After each sentence cite the comments it is taken from: [1][2]."
)
_EXAMPLE = (
    AspectInput(
        "pasta",
        ("The pasta was fresh and cooked just right.", "Loved the pasta, so fresh!", "My pasta came cold."),
    ),
    (Draft("Customers love how fresh the pasta is.", (1, 2)), Draft("One got it cold.", (3,))),
)


def render(asked: AspectInput) -> tuple[Message, ...]:
    """Ask for the summary of an aspect; what a student is trained on."""
    return (Message(role="system", content=_SYSTEM), Message(role="user", content=_question(asked)))


def ask_teacher(asked: AspectInput) -> tuple[Message, ...]:
    """Ask a large model the same, with a worked example."""
    system, user = render(asked)
    shown, answer = _EXAMPLE
    example = (Message(role="user", content=_question(shown)), Message(role="assistant", content=write(answer, shown)))
    return (system, *example, user)


def _question(asked: AspectInput) -> str:
    lines = "\n".join(f"[{n}] {one_line(quote)}" for n, quote in enumerate(asked.quotes, start=1))
    return f"Comments about the {one_line(asked.aspect)}:\n{lines}"


def write(summary: Summary, _: AspectInput) -> str:
    """Write sentences with their citations, as a model should."""
    return " ".join(f"{draft.text} {''.join(f'[{n}]' for n in draft.cites)}" for draft in summary)


def parse(answer: str, asked: AspectInput, complete: bool) -> Parsed[Summary]:
    """Read the sentences that cite something; a citation of what is not there is taken off and counted.

    Returns:
        One to three sentences; or None with `empty_answer`, `refused` or `truncated`. Beside them the failures
        `uncited` (a sentence without citations, not kept) and `unknown_citation`.
    """
    drafts = parse_sentences(answer, limit=_SENTENCES)
    if isinstance(drafts, Failure):
        return Parsed(None, (drafts,))
    kept, failures = [], []
    for draft in drafts:
        there = tuple(n for n in draft.cites if 1 <= n <= len(asked.quotes))
        failures += [Failure(kind="unknown_citation", detail=draft.text[:200])] * (len(draft.cites) - len(there))
        if there:
            kept.append(Draft(draft.text, there))
        else:
            failures.append(Failure(kind="uncited", detail=draft.text[:200]))
    if not complete:  # the sentence that was cut is dropped already
        failures.append(Failure(kind="truncated", detail=answer[-200:]))
    return Parsed(tuple(kept) or None, tuple(failures))


def score(gold: Summary, said: Parsed[Summary], _: AspectInput) -> dict[str, Ratio]:
    """Score the words by ROUGE-1, and the citations as a set; one of a comment that is not there is a wrong one."""
    given = said.result or ()
    wanted, cited = ({n for draft in summary for n in draft.cites} for summary in (gold, given))
    unknown = sum(failure.kind == "unknown_citation" for failure in said.failures)
    words, reference = (" ".join(draft.text for draft in summary) for summary in (given, gold))
    return {
        "rouge1": (rouge1(reference, words), 1),
        "citation_precision": (len(wanted & cited), len(cited) + unknown),
        "citation_recall": (len(wanted & cited), len(wanted)),
    }


ASPECT_SUMMARY: Skill[AspectInput, Summary] = Skill(
    name="aspect_summary",
    about="Sums up what customers say about an aspect, citing them",
    input=AspectInput,
    result=Summary,
    render=render,
    parse=parse,
    write=write,
    score=score,
    measures=("rouge1", "citation_precision", "citation_recall"),
    max_tokens=128,
    tags=("summarization",),
    caveat="Facts: a sentence is a draft until it is checked against the comments that it cites.",
    teacher=Teacher(
        unit="aspect",
        prepare="gistill.distill.evidence:aspect_evidence",
        probe=AspectInput("probe", ("Probe.",)),
        ask=ask_teacher,
        filters=("parsed", "cited", "shares words"),
    ),
)
