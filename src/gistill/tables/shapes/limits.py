"""How much of a file is read at most. What is beyond ends in one sentence, never in a full memory or an endless run.

docs/files.md shows these numbers to users.
"""

from __future__ import annotations

MAX_COLUMNS = 2_000
MAX_CELL = 2_000_000  # characters of one cell
MAX_LINE = 8_000_000  # characters of one line of text
MAX_DOCUMENT = 200_000_000  # characters of one JSON document, which is held as a whole; JSON lines have no such bound
MAX_MARKUP = 50_000_000  # characters of HTML or XML, which are held as a whole
MAX_MESSAGE = 50_000_000  # bytes of one mail
MAX_FILES = 10_000  # tables in a folder, members of an archive
MAX_ENTRIES = 50_000  # entries in the list of an archive, folders and pictures included
MAX_UNPACKED = 2_000_000_000  # bytes of all members of an archive together
MAX_WORKBOOK = 1_000_000_000  # bytes of a workbook, unpacked
MAX_SHEET_CELLS = 20_000_000  # cells of the rectangle from a sheet's first to its last filled cell
PACKED_TIGHT = 200  # times; what is packed tighter than that and larger than LARGE holds no reviews
LARGE = 10_000_000  # bytes
