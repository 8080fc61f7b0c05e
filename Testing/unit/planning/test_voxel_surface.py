"""The shortest way between surfaces is that between all voxels, as measure/gaps.py finds it with whole fields."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import affine_of, rotation
from scipy import ndimage

from LiverTumorSegLib.measure.gaps import gap_between
from LiverTumorSegLib.planning.voxel_surface import Structure, VoxelSurface
from LiverTumorSegLib.volume import Volume

AFFINE = affine_of((0.7, 1.3, 3.1), turn=rotation(25, 0) @ rotation(15, 2))


def ragged(seed: int, shape=(30, 24, 14)) -> np.ndarray:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 2)
    return noise > np.quantile(noise, 0.93)


@pytest.mark.parametrize("seed", range(6))
def test_gaps_between_ragged_masks_are_those_of_whole_distance_fields(seed):
    grid = Volume(np.zeros((30, 24, 14), np.uint8), AFFINE)
    first, second = ragged(seed), ragged(seed + 100)
    if seed % 2:
        second &= ~ndimage.binary_dilation(first, iterations=2)
    found = Structure.of(second, grid).gap_of(first, VoxelSurface.of(first))
    expected = gap_between(grid.with_array(first), grid.with_array(second))
    assert found.centers_mm == pytest.approx(expected.centers_mm, abs=1e-4)
    assert found.faces_mm == pytest.approx(expected.faces_mm, abs=1e-4)
    assert first[found.position_ijk]
    assert second[found.other_ijk]


def test_the_outside_of_an_organ_is_as_far_as_all_of_it():
    grid = Volume(np.zeros((30, 24, 14), np.uint8), AFFINE)
    organ = np.zeros(grid.shape, bool)
    organ[3:28, 2:24, 1:13] = True
    organ[15:17, 10:12, 5] = False  # a hole counts as outside
    lesion = np.zeros(grid.shape, bool)
    lesion[8:11, 9:13, 5:7] = True
    found = Structure.around(organ, grid).gap_of(lesion, VoxelSurface.of(lesion))
    expected = gap_between(grid.with_array(lesion), grid.with_array(~organ))
    assert (found.centers_mm, found.faces_mm) == pytest.approx((expected.centers_mm, expected.faces_mm), abs=1e-4)
    assert not organ[found.other_ijk]


def test_one_inside_the_other_is_at_no_distance():
    grid = Volume(np.zeros((30, 24, 14), np.uint8), AFFINE)
    outer, inner = np.zeros(grid.shape, bool), np.zeros(grid.shape, bool)
    outer[2:28, 2:22, 2:12], inner[10:13, 10:13, 6:8] = True, True
    for one, other in ((outer, inner), (inner, outer)):
        gap = Structure.of(one, grid).gap_of(other, VoxelSurface.of(other))
        assert (gap.centers_mm, gap.is_contact) == (0.0, True)
        assert inner[gap.position_ijk]


def test_an_empty_mask_and_an_organ_that_fills_the_image_have_no_gap():
    grid = Volume(np.zeros((30, 24, 14), np.uint8), AFFINE)
    full, nothing = np.ones(grid.shape, bool), np.zeros(grid.shape, bool)
    assert Structure.around(full, grid) is None
    assert Structure.of(full, grid).gap_of(nothing, VoxelSurface.of(nothing)) is None
