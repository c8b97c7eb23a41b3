"""A language model as the judge: it is asked for the errors of each summary through the critique skill."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from gistill.analysis.cases import Case
from gistill.errors import SettingError
from gistill.grounding.faults.fault import Fault
from gistill.grounding.faults.rules import Checked
from gistill.grounding.faults.taxonomy import Taxonomy
from gistill.lm.seam import LanguageModel, Request
from gistill.schema import Failure, Span
from gistill.skills.critique import CRITIQUE, CodeAsked, CritiqueInput, Mark
from gistill.text import clean, places


class ModelJudge:
    """Asks a model; an answer that cannot be read is a failure of its case, and no sign that the summary is right.

    Args:
        model: Who is asked. A server must stand behind the privacy gate.
        taxonomy: The codes that are asked for, with their definitions.
        max_tokens: The longest answer; None is the skill's.
    """

    def __init__(self, model: LanguageModel, taxonomy: Taxonomy, *, max_tokens: int | None = None) -> None:
        self.name = model.name
        self._model, self._max_tokens = model, max_tokens or CRITIQUE.max_tokens
        self._codes = tuple(CodeAsked(one.code, one.name, one.definition) for one in taxonomy.values())

    def check(self, cases: Sequence[Case]) -> list[Checked | Failure]:
        """Give the faults of each case: same length, same order."""
        asked = [CritiqueInput(case.source, case.summary, self._codes) for case in cases]
        requests = [Request(messages=CRITIQUE.render(one), max_tokens=self._max_tokens) for one in asked]
        found: list[Checked | Failure] = []
        for case, one, said in zip(cases, asked, self._model.complete(requests), strict=True):
            if said.failure is not None:
                found.append(said.failure.model_copy(update={"record": case.id}))
                continue
            read = CRITIQUE.parse(clean(said.text), one, said.stop == "end")
            if read.result is None:
                found.append(read.failures[0].model_copy(update={"record": case.id}))
            else:
                faults = tuple(self._fault(mark, case) for mark in read.result)
                found.append(Checked(faults, frozenset(code.code for code in self._codes)))
        return found

    def _fault(self, mark: Mark, case: Case) -> Fault:
        return Fault(
            code=mark.code,
            rule=self.name,
            tier="judge",
            span=_first(mark.words, case.summary),
            source=_first(mark.source, case.source),
            says=mark.why or "The judge gives no reason.",
        )


def _first(words: str, text: str) -> Span | None:
    found = places(words, text) if words else []
    return Span(start=found[0][0], end=found[0][1]) if found else None


def not_from_records(records: object, **models: object) -> NoReturn:
    """Refuse to make inputs of records: a summary and its source belong together."""
    raise SettingError(
        "this skill needs summaries with their sources",
        hint="Use `gistill analyze SUMMARIES --judge ...` or `gistill revise FOLDER --server ...`.",
    )
