"""A View in, one page of Markdown out: what the report says in short. All text is escaped here, at one place."""

from __future__ import annotations

import re
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from gistill.digest.report.html import TEMPLATES
from gistill.digest.report.quotes import lines
from gistill.digest.report.view import View
from gistill.digest.report.words import FILTERS, visible

SHORT = 5  # problems, praises, wishes and changes on the one page
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"}
# By these signs sites know a bare address of a page or of mail, and a person.
_LINKED = re.compile(r"(?i)(?<=www)\.|:(?=//)|(?<=mailto):|(?<=xmpp):|@(?=\w)")
# A lone list sign, a rule, or the number of a list, where text begins a line of its own block.
_BLOCK_START = re.compile(r"[-+=](?=[-+=]*(?:\s|$))|\d{1,9}(?=[.)](?:\s|$))")


def render_markdown(view: View) -> str:
    """Write one page of Markdown that shows the same text in CommonMark and on GitHub, whatever the text holds."""
    page = _template().render(view=view, points_in_short=SHORT)
    return re.sub("\n{3,}", "\n\n", page).strip() + "\n"


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=False,  # that is for HTML; `_finalize` escapes here
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(FILTERS, lines=lines, markup=Markup)
    return environment.get_template("report.md.j2")


def escape_markdown(text: str) -> str:
    """Escape a text so that Markdown shows it as it is, on one line.

    Only what can act is escaped, so that the file reads well as plain text too: signs of code, emphasis, links,
    headings, tables, mathematics and HTML anywhere; signs of lists and rules at the start; and what sites make links of
    without being asked: bare addresses of pages and of mail, and names behind an @, whose bearers would be notified.
    Some sites look for these in the finished page, where an escaped sign is a sign again; so the sign by which they are
    known is made code, in which nothing is a link.

    >>> escape_markdown("1. *not* a [link](javascript:x)")
    '1\\\\. \\\\*not\\\\* a \\\\[link\\\\](javascript:x)'
    """
    line = " ".join(visible(text).split())
    start = _BLOCK_START.match(line)
    line = re.sub(r"[&<>|]", lambda found: _ENTITIES[found[0]], re.sub(r"[\\`*_\[\]#~$]", r"\\\g<0>", line))
    line = _LINKED.sub(r"`\g<0>`", line)
    if start is None:
        return line
    return f"{line[: start.end()]}\\{line[start.end() :]}" if start[0].isdigit() else f"\\{line}"


def _finalize(value: object) -> object:
    return escape_markdown(value) if isinstance(value, str) and not isinstance(value, Markup) else value
