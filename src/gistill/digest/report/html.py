"""A View in, one HTML page out that loads nothing and runs one script, its search. All text is escaped at one place."""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from gistill.digest.report import charts
from gistill.digest.report.view import UNATTACHED, View, unshown
from gistill.digest.report.words import FIGURES, FILTERS, visible
from gistill.files import hash_text

TEMPLATES = Path(__file__).parent / "templates"


def render_html(view: View) -> str:
    """Write the report as one HTML page.

    Whatever an expression of the template gives is first made visible (`words.visible`) and then escaped, by
    the environment and not by the template's author: a forgotten filter cannot let a review's markup through. The
    page also carries a Content-Security-Policy that allows its own style sheet and script, by hash, and nothing else.
    """
    style, style_hash = _inlined("report.css")
    script, script_hash = _inlined("report.js")
    return _template().render(
        view=view,
        unshown=unshown,
        unattached_shown=UNATTACHED,
        figures=FIGURES,
        style=style,
        style_hash=style_hash,
        script=script,
        script_hash=script_hash,
        share_bar=charts.share_bar,
        net_bar=charts.net_bar,
        split_bar=charts.split_bar,
        trend=charts.trend,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES, encoding="utf-8"),
        autoescape=True,
        finalize=_finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(FILTERS)
    return environment.get_template("report.html.j2")


def _inlined(name: str) -> tuple[Markup, Markup]:
    """Read the style sheet or the script, and hash it as the page's policy wants it."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    digest = bytes.fromhex(hash_text(text))
    return Markup(text), Markup("sha256-" + base64.b64encode(digest).decode())


def _finalize(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
