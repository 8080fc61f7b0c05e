"""Diameters of bodies of known size: what the grid, its tilt and its storage order may and may not change."""

import itertools

import naive_diameters as naive
import numpy as np
import pytest
from phantoms import affine_of, body, box, dumbbell, ellipsoid, pipe, rotation, sphere, voxelize

from LiverTumorSegLib.geometry.affine import slice_axis, slice_normal
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.measure.axial import axial_diameters

IN_PLANE_MM = (0.6, 0.7, 0.8, 0.95)
SLICES_MM = (0.7, 1.25, 2.5, 5.0)
OFFSETS = 20
CONVEX = {
    # name: (shape for a turn in the plane, largest diameter in an axial plane, semi-axis along S), mm
    "sphere": (lambda _turn: sphere(11.0), 22.0, 11.0),
    "ellipsoid": (lambda turn: ellipsoid((15.0, 9.0, 10.0), turn), 30.0, 10.0),
}


def measured(mask):
    cropped = mask.crop(bounding_box(mask.array))
    return axial_diameters(cropped, slice_axis(mask.affine))


def lowest_error_mm(diameter_mm, semi_axis_mm, spacing_mm, slice_mm):
    """docs/conventions.md: the widest plane may lie half a slice away, and edge midpoints cut the outline."""
    cap = 1 - np.sqrt(1 - (slice_mm / (2 * semi_axis_mm)) ** 2)
    return -diameter_mm * cap - 1.3 * spacing_mm


@pytest.mark.parametrize("name", CONVEX)
@pytest.mark.parametrize("slice_mm", SLICES_MM)
@pytest.mark.parametrize("spacing_mm", IN_PLANE_MM)
def test_a_convex_lesion_is_within_the_error_bound_at_20_sub_voxel_offsets(spacing_mm, slice_mm, name):
    make, diameter_mm, semi_axis_mm = CONVEX[name]
    random = np.random.default_rng(int(1000 * spacing_mm + 10 * slice_mm))
    errors = []
    for offset in random.uniform(-0.5, 0.5, (OFFSETS, 3)):
        turn = rotation(random.uniform(0, 180), axis=2)
        mask = body(make(turn), diameter_mm / 2, affine_of((-spacing_mm, spacing_mm, slice_mm)), offset)
        errors.append(measured(mask).long_axis_mm - diameter_mm)
    low = lowest_error_mm(diameter_mm, semi_axis_mm, spacing_mm, slice_mm)
    text = f"mean {np.mean(errors):+.2f}, worst {min(errors):+.2f} and {max(errors):+.2f} mm, bound {low:+.2f}"
    assert min(errors) >= low, text
    assert max(errors) <= spacing_mm, text


def grids():
    tilt = rotation(17.0, 0) @ rotation(11.0, 1) @ rotation(30.0, 2)
    gantry = {(1, 2): 0.9}
    return {
        "oblique": affine_of((0.7, 0.8, 1.5), turn=tilt),
        "gantry tilt (slices shifted against each other)": affine_of((-0.7, 0.7, 2.0), shear=gantry),
        "sheared in the plane": affine_of((0.7, 0.8, 1.5), shear={(0, 1): 0.3}),
        "oblique and sheared": tilt @ np.eye(3) @ affine_of((0.7, 0.8, 1.5), shear={(1, 2): 0.5, (0, 1): 0.2})[:3, :3],
    }


@pytest.mark.parametrize("name", grids())
def test_a_sphere_has_its_diameter_on_oblique_and_sheared_grids(name):
    linear = np.eye(4)
    linear[:3, :3] = grids()[name][:3, :3]
    center = np.array([7.0, -11.0, 23.0])
    axis = slice_axis(linear)
    in_plane = [linear[:3, a] for a in range(3) if a != axis]
    pixel_mm = max(np.linalg.norm(step) for step in (*in_plane, in_plane[0] + in_plane[1]))
    for offset in itertools.product((0.0, 0.31), repeat=3):
        result = measured(body(sphere(12.0), 12.0, linear, offset, center))
        low = lowest_error_mm(24.0, 12.0, pixel_mm, 1.6)
        assert low <= result.long_axis_mm - 24.0 <= pixel_mm
        assert low <= result.short_axis_mm - 24.0 <= pixel_mm
        ends = np.vstack([result.long_axis_ras, result.short_axis_ras])
        assert np.abs(np.linalg.norm(ends - center, axis=1) - 12.0).max() < 1.6
        long, short = np.diff(result.long_axis_ras, axis=0)[0], np.diff(result.short_axis_ras, axis=0)[0]
        assert np.linalg.norm(long) == pytest.approx(result.long_axis_mm, abs=1e-9)
        assert np.linalg.norm(short) == pytest.approx(result.short_axis_mm, abs=1e-9)
        assert abs(long @ short) <= 0.01 * np.linalg.norm(long) * np.linalg.norm(short)
        normal = slice_normal(linear, axis)
        assert np.ptp(ends @ normal) < 1e-9


def test_in_plane_axes_at_60_degrees_are_not_taken_for_a_right_angle():
    linear = affine_of((1.0, 1.0, 2.0))
    linear[:3, 1] = [0.5, np.sqrt(0.75), 0.0]
    rhomb = np.zeros((13, 13, 3), bool)
    rhomb[1:12, 1:12, 1] = True
    result = measured(voxelize((13, 13, 3), linear, lambda _ras: rhomb.ravel()))
    first, second = linear[:3, 0], linear[:3, 1]
    expected = max(np.linalg.norm(11 * first + 10 * second), np.linalg.norm(10 * first + 11 * second))
    assert result.long_axis_mm == pytest.approx(expected)
    assert result.long_axis_mm > 1.1 * 10 * np.sqrt(2)


def test_a_box_has_the_diagonal_of_its_outline_by_hand():
    mask = body(box((40.0, 20.0, 10.0)), 26.0, affine_of((0.8, 1.0, 2.5)), center_ras=(0.1, 0.2, 0.3))
    result = measured(mask)
    assert mask.array.sum() == 50 * 20 * 4
    # 50 x 20 pixels; the outline cuts their corners: the farthest edge midpoints are 50 and 19 pixels apart.
    diagonal = np.hypot(50 * 0.8, 19 * 1.0)
    assert result.long_axis_mm == pytest.approx(diagonal, abs=1e-9)
    # The chord across has the height of the box along A.
    assert result.short_axis_mm == pytest.approx(20.0 * diagonal / 40.0, abs=1e-9)


def test_of_equal_slices_the_lowest_in_the_patient_is_taken():
    for direction in (1, -1):
        mask = body(box((12.0, 8.0, 9.0)), 9.0, affine_of((0.5, 0.5, 1.5 * direction)))
        result = measured(mask)
        heights = mask.ras_from_ijk(np.argwhere(mask.array))[:, 2]
        assert result.long_axis_ras[:, 2] == pytest.approx([heights.min()] * 2)


@pytest.mark.parametrize("degrees", [0, 15, 30, 45, 70])
def test_a_turned_box_keeps_its_diagonal(degrees):
    turn = rotation(degrees, axis=2)
    result = measured(body(box((30.0, 12.0, 10.0), turn), 18.0, affine_of((0.7, 0.7, 1.0)), (0.2, 0.4, 0.1)))
    assert -1.3 * 0.7 <= result.long_axis_mm - np.hypot(30, 12) <= 0.7


def test_a_c_is_measured_inside_and_not_across_its_mouth():
    spacing = 0.7
    result = measured(body(pipe(20.0, 12.0, 9.0, open_degrees=90.0), 21.0, affine_of((spacing, spacing, 3.0))))
    # The longest chord of a ring touches the inner circle; the slack (1 pixel from a centre) lets it cut in a little.
    shortest, longest = 2 * np.sqrt(20.0**2 - 12.0**2), 2 * np.sqrt(20.0**2 - (12.0 - 1.5 * spacing) ** 2)
    assert shortest - 1.3 * spacing <= result.long_axis_mm <= longest + spacing
    assert result.feret_mm == pytest.approx(40.0, abs=1.3 * spacing)


def test_the_hole_of_a_ring_is_filled():
    grid = affine_of((0.7, 0.7, 3.0))
    ring = measured(body(pipe(20.0, 12.0, 9.0), 21.0, grid))
    disc = measured(body(pipe(20.0, 0.0, 9.0), 21.0, grid))
    assert ring.long_axis_mm == disc.long_axis_mm == ring.feret_mm
    assert ring.short_axis_mm == disc.short_axis_mm


def test_a_dumbbell_is_as_long_as_both_balls_and_as_wide_as_one():
    result = measured(body(dumbbell(8.0, 40.0, 3.0), 29.0, affine_of((0.7, 0.7, 1.0))))
    assert result.long_axis_mm == pytest.approx(56.0, abs=1.3 * 0.7)
    assert result.short_axis_mm == pytest.approx(16.0, abs=1.3 * 0.7)


def test_two_balls_that_meet_in_no_slice_piece_are_not_measured_across_the_gap():
    mask = body(dumbbell(8.0, 40.0, 1.5), 29.0, affine_of((0.7, 0.7, 2.0)))
    bar = np.abs(mask.ras_from_ijk(np.argwhere(mask.array))[:, 0] - 7.0) < 6.0
    array = mask.array.copy()
    array[tuple(np.argwhere(mask.array)[bar].T)] = False
    assert measured(mask.with_array(array)).feret_mm < 25.0


def test_a_single_voxel_is_as_long_as_its_larger_in_plane_side():
    mask = voxelize((5, 5, 5), affine_of((0.6, 0.9, 3.0)), lambda _ras: np.arange(125) == 62)
    result = measured(mask)
    assert result.long_axis_mm == pytest.approx(0.9)
    assert result.short_axis_mm == pytest.approx(0.6)


def test_an_empty_lesion_has_no_diameter():
    mask = voxelize((3, 4, 5), affine_of((1.0, 1.0, 1.0)), lambda ras: np.zeros(len(ras), bool))
    with pytest.raises(ValueError, match="empty lesion"):
        axial_diameters(mask, 2)


@pytest.mark.parametrize("seed", range(4))
def test_the_lesion_takes_the_longest_of_a_naive_search_over_all_its_slices(seed):
    random = np.random.default_rng(seed)
    blobs = [sphere(random.uniform(2, 4), random.uniform(-4, 4, 3)) for _ in range(4)]
    linear = affine_of((0.8, 1.0, 2.5), turn=rotation(12.0, 0) @ rotation(25.0, 2))
    mask = body(lambda p: np.any([blob(p) for blob in blobs], axis=0), 9.0, linear)
    expected = 0.0
    for k in np.flatnonzero(mask.array.any(axis=(0, 1))):
        for part in naive_parts(mask.array[:, :, k]):
            expected = max(expected, naive.long_axis(part, linear[:3, :2].T)[0])
    assert measured(mask).long_axis_mm == pytest.approx(expected, abs=1e-9)


def naive_parts(plane):
    """8-connected parts by flooding."""
    left = {tuple(p) for p in np.argwhere(plane)}
    while left:
        part, front = np.zeros_like(plane), [left.pop()]
        while front:
            a, b = front.pop()
            part[a, b] = True
            near = {(a + da, b + db) for da in (-1, 0, 1) for db in (-1, 0, 1)} & left
            left -= near
            front += near
        yield part
