"""Revisions as data: what a student learns from, what it should prefer, and marked errors for a critic.

A version names its parent: manifest.json says which analysis was revised, from which hash, and what changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gistill import files
from gistill.analysis.cases import Case
from gistill.analysis.revising import Revised, Revision
from gistill.grounding.faults.fault import Fault
from gistill.schema import Message
from gistill.skills.conversation_summary import CONVERSATION_SUMMARY, ConversationInput, Spoken
from gistill.speakers import of_customers
from gistill.tables import write_jsonl

SFT, PAIRS, MARKED, MANIFEST = "sft.jsonl", "pairs.jsonl", "marked.jsonl", "manifest.json"
_SYSTEM = "You sum up texts: what matters in them, in a few plain sentences, and nothing that they do not say."


def question(case: Case) -> tuple[Message, ...]:
    """Give what a student is asked: for a conversation as the skill `conversation_summary` asks it."""
    if case.turns:
        said = [(turn.role, case.source[turn.start : turn.end]) for turn in case.turns]
        spoken = tuple(
            Spoken("customer" if customer else "agent", text)
            for customer, (_, text) in zip(of_customers(said), said, strict=True)
        )
        return CONVERSATION_SUMMARY.render(ConversationInput(spoken))
    if case.texts:
        source = "\n".join(f"- {case.source[one.start : one.end]}" for one in case.texts)
        asked = f"Reviews:\n{source}\n\nSum them up."
    else:
        asked = f"Text:\n{case.source}\n\nSum it up."
    return (Message(role="system", content=_SYSTEM), Message(role="user", content=asked))


def write_rows(
    folder: Path, analysed: Sequence[tuple[Case, tuple[Fault, ...]]], revisions: Sequence[Revision], revised: Revised
) -> dict[str, int]:
    """Write the data of a revision into a folder.

    sft.jsonl: a question and its summary, where the original was clean or every error of it was mended. A summary that
    still has an error is in no file to learn from. pairs.jsonl: the mended summary is preferred to the original.
    marked.jsonl: each original with its errors (code, span), for a critic; without errors, it is marked as clean.

    Args:
        folder: Where the files go.
        analysed: The cases with their faults.
        revisions: What came of them, in the same order.
        revised: The figures, for the manifest.

    Returns:
        File -> rows.
    """
    rows = list(zip(analysed, revisions, strict=True))
    counts = {
        SFT: write_jsonl(
            folder / SFT, (_sft(case, one) for (case, _), one in rows if one.state in ("clean", "mended"))
        ),
        PAIRS: write_jsonl(folder / PAIRS, (_pair(case, one) for (case, _), one in rows if one.state == "mended")),
        MARKED: write_jsonl(folder / MARKED, (_marked(case, faults) for (case, faults), _ in rows)),
    }
    manifest = {
        "format": 1,
        "parent": revised.parent,
        "changed": {"summaries": revised.states.get("mended", 0), "words": revised.changed, "codes": revised.mended},
        "rows": counts,
        "sha256": {name: files.hash_file(folder / name) for name in counts},
        "made_with": revised.made_with,
    }
    files.write(folder / MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    return counts


def _sft(case: Case, one: Revision) -> Mapping[str, object]:
    messages = [*question(case), Message(role="assistant", content=one.after)]
    return {"messages": [message.model_dump() for message in messages], "case": case.id, "version": one.state}


def _pair(case: Case, one: Revision) -> Mapping[str, object]:
    return {
        "prompt": [message.model_dump() for message in question(case)],
        "chosen": one.after,
        "rejected": one.before,
        "case": case.id,
        "codes": list(one.codes),
    }


def _marked(case: Case, faults: Iterable[Fault]) -> Mapping[str, object]:
    errors = [
        one.model_dump(include={"code", "tier", "rule", "confidence", "span", "source", "value"}) for one in faults
    ]
    return {"case": case.id, "source": case.source, "summary": case.summary, "errors": errors}
