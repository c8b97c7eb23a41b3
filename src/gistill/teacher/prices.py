"""What a call costs, and who says so: the user's price file, else the table of genai-prices, else nobody knows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from gistill.errors import SettingError
from gistill.schema import Noun

UNKNOWN = "unknown"
_MILLION = 1_000_000


class Price(Noun):
    """USD per million tokens. `cached_input` is for the part of the prompt that the server had cached."""

    input: float = Field(ge=0, allow_inf_nan=False)
    output: float = Field(ge=0, allow_inf_nan=False)
    cached_input: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class Prices:
    """Prices of models, by name.

    A model's name in the table of genai-prices counts only together with its provider's address: the same open model
    on a server of one's own has no price there. Nothing is ever fetched.

    Args:
        own: Model name -> price, of the user; goes before the table.
        source: What to call it in the journal.
    """

    def __init__(self, own: Mapping[str, Price] | None = None, *, source: str = "file") -> None:
        self._own, self._source = dict(own or {}), source

    def of(self, model: str, url: str, prompt: int | None, completion: int | None, cached: int | None = None) -> Priced:
        """Price a call from its tokens; None where a price or a count is not known."""
        if prompt is None or completion is None:
            return None, UNKNOWN
        own = self._own.get(model)
        if own is None:
            return _listed(model, url, prompt, completion, cached or 0)
        cheaper = min(cached or 0, prompt)
        cached_price = own.input if own.cached_input is None else own.cached_input
        paid = (prompt - cheaper) * own.input + cheaper * cached_price + completion * own.output
        return paid / _MILLION, self._source

    def known(self, model: str, url: str) -> bool:
        """Say whether calls to a model have a price."""
        return self.of(model, url, 1, 1)[0] is not None


Priced = tuple[float | None, str]


def read_prices(path: Path) -> Prices:
    """Read a price file: YAML or JSON, model -> {input, output, cached_input}, in USD per million tokens.

    Raises:
        SettingError: It cannot be read, or a price is missing, negative or not a number.
    """
    import yaml

    try:
        data = path.read_bytes()
    except OSError as error:
        raise SettingError(f"it cannot be read: {(error.strerror or str(error)).lower()}", file=str(path)) from error
    try:
        own = TypeAdapter(dict[str, Price]).validate_python(yaml.safe_load(data))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingError("it is neither YAML nor JSON", file=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = " -> ".join(str(part) for part in first["loc"])
        raise SettingError(
            f"{place + ': ' if place else ''}{first['msg'].lower()}",
            file=str(path),
            hint="A line is: MODEL: {input: 0.15, output: 0.60, cached_input: 0.075}, in USD per million tokens.",
        ) from error
    return Prices(own, source=f"file {path.name} {hashlib.sha256(data).hexdigest()[:8]}")


def _listed(model: str, url: str, prompt: int, completion: int, cached: int) -> Priced:
    try:
        import genai_prices
    except ImportError:
        return None, UNKNOWN
    usage: Any = genai_prices.Usage(
        input_tokens=prompt, output_tokens=completion, cache_read_tokens=min(cached, prompt) or None
    )
    try:
        found = genai_prices.calc_price(usage, model, provider_api_url=url)
    except (LookupError, ValueError):  # no such provider or model, or no price for this kind of use
        return None, UNKNOWN
    return float(found.total_price), f"genai-prices {genai_prices.__version__}"
