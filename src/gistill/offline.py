"""The one door to OpenVINO: its telemetry is shut before the first import, so that nothing leaves the machine.

`import openvino` loads `openvino_telemetry`, which posts a client id, the version and the operating system to an
analytics server and writes a folder into HOME. Where that package cannot be imported, OpenVINO uses a stub that does
nothing. Python takes a module of `sys.modules` that is None for one that cannot be imported.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType

_TELEMETRY = "openvino_telemetry"


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
