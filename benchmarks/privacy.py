"""How much personal data the privacy gate finds, how much of what it takes is personal, and how long it needs.

    python benchmarks/privacy.py [--half tuning|reporting] [--misses] [--presidio] [--phonenumbers]
    python benchmarks/privacy.py --countries development|aside [--misses]

The texts are tests/privacy_cases.jsonl, written for this by hand; none of the values belongs to anybody. The first bit
of a text's hash puts it into the half that patterns may be tuned on or into the half that is only ever reported.
`--misses` shows what went wrong in the tuning half, and never in the other. The other two compare: presidio's own
recognisers over a blank pipeline, and phonenumbers' matcher for telephone numbers.

A marked value is found when all of it is covered, by whatever kinds, since it leaves when any of it stands; a find is
right when it touches a marked value. Optional values count neither way.

`--countries` scores the texts of 15 countries that benchmarks/privacy_countries.py drew, by country and kind, and the
texts without personal data. There a value is found when each of its letters and digits is covered. Patterns are
developed on one half of them; the half set aside is for one look at the end, and `--misses` never shows it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gistill.privacy import KINDS, Found
from gistill.privacy.redaction import _found, find_together
from gistill.stats import wilson

CASES = Path(__file__).parent.parent / "tests" / "privacy_cases.jsonl"
COUNTRIES = Path(__file__).parent / "privacy_countries.jsonl"
Finder = Callable[[str], Sequence[Found]]


def gate(text: str) -> list[Found]:
    """Find what the gate replaces, a value's other places in the text included."""
    return find_together([text])[0]


class Case(NamedTuple):
    text: str
    marked: tuple[Found, ...]
    optional: tuple[Found, ...]

    @property
    def half(self) -> str:
        return "tuning" if hashlib.sha256(self.text.encode()).digest()[0] % 2 else "reporting"


class Score(NamedTuple):
    found: dict[str, list[bool]]  # of each marked value, by its kind: wholly covered
    right: dict[str, list[bool]]  # of each find, by its kind: touches a marked value
    clean: list[bool]  # of each text without personal data: left as it is


def load_cases() -> list[Case]:
    """Read the marked texts."""
    cases = []
    for line in CASES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        marks = [(Found(mark["start"], mark["end"], mark["kind"]), mark["optional"]) for mark in row["finds"]]
        must = tuple(mark for mark, optional in marks if not optional)
        cases.append(Case(row["text"], must, tuple(mark for mark, optional in marks if optional)))
    return cases


def covered(mark: Found, text: str, finds: Sequence[Found]) -> bool:
    """Say whether every sign of a marked value that is not white space is in some find."""
    places = {place for one in finds for place in range(one.start, one.end)}
    return all(place in places or text[place].isspace() for place in range(mark.start, mark.end))


def touches(one: Found, marks: Sequence[Found]) -> bool:
    return any(one.start < mark.end and mark.start < one.end for mark in marks)


def score(cases: Sequence[Case], finder: Finder, kinds: Sequence[str] = KINDS) -> Score:
    """Count over texts; only values and finds of some kinds."""
    result = Score({}, {}, [])
    for case in cases:
        finds = finder(case.text)
        for mark in case.marked:
            if mark.kind in kinds:
                result.found.setdefault(mark.kind, []).append(covered(mark, case.text, finds))
        for one in finds:
            if touches(one, case.marked) or not touches(one, case.optional):
                result.right.setdefault(one.kind, []).append(touches(one, case.marked))
        if not case.marked and not case.optional:
            result.clean.append(not finds)
    return result


def share(values: Sequence[bool]) -> str:
    found = wilson(sum(values), len(values))
    if found.value is None or found.low is None or found.high is None:
        return "-"
    return f"{100 * found.value:5.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}] {found.count}/{found.of}"


def show(title: str, result: Score) -> None:
    print(f"\n{title}\n{'kind':15}{'recall':>32}{'precision':>32}")
    for kind in KINDS:
        if kind in result.found or kind in result.right:
            print(f"{kind:15}{share(result.found.get(kind, [])):>32}{share(result.right.get(kind, [])):>32}")
    total = [[value for values in part.values() for value in values] for part in (result.found, result.right)]
    print(f"{'all':15}{share(total[0]):>32}{share(total[1]):>32}")
    print(f"texts without personal data left as they are: {share(result.clean)}")


def show_misses(cases: Sequence[Case], finder: Finder) -> None:
    for case in cases:
        finds = finder(case.text)
        missed = [mark for mark in case.marked if not covered(mark, case.text, finds)]
        wrong = [one for one in finds if not touches(one, [*case.marked, *case.optional])]
        kinds = [
            (mark.kind, one.kind)
            for mark in case.marked
            for one in finds
            if touches(one, [mark]) and one.kind != mark.kind
        ]
        if missed or wrong or kinds:
            print(f"{case.text!r}")
            for name, ones in (("missed", missed), ("wrong", wrong)):
                for one in ones:
                    print(f"    {name} {one.kind} {case.text[one.start : one.end]!r}")
            for kind in kinds:
                print(f"    {kind[0]} taken for {kind[1]}")


def left(mark: dict[str, Any], text: str, finds: Sequence[Found]) -> bool:
    """Say whether a letter or digit of a marked value stays where it is."""
    places = {place for one in finds for place in range(one.start, one.end)}
    return any(place not in places and text[place].isalnum() for place in range(mark["start"], mark["end"]))


def show_countries(half: str, finder: Finder, misses: bool) -> None:
    """Show the values found by country and by kind, the texts with none left, and the clean texts left alone."""
    rows = [json.loads(line) for line in COUNTRIES.read_text(encoding="utf-8").splitlines()]
    values: dict[str, list[bool]] = {}
    texts: dict[str, list[bool]] = {"no value left": [], "clean": []}
    for row in (row for row in rows if row["half"] == half):
        finds = finder(row["text"])
        missed = [mark for mark in row["finds"] if left(mark, row["text"], finds)]
        texts["no value left" if row["finds"] else "clean"].append(not (missed if row["finds"] else finds))
        for mark in row["finds"]:
            for group in (row["country"], mark["kind"], "all"):
                values.setdefault(group, []).append(mark not in missed)
        if misses and (missed or (finds and not row["finds"])):
            print(f"{row['id']} {row['text']!r}\n    {[row['text'][one['start'] : one['end']] for one in missed]}")
            print(f"    found {[(one.kind, row['text'][one.start : one.end]) for one in finds]}")
    print(f"\n15 countries, {half} half: values of which nothing is left")
    for group in [*dict.fromkeys(row["country"] for row in rows), *KINDS, "all"]:
        if group in values:
            print(f"{group:15}{share(values[group]):>32}")
    for title, of in texts.items():
        print(f"texts, {title:22}{share(of)}")


def milliseconds(cases: Sequence[Case], finder: Finder, repeats: int) -> float:
    """Time one text, in milliseconds of processor time, nothing cached."""
    started = time.process_time()
    for _ in range(repeats):
        _found.cache_clear()
        for case in cases:
            finder(case.text)
    return 1000 * (time.process_time() - started) / (repeats * len(cases))


def presidio() -> Finder:
    """Presidio as it comes, over a blank English pipeline, with its download of domain endings switched off."""
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
    tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR
    pipeline = spacy.blank("en")

    class Blank(NlpEngine):
        def load(self) -> None:
            pass

        def is_loaded(self) -> bool:
            return True

        def process_text(self, text: str, language: str) -> NlpArtifacts:
            doc = pipeline(text)
            tokens = [token.text for token in doc]
            return NlpArtifacts([], doc, [token.idx for token in doc], tokens, self, language)

        def process_batch(self, texts: Any, language: str, **_: Any) -> Any:
            return ((text, self.process_text(text, language)) for text in texts)

        def is_stopword(self, word: str, language: str) -> bool:
            return pipeline.vocab[word].is_stop

        def is_punct(self, word: str, language: str) -> bool:
            return pipeline.vocab[word].is_punct

        def get_supported_entities(self) -> list[str]:
            return []

        def get_supported_languages(self) -> list[str]:
            return ["en"]

    engine = AnalyzerEngine(nlp_engine=Blank(), supported_languages=["en"])
    names = {
        "EMAIL_ADDRESS": "EMAIL", "PHONE_NUMBER": "PHONE", "CREDIT_CARD": "CARD", "IBAN_CODE": "IBAN",
        "IP_ADDRESS": "IP", "URL": "URL", "DATE_TIME": "DATE_OF_BIRTH",
    }  # fmt: skip
    return lambda text: [
        Found(one.start, one.end, names.get(one.entity_type, "ID")) for one in engine.analyze(text, "en")
    ]


def phone_matcher() -> Finder:
    """The phonenumbers package, asked in the countries of the texts."""
    import phonenumbers

    regions = ("US", "GB", "DE", "FR", "ES", "IT", "NL", "PT", "PL", "BR", "IN", "AU", "CN", "JP")

    def finder(text: str) -> list[Found]:
        return [
            Found(match.start, match.end, "PHONE")
            for region in regions
            for match in phonenumbers.PhoneNumberMatcher(text, region)
        ]

    return finder


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--half", choices=("tuning", "reporting"))
    parser.add_argument("--misses", action="store_true")
    parser.add_argument("--presidio", action="store_true")
    parser.add_argument("--phonenumbers", action="store_true")
    parser.add_argument("--countries", choices=("development", "aside"))
    asked = parser.parse_args()
    if asked.countries:
        show_countries(asked.countries, gate, asked.misses and asked.countries == "development")
        return 0
    cases = load_cases()
    if asked.misses:
        show_misses([case for case in cases if case.half == "tuning"], gate)
        return 0
    for half in [asked.half] if asked.half else ["tuning", "reporting"]:
        part = [case for case in cases if case.half == half]
        show(f"gistill, {half} half: {len(part)} texts, {milliseconds(part, gate, 5):.2f} ms a text", score(part, gate))
        if asked.presidio:
            finder = presidio()
            show(f"presidio, {half} half, {milliseconds(part, finder, 1):.2f} ms a text", score(part, finder))
        if asked.phonenumbers:
            finder = phone_matcher()
            result = score(part, finder, ["PHONE"])
            show(f"phonenumbers, {half} half, {milliseconds(part, finder, 1):.2f} ms a text", result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
