"""Tasks by aspect, by how frequent their aspect is, and by how long their sources are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from gistill.bench.abs.sets import SummarySet
from gistill.evaluate.summaries.words import words

MOST_ASPECTS = 12  # that are shown one by one
SHOWN = (
    "ROUGE-1", "ROUGE-L", "BERTScore F1", "relevance to the evidence", "coverage of the evidence", "prevalence",
    "aspect purity", "sentences without a fault by rules", "complete sentences",
)  # fmt: skip
_THIRDS = ("short", "middle", "long")
_FREQUENT, _RARE = "frequent", "rare"


def groups_of(on: SummarySet) -> dict[str, dict[str, list[int]]]:
    """Sort the tasks of a set.

    Returns:
        What they are sorted by -> the group's name -> places of tasks. What does not tell tasks apart is left out, and
        so are aspects that are the domains. A frequent aspect is asked about more often than the usual one, a rare one
        less often.
    """
    tasks = on.examples
    found: dict[str, dict[str, list[int]]] = {}
    asked = Counter(task.asked for task in tasks if task.asked in on.aspects)
    by_domain = list(_sorted([task.domain for task in tasks]).values())
    by_aspect = _sorted([task.asked if task.asked in asked else "(all)" for task in tasks])
    if 1 < len(asked) <= MOST_ASPECTS and list(by_aspect.values()) != by_domain:
        found["aspect"] = by_aspect
    if len(set(asked.values())) > 1:
        usual = float(np.median(list(asked.values())))
        names = ["" if task.asked not in asked else _often(asked[task.asked], usual) for task in tasks]
        found["frequency of the aspect"] = _sorted(names)
    lengths = np.array([sum(len(words(source)) for source in task.sources) for task in tasks])
    low, high = np.quantile(lengths, (1 / 3, 2 / 3))
    if low < high:
        named = [_THIRDS[int(length > low) + int(length > high)] for length in lengths]
        found["words of the sources"] = {
            f"{name} ({lengths[places].min():,} to {lengths[places].max():,})": places
            for name, places in sorted(_sorted(named).items(), key=lambda one: _THIRDS.index(one[0]))
        }
    return {kind: groups for kind, groups in found.items() if len(groups) > 1}


def _often(count: int, usual: float) -> str:
    return _FREQUENT if count > usual else _RARE if count < usual else "usual"


def _sorted(names: Sequence[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        if name:
            found.setdefault(name, []).append(place)
    return found
