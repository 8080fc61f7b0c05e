"""What the lesion stage shows its network, and where the answer lies on an oblique CT."""

from __future__ import annotations

import numpy as np
import pytest

from LiverTumorSegLib.engines import Network
from LiverTumorSegLib.geometry.resample import Grid, resample
from LiverTumorSegLib.inference.lesions import DILATION_MM, LesionSearch
from LiverTumorSegLib.models.kuleuven import LESION
from LiverTumorSegLib.volume import Volume

SHAPE = (70, 80, 30)
ORGAN, TUMOR = np.s_[15:55, 18:60, 6:24], np.s_[25:37, 30:45, 10:18]


def oblique() -> np.ndarray:
    a = np.deg2rad(12)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[-np.cos(a), np.sin(a), 0], [-np.sin(a), -np.cos(a), 0], [0, 0, 1]]) @ np.diag(
        [1.5, 1.2, 4.0]
    )
    affine[:3, 3] = [60.0, 75.0, -80.0]
    return affine


class Dark(Network):
    """A network that answers where a voxel is darker than liver but inside the region it may see; keeps what it saw."""

    def __init__(self, window_in):
        self.window_in, self.window_out = window_in, LESION.window_out(window_in)
        self.seen = []

    def describe(self):
        return {}

    def run(self, window, poll):
        poll()
        self.seen.append(window)
        centre = window[tuple(slice(m, n - m) for m, n in zip(LESION.margin, window.shape, strict=True))]
        return ((centre > 0.05) & (centre < 0.2)).astype(np.float32)[None]


@pytest.fixture
def region() -> Volume:
    hu = np.full(SHAPE, -100, np.int16)
    hu[ORGAN] = 110
    hu[TUMOR] = 50
    return Volume(hu, oblique())


def mask(box) -> np.ndarray:
    out = np.zeros(SHAPE, bool)
    out[box] = True
    return out


def organ_of(region: Volume) -> Volume:
    return region.with_array(mask(ORGAN).astype(np.float32))


def test_the_tumor_lies_where_it_is_in_the_patient(region):
    search = LesionSearch(region, organ_of(region))
    found = resample(search.probability(Dark(search.window_in)), Grid.of(region), outside=0.0).array >= 0.5
    found &= mask(np.s_[20:42, 25:50, 8:20])  # the liver's blurred border is as dark as the tumor
    expert = mask(TUMOR)
    assert 2 * (found & expert).sum() / (found.sum() + expert.sum()) > 0.85
    shift_voxels = np.argwhere(found).mean(axis=0) - np.argwhere(expert).mean(axis=0)
    assert np.abs(shift_voxels).max() < 0.3


def test_the_network_sees_nothing_further_from_the_liver_than_the_dilation(region):
    bright = region.with_array(np.where(mask(ORGAN), region.array, 150).astype(np.int16))
    search = LesionSearch(bright, organ_of(region))
    network = Dark(search.window_in)
    search.probability(network)
    visible_mm3 = max((window > 0).sum() for window in network.seen) * np.prod(LESION.spacing_mm)
    sides_mm = np.array([40 * 1.5, 42 * 1.2, 18 * 4.0])
    assert np.prod(sides_mm) < visible_mm3 < np.prod(sides_mm + 2 * DILATION_MM + 2 * np.array(LESION.spacing_mm))


def test_another_window_gives_the_same_answer(region):
    search = LesionSearch(region, organ_of(region))
    fitted, trained = (search.probability(Dark(size)) for size in (search.window_in, LESION.trained_window))
    assert np.array_equal(fitted.array, trained.array)


def test_without_a_liver_there_is_nothing_to_search(region):
    search = LesionSearch(region, region.with_array(np.zeros(SHAPE, np.float32)))
    network = Dark(search.window_in)
    assert not search.probability(network).array.any()
    assert network.seen == []


class Leaning(Dark):
    """Answers one voxel beside where it should, towards the end of the first axis: mirrored looks undo that."""

    def run(self, window, poll):
        return np.roll(super().run(window, poll), 1, axis=1)


def test_mirrored_looks_are_flipped_back_before_they_are_averaged(region):
    search = LesionSearch(region, organ_of(region))
    exact = search.probability(Dark(search.window_in)).array
    leaning = search.probability(Leaning(search.window_in)).array
    both = search.probability(Leaning(search.window_in), mirrors=((), (0,))).array
    inside = np.s_[:, :, 2:-2]

    def middle(probability):
        return np.average(np.indices(probability[inside].shape)[0], weights=probability[inside])

    assert middle(leaning) - middle(exact) > 0.5
    assert middle(both) == pytest.approx(middle(exact), abs=0.05)
    same = search.probability(Dark(search.window_in), mirrors=((), (1,), (2,), (0, 1, 2))).array
    assert same == pytest.approx(exact, abs=1e-5)
