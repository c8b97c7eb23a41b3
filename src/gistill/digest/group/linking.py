"""Vectors in, clusters out: average linkage by the nearest-neighbour chain, in memory that is bounded by blocks.

The likeness of two clusters is the mean of the dot products of their members, which is also the dot product of their
means. So at most a block of rows is held against each other pair by pair; what comes later is held against the means.

Source: Murtagh, A survey of recent advances in hierarchical clustering algorithms, The Computer Journal 26 (1983)
(the chain).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BLOCK = 2000  # rows clustered at once: a matrix of 16 MB
Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def link(vectors: Floats, weights: Ints, enough: float, *, block: int = BLOCK) -> Ints:
    """Join what is alike, until no two clusters are.

    Beyond `block` rows the heaviest are clustered first. The others join the cluster that they are most like, where
    that is enough, and the rest of them are clustered among themselves, block by block.

    Args:
        vectors: Shape (N, D). The order of the rows decides between equals, so give one that does not depend on ids.
        weights: How often each row was said, shape (N,), at least 1.
        enough: Mean dot product from which two clusters are joined.
        block: Rows clustered at once.

    Returns:
        The cluster of each row, shape (N,), numbered by their first rows.
    """
    order = np.argsort(-weights, kind="stable")
    labels = np.full(len(vectors), -1, dtype=np.int64)
    sums = np.zeros((0, vectors.shape[1]), dtype=np.float64)
    sizes = np.zeros(0, dtype=np.float64)
    left = order
    while len(left):
        some, left = left[:block], left[block:]
        found = chain(vectors[some], weights[some], enough)
        labels[some] = found + len(sums)
        count = int(found.max()) + 1
        added, weight = np.zeros((count, vectors.shape[1])), np.zeros(count)
        np.add.at(added, found, vectors[some] * weights[some, None])
        np.add.at(weight, found, weights[some])
        sums, sizes = np.concatenate([sums, added]), np.concatenate([sizes, weight])
        left = join(left, vectors, labels, sums / sizes[:, None], enough)
    return _numbered(labels)


def join(left: Ints, vectors: Floats, labels: Ints, means: NDArray[np.float64], enough: float) -> Ints:
    """Let rows join the clusters that are there, writing it into `labels`, and give those that none is like."""
    centre = means.astype(np.float32).T
    rest = []
    for start in range(0, len(left), 256):  # bounded memory however many clusters there are
        some = left[start : start + 256]
        like = vectors[some] @ centre
        best = like.argmax(axis=1)
        near = like[np.arange(len(some)), best] >= enough
        labels[some[near]] = best[near]
        rest.append(some[~near])
    return np.concatenate(rest) if rest else left


def chain(vectors: Floats, weights: Ints, enough: float) -> Ints:
    """Cluster all rows by average linkage; see `link`. Takes a matrix (N, N), and about 3 N passes over a row of it."""
    n = len(vectors)
    like = vectors @ vectors.T
    like = np.maximum(like, like.T)  # exactly symmetric, whatever the product rounds
    np.fill_diagonal(like, -np.inf)
    sizes = weights.astype(np.float32)
    parent, alive = np.arange(n), np.ones(n, dtype=bool)
    path: list[int] = []
    first = 0
    while True:
        if not path:
            while first < n and not alive[first]:
                first += 1
            if first == n:
                break
            path.append(first)
        last = path[-1]
        best = int(like[last].argmax())
        if len(path) > 1 and like[last, path[-2]] >= like[last, best]:
            best = path[-2]  # of equals the one that led here, so that the chain ends
        if like[last, best] < enough:
            _forget(like, alive, last)  # nothing is like it, nor like any cluster made of others: it is done
            path.pop()
        elif len(path) > 1 and best == path[-2]:
            keep, gone = min(last, best), max(last, best)
            row = (like[keep] * sizes[keep] + like[gone] * sizes[gone]) / (sizes[keep] + sizes[gone])
            row[[keep, gone]] = -np.inf
            like[keep] = like[:, keep] = row
            sizes[keep] += sizes[gone]
            parent[gone] = keep
            _forget(like, alive, gone)
            del path[-2:]
        else:
            path.append(best)
    return _numbered(_roots(parent))


def _forget(like: Floats, alive: NDArray[np.bool_], row: int) -> None:
    alive[row] = False
    like[row] = like[:, row] = -np.inf


def _roots(parent: Ints) -> Ints:
    while not np.array_equal(parent, parent[parent]):
        parent = parent[parent]
    return parent


def _numbered(labels: Ints) -> Ints:
    """Number clusters by their first rows."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[inverse]
