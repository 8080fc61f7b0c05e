"""What the liver stage makes of a network's answer; the network's own quality is tested on phantom and real CT."""

from __future__ import annotations

import numpy as np
import pytest

from LiverTumorSegLib.engines import Network
from LiverTumorSegLib.geometry.resample import Grid, resample
from LiverTumorSegLib.inference.liver import body_box, liver_probability
from LiverTumorSegLib.models.kuleuven import LIVER
from LiverTumorSegLib.volume import Volume

SHAPE = (90, 80, 40)


def oblique(spacing=(3.0, 3.5, 6.0), degrees=15.0) -> np.ndarray:
    a = np.deg2rad(degrees)
    affine = np.eye(4)
    affine[:3, :3] = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]]) @ np.diag(spacing)
    affine[:3, 3] = [-120.0, -140.0, 50.0]
    return affine


class Bright(Network):
    """A network that is as sure as told wherever a voxel is brighter than the rest of the body."""

    window_in = LIVER.trained_window
    window_out = LIVER.window_out(LIVER.trained_window)

    def __init__(self, sure=0.99):
        self._sure = sure

    def describe(self):
        return {}

    def run(self, window, poll):
        poll()
        centre = window[tuple(slice(m, n - m) for m, n in zip(LIVER.margin, window.shape, strict=True))]
        return np.where(centre > 0.1, self._sure, 0.0).astype(np.float32)[None]


def ct_with(*boxes) -> Volume:
    hu = np.full(SHAPE, -1000, np.int16)
    hu[5:85, 5:75] = 20
    for box in boxes:
        hu[box] = 120
    return Volume(hu, oblique())


ORGAN = np.s_[20:50, 20:55, 8:30]


def test_the_answer_lies_on_the_anatomy_of_an_oblique_ct():
    ct = ct_with(ORGAN)
    found = resample(liver_probability(ct, Bright()), Grid.of(ct), outside=0.0).array >= 0.5
    expert = np.zeros(SHAPE, bool)
    expert[ORGAN] = True
    assert 2 * (found & expert).sum() / (found.sum() + expert.sum()) > 0.93
    shift_voxels = np.argwhere(found).mean(axis=0) - np.argwhere(expert).mean(axis=0)
    assert np.abs(shift_voxels).max() < 0.3


def test_only_the_largest_part_is_the_liver():
    ct = ct_with(ORGAN, np.s_[70:80, 60:70, 32:38])
    found = resample(liver_probability(ct, Bright()), Grid.of(ct), outside=0.0).array >= 0.5
    assert found[ORGAN].mean() > 0.9
    assert not found[66:, 56:].any()


@pytest.mark.parametrize(("sure", "is_liver"), [(0.6, False), (0.95, True)])
def test_a_liver_of_which_the_network_is_nowhere_sure_is_none(sure, is_liver):
    assert liver_probability(ct_with(ORGAN), Bright(sure)).array.any() == is_liver


def test_air_has_no_body_and_no_liver():
    air = Volume(np.full(SHAPE, -1000, np.int16), oblique())
    assert body_box(air.array) == tuple(slice(0, n) for n in SHAPE)
    assert not liver_probability(air, Bright()).array.any()


def test_a_scan_longer_than_one_window_is_covered_by_several():
    hu = np.full((40, 40, 300), -1000, np.int16)
    hu[4:36, 4:36] = 20
    hu[8:30, 8:30, 262:292] = 120
    ct = Volume(hu, np.diag([8.0, 8.0, 3.0, 1.0]))
    found = liver_probability(ct, Bright())
    k = np.flatnonzero((found.array >= 0.5).any(axis=(0, 1)))
    assert (k.min(), k.max()) == (pytest.approx(262, abs=1), pytest.approx(291, abs=1))
