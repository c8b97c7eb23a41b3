"""The critic: errors made on purpose, what is learned from them, and a tiny model through training, export and use."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gistill.corpora import summedits
from gistill.corpora.corruptions import CORRUPTIONS, Given, corrupted
from gistill.errors import ModelBrokenError, ModelMissingError
from gistill.grounding.faults.critic import load_critic, pairs_of
from gistill.grounding.faults.reading import Reading
from gistill.grounding.faults.taxonomy import load_taxonomy
from gistill.schema import Turn
from gistill.tables.transcripts import split_labels

RIGHT = (
    "The customer paid Northgate 30 dollars and is unable to open the lid. The agent will refund it and it may be "
    "probably very late."
)
SOURCE = "customer: I paid Northgate 30 dollars and can't open the lid, says Southfield. agent: We will refund 5 of it."
CODES = load_taxonomy()
OTHERS = ("The bus to Oakham was late again today.", "The agent asks Mr Hill for a photo of the lamp.")


def reading(text: str) -> Reading:
    return Reading(text, tuple(Turn(start=a.start, end=a.end, role=a.role) for a in split_labels(text)))


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000))
def test_each_made_error_changes_only_its_span_and_has_a_code_of_the_taxonomy(seed: int) -> None:
    for one in corrupted(Given(RIGHT, SOURCE, OTHERS), random.Random(seed)):
        start, end = one.span
        before, after = one.summary[:start], one.summary[end:]
        assert RIGHT.startswith(before.rstrip())
        assert RIGHT.endswith(after)
        assert 0 <= start < end <= len(one.summary)
        assert one.summary != RIGHT
        assert one.code in CODES


def test_every_kind_of_error_can_be_made_and_the_same_seed_makes_the_same() -> None:
    made = corrupted(Given(RIGHT, SOURCE, OTHERS), random.Random(3))
    assert {one.kind for one in made} == set(CORRUPTIONS)
    assert corrupted(Given(RIGHT, SOURCE, OTHERS), random.Random(3)) == made
    [one] = corrupted(Given("The price is higher.", "", ()), random.Random(0), kinds=["opposite"])
    assert (one.summary, one.code, one.span) == ("The price is lower.", "E4", (13, 18))
    [one] = corrupted(Given("The agent will check it.", "", ()), random.Random(0), kinds=["order"])
    assert one.summary == "The agent has checked it."
    [one] = corrupted(Given("He is unable to pay.", "", ()), random.Random(0), kinds=["negation"])
    assert one.summary == "He is able to pay."
    assert corrupted(Given("", "", ()), random.Random(0)) == []


def test_the_evidence_of_a_sentence_says_whose_words_it_is() -> None:
    [(_, first, at), (_, second, _)] = pairs_of(
        Reading("Lid cannot be opened. A refund of 5 will come."), reading(SOURCE)
    )
    assert first.evidence.startswith("customer: I paid Northgate")
    assert second.evidence == "company: We will refund 5 of it."
    assert at is not None
    [(_, nothing, at)] = pairs_of(Reading("Ganz anders."), reading(SOURCE))
    assert at is None
    assert nothing.evidence.startswith("customer: I paid")  # the beginning of the source


def test_an_edit_teaches_the_sentence_that_it_changed() -> None:
    pytest.importorskip("torch", reason="needs the extra: train")
    from gistill.train.critic import edited_lessons

    row = {"doc": "Sales rose by 5%. Costs fell.", "original_summary": "Sales rose. Costs fell.", "edit_types": "[]"}
    wrong = {**row, "summary": "Sales rose. Costs rose.", "label": "0", "edit_types": "['antonym_swap']"}
    right = {**row, "summary": "Sales grew. Costs fell.", "label": "1"}
    rows = [
        summedits.parse(one, "news")
        for one in ({**row, "summary": row["original_summary"], "label": "1"}, wrong, right)
    ]
    found = [(one.pair.sentence, one.wrong, one.codes) for one in edited_lessons(rows)]
    assert found == [
        ("Sales rose.", False, ()), ("Costs fell.", False, ()),
        ("Costs rose.", True, ("E4",)), ("Sales grew.", False, ()),
    ]  # fmt: skip


def test_the_threshold_is_that_of_the_best_balanced_accuracy() -> None:
    pytest.importorskip("torch", reason="needs the extra: train")
    from gistill.train.critic import choose_threshold

    assert choose_threshold([0.1, 0.2, 0.8], [False, False, True]) == (0.8, 1.0)
    assert choose_threshold([0.5, 0.5], [True, False]) == (0.0, 0.5)  # nothing tells them apart
    assert choose_threshold([0.5], [True]) == (0.5, 0.5)


def tiny_base(folder: Path) -> Path:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = sorted({word.strip(".,").casefold() for text in (RIGHT, SOURCE, *OTHERS) for word in text.split()})
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *words]
    made = Tokenizer(models.WordLevel({name: n for n, name in enumerate(names)}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    )
    fast.save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(names), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.mark.slow
def test_a_tiny_critic_is_trained_stopped_continued_exported_and_asked(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="needs the extra: train")
    pytest.importorskip("onnxscript", reason="needs the extra: train")
    from transformers import AutoModel, AutoTokenizer

    from gistill.corpora.tweetsumm import Conversation
    from gistill.skills.conversation_summary import Spoken
    from gistill.train import critic

    talks = [
        Conversation(
            str(n),
            (Spoken("customer", "I paid Northgate 30 dollars."), Spoken("agent", "We will refund it.")),
            (RIGHT,),
        )
        for n in range(4)
    ]
    base = tiny_base(tmp_path / "base")
    how = critic.Settings(epochs=2, frozen=1, batch=200, pieces=48, save_every=2)
    lessons = critic.corrupted_lessons(talks, how)
    assert any(one.wrong for one in lessons)
    assert not all(one.wrong for one in lessons)

    def network() -> critic.Network:
        torch.manual_seed(0)
        return critic.Network(AutoModel.from_pretrained(base, attn_implementation="sdpa"), frozen=1, dropout=0.1)

    tokenizer = AutoTokenizer.from_pretrained(base)
    whole, halves = network(), network()
    for folder in (tmp_path / "whole", tmp_path / "halves"):
        folder.mkdir()
    critic.train(whole, tokenizer, lessons, how, tmp_path / "whole")
    stop = RuntimeError("stopped")
    saved = critic._save

    def once(*given) -> None:
        saved(*given)
        if given[3] == 2:
            raise stop

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(critic, "_save", once)
        with pytest.raises(RuntimeError, match="stopped"):
            critic.train(halves, tokenizer, lessons, how, tmp_path / "halves")
    again = network()
    critic.train(again, tokenizer, lessons, how, tmp_path / "halves")
    for name, value in whole.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name

    critic.finish(whole, tokenizer, lessons, tmp_path / "whole", how, base=base)
    loaded = load_critic(tmp_path / "whole")
    assert not (tmp_path / "whole" / "checkpoint.safetensors").exists()
    pairs = [pair for _, pair, _ in pairs_of(Reading(RIGHT), reading(SOURCE))]
    asked = [critic.Lesson(pair, False, (), "", "") for pair in pairs]
    wanted = torch.sigmoid(critic.logits_of(whole, tokenizer, asked, how)).numpy()
    assert loaded.probabilities(pairs) == pytest.approx(wanted, abs=0.05)
    for faults in loaded.check([(RIGHT, reading(SOURCE)), ("", reading(SOURCE))]):
        assert all(one.tier == "critic" and one.code in loaded.codes for one in faults)
        assert all(one.confidence is not None and one.span is not None for one in faults)

    card = json.loads((tmp_path / "whole" / "critic.json").read_text())
    (tmp_path / "whole" / "critic.json").write_text(json.dumps({**card, "format": 99}))
    with pytest.raises(ModelBrokenError, match="format 99"):
        load_critic(tmp_path / "whole")
    with pytest.raises(ModelMissingError, match="no critic"):
        load_critic(tmp_path / "nowhere")
