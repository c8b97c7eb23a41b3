"""Paths that an agent names, and the one folder that they may lead into."""

from __future__ import annotations

from pathlib import Path

from gistill.errors import InputError, SettingError


def open_root(folder: Path) -> Path:
    """Give the folder that is served, without symbolic links.

    Raises:
        SettingError: There is no such folder.
    """
    if not folder.is_dir():
        raise SettingError(f"{folder} is no folder", hint="Name the folder with your files and reports with --root.")
    return folder.resolve(strict=True)


def inside(root: Path, name: str) -> Path:
    """Give the path of a name below the folder.

    Absolute paths, `..` and symbolic links are followed to their end first, so that what is refused is what leads
    outside, and nothing else.

    Args:
        root: See `open_root`.
        name: As the agent wrote it, relative to the folder.

    Raises:
        InputError: It leads outside. The message has the name alone: where the folder lies is nobody's business.
    """
    if not name or "\0" in name:
        raise InputError("is no name of a file", file=repr(name))
    try:
        path = (root / name).resolve()
    except (OSError, RuntimeError):  # a circle of links
        path = Path("/")
    if not path.is_relative_to(root):
        raise InputError("is outside the folder that is served", file=name)
    return path


def readable(root: Path, name: str) -> Path:
    """Give the path of a file or folder that may be read, with everything in it.

    Raises:
        InputError: It leads outside, or a link in the folder does; it is not there, or neither a file nor a folder.
    """
    path = inside(root, name)
    if path.is_dir():
        for below in path.rglob("*"):
            if below.is_symlink() and not _leads_inside(root, below):
                raise InputError("holds a link that leads outside the folder that is served", file=name)
    elif not path.is_file():
        raise InputError("no such file in the folder that is served", file=name)
    return path


def _leads_inside(root: Path, link: Path) -> bool:
    try:
        return link.resolve().is_relative_to(root)
    except (OSError, RuntimeError):
        return False


def without_root(root: Path, message: str) -> str:
    """Write a message without the place of the folder."""
    return message.replace(f"{root}/", "").replace(str(root), ".")
