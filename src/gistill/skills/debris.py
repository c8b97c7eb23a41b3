"""What real teachers leave around an answer, and how it is taken off: strings in, strings out; no nouns, no guesses.

Large models are asked for one thing and write more: a preamble, a comment on the target, a label that was not offered,
the next review of their own invention with its analysis. Everything here takes off what can be told apart by its form.
What it changes it counts by name, so that a corpus can say how much of it is as the teacher wrote it. The rules were
found by reading 499 answers of one teacher (Mixtral, Source: arXiv 2412.18552) and are those that others need, too.
"""

from __future__ import annotations

import json
import re
from collections import Counter

from rapidfuzz import fuzz

from gistill.thinking import bare

Row = list[str]  # target, aspect, sentiment, reasoning, as written; "" where one is missing
FIELDS = ("target", "aspect", "sentiment", "reasoning")

_FENCE = re.compile(r"^[ \t]{0,20}```.*$", re.MULTILINE)
_RULE = re.compile(r"^\W*$")  # nothing, or a line of dashes
# A line that begins another review: whatever follows is not about ours.
_REVIEW = re.compile(
    r"^\W*(?:your |task |example |another |second |third |next |user |other |new )*(?:reviews?|text)\b[^:.\n]{0,20}:"
    r"|^\W*(?:your |the |next )*tasks?\b[^:.\n]{0,12}:|^\W*re-?written\b[^:.\n]{0,20}:|^\W*example \d+:",
    re.IGNORECASE,
)
# A line that begins another try, or a remark to nobody.
_ELSE = re.compile(
    r"^-{3,}|^\W*(?:(?:your |final |example |sample |expected )*(?:outputs?|answer|response|solution|submission)\b"
    r"[^:.\n]{0,20}:|(?:please )?notes?\b[^:.\n]{0,40}:|confidence\b[^:.\n]{0,12}:|references?(?:\(s\))?:"
    r"|corrections?:|(?:please |provide |analy[sz]e |submit |explain |continue )[^:\n]{3,}$)",
    re.IGNORECASE,
)
_PREAMBLE = re.compile(
    r"^(?:(?:sure|certainly|of course|okay|ok)\b[^\n:.!]{0,80}[:.!]"
    r"|(?:here(?:'s| is| are)|below is|the following is|this is the)\b[^\n:]{0,80}:"
    r"|(?:re-?written|the re-?written|revised|rewritten first-person)?\s*(?:review|version|text|rewriting|rewritten)"
    r"[^\n:.]{0,30}:|(?:answer|output|response|analysis):)\s*",
    re.IGNORECASE,
)


def undressed(answer: str, mended: Counter[str]) -> str:
    """Take off code fences, a model's thinking and the bold of Markdown; counts "thinking" and "code_fence"."""
    plain, thought = bare(answer)
    mended["thinking"] += thought
    unfenced = _FENCE.sub("", plain)
    mended["code_fence"] += unfenced != plain
    return re.sub(r"\*\*([^*\n]+)\*\*", r"\1", unfenced).strip()


def first_answer(answer: str, mended: Counter[str]) -> str:
    """Give the prose of the first answer only: no preamble before it and nothing that was begun after it.

    Counts "preamble", "quotes" (around the whole) and "continuation". What is left of an answer that was cut at
    something else is whole, whether or not the model came to its end.
    """
    while (bare := _PREAMBLE.sub("", answer, count=1)) != answer:
        answer = bare.strip()
        mended["preamble"] = 1
    lines = answer.splitlines()
    end = next((n for n, line in enumerate(lines) if n and _begins_anew(line)), len(lines))
    mended["continuation"] += any(line.strip() for line in lines[end:])
    plain = " ".join(" ".join(lines[:end]).split())
    if len(plain) > 2 and plain[0] in '"“' and plain[-1] in '"”' and not re.search(r"[\"“”]", plain[1:-1]):
        mended["quotes"] += 1
        plain = plain[1:-1].strip()
    return plain


def finished(answer: str) -> bool:
    """Guess from its last mark whether an answer came to its end, where nobody says why the model stopped."""
    return bool(re.search(r"[.!?…。！？][\"”’')\]*}`]*$", answer.strip()))


def _begins_anew(line: str) -> bool:
    return bool(_REVIEW.match(line.strip()) or _ELSE.match(line.strip()))


def ends_in(answer: str, row: Row) -> bool:
    """Say whether nothing was written after a row, so that an answer that was cut off was cut off in it."""
    last = next((part for part in reversed(row) if part), "")
    return answer.rstrip().rstrip("|").rstrip().endswith(last)


def rows(answer: str, mended: Counter[str]) -> list[Row]:
    """Read an analysis in any of the forms that teachers write it in.

    Lines (`target | aspect | sentiment | reasoning`) are what is asked for. JSON, a Markdown table and the published
    blocks ("Opinion Target 1: ..." with a line for each field) are read too, and counted as such.

    Returns:
        A row for every target with what was written for each field; empty where the answer has none of the forms.
    """
    if found := _json_rows(answer):
        mended["json"] += 1
        return found
    lines = [line for line in answer.splitlines() if line.strip()]
    if not any(re.match(r"\W*(?:\d+[.)]\s*)?opinion target", line, re.IGNORECASE) for line in lines):
        return _line_rows(lines, mended)
    found = _block_rows(lines, mended)
    mended["blocks"] += bool(found)
    return found


def _line_rows(lines: list[str], mended: Counter[str]) -> list[Row]:
    found: list[Row] = []
    for line in lines:
        table = line.strip().startswith("|") and line.strip().endswith("|")
        parts = [part.strip() for part in (line.strip()[1:-1] if table else line).split("|")]
        if len(parts) == 1 and found and _begins_anew(line):
            mended["continuation"] += 1
            break
        if len(parts) == 1:
            mended["remark" if found else "preamble"] += 1
        elif not any(re.search(r"\w", part) for part in parts) or parts[0].lower() in ("target", "opinion target"):
            mended["table"] += 1
        else:
            number = re.match(r"(?:\d+[.)]|[*•])\s+", parts[0])
            mended["numbering"] += bool(number)
            parts[0] = parts[0][number.end() :] if number else parts[0]
            found.append([*parts[:3], " / ".join(parts[3:])] if len(parts) >= 4 else [*parts, *[""] * (4 - len(parts))])
    return found


def _json_rows(answer: str) -> list[Row]:
    start = min((at for at in (answer.find("["), answer.find("{")) if at >= 0), default=-1)
    if start != 0:
        return []
    try:
        said = json.JSONDecoder().raw_decode(answer)[0]
    except (ValueError, RecursionError):
        return []
    if isinstance(said, dict):
        said = next((value for value in said.values() if isinstance(value, list)), [said])
    found = []
    for item in said if isinstance(said, list) else []:
        if isinstance(item, dict):
            values = {re.sub(r"[\W_]|opinion", "", str(key).lower()): value for key, value in item.items()}
            row = [str(values[field]).strip() if values.get(field) is not None else "" for field in FIELDS]
            if "target" in values and values["target"] is None:
                row[0] = "-"
            found.append(row)
    return [row for row in found if any(row[1:])]


_TARGET = re.compile(
    r"^\W*(?:\d+[.)]\s*|answer[^:]*:\s*)?opinion target\s*(?P<number>\d*)[^:\n]*?:\s*(?P<rest>.*)$", re.IGNORECASE
)
_INLINE = re.compile(r"[\s,–-]{1,8}(?=(?:Aspect|Sentiment|Reasoning)\s*\d*:\s)")
_NAMED = re.compile(r"^\W*(?P<name>[A-Za-z]{4,14})\s*\d*\s*:\s*(?P<rest>.*)$")


class _Blocks:
    """The rows of an answer in blocks, as far as it was read."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.target = ""
        self.highest = 0
        self.open = ""  # the field that a line without a name goes on with

    def add(self, name: str, words: str) -> None:
        """Take a field; an aspect, or a second sentiment, begins a row of the same target."""
        at = FIELDS.index(name)
        if name == "aspect" or not self.rows or self.rows[-1][at]:
            self.rows.append([self.target, "", "", ""])
        self.rows[-1][at] = words
        self.open = name


def _block_rows(lines: list[str], mended: Counter[str]) -> list[Row]:
    """Read the published layout up to where something else begins: another review, or the numbers from 1 again."""
    blocks, aside = _Blocks(), False
    for line in (part for whole in lines for part in _divided(whole)):
        target = _TARGET.match(line)
        number = int(target["number"] or 0) if target else 0
        again = (number == 1 and (aside or blocks.highest > 1)) or (not target and bool(_ELSE.match(line.strip())))
        if blocks.rows and (_REVIEW.match(line.strip()) or again):
            if _REVIEW.match(line.strip()) or any(all(row) for row in blocks.rows):
                mended["continuation"] += 1
                break
            mended["second_try"] += 1  # nothing whole was said before
            blocks = _Blocks()
        if target:
            mended["preamble"] += not blocks.highest and aside
            heading = line[: target.start("rest")].lower()
            implied = bool(re.search(r"implicit|inferred|implied", heading))
            blocks.target = f"{target['rest'].strip()}{' (implied)' * implied}"
            blocks.highest, aside, blocks.open = max(blocks.highest, number, 1), False, ""
        elif (field := _NAMED.match(line)) and (name := _field(field["name"])):
            mended["field_name"] += field["name"].lower() != name
            blocks.add(name, field["rest"].strip())
        elif blocks.open == "reasoning" and not aside and not blocks.rows[-1][3]:
            blocks.rows[-1][3] = line.strip()
        else:
            aside = aside or not _RULE.match(line)
    mended["remark"] += aside
    return blocks.rows


def _divided(line: str) -> list[str]:
    """Cut a block that was written on one line into its fields."""
    return _INLINE.split(line) if _TARGET.match(line) else [line]


def _field(name: str) -> str:
    """Give the field that a heading means, misspelt or not ("Reasoin"); "" for none."""
    best = max(FIELDS[1:], key=lambda field: fuzz.ratio(name.lower(), field))
    return best if fuzz.ratio(name.lower(), best) >= 85 else ""


_STRENGTHS = {
    "very": ("very", "strong", "strongly", "extremely", "highly", "overwhelmingly"),
    "mild": ("mild", "mildly", "slight", "slightly", "somewhat", "moderately", "near"),
    "": ("sentiment", "overall", "explicit", "explicitly", "implicit", "implicitly", "implied", "a", "and"),
}
_WORDS = {word: strength for strength, words in _STRENGTHS.items() for word in words}


def level(label: str) -> str | None:
    """Give the one of the five levels that a label means, or None: never the nearer of two.

    "Mild" and "Mild Sentiment" alone are neutral: the published label set calls its middle so. A mild feeling with a
    side is that side, since five levels have no milder one.

    >>> level("**Mildly Negative**"), level("Strong Positive"), level("Neutral/Positive"), level("Mixed")
    ('negative', 'very positive', None, None)
    """
    words = re.findall(r"[a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", label).lower())
    sides = {word for word in words if word in ("positive", "negative", "neutral")}
    strengths = {_WORDS.get(word) for word in words if word not in sides} - {""}
    if None in strengths or len(sides) > 1 or len(strengths) > 1:
        return None
    side = next(iter(sides), "")
    if not side or side == "neutral":
        return "neutral" if strengths <= {"mild"} and words and (side or strengths) else None
    return f"very {side}" if strengths == {"very"} else side


_REFUSAL = re.compile(
    r"\bas an? (?:ai|artificial|language model)\b"
    r"|^(?:(?:i(?:'m| am) (?:very )?sorry|i apologi[sz]e|unfortunately),? (?:but )?)?"
    r"i (?:can(?:no|')t|am (?:unable|not able) to|will not|won't) "
    r"(?:help|assist|rewrite|fulfil|provide|comply|analy[sz]e|complete|do|process|write|create)\b",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"your own analysis|the reasoning justif|to be fill|^\[[^\]]*\]$|^\W{0,20}(?:none|n/?a)?\W{0,20}$", re.IGNORECASE
)
_REMARK = re.compile(
    r"\s?(?:[\"“(:;]|\s--?\s|[,;]?\s(?:i\.e|e\.g)\.|,\s(?:an?|the|whether|how|if|in this case|specifically|including)\b"
    r"|[,;]?\s(?:which|refer(?:s|ring)|impl(?:ying|ied|ies)|involv(?:es|ing)|describ(?:es|ing)|indicat(?:es|ed|ing)"
    r"|represent(?:s|ing)|related to|in terms of|meaning)\b).*$",
    re.IGNORECASE,
)
_LONGEST_ASPECT = 5  # words; of a longer one with a comma, what stands before it
_NOT = r"(?:not|no|n't|without|neither|nor|rather than|instead of|less|despite|any)\W+(?:\w+\W+){0,3}?"
_SIDES = "(?:positive|negative),? (?:or|nor|and) (?:positive|negative)"


def refuses(answer: str) -> bool:
    """Say whether a model declines the task; a customer who "cannot recommend" something does not."""
    return bool(_REFUSAL.search(answer))


def short_aspect(aspect: str) -> tuple[str, bool]:
    """Take the explanation off an aspect that was asked for as a short phrase, and say whether there was one.

    >>> short_aspect("Size, which refers to the room it takes")
    ('Size', True)
    """
    bare = aspect.strip(' "“”*.[]')
    short = _REMARK.sub("", bare).strip(" ,;:-") or bare
    if len(short.split()) > _LONGEST_ASPECT:
        short = short.split(",")[0]
    return short, short != bare


def is_placeholder(reasoning: str) -> bool:
    """Say whether a reasoning is none: the words of a form that was not filled in."""
    return bool(_PLACEHOLDER.search(reasoning))


def contradicts(reasoning: str, level: str) -> bool:
    """Say whether a reasoning names the other side and its own nowhere, or one side where the level is neutral.

    It goes by the words "positive", "negative" and "neutral" alone; what is denied near them does not count.

    >>> contradicts("It conveys a negative sentiment.", "very positive"), contradicts("Not negative.", "positive")
    (True, False)
    """
    side, said = level.split()[-1], reasoning.lower()
    named = set(re.findall(r"\b(positive|negative)", re.sub(rf"\b{_NOT}(?:{_SIDES}|positive|negative)", " ", said)))
    if side == "neutral":
        felt = re.search(r"\b(?:positive|negative|mildly (?:positive|negative)) sentiment\b", said)
        return (
            len(named) == 1 and bool(felt) and not re.search(r"\b(?:neutral|neither|nor|fact|factual|without)\b", said)
        )
    return bool(named) and side not in said
