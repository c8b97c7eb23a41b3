"""An OpenVINO model with its matrices in int8, a scale for every 32 numbers of a row: half the disk of F16.

Only weights are quantised, symmetrically, as the reader's are. OpenVINO alone does it: the graph's constants are
replaced by int8 constants with the arithmetic that expands them, a pattern that its CPU plugin runs without expanding.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from gistill.offline import openvino

SMALLEST = 4096  # numbers; smaller matrices stay as they are
GROUP = (
    32  # numbers that share a scale, as in llama.cpp's Q8_0; with one scale a row, three times as many answers differ
)


def quantise(
    values: np.ndarray[Any, Any], *, grouped: bool = True
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Round a matrix to 255 steps in each group of a row.

    The scale is rounded first and the values are rounded with it, so that rounding it costs nothing.

    Args:
        values: Shape (rows, columns). Where the columns are no multiple of `GROUP`, a row is one group.
        grouped: False makes every row one group.

    Returns:
        int8 values of shape (rows, groups, group), and their scales of shape (rows, groups, 1) in float16.
    """
    rows, columns = values.shape
    wide = values.astype(np.float32).reshape(rows, -1, GROUP if grouped and columns % GROUP == 0 else columns)
    scale = (np.abs(wide).max(axis=2, keepdims=True) / 127).astype(np.float16)
    scale[scale == 0] = 1  # of zeros, or of numbers too small for float16
    return np.clip(np.rint(wide / scale.astype(np.float32)), -127, 127).astype(np.int8), scale


def compress(source: Path, target: Path) -> int:
    """Write an OpenVINO model with int8 weights.

    Args:
        source: An `.xml` with its `.bin` beside it.
        target: The `.xml` to write; another file than `source`, which is read until the end.

    Returns:
        How many matrices were quantised.
    """
    engine, ops = openvino(), openvino("opset13")
    model = engine.Core().read_model(str(source))
    count = 0
    for node in model.get_ordered_ops():
        users = _users(node)
        if not users:
            continue
        # word vectors are looked up, row by row; in groups they answered no better (27 of 32 as torch, against 30)
        values, scale = quantise(np.asarray(node.data), grouped="Gather" not in users)
        small = ops.constant(values, dtype=np.int8, name=f"{node.get_friendly_name()}.int8")
        expanded = ops.multiply(ops.convert(small, "f16"), ops.constant(scale, dtype=np.float16))
        expanded = ops.reshape(expanded, ops.constant(np.array(node.get_output_shape(0), np.int64)), special_zero=False)
        kind = node.get_element_type()
        if kind != engine.Type.f16:
            expanded = ops.convert(expanded, kind.get_type_name())
        for user in list(node.output(0).get_target_inputs()):
            user.replace_source_output(expanded.output(0))
        count += 1
    engine.save_model(model, str(target), compress_to_fp16=False)
    return count


def _users(node: Any) -> set[str]:
    """Say what uses a weight matrix; nothing for a node that is none, or that is used in another way as well."""
    if node.get_type_name() != "Constant" or node.get_element_type().get_type_name() not in ("f16", "f32", "bf16"):
        return set()
    shape = tuple(node.get_output_shape(0))
    if len(shape) != 2 or shape[0] * shape[1] < SMALLEST:
        return set()
    users = [user.get_node() for user in node.output(0).get_target_inputs()]
    if all(user.get_type_name() == "Convert" for user in users):
        users = [after.get_node() for user in users for after in user.output(0).get_target_inputs()]
    kinds = {str(user.get_type_name()) for user in users}
    return kinds if kinds <= {"MatMul", "Gather"} else set()
