"""The critic: a small cross-encoder that reads a sentence of a summary beside its evidence.

For each it gives the probability that the sentence has any error, and of each code. A folder holds `critic.json`
(codes, thresholds, how evidence is chosen), `tokenizer.json` and `model.onnx` (weights as int8; OpenVINO runs it).
`gistill.train.critic` makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gistill.encoders import batches, load_encoder
from gistill.grounding.faults.evidence import evidence
from gistill.grounding.faults.fault import Fault
from gistill.grounding.faults.reading import Reading, Sentence
from gistill.schema import Span

FORMAT = 1
ANY = "any"  # the first output: whether there is any error
MOST = 3  # sentences of evidence beside a sentence
PIECES_PER_BATCH = 2048  # word pieces with padding


class Pair(NamedTuple):
    """What the critic reads: a sentence of a summary, and its evidence as one text in the source's order."""

    sentence: str
    evidence: str


Run = Callable[[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]], NDArray[np.float32]]


def pairs_of(summary: Reading, source: Reading, *, most: int = MOST) -> list[tuple[Sentence, Pair, Span | None]]:
    """Choose the evidence of each sentence of a summary.

    It is what shares most of the sentence's telling words; where nothing does, the beginning of the source. Each
    sentence of evidence is told with whose words it is, so that the critic can see who did what.

    Returns:
        For each sentence: the pair, and the place of the best evidence; None where nothing shares a word.
    """
    found = []
    for sentence in summary.sentences:
        best = evidence(sentence.words, source, most=most)
        chosen = sorted((one.sentence for one in best), key=lambda one: one.start) or list(source.sentences[:most])
        said = " ".join(_told(one, source) for one in chosen)
        at = Span(start=best[0].sentence.start, end=best[0].sentence.end) if best else None
        found.append((sentence, Pair(summary.text[sentence.start : sentence.end], said), at))
    return found


def _told(sentence: Sentence, source: Reading) -> str:
    words = " ".join(source.text[sentence.start : sentence.end].split())
    return f"{sentence.side}: {words}" if sentence.side else words


class LoadedCritic:
    """A critic. Safe to use from one thread.

    Attributes:
        codes: Those that it tells apart.
        hash: First 16 hexadecimal digits of the sha256 over the folder's files.
    """

    def __init__(self, card: dict[str, Any], tokenizer: Any, run: Run, hash: str) -> None:  # noqa: A002
        self.name = str(card.get("name", "critic"))
        self.hash = hash
        self.codes = tuple(str(code) for code in card["codes"])
        self._thresholds = {name: float(value) for name, value in card["thresholds"].items()}
        self._most, self._tokenizer, self._run = int(card["evidence"]), tokenizer, run

    def probabilities(self, pairs: Sequence[Pair]) -> NDArray[np.float64]:
        """Give the probability of any error and of each code, shape (N, 1 + codes), in the order of `codes`."""
        table = np.zeros((len(pairs), 1 + len(self.codes)))
        texts = [tuple(part.encode("utf-8", "replace").decode("utf-8") for part in pair) for pair in pairs]
        codes = self._tokenizer.encode_batch(texts) if texts else []
        for rows in batches([len(code.ids) for code in codes], PIECES_PER_BATCH):
            longest = max(len(codes[row].ids) for row in rows)
            ids, mask, kinds = np.zeros((3, len(rows), longest), dtype=np.int64)
            for at, row in enumerate(rows):
                length = len(codes[row].ids)
                ids[at, :length], mask[at, :length] = codes[row].ids, 1
                kinds[at, :length] = codes[row].type_ids
            table[rows] = 1 / (1 + np.exp(-np.asarray(self._run(ids, mask, kinds), dtype=np.float64)))
        return table

    def check(self, summaries: Sequence[tuple[str, Reading]]) -> list[tuple[Fault, ...]]:
        """Give the faults of each summary: same length, same order.

        A sentence has the code that is most probable where the probability of any error is above its threshold, and
        every other code that is above its own.
        """
        read = [pairs_of(Reading(summary), source, most=self._most) for summary, source in summaries]
        table = iter(self.probabilities([pair for some in read for _, pair, _ in some]))
        found = []
        for some in read:
            faults: list[Fault] = []
            for sentence, _, at in some:
                faults += self._faults(sentence, at, next(table))
            found.append(tuple(faults))
        return found

    def _faults(self, sentence: Sentence, at: Span | None, row: NDArray[np.float64]) -> list[Fault]:
        wrong = float(row[0])
        by_code = dict(zip(self.codes, map(float, row[1:]), strict=True))
        if wrong < self._thresholds[ANY]:
            return []
        likely = max(by_code, key=lambda code: by_code[code])
        named = [code for code, value in by_code.items() if code == likely or value >= self._thresholds.get(code, 1.0)]
        return [
            Fault(
                code=code,
                rule=self.name,
                tier="critic",
                span=Span(start=sentence.start, end=sentence.end),
                source=at,
                confidence=round(wrong, 4),
                says=f"The critic takes this sentence for wrong ({code}: {by_code[code]:.2f}).",
            )
            for code in named
        ]


def load_critic(path: Path | str) -> LoadedCritic:
    """Load the critic of a folder.

    Raises:
        ModelMissingError: A file is not there.
        ModelBrokenError: The folder is damaged or of another format.
    """

    def made(card: dict[str, Any], tokenizer: Any, model: Any, hash: str) -> LoadedCritic:  # noqa: A002
        return LoadedCritic(card, tokenizer, lambda *inputs: model(list(inputs))[0], hash)

    hint = "Train one: python -m gistill.train.critic --help"
    return load_encoder(Path(path), "critic.json", made, what="critic", hint=hint, format=FORMAT)
