"""A run without a call: every request goes the way it would go, through the privacy gate, and is only counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from gistill.lm.seam import Completion, Request, failed

_T = TypeVar("_T")


class Estimating(Generic[_T]):
    """Answers the seam with nothing but failures, and keeps what an estimator says of each batch.

    Args:
        estimate: What to ask of each batch, as `RemoteModel.estimate`.
        name: Of the model that would be asked.

    Attributes:
        found: The estimates, one a batch.
    """

    def __init__(self, estimate: Callable[[Sequence[Request]], _T], *, name: str = "") -> None:
        self.name = self.hash = name
        self.found: list[_T] = []
        self._estimate = estimate

    def complete(self, requests: Sequence[Request]) -> list[Completion]:
        """Count the requests, and answer none."""
        self.found.append(self._estimate(requests))
        return [failed("not_asked", "this was an estimate") for _ in requests]
