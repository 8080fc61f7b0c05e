"""Marks lie where they should, to the pixel."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from LiverTumorSegLib.report.drawing import (
    LIVER_WINDOW,
    OVERSAMPLING,
    WHITE,
    Window,
    draw_line,
    draw_scale_bar,
    draw_text,
    outline_alpha,
    paint,
)


def test_the_liver_window_shows_minus_115_to_235_hu():
    hu = np.array([[-2000.0, -115.0, 60.0, 235.0, 3000.0]], np.float32)
    assert LIVER_WINDOW.gray(hu).tolist() == [[0, 0, 128, 255, 255]]
    assert str(Window(350.0, 60.0)) == "W 350 / L 60 HU"


def test_an_outline_is_two_pixels_wide_and_centered_on_the_border():
    mask = np.zeros((20, 30), bool)
    mask[5:15, 8:22] = True
    alpha = outline_alpha(mask.repeat(OVERSAMPLING, axis=0).repeat(OVERSAMPLING, axis=1), 2)
    assert alpha.shape == mask.shape
    assert alpha[10].nonzero()[0].tolist() == [7, 8, 21, 22]
    assert alpha[:, 15].nonzero()[0].tolist() == [4, 5, 14, 15]
    assert alpha[10, [7, 8, 21, 22]].tolist() == [1.0, 1.0, 1.0, 1.0]
    assert alpha[7:13, 10:20].max() == 0


def test_an_outline_that_ends_inside_a_pixel_is_smooth():
    fine = np.zeros((40, 40), bool)
    fine[11:, :] = True
    assert outline_alpha(fine, 2)[:, 10].tolist()[4:8] == [0.5, 1.0, 0.5, 0.0]


def test_an_empty_mask_has_no_outline():
    assert not outline_alpha(np.zeros((8, 8), bool)).any()


def test_paint_mixes_by_cover():
    picture = np.full((1, 3, 3), 100, np.uint8)
    paint(picture, np.array([[0.0, 0.5, 1.0]], np.float32), (200, 0, 100))
    assert picture[0].tolist() == [[100, 100, 100], [150, 50, 100], [200, 0, 100]]


def test_a_line_covers_the_pixels_between_its_ends_only():
    image = Image.new("RGB", (40, 20))
    draw_line(image, (5, 10), (30, 10), (255, 0, 0), 2.0)
    rows, columns = np.nonzero(np.asarray(image)[..., 0] > 100)
    assert rows.mean() == pytest.approx(10, abs=0.6)
    assert (columns.min(), columns.max()) == (pytest.approx(5, abs=1), pytest.approx(30, abs=1))


def test_a_line_beyond_the_picture_is_cut_off():
    image = Image.new("RGB", (20, 20))
    draw_line(image, (-50, 5), (80, 5), (0, 255, 0), 2.0)
    assert (np.asarray(image)[5, :, 1] > 100).all()


@pytest.mark.parametrize("at", [(-30, -30), (200, 200), (195, 50), (100, -9)])
def test_text_is_moved_into_the_picture(at):
    image = Image.new("RGB", (200, 100), (90, 90, 90))
    draw_text(image, at, "LD 61.2 mm", WHITE, 20)
    inside = Image.new("RGB", (200, 100), (90, 90, 90))
    draw_text(inside, (40, 40), "LD 61.2 mm", WHITE, 20)
    drawn, whole = ((np.asarray(i) == WHITE).all(axis=-1).sum() for i in (image, inside))
    assert drawn == pytest.approx(whole, rel=0.05)


@pytest.mark.parametrize(("pixel_mm", "length_px"), [(0.5, 100), (0.25, 40)])
def test_the_scale_bar_is_5_cm_long_or_1_cm_in_close_ups(pixel_mm, length_px):
    image = Image.new("RGB", (300, 120))
    draw_scale_bar(image, pixel_mm)
    bright = np.asarray(image)[120 - 16, :, 0] > 150
    assert bright.sum() == pytest.approx(length_px, abs=3)
