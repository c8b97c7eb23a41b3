"""Adversarial training shifts a sentence where the arithmetic says, and nowhere else."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="needs the extra: train")

from torch import nn  # noqa: E402

from gistill.train.reader.adversarial import embeddings_shifted, steepest  # noqa: E402


class Squares(nn.Module):
    """Embeddings of two numbers per piece that are frozen, and the sum of their weighted squares."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = nn.Embedding.from_pretrained(torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 2.0]]))
        self.weight = nn.Parameter(torch.tensor(0.5))

    def forward(self, pieces: torch.Tensor) -> torch.Tensor:
        return self.weight * (self.embeddings(pieces) ** 2).sum((1, 2))


PIECES = torch.tensor([[1, 2], [0, 0]])


def test_a_sentence_is_shifted_where_its_loss_rises_most() -> None:
    """The gradient of 0.5 x² is x: (3, 0) and (0, 2) in the first sentence, √13 long; none in the second."""
    network = Squares()
    with embeddings_shifted(network) as added:
        network(PIECES).sum().backward()
    shift = steepest(added[0], 2.0)
    assert torch.allclose(shift[0], torch.tensor([[6.0, 0.0], [0.0, 4.0]]) / 13**0.5)
    assert not shift[1].any()
    with embeddings_shifted(network, shift):
        first, second = network(PIECES).tolist()
    assert first == pytest.approx(0.5 * (13**0.5 + 2) ** 2)  # a longer arrow in its own direction
    assert second == 0.0


def test_a_shift_ends_with_its_context_even_when_that_breaks() -> None:
    network = Squares()
    before = network(PIECES).tolist()
    with embeddings_shifted(network, torch.ones(2, 2, 2)):
        assert network(PIECES).tolist() != before
    assert network(PIECES).tolist() == before
    with pytest.raises(IndexError), embeddings_shifted(network, torch.ones(2, 2, 2)):
        network(torch.tensor([[9, 9]]))  # no such piece
    assert network(PIECES).tolist() == before


def test_without_a_gradient_there_is_no_direction() -> None:
    with pytest.raises(ValueError, match="backward"):
        steepest(torch.zeros(1, 2, 2), 1.0)
