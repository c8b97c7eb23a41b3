"""The data card of a corpus: what it was made from, by whom, at what cost, what was kept and what was not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from gistill import files
from gistill.distill.corpus import Corpus, Manifest
from gistill.distill.tasks import Row, Task
from gistill.privacy import Memory, redact
from gistill.teacher.prices import Cost

_EXAMPLES = 3
_LONGEST = 600  # characters of an example
_STANDS_FOR = {
    "leak": "its text stands in a test set",
    "duplicate": "its text was there before",
    "near_duplicate": "nearly the same text was there before",
    "disagreed": "too few of the answers say the same",
    "unanchored": "words that do not stand in the text",
    "unparsable": "not of the form asked for",
    "truncated": "cut off, so that the rest is not known",
    "over_budget": "not asked: the limit of calls or money was reached",
    "personal_data": "not sent, because it holds personal data",
}
_REPAIRS = {
    "surrounding_text": "surrounding text",
    "dress": "formatting",  # as corpora of earlier versions call it
    "talk": "surrounding text",  # likewise
    "nothing": "other words for none",
    "polarity": "case of a polarity",
    "implicit": "other words for no words",
    "case": "case of a quotation",
    "repeated": "the same line twice",
    "json": "broken JSON",
    "asked_again": "asked again for JSON",
}
_BEYOND_ASCII = re.compile(r"[<>&`|\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


class About(NamedTuple):
    """What a card says besides the corpus's own counts.

    Attributes:
        source: What the records were read from; may be empty.
        licence: Of the source, where it is known.
        teachers: Names, with the host each was asked at.
        pii: How personal data was treated.
        names: The detector of names at work in that; empty where there was none.
        selection: How the texts were chosen; empty where all were asked about.
        tests: The test sets that were looked for; empty where none was.
        missing: Open tests that could not be looked at.
        samples: Answers asked of each teacher about each text.
        min_agreement: The share of the answers that had to say the same.
        cost: Of the run, from the journal; None where there is none.
        command: The command, as it can be typed; empty where it was called from Python.
    """

    source: str
    licence: str
    teachers: tuple[tuple[str, str], ...]
    pii: str
    names: str
    selection: str
    tests: tuple[str, ...]
    missing: tuple[str, ...]
    samples: int
    min_agreement: float
    cost: Cost | None
    command: str


def write_card(corpus: Corpus, task: Task, about: About, *, learned: int) -> None:
    """Write README.md into a corpus's folder."""
    manifest = corpus.manifest
    examples = [_example(row) for row in islice(corpus.rows(), _EXAMPLES)]
    parts = [
        f"# {task.name}{'' if task.filters else ', UNFILTERED'}: {manifest.rows:,} rows that a teacher wrote"
        + ("" if task.filters else ", nothing of them checked, for ablations only"),
        _summary(manifest, task, about, learned),
        "## How it was made",
        _table(_made(task, about)),
        "## What was kept",
        _table(_kept(manifest)),
        "## What was skipped or refused",
        _failures(manifest),
        "## What it cost",
        _cost(about.cost),
        "## Use",
        _use(about),
        "## Examples",
        *(examples or ["There are none."]),
        "## Command",
        f"```\n{_plain(about.command)}\n```" if about.command else "None: `gistill.annotate` was called from Python.",
    ]
    files.write(corpus.folder / "README.md", ("\n\n".join(parts) + "\n").encode("utf-8", "replace"))


def _summary(manifest: Manifest, task: Task, about: About, learned: int) -> str:
    far = (
        "" if manifest.done else f" It is not done: {manifest.asked:,} of {manifest.planned:,} texts were asked about."
    )
    kept = "as far as they passed every check" if task.filters else "as they came, those that were cut included"
    return (
        f"A teacher's answers about texts of {_plain(about.source) or 'a source without a name'}, {kept}.{far} "
        f"`shards/` holds the rows with the provenance of each, `train.jsonl` the {learned:,} training examples for "
        "`gistill finetune writer`, `failures.jsonl` what was skipped or refused, by kind."
    )


def _made(task: Task, about: About) -> list[tuple[str, str]]:
    teachers = ", ".join(f"{name} at {host}" if host else name for name, host in about.teachers)
    several = about.samples * len(about.teachers)
    agreed = f"{several} answers about each text; what fewer than {about.min_agreement:.0%} of them say is left out"
    tests = ", ".join(about.tests) or "none: the corpus may hold texts of a test set"
    if about.missing:
        tests += f" (not in the data folder, so not looked for: {', '.join(about.missing)})"
    return [
        ("source", about.source or "not named"),
        ("teacher", teachers),
        ("question", f"{task.name}, a {task.unit} at a time, prompt {task.prompt}"),
        ("checks", ", ".join(task.filters) or "none"),
        ("vote", agreed if several > 1 else "none: one answer about each text"),
        ("texts", about.selection or "all of the source"),
        ("personal data", _PII[about.pii]),
        ("people's names", _names(about)),
        ("test sets looked for", tests),
    ]


_PII = {
    "off": "sent as it is",
    "redact": "replaced by placeholders before anything was sent, and put back here: the rows hold it",
    "refuse": "texts with personal data were not sent",
}


def _names(about: About) -> str:
    if about.pii == "off":
        return "sent as they are"
    if about.names:
        return f"also looked for by {about.names}; to search what was sent: gistill audit FOLDER --names {about.names}"
    return "followed only where a sure sign stands beside them; no detector (--names) looked for others"


def _kept(manifest: Manifest) -> list[tuple[str, str]]:
    rows = [
        ("texts planned", f"{manifest.planned:,}"),
        ("texts asked about", f"{manifest.asked:,}"),
        ("rows kept", f"{manifest.rows:,}"),
        ("texts without an answer", f"{manifest.unanswered:,}"),
    ]
    if manifest.agreement is not None:
        rows.append(("mean agreement", f"{manifest.agreement:.3f}"))
    return rows + [(f"repaired: {_REPAIRS.get(kind, kind)}", f"{count:,}") for kind, count in manifest.mended.items()]


def _failures(manifest: Manifest) -> str:
    before = [
        (kind, f"{count:,}", "before asking", _STANDS_FOR.get(kind, "")) for kind, count in manifest.set_apart.items()
    ]
    after = [
        (kind, f"{count:,}", "of the answers", _STANDS_FOR.get(kind, "")) for kind, count in manifest.failures.items()
    ]
    return _table([*before, *after]) if before or after else "Nothing."


def _cost(cost: Cost | None) -> str:
    if cost is None:
        return "Not known: the teacher kept no journal."
    money = f"{cost.known_spent:.4f} USD"
    if cost.unknown_spent:
        known = cost.calls - cost.unknown_spent
        money = f"not known for {cost.unknown_spent:,} of {cost.calls:,} calls" + (
            f"; {money} for the rest" if known else ""
        )
    return _table(
        [
            ("calls", f"{cost.calls:,}"),
            ("answers served again without a call", f"{cost.hits:,}"),
            ("tokens asked and answered", f"{cost.prompt_tokens:,} and {cost.completion_tokens:,}"),
            ("money", money),
            ("prices from", ", ".join(cost.price_sources) or "nobody"),
        ]
    )


def _use(about: About) -> str:
    source = f"the source's licence ({about.licence})" if about.licence else "the licence of the source"
    return (
        "Licence: to be filled in by the owner.\n\n"
        f"Two things bind whoever trains on this or passes it on: {source}, and the terms of use of the teacher's "
        "provider, several of which forbid training other models on what theirs wrote. Read both before a student "
        "leaves the house. The answers are a model's and not people's: what is wrong in them is taught."
    )


def _example(row: Row) -> str:
    """Show a row in a code block that nothing in it can end, without personal data."""
    shown = json.dumps({"id": row.id, "text": row.text, "answer": row.answer}, ensure_ascii=False, indent=1)
    shown = redact(shown, Memory())
    shown = shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]} ..."
    return "```json\n" + _BEYOND_ASCII.sub(lambda m: m[0] if m[0] == "\n" else f"\\u{ord(m[0]):04x}", shown) + "\n```"


def _table(rows: Iterable[Sequence[str]]) -> str:
    rows = [[_plain(cell) for cell in row] for row in rows]
    width = max(len(row) for row in rows)
    lines = [f"| {' | '.join([*row, *[''] * (width - len(row))])} |" for row in rows]
    return "\n".join([f"|{'  |' * width}", f"|{' --- |' * width}", *lines])


def _plain(text: str) -> str:
    """Show a text that somebody else chose so that it is neither markup nor the end of a cell."""
    line = " ".join(text.split())
    return _BEYOND_ASCII.sub(lambda m: f"&#{ord(m[0])};" if m[0] in "<>&`|" else "\ufffd", line)
