"""`gistill finetune writer`: a recipe in, a fine-tuned writer's folder out; killed, it goes on where it was."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gistill.runs import working_in
from gistill.train.writer.encode import Encoded, encode_all, loss_function
from gistill.train.writer.examples import load_examples
from gistill.train.writer.loading import find_base, load_model, load_tokenizer, precision
from gistill.train.writer.preference import finetune_preference
from gistill.train.writer.recipe import Recipe
from gistill.train.writer.running import check_folder, describe, quiet, report_data, run, speaker
from gistill.train.writer.safety import check_disk, check_memory, memory_need, seconds_needed, shown
from gistill.train.writer.selection import judge
from gistill.train.writer.trainer import Tell, arguments, collator, make_trainer, part_of_batch


def finetune_writer(
    recipe: Recipe, *, out: Path, data: Path | None, dry_run: bool = False, tell: Tell | None = None
) -> dict[str, Any]:
    """Train a writer and write its folder; called again after a kill, it goes on from the last whole checkpoint.

    Everything that can be wrong with a recipe is found before the model is loaded; what memory and disk cannot hold,
    before the first step.

    Args:
        recipe: What to train on and how.
        out: The result's folder: an adapter in PEFT's form or a whole model, with recipe.yaml, gistill.json, README.md
            (the card), scores.json where `recipe.dev` was scored, and training/ (checkpoints, log.jsonl, tensorboard/).
        data: The folder of public data; None where the recipe names only files.
        dry_run: Load and check everything, time one batch, and write nothing.
        tell: Called with a line about what goes on.

    Returns:
        What gistill.json says.

    Raises:
        InputError: A set cannot be read, or has nothing to learn, or `out` is not a run's folder, or in use.
        SettingError: A field does not fit the model, the machine or another field.
        ModelMissingError: There is no such base model.
        ModelBrokenError: The base model does not load.
        ExtraMissingError: A package is missing.
        GistillError: Memory or disk is too small.
    """
    quiet()
    check_folder(out)
    with warnings.catch_warnings():  # what the libraries tell one another, at every checkpoint anew
        warnings.filterwarnings("ignore", module=r"(accelerate|peft|torch|transformers|trl)\b")
        if dry_run or os.environ.get("RANK", "0") != "0":  # of several processes the first holds the folder
            return _train(recipe, out, data, dry_run, tell)
        with working_in(out):
            return _train(recipe, out, data, dry_run, tell)


def _train(recipe: Recipe, out: Path, data: Path | None, dry_run: bool, tell: Tell | None) -> dict[str, Any]:
    if recipe.objective == "sft":
        return _finetune(recipe, out, data, dry_run, speaker(tell))
    return finetune_preference(recipe, out=out, data=data, dry_run=dry_run, tell=tell)


def _finetune(recipe: Recipe, out: Path, data: Path | None, dry_run: bool, say: Tell) -> dict[str, Any]:
    base, config = find_base(recipe)
    arguments(recipe, out, judged=bool(recipe.dev))  # what is wrong in it should be said before anything is loaded
    found = load_examples(recipe, folder=data)
    tokenizer = load_tokenizer(base)
    encoded = encode_all(
        found.train,
        tokenizer,
        encoder_decoder=bool(config.get("is_encoder_decoder")),
        max_length=recipe.max_length,
    )
    about = describe(recipe, found, encoded)
    report_data(about, found, say)
    say(shown(encoded[0], tokenizer))
    model = load_model(recipe, base, steps=about["steps"])
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    say(f"{trained:,} of {sum(p.numel() for p in model.parameters()):,} weights are trained, {precision(recipe)}")
    say(check_memory(recipe, memory_need(recipe, config, encoded, model)))
    say(check_disk(recipe, model, out))
    if dry_run:
        say(_estimate(model, tokenizer, encoded, recipe, about["steps"]))
        return about
    scorer = judge(tokenizer, found.dev, max_new_tokens=recipe.max_new_tokens) if found.dev else None

    def build(folder: Path) -> Any:
        return make_trainer(model, tokenizer, encoded, recipe, folder, say=say, judge=scorer)

    return run(recipe, about, build, tokenizer, out=out, say=say)


def _estimate(model: Any, tokenizer: Any, encoded: Sequence[Encoded], recipe: Recipe, steps: int) -> str:
    """Say how long it will take on this machine as it is now."""
    part, collate = part_of_batch(recipe), collator(model, tokenizer, recipe)
    usual = sorted(encoded, key=lambda e: len(e.prompt) + len(e.answer))[len(encoded) // 2 :][:part]
    seconds = seconds_needed(
        model,
        [collate(usual)] * 3,
        loss_function(recipe.label_smoothing),
        half=precision(recipe) == "bf16",
        steps=steps * recipe.accumulate,
    )
    return f"time: about {seconds / 60:.0f} min for {steps:,} steps, by three batches of usual length"
