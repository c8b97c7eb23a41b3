"""A trained writer in, a folder that some engine runs out: PEFT, transformers, GGUF or OpenVINO int8.

A folder is made under another name beside the wanted one and moved when it is whole. What it holds is listed with
hashes in `gistill.json`, and the model card says it in words.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from gistill import install
from gistill.errors import ExtraMissingError, GistillError, InputError, ModelBrokenError, SettingError
from gistill.files import folder_beside, hash_file, write
from gistill.lm.formats.base_folder import as_transformers_folder
from gistill.lm.formats.int8 import compress
from gistill.lm.formats.llama_gguf import write_llama_gguf
from gistill.lm.formats.lora import Adapter, adapter_settings, mergeable_base, write_merged
from gistill.lm.formats.safetensors import Array, Tensors
from gistill.offline import openvino_genai

Format = Literal["peft", "merged", "gguf", "openvino"]
Say = Callable[[str], None]
FORMATS: tuple[Format, ...] = get_args(Format)
ENGINES: dict[Format, str] = {
    "peft": "OpenVINO GenAI where it is a LoRA adapter over a GGUF base, else torch with PEFT",
    "merged": "torch (transformers), and any server that loads transformers folders",
    "gguf": "OpenVINO GenAI and llama.cpp, in F16",
    "openvino": "OpenVINO GenAI, with int8 weights",
}
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja")
_KEPT = ("gistill.json", "recipe.yaml", "scores.json", "README.md")
_HEADING = "## This export"


class Trained(NamedTuple):
    """A run's result: an adapter or a whole model."""

    folder: Path
    adapter: bool
    about: dict[str, Any]  # gistill.json; empty where there is none


def open_trained(folder: Path) -> Trained:
    """Look at a run folder, an adapter's folder or a transformers folder.

    Raises:
        InputError: It is none of these.
    """
    adapter = (folder / "adapter_config.json").is_file()
    if not adapter and not (folder / "config.json").is_file():
        unfinished = (folder / "training").is_dir()
        raise InputError(
            "holds no trained model yet" if unfinished else "holds neither adapter_config.json nor config.json",
            file=str(folder),
            hint="Run the same finetune command again to finish it."
            if unfinished
            else "Give the folder of a finished run.",
        )
    try:
        about = json.loads((folder / "gistill.json").read_text("utf-8"))
    except FileNotFoundError:
        about = {}
    except ValueError as error:
        raise ModelBrokenError(f"{folder / 'gistill.json'} cannot be read ({error})") from error
    return Trained(folder, adapter, about if isinstance(about, dict) else {})


def export_writer(source: Path, out: Path, *, to: Format, converter: Path | None = None, say: Say) -> Path:
    """Write a trained writer in another format.

    Args:
        source: See `open_trained`.
        out: The folder to make; it must not be there, or be empty.
        to: The format.
        converter: llama.cpp's convert_hf_to_gguf.py, for models that `write_llama_gguf` does not know; None looks on
            the PATH.
        say: Called with a sentence before each step that takes long.

    Returns:
        `out`.

    Raises:
        InputError: There is nothing to export, or `out` holds something.
        SettingError: The format does not fit: a whole model has no adapter, some adapters cannot be merged.
        ExtraMissingError: torch, peft, gguf or openvino-genai is needed and not installed.
        ModelBrokenError: The model is of a kind that the format is not written for, or does not load.
        OSError: The folder cannot be written.
    """
    trained = open_trained(source)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError("exists already", file=str(out), hint="Name a new folder with -o.")
    if to == "peft" and not trained.adapter:
        raise SettingError(f"{source} is a whole model, not an adapter", hint="Use --to merged.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with folder_beside(out) as part:
        if to == "peft":
            _copy(source, part, ("adapter_config.json",))
            _halve(source / "adapter_model.safetensors", part / "adapter_model.safetensors")
        elif to == "merged":
            _merged(trained, part, say)
        elif to == "gguf":
            _gguf(trained, part / f"{_name(trained)}-F16.gguf", converter, say)
        else:
            _openvino(trained, part, converter, say)
        _copy(source, part, (*_KEPT, *(_TOKENIZER if to in ("peft", "merged") else ())))
        describe(part, _facts(trained, part, to))
    return out


def describe(folder: Path, facts: dict[str, Any], *, held_out: dict[str, Any] | None = None) -> None:
    """Write what an export is into its `gistill.json`, and in words into its model card.

    Args:
        folder: The export's.
        facts: What is known; what an earlier call said stays where it says nothing else.
        held_out: By task, how often an opinion was right on held-out texts, where that was measured.
    """
    path = folder / "gistill.json"
    about = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    facts = {**about.get("export", {}), **facts} if "format" not in facts else facts
    measured = {"held_out": {**about.get("held_out", {}), **held_out}} if held_out else {}
    write(path, json.dumps({**about, **measured, "export": facts}, indent=2, ensure_ascii=False) + "\n")
    card = folder / "README.md"
    before = card.read_text("utf-8") if card.is_file() else f"# {about.get('name', folder.name)}\n"
    write(card, f"{before.partition(_HEADING)[0].rstrip()}\n\n{_section(facts)}")


def _section(facts: dict[str, Any]) -> str:
    lines = [
        _HEADING,
        "",
        f"* Format: {facts['format']}. Runs in {facts['engine']}.",
        f"* Made by gistill {facts['gistill']} from trained weights with the hash {facts['from'][:16]}.",
        "",
        "| file | bytes | sha256 |",
        "| --- | --- | --- |",
        *(f"| {name} | {size:,} | {digest[:16]} |" for name, (size, digest) in facts["files"].items()),
        "",
    ]
    check = facts.get("check")
    if check:
        against = "the marked opinions" if check["gold"] else "the trained weights' answers"
        lines += [
            f"Beside the trained weights in torch, on {check['inputs']} inputs from {check['source']}: "
            f"{100 * check['exact']:.1f}% of the answers are the same, character by character; F1 against {against} "
            f"{_percent(check['f1'])}, trained weights {_percent(check['trained_f1'])}.",
            "",
        ]
    return "\n".join(lines)


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def _facts(trained: Trained, folder: Path, to: Format) -> dict[str, Any]:
    from gistill.lm.engines.torch_model import folder_hash

    weights = [file for file in sorted(folder.iterdir()) if file.name not in _KEPT]
    return {
        "format": to,
        "engine": ENGINES[to],
        "gistill": version("gistill"),
        "from": folder_hash(trained.folder),
        "files": {file.name: [file.stat().st_size, hash_file(file)] for file in weights},
    }


def _name(trained: Trained) -> str:
    return str(trained.about.get("name") or trained.folder.resolve().name)


def _merged(trained: Trained, part: Path, say: Say) -> None:
    """Write a transformers folder in the precision of the base."""
    if not trained.adapter:
        for file in sorted(trained.folder.iterdir()):
            if file.is_file() and file.suffix in (".json", ".safetensors", ".jinja", ".model", ".txt"):
                shutil.copyfile(file, part / file.name)
        return
    from gistill.lm.engines.torch_model import end_where_taught, load_torch_model, quietly

    say("Adding the adapter to its base model.")
    loaded = load_torch_model(trained.folder, device="cpu", dtype="float32")
    if not hasattr(loaded.model, "merge_and_unload"):
        kind = adapter_settings(trained.folder).get("peft_type")
        raise SettingError(f"a {kind} adapter cannot be merged into its base", hint="Use --to peft.")
    with quietly():
        whole = loaded.model.merge_and_unload()
        end_where_taught(whole, loaded.tokenizer)
        whole.to(_stored(trained.folder)).save_pretrained(part, safe_serialization=True)
        loaded.tokenizer.save_pretrained(part)


def _stored(adapter: Path) -> Any:
    """Give the precision in which an adapter's base keeps its weights."""
    import torch
    from transformers import AutoConfig

    base = as_transformers_folder(adapter_settings(adapter)["base_model_name_or_path"])
    return AutoConfig.from_pretrained(base, local_files_only=True).dtype or torch.float32


def _gguf(trained: Trained, target: Path, converter: Path | None, say: Say) -> None:
    base = mergeable_base(trained.folder) if trained.adapter else None
    if base is not None and converter is None:
        say("Adding the adapter to its base model.")
        write_merged(base, Adapter(trained.folder), target)
        return
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".whole-") as name:
        whole = trained.folder if not trained.adapter else Path(name)
        if trained.adapter:
            _merged(trained, whole, say)
        say("Writing the model as GGUF.")
        found = converter or _converter()
        try:
            if converter is None:
                write_llama_gguf(whole, target)
                return
        except ModelBrokenError:
            if found is None:
                raise
        _convert(whole, target, found)


def _converter() -> Path | None:
    """Look for llama.cpp's converter on the PATH."""
    found = shutil.which("convert_hf_to_gguf.py") or shutil.which("convert-hf-to-gguf")
    return Path(found) if found else None


def _convert(whole: Path, target: Path, converter: Path | None) -> None:
    if converter is None or not converter.is_file():
        raise InputError(
            "is not a file", file=str(converter), hint="--converter names llama.cpp's convert_hf_to_gguf.py."
        )
    command = [sys.executable, str(converter), str(whole), "--outfile", str(target), "--outtype", "f16"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode or not target.is_file():
        said = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        raise GistillError(f"{converter.name} failed: {said[-1].strip() if said else f'exit code {done.returncode}'}")


def _openvino(trained: Trained, part: Path, converter: Path | None, say: Say) -> None:
    """Let OpenVINO GenAI write the graph and the tokenizer that it builds from a GGUF, and make the weights int8.

    So no converter of another package is needed; it holds for the models whose GGUF GenAI reads.
    """
    try:
        import gguf  # noqa: F401

        openvino_genai()
    except ImportError as error:
        raise ExtraMissingError(
            f"Writing an OpenVINO folder needs {error.name}.", hint=install.hint("writer")
        ) from error
    from gistill.lm.formats.gguf_f16 import context_length

    with tempfile.TemporaryDirectory(dir=part.parent, prefix=".graph-") as name:
        file = Path(name) / "model.gguf"
        _gguf(trained, file, converter, say)
        say("Writing the model for OpenVINO.")
        save_graph(file)
        compress(Path(name) / "openvino_model.xml", part / "openvino_model.xml")
        for kind in ("tokenizer", "detokenizer"):
            for suffix in (".xml", ".bin"):
                shutil.copyfile(Path(name) / f"openvino_{kind}{suffix}", part / f"openvino_{kind}{suffix}")
        length = context_length(file)
    config = {"max_position_embeddings": length} if length else {}
    (part / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def save_graph(file: Path) -> None:
    """Let OpenVINO GenAI write what it makes of a GGUF file beside the file: graph, tokenizer and detokenizer.

    Raises:
        ModelBrokenError: It does not know the model.
    """
    from gistill.lm.engines.local import engine

    genai = engine()
    scheduler = genai.SchedulerConfig()
    scheduler.cache_size = 1
    try:
        genai.ContinuousBatchingPipeline(str(file), scheduler, "CPU", {"enable_save_ov_model": True})
        genai.Tokenizer(str(file), enable_save_ov_model=True)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise ModelBrokenError(f"OpenVINO GenAI cannot read this model's GGUF: {reason}") from error


def _copy(source: Path, target: Path, names: tuple[str, ...]) -> None:
    for name in names:
        if (source / name).is_file() and not (target / name).exists():
            shutil.copyfile(source / name, target / name)


def _halve(source: Path, target: Path) -> None:
    """Store an adapter in F16, half the bytes and as fine as the base it is added to. What overflows stays F32."""
    import numpy as np
    from safetensors.numpy import save_file

    def half(values: Array) -> Array:
        return values.astype(np.float16) if np.abs(values).max(initial=0) < np.finfo(np.float16).max else values

    save_file({name: half(values) for name, values in Tensors(source).items()}, str(target))
