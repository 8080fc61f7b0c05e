"""CT pictures: gray values, outlines and diameters on the anatomy, whatever the grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from report_cases import GRIDS, LIVER_HU, TUMOR, TUMOR_HU, box_case, lesion

from LiverTumorSegLib.labels import TUMOR as TUMOR_LABEL
from LiverTumorSegLib.labels import VENA_CAVA
from LiverTumorSegLib.report.drawing import LIVER_WINDOW, LONG_AXIS
from LiverTumorSegLib.report.panels import center_of, ct_panel, draw_diameters, lesion_panel, plane_title
from LiverTumorSegLib.report.slices import AXIAL, CORONAL, SAGITTAL, PictureGrid, acquisition_plane, fitted_grid

SIZE = (240, 240)
PIXEL_MM = 0.5
every_plane = pytest.mark.parametrize("plane", [AXIAL, CORONAL, SAGITTAL], ids=lambda plane: plane.name)


def lesion_grid(case, size_px):
    lesion = case.measurements.lesions[0]
    plane = acquisition_plane(case.study.ct.affine, lesion.slice_axis)
    return fitted_grid(case.study.ct, plane, center_of(lesion), size_px)


def half_size_px(plane):
    """The tumor's half size along the picture's right and down."""
    return [float(np.abs(direction) @ np.array(TUMOR[1])) / PIXEL_MM for direction in (plane.right_ras, plane.down_ras)]


def colored(image, color):
    return (np.abs(np.asarray(image).astype(int) - color) < 40).all(axis=-1)


@pytest.mark.parametrize("name", GRIDS)
@every_plane
def test_the_outline_runs_around_the_dark_block_and_not_through_it(name, plane):
    image = ct_panel(box_case(name), PictureGrid.centered(plane, TUMOR[0], PIXEL_MM, SIZE))
    middle, (half_x, half_y) = (SIZE[0] - 1) / 2, half_size_px(plane)
    rows, columns = np.nonzero(colored(image, TUMOR_LABEL.color))
    voxel_px = 3.0 / PIXEL_MM
    distance = np.maximum(np.abs(columns - middle) - half_x, np.abs(rows - middle) - half_y)
    assert rows.size > 2 * (half_x + half_y)
    assert np.abs(distance).max() <= voxel_px + 2
    assert (columns.min() + columns.max()) / 2 == pytest.approx(middle, abs=voxel_px / 2 + 1)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(middle, abs=voxel_px / 2 + 1)


def test_the_vena_cava_is_outlined_beside_the_organ():
    case = box_case("oblique")
    cava = np.zeros(case.segmentation.shape, np.uint8)
    cava[5:12, 30:40, :] = 1
    grid = PictureGrid.centered(AXIAL, TUMOR[0], PIXEL_MM, (600, 600))
    assert not colored(ct_panel(case, grid), VENA_CAVA.color).any()
    known = ct_panel(replace(case, vena_cava=case.segmentation.with_array(cava)), grid)
    places = case.segmentation.ras_from_ijk(np.argwhere(cava))
    middle = places[np.abs(places[:, 2] - TUMOR[0][2]) < 1.5].mean(axis=0, keepdims=True)
    rows, columns = np.nonzero(colored(known, VENA_CAVA.color))
    assert rows.size > 20
    at = grid.pixels_from_ras(middle)[0]
    assert np.hypot((columns.min() + columns.max()) / 2 - at[0], (rows.min() + rows.max()) / 2 - at[1]) * PIXEL_MM < 2


@pytest.mark.parametrize("name", GRIDS)
@every_plane
def test_gray_values_inside_and_beside_the_tumor_are_those_of_the_ct(name, plane):
    image = np.asarray(ct_panel(box_case(name), PictureGrid.centered(plane, TUMOR[0], PIXEL_MM, SIZE)))
    tumor_gray, liver_gray = LIVER_WINDOW.gray(np.array([[TUMOR_HU, LIVER_HU]], np.float32))[0]
    assert (image[119:122, 119:122] == tumor_gray).all()
    beside = int(119.5 + half_size_px(plane)[0] + 10) if plane is AXIAL else None
    if beside:
        assert (image[120, beside] == liver_gray).all()


@pytest.mark.parametrize("name", ["upright", "stored as LPS", "slices first"])
def test_the_long_axis_is_drawn_from_one_end_of_the_lesion_to_the_other(name):
    case = box_case(name)
    grid = lesion_grid(case, (400, 300))
    image = ct_panel(case, grid)
    draw_diameters(image, case.measurements.lesions[0], grid, with_lengths=False)
    rows, columns = np.nonzero(colored(image, LONG_AXIS))
    assert (columns.max() - columns.min()) * grid.pixel_mm == pytest.approx(28.0, abs=2.0)
    ends = grid.pixels_from_ras(np.array(case.measurements.lesions[0].long_axis_ras_mm))
    assert rows.mean() == pytest.approx(ends[:, 1].mean(), abs=1.0)
    assert columns.mean() == pytest.approx(ends[:, 0].mean(), abs=1.0)


def test_a_close_up_shows_the_whole_lesion_in_the_middle():
    case = box_case("stored as LPS")
    image = lesion_panel(case, case.measurements.lesions[0], 300)
    rows, columns = np.nonzero(colored(image, TUMOR_LABEL.color))
    assert image.size == (300, 300)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(149.5, abs=8)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(149.5, abs=8)
    assert columns.min() > 20
    assert columns.max() < 280


def test_the_center_of_a_lesion_is_the_middle_of_its_long_axis():
    assert center_of(lesion(1)) == pytest.approx(TUMOR[0])


def test_a_lesion_in_a_large_field_is_enlarged_to_the_lesion():
    large = replace(lesion(1), feret_mm=150.0)
    small = box_case()
    wide = lesion_panel(small, large, 200)
    near = lesion_panel(small, lesion(1), 200)
    assert colored(wide, TUMOR_LABEL.color).sum() < colored(near, TUMOR_LABEL.color).sum()


def test_captions_name_plane_and_position():
    assert plane_title(PictureGrid.centered(AXIAL, (1.0, 2.0, -12.34), 1.0, (11, 11))) == "Axial  I 12.3 mm"
    assert plane_title(PictureGrid.centered(CORONAL, (1.0, 2.0, -12.34), 1.0, (11, 11))) == "Coronal  A 2.0 mm"
    assert plane_title(PictureGrid.centered(SAGITTAL, (1.0, 2.0, -12.34), 1.0, (11, 11))) == "Sagittal  R 1.0 mm"
    assert plane_title(PictureGrid.centered(SAGITTAL, (-1.0, 2.0, 0.0), 1.0, (11, 11))) == "Sagittal  L 1.0 mm"


def test_the_caption_says_that_slices_are_tilted():
    case = box_case("oblique")
    assert "slices tilted 17°" in plane_title(lesion_grid(case, (100, 100)))
