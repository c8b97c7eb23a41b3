"""Ways to reach somebody: e-mail addresses, telephone numbers, links that are about one person, IP addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gistill.privacy.found import Found

_EMAIL = re.compile(r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)+")


def contacts(text: str) -> Iterator[Found]:
    """Find e-mail addresses, telephone numbers, personal links and user names, and public IP addresses."""
    for match in _EMAIL.finditer(text):
        yield Found(*match.span(), "EMAIL")
