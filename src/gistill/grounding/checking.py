"""A sentence and its evidence in, the check out: do the words it cites, and the counts, bear it out? Fails closed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from gistill.grounding.counting import Allowed, Claim, Counts, check_numbers
from gistill.grounding.findings import concluded, finding
from gistill.grounding.form import check_form
from gistill.grounding.quantity import check_quantities, quantity_places
from gistill.grounding.wording import MASK, NAME, Clause, Word, clauses, content, covers, signs, stem
from gistill.schema import Check, Finding, Polarity, Quote

CHECKS = ("form", "quotes", "numbers", "quantity", "polarity", "support")
_SIGN: dict[Polarity, int] = {"positive": 1, "negative": -1, "neutral": 0}
_SIDES = {1: "positive", -1: "negative"}


class Evidence(NamedTuple):
    """A text that a sentence cites: usually one sentence of somebody, verbatim.

    Attributes:
        text: The text. Quoted words must stand in it.
        polarity: Whether it praises or complains; None takes the feeling of its words, neutral where they have none or
            both.
        person: Who says it, to count people; None is a person of its own.
        aspect: The words of the text that name what is judged, with their place in it.
        opinion: The words that judge it. Where neither is given, all of the text is about the matter; else only the
            clauses in which they stand or which go on from there.
    """

    text: str
    polarity: Polarity | None = None
    person: str | None = None
    aspect: Quote | None = None
    opinion: Quote | None = None


class Cited(NamedTuple):
    """Evidence whose words are known to stand where it says, with offsets in its text."""

    text: str
    polarity: Polarity | None
    person: tuple[str, str]
    core: tuple[int, int]  # from the first to the last of the words of aspect and opinion
    words: tuple[int, int] | None  # those of the opinion


class _Read(NamedTuple):
    """Cited evidence as the checks see it."""

    cited: Cited
    sign: int  # +1, -1 or 0
    claims: tuple[tuple[Word, ...], ...]


def check(
    sentence: str, *, evidence: Sequence[Evidence | str], counts: Counts | None = None, terms: Iterable[str] = ()
) -> Check:
    """Check one sentence against the texts it cites and the counts.

    Every check runs and must pass; what cannot be decided fails. The checks know English: a sentence in another
    language fails.

    * form: one complete plain sentence of 4 to 40 words; no "I" or "you", no advice, address or markup.
    * quotes: something is cited, its words stand where it says, and every quoted string stands, word for word, in a
      text cited.
    * numbers: see `counting.check_numbers`.
    * quantity: see `quantity.check_quantities`.
    * polarity: praise cites praise, blame cites blame, and no word is negated that the evidence does not negate.
    * support: every word that says something, and every number about the thing itself, stands in the texts cited, and
      the words of one claim stand together in one claim of one of them.

    Args:
        sentence: What is to be shown. Quotation marks are “ ” or " ".
        evidence: The texts it cites; a string is evidence of which nothing but the text is known.
        counts: How many people there are behind the sentence. None: those cited are all there are.
        terms: The names of what the sentence is about, which need no evidence.

    Returns:
        "supported", or "not_supported" with the first finding of each check that failed. Never "not_checked". `by` is
        "quotes" alone where the evidence itself does not stand, for then nothing else can be checked.

    >>> said = ["Great battery!", "The battery is bad."]
    >>> found = check("Most people praise the battery.", evidence=said, terms=["battery"])
    >>> found.verdict, found.failed
    ('not_supported', ('quantity', 'one_sided'))
    """
    given = [Evidence(item) if isinstance(item, str) else item for item in evidence]
    cited = []
    for n, item in enumerate(given):
        for quote in (item.aspect, item.opinion):
            if quote is not None and item.text[quote.start : quote.end] != quote.text:
                return concluded([moved(quote)], by=("quotes",))
        cited.append(_cite(item, n))
    return check_cited(sentence, cited, counts=counts or _counted(cited), terms=terms)


def moved(quote: Quote) -> Finding:
    """Find that the words of a citation do not stand where it says."""
    return finding("citation_moved", "it cites words that do not stand where they are said to", against=quote.text)


def _cite(item: Evidence, n: int) -> Cited:
    words = [quote for quote in (item.aspect, item.opinion) if quote is not None]
    core = (min(q.start for q in words), max(q.end for q in words)) if words else (0, len(item.text))
    person = ("text", str(n)) if item.person is None else ("person", item.person)
    return Cited(
        item.text, item.polarity, person, core, None if item.opinion is None else (item.opinion.start, item.opinion.end)
    )


def _counted(cited: Sequence[Cited]) -> Counts:
    """Count the people and texts cited, as if there were no others."""
    felt = [(item.person, _sign(item)) for item in cited]
    return Counts(
        people=len({who for who, _ in felt}),
        positive=len({who for who, sign in felt if sign > 0}),
        negative=len({who for who, sign in felt if sign < 0}),
        mentions=len(felt),
        positive_mentions=sum(sign > 0 for _, sign in felt),
        negative_mentions=sum(sign < 0 for _, sign in felt),
        records=len({item.text for item in cited}),
    )


def check_cited(
    sentence: str,
    cited: Sequence[Cited],
    *,
    counts: Counts,
    terms: Iterable[str] = (),
    parts: Mapping[str, Counts] | None = None,
) -> Check:
    """Check a sentence as `check` does, against evidence that stands.

    Args:
        sentence: What is to be shown.
        cited: What it cites.
        counts: Of what the sentence is about.
        terms: Its names.
        parts: For a sentence about several things: name -> its counts; a number belongs to the name before it.
    """
    if not cited:
        return concluded([finding("uncited", "it cites nobody's words")], by=("quotes",))
    parts = parts or {}
    names = sorted({term for term in (*terms, *parts) if term.strip()}, key=lambda name: (-len(name), name))
    read = [_read(item, names) for item in cited]
    quoted, bare = _unquote(sentence)
    claims = _claims(bare, [span for span, _ in quoted], names, _feelings(read), parts)
    allowed = _allowed(claims, read, counts, parts)
    numbers, numbered = check_numbers(claims, allowed)
    claims = [_without(claim, numbered) for claim in claims]
    return concluded(
        (
            check_form(sentence, bare),
            _quotes(quoted, bare, cited),
            numbers,
            check_quantities(claims, allowed, numbered=numbered),
            _polarity(claims, read),
            _support(claims, read),
        ),
        by=CHECKS,
    )


def _sign(item: Cited) -> int:
    if item.polarity is not None:
        return _SIGN[item.polarity]
    felt = {sign for clause in clauses(item.text) for sign in signs(clause)}
    return next(iter(felt)) if len(felt) == 1 else 0


def _read(item: Cited, names: Sequence[str]) -> _Read:
    hidden, _ = _hide(item.text, names)
    cut = [clause for clause in clauses(hidden) if _is_about(clause, range(*item.core))]
    return _Read(item, _sign(item), tuple(_specific(clause, names) for clause in cut))


def _is_about(clause: Clause, core: range) -> bool:
    """Tell whether a clause of a cited sentence speaks of the opinion's aspect, as far as its words show it.

    It does where the opinion's own words stand, where it names the aspect or points back to it ("it gets hot"), and
    where it goes on without a new subject ("and lasts all day", but not "and the screen flickers").
    """
    words = [token.text for token in clause]
    if any(token.start in core for token in clause) or _BACK.intersection(words):
        return True
    return words[0] in _GOES_ON and words[1:2] != [] and words[1] not in _NEW_SUBJECT


_BACK = frozenset((NAME, "it", "its", "it's", "they", "them", "their", "this", "these", "which"))
_GOES_ON = frozenset(("and", "because", "so", "or", "but", "yet"))
_NEW_SUBJECT = frozenset(("the", "a", "an", "my", "our", "his", "her", "your", "i", "we", "you", "he", "she"))


_QUOTED = re.compile(r"“([^“”]*)”|\"([^\"]*)\"|«([^«»]*)»|(?<!\w)‘([^‘’]*)’(?!\w)|(?<!\w)'([^']*)'(?!\w)")


def _unquote(sentence: str) -> tuple[list[tuple[tuple[int, int], str]], str]:
    """Take the quoted strings out, leaving a mark of the same length, so that places stay what they were."""
    quoted = [(match.span(), "".join(part or "" for part in match.groups())) for match in _QUOTED.finditer(sentence)]
    return quoted, _QUOTED.sub(lambda match: f" {MASK}".ljust(len(match.group())), sentence)


def _hide(text: str, names: Sequence[str]) -> tuple[str, list[tuple[tuple[int, int], str]]]:
    """Put a mark of the same length in place of each name; also say which name stood where."""
    if not names:
        return text, []
    found: list[tuple[tuple[int, int], str]] = []
    by_key = {_key(name): name for name in reversed(names)}

    def mark(match: re.Match[str]) -> str:
        found.append((match.span(), by_key.get(_key(match.group()), "")))
        return NAME.ljust(len(match.group()))

    any_name = "|".join(r"\s+".join(re.escape(word) for word in name.split()) for name in names)
    return re.sub(rf"(?<!\w)(?:{any_name})(?!\w)", mark, text, flags=re.IGNORECASE), found


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def _specific(clause: Clause, names: Sequence[str]) -> tuple[Word, ...]:
    """List the words of a clause that need evidence. The aspect's name needs it only where it is negated."""
    own = {stem(word.casefold()) for name in names for word in name.split()} | {NAME}
    words = [word._replace(stem=NAME) if word.stem in own else word for word in content(clause)]
    return tuple(word for word in words if word.stem != NAME or word.negated)


def _feelings(read: Sequence[_Read]) -> dict[str, int]:
    """Learn from the evidence what its words of opinion express; a word that goes both ways is left out."""
    known: dict[str, set[int]] = {}
    for item in read:
        at = item.cited.words
        if at is None or not item.sign:
            continue
        for clause in item.claims:
            for word in clause:
                if at[0] <= word.token.start < at[1] and word.stem != NAME:
                    known.setdefault(word.stem, set()).add(-item.sign if word.negated else item.sign)
    return {root: next(iter(found)) for root, found in known.items() if len(found) == 1}


def _claims(
    bare: str,
    quoted: Sequence[tuple[int, int]],
    names: Sequence[str],
    known: Mapping[str, int],
    parts: Mapping[str, Counts],
) -> list[Claim]:
    hidden, found = _hide(bare, names)
    masked = [*quoted, *(span for span, _ in found)]  # a mark stands for a longer stretch
    made = []
    for clause in clauses(hidden):
        before = [name for (at, _), name in found if at <= clause[-1].start and name in parts]
        start = min((first for first, end in masked if first <= clause[0].start < end), default=clause[0].start)
        end = max((end for first, end in masked if first <= clause[-1].start < end), default=clause[-1].end)
        part = before[-1] if before else None
        claim = Claim(clause, _specific(clause, names), tuple(signs(clause, known)), (start, end), part)
        made.append(_without(claim, quantity_places(clause)))
    return made


def _without(claim: Claim, used: set[int]) -> Claim:
    return claim._replace(specific=tuple(word for word in claim.specific if word.token.start not in used))


def _allowed(
    claims: Sequence[Claim], read: Sequence[_Read], counts: Counts, parts: Mapping[str, Counts]
) -> list[Allowed]:
    """Say for each claim what its numbers may be: those of its feeling, of the thing it names."""
    spoken = {sign for claim in claims for sign in claim.signs}
    decisive = spoken or {item.sign for item in read}
    overall = next(iter(decisive)) if len(decisive) == 1 else 0
    made = []
    for claim in claims:
        of = parts.get(claim.part or "", counts)
        sign = claim.sign or overall
        specific = tuple(word for word in claim.specific if not word.stem.startswith("#"))
        mentions = any(token.text in ("mention", "mentions", "mentioned") for token in claim.clause)
        shown = None
        if specific:
            shown = len({item.cited.person for item in read if _covered(specific, item)})
        elif not claim.signs and any(token.text == MASK for token in claim.clause):
            shown = len({item.cited.person for item in read})  # "31 people say “too thin”"
        made.append(
            Allowed(
                people=of.people,
                side_people={1: of.positive, -1: of.negative, 0: of.people}[sign],
                mentions=of.mentions,
                side_mentions={1: of.positive_mentions, -1: of.negative_mentions, 0: of.mentions}[sign],
                records=of.records,
                read=None if claim.signs or not mentions else of.read,
                shown=shown,
            )
        )
    return made


def _covered(words: Sequence[Word], item: _Read) -> bool:
    return any(covers(claim, words) for claim in item.claims)


def _quotes(quoted: Sequence[tuple[tuple[int, int], str]], bare: str, cited: Sequence[Cited]) -> Finding | None:
    """Check that every quoted string stands, as whole words, in a text cited."""
    if match := re.search(r"[“”\"«»]", bare):
        return finding("quotation_marks", "its quotation marks do not match", span=match.span())
    for span, words in quoted:
        exact = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")
        if not words.strip() or not any(exact.search(item.text) for item in cited):
            return finding("quote_missing", f"“{words}” is not in the words it cites", span=span, against=_texts(cited))
    return None


def _texts(cited: Iterable[Cited]) -> str:
    return " / ".join(dict.fromkeys(item.text for item in cited))


def _polarity(claims: Sequence[Claim], read: Sequence[_Read]) -> Finding | None:
    """Check that praise cites praise and blame cites blame, each way round."""
    spoken = {sign for claim in claims for sign in claim.signs}
    cited = {item.sign for item in read} - {0}
    if spoken == cited:
        return None
    against = " and ".join(side for sign, side in _SIDES.items() if sign in cited) or "neutral"
    if not spoken:
        return finding("polarity_unclear", "whether it praises or complains cannot be told", against=against)
    for sign, kind in ((1, "good"), (-1, "bad")):
        if sign in spoken - cited:
            span = next(claim.span for claim in claims if sign in claim.signs)
            reason = f"it says something {kind} that the people it cites did not say"
            return finding("polarity", reason, span=span, against=against)
    return finding("one_sided", "the people it cites disagree with each other and it does not say so", against=against)


def _support(claims: Sequence[Claim], read: Sequence[_Read]) -> Finding | None:
    """Check that every claim's words stand together in one claim of one cited text of the same feeling."""
    said = {word.stem for item in read for claim in item.claims for word in claim}
    for claim in claims:
        strange = [word.token for word in claim.specific if word.stem not in said and word.stem != NAME]
        if strange:
            reason = f"the people it cites do not mention “{strange[0].text}”"
            span = (strange[0].start, strange[0].end)
            return finding("support", reason, span=span, against=_texts(item.cited for item in read))
        same = [item for item in read if claim.sign in (0, item.sign)]
        if claim.specific and not any(_covered(claim.specific, item) for item in same):
            plain = [word._replace(negated=False) for word in claim.specific]
            for item in same:
                if any(covers([w._replace(negated=False) for w in have], plain) for have in item.claims):
                    reason = "the people it cites say the opposite"
                    return finding("contradiction", reason, span=claim.span, against=item.cited.text)
            reason = "it joins words that no one it cites said together"
            return finding("joined", reason, span=claim.span, against=_texts(item.cited for item in read))
    return None
