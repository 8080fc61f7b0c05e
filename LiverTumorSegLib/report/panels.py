"""One CT picture with outlines and diameters: the element of the overview and of the report."""

from __future__ import annotations

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.case import Case
from LiverTumorSegLib.labels import CAVA_LABELS, LabelSet
from LiverTumorSegLib.measurements import Lesion, Line
from LiverTumorSegLib.report.drawing import (
    LIVER_WINDOW,
    LONG_AXIS,
    OVERSAMPLING,
    SHORT_AXIS,
    WHITE,
    Color,
    Window,
    draw_directions,
    draw_line,
    draw_scale_bar,
    draw_text,
    outline_alpha,
    paint,
)
from LiverTumorSegLib.report.slices import (
    AXIAL,
    PictureGrid,
    acquisition_plane,
    as_vector,
    sample_hu,
    sample_labels,
    tilt_degrees,
)
from LiverTumorSegLib.volume import Volume

TILT_SHOWN_DEGREES = 1.0
_LESION_FIELD_MM = 70.0


def ct_panel(case: Case, grid: PictureGrid, window: Window = LIVER_WINDOW) -> Image.Image:
    """CT with the outlines of all labels, direction letters, scale bar and a caption: plane, position, window."""
    picture = np.repeat(window.gray(sample_hu(case.study.ct, grid))[:, :, None], 3, axis=2)
    outline_labels(picture, case.segmentation, case.shown, grid)
    if case.vena_cava is not None:
        outline_labels(picture, case.vena_cava, CAVA_LABELS, grid)
    image = Image.fromarray(picture)
    draw_directions(image, grid)
    draw_scale_bar(image, grid.pixel_mm)
    draw_text(image, (10, 8), plane_title(grid), WHITE, 19)
    draw_text(image, (10, image.height - 8), str(window), WHITE, 19, "ld")
    return image


def lesion_panel(case: Case, lesion: Lesion, size_px: int) -> Image.Image:
    """A close-up of one lesion in the slice that holds its diameters."""
    plane = acquisition_plane(case.study.ct.affine, lesion.slice_axis)
    field_mm = max(_LESION_FIELD_MM, 1.8 * lesion.feret_mm)
    grid = PictureGrid.centered(plane, center_of(lesion), field_mm / size_px, (size_px, size_px))
    image = ct_panel(case, grid)
    draw_diameters(image, lesion, grid, with_lengths=False)
    return image


def draw_diameters(image: Image.Image, lesion: Lesion, grid: PictureGrid, *, with_lengths: bool = True) -> None:
    """Long and short axis, their lengths in mm below the caption where they hide nothing."""
    for row, (name, line, length_mm, color) in enumerate(
        (
            ("LD", lesion.long_axis_ras_mm, lesion.long_axis_mm, LONG_AXIS),
            ("SD", lesion.short_axis_ras_mm, lesion.short_axis_mm, SHORT_AXIS),
        )
    ):
        _draw_diameter(image, line, grid, color)
        if with_lengths:
            draw_text(image, (10, 34 + 26 * row), f"{name} {length_mm:.1f} mm", color, 21)


def center_of(lesion: Lesion) -> Vector:
    """The long axis' midpoint: it lies inside the lesion, or in a hole of it."""
    return as_vector(np.mean(lesion.long_axis_ras_mm, axis=0))


def plane_title(grid: PictureGrid) -> str:
    """The plane in words, with where it lies in the patient; a tilted one has no single position."""
    tilt = tilt_degrees(grid.plane)
    if grid.plane.name == AXIAL.name and tilt >= TILT_SHOWN_DEGREES:
        return f"{grid.plane.name}, slices tilted {tilt:.0f}°"
    normal = np.cross(grid.plane.right_ras, grid.plane.down_ras)
    axis = int(np.argmax(np.abs(normal)))
    position_mm = _middle_ras(grid)[axis]
    return f"{grid.plane.name}  {('RL', 'AP', 'SI')[axis][int(position_mm < 0)]} {abs(position_mm):.1f} mm"


def _middle_ras(grid: PictureGrid) -> np.ndarray:
    half = [(n - 1) / 2 * grid.pixel_mm for n in grid.size_px]
    return np.array(grid.origin_ras) + half @ np.array([grid.plane.right_ras, grid.plane.down_ras])


def outline_labels(
    picture: UInt8[np.ndarray, "h w 3"], segmentation: Volume, labels: LabelSet, grid: PictureGrid
) -> None:
    """Outline every label, organs around all that belongs to them, parts last so that they lie on top."""
    fine = sample_labels(segmentation, grid.finer(OVERSAMPLING))
    for label in sorted(labels, key=lambda label: label.parent is not None):
        family = [label.value, *(part.value for part in labels if part.parent == label.name)]
        mask = fine == family[0]
        for value in family[1:]:
            mask |= fine == value
        if mask.any():
            paint(picture, outline_alpha(mask, 2), label.color)


def _draw_diameter(image: Image.Image, line: Line, grid: PictureGrid, color: Color) -> None:
    ends = grid.pixels_from_ras(np.array(line))
    (x0, y0), (x1, y1) = ((float(x), float(y)) for x, y in ends)
    draw_line(image, (x0, y0), (x1, y1), (0, 0, 0), 4.0)
    draw_line(image, (x0, y0), (x1, y1), color, 2.0)
