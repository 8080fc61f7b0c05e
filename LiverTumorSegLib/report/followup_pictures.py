"""Each lesion at every visit, at one scale: where it was measured, or the place where it would lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.followup.examination import Examination
from LiverTumorSegLib.geometry.affine import slice_axis
from LiverTumorSegLib.labels import LIVER, TUMOR
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent, ignore_progress
from LiverTumorSegLib.report.drawing import (
    LIVER_WINDOW,
    LONG_AXIS,
    OVERSAMPLING,
    Color,
    draw_directions,
    draw_line,
    draw_scale_bar,
    draw_text,
    outline_alpha,
    paint,
)
from LiverTumorSegLib.report.followup_words import size_mm
from LiverTumorSegLib.report.slices import PictureGrid, acquisition_plane, as_vector, sample_hu, sample_labels
from LiverTumorSegLib.timeline import LookBack, Part, Sighting, TrackedLesion
from LiverTumorSegLib.volume import Volume

PICTURE_PX = 264
_FIELD_MM, _LARGEST = 60.0, 1.7
_LEAST_RADIUS_MM = 4.0
_DASHES = 18
_OTHER_LESION: Color = (150, 170, 120)
_PLACE: Color = (255, 190, 60)
_NEUTRAL_OUTSIDE, _NEUTRAL_ORGAN = 26, 92


@dataclass(frozen=True, eq=False)
class LesionPicture:
    """A lesion at a visit. with_ct: False for a drawing of the segmentation alone."""

    lesion: str
    visit: int
    image: Image.Image
    with_ct: bool


def lesion_pictures(
    examinations: Sequence[Examination],
    lesions: Sequence[TrackedLesion],
    report: ProgressCallback = ignore_progress,
) -> list[LesionPicture]:
    """Visit by visit, so that one CT at a time is needed; a visit where nobody knows the lesion's place has none.

    examinations: in the order of the visits.
    """
    pictures = []
    for visit, examination in enumerate(examinations):
        report(ProgressEvent("pictures", visit / len(examinations)))
        ct = examination.ct()
        for lesion in lesions:
            image = lesion_picture(lesion, visit, examination, ct)
            if image is not None:
                pictures.append(LesionPicture(lesion.id, visit, image, ct is not None))
    report(ProgressEvent("pictures", 1.0))
    return pictures


def lesion_picture(
    lesion: TrackedLesion, visit: int, examination: Examination, ct: Volume | None, size_px: int = PICTURE_PX
) -> Image.Image | None:
    """The slice of its longest diameter, or the one through its carried place; None where nobody knows that.

    ct: None for a drawing of the segmentation.
    """
    seen = lesion.sightings[visit]
    center = _center(lesion, visit)
    if center is None:
        return None
    affine = examination.segmentation.affine
    plane = acquisition_plane(affine, slice_axis(affine))
    grid = PictureGrid.centered(plane, center, field_mm(lesion) / size_px, (size_px, size_px))
    picture = np.repeat(_background(examination, ct, grid)[:, :, None], 3, axis=2)
    _outline(picture, examination, seen, grid)
    image = Image.fromarray(picture)
    if seen.parts:
        _draw_long_axis(image, seen.parts[0], grid)
        draw_text(image, (7, 6), _size_words(seen), LONG_AXIS, 17)
    else:
        _draw_place(image, grid, center, _radius_mm(lesion, visit))
        draw_text(image, (7, 6), str(seen.state), _PLACE, 17)
    draw_directions(image, grid, 14)
    draw_scale_bar(image, grid.pixel_mm, 13)
    return image


def look_back_at(lesion: TrackedLesion, visit: int) -> LookBack | None:
    """What was seen of it at an earlier visit; None where nobody has looked."""
    return next((one for one in lesion.look_back if one.visit == visit), None)


def field_mm(lesion: TrackedLesion) -> float:
    """The side of all its pictures: so large that it fits at its largest."""
    parts = [part.long_axis_mm for seen in lesion.sightings for part in seen.parts]
    return max(_FIELD_MM, _LARGEST * max(parts, default=0.0))


def _center(lesion: TrackedLesion, visit: int) -> Vector | None:
    seen = lesion.sightings[visit]
    if seen.parts:
        return as_vector(np.mean(np.array(seen.parts[0].long_axis_ras_mm), axis=0))
    looked = look_back_at(lesion, visit)
    return seen.center_ras_mm if looked is None else looked.center_ras_mm


def _radius_mm(lesion: TrackedLesion, visit: int) -> float:
    """Half of its diameter where it was seen last before a visit, else first after it."""
    sizes = [sum(part.long_axis_mm for part in seen.parts) for seen in lesion.sightings]
    before = [size for size in sizes[:visit] if size][-1:]
    after = [size for size in sizes[visit:] if size][:1]
    return max(_LEAST_RADIUS_MM, (before or after or [0.0])[0] / 2)


def _background(examination: Examination, ct: Volume | None, grid: PictureGrid) -> UInt8[np.ndarray, "h w"]:
    if ct is not None:
        return LIVER_WINDOW.gray(sample_hu(ct, grid))
    inside = sample_labels(examination.segmentation, grid) > 0
    return np.where(inside, _NEUTRAL_ORGAN, _NEUTRAL_OUTSIDE).astype(np.uint8)


def _outline(picture: UInt8[np.ndarray, "h w 3"], examination: Examination, seen: Sighting, grid: PictureGrid) -> None:
    """The liver thinly, other lesions in a paler colour, this one on top."""
    fine_grid = grid.finer(OVERSAMPLING)
    ids = sample_labels(examination.lesions, fine_grid)
    own: Bool[np.ndarray, "fine_h fine_w"] = np.isin(ids, [part.id for part in seen.parts])
    organ = sample_labels(examination.segmentation, fine_grid) > 0
    for mask, color, width in ((organ, LIVER.color, 1), ((ids > 0) & ~own, _OTHER_LESION, 1), (own, TUMOR.color, 2)):
        if mask.any():
            paint(picture, outline_alpha(mask, width), color)


def _draw_long_axis(image: Image.Image, part: Part, grid: PictureGrid) -> None:
    ends = grid.pixels_from_ras(np.array(part.long_axis_ras_mm))
    start, stop = ((float(x), float(y)) for x, y in ends)
    draw_line(image, start, stop, (0, 0, 0), 3.5)
    draw_line(image, start, stop, LONG_AXIS, 1.8)


def _draw_place(image: Image.Image, grid: PictureGrid, center: Vector, radius_mm: float) -> None:
    """A dashed circle."""
    x, y = (float(value) for value in grid.pixels_from_ras(np.array([center]))[0])
    radius = radius_mm / grid.pixel_mm
    for dash in range(_DASHES):
        first, last = (2 * np.pi * (dash + part) / _DASHES for part in (0.0, 0.55))
        start, stop = ((x + radius * float(np.cos(a)), y + radius * float(np.sin(a))) for a in (first, last))
        draw_line(image, start, stop, (0, 0, 0), 3.5)
        draw_line(image, start, stop, _PLACE, 2.0)


def _size_words(seen: Sighting) -> str:
    size = size_mm(seen)
    measured = seen.parts[0].long_axis_mm
    if len(seen.parts) > 1:
        return f"{measured:.1f} mm, 1 of {len(seen.parts)}"
    if seen.by_reader and size is not None:
        return f"{size:.1f} mm reader"
    return f"LD {measured:.1f} mm"
