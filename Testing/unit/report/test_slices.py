"""Pictures show the voxels that lie there, the right way round, on any grid."""

from __future__ import annotations

import numpy as np
import pytest
from report_cases import BODY, GRIDS, LIVER, SHAPES, TUMOR, affine_around_origin, box_case, centers_ras, inside, turn

from LiverTumorSegLib.report.slices import (
    AIR_HU,
    AXIAL,
    CORONAL,
    SAGITTAL,
    PictureGrid,
    acquisition_plane,
    as_vector,
    direction_letters,
    fitted_grid,
    sample_hu,
    sample_labels,
    tilt_degrees,
)
from LiverTumorSegLib.volume import Volume

PLANES = (AXIAL, CORONAL, SAGITTAL)
VOXEL_MM = 3.0
every_grid = pytest.mark.parametrize("name", GRIDS)
every_plane = pytest.mark.parametrize("plane", PLANES, ids=lambda plane: plane.name)


def positions_ras(grid):
    """(h, w, 3): every pixel's place, written out from the definition."""
    width, height = grid.size_px
    right, down = np.array(grid.plane.right_ras), np.array(grid.plane.down_ras)
    return np.array(
        [
            [np.array(grid.origin_ras) + grid.pixel_mm * (x * right + y * down) for x in range(width)]
            for y in range(height)
        ]
    )


@every_grid
@every_plane
def test_a_pixel_shows_the_label_of_the_voxel_it_lies_in(name, plane):
    segmentation = box_case(name).segmentation
    grid = PictureGrid.centered(plane, TUMOR[0], 2.3, (41, 33))
    back = np.linalg.inv(segmentation.affine)
    expected = np.zeros((33, 41), np.uint8)
    for y, row in enumerate(positions_ras(grid)):
        for x, place in enumerate(row):
            ijk = np.floor(back[:3, :3] @ place + back[:3, 3] + 0.5).astype(int)
            if (ijk >= 0).all() and (ijk < segmentation.shape).all():
                expected[y, x] = segmentation.array[tuple(ijk)]
    assert (sample_labels(segmentation, grid) == expected).mean() > 0.999  # a centre on a voxel face may go either way
    assert expected.max() == 3


@every_grid
@every_plane
def test_the_tumor_is_drawn_where_it_is_in_the_patient(name, plane):
    grid = PictureGrid.centered(plane, TUMOR[0], 0.7, (160, 160))
    shown = sample_labels(box_case(name).segmentation, grid) == 3
    places = positions_ras(grid)
    core, hull = ((TUMOR[0], tuple(h + slack for h in TUMOR[1])) for slack in (-VOXEL_MM, VOXEL_MM))
    assert inside(core, places).any()
    assert shown[inside(core, places)].all()
    assert not shown[~inside(hull, places)].any()


@every_grid
@every_plane
def test_a_linear_ramp_of_values_is_reproduced_exactly(name, plane):
    affine, shape = GRIDS[name], SHAPES[name]
    slope = np.array([0.7, -1.1, 2.3])
    ct = Volume((centers_ras(affine, shape) @ slope).astype(np.float32), affine)
    grid = PictureGrid.centered(plane, (3.0, 4.0, 5.0), 1.3, (30, 25))
    np.testing.assert_allclose(sample_hu(ct, grid), positions_ras(grid) @ slope, atol=0.01)


@every_grid
def test_the_patients_right_is_left_in_the_picture_the_front_is_up_and_the_head_is_up(name):
    segmentation = box_case(name).segmentation

    def middle_of_liver(plane):
        grid = PictureGrid.centered(plane, _moved_to_body_center(plane, LIVER[0]), 1.0, (201, 201))
        rows, columns = np.nonzero(sample_labels(segmentation, grid))
        return columns.mean() - 100, rows.mean() - 100

    x, y = middle_of_liver(AXIAL)
    assert (x, y) == pytest.approx((-LIVER[0][0], -LIVER[0][1]), abs=2.0)
    x, y = middle_of_liver(CORONAL)
    assert (x, y) == pytest.approx((-LIVER[0][0], -LIVER[0][2]), abs=2.0)
    x, y = middle_of_liver(SAGITTAL)
    assert (x, y) == pytest.approx((-LIVER[0][1], -LIVER[0][2]), abs=2.0)


def _moved_to_body_center(plane, point):
    """The point's plane, looked at around the patient's origin."""
    return as_vector(np.abs(np.cross(plane.right_ras, plane.down_ras)) * np.array(point))


def test_outside_of_the_volume_there_is_air_and_no_label():
    case = box_case()
    grid = PictureGrid.centered(AXIAL, (0.0, 0.0, 500.0), 2.0, (20, 10))
    assert (sample_hu(case.study.ct, grid) == AIR_HU).all()
    assert not sample_labels(case.segmentation, grid).any()


def test_a_single_slice_is_shown_up_to_its_faces():
    ct = Volume(np.full((6, 5, 1), 50, np.int16), np.diag([2.0, 3.0, 4.0, 1.0]))
    picture = sample_hu(ct, PictureGrid.centered(CORONAL, (5.0, 6.0, 0.0), 1.0, (21, 11)))
    shown = picture == 50
    assert shown.sum(axis=0).max() == 4  # the slice is 4 mm thick
    assert shown.sum(axis=1).max() == 12  # six voxels of 2 mm


def test_pixels_from_ras_is_the_inverse_of_the_pixels_places():
    grid = PictureGrid.centered(SAGITTAL, (7.0, -3.0, 11.0), 0.8, (9, 6))
    x, y = np.meshgrid(np.arange(9), np.arange(6))
    found = grid.pixels_from_ras(positions_ras(grid).reshape(-1, 3))
    np.testing.assert_allclose(found, np.stack([x.ravel(), y.ravel()], axis=1), atol=1e-9)


def test_a_finer_grid_covers_the_same_area():
    grid = PictureGrid.centered(CORONAL, (7.0, -3.0, 11.0), 0.8, (9, 6))
    blocks = positions_ras(grid.finer(2)).reshape(6, 2, 9, 2, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(blocks, positions_ras(grid), atol=1e-9)


@every_grid
@every_plane
def test_a_fitted_picture_holds_the_body_and_little_else(name, plane):
    grid = fitted_grid(box_case(name).study.ct, plane, (0.0, 0.0, 0.0), (300, 200))
    body = sample_hu(box_case(name).study.ct, grid) > -500
    assert not body[[0, -1]].any()
    assert not body[:, [0, -1]].any()
    extent = [2 * abs(np.array(direction)) @ np.array(BODY[1]) for direction in (plane.right_ras, plane.down_ras)]
    filled = max(extent[0] / 300, extent[1] / 200) / grid.pixel_mm
    assert filled > 0.8


@every_plane
def test_nothing_but_air_shows_the_whole_volume(plane):
    ct = Volume(np.full((20, 30, 40), -1000, np.int16), affine_around_origin(np.diag([3.0, 2.0, 1.5]), (20, 30, 40)))
    grid = fitted_grid(ct, plane, (0.0, 0.0, 0.0), (100, 100))
    assert grid.pixel_mm * 100 >= 60


def test_a_table_below_the_patient_does_not_widen_the_picture():
    case = box_case()
    ct = case.study.ct
    hu = ct.array.copy()
    hu[:, 1, :] = 200
    with_table = fitted_grid(ct.with_array(hu), AXIAL, (0.0, 0.0, 0.0), (300, 200))
    assert with_table == fitted_grid(ct, AXIAL, (0.0, 0.0, 0.0), (300, 200))


@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, -1, 1), (1, -1, -1)])
def test_slices_of_an_upright_grid_are_the_axial_plane(flips):
    plane = acquisition_plane(affine_around_origin(np.diag(flips) @ np.diag([0.7, 0.7, 5.0]), (9, 9, 9)), 2)
    np.testing.assert_allclose(plane.right_ras, AXIAL.right_ras, atol=1e-12)
    np.testing.assert_allclose(plane.down_ras, AXIAL.down_ras, atol=1e-12)
    assert tilt_degrees(plane) == pytest.approx(0.0)


def test_the_picture_of_a_tilted_slice_holds_every_voxel_of_it():
    columns = turn((25.0, 0.0, 0.0)) @ np.diag([-0.8, -0.9, 4.0])
    affine = affine_around_origin(columns, (40, 50, 7))
    plane = acquisition_plane(affine, 2)
    labels = np.zeros((40, 50, 7), np.uint8)
    labels[:, :, 5] = 1
    center = as_vector((affine @ [19.5, 24.5, 5.0, 1.0])[:3])
    grid = PictureGrid.centered(plane, center, 0.4, (70, 100))
    assert (sample_labels(Volume(labels, affine), grid) == 1).all()
    assert tilt_degrees(plane) == pytest.approx(25.0)
    assert plane.right_ras[0] < 0
    assert plane.down_ras[1] < 0


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        ((1.0, 0.0, 0.0), "R"),
        ((-1.0, 0.0, 0.0), "L"),
        ((0.0, 1.0, 0.0), "A"),
        ((0.0, -1.0, 0.0), "P"),
        ((0.0, 0.0, 1.0), "H"),
        ((0.0, 0.0, -1.0), "F"),
        ((0.0, -0.8, 0.6), "PH"),
        ((0.1, 0.99, 0.0), "A"),
    ],
)
def test_letters_name_the_side_of_the_patient(direction, letters):
    assert direction_letters(direction) == letters
