"""Bytes to lines: files, standard input and gzip; the encoding found out; decoding that never ends a run.

`charsets` finds the encoding. Bytes that it cannot decode, which a sample may not have shown, are read as Windows-1252
(as Latin-1 where that has no character), so they never stop a run; `TextSource` counts them.
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
from gistill.tables.shapes.charsets import find_encoding
from gistill.tables.shapes.limits import LARGE, MAX_LINE, PACKED_TIGHT

HEAD = 1 << 20  # bytes looked at to find out encoding, format and dialect
READ_ERRORS = (OSError, EOFError, zlib.error)  # what a broken or truncated gzip file, or a dying disk, raises

_ESCAPES = re.compile("[\udc80-\udcff]+")


class ByteSource:
    """A file or standard input, unzipped, whose first megabyte can be looked at before it is read.

    Args:
        source: A path, or "-" for standard input. Gzip is recognised by its first bytes, whatever the name.
        unpacked: What to read in place of the file by this path: a member of an archive. It is closed with the source.

    Raises:
        InputError: It does not exist, may not be read, is empty or is not the gzip file it claims to be.
    """

    def __init__(self, source: str | Path, *, unpacked: BinaryIO | None = None) -> None:
        self.name = "standard input" if str(source) == "-" else str(source)
        self.path = None if str(source) == "-" else Path(source)
        self.unpacked = unpacked is not None
        self._seekable: BinaryIO | None = None
        self._file = unpacked or self._open()
        self._stream = self._file
        try:
            self.head = self._file.read(HEAD)
            self.zipped = self.head.startswith(b"\x1f\x8b")
            if self.zipped:
                self._stream = cast(BinaryIO, _Unzipped(_Rejoined(self.head, self._file)))
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
        """Give the content as a file that can be read in any order, copied to a temporary one where it cannot.

        It is the same file each time, at its start, and is closed with the source.
        """
        if self._seekable is None:
            is_file = self.path is not None and not self.zipped and not self.unpacked
            self._seekable = self.path.open("rb") if is_file and self.path is not None else self._copied()
        self._seekable.seek(0)
        return self._seekable

    def _copied(self) -> BinaryIO:
        copy = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - it is closed with the source
        try:
            with self.stream() as stream:
                while block := stream.read(1 << 20):
                    copy.write(block)
        except READ_ERRORS as error:
            copy.close()
            raise InputError(f"cannot be read: {explain(error)}", file=self.name) from error
        return copy

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if self._seekable is not None:
            self._seekable.close()
        if self.path is not None:
            self._file.close()


class _Unzipped(gzip.GzipFile):
    """A gzip file that ends, as a damaged one does, where it unpacks to far more than reviews ever do."""

    def __init__(self, packed: _Rejoined) -> None:
        self._packed = packed
        super().__init__(fileobj=io.BufferedReader(packed))

    def read(self, size: int | None = -1) -> bytes:
        block = super().read(size)
        if self.tell() > LARGE and self.tell() > PACKED_TIGHT * max(self._packed.taken, 1):
            raise OSError(f"it is packed more than {PACKED_TIGHT} times, as no table is")
        return block


class _Rejoined(io.RawIOBase):
    """The head that was looked at, followed by the rest of the stream."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head, self._rest = memoryview(head), rest
        self.taken = 0  # bytes, so far

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._head:
            taken = min(len(buffer), len(self._head))
            buffer[:taken] = self._head[:taken]
            self._head = self._head[taken:]
            self.taken += taken
            return taken
        block = self._rest.read(len(buffer))
        buffer[: len(block)] = block
        self.taken += len(block)
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

    def pieces(self) -> Iterator[str]:
        """Yield the text in pieces of any length, for what is no matter of lines."""
        with contextlib.closing(self._open(self.bytes.stream())) as text:
            number = 1
            while piece := text.read(1 << 20):
                if not piece.isascii() and _ESCAPES.search(piece):
                    piece = self._recode(piece, number)
                number += piece.count("\n")
                yield piece

    def whole(self, most: int, what: str, *, hint: str = "") -> str:
        """Give all of the text at once.

        Args:
            most: Characters it may have.
            what: What it is called in the error, with its article.
            hint: What to do where it has more.

        Raises:
            InputError: It has more.
        """
        parts: list[str] = []
        size = 0
        for part in self.pieces():
            parts.append(part)
            size += len(part)
            if size > most:
                told = f"is {what} of more than {most:,} characters, which is held as a whole"
                raise InputError(told, file=self.bytes.name, hint=hint)
        return "".join(parts)

    def _open(self, stream: io.BufferedReader) -> io.TextIOWrapper:
        wide = self.encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32"))
        return io.TextIOWrapper(stream, self.encoding, errors="replace" if wide else "surrogateescape", newline="")

    def _decode(self, stream: io.BufferedReader) -> Iterator[tuple[int, str]]:
        with contextlib.closing(self._open(stream)) as text:
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
