"""What a model writes around its answer that is none of it: thinking, channels of a chat format, marks of its end.

An answer enters the program in few places (a server's reply, a journal's row, an engine's tokens), and there it loses
these, so that no skill meets them. Servers should take them off and many do not: a reasoning parser that is not
configured, a chat template that opens the thinking itself, a stop token that the server does not know.
"""

from __future__ import annotations

import re
from typing import NamedTuple

# How models open and close what they think. Kimi writes triangles, Mistral square brackets, Gemma 4 channels.
_NAMES = r"think(?:ing)?|thought|reason(?:ing)?|reflection|scratchpad"
_OPEN = rf"<(?:{_NAMES})>|\[THINK\]|◁think▷|<\|?channel\|?>(?:thought|analysis|commentary)\b"
_CLOSE = rf"</(?:{_NAMES})>|\[/THINK\]|◁/think▷|<channel\|>"
_THOUGHT = re.compile(rf"(?:{_OPEN}).*?(?:{_CLOSE}|\Z)\s*", re.DOTALL)
_CLOSED = re.compile(_CLOSE)
# OpenAI's open models: <|channel|>analysis<|message|>...<|end|><|start|>assistant<|channel|>final<|message|>...
_FINAL = re.compile(r"<\|channel\|>\s*final\b[^<]*<\|message\|>")
_CHANNEL = re.compile(r"<\|channel\|>\s*(?:analysis|commentary)\b[^<]*<\|message\|>")
_BARE_FINAL = re.compile(r"\Aanalysis(?=[A-Z\s]).*?assistantfinal", re.DOTALL)  # the same, its special tokens left out
# What opens an assistant's turn in some chat format; a server that strips nothing may repeat it.
_BEGIN = re.compile(
    r"\A\s*(?:<s>|<bos>|<\|begin_of_text\|>|<\|start\|>assistant|<\|im_start\|>assistant\b|<start_of_turn>model\b"
    r"|<\|start_header_id\|>assistant<\|end_header_id\|>|<\|assistant\|>|<\|message\|>)"
)
# What ends it: nothing that stands behind is part of the answer. "</s>" alone is also the end of struck-out text on
# a web page, so that it must be the last thing written.
_END = re.compile(
    r"<\|(?:im_end|im_start|end|endoftext|end_of_text|eot_id|eom_id|eot|return|call|start|start_header_id|user|system"
    r"|observation)\|>|<end_of_turn>|<start_of_turn>|<turn\|>|<eos>|<｜end▁of▁sentence｜>|\[EOS\]|</s>\s*\Z"
)
_ANY = re.compile(r"[<◁\[]|assistantfinal")  # most answers have none of it


class Bare(NamedTuple):
    """An answer alone.

    Attributes:
        text: What is left.
        thought: Whether thinking was taken off.
    """

    text: str
    thought: bool


def bare(text: str) -> Bare:
    """Take thinking, channels and marks of beginning and end off an answer; a text without them stays as it is.

    Thinking that was never closed is all that there is, so nothing is left. Where only the closing mark is there,
    because the chat template had opened it, everything before the mark goes.

    >>> bare("<think>Hm.</think>yes</s>")
    Bare(text='yes', thought=True)
    """
    if not _ANY.search(text):
        return Bare(text, thought=False)
    thought = False
    finals = list(_FINAL.finditer(text))
    if finals:
        thought, text = finals[-1].start() > 0, text[finals[-1].end() :]
    elif _CHANNEL.search(text):
        return Bare("", thought=True)
    elif found := _BARE_FINAL.match(text):
        thought, text = True, text[found.end() :]
    text = _without_beginning(text)
    said = _THOUGHT.sub("", text)
    if closed := list(_CLOSED.finditer(said)):
        said = said[closed[-1].end() :]
    if said != text:
        thought, text = True, said.strip()
    text = _without_beginning(text)
    end = _END.search(text)
    return Bare(text[: end.start()].rstrip() if end else text, thought)


def _without_beginning(text: str) -> str:
    while found := _BEGIN.match(text):
        text = text[found.end() :].lstrip()
    return text
