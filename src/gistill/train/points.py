"""Teach an encoder which opinions say alike: `python -m gistill.train.points --data DATA --out FOLDER`.

MiniLM reads the words of an opinion in their sentence (`likeness.window`) and gives a vector; two opinions of a group
say alike where their cosine, scaled and shifted, is above 0. It is fitted to the points that a large language model
made of groups of quotes (`corpora.points`), pair by pair within a group and direction. The names of the points are
quotes too, so that a quote that is alone in its point has one that says the same. Only the upper layers learn: the data
are few, and what the lower ones give is computed once.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from gistill.corpora.points import PointGroup, Said, load, load_more
from gistill.likeness import FORMAT, Window, spoken, window
from gistill.train.reader.export import export_onnx
from gistill.train.term_vectors import base_folder

PIECES = 128  # longest text that is read
AROUND = 6  # words on either side of a lesson: more context than is read later teaches no worse


@dataclass(frozen=True, slots=True)
class Settings:
    """How it is trained.

    Attributes:
        seed: Of the order of the groups and of dropout.
        epochs: Passes over the groups.
        groups: Groups in a step.
        rate: Learning rate of the encoder; it rises over 15 steps and falls to a twentieth.
        frozen: Layers from below that do not learn, like the embeddings.
        dropout: Of the layers that learn.
        contrast: Weight of the second loss, by which a quote should be nearer to its own point than to the others.
        pieces: Longest text of a lesson, in word pieces.
    """

    seed: int = 0
    epochs: int = 3
    groups: int = 8
    rate: float = 2e-4
    frozen: int = 4
    dropout: float = 0.1
    contrast: float = 0.2
    pieces: int = 40


@dataclass(frozen=True, slots=True)
class Lesson:
    """The texts of one group with the points and directions that they are of; equal numbers say alike."""

    texts: tuple[Window, ...]
    point: tuple[int, ...]
    side: tuple[str, ...]


def read_of(said: Said) -> Window:
    """Cut a quote as an opinion is cut."""
    spans = [
        (at, at + len(words)) for words in (said.words, said.aspect) if words and (at := said.sentence.find(words)) >= 0
    ]
    return window(said.sentence, *spans, around=AROUND)


def lesson(group: PointGroup, *, names: bool = True) -> Lesson:
    """Take the quotes of a group, and the names of its points beside them."""
    named = [
        (window(name), number, group.said[members[0]].polarity)
        for number, (name, members) in enumerate(group.points if names else ())
    ]
    quotes = [(read_of(one), label, one.polarity) for one, label in zip(group.said, group.labels, strict=True)]
    texts, point, side = zip(*quotes, *named, strict=True)
    return Lesson(texts, point, side)


class Encoder:
    """A sentence encoder whose lower layers are fixed: what they give for a text is computed once."""

    def __init__(self, base: Path, settings: Settings, known: dict[Window, tuple[torch.Tensor, torch.Tensor]]) -> None:
        from transformers import AutoModel, AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(base)
        self.model = AutoModel.from_pretrained(base, attn_implementation="eager")
        layers = self.model.encoder.layer
        self.lower, self.upper = layers[: settings.frozen], layers[settings.frozen :]
        self.model.eval()
        for module in self.upper.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = settings.dropout
        self.pieces, self._known = settings.pieces, known

    def embed(self, windows: Sequence[Window], *, batch: int = 40) -> torch.Tensor:
        """Give unit vectors, shape (N, D); gradients reach the upper layers."""
        self._remember(windows)
        order = sorted(range(len(windows)), key=lambda i: len(self._known[windows[i]][0]))
        parts = [
            self._upper([self._known[windows[i]] for i in order[start : start + batch]])
            for start in range(0, len(order), batch)
        ]
        back = torch.empty(len(order), dtype=torch.long)
        back[torch.tensor(order)] = torch.arange(len(order))
        return functional.normalize(torch.cat(parts)[back], dim=1)

    @torch.no_grad()
    def _remember(self, windows: Sequence[Window]) -> None:
        new = sorted({one for one in windows if one not in self._known}, key=lambda one: (len(one.text), one))
        for start in range(0, len(new), 64):
            some = new[start : start + 64]
            inputs = self.tokenizer(
                [one.text for one in some],
                padding=True,
                truncation=True,
                max_length=self.pieces,
                return_tensors="pt",
                return_offsets_mapping=True,
            )
            mask, offsets = inputs["attention_mask"], inputs["offset_mapping"].tolist()
            states = _run(self.lower, self.model.embeddings(inputs["input_ids"]), mask)
            for one, state, length, at in zip(some, states, mask.sum(1).tolist(), offsets, strict=True):
                self._known[one] = state[:length].clone(), torch.tensor(spoken(at[:length], one.spans))

    def _upper(self, known: Sequence[tuple[torch.Tensor, torch.Tensor]]) -> torch.Tensor:
        padded = torch.nn.utils.rnn.pad_sequence([states for states, _ in known], batch_first=True)
        words = torch.nn.utils.rnn.pad_sequence([words for _, words in known], batch_first=True)
        mask = torch.nn.utils.rnn.pad_sequence([torch.ones(len(words)) for _, words in known], batch_first=True)
        return _mean(_run(self.upper, padded, mask), words)


def _run(layers: Any, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    hidden = (1 - mask.to(states.dtype))[:, None, None, :] * -1e4
    for layer in layers:
        found = layer(states, hidden)
        states = found[0] if isinstance(found, tuple) else found
    return states


def _mean(states: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
    weight = words[..., None].to(states.dtype)
    return (states * weight).sum(1) / weight.sum(1)


def losses(vectors: torch.Tensor, lessons: Sequence[Lesson], scale: torch.Tensor, shift: torch.Tensor) -> Any:
    """Give the two losses of the texts of some lessons, whose vectors stand one lesson after the other.

    Returns:
        The mean cross-entropy of "these two say alike" over pairs of one lesson and direction; and the mean over texts
        of how far those of their own point are from being all that they are near to.
    """
    where = torch.tensor([n for n, one in enumerate(lessons) for _ in one.texts])
    point = torch.tensor([number for one in lessons for number in one.point])
    sides = {side: n for n, side in enumerate(("positive", "negative", "neutral"))}
    side = torch.tensor([sides[name] for one in lessons for name in one.side])
    paired = (where[:, None] == where) & (side[:, None] == side) & ~torch.eye(len(where), dtype=torch.bool)
    alike = paired & (point[:, None] == point)
    logits = vectors @ vectors.T * scale + shift
    first = functional.binary_cross_entropy_with_logits(logits[paired], alike[paired].float())
    nearness = logits.masked_fill(~paired, -1e9).log_softmax(dim=1)
    some = alike.any(dim=1)
    second = -((nearness * alike).sum(1)[some] / alike.sum(1)[some]).mean()
    return first, second


def train(lessons: Sequence[Lesson], held: Sequence[Lesson], encoder: Encoder, settings: Settings) -> None:
    """Train the upper layers of an encoder; after each epoch say how well it tells pairs of held-out groups apart."""
    torch.manual_seed(settings.seed)
    draw = random.Random(settings.seed)
    scale, shift = torch.nn.Parameter(torch.tensor(8.0)), torch.nn.Parameter(torch.tensor(-4.0))
    learns = list(encoder.upper.parameters())
    optimiser = torch.optim.AdamW(
        [{"params": learns, "lr": settings.rate}, {"params": [scale, shift], "lr": 0.02}], weight_decay=0.01
    )
    each = -(-len(lessons) // settings.groups)
    steps = settings.epochs * each
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min(1.0, (step + 1) / 15) * max(0.05, 1 - step / steps)
    )
    encoder.upper.train()
    for epoch in range(settings.epochs):
        order, total = draw.sample(list(lessons), len(lessons)), 0.0
        for start in range(0, len(order), settings.groups):
            some = order[start : start + settings.groups]
            vectors = encoder.embed([text for one in some for text in one.texts])
            first, second = losses(vectors, some, scale, shift)
            optimiser.zero_grad()
            (first + settings.contrast * second).backward()
            torch.nn.utils.clip_grad_norm_(learns, 1.0)
            optimiser.step()
            schedule.step()
            total += first.item()
        encoder.upper.eval()
        told = area(held, encoder)
        print(f"epoch {epoch + 1} of {settings.epochs}: loss {total / each:.4f}, area {told:.4f}", flush=True)
        encoder.upper.train()
    encoder.upper.eval()


@torch.no_grad()
def area(lessons: Sequence[Lesson], encoder: Encoder) -> float:
    """Give the area under the ROC curve: how often a pair that says alike is nearer than one that does not."""
    alike: list[float] = []
    other: list[float] = []
    for one in lessons:
        vectors = encoder.embed(one.texts)
        near = vectors @ vectors.T
        for i in range(len(one.texts)):
            for j in range(i):
                if one.side[i] == one.side[j]:
                    (alike if one.point[i] == one.point[j] else other).append(float(near[i, j]))
    ranks = torch.tensor(alike + other).argsort().argsort()[: len(alike)].double() + 1
    return float((ranks.sum() - len(alike) * (len(alike) + 1) / 2) / (len(alike) * len(other)))


class _Whole(torch.nn.Module):
    """Word pieces to their states, as it is exported: a vector is the mean of the states of the words that say it."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> Any:
        return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state


def export(encoder: Encoder, folder: Path, *, base: Path, about: dict[str, Any]) -> None:
    """Write `model.onnx` with int8 weights, `tokenizer.json` and `likeness.json` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    inputs = encoder.tokenizer(["great sound", "it broke", "x"], padding=True, return_tensors="pt")
    encoder.model.config._attn_implementation = "sdpa"  # as the reader is exported: one operator instead of ten
    named = {name: inputs[name] for name in ("input_ids", "attention_mask")}
    export_onnx(_Whole(encoder.model), folder, named, ("states",))
    shutil.copyfile(base / "tokenizer.json", folder / "tokenizer.json")
    card = {"format": FORMAT, "pieces": PIECES, **about}
    (folder / "likeness.json").write_text(json.dumps(card, indent=1) + "\n", encoding="utf-8")


def build(data: Path, out: Path, settings: Settings, *, base: Path | None = None, more: Sequence[Path] = ()) -> None:
    """Train an encoder and write its folder; `benchmarks/points.py --choose` adds from which likeness two are one.

    Args:
        data: The data folder; the marks stand beside it.
        out: Where the folder goes.
        settings: How it is trained.
        base: Folder of the encoder; None means the MiniLM of the wheel.
        more: Files of further groups; see `corpora.points.load_more`.
    """
    base = base or base_folder()
    further = [group for path in more for group in load_more(path, folder=data)]
    lessons = [lesson(group) for group in [*load("train", folder=data), *further]]
    held = [lesson(group, names=False) for group in load("dev", folder=data)]
    encoder = Encoder(base, settings, {})
    train(lessons, held, encoder, settings)
    about = {
        "base": "all-MiniLM-L6-v2",
        "groups": len(lessons),
        "settings": asdict(settings),
        "made_with": {"torch": torch.__version__},
    }
    export(encoder, out, base=base, about=about)


def main() -> None:
    """Train and write; see the module."""
    parser = argparse.ArgumentParser(description="Teach an encoder which opinions say alike.")
    parser.add_argument("--data", type=Path, required=True, help="data folder; the marks stand beside it")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--epochs", type=int, default=Settings().epochs)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--more", type=Path, action="append", default=[], help="groups to learn from beside the marked ones"
    )
    given = parser.parse_args()
    build(given.data, given.out, Settings(seed=given.seed, epochs=given.epochs), more=given.more)


if __name__ == "__main__":
    main()
