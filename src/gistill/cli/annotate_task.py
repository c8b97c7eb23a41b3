"""What a command line says about the skill: the task of its name, or one clear sentence about what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, get_args

if TYPE_CHECKING:
    from gistill.cli.annotate_source import Source
    from gistill.distill.tasks import Task

SKILLS = ("opinions", "analysis", "rewriting", "rating", "summary")
_TASKED = ("opinions", "rating")
_UNFILTERED = ("analysis", "rewriting")


class Named(NamedTuple):
    """What is asked for; see the options of the same names. `elements` is empty where --task is not given."""

    skill: str
    elements: str = ""
    categories: str = ""
    structured: bool = False
    unfiltered: bool = False


def task_named(named: Named) -> Task | None:
    """Give the task of a skill; None for summaries, whose task is made with the evidence (see `with_evidence`).

    Raises:
        SettingError: There is no such skill or task, or it does not have what is asked for.
    """
    from gistill.distill.rating_task import LABELS, rating_task
    from gistill.distill.understanding_task import understanding_task
    from gistill.errors import SettingError

    _check(named)
    if named.skill == "opinions":
        return _opinions(named)
    if named.skill in ("analysis", "rewriting"):
        return understanding_task(
            "analysis" if named.skill == "analysis" else "rewriting", filtered=not named.unfiltered
        )
    if named.skill == "rating":
        labels = LABELS.get(named.elements or "polarities")
        if labels is None:
            raise SettingError(f"rating has no task {named.elements!r}", hint=f"One of: {', '.join(LABELS)}.")
        return rating_task(labels)
    return None


def _check(named: Named) -> None:
    from gistill.errors import SettingError

    skill = named.skill
    if skill not in SKILLS:
        raise SettingError(f"there is no skill {skill!r}", hint=f"One of: {', '.join(SKILLS)}.")
    if named.elements and skill not in _TASKED:
        raise SettingError(f"{skill} is one task, and has no --task", hint="Leave --task out.")
    if named.categories and skill != "opinions":
        raise SettingError(f"{skill} has no categories", hint="Leave --categories out.")
    if named.structured and skill != "opinions":
        raise SettingError(f"{skill} is asked for as plain text only", hint="Leave --structured out.")
    if named.unfiltered and skill not in _UNFILTERED:
        raise SettingError(f"{skill} is never kept unchecked", hint=f"--unfiltered is for {' and '.join(_UNFILTERED)}.")


def _opinions(named: Named) -> Task:
    from gistill.distill.opinion_task import opinion_task
    from gistill.errors import SettingError
    from gistill.schema import ELEMENTS
    from gistill.schema import SentimentTask as Elements

    wanted = named.elements or "aste"
    found = next((name for name in get_args(Elements) if name == wanted), None)
    if found is None:
        raise SettingError(f"opinions has no task {wanted!r}", hint=f"One of: {', '.join(get_args(Elements))}.")
    listed = [name.strip() for name in named.categories.split(",") if name.strip()]
    if "category" in ELEMENTS[found] and not listed:
        raise SettingError(f"{found} has categories", hint="List them with --categories.")
    if named.structured and found != "aste":
        raise SettingError("only aste is asked for with a schema", hint="Leave --structured out.")
    return opinion_task(found, categories=listed or None, structured=named.structured)


def with_evidence(source: Source) -> tuple[Source, Task]:
    """Read and group the records of a source, and give its sides of aspects with the task that checks summaries."""
    from gistill.distill.summary_task import summary_evidence
    from gistill.reader import load_reader
    from gistill.schema import Failure, Record

    found = summary_evidence((one for one in source.records if isinstance(one, Record | Failure)), load_reader())
    return source._replace(records=iter(found.items)), found.task
