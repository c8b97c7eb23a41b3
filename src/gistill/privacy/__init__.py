"""Personal data out of a text before it leaves, and back into what comes home. Pure: no files, no network, no models.

`find` says what stands where, `redact` writes a placeholder in its place, `restore` puts it back. The rules and their
measured precision and recall are in docs/privacy.md.
"""

from __future__ import annotations

from gistill.privacy.found import KINDS, Found, NameDetector
from gistill.privacy.redaction import Memory, find, redact, redact_all, restore

__all__ = ["KINDS", "Found", "Memory", "NameDetector", "find", "redact", "redact_all", "restore"]
