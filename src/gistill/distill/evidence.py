"""Records in, evidence for summaries out: what a digest would show a writer, and the checks it would make.

For aspects all records are read and grouped first, as for a digest, so they are held in memory.
"""

from __future__ import annotations

from collections.abc import Iterable

from gistill.digest.briefs.talk import asked as asked_turns
from gistill.digest.briefs.talk import talk_of
from gistill.digest.extract import SentenceReader, extract
from gistill.digest.group.grouping import group
from gistill.digest.summary.summarizing import Side, check_draft, gather_sides
from gistill.schema import Failure, Record
from gistill.screen import screen
from gistill.skills.aspect_summary import AspectInput, Summary
from gistill.skills.conversation_summary import ConversationInput
from gistill.skills.overlap import rouge1
from gistill.skills.skill import Answer, Prepared, PreparedInput
from gistill.skills.summary import Draft


def side_evidence(records: Iterable[Record | Failure], *, reader: SentenceReader | None = None) -> Prepared:
    """Read and group records, and give each side of each aspect that more than one opinion bears out.

    A summary is kept where every check of a digest passes: what is taught stands on the words that are cited.

    Args:
        records: All of them; what cannot be read comes out as it went in.
        reader: See `gistill.load_reader`; None loads all that are installed.
    """
    screened = list(screen(records))
    kept = {record.id: record for record in screened if isinstance(record, Record)}
    sides = _sides(kept, reader)

    def check(name: str, draft: Draft) -> Failure | Answer:
        if name not in sides:
            return Failure(kind="unknown_aspect", detail=name)
        checked = check_draft(sides[name], draft, kept)
        if checked.check.verdict != "supported":
            reasons = "; ".join(checked.check.reasons)
            return Failure(kind="not_supported", detail=f"{draft.text[:300]} ({reasons})")
        return {"cites": list(checked.cites)}

    inputs = [PreparedInput(name, s.aspect.id, "\n".join(s.asked.quotes), s.asked) for name, s in sides.items()]
    return Prepared([*(one for one in screened if isinstance(one, Failure)), *inputs], check)


def aspect_evidence(records: Iterable[Record | Failure], *, reader: SentenceReader | None = None) -> Prepared:
    """Read and group records, and give each aspect that more than one opinion bears out, with what people wrote.

    A summary is kept where each sentence shares a word with every comment that it cites; what it says besides is the
    teacher's own responsibility.

    Args:
        records: All of them; what cannot be read comes out as it went in.
        reader: See `gistill.load_reader`; None loads all that are installed.
    """
    screened = list(screen(records))
    kept = {record.id: record for record in screened if isinstance(record, Record)}
    quotes: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for side in _sides(kept, reader).values():
        quotes.setdefault(side.aspect.id, []).extend(side.asked.quotes)
        names[side.aspect.id] = side.asked.aspect
    asked = {name: AspectInput(names[name], tuple(found)) for name, found in quotes.items()}

    def check(name: str, summary: Summary) -> Failure | Answer:
        shown = asked[name].quotes
        for draft in summary:
            if strange := [n for n in draft.cites if not rouge1(shown[n - 1], draft.text)]:
                return Failure(kind="not_supported", detail=f"{draft.text[:300]} (nothing in common with {strange})")
        return {}

    inputs = [PreparedInput(name, name, "\n".join(one.quotes), one) for name, one in asked.items()]
    return Prepared([*(one for one in screened if isinstance(one, Failure)), *inputs], check)


def conversations(records: Iterable[Record | Failure], *, reader: SentenceReader | None = None) -> Prepared:
    """Give each record as a conversation; a text without turns is one turn of the customer.

    Every summary that can be read is kept: which of a teacher's sentences are wrong is looked for afterwards.

    Args:
        records: All of them; what cannot be read comes out as it went in.
        reader: Not needed; every preparing function takes one.
    """
    inputs: list[PreparedInput | Failure] = []
    for record in screen(records):
        if isinstance(record, Failure):
            inputs.append(record)
            continue
        talk = talk_of(record)
        asked = ConversationInput(asked_turns(talk.said), channel=talk.channel)
        inputs.append(PreparedInput(record.id, record.id, talk.words, asked))
    return Prepared(inputs)


def _sides(records: dict[str, Record], reader: SentenceReader | None) -> dict[str, Side]:
    """Give the sides of aspects with more than one opinion, by a name of their own."""
    if reader is None:
        from gistill.reader import load_readers

        reader = load_readers()
    found = extract(list(records.values()), reader=reader)
    by_id = {opinion.id: opinion for opinion in found.opinions}
    sides = (s for a in group(found.opinions, list(records.values())).aspects for s in gather_sides(a, by_id, records))
    return {f"{side.aspect.id}#{side.feeling}": side for side in sides if len(side.evidence) > 1}
