"""The public API as a caller's type checker sees it: mypy reads this file (tests/test_types.py), nobody runs it."""

from collections.abc import Iterator
from pathlib import Path
from typing import assert_type

import gistill
from gistill.digest.extract import Extraction
from gistill.distill.annotate import Annotated
from gistill.lm.seam import LanguageModel
from gistill.reader import Reader
from gistill.schema import Tally

assert_type(gistill.__version__, str)

records = gistill.read_records("reviews.csv", columns={"text": "body"}, limit=10)
same: Iterator[gistill.Record | gistill.Failure] = records
assert_type(next(records), gistill.Record | gistill.Failure)
assert_type(gistill.load_reader(), Reader)
assert_type(gistill.load_writer(threads=1), LanguageModel)

digest = gistill.digest(records, folder="report", writer=None)
assert_type(digest, gistill.Digest)
for aspect in digest.aspects:
    assert_type(aspect, gistill.Aspect)
    assert_type(aspect.tally, Tally)
    assert_type(aspect.tally.net_sentiment.value, float | None)
gistill.write_report(digest, Path("report"))

extraction = gistill.extract([gistill.Record(id="1", text="Great sound.", row=1)])
assert_type(extraction, Extraction)
for opinion in extraction.opinions:
    assert_type(opinion, gistill.Opinion)
    assert_type(opinion.confidence, float | None)

annotated = gistill.annotate(records, out="corpus", settings=gistill.AnnotateSettings(skill="opinions"))
assert_type(annotated, Annotated)

try:
    gistill.extract([])
except gistill.GistillError as error:
    assert_type(error.hint, str)
