"""Data frames of pandas, polars, pyarrow and others that narwhals knows: a frame in, a `Sheet` out."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeGuard

from gistill.errors import InputError
from gistill.tables.shapes.sheets import Row, Rows, Sheet, flatten

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

NAME = "data frame"  # what stands for the file's name


def is_frame(source: object) -> TypeGuard[IntoDataFrame]:
    """Say whether something is a data frame; asks it alone and imports nothing."""
    return hasattr(source, "__arrow_c_stream__") or hasattr(source, "__dataframe__")


def open_frame(frame: IntoDataFrame) -> Sheet:
    """Open a data frame: rows count from 1, missing values are None, members of structs are named with a dot.

    Raises:
        InputError: It has no rows, or is a table that narwhals does not hold in memory.
    """
    import narwhals as nw

    try:
        table = nw.from_native(frame, eager_only=True)
    except TypeError:
        hint = "Collect it, or make it a frame of pandas, polars or pyarrow."
        raise InputError("cannot be read row by row", file=NAME, hint=hint) from None
    if not len(table):
        raise InputError("has no rows", file=NAME)
    return Sheet("data frame", _rows(table), tuple(map(str, table.columns)))


def _rows(table: object) -> Rows:
    names = [str(name) for name in table.columns]  # type: ignore[attr-defined]
    for number, values in enumerate(table.iter_rows(), 1):  # type: ignore[attr-defined]
        cells = {name: None if _is_missing(value) else value for name, value in zip(names, values, strict=True)}
        yield Row(number, flatten(cells))


def _is_missing(value: object) -> bool:
    """Say whether a cell is None, NaN, NaT or pandas.NA: none of them is equal to itself."""
    try:
        return value is None or bool(value != value)
    except (TypeError, ValueError):  # NA has no truth; of an array, each element has one
        return not hasattr(value, "__len__")
