"""Messages as the text a model reads: its own chat template, and nobody's words taken for the template's marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gistill.schema import Message


def unmarked(text: str) -> str:
    """Break what looks like a template's mark ("<|im_end|>") and drop what is no character.

    A tokenizer would take such text for real marks, and anybody's review could end its own message.
    """
    readable = text.encode("utf-8", "replace").decode("utf-8")
    return readable.replace("<|", "< |").replace("|>", "| >")


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
    chat = [{"role": m.role, "content": unmarked(m.content)} for m in (messages[:-1] if beginning else messages)]
    if not tokenizer.chat_template:
        return "".join(f"{m['content']}\n\n" for m in chat) + unmarked(beginning)
    text: str
    try:
        text = tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
    except Exception as error:  # templates refuse a role by jinja2's TemplateError, which need not be installed
        if chat[0]["role"] != "system" or len(chat) < 2 or type(error).__name__ != "TemplateError":
            raise
        chat[1]["content"] = f"{chat[0]['content']}\n\n{chat[1]['content']}"
        text = tokenizer.apply_chat_template(chat[1:], add_generation_prompt=True, tokenize=False)
    return text + unmarked(beginning)
