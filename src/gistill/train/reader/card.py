"""Write a reader's model card from what its folder says: `reader.json`, and `scores.json` where tests were run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gistill import files

_TEXT = """---
license: apache-2.0
language: [{languages}]
base_model: {base_model}
pipeline_tag: token-classification
tags: [aspect-based-sentiment-analysis, opinion-mining]
---

# {name}

Marks aspect terms and opinion words in a sentence, pairs them, and says whether each opinion is positive, negative
or neutral, with a calibrated confidence{attributes}. {implicit}.

* Base: {base}{base_terms}; weights stored as int8 with one scale per row.
* Reads {reads}. Sentences up to {max_pieces} word pieces; `gistill` splits longer texts.
* Trained with `gistill finetune reader --recipe {recipe} --seed {seed}{limit}`{start}: {epochs} epochs, {precision}, on

{sources}

* Training data hash {data_hash}. Every sentence that stands in a test set reported here was left out of training.
{licence}
## Held-out part

{held_out}

{tests}
## What it must not be trusted with

Irony, comparisons ("better than X"), opinions that need two sentences, languages not named above, and any decision
about a person. Confidence was calibrated on the held-out part; elsewhere it can be too high, so look at a sample of
your own (`gistill spotcheck`).
"""

# Where a base is published, and its terms.
_BASES = {
    "all-MiniLM-L6-v2": ("sentence-transformers/all-MiniLM-L6-v2", " (Apache-2.0), 22M parameters"),
    "all-mpnet-base-v2": ("sentence-transformers/all-mpnet-base-v2", " (Apache-2.0), 110M parameters"),
    "multilingual-e5-small": ("intfloat/multilingual-e5-small", " (MIT), 118M parameters, expanded from 4 bits"),
}
_IMPLICIT = {
    (True, True): "An aspect without words of its own is found as implicit, and so is an opinion without words",
    (True, False): "An aspect without words of its own is found as implicit; an opinion always has words",
    (False, True): "An opinion without words of its own is found as implicit; an aspect always has words",
    (False, False): "Aspect and opinion always have words",
}
_NAMES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
    "pl": "Polish",
    "tr": "Turkish",
    "ru": "Russian",
    "ar": "Arabic",
    "zh": "Chinese",
    "ja": "Japanese",
}
_MARKED = """* Opinions marked by a large language model, November 2026. Texts: DMASTE's pool, FewSum, SPACE (MIT),
  TweetSumm (CDLA-Sharing-1.0), and, under `services`, tafseer-appreview and is22-app-reviews (MIT), nhs-pxtextmining
  (MIT, NHS England), spack-survey (MIT or Apache-2.0), jupyter-surveys (CC0), banking77 (CC BY 4.0, PolyAI),
  steam-aspect
  (CC BY 4.0), cfpb-complaints (public records of a US agency), bank-reviews-us and ba-reviews (MIT, collected
  reviews), skytrax-lounge-seat (CC0, collected reviews); the other texts were written by the model.
"""

_SHIPPED = "* Every corpus it was trained on is MIT or Apache-2.0.\n"
_MEASURED = "* Some of its training data state no licence: it measures the architecture and is not to be passed on.\n"


def write_card(folder: Path) -> Path:
    """Write `README.md` into a reader's folder and return its path.

    Args:
        folder: Holds `reader.json`; `scores.json`, as `benchmarks/quality.py --card` writes it, adds the test table.
    """
    card = json.loads((folder / "reader.json").read_text(encoding="utf-8"))
    scores = folder / "scores.json"
    held = card["held_out"]
    text = _TEXT.format(
        name=card["name"],
        languages=", ".join(card["languages"]),
        implicit=_IMPLICIT[tuple(card["implicit"])],
        base=card["base"],
        base_model=_BASES.get(card["base"], (card["base"], ""))[0],
        base_terms=_BASES.get(card["base"], ("", ""))[1],
        reads=", ".join(_NAMES.get(language, language) for language in card["languages"]),
        max_pieces=card["max_pieces"],
        recipe=card["recipe"],
        seed=card["settings"]["seed"],
        limit=f" --limit {card['limit']}" if "limit" in card else "",
        start=f" (started from {card['start']}{_kept(card)})" if card["start"] else "",
        epochs=card["settings"]["epochs"],
        precision=card["settings"]["precision"],
        sources="\n".join(f"  * {name}: {count:,} sentences" for name, count in card["sentences"].items()),
        data_hash=card["data_hash"],
        licence=_licence(card["recipe"]),
        attributes=", its category, kind (evaluation, fact or wish) and strength" if "attributes" in card else "",
        held_out=_held_out(held),
        tests=_tests(json.loads(scores.read_text(encoding="utf-8"))) if scores.is_file() else "",
    )
    path = folder / "README.md"
    files.write(path, text)
    return path


def _licence(recipe: str) -> str:
    return _SHIPPED if recipe == "public" else _MARKED if recipe.startswith("marks") else _MEASURED


def _kept(card: dict[str, Any]) -> str:
    return f", {card['keep']:.0%} of whose weights were kept" if "keep" in card else ""


def _held_out(held: dict[str, Any]) -> str:
    error = held["calibration_error"]
    if isinstance(error, dict):
        return _held_out_marks(held)
    return (
        f"Strict triplet F1 {100 * held['f1']:.1f} (precision {100 * held['precision']:.1f}, recall "
        f"{100 * held['recall']:.1f}) on {held['texts']:,} texts with {held['triplets']:,} triplets; expected "
        f"calibration error {'not measured' if error is None else f'{error:.3f}'} "
        "(10 bins, scorer fitted on the other half)."
    )


def _held_out_marks(held: dict[str, Any]) -> str:
    recalls = [f"recall_{side}" for side in ("positive", "negative", "neutral")]
    names = ["relaxed", "precision", "recall", *recalls, "strict", "wrong_way", "category", "kind", "strength"]
    rows = [
        f"| {name.replace('_', ' ')} | {'-' if held[name] is None else f'{100 * held[name]:.1f}'} |" for name in names
    ]
    errors = ", ".join(f"{name} {'-' if e is None else f'{e:.3f}'}" for name, e in held["calibration_error"].items())
    head = (
        f"{held['texts']:,} sentences with {held['marked']:,} marked opinions; the scorer was fitted on the other half."
    )
    tail = f"Expected calibration error (10 bins): {errors}."
    return "\n".join([head, "", "| measure | % |", "| --- | --- |", *rows, "", tail])


def _tests(scores: list[dict[str, Any]]) -> str:
    def interval(row: dict[str, Any]) -> str:
        return "-" if row["low"] is None else f"{100 * row['low']:.1f} to {100 * row['high']:.1f}"

    rows = [f"| {row['test']} | {row['measure']} | {100 * row['value']:.1f} | {interval(row)} |" for row in scores]
    return "\n".join(
        [
            "## Open tests",
            "",
            "Made by `benchmarks/quality.py` and `benchmarks/marks.py`; 95% bootstrap intervals over texts.",
            "",
            "| test | measure | value | interval |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
        ]
    )
