"""A run folder: begun, trained into, found again after a kill, and finished with what is known of the result."""

from __future__ import annotations

import json
import math
import os
import platform
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from gistill import files, offline, runs
from gistill.errors import GistillError, InputError
from gistill.lm.engines.torch_model import end_where_taught
from gistill.runs import MANIFEST, Run
from gistill.schema import TrainingExample
from gistill.train.writer import adalora
from gistill.train.writer.card import write_card
from gistill.train.writer.encode import Encoded
from gistill.train.writer.examples import Examples
from gistill.train.writer.loading import disk_full, out_of_memory, precision
from gistill.train.writer.recipe import Recipe, as_yaml
from gistill.train.writer.selection import measure
from gistill.train.writer.trainer import Tell

_SHOWN = 3  # sets named in a line; gistill.json has all of them
_FORMERLY = "of.json"  # what a training's manifest was called


def run(
    recipe: Recipe, about: dict[str, Any], build: Callable[[Path], Any], tokenizer: Any, *, out: Path, say: Tell
) -> dict[str, Any]:
    """Train with a trainer, from the last whole checkpoint where there is one, and write the result's folder.

    Args:
        recipe: What is trained.
        about: What `describe` says.
        build: Makes the trainer for a folder of checkpoints.
        tokenizer: Goes beside the weights.
        out: The result's folder.
        say: Called with a line about what goes on.

    Returns:
        `about`, with what the training came to.
    """
    from accelerate import PartialState  # type: ignore[import-untyped,unused-ignore]

    with PartialState(cpu=not torch.cuda.is_available()).main_process_first():  # of several, one tidies up
        begin(out, recipe, about, say=say)
        checkpoint = last_whole(out / "training", adalora.is_whole if recipe.method == "adalora" else None)
    trainer = build(out / "training")
    if checkpoint:
        say(f"continuing from {checkpoint.name}")
    began = time.monotonic()
    try:
        if checkpoint and was_the_last(checkpoint):
            restore(trainer, checkpoint)
        else:
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        about["training"] = {
            "steps": trainer.state.global_step,
            "last_loss": next((line["loss"] for line in reversed(trainer.state.log_history) if "loss" in line), None),
            "seconds": round(time.monotonic() - began),
            "best_step": trainer.state.best_global_step,
        }
        if trainer.is_world_process_zero():
            trained = trainer.accelerator.unwrap_model(trainer.model)
            end_where_taught(trained, tokenizer)
            trained.save_pretrained(out)
            tokenizer.save_pretrained(out)
            finish(out, about, trainer.state)
    except Exception as error:  # each library has an error of its own for a full memory or disk
        if out_of_memory(error):
            raise GistillError(
                "there is not enough memory for this training",
                hint=f"Set accumulate: {2 * recipe.accumulate}, or a smaller batch.",
            ) from error
        if disk_full(error):
            raise GistillError(
                f"the disk of {out} is full",
                hint="Free some space and run the same command again: it continues from the last checkpoint.",
            ) from error
        raise
    return about


def quiet() -> None:
    """Switch off everything that calls home or draws over our lines; must run before the heavy imports."""
    offline.hugging_face()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def speaker(tell: Tell | None) -> Tell:
    """Choose who speaks: of several processes the first."""
    return tell if tell and os.environ.get("RANK", "0") == "0" else lambda line: None


def report_data(about: dict[str, Any], found: Examples, say: Tell) -> None:
    """Say what will be learned and what was taken out."""
    say(
        f"{about['learned']:,} examples with {about['tokens']:,} tokens, {about['learned_tokens']:,} of them in "
        f"answers; {about['steps']:,} steps"
    )
    if about["scored_by"]:
        say(f"the score on dev is: {about['scored_by']}")
    for name, count in found.leaked.items():
        if count:
            say(f"{count} of {name} left out: they are in a test or development set")
    if found.unchecked:
        more = len(found.unchecked) - _SHOWN
        named = ", ".join(found.unchecked[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
        say(f"not in the data folder, so not checked for leaks: {named}")
    if about["cut_answers"]:
        say(f"{about['cut_answers']} answers are longer than max_length and were cut")


def last_whole(folder: Path, complete: Callable[[Path], bool] | None = None) -> Path | None:
    """Find the newest checkpoint that was written to its end, and remove what a kill left half-written."""
    numbered = [p for p in folder.glob("checkpoint-*") if p.name.rpartition("-")[2].isdigit()]
    for path in sorted(numbered, key=lambda p: int(p.name.rpartition("-")[2]), reverse=True):
        try:
            json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
            if complete is None or complete(path):
                return path
        except (OSError, ValueError):
            pass
        shutil.rmtree(path, ignore_errors=True)
    return None


def was_the_last(checkpoint: Path) -> bool:
    """Say whether a training was through when it wrote a checkpoint; the Trainer would do one more step from there."""
    state = json.loads((checkpoint / "trainer_state.json").read_text(encoding="utf-8"))
    control = state.get("stateful_callbacks", {}).get("TrainerControl", {}).get("args", {})
    return bool(control.get("should_training_stop")) or 0 < state.get("max_steps", 0) <= state.get("global_step", 0)


def restore(trainer: Any, checkpoint: Path) -> None:
    """Put a trainer where it was at the end of its training, with the best weights where the best are kept."""
    from transformers import TrainerState

    trainer.state = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    trainer._load_from_checkpoint(str(checkpoint))
    if trainer.args.load_best_model_at_end and trainer.state.best_model_checkpoint:
        trainer._load_best_model()


def check_folder(out: Path) -> None:
    """Refuse a place where a run cannot be, or where `begin` would remove what no run wrote.

    Raises:
        InputError: It is a file, or has a training/ folder that is not a run's, or another version's.
    """
    folder = out / "training"
    if (out.exists() and not out.is_dir()) or (folder.exists() and not folder.is_dir()):
        raise InputError("is a file", file=str(out if not out.is_dir() else folder), hint="Name a folder with -o.")
    runs.load(folder / MANIFEST, Run[None], formerly=_FORMERLY)
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise InputError("was not written by a training", file=str(folder), hint="Name another folder with -o.")


def begin(out: Path, recipe: Recipe, about: dict[str, Any], *, say: Tell) -> None:
    """Prepare the run folder; what another recipe or other data left in training/ is removed."""
    folder = out / "training"
    folder.mkdir(parents=True, exist_ok=True)
    # what decides the weights, without defaults, so that a later version with more fields goes on too
    decides = recipe.model_dump(mode="json", exclude_defaults=True, exclude={"name", "report_to", "log_every"})
    fresh = Run[None](made_from={"recipe": decides, "training data": about["data_hash"]}, far=None)
    if runs.resume(folder / MANIFEST, fresh, what=str(out), say=say, formerly=_FORMERLY) is None:
        for old in (old for old in folder.iterdir() if old.name != MANIFEST):  # it goes last, as it says whose they are
            shutil.rmtree(old) if old.is_dir() else old.unlink()
    runs.save(folder / MANIFEST, fresh)
    files.write(out / "recipe.yaml", as_yaml(recipe))


def finish(out: Path, about: dict[str, Any], state: Any) -> None:
    """Write what is known of the result: gistill.json, scores.json where dev was scored, and the card."""
    files.write(out / "gistill.json", json.dumps(about, indent=2, ensure_ascii=False))
    scored = [line for line in state.log_history if "eval_score" in line]
    if scored:
        best = max(scored, key=lambda line: line["eval_score"])
        sets = ", ".join(named["set"] for named in about["recipe"]["dev"])
        row = {
            "test": f"dev ({sets})",
            "measure": about["scored_by"],
            "value": best["eval_score"],
            "low": None,
            "high": None,
        }
        files.write(out / "scores.json", json.dumps([row], indent=2))
    write_card(out)
    manifest = out / "training" / MANIFEST
    if (run := runs.load(manifest, Run[None])) is not None:
        runs.save(manifest, run.model_copy(update={"whole": True}))


def describe(recipe: Recipe, found: Examples, encoded: Sequence[Encoded]) -> dict[str, Any]:
    """Say how the writer is made, without its training."""
    learned = "".join(repr((example.messages, example.answer)) for example in found.train)
    return {
        "name": recipe.name,
        "base": recipe.model,
        "recipe": recipe.model_dump(mode="json"),
        "seed": recipe.seed,
        "skills": _skills(found.train),
        "scored_by": measure(found.dev) if found.dev else None,
        "examples": dict(sorted(Counter(example.source for example in found.train).items())),
        "left_out_as_leaks": found.leaked,
        "not_checked_for_leaks": list(found.unchecked),
        "learned": len(encoded),
        "tokens": sum(len(e.prompt) + len(e.answer) for e in encoded),
        "learned_tokens": sum(len(e.answer) for e in encoded),
        "cut_answers": sum(e.cut for e in encoded),
        "steps": steps(recipe, len(encoded)),
        "precision": precision(recipe),
        "data_hash": files.hash_text(learned)[:16],
        "made_with": _versions(),
    }


def _skills(examples: Sequence[TrainingExample]) -> dict[str, list[str]]:
    """Name the skills that are learned, each with its tasks; none where a skill is one task."""
    found: dict[str, set[str]] = {}
    for example in examples:
        if example.skill:
            task = getattr(example.asked, "task", None)
            found.setdefault(example.skill, set()).update([task] if task else [])
    return {name: sorted(tasks) for name, tasks in sorted(found.items())}


def steps(recipe: Recipe, examples: int) -> int:
    """Count the optimiser steps of a training, as the Trainer does."""
    return recipe.steps or math.ceil(recipe.epochs * math.ceil(examples / recipe.batch))


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    found = {"python": platform.python_version()}
    for package in ("gistill", "torch", "transformers", "peft", "trl"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
