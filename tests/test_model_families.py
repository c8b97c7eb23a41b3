"""Llama, Mistral, Gemma, Aya, Qwen, GPT-2 and T5 in small: each is trained, evaluated and exported by its own rules.

The weights are random and the tokenizers made here; configurations, chat templates, and what pads and ends, are those
of the families.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

torch = pytest.importorskip("torch", reason="needs the extra: train")
transformers = pytest.importorskip("transformers", reason="needs the extra: train")
pytest.importorskip("peft", reason="needs the extra: train")

from typer.testing import CliRunner  # noqa: E402

import tiny_models  # noqa: E402
from gistill.cli import app  # noqa: E402
from gistill.lm.chat import end_turns, prompt_text  # noqa: E402
from gistill.lm.engines.torch_model import TorchModel, load_torch_model  # noqa: E402
from gistill.lm.seam import Request  # noqa: E402
from gistill.schema import Message, TrainingExample  # noqa: E402
from gistill.train.writer.encode import IGNORED, Encoded, encode_all, loss_function  # noqa: E402
from gistill.train.writer.loading import load_model, load_tokenizer  # noqa: E402
from gistill.train.writer.recipe import recipe_from  # noqa: E402
from gistill.train.writer.selection import scores  # noqa: E402
from gistill.train.writer.trainer import collator  # noqa: E402

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning", "ignore::DeprecationWarning"),
]
RUN = CliRunner()
SMALL = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 512, "initializer_range": 0.1,
}  # fmt: skip


class Family(NamedTuple):
    """What tells a family from others.

    Attributes:
        config: The configuration's class in transformers.
        settings: Of the configuration, beside those of size.
        special: Special tokens, in their order.
        named: Which of them the tokenizer names; a base that was not taught to chat names the end of a text.
        template: How it writes a chat; empty for none.
        end: What ends an answer.
        ends: What generation_config.json names.
    """

    config: str
    settings: dict[str, Any]
    special: tuple[str, ...]
    named: dict[str, str]
    template: str
    end: str
    ends: tuple[str, ...]


def turns(start: str, before: str, after: str, ask: str, *, name: str = "m['role']") -> str:
    """Write the usual template: a mark, who speaks, the words, a mark."""
    return (
        f"{start}{{% for m in messages %}}{before.replace('ROLE', '{{ ' + name + ' }}')}"
        f"{{{{ m['content'] | trim }}}}{after}{{% endfor %}}{{% if add_generation_prompt %}}{ask}{{% endif %}}"
    )


MODEL = "'model' if m['role'] == 'assistant' else m['role']"
TOKEN = "{'user': '<|USER_TOKEN|>', 'assistant': '<|CHATBOT_TOKEN|>', 'system': '<|SYSTEM_TOKEN|>'}[m['role']]"
MISTRAL = (
    "{{ bos_token }}{% for m in messages %}{% if m['role'] == 'user' %}[INST] {{ m['content'] }} [/INST]"
    "{% elif m['role'] == 'assistant' %} {{ m['content'] }}{{ eos_token }}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}"
)
GEMMA = "{% if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
FAMILIES = {
    "llama": Family(
        "LlamaConfig", SMALL,
        ("<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
        {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"},  # and none that pads
        turns(
            "{{ bos_token }}", "<|start_header_id|>ROLE<|end_header_id|>\n\n", "<|eot_id|>",
            "<|start_header_id|>assistant<|end_header_id|>\n\n",
        ),
        "<|eot_id|>", ("<|end_of_text|>", "<|eot_id|>"),
    ),
    "mistral": Family(
        "MistralConfig", {**SMALL, "sliding_window": 16}, ("<unk>", "<s>", "</s>", "[INST]", "[/INST]"),
        {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}, MISTRAL, "</s>", ("</s>",),
    ),
    "gemma": Family(
        "Gemma3TextConfig", {**SMALL, "num_key_value_heads": 1, "query_pre_attn_scalar": 8, "sliding_window": 16,
                             "layer_types": ["sliding_attention", "full_attention"]},
        ("<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"),
        {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"},
        turns(
            GEMMA + "{{ bos_token }}", "<start_of_turn>ROLE\n", "<end_of_turn>\n", "<start_of_turn>model\n", name=MODEL
        ),
        "<end_of_turn>", ("<eos>", "<end_of_turn>"),
    ),
    "aya": Family(
        "CohereConfig", SMALL,
        ("<PAD>", "<UNK>", "<BOS_TOKEN>", "<EOS_TOKEN>", "<|START_OF_TURN_TOKEN|>", "<|END_OF_TURN_TOKEN|>",
         "<|USER_TOKEN|>", "<|CHATBOT_TOKEN|>", "<|SYSTEM_TOKEN|>"),
        {"bos_token": "<BOS_TOKEN>", "eos_token": "<|END_OF_TURN_TOKEN|>", "pad_token": "<PAD>"},
        turns(
            "{{ bos_token }}", "<|START_OF_TURN_TOKEN|>ROLE", "<|END_OF_TURN_TOKEN|>",
            "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>", name=TOKEN,
        ),
        "<|END_OF_TURN_TOKEN|>", ("<|END_OF_TURN_TOKEN|>",),
    ),
    "qwen": Family(
        "Qwen2Config", SMALL, ("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
        {"eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>"},  # what ends a text also pads
        turns("", "<|im_start|>ROLE\n", "<|im_end|>\n", "<|im_start|>assistant\n"),
        "<|im_end|>", ("<|endoftext|>",),  # a base: its template ends turns with what it does not name
    ),
    "gpt2": Family(
        "GPT2Config", {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 512, "initializer_range": 0.1},
        ("<|endoftext|>",), {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>"}, "",
        "<|endoftext|>", ("<|endoftext|>",),
    ),
    "t5": Family(
        "T5Config", {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_decoder_layers": 2, "num_heads": 4,
                     "decoder_start_token_id": 0},
        ("<pad>", "</s>", "<unk>"), {"eos_token": "</s>", "pad_token": "<pad>"}, "", "</s>", ("</s>",),
    ),
}  # fmt: skip
NAMES = list(FAMILIES)


def tokenizer(family: Family) -> Any:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    made.train_from_iterator(
        [tiny_models.TEXT] * 4,
        trainers.BpeTrainer(
            vocab_size=330, special_tokens=list(family.special), show_progress=False,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        ),
    )  # fmt: skip
    if family.config == "T5Config":
        made.normalizer = normalizers.Replace("\n", " ")
        number = family.special.index("</s>")
        made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", number)])
    wrapped = transformers.PreTrainedTokenizerFast(tokenizer_object=made, **family.named)
    if family.template:
        wrapped.chat_template = family.template
    return wrapped


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: base(tmp_path_factory.mktemp(name) / name, FAMILIES[name]) for name in NAMES}


def base(folder: Path, family: Family) -> Path:
    transformers.set_seed(1)
    words = tokenizer(family)
    ends = words.convert_tokens_to_ids(list(family.ends))
    ids = {"eos_token_id": ends[0] if len(ends) == 1 else ends, "bos_token_id": words.bos_token_id}
    ids["pad_token_id"] = words.pad_token_id
    config = getattr(transformers, family.config)(vocab_size=len(words), **family.settings, **ids)
    auto = transformers.AutoModelForSeq2SeqLM if config.is_encoder_decoder else transformers.AutoModelForCausalLM
    auto.from_config(config).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


ROWS = [
    {
        "messages": [
            {"role": "system", "content": "List each opinion: aspect | polarity."},
            {"role": "user", "content": said},
            {"role": "assistant", "content": answer},
        ]
    }
    for said, answer in [
        ("the lid is nice", "lid | positive"),
        ("the lamp is broken and the food was awful", "lamp | negative"),
        ("they were slow", "they | negative"),
    ]
]


def examples() -> list[TrainingExample]:
    found = []
    for row in ROWS:
        *asked, answer = [Message.model_validate(message) for message in row["messages"]]
        found.append(TrainingExample(tuple(asked), answer.content, "x", "x"))
    return found


def encoded(words: Any, name: str) -> list[Encoded]:
    return encode_all(examples(), words, encoder_decoder=name == "t5", max_length=128)


@pytest.mark.parametrize("name", NAMES)
def test_an_answer_and_the_familys_own_end_are_learned_after_the_familys_own_prompt(
    name: str, bases: dict[str, Path]
) -> None:
    words = load_tokenizer(bases[name])
    for one, example in zip(encoded(words, name), examples(), strict=True):
        assert words.decode(one.answer) == example.answer + FAMILIES[name].end
        assert one.answer.count(words.eos_token_id) == 1
        asked = words.decode(one.prompt).removesuffix("</s>")
        assert asked == (prompt_text(words, example.messages).replace("\n", " ") if name == "t5" else
                         prompt_text(words, example.messages))  # fmt: skip
        assert one.prompt.count(words.bos_token_id) == (1 if "bos_token }" in FAMILIES[name].template else 0)


@pytest.mark.parametrize("name", NAMES)
def test_padding_is_neither_seen_nor_learned_even_where_what_pads_also_ends(name: str, bases: dict[str, Path]) -> None:
    """The loss of a padded batch is the mean over the answers' tokens, each example taken alone."""
    words = load_tokenizer(bases[name])
    recipe = recipe_from({"model": str(bases[name]), "train": ["unread"], "method": "full", "precision": "fp32"})
    model = load_model(recipe, bases[name], steps=1).eval()
    collate, loss = collator(model, words, recipe), loss_function(0.0)
    made = encoded(words, name)
    batch = collate(made)
    learned = [[token for token in row if token != IGNORED] for row in batch["labels"].tolist()]
    assert learned == [one.answer for one in made]
    assert batch["attention_mask"].sum(1).tolist() == [
        len(one.prompt) + (0 if name == "t5" else len(one.answer)) for one in made
    ]
    total = 0.0
    for one in made:
        alone = collate([one])
        labels = alone.pop("labels")
        total += float(loss(model(**alone), labels)) * len(one.answer)
    labels = batch.pop("labels")
    assert float(loss(model(**batch), labels)) == pytest.approx(total / sum(len(one.answer) for one in made), rel=1e-4)


def written(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def finetuned(folder: Path, out: Path, **fields: Any) -> None:
    rows = written(folder / "rows.jsonl", ROWS)
    usual = {
        "train": [rows], "batch": 3, "rate": 5e-3, "schedule": "constant", "log_every": 10, "report_to": [],
        "precision": "fp32", "max_new_tokens": 16, "rank": 4, "save_every": 1000, "name": out.name,
    }  # fmt: skip
    recipe = folder / f"{out.name}.yaml"
    recipe.write_text(json.dumps(usual | fields), encoding="utf-8")  # JSON is YAML
    done = RUN.invoke(app, ["finetune", "writer", str(recipe), "-o", str(out)])
    assert done.exit_code == 0, (done.output, done.exception)


def asked() -> list[Request]:
    return [Request(messages=example.messages, max_tokens=24) for example in examples()]


@pytest.mark.parametrize("name", NAMES)
def test_a_family_is_finetuned_evaluated_and_ends_where_it_was_taught_to(
    name: str, bases: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    other = [{"messages": [*ROWS[0]["messages"][:1], {"role": "user", "content": "awful lid"}, ROWS[0]["messages"][2]]}]
    dev = written(tmp_path / "dev.jsonl", other)
    finetuned(tmp_path, out, model=str(bases[name]), method="full", steps=80, dev=[dev])
    measured = json.loads((out / "scores.json").read_text("utf-8"))
    assert [(row["measure"], 0 <= row["value"] <= 1) for row in measured] == [("exact", True)]
    model = load_torch_model(out, dtype="float32")
    assert scores(model, examples(), max_new_tokens=24) == {"score": 1.0, "exact": 1.0}
    answers = model.complete(asked())
    assert [answer.text for answer in answers] == [example.answer for example in examples()]
    assert {answer.stop for answer in answers} == {"end"}
    learned = encoded(model.tokenizer, name)
    assert [answer.completion_tokens for answer in answers] == [len(one.answer) for one in learned]
    assert generated(out, name) == [one.answer for one in learned]


def generated(folder: Path, name: str) -> list[list[int]]:
    """Let transformers answer by what the folder alone says: its template, its end tokens."""
    words = transformers.AutoTokenizer.from_pretrained(folder)
    auto = transformers.AutoModelForSeq2SeqLM if name == "t5" else transformers.AutoModelForCausalLM
    model = auto.from_pretrained(folder)
    found = []
    for example in examples():
        ids = words(prompt_text(words, example.messages), add_special_tokens=name == "t5", return_tensors="pt")
        ids.pop("token_type_ids", None)
        out = model.generate(**ids, max_new_tokens=24, do_sample=False)[0].tolist()
        found.append(out[1:] if name == "t5" else out[ids["input_ids"].shape[1] :])
    return found


@pytest.mark.parametrize("name", NAMES)
def test_an_adapter_of_a_family_is_exported_and_answers_the_same(
    name: str, bases: dict[str, Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    finetuned(tmp_path, out, model=str(bases[name]), method="lora", steps=12, rate=5e-2)
    trained = load_torch_model(out, dtype="float32")
    before = [(answer.text, answer.stop, answer.completion_tokens) for answer in trained.complete(asked())]
    assert before != said_by(load_torch_model(bases[name], dtype="float32"))
    for to in ("peft", "merged"):
        done = RUN.invoke(app, ["export", str(out), "-o", str(tmp_path / to), "--to", to])
        assert done.exit_code == 0, (done.output, done.exception)
    assert said_by(load_torch_model(tmp_path / "merged", dtype="float32")) == before
    words = transformers.AutoTokenizer.from_pretrained(tmp_path / "merged")
    settings = json.loads((tmp_path / "merged" / "generation_config.json").read_text("utf-8"))
    ends = settings["eos_token_id"] if isinstance(settings["eos_token_id"], list) else [settings["eos_token_id"]]
    assert words.eos_token == FAMILIES[name].end
    assert set(words.convert_tokens_to_ids([FAMILIES[name].end, *FAMILIES[name].ends])) == set(ends)
    assert [answer[1] for answer in said_by(load_torch_model(tmp_path / "peft", dtype="float32"))]


def said_by(model: TorchModel) -> list[tuple[str, str, int]]:
    return [(answer.text, answer.stop, answer.completion_tokens) for answer in model.complete(asked())]


@pytest.mark.parametrize(
    ("template", "end"),
    [
        ("", "<eos>"),
        ("{% for m in messages %}{{ m['content'] }}\n{% endfor %}", "<eos>"),  # no mark after an answer
        ("{% for m in messages %}{{ m['content'] }}<turn>{% endfor %}", "<turn>"),
        ("{% for m in messages %}{{ m['content'] }} <turn>\n{% endfor %}<eos>", "<turn>"),
        ("{% for m in messages %}{{ m['content'] }}{{ eos_token }}{% endfor %}", "<eos>"),
        ("{% for m in messages %}{{ m['content'] }}<|written|>{% endfor %}", "<eos>"),  # no token of this tokenizer
        ("{% for m in messages %}{{ m['role'] }}{% endfor %}", "<eos>"),  # it does not show the answer
        ("{{ raise_exception('no') }}", "<eos>"),
        ("{{ messages[7]['content'] + 1 }}", "<eos>"),  # broken; whoever asks by it hears of it
    ],
)
def test_what_a_template_writes_after_an_answer_ends_it_where_it_is_a_token(template: str, end: str) -> None:
    family = Family("", {}, ("<eos>", "<turn>", "<turn"), {"eos_token": "<eos>"}, template, end, ())
    words = tokenizer(family)
    end_turns(words)
    assert words.eos_token == end
