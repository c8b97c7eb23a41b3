"""How well errors of summaries are found and mended, on errors made on purpose and on judgements of people.

    python benchmarks/errors.py --data DATA --made [--critic FOLDER]
    python benchmarks/errors.py --data DATA --summedits [--critic FOLDER] [--domain news]
    python benchmarks/errors.py --data DATA --qags [--critic FOLDER]

`--made` takes the human summaries of TweetSumm (valid), puts one known error into each, by other rules than those that
teach the critic, and says for each code: recall (the code is found, and was not before), how many of these `gistill
revise` mends by rules (the gate accepts, and no finding of the code is left), and how many are the very summary again.
False alarms are on the untouched summaries, whose own errors (people make them too) count as false alarms.

`--summedits` gives balanced accuracy on the four domains, with 95% intervals by resampling documents: a summary is
called wrong where any of E3 to E8 and E14 is found. A critic that was trained on documents of a domain is scored on
those kept back (`corpora.summedits.is_held`); for one trained `--without` the domain, all of its documents count.
`--qags` is ROC's companion at one threshold: sentences of which most of three people say that they are right, or not.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from gistill.analysis.cases import Case
from gistill.analysis.revising import revise
from gistill.analysis.tiers import Tiers, look
from gistill.corpora import summedits, tweetsumm
from gistill.grounding.faults.critic import load_critic
from gistill.grounding.faults.reading import Reading
from gistill.grounding.faults.taxonomy import load_taxonomy
from gistill.schema import Proportion, Turn
from gistill.stats import bootstrap_interval, wilson

FACTUAL = frozenset(("E3", "E4", "E5", "E6", "E7", "E8", "E14"))
EACH = 120  # summaries with an error, of each code
MENDED = 60  # of those, mended
ALIEN = (
    "A neighbour has sold the sailing boat in Lisbon.",
    "Both grandchildren play the violin on Thursdays.",
    "The museum opens a new wing for sculptures.",
    "Seventeen penguins crossed the frozen harbour.",
)
INVENTED = ("Brindlecom", "Osterwick", "Tavelmoor", "Quillside")
WORDS = ("three", "four", "six", "seven", "nine", "eleven", "twelve")
CONTRARY = {
    "works": "fails", "refund": "fine", "delayed": "early", "late": "punctual", "slow": "quick",
    "cancelled": "confirmed", "broken": "intact",
    "closed": "reopened", "missing": "present", "wrong": "right", "poor": "superb", "bad": "fine",
}  # fmt: skip
HEAD = "| {} | {} | {} | balanced accuracy | wrong found | right called wrong |\n" + "| --- " * 6 + "|"
DEGREE = {
    **dict.fromkeys(("very", "extremely", "completely", "always", "totally"), "slightly"),
    **dict.fromkeys(("slightly", "sometimes", "somewhat"), "extremely"),
}
Make = Callable[[str, str, random.Random], str | None]


def _sentences(text: str) -> list[str]:
    return [text[one.start : one.end] for one in Reading(text).sentences]


def _without(word: str) -> Make:
    def make(summary: str, source: str, draw: random.Random) -> str | None:
        kept = [one for one in _sentences(summary) if not re.match(rf"(?:The )?{word}", one, re.IGNORECASE)]
        return " ".join(kept) if kept and len(kept) < len(_sentences(summary)) else None

    return make


def _swap(summary: str, pattern: str, put: Callable[[re.Match[str]], str], draw: random.Random) -> str | None:
    found = list(re.finditer(pattern, summary))
    if not found:
        return None
    one = draw.choice(found)
    return summary[: one.start()] + put(one) + summary[one.end() :]


def make_negated(summary: str, source: str, draw: random.Random) -> str | None:
    if made := _swap(
        summary, r"\b(?:doesn't|does not|didn't|did not|isn't|cannot|can't|unable to) ", lambda m: "", draw
    ):
        return made
    return _swap(summary, r"\b(?:can|could|will|is|are|was|has|have)\b(?! not|n't)", lambda m: f"{m.group()}n't", draw)


def make_opposite(summary: str, source: str, draw: random.Random) -> str | None:
    return _swap(summary, rf"\b(?:{'|'.join(CONTRARY)})\b", lambda m: CONTRARY[m.group()], draw)


def make_roles(summary: str, source: str, draw: random.Random) -> str | None:
    def other(match: re.Match[str]) -> str:
        word = "agent" if match.group().casefold() == "customer" else "customer"
        return word.capitalize() if match.group()[0].isupper() else word

    return _swap(summary, r"(?:(?<=^)|(?<=[.!?] )|(?<=The ))(?:[Cc]ustomer|[Aa]gent)\b", other, draw)


def make_number(summary: str, source: str, draw: random.Random) -> str | None:
    there = source.casefold()
    pool = [word for word in WORDS if word not in there]
    return _swap(summary, r"(?<![\w./:-])\d{1,4}(?![\w/:-]|\.\d)", lambda m: draw.choice(pool), draw) if pool else None


def make_name(summary: str, source: str, draw: random.Random) -> str | None:
    return _swap(summary, r"(?<=[a-z] )[A-Z][a-z]{2,}\b(?<!Agent)(?<!Customer)", lambda m: draw.choice(INVENTED), draw)


def make_certain(summary: str, source: str, draw: random.Random) -> str | None:
    return _swap(
        summary, r"\b(?:may|might|could) (?:be )?|\b(?:probably|maybe|perhaps|possibly) ", lambda m: "definitely ", draw
    )


def make_done(summary: str, source: str, draw: random.Random) -> str | None:
    return _swap(summary, r"\bwill (?!be|not)([a-z]{3,}?)e?\b", lambda m: f"already had {m.group(1)}ed", draw)


def make_cut(summary: str, source: str, draw: random.Random) -> str | None:
    words = summary.split()
    return " ".join(words[: int(len(words) * draw.uniform(0.6, 0.85))]) if len(words) > 10 else None


def make_degree(summary: str, source: str, draw: random.Random) -> str | None:
    for match in re.finditer(rf"\b({'|'.join(DEGREE)}) (\w{{3,}})", source, re.IGNORECASE):
        head = match.group(2)
        if re.search(rf"\b{head}\b", summary):
            return re.sub(
                rf"\b(?:\w+ly |very )?{head}\b", f"{DEGREE[match.group(1).casefold()]} {head}", summary, count=1
            )
    return None


def make_everyone(summary: str, source: str, draw: random.Random) -> str | None:
    return _swap(summary, r"\b(?:The customer|Customer) (?:is|has|says)", lambda m: "All customers", draw)


MADE: dict[str, tuple[str, Make]] = {
    "customer's sentences left out": ("E1", _without("customer")),
    "agent's sentences left out": ("E2", _without("agent")),
    "an alien sentence": ("E3", lambda s, _, draw: f"{s.rstrip()} {draw.choice(ALIEN)}"),
    "negation": ("E4", make_negated),
    "opposite word": ("E4", make_opposite),
    "roles": ("E5", make_roles),
    "number": ("E6", make_number),
    "name": ("E6", make_name),
    "hedge": ("E7", make_certain),
    "promise told as done": ("E8", make_done),
    "said again": ("E9", lambda s, _, draw: f"{s.rstrip()} Once again, {_sentences(s)[0]}"),
    "greeting": ("E9", lambda s, _, draw: f"Hello there! {s}"),
    "cut": ("E11", make_cut),
    "phone number": ("E12", lambda s, _, draw: f"{s.rstrip(' .')}, by +44 20 7946 0{draw.randint(100, 999)}."),
    "everyone": ("E13", make_everyone),
    "degree": ("E14", make_degree),
}  # fmt: skip


def cases_of(part: str, data: Path) -> list[Case]:
    found = []
    for talk in tweetsumm.load(part, folder=data):
        turns, parts, at = [], [], 0
        for turn in talk.turns:
            label = f"{turn.speaker}: "
            turns.append(Turn(start=at + len(label), end=at + len(label) + len(turn.text), role=turn.speaker))
            parts.append(label + turn.text)
            at += len(label) + len(turn.text) + 1
        for number, summary in enumerate(talk.references):
            text = " ".join(summary.split())
            found.append(Case(id=f"{talk.id}#{number}", source="\n".join(parts), turns=tuple(turns), summary=text))
    return found


def codes_by_case(cases: Sequence[Case], tiers: Tiers) -> dict[str, frozenset[str]]:
    return {seen.case.id: frozenset(one.code for one in seen.faults) for seen in look(cases, tiers)}


def made(data: Path, tiers: Tiers) -> None:
    cases = cases_of("valid", data)
    clean = codes_by_case(cases, tiers)
    alarms = wilson(sum(map(bool, clean.values())), len(cases))
    print(f"{len(cases)} human summaries, untouched: {shown(alarms)} with a finding\n")
    print(
        "| code | error made | summaries | found | mended by rules | the very summary again | untouched with the code |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    draw = random.Random(0)
    for name, (code, make) in MADE.items():
        wrong: list[tuple[Case, Case]] = []
        for one in draw.sample(cases, len(cases)):
            summary = make(one.summary, one.source, draw)
            if len(wrong) < EACH and summary and summary != one.summary and code not in clean[one.id]:
                wrong.append((one.model_copy(update={"summary": summary}), one))
        seen = look([case for case, _ in wrong], tiers)
        found = [
            (one, right) for one, (_, right) in zip(seen, wrong, strict=True) if code in {f.code for f in one.faults}
        ]
        some = found[:MENDED]
        analysed = [(one.case, tuple(f for f in one.faults if f.code == code)) for one, _ in some]
        revisions, _ = revise(analysed, tiers=tiers)
        mended = sum(one.state == "mended" for one in revisions)
        exact = sum(plain(one.after) == plain(right.summary) for one, (_, right) in zip(revisions, some, strict=True))
        alarms = wilson(sum(code in codes for codes in clean.values()), len(cases))
        shares = (wilson(len(found), len(wrong)), wilson(mended, len(some)), wilson(exact, len(some)), alarms)
        print(f"| {code} | {name} | {len(wrong)} | {' | '.join(map(shown, shares))} |", flush=True)


def plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def shown(share: Proportion) -> str:
    if share.value is None or share.low is None or share.high is None:
        return "none made"
    return f"{100 * share.value:.0f} ({100 * share.low:.0f} to {100 * share.high:.0f})"


def on_summedits(data: Path, tiers: Tiers, domains: Sequence[str], *, held: bool) -> None:
    print(HEAD.format("domain", "summaries", "documents"))
    values = []
    kinds: dict[str, list[bool]] = {}
    for domain in domains:
        rows = [row for row in summedits.load(domain, folder=data) if not held or summedits.is_held(row.document)]
        cases = [Case(id=str(n), source=row.source, summary=row.summary) for n, row in enumerate(rows)]
        codes = codes_by_case(cases, tiers)
        called = [bool(codes[case.id] & FACTUAL) for case in cases]
        for case, row in zip(cases, rows, strict=True):
            if len(row.codes) == 1:
                kinds.setdefault(row.codes[0], []).append(row.codes[0] in codes[case.id])
        values.append(balanced([row.document for row in rows], [not row.consistent for row in rows], called, domain))
    print(f"\nmean of the domains: {np.mean(values):.1f}")
    for code, found in sorted(kinds.items()):
        print(f"edits of one kind, {code}: {len(found)}, found as {code}: {shown(wilson(sum(found), len(found)))}")


def balanced(groups: Sequence[str], wrong: Sequence[bool], called: Sequence[bool], name: str) -> float:
    """Print a row with balanced accuracy and its interval; documents are resampled."""
    counts: dict[str, list[float]] = {}
    for group, is_wrong, is_called in zip(groups, wrong, called, strict=True):
        row = counts.setdefault(group, [0.0] * 4)
        row[2 * is_wrong + (is_called == is_wrong)] += 1

    def accuracy(total: np.ndarray) -> float:
        right, bad = total[0] + total[1], total[2] + total[3]
        return 50.0 * ((total[1] / right if right else 0.5) + (total[3] / bad if bad else 0.5))

    table = np.array(list(counts.values()))
    value, (low, high) = accuracy(table.sum(0)), bootstrap_interval(table, accuracy)
    found = wilson(int(table.sum(0)[3]), int(table.sum(0)[2:].sum()))
    alarms = wilson(int(table.sum(0)[0]), int(table.sum(0)[:2].sum()))
    score = f"{value:.1f} ({low:.1f} to {high:.1f})"
    print(f"| {name} | {len(wrong)} | {len(counts)} | {score} | {shown(found)} | {shown(alarms)} |", flush=True)
    return value


def on_qags(data: Path, tiers: Tiers) -> None:
    print(HEAD.format("set", "sentences", "articles"))
    for name in ("cnndm", "xsum"):
        cases, groups, wrong = [], [], []
        for line in (
            (data / "errors" / "qags" / "data" / f"mturk_{name}.jsonl").read_text(encoding="utf-8").splitlines()
        ):
            row = json.loads(line)
            for sentence in row["summary_sentences"]:
                votes = [answer["response"] == "yes" for answer in sentence["responses"]]
                cases.append(Case(id=str(len(cases)), source=row["article"], summary=sentence["sentence"]))
                groups.append(row["article"])
                wrong.append(2 * sum(votes) < len(votes))
        codes = codes_by_case(cases, tiers)
        balanced(groups, wrong, [bool(codes[case.id] & FACTUAL) for case in cases], f"QAGS {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description="Score the detectors of errors in summaries.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--made", action="store_true")
    parser.add_argument("--summedits", action="store_true")
    parser.add_argument("--qags", action="store_true")
    parser.add_argument("--critic", type=Path)
    parser.add_argument("--no-rules", action="store_true", help="the critic alone")
    parser.add_argument("--domain", action="append", choices=summedits.DOMAINS)
    given = parser.parse_args()
    critic = load_critic(given.critic) if given.critic else None
    without = json.loads((given.critic / "critic.json").read_text())["without"] if given.critic else []
    tiers = Tiers(load_taxonomy(), critic=critic, rules=not given.no_rules)
    if given.made:
        made(given.data, tiers)
    if given.summedits:
        domains = given.domain or list(summedits.DOMAINS)
        on_summedits(given.data, tiers, domains, held=critic is not None and not set(domains) <= set(without))
    if given.qags:
        on_qags(given.data, tiers)


if __name__ == "__main__":
    main()
