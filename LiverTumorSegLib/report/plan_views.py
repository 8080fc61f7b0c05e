"""What every picture of a plan is drawn from: the masks, the CT where there is one, and planes through given places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.case import shown_in
from LiverTumorSegLib.geometry.affine import slice_axis
from LiverTumorSegLib.labels import LIVER
from LiverTumorSegLib.measurements import Line
from LiverTumorSegLib.planning.parts import RESECTED_LABEL, RESECTION_LABELS
from LiverTumorSegLib.planning.planned import Planned
from LiverTumorSegLib.report.drawing import (
    LIVER_WINDOW,
    OVERSAMPLING,
    WHITE,
    Color,
    draw_directions,
    draw_line,
    draw_scale_bar,
    draw_text,
    outline_alpha,
    paint,
)
from LiverTumorSegLib.report.slices import (
    CORONAL,
    SAGITTAL,
    PictureGrid,
    Plane,
    acquisition_plane,
    as_vector,
    sample_hu,
    sample_labels,
)
from LiverTumorSegLib.volume import Volume

LINE: Color = (255, 235, 90)
_SHADE = 0.3
_NEUTRAL_OUTSIDE, _NEUTRAL_ORGAN = 26, 92
_AXIAL_WITHIN = float(np.sin(np.radians(25.0)))
"""A line that leaves the slices by less is shown in slices that are turned by so little."""
_TURN_SHOWN_DEGREES = 1.0
_MARGIN = 1.12


@dataclass(frozen=True, eq=False)
class PlanViews:
    """A plan and its pictures' background. ct: on the CT's grid, None for a drawing of the masks alone."""

    planned: Planned
    ct: Volume | None = None

    @property
    def segmentation(self) -> Volume:
        return self.planned.plan.fields.grid

    @property
    def parts(self) -> Volume | None:
        return None if self.planned.chosen is None else self.planned.chosen.result.parts

    @property
    def axial(self) -> Plane:
        affine = self.segmentation.affine
        return acquisition_plane(affine, slice_axis(affine))

    def organ_grid(self, plane: Plane, through_ras: Vector, size_px: tuple[int, int]) -> PictureGrid:
        """A plane through a place, as large as the liver seen from there."""
        axes = np.array([plane.right_ras, plane.down_ras, np.cross(plane.right_ras, plane.down_ras)])
        placed = self.planned.plan.fields.organ_ras @ axes.T.astype(np.float32)
        low, high = placed.min(axis=0), placed.max(axis=0)
        middle = (low + high) / 2
        middle[2] = axes[2] @ np.array(through_ras)
        pixel_mm = float(((high - low)[:2] * _MARGIN / np.array(size_px)).max())
        return PictureGrid.centered(plane, as_vector(middle @ axes), pixel_mm, size_px)

    def plane_along(self, line: Line) -> tuple[Plane, float]:
        """A plane that holds a line, and by how many degrees it is turned from the axial, coronal or sagittal one."""
        along = np.subtract(line[1], line[0])
        length_mm = float(np.linalg.norm(along))
        if length_mm < 1e-6:
            return self.axial, 0.0
        along /= length_mm
        leaves = [abs(float(_normal(plane) @ along)) for plane in (self.axial, CORONAL, SAGITTAL)]
        which = 0 if leaves[0] <= _AXIAL_WITHIN else int(np.argmin(leaves))
        base = (self.axial, CORONAL, SAGITTAL)[which]
        normal = _normal(base) - (_normal(base) @ along) * along
        normal /= np.linalg.norm(normal)
        right = np.array(base.right_ras) - (np.array(base.right_ras) @ normal) * normal
        right /= np.linalg.norm(right)
        return (
            Plane(base.name, as_vector(right), as_vector(np.cross(normal, right))),
            float(np.degrees(np.arcsin(min(1.0, leaves[which])))),
        )

    def picture(self, grid: PictureGrid) -> Image.Image:
        """The CT or a neutral drawing, the resected part shaded, outlines of liver, vessels and lesions."""
        picture = np.repeat(self._background(grid)[:, :, None], 3, axis=2)
        fine_grid = grid.finer(OVERSAMPLING)
        if self.parts is not None:
            _shade_resected(picture, self.parts, grid)
        fine = sample_labels(self.segmentation, fine_grid)
        organ = LIVER.color if self.parts is None else RESECTION_LABELS["remnant"].color
        paint(picture, outline_alpha(fine > 0, 2), organ)
        for label in shown_in(self.segmentation):
            if label is not LIVER:
                paint(picture, outline_alpha(fine == label.value, 2), label.color)
        image = Image.fromarray(picture)
        draw_directions(image, grid)
        draw_scale_bar(image, grid.pixel_mm)
        return image

    def _background(self, grid: PictureGrid) -> UInt8[np.ndarray, "h w"]:
        if self.ct is not None:
            return LIVER_WINDOW.gray(sample_hu(self.ct, grid))
        inside = sample_labels(self.segmentation, grid) > 0
        return np.where(inside, _NEUTRAL_ORGAN, _NEUTRAL_OUTSIDE).astype(np.uint8)


def turned_title(plane: Plane, degrees: float) -> str:
    """The plane in words."""
    return plane.name if degrees < _TURN_SHOWN_DEGREES else f"{plane.name}, turned {degrees:.0f}°"


def draw_distance(image: Image.Image, grid: PictureGrid, line: Line, color: Color = LINE) -> None:
    """A line with a mark across either end, so that also the shortest one is seen."""
    ends = grid.pixels_from_ras(np.array(line))
    start, stop = ((float(x), float(y)) for x, y in ends)
    along = ends[1] - ends[0]
    length = float(np.linalg.norm(along))
    across = np.array([1.0, 0.0]) if length < 1e-6 else np.array([-along[1], along[0]]) / length
    for width, ink in ((5.0, (0, 0, 0)), (2.5, color)):
        draw_line(image, start, stop, ink, width)
        for end in ends:
            one, other = end - 6 * across, end + 6 * across
            draw_line(image, (float(one[0]), float(one[1])), (float(other[0]), float(other[1])), ink, width)


def close_up(views: PlanViews, line: Line, size_px: tuple[int, int], field_mm: float) -> tuple[Image.Image, str]:
    """The plane of a line, around its middle, as a picture and in words. A line without length is not drawn."""
    plane, degrees = views.plane_along(line)
    length_mm = float(np.linalg.norm(np.subtract(line[1], line[0])))
    pixel_mm = max(field_mm, 1.8 * length_mm) / min(size_px)
    grid = PictureGrid.centered(plane, middle_of(line), pixel_mm, size_px)
    image = views.picture(grid)
    if length_mm > 0:
        draw_distance(image, grid, line)
    return image, turned_title(plane, degrees)


def write_lines(image: Image.Image, texts: tuple[str, ...], size_px: int = 19) -> None:
    """Lines of text from the upper left corner on, the first one in the colour of the lines."""
    for row, text in enumerate(texts):
        draw_text(image, (10, 8 + row * (size_px + 6)), text, LINE if row == 0 and len(texts) > 1 else WHITE, size_px)


def middle_of(line: Line) -> Vector:
    """Between the two ends."""
    return as_vector(np.mean(np.array(line), axis=0))


def _normal(plane: Plane) -> np.ndarray:
    return np.cross(plane.right_ras, plane.down_ras)


def _shade_resected(picture: UInt8[np.ndarray, "h w 3"], parts: Volume, grid: PictureGrid) -> None:
    seen = sample_labels(parts, grid) == RESECTED_LABEL.value
    paint(picture, seen.astype(np.float32) * np.float32(_SHADE), RESECTED_LABEL.color)
    fine = sample_labels(parts, grid.finer(OVERSAMPLING)) == RESECTED_LABEL.value
    paint(picture, outline_alpha(fine, 2), RESECTED_LABEL.color)
