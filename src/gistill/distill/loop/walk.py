"""The walk of the loop: teacher -> analyze -> revise -> fine-tune -> the students' summaries -> analyze -> one table.

Every step is a file or a folder that says what it was made from, so that the walk goes on after any interruption and a
step is done again only where that has changed.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from gistill import files, runs
from gistill.analysis.recorded import Edited, RecordedJudge
from gistill.analysis.revised import REVISIONS, write_revised
from gistill.analysis.revising import ROUNDS, Revision
from gistill.analysis.run import Progress, analyze
from gistill.analysis.tiers import Tiers
from gistill.distill.loop.lessons import Row, lessons_of
from gistill.distill.loop.recipe import LoopRecipe, writer_recipe
from gistill.distill.loop.table import Learned, write_loop_table, write_scores
from gistill.distill.loop.talks import Talk, load_talks
from gistill.distill.walk import Step, is_whole, mark_whole
from gistill.errors import InputError, SettingError
from gistill.lm import load_writer
from gistill.lm.seam import LanguageModel, Request
from gistill.runs import MANIFEST, Run
from gistill.skills.conversation_summary import ConversationInput, parse
from gistill.tables import read_jsonl, write_jsonl
from gistill.train.writer.recipe import is_file

BATCH = 16  # conversations that a model is given at once
TEACHER, UNTRAINED, PEOPLE = "teacher", "untrained", "people"
Tell = Callable[[str], None]


def run_loop(
    recipe: LoopRecipe,
    tiers: Tiers,
    *,
    out: Path,
    data: Path | None,
    students: Sequence[str] = (),
    tell: Tell = lambda line: None,
    progress: Progress = lambda step, done, of: None,
) -> Path:
    """Walk the loop to its table; called again, it goes on where it was.

    Args:
        recipe: What to do.
        tiers: Who looks for errors, in the teacher's summaries and in the students'.
        out: The folder: summaries/ (what each wrote), errors/ and revised/ (of the teacher's), rows/ (what students
            learn from), students/, scores/ (one row a summary), table.md.
        data: The folder of public data; None where the recipe names only files.
        students: Train and score only these, so that several processes can share a walk; no table then. Empty: all.
        tell: Called with a line about what goes on.
        progress: Called now and then.

    Returns:
        The table.

    Raises:
        SettingError: There is no such student.
        InputError: `out` holds something else, or a set cannot be read.
        GistillError: What `finetune_writer` raises.
    """
    unknown = next((name for name in students if name not in recipe.students), None)
    if unknown:
        raise SettingError(f"there is no student {unknown!r}", hint=f"Students: {', '.join(recipe.students)}.")
    _begin(recipe, out)
    if recipe.marks:
        tiers = tiers._replace(judge=RecordedJudge([Path(name) for name in recipe.marks], tiers.taxonomy))
    talks = load_talks(recipe.conversations, data=data, limit=recipe.texts)
    tests = _tests(recipe, data)
    taught = _teacher(recipe, talks, out, "lessons", tell)
    revisions = _mended(recipe, tiers, talks, taught, out, progress)
    rows = _rows(recipe, talks, revisions, out)
    mine = [name for name in recipe.students if not students or name in students]
    steps = plan(recipe, rows, out)
    _train([step for step in steps if step.student in mine], data, tell)
    scored = []
    for who in (*(() if students else (TEACHER, UNTRAINED, PEOPLE)), *mine):
        wrote = _wrote(who, recipe, steps, tests, out, tell)
        write_scores(out / "scores" / f"{who}.csv", wrote, tests, tiers)
        scored.append(who)
    if students:
        return out / "scores"
    lessons = {name: Learned(lesson, len(rows[name])) for name, lesson in recipe.students.items()}
    return write_loop_table(recipe, lessons, scored, tiers.taxonomy, out)


def _begin(recipe: LoopRecipe, out: Path) -> None:
    path = out / "loop.json"
    if out.exists() and not path.is_file() and (not out.is_dir() or any(out.iterdir())):
        raise InputError("holds something else", file=str(out), hint="Name a new folder with -o.")
    out.mkdir(parents=True, exist_ok=True)
    files.write(path, recipe.model_dump_json(indent=1) + "\n")


def _tests(recipe: LoopRecipe, data: Path | None) -> list[Talk]:
    """Load all tests as one, ids with their set where there are several."""
    found = []
    for name in recipe.tests:
        label = Path(name).stem if is_file(name) else name.rpartition("/")[2]
        some = load_talks(name, data=data, limit=recipe.texts)
        found += [talk._replace(id=f"{label}:{talk.id}") for talk in some] if len(recipe.tests) > 1 else some
    return found


def plan(recipe: LoopRecipe, rows: dict[str, list[Row]], out: Path) -> list[Step]:
    """Give all trainings in an order in which they can be done."""
    steps = []
    first = next((name for name, lesson in recipe.students.items() if lesson == "raw"), "")
    for late in (False, True):
        for name, lesson in recipe.students.items():
            if (lesson == "preferred") is not late or not rows[name]:
                continue
            for seed in recipe.seeds:
                file, folder = out / "rows" / f"{name}.jsonl", out / "students" / f"{name}-{seed}"
                start = out / "students" / f"{first}-{seed}" if late else None
                writer = writer_recipe(recipe, name, file, seed=seed, start=start)
                steps.append(Step(name, "", seed, writer, folder))
    return steps


def _train(steps: Sequence[Step], data: Path | None, tell: Tell) -> None:
    for step in steps:
        if not is_whole(step):
            from gistill.train.writer.finetune import finetune_writer

            tell(step.name)
            finetune_writer(step.recipe, out=step.folder, data=data, tell=tell)
            mark_whole(step)
            gc.collect()  # a model and its optimiser refer to one another, and the next one needs the room


def _teacher(recipe: LoopRecipe, talks: Sequence[Talk], out: Path, name: str, tell: Tell) -> dict[str, Any]:
    if is_file(recipe.teacher):
        return _recorded(Path(recipe.teacher), talks)
    return sum_up(recipe.teacher, talks, out / "summaries" / f"{TEACHER}-{name}.jsonl", recipe, tell)


def _recorded(path: Path, talks: Sequence[Talk]) -> dict[str, dict[str, Any]]:
    """Read what was written before, of these conversations."""
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        said = "own" if rows and "own" in rows[0] else "summary"  # a file of edits has the editor's own too
        known = {str(row["id"]): {"complete": True, **row, "summary": str(row[said])} for row in rows}
    except OSError as error:
        raise InputError((error.strerror or str(error)).lower(), file=str(path)) from error
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("a line has no id or no summary", file=str(path)) from error
    there = {talk.id: known.get(talk.id) or known.get(talk.id.partition(":")[2]) for talk in talks}
    return {name: row for name, row in there.items() if row}


def sum_up(
    writer: str | LanguageModel, talks: Sequence[Talk], file: Path, recipe: LoopRecipe, tell: Tell
) -> dict[str, dict[str, Any]]:
    """Let a writer sum up conversations; what it wrote before is kept, and asked for again only where it is not whole.

    Args:
        writer: A name or a folder, loaded only if something is to do.
        talks: What to sum up.
        file: JSON lines, one a conversation: id, summary ("" where nothing could be read), whether its last sentence
            ends, seconds of its batch per conversation. A cut last line is dropped.
        recipe: How long.
        tell: Called with a line about what goes on.

    Returns:
        Id -> row.
    """
    asked_of = files.hash_json([recipe.words, recipe.max_tokens])[:8]
    known = {row["id"]: row for row in _lines(file) if row.get("asked") == asked_of}
    missing = [talk for talk in talks if talk.id not in known]
    if missing:
        tell(f"{file.stem}: {len(missing):,} conversations to sum up")
        model = load_writer(writer) if isinstance(writer, str) else writer
        file.parent.mkdir(parents=True, exist_ok=True)
        for start in range(0, len(missing), BATCH):
            some, began = missing[start : start + BATCH], time.monotonic()
            requests = [Request(messages=talk.question(recipe.words), max_tokens=recipe.max_tokens) for talk in some]
            answers = model.complete(requests)
            took = (time.monotonic() - began) / len(some)
            for talk, answer in zip(some, answers, strict=True):
                read = parse(answer.text, ConversationInput(talk.turns), answer.stop == "end")
                known[talk.id] = {
                    "id": talk.id,
                    "summary": read.result.text if read.result else "",
                    "complete": read.result is not None and not read.failures,
                    "seconds": round(took, 3),
                    "asked": asked_of,
                }
            write_jsonl(file, known.values())
        del model
        gc.collect()
    return {talk.id: known[talk.id] for talk in talks}


def _lines(file: Path) -> list[dict[str, Any]]:
    found = []
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else []:
        try:
            row = json.loads(line)
            found.append({**row, "id": str(row["id"]), "summary": str(row["summary"])})
        except (ValueError, KeyError, TypeError):
            continue
    return found


def _mended(
    recipe: LoopRecipe, tiers: Tiers, talks: Sequence[Talk], wrote: dict[str, Any], out: Path, progress: Progress
) -> dict[str, Revision]:
    """Analyze and revise the teacher's summaries; both are kept, and made again only where the summaries changed."""
    there = [talk for talk in talks if talk.id in wrote and wrote[talk.id]["summary"].strip()]
    if not there:
        raise InputError("the teacher has summed up none of the conversations", file=recipe.teacher)
    errors, revised = out / "errors" / TEACHER, out / "revised"
    critic = "" if tiers.critic is None else getattr(tiers.critic, "hash", tiers.critic.name)
    made: dict[str, str] = {
        "summaries": files.hash_json([(talk.id, wrote[talk.id]["summary"]) for talk in there]),
        "tiers": f"{sorted(tiers.taxonomy)} {tiers.opinions is not None} {critic} {recipe.max_change}",
        "recorded": " ".join(files.hash_file(Path(name)) for name in (*recipe.marks, *_some(recipe.edits))),
    }
    now = Run[None](made_from={**made}, whole=True, far=None)
    place = out / "revised.json"
    if runs.load(place, Run[None]) != now:
        analyze([talk.case(wrote[talk.id]["summary"]) for talk in there], errors, tiers=tiers, progress=progress)
        edits = {one.id: one.edit for name in _some(recipe.edits) for one in read_jsonl(name, Edited)}
        write_revised(
            errors,
            revised,
            tiers=tiers,
            editor=edits or None,
            rounds=ROUNDS,
            most=recipe.max_change,
            made_with=made,
            progress=progress,
        )
        runs.save(place, now)
    return {one.case: one for one in read_jsonl(revised / REVISIONS, Revision)}


def _some(name: str | None) -> tuple[str, ...]:
    return () if name is None else (name,)


def _rows(recipe: LoopRecipe, talks: Sequence[Talk], revisions: dict[str, Revision], out: Path) -> dict[str, list[Row]]:
    editor = {} if recipe.editor is None else _recorded(Path(recipe.editor), talks)
    said = {name: row["summary"] for name, row in editor.items()}
    found = {}
    for name, lesson in recipe.students.items():
        found[name] = lessons_of(lesson, talks, revisions=revisions, editor=said, words=recipe.words)
        if not found[name] and lesson != "preferred":
            raise InputError(f"the student {name!r} has nothing to learn from", file=recipe.name)
        file = out / "rows" / f"{name}.jsonl"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_jsonl(file, found[name])
    return found


def _wrote(
    who: str, recipe: LoopRecipe, steps: Sequence[Step], tests: Sequence[Talk], out: Path, tell: Tell
) -> list[tuple[int, dict[str, Any]]]:
    """Give what somebody wrote of the tests, for each seed."""
    if who == PEOPLE:
        named = {talk.id: {"summary": talk.references[-1], "complete": True} for talk in tests if talk.references}
        return [(0, named)]
    if who == TEACHER:
        return [(0, _teacher(recipe, tests, out, "tests", tell))]
    if who == UNTRAINED:
        return [(0, sum_up(recipe.model, tests, out / "summaries" / f"{who}.jsonl", recipe, tell))]
    found = []
    for step in (one for one in steps if one.student == who):
        made = files.hash_file(step.folder / MANIFEST)[:8]
        file = out / "summaries" / f"{who}-{step.seed}-{made}.jsonl"
        found.append((step.seed, sum_up(str(step.folder), tests, file, recipe, tell)))
    return found
