"""Clusters by average linkage, held against a plain implementation that keeps every pair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gistill.digest.group.linking import chain, join, link


def plain(vectors: np.ndarray, weights: np.ndarray, enough: float) -> list[set[int]]:
    """Join the two clusters of highest mean likeness, again and again, looking at all pairs of members."""
    clusters = [{i} for i in range(len(vectors))]
    like = vectors @ vectors.T

    def mean(one: set[int], other: set[int]) -> float:
        pairs = [(i, j) for i in one for j in other]
        return sum(weights[i] * weights[j] * like[i, j] for i, j in pairs) / sum(
            weights[i] * weights[j] for i, j in pairs
        )

    while len(clusters) > 1:
        best, i, j = max((mean(clusters[i], clusters[j]), -i, -j) for i in range(len(clusters)) for j in range(i))
        if best < enough:
            break
        clusters[-j] |= clusters.pop(-i)
    return clusters


def sets(labels: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(labels == label).tolist()) for label in set(labels.tolist())}


@pytest.mark.parametrize("seed", range(12))
def test_the_chain_finds_what_looking_at_all_pairs_finds(seed: int) -> None:
    draw = np.random.default_rng(seed)
    n = int(draw.integers(1, 25))
    vectors = draw.normal(size=(n, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    weights = draw.integers(1, 5, n)
    for enough in (-2.0, 0.2, 0.5, 0.9, 2.0):
        assert sets(chain(vectors, weights, enough)) == {frozenset(one) for one in plain(vectors, weights, enough)}


def test_weights_are_as_good_as_repeated_rows() -> None:
    draw = np.random.default_rng(3)
    vectors = draw.normal(size=(12, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)  # so that nothing is more alike than a row and itself
    weights = draw.integers(1, 4, 12)
    row = np.repeat(np.arange(12), weights)
    twice = link(vectors[row], np.ones(len(row), dtype=np.int64), 0.3)
    assert sets(link(vectors, weights, 0.3)) == {frozenset(row[list(one)].tolist()) for one in sets(twice)}


def test_nothing_is_joined_where_nothing_is_alike_and_clusters_are_numbered_by_first_rows() -> None:
    axes = np.eye(3, dtype=np.float32)
    assert link(axes, np.array([1, 1, 1]), 0.1).tolist() == [0, 1, 2]
    assert link(axes[[0, 1, 0, 1]], np.array([1, 1, 1, 9]), 0.1).tolist() == [0, 1, 0, 1]
    assert link(np.zeros((0, 3), dtype=np.float32), np.zeros(0, dtype=np.int64), 0.1).tolist() == []


@given(st.integers(1, 7), st.integers(0, 5))
def test_blocks_find_clear_clusters_whatever_their_size(block: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    of = draw.integers(0, 3, 20)
    vectors = (np.eye(3)[of] + draw.normal(scale=0.01, size=(20, 3))).astype(np.float32)
    found = link(vectors, np.ones(20, dtype=np.int64), 0.5, block=block)
    assert sets(found) == sets(of)


def test_rows_join_the_nearest_cluster_that_is_near_enough() -> None:
    vectors = np.array([[1, 0], [0.8, 0.6], [0, -1]], dtype=np.float32)
    labels = np.full(3, -1, dtype=np.int64)
    rest = join(np.arange(3), vectors, labels, np.array([[1.0, 0.0], [0.0, 1.0]]), 0.5)
    assert labels.tolist() == [0, 0, -1]
    assert rest.tolist() == [2]
