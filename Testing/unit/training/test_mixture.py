"""Several sources as one, in the shares that are asked for."""

from __future__ import annotations

import math

import numpy as np
import pytest
from refusals import refused

from LiverTumorSegLib.training.mixture import Mixture, WithoutVessels
from LiverTumorSegLib.training.partial_labels import IRCAD, LITS
from LiverTumorSegLib.training.samples import Sample, Source


class Always:
    def __init__(self, hu: float) -> None:
        self._hu = hu

    def sample(self, rng: np.random.Generator) -> Sample:
        return Sample(np.full((2, 3, 4), self._hu, np.float32), np.zeros((2, 3, 4), np.uint8), IRCAD)


def drawn(mixture: Mixture, count: int = 4000) -> list[float]:
    rng = np.random.default_rng(0)
    found = [float(mixture.sample(rng).hu[0, 0, 0]) for _ in range(count)]
    return [found.count(hu) / count for hu in (1.0, 2.0, 3.0)]


def test_sources_come_as_often_as_each_other_unless_told():
    mixture = Mixture([Always(1), Always(2), Always(3)])
    assert isinstance(mixture, Source)
    assert drawn(mixture) == pytest.approx([1 / 3] * 3, abs=0.03)


def test_shares_are_relative_to_each_other():
    assert drawn(Mixture([Always(1), Always(2), Always(3)], [3.0, 0.0, 1.0])) == pytest.approx(
        [0.75, 0, 0.25], abs=0.03
    )


def test_the_same_seed_draws_the_same_source():
    mixture = Mixture([Always(1), Always(2)])
    first, again = ([mixture.sample(np.random.default_rng(s)).hu[0, 0, 0] for s in range(20)] for _ in range(2))
    assert first == again


@pytest.mark.parametrize("shares", [[1.0], [1.0, -1.0], [0.0, 0.0], [1.0, math.nan], [1.0, math.inf]])
def test_shares_that_mean_nothing_are_refused(shares):
    with refused("2 sources with the shares"):
        Mixture([Always(1), Always(2)], shares)


def test_a_mixture_of_nothing_is_refused():
    with refused("0 sources"):
        Mixture([])


class AllLabels:
    def sample(self, rng: np.random.Generator) -> Sample:
        labels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4) % 4
        return Sample(np.zeros((2, 3, 4), np.float32), labels, IRCAD)


def test_without_vessels_there_is_liver_in_their_place_and_nobody_asks_for_them():
    rng = np.random.default_rng(0)
    before, after = AllLabels().sample(rng), WithoutVessels(AllLabels()).sample(rng)
    assert after.annotated == LITS
    assert (after.labels[before.labels == 2] == 1).all()
    assert (after.labels[before.labels != 2] == before.labels[before.labels != 2]).all()
    assert after.labels.dtype == np.uint8
