"""What a reader is trained on: which corpora, cut into sentences, without anything that stands in a test set."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from gistill.corpora import acos, aste, datastory, dmaste, mams, marks, memd, towe
from gistill.corpora.labelled import Labelled
from gistill.corpora.leaks import open_tests, without_leaks
from gistill.corpora.sentences import by_sentence
from gistill.errors import SettingError

MARKED = {
    "marks": marks.ENGLISH,
    "marks-large": marks.ENGLISH,
    "marks-languages": (*marks.ENGLISH, *marks.OTHER_LANGUAGES),
}
STOCK = 40  # characters; shorter sentences recur by chance
TWICE = ("contrast", "feedback", *marks.OTHER_LANGUAGES)
ENGLISH_SENTENCES = 10_000  # that the reader of thirteen languages learns from: the others are a fifth as many


def training_examples(recipe: str, *, folder: Path) -> list[Labelled]:
    """Load what a recipe trains on, leaks removed.

    Args:
        recipe: "public" (only public corpora whose licence lets weights be shipped), "14lap" or "14res" (that training
            part alone, for comparison with published figures), or "labels" (every corpus here except the two that are
            measured, to be followed by "14lap" or "14res"; for measuring only), "zh" (Chinese, for measuring only), a
            domain of DMASTE (that one alone, for the cross-domain matrix), "marks" (what a large language model marked
            in English texts) or "marks-large" (the same), or "marks-languages" (the same in thirteen languages, of the
            English ones a part).
        folder: The data folder.

    Raises:
        SettingError: No such recipe.
    """
    if recipe == "zh":
        return [sentence for text in _chinese(folder)[0] for sentence in by_sentence(text, language="zh")]
    if recipe == "marks-languages":
        english = marked_sentences(marks.ENGLISH, "train", folder=folder)
        others = marked_sentences(marks.OTHER_LANGUAGES, "train", folder=folder)
        return random.Random(0).sample(english, min(len(english), ENGLISH_SENTENCES)) + others
    if recipe in MARKED:
        return marked_sentences(MARKED[recipe], "train", folder=folder)
    if recipe in ("14lap", "14res"):
        examples = aste.load(recipe, "train", folder=folder)
    elif recipe in dmaste.DOMAINS:
        examples = _dmaste(recipe, "train", folder=folder)
    elif recipe in ("public", "labels"):
        examples = [s for domain in dmaste.DOMAINS for s in _dmaste(domain, "train", folder=folder)]
        examples += mams.load("train", folder=folder)
        examples += towe.load("14lap", "train", folder=folder) + towe.load("14res", "train", folder=folder)
        if recipe == "labels":
            examples += aste.load("16res", "train", folder=folder)
            examples += acos.load("laptop", "train", folder=folder) + acos.load("restaurant", "train", folder=folder)
            for domain in ("Books", "Clothing", "Hotel", "Restaurant"):
                examples += memd.load(domain, folder=folder)
    else:
        known = ("public", "14lap", "14res", "labels", "zh", *MARKED, *dmaste.DOMAINS)
        raise SettingError(f"no training recipe {recipe!r}", hint=f"One of: {', '.join(known)}.")
    apart = open_tests(folder)
    if recipe in ("public", "labels"):  # what goes on from it is chosen on these parts; TOWE has the same sentences
        apart += aste.load("14lap", "dev", folder=folder) + aste.load("14res", "dev", folder=folder)
    return without_leaks(examples, apart)[0]


def held_out_examples(recipe: str, *, folder: Path) -> list[Labelled]:
    """Load the development part that a recipe's scorer, threshold and choices are made on; never a test part."""
    if recipe == "zh":
        return [sentence for text in _chinese(folder)[1] for sentence in by_sentence(text, language="zh")]
    if recipe in MARKED:
        return marked_sentences(MARKED[recipe], "dev", folder=folder)
    if recipe in ("14lap", "14res"):
        return aste.load(recipe, "dev", folder=folder)
    domains = (recipe,) if recipe in dmaste.DOMAINS else dmaste.DOMAINS
    return [sentence for domain in domains for sentence in _dmaste(domain, "dev", folder=folder)]


def marked_sentences(names: Sequence[str], part: str, *, folder: Path) -> list[Labelled]:
    """Load one part of files of marks, cut into sentences; short written texts stand twice in a training part.

    No text of another part stands among them, which `held-out.sha256` makes sure of, and no longer sentence either:
    some authors write the same sentence in several texts.
    """
    if part != "train":
        return [s for name in names for text in marks.load(name, part, folder=folder) for s in by_sentence(text)]
    hashes = marks.held_out(folder)
    apart = [s for other in ("dev", "test") for s in marked_sentences(names, other, folder=folder)]
    apart = [sentence for sentence in apart if len(sentence.text) > STOCK]
    found: list[Labelled] = []
    for name in names:
        texts = [text for text in marks.load(name, "train", folder=folder) if not marks.is_held_out(text.text, hashes)]
        sentences = [sentence for text in texts for sentence in by_sentence(text)]
        found += (2 if name in TWICE else 1) * without_leaks(sentences, apart)[0]
    return found


def _dmaste(domain: str, part: str, *, folder: Path) -> list[Labelled]:
    return [s for review in dmaste.load(domain, part, folder=folder) for s in by_sentence(review)]


def _chinese(folder: Path) -> tuple[list[Labelled], list[Labelled]]:
    """Split the Chinese training part in 95% to train on and 5% to fit the scorer on: its development part is reported.

    Texts that stand in the development part are left out, and so is what the two shares have in common.
    """
    texts, _ = without_leaks(datastory.load("train", folder=folder), datastory.load("dev", folder=folder))
    random.Random(0).shuffle(texts)
    held = texts[: len(texts) // 20]
    return without_leaks(texts[len(held) :], held)[0], held
