"""Measure briefs of conversations: how often the outcome and the channel are right, and how alike summaries are.

python benchmarks/conversations.py outcomes                     # benchmarks/conversations, parts 8 to 12
python benchmarks/conversations.py outcomes --parts 1,2         # 1 to 7 were learned from
python benchmarks/conversations.py moved --data DATA            # TweetSumm's second test, by what its summaries say
python benchmarks/conversations.py summaries --data DATA --part test [--writer FOLDER] [--card FOLDER]
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gistill import files
from gistill.corpora import tweetsumm
from gistill.corpora.training import labelled_examples
from gistill.digest.briefs.outcome import ending
from gistill.digest.briefs.talk import Said, channel_by_shape
from gistill.digest.briefs.writing import make_briefs
from gistill.lm import load_writer
from gistill.lm.seam import Request
from gistill.schema import Record, Turn
from gistill.skills.conversation_summary import ConversationSummary, Spoken, parse, score
from gistill.skills.skill import Parsed, Ratio
from gistill.stats import bootstrap_interval, wilson
from gistill.train.writer.card import write_card

FOLDER = Path(__file__).parent / "conversations"
CHANNELS = {"bot_chat": "bot chat", "teammate_chat": "teammate chat", "web_form": "web form", "email": "e-mail"}
_MOVED = re.compile(r"\bDMs?\b|direct message|private(?:ly)? message", re.IGNORECASE)


def rows(parts: Sequence[int]) -> list[dict[str, Any]]:
    files = [FOLDER / f"part-{part:02d}.jsonl" for part in parts]
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def turns(row: dict[str, Any]) -> list[Said]:
    return [Said(n, turn["role"], turn["text"]) for n, turn in enumerate(row["turns"], 1)]


def share(right: int, of: int) -> str:
    found = wilson(right, of)
    if found.value is None or found.low is None or found.high is None:
        return "not measured"
    return f"{right} of {of}: {100 * found.value:.0f}% ({100 * found.low:.0f} to {100 * found.high:.0f})"


def outcomes(parts: Sequence[int]) -> None:
    found = [(row, turns(row)) for row in rows(parts)]
    english = [(row, ending(said)) for row, said in found if row["language"] == "en"]
    pairs = Counter((row["outcome"], end.outcome if end else None) for row, end in english)
    print("outcome right:", share(sum(n for (gold, said), n in pairs.items() if gold == said), len(english)))
    for channel in CHANNELS:
        here = [(row, end) for row, end in english if row["channel"] == channel]
        right = sum(end is not None and end.outcome == row["outcome"] for row, end in here)
        print(f"  {channel}:", share(right, len(here)))
    for gold in ("solved", "moved", "open"):
        says = {said: pairs[gold, said] for said in ("solved", "moved", "open", None) if pairs[gold, said]}
        recall = share(pairs[gold, gold], sum(says.values()))
        precision = share(pairs[gold, gold], sum(n for (_, said), n in pairs.items() if said == gold))
        print(f"  {gold}: recall {recall}, precision {precision}; taken for {says}")
    most = Counter(row["outcome"] for row, _ in english).most_common(1)[0]
    print(f"  always {most[0]}:", share(most[1], len(english)))
    shapes = Counter((CHANNELS[row["channel"]], channel_by_shape(said)) for row, said in found)
    print("channel by shape right:", share(sum(n for (a, b), n in shapes.items() if a == b), len(found)), dict(shapes))


def moved(data: Path, part: str) -> None:
    """Most summaries of a conversation say that it goes on in private messages, or none does."""
    pairs: Counter[tuple[bool, bool]] = Counter()
    for one in tweetsumm.load(part, folder=data):
        says = sum(bool(_MOVED.search(reference)) for reference in one.references)
        end = ending([Said(n, turn.speaker, turn.text) for n, turn in enumerate(one.turns, 1)])
        if says == 0 or 2 * says > len(one.references):
            pairs[says > 0, end is not None and end.outcome == "moved"] += 1
    print("told as moved, found:", share(pairs[True, True], pairs[True, True] + pairs[True, False]))
    print("not told so, found all the same:", share(pairs[False, True], pairs[False, True] + pairs[False, False]))


def summaries(data: Path, part: str, writer: str | None, card: Path | None) -> None:
    """Score briefs (checked sentences, else quotations), the first words of both sides, and what a model wrote.

    With `card`, the rows of what the model wrote are added to scores.json in the model's folder.
    """
    examples = labelled_examples(f"tweetsumm/{part}", folder=data)
    model = load_writer(writer) if writer else None
    points: dict[str, list[dict[str, Ratio]]] = {}
    first = [ConversationSummary(tuple(_opening(example.asked.turns))) for example in examples]
    points["first words"] = [score(e.result, Parsed(said), e.asked) for e, said in zip(examples, first, strict=True)]
    briefs = list(make_briefs([_record(str(n), e.asked.turns) for n, e in enumerate(examples)], writer=model))
    said = [tuple(one.text for one in brief.sentences if one.slot in ("issue", "done")) for brief in briefs]
    points["briefs"] = [
        score(e.result, Parsed(ConversationSummary(text)), e.asked) for e, text in zip(examples, said, strict=True)
    ]
    if model:
        answers = model.complete([Request(messages=example.messages, max_tokens=96) for example in examples])
        read = [parse(a.text, e.asked, a.stop == "end") for e, a in zip(examples, answers, strict=True)]
        points["as written"] = [score(e.result, one, e.asked) for e, one in zip(examples, read, strict=True)]
    rows = [row for name, found in points.items() for row in scored(f"tweetsumm/{part}", name, found)]
    for row in rows:
        bounds = f"{100 * row['low']:.1f} to {100 * row['high']:.1f}"
        print(f"{row['test']}: {row['measure']} {100 * row['value']:.1f} ({bounds})")
    print("sentences by origin", dict(Counter(one.origin for brief in briefs for one in brief.sentences)))
    print("refused", Counter(failure.kind for brief in briefs for failure in brief.refused).most_common())
    if card:
        path = card / "scores.json"
        kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
        new = [row for row in rows if "as written" in row["measure"]]
        kept = [row for row in kept if (row["test"], row["measure"]) not in {(r["test"], r["measure"]) for r in new}]
        files.write(path, json.dumps([*kept, *new], indent=2) + "\n")
        write_card(card)


def scored(test: str, name: str, found: list[dict[str, Ratio]]) -> list[dict[str, Any]]:
    """Give the rows of a card: the mean of each measure with its 95% bootstrap interval over conversations."""
    made = []
    for measure in found[0]:
        ratios = np.array([one[measure] for one in found])
        low, high = bootstrap_interval(ratios, lambda summed: float(summed[0] / summed[1]))
        value = float(ratios[:, 0].sum() / ratios[:, 1].sum())
        made.append({"test": test, "measure": f"{measure}, {name}", "value": value, "low": low, "high": high})
    return made


def _opening(turns: Sequence[Spoken]) -> list[str]:
    """Give the first 18 words of the customer and of the agent."""
    said = [next((turn.text for turn in turns if turn.speaker == who), "") for who in ("customer", "agent")]
    return [" ".join(text.split()[:18]) for text in said if text]


def _record(name: str, spoken: Sequence[Spoken]) -> Record:
    text, made = "", []
    for turn in spoken:
        start = len(text) + len(turn.speaker) + 2
        text += f"{turn.speaker}: {turn.text}\n"
        made.append(Turn(start=start, end=start + len(turn.text), role=turn.speaker))
    return Record(id=name, text=text, turns=tuple(made))


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("what", choices=("outcomes", "moved", "summaries"))
    given.add_argument("--parts", default="8,9,10,11,12")
    given.add_argument("--data", type=Path)
    given.add_argument("--part", default="test")
    given.add_argument("--writer")
    given.add_argument("--card", type=Path, help="the model's folder, whose card gets the scores")
    asked = given.parse_args()
    if asked.what == "outcomes":
        outcomes([int(part) for part in asked.parts.split(",")])
    elif asked.what == "moved":
        moved(asked.data, asked.part)
    else:
        summaries(asked.data, asked.part, asked.writer, asked.card)


if __name__ == "__main__":
    main()
