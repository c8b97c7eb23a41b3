"""Walk 1: records in; opinions, aspects, checked summaries and a report out. `run.py` is the whole of it.

The package can be called: `gistill.digest(records)` is `gistill.digest.run.digest(records)`. A function of that name
in the root would be lost as soon as somebody imports a module of this package, because Python then sets the
attribute `digest` of the root to this module (docs/decisions/0001-a-package-that-can-be-called.md).
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gistill.schema import Digest, Failure, Record


class _Walk(ModuleType):
    """A module that runs the walk when it is called."""

    def __call__(self, records: Iterable[Record | Failure], **settings: Any) -> Digest:
        """Read records for opinions and return the digest. The settings are those of `gistill.digest.run.digest`."""
        from gistill.digest.run import digest

        return digest(records, **settings)


sys.modules[__name__].__class__ = _Walk
