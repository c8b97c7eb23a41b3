"""Train the reader: examples in, network out. On a CPU, deterministic for a seed, a thread count and a precision."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from gistill import files
from gistill.corpora.labelled import Labelled, retokenised
from gistill.errors import ModelBrokenError
from gistill.reader.decode import Candidate
from gistill.reader.units import Units, cut
from gistill.train.reader.adversarial import embeddings_shifted, steepest
from gistill.train.reader.mpnet import look_up_distances
from gistill.train.reader.network import Network, Target, batch_tensors, loss, target

CHECKPOINT_SECONDS = 600.0
SHARED = 4  # characters of one word piece that are told apart; a Chinese word piece rarely has more


@dataclass(frozen=True)
class Settings:
    """How a reader is trained.

    Args:
        epochs: Passes over the examples.
        batch: Sentences per step.
        encoder_rate: Peak learning rate of the encoder.
        head_rate: Peak learning rate of the heads.
        warmup: Share of the steps during which the rate rises; it falls linearly to 0 after.
        weight_decay: AdamW's decoupled decay, not on biases and norms.
        dropout: In the heads, a share.
        weights: Of the tag, pair, polarity and attribute losses, see `network.loss`.
        clip: Largest gradient norm.
        raw_share: Share of sentences shown as a customer types them instead of as the corpus tokenises them.
        train_embeddings: Also move the word-piece embeddings; off, training is a fifth faster and forgets less.
        adversarial: Length of the shift of a sentence's embeddings, along which its loss rises most, with which each
            batch is learnt from a second time; 0 never does. Doubles the time. See `adversarial.steepest`.
        precision: "fp32", or "bf16" where the processor or GPU multiplies bfloat16 natively (twice as fast there).
        seed: Of the heads, the order and the dropout.
    """

    epochs: int = 15
    batch: int = 16
    encoder_rate: float = 1e-4
    head_rate: float = 1e-3
    warmup: float = 0.1
    weight_decay: float = 0.01
    dropout: float = 0.2
    weights: tuple[float, float, float, float] = (0.5, 1.0, 1.0, 0.4)
    clip: float = 1.0
    raw_share: float = 0.0
    train_embeddings: bool = False
    adversarial: float = 0.0
    precision: str = "fp32"
    seed: int = 0


class Prepared(NamedTuple):
    """An example cut into units, with its labels on them, and the same as a customer would type it (or None)."""

    units: Units
    target: Target
    raw: tuple[Units, Target] | None


def load_tokenizer(folder: Path, *, max_pieces: int = 256) -> Any:
    """Load a base's fast tokenizer with truncation at `max_pieces` word pieces and no padding.

    Raises:
        ModelBrokenError: There is none, or it puts no token before the text, which is what NULL stands on.
    """
    from tokenizers import Tokenizer

    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ModelBrokenError(
            f"{path} is missing", hint="Save a fast tokenizer there, as AutoTokenizer's save_pretrained does."
        )
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_pieces)
    if tokenizer.encode("a").special_tokens_mask[:1] != [1]:
        raise ModelBrokenError(f"{path} puts no start token before a text", hint="Take an encoder such as BERT's.")
    return tokenizer


def new_network(folder: Path, settings: Settings, *, characters: bool = False, attributes: bool = False) -> Network:
    """Put untrained heads on a base encoder; `characters` as in `units.cut`, `attributes` as in `Network`."""
    from transformers import AutoModel

    try:
        encoder = AutoModel.from_pretrained(str(folder), add_pooling_layer=False, dtype=torch.float32)
    except TypeError:  # DistilBERT, DeBERTa, ModernBERT and others have none
        encoder = AutoModel.from_pretrained(str(folder), dtype=torch.float32)
    if encoder.config.model_type == "mpnet":
        look_up_distances(encoder)
    torch.manual_seed(settings.seed)
    shared = SHARED if characters else 1
    return Network(
        encoder,
        hidden=encoder.config.hidden_size,
        dropout=settings.dropout,
        shared=shared,
        attributes=attributes,
    )


def prepare(
    examples: Sequence[Labelled], tokenizer: Any, *, raw: bool = False, characters: bool = False
) -> list[Prepared]:
    """Cut examples into units and put their labels on them; `characters` as in `units.cut`."""
    cuts = cut(tokenizer, [example.text for example in examples], characters=characters)
    typed: Sequence[Labelled | None] = [retokenised(example) if raw else None for example in examples]
    raw_texts = [(other or example).text for other, example in zip(typed, examples, strict=True)]
    raw_cuts = cut(tokenizer, raw_texts, characters=characters)
    return [
        Prepared(units, target(example, units), (raw_units, target(other, raw_units)) if other else None)
        for example, units, other, raw_units in zip(examples, cuts, typed, raw_cuts, strict=True)
    ]


def train(
    network: Network,
    prepared: Sequence[Prepared],
    settings: Settings,
    *,
    checkpoints: Path | None = None,
    every: float = CHECKPOINT_SECONDS,
    on_epoch: Callable[[int, float, Network], None] | None = None,
) -> Network:
    """Train in place and return the network.

    Args:
        network: From `new_network`, or a trained one to go on with; on the device to train on.
        prepared: At least one example.
        settings: See `Settings`.
        checkpoints: A folder that gets the whole state after each epoch and every `every` seconds. If it holds one
            already, training goes on from there and ends as if it had never stopped: the order is seeded by epoch, and
            the state of the random numbers is part of the checkpoint.
        every: Seconds between two checkpoints inside a pass.
        on_epoch: Called after each epoch with its number from 1, the mean loss and the network.
    """
    optimiser = _optimiser(network, settings)
    peaks = [group["lr"] for group in optimiser.param_groups]
    per_epoch = -(-len(prepared) // settings.batch)
    done = _load_checkpoint(checkpoints, network, optimiser) if checkpoints else _Done(0, 0, 0.0, None)
    saved = time.monotonic()
    for epoch in range(done.epochs + 1, settings.epochs + 1):
        torch.manual_seed(settings.seed * 1000 + epoch)
        if done.random is not None:
            _set_random_state(network, done.random)
        network.train()
        batches = _batches(prepared, settings, random.Random(settings.seed * 1000 + epoch))
        total = done.loss
        for step in range(done.steps, len(batches)):
            share = _rate((epoch - 1) * per_epoch + step, settings.epochs * per_epoch, settings.warmup)
            for group, peak in zip(optimiser.param_groups, peaks, strict=True):
                group["lr"] = peak * share
            total += _step(network, optimiser, batches[step], settings)
            if checkpoints and time.monotonic() - saved > every and step + 1 < len(batches):
                at = _Done(epoch - 1, step + 1, total, _random_state(network))
                _save_checkpoint(checkpoints, network, optimiser, at)
                saved = time.monotonic()
        done = _Done(epoch, 0, 0.0, None)
        if checkpoints:
            _save_checkpoint(checkpoints, network, optimiser, done)
            saved = time.monotonic()
        if on_epoch:
            on_epoch(epoch, total / len(batches), network)
    return network


def _random_state(network: Network) -> torch.Tensor:
    """Give the state of the random numbers that the network's dropout draws from: its device has its own."""
    device = network.device
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


def _set_random_state(network: Network, state: torch.Tensor) -> None:
    if network.device.type == "cuda":
        torch.cuda.set_rng_state(state, network.device)
    else:
        torch.set_rng_state(state)


class _Done(NamedTuple):
    """How far a training is."""

    epochs: int  # whole ones
    steps: int  # of the next epoch
    loss: float  # summed over these steps
    random: torch.Tensor | None  # state of torch's random numbers; None where the next epoch begins


def _step(
    network: Network, optimiser: torch.optim.Optimizer, batch: Sequence[tuple[Units, Target]], settings: Settings
) -> float:
    """Take one step and return its loss, that of the shifted sentences left out."""
    if settings.adversarial:
        with embeddings_shifted(network.encoder) as added:
            value = _add_gradients(network, batch, settings)
        with embeddings_shifted(network.encoder, steepest(added[0], settings.adversarial)):
            _add_gradients(network, batch, settings)
    else:
        value = _add_gradients(network, batch, settings)
    torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    return value


def _add_gradients(network: Network, batch: Sequence[tuple[Units, Target]], settings: Settings) -> float:
    """Add a batch's gradients to those that are there, and return its loss."""
    with torch.autocast(network.device.type, dtype=torch.bfloat16, enabled=settings.precision == "bf16"):
        outputs = network(**batch_tensors([units for units, _ in batch], network.device))
    value = loss([output.float() for output in outputs], batch, weights=settings.weights)
    value.backward()
    return value.item()


def _rate(step: int, steps: int, warmup: float) -> float:
    """Share of the peak learning rate at a step: up over the warmup, then down to 0 in a straight line."""
    rise = max(1, int(steps * warmup))
    return min((step + 1) / rise, (steps - step) / max(1, steps - rise))


def _save_checkpoint(folder: Path, network: Network, optimiser: torch.optim.Optimizer, done: _Done) -> None:
    """Write weights, optimiser state and progress; the JSON comes last, so a killed write leaves no half checkpoint."""
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    name = f"{done.epochs}-{done.steps}"
    save_weights(network, folder / f"weights-{name}.safetensors")
    moments = {
        f"{index}.{name}": torch.as_tensor(value).contiguous()
        for index, state in optimiser.state_dict()["state"].items()
        for name, value in state.items()
    }
    if done.random is not None:
        moments["random"] = done.random
    save_file(moments, str(folder / f"optimiser-{name}.safetensors"))
    files.write(folder / "checkpoint.json", json.dumps({"epochs": done.epochs, "steps": done.steps, "loss": done.loss}))
    for old in folder.glob("*.safetensors"):
        if old.stem.partition("-")[2] != name:
            old.unlink()


def _load_checkpoint(folder: Path, network: Network, optimiser: torch.optim.Optimizer) -> _Done:
    """Restore what `_save_checkpoint` wrote and return how far it was; nothing done when there is none."""
    from safetensors.torch import load_file

    if not (folder / "checkpoint.json").is_file():
        return _Done(0, 0, 0.0, None)
    at = json.loads((folder / "checkpoint.json").read_text(encoding="utf-8"))
    name = f"{at['epochs']}-{at['steps']}"
    load_weights(network, folder / f"weights-{name}.safetensors")
    moments = load_file(str(folder / f"optimiser-{name}.safetensors"))
    random_state = moments.pop("random", None)
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key_, value in moments.items():
        index, _, field = key_.partition(".")
        state.setdefault(int(index), {})[field] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
    return _Done(at["epochs"], at["steps"], at["loss"], random_state)


def _optimiser(network: Network, settings: Settings) -> torch.optim.Optimizer:
    """AdamW with a rate for the encoder and one for the heads, and no decay on biases and norms."""
    groups: dict[tuple[bool, bool], list[torch.nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        in_encoder = name.startswith("encoder.")
        if in_encoder and "embeddings" in name and not settings.train_embeddings:
            parameter.requires_grad = False
            continue
        groups.setdefault((in_encoder, parameter.ndim > 1), []).append(parameter)
    return torch.optim.AdamW(
        [
            {
                "params": parameters,
                "lr": settings.encoder_rate if in_encoder else settings.head_rate,
                "weight_decay": settings.weight_decay if matrix else 0.0,
            }
            for (in_encoder, matrix), parameters in groups.items()
        ],
        fused=True,
    )


def _batches(
    prepared: Sequence[Prepared], settings: Settings, order: random.Random
) -> list[list[tuple[Units, Target]]]:
    """Shuffle, then sort by length within stretches of 16 batches: random enough, and a third less padding."""
    shown = [p.raw if p.raw and order.random() < settings.raw_share else (p.units, p.target) for p in prepared]
    order.shuffle(shown)
    stretch = settings.batch * 16
    batches = []
    for at in range(0, len(shown), stretch):
        part = sorted(shown[at : at + stretch], key=lambda item: len(item[0].ids))
        batches += [part[i : i + settings.batch] for i in range(0, len(part), settings.batch)]
    order.shuffle(batches)
    return batches


class Inferred(NamedTuple):
    """What the network says of one text; see reader/decode.py."""

    tags: np.ndarray  # (W, 6)
    grid: np.ndarray  # (W, W, 8)
    attributes: np.ndarray | None  # (W, 78), where the network gives them


def infer(network: Network, cuts: Sequence[Units], *, batch: int = 64) -> list[Inferred]:
    """Run the network in fp32, in the order given."""
    network.eval()
    results = [Inferred(np.empty(0), np.empty(0), None)] * len(cuts)
    by_length = sorted(range(len(cuts)), key=lambda i: len(cuts[i].ids))
    with torch.no_grad():
        for at in range(0, len(cuts), batch):
            rows = by_length[at : at + batch]
            outputs = network(**batch_tensors([cuts[i] for i in rows], network.device))
            tags, grid, *rest = (output.cpu().numpy() for output in outputs)
            for row, i in enumerate(rows):
                size = len(cuts[i].first)
                about = rest[0][row, :size] if rest else None
                results[i] = Inferred(tags[row, :size], grid[row, :size, :size], about)
    return results


def gold_keys(example: Target) -> set[tuple[int, ...]]:
    """The labelled triplets of a text on units, as the score compares them."""
    return set(example.polarities)


def key(candidate: Candidate) -> tuple[int, ...]:
    """A candidate in the form of `gold_keys`."""
    return (*candidate.aspect, *candidate.opinion, candidate.polarity)


def save_weights(network: Network, path: Path) -> None:
    """Write the network's weights as safetensors, whole or not at all."""
    from safetensors.torch import save_file

    with files.beside(path) as part:
        save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, str(part))


def load_weights(network: Network, path: Path) -> Network:
    """Read weights that `save_weights` wrote into a network of the same shape."""
    from safetensors.torch import load_file

    network.load_state_dict(load_file(str(path)))
    return network
