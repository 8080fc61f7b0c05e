"""Distances of points to a mask: to the faces of its voxels, on any grid."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import affine_of, rotation

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.planning.surface_distance import distances_to
from LiverTumorSegLib.volume import Volume

SPACING_MM = (0.8, 1.1, 2.5)
BOX = (slice(6, 12), slice(5, 15), slice(4, 7))


def block(turn: np.ndarray | None = None, mirrored: bool = False) -> Volume:
    mask = np.zeros((30, 28, 16), bool)
    mask[BOX] = True
    turned = rotation(20, 1) if turn is None else turn
    if mirrored:
        turned = turned @ np.diag([1.0, -1.0, 1.0])
    return Volume(mask, affine_of(SPACING_MM, (10.0, -20.0, 30.0), turned))


@pytest.mark.parametrize("mirrored", [False, True], ids=["right-handed", "left-handed"])
@pytest.mark.parametrize(
    ("from_low_corner_mm", "expected_mm"),
    [
        ((-4.0, 3.0, 3.0), 4.0),  # before a face
        ((6 * 0.8 + 3.0, 11.0 + 4.0, 3.0), 5.0),  # beside an edge: 3, 4, 5
        ((-2.0, -3.0, -6.0), 7.0),  # beyond a corner: 2, 3, 6, 7
        ((2.0, 5.0, 3.0), 0.0),  # inside
        ((0.0, 5.0, 3.0), 0.0),  # on a face
    ],
)
def test_distances_to_a_block_are_those_to_its_faces_edges_and_corners(mirrored, from_low_corner_mm, expected_mm):
    structure = block(mirrored=mirrored)
    corner_ijk = np.array([side.start - 0.5 for side in BOX])
    point_ijk = corner_ijk + np.array(from_low_corner_mm) / SPACING_MM
    assert distances_to(structure, structure.ras_from_ijk(point_ijk[np.newaxis])) == pytest.approx(
        expected_mm, abs=1e-6
    )


def test_distances_to_a_ragged_mask_are_those_of_the_naive_way():
    rng = np.random.default_rng(4)
    structure = block().with_array(rng.random((30, 28, 16)) < 0.02)
    points_ijk = rng.uniform(-5, 35, (200, 3))
    away = np.maximum(np.abs(points_ijk[:, np.newaxis] - np.argwhere(structure.array)) - 0.5, 0) * SPACING_MM
    expected = np.linalg.norm(away, axis=2).min(axis=1)
    found = distances_to(structure, structure.ras_from_ijk(points_ijk))
    assert np.abs(found - expected).max() < 0.2
    assert np.mean(np.abs(found - expected) < 1e-6) > 0.95


def test_no_points_have_no_distances_and_an_empty_mask_is_refused():
    assert distances_to(block(), np.zeros((0, 3))).shape == (0,)
    with pytest.raises(InputError, match="empty mask"):
        distances_to(block().with_array(np.zeros((30, 28, 16), bool)), np.zeros((1, 3)))
