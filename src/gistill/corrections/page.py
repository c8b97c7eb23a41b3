"""Sentences to judge and points in, one HTML page out that works offline: it loads nothing and sends nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from gistill.categories import CATEGORIES
from gistill.corrections.tasks import LEVELS, Task
from gistill.files import hash_text

TEMPLATES = Path(__file__).parent / "templates"


def render_page(
    tasks: Sequence[Task], points: Sequence[Mapping[str, Any]], *, title: str, command: str, key: str, hides: bool
) -> str:
    """Write the page on which people correct.

    The page's policy allows its own style and script, by hash, and nothing else. What is shown comes from a block of
    JSON in which no letter can end it, and is put on the page as text.

    Args:
        tasks: The sentences, those that teach most first.
        points: `id`, `name`, `direction`, `people`, `opinions` (ids) and `quotes` (id, words) of each.
        title: Of the report, as it may be shown.
        command: That takes the file which the page saves.
        key: Under which the browser keeps what was judged until it is saved; stands for the report.
        hides: Whether names of customers are hidden.
    """
    data = {
        "key": key,
        "levels": {str(level): words for level, words in LEVELS.items()},
        "categories": [[code, one[0]] for code, one in CATEGORIES.items()],
        "tasks": [_task(task) for task in tasks],
        "points": points,
    }
    # "<" is the one letter by which a block of data could end; U+2028 and U+2029 end lines in old scripts
    block = json.dumps(data, ensure_ascii=True).replace("<", "\\u003c")
    style, style_hash = _inlined("correct.css")
    script, script_hash = _inlined("correct.js")
    return _template().render(
        title=title,
        command=command,
        hides=hides,
        data=Markup(block),
        style=style,
        style_hash=style_hash,
        script=script,
        script_hash=script_hash,
    )


def _task(task: Task) -> dict[str, Any]:
    return {**task._asdict(), "marks": [mark.model_dump(mode="json") for mark in task.marks]}


@cache
def _template() -> Template:
    loader = FileSystemLoader(TEMPLATES, encoding="utf-8")
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    return environment.get_template("correct.html.j2")


def _inlined(name: str) -> tuple[Markup, Markup]:
    """Read the style sheet or the script, and hash it as the page's policy wants it."""
    text = (TEMPLATES / name).read_text(encoding="utf-8")
    digest = bytes.fromhex(hash_text(text))
    return Markup(text), Markup("sha256-" + base64.b64encode(digest).decode())
