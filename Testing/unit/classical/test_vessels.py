from __future__ import annotations

import numpy as np
import pytest
from liver_blocks import dice, make_block

from LiverTumorSegLib.classical.vessels import find_vessels
from LiverTumorSegLib.volume import Volume


def nothing_like(mask: np.ndarray) -> np.ndarray:
    return np.zeros_like(mask)


@pytest.mark.parametrize(
    ("noise_hu", "spacing_mm", "degrees"),
    [(5, (0.9, 0.9, 2.0), 0), (25, (0.9, 0.9, 2.0), 25), (10, (0.7, 1.3, 0.7), 10), (10, (0.8, 0.8, 5.0), 0)],
)
def test_a_cross_of_bright_tubes_is_found_on_thin_thick_and_oblique_grids(noise_hu, spacing_mm, degrees):
    block = make_block(noise_hu=noise_hu, spacing_mm=spacing_mm, degrees=degrees)
    found = find_vessels(block.ct, block.organ, block.lesion)
    assert dice(found, block.vessels) > 0.85


@pytest.mark.parametrize("vessel_hu", [0.0, -20.0])
def test_a_liver_without_contrast_has_no_vessels_rather_than_noise(vessel_hu):
    block = make_block(vessel_hu=vessel_hu, noise_hu=20)
    assert not find_vessels(block.ct, block.organ, block.lesion).any()


def test_nothing_is_found_outside_the_organ_or_inside_a_tumor():
    block = make_block(lesion_hu=60)
    found = find_vessels(block.ct, block.organ, block.lesion)
    assert not (found & (block.lesion | ~block.organ)).any()
    assert dice(found, block.vessels) > 0.85


def test_an_organ_mask_that_takes_in_a_rib_gains_no_vessel_there():
    block = make_block()
    hu = block.ct.array.copy()
    middle = np.array(hu.shape) // 2
    points = np.indices(hu.shape) - middle.reshape(3, 1, 1, 1)
    from_center_mm = np.sqrt((0.9 * points[0]) ** 2 + (0.9 * points[1]) ** 2 + (2 * points[2]) ** 2)
    rib = (abs(from_center_mm - 42) < 2) & (points[0] > 0) & (abs(points[2]) < 4)
    hu[rib] = 500
    found = find_vessels(block.ct.with_array(hu), block.organ | rib, block.lesion)
    assert (found & rib).sum() < 0.05 * rib.sum()
    assert dice(found, block.vessels) > 0.8


def test_the_result_does_not_depend_on_the_storage_order_of_the_axes():
    block = make_block(spacing_mm=(0.9, 1.1, 2.0), degrees=15)
    found = find_vessels(block.ct, block.organ, block.lesion)
    turned = block.ct.affine @ _map_of_flipped_and_permuted(block.ct.shape)
    again = find_vessels(
        Volume(_turned(block.ct.array), turned), np.ascontiguousarray(_turned(block.organ)), _turned(block.lesion)
    )
    assert (_turned(found) != again).sum() <= 1e-4 * found.sum()


def test_an_empty_organ_and_an_organ_that_is_all_tumor_have_no_vessels():
    block = make_block()
    assert not find_vessels(block.ct, nothing_like(block.organ), block.lesion).any()
    assert not find_vessels(block.ct, block.organ, block.organ).any()


def test_inputs_are_left_as_they_were():
    block = make_block()
    before = block.ct.array.copy(), block.organ.copy(), block.lesion.copy()
    find_vessels(block.ct, block.organ, block.lesion)
    for array, kept in zip((block.ct.array, block.organ, block.lesion), before, strict=True):
        np.testing.assert_array_equal(array, kept)


def _turned(array: np.ndarray) -> np.ndarray:
    return array[::-1, :, ::-1].transpose(2, 0, 1)


def _map_of_flipped_and_permuted(shape: tuple[int, int, int]) -> np.ndarray:
    """ijk of the turned array -> ijk of the original."""
    back = np.eye(4)
    back[:3, :3] = [[0, -1, 0], [0, 0, 1], [-1, 0, 0]]
    back[:3, 3] = [shape[0] - 1, 0, shape[2] - 1]
    return back
