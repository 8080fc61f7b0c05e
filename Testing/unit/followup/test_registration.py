"""Livers laid over each other: known moves on every kind of grid, breathing, cut livers, and what does not fit."""

from __future__ import annotations

import numpy as np
import pytest
from followup_cases import GRIDS, STILL, Ball, Scan, moved

from LiverTumorSegLib.followup.livers import LiverShape, cut_faces
from LiverTumorSegLib.followup.registration import liver_of, register
from LiverTumorSegLib.followup.track_settings import RegistrationSettings
from LiverTumorSegLib.volume import Volume

FIRST = Scan([Ball.of(60, 2, 25, 14)])


@pytest.fixture(scope="module")
def first() -> LiverShape:
    return liver_of(FIRST.segmentation())


def points_inside(shape: LiverShape) -> np.ndarray:
    return shape.distance.ras_from_ijk(np.argwhere(shape.inside)[::50])


def errors_mm(found, scan: Scan, shape: LiverShape) -> np.ndarray:
    points = points_inside(shape)
    return np.linalg.norm(found.map.to_previous(points) - scan.own(points), axis=1)


@pytest.mark.parametrize(
    ("grid", "degrees"),
    list(zip(GRIDS, [(5.0, 0.0, 0.0), (8.0, -6.0, 7.0), (-12.0, 0.0, 0.0), (-8.0, 8.0, 8.0)], strict=True)),
)
def test_a_shift_of_30_mm_and_a_turn_are_found_on_any_grid(first, grid, degrees):
    scan = Scan(FIRST.lesions, moved((20.0, -15.0, 17.0), degrees), grid)
    shape = liver_of(scan.segmentation())
    found = register(shape, first)
    assert found.registration.is_usable
    assert found.registration.dice > 0.97
    assert errors_mm(found, scan, shape).mean() < 0.7
    assert errors_mm(found, scan, shape).max() < 2.0
    matrix = np.array(found.registration.previous_from_this)
    assert np.abs(matrix[:3, :3] @ scan.move[:3, :3] - np.eye(3)).max() < 0.05


def test_points_come_back_to_where_they_were(first):
    shape = liver_of(Scan((), moved((10.0, 5.0, -20.0), (4.0, 2.0, -6.0)), breath_mm=5.0).segmentation())
    found = register(shape, first)
    assert found.map.bending is not None
    points = points_inside(shape)
    assert np.abs(found.map.from_previous(found.map.to_previous(points)) - points).max() < 1e-3


def test_breathing_is_followed_by_bending_and_without_folding(first):
    scan = Scan((), moved((10.0, 5.0, -20.0), (4.0, 2.0, -6.0)), "oblique", breath_mm=5.0)
    shape = liver_of(scan.segmentation())
    found = register(shape, first)
    straight = register(shape, first, RegistrationSettings(stiffness=1e6))
    assert straight.map.bending is None
    assert errors_mm(found, scan, shape).mean() < 0.8 * errors_mm(straight, scan, shape).mean()
    assert found.registration.dice > straight.registration.dice + 0.01
    assert 0.5 <= found.registration.jacobian_low <= 1 <= found.registration.jacobian_high <= 2
    assert found.registration.is_usable


def test_the_change_of_volume_is_that_of_the_points_that_are_carried(first):
    shape = liver_of(Scan((), STILL, breath_mm=6.0).segmentation())
    found = register(shape, first).map
    center, step = shape.center_ras, 8.0
    axes = np.vstack([center + step * np.eye(3), center - step * np.eye(3)])
    ends = found.to_previous(axes)
    jacobian = np.linalg.det((ends[:3] - ends[3:]) / (2 * step))
    at = np.rint(shape.distance.ijk_from_ras(center[None])[0]).astype(int)
    assert found.bending.jacobian()[tuple(at)] * np.linalg.det(found.affine[:3, :3]) == pytest.approx(
        jacobian, abs=0.02
    )


@pytest.mark.parametrize("lower", [True, False])
def test_a_liver_that_is_cut_off_is_laid_where_it_belongs(first, lower):
    keep = (slice(None), slice(None), slice(44, None) if lower else slice(None, 58))
    scan = Scan((), moved((15.0, -10.0, 24.0), (6.0, -4.0, 8.0)), "left-handed", keep=keep)
    segmentation = scan.segmentation()
    assert cut_faces(segmentation) == ((2, 0 if lower else -1),)
    shape = liver_of(segmentation)
    for found, back in ((register(shape, first), False), (register(first, shape), True)):
        points = points_inside(shape)
        there = found.map.from_previous(points) if back else found.map.to_previous(points)
        assert np.linalg.norm(there - scan.own(points), axis=1).max() < 2.5
        assert found.registration.is_usable


def test_the_grey_values_and_the_tumors_do_not_matter(first):
    move = moved((10.0, 0.0, -12.0), (0.0, 5.0, 0.0))
    one = register(liver_of(Scan([Ball.of(60, 2, 25, 14)], move).segmentation()), first)
    other = register(liver_of(Scan([Ball.of(-40, 22, 24, 12)], move).segmentation()), first)
    assert one.registration == other.registration


def test_another_organ_is_not_usable(first):
    grid = Volume(np.zeros((80, 80, 60), np.uint8), np.diag([2.0, 2.0, 3.0, 1.0]))
    grid.array[10:70, 10:14, 5:55] = 1
    found = register(liver_of(grid), first)
    assert not found.registration.is_usable
    assert found.registration.dice < 0.9


def test_without_a_liver_nothing_is_moved(first):
    nothing = liver_of(Volume(np.zeros((4, 5, 6), np.uint8), np.eye(4)))
    assert nothing is None
    found = register(nothing, first)
    points = np.array([[1.0, 2.0, 3.0]])
    assert np.array_equal(found.map.to_previous(points), points)
    assert not found.registration.is_usable


def test_the_distance_to_the_surface_of_a_ball_is_known_on_an_oblique_grid():
    columns, _ = GRIDS["oblique"]
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = columns, (30.0, -20.0, 10.0)
    grid = Volume(np.zeros((60, 50, 44), np.uint8), affine)
    middle = grid.ras_from_ijk(np.array([[30, 25, 22]]))[0]
    away = np.linalg.norm(grid.ras_from_ijk(np.argwhere(np.ones(grid.shape, bool))) - middle, axis=1)
    shape = LiverShape.of(grid.with_array((away < 35).reshape(grid.shape).astype(np.uint8)), 4.0, 16.0)
    points = shape.distance.ras_from_ijk(np.argwhere(np.ones(shape.distance.shape, bool)))
    true = np.clip(35 - np.linalg.norm(points - middle, axis=1), -16, 16)
    near = np.abs(true) < 12
    assert np.abs(shape.distance.array.ravel() - true)[near].max() < 2.5
    assert abs((shape.distance.array.ravel() - true)[near].mean()) < 0.3
    assert np.linalg.norm(shape.center_ras - middle) < 0.5
    assert shape.known.all()
