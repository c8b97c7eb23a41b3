"""TOWE: opinion words of a given target on SemEval sentences, without polarity. MIT.

Format: TSV `s_id, sentence, target tags, opinion tags`, one row per target, tags written `word\\B`.
Source: Fan et al., Target-oriented Opinion Words Extraction (NAACL 2019).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gistill.corpora.labelled import Extent, Labelled, Source, Triplet, join_tokens, open_part
from gistill.errors import InputError

SOURCE = Source(
    name="towe",
    address="https://github.com/NJUNLP/TOWE",
    licence="MIT",
    ship=True,
    files={
        "data/14lap/train.tsv": "a9e5330678d007b93605d0d46bceeed46990bd1ba6866faf24f003754f55c166",
        "data/14lap/test.tsv": "acfb47854dc57abc83a29eac67f60e21be626d0202b901440698811fa27b7cb3",
        "data/14res/train.tsv": "c7a9c2282dd5173107576259043e730152dcc02fb6525d9e4a4678c1d188b538",
        "data/14res/test.tsv": "3ae87e65fe775b3a6427a0c095e932b1a4038d41f5618aff5ce076e024799f1d",
    },
)


def _spans(tagged: str, tokens: list[str], places: list[Extent]) -> list[Extent]:
    """Read `word\\B word\\I word\\O` as spans; a word may itself hold a backslash."""
    tags = [pair.rpartition("\\")[2] for pair in tagged.split(" ")]
    if len(tags) != len(tokens):
        raise ValueError(f"{len(tags)} tags for {len(tokens)} tokens")
    if odd := set(tags) - {"B", "I", "O"}:
        raise ValueError(f"a tag is {min(odd)!r}, not B, I or O")
    spans: list[Extent] = []
    for i, tag in enumerate(tags):
        if tag == "B" or (tag == "I" and (i == 0 or tags[i - 1] == "O")):
            spans.append(places[i])
        elif tag == "I":
            spans[-1] = (spans[-1][0], places[i][1])
    return spans


def load(domain: str, part: str, *, folder: Path) -> list[Labelled]:
    """Load one part, all targets of a sentence together.

    Args:
        domain: "14lap" or "14res".
        part: "train" or "test".
        folder: The data folder.

    Raises:
        InputError: A row's tags do not fit its sentence.
    """
    file = f"data/{domain}/{part}.tsv"
    rows = read_rows(open_part(SOURCE, file, folder=folder).splitlines(), file=file)
    return [Labelled(text, tuple(found), source=f"towe/{domain}") for text, found in rows.items()]


def read_rows(lines: Iterable[str], *, file: str = "") -> dict[str, list[Triplet]]:
    """Read rows, the first of which is the header, as each text's triplets, texts in order of appearance.

    Args:
        lines: Without their newlines; blank ones are passed over.
        file: File name for the error.

    Raises:
        InputError: A row's tags do not fit its sentence.
    """
    triplets: dict[str, list[Triplet]] = {}
    for number, line in enumerate(lines, 1):
        if number == 1 or not line.strip():
            continue
        try:
            _, sentence, targets, opinions = line.split("\t")
            tokens = sentence.split(" ")
            text, places = join_tokens(tokens, raw=False)
            found = triplets.setdefault(text, [])
            for target in _spans(targets, tokens, places):
                found += [Triplet(target, opinion, None) for opinion in _spans(opinions, tokens, places)]
        except ValueError as error:
            raise InputError(f"not a TOWE row ({error})", file=file, row=number) from error
    return triplets
