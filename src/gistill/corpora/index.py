"""Every fine-grained sentiment set by name: "corpus/domain/part:task", for example "aste/14res/test:aste".

A set gives every task whose elements it labels: triplets give "aste", "aope" and "tsa", quads give all six. DMASTE is
cut into sentences, as the reader reads it. Parts named "test" are open tests: for reporting, never for choosing.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from gistill.corpora import acos, asqp, aste, datastory, dmaste, fsa, generative, mams, memd, oats, towe
from gistill.corpora.labelled import Labelled, Source
from gistill.corpora.sentences import by_sentence
from gistill.corpora.tuples import Example, from_labelled, project
from gistill.errors import SettingError
from gistill.schema import ELEMENTS, Record, SentimentTask

_NEAR = 5  # names shown where one is wrong


class _Domain(NamedTuple):
    source: Source
    task: SentimentTask  # the one that asks for all elements that are labelled
    parts: tuple[str, ...]
    load: Callable[[str, Path], list[Example]]


def names() -> list[str]:
    """Give the names of all sets with all their tasks, sorted."""
    return sorted(
        f"{domain}/{part}:{task}"
        for domain, about in _domains().items()
        for part in about.parts
        for task in _tasks(about)
    )


def load(name: str, *, folder: Path) -> list[Example]:
    """Load a set.

    Args:
        name: One of `names()`.
        folder: The data folder.

    Returns:
        All its texts in the corpus's order, also those without an opinion. `source` is the name without the task.

    Raises:
        SettingError: No such set, or it does not label what the task asks for.
        InputError: A file is missing, or is not the published one.
    """
    domain, part, task = _split(name)
    return [project(example, task) for example in _domains()[domain].load(part, folder)]


def records(name: str, *, folder: Path | None) -> Iterator[Record]:
    """Load a set's texts as records, without their labels.

    Raises:
        SettingError: No such set, or no folder of public data.
        InputError: A file is missing, or is not the published one.
    """
    if folder is None:
        raise SettingError(f"the set {name!r} needs the folder of public data", hint="Give it with --data.")
    found = load(name, folder=folder)
    return (Record(id=f"{name}#{number}", text=example.text) for number, example in enumerate(found))


def source(name: str) -> Source:
    """Say where a set comes from; its task may be left off the name.

    Raises:
        SettingError: No such set.
    """
    return _domains()[_split(name)[0]].source


def licence(name: str) -> str:
    """Give the licence of a set as an SPDX name; empty where its repository states none."""
    return source(name).licence


def may_ship(name: str) -> bool:
    """Say whether the licence allows weights that were trained on a set to be shipped."""
    return source(name).ship


def is_test(name: str) -> bool:
    """Say whether a set is a public test set: for reporting only, never for training or selection."""
    return _split(name)[1] == "test"


def _split(name: str) -> tuple[str, str, SentimentTask]:
    """Divide a name into domain, part and task; without a task it is the one with all elements."""
    place, _, task = name.partition(":")
    domain, _, part = place.rpartition("/")
    about = _domains().get(domain)
    if about is not None and part not in about.parts:
        raise SettingError(f"{domain} has no part {part!r}", hint=f"One of: {', '.join(about.parts)}.")
    if about is None:
        known = sorted(f"{d}/{p}" for d, a in _domains().items() for p in a.parts)
        near = difflib.get_close_matches(place, known, n=_NEAR, cutoff=0.4)
        said, shown = ("Near it", near) if near else ("There are", known[:_NEAR])
        raise SettingError(f"no set {place!r}", hint=f"{said}: {', '.join(shown)}, and {len(known) - len(shown)} more.")
    if task not in ("", *_tasks(about)):
        raise SettingError(f"{place} has no task {task!r}", hint=f"One of: {', '.join(_tasks(about))}.")
    return domain, part, task or about.task  # type: ignore[return-value]


def _tasks(about: _Domain) -> list[SentimentTask]:
    return [task for task, wanted in ELEMENTS.items() if set(wanted) <= set(ELEMENTS[about.task])]


def _labelled(
    load: Callable[..., list[Labelled]], task: SentimentTask, cut: bool, domain: str, name: str, part: str, folder: Path
) -> list[Example]:
    """Load a part of a corpus that has spans, as examples; `cut` gives sentences of reviews."""
    found = load(domain, part, folder=folder) if domain else load(part, folder=folder)
    if cut:
        found = [sentence for review in found for sentence in by_sentence(review)]
    return [from_labelled(example, task, source=f"{name}/{part}") for example in found]


def _tuples(load: Callable[..., list[Example]], domain: str, part: str, folder: Path) -> list[Example]:
    return load(domain, part, folder=folder) if domain else load(part, folder=folder)


def _domains() -> dict[str, _Domain]:
    """Give every domain by the name it has in a set's name."""
    both, all_three = ("train", "dev"), ("train", "dev", "test")
    found = {"mams": _Domain(mams.SOURCE, "tsa", all_three, partial(_labelled, mams.load, "tsa", False, "", "mams"))}
    for domain in ("14lap", "14res", "16res"):
        name, parts = f"aste/{domain}", both if domain == "16res" else all_three
        loader = partial(_labelled, aste.load, "aste", False, domain, name)
        found[name] = _Domain(aste.SOURCE, "aste", parts, loader)
    for domain in dmaste.DOMAINS:
        name = f"dmaste/{domain}"
        loader = partial(_labelled, dmaste.load, "aste", True, domain, name)
        found[name] = _Domain(dmaste.SOURCE, "aste", all_three, loader)
    for domain in ("14lap", "14res"):
        name = f"towe/{domain}"
        loader = partial(_labelled, towe.load, "aope", False, domain, name)
        found[name] = _Domain(towe.SOURCE, "aope", ("train", "test"), loader)
    for domain, task in fsa.TASKS.items():
        parts = all_three if task == "tsa" else both
        found[f"fsa/{domain}"] = _Domain(fsa.SOURCE, task, parts, partial(_tuples, fsa.load, domain))
    for domain in ("laptop", "restaurant"):
        found[f"acos/{domain}"] = _Domain(acos.SOURCE, "asqp", both, partial(_tuples, acos.load_quads, domain))
    for domain in ("Books", "Clothing", "Hotel", "Restaurant"):
        loader = partial(_tuples, memd.load_quads, domain)
        found[f"memd/{domain.lower()}"] = _Domain(memd.SOURCE, "asqp", all_three, loader)
    for domain in ("amazon_ff", "coursera", "hotels"):
        found[f"oats/{domain}"] = _Domain(oats.SOURCE, "asa", both, partial(_tuples, oats.load, domain))
    for domain in ("laptop14", "rest14"):
        found[f"gabsa/{domain}"] = _Domain(
            generative.SOURCE, "tsa", all_three, partial(_tuples, generative.load, domain)
        )
    found["asqp/rest16"] = _Domain(asqp.SOURCE, "asqp", both, partial(_tuples, asqp.load, "rest16"))
    found["datastory/zh"] = _Domain(datastory.SOURCE, "asqp", both, partial(_tuples, datastory.load_quads, ""))
    return found
