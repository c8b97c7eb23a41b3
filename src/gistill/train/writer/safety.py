"""What is looked at before the expensive part: what is learned, and whether memory and disk are large enough."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch

from gistill.errors import GistillError
from gistill.train.writer.encode import Encoded
from gistill.train.writer.loading import WHOLE, precision
from gistill.train.writer.recipe import Recipe
from gistill.train.writer.trainer import LikeLengths, part_of_batch


class Need(NamedTuple):
    """What a training takes at its largest batch, in bytes: an estimate, meant to be too high."""

    weights: int
    optimiser: int  # with gradients and 32-bit copies
    activations: int
    scores: int  # of the vocabulary

    @property
    def total(self) -> int:
        """Sum it up, with what torch itself takes and what is lost between batches of different sizes."""
        return self.weights + self.optimiser + (self.activations + self.scores) * 13 // 10 + 600_000_000


def seconds_needed(model: Any, batches: Sequence[Any], loss: Any, *, half: bool, steps: int) -> float:
    """Estimate how long a training takes, by doing the work of a few of its parts once, without a step.

    Args:
        model: The loaded model; its gradients are empty afterwards.
        batches: Parts of batches as the collator makes them, the first only to warm up; of usual size.
        loss: As `encode.loss_function` makes it.
        half: Compute in bfloat16.
        steps: Parts that the training has.
    """
    device = next(model.parameters()).device
    began = 0.0
    model.train()
    for number, batch in enumerate(batches):
        if number == 1:
            began = time.monotonic()
        given = {name: values.to(device) for name, values in batch.items()}
        labels = given.pop("labels")
        with torch.autocast(device.type, torch.bfloat16, enabled=half):
            loss(model(**given), labels).backward()
        model.zero_grad(set_to_none=True)
    return (time.monotonic() - began) / (len(batches) - 1) * steps


def shown(encoded: Encoded, tokenizer: Any) -> str:
    """Write an example as the model sees it, what is learned between »these marks«."""
    return f"{tokenizer.decode(encoded.prompt)}»{tokenizer.decode(encoded.answer)}«"


def memory_need(recipe: Recipe, config: dict[str, Any], encoded: Sequence[Encoded], model: Any) -> Need:
    """Estimate the memory that a training takes at its largest batch.

    Args:
        recipe: How it is trained.
        config: The model's config.json.
        encoded: What is learned.
        model: The loaded model, whose trained parameters are counted.
    """
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    weights = sum(p.numel() * p.element_size() for p in model.parameters())
    states = {"sgd": 0, "adafactor": 1}.get(recipe.optimiser, 8)
    half = precision(recipe) == "bf16"
    copies = 2 * trained if half and recipe.method in WHOLE else 0
    tokens, learned = _largest_batch(recipe, encoded)
    width = int(config.get("hidden_size") or config.get("d_model") or 0)
    layers = int(config.get("num_hidden_layers") or config.get("num_layers") or 0) + int(
        config.get("num_decoder_layers") or 0
    )
    inner = int(config.get("intermediate_size") or config.get("d_ff") or 4 * width)
    # what backward needs of a layer: its inputs, norms, queries, keys, values, and the widened middle three times
    # (measured with SmolLM2-135M: 46 kB a token and layer for lora in bf16, 27 for full)
    values = (10 * width + 4 * inner) * ((3 if half else 5) + (recipe.method not in WHOLE))
    kept = 1 + (layers * width * 4 / values if recipe.gradient_checkpointing and values else layers - 1)
    vocabulary = int(config.get("vocab_size") or 0)
    return Need(weights, trained * (4 + states) + copies, round(tokens * values * kept), learned * vocabulary * 14)


def _largest_batch(recipe: Recipe, encoded: Sequence[Encoded]) -> tuple[int, int]:
    """Count tokens and kept scores, padding included, of the largest part of a batch in the first pass."""
    part = part_of_batch(recipe)
    order = list(
        LikeLengths(encoded, batch=part * recipe.accumulate, seed=recipe.seed, grouped=recipe.grouping == "length")
    )
    tokens = learned = 0
    for at in range(0, len(order), part):
        batch = [encoded[i] for i in order[at : at + part]]
        tokens = max(tokens, len(batch) * max(len(e.prompt) + len(e.answer) for e in batch))
        learned = max(learned, len(batch) * max(len(e.answer) for e in batch))
    return tokens, learned


def check_memory(recipe: Recipe, need: Need, *, free: int | None = None) -> str:
    """Refuse what does not fit into memory, and name the change that would.

    Args:
        recipe: How it is trained.
        need: As `memory_need` estimates.
        free: Bytes that are free with the model loaded; None asks the machine, and checks nothing where that does not
            say.

    Returns:
        A line about need and room.

    Raises:
        GistillError: It does not fit.
    """
    free = free_memory() if free is None else free
    line = f"memory: about {need.total / 1e9:.1f} GB at the largest batch"
    if free is None:
        return line
    free += need.weights  # the model is loaded already
    line += f", {free / 1e9:.1f} GB are there"
    if need.total <= free:
        return line
    raise GistillError(f"there is too little {line}", hint=fitting(recipe, need, free))


def fitting(recipe: Recipe, need: Need, free: int) -> str:
    """Say which change of a recipe would fit into so many bytes."""
    still = need._replace(activations=0, scores=0).total
    part = recipe.batch // recipe.accumulate
    for parts in (2**n for n in range(1, part.bit_length())):
        if need._replace(activations=need.activations // parts, scores=need.scores // parts).total <= free:
            return f"Set accumulate: {recipe.accumulate * parts} (the same training in smaller parts)."
    if not recipe.gradient_checkpointing and still + need.scores / part + 0.2 * need.activations / part <= free:
        return f"Set accumulate: {recipe.batch} and gradient_checkpointing: true."
    if recipe.method in WHOLE:
        return "Set method: lora, which trains a hundredth of the weights."
    return "Take a smaller model, or shorter texts (max_length)."


def free_memory() -> int | None:
    """Ask how many bytes a training may take: of the GPU where there is one, else of the machine; None if unknown."""
    if torch.cuda.is_available():
        return int(torch.cuda.mem_get_info()[0])
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        return None


def check_disk(recipe: Recipe, model: Any, out: Path, *, free: int | None = None) -> str:
    """Refuse to start what the disk cannot hold: three checkpoints (one being written) and the result.

    Args:
        recipe: How it is trained.
        model: The loaded model, whose trained parameters are counted.
        out: The result's folder.
        free: Bytes; None asks the disk.

    Returns:
        A line about need and room.

    Raises:
        GistillError: It does not fit.
    """
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    saved = trained * 4 if recipe.method not in WHOLE else sum(p.numel() for p in model.parameters()) * 4
    need = 3 * (saved + trained * 8) + saved + 50_000_000
    place = out.absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free if free is None else free
    line = f"disk: about {need / 1e9:.1f} GB for checkpoints and result, {free / 1e9:.1f} GB are free"
    if need > free:
        raise GistillError(
            f"there is too little {line}", hint=f"Free some space on the disk of {place}, or give another --out."
        )
    if not os.access(place, os.W_OK):
        raise GistillError(f"{place} cannot be written", hint="Give another --out.")
    return line
