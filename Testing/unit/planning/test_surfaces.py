"""Sides of planes and curved sheets, against their equations."""

from __future__ import annotations

import numpy as np
import pytest
from phantoms import rotation
from refusals import refused
from scipy.interpolate import RBFInterpolator

from LiverTumorSegLib.planning.surfaces import CurvedSurface, Plane

TURN = rotation(35, 0) @ rotation(-20, 1) @ rotation(50, 2)
CENTER = np.array([-40.0, 25.0, 310.0])


def bowl(flat: np.ndarray) -> np.ndarray:
    return (flat[:, 0] ** 2 - 0.5 * flat[:, 1] ** 2) / 160 + 0.1 * flat[:, 0]


def sheet(
    step_mm: float = 18.0, reach_mm: float = 30.0, noise_mm: float = 0.0, smoothing: float = 0.0
) -> CurvedSurface:
    ticks = np.arange(-54, 54.1, step_mm)
    flat = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    heights = bowl(flat) + np.random.default_rng(3).normal(scale=noise_mm, size=len(flat))
    points = np.column_stack([flat, heights]) @ TURN.T + CENTER
    return CurvedSurface(tuple(tuple(map(float, point)) for point in points), smoothing, reach_mm)


def cloud(n: int = 20_000) -> np.ndarray:
    """Points about the sheet, in its own frame."""
    return np.random.default_rng(1).uniform((-54, -54, -40), (54, 54, 40), size=(n, 3))


def test_a_plane_has_its_points_and_what_its_normal_shows_to_on_one_side():
    plane = Plane((10.0, 0.0, 5.0), (0.0, 3.0, 4.0))
    points = np.array([[10.0, 0.0, 5.0], [99.0, 4.0, 2.0], [99.0, 4.0, 1.9], [0.0, 5.0, 5.0], [0.0, 0.0, 0.0]])
    np.testing.assert_array_equal(plane.is_along(points), [True, True, False, True, False])
    np.testing.assert_allclose(plane.height_mm(points), [0, 0, -0.08, 3.0, -4.0], atol=1e-12)


def test_a_plane_needs_a_normal():
    with refused("normal (0.0, 0.0, 0.0)"):
        Plane((1.0, 2.0, 3.0), (0.0, 0.0, 0.0))


def test_a_curved_sheet_has_the_sides_of_its_equation_however_it_lies_in_the_patient():
    own = cloud()
    height = own[:, 2] - bowl(own[:, :2])
    along = sheet().is_along(own @ TURN.T + CENTER)
    towards = np.sign(TURN[:, 2] @ np.array(sheet().normal_ras))
    clear = np.abs(height) > 0.8
    np.testing.assert_array_equal(along[clear], (height * towards > 0)[clear])
    assert clear.mean() > 0.95


def test_the_sheet_between_its_grid_points_is_the_spline_itself():
    surface = sheet()
    points = cloud() @ TURN.T + CENTER
    known, placed = surface._in_plane(np.array(surface.points_ras)), surface._in_plane(points)
    exact = placed[:, 2] - RBFInterpolator(known[:, :2], known[:, 2], kernel="thin_plate_spline")(placed[:, :2])
    wrong = surface.is_along(points) != (exact >= 0)
    assert np.abs(exact[wrong]).max(initial=0.0) < 0.05


def test_smoothing_evens_out_an_unsteady_hand():
    own = cloud()
    points = own @ TURN.T + CENTER

    def wrong(surface: CurvedSurface) -> int:
        towards = np.sign(TURN[:, 2] @ np.array(surface.normal_ras))
        return int((surface.is_along(points) != ((own[:, 2] - bowl(own[:, :2])) * towards >= 0)).sum())

    assert wrong(sheet(noise_mm=3.0, smoothing=300.0)) < 0.8 * wrong(sheet(noise_mm=3.0))


def test_the_normal_shows_along_its_largest_axis():
    for turn in (np.eye(3), rotation(180, 0), TURN):
        flat = np.array([[-20.0, -20, 0], [20, -20, 0], [20, 20, 0], [-20, 20, 0], [0, 0, 0]]) @ turn.T
        normal = CurvedSurface(tuple(tuple(map(float, point)) for point in flat)).normal_ras
        assert max(normal, key=abs) > 0
        assert np.abs(np.array(normal) @ turn[:, 2]) == pytest.approx(1)


def test_a_sheet_ends_at_its_reach_beyond_the_outline_of_its_points():
    square = ((-20.0, -20.0, 0.0), (20.0, -20.0, 0.0), (20.0, 20.0, 0.0), (-20.0, 20.0, 0.0), (0.0, 0.0, 0.0))
    surface = CurvedSurface(square, reach_mm=10.0)
    assert surface.beyond_mm(np.array([[29.0, 0.0, 0.0], [0.0, -30.0, 50.0]])) == 0
    assert surface.beyond_mm(np.array([[29.0, 0.0, 0.0], [0.0, -37.0, 50.0]])) == pytest.approx(7)
    assert surface.beyond_mm(np.zeros((0, 3))) == 0
    assert surface.is_along(np.zeros((0, 3))).shape == (0,)


def test_points_that_span_no_sheet_are_refused():
    corners = ((0.0, 0.0, 0.0), (30.0, 0.0, 1.0), (0.0, 30.0, 2.0), (30.0, 30.0, 0.0))
    with refused("3 points", "at least 4"):
        CurvedSurface(corners[:3])
    with refused("points in one line"):
        CurvedSurface(tuple((float(n), 2.0 * n, 0.0) for n in range(0, 60, 10)))
    with refused("two points above one another"):
        CurvedSurface((*corners, (0.0, 0.2, 0.0)))
    with refused("4 points for a curved surface"):
        CurvedSurface((*corners[:3], (0.0, float("nan"), 0.0)))
    with refused("smoothing of -1"):
        CurvedSurface(corners, smoothing=-1.0)
