"""What students understood of reviews that they were not taught: analyses beside their teacher's, and explanations.

    GISTILL_DATA=DATA python benchmarks/understanding.py split -o runs/mixtral
    GISTILL_DATA=DATA python benchmarks/understanding.py score -o runs/understood teacher few-shot both=FOLDER
    python benchmarks/understanding.py judge runs/understood --server URL --model NAME

`split` keeps a quarter of Mixtral's analysed reviews apart (by a hash of their text) and writes the others as records
for `gistill annotate`. `score` asks every system for an analysis of each review kept apart: `teacher` is what Mixtral
published, `few-shot` SmolLM2 untaught with three worked examples, NAME=FOLDER a trained writer. The label of a whole
review is derived from each analysis in the same way (`rating.overall`), and compared with the stars its author gave. It
also writes sheet.csv, explanations without their authors for people to judge, with key.json beside it. `judge` lets a
model judge the same, and says how far it agrees with a sheet that was filled in.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import explanation
from measures import write_json

from gistill.corpora import mixtral
from gistill.corpora.labelled import data_folder
from gistill.errors import GistillError
from gistill.lm import LanguageModel, Request, load_writer
from gistill.schema import Failure, Proportion
from gistill.skills import rating
from gistill.skills.anchoring import quotations, stands
from gistill.skills.understanding import Analysis, UnderstandingInput, parse_analysis, render
from gistill.stats import wilson
from gistill.tables import write_csv

APART = 4  # one of so many analysed reviews is kept apart
TOKENS = 384  # of an analysis, for every system but the teacher, whose answers are published
EXPLAINED = 20  # explanations of each system on the sheet


class Review(NamedTuple):
    """A review with its author's stars, and the teacher's answer where there is one."""

    text: str
    stars: float
    answer: str | None = None
    complete: bool = True


class Understood(NamedTuple):
    """What one system said of every review, and what it read and wrote for it."""

    analyses: list[Analysis]
    prompt_tokens: int | None
    answer_tokens: int | None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    split_parser = commands.add_parser("split")
    split_parser.add_argument("-o", "--out", type=Path, required=True)
    score_parser = commands.add_parser("score")
    score_parser.add_argument("systems", nargs="+")
    score_parser.add_argument("-o", "--out", type=Path, required=True)
    score_parser.add_argument("--pool", type=int, default=0, help="also rate so many reviews of the unlabelled pool")
    judge_parser = commands.add_parser("judge")
    judge_parser.add_argument("folder", type=Path)
    judge_parser.add_argument("--server", required=True)
    judge_parser.add_argument("--model", required=True)
    asked = parser.parse_args()
    try:
        if asked.command == "split":
            split(data_folder(), asked.out)
        elif asked.command == "score":
            score(data_folder(), asked.systems, asked.out, pool=asked.pool)
        else:
            judge(asked.folder, asked.server, asked.model)
    except GistillError as error:
        sys.exit(f"{error} {error.hint}")


def split(data: Path, out: Path) -> None:
    """Write the reviews to teach on as records, analysis.jsonl and rewriting.jsonl, without those kept apart."""
    out.mkdir(parents=True, exist_ok=True)
    rows = mixtral.load(folder=data)
    held = {row.text for row in rows if row.kind == "analysis" and is_apart(row.text)}
    for kind in ("analysis", "rewriting"):
        taught = [row for row in rows if row.kind == kind and row.text not in held]
        lines = [json.dumps({"id": row.id, "text": row.text, "rating": row.stars}) for row in taught]
        (out / f"{kind}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"{out / f'{kind}.jsonl'}: {len(taught)} reviews; {len(held)} kept apart")


def is_apart(text: str) -> bool:
    """Say whether a review is kept apart."""
    return int(hashlib.sha256(text.encode()).hexdigest(), 16) % APART == 0


def score(data: Path, systems: Sequence[str], out: Path, *, pool: int) -> None:
    """Ask all systems about the reviews kept apart, and write what they understood."""
    held = [
        Review(row.text, row.stars, row.answer, row.complete)
        for row in mixtral.load(folder=data)
        if row.kind == "analysis" and is_apart(row.text)
    ]
    wider = pool_reviews(data, pool) if pool else []
    rows, explained = [], []
    for spec in systems:
        name, _, folder = spec.partition("=")
        model = None if name == "teacher" else load_writer(folder or None)
        shots = 0 if folder else 3
        said = recorded(held) if model is None else ask(model, held, shots)
        rows.append({"system": name, **measured(held, said)})
        if wider and model is not None:
            rows[-1]["pool"] = rated(wider, ask(model, wider, shots).analyses).model_dump()
            rows[-1]["pool asked directly"] = directly(model, wider, shots=not folder).model_dump()
        explained += examples(name, held, said.analyses)
        print(json.dumps(rows[-1]), flush=True)
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / "understood.json", {"reviews": len(held), "pool": len(wider), "systems": rows})
    made = explanation.sheet(explained)
    write_csv(out / "sheet.csv", list(made.header), [list(row) for row in made.rows])
    known = {f"{e.system} {e.id}": [e.text, e.target.model_dump()] for e in explained}
    write_json(out / "key.json", {"key": made.key, "explained": known})
    print(as_table(rows, len(held), len(wider)))


def pool_reviews(data: Path, count: int) -> list[Review]:
    """Draw reviews of the pool, the three sides of stars alike often, since most reviews are praise."""
    sides: dict[str, list[Review]] = {}
    for path in sorted((data / "pool" / "amazon-reviews").glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            stars, gap, text = line.partition("####")
            if gap and 40 <= len(text) <= 600:
                sides.setdefault(side(float(stars)), []).append(Review(text.strip(), float(stars)))
    return [r for name in sorted(sides) for r in random.Random(f"0 {name}").sample(sides[name], count // len(sides))]


def side(stars: float) -> str:
    """Put stars on three sides: 3 is neutral."""
    return "positive" if stars > 3 else "negative" if stars < 3 else "neutral"


def recorded(reviews: Sequence[Review]) -> Understood:
    """Read the teacher's published answers; what it was asked and how much it read is not published."""
    return Understood([parse_analysis(r.answer or "", r.text, complete=r.complete) for r in reviews], None, None)


def ask(model: LanguageModel, reviews: Sequence[Review], shots: int) -> Understood:
    """Ask a model for an analysis of each review, greedily."""
    requests = [
        Request(messages=render(UnderstandingInput(r.text, "analysis", shots)), max_tokens=TOKENS) for r in reviews
    ]
    completions = model.complete(requests)
    analyses = [
        Analysis((), (c.failure,), {}) if c.failure else parse_analysis(c.text, r.text, complete=c.stop == "end")
        for r, c in zip(reviews, completions, strict=True)
    ]
    return Understood(
        analyses, sum(c.prompt_tokens for c in completions), sum(c.completion_tokens for c in completions)
    )


def measured(reviews: Sequence[Review], said: Understood) -> dict[str, Any]:
    """Measure analyses against the stars, the reviews' words, and the teacher's own targets."""
    targets = [t for analysis in said.analyses for t in analysis.targets]
    refused = sum(len(analysis.failures) for analysis in said.analyses)
    quoted = [
        stands(quote, review.text)
        for review, analysis in zip(reviews, said.analyses, strict=True)
        for target in analysis.targets
        for quote in quotations(target.reasoning)
    ]
    agrees = [
        rating.convert(target.sentiment, rating.LEVELS, rating.POLARITIES)
        == rating.convert(theirs[target.target], rating.LEVELS, rating.POLARITIES)
        for review, analysis in zip(reviews, said.analyses, strict=True)
        for theirs in [teachers_view(review)]
        for target in analysis.targets
        if target.target in theirs
    ]
    return {
        "stars": rated(reviews, said.analyses).model_dump(),
        "by side": by_side(reviews, said.analyses),
        "analysed": wilson(sum(bool(a.targets) for a in said.analyses), len(reviews)).model_dump(),
        "targets": len(targets),
        "lines kept": wilson(len(targets), len(targets) + refused).model_dump(),
        "quotes true": wilson(sum(quoted), len(quoted)).model_dump(),
        "side as the teacher": wilson(sum(agrees), len(agrees)).model_dump(),
        "prompt tokens": said.prompt_tokens,
        "answer tokens": said.answer_tokens,
        "refused": _counted(f.kind for a in said.analyses for f in a.failures),
    }


def teachers_view(review: Review) -> dict[str | None, Any]:
    """Give the teacher's sentiment of each target it names in a review."""
    if review.answer is None:
        return {}
    analysis = parse_analysis(review.answer, review.text, complete=review.complete)
    return {target.target: target.sentiment for target in analysis.targets if target.target is not None}


def rated(reviews: Sequence[Review], analyses: Sequence[Analysis]) -> Proportion:
    """Count reviews whose side, derived from their analysis, is that of their stars; no analysis is wrong."""
    right = sum(
        bool(analysis.targets) and rating.overall(analysis.targets) == side(review.stars)
        for review, analysis in zip(reviews, analyses, strict=True)
    )
    return wilson(right, len(reviews))


def by_side(reviews: Sequence[Review], analyses: Sequence[Analysis]) -> dict[str, dict[str, int]]:
    """Count the sides of the stars against those of the analyses, since most reviews are praise."""
    said = [rating.overall(a.targets) if a.targets else Failure(kind="no target") for a in analyses]
    return confusion(zip((side(r.stars) for r in reviews), said, strict=True), rating.POLARITIES)


def confusion(pairs: Iterable[tuple[str, str | Failure]], labels: rating.Labels) -> dict[str, dict[str, int]]:
    """Count gold labels against answered ones; a failure stands in a column of its own name, and is wrong."""
    found: dict[str, dict[str, int]] = {gold: dict.fromkeys(labels, 0) for gold in labels}
    for gold, said in pairs:
        column = f"({said.kind})" if isinstance(said, Failure) else said
        found[gold][column] = found[gold].get(column, 0) + 1
    return found


def evenly(found: dict[str, dict[str, int]]) -> str:
    """Give the share of right sides where each side counts alike; always the same side would have a third."""
    shares = [row.get(name, 0) / sum(row.values()) for name, row in found.items() if sum(row.values())]
    return f"{100 * sum(shares) / len(shares):.0f}"


def directly(model: LanguageModel, reviews: Sequence[Review], *, shots: bool) -> Proportion:
    """Ask for the side of each review instead, in one word."""
    requests = [
        Request(messages=rating.render(rating.RatingInput(r.text, rating.POLARITIES, shots)), max_tokens=12)
        for r in reviews
    ]
    right = 0
    for review, completion in zip(reviews, model.complete(requests), strict=True):
        said = completion.failure or rating.parse(completion.text, rating.POLARITIES)
        right += not isinstance(said, Failure) and said.label == side(review.stars)
    return wilson(right, len(reviews))


def examples(name: str, reviews: Sequence[Review], analyses: Sequence[Analysis]) -> list[explanation.Explained]:
    """Draw explanations of a system for the sheet, at most one a review."""
    some = [
        explanation.Explained(str(number), name, review.text, random.Random(f"{number}").choice(analysis.targets))
        for number, (review, analysis) in enumerate(zip(reviews, analyses, strict=True))
        if analysis.targets
    ]
    return random.Random(0).sample(some, min(EXPLAINED, len(some)))


def judge(folder: Path, server: str, model: str) -> None:
    """Let a model judge the sheet's explanations, and compare it with people where the sheet was filled in."""
    import csv

    from gistill.lm.structured import complete_as
    from gistill.schema import Target
    from gistill.teacher.journal import Journal
    from gistill.teacher.remote import RemoteModel

    made = json.loads((folder / "key.json").read_text(encoding="utf-8"))
    about = {number: made["explained"][f"{system} {place}"] for number, (place, system) in made["key"].items()}
    asked = [explanation.ExplanationInput(text, Target.model_validate(target)) for text, target in about.values()]
    requests = [Request(messages=explanation.render(one), max_tokens=128) for one in asked]
    with Journal(folder / "judge.sqlite", run="judge") as journal:
        answers = complete_as(RemoteModel(server, model, journal=journal), requests, explanation.Judgement)
    judged = {n: a.value for n, a in zip(about, answers, strict=True) if not isinstance(a, Failure)}
    for system in sorted({system for _, system in made["key"].values()}):
        mine = [judged[n] for n, (_, of) in made["key"].items() if of == system and n in judged]
        means = {s: f"{sum(getattr(j, s) for j in mine) / len(mine):.1f}" for s in explanation.SCALES} if mine else {}
        invented = wilson(sum(j.hallucination == "yes" for j in mine), len(mine))
        print(system, means, "invented", percent(invented.model_dump()))
    print("not judged:", _counted(a.kind for a in answers if isinstance(a, Failure)))
    with (folder / "sheet.csv").open(encoding="utf-8-sig", newline="") as file:
        print(explanation.agreement(csv.DictReader(file), judged))


def _counted(kinds: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for kind in kinds:
        found[kind] = found.get(kind, 0) + 1
    return dict(sorted(found.items()))


def percent(share: dict[str, Any] | None) -> str:
    if not share or share["value"] is None:
        return "-"
    return f"{100 * share['value']:.0f} ({100 * share['low']:.0f} to {100 * share['high']:.0f}; of {share['of']})"


def shown(row: dict[str, Any], name: str) -> str:
    return evenly(row["by side"]) if name == "sides alike" else percent(row.get(name))


def as_table(rows: Sequence[dict[str, Any]], held: int, pool: int) -> str:
    columns = ("stars", "analysed", "lines kept", "quotes true", "side as the teacher")
    names = ["sides alike", *columns, *(("pool", "pool asked directly") if pool else ())]
    lines = [f"| {held} reviews kept apart | {' | '.join(names)} |", "| --- " * (len(names) + 1) + "|"]
    lines += [f"| {row['system']} | {' | '.join(shown(row, name) for name in names)} |" for row in rows]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
