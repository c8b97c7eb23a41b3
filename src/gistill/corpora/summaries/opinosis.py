"""Opinosis: about 100 sentences of reviews on one topic ("battery life of a netbook"), and four or five summaries.

Format: one archive; `topics/NAME.txt.data`, a sentence a line, and `summaries-gold/NAME/NAME.N.gold`; 51 topics.
Source: Ganesan et al., Opinosis: A Graph-Based Approach to Abstractive Summarization of Highly Redundant Opinions
(COLING 2010).
"""

from __future__ import annotations

import zipfile
from pathlib import Path

from gistill.corpora.labelled import Source
from gistill.errors import InputError
from gistill.files import hash_file
from gistill.task import SummaryTask

SOURCE = Source(
    name="opinosis",
    address="https://github.com/kavgan/opinosis-summarization",
    licence="Apache-2.0",
    ship=True,
    files={"OpinosisDataset1.0_0.zip": "ed0be6c80fe32e9071ddd7fbb7a272fea7efa39b6b3fa77aa1460c7b81026547"},
    shelf="opinion",
)
_TOPICS, _GOLD = "topics/", "summaries-gold/"


def load(*, folder: Path) -> list[SummaryTask]:
    """Load all topics, by name.

    Raises:
        InputError: The archive is missing or is not the published one.
    """
    file, wanted = next(iter(SOURCE.files.items()))
    path = folder / SOURCE.shelf / SOURCE.name / file
    if not path.is_file():
        raise InputError("no such file", file=str(path), hint=f"Get it from {SOURCE.address}")
    if hash_file(path) != wanted:
        raise InputError("the file differs from the published one", file=str(path))
    with zipfile.ZipFile(path) as archive:
        texts = {
            name: archive.read(name).decode("utf-8", "replace")
            for name in sorted(archive.namelist())
            if name.endswith((".data", ".gold"))
        }
    return parse(texts)


def parse(texts: dict[str, str]) -> list[SummaryTask]:
    """Put the files of the archive together: name -> text."""
    found = []
    for name, text in texts.items():
        if not name.startswith(_TOPICS):
            continue
        topic = name.removeprefix(_TOPICS).removesuffix(".txt.data")
        gold = [said for other, said in texts.items() if other.startswith(f"{_GOLD}{topic}/")]
        found.append(
            SummaryTask(
                id=topic,
                sources=tuple(" ".join(line.split()) for line in text.splitlines() if line.strip()),
                shape="reviews",
                references=tuple(" ".join(said.split()) for said in gold if said.strip()),
                title=topic.replace("_", " "),
            )
        )
    return found
