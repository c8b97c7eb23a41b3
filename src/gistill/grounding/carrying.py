"""Which quotes carry a sentence: each is left out, and whoever judges is asked again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

Quoted = TypeVar("Quoted")


class Carried(NamedTuple):
    """How a sentence stands on its quotes.

    Attributes:
        whole: How well it stands on all of them, 0 to 1.
        falls: For each quote by how much this falls without it; negative where it stands better without.
        needed: The places of the quotes without which it does not stand any more, the largest fall first.
    """

    whole: float
    falls: tuple[float, ...]
    needed: tuple[int, ...]


def carrying(
    sentence: str, quotes: Sequence[Quoted], judge: Callable[[str, Sequence[Quoted]], float], *, enough: float = 0.5
) -> Carried:
    """Leave out each quote in turn.

    Two quotes that say the same are both not needed, since each stands in for the other: that is no sign that the
    sentence needs neither. The judge is asked once more than there are quotes.

    Args:
        sentence: Of a summary.
        quotes: What it rests on: texts, or whatever else the judge reads.
        judge: The critic, or a rule: a sentence and quotes -> how well it stands on them, 0 to 1.
        enough: From which it stands.

    Raises:
        ValueError: There are no quotes.
    """
    if not quotes:
        raise ValueError("a sentence without quotes is carried by none")
    whole = judge(sentence, quotes)
    left = [judge(sentence, [*quotes[:place], *quotes[place + 1 :]]) for place in range(len(quotes))]
    falls = tuple(whole - value for value in left)
    needed = [place for place, value in enumerate(left) if whole >= enough > value]
    return Carried(whole, falls, tuple(sorted(needed, key=lambda place: (-falls[place], place))))


def share_of_words(sentence: str, quotes: Sequence[str]) -> float:
    """Judge by rule: the share of a sentence's words that need evidence and stand in the quotes, rare ones more.

    1.0 where no word needs evidence.
    """
    from gistill.grounding.faults.evidence import covered
    from gistill.grounding.faults.reading import Reading
    from gistill.schema import Span

    text, texts = "", []
    for quote in quotes:
        texts.append(Span(start=len(text), end=len(text) + len(quote)))
        text += f"{quote}\n"
    source = Reading(text, texts=tuple(texts))
    words = [word for one in Reading(sentence).sentences for word in one.words]
    if not words:
        return 1.0
    share = covered(words, source.sentences, source) if quotes else 0.0
    return 1.0 if share is None else share
