"""A writer in the reader's place: it is asked for each sentence's opinions, and its words are anchored in the sentence.

A generative model can read too, as the published models do, so that both kinds can be compared on the same file. What
it writes is data: an answer that is not in the grammar, or quotes words that are not there, is a failure by name.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gistill.errors import ModelMissingError
from gistill.schema import Failure, OpinionTuple, SentimentTask
from gistill.skills.opinions import OpinionsInput, anchor, parse, render

if TYPE_CHECKING:
    from gistill.lm import LanguageModel
    from gistill.reader import Reading

TASK: SentimentTask = "aste"  # aspect, opinion and polarity: what a Reading holds
MAX_TOKENS = 192  # of an answer; about fifteen opinions
CHUNK_SENTENCES = 128  # a writer is slow: what a kill can lose stays within seconds


class WriterReader:
    """A writer that reads sentences as a reader does; see `digest.extract.SentenceReader`.

    Args:
        writer: Trained for the skill "opinions". It should keep nothing from one call to the next (`load_writer` with
            `prefix_cache=False`), so that a run that goes on after a kill ends with the same bytes.
        precision: Share of its opinions that were right on held-out texts. A writer has no confidence of its own, so
            this is the one confidence of all its opinions: true on average, and silent about the single one. None
            where it was not measured; `gistill export --check` on a marked set measures it.
    """

    def __init__(self, writer: LanguageModel, *, precision: float | None = None) -> None:
        self.name, self.hash = writer.name, writer.hash[:16]
        self._writer, self._precision = writer, precision

    def read(self, sentences: Sequence[str]) -> list[list[Reading | Failure]]:
        """Answer each sentence with its opinions, and with a failure for every line that is none."""
        from gistill.lm import Request

        asked = [OpinionsInput(" ".join(sentence.split()), TASK) for sentence in sentences]
        full = [place for place, one in enumerate(asked) if one.text]
        answers = self._writer.complete(
            [Request(messages=render(asked[place]), max_tokens=MAX_TOKENS) for place in full]
        )
        found: list[list[Reading | Failure]] = [[] for _ in sentences]
        for place, answer in zip(full, answers, strict=True):
            if answer.failure is not None:
                found[place].append(answer.failure)
                continue
            read = parse(answer.text, asked[place], complete=answer.stop == "end")
            found[place] += self._anchored(read.tuples, asked[place].text, sentences[place])
            found[place] += read.failures
        return found

    def _anchored(self, tuples: Sequence[OpinionTuple], text: str, sentence: str) -> Iterator[Reading]:
        """Place words in the sentence; the writer saw it with every stretch of white space as one space."""
        from gistill.reader import Reading

        places = list(_places(sentence))
        for one in tuples:
            aspect, opinion = (
                None if span is None else (places[span[0]], places[span[1] - 1] + 1) for span in anchor(one, text)
            )
            yield Reading(aspect, opinion, one.polarity or "neutral", self._precision)


def _places(sentence: str) -> Iterator[int]:
    """Say where each character of the sentence stood before its white space was collapsed."""
    at = 0
    for number, word in enumerate(sentence.split()):
        if number:
            yield at  # the first of the white space
        at = sentence.index(word, at)
        yield from range(at, at + len(word))
        at += len(word)


def load_writer_reader(path: str | None = None, *, threads: int | None = None) -> WriterReader:
    """Load a writer to read with.

    Args:
        path: See `load_writer`; None is the opinions adapter of the package.
        threads: CPU threads; None leaves it to the engine.

    Raises:
        ModelMissingError: There is no such writer, or the package has no adapter.
        ModelBrokenError: It does not load.
    """
    from gistill.lm import find_writer, load_writer

    found = find_writer(path or "opinions")
    if found is None and path is None:
        raise ModelMissingError(
            "No writer that reads opinions comes with this gistill.",
            hint="Train one with `gistill finetune writer`, and name its folder: --model writer:FOLDER.",
        )
    writer = load_writer(path or "opinions", threads=threads, prefix_cache=False)
    return WriterReader(writer, precision=held_out_precision(found.path) if found else None)


def held_out_precision(folder: Path) -> float | None:
    """Read from a writer's `gistill.json` how often its opinions were right on held-out texts; None if it is unsaid."""
    try:
        value = json.loads((folder / "gistill.json").read_text("utf-8"))["held_out"][TASK]["precision"]
        return float(value) if 0 <= value <= 1 else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
