"""Zip archives: their members as sources, bounded in number and size; nothing is written under a member's name."""

from __future__ import annotations

import contextlib
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, NamedTuple, cast

from gistill.errors import InputError
from gistill.tables.shapes.limits import LARGE, MAX_ENTRIES, MAX_FILES, MAX_UNPACKED, PACKED_TIGHT
from gistill.tables.shapes.sources import ByteSource

_END = b"PK\x05\x06"  # begins the end of an archive's list, which says how long the list is
_ARCHIVES = (".zip", ".rar", ".7z", ".tar", ".tgz", ".jar")
BROKEN = (
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
    zlib.error,
    ValueError,
    struct.error,
)


class Member(NamedTuple):
    """A member that can be read."""

    name: str
    info: zipfile.ZipInfo


def kind_of(source: ByteSource) -> str:
    """Say what a file that begins as a zip archive is: "workbook", "document" (of a word processor, ...) or "zip"."""
    names = set(_names(source.seekable(), source.name))
    if any(name.startswith("xl/") for name in names) or "content.xml" in names:
        return "workbook"
    if any(name.startswith(("word/", "ppt/")) for name in names):
        return "document"
    return "zip"


def _names(handle: BinaryIO, file: str) -> list[str]:
    with _opened(handle, file) as archive:
        return archive.namelist()


@contextlib.contextmanager
def _opened(handle: BinaryIO, file: str) -> Iterator[zipfile.ZipFile]:
    if (entries := _count(handle)) > MAX_ENTRIES:
        raise InputError(f"is an archive of {entries:,} entries; at most {MAX_ENTRIES:,} are looked at", file=file)
    handle.seek(0)
    try:
        archive = zipfile.ZipFile(handle)
    except BROKEN:
        raise InputError("is a damaged archive, or one that ends early", file=file) from None
    with archive:
        yield archive


def _count(handle: BinaryIO) -> int:
    """Count the entries as the end of the archive says, before its list is read into memory."""
    size = handle.seek(0, 2)
    handle.seek(max(0, size - 65_557))
    tail = handle.read()
    place = tail.rfind(_END)
    if place < 0 or len(tail) < place + 16:
        return 0
    entries: int
    length: int
    entries, length = struct.unpack("<HI", tail[place + 10 : place + 16])
    if entries == 0xFFFF or length == 0xFFFFFFFF:  # the list is too long to be said here; each entry has 46 bytes
        return max(entries, min(length, size) // 46)
    return max(entries, length // 400)  # an entry is seldom longer; the number alone may be false


def list_members(handle: BinaryIO, file: str) -> tuple[list[Member], list[str]]:
    """List the members of an archive that can be tables or texts, and say which others are not read and why.

    Raises:
        InputError: It is damaged, encrypted, has too many members, or they unpack to too much.
    """
    with _opened(handle, file) as archive:
        infos = [info for info in archive.infolist() if not info.is_dir() and not _is_hidden(info.filename)]
    read: list[Member] = []
    left: list[str] = []
    for info in infos:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in path.parts[0]:
            left.append(f"the member {info.filename[:100]!r} is not read: its name leads out of the archive")
        elif path.suffix.lower() in _ARCHIVES:
            left.append(f"the archive {info.filename[:100]!r} inside the archive is not read; unpack it first")
        else:
            read.append(Member(info.filename, info))
    if len(read) > MAX_FILES:
        raise InputError(f"is an archive of {len(read):,} files; at most {MAX_FILES:,} are read", file=file)
    total = sum(member.info.file_size for member in read)
    if total > MAX_UNPACKED or any(_is_bomb(member.info) for member in read):
        raise InputError(
            f"unpacks to {total:,} bytes, which is too much for an archive of its size", file=file,
            hint="Unpack it and name the file that holds the records.",
        )  # fmt: skip
    if any(member.info.flag_bits & 1 for member in read):
        raise InputError("is encrypted", file=file, hint="Unpack it with its password first.")
    if not read and left:
        raise InputError(f"is an archive without a file that can be read: {left[0]}", file=file)
    if not read:
        raise InputError("is an archive that holds no file", file=file)
    return read, left


def _is_hidden(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith((".", "__MACOSX")) and part != ".." for part in parts)


def _is_bomb(info: zipfile.ZipInfo) -> bool:
    return info.file_size > LARGE and info.file_size > PACKED_TIGHT * max(info.compress_size, 1)


def open_member(handle: BinaryIO, member: Member, file: str) -> ByteSource:
    """Unpack a member into a temporary file and open it; its name serves messages and endings alone.

    Raises:
        InputError: It is damaged, or larger than the archive says.
    """
    copy = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115 - it is closed with the source
    name = f"{file}/{member.name}"
    try:
        handle.seek(0)
        with zipfile.ZipFile(handle) as archive, archive.open(member.info) as packed:
            left = member.info.file_size
            while block := packed.read(1 << 20):
                left -= len(block)
                if left < 0:
                    raise ValueError("larger than the archive says")
                copy.write(block)
    except BROKEN as error:
        copy.close()
        raise InputError(f"is a damaged member: {str(error)[:100]}", file=name) from None
    copy.seek(0)
    return ByteSource(Path(file, member.name).as_posix(), unpacked=copy)
