"""One slice of each phase with outlines and the circle in which the aorta was measured: a look at the evidence."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from PIL import Image

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.case import shown_in
from LiverTumorSegLib.geometry.affine import SUPERIOR
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.phases.comparison import MeasuredPhase
from LiverTumorSegLib.report.drawing import (
    WHITE,
    Color,
    Window,
    draw_directions,
    draw_line,
    draw_scale_bar,
    draw_text,
)
from LiverTumorSegLib.report.panels import outline_labels, plane_title
from LiverTumorSegLib.report.slices import AXIAL, PictureGrid, as_vector, fitted_grid, sample_hu
from LiverTumorSegLib.volume import Volume

SIZE_PX = (560, 440)
WINDOW = Window(400.0, 100.0)
"""The same for all phases, and wide enough for arteries, so that they compare."""
AORTA: Color = (255, 96, 96)
_CORNERS = 40


def phase_panel(ct: Volume, segmentation: Volume, phase: MeasuredPhase) -> Image.Image:
    """Axial, through the middle of the liver (of the CT where there is none), on one of the aorta's measured slices."""
    circle = _nearest_circle(phase, _middle_of(segmentation)[SUPERIOR])
    x, y, z = _middle_of(segmentation)
    grid = fitted_grid(ct, AXIAL, (x, y, z if circle is None else circle[2]), SIZE_PX)
    picture = np.repeat(WINDOW.gray(sample_hu(ct, grid))[:, :, None], 3, axis=2)
    outline_labels(picture, segmentation, shown_in(segmentation), grid)
    image = Image.fromarray(picture)
    if circle is not None:
        _draw_circle(image, grid, circle)
    draw_directions(image, grid, 18)
    draw_scale_bar(image, grid.pixel_mm, 15)
    draw_text(image, (8, 6), plane_title(grid), WHITE, 16)
    draw_text(image, (8, image.height - 6), str(WINDOW), WHITE, 16, "ld")
    return image


def _middle_of(segmentation: Volume) -> Vector:
    """Of the box around the liver, RAS."""
    box = bounding_box(segmentation.array)
    ends = [(axis.start, axis.stop - 1) for axis in box] if box else [(0, n - 1) for n in segmentation.shape]
    return as_vector(segmentation.ras_from_ijk(np.array([[sum(end) / 2 for end in ends]]))[0])


def _nearest_circle(phase: MeasuredPhase, height_mm: float) -> tuple[float, float, float, float] | None:
    circles = phase.recognised.evidence.aorta_circles_ras_mm
    return min(circles, key=lambda circle: abs(circle[2] - height_mm)) if circles else None


def _draw_circle(image: Image.Image, grid: PictureGrid, circle: tuple[float, float, float, float]) -> None:
    x, y, z, radius = circle
    turns = np.linspace(0, 2 * np.pi, _CORNERS + 1)
    around = np.column_stack([x + radius * np.cos(turns), y + radius * np.sin(turns), np.full(len(turns), z)])
    corners = [(float(right), float(down)) for right, down in grid.pixels_from_ras(around)]
    for start, stop in pairwise(corners):
        draw_line(image, start, stop, AORTA, 2.0)
