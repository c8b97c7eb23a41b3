"""`gistill finetune writer`: a recipe in, a fine-tuned writer's folder out; killed, it goes on where it was."""

from __future__ import annotations

import hashlib
import json
import math
import os
import platform
import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from gistill.errors import InputError
from gistill.train.encode import Encoded, collate_causal, collate_pairs, encode, loss_function
from gistill.train.examples import Lesson, load_lessons
from gistill.train.loading import Loaded, load, precision, takes
from gistill.train.recipe import Recipe, as_yaml

Tell = Callable[[str], None]


def finetune_writer(
    recipe: Recipe, *, out: Path, data: Path | None, dry_run: bool = False, tell: Tell | None = None
) -> dict[str, Any]:
    """Train a writer and write its folder; called again after a kill, it goes on from the last whole checkpoint.

    Args:
        recipe: What to train on and how.
        out: The result's folder: an adapter in PEFT's form or a whole model, with recipe.yaml, gistill.json, and
            training/ (checkpoints and the log).
        data: The folder of public data; None where the recipe names only files.
        dry_run: Load and check everything, and train nothing.
        tell: Called with a line about what goes on.

    Returns:
        What gistill.json says.
    """
    say = tell or (lambda line: None)
    quiet()
    found = load_lessons(recipe.train, folder=data, raw_share=recipe.raw_share, seed=recipe.seed, tests=recipe.tests)
    check_lessons(found.lessons)
    loaded = load(recipe)
    encoded = [
        encode(lesson, loaded.tokenizer, encoder_decoder=loaded.encoder_decoder, max_length=recipe.max_length)
        for lesson in found.lessons
    ]
    say(f"{len(encoded):,} examples; {sum(found.leaked.values())} left out because they stand in a test")
    say(shown(encoded[0], loaded.tokenizer))
    about = _about(recipe, found.lessons, found.leaked, encoded)
    if dry_run:
        return about
    _begin(out, recipe, about)
    trainer = make_trainer(loaded, encoded, recipe, out / "training", say)
    checkpoint = last_whole(out / "training")
    if checkpoint:
        say(f"going on from {checkpoint.name}")
    began = time.monotonic()
    result = trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    about["training"] = {
        "steps": trainer.state.global_step,
        "loss": round(result.training_loss, 4),
        "seconds": round(time.monotonic() - began),
    }
    loaded.model.save_pretrained(out)
    loaded.tokenizer.save_pretrained(out)
    (out / "gistill.json").write_text(json.dumps(about, indent=2, ensure_ascii=False), encoding="utf-8")
    return about


def quiet() -> None:
    """Switch off everything that calls home or draws over our lines; must run before the heavy imports."""
    os.environ.update(
        HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_HUB_DISABLE_TELEMETRY="1", DO_NOT_TRACK="1",
        TOKENIZERS_PARALLELISM="false",
    )  # fmt: skip
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def shown(encoded: Encoded, tokenizer: Any) -> str:
    """Write an example as the model sees it, what is learned between »these marks«."""
    return f"{tokenizer.decode(encoded.prompt)}»{tokenizer.decode(encoded.answer)}«"


def make_trainer(loaded: Loaded, encoded: Sequence[Encoded], recipe: Recipe, folder: Path, say: Tell) -> Any:
    """Put model, data and recipe into the Trainer."""
    from transformers import Seq2SeqTrainer, Seq2SeqTrainingArguments

    class Trainer(Seq2SeqTrainer):
        """The Trainer, with batches of like length in an order that only seed and epoch decide."""

        def _get_train_sampler(self, train_dataset: Any = None) -> Any:
            return LikeLengths(encoded, batch=part * recipe.accumulate, seed=recipe.seed)

    part = max(1, recipe.batch // recipe.accumulate // int(os.environ.get("WORLD_SIZE", "1")))
    arguments = Seq2SeqTrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=part,
        gradient_accumulation_steps=recipe.accumulate,
        num_train_epochs=recipe.epochs,
        max_steps=recipe.steps or -1,
        learning_rate=recipe.rate,
        lr_scheduler_type=recipe.schedule if recipe.schedule != "constant" else "constant_with_warmup",
        warmup_steps=recipe.warmup,
        optim=recipe.optimiser,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.clip,
        bf16=precision(recipe) == "bf16",
        use_cpu=not torch.cuda.is_available(),
        gradient_checkpointing=recipe.gradient_checkpointing,
        save_steps=recipe.save_every,
        save_total_limit=2,
        logging_steps=recipe.log_every,
        report_to=list(recipe.report_to) or "none",
        remove_unused_columns=False,
        disable_tqdm=True,
        seed=recipe.seed,
        label_names=["labels"],
    )
    return Trainer(
        model=loaded.model,
        args=arguments,
        train_dataset=list(encoded),
        data_collator=_collator(loaded),
        compute_loss_func=loss_function(recipe.label_smoothing),
        callbacks=[_logger(folder / "log.jsonl", say)],
    )


def _collator(loaded: Loaded) -> Callable[[Sequence[Encoded]], dict[str, Any]]:
    pad = loaded.tokenizer.pad_token_id
    pad = loaded.tokenizer.eos_token_id if pad is None else pad
    if loaded.encoder_decoder:
        return collate_pairs(pad, loaded.model.config.decoder_start_token_id)
    return collate_causal(pad, positions=takes(loaded.model, "position_ids"))


class LikeLengths(torch.utils.data.Sampler[int]):
    """An order in which neighbours have like lengths, decided by seed and epoch alone, so that resuming repeats it.

    Args:
        encoded: The lessons.
        batch: Lessons in one optimiser step.
        seed: Of the order.
    """

    def __init__(self, encoded: Sequence[Encoded], *, batch: int, seed: int) -> None:
        self._lengths = [(len(e.prompt) + len(e.answer), len(e.answer)) for e in encoded]
        self._batch, self._seed, self._epoch = batch, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the pass over the data whose order is given next."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        draw = random.Random(f"{self._seed} {self._epoch}")
        order = draw.sample(range(len(self)), len(self))
        many = 50 * self._batch  # sorted within so many, so that a batch is still drawn from everywhere
        batches = []
        for start in range(0, len(order), many):
            alike = sorted(order[start : start + many], key=lambda i: self._lengths[i])
            batches += [alike[at : at + self._batch] for at in range(0, len(alike), self._batch)]
        short = [b for b in batches if len(b) < self._batch]  # the last one of all; elsewhere it would shift the rest
        batches = [b for b in batches if len(b) == self._batch]
        draw.shuffle(batches)
        return (i for batch in batches + short for i in batch)


def _logger(path: Path, say: Tell) -> Any:
    """Make the callback that writes the losses to a file and says how long it will take."""
    from transformers import TrainerCallback

    class Logger(TrainerCallback):
        began, first = 0.0, 0

        def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
            self.began, self.first = time.monotonic(), state.global_step
            say(f"{state.max_steps:,} steps")

        def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
            line = {"step": state.global_step, **(logs or {})}
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            if logs and "loss" in logs:
                pace = (time.monotonic() - self.began) / max(1, state.global_step - self.first)
                left = (state.max_steps - state.global_step) * pace / 60
                say(
                    f"step {state.global_step:,} of {state.max_steps:,}, loss {float(logs['loss']):.4f}, "
                    f"{pace:.2f} s a step, about {left:.0f} min left"
                )

    return Logger()


def last_whole(folder: Path) -> Path | None:
    """Find the newest checkpoint that was written to its end, and remove what a kill left half-written."""
    numbered = [p for p in folder.glob("checkpoint-*") if p.name.rpartition("-")[2].isdigit()]
    for path in sorted(numbered, key=lambda p: int(p.name.rpartition("-")[2]), reverse=True):
        try:
            json.loads((path / "trainer_state.json").read_text(encoding="utf-8"))
            return path
        except (OSError, ValueError):
            shutil.rmtree(path, ignore_errors=True)
    return None


def _begin(out: Path, recipe: Recipe, about: dict[str, Any]) -> None:
    """Prepare the run folder; what another recipe or other data left in training/ is removed."""
    folder = out / "training"
    folder.mkdir(parents=True, exist_ok=True)
    wanted = json.dumps({"recipe": about["recipe"], "data_hash": about["data_hash"]}, sort_keys=True)
    stamp = folder / "of.json"
    if not stamp.is_file() or stamp.read_text(encoding="utf-8") != wanted:
        shutil.rmtree(folder)
        folder.mkdir()
        stamp.write_text(wanted, encoding="utf-8")
    (out / "recipe.yaml").write_text(as_yaml(recipe), encoding="utf-8")


def _about(
    recipe: Recipe, lessons: Sequence[Lesson], leaked: dict[str, int], encoded: Sequence[Encoded]
) -> dict[str, Any]:
    """Say how the writer is made, without its training."""
    digest = hashlib.sha256()
    for lesson in lessons:
        digest.update(repr((lesson.messages, lesson.answer)).encode("utf-8", "surrogatepass"))
    tokens = sum(len(e.prompt) + len(e.answer) for e in encoded)
    return {
        "name": recipe.name,
        "base": recipe.model,
        "recipe": recipe.model_dump(mode="json"),
        "seed": recipe.seed,
        "examples": dict(sorted(Counter(lesson.source for lesson in lessons).items())),
        "left_out_as_leaks": leaked,
        "tasks": sorted({source.rpartition(":")[2] for source in {lesson.source for lesson in lessons}}),
        "tokens": tokens,
        "learned_tokens": sum(len(e.answer) for e in encoded),
        "cut_answers": sum(e.cut for e in encoded),
        "steps": recipe.steps or math.ceil(len(encoded) / recipe.batch) * math.ceil(recipe.epochs),
        "precision": precision(recipe),
        "data_hash": digest.hexdigest()[:16],
        "made_with": {"torch": torch.__version__, "python": platform.python_version()},
    }


def check_lessons(lessons: Sequence[Lesson]) -> None:
    """Refuse an empty training set."""
    if not lessons:
        raise InputError("no example is left to train on")
