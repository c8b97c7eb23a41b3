"""Any system's summaries of a set, scored and compared: a table, the worst ones beside their sources, and JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup
from pydantic import Field

from gistill import files
from gistill.bench.abs import support
from gistill.bench.abs.jobs import read_answers
from gistill.bench.abs.judging import rated
from gistill.bench.abs.metrics import Metric
from gistill.bench.abs.report import cell, grouped, markdown
from gistill.bench.abs.scorecard import Counted, SummaryScorecard, count_all, scorecard
from gistill.bench.abs.sets import SummarySet, load_set
from gistill.bench.answers import Cost
from gistill.bench.tables import aligned
from gistill.digest.report.markdown import escape_markdown
from gistill.digest.report.words import visible
from gistill.errors import InputError
from gistill.evaluate.summaries import intervals
from gistill.evaluate.summaries.scoring import measure_named, measures_in, table
from gistill.evaluate.summaries.words import cut
from gistill.grounding.faults.critic import LoadedCritic
from gistill.lm.seam import LanguageModel
from gistill.schema import Estimate, Noun
from gistill.svg import drawing, element

_TEMPLATES = Path(__file__).parent / "templates"
_LONG = 4000  # characters of a source that the page shows
_WORDS = 40  # of a text in the table of the worst
_BAR, _NAME, _ROW = 360, 250, 22  # pixels of the chart


class Evaluation(NamedTuple):
    """Scores of one or several files of summaries on a set."""

    on: SummarySet
    texts: dict[str, list[str]]  # name -> a summary a task
    cards: list[SummaryScorecard]
    differences: dict[str, dict[str, Estimate]]  # name -> measure -> the first file minus this one
    unrated: dict[str, int]  # why the judge's answers could not be used -> how many


class Beside(NamedTuple):
    """Who is asked about summaries beside the measures that ship.

    Attributes:
        critic: Judges each sentence, where measures are deep.
        metrics: Learned metrics by the names that tables have: functions of a summary, its references and its sources
            that give a number, or None where they cannot say.
        judge: A language model that rates each summary as it is, not knowing whose it is; see the skill `quality`.
    """

    critic: LoadedCritic | None = None
    metrics: Mapping[str, Metric] | None = None
    judge: LanguageModel | None = None


class Sentence(Noun):
    """A sentence of a summary, and why it does not stand on its sources; no reasons where it does."""

    text: str
    faults: tuple[str, ...] = ()


class Worst(Noun):
    """One of the worst summaries of the first system, beside what people wrote and what it sums up."""

    id: str
    asked: str
    score: float  # ROUGE-1, or relevance to the evidence where there are no references; 0 to 1
    summary: str
    sentences: tuple[Sentence, ...]
    references: tuple[str, ...]
    source: str  # its beginning, where it is long


class EvaluationFile(Noun):
    """What evaluation.json holds."""

    cards: list[SummaryScorecard]
    differences: dict[str, dict[str, Estimate]] = Field(default_factory=dict)
    worst: list[Worst] = Field(default_factory=list)
    unrated: dict[str, int] = Field(default_factory=dict)


def evaluate(
    summaries: Sequence[Path],
    name: str,
    *,
    folder: Path | None = None,
    words: int | None = None,
    deep: bool = False,
    beside: Beside | None = None,
    seed: int = 0,
) -> Evaluation:
    """Score files of summaries on the tasks of a set that all of them have.

    Args:
        summaries: JSON lines `{"id": TASK, "summary": TEXT}`; the first is compared with each of the others.
        name: The set; see `corpora.summaries.index`.
        folder: The data folder.
        words: Where texts are cut for comparison at equal length; None is the usual length of the references.
        deep: Whether measures that need a model are taken too.
        beside: Who is asked beside the measures; None asks nobody.
        seed: Of the bootstrap.

    Raises:
        InputError: A file cannot be read, or they have no task in common.
        SettingError: There is no such set.
    """
    beside = beside or Beside()
    read = {path.stem: read_answers(path) for path in summaries}
    whole = load_set(name, folder=folder, length=words)
    shared = tuple(task for task in whole.examples if all(task.id in one for one in read.values()))
    if not shared:
        raise InputError(f"no summary of a task of {name}", file=str(summaries[0]))
    texts = {name: [one[task.id] for task in shared] for name, one in read.items()}
    ratings, unrated = rated(shared, texts, beside.judge, seed=seed) if beside.judge else ({}, {})
    metrics = (*(beside.metrics or {}).items(), *ratings.items())
    on = replace(whole, examples=shared, deep=deep, critic=beside.critic, metrics=metrics)
    counted = {name: count_all(on, [one]) for name, one in texts.items()}
    cards = [
        scorecard(name, on, [one], [Cost(0.0, None)], signature={}, seed=seed, grouped=True)
        for name, one in texts.items()
    ]
    first, *others = texts
    differences = {other: _differences(on, counted[first], counted[other], seed) for other in others}
    return Evaluation(on, texts, cards, differences, unrated)


def _differences(on: SummarySet, first: Counted, second: Counted, seed: int) -> dict[str, Estimate]:
    clusters = [task.cluster for task in on.examples]
    found = {}
    for measure in measures_in(one for run in (*first, *second) for one in run):
        a, b = ([table(run, measure) for run in counted] for counted in (first, second))
        one = intervals.difference(a, b, clusters, measure.score, seed=seed)
        if one.value is not None:
            found[measure.name] = one
    return found


def write_evaluation(found: Evaluation, folder: Path) -> None:
    """Write evaluation.md, evaluation.html and evaluation.json into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = as_file(found)
    files.write(folder / "evaluation.md", summary(found) + _worst_table(kept.worst))
    files.write(folder / "evaluation.html", page(found))
    files.write(folder / "evaluation.json", kept.model_dump_json(indent=1) + "\n")


def as_file(found: Evaluation) -> EvaluationFile:
    """Give what is written as JSON: scores, differences, and the worst summaries of the first system."""
    return EvaluationFile(cards=found.cards, differences=found.differences, worst=worst(found), unrated=found.unrated)


def worst(found: Evaluation) -> list[Worst]:
    """Give the worst 20 summaries of the first system, each sentence held against its sources by rules."""
    place = {task.id: number for number, task in enumerate(found.on.examples)}
    first = found.cards[0]
    rows = []
    for of, score in first.worst:
        task, text = found.on.examples[place[of]], found.texts[first.system][place[of]]
        rows.append(
            Worst(
                id=of,
                asked=task.asked,
                score=score,
                summary=text,
                sentences=tuple(Sentence(text=one.text, faults=one.faults) for one in support.by_rules(task, text)),
                references=task.references,
                source=_beginning("\n".join(task.sources)),
            )
        )
    return rows


def _beginning(text: str) -> str:
    return text if len(text) <= _LONG else text[:_LONG].rpartition(" ")[0] + " …"


def _worst_table(rows: Sequence[Worst]) -> str:
    """Give the worst summaries as a table; the whole texts are in the page and in the JSON."""
    if not rows:
        return ""
    head = ["task", "asked", "score", "summary", "a reference", "sentences with a fault"]
    shown = [
        [
            escape_markdown(one.id),
            escape_markdown(one.asked) or "-",
            f"{100 * one.score:.1f}",
            escape_markdown(cut(one.summary, _WORDS)),
            escape_markdown(cut(one.references[0], _WORDS)) if one.references else "-",
            f"{sum(bool(said.faults) for said in one.sentences)} of {len(one.sentences)}",
        ]
        for one in rows
    ]
    return f"\nThe {len(rows)} worst of the first system, their beginnings\n\n{aligned([head, *shown])}\n"


def summary(found: Evaluation) -> str:
    """Give the tables, by how much the first system is above each other one, and the scores by group."""
    text = markdown(found.cards)
    for other, measures in found.differences.items():
        rows = [["measure", "difference (95% interval)"]]
        rows += [[name, cell(name, one)] for name, one in measures.items()]
        text += f"\n{found.cards[0].system} minus {other}, paired over the same tasks\n\n{aligned(rows)}\n"
    for card in found.cards:
        for kind, rows in grouped(card):
            text += f"\n{card.system} by {kind}\n\n{aligned(rows)}\n"
    return text


def page(found: Evaluation) -> str:
    """Give a page: differences, a chart and scores by group a system, and the worst 20 of the first one."""
    first = found.cards[0].system
    systems = [{"name": card.system, "chart": Markup(_chart(card)), "groups": grouped(card)} for card in found.cards]
    differences = [
        (other, [(name, cell(name, one)) for name, one in measures.items()])
        for other, measures in found.differences.items()
    ]
    return _template().render(
        name=found.on.name,
        tasks=len(found.on.examples),
        first=first,
        systems=systems,
        differences=differences,
        worst=worst(found),
    )


def _chart(card: SummaryScorecard) -> str:
    """Draw the measures in per cent as bars, with their intervals as lines."""
    shown = [(name, one) for name, one in card.free.items() if measure_named(name).percent and one.value is not None]
    inside = []
    for row, (name, one) in enumerate(shown):
        y = row * _ROW + 6
        value, low, high = (
            min(1.0, max(0.0, n)) * _BAR if n is not None else 0.0 for n in (one.value, one.low, one.high)
        )
        inside.append(element("text", name, x=_NAME - 8, y=y + 11, text_anchor="end", font_size=12))
        inside.append(element("rect", x=_NAME, y=y, width=value, height=14, fill="#9ab"))
        if one.low is not None:
            inside.append(element("line", x1=_NAME + low, x2=_NAME + high, y1=y + 7, y2=y + 7, stroke="#234"))
        inside.append(element("text", cell(name, one), x=_NAME + _BAR + 8, y=y + 11, font_size=12))
    height = len(shown) * _ROW + 10
    size = f"0 0 {_NAME + _BAR + 190} {height}"
    return drawing(f"Measures of {card.system}", *inside, viewBox=size, font_family="sans-serif")


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES, encoding="utf-8"),
        autoescape=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("evaluation.html.j2")
