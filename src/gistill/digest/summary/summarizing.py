"""Aspects and their opinions in, summaries out whose every sentence was checked against the words it cites."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from gistill.digest.summary.quoting import quote_sentences, whole
from gistill.grounding.carrying import carrying
from gistill.grounding.counting import Voices, count_voices
from gistill.grounding.findings import finding, with_finding
from gistill.grounding.select import context, is_wish, select, sentence_of
from gistill.grounding.verify import verify
from gistill.grounding.wording import clauses, content
from gistill.lm.seam import Completion, LanguageModel, Request
from gistill.schema import Aspect, Check, Failure, Message, Opinion, Record, Summary, SummarySentence, Tally
from gistill.skills import revision, summary
from gistill.skills.summary import Draft, Feeling

_QUOTES = 4  # per request, and short: with 6 long ones a 135M model invents twice as often
_QUOTE_LENGTH = 80  # characters, cut at clause borders
_REVISION_QUOTES = 2  # the most typical: fewer to be confused by
_REVISION_TEMPERATURE = 0.7  # greedy, a small model writes the sentence that failed once more
_OTHERS = 500  # opinions a sentence may find its support in beside those shown; bounds the time of very large aspects
_MAX_TOKENS = 48  # a sentence of 40 words


class Side(NamedTuple):
    """One feeling about one aspect: what the writer is shown, and what its sentences are checked against."""

    aspect: Aspect
    voices: Voices
    asked: summary.SummaryInput
    evidence: tuple[Opinion, ...]
    others: tuple[Opinion, ...]  # of the same feeling, who may bear out a sentence though the writer did not see them

    @property
    def feeling(self) -> Feeling:
        """Praise or blame."""
        return self.asked.feeling


class Sentence(NamedTuple):
    """A sentence the writer wrote, with its citations and check; `revised` where a first one had failed."""

    text: str
    cites: tuple[str, ...]
    check: Check
    revised: bool = False


class _Written(NamedTuple):
    """What came of one side: sentences that stand, and the failures of those that do not."""

    standing: tuple[Sentence, ...]
    failed: tuple[Failure, ...]
    drafted: int
    replaced: int


def summarize(
    aspects: Sequence[Aspect],
    opinions: Iterable[Opinion],
    records: Iterable[Record],
    *,
    writer: LanguageModel | None,
    seed: int = 0,
    total: Tally | None = None,
    rules: Sequence[str] = (),
) -> list[Summary]:
    """Write what people say about each aspect, and let nothing stand that the evidence does not bear out.

    The writer is asked twice at most, each time for everything at once: for a sentence on the praise and one on the
    blame of every aspect, and for a better sentence in place of each that failed its check. Where that fails too, or
    no sentence came, or only one person spoke, true counts and verbatim quotes stand instead.

    Args:
        aspects: As grouped; their opinions are among `opinions`.
        opinions: All that were read.
        records: All that were read for opinions.
        writer: None writes everything from quotes.
        seed: Passed to the writer with every request; matters only to one that samples.
        total: Counts over all opinions, for the summary of the whole; None leaves that summary to the aspects.
        rules: What the writer is told besides; its sentences are checked all the same.

    Returns:
        The summary of the whole (`aspect` None), then one per aspect in order. In each, `written` is the number of
        sentences from the writer that stand, plus `revised`, plus `replaced`, plus the `redundant` among `rejected`;
        `rejected` holds a `not_supported` for each first draft that failed (`revised` + `replaced` of them), and one
        more failure for each revision that failed (`replaced` of them), beside the answers that held no sentence.
    """
    by_id = {opinion.id: opinion for opinion in opinions}
    by_record = {record.id: record for record in records}
    sides = {aspect.id: gather_sides(aspect, by_id, by_record) for aspect in aspects}
    asked = [side for found in sides.values() for side in found if len(side.evidence) > 1]
    done = _write(writer, asked, by_record, seed, rules)
    written = {(side.aspect.id, side.feeling): result for side, result in zip(asked, done, strict=True)}
    summaries = [whole(aspects, by_id, by_record, total=total)]
    for aspect in aspects:
        of_aspect = [(side, written.get((aspect.id, side.feeling))) for side in sides[aspect.id]]
        summaries.append(_summary(aspect, of_aspect, by_id, by_record))
    return summaries


def gather_sides(aspect: Aspect, by_id: Mapping[str, Opinion], records: Mapping[str, Record]) -> list[Side]:
    """Gather praise and blame with their evidence, the side with more people first; an empty side is left out."""
    opinions = [by_id[name] for name in aspect.opinions]
    voices = count_voices(opinions, records)
    sides = []
    feelings: tuple[tuple[Feeling, int], ...] = (("positive", voices.positive), ("negative", voices.negative))
    for feeling, people in feelings:
        own = [opinion for opinion in opinions if opinion.polarity == feeling]
        if not own:
            continue
        facts = [opinion for opinion in own if not is_wish(opinion, records[opinion.record])]
        evidence = select(facts, records, limit=_QUOTES)
        quotes = tuple(context(opinion, records[opinion.record], limit=_QUOTE_LENGTH).text for opinion in evidence)
        asked = summary.SummaryInput(aspect.name, feeling, _who(people, voices.people), quotes)
        shown = {opinion.id for opinion in evidence}
        others = tuple(opinion for opinion in facts if opinion.id not in shown)[:_OTHERS]
        sides.append((people, Side(aspect, voices, asked, tuple(evidence), others)))
    return [side for _, side in sorted(sides, key=lambda pair: -pair[0])]


_FEW = ("Nobody", "One person", "Two people", "Three people", "Four people")


def _who(people: int, of: int) -> str:
    """Choose the subject whose word of quantity the counts bear out (see `counting.check_quantities`)."""
    if people < len(_FEW):  # "most people" for two of three would sound like more than it is
        return _FEW[people]
    if people / of > 0.5:
        return "Most people"
    return "Many people" if people >= 5 and people / of > 0.25 else "Some people"


def _write(
    writer: LanguageModel | None,
    sides: Sequence[Side],
    records: Mapping[str, Record],
    seed: int,
    rules: Sequence[str],
) -> list[_Written]:
    """Draft, check, revise what failed once, check again; two batches whatever the number of aspects."""
    if writer is None or not sides:
        return [_Written((), (), 0, 0) for _ in sides]
    drafted = writer.complete([_request(summary.render(side.asked, rules), seed) for side in sides])
    first = [_read(side, answer, records) for side, answer in zip(sides, drafted, strict=True)]
    again = [
        (place, sentence)
        for place, (sentences, _) in enumerate(first)
        for sentence in sentences
        if sentence.check.verdict != "supported"
    ]
    asked = [
        _request(revision.render(_revision(sides[place], sentence), rules), seed).model_copy(
            update={"temperature": _REVISION_TEMPERATURE}
        )
        for place, sentence in again
    ]
    answers = writer.complete(asked) if asked else []
    revised: dict[int, list[Sentence | Failure]] = {}
    for (place, _), answer in zip(again, answers, strict=True):
        revised.setdefault(place, []).append(_reread(sides[place], answer, records))
    return [_settle(sentences, failure, revised.get(place, [])) for place, (sentences, failure) in enumerate(first)]


def _request(messages: tuple[Message, ...], seed: int) -> Request:
    return Request(messages=messages, max_tokens=_MAX_TOKENS, seed=seed, stop=("\n",))


def _revision(side: Side, sentence: Sentence) -> revision.RevisionInput:
    """Ask for another sentence, saying what was wrong but not repeating the one that failed.

    Shown its sentence, SmolLM2-135M writes it again (0 of 10 revisions stood; 3 of 10 without it). Besides, what a
    hostile review got it to write is not handed back to it.
    """
    quotes = side.asked.quotes[:_REVISION_QUOTES]
    return revision.RevisionInput("", quotes, sentence.check.reasons, summary.lead(side.asked))


def _read(side: Side, answer: Completion, records: Mapping[str, Record]) -> tuple[list[Sentence], Failure | None]:
    """Check each sentence of a first answer; or say why there is none."""
    drafts = answer.failure or summary.parse(answer.text)
    if isinstance(drafts, Failure):
        return [], drafts
    return [check_draft(side, draft, records) for draft in drafts], None


def _reread(side: Side, answer: Completion, records: Mapping[str, Record]) -> Sentence | Failure:
    """Check a revision; or say why it does not stand."""
    draft = answer.failure or revision.parse(answer.text)
    if isinstance(draft, Failure):
        return draft
    sentence = check_draft(side, draft, records)._replace(revised=True)
    return sentence if sentence.check.verdict == "supported" else _failure("revision_not_supported", sentence)


def _settle(sentences: Sequence[Sentence], failure: Failure | None, revised: Sequence[Sentence | Failure]) -> _Written:
    """Put each revision in the place of the sentence that failed, in order, and keep the account."""
    waiting = iter(revised)
    standing: list[Sentence] = []
    failed = [] if failure is None else [failure]
    replaced = 0
    for sentence in sentences:
        if sentence.check.verdict == "supported":
            standing.append(sentence)
            continue
        failed.append(_failure("not_supported", sentence))
        better = next(waiting)
        if isinstance(better, Failure):
            failed.append(better)
            replaced += 1
        else:
            standing.append(better)
    return _Written(tuple(standing), tuple(failed), len(sentences), replaced)


def _failure(kind: str, sentence: Sentence) -> Failure:
    return Failure(kind=kind, detail=f"{sentence.text} ({'; '.join(sentence.check.reasons)})")


def check_draft(side: Side, draft: Draft, records: Mapping[str, Record]) -> Sentence:
    """Check a draft with the citations it gives, where they are valid and bear it out, else with the nearest ones."""
    given = tuple(side.evidence[n - 1] for n in draft.cites if 1 <= n <= len(side.evidence))
    nearest = tuple(attribute(draft.text, (*side.evidence, *side.others), records, terms=terms_of(side.aspect)))
    tried = [cites for cites in (given, nearest) if cites] or [()]
    for cites in tried:
        check = verify(
            draft.text,
            cites=cites,
            records=records,
            tally=side.aspect.tally,
            voices=side.voices,
            terms=terms_of(side.aspect),
        )
        if check.verdict == "supported":
            break
    if check.verdict == "supported" and not _stems(draft.text) - _stems(". ".join(terms_of(side.aspect))):
        check = with_finding(check, "substance", finding("substance", "it gives no reason"))
    return Sentence(draft.text, tuple(opinion.id for opinion in cites), check)


def terms_of(aspect: Aspect) -> tuple[str, ...]:
    """List the names an aspect goes by."""
    return (aspect.name, *aspect.terms)


def attribute(
    text: str, evidence: Sequence[Opinion], records: Mapping[str, Record], *, terms: Iterable[str]
) -> list[Opinion]:
    """Find whose words a sentence uses: for each of its claims, those who share the most of its words.

    Where no word of its own says more than the feeling ("most people like it"), the most typical stand for it.
    """
    own = _stems(". ".join(terms))
    said = {opinion.id: _stems(sentence_of(opinion, records[opinion.record])) for opinion in evidence}
    found: list[Opinion] = []
    for clause in clauses(text):
        wanted = {word.stem for word in content(clause)} - own
        best = max((len(wanted & said[opinion.id]) for opinion in evidence), default=0)
        if best:
            found += [opinion for opinion in evidence if len(wanted & said[opinion.id]) == best]
    return list(dict.fromkeys(found))[:4] or list(evidence[:2])


@lru_cache(maxsize=16384)
def _stems(text: str) -> frozenset[str]:
    return frozenset(word.stem for clause in clauses(text) for word in content(clause))


def _summary(
    aspect: Aspect,
    sides: Sequence[tuple[Side, _Written | None]],
    by_id: Mapping[str, Opinion],
    records: Mapping[str, Record],
) -> Summary:
    """Put an aspect's sentences together: what the writer wrote and stands, quotes for the rest, nothing twice."""
    standing: list[SummarySentence] = []
    rejected: list[Failure] = []
    bare = {side.feeling for side, written in sides if written is None or not written.standing or written.replaced}
    quotes = quote_sentences(aspect, [by_id[name] for name in aspect.opinions], records)
    for side, written in sides:
        own: list[str] = []
        for sentence in written.standing if written else ():
            if any(_same(sentence.text, other) for other in own):
                rejected.append(Failure(kind="redundant", detail=sentence.text))
                continue
            own.append(sentence.text)
            standing.append(
                SummarySentence(
                    text=sentence.text,
                    cites=sentence.cites,
                    origin="revised" if sentence.revised else "writer",
                    check=sentence.check,
                    carried_by=carriers(sentence, side, by_id, records),
                )
            )
        rejected += written.failed if written else ()
        if side.feeling in bare:
            standing += quotes.get(side.feeling, ())
    if not sides:
        standing += quotes.get("neutral", ())
    done = [written for _, written in sides if written]
    return Summary(
        aspect=aspect.id,
        sentences=tuple(standing),
        written=sum(written.drafted for written in done),
        revised=sum(sentence.revised for written in done for sentence in written.standing),
        replaced=sum(written.replaced for written in done),
        rejected=tuple(rejected),
    )


def carriers(
    sentence: Sentence, side: Side, by_id: Mapping[str, Opinion], records: Mapping[str, Record]
) -> tuple[str, ...] | None:
    """Find the citations without which a sentence that stands would not: each is left out, and it is checked again.

    Returns:
        Opinion ids as it cites them; none where several say what it says. None where it cites fewer than two.
    """
    if len(sentence.cites) < 2:
        return None

    def stands(text: str, cites: Sequence[str]) -> float:
        check = verify(
            text,
            cites=[by_id[name] for name in cites],
            records=records,
            tally=side.aspect.tally,
            voices=side.voices,
            terms=terms_of(side.aspect),
        )
        return float(check.verdict == "supported")

    needed = carrying(sentence.text, sentence.cites, stands).needed
    return tuple(sentence.cites[place] for place in sorted(needed))


def _same(one: str, other: str) -> bool:
    """Tell whether two sentences say the same: most of their words, and the same of them negated."""
    left, right = ({(w.stem, w.negated) for c in clauses(text) for w in content(c)} for text in (one, other))
    if not left or not right:
        return one.casefold() == other.casefold()
    return len(left & right) / min(len(left), len(right)) > 0.8
