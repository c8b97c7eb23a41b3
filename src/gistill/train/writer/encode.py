"""Training examples as token ids with a mask, and batches that compute scores only where something is learned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from gistill.errors import InputError, SettingError
from gistill.lm.chat import line_break, marks_of, prompt_text, unmarked
from gistill.schema import TrainingExample

IGNORED = -100  # what the loss leaves out


class Encoded(NamedTuple):
    """An example as ids. For a causal model the two stand one after the other.

    Attributes:
        prompt: Ids of what is asked; empty for plain text.
        answer: Ids that are learned, the end token last.
        cut: The answer did not fit and lost its end.
    """

    prompt: list[int]
    answer: list[int]
    cut: bool


def encode(
    example: TrainingExample, tokenizer: Any, *, encoder_decoder: bool, max_length: int, line_break: str = "\n"
) -> Encoded:
    """Turn an example into ids exactly as the question will stand when the model is asked.

    The question is tokenised alone, as an engine does it, so that no token joins its end and the answer's beginning.

    Args:
        example: What to learn.
        tokenizer: The model's.
        encoder_decoder: The question goes to an encoder: each side then has `max_length` of its own.
        line_break: What ends a line of the answer; see `chat.line_break`.
        max_length: Tokens. A question that leaves no room loses its beginning, after that the answer its end.
    """
    end = tokenizer.eos_token_id
    written = unmarked(example.answer, marks_of(tokenizer)).replace("\n", line_break)
    answer = [*tokenizer(written, add_special_tokens=False).input_ids, end]
    prompt: list[int] = []
    if example.messages:
        text = prompt_text(tokenizer, example.messages)
        prompt = tokenizer(text, add_special_tokens=encoder_decoder).input_ids
    room = max_length if encoder_decoder else max_length - min(len(prompt), max_length)
    kept = answer[:room]
    return Encoded(prompt[:max_length], kept, len(kept) < len(answer))


def encode_all(
    examples: Sequence[TrainingExample], tokenizer: Any, *, encoder_decoder: bool, max_length: int
) -> list[Encoded]:
    """Encode all examples; plain text that is too long goes on in the next one instead of losing its end.

    Raises:
        SettingError: Plain text for an encoder-decoder, which learns only answers.
        InputError: An example has nothing to learn.
    """
    encoded = []
    lines = line_break(tokenizer)
    for example in examples:
        if example.messages:
            encoded.append(
                encode(example, tokenizer, encoder_decoder=encoder_decoder, max_length=max_length, line_break=lines)
            )
        elif encoder_decoder:
            raise SettingError(f"{example.source} is plain text, which only causal models can learn")
        else:
            whole = encode(example, tokenizer, encoder_decoder=False, max_length=2**62).answer
            encoded += [Encoded([], whole[at : at + max_length], False) for at in range(0, len(whole), max_length)]
        if not encoded[-1].answer or not (encoded[-1].prompt or len(encoded[-1].answer) > 1 or not example.messages):
            raise InputError(
                f"an example of {example.source} has no token to learn: its question alone fills max_length "
                f"({max_length} tokens): {example.text[:80]!r}",
                hint="Raise max_length.",
            )
    return encoded


def collate_causal(pad: int, *, positions: bool) -> Callable[[Sequence[Encoded]], dict[str, Any]]:
    """Make the function that batches examples for a causal model.

    Padding is on the left, so that all answers end at the same place and the vocabulary's scores are computed only
    over the longest answer of the batch (`logits_to_keep`): at 49,000 words they are a fifth of a small model's work.

    Args:
        pad: Token id to fill with.
        positions: Give position ids too, for models that would otherwise count the padding.

    Returns:
        A function to a batch whose `labels` stand against the kept scores, one for one, and need no shift.
    """

    def batch(examples: Sequence[Encoded]) -> dict[str, Any]:
        rows = [e.prompt + e.answer for e in examples]
        width = max(map(len, rows))
        # plain text has nothing before its first token, from which that could be told
        learned = [e.answer if e.prompt else e.answer[1:] for e in examples]
        kept = max(map(len, learned))
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in rows])
        made = {
            "input_ids": torch.tensor([[pad] * (width - len(row)) + row for row in rows]),
            "attention_mask": mask,
            "labels": torch.tensor([[IGNORED] * (kept - len(row)) + row for row in learned]),
            "logits_to_keep": torch.arange(-1 - kept, -1),
        }
        if positions:
            made["position_ids"] = (mask.cumsum(1) - 1).clamp(min=0)
        return made

    return batch


def collate_packed(examples: Sequence[Encoded]) -> dict[str, Any]:
    """Put all examples of a part into one row without padding; positions that begin again keep them apart."""
    row = [token for e in examples for token in e.prompt + e.answer]
    positions: list[int] = []
    kept: list[int] = []
    learned: list[int] = []
    for e in examples:
        at, length = len(positions), len(e.prompt) + len(e.answer)
        first = max(1, len(e.prompt))  # plain text has nothing before its first token
        kept += range(at + first - 1, at + length - 1)
        learned += (e.prompt + e.answer)[first:]
        positions += range(length)
    return {
        "input_ids": torch.tensor([row]),
        "position_ids": torch.tensor([positions]),
        "labels": torch.tensor([learned]),
        "logits_to_keep": torch.tensor(kept),
    }


def collate_pairs(pad: int, start: int) -> Callable[[Sequence[Encoded]], dict[str, Any]]:
    """Make the function that batches examples for an encoder-decoder, which starts answers with the token `start`."""

    def batch(examples: Sequence[Encoded]) -> dict[str, Any]:
        wide, long = max(len(e.prompt) for e in examples), max(len(e.answer) for e in examples)
        prompts = [e.prompt + [pad] * (wide - len(e.prompt)) for e in examples]
        before = [[start, *e.answer[:-1]] + [pad] * (long - len(e.answer)) for e in examples]
        return {
            "input_ids": torch.tensor(prompts),
            "attention_mask": torch.tensor([[1] * len(e.prompt) + [0] * (wide - len(e.prompt)) for e in examples]),
            "decoder_input_ids": torch.tensor(before),
            "labels": torch.tensor([e.answer + [IGNORED] * (long - len(e.answer)) for e in examples]),
        }

    return batch


def loss_function(smoothing: float) -> Callable[..., Any]:
    """Make the loss over a batch of the collators here: nats per learned token, averaged over a whole step's tokens."""

    def loss(outputs: Any, labels: Any, num_items_in_batch: Any = None) -> Any:
        scores = outputs.logits.float().flatten(0, 1)
        total = torch.nn.functional.cross_entropy(
            scores, labels.flatten(), ignore_index=IGNORED, label_smoothing=smoothing, reduction="sum"
        )
        count = num_items_in_batch if num_items_in_batch is not None else (labels != IGNORED).sum()
        return total / count

    return loss
