"""The teachers of `gistill annotate`: each a server behind the privacy gate, all of them with one journal."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gistill.lm.seam import LanguageModel
    from gistill.privacy import NameDetector
    from gistill.teacher.gate import PrivateModel
    from gistill.teacher.journal import Journal
    from gistill.teacher.prices import Prices
    from gistill.teacher.remote import Estimate, RemoteModel


_SHOWN = 10  # names of models in a message


class Teacher(NamedTuple):
    """A model by its server and its name there."""

    url: str
    model: str

    @property
    def host(self) -> str:
        """Where it is asked: host and port alone, whatever else stands in the address."""
        from urllib.parse import urlsplit

        return urlsplit(self.url).netloc.rpartition("@")[2]


class Limits(NamedTuple):
    """How teachers may be asked; see the options of the same names."""

    key_env: str
    pii: str
    names: str | None
    concurrency: int
    rpm: int | None
    tpm: int | None
    timeout: float
    max_cost: float | None
    max_calls: int | None
    prices: Path | None


class Asked(NamedTuple):
    """A teacher that can be asked: what answers, and what sends."""

    gate: PrivateModel
    remote: RemoteModel
    names: NameDetector | None
    prices: Prices | None

    def gated(self, other: LanguageModel) -> PrivateModel:
        """Give another model in the place of the server, behind a gate like this teacher's."""
        from gistill.teacher.gate import PrivateModel

        return PrivateModel(other, pii=self.gate.pii, names=self.names)


def named_teachers(server: str | None, model: str | None, others: Sequence[str], *, key_env: str) -> list[Teacher]:
    """Read who is to be asked, --server and --model first; a server asked alone that has one model needs no --model.

    Raises:
        SettingError: Nobody is named, or somebody by half.
        ServerError: The model is not named, and its server does not say.
    """
    from gistill.errors import SettingError

    found = []
    if model is not None:
        if not server:
            raise SettingError(
                f"the model {model!r} has no server", hint="Give its address with --server, or as OPENAI_BASE_URL."
            )
        found.append(Teacher(server, model))
    elif server and others:
        raise SettingError(
            f"{server} is given without its model, so it is not clear whether it is asked beside --teacher",
            hint="Name its model with --model, or leave --server (and OPENAI_BASE_URL) out.",
        )
    elif server:
        found.append(_only_model(server, key_env))
    for other in others:
        url, _, name = other.rpartition("#")
        if not url or not name:
            raise SettingError(f"{other!r} names no teacher", hint="A teacher is an address, # and the model's name.")
        found.append(Teacher(url, name))
    if not found:
        raise SettingError("no teacher is named", hint="Give --server URL --model NAME, or --teacher URL#MODEL.")
    return found


def _only_model(server: str, key_env: str) -> Teacher:
    from gistill.errors import SettingError
    from gistill.teacher.doctor import listed_models

    url, names = listed_models(server, api_key_env=key_env)
    if len(names) == 1:
        return Teacher(url, names[0])
    if not names:
        raise SettingError(f"{server} lists no models", hint="Name the one to ask with --model.")
    shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    raise SettingError(f"{server} has {len(names):,} models", hint=f"Name one of them with --model: {shown}.")


def open_teachers(
    named: Sequence[Teacher], limits: Limits, path: Path, *, run: str, stack: ExitStack
) -> tuple[list[Asked], Journal]:
    """Open the journal, and the teachers over it; `stack` closes them all.

    Limits of money and calls hold for the run in the journal, so for all teachers and all starts together.
    """
    from gistill.privacy.names import load_names
    from gistill.teacher.gate import MODES, PrivateModel
    from gistill.teacher.journal import Journal
    from gistill.teacher.prices import read_prices
    from gistill.teacher.remote import RemoteModel

    journal = stack.enter_context(Journal(path, run=run, step="annotate"))
    prices = read_prices(limits.prices) if limits.prices else None
    names = load_names(limits.names) if limits.names else None
    asked = []
    for teacher in named:
        remote = stack.enter_context(
            RemoteModel(
                teacher.url,
                teacher.model,
                journal=journal,
                api_key_env=limits.key_env,
                concurrency=(min(4, limits.concurrency), limits.concurrency),
                rpm=limits.rpm,
                tpm=limits.tpm,
                timeout=limits.timeout,
                max_cost=limits.max_cost,
                max_calls=limits.max_calls,
                prices=prices,
            )
        )
        mode = next((mode for mode in MODES if mode == limits.pii), None)
        # An unknown mode goes through, so that the gate says what it thinks of it.
        gate = PrivateModel(remote, pii=mode or limits.pii, names=names)  # type: ignore[arg-type]
        asked.append(Asked(gate, remote, names, prices))
    return asked, journal


def added(estimates: Sequence[Estimate]) -> Estimate:
    """Add estimates up; money that is not known for one is not known for all."""
    from gistill.teacher.remote import Estimate

    money = [one.money_most for one in estimates if one.calls]
    return Estimate(
        requests=sum(one.requests for one in estimates),
        hits=sum(one.hits for one in estimates),
        calls=sum(one.calls for one in estimates),
        prompt_tokens=sum(one.prompt_tokens for one in estimates),
        completion_tokens_most=sum(one.completion_tokens_most for one in estimates),
        money_most=None if None in money else sum(value for value in money if value is not None),
        price_source=", ".join(sorted({one.price_source for one in estimates if one.calls})) or "unknown",
    )
