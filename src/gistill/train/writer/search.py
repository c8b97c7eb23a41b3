"""Search over named fields of a recipe by optuna; every trial is a training of its own, and its row is kept."""

from __future__ import annotations

import csv
import json
import math
import shutil
from pathlib import Path
from typing import Any

from gistill import files
from gistill.errors import ExtraMissingError, SettingError
from gistill.train.writer.finetune import finetune_writer
from gistill.train.writer.recipe import Recipe, recipe_from
from gistill.train.writer.running import check_folder
from gistill.train.writer.trainer import Tell


def train_writer(
    recipe: Recipe, *, out: Path, data: Path | None, dry_run: bool = False, tell: Tell | None = None
) -> dict[str, Any]:
    """Do what `gistill finetune writer` does: train one writer, or several where the recipe searches.

    Arguments, result and errors are those of `finetune_writer` and `search`.
    """
    return (search if recipe.search else finetune_writer)(recipe, out=out, data=data, dry_run=dry_run, tell=tell)


def search(
    recipe: Recipe, *, out: Path, data: Path | None, dry_run: bool = False, tell: Tell | None = None
) -> dict[str, Any]:
    """Train `recipe.trials` writers with different fields, keep the best on dev as the result, and all their scores.

    Killed and called again, finished trials are not done again, and the one that was interrupted goes on.

    Args:
        recipe: `search` names the fields; `dev` is what decides.
        out: The result's folder, with trials.csv (a row a trial) and search/ (each trial's folder).
        data: See `finetune_writer`.
        dry_run: Check only the recipe as it stands.
        tell: Called with a line about what goes on.

    Returns:
        What gistill.json says of the best one, with `search`: its trial and score.

    Raises:
        SettingError: A field is unknown, its range cannot be read, or there is no dev.
        ExtraMissingError: optuna is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise ExtraMissingError("a search needs optuna", hint="Run: pip install optuna") from error
    say = tell or (lambda line: None)
    check_folder(out)
    if not recipe.dev:
        raise SettingError("a search needs dev: the sets that decide which trial is best")
    spaces = {name: space(name, given) for name, given in recipe.search.items()}
    plain = recipe.model_copy(update={"search": {}, "trials": Recipe.model_fields["trials"].default})
    for value in _corners(spaces):
        recipe_from({**plain.model_dump(), **value})
    if dry_run:
        return finetune_writer(plain, out=out, data=data, dry_run=True, tell=tell)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    # the sampler is asked again from the start, with the scores of finished trials read from their folders: the same
    # seed and scores give the same questions, and no database is needed
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=recipe.seed))
    rows = []
    for number in range(recipe.trials):
        trial = study.ask(spaces)
        chosen = recipe_from({**plain.model_dump(), **trial.params, "name": f"{recipe.name}-{number}"})
        folder = out / "search" / str(number)
        say(f"trial {number + 1} of {recipe.trials}: {trial.params}")
        about = _trained(chosen, folder, data, tell)
        score = json.loads((folder / "scores.json").read_text(encoding="utf-8"))[0]["value"]
        study.tell(trial, score)
        rows.append({"trial": number, "score": score, **trial.params, "seconds": about["training"]["seconds"]})
        _write_table(out / "trials.csv", rows)
    best = max(rows, key=lambda row: row["score"])
    return _keep(recipe, best, out)


def space(name: str, given: str | tuple[Any, ...]) -> Any:
    """Read what a search may choose for a field: a list of values, or "low..high".

    Raises:
        SettingError: No such field, or no such range.
    """
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if name not in Recipe.model_fields or name in ("search", "trials", "train", "dev", "tests", "name", "objective"):
        raise SettingError(f"a search cannot choose the field {name!r}")
    if not isinstance(given, str):
        if not given:
            raise SettingError(f"search of {name} lists no values")
        return CategoricalDistribution(given)
    low, dots, high = given.partition("..")
    try:
        first, last = float(low), float(high)
    except ValueError:
        first, last = math.nan, math.nan
    if not dots or not first < last:
        raise SettingError(f"search of {name} is {given!r}: wanted a list of values, or low..high")
    log = first > 0 and last / first >= 10
    whole = first.is_integer() and last.is_integer() and "." not in low and "." not in high and "e" not in given
    if whole:
        return IntDistribution(int(first), int(last), log=log)
    return FloatDistribution(first, last, log=log)


def _corners(spaces: dict[str, Any]) -> list[dict[str, Any]]:
    """Give the ends of every range and all listed values, so that one out of bounds is refused at once."""
    corners = []
    for name, found in spaces.items():
        values = found.choices if hasattr(found, "choices") else (found.low, found.high)
        corners += [{name: value} for value in values]
    return corners


def _trained(recipe: Recipe, folder: Path, data: Path | None, tell: Tell | None) -> dict[str, Any]:
    done = folder / "gistill.json"
    if done.is_file():
        about: dict[str, Any] = json.loads(done.read_text(encoding="utf-8"))
        if about["recipe"] == recipe.model_dump(mode="json"):
            return about
    return finetune_writer(recipe, out=folder, data=data, tell=tell)


def _write_table(path: Path, rows: list[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys())
        table.writeheader()
        table.writerows(rows)


def _keep(recipe: Recipe, best: dict[str, Any], out: Path) -> dict[str, Any]:
    """Copy the best trial's files to where a single training would have put them."""
    folder = out / "search" / str(best["trial"])
    for file in folder.iterdir():
        if file.is_file():
            shutil.copy2(file, out / file.name)
    about: dict[str, Any] = json.loads((out / "gistill.json").read_text(encoding="utf-8"))
    about["search"] = {"trial": best["trial"], "score": best["score"], "of": recipe.trials}
    files.write(out / "gistill.json", json.dumps(about, indent=2, ensure_ascii=False))
    return about
