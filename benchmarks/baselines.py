"""The reader beside two baselines on the same sentences: a lexicon with rules, and a few-shot language model.

    GISTILL_DATA=DATA python benchmarks/baselines.py lexicon --out lexicon.json
    GISTILL_DATA=DATA python benchmarks/baselines.py writer --out writer.json
    GISTILL_DATA=DATA python benchmarks/baselines.py compare READER lexicon.json writer.json [--out FILE]

    GISTILL_DATA=DATA python benchmarks/baselines.py lexicon --sets aste/14res/dev:aste --out lexicon.jsonl

writes the lexicon's answers to whole sets instead, for `gistill bench fsa --systems lexicon:lexicon.jsonl`.

The first two write what each baseline finds in a fixed random sample of every open test; the third lets the reader
read the same sentences, and bounds the differences. They are apart because spaCy need not live with the reader.

    GISTILL_DATA=DATA python benchmarks/baselines.py tune

chooses the rules of the lexicon on the development parts: from the defaults, the best single change until none helps.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from lexicon import LexiconReader, Rules
from measures import (
    Rows,
    f1,
    interval,
    load_test,
    measured,
    percent,
    precision,
    recall,
    table,
    triplet_rows,
    without_implicit,
    write_json,
)

from gistill.bench.fsa.jobs import as_tuples
from gistill.bench.fsa.sets import load_set
from gistill.corpora.labelled import Labelled, data_folder
from gistill.corpora.sentences import by_sentence
from gistill.errors import GistillError, InputError
from gistill.reader.decode import Reading
from gistill.stats import paired_bootstrap

TESTS = {"14lap": "ASTE 14lap", "14res": "ASTE 14res", "dmaste": "DMASTE sentences"}
IMPLICIT = {"14lap": False, "14res": False, "dmaste": True}
# Chosen on the development parts with `tune`; see docs/evaluation.md.
RULES = {
    "14lap": Rules(valence=0.4, wide_aspects=True, particles=True),
    "14res": Rules(subjects=False, wide_aspects=True, negation_inside=True),
    "dmaste": Rules(valence=1.6, wide_aspects=True, degree_inside=True, implicit=True),
}


def sample(test: str, *, folder: Path, count: int, part: str = "test", seed: int = 0) -> list[Labelled]:
    """Draw sentences of a test, the same for every system; `count` 0 takes all of them."""
    examples = load_test(test, folder=folder, part=part)
    if test == "dmaste":
        examples = [sentence for review in examples for sentence in by_sentence(review)]
    if not count or count >= len(examples):
        return examples
    return [examples[i] for i in sorted(random.Random(seed).sample(range(len(examples)), count))]


def fingerprint(examples: Sequence[Labelled]) -> str:
    """Says which sentences these are."""
    return hashlib.sha256(json.dumps([example.text for example in examples]).encode()).hexdigest()[:16]


def answers(test: str, examples: Sequence[Labelled], found: Sequence[list[Reading]], illegal: Sequence[int]) -> Any:
    """One test's part of a file of answers."""
    return {"test": test, "sentences": fingerprint(examples), "found": list(found), "illegal": list(illegal)}


def rows_of(test: str, examples: Sequence[Labelled], found: Sequence[list[Reading]], illegal: Sequence[int]) -> Rows:
    """(correct, predicted, gold) of each sentence; an illegal line is a wrong prediction."""
    if not IMPLICIT[test]:
        found, _ = without_implicit(found)
    rows = triplet_rows(examples, found)
    return [(right, given + wrong, gold) for (right, given, gold), wrong in zip(rows, illegal, strict=True)]


def read_answers(path: Path, test: str, examples: Sequence[Labelled]) -> tuple[list[list[Reading]], list[int]]:
    """Take one test's answers from a file that `lexicon` or `writer` wrote.

    Raises:
        InputError: They are answers about other sentences.
    """
    for part in json.loads(path.read_text(encoding="utf-8"))["tests"]:
        if part["test"] == test and part["sentences"] == fingerprint(examples):
            return [[_reading(item) for item in text] for text in part["found"]], part["illegal"]
    raise InputError(f"no answers about these sentences of {test}", file=str(path), hint="Make them again.")


def _reading(item: Sequence[Any]) -> Reading:
    aspect, opinion, polarity, confidence = item[:4]  # what else a reader says is not scored here
    return Reading(tuple(aspect) if aspect else None, tuple(opinion) if opinion else None, polarity, confidence)


def answer_with_lexicon(options: argparse.Namespace, folder: Path) -> None:
    if options.sets:
        return answer_sets_with_lexicon(options.sets.split(","), options.out, folder)
    tests = []
    for test in TESTS:
        examples = sample(test, folder=folder, count=options.sample)
        found = LexiconReader(RULES[test]).read([example.text for example in examples])
        tests.append(answers(test, examples, found, [0] * len(examples)))
    return write_json(options.out, {"system": "lexicon and rules", "tests": tests})


def answer_sets_with_lexicon(names: Sequence[str], out: Path, folder: Path) -> None:
    """Write the lexicon's answers to whole sets, a line a text, as `gistill bench fsa` takes them."""
    lines = []
    for name in names:
        on = load_set(name, folder=folder)
        texts = [example.text for example in on.examples]
        for text, found in zip(texts, LexiconReader(RULES[rules_for(on.name)]).read(texts), strict=True):
            tuples = as_tuples(found, text, on.task, implicit_aspects=on.implicit_aspects)
            answer = {"text": text, "task": on.task, "tuples": [t._asdict() for t in tuples]}
            lines.append(json.dumps(answer) + "\n")
    out.write_text("".join(lines), encoding="utf-8")


def rules_for(name: str) -> str:
    """Say which of `RULES` a set is read with: those of the nearest development part."""
    if name.startswith("dmaste/"):
        return "dmaste"
    return "14lap" if "lap" in name else "14res"


def answer_with_writer(options: argparse.Namespace, folder: Path) -> None:
    from fewshot import ask

    from gistill.lm import load_writer

    writer = load_writer(options.model)
    tests = []
    for test in TESTS:
        examples = sample(test, folder=folder, count=options.sample)
        found, illegal = ask(writer, [example.text for example in examples])
        print(f"{TESTS[test]}: {sum(map(len, found))} readings, {sum(illegal)} illegal lines", file=sys.stderr)
        tests.append(answers(test, examples, found, illegal))
    write_json(options.out, {"system": f"{writer.name} few-shot", "hash": writer.hash, "tests": tests})


def compare(options: argparse.Namespace, folder: Path) -> None:
    from gistill.reader import load_reader

    reader = load_reader(options.reader)
    result = []
    for test, name in TESTS.items():
        examples = sample(test, folder=folder, count=options.sample)
        ours = rows_of(test, examples, reader.read([e.text for e in examples]), [0] * len(examples))
        result.append(_row(name, reader.name, ours, ours))
        for path in options.answers:
            found, illegal = read_answers(path, test, examples)
            system = json.loads(path.read_text(encoding="utf-8"))["system"]
            row = _row(name, system, ours, rows_of(test, examples, found, illegal))
            result.append({**row, "illegal": sum(illegal)})
    header = ["test", "system", "precision", "recall", "F1", "95% interval", "reader minus it", "95% interval"]
    print(table(header, [_cells(row) for row in result]))
    if options.out:
        write_json(options.out, {"reader": reader.hash, "sample": options.sample, "rows": result})


def _row(test: str, system: str, ours: Rows, theirs: Rows) -> dict[str, Any]:
    score = measured(test, "triplet F1", theirs, f1, of=[1, 2])
    row = {"test": test, "system": system, "f1": score.value, "low": score.low, "high": score.high}
    row["precision"] = measured(test, "precision", theirs, precision, of=[1]).value
    row["recall"] = measured(test, "recall", theirs, recall, of=[2]).value
    if theirs is not ours:
        difference = paired_bootstrap(ours, theirs, f1)
        row["reader_minus"] = {"value": difference.value, "low": difference.low, "high": difference.high}
    return row


def _cells(row: dict[str, Any]) -> list[str]:
    cells = [row["test"], row["system"], *(percent(row[key]) for key in ("precision", "recall", "f1"))]
    by = row.get("reader_minus")
    return [
        *cells,
        interval(row["low"], row["high"]),
        percent(by["value"]) if by else "-",
        interval(by["low"], by["high"]) if by else "-",
    ]


def tune(options: argparse.Namespace, folder: Path) -> None:
    """Print what the best single change of the rules gives on the development parts, until none gives 0.2 points."""
    for test in TESTS:
        examples = sample(test, folder=folder, count=options.sample, part="dev")
        reader = LexiconReader(Rules())
        parses = reader.parse([example.text for example in examples])

        def value(
            rules: Rules, test: str = test, examples: Any = examples, reader: Any = reader, docs: Any = parses
        ) -> float:
            reader.rules = rules
            found = [reader.read_parse(doc) for doc in docs]
            return f1(np.sum(rows_of(test, examples, found, [0] * len(examples)), axis=0))

        rules, best, change = Rules(), 0.0, "as they are"
        now = value(rules)
        while now > best + 0.002:
            best = now
            print(f"{TESTS[test]} dev, {len(examples)} sentences, F1 {percent(best)}: {change}", flush=True)
            now, change, rules = max(
                ((value(r), c, r) for c, r in changes(rules)), key=lambda item: item[0], default=(0.0, "", rules)
            )


def changes(rules: Rules) -> Iterator[tuple[str, Rules]]:
    """Every way to change one rule."""
    for field in fields(Rules):
        now = getattr(rules, field.name)
        for other in [not now] if isinstance(now, bool) else [0.4, 0.8, 1.2, 1.6, 2.0]:
            if other != now:
                yield f"{field.name} {other}", replace(rules, **{field.name: other})


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, run, count in (
        ("lexicon", answer_with_lexicon, 150),
        ("writer", answer_with_writer, 150),
        ("compare", compare, 150),
        ("tune", tune, 0),
    ):
        command = commands.add_parser(name)
        command.set_defaults(run=run)
        command.add_argument("--sample", type=int, default=count, metavar="N", help="sentences of each test; 0 is all")
        if run is compare:
            command.add_argument("reader", type=Path)
            command.add_argument("answers", type=Path, nargs="*")
        if run is answer_with_lexicon:
            command.add_argument("--sets", metavar="LIST", help="whole sets for gistill bench fsa, commas between")
        if run is answer_with_writer:
            command.add_argument("--model", help="instead of the default writer")
        if run is not tune:
            command.add_argument("--out", type=Path, required=run is not compare)
    options = parser.parse_args(arguments)
    try:
        options.run(options, data_folder())
    except GistillError as error:
        print(f"{error} {error.hint}".strip(), file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
