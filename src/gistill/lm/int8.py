"""An OpenVINO model with its matrices in int8, one scale a row: half the disk and memory of F16.

Only weights are quantised, symmetrically, as the reader's are. OpenVINO alone does it: the graph's constants are
replaced by int8 constants with the arithmetic that expands them, a pattern that its CPU plugin runs without expanding.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

SMALLEST = 4096  # numbers; smaller matrices stay as they are


def quantise_rows(values: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Round each row of a matrix to 255 steps: int8 values and a scale a row, shape (rows, 1), float16.

    The scale is rounded first and the values are rounded with it, so that rounding it costs nothing.
    """
    wide = values.astype(np.float32)
    scale = (np.abs(wide).max(axis=1, keepdims=True) / 127).astype(np.float16)
    scale[scale == 0] = 1  # of a row of zeros, or of numbers too small for float16
    return np.clip(np.rint(wide / scale.astype(np.float32)), -127, 127).astype(np.int8), scale


def compress(source: Path, target: Path) -> int:
    """Write an OpenVINO model with int8 weights.

    Args:
        source: An `.xml` with its `.bin` beside it.
        target: The `.xml` to write; another file than `source`, which is read until the end.

    Returns:
        How many matrices were quantised.
    """
    import openvino
    from openvino import opset13 as ops

    model = openvino.Core().read_model(str(source))
    count = 0
    for node in model.get_ordered_ops():
        if node.get_type_name() != "Constant" or not _is_matrix(node):
            continue
        values, scale = quantise_rows(np.asarray(node.data))
        small = ops.constant(values, dtype=np.int8, name=f"{node.get_friendly_name()}.int8")
        expanded = ops.multiply(ops.convert(small, "f16"), ops.constant(scale, dtype=np.float16))
        kind = node.get_element_type()
        if kind != openvino.Type.f16:
            expanded = ops.convert(expanded, kind.get_type_name())
        for user in list(node.output(0).get_target_inputs()):
            user.replace_source_output(expanded.output(0))
        count += 1
    openvino.save_model(model, str(target), compress_to_fp16=False)
    return count


def _is_matrix(node: Any) -> bool:
    """Say whether a constant is a weight matrix: large, of two dimensions, and used by a product or a look-up."""
    shape = tuple(node.get_output_shape(0))
    if len(shape) != 2 or shape[0] * shape[1] < SMALLEST:
        return False
    if node.get_element_type().get_type_name() not in ("f16", "f32", "bf16"):
        return False
    users = [user.get_node() for user in node.output(0).get_target_inputs()]
    if all(user.get_type_name() == "Convert" for user in users):
        users = [after.get_node() for user in users for after in user.output(0).get_target_inputs()]
    return bool(users) and {user.get_type_name() for user in users} <= {"MatMul", "Gather"}
