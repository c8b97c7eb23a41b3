"""Write a trained reader as a folder that is used without torch."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import shutil
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gistill import install
from gistill.errors import ExtraMissingError
from gistill.reader.decode import Scorer
from gistill.reader.model import FORMAT, attribute_names
from gistill.reader.units import cut
from gistill.train.reader.network import Network, batch_tensors


def export_reader(
    network: Network,
    folder: Path,
    *,
    tokenizer_file: Path,
    scorer: Scorer,
    implicit: tuple[bool, bool],
    about: dict[str, Any],
    max_pieces: int = 256,
    characters: bool = False,
) -> None:
    """Write `model.onnx` with int8 weights, `tokenizer.json` and `reader.json` into a folder.

    Args:
        network: Trained.
        folder: Made if missing; files of the same names are replaced.
        tokenizer_file: The base's `tokenizer.json`.
        scorer: Fitted on held-out sentences.
        implicit: Whether implicit aspects, and implicit opinions, were taught.
        about: Goes into `reader.json`: name, recipe, settings, data and scores.
        max_pieces: Longest input, in word pieces.
        characters: How texts were cut, see `units.cut`.
    """
    from tokenizers import Tokenizer

    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    tokenizer.no_padding()
    inputs = batch_tensors(cut(tokenizer, ["Great sound, but the battery died.", "Fine.", "It is what it is."]))
    named = {name: inputs[name] for name in ("input_ids", "attention_mask", "units")}
    export_onnx(network, folder, named, ("tags", "grid", *(["attributes"] if network.gives_attributes else [])))
    shutil.copyfile(tokenizer_file, folder / "tokenizer.json")
    card = {
        "format": FORMAT,
        **about,
        "implicit": list(implicit),
        "max_pieces": max_pieces,
        **({"characters": True} if characters else {}),
        **({"attributes": attribute_names()} if network.gives_attributes else {}),
        "scorer": scorer_settings(scorer),
    }
    (folder / "reader.json").write_text(json.dumps(card, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def scorer_settings(scorer: Scorer) -> dict[str, Any]:
    """Write a scorer as `reader.model.scorer_of` reads it."""
    settings: dict[str, Any] = {"weights": list(scorer.weights), "bias": scorer.bias, "threshold": scorer.threshold}
    meant = [{"weights": list(m.weights), "bias": m.bias, "threshold": m.threshold} for m in scorer.meant]
    return {**settings, "meant": meant} if meant else settings


def export_onnx(
    network: torch.nn.Module, folder: Path, inputs: dict[str, torch.Tensor], outputs: Sequence[str]
) -> None:
    """Write `model.onnx` with int8 weights into a folder, with the sizes of a batch and of its texts left open.

    Args:
        network: It is left in evaluation mode, on the CPU.
        folder: Where the model goes.
        inputs: Name -> an example of at least two texts and two pieces, in the order of the network's arguments.
        outputs: Their names.

    Raises:
        ExtraMissingError: onnx or onnxscript is not installed.
    """
    whole, dynamic = folder / "model.fp32.onnx", torch.export.Dim.DYNAMIC
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")  # the exporter warns about its own internals
            torch.onnx.export(
                network.eval().cpu(),
                tuple(inputs.values()),
                str(whole),
                input_names=list(inputs),
                output_names=list(outputs),
                dynamic_shapes={name: {0: dynamic, 1: dynamic} for name in inputs},
                dynamo=True,
                external_data=False,
                verbose=False,
            )
    except ImportError as error:
        raise ExtraMissingError("exporting needs onnx and onnxscript", hint=install.hint("train")) from error
    quantise_weights(whole, folder / "model.onnx")
    whole.unlink()


def quantise_weights(source: Path, target: Path, *, smallest: int = 4096) -> int:
    """Store the matrices of an ONNX model as int8 with one scale per output channel (embeddings: per row).

    Weights alone: what is computed with them is the engine's choice, and OpenVINO quantises activations per token.

    Args:
        source: The fp32 model.
        target: Where the smaller model goes.
        smallest: Matrices with fewer numbers stay as they are.

    Returns:
        How many matrices were quantised.
    """
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load(str(source))
    graph = model.graph
    constants = {tensor.name: tensor for tensor in graph.initializer}
    rewritten: dict[str, Any] = {}
    for node in graph.node:
        for position, name in enumerate(node.input):
            is_matrix = (node.op_type in ("MatMul", "Gemm") and position == 1) or (
                node.op_type == "Gather" and position == 0
            )
            if not is_matrix or name not in constants or name in rewritten:
                continue
            weights = numpy_helper.to_array(constants[name])
            if weights.dtype != np.float32 or weights.ndim != 2 or weights.size < smallest:
                continue
            transposed = any(a.name == "transB" and a.i for a in node.attribute)
            axis = 0 if node.op_type == "Gather" or transposed else 1
            scale = np.abs(weights).max(axis=1 - axis, keepdims=True) / 127
            scale[scale == 0] = 1.0
            small = np.clip(np.round(weights / scale), -127, 127).astype(np.int8)
            graph.initializer.remove(constants[name])
            graph.initializer.extend(
                [
                    numpy_helper.from_array(small, f"{name}.int8"),
                    numpy_helper.from_array(scale.reshape(-1).astype(np.float32), f"{name}.scale"),
                    numpy_helper.from_array(np.zeros(scale.size, np.int8), f"{name}.zero"),
                ]
            )
            rewritten[name] = helper.make_node(
                "DequantizeLinear", [f"{name}.int8", f"{name}.scale", f"{name}.zero"], [name], axis=axis
            )
    for node in rewritten.values():
        graph.node.insert(0, node)
    onnx.save(model, str(target))
    return len(rewritten)
