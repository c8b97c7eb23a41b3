"""A teacher whose answers follow from the text it is asked about: Mixtral's own where it was asked, else made by rule.

Good and bad answers alike, so that what is kept, mended and refused all comes up. It answers over HTTP, as a real one.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from teacher_server import TeacherServer

MIXTRAL = Path("teacher", "fsa-distillation-mixtral", "test_500_4m8d.jsonl")
_FEELINGS = {
    "positive": "great good nice love loved excellent perfect easy fast friendly clean comfortable beautiful best",
    "negative": "bad poor broke broken terrible slow dirty rude noisy small worst cheap hard expensive disappointed",
    "neutral": "okay ok average fine decent",
}
_POLARITY = {word: polarity for polarity, words in _FEELINGS.items() for word in words.split()}
_WORD = re.compile(r"[^\W\d_]{2,}")


def teacher(data: Path) -> TeacherServer:
    """Give the server, to be entered with `with`."""
    return TeacherServer(answer=answer({(kind, squeezed(text)): said for kind, text, said in mixtral(data)}))


def answer(known: Mapping[tuple[str, str], str]) -> Callable[[dict[str, Any]], str]:
    """Give what answers the body of a call.

    Args:
        known: Of analyses and rewritings: (kind, `squeezed` review) -> answer.
    """

    def said(body: dict[str, Any]) -> str:
        system, asked = (str(body["messages"][place]["content"]) for place in (0, -1))
        for beginning, kind in _KINDS.items():
            if system.startswith(beginning):
                return known.get((kind, squeezed(asked)), "I cannot say anything about this review.")
        write = next((rule for beginning, rule in _RULES.items() if system.startswith(beginning)), None)
        return write(asked) if write else "none"

    return said


def mixtral(data: Path) -> list[tuple[str, str, str]]:
    """Read Mixtral's answers: (analysis or rewriting, review, answer)."""
    rows = [json.loads(line) for line in (data / MIXTRAL).read_text("utf-8").split("\n") if line.strip()]
    return [
        (
            "analysis" if "opinion target" in row["mixtral_response"].lower() else "rewriting",
            row["Text"],
            row["mixtral_response"],
        )
        for row in rows
    ]


def squeezed(text: str) -> str:
    """Leave out everything but letters and digits, since prompts put texts on one line."""
    return "".join(filter(str.isalnum, text))


def lot(text: str, of: int) -> int:
    """Draw a number below `of` that only the text decides."""
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()[0] % of


def _opinions(text: str) -> str:
    words = _WORD.findall(text)
    lines = []
    for at, word in enumerate(words):
        polarity = _POLARITY.get(word.lower())
        around = [w for w in words[at + 1 : at + 3] + words[max(0, at - 3) : at] if len(w) > 3 and w != word]
        if polarity:
            lines.append(f"{around[0] if around else '-'} | {word} | {polarity}")
    whole = "\n".join(lines) or "none"
    changed = (
        whole,
        whole,
        whole,
        f"Sure, here are the opinions:\n{whole}",
        whole.upper(),
        f"{whole}\nwarranty of the moon | shiny | positive",
        whole.replace(" | ", " - ", 1),
        f"```\n{whole}\n{whole}\n```",
    )
    return changed[lot(text, len(changed))]


def _rating(text: str) -> str:
    felt = [_POLARITY.get(word.lower()) for word in _WORD.findall(text)]
    side = max(_FEELINGS, key=lambda polarity: (felt.count(polarity), polarity))
    said = (
        side,
        side,
        f"I would say {side}.",
        side.title(),
        f"{side}\nIt says so.",
        "positive or negative",
        "",
        "7/10",
    )
    return said[lot(text, len(said))]


def _summary(text: str) -> str:
    """Go on with the sentence that was begun, in the words of one of the quotes, or of none."""
    quotes = re.findall(r"^\[\d+\] (.+)$", text, re.MULTILINE)
    number = lot(text, len(quotes)) if quotes else 0
    quote = quotes[number].rstrip(" .!?,;") if quotes else ""
    said = (f" {quote} [{number + 1}].", f" {quote}.", f" of {quote}, and it glows in the dark.", " it is good.")
    return said[lot(quote, len(said))]


_KINDS = {"Analyze": "analysis", "Rewrite": "rewriting"}
_RULES: dict[str, Callable[[str], str]] = {
    "List each opinion": _opinions,
    "Rate the feeling": _rating,
    "You sum up": _summary,
}
