"""A teacher whose answers are already there: published outputs of a large model, or labels written as answers."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from gistill.files import hash_json
from gistill.lm.seam import Completion, Request, Stop, failed

CHARACTERS_PER_TOKEN = 4  # the usual rule of thumb for English; only for prices of a walk that pays nothing
_STOCK = 20  # letters and digits; a shorter text may stand in a message that is about another
_PLACEHOLDER = re.compile(r"[<\[{(]+[A-Za-z][A-Za-z_]*[ _-]?\d+[>\]})]+")  # what a privacy gate writes


class RecordedModel:
    """Answer a question about a text with what was once answered about that text.

    Which text is meant is found in the last message of the user: it is the text, or holds it, exactly or by letters
    and digits, with redacted parts or without. What is asked about the text is not looked at, so one model holds the
    answers to one question. Tokens are counted as characters by four, rounded up, so that a price list can be applied.

    Args:
        answers: Text -> answer. Of texts with the same letters and digits the first counts.
        name: What the model calls itself, for provenance: say whose answers they are.
        cut: The texts whose answers were cut off; they stop with "length".
    """

    def __init__(self, answers: Mapping[str, str], *, name: str, cut: Collection[str] = ()) -> None:
        self.name = name
        self.hash = hash_json([*answers.items()])
        self._answers, self._cut = dict(answers), frozenset(cut)
        self._texts: dict[str, str] = {}
        for text in answers:
            self._texts.setdefault(_letters(text), text)
        self._texts.pop("", None)

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Answer every request; one about a text that was never answered fails as `no_answer`."""
        return [self._answer(request) for request in requests]

    def _answer(self, request: Request) -> Completion:
        asked = _tokens("".join(message.content for message in request.messages))
        said = next((m.content for m in reversed(request.messages) if m.role == "user"), "")
        text = self._find(said)
        if text is None:
            return failed("no_answer", f"nothing was recorded about {said[:60]!r}", prompt_tokens=asked)
        answer = self._answers[text]
        stop: Stop = "length" if text in self._cut else "end"
        return Completion(text=answer, prompt_tokens=asked, completion_tokens=_tokens(answer), stop=stop)

    def _find(self, said: str) -> str | None:
        if said in self._answers:
            return said
        letters = _letters(said)
        if letters in self._texts:
            return self._texts[letters]
        parts = [_letters(part) for part in _PLACEHOLDER.split(said)]
        if len(parts) > 1 and sum(map(len, parts)) >= _STOCK:
            pattern = re.compile(".*".join(map(re.escape, parts)))
            if found := next((text for print_, text in self._texts.items() if pattern.fullmatch(print_)), None):
                return found
        inside = (print_ for print_ in self._texts if len(print_) >= _STOCK and print_ in letters)
        longest = max(inside, key=len, default=None)
        return None if longest is None else self._texts[longest]


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())


def _tokens(text: str) -> int:
    return -(-len(text) // CHARACTERS_PER_TOKEN)
