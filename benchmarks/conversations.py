"""Measure briefs of conversations: how often the outcome and the channel are right, and how alike summaries are.

python benchmarks/conversations.py outcomes                     # benchmarks/conversations, parts 3 to 12
python benchmarks/conversations.py outcomes --parts 1,2         # the rules were made on these
python benchmarks/conversations.py moved --data DATA            # TweetSumm's second test, by what its summaries say
python benchmarks/conversations.py summaries --data DATA --part test [--writer FOLDER]
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gistill.corpora import tweetsumm
from gistill.corpora.training import labelled_examples
from gistill.digest.briefs.outcome import ending
from gistill.digest.briefs.talk import Said, channel_by_shape
from gistill.digest.briefs.writing import make_briefs
from gistill.lm import load_writer
from gistill.schema import Record, Turn
from gistill.skills.conversation_summary import ConversationSummary, Spoken, score
from gistill.skills.skill import Parsed, Ratio, total
from gistill.stats import wilson

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


def summaries(data: Path, part: str, writer: str | None) -> None:
    """Score briefs (checked, or quotations) and, of a model, what it wrote before the check."""
    examples = labelled_examples(f"tweetsumm/{part}", folder=data)
    model = load_writer(writer) if writer else None
    records = [_record(str(n), example.asked.turns) for n, example in enumerate(examples)]
    points: dict[str, list[dict[str, Ratio]]] = {"briefs": [], "first sentences": []}
    origins: Counter[str] = Counter()
    for example, brief in zip(examples, make_briefs(records, writer=model), strict=True):
        origins.update(sentence.origin for sentence in brief.sentences)
        said = [one.text for one in brief.sentences if one.slot in ("issue", "done")]
        points["briefs"].append(score(example.result, Parsed(ConversationSummary(tuple(said))), example.asked))
        first = [next((t.text for t in example.asked.turns if t.speaker == who), "") for who in ("customer", "agent")]
        lead = ConversationSummary(tuple(" ".join(text.split()[:18]) for text in first if text))
        points["first sentences"].append(score(example.result, Parsed(lead), example.asked))
    for name, found in points.items():
        print(name, {measure: round(value, 3) for measure, value in total(found).items() if value is not None})
    print("sentences by origin", dict(origins))


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
    given.add_argument("--parts", default="3,4,5,6,7,8,9,10,11,12")
    given.add_argument("--data", type=Path)
    given.add_argument("--part", default="test")
    given.add_argument("--writer")
    asked = given.parse_args()
    if asked.what == "outcomes":
        outcomes([int(part) for part in asked.parts.split(",")])
    elif asked.what == "moved":
        moved(asked.data, asked.part)
    else:
        summaries(asked.data, asked.part, asked.writer)


if __name__ == "__main__":
    main()
