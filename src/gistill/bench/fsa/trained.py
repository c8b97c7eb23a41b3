"""Folders of trained models as systems: named by share for a low-resource curve, by domain for a cross-domain matrix.

Nothing is trained here; benchmarks/README.md has the loops of `gistill finetune` that make the folders.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from gistill.bench.fsa.scorecard import BenchScorecard
from gistill.bench.systems import Member, System
from gistill.errors import InputError
from gistill.schema import Estimate

_SEED = re.compile(r"(?P<name>.+)-(?P<seed>\d+)")


def systems_in(runs: Path, *, shares: bool = False) -> list[System]:
    """Take each folder below `runs` as a trained model: NAME, or NAME-SEED where one system has several seeds.

    Args:
        runs: For a curve the names are shares of the training data ("0.1-0", "0.1-1", "1-0"), for a matrix the domains
            that were trained on ("electronics-0").
        shares: The names must be shares.

    Returns:
        The systems, shares by size and other names by alphabet; a folder with reader.json is a reader, any other a
        writer.

    Raises:
        InputError: There is no folder, or one whose name is no share.
    """
    folders = sorted(path for path in runs.iterdir() if path.is_dir()) if runs.is_dir() else []
    if not folders:
        raise InputError("holds no folder of a trained model", file=str(runs))
    found: dict[str, list[tuple[int, Member]]] = {}
    for folder in folders:
        match = _SEED.fullmatch(folder.name)
        name, seed = (match["name"], int(match["seed"])) if match else (folder.name, 0)
        if shares and share_of(name) is None:
            raise InputError(
                f"{folder.name!r} is not named by a share of the training data",
                file=str(runs),
                hint="Folders are named SHARE or SHARE-SEED, for example 0.1-0.",
            )
        kind = "reader" if (folder / "reader.json").is_file() else "writer"
        found.setdefault(name, []).append((seed, Member(kind, str(folder))))  # type: ignore[arg-type]
    systems = [System(name, tuple(member for _, member in sorted(members))) for name, members in found.items()]
    return sorted(systems, key=lambda system: (share_of(system.name) or 0.0, system.name))


def share_of(name: str) -> float | None:
    """Read a share of the training data, in (0, 1]; None where a name is none."""
    try:
        share = float(name)
    except ValueError:
        return None
    return share if 0 < share <= 1 else None


def by_share(cards: Sequence[BenchScorecard]) -> dict[str, list[tuple[float, Estimate]]]:
    """Give for each set the F1 by share of the training data, smallest share first."""
    lines: dict[str, list[tuple[float, Estimate]]] = {}
    for card in cards:
        share = share_of(card.system)
        if share is not None and not card.skipped:
            lines.setdefault(card.set, []).append((share, card.views["all"].f1))
    return {name: sorted(line, key=lambda point: point[0]) for name, line in lines.items()}


def by_domain(cards: Sequence[BenchScorecard]) -> tuple[list[str], list[str], list[list[Estimate]]]:
    """Give what was trained on, what was tested on, and the F1 of each pair, trained by tested."""
    trained, tested = (list(dict.fromkeys(names)) for names in ((c.system for c in cards), (c.set for c in cards)))
    scores = {(card.system, card.set): card.views["all"].f1 for card in cards if not card.skipped}
    return trained, tested, [[scores.get((a, b), Estimate(value=None)) for b in tested] for a in trained]
