"""Tubes whose centrelines are known, on anisotropic oblique grids."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import affine_of, centered, rotation, voxelize

from LiverTumorSegLib.planning.centreline import centreline

TURN = rotation(25, 0) @ rotation(15, 2)


def tube(inside, slice_mm: float, size_mm=(84.0, 70.0, 76.0)):
    spacing = (0.7, 0.9, slice_mm)
    shape = tuple(round(size / step) for size, step in zip(size_mm, spacing, strict=True))
    affine = centered(affine_of(spacing, turn=TURN), shape, (3.0, -5.0, 11.0))
    return voxelize(shape, affine, lambda ras: inside(ras - np.array([3.0, -5.0, 11.0])))


@pytest.mark.parametrize("slice_mm", [0.7, 1.6, 3.0])
@pytest.mark.parametrize("along", [(0.0, 0.0, 1.0), (1.0, 0.4, 0.2), (-0.3, 0.8, 0.9)])
def test_the_centreline_of_a_cylinder_is_its_axis(along, slice_mm):
    axis = np.array(along) / np.linalg.norm(along)
    vessel = tube(lambda p: (np.linalg.norm(np.cross(p, axis), axis=1) <= 4) & (np.abs(p @ axis) <= 27), slice_mm)
    (path,) = centreline(vessel)
    away = path.points_ras - np.array([3.0, -5.0, 11.0])
    assert np.linalg.norm(np.cross(away, axis), axis=1).max() < 0.5 + 0.1 * slice_mm
    assert np.degrees(np.arccos(np.abs(path.tangents @ axis).min())) < 6
    assert np.ptp(away @ axis) == pytest.approx(54 - 2 * 4, abs=8)
    np.testing.assert_allclose(np.linalg.norm(path.tangents, axis=1), 1)


@pytest.mark.parametrize("slice_mm", [0.7, 1.6, 3.0])
def test_a_bend_is_as_long_as_its_arc_and_is_not_cut_short(slice_mm):
    def bend(p: np.ndarray) -> np.ndarray:
        ring = np.hypot(np.hypot(p[:, 0], p[:, 1]) - 25, p[:, 2]) <= 4
        return ring & (p[:, 0] > -p[:, 1])

    (path,) = centreline(tube(bend, slice_mm))
    away = path.points_ras - np.array([3.0, -5.0, 11.0])
    assert np.abs(np.hypot(away[:, 0], away[:, 1]) - 25).max() < 1.2
    angles = np.unwrap(np.arctan2(away[:, 1], away[:, 0]))
    assert path.length_mm == pytest.approx(25 * np.ptp(angles), rel=0.03)
    assert np.ptp(angles) > np.radians(150)


def test_a_fork_has_a_trunk_and_a_branch_that_leaves_it():
    arm = np.array([0.0, np.sin(np.radians(50)), np.cos(np.radians(50))])

    def fork(p: np.ndarray) -> np.ndarray:
        straight = (np.hypot(p[:, 0], p[:, 1]) <= 4) & (np.abs(p[:, 2]) <= 34)
        side = (np.linalg.norm(np.cross(p, arm), axis=1) <= 3) & (p @ arm > 0) & (p @ arm < 24)
        return straight | side

    first, second = centreline(tube(fork, 1.6))
    assert np.abs(first.tangents[:, 2]).min() > 0.97
    assert second.is_branch
    assert np.abs(second.tangents @ arm)[: len(second.tangents) // 2].min() > 0.96
    assert 10 < second.length_mm < 20


def test_pieces_have_centrelines_of_their_own_and_a_single_voxel_is_a_point():
    vessel = tube(lambda p: (np.hypot(p[:, 0], p[:, 1]) <= 3) & (np.abs(np.abs(p[:, 2]) - 14) < 9), 1.6)
    vessel.array[1, 1, 1] = True
    paths = sorted(centreline(vessel), key=lambda path: path.length_mm)
    assert [path.is_branch for path in paths] == [False, False, False]
    np.testing.assert_allclose(paths[0].points_ras[0], vessel.ras_from_ijk(np.array([[1, 1, 1]]))[0], atol=1e-6)
    assert centreline(vessel.with_array(np.zeros(vessel.shape, bool))) == ()


def test_a_piece_too_short_for_a_path_still_has_its_middle_and_its_direction():
    axis = np.array([0.6, 0.0, 0.8])

    def stub(p: np.ndarray) -> np.ndarray:
        along = p @ axis
        return (along / 7) ** 2 + ((p**2).sum(axis=1) - along**2) / 4**2 <= 1

    (path,) = centreline(tube(stub, 1.6))
    assert len(path.points_ras) == 1
    np.testing.assert_allclose(path.points_ras[0], [3.0, -5.0, 11.0], atol=0.3)
    assert np.abs(path.tangents[0] @ axis) > 0.98
