"""Patches cut in one resampling: what lies where is known by hand, on volumes and patches that are no cubes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from LiverTumorSegLib.training.augmentation.placement import AIR_HU, BACKGROUND, STRAIGHT, Placement, cut

SHAPE = (40, 50, 31)
QUARTER_TURN = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
"""About k, from i to j."""


def volume() -> tuple[np.ndarray, np.ndarray]:
    """HU and labels with another value in every voxel, as far as a label has values."""
    hu = np.arange(np.prod(SHAPE)).reshape(SHAPE)
    return (hu % 3000).astype(np.int16), (hu % 251).astype(np.uint8)


def marked(i: int, j: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    hu, labels = np.zeros(SHAPE, np.int16), np.zeros(SHAPE, np.uint8)
    hu[i, j, k], labels[i, j, k] = 500, 3
    return hu, labels


def ball(center: tuple[float, float, float], radius: float) -> tuple[np.ndarray, np.ndarray]:
    inside = sum((n - c) ** 2 for n, c in zip(np.indices(SHAPE), center, strict=True)) <= radius**2
    return np.where(inside, 200, 0).astype(np.int16), inside.astype(np.uint8) * 3


def turned(degrees: float, axis: str = "z") -> np.ndarray:
    return Rotation.from_euler(axis, degrees, degrees=True).as_matrix()


def test_a_straight_patch_is_copied():
    hu, labels = volume()
    # 7 voxels around voxel 20: 17 to 23; 6 around 24.5: 22 to 27; 5 around 10: 8 to 12.
    patch, patch_labels = cut(hu, labels, np.array([20.0, 24.5, 10.0]), (7, 6, 5), STRAIGHT)
    assert patch.dtype == np.float32
    assert (patch == hu[17:24, 22:28, 8:13]).all()
    assert (patch_labels == labels[17:24, 22:28, 8:13]).all()


def test_beyond_the_volume_there_is_air_and_background():
    hu, labels = volume()
    patch, patch_labels = cut(hu, labels, np.array([1.0, 49.0, 15.0]), (5, 5, 5), STRAIGHT)
    assert (patch[0] == AIR_HU).all()
    assert (patch[:, 3:] == AIR_HU).all()
    assert (patch_labels[0] == BACKGROUND).all()
    assert (patch[1:, :3] == hu[0:4, 47:50, 13:18]).all()


@pytest.mark.parametrize("placement", [STRAIGHT, Placement(turned(20))])
def test_a_patch_that_misses_the_volume_is_air(placement):
    patch, labels = cut(*volume(), np.array([200.0, 10.0, 10.0]), (6, 7, 8), placement)
    assert (patch == AIR_HU).all()
    assert (labels == BACKGROUND).all()


def test_flips_are_about_the_middle_of_the_patch_also_at_the_edge():
    hu, labels = volume()
    straight, straight_labels = cut(hu, labels, np.array([1.0, 20.0, 10.0]), (5, 6 + 1, 9), STRAIGHT)
    flipped, flipped_labels = cut(
        hu, labels, np.array([1.0, 20.0, 10.0]), (5, 7, 9), Placement(np.diag([-1.0, 1.0, -1.0]))
    )
    assert (flipped == straight[::-1, :, ::-1]).all()
    assert (flipped_labels == straight_labels[::-1, :, ::-1]).all()


def test_a_quarter_turn_moves_a_marked_voxel_where_it_must():
    # The voxel 3 further along i is what the turned patch shows at -3 along j.
    patch, labels = cut(*marked(23, 25, 15), np.array([20.0, 25.0, 15.0]), (11, 13, 5), Placement(QUARTER_TURN))
    assert np.argwhere(labels == 3).tolist() == [[5, 6 - 3, 2]]
    assert patch[5, 3, 2] == pytest.approx(500, abs=0.1)
    assert patch.sum() == pytest.approx(500, abs=1)


def test_a_turn_by_thirty_degrees_moves_image_and_labels_alike():
    # 8 voxels away at 30 degrees from i towards j: straight along i once the patch has turned so far.
    center = (20 + 8 * np.cos(np.radians(30)), 25 + 8 * np.sin(np.radians(30)), 15.0)
    patch, labels = cut(*ball(center, 4.0), np.array([20.0, 25.0, 15.0]), (29, 27, 13), Placement(turned(30)))
    expected = (14 + 8, 13, 6)
    assert ndimage.center_of_mass(patch) == pytest.approx(expected, abs=0.1)
    assert ndimage.center_of_mass(labels) == pytest.approx(expected, abs=0.1)
    assert ((patch > 100) != (labels == 3)).sum() < 0.1 * (labels == 3).sum()


def test_a_crop_of_twice_the_patch_shows_a_ball_half_as_large():
    patch, labels = cut(
        *ball((20.0, 25.0, 15.0), 8.0), np.array([20.0, 25.0, 15.0]), (15, 17, 13), Placement(2 * np.eye(3))
    )
    assert (labels == 3).sum() == pytest.approx(4 / 3 * np.pi * 4**3, rel=0.06)
    assert ndimage.center_of_mass(patch) == pytest.approx((7, 8, 6), abs=0.05)


def test_a_ramp_has_its_values_at_the_turned_scaled_and_bent_positions():
    i, j, k = np.indices(SHAPE)
    hu = (3 * i - 2 * j + 5 * k).astype(np.int16)
    rng = np.random.default_rng(0)
    elastic = rng.uniform(-1, 1, (9, 8, 7, 3)).astype(np.float32)
    placement = Placement(turned(25, "x") @ turned(-10, "y") * 1.2, elastic)
    center = np.array([19.3, 24.1, 15.7])
    patch, _ = cut(hu, np.zeros(SHAPE, np.uint8), center, (9, 8, 7), placement)
    for voxel in ((0, 0, 0), (8, 7, 6), (4, 2, 5)):
        offset = np.array(voxel) - (np.array((9, 8, 7)) - 1) / 2
        position = center + placement.matrix @ offset + elastic[voxel]
        assert patch[voxel] == pytest.approx(position @ (3, -2, 5), abs=0.01)


def test_nothing_is_black_where_the_volume_has_data():
    hu, labels = np.full(SHAPE, 100, np.int16), np.ones(SHAPE, np.uint8)
    placement = Placement(turned(30) @ turned(30, "x"))
    patch, patch_labels = cut(hu, labels, np.array([20.0, 25.0, 15.0]), (16, 20, 12), placement)
    assert patch.min() == pytest.approx(100, abs=1e-3)
    assert (patch_labels == 1).all()


def test_unknown_voxels_stay_unknown():
    hu, labels = np.zeros(SHAPE, np.int16), np.full(SHAPE, 255, np.uint8)
    _, patch = cut(hu, labels, np.array([20.2, 25.0, 15.0]), (9, 8, 7), Placement(turned(10)))
    assert (patch == 255).all()
