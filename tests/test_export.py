"""A trained writer is written for other engines, each export answers as it did, and nothing is half-made."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import stat
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the extra: train")
pytest.importorskip("transformers", reason="needs the extra: train")
peft = pytest.importorskip("peft", reason="needs the extra: train")

from gistill.cli import main  # noqa: E402
from gistill.corpora.tuples import Example  # noqa: E402
from gistill.digest.written import held_out_precision  # noqa: E402
from gistill.errors import GistillError, InputError, ModelBrokenError, SettingError  # noqa: E402
from gistill.lm import Request, load_writer  # noqa: E402
from gistill.lm.engines.local import LocalModel  # noqa: E402
from gistill.lm.engines.torch_model import load_torch_model  # noqa: E402
from gistill.lm.formats.int8 import quantise  # noqa: E402
from gistill.lm.seam import Completion, failed  # noqa: E402
from gistill.schema import Message, OpinionTuple  # noqa: E402
from gistill.train.writer import export as export_writer  # noqa: E402
from gistill.train.writer import export_check  # noqa: E402
from gistill.train.writer.export import describe  # noqa: E402
from gistill.train.writer.export_check import CheckInputs, check_inputs, compare  # noqa: E402
from test_lm_torch import adapter, tiny_smollm  # noqa: E402

pytestmark = pytest.mark.slow
needs_engine = pytest.mark.skipif(
    find_spec("openvino_genai") is None or find_spec("gguf") is None, reason="openvino_genai and gguf are not installed"
)
REQUESTS = [
    Request(messages=(Message(role="user", content=text),), max_tokens=8)
    for text in ("the lid", "food was great but they were slow", "lamp is broken 12", "awful " * 9)
]


def answers(model: Any) -> list[str]:
    return [answer.text.replace("\ufffd", "") for answer in model.complete(REQUESTS)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fully trained model's run folder."""
    folder = tiny_smollm(tmp_path_factory.mktemp("run") / "whole")
    (folder / "gistill.json").write_text(json.dumps({"name": "tiny", "tasks": ["aste"]}), encoding="utf-8")
    (folder / "README.md").write_text("# tiny\n\nTrained by hand.\n", encoding="utf-8")
    (folder / "training").mkdir()
    return folder


@pytest.fixture(scope="module")
def run(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter's run folder, over the whole model."""
    folder = adapter(tmp_path_factory.mktemp("run") / "mine", str(whole), scale=0.1, target_modules="all-linear")
    (folder / "gistill.json").write_text(json.dumps({"name": "mine", "tasks": ["aste"]}), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def trained(run: Path) -> list[str]:
    return answers(load_torch_model(run, device="cpu"))


def export(source: Path, out: Path, to: Any, **settings: Any) -> Path:
    return export_writer.export_writer(source, out, to=to, say=lambda line: None, **settings)


def test_the_adapter_alone_is_kept_in_half_the_bytes_with_what_is_known_of_it(
    run: Path, trained: list[str], tmp_path: Path
) -> None:
    out = export(run, tmp_path / "out", "peft")
    assert {"adapter_config.json", "adapter_model.safetensors", "gistill.json", "README.md"} <= {
        file.name for file in out.iterdir()
    }
    assert answers(load_writer(str(out))) == trained
    whole, half = (folder / "adapter_model.safetensors" for folder in (run, out))
    assert half.stat().st_size < 0.6 * whole.stat().st_size  # F16
    facts = json.loads((out / "gistill.json").read_text("utf-8"))
    assert (facts["name"], facts["export"]["format"]) == ("mine", "peft")
    assert (
        facts["export"]["files"]["adapter_model.safetensors"][0] == (out / "adapter_model.safetensors").stat().st_size
    )


def test_a_merged_folder_answers_as_the_adapter_does(run: Path, trained: list[str], tmp_path: Path) -> None:
    out = export(run, tmp_path / "out", "merged")
    assert not (out / "adapter_config.json").exists()
    assert answers(load_torch_model(out, device="cpu")) == trained
    # in the precision of the base
    assert json.loads((out / "config.json").read_text("utf-8"))["dtype"] == "float16"
    assert [file.name for file in tmp_path.iterdir()] == ["out"]


@needs_engine
def test_a_gguf_answers_as_the_adapter_does(run: Path, trained: list[str], tmp_path: Path) -> None:
    out = export(run, tmp_path / "out", "gguf")
    (file,) = out.glob("*.gguf")
    assert file.name == "mine-F16.gguf"
    assert answers(LocalModel(file, threads=1)) == trained
    assert not [path for path in out.iterdir() if path.is_dir()]


@needs_engine
def test_an_openvino_folder_holds_small_weights_and_answers(whole: Path, tmp_path: Path) -> None:
    out = export(whole, tmp_path / "out", "openvino")
    assert {"openvino_model.xml", "openvino_model.bin", "openvino_tokenizer.xml", "config.json"} <= {
        file.name for file in out.iterdir()
    }
    plain = export(whole, tmp_path / "gguf", "gguf")
    assert (out / "openvino_model.bin").stat().st_size < 0.7 * next(plain.glob("*.gguf")).stat().st_size
    model = load_writer(str(out), threads=1)
    found = model.complete(REQUESTS)
    assert all(answer.failure is None and answer.completion_tokens for answer in found)
    assert model.complete([Request(messages=(Message(role="user", content="a " * 600),))])[0].failure is not None
    card = (out / "README.md").read_text("utf-8")
    assert card.startswith("# tiny\n\nTrained by hand.\n\n## This export\n")
    assert "openvino_model.bin" in card


def test_weights_are_rounded_to_255_steps_and_zeros_stay_zeros() -> None:
    values = np.array([[1.0, -0.5, 0.25], [0.0, 0.0, 0.0], [1e-9, 0.0, 0.0]], np.float32)
    small, scale = quantise(values)
    assert small.tolist() == [[[127, -64, 32]], [[0, 0, 0]], [[0, 0, 0]]]
    assert scale.shape == (3, 1, 1)
    drawn = np.random.default_rng(0).normal(size=(50, 96)).astype(np.float32)
    drawn[:, 32:64] *= 100
    small, scale = quantise(drawn)
    assert (small.shape, scale.shape) == ((50, 3, 32), (50, 3, 1))
    steps = scale.astype(np.float32)
    assert (np.abs(small * steps - drawn.reshape(50, 3, 32)) <= 0.51 * steps).all()


# What cannot be done is one sentence, and nothing is left


@pytest.mark.parametrize(
    ("prepare", "to", "error", "words"),
    [
        (lambda f: None, "peft", InputError, "neither adapter_config.json nor config.json"),
        (lambda f: (f / "training").mkdir(), "peft", InputError, "no trained model yet"),
        (lambda f: (f / "config.json").write_text("{}"), "peft", SettingError, "whole model"),
        (
            lambda f: (f / "config.json").write_text('{"model_type": "t5"}'),
            "gguf",
            ModelBrokenError,
            "it is a t5 model",
        ),
        (lambda f: (f / "adapter_config.json").write_text("[]"), "gguf", ModelBrokenError, "adapter_config"),
    ],
)
def test_what_cannot_be_exported_is_refused(
    tmp_path: Path, prepare: Any, to: str, error: type[GistillError], words: str
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    prepare(source)
    with pytest.raises(error, match=words):
        export(source, tmp_path / "out", to)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_folder_that_holds_something_is_not_written_over(run: Path, tmp_path: Path) -> None:
    (tmp_path / "note").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="exists already"):
        export(run, tmp_path, "peft")
    with pytest.raises(InputError, match="exists already"):
        export(run, tmp_path / "note", "peft")
    (tmp_path / "empty").mkdir()
    assert export(run, tmp_path / "empty", "peft").is_dir()


def test_a_crash_half_way_leaves_no_folder(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: Path, facts: dict[str, Any]) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_writer, "describe", full)
    with pytest.raises(OSError, match="No space"):
        export(run, tmp_path / "out", "peft")
    assert list(tmp_path.iterdir()) == []


def test_llama_cpps_converter_is_run_where_it_is_named(whole: Path, tmp_path: Path) -> None:
    script = tmp_path / "convert_hf_to_gguf.py"
    script.write_text(
        "import sys, pathlib\nassert (pathlib.Path(sys.argv[1]) / 'config.json').is_file()\n"
        "pathlib.Path(sys.argv[sys.argv.index('--outfile') + 1]).write_bytes(b'GGUF made elsewhere')\n",
        encoding="utf-8",
    )
    (file,) = export(whole, tmp_path / "out", "gguf", converter=script).glob("*.gguf")
    assert file.read_bytes() == b"GGUF made elsewhere"
    script.write_text("import sys; sys.exit('Model NoModel is not supported')", encoding="utf-8")
    with pytest.raises(GistillError, match="failed: Model NoModel is not supported"):
        export(whole, tmp_path / "other", "gguf", converter=script)
    with pytest.raises(InputError, match="is not a file"):
        export(whole, tmp_path / "other", "gguf", converter=tmp_path / "nowhere.py")


@pytest.mark.skipif(sys.platform == "win32", reason="scripts are found by their suffix there")
def test_a_model_that_is_not_known_here_goes_to_the_converter_on_the_path(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    shutil.copytree(whole, other)
    config = json.loads((other / "config.json").read_text("utf-8"))
    (other / "config.json").write_text(json.dumps({**config, "model_type": "gemma"}), encoding="utf-8")
    with pytest.raises(ModelBrokenError, match="gemma") as caught:
        export(other, tmp_path / "out", "gguf")
    assert "--converter" in caught.value.hint
    tools = tmp_path / "tools"
    tools.mkdir()
    script = tools / "convert_hf_to_gguf.py"
    script.write_text("import sys; open(sys.argv[sys.argv.index('--outfile') + 1], 'w').close()", encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tools))
    assert list(export(other, tmp_path / "out", "gguf").glob("*.gguf"))


# The check


def done(text: str, stop: Any = "end") -> Completion:
    return Completion(text=text, prompt_tokens=1, completion_tokens=1, stop=stop)


def test_answers_are_compared_with_each_other_and_with_what_is_marked() -> None:
    marked = Example("a good b bad", "aste", (OpinionTuple("a", None, "good", "positive"),))
    inputs = CheckInputs([marked, marked], True, "set")
    right, wrong = "a | good | positive", "a | good | negative"
    same = compare(inputs, [done(right), done(wrong)], [done(right), done(wrong)])
    assert (same.exact, same.f1, same.trained_f1, same.loss) == (1.0, 0.5, 0.5, 0.0)
    worse = compare(inputs, [done(right), done(wrong)], [done(wrong), failed("too_long", "")])
    assert (worse.exact, worse.f1, worse.trained_f1) == (0.0, 0.0, 0.5)
    assert worse.loss == 0.5
    assert same.held_out == {"aste": {"precision": 0.5, "texts": 2, "source": "set"}}
    assert compare(inputs, [done("x")] * 2, [done("nonsense"), done(right)]).precision == 1.0  # of the legal ones
    # without marks the trained weights' answers are what is right: one of two is found
    alone = compare(CheckInputs([marked, marked], False, "file"), [done(right)] * 2, [done(right), done("none")])
    assert (alone.exact, alone.trained_f1, alone.gold, alone.held_out) == (0.5, 1.0, False, {})
    assert alone.f1 == pytest.approx(2 / 3)
    assert compare(inputs, [done("none")] * 2, [done("none")] * 2).loss == 0.0
    nothing = CheckInputs([Example("a b", "aste", ())], True, "set")
    assert compare(nothing, [done("none")], [done("none")]).loss is None


def test_inputs_are_the_same_every_time_and_say_where_they_are_from(tmp_path: Path) -> None:
    file = tmp_path / "texts.csv"
    file.write_text("text\n" + "".join(f"word {n} is good\n" for n in range(30)) + "word 1 is good\n", encoding="utf-8")
    first = check_inputs(str(file), run=tmp_path, data=None, limit=7)
    assert first == check_inputs(str(file), run=tmp_path, data=None, limit=7)
    assert (len(first.examples), first.gold, first.source) == (7, False, str(file))
    assert len(check_inputs(str(file), run=tmp_path, data=None, limit=99).examples) == 30
    with pytest.raises(SettingError, match="aste/14res/dev:aste needs the public data"):
        check_inputs(None, run=tmp_path, data=None, limit=7)
    (tmp_path / "recipe.yaml").write_text("dev:\n- set: mine.jsonl\n- set: aste/14lap/dev:aste\n", encoding="utf-8")
    with pytest.raises(SettingError, match="aste/14lap/dev:aste needs the public data"):
        check_inputs(None, run=tmp_path, data=None, limit=7)


def test_a_public_set_is_marked(tmp_path: Path, public_data: Path) -> None:
    found = check_inputs("aste/14res/dev:aste", run=tmp_path, data=public_data, limit=20)
    assert found.gold
    assert any(example.tuples for example in found.examples)


def test_a_check_goes_into_the_card_and_replaces_an_earlier_one(run: Path, tmp_path: Path) -> None:
    out = export(run, tmp_path / "out", "peft")
    for exact in (0.25, 0.75):
        check = {"inputs": 4, "source": "x", "exact": exact, "f1": 0.5, "trained_f1": None, "gold": True}
        describe(out, {"check": check}, held_out={"aste": {"precision": exact}})
    assert held_out_precision(out) == 0.75
    card = (out / "README.md").read_text("utf-8")
    assert "75.0% of the answers are the same" in card
    assert "25.0%" not in card
    assert card.count("## This export") == 1
    assert "F1 against the marked opinions 50.0, trained weights -." in card


def command(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["gistill", "export", *arguments])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def test_the_command_checks_each_format_and_ends_with_3_past_the_threshold(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "texts.csv").write_text("text\nthe lid is nice\nfood was great\n", encoding="utf-8")
    given = [str(run), "--to", "merged", "--to", "peft", "--check", "--inputs", str(tmp_path / "texts.csv")]
    monkeypatch.setattr(export_check, "MAX_TOKENS", 8)
    written = [done("the lid | nice | positive"), done("food | great | positive")]

    monkeypatch.setattr(export_check, "ask", lambda model, examples: written)
    assert command(monkeypatch, *given, "-o", str(tmp_path / "one")) == 0
    told = capsys.readouterr().out
    assert "peft: " in told
    assert "merged: " in told
    assert told.count("100.0% of 2 answers the same") == 2
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == ["merged", "peft"]

    turns = iter([written, [written[0], done("none")], written])
    monkeypatch.setattr(export_check, "ask", lambda model, examples: next(turns))
    assert command(monkeypatch, *given, "-o", str(tmp_path / "two"), "--json") == 3
    told, said = capsys.readouterr()
    peft_, merged = json.loads(told)
    assert peft_["check"]["loss"] == pytest.approx(1 / 3)
    assert merged["check"]["exact"] == 1.0
    assert "peft lost more F1 than 0.01" in said
    assert "50.0% of the answers are the same" in (tmp_path / "two" / "peft" / "README.md").read_text("utf-8")


def test_the_function_gives_each_export_with_its_size_and_its_check(run: Path, tmp_path: Path) -> None:
    (one,) = export_check.export(run, tmp_path / "out", ["peft"])
    assert (one.format, one.folder, one.check) == ("peft", tmp_path / "out", None)
    assert one.size == sum(file.stat().st_size for file in (tmp_path / "out").iterdir()) > 0
    with pytest.raises(SettingError, match="there is no format 'onnx'"):
        export_check.export(run, tmp_path / "other", ["peft", "onnx"])
    assert not (tmp_path / "other").exists()


def test_every_function_that_the_documentation_names_is_there() -> None:
    page = (Path(__file__).parent.parent / "docs" / "teacher.md").read_text(encoding="utf-8")
    table = page.partition("## The other commands from Python")[2].partition("\n## ")[0]
    named = re.findall(r"`(gistill[\w.]+)\.(\w+)\(", table)
    assert len(named) == 5
    for module, function in named:
        assert callable(getattr(importlib.import_module(module), function))


def test_the_command_refuses_before_it_works(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("GISTILL_DATA", raising=False)
    out = str(tmp_path / "out")
    for given, words in [
        ([str(run), "-o", out, "--to", "onnx"], "there is no format 'onnx'"),
        ([str(tmp_path), "-o", out, "--to", "peft"], "neither adapter_config.json"),
        ([str(run), "-o", out, "--to", "peft", "--check"], "needs the public data"),
    ]:
        assert command(monkeypatch, *given) == 2
        assert words in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
