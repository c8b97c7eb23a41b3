"""The Trainer as writers need it: batches of like length, losses in a file, and scores of what the model writes."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from gistill import files
from gistill.errors import ExtraMissingError, SettingError
from gistill.train.writer.encode import Encoded, collate_causal, collate_packed, collate_pairs, loss_function
from gistill.train.writer.loading import precision, takes
from gistill.train.writer.recipe import Recipe

Tell = Callable[[str], None]
Judge = Callable[[Any], dict[str, float]]  # of a model in training: its scores, the one that decides under "score"


def arguments(recipe: Recipe, folder: Path, *, judged: bool) -> dict[str, Any]:
    """Write a recipe in the Trainer's words; the trainers of TRL understand the same."""
    every = recipe.evaluate_every or recipe.save_every
    if judged and recipe.save_every % every:
        raise SettingError(
            f"save_every ({recipe.save_every}) must be a multiple of evaluate_every ({every})",
            hint="The best checkpoint can only be kept where one is written.",
        )
    from transformers.training_args import OptimizerNames

    known = [name.value for name in OptimizerNames]
    if recipe.optimiser not in known:
        raise SettingError(f"the Trainer has no optimiser {recipe.optimiser!r}", hint=f"One of: {', '.join(known)}.")
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if recipe.batch % (recipe.accumulate * processes):
        raise SettingError(f"batch ({recipe.batch}) must be a multiple of accumulate by processes")
    if recipe.patience and not judged:
        raise SettingError("patience needs dev: the sets to score on")
    selection = {
        "eval_strategy": "steps",
        "eval_steps": every,
        "load_best_model_at_end": True,
        "metric_for_best_model": "score",
        "greater_is_better": True,
    }
    return {
        "output_dir": str(folder),
        "per_device_train_batch_size": part_of_batch(recipe),
        "gradient_accumulation_steps": recipe.accumulate,
        "num_train_epochs": recipe.epochs,
        "max_steps": recipe.steps or -1,
        "learning_rate": recipe.rate,
        "lr_scheduler_type": "constant_with_warmup" if recipe.schedule == "constant" else recipe.schedule,
        "warmup_steps": recipe.warmup,
        "optim": recipe.optimiser,
        "weight_decay": recipe.weight_decay,
        "max_grad_norm": recipe.clip,
        "bf16": precision(recipe) == "bf16",
        "use_cpu": not torch.cuda.is_available(),
        "gradient_checkpointing": recipe.gradient_checkpointing,
        "save_steps": recipe.save_every,
        "save_total_limit": 2,
        "logging_steps": recipe.log_every,
        "report_to": trackers(recipe),
        "disable_tqdm": True,
        "seed": recipe.seed,
        "restore_callback_states_from_checkpoint": True,
        **(selection if judged else {}),
    }


def part_of_batch(recipe: Recipe) -> int:
    """Say how many examples a process has in memory at a time."""
    return max(1, recipe.batch // recipe.accumulate // int(os.environ.get("WORLD_SIZE", "1")))


def trackers(recipe: Recipe) -> list[str]:
    """Give the trackers that the Trainer shall start by itself: all but TensorBoard, which gets a folder of ours.

    Raises:
        SettingError: The Trainer knows no such tracker.
        ExtraMissingError: Its package is not installed.
    """
    from transformers.integrations.integration_utils import (
        INTEGRATION_TO_CALLBACK,
        get_available_reporting_integrations,
    )

    for name in recipe.report_to:
        if name not in INTEGRATION_TO_CALLBACK:
            known = ", ".join(sorted(INTEGRATION_TO_CALLBACK))
            raise SettingError(f"report_to names no tracker {name!r}", hint=f"One of: {known}; or [] for none.")
        if name not in get_available_reporting_integrations():
            raise ExtraMissingError(f"the tracker {name} is not installed", hint=f"Run: pip install {name}")
    return [name for name in recipe.report_to if name != "tensorboard"]


def make_trainer(
    model: Any,
    tokenizer: Any,
    encoded: Sequence[Encoded],
    recipe: Recipe,
    folder: Path,
    *,
    say: Tell,
    judge: Judge | None,
) -> Any:
    """Put model, data and recipe into transformers' Trainer.

    Args:
        model: As `loading.load_model` gives it.
        tokenizer: Its tokenizer.
        encoded: What to learn.
        recipe: How.
        folder: For checkpoints, log and TensorBoard.
        say: Called with a line about what goes on.
        judge: Scores the model while it is trained; None where nothing is to be chosen.
    """
    from transformers import PrinterCallback, Seq2SeqTrainer, Seq2SeqTrainingArguments

    class Trainer(judged(Seq2SeqTrainer, judge)):  # type: ignore[misc]
        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            size = part_of_batch(recipe) * recipe.accumulate
            return LikeLengths(encoded, batch=size, seed=recipe.seed, grouped=recipe.grouping == "length")

        def compute_loss(self, model: Any, inputs: Any, **settings: Any) -> Any:
            loss = super().compute_loss(model, inputs, **settings)
            return loss + _unorthogonal(model) / recipe.accumulate if recipe.method == "adalora" else loss

        def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
            if recipe.method != "adalora":
                super()._load_from_checkpoint(resume_from_checkpoint, model)
                return
            from gistill.train.writer.adalora import restore

            restore(self.model, Path(resume_from_checkpoint))

    settings = arguments(recipe, folder, judged=judge is not None)
    trainer = Trainer(
        model=model,
        args=Seq2SeqTrainingArguments(**settings, remove_unused_columns=False, label_names=["labels"]),
        train_dataset=list(encoded),
        eval_dataset=[0] if judge else None,  # what is scored is the judge's affair
        data_collator=collator(model, tokenizer, recipe),
        compute_loss_func=loss_function(recipe.label_smoothing),
        callbacks=callbacks(recipe, folder, say, judge),
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def judged(kind: Any, judge: Judge | None) -> Any:
    """Make a kind of Trainer whose evaluation is the judge's and not a loss."""

    class Judged(kind):  # type: ignore[misc]
        control: Any

        def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
            scores = {f"eval_{name}": value for name, value in judge(self.model).items()} if judge else {}
            self.log(scores)
            self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, scores)
            return scores

    return Judged


def callbacks(recipe: Recipe, folder: Path, say: Tell, judge: Judge | None) -> list[Any]:
    """Make what looks on while it trains: the log, TensorBoard, early stopping, and what adalora needs."""
    made = [logger(folder / "log.jsonl", say)]
    if recipe.patience:
        from transformers import EarlyStoppingCallback

        made.append(EarlyStoppingCallback(recipe.patience))
    if "tensorboard" in recipe.report_to:
        from torch.utils.tensorboard import SummaryWriter
        from transformers.integrations.integration_utils import TensorBoardCallback

        made.append(TensorBoardCallback(SummaryWriter(log_dir=str(folder / "tensorboard"))))
    if recipe.method == "adalora":
        from gistill.train.writer.adalora import allocator

        made.append(allocator())
    return made


def _unorthogonal(model: Any) -> Any:
    """Say how far adalora's triplets are from singular vectors; PEFT adds this only to a loss of the model's own."""
    weight = model.peft_config["default"].orth_reg_weight
    far = []
    for name, values in model.named_parameters():
        if "lora_A" in name or "lora_B" in name:
            product = values @ values.T if "lora_A" in name else values.T @ values
            far.append(torch.linalg.matrix_norm(product - torch.eye(len(product), device=values.device)))
    return weight * torch.stack(far).mean()


def collator(model: Any, tokenizer: Any, recipe: Recipe) -> Callable[[Sequence[Encoded]], dict[str, Any]]:
    """Choose how examples are batched for a model."""
    pad = tokenizer.pad_token_id
    if model.config.is_encoder_decoder:
        return collate_pairs(pad, model.config.decoder_start_token_id)
    if not takes(model, "logits_to_keep"):
        raise SettingError(f"{type(model).__name__} cannot leave out scores (it takes no logits_to_keep)")
    virtual = recipe.method in ("prefix", "prompt")  # these count their own tokens before ours
    if recipe.grouping == "packing":
        return collate_packed
    return collate_causal(pad, positions=takes(model, "position_ids") and not virtual)


class LikeLengths(torch.utils.data.Sampler[int]):
    """An order in which neighbours have like lengths, decided by seed and epoch alone, so that resuming repeats it.

    Args:
        encoded: The examples.
        batch: Examples in one optimiser step.
        seed: Of the order.
        grouped: False leaves the order to the seed alone.
    """

    def __init__(self, encoded: Sequence[Encoded], *, batch: int, seed: int, grouped: bool = True) -> None:
        self._lengths = [(len(e.prompt) + len(e.answer), len(e.answer)) for e in encoded]
        self._batch, self._seed, self._epoch, self._grouped = batch, seed, 0, grouped

    def set_epoch(self, epoch: int) -> None:
        """Choose the pass over the data whose order is given next."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        draw = random.Random(f"{self._seed} {self._epoch}")
        order = draw.sample(range(len(self)), len(self))
        if not self._grouped:
            return iter(order)
        many = 50 * self._batch  # sorted within so many, so that a batch is still drawn from everywhere
        batches = []
        for start in range(0, len(order), many):
            alike = sorted(order[start : start + many], key=lambda i: self._lengths[i])
            batches += [alike[at : at + self._batch] for at in range(0, len(alike), self._batch)]
        short = [b for b in batches if len(b) < self._batch]  # goes last; elsewhere it would shift all others
        batches = [b for b in batches if len(b) == self._batch]
        draw.shuffle(batches)
        return (i for batch in batches + short for i in batch)


def logger(path: Path, say: Tell) -> Any:
    """Make the callback that writes losses and scores to a file and says how long it will take."""
    from transformers import TrainerCallback

    class Logger(TrainerCallback):
        began, first = 0.0, 0

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.began, self.first = time.monotonic(), state.global_step
            if path.is_file():  # what was logged after the checkpoint will be done, and logged, again
                lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
                kept = [line for line in lines if _step(line) <= state.global_step]
                files.write(path, "".join(kept))

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
            if not state.is_world_process_zero or not logs or "train_runtime" in logs:
                return
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"step": state.global_step, **logs}) + "\n")
            pace = (time.monotonic() - self.began) / max(1, state.global_step - self.first)
            left = (state.max_steps - state.global_step) * pace / 60
            where = f"step {state.global_step:,} of {state.max_steps:,}"
            if "loss" in logs:
                say(f"{where}, loss {float(logs['loss']):.4f}, {pace:.2f} s a step, about {left:.0f} min left")
            elif "eval_score" in logs:
                say(f"{where}, score on dev {logs['eval_score']:.4f}")

    return Logger()


def _step(line: str) -> int:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):  # cut off by a kill
        return 2**62
