"""Read everything your customers wrote with small models you own.

>>> import gistill
>>> records = gistill.read_records("reviews.csv")  # doctest: +SKIP
>>> digest = gistill.digest(records, folder="report")  # doctest: +SKIP

The names below are the public ones. Each is loaded when it is first asked for, so that importing gistill costs
nothing, opens no connection and prints nothing. Modules inside the package never import from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gistill.digest.extract import extract
    from gistill.digest.report.writing import write_report
    from gistill.digest.run import digest
    from gistill.distill.annotate import annotate
    from gistill.distill.settings import AnnotateSettings
    from gistill.errors import GistillError
    from gistill.lm import load_writer
    from gistill.reader import load_reader
    from gistill.schema import Aspect, Check, Digest, Failure, Opinion, Record, Summary
    from gistill.tables import read_records

    __version__: str

__all__ = [
    "AnnotateSettings",
    "Aspect",
    "Check",
    "Digest",
    "Failure",
    "GistillError",
    "Opinion",
    "Record",
    "Summary",
    "annotate",
    "digest",
    "extract",
    "load_reader",
    "load_writer",
    "read_records",
    "write_report",
]

_HOME = {
    **dict.fromkeys(("Aspect", "Check", "Digest", "Failure", "Opinion", "Record", "Summary"), "gistill.schema"),
    "AnnotateSettings": "gistill.distill.settings",
    "GistillError": "gistill.errors",
    "annotate": "gistill.distill.annotate",
    "extract": "gistill.digest.extract",
    "load_reader": "gistill.reader",
    "load_writer": "gistill.lm",
    "read_records": "gistill.tables",
    "write_report": "gistill.digest.report.writing",
}


if not TYPE_CHECKING:  # a type checker that saw this would take every misspelt name for one of ours

    def __getattr__(name: str) -> Any:
        from importlib import import_module

        if name == "digest":
            return import_module("gistill.digest")  # a package that can be called: see its docstring
        if name == "__version__":
            from importlib.metadata import version

            return version("gistill")
        if name not in _HOME:
            raise AttributeError(f"module 'gistill' has no attribute {name!r}")
        value = getattr(import_module(_HOME[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
