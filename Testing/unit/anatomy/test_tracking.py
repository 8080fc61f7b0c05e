"""The best path is compared with a search through all paths."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from LiverTumorSegLib.anatomy.landmarks.tracking import best_path


def naive_best(scores: np.ndarray, reach: tuple[int, int, int]) -> float:
    places = list(itertools.product(*(range(n) for n in scores.shape[1:])))
    best = -np.inf
    for path in itertools.product(places, repeat=len(scores)):
        steps = np.abs(np.diff(np.array(path), axis=0))
        near = bool((steps <= np.array(reach)).all())
        if near:
            best = max(best, sum(float(scores[(k, *place)]) for k, place in enumerate(path)))
    return best


@pytest.mark.parametrize("reach", [(1, 0, 1), (1, 1, 0), (0, 2, 1)])
@pytest.mark.parametrize("seed", range(4))
def test_no_path_is_better(seed, reach):
    scores = np.random.default_rng(seed).normal(size=(4, 2, 3, 2)).astype(np.float32)
    path = best_path(scores, reach)
    assert (np.abs(np.diff(path, axis=0)) <= reach).all()
    found = sum(float(scores[(k, *place)]) for k, place in enumerate(path))
    assert found == pytest.approx(naive_best(scores, reach), abs=1e-5)


def test_one_slice_has_its_best_place():
    scores = np.zeros((1, 3, 4, 2), np.float32)
    scores[0, 2, 1, 1] = 1
    assert best_path(scores, (1, 1, 1)).tolist() == [[2, 1, 1]]
