"""The known map between a visit and the anatomy at rest: inverse, volume change and bounds, at points and on grids."""

import numpy as np
import pytest

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.phantom.breathing import DOME_RAS, Breathing
from LiverTumorSegLib.phantom.motion import Motion
from LiverTumorSegLib.phantom.shapes import Positions, positions

MOTION = Motion((12.0, -21.0, 17.0), (4.0, -6.0, 6.5), Breathing((0.0, 4.0, -12.0)))


@pytest.fixture(scope="module")
def points():
    return np.random.Generator(np.random.PCG64(3)).uniform([-100, -92, -125], [138, 95, 92], (500, 3))


def test_there_and_back_is_where_it_was(points):
    back = MOTION.anatomy_from_visit(MOTION.visit_from_anatomy(points))
    np.testing.assert_allclose(back, points, atol=1e-9)


def test_without_breath_distances_stay_and_the_origin_goes_to_the_shift(points):
    rigid = Motion(MOTION.shift_ras_mm, MOTION.turn_deg)
    moved = rigid.visit_from_anatomy(points)
    np.testing.assert_allclose(rigid.visit_from_anatomy(np.zeros((1, 3)))[0], (12, -21, 17), atol=1e-12)
    np.testing.assert_allclose(
        np.linalg.norm(moved[1:] - moved[:-1], axis=1), np.linalg.norm(points[1:] - points[:-1], axis=1), atol=1e-9
    )


def test_a_turn_about_s_by_90_degrees_takes_right_to_front():
    turned = Motion(turn_deg=(0.0, 0.0, 90.0)).visit_from_anatomy(np.array([[10.0, 0.0, 3.0]]))
    np.testing.assert_allclose(turned, [[0, 10, 3]], atol=1e-12)


def test_the_dome_moves_by_the_whole_push_and_the_tip_of_the_right_lobe_hardly():
    breath = Breathing((0.0, 3.0, -12.0))
    dome_then = DOME_RAS - (0, 3, -12)
    np.testing.assert_allclose(breath.points_after(dome_then[None])[0], DOME_RAS, atol=1e-9)
    tip = np.array([[100.0, -10.0, -100.0]])
    assert np.linalg.norm(breath.points_after(tip) - tip) < 0.8


def test_the_jacobian_is_that_of_finite_differences(points):
    step, jacobian = 1e-4, MOTION.jacobian(points)
    for axis in range(3):
        by = np.eye(3)[axis] * step
        slope = (MOTION.anatomy_from_visit(points + by) - MOTION.anatomy_from_visit(points - by)) / (2 * step)
        np.testing.assert_allclose(jacobian[:, :, axis], slope, atol=1e-7)
    assert 0.85 < np.linalg.det(jacobian).min() < 0.95 < 1.02 < np.linalg.det(jacobian).max() < 1.15


def test_positions_of_an_oblique_anisotropic_grid_are_those_of_the_points():
    affine = np.eye(4)
    affine[:3, :3] = [[-0.8, 0.1, 0.3], [0.05, -0.7, 0.9], [0.02, 0.2, 3.1]]
    affine[:3, 3] = [60, 20, -40]
    box = (slice(2, 9), slice(1, 5), slice(3, 30))
    found = MOTION.breathing.before(positions(MOTION.body_from_visit @ affine, box))
    found = np.stack(np.broadcast_arrays(found.x, found.y, found.z), axis=-1).reshape(-1, 3)
    ijk = np.stack(np.meshgrid(*[np.arange(s.start, s.stop) for s in box], indexing="ij"), axis=-1).reshape(-1, 3)
    np.testing.assert_allclose(found, MOTION.anatomy_from_visit(ijk @ affine[:3, :3].T + affine[:3, 3]), atol=1e-4)


@pytest.mark.parametrize("push", [(0.0, 4.0, -12.0), (3.0, 0.0, 20.0)])
def test_a_box_after_the_breath_holds_all_of_its_points_and_is_not_much_larger(points, push):
    breath = Breathing(push)
    low, high = points - 8, points + 8
    low_after, high_after = breath.box_after(low, high)
    corners = [np.where(np.array(which), high, low) for which in np.ndindex(2, 2, 2)]
    for corner in corners:
        after = breath.points_after(corner)
        assert (after >= low_after - 1e-6).all()
        assert (after <= high_after + 1e-6).all()
    assert (high_after - low_after).max() < 16 + 0.3 * np.linalg.norm(push)


def test_at_rest_nothing_is_computed_anew():
    p = Positions(*np.zeros((3, 2, 2, 2), np.float32))
    assert Breathing().before(p) is p


def test_a_breath_that_would_fold_the_liver_is_refused():
    with pytest.raises(InputError, match="Breathe less deeply"):
        Breathing((0.0, 0.0, 40.0))
