"""Learned metrics: any Python function that gives a summary a number."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from gistill.errors import SettingError
from gistill.evaluate.summaries.scoring import BY_NAME, NOTHING, Counts
from gistill.task import SummaryTask

# summary, references, sources -> a number, more is better; None where it cannot say
Metric = Callable[[str, tuple[str, ...], tuple[str, ...]], "float | None"]


def load_metric(name: str) -> tuple[str, Metric]:
    """Load a metric by `module:function` or `file.py:function`.

    Returns:
        What tables call it, and the function.

    Raises:
        SettingError: There is no such module or function, or a measure is called so already.
    """
    where, _, function = name.rpartition(":")
    if not where:
        raise SettingError(f"{name!r} is no metric", hint="Write it as module:function or file.py:function.")
    found = getattr(_module(where), function, None)
    if not callable(found):
        raise SettingError(f"{where} has no function {function!r}")
    if function in BY_NAME:
        raise SettingError(f"a measure is called {function!r} already")
    return function, found


def _module(where: str) -> ModuleType:
    if not where.endswith(".py"):
        try:
            return importlib.import_module(where)
        except ImportError as error:
            raise SettingError(f"the metrics of {where} cannot be imported: {error}") from error
    spec = importlib.util.spec_from_file_location(Path(where).stem, where)
    if spec is None or spec.loader is None or not Path(where).is_file():
        raise SettingError(f"there is no file {where}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def counted(metric: Metric, task: SummaryTask, text: str) -> Counts:
    """Ask a metric about a summary.

    Raises:
        SettingError: It gave something that is no number.
    """
    value: Any = metric(text, task.references, task.sources)
    if value is None:
        return NOTHING
    try:
        return float(value), 1.0
    except (TypeError, ValueError) as error:
        raise SettingError(f"a metric gave {value!r} for {task.id}, which is no number") from error
