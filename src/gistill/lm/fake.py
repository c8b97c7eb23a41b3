"""A language model whose answers are written beforehand: for tests, demonstrations and dry runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from gistill.lm.seam import Completion, Request, failed
from gistill.schema import Failure

Answer = str | Failure | Completion


class ScriptedModel:
    """Answer from a queue or a function, and remember what was asked.

    Args:
        answers: The answers in the order of the requests, or a function from a request to its answer. A string is
            a finished answer, a `Failure` a failed one, a `Completion` stands as it is.
        name: What the model calls itself.

    Attributes:
        calls: Each `complete` call's requests, so that a test can see what was batched together.
    """

    def __init__(self, answers: Iterable[Answer] | Callable[[Request], Answer], *, name: str = "scripted") -> None:
        self.name = name
        self.hash = f"scripted:{name}"
        self.calls: list[list[Request]] = []
        self._function = answers if callable(answers) else None
        self._queue = iter(()) if callable(answers) else iter(answers)

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Answer every request; when the queue has run dry the rest fail as `no_answer`."""
        self.calls.append(list(requests))
        return [self._answer(request) for request in requests]

    def _answer(self, request: Request) -> Completion:
        answer = self._function(request) if self._function else next(self._queue, None)
        if answer is None:
            return failed("no_answer", "the script has no more answers")
        if isinstance(answer, Completion):
            return answer
        asked = sum(len(message.content.split()) for message in request.messages)
        if isinstance(answer, Failure):
            return failed(answer.kind, answer.detail, prompt_tokens=asked)
        return Completion(text=answer, prompt_tokens=asked, completion_tokens=len(answer.split()), stop="end")
