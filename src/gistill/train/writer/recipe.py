"""The recipe of a fine-tuned writer: one flat file that says everything, every field with its unit."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin

import yaml
from pydantic import ConfigDict, Field, ValidationError

from gistill.errors import InputError, SettingError
from gistill.schema import Noun

Method = Literal["full", "lora", "qlora", "adalora", "prefix", "prompt", "ia3", "layers"]


class TrainSet(Noun):
    """A set to train on. In a recipe a bare string is the same as `{set: string}`."""

    model_config = ConfigDict(allow_inf_nan=False)

    set: str = Field(description='a named set ("mams/train:tsa"), or a .jsonl or .txt file beside the recipe')
    weight: float = Field(1.0, gt=0, description="times an example is shown per pass; 0.5 shows half of the examples")
    limit: int | None = Field(None, ge=1, description="maximum number of examples, drawn at random; null takes all")


class Recipe(Noun):
    """What a writer is trained on and how. Only `train` must be given; `recipes/` has examples."""

    model_config = ConfigDict(allow_inf_nan=False)

    name: str = Field("writer", pattern=r"^[\w.-]+$", description="name of the trained writer")
    model: str = Field("SmolLM2-135M-Instruct", description="a transformers folder, a .gguf file, or this name")
    objective: Literal["sft", "dpo", "grpo"] = Field(
        "sft", description="learn from answers (sft), from preferences (dpo) or from the skill's score (grpo)"
    )
    train: tuple[TrainSet, ...] = Field(min_length=1, description="sets to train on")
    dev: tuple[TrainSet, ...] = Field((), description="sets that choose the best checkpoint; never a test part")
    tests: tuple[str, ...] = Field((), description="sets whose texts must not be trained on, besides every known test")
    replay: tuple[TrainSet, ...] = Field((), description="sets of earlier trainings, mixed in so less is forgotten")
    replay_share: float = Field(0.0, ge=0, lt=1, description="share of the training examples drawn from replay")
    orders: int = Field(1, ge=1, le=24, description="orders of the elements in which each answer is shown (MvP)")
    raw_share: float = Field(
        0.5, ge=0, le=1, description="share of tokenised texts that are shown with normal spacing, as people type"
    )

    start: str | None = Field(None, description="adapter folder to continue from; null starts with new weights")
    method: Method = Field("lora", description="which weights are trained; layers trains the top_layers only")
    rank: int = Field(16, ge=1, description="rank of lora, qlora and adalora (for adalora the final mean rank)")
    alpha: int | None = Field(None, ge=1, description="LoRA alpha; null means 2 x rank")
    dropout: float = Field(0.0, ge=0, lt=1, description="dropout probability in the LoRA layers or the full model")
    virtual_tokens: int = Field(16, ge=1, description="tokens that the methods prefix and prompt learn")
    top_layers: int = Field(4, ge=1, description="layers that the method layers trains, counted from the output")

    epochs: float = Field(3.0, gt=0, description="passes over the data")
    steps: int | None = Field(None, ge=1, description="optimiser steps, instead of epochs; null means epochs decides")
    batch: int = Field(16, ge=1, description="examples per optimiser step, all processes together")
    accumulate: int = Field(1, ge=1, description="parts of a batch, one in memory at a time (gradient accumulation)")
    rate: float = Field(5e-4, gt=0, description="highest learning rate")
    schedule: Literal["cosine", "linear", "constant"] = Field("cosine", description="learning rate after the warmup")
    warmup: float = Field(0.05, ge=0, lt=1, description="share of the steps in which the learning rate rises")
    optimiser: str = Field("adamw_torch", description="adamw_torch, sgd, adafactor, or any name the Trainer knows")
    weight_decay: float = Field(0.0, ge=0, description="weight decay; norms and biases are left out")
    label_smoothing: float = Field(0.0, ge=0, lt=1, description="probability given to all other tokens together")
    clip: float = Field(1.0, ge=0, description="maximum gradient norm; 0 turns clipping off")
    precision: Literal["auto", "fp32", "bf16"] = Field("auto", description="auto is bf16 where the hardware has it")
    gradient_checkpointing: bool = Field(False, description="needs much less memory, takes a third more time")
    grouping: Literal["length", "packing", "none"] = Field("length", description="how examples share a batch")
    max_length: int = Field(512, ge=8, description="tokens of prompt and answer together; longer ones are cut")

    save_every: int = Field(200, ge=1, description="optimiser steps between checkpoints")
    log_every: int = Field(10, ge=1, description="optimiser steps between two lines with the loss")
    evaluate_every: int | None = Field(None, ge=1, description="steps between scores on dev; null means save_every")
    evaluate_on: int = Field(200, ge=1, description="texts of dev, drawn at random, that are scored")
    patience: int | None = Field(None, ge=1, description="scores without improvement before it stops; null: no stop")
    max_new_tokens: int = Field(256, ge=1, description="maximum number of tokens in a generated answer")
    report_to: tuple[str, ...] = Field(("tensorboard",), description="trackers the Trainer knows; empty for none")
    search: dict[str, str | tuple[Any, ...]] = Field(
        {}, description='fields to search over: a list of values, or "low..high" (logarithmic if high >= 10 x low)'
    )
    trials: int = Field(10, ge=1, description="trainings in a search")
    beta: float = Field(0.1, gt=0, description="how strongly dpo and grpo are held to the model they started from")
    generations: int = Field(4, ge=2, description="answers that grpo draws for each question")
    seed: int = Field(0, ge=0, lt=2**32, description="random seed of data order, new weights and dropout")


@dataclass(frozen=True)
class FieldLine:
    """A field as documentation shows it. `default` is as YAML writes it; "required" where there is none."""

    name: str
    type: str
    default: str
    meaning: str


def field_lines(of: type[Noun] = Recipe) -> list[FieldLine]:
    """Describe every field of a recipe, or of one entry of its sets (`TrainSet`), in the order of the code."""
    return [
        FieldLine(
            name,
            _type_name(field.annotation),
            "required" if field.is_required() else json.dumps(field.default),
            field.description or "",
        )
        for name, field in of.model_fields.items()
    ]


_TYPE_NAMES: dict[object, str] = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    TrainSet: "sets",
    NoneType: "null",
}


def _type_name(annotation: Any) -> str:
    """Name a type in words: `int | None` is "whole number or null"."""
    parts = get_args(annotation)
    match get_origin(annotation):
        case None:
            return _TYPE_NAMES[annotation]
        case kind if kind is Literal:
            return ", ".join(parts)
        case kind if kind is UnionType:
            return " or ".join(map(_type_name, parts))
        case kind if kind is tuple:
            return f"list of {_type_name(parts[0]).replace('text', 'texts')}"
        case _:
            return "mapping"


def load_recipe(path: Path, *, settings: tuple[str, ...] = ()) -> Recipe:
    """Read a recipe file and check every field of it.

    Args:
        path: YAML. Files it names are looked for beside it.
        settings: "field=value" texts that replace fields, the value written as in YAML.

    Raises:
        InputError: See `read_fields`.
        SettingError: A field is unknown (the nearest known one is named), missing or out of range.
    """
    given = read_fields(path)
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise SettingError(f"--set takes field=value, not {setting!r}")
        try:
            given[name.strip()] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise SettingError(f"--set {name}: {value!r} is not YAML") from error
    recipe = recipe_from(given, file=str(path))
    sets = {name: _beside(getattr(recipe, name), path) for name in ("train", "dev", "replay")}
    files = tuple(str(path.parent / name) if is_file(name) else name for name in recipe.tests)
    return recipe.model_copy(update={**sets, "tests": files})


def read_fields(path: Path) -> dict[str, Any]:
    """Read a YAML file of fields, unchecked but for one thing: each is given once, where YAML's last would win.

    Raises:
        InputError: The file is not there, is not YAML of fields, or gives a field twice; with the row where known.
    """
    try:
        given = yaml.load(path.read_text(encoding="utf-8"), _OnceEach)
    except OSError as error:
        raise InputError(
            f"the recipe cannot be read ({(error.strerror or str(error)).lower()})", file=str(path)
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        row = None if mark is None else mark.line + 1
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise InputError(f"not YAML ({problem})", file=str(path), row=row) from error
    if not isinstance(given, dict):
        raise InputError("a recipe is a list of fields, each `name: value`", file=str(path))
    return given


class _OnceEach(yaml.SafeLoader):
    """Refuses a mapping with a key twice, as YAML itself does and PyYAML does not."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in names:
                raise yaml.constructor.ConstructorError(
                    problem=f"{key.value!r} is given twice", problem_mark=key.start_mark
                )
            names.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
        return super().construct_mapping(node, deep)


def recipe_from(given: dict[str, Any], *, file: str = "") -> Recipe:
    """Check the fields of a recipe; see `load_recipe`."""
    given = dict(given)
    for name in ("train", "dev", "replay"):
        if isinstance(given.get(name), (list, tuple)):
            given[name] = [{"set": item} if isinstance(item, str) else item for item in given[name]]
    try:
        return Recipe.model_validate(given)
    except ValidationError as error:
        raise SettingError(problem(error), file=file, hint=_hint(error)) from error


def is_file(name: str) -> bool:
    """Say whether a recipe means a file by a set's name."""
    return name.endswith((".jsonl", ".txt"))


def as_yaml(recipe: Recipe) -> str:
    """Write a recipe with every field, as the run folder keeps it."""
    return yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def _beside(sets: tuple[TrainSet, ...], path: Path) -> tuple[TrainSet, ...]:
    """Resolve the files among the sets against the recipe's folder."""
    return tuple(s.model_copy(update={"set": str(path.parent / s.set)}) if is_file(s.set) else s for s in sets)


def problem(error: ValidationError, *, of: str = "a recipe") -> str:
    """Say the first thing that is wrong with the fields of a recipe, in one clause."""
    found = error.errors()[0]
    name = ".".join(str(part) for part in found["loc"])
    if found["type"] == "extra_forbidden":
        return f"{of} has no field {name!r}"
    if found["type"] == "missing":
        return f"the recipe does not say {name!r}"
    if not name:  # about several fields together
        return found["msg"].removeprefix("Value error, ")
    return f"{name} is {found['input']!r}: {found['msg'][0].lower()}{found['msg'][1:]}"


def _hint(error: ValidationError) -> str:
    found = error.errors()[0]
    last = str(found["loc"][-1])
    if found["type"] != "extra_forbidden":
        field = Recipe.model_fields.get(str(found["loc"][0]))
        return f"{found['loc'][0]}: {field.description}." if field and field.description else ""
    known = TrainSet.model_fields if len(found["loc"]) > 1 else Recipe.model_fields
    near = difflib.get_close_matches(last, known, n=1, cutoff=0.5) or [name for name in known if name in last]
    return f"Did you mean {near[0]!r}?" if near else f"Fields: {', '.join(known)}."
