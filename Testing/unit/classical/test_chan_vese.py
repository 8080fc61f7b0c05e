from __future__ import annotations

import numpy as np
import pytest
from liver_blocks import dice, make_block
from scipy import ndimage

from LiverTumorSegLib.classical.chan_vese import refine_contours


@pytest.mark.parametrize("iterations", [1, 2, 5])
def test_a_correct_outline_stays(iterations):
    block = make_block(noise_hu=15, spacing_mm=(0.9, 0.9, 1.5))
    refined = refine_contours(block.ct, block.lesion, block.organ, iterations)
    assert dice(refined, block.lesion) > 0.96
    assert refined.sum() == pytest.approx(block.lesion.sum(), rel=0.06)


@pytest.mark.parametrize("change", [ndimage.binary_dilation, ndimage.binary_erosion])
def test_an_outline_one_voxel_off_comes_back(change):
    block = make_block(noise_hu=10, spacing_mm=(1.0, 1.0, 1.5))
    off = change(block.lesion)
    refined = refine_contours(block.ct, off, block.organ, 2)
    assert dice(refined, block.lesion) > dice(off, block.lesion) + 0.05


def test_touching_instances_are_refined_each_on_its_own_and_stay_in_the_organ():
    block = make_block()
    ids = block.lesion.astype(np.uint16)
    ids[: block.lesion.shape[0] * 7 // 10] *= 2
    refined = refine_contours(block.ct, ids, block.organ, 2)
    assert dice(refined, block.lesion) > 0.93
    half = block.organ & (np.arange(block.organ.shape[0]) < block.organ.shape[0] * 7 // 10)[:, None, None]
    assert not (refine_contours(block.ct, block.lesion, half, 2) & ~half).any()


def test_no_iterations_give_the_lesions_and_empty_stays_empty():
    block = make_block()
    np.testing.assert_array_equal(refine_contours(block.ct, block.lesion, block.organ, 0), block.lesion)
    assert not refine_contours(block.ct, np.zeros_like(block.lesion), block.organ, 2).any()


def test_a_lesion_that_fills_the_organ_stays_as_it_is():
    block = make_block()
    np.testing.assert_array_equal(refine_contours(block.ct, block.lesion, block.lesion, 2), block.lesion)
