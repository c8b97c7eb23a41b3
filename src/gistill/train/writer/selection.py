"""Choosing by what a model writes: its answers to the development texts, scored by the skill's own metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gistill.evaluate.tuples import score
from gistill.lm.engines.torch_model import TorchModel
from gistill.lm.seam import LanguageModel, Request
from gistill.skills.opinions import parse
from gistill.train.writer.examples import Lesson


def scores(writer: LanguageModel, dev: Sequence[Lesson], *, max_new_tokens: int) -> dict[str, float]:
    """Ask a writer every development question and score its answers.

    Args:
        writer: What is scored.
        dev: The questions with their right answers; at least one.
        max_new_tokens: Of an answer.

    Returns:
        `score`, by which is chosen: strict micro F1 of the opinion tuples where some are marked or found, else the
        share of answers that are exactly right. Beside it `precision` and `recall`, each where it was measured,
        `illegal` (failures a text) and `exact`.
    """
    asked = [Request(messages=lesson.messages, max_tokens=max_new_tokens) for lesson in dev]
    answers = writer.complete(asked)
    known = [(lesson, answer) for lesson, answer in zip(dev, answers, strict=True) if lesson.asked]
    exact = sum(a.text.strip() == lesson.answer.strip() for lesson, a in zip(dev, answers, strict=True)) / len(dev)
    if not known:
        return {"score": exact, "exact": exact}
    found = [
        parse(answer.text, lesson.asked, complete=answer.stop == "end") for lesson, answer in known if lesson.asked
    ]
    card = score([lesson.tuples for lesson, _ in known], found)
    shares = {"precision": card.precision, "recall": card.recall}
    return {
        "score": exact if card.f1.value is None else card.f1.value,
        **{name: share for name, share in shares.items() if share is not None},
        "illegal": sum(card.failures.values()) / len(known),
        "exact": exact,
    }


def judge(tokenizer: Any, dev: Sequence[Lesson], *, max_new_tokens: int) -> Callable[[Any], dict[str, float]]:
    """Make the function that scores a model while it is trained."""

    def scored(model: Any) -> dict[str, float]:
        cached, model.config.use_cache = model.config.use_cache, True  # training has no use for it, writing has
        try:
            return scores(TorchModel(model, tokenizer), dev, max_new_tokens=max_new_tokens)
        finally:
            model.config.use_cache = cached

    return scored
