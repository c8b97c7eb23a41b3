"""What commands left in folders, written in lines that do not know how records and opinions are numbered.

Two versions of gistill may number records and opinions in different ways, store more, or call their modules otherwise;
what they found can still be compared. An opinion is named here by where it stands, and its record by a hash of the
places of all its opinions; fields that are not known here, null ones, and everything about time and memory are left
out. Reads files alone and imports nothing of gistill.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Results = dict[str, list[str]]  # name of a result -> its lines

_MODELS = ("reader", "writer", "term vectors", "taxonomy", "seed", "min_confidence")
_OF_ROW = ("skill", "text", "start", "asked", "answer")
_OF_BY = ("teachers", "prompt", "keys", "filters", "mended", "dropped", "samples", "answers", "agreement")
_OF_SHARD = ("items", "rows", "failures", "mended", "unanswered", "agreement", "whole")
_OF_CARD = ("system", "set", "texts", "skipped", "views", "as_published", "signature")
_OF_CALL = "key, step, model, max_tokens, outcome, status, error, stop, prompt_tokens, completion_tokens, text"
_SPEED = "sentences/s"  # in the head of a walk's second table, whose scores stand in scorecards
_REPEATS = ("duplicate", "near_duplicate")  # their detail names the record that they repeat


def results_of(folder: Path) -> Results:
    """Write down everything that the walks of `same_results.py` left in a folder."""
    found: Results = {}
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        kind = place.name.partition("-")[0]
        parts = _KINDS[kind](place) if kind in _KINDS else {}
        found |= {f"{place.name}: {name}": lines for name, lines in parts.items()}
    return found


def digest_results(place: Path) -> Results:
    """Write down a digest's folder."""
    if not (place / "digest.json").exists():
        return {}
    digest = json.loads((place / "digest.json").read_text("utf-8"))
    opinions = _read_lines(place / "opinions.jsonl")
    names = _names(opinions)
    return {
        **_opinions(opinions, names),
        "counts": list(_counts(digest)),
        "aspects": [line for aspect in digest["aspects"] for line in _aspect(aspect, names)],
        "sentences": [line for summary in digest["summaries"] for line in _summary(summary, names)],
        "records": sorted(_context(record) for record in digest["contexts"].values()),
        "table": [_line(row) for row in csv.reader((place / "aspects.csv").read_text("utf-8-sig").splitlines())],
        "report": _without_ids((place / "report.md").read_text("utf-8"), digest["contexts"]),
    }


def extract_results(place: Path) -> Results:
    """Write down a file of opinions."""
    opinions = _read_lines(place / "opinions.jsonl")
    return _opinions(opinions, _names(opinions))


def annotate_results(place: Path) -> Results:
    """Write down a corpus and the journal of its calls."""
    if not (place / "manifest.json").exists():
        return {}
    manifest = json.loads((place / "manifest.json").read_text("utf-8"))
    far, done = manifest.get("far", manifest), manifest.get("whole", manifest.get("done"))  # of two versions
    shards = [file for file in sorted((place / "shards").glob("*.jsonl")) if "failures" not in file.name]
    learned = [{k: row[k] for k in ("prompt", "completion")} for row in _read_lines(place / "train.jsonl")]
    return {
        "rows": [_line(_row(row)) for file in shards for row in _read_lines(file)],
        "lessons": [_line(row) for row in learned],
        "failures": [_failure(failure) for failure in _read_lines(place / "failures.jsonl")],
        "counts": [
            _line({"planned": far["planned"], "done": done, "set_apart": far["set_apart"]}),
            *(_line({k: shard.get(k) for k in _OF_SHARD}) for shard in far["shards"]),
        ],
        "calls": list(_calls(place / "journal.sqlite")),
    }


def bench_results(place: Path) -> Results:
    """Write down scores, and what the systems said of each text."""
    cards = [json.loads(file.read_text("utf-8")) for file in sorted((place / "scorecards").glob("*.json"))]
    said = [f"{_line(reply)}" for file in (place / "answers").glob("*.jsonl") for reply in _replies(file)]
    scores = sorted(_line({k: card.get(k) for k in _OF_CARD} | {"signature": _signature(card)}) for card in cards)
    return {"scores": scores, "answers": sorted(said)}


def distill_results(place: Path) -> Results:
    """Write down a walk of trainings: what they were asked for, what they made, and how it scores."""
    steps = [*place.glob("students/*/*/whole.json"), *place.glob("students/*/*/manifest.json")]  # of two versions
    found = [(file.parent, json.loads(file.read_text("utf-8"))) for file in sorted(steps)]
    whole = [(folder, fields.get("made_from", {}).get("recipe", fields)) for folder, fields in found]
    weights = [(f.parent, _hash(f.read_bytes())) for f in sorted(place.glob("students/*/*/*.safetensors"))]
    table = (place / "table.md").read_text("utf-8") if (place / "table.md").exists() else ""
    return {
        "steps": [f"{_tail(folder)} {_line(_step(fields))}" for folder, fields in whole],
        "weights": [f"{_tail(folder)} {digits}" for folder, digits in weights],
        "table": [line for line in table.partition(_SPEED)[0].splitlines() if line.startswith("|")][:-1],
        **bench_results(place / "bench"),
    }


_KINDS = {
    "digest": digest_results,
    "extract": extract_results,
    "annotate": annotate_results,
    "bench": bench_results,
    "distill": distill_results,
}


# Names


def _names(opinions: list[Json]) -> dict[str, str]:
    """Opinion id -> its name: its record's hash and its place."""
    of: dict[str, list[str]] = {}
    for opinion in opinions:
        of.setdefault(opinion["record"], []).append(_place(opinion))
    records = {id_: _hash("\n".join(sorted(places)).encode()) for id_, places in of.items()}
    return {opinion["id"]: f"{records[opinion['record']]} {_place(opinion)}" for opinion in opinions}


def _place(opinion: Json) -> str:
    """Say where an opinion stands and in which words."""
    words = [opinion.get(part) for part in ("aspect", "opinion")]
    said = [f"{w['start']}-{w['end']} {w['text']!r}" if w else "-" for w in words]
    sentence = opinion["sentence"]
    return f"[{sentence['start']}-{sentence['end']} | {' | '.join(said)} | {opinion['polarity']}]"


def _named(ids: list[str], names: dict[str, str]) -> str:
    return " ".join(names.get(id_, "[unknown]") for id_ in ids)


# Parts


def _opinions(opinions: list[Json], names: dict[str, str]) -> Results:
    """Opinions, and apart from them how sure they are, since "not measured" may have been a number before."""
    sure = [(o["id"], o.get("confidence")) for o in opinions]
    return {
        "opinions": [f"{names[o['id']]} {o.get('category') or ''}".rstrip() for o in opinions],
        "confidences": [f"{names[id_]} {value}" for id_, value in sure if value is not None],
    }


def _counts(digest: Json) -> Iterator[str]:
    for name in ("title", "records", "read", "people", "sentences", "opinions", "tally", "dates", "ungrouped"):
        yield f"{name} {_line(digest.get(name))}"
    for name in ("trend", "entities"):
        yield from (f"{name} {_line(part)}" for part in digest.get(name, ()))
    yield f"failures {_line(digest['failures'])}"
    yield from (_failure(failure) for failure in digest.get("failure_examples", ()))
    yield from (f"made with {name} {digest['made_with'].get(name)}" for name in _MODELS)


def _aspect(aspect: Json, names: dict[str, str]) -> Iterator[str]:
    key = aspect["id"]
    yield f"{key}: {_line([aspect['name'], aspect.get('category'), list(aspect['terms'].items()), aspect['tally']])}"
    for name in ("trend", "entities"):
        yield from (f"{key}: {name} {_line(part)}" for part in aspect.get(name, ()))
    for side in ("pros", "cons"):
        for said in aspect.get(side, ()):
            yield f"{key}: {side} {said['text']!r} {said['people']} {_named(said['opinions'], names)}"
    yield from (f"{key}: holds {names.get(id_, '[unknown]')}" for id_ in aspect["opinions"])


def _summary(summary: Json, names: dict[str, str]) -> Iterator[str]:
    about = summary.get("aspect") or "(all)"
    yield f"{about}: {_line({k: summary.get(k) for k in ('written', 'revised', 'replaced')})}"
    for sentence in summary["sentences"]:
        check = {k: sentence["check"].get(k) for k in ("verdict", "by", "reasons")}
        yield f"{about}: {sentence['origin']} {sentence['text']!r} {_line(check)} {_named(sentence['cites'], names)}"
    yield from (f"{about}: rejected {_failure(failure)}" for failure in summary.get("rejected", ()))


def _context(record: Json) -> str:
    shown = {k: record.get(k) for k in ("entity", "author", "rating", "date", "language")}
    return f"{_hash(record['text'].encode())} {record['text'][:80]!r} {_line(shown)}"


def _failure(failure: Json) -> str:
    detail = "" if failure["kind"] in _REPEATS else failure.get("detail", "")
    return f"{failure['kind']} row {failure.get('row')} {detail!r}"


def _row(row: Json) -> Json:
    answer = {k: len(v) if k == "cites" else v for k, v in row["answer"].items()}  # of opinions that no file here tells
    return {**{k: row.get(k) for k in _OF_ROW}, "answer": answer, "by": {k: row["by"].get(k) for k in _OF_BY}}


def _calls(journal: Path) -> Iterator[str]:
    """Every call, by its key; where and when it went out is left out, and the port out of the body, which has none."""
    with sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True) as open_journal:
        rows = open_journal.execute(f"SELECT {_OF_CALL}, body FROM attempts ORDER BY key, seconds").fetchall()
    calls = Counter(f"{_line(list(row[:-1]))} {_line(json.loads(row[-1]))}" for row in rows)
    yield from (f"{count} x {call}" for call, count in sorted(calls.items()))


def _replies(file: Path) -> Iterator[Any]:
    for chunk in _read_lines(file):
        yield from chunk["replies"]


def _signature(card: Json) -> Json:
    """How scores were made, without the version of gistill and hashes of what holds ids or the paths of a folder."""
    kept = {k: v for k, v in card.get("signature", {}).items() if k not in ("gistill", "weights", "answers")}
    members = [re.sub(r"\S*/(?=students/)", "", member) for member in kept.get("members", ())]
    return {**kept, "members": members}


def _step(fields: Json) -> Json:
    """A training's recipe, without hashes of the files it learns from: those hold ids."""
    sets = {
        name: [{**s, "set": s["set"] if "/" in s["set"] else "(a file)"} for s in fields[name]]
        for name in ("train", "dev", "replay")
        if name in fields
    }
    return {**fields, **sets, "start": bool(fields.get("start")), "model": Path(fields.get("model", "")).name}


def _without_ids(page: str, contexts: Json) -> list[str]:
    """Write a report's lines without the ids of records and the hash of the input, which is of them, too.

    Markdown has a backslash before some characters of an id.
    """
    told = "|".join(
        "".join(rf"\\?{re.escape(letter)}" for letter in id_) for id_ in sorted(contexts, key=len, reverse=True)
    )
    page = re.sub(rf"\brecord (?:{told})(?=;|$)", "record *", page, flags=re.MULTILINE) if told else page
    return [line for line in page.splitlines() if not line.startswith("- input: ")]


# Values


def _line(value: Any) -> str:
    return json.dumps(_known(value), sort_keys=True, ensure_ascii=False)


def _known(value: Any) -> Any:
    """Leave out what is null: a field that is not there says the same."""
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items() if item is not None}
    return [_known(item) for item in value] if isinstance(value, list) else value


def _read_lines(file: Path) -> list[Json]:
    return [json.loads(line) for line in file.read_text("utf-8").split("\n") if line] if file.exists() else []


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]


def _tail(folder: Path) -> str:
    return "/".join(folder.parts[-2:])
