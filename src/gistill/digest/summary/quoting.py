"""Sentences built from counts and verbatim quotes, which stand where no written one does. Checked like the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gistill.grounding.counting import Voices, count_voices, person
from gistill.grounding.select import phrase, select
from gistill.grounding.verify import verify
from gistill.grounding.wording import NEUTRAL, clauses, content, stem
from gistill.schema import Aspect, Estimate, Opinion, Polarity, Record, Summary, SummarySentence, Tally
from gistill.stats import wilson

_SHOWN = 3  # quotes in a sentence
_NAME = 40  # characters of an aspect's name that a sentence can bear
_NAMED = 3  # aspects in a sentence of the summary of the whole


def quote_sentences(
    aspect: Aspect, opinions: Sequence[Opinion], records: Mapping[str, Record]
) -> dict[Polarity, list[SummarySentence]]:
    """Build a sentence of counts and quotes for each feeling people have about an aspect.

    Args:
        aspect: Its name and counts.
        opinions: All of this aspect.
        records: Record id -> record.

    Returns:
        Feeling -> one sentence whose check is "supported", or none where not even the counts can be shown. The first
        names the aspect, so that the summary can be read alone. Only neutral opinions give a neutral sentence.
    """
    voices = count_voices(opinions, records)
    feelings: list[tuple[int, Polarity]] = [(voices.positive, "positive"), (voices.negative, "negative")]
    if not voices.positive and not voices.negative:
        feelings = [(voices.neutral, "neutral")]
    found: dict[Polarity, list[SummarySentence]] = {}
    for people, feeling in sorted(feelings, key=lambda pair: -pair[0]):
        own = [opinion for opinion in opinions if opinion.polarity == feeling]
        if own:
            found[feeling] = _build(aspect, own, feeling, people, voices, records)
    return found


def _build(
    aspect: Aspect,
    own: Sequence[Opinion],
    feeling: Polarity,
    people: int,
    voices: Voices,
    records: Mapping[str, Record],
) -> list[SummarySentence]:
    """Try the fullest sentence first, then without the name, then without quotes; show the first that passes."""
    quotes = _phrases(own, records, terms=(aspect.name, *aspect.terms))
    plain = select(own, records, limit=_SHOWN)
    cited = [opinion for opinion, _ in quotes]
    said = _listed([f"“{text}”" for _, text in quotes])
    name = " ".join(aspect.name.split())
    tries = []
    for topic in (name, "it") if len(name) <= _NAME else ("it",):
        counts = _counted(people, voices.people, topic, feeling)
        tries += [(f"{counts}: {said}.", cited)] if quotes else []
        tries.append((f"{counts}.", plain))
    for text, cites in tries:
        check = verify(
            text, cites=cites, records=records, tally=aspect.tally, voices=voices, terms=(aspect.name, *aspect.terms)
        )
        if check.verdict == "supported":
            names = tuple(opinion.id for opinion in cites)
            return [SummarySentence(text=text, cites=names, origin="quote", check=check)]
    return []


def _counted(people: int, of: int, topic: str, feeling: Polarity) -> str:
    """Say how many feel so. Somebody can have praise and blame, so it never says that people *are* positive."""
    verb, are, say = ("mentions", "is", "says") if of == 1 else ("mention", "are", "say")
    if feeling == "neutral":
        return f"{of:,} {'person' if of == 1 else 'people'} {are} neutral about {topic}"
    if people == of:
        who = {1: "The one person who", 2: "Both people who"}.get(of, f"All {of:,} people who")
        return f"{who} {verb} {topic} {say} something {feeling}"
    says = "says" if people == 1 else "say"
    return f"{people:,} of the {of:,} people who mention {topic} {says} something {feeling}"


def _phrases(
    own: Sequence[Opinion], records: Mapping[str, Record], *, terms: Sequence[str]
) -> list[tuple[Opinion, str]]:
    """Choose short quotes: the most typical one, then those that say something else, then those in other words."""
    names = {stem(token.text) for term in terms for clause in clauses(term) for token in clause}
    found: list[tuple[Opinion, str, frozenset[str], bool]] = []
    for opinion in select(own, records, limit=4 * _SHOWN):
        quote = phrase(opinion, records[opinion.record])
        if quote is None:
            continue
        parts = clauses(quote.text)
        words = frozenset(stem(token.text) for part in parts for token in part) - names - NEUTRAL
        says = any(word.stem not in names for part in parts for word in content(part))
        if words and not any(words <= other or other <= words for _, _, other, _ in found):
            found.append((opinion, quote.text, words, says))
    best = found[:1] + sorted(found[1:], key=lambda item: not item[3])
    return [(opinion, text) for opinion, text, _, _ in best[:_SHOWN]]


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def whole(
    aspects: Sequence[Aspect],
    by_id: Mapping[str, Opinion],
    records: Mapping[str, Record],
    *,
    total: Tally | None = None,
) -> Summary:
    """Sum up everything from the counts: the balance, what people praise, what they complain about.

    Args:
        aspects: All of them.
        by_id: Opinion id -> opinion, all that were read.
        records: Record id -> record, all that were read.
        total: Counts over all opinions, as the report shows them; counted here where None.

    Returns:
        Up to three checked sentences. An aspect is named where at least two people and a tenth of those who mention it
        feel so; most people first.
    """
    opinions = list(by_id.values())
    if not opinions:
        return Summary(aspect=None, sentences=())
    tally, voices = total or tally_of(opinions, records), count_voices(opinions, records)
    parts = {
        aspect.name: (aspect.tally, count_voices([by_id[name] for name in aspect.opinions], records))
        for aspect in aspects
    }
    sample = [
        opinion
        for feeling in ("positive", "negative")
        for opinion in select([o for o in opinions if o.polarity == feeling], records, limit=2)
    ]
    drafts = [(_balance(tally), sample)]
    drafts.append(_named(aspects, "positive", "praise", parts, by_id, records))
    drafts.append(_named(aspects, "negative", "complain about", parts, by_id, records))
    sentences = []
    for text, cites in drafts:
        check = verify(text, cites=cites, records=records, tally=tally, voices=voices, parts=parts)
        if check.verdict == "supported":
            names = tuple(opinion.id for opinion in cites)
            sentences.append(SummarySentence(text=text, cites=names, origin="quote", check=check))
    return Summary(aspect=None, sentences=tuple(sentences))


def _balance(tally: Tally) -> str:
    positive, negative, of = tally.positive, tally.negative, tally.mentions
    first = f"{positive:,} of the {of:,} opinions {'is' if positive == 1 else 'are'} positive"
    if not positive:
        return f"{negative:,} of the {of:,} opinions {'is' if negative == 1 else 'are'} negative."
    return f"{first} and {negative:,} {'is' if negative == 1 else 'are'} negative." if negative else f"{first}."


def _named(
    aspects: Sequence[Aspect],
    feeling: Polarity,
    verb: str,
    parts: Mapping[str, tuple[Tally, Voices]],
    by_id: Mapping[str, Opinion],
    records: Mapping[str, Record],
) -> tuple[str, list[Opinion]]:
    """Name the aspects that most people praise (or complain about), each with its counts."""
    ranked = []
    for aspect in aspects:
        of = parts[aspect.name][1]
        people = of.positive if feeling == "positive" else of.negative
        if people >= 2 and people / of.people > 0.1 and _shows(aspect.name):
            ranked.append((people, of.people, aspect))
    ranked.sort(key=lambda item: (-item[0], item[1], item[2].id))
    items: list[str] = []
    cites: list[Opinion] = []
    for people, of_people, aspect in ranked[:_NAMED]:
        items.append(f"{aspect.name} ({people:,} of {of_people:,}{' people' if not items else ''})")
        own = [by_id[name] for name in aspect.opinions if by_id[name].polarity == feeling]
        cites += select(own, records, limit=2)
    return f"People {verb} {_listed(items)}.", cites


def _shows(name: str) -> bool:
    return len(name) <= _NAME and all(letter.isalnum() or letter in " '&/-" for letter in name)


def tally_of(opinions: Sequence[Opinion], records: Mapping[str, Record]) -> Tally:
    """Count opinions without intervals for net sentiment: enough to check a sentence against."""
    voices = count_voices(opinions, records)
    everyone = len({person(record) for record in records.values()})
    feelings = [
        sum(opinion.polarity == feeling for opinion in opinions) for feeling in ("positive", "negative", "neutral")
    ]
    return Tally(
        people=voices.people,
        records=len({opinion.record for opinion in opinions}),
        mentions=len(opinions),
        positive=feelings[0],
        negative=feelings[1],
        neutral=feelings[2],
        share=wilson(voices.people, everyone),
        per_100_responses=None,
        net_sentiment=Estimate(value=None),
    )
