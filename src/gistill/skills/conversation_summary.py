"""A conversation with customer service in, a few sentences out: the issue, what was done and by whom, how it ended.

    Customer: My order came with a broken lamp.
    Agent: Sorry! A new one is on its way, it will be there on Friday.
    Sum it up in about 20 words.
    -> The customer received a broken lamp. The agent sends a new one, which arrives on Friday.

How long, in which style and about what is asked for in the last line, so that one small model serves all of it.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from gistill.schema import Failure, Message
from gistill.skills.overlap import rouge1, rouge2, rouge_l
from gistill.skills.skill import Answer, Parsed, Ratio, Skill, Teacher
from gistill.skills.summary import one_line
from gistill.skills.summary import parse as parse_sentences

Speaker = Literal["customer", "agent", "bot", "note"]  # a note is what the company writes to itself
Channel = Literal["bot chat", "teammate chat", "web form", "e-mail"]
Style = Literal["sentences", "points"]

WORDS = 30  # of a summary, where nobody says how long it should be
_SENTENCES = 8  # kept of an answer; small models repeat themselves after that
_NAMES: dict[Speaker, str] = {"customer": "Customer", "agent": "Agent", "bot": "Bot", "note": "Note"}


class Spoken(NamedTuple):
    """What somebody said in one turn."""

    speaker: Speaker
    text: str


class ConversationInput(NamedTuple):
    """A conversation, and what is asked for.

    Attributes:
        turns: In order; at least one.
        words: About how long the summary should be.
        style: Sentences one after another, or one a line with a dash before it.
        aspect: What alone the summary should be about; "" for the whole.
        channel: Shown to a teacher; a student learns without it, since its data is of one channel.
    """

    turns: tuple[Spoken, ...]
    words: int = WORDS
    style: Style = "sentences"
    aspect: str = ""
    channel: Channel | None = None


class ConversationSummary(NamedTuple):
    """Complete sentences in order. `also` are further references that are as right; an answer has none."""

    sentences: tuple[str, ...]
    also: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The sentences, one after another."""
        return " ".join(self.sentences)


_SYSTEM = "You sum up customer service: the issue, what was done and by whom, the outcome, the next step."


def render(asked: ConversationInput) -> tuple[Message, ...]:
    """Ask for the summary; the conversation stands line by line, so that nobody's words can pose as another turn."""
    return (Message(role="system", content=_SYSTEM), Message(role="user", content=_question(asked)))


def ask_teacher(asked: ConversationInput) -> tuple[Message, ...]:
    """Ask a large model the same, with the channel, and without guesses."""
    system = f"{_SYSTEM} Say only what stands in the conversation. Call the people the customer and the agent."
    where = f"A conversation ({asked.channel}):\n" if asked.channel else ""
    return (Message(role="system", content=system), Message(role="user", content=where + _question(asked)))


def _question(asked: ConversationInput) -> str:
    lines = "\n".join(f"{_NAMES[turn.speaker]}: {one_line(turn.text)}" for turn in asked.turns)
    about = f" Speak only about this: {one_line(asked.aspect)}." if asked.aspect else ""
    points = " One point a line." if asked.style == "points" else ""
    return f"{lines}\nSum it up in about {asked.words} words.{points}{about}"


def write(summary: ConversationSummary, asked: ConversationInput) -> str:
    """Write the sentences in the style that is asked for."""
    if asked.style == "points":
        return "\n".join(f"- {sentence}" for sentence in summary.sentences)
    return summary.text


def parse(answer: str, asked: ConversationInput, complete: bool) -> Parsed[ConversationSummary]:
    """Read the complete sentences of an answer.

    Returns:
        One to eight sentences; or None with `empty_answer`, `refused` or `truncated`. Beside sentences, `truncated`
        where the last one does not end and was dropped.
    """
    drafts = parse_sentences(answer, limit=_SENTENCES)
    if isinstance(drafts, Failure):
        return Parsed(None, (drafts,))
    cut = not complete or not re.search(r"[.!?][\"”’')\]]*$", answer.strip())
    failures = (Failure(kind="truncated", detail=answer[-200:]),) if cut else ()
    return Parsed(ConversationSummary(tuple(draft.text for draft in drafts)), failures)


def score(gold: ConversationSummary, said: Parsed[ConversationSummary], asked: ConversationInput) -> dict[str, Ratio]:
    """Score the words by ROUGE against the nearest reference, the length by how near it is, and complete sentences.

    `length` is 1 where the summary has as many words as were asked for, and falls to 0 where it has none or twice as
    many. `complete` says that something was answered and that its last sentence ends.
    """
    text = said.result.text if said.result else ""
    references = (gold.text, *gold.also)
    off = abs(len(text.split()) - asked.words) / asked.words
    whole = said.result is not None and not any(failure.kind == "truncated" for failure in said.failures)
    return {
        "rouge_l": (max(rouge_l(one, text) for one in references), 1),
        "rouge1": (max(rouge1(one, text) for one in references), 1),
        "rouge2": (max(rouge2(one, text) for one in references), 1),
        "length": (max(0.0, 1 - off), 1),
        "complete": (float(whole), 1),
    }


def tidy(reference: str) -> ConversationSummary | None:
    """Read what a person wrote as a summary: gaps closed, sentences begun large and ended; None where it is none.

    >>> tidy("customer cannot log in.Agent asks for the  order number")
    ConversationSummary(sentences=('Customer cannot log in.', 'Agent asks for the order number.'), also=())
    """
    text = re.sub(r"(?<=[a-z])([.!?])(?=[A-Z])", r"\1 ", " ".join(reference.split()))
    text = re.sub(r" (?=[.,!?;:])", "", text)
    text = re.sub(r"([.!?]\s+)([a-z])", lambda found: found[1] + found[2].upper(), text[:1].upper() + text[1:])
    if text and text[-1] not in ".!?":
        text = text.rstrip(",;: ") + "."
    drafts = parse_sentences(text, limit=_SENTENCES)
    return None if isinstance(drafts, Failure) else ConversationSummary(tuple(draft.text for draft in drafts))


def _keep(summary: ConversationSummary, _: ConversationInput) -> Answer:
    return {"sentences": list(summary.sentences)}


def _kept(answer: Answer) -> ConversationSummary:
    sentences = answer["sentences"]
    return ConversationSummary(tuple(map(str, sentences)) if isinstance(sentences, list) else ())


CONVERSATION_SUMMARY: Skill[ConversationInput, ConversationSummary] = Skill(
    name="conversation_summary",
    about="Sums up a conversation with customer service",
    input=ConversationInput,
    result=ConversationSummary,
    render=render,
    parse=parse,
    write=write,
    score=score,
    measures=("rouge_l", "rouge1", "rouge2", "length", "complete"),
    max_tokens=128,
    tags=("summarization", "customer-service"),
    caveat=(
        "Facts: who did what, numbers, names and how it ended may be wrong; a sentence is a draft until `gistill` has "
        "checked it against the turns."
    ),
    teacher=Teacher(
        unit="conversation",
        prepare="gistill.distill.evidence:conversations",
        probe=ConversationInput((Spoken("customer", "Probe."),)),
        ask=ask_teacher,
        keep=_keep,
        kept=_kept,
        field="sentences",
    ),
)
