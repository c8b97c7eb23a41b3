"""What models write around an answer is no part of it, whatever their chat format; other text stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.thinking import bare

ANSWER = "zip | jams | negative"


@pytest.mark.parametrize(
    "written",
    [
        f"<think>\nMaybe: zip | fine | positive\n</think>\n\n{ANSWER}",
        f"Maybe it is: zip | fine | positive\n</think>\n\n{ANSWER}",
        f"<thinking>positive?</thinking>\n{ANSWER}",
        f"{ANSWER}\n<think>Was that right?",
        f"[THINK]positive?[/THINK]{ANSWER}",
        f"◁think▷positive?◁/think▷{ANSWER}",
        f"<|channel>thought\npositive?<channel|>{ANSWER}<turn|>",
        f"<think>one</think><think>two</think>{ANSWER}<|im_end|>\n<|im_start|>user\nAnd the lid?",
        f"<|channel|>analysis<|message|>positive?<|end|><|start|>assistant<|channel|>final<|message|>{ANSWER}<|return|>",
        f"<|start|>assistant<|channel|>final<|message|>{ANSWER}<|return|>",
        f"analysisThe user likes it? No.assistantfinal{ANSWER}",
        f"{ANSWER}</s>",
        f"<s> {ANSWER}</s>\n",
        f"{ANSWER}<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nNext.",
        f"<|im_start|>assistant\n{ANSWER}<|im_end|>",
        f"<start_of_turn>model\n{ANSWER}<end_of_turn>",
        f"{ANSWER}<｜end▁of▁sentence｜>",
    ],
)
def test_the_answer_alone_is_left(written: str) -> None:
    assert bare(written).text == ANSWER


@pytest.mark.parametrize(
    "written",
    ["<think>It is neg", "<|channel|>analysis<|message|>It is neg", "<think></think>", "Hm.</think>", "[THINK]It is"],
)
def test_thinking_without_an_answer_leaves_nothing_and_says_that_it_was_thinking(written: str) -> None:
    assert bare(written) == ("", True)


@pytest.mark.parametrize(
    "text",
    [
        "I <s>loved</s> liked the lid",
        "5 < 6 and 7 > 2",
        "Analysis of the final bill: wrong.",
        "I think it is final.",
        '{"a": "<b>bold</b>"}',
        " leading space stays",
        "a | b |> c <| d",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert bare(text) == (text, False)


@given(st.text())
def test_what_was_taken_off_once_is_off(text: str) -> None:
    assert bare(bare(text).text).text == bare(text).text
