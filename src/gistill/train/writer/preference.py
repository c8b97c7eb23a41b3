"""Learning from preferences (DPO) and from the skill's own score (GRPO), on TRL.

A metric cannot be a loss: it does not change smoothly with the weights. GRPO is how it can be trained for: answers are
drawn, scored, and made more or less likely by how they compare with the others to the same question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gistill.errors import InputError, SettingError
from gistill.lm.chat import marks_of, prompt_text, unmarked
from gistill.schema import TrainingExample
from gistill.skills.all import SKILLS
from gistill.train.writer.examples import Examples, load_examples, read_jsonl, without_tests
from gistill.train.writer.loading import find_base, load_model, load_tokenizer
from gistill.train.writer.recipe import Recipe, is_file
from gistill.train.writer.running import describe, report_data, run, speaker
from gistill.train.writer.selection import judge
from gistill.train.writer.trainer import Judge, Tell, arguments, callbacks, judged

_METHODS = ("full", "layers", "lora", "qlora")


class Preference(NamedTuple):
    """A question with a better and a worse answer."""

    better: TrainingExample
    worse: str


def finetune_preference(
    recipe: Recipe, *, out: Path, data: Path | None, dry_run: bool = False, tell: Tell | None = None
) -> dict[str, Any]:
    """Train a writer by DPO or GRPO; see `finetune_writer`, which calls this for `objective: dpo` and `grpo`.

    It should go on from a writer that was fine-tuned before (`start`, or its folder as `model`): neither method
    teaches a grammar that the model does not write at all.

    Raises:
        SettingError: The method or model cannot be trained so.
        InputError: A row has no prompt, chosen and rejected.
    """
    say = speaker(tell)
    base, config = find_base(recipe)
    if recipe.method not in _METHODS or config.get("is_encoder_decoder"):
        raise SettingError(f"{recipe.objective} trains causal models by {', '.join(_METHODS)}, not this")
    if recipe.objective == "grpo" and recipe.batch // recipe.accumulate % recipe.generations:
        raise SettingError(f"batch by accumulate must be a multiple of generations ({recipe.generations}) for grpo")
    arguments(recipe, out, judged=bool(recipe.dev))
    found, pairs = _found(recipe, data)
    tokenizer = load_tokenizer(base)
    rows = _pair_rows(pairs, tokenizer) if pairs else _question_rows(found.train, tokenizer)
    about = describe(recipe, found, ())
    about["learned"] = len(rows)
    report_data(about, found, say)
    if dry_run:
        return about
    model = load_model(recipe, base, steps=about["steps"])
    scorer = judge(tokenizer, found.dev, max_new_tokens=recipe.max_new_tokens) if found.dev else None
    make = _dpo if recipe.objective == "dpo" else _grpo

    def build(folder: Path) -> Any:
        return make(model, tokenizer, rows, found.train, recipe, folder, say, scorer)

    return run(recipe, about, build, tokenizer, out=out, say=say)


def reward(example: TrainingExample, answer: str, *, complete: bool) -> float:
    """Score one answer by the skill's metric.

    Args:
        example: The question and its right answer.
        answer: As the model wrote it.
        complete: It came to an end by itself.

    Returns:
        The skill's first measure of this answer, 1 where there was nothing to say and nothing was said; for examples
        without a skill 1 for exactly the right answer, else 0.
    """
    if not example.skill:
        return float(complete and answer.strip() == example.answer.strip())
    skill = SKILLS[example.skill]
    points, of = skill.score(example.result, skill.parse(answer, example.asked, complete), example.asked)[
        skill.measures[0]
    ]
    return points / of if of else 1.0


def _found(recipe: Recipe, data: Path | None) -> tuple[Examples, list[Preference]]:
    if recipe.objective == "grpo":
        return load_examples(recipe, folder=data), []
    for named in recipe.train:
        if not is_file(named.set):
            raise SettingError(f"dpo learns from files of preferences, and {named.set!r} is a named set")
    pairs = [pair for named in recipe.train for pair in read_preferences(Path(named.set))]
    found = without_tests([pair.better for pair in pairs], recipe, folder=data)
    kept = set(map(id, found.train))
    return found, [pair for pair in pairs if id(pair.better) in kept]


def read_preferences(path: Path) -> list[Preference]:
    """Read `{"prompt": ..., "chosen": ..., "rejected": ...}` rows, each a text or a list of messages.

    Raises:
        InputError: The file is missing or empty, or a row lacks one of the three.
    """
    better = read_jsonl(path, answer="chosen")
    worse = read_jsonl(path, answer="rejected")
    return [Preference(one, other.answer) for one, other in zip(better, worse, strict=True)]


def _pair_rows(pairs: Sequence[Preference], tokenizer: Any) -> list[dict[str, Any]]:
    marks = marks_of(tokenizer)
    return [
        {
            "prompt": prompt_text(tokenizer, pair.better.messages),
            "chosen": unmarked(pair.better.answer, marks),
            "rejected": unmarked(pair.worse, marks),
        }
        for pair in pairs
    ]


def _question_rows(examples: Sequence[TrainingExample], tokenizer: Any) -> list[dict[str, Any]]:
    for example in examples:
        if not example.messages:
            raise InputError(f"{example.source} is plain text, which has no question to answer")
    return [{"prompt": prompt_text(tokenizer, example.messages), "place": i} for i, example in enumerate(examples)]


def _dpo(
    model: Any,
    tokenizer: Any,
    rows: list[Any],
    examples: Any,
    recipe: Recipe,
    folder: Path,
    say: Tell,
    by: Judge | None,
) -> Any:
    from datasets import Dataset  # type: ignore[import-untyped,unused-ignore]
    from trl.trainer.dpo_config import DPOConfig
    from trl.trainer.dpo_trainer import DPOTrainer

    settings = arguments(recipe, folder, judged=by is not None)
    return judged(DPOTrainer, by)(
        model=model,
        args=DPOConfig(**settings, beta=recipe.beta, max_length=recipe.max_length),
        train_dataset=Dataset.from_list(rows),
        eval_dataset=Dataset.from_list(rows[:1]) if by else None,  # what is scored is the judge's affair
        processing_class=tokenizer,
        callbacks=callbacks(recipe, folder, say, by),
    )


def _grpo(
    model: Any, tokenizer: Any, rows: list[Any], examples: Sequence[TrainingExample], recipe: Recipe, folder: Path,
    say: Tell, by: Judge | None,
) -> Any:  # fmt: skip
    from datasets import Dataset  # type: ignore[import-untyped,unused-ignore]
    from trl.trainer.grpo_config import GRPOConfig
    from trl.trainer.grpo_trainer import GRPOTrainer

    settings = arguments(recipe, folder, judged=by is not None)
    return judged(GRPOTrainer, by)(
        model=model,
        reward_funcs=_rewards(examples, tokenizer),
        args=GRPOConfig(
            **settings,
            beta=recipe.beta,
            num_generations=recipe.generations,
            max_completion_length=recipe.max_new_tokens,
        ),
        train_dataset=Dataset.from_list(rows),
        eval_dataset=Dataset.from_list(rows[:1]) if by else None,
        processing_class=tokenizer,
        callbacks=callbacks(recipe, folder, say, by),
    )


def _rewards(examples: Sequence[TrainingExample], tokenizer: Any) -> Callable[..., list[float]]:
    def skill(completions: list[str], completion_ids: list[list[int]], place: list[int], **_: Any) -> list[float]:
        ended = [tokenizer.eos_token_id in ids for ids in completion_ids]
        return [
            reward(examples[i], answer, complete=whole)
            for i, answer, whole in zip(place, completions, ended, strict=True)
        ]

    return skill
