"""`gistill explain`: which words of a text decided the polarity of its opinions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from gistill.cli import options
from gistill.cli.ending import ending, output

if TYPE_CHECKING:
    from gistill.digest.deciding import Explained, Explanation

LESS_SURE = 0.05  # a fall of the confidence from which a word is told; what is below is in the JSON


def explain(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="One or more sentences, in quotation marks.")],
    reader: options.ReaderPath = None,
    as_json: options.Json = False,
) -> None:
    """Say which words decided the polarity of each opinion: each word is left out, and the reader is asked again."""
    with ending():
        from gistill.digest.deciding import explain as run
        from gistill.reader import load_readers

        found = run(text, reader=load_readers(None if reader is None else str(reader)))
        output(found.model_dump_json(indent=2) if as_json else "\n".join(map(_line, found.opinions)) or _nothing(found))


def _line(one: Explained) -> str:
    opinion = one.opinion
    about = opinion.aspect or opinion.opinion
    named = "" if about is None else f" about {_quoted(about.text)}" if opinion.aspect else f": {_quoted(about.text)}"
    decided = [
        f"{_quoted(left.word.text)} (without it: {left.polarity or 'not found'})"
        for left in one.without
        if left.decides(opinion)
    ]
    less = [(left.fall, left.word.text) for left in one.without if left.fall is not None and left.fall >= LESS_SURE]
    said = f"decided by {', '.join(decided)}" if decided else "no single word decides"
    if less:
        falls = sorted(less, key=lambda pair: -pair[0])
        said += "; less sure without " + ", ".join(f"{_quoted(word)} (by {fall:.2f})" for fall, word in falls)
    return f"{opinion.polarity}{named}: {said}."


def _quoted(words: str) -> str:
    return f"“{' '.join(words.split())}”"


def _nothing(found: Explanation) -> str:
    kinds = Counter(failure.kind for failure in found.failures)
    apart = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
    return f"No opinions were found; skipped: {apart}." if apart else "No opinions were found."
