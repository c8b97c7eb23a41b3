"""Bytes to lines: files, standard input and gzip; the encoding found out; decoding that never ends a run.

The rule for encodings, in this order: a byte order mark; UTF-16 told by its zero bytes; UTF-8; what charset-normalizer
finds among the common multi-byte and non-Western encodings, when there is enough to go by; else Windows-1252, of which
Latin-1 text is a part. Bytes that the chosen encoding cannot decode, which a sample may not have shown, are read as
Windows-1252 (as Latin-1 where that has no character), so they never stop a run; `TextSource` counts them.
"""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import re
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from gistill.errors import InputError, SettingError

HEAD = 1 << 20  # bytes looked at to find out encoding, format and dialect
MAX_LINE = 8_000_000  # characters; a longer line is cut, so that one without an end cannot fill the memory
READ_ERRORS = (OSError, EOFError, zlib.error)  # what a broken or truncated gzip file, or a dying disk, raises

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Windows-1252 and its Eastern neighbours are left out: short Western texts are often mistaken for the latter.
_CANDIDATES = ["cp1251", "koi8_r", "cp1253", "cp1255", "cp1256", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr"]
_ESCAPES = re.compile("[\udc80-\udcff]+")


class ByteSource:
    """A file or standard input, unzipped, whose first megabyte can be looked at before it is read.

    Args:
        source: A path, or "-" for standard input. Gzip is recognised by its first bytes, whatever the name.

    Raises:
        InputError: It does not exist, may not be read, is empty or is not the gzip file it claims to be.
    """

    def __init__(self, source: str | Path) -> None:
        self.name = "standard input" if str(source) == "-" else str(source)
        self.path = None if str(source) == "-" else Path(source)
        self._file = self._open()
        self._stream = self._file
        try:
            self.head = self._file.read(HEAD)
            self.zipped = self.head.startswith(b"\x1f\x8b")
            if self.zipped:
                self._stream = cast(BinaryIO, gzip.GzipFile(fileobj=self.stream()))
                self.head = self._stream.read(HEAD)
        except READ_ERRORS as error:
            self.close()
            raise InputError(f"cannot be read: {explain(error)}", file=self.name) from error
        self.complete = len(self.head) < HEAD  # the head is all there is
        if not self.head.strip(b"\0 \r\n\t\xef\xbb\xbf\xff\xfe"):
            self.close()
            raise InputError("is empty", file=self.name)

    def _open(self) -> BinaryIO:
        if self.path is None:
            return sys.stdin.buffer
        try:
            return self.path.open("rb")
        except FileNotFoundError:
            raise InputError("does not exist", file=self.name) from None
        except OSError as error:
            raise InputError(f"cannot be read: {explain(error)}", file=self.name) from None

    def stream(self) -> io.BufferedReader:
        """Give the whole content from its first byte, once."""
        return io.BufferedReader(_Rejoined(self.head, self._stream), 1 << 16)

    def seekable(self) -> BinaryIO:
        """Give the content as a file that can be read in any order, copied to a temporary one where it cannot."""
        if self.path is not None and not self.zipped:
            return self.path.open("rb")
        copy = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - the reader of the format closes it
        try:
            with self.stream() as stream:
                while block := stream.read(1 << 20):
                    copy.write(block)
        except READ_ERRORS as error:
            copy.close()
            raise InputError(f"cannot be read: {explain(error)}", file=self.name) from error
        copy.seek(0)
        return copy

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self.path is not None:
            self._file.close()


class _Rejoined(io.RawIOBase):
    """The head that was looked at, followed by the rest of the stream."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = memoryview(head), rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._head:
            taken = min(len(buffer), len(self._head))
            buffer[:taken] = self._head[:taken]
            self._head = self._head[taken:]
            return taken
        block = self._rest.read(len(buffer))
        buffer[: len(block)] = block
        return len(block)


class TextSource:
    """The lines of a source, decoded.

    Args:
        source: Where the bytes come from; read once.
        encoding: A Python codec name; None to find it out.

    Raises:
        SettingError: The encoding is not one Python knows.
    """

    def __init__(self, source: ByteSource, encoding: str | None = None) -> None:
        if encoding is not None:
            _check_encoding(encoding)
        self.bytes = source
        self.encoding = encoding or find_encoding(source.head)
        self.recoded = 0  # characters that the encoding could not decode, so far
        self.first_recoded: int | None = None  # the line of the first of them, from 1

    def sample(self) -> list[str]:
        """Give the decoded lines of the head, without the last one where the head may have cut it."""
        lines = [line for _, line in self._decode(io.BufferedReader(_Rejoined(self.bytes.head, io.BytesIO())))]
        self.recoded, self.first_recoded = 0, None
        return lines if self.bytes.complete or len(lines) < 2 else lines[:-1]

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield each line with its number from 1 and its line ending, as an editor counts them (\\n, \\r\\n or \\r)."""
        return self._decode(self.bytes.stream())

    def _decode(self, stream: io.BufferedReader) -> Iterator[tuple[int, str]]:
        errors = (
            "replace" if self.encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")) else "surrogateescape"
        )
        with contextlib.closing(io.TextIOWrapper(stream, self.encoding, errors=errors, newline="")) as text:
            number = 0
            while line := text.readline(MAX_LINE):
                number += 1
                if number == 1:
                    line = line.removeprefix("\ufeff")
                if len(line) >= MAX_LINE and not line.endswith(("\n", "\r")):
                    while (rest := text.readline(MAX_LINE)) and not rest.endswith(("\n", "\r")):
                        pass
                if not line.isascii() and _ESCAPES.search(line):
                    line = self._recode(line, number)
                yield number, line

    def _recode(self, line: str, number: int) -> str:
        self.first_recoded = self.first_recoded or number
        self.recoded += sum(len(match.group()) for match in _ESCAPES.finditer(line))
        return _ESCAPES.sub(lambda match: read_as_windows(match.group().encode("ascii", "surrogateescape")), line)


def read_as_windows(data: bytes) -> str:
    """Read bytes as Windows-1252, and the five it leaves undefined as Latin-1 control characters."""
    return "".join(bytes((byte,)).decode("cp1252", "ignore") or chr(byte) for byte in data)


def find_encoding(head: bytes) -> str:
    """Name the encoding of a file by its first bytes; the rule stands at the top of this module."""
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    if wide := _find_wide(head):
        return wide
    decoded = codecs.getincrementaldecoder("utf-8")("surrogateescape").decode(head)
    bad = sum(len(match.group()) for match in _ESCAPES.finditer(decoded))
    if not bad:
        return "utf-8"
    if sum(not char.isascii() for char in decoded) - bad > bad:
        return "utf-8"  # a few stray bytes in a UTF-8 file do not make it another one
    return _find_narrow(head)


def _find_wide(head: bytes) -> str | None:
    """Tell UTF-16 without a byte order mark: its zero bytes all stand on the same side."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    zeros = even + odd
    if zeros * 500 < len(head) or max(even, odd) < 0.9 * zeros:
        return None
    name = "utf-16-le" if odd > even else "utf-16-be"
    if zeros * 5 < len(head) and _decodes(head, "utf-8"):
        return None  # UTF-8 with some stray zero bytes
    return name if _decodes(head, name) else None


def _decodes(head: bytes, name: str) -> bool:
    try:
        codecs.getincrementaldecoder(name)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _find_narrow(head: bytes) -> str:
    lines = [line for line in head.splitlines() if not line.isascii()]
    sample = b"\n".join(lines)[: 1 << 15]
    special = sum(byte >= 0x80 for byte in sample)
    if special < 32 or special * 5 < len(sample):
        return "cp1252"  # Western text has few letters beyond ASCII; Cyrillic, Greek or Chinese text has mostly such
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=_CANDIDATES).best()
    return best.encoding if best is not None else "cp1252"


def _check_encoding(encoding: str) -> None:
    try:
        known = codecs.lookup(encoding)._is_text_encoding
    except LookupError:
        known = False
    if not known:
        raise SettingError(f"there is no encoding {encoding!r}", hint="Use a name such as utf-8, utf-16 or cp1252.")


def explain(error: BaseException) -> str:
    """Say in a clause why reading failed, as far as the operating system or zlib says."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return "the compressed data ends early" if isinstance(error, EOFError) else f"it is damaged ({error})"
