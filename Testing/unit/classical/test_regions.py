from __future__ import annotations

import numpy as np
from scipy import ndimage

from LiverTumorSegLib.classical.regions import grown, middle_and_deviation, parts_with


def test_growing_is_a_threshold_of_the_distance_also_at_the_edges():
    mask = np.random.default_rng(2).random((9, 11, 13)) > 0.98
    mask[0, 0, 0] = mask[-1, -1, -1] = True
    for reach in (0.0, 1.0, 1.5, 2.0, 3.2):
        expected = ndimage.distance_transform_edt(~mask) <= reach
        np.testing.assert_array_equal(grown(mask, reach), expected)


def test_only_parts_with_a_core_and_enough_voxels_stay():
    mask = np.zeros((3, 3, 12), bool)
    mask[1, 1, 0:4] = mask[1, 1, 5:7] = mask[1, 1, 8:12] = True
    cores = np.zeros_like(mask)
    cores[1, 1, [0, 5]] = True
    kept = parts_with(mask, cores, least_voxels=3.0)
    assert np.flatnonzero(kept[1, 1]).tolist() == [0, 1, 2, 3]
    assert not parts_with(mask, np.zeros_like(mask)).any()


def test_middle_and_deviation_ignore_a_few_outliers():
    values = np.concatenate([np.random.default_rng(3).normal(110, 15, 20000), np.full(400, 900.0)])
    middle, deviation = middle_and_deviation(values)
    assert abs(middle - 110) < 1
    assert abs(deviation - 15) < 1
