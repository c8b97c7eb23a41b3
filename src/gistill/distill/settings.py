"""What `annotate` is told: one object with every setting, its unit and its default.

The command's options have the same names, defaults and descriptions (`described`), so this module loads nothing heavy.
"""

# Without annotations as strings: `gistill --help` would have to evaluate them all.
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, get_args

from gistill.errors import SettingError

if TYPE_CHECKING:
    from gistill.distill.tasks import Task

Pii = Literal["redact", "refuse", "off"]
Selection = Literal["random", "diverse", "difficult"]
SELECTIONS: tuple[Selection, ...] = get_args(Selection)
_SHOWN = 10  # names of models in a message


@dataclass(frozen=True, kw_only=True)
class AnnotateSettings:
    """Every setting of `annotate`; only `skill` has no default. `described` gives the sentence that stands beside each.

    Raises:
        SettingError: A value is out of its range, or a skill does not have what is asked for.
    """

    skill: Annotated[str, "What is asked: opinions, analysis, rewriting, ...; an unknown name lists all skills."]
    task: Annotated[str, "opinions: aste (default), tsa, ...; rating: polarities (default), levels, stars."] = ""
    categories: Annotated[tuple[str, ...], "The closed list of categories, for tasks that have categories."] = ()
    structured: Annotated[bool, "Ask for JSON that follows a schema (opinions, aste)."] = False
    unfiltered: Annotated[
        bool, "analysis, rewriting: keep every answer unchecked. Only to measure what the checks are worth."
    ] = False

    server: Annotated[str | None, "Address of an OpenAI-compatible API."] = None
    model: Annotated[str | None, "Name of the model on the server. Default: the only model that it has."] = None
    key_env: Annotated[str, "Environment variable that holds the API key."] = "OPENAI_API_KEY"
    teachers: Annotated[tuple[str, ...], "One more teacher that votes, as URL#MODEL."] = ()
    pii: Annotated[Pii, "Personal data: redact (and put back here), refuse or off."] = "redact"
    names: Annotated[
        str | None, "Also replace people's names that this model finds: gliner:FOLDER, or a spaCy pipeline."
    ] = None
    journal: Annotated[Path | None, "Journal file for all calls. Default: FOLDER/journal.sqlite."] = None
    concurrency: Annotated[int, "Calls at the same time, at most."] = 32
    rpm: Annotated[int | None, "Calls per minute, at most."] = None
    tpm: Annotated[int | None, "Tokens per minute, at most."] = None
    timeout: Annotated[float, "Seconds to wait for one answer."] = 120.0
    max_cost: Annotated[float | None, "Stop before the run costs more, in USD."] = None
    max_calls: Annotated[int | None, "Stop before the run makes more calls."] = None
    prices: Annotated[Path | None, "YAML price file, USD per million tokens: `NAME: {input: 0.5, output: 1.5}`."] = None
    batch_price_share: Annotated[float, "Price of a batch as a share of the list price; OpenAI: 0.5."] = 1.0

    limit: Annotated[int | None, "Ask about N texts at most (opinions: sentences)."] = None
    select: Annotated[Selection, f"How the N texts are chosen: {', '.join(SELECTIONS)}."] = "random"
    tests: Annotated[tuple[str, ...], "Leave out the texts of these test sets; all: every open test set."] = ()
    data: Annotated[Path | None, "Folder of the public data."] = None

    samples: Annotated[int, "Answers of each teacher about each text."] = 1
    max_tokens: Annotated[
        int | None, "Longest answer, in tokens. Default: the skill's. A model that reasons first needs more, e.g. 4096."
    ] = None
    temperature: Annotated[float | None, "Sampling temperature. Default: 0 for one answer, 0.7 for several."] = None
    min_agreement: Annotated[float, "Share of the answers that must agree, from 0 to 1."] = 0.5
    shard_size: Annotated[int, "Texts in one shard."] = 500
    seed: Annotated[int, "Random seed."] = 0
    go_on: Annotated[bool, "Do not stop when all of the first 50 answers are refused."] = False

    source: Annotated[str, "Where the records are from, for the data card."] = ""
    licence: Annotated[str, "Licence of the source, for the data card."] = ""

    def __post_init__(self) -> None:
        task_of(self)  # says what does not fit
        for name, least, most in _RANGES:
            value = getattr(self, name)
            if value is not None and not (least <= value and (most is None or value <= most)):
                upper = "" if most is None else f" and at most {most}"
                raise SettingError(f"{name} must be at least {least}{upper}, not {value}")
        if self.select not in SELECTIONS:
            raise SettingError(
                f"there is no selection {self.select!r}", hint=f"The selections are {', '.join(SELECTIONS)}."
            )

    @property
    def sampling_temperature(self) -> float:
        """The temperature of every request: as it was given, else 0 for one answer and 0.7 for several."""
        if self.temperature is not None:
            return self.temperature
        return 0.7 if self.samples > 1 else 0.0


_RANGES: tuple[tuple[str, float, float | None], ...] = (
    *((name, 1, None) for name in ("limit", "samples", "shard_size", "concurrency", "rpm", "tpm", "max_tokens")),
    *((name, 0, None) for name in ("temperature", "max_cost", "max_calls", "timeout")),
    *((name, 0, 1) for name in ("min_agreement", "batch_price_share")),
)
_DESCRIPTIONS = {name: hint.__metadata__[0] for name, hint in AnnotateSettings.__annotations__.items()}


def described(name: str) -> str:
    """Give the description of a setting."""
    return str(_DESCRIPTIONS[name])


def task_of(settings: AnnotateSettings) -> "Task":
    """Give the task that settings name.

    Raises:
        SettingError: There is no such skill or task, or it does not have what is asked for.
    """
    from gistill.distill.tasks import task_named

    return task_named(
        settings.skill,
        task=settings.task,
        categories=settings.categories,
        structured=settings.structured,
        unfiltered=settings.unfiltered,
    )


class Teacher(NamedTuple):
    """A model by its server and its name there."""

    url: str
    model: str

    @property
    def host(self) -> str:
        """Where it is asked: host and port alone, whatever else stands in the address."""
        from urllib.parse import urlsplit

        return urlsplit(self.url).netloc.rpartition("@")[2]


def teachers_of(settings: AnnotateSettings) -> list[Teacher]:
    """Say who is to be asked, `server` and `model` first; a server asked alone that has one model needs no `model`.

    Raises:
        SettingError: Nobody is named, or a server without its model or a model without its server.
        ServerError: The model is not named, and its server does not say.
    """
    server, model = settings.server, settings.model
    found = []
    if model is not None:
        if not server:
            raise SettingError(
                f"the model {model!r} is given without a server",
                hint="Give its address with --server, or as OPENAI_BASE_URL.",
            )
        found.append(Teacher(server, model))
    elif server:
        found.append(_only_model(server, settings.key_env))
    for other in settings.teachers:
        url, _, name = other.rpartition("#")
        if not url or not name:
            raise SettingError(f"{other!r} names no teacher", hint="A teacher is an address, # and the model's name.")
        found.append(Teacher(url, name))
    if not found:
        raise SettingError("no teacher is given", hint="Give --server URL --model NAME, or --teacher URL#MODEL.")
    return found


def _only_model(server: str, key_env: str) -> Teacher:
    from gistill.teacher.doctor import listed_models

    url, names = listed_models(server, api_key_env=key_env)
    if len(names) == 1:
        return Teacher(url, names[0])
    if not names:
        raise SettingError(f"{server} lists no models", hint="Name the one to ask with --model.")
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    raise SettingError(f"{server} has {len(names):,} models", hint=f"Name one of them with --model: {shown}.")
