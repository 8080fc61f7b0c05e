"""The 3D picture without OpenGL."""

from __future__ import annotations

import numpy as np
import pytest
from report_cases import GRIDS, box_case, without_liver

from LiverTumorSegLib.labels import LIVER, MAIN_LABELS, TUMOR, VESSEL
from LiverTumorSegLib.report.drawing import PAGE
from LiverTumorSegLib.report.surface import filled_box, surface_panel
from LiverTumorSegLib.volume import Volume

SIZE = (400, 300)


def hue_like(image, label):
    """Pixels whose strongest and weakest channel are those of a label's colour, clear of the background."""
    pixels = np.asarray(image).astype(int)
    strongest, weakest = int(np.argmax(label.color)), int(np.argmin(label.color))
    clear = pixels.max(axis=-1) - pixels.min(axis=-1) > 25
    return clear & (pixels.argmax(axis=-1) == strongest) & (pixels.argmin(axis=-1) == weakest)


def ball(center, radius, shape):
    return ((np.moveaxis(np.indices(shape), 0, -1) - center) ** 2).sum(axis=-1) <= radius**2


def picture(labels):
    return surface_panel(Volume(labels, np.diag([1.5, 1.5, 1.5, 1.0])), MAIN_LABELS, SIZE)


def test_nothing_segmented_is_an_empty_picture():
    image = surface_panel(without_liver(box_case()).segmentation, MAIN_LABELS, SIZE)
    assert image.getcolors() == [(SIZE[0] * SIZE[1], PAGE)]


def test_a_tumor_on_the_patients_right_is_on_the_pictures_left_and_one_at_the_head_is_up():
    labels = ball((30, 30, 30), 25, (60, 60, 60)).astype(np.uint8)
    labels[ball((44, 30, 42), 6, labels.shape)] = TUMOR.value
    rows, columns = np.nonzero(hue_like(picture(labels), TUMOR))
    assert rows.size > 200
    assert columns.mean() < SIZE[0] / 2 - 15
    assert rows.mean() < SIZE[1] / 2 - 15


def test_what_lies_behind_a_tumor_is_hidden_but_what_lies_behind_the_livers_surface_shows():
    labels = ball((30, 30, 30), 25, (60, 60, 60)).astype(np.uint8)
    labels[ball((30, 20, 30), 5, labels.shape)] = VESSEL.value
    assert hue_like(picture(labels), VESSEL).sum() > 200
    labels[ball((30, 36, 30), 12, labels.shape)] = TUMOR.value  # in front of it: more anterior
    assert hue_like(picture(labels), VESSEL).sum() == 0
    assert hue_like(picture(labels), TUMOR).sum() > 200


def test_the_liver_fills_the_picture():
    image = picture(ball((30, 30, 30), 25, (60, 60, 60)).astype(np.uint8))
    rows, columns = np.nonzero(hue_like(image, LIVER))
    assert 0.65 * SIZE[1] < rows.max() - rows.min() < SIZE[1] - 4
    assert (columns.min() + columns.max()) / 2 == pytest.approx(SIZE[0] / 2, abs=5)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(SIZE[1] / 2, abs=5)


@pytest.mark.parametrize("name", [name for name in GRIDS if name != "upright"])
def test_the_picture_does_not_depend_on_how_the_volume_is_stored(name):
    def middles(grid):
        image = surface_panel(box_case(grid).segmentation, MAIN_LABELS, SIZE)
        return np.array([np.argwhere(hue_like(image, label)).mean(axis=0) for label in (LIVER, TUMOR)])

    offset = middles(name) - middles("upright")
    assert np.abs(offset[1] - offset[0]).max() < 8  # the frame may shift a little, the anatomy in it may not


def test_a_single_voxel_can_be_drawn():
    labels = np.zeros((5, 6, 7), np.uint8)
    labels[2, 3, 4] = LIVER.value
    assert picture(labels).size == SIZE


def test_the_filled_box_is_tight():
    array = np.zeros((5, 6, 7), np.uint8)
    assert filled_box(array) is None
    array[1:3, 2, 4:7] = 1
    assert filled_box(array) == (slice(1, 3), slice(2, 3), slice(4, 7))
