"""Write a writer's model card from what its folder says: gistill.json, and scores.json where it was scored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gistill import files
from gistill.corpora import training
from gistill.errors import SettingError
from gistill.skills.all import SKILLS
from gistill.train.writer.recipe import is_file

_TEXT = """---
{head}---

# {name}

{what}, fine-tuned from {base} with `gistill finetune writer` (method {method}, seed {seed}).

* {examples} examples, {tokens} tokens in one pass, {steps} steps, precision {precision}; data hash {data_hash}.
* {leaks}
* {licence}

| trained on | examples | licence |
| --- | --- | --- |
{sets}

{scores}
## What it must not be trusted with

{caveats}Languages it was not trained on, and any decision about a person.

Every setting stands in recipe.yaml; versions and counts in gistill.json.
"""


def write_card(folder: Path) -> Path:
    """Write `README.md` into a writer's folder and return its path.

    Args:
        folder: Holds `gistill.json`, as `finetune_writer` writes it. `scores.json`, a list of rows with `test`,
            `measure`, `value`, `low` and `high` (in [0, 1]; bounds may be null), adds the table of scores.
    """
    about = json.loads((folder / "gistill.json").read_text(encoding="utf-8"))
    scores = folder / "scores.json"
    licences = {name: _licence(name) for name in about["examples"]}
    text = _TEXT.format(
        head=_head(folder, about, licences),
        name=about["name"],
        what="; ".join(_what(name, tasks) for name, tasks in _skills(about).items()) or "A writer",
        base=about["base"],
        method=about["recipe"]["method"],
        seed=about["seed"],
        examples=f"{about['learned']:,}",
        tokens=f"{about['tokens']:,}",
        steps=f"{about.get('training', about)['steps']:,}",
        precision=about["precision"],
        data_hash=about["data_hash"],
        leaks=_leaks(about),
        licence=_shipping(licences),
        sets="\n".join(
            f"| {name} | {count:,} | {licences[name] or 'none stated'} |" for name, count in about["examples"].items()
        ),
        caveats="".join(
            f"{SKILLS[name].caveat}\n" for name in _skills(about) if name in SKILLS and SKILLS[name].caveat
        ),
        scores=_scores(json.loads(scores.read_text(encoding="utf-8"))) if scores.is_file() else "",
    )
    path = folder / "README.md"
    files.write(path, text)
    return path


def _skills(about: dict[str, Any]) -> dict[str, list[str]]:
    """Give the skills with their tasks; folders of earlier versions name only tasks, which were those of opinions."""
    earlier = {"opinions": about["tasks"]} if about.get("tasks") else {}
    skills: dict[str, list[str]] = about.get("skills", earlier)
    return skills


def _what(name: str, tasks: list[str]) -> str:
    about = SKILLS[name].about if name in SKILLS else f"Answers for the skill {name}"
    return f"{about} ({', '.join(task.upper() for task in tasks)})" if tasks else about


def _licence(name: str) -> str | None:
    """Give a set's licence, "" where its repository states none, None for a file of the user's own."""
    if is_file(name):
        return None
    try:
        return training.source(name).licence
    except SettingError:
        return None


def _head(folder: Path, about: dict[str, Any], licences: dict[str, str | None]) -> str:
    lines = []
    if licences and all(name for name in licences.values()) and all(training.source(name).ship for name in licences):
        lines.append("license: apache-2.0")
    lines.append(f"base_model: {about['base']}")
    if (folder / "adapter_config.json").is_file():
        lines.append("library_name: peft")
    tags = [tag for name in _skills(about) if name in SKILLS for tag in SKILLS[name].tags]
    if tags:
        lines.append(f"tags: [{', '.join(tags)}]")
    return "".join(line + "\n" for line in lines)


def _shipping(licences: dict[str, str | None]) -> str:
    own = [name for name, licence in licences.items() if licence is None]
    closed = [name for name in licences if name not in own and not training.source(name).ship]
    if closed:
        return (
            f"The licence of {', '.join(closed)} does not allow weights trained on it to be passed on: this model "
            "measures, and is not to be shipped."
        )
    if own:
        return f"Whether it may be passed on depends on {', '.join(own)}."
    return "Every set it was trained on may be trained on and passed on under its licence."


def _leaks(about: dict[str, Any]) -> str:
    removed = sum(about["left_out_as_leaks"].values())
    line = f"{removed:,} examples were left out because their text stands in a test or development set."
    missing = about["not_checked_for_leaks"]
    line += f" Not checked, because not at hand: {', '.join(missing)}." if missing else ""
    return f"{line} {about['note']}" if about.get("note") else line


def _scores(rows: list[dict[str, Any]]) -> str:
    def interval(row: dict[str, Any]) -> str:
        return "-" if row.get("low") is None else f"{100 * row['low']:.1f} to {100 * row['high']:.1f}"

    lines = [f"| {r['test']} | {r['measure']} | {100 * r['value']:.1f} | {interval(r)} |" for r in rows]
    head = ["## Scores", "", "Intervals are 95% bootstrap intervals over texts.", ""]
    return "\n".join([*head, "| test | measure | value | interval |", "| --- | --- | --- | --- |", *lines, ""])
