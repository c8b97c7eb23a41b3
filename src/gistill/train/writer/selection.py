"""Choosing by what a model writes: its answers to the development texts, scored by the skill's own metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import Any

from gistill.lm.engines.torch_model import TorchModel
from gistill.lm.seam import LanguageModel, Request
from gistill.schema import TrainingExample
from gistill.skills.all import SKILLS
from gistill.skills.skill import Ratio, total


def measure(dev: Sequence[TrainingExample]) -> str:
    """Name what `scores` gives as `score` for these questions, as far as the skills measure something."""
    skills = dict.fromkeys(example.skill for example in dev if example.skill)
    if len(skills) > 1:
        return f"mean of {', '.join(f'{SKILLS[name].measures[0]} of {name}' for name in skills)}"
    return next((SKILLS[name].measures[0] for name in skills), "exact")


def scores(writer: LanguageModel, dev: Sequence[TrainingExample], *, max_new_tokens: int) -> dict[str, float]:
    """Ask a writer every development question and score its answers.

    Args:
        writer: What is scored.
        dev: The questions with their right answers; at least one.
        max_new_tokens: Of an answer.

    Returns:
        `score`, by which is chosen: the skill's first measure, the mean of them where several skills are asked for, and
        the share of answers that are exactly right where nothing has a skill or the skill measured nothing. Beside it
        all measures of the skill, as far as they were measured, `illegal` (failures a text) and `exact`.
    """
    asked = [Request(messages=example.messages, max_tokens=max_new_tokens) for example in dev]
    answers = writer.complete(asked)
    exact = sum(a.text.strip() == example.answer.strip() for example, a in zip(dev, answers, strict=True)) / len(dev)
    points: dict[str, list[dict[str, Ratio]]] = {}
    failures = 0
    for example, answer in zip(dev, answers, strict=True):
        if example.skill:
            skill = SKILLS[example.skill]
            said = skill.parse(answer.text, example.asked, answer.stop == "end")
            points.setdefault(skill.name, []).append(skill.score(example.result, said, example.asked))
            failures += len(said.failures)
    if not points:
        return {"score": exact, "exact": exact}
    totals = {name: total(found) for name, found in points.items()}
    chosen = [by for name, found in totals.items() if (by := found[SKILLS[name].measures[0]]) is not None]
    beside = {
        of if len(totals) == 1 else f"{name}_{of}": value
        for name, found in totals.items()
        for of, value in found.items()
        if value is not None
    }
    illegal = failures / sum(map(len, points.values()))
    return {**beside, "score": fmean(chosen) if chosen else exact, "illegal": illegal, "exact": exact}


def judge(tokenizer: Any, dev: Sequence[TrainingExample], *, max_new_tokens: int) -> Callable[[Any], dict[str, float]]:
    """Make the function that scores a model while it is trained."""

    def scored(model: Any) -> dict[str, float]:
        cached, model.config.use_cache = model.config.use_cache, True  # training has no use for it, writing has
        try:
            return scores(TorchModel(model, tokenizer), dev, max_new_tokens=max_new_tokens)
        finally:
            model.config.use_cache = cached

    return scored
