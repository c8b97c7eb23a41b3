"""The process of a job as `gistill.serve.work` has it, with the reader of six words and no writer."""

from __future__ import annotations

from fake_reader import FakeReader
from gistill import reader
from gistill.serve import work

if __name__ == "__main__":
    reader.load_readers = lambda name=None: FakeReader()  # type: ignore[assignment]
    work.writer_of = lambda *of: None  # type: ignore[assignment]
    work.main()
