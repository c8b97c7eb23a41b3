"""The walk of `gistill revise`: an analysis in, mended summaries out; where nothing better stands, the old one does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

from pydantic import Field

from gistill.analysis.cases import Case
from gistill.analysis.gate import MOST, judged, words_changed
from gistill.analysis.mending import apply, edits
from gistill.analysis.tiers import Tiers, look
from gistill.grounding.faults.critic import pairs_of
from gistill.grounding.faults.fault import Fault
from gistill.grounding.faults.reading import Reading
from gistill.lm.seam import LanguageModel, Request
from gistill.schema import Failure, Noun
from gistill.skills.editing import EDITING, EditInput, Flagged
from gistill.text import clean

ROUNDS = 2
BATCH = 64  # cases at once
State = Literal["clean", "mended", "partly", "kept"]


class Step(Noun):
    """One try: by whom, at which errors, what came of it."""

    round: int
    by: str  # "rules", or the editor's name
    codes: tuple[str, ...]
    after: str
    accepted: bool
    reason: str = ""  # why not


class Revision(Noun):
    """What came of one summary.

    `state` is "clean" where no error was found, "mended" where none is left, "partly" where some are, and "kept" where
    the original stays although it has errors. `after` is then the original.
    """

    case: str
    before: str
    after: str
    state: State
    codes: tuple[str, ...]  # of the errors that were found
    left: tuple[str, ...]  # of those that are there still
    words: int
    changed: int  # words that differ
    faults: tuple[Fault, ...] = ()
    steps: tuple[Step, ...] = ()


class Revised(Noun):
    """What came of all summaries."""

    summaries: int
    states: dict[str, int]
    found: dict[str, int]  # code -> summaries with it
    mended: dict[str, int]  # code -> of these, summaries without it now
    words: int  # of the summaries with errors
    changed: int  # of those
    refused: dict[str, int] = Field(default_factory=dict)  # why tries were not accepted -> how often
    failures: dict[str, int] = Field(default_factory=dict)  # answers that could not be used
    parent: str = ""  # hash of the analysis that was revised
    made_with: dict[str, str] = Field(default_factory=dict)


class _Work(NamedTuple):
    """A case at work: its summary as it is now, what is known to be wrong with it, and what was tried."""

    case: Case
    first: Case
    flagged: tuple[Fault, ...]
    found: tuple[Fault, ...]  # by the detectors, in the summary as it is now
    steps: tuple[Step, ...]
    failures: tuple[Failure, ...]


def revise(
    analysed: Sequence[tuple[Case, tuple[Fault, ...]]],
    *,
    tiers: Tiers,
    editor: LanguageModel | Mapping[str, str] | None = None,
    rounds: int = ROUNDS,
    most: float = MOST,
    progress: Callable[[str, int, int | None], None] = lambda step, done, total: None,
) -> tuple[list[Revision], list[Failure]]:
    """Mend summaries: first by rules, then by an editor; a gate decides about each try.

    Args:
        analysed: What `read_analysis` gives: cases with the faults that are to be mended.
        tiers: Whoever looks again; an error that none of them can find cannot be shown to be mended, and stays.
        editor: A language model that is asked through the skill `editing`, after the rules; or what an editor wrote
            before (id of a case -> the summary), tried once, before the rules. None leaves what rules cannot mend.
        rounds: How often each may try.
        most: Share of a summary's words that may change.
        progress: Called after each batch.

    Returns:
        A revision for each case, in order, and the answers of the editor that could not be used.
    """
    revisions: list[Revision] = []
    failures: list[Failure] = []
    for start in range(0, len(analysed), BATCH):
        work = _opened(analysed[start : start + BATCH], tiers)
        for number in range(1, rounds + 1):
            if isinstance(editor, Mapping) and number == 1:
                work = [_by_record(one, editor, tiers, most) for one in work]
            work = [_by_rules(one, number, tiers, most) for one in work]
            if editor is not None and not isinstance(editor, Mapping):
                work = _by_editor(work, number, editor, tiers, most)
        revisions += [_closed(one) for one in work]
        failures += [failure for one in work for failure in one.failures]
        progress("revise", len(revisions), len(analysed))
    return revisions, failures


def _opened(analysed: Sequence[tuple[Case, tuple[Fault, ...]]], tiers: Tiers) -> list[_Work]:
    wrong = [case for case, faults in analysed if faults]
    found = {seen.case.id: seen.faults for seen in look(wrong, tiers)} if wrong else {}
    return [_Work(case, case, faults, found.get(case.id, ()), (), ()) for case, faults in analysed]


def _by_record(work: _Work, edits: Mapping[str, str], tiers: Tiers, most: float) -> _Work:
    after = edits.get(work.case.id)
    return work if after is None or not work.flagged else _tried(work, after, "recorded edits", 1, tiers, most)


def _by_rules(work: _Work, number: int, tiers: Tiers, most: float) -> _Work:
    """Try all edits at once, and where the gate refuses them each alone."""
    proposed = edits(work.case, work.flagged)
    if not proposed:
        return work
    together = _tried(work, apply(work.case.summary, proposed), "rules", number, tiers, most)
    if together.case.summary != work.case.summary or len(proposed) == 1:
        return together
    work = together
    for code in dict.fromkeys(edit.codes[0] for edit in proposed):
        some = [edit for edit in edits(work.case, work.flagged) if edit.codes[0] == code]
        if some:
            work = _tried(work, apply(work.case.summary, some), "rules", number, tiers, most)
    return work


def _tried(work: _Work, after: str, by: str, number: int, tiers: Tiers, most: float) -> _Work:
    """Put a try before the gate; where it is accepted, it is the summary from now on."""
    new = work.case.model_copy(update={"summary": after})
    [seen] = look([new], tiers)
    # Who gave no answer about the try (a judge that could not be read, or waits) has not found it right.
    known = (*work.found, *(one for one in work.flagged if one not in work.found))
    before = [one for one in known if one.tier in seen.checked]
    verdict = judged(work.case, after, work.flagged, before, seen.faults, most=most)
    codes = tuple(sorted({one.code for one in work.flagged}))
    step = Step(round=number, by=by, codes=codes, after=after, accepted=verdict.accepted, reason=verdict.reason)
    if not verdict.accepted:
        return work._replace(steps=(*work.steps, step))
    left = tuple(one for one in seen.faults if one.code in codes or one.tier == "judge")
    return work._replace(case=new, flagged=left, found=seen.faults, steps=(*work.steps, step))


def _by_editor(work: list[_Work], number: int, editor: LanguageModel, tiers: Tiers, most: float) -> list[_Work]:
    """Ask the editor about all summaries that still have errors."""
    asked = [(place, _input(one, tiers)) for place, one in enumerate(work) if one.flagged and one.case.summary.strip()]
    requests = [Request(messages=EDITING.render(given), max_tokens=EDITING.max_tokens) for _, given in asked]
    done = list(work)
    answers = editor.complete(requests) if requests else []
    for (place, given), said in zip(asked, answers, strict=True):
        one = done[place]
        if said.failure is not None:
            read, why = None, said.failure
        else:
            parsed = EDITING.parse(clean(said.text), given, said.stop == "end")
            read, why = parsed.result, next(iter(parsed.failures), Failure(kind="unparsable"))
        if read is None:
            failure = why.model_copy(update={"record": one.case.id})
            done[place] = one._replace(failures=(*one.failures, failure))
        else:
            done[place] = _tried(one, read, editor.name, number, tiers, most)
    return done


def _input(work: _Work, tiers: Tiers) -> EditInput:
    """Gather what the editor sees: the summary, the evidence of its sentences and of its errors, what to do."""
    case, source = work.case, work.case.reading
    lines = [pair.evidence for _, pair, _ in pairs_of(Reading(case.summary), source)]
    lines += [case.source[one.source.start : one.source.end] for one in work.flagged if one.source]
    errors = [
        Flagged(
            case.summary[one.span.start : one.span.end] if one.span else "",
            one.says,
            tiers.taxonomy[one.code].instruction if one.code in tiers.taxonomy else "",
        )
        for one in work.flagged
    ]
    return EditInput(case.summary, tuple(dict.fromkeys(lines)), tuple(errors))


def _closed(work: _Work) -> Revision:
    before, after = work.first.summary, work.case.summary
    first = work.steps[0].codes if work.steps else tuple(sorted({one.code for one in work.flagged}))
    left = tuple(sorted({one.code for one in work.flagged}))
    state: State = "clean" if not first else "kept" if after == before else "partly" if left else "mended"
    return Revision(
        case=work.first.id,
        before=before,
        after=after,
        state=state,
        codes=first,
        left=left,
        words=len(before.split()),
        changed=words_changed(before, after),
        faults=work.found if state == "kept" else (),
        steps=work.steps,
    )


def summed_up(revisions: Sequence[Revision], failures: Sequence[Failure], *, parent: str = "") -> Revised:
    """Count what came of all summaries."""
    wrong = [one for one in revisions if one.state != "clean"]
    found = Counter(code for one in wrong for code in one.codes)
    mended = Counter(code for one in wrong for code in set(one.codes) - set(one.left) if one.state != "kept")
    refused = Counter(_kind(step.reason) for one in wrong for step in one.steps if not step.accepted)
    return Revised(
        summaries=len(revisions),
        states=dict(sorted(Counter(one.state for one in revisions).items())),
        found=dict(sorted(found.items(), key=lambda entry: (len(entry[0]), entry[0]))),
        mended={code: mended[code] for code in sorted(found, key=lambda code: (len(code), code))},
        words=sum(one.words for one in wrong),
        changed=sum(one.changed for one in wrong),
        refused=dict(refused.most_common()),
        failures=dict(sorted(Counter(one.kind for one in failures).items())),
        parent=parent,
    )


def _kind(reason: str) -> str:
    return reason.partition(":")[0].partition(" “")[0]
