"""The questions a server is asked, and what its answers give away. Each needs an answer that it can be caught by."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from gistill.lm.structured import schema_text
from gistill.schema import Noun
from gistill.teacher.doctor_line import NOT_ASKED, Finding, Line, Said

GREETING = "Answer with one word: yes."
_COUNT = "Count from 1 to 60 in digits, separated by single spaces. Write nothing else."
_PROSE = "Why is the sky blue? Answer in one plain English sentence. Do not write JSON, lists or code."
_INVENT = "Invent a name for a small café by the sea and say in one sentence what is served there."
_ROOM = 1024  # tokens for one word, and for all the reasoning before it
_CUT = 24  # tokens for a count that needs far more
_AT_ONCE = 4
_ENOUGH_SHAPES = 5  # of ten, to say that all of them would be followed
_CONTEXT_NAMES = ("max_model_len", "context_length", "context_window", "max_context_length")
_ENOUGH = 4000  # tokens below which long reviews and few-shot prompts do not fit


def _finding(check: str, verdict: Literal["good", "bad", "unknown"], answer: str, sentence: str) -> Finding:
    return Finding(check=check, verdict=verdict, answer=answer, sentence=sentence)


def _unasked(check: str, said: Said) -> Finding:
    why = "there was no time left to ask" if said.status == NOT_ASKED else f"the question failed: {said.error}"
    return _finding(check, "unknown", "not known", f"Not known: {why.rstrip('.')}.")


def check_usage(line: Line) -> Finding:
    """Say whether every answer came with its tokens. To be called after all other checks."""
    if line.answered and line.with_usage == line.answered:
        return _finding("usage", "good", "reported", "Tokens are reported with each answer, so costs can be counted.")
    if line.with_usage:
        told = f"Tokens came with {line.with_usage} of {line.answered} answers: counted costs will be too low."
        return _finding("usage", "bad", "sometimes", told)
    return _finding("usage", "bad", "missing", "No tokens are reported: costs and token limits can only be estimated.")


def check_answers(line: Line, greeting: Said) -> Finding:
    """Say whether one word comes for sixteen tokens, or they are spent on reasoning."""
    if greeting.text.strip() and not greeting.thought:
        return _finding("answers", "good", "at once", "It answers at once, without reasoning before.")
    if greeting.text.strip():
        told = "It reasons before it answers: answers cost more tokens than they have words."
        return _finding("answers", "bad", "reasons first", told)
    spent = "spent on reasoning" if greeting.thought else "answered with nothing"
    more = line.say(GREETING, max_tokens=_ROOM)
    if more.text.strip():
        told = (
            f"16 tokens for one word were {spent}, {_ROOM:,} were enough: give annotate a --max-tokens of {4 * _ROOM}."
        )
        return _finding("answers", "bad", "reasons first", told)
    called = " It calls a tool instead." if greeting.finish == "tool_calls" else ""
    told = f"Asked for one word, it gave no answer: 16 tokens were {spent}, and {_ROOM:,} too.{called}"
    return _finding("answers", "bad", "none", told)


def check_length(line: Line) -> tuple[list[Finding], str]:
    """Find out whether max_tokens holds and the finish reason tells of it.

    Returns:
        Both findings, and a plain answer at temperature 0 for the checks that follow.
    """
    cut, whole = line.say(_COUNT, max_tokens=_CUT), line.say(_COUNT, max_tokens=200)
    if not cut.ok:
        return [_unasked("max_tokens", cut), _unasked("finish", cut)], whole.text
    # A token is a word at most, and a count of sixty is sixty words: what is longer than the limit was not cut.
    words, told_tokens = len(cut.text.split()), (cut.usage or {}).get("completion_tokens") or 0
    name = line.limit_name
    if words > 1.5 * _CUT or told_tokens > 1.5 * _CUT:
        told = f"{name} is ignored ({words} words came where {_CUT} tokens were allowed): answers have no upper price."
        unknown = "Not known: no answer was cut, so it could not be told."
        return [
            _finding("max_tokens", "bad", "ignored", told),
            _finding("finish", "unknown", "not known", unknown),
        ], whole.text
    shorter = whole.ok and len(whole.text.split()) > words
    if cut.finish == "length":
        return [
            _finding("max_tokens", "good", "honoured", f"{name} is honoured."),
            _finding(
                "finish",
                "good",
                "told",
                'Cut answers say so (finish_reason "length"), so none is taken for a complete one.',
            ),
        ], whole.text
    if not shorter:
        unknown = "Not known: the model's answers are too short to be cut."
        return [_finding(check, "unknown", "not known", unknown) for check in ("max_tokens", "finish")], whole.text
    told = f"A cut answer is reported as whole (finish_reason {cut.finish or 'missing'!r}): cuts cannot be noticed."
    return [
        _finding("max_tokens", "good", "honoured", f"{name} is honoured."),
        _finding("finish", "bad", "hidden", told),
    ], whole.text


def check_stop(line: Line, plain: str) -> Finding:
    """Ask the same again with a word from the middle of the answer as the stop sequence."""
    words = plain.split()
    if len(words) < 6:
        return _finding("stop", "unknown", "not known", "Not known: the model's answers are too short to be stopped.")
    word = words[len(words) // 2]
    said = line.say(_COUNT, max_tokens=200, stop=[word])
    if said.status == 400:
        return _finding("stop", "bad", "refused", f"Stop sequences are refused ({said.error}).")
    if not said.ok:
        return _unasked("stop", said)
    if word in said.text:
        return _finding(
            "stop", "bad", "ignored", "Stop sequences are ignored: more is written, and paid, than is used."
        )
    if plain.startswith(said.text.rstrip()):
        return _finding("stop", "good", "honoured", "Stop sequences are honoured.")
    return _finding(
        "stop", "unknown", "not known", "Not known: the answer was another one than without a stop sequence."
    )


def check_repeats(line: Line, plain: str) -> Finding:
    """Ask the same questions twice at temperature 0."""
    if not line.takes_temperature:
        told = "The model takes no temperature: answers cannot be asked to repeat."
        return _finding("repeats", "bad", "no temperature", told)
    again, first, second = line.say(_COUNT, max_tokens=200), line.say(_INVENT), line.say(_INVENT)
    for said in (again, first, second):
        if not said.ok:
            return _unasked("repeats", said)
    if again.text == plain and first.text == second.text:
        return _finding("repeats", "good", "yes", "At temperature 0 the same question got the same answer.")
    told = "At temperature 0 the same question got different answers: a run can be read again, not made again."
    return _finding("repeats", "bad", "no", told)


def check_seeds(line: Line) -> Finding:
    """Sample with one seed twice, and with two others."""
    if not line.takes_temperature:
        return _finding("seeds", "unknown", "not known", "Not known: the model takes no temperature.")
    asked = [line.say(_INVENT, temperature=1, seed=seed) for seed in (7, 7, 8, 9)]
    if any(said.status == 400 for said in asked):
        return _finding("seeds", "bad", "refused", "Seeds are refused: samples cannot be repeated.")
    for said in asked:
        if not said.ok:
            return _unasked("seeds", said)
    texts = [said.text for said in asked]
    if texts[0] != texts[1]:
        return _finding("seeds", "bad", "ignored", "The same seed gave different samples: they cannot be repeated.")
    if len(set(texts)) == 1:
        told = "Every seed gave the same answer: nothing is sampled, so asking several times gives nothing new."
        return _finding("seeds", "bad", "no sampling", told)
    return _finding("seeds", "good", "honoured", "The same seed gave the same sample, another seed another.")


def check_continues(line: Line, plain: str) -> Finding:
    """Hand over the first half of an answer as the assistant's last message, and see where the server goes on."""
    words = plain.split()
    half = len(words) // 2
    if len(words) < 6 or words[half] == words[0]:
        return _finding(
            "continues", "unknown", "not known", "Not known: the model's answers are too short to be halved."
        )
    beginning = " ".join(words[:half])
    said = line.say(_COUNT, beginning=beginning)
    if _goes_on(said, words, half):
        return _finding("continues", "good", "yes", "A last message of the assistant is continued.")
    extra = {"add_generation_prompt": False, "continue_final_message": True}
    if _goes_on(line.say(_COUNT, beginning=beginning, **extra), words, half):
        told = "A last message of the assistant is continued only with continue_final_message, which vLLM wants."
        return _finding("continues", "bad", "on demand", told)
    if said.status == 400:
        told = f"A last message of the assistant is refused ({said.error}): answers cannot be begun."
        return _finding("continues", "bad", "refused", told)
    if not said.ok:
        return _unasked("continues", said)
    told = "A last message of the assistant is answered, not continued: answers that were begun come out wrong."
    return _finding("continues", "bad", "no", told)


def _goes_on(said: Said, words: list[str], half: int) -> bool:
    return said.ok and said.text.split()[:2] == words[half : half + 2]


class _Enum(Noun):
    colour: Literal["zorp", "quib"]


class _Const(Noun):
    code: Literal[90417]


class _Names(Noun):
    q7_zz: str
    k19: int


class _Rows(Noun):
    rows: tuple[Annotated[tuple[int, ...], Field(min_length=2)], ...] = Field(min_length=1)


class _Three(Noun):
    parts: tuple[str, ...] = Field(min_length=3, max_length=3)


class _Pattern(Noun):
    ticket: str = Field(pattern="^[A-Z]{3}-[0-9]{4}$")


class _Range(Noun):
    year: int = Field(ge=1000, le=1010)


class _Tree(Noun):
    name: Literal["node"]
    inner: _Tree | None


class _Cat(Noun):
    kind: Literal["cat"]
    lives: int


class _Dog(Noun):
    kind: Literal["dog"]
    tricks: tuple[str, ...]


class _Either(Noun):
    pet: _Cat | _Dog


class _Deep(Noun):
    outer: _Names | None
    flag: bool


SHAPES: dict[str, type[Noun]] = {
    "enum": _Enum,
    "const": _Const,
    "odd names": _Names,
    "nested arrays": _Rows,
    "three items": _Three,
    "pattern": _Pattern,
    "range": _Range,
    "recursion": _Tree,
    "either of two": _Either,
    "nullable": _Deep,
}


def check_schema(line: Line) -> Finding:
    """Ask for prose with ten schemas: only a server that enforces them answers otherwise."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        fates = dict(zip(SHAPES, pool.map(lambda name: _fate(line, name), SHAPES), strict=True))
    named = {fate: [name for name in SHAPES if fates[name] == fate] for fate in ("followed", "broken", "refused")}
    followed, broken, refused = named["followed"], named["broken"], named["refused"]
    known = len(followed) + len(broken) + len(refused)
    if not broken and known < _ENOUGH_SHAPES:
        told = f"Not known: only {known} of {len(SHAPES)} questions with a schema were answered in time."
        return _finding("schema", "unknown", "not known", told)
    if followed and not broken:
        rest = f"; refused with an error: {', '.join(refused)}" if refused else ""
        return _finding(
            "schema", "good", "enforces", f"JSON schemas are enforced ({len(followed)} of {known} tried){rest}."
        )
    if followed:
        told = (
            f"Fails open: {len(followed)} of {known} schemas were enforced, but with {', '.join(broken)} it answered "
            "200 with something else. Every answer must be checked, and gistill does."
        )
        return _finding("schema", "bad", "fails open", told)
    if broken:
        told = f"JSON schemas are ignored: none of {known} was followed. The prompt must ask for JSON as well."
        return _finding("schema", "bad", "ignores", told)
    return _finding(
        "schema", "bad", "refuses", "JSON schemas are refused: ask without, and let the prompt ask for JSON."
    )


def _fate(line: Line, name: str) -> str:
    kind = SHAPES[name]
    wanted = {"name": "answer", "strict": True, "schema": TypeAdapter(dict[str, Any]).validate_json(schema_text(kind))}
    said = line.say(_PROSE, max_tokens=120, response_format={"type": "json_schema", "json_schema": wanted})
    if 400 <= said.status < 500 and said.status not in (408, 429):
        return "refused"
    if not said.ok or (said.finish == "length" and said.text.lstrip().startswith("{")):
        return "unknown"
    try:
        kind.model_validate_json(said.text, strict=True)
    except ValidationError:
        return "broken"
    return "followed"


def check_context(line: Line, listed: Any, props: Said, longest: int) -> tuple[int | None, Finding]:
    """Read how long the context is where the server tells, else ask with growing prompts.

    Returns:
        Tokens of prompt and answer together where the server tells; else of the longest prompt it took in whole.
    """
    told = _told_context(line.model, listed, props)
    if told:
        verdict: Literal["good", "bad"] = "good" if told >= _ENOUGH else "bad"
        few = "" if told >= _ENOUGH else ": long reviews and examples will not fit"
        return told, _finding("context", verdict, f"{told}", f"{told:,} tokens, as the server reports{few}.")
    size, taken, per_word = min(1000, longest), 0, 0.5
    while 0 < size <= longest:
        said = line.say(f"{size} words follow: {'word ' * size}\nAnswer with one word: yes.", max_tokens=4)
        if said.status in (400, 413, 422):
            return taken or None, _refused_at(size, taken)
        if not said.ok:
            break
        counted = (said.usage or {}).get("prompt_tokens")
        if counted is not None and counted < 0.8 * size * per_word:
            told_so = (
                f"Prompts beyond about {counted:,} tokens are cut without notice: the model answers half a question."
            )
            return counted, _finding("context", "bad", f"{counted} silently", told_so)
        taken, per_word = counted or size, counted / size if counted else per_word
        size *= 2
    if not taken:
        return None, _finding("context", "unknown", "not known", "Not known: the server does not report it.")
    counted_or_not = (
        "" if line.with_usage else ", unless it cut them without a word, which cannot be seen without usage"
    )
    told_so = f"At least {taken:,} tokens: the server does not report it, and took every prompt tried{counted_or_not}."
    return taken, _finding(
        "context", "good" if line.with_usage and taken >= _ENOUGH else "unknown", f"{taken}+", told_so
    )


def _refused_at(size: int, taken: int) -> Finding:
    verdict: Literal["good", "bad"] = "good" if taken >= _ENOUGH else "bad"
    few = "" if taken >= _ENOUGH else "; long reviews and examples will not fit"
    between = f"Between {taken:,} and about {size:,} tokens: what is longer is refused with an error{few}."
    return _finding("context", verdict, f"{taken}+", between)


def _told_context(model: str, listed: Any, props: Said) -> int | None:
    if isinstance(props.body, dict):
        settings = props.body.get("default_generation_settings")
        running = settings.get("n_ctx") if isinstance(settings, dict) else None
        if isinstance(running, int) and running > 0:
            return running
    data = listed.get("data") if isinstance(listed, dict) else None
    for entry in data if isinstance(data, list) else ():
        if isinstance(entry, dict) and entry.get("id") == model:
            found = [entry[name] for name in _CONTEXT_NAMES if isinstance(entry.get(name), int) and entry[name] > 0]
            if found:
                return int(found[0])
    return None
