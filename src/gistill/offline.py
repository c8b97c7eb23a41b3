"""What keeps the libraries from calling home: the one door to OpenVINO, and the switches of Hugging Face's libraries.

`import openvino` loads `openvino_telemetry`, which posts a client id, the version and the operating system to an
analytics server and writes a folder into HOME. Where that package cannot be imported, OpenVINO uses a stub that does
nothing. Python takes a module of `sys.modules` that is None for one that cannot be imported.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

_TELEMETRY = "openvino_telemetry"
# Read by huggingface_hub when it is imported, for itself, transformers, datasets, peft and trl: TRL reports each of its
# trainers, and others ask the hub about a model though its folder is here.
SWITCHES = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}


def hugging_face() -> None:
    """Switch off all that Hugging Face's libraries would fetch or report; to be called before they are imported.

    The command line does so for its process. Where another program has imported huggingface_hub before, the switches
    are that program's choice, and already read.
    """
    os.environ.update(SWITCHES)


def openvino(submodule: str = "") -> ModuleType:
    """Import OpenVINO, or one of its submodules ("opset13"), with its telemetry shut.

    Raises:
        ImportError: It is not installed.
    """
    _shut_telemetry()
    return import_module(f"openvino.{submodule}" if submodule else "openvino")


def openvino_genai() -> ModuleType:
    """Import OpenVINO GenAI, which imports OpenVINO, with its telemetry shut.

    Raises:
        ImportError: It is not installed.
    """
    _shut_telemetry()
    return import_module("openvino_genai")


def _shut_telemetry() -> None:
    # where another program has imported openvino before, the telemetry is that program's choice, and already loaded
    if "openvino" not in sys.modules:
        sys.modules[_TELEMETRY] = None  # type: ignore[assignment]


def compiled(model: Path) -> Any:
    """Compile a small encoder for this machine's processor, with as many threads as `GISTILL_THREADS` says.

    Activations are quantised in groups of 64 channels of one word piece, so that what is read in a text hardly depends
    on the texts beside it.

    Raises:
        RuntimeError: OpenVINO cannot load it.
    """
    # Pinned threads stand still where another process has their core, though the next core may be idle.
    settings = {"INFERENCE_PRECISION_HINT": "f32", "DYNAMIC_QUANTIZATION_GROUP_SIZE": "64", "ENABLE_CPU_PINNING": "NO"}
    if threads := os.environ.get("GISTILL_THREADS"):
        settings["INFERENCE_NUM_THREADS"] = threads
    return openvino().Core().compile_model(str(model), "CPU", settings)
