"""The same patient with the array's axes in another order: every voxel stays where it is."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from LiverTumorSegLib.geometry.axes import along_ras, axes_of, reoriented
from LiverTumorSegLib.volume import Volume

ALL_48 = [
    "".join(letters) for order in itertools.permutations(("LR", "PA", "IS")) for letters in itertools.product(*order)
]


def oblique(degrees: float = 17) -> Volume:
    """Stored as i to the left, j to the front, k to the head, turned about the S and the R axis."""
    a = np.deg2rad(degrees)
    about_s = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_r = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    affine = np.eye(4)
    affine[:3, :3] = about_s @ about_r @ np.diag([-0.7, 0.9, 2.5])
    affine[:3, 3] = [31.0, -12.0, 250.0]
    return Volume(np.arange(4 * 5 * 6, dtype=np.int16).reshape(4, 5, 6), affine)


def test_the_axes_of_an_oblique_grid_are_the_nearest_ones_of_the_patient():
    assert axes_of(oblique().affine) == "LAS"
    assert axes_of(np.eye(4)) == "RAS"


@pytest.mark.parametrize("axes", ALL_48)
def test_every_voxel_stays_where_it_is_in_each_of_the_48_orders(axes):
    volume = oblique()
    moved = reoriented(volume, axes)
    assert axes_of(moved.affine) == axes
    assert np.linalg.det(moved.affine[:3, :3]) == pytest.approx(
        np.linalg.det(volume.affine[:3, :3]) * (1 if _is_right_handed(axes) else -1) * -1
    )
    for ijk in np.argwhere(np.ones(moved.shape)):
        there = volume.ijk_from_ras(moved.ras_from_ijk(ijk[None]))[0]
        np.testing.assert_allclose(there, np.rint(there), atol=1e-9)
        assert moved.array[tuple(ijk)] == volume.array[tuple(np.rint(there).astype(int))]
    back = reoriented(moved, axes_of(volume.affine))
    assert back.same_grid(volume, 1e-9)
    assert np.array_equal(back.array, volume.array)


def _is_right_handed(axes: str) -> bool:
    directions = {"R": 1, "L": -1, "A": 2, "P": -2, "S": 3, "I": -3}
    matrix = np.zeros((3, 3))
    for column, letter in enumerate(axes):
        row = directions[letter]
        matrix[abs(row) - 1, column] = np.sign(row)
    return np.linalg.det(matrix) > 0


def test_lengths_along_the_axes_are_sorted_to_the_patients():
    assert along_ras((0.8, 0.7, 3.0), "PLI") == (0.7, 0.8, 3.0)
    assert along_ras((0.8, 0.7, 3.0), "RAS") == (0.8, 0.7, 3.0)


@pytest.mark.parametrize("axes", ["", "RA", "RRS", "RLS", "XAS", "RASI"])
def test_letters_that_name_no_frame_are_refused(axes):
    with pytest.raises(ValueError, match="three letters"):
        reoriented(oblique(), axes)
