"""Two scored outputs of the same cases: is the second worse than the first by more than a margin?

A scored output is a table with an id and a number for each case, or a folder that `gistill analyze` wrote. Cases with
several rows of one id (three seeds, say) count as one, with the mean of their values.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gistill.analysis.run import FINDINGS, read_analysis
from gistill.analysis.tiers import codes_of
from gistill.errors import InputError, SettingError
from gistill.grounding.faults.taxonomy import load_taxonomy
from gistill.schema import Estimate, Failure, Noun
from gistill.stats import paired_bootstrap
from gistill.tables.shapes.formats import open_sheet
from gistill.tables.values import cell_text

ERRORS, WRONG = "errors", "wrong"  # metrics of an analysis: errors of a summary, and 1 where it has any
_IDS = ("id", "case", "record", "key")


class Comparison(Noun):
    """What came of comparing B with A on the cases that both have.

    `verdict` is "not worse" where the interval leaves no room for more than the margin, "worse" where all of it is
    beyond, and "undecided" between.
    """

    metric: str
    lower_is_better: bool
    cases: int
    only_a: int  # cases that B lacks
    only_b: int
    a: float
    b: float
    difference: Estimate  # B - A
    margin: float
    verdict: str


def compare(
    a: Path | str, b: Path | str, *, metric: str, margin: float, lower_is_better: bool | None = None, seed: int = 0
) -> Comparison:
    """Compare two scored outputs by a paired bootstrap over the cases that both have.

    Args:
        a: The one to hold against: a table with an id column and a column of numbers, or an analysis.
        b: The one in question.
        metric: The column. Of an analysis: `errors` (of codes that something validates), `wrong` (1 where there is
            any), or a code such as E4.
        margin: How much worse is no matter, in units of the metric; 0 or more.
        lower_is_better: Whether a larger number is worse; None takes that of errors and codes, else larger is better.
        seed: Of the bootstrap.

    Raises:
        SettingError: The margin is no number from 0 on.
        InputError: A table has no such column, a cell is no number, or fewer than two cases are in both.
    """
    if not 0 <= margin < float("inf"):
        raise SettingError(f"the margin {margin} is not a number from 0 on")
    (first, codes), (second, other) = _scores(a, metric), _scores(b, metric)
    if codes != other:
        raise InputError("one is an analysis, the other a table", file=f"{a}, {b}")
    both = sorted(first.keys() & second.keys())
    if len(both) < 2:
        raise InputError(f"have {len(both)} cases in common; two are needed", file=f"{a}, {b}")
    low_is_good = codes if lower_is_better is None else lower_is_better
    x, y = (_counts([one[name] for name in both]) for one in (first, second))
    difference = paired_bootstrap(y, x, _mean, seed=seed)
    return Comparison(
        metric=metric,
        lower_is_better=low_is_good,
        cases=len(both),
        only_a=len(first.keys() - second.keys()),
        only_b=len(second.keys() - first.keys()),
        a=_mean(x.sum(axis=0)),
        b=_mean(y.sum(axis=0)),
        difference=difference,
        margin=margin,
        verdict=_verdict(difference, margin, low_is_good),
    )


def _verdict(difference: Estimate, margin: float, lower_is_better: bool) -> str:
    if difference.low is None or difference.high is None:
        return "undecided"
    # How much better B is, at worst and at best.
    worst, best = (-difference.high, -difference.low) if lower_is_better else (difference.low, difference.high)
    return "not worse" if worst >= -margin else "worse" if best < -margin else "undecided"


def _counts(values: list[float]) -> NDArray[np.float64]:
    return np.column_stack([np.asarray(values, dtype=np.float64), np.ones(len(values))])


def _mean(total: NDArray[np.float64]) -> float:
    return float(total[0] / total[1])


def _scores(path: Path | str, metric: str) -> tuple[dict[str, float], bool]:
    """Give the value of each case, and whether it comes from an analysis."""
    place = Path(path)
    if place.is_dir() and (place / FINDINGS).is_file():
        return _of_analysis(place, metric), True
    return _of_table(place, metric), False


def _of_analysis(folder: Path, metric: str) -> dict[str, float]:
    taxonomy = load_taxonomy(None)
    summed = [code for code, one in taxonomy.items() if one.validated != "nothing"]
    codes = summed if metric in (ERRORS, WRONG) else [metric]
    if metric not in (ERRORS, WRONG) and metric not in taxonomy:
        raise SettingError(f"{metric!r} is not counted in an analysis", hint="Say errors, wrong, or a code such as E4.")
    return {
        case.id: float(sum(one.code in codes for one in faults))
        if metric == ERRORS
        else float(bool(codes_of(faults, among=codes)))
        for case, faults in read_analysis(folder)
    }


def _of_table(path: Path, metric: str) -> dict[str, float]:
    values: defaultdict[str, list[float]] = defaultdict(list)
    sheet = open_sheet(path, records="$") if path.suffix == ".json" else open_sheet(path)
    for row in sheet.rows:
        if isinstance(row, Failure):
            raise InputError(row.detail or row.kind, file=str(path), row=row.row)
        if metric not in row.cells:
            columns = ", ".join(row.cells)
            raise InputError(f"has no column {metric!r}", file=str(path), row=row.number, hint=f"It has: {columns}.")
        named = next((name for name in _IDS if name in row.cells), None)
        if named is None:
            raise InputError("has no id", file=str(path), row=row.number, hint=f"Name a column {' or '.join(_IDS)}.")
        values[cell_text(row.cells[named]).strip()].append(_number(row.cells[metric], path, row.number, metric))
    return {name: sum(some) / len(some) for name, some in values.items()}


def _number(cell: object, path: Path, row: int | None, column: str) -> float:
    said = cell_text(cell).strip()
    try:
        value = float({"true": "1", "false": "0"}.get(said.casefold(), said))
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise InputError(f"{said[:40]!r} is not a number", file=str(path), row=row, column=column)
    return value
