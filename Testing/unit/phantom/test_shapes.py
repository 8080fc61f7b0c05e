"""The implicit shapes against volumes and distances known by hand."""

import numpy as np
import pytest

from LiverTumorSegLib.phantom.shapes import (
    Positions,
    capsule,
    ellipsoid,
    index_box,
    occupancy,
    positions,
    smooth_union,
    superellipse,
)


def oblique_affine():
    turn = np.radians(20)
    affine = np.eye(4)
    affine[:3, :3] = np.array(
        [[1, 0, 0], [0, np.cos(turn), -np.sin(turn)], [0, np.sin(turn), np.cos(turn)]]
    ) * np.array([0.7, 0.9, 1.3])
    affine[:3, 3] = [-31, -28, -33]
    return affine


def points(*xyz):
    return Positions(*np.array(xyz, dtype=np.float32).T)


def test_positions_of_an_oblique_grid_are_those_of_its_affine():
    affine = oblique_affine()
    p = positions(affine, (slice(3, 7), slice(2, 4), slice(1, 6)))
    assert np.broadcast(p.x, p.y, p.z).shape == (4, 2, 5)
    expected = affine @ [5, 3, 4, 1]
    block = [np.broadcast_to(c, (4, 2, 5))[2, 1, 3] for c in (p.x, p.y, p.z)]
    np.testing.assert_allclose(block, expected[:3], atol=1e-4)


def test_voxels_inside_an_ellipsoid_add_up_to_its_volume_on_an_oblique_grid():
    affine = oblique_affine()
    inside = (
        ellipsoid(positions(affine, (slice(0, 95), slice(0, 80), slice(0, 60))), (1.3, -0.7, 0.4), (17.0, 12.0, 9.0))
        < 0
    )
    assert inside.sum() * abs(np.linalg.det(affine[:3, :3])) == pytest.approx(4 / 3 * np.pi * 17 * 12 * 9, rel=0.01)


def test_the_centre_of_an_ellipsoid_is_inside_it():
    assert ellipsoid(points((1, 2, 3)), (1.0, 2.0, 3.0), (5.0, 6.0, 7.0))[0] < -1


def test_near_its_surface_an_ellipsoid_tells_the_distance_in_mm():
    on_axes = points((11.5, 0, 0), (0, 19, 0), (0, 0, 6))
    np.testing.assert_allclose(ellipsoid(on_axes, (0.0, 0.0, 0.0), (10.0, 20.0, 5.0)), [1.5, -1, 1], atol=0.2)


def test_a_superellipse_of_exponent_two_is_a_circle():
    u = np.array([0, 3, 6], dtype=np.float32)
    v = np.array([5, 4, 8], dtype=np.float32)
    np.testing.assert_allclose(superellipse(u, v, (5.0, 5.0), 2.0), [0, 0, 5], atol=0.02)


def test_a_capsule_is_as_thick_as_its_radius_at_either_end():
    p = points((0, 3, 0), (20, 3, 0), (-4, 0, 0), (23, 0, 0))
    np.testing.assert_allclose(capsule(p, (0.0, 0.0, 0.0), (20.0, 0.0, 0.0), 2.0, 1.0), [1, 2, 2, 2], atol=1e-5)


def test_a_smooth_union_adds_nothing_where_the_shapes_are_far_apart():
    a, b = np.array([-1.0, 5.0], np.float32), np.array([9.0, -2.0], np.float32)
    np.testing.assert_array_equal(smooth_union([a, b], 4.0), [-1, -2])


def test_a_surface_through_a_voxel_centre_fills_half_of_it():
    np.testing.assert_allclose(occupancy(np.array([-2.0, 0.0, 0.25, 2.0]), 1.0), [1, 0.5, 0.25, 0])


def test_the_index_box_holds_all_voxels_of_a_box_in_space_and_no_far_ones():
    affine, shape = oblique_affine(), (95, 80, 60)
    low, high = np.array([-10.0, -4.0, 2.0]), np.array([3.0, 9.0, 8.0])
    box = index_box(affine, shape, low, high)
    p = positions(affine, tuple(slice(0, n) for n in shape))
    inside = np.ones(shape, bool)
    for c, a, b in zip((p.x, p.y, p.z), low, high, strict=True):
        inside &= (c >= a) & (c <= b)
    outside_box = inside.copy()
    outside_box[box] = False
    assert inside.any()
    assert not outside_box.any()
    assert np.prod([s.stop - s.start for s in box]) < 8 * inside.sum()


def test_a_box_beside_the_grid_has_no_voxels():
    box = index_box(oblique_affine(), (95, 80, 60), np.array([500.0, 0, 0]), np.array([510.0, 5, 5]))
    assert any(s.stop == s.start for s in box)
