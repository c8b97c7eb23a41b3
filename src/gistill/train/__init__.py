"""Examples to tokens to weights. Needs the extra `train`; nothing here is loaded to use a model."""

from __future__ import annotations

from gistill import offline

offline.hugging_face()  # before any module in here imports one of those libraries


def need_torch() -> None:
    """Say what brings torch where it is missing, before anything else is done.

    Raises:
        ExtraMissingError: It is not installed.
    """
    from importlib.util import find_spec

    if find_spec("torch") is None:
        from gistill import install
        from gistill.errors import ExtraMissingError

        raise ExtraMissingError("training needs torch", hint=install.hint("train"))
