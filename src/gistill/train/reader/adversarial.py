"""Embedding-adversarial training: each sentence is learnt a second time, shifted to where its loss rises most."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn


@contextmanager
def embeddings_shifted(encoder: nn.Module, by: Tensor | None = None) -> Iterator[list[Tensor]]:
    """Add something to what the encoder's embeddings give, as long as the context lasts.

    Args:
        encoder: A transformers encoder; its `embeddings` give (B, T, H).
        by: What to add, (B, T, H); None adds zeros whose gradient says in which direction the loss rises.

    Yields:
        The list that gets what was added, once the encoder has run.
    """
    added: list[Tensor] = []

    def shift(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
        added.append(torch.zeros_like(output, requires_grad=True) if by is None else by)
        return output + added[-1]

    hook = encoder.get_submodule("embeddings").register_forward_hook(shift)
    try:
        yield added
    finally:
        hook.remove()


def steepest(added: Tensor, length: float) -> Tensor:
    """Return the shift of each sentence's embeddings along which its loss rises most.

    Args:
        added: The zeros that `embeddings_shifted` added, with their gradient, (B, T, H).
        length: Of a sentence's shift, Euclidean, over T and H together. Where the gradient is 0, nothing is shifted.

    Source: Miyato et al., Adversarial Training Methods for Semi-Supervised Text Classification (ICLR 2017), eq. 5.
    """
    if added.grad is None:
        raise ValueError("no gradient yet: call backward() first")
    return length * added.grad / added.grad.flatten(1).norm(dim=1).clamp_min(1e-12)[:, None, None]
