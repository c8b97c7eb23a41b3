"""How far annotating is, by the answer: a batch of a slow server may take an hour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gistill.teacher.remote import RemoteModel


class AnswerProgress:
    """Shows each answer of the teachers as it comes, between the batches that annotating tells of by calling this.

    Args:
        show: A `Display`, or whatever is called alike; also from the teachers' threads.
        remotes: The teachers, in the order in which they are asked. Each tells its answers here from now on.
        samples: Answers of each teacher about each text.
    """

    def __init__(
        self, show: Callable[[str, int, int | None], None], remotes: Sequence[RemoteModel], samples: int
    ) -> None:
        self._show = show
        self._a_text = len(remotes) * samples
        self._step, self._base, self._shown = "annotate", 0, 0
        self._total: int | None = None
        for place, remote in enumerate(remotes):
            remote.progress = partial(self._answered, place)

    def __call__(self, step: str, done: int, total: int | None) -> None:
        """Show that `done` texts are done, and count on from there."""
        self._step, self._base, self._shown, self._total = step, done, done, total
        self._show(step, done, total)

    def _answered(self, place: int, answers: int, asked: int) -> None:
        """Count a teacher's answers; fewer than before are second questions about what could not be read."""
        self._shown = max(self._shown, self._base + (place * asked + answers) // self._a_text)
        self._show(self._step, self._shown, self._total)
