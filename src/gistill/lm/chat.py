"""Messages as the text a model reads: its own chat template, and nobody's words taken for the template's marks."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from gistill.schema import Message

_ANSWER = "ANSWER"  # stands for an answer where a template is asked what it writes after one
_TEMPLATES = 3  # times that a text is looked through, as breaking one mark may put another together


def unmarked(text: str, marks: Collection[str] = ()) -> str:
    """Break what a tokenizer takes for a mark of its own and drop what is no character.

    Else anybody's review could end its own message: "<|im_end|>", Gemma's "<end_of_turn>", Llama's and Mistral's
    "[/INST]" and "</s>" become one control token each wherever they stand in a text.

    Args:
        text: Anybody's.
        marks: The loaded tokenizer's special tokens, see `marks_of`. What looks like "<|...|>" is broken in any case.
    """
    readable = text.encode("utf-8", "replace").decode("utf-8")
    readable = readable.replace("<|", "< |").replace("|>", "| >")
    pattern = _pattern(frozenset(marks))
    for _ in range(_TEMPLATES if pattern else 0):
        broken = pattern.sub(lambda found: f"{found[0][0]} {found[0][1:]}", readable) if pattern else readable
        if broken == readable:
            break
        readable = broken
    return readable


@lru_cache(maxsize=16)
def _pattern(marks: frozenset[str]) -> re.Pattern[str] | None:
    words = sorted((mark for mark in marks if len(mark) > 1), key=lambda mark: (-len(mark), mark))
    return re.compile("|".join(map(re.escape, words))) if words else None


def marks_of(tokenizer: Any) -> frozenset[str]:
    """List the special tokens of a transformers tokenizer: what is one token wherever it stands in a text."""
    added = getattr(tokenizer, "added_tokens_decoder", None) or {}
    named = getattr(tokenizer, "all_special_tokens", None) or ()
    return frozenset({token.content for token in added.values() if token.special} | set(map(str, named)))


def line_break(tokenizer: Any) -> str:
    """Choose what ends a line of an answer: a line break, or " ; " where a tokenizer (T5's) knows none."""
    ids = tokenizer("a\nb", add_special_tokens=False).input_ids
    return "\n" if "\n" in tokenizer.decode(ids) else " ; "


def prompt_text(tokenizer: Any, messages: Sequence[Message]) -> str:
    """Write messages in a tokenizer's chat template, up to where the answer begins.

    Args:
        tokenizer: A transformers tokenizer. Where it has no template the messages stand line by line, each with an
            empty line after it. Where its template knows no system message (Gemma), the first message takes it over.
        messages: A last message of the assistant is the beginning of the answer.
    """
    beginning = messages[-1].content if messages[-1].role == "assistant" else ""
    marks = marks_of(tokenizer)
    chat = [{"role": m.role, "content": unmarked(m.content, marks)} for m in (messages[:-1] if beginning else messages)]
    if not tokenizer.chat_template:
        return "".join(f"{m['content']}\n\n" for m in chat) + unmarked(beginning, marks)
    text: str
    try:
        text = tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
    except Exception as error:  # templates refuse a role by jinja2's TemplateError, which need not be installed
        if chat[0]["role"] != "system" or len(chat) < 2 or type(error).__name__ != "TemplateError":
            raise
        chat[1]["content"] = f"{chat[0]['content']}\n\n{chat[1]['content']}"
        text = tokenizer.apply_chat_template(chat[1:], add_generation_prompt=True, tokenize=False)
    return text + unmarked(beginning, marks)


def end_turns(tokenizer: Any) -> None:
    """Make what a tokenizer's chat template writes after an answer the tokenizer's end token.

    A tokenizer may name another one, the end of a text: Gemma's "<eos>" beside "<end_of_turn>", or "<|endoftext|>"
    beside the "<|im_end|>" of its template. Taught that, a model would end its answers otherwise than the template
    ends the earlier turns of a conversation.

    Args:
        tokenizer: A transformers tokenizer. It stays as it is where it has no template, where the template refuses to
            show an answer, and where no special token stands after one.
    """
    if not tokenizer.chat_template:
        return
    chat = [{"role": "user", "content": "?"}, {"role": "assistant", "content": _ANSWER}]
    try:
        text: str = tokenizer.apply_chat_template(chat, tokenize=False)
    except Exception:  # a template's errors are of any kind; `prompt_text` raises them where it matters
        return
    after = text.rpartition(_ANSWER)[2].lstrip() if _ANSWER in text else ""
    ends = [mark for mark in marks_of(tokenizer) if after.startswith(mark)]
    if ends:
        tokenizer.eos_token = max(ends, key=len)
