"""overview.png: three planes through the largest lesion and a 3D picture, on one page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.case import Case
from LiverTumorSegLib.geometry.affine import slice_axis
from LiverTumorSegLib.labels import VENA_CAVA
from LiverTumorSegLib.measurements import Lesion, Measurements
from LiverTumorSegLib.report.drawing import GRAY, LONG_AXIS, PAGE, SHORT_AXIS, WHITE, Color, draw_legend, draw_text
from LiverTumorSegLib.report.flags import Severity, case_flags, explain_all
from LiverTumorSegLib.report.panels import center_of, ct_panel, draw_diameters
from LiverTumorSegLib.report.slices import (
    CORONAL,
    SAGITTAL,
    acquisition_plane,
    as_vector,
    fitted_grid,
)
from LiverTumorSegLib.report.surface import filled_box, surface_panel
from LiverTumorSegLib.volume import Volume

PAGE_PX = (1600, 1300)
PANEL_PX = (796, 592)
_GAP_PX = 8
ALARM: Color = (255, 120, 90)
_TOP_PX, _WARNING_PX = 58, 40
RESEARCH_ONLY = "For research use only. Not a medical device."


def make_overview(case: Case, view3d: Path | None = None) -> Image.Image:
    """The page as an RGB picture.

    The planes meet in the largest lesion, whose diameters are drawn; without lesions in the slice where the liver is
    widest; without liver in the middle of the CT. view3d: a picture of the 3D scene; None draws one without OpenGL.
    """
    warning = warning_text(case)
    top_px = _TOP_PX + _WARNING_PX * bool(warning)
    page = Image.new("RGB", (PAGE_PX[0], PAGE_PX[1] + top_px - _TOP_PX), PAGE)
    draw_text(page, (14, _TOP_PX / 2), headline(case.measurements), WHITE, 30, "lm")
    if warning:
        draw_text(page, (14, _TOP_PX + _WARNING_PX / 2 - 8), warning, ALARM, 26, "lm")
    for index, panel in enumerate([*_planes(case), _view(case, view3d)]):
        row, column = divmod(index, 2)
        page.paste(panel, (column * (PANEL_PX[0] + _GAP_PX), top_px + row * (PANEL_PX[1] + _GAP_PX)))
    bottom = (top_px + 2 * PANEL_PX[1] + _GAP_PX + page.height) / 2
    draw_legend(page, (14, bottom), _legend(case), 21)
    draw_text(page, (PAGE_PX[0] - 14, bottom), RESEARCH_ONLY, GRAY, 18, "rm")
    return page


def headline(measurements: Measurements) -> str:
    """Volumes and the largest lesion in one line."""
    parts = [f"Liver {measurements.liver_ml:.1f} ml" if measurements.liver_ml > 0 else "No liver was found"]
    if measurements.lesions:
        largest, count = measurements.lesions[0], len(measurements.lesions)
        burden = f" ({measurements.burden_percent:.1f} %)" if measurements.burden_percent is not None else ""
        parts.append(f"tumors {measurements.tumor_ml:.1f} ml{burden}")
        parts.append(f"{count} lesion{'s' * (count > 1)}, largest {size_text(largest)}")
    elif measurements.liver_ml > 0:
        parts.append("no lesion found")
    if measurements.liver_ml > 0:
        parts.append(f"vessels {measurements.vessel_ml:.1f} ml")
    return " · ".join(parts)


def warning_text(case: Case) -> str:
    """The most serious flag in words, for a picture that may be looked at without its report; "" if there is none."""
    serious = [text.title for text in explain_all(case_flags(case)) if text.severity is not Severity.NOTE]
    return f"Check: {serious[0]}" if serious else ""


def size_text(lesion: Lesion) -> str:
    """Long and short axis as a reader writes them."""
    return f"{lesion.long_axis_mm:.1f} x {lesion.short_axis_mm:.1f} mm"


def point_of_interest(case: Case) -> Vector:
    """RAS position where the planes meet."""
    if case.measurements.lesions:
        return center_of(case.measurements.lesions[0])
    return _widest_point(case.segmentation)


def _widest_point(segmentation: Volume) -> Vector:
    """Middle of the slice with the most labelled voxels; the volume's middle where there are none."""
    box = filled_box(segmentation.array)
    if box is None:
        middle = (np.array(segmentation.shape) - 1) / 2
        return as_vector(segmentation.ras_from_ijk(middle[None])[0])
    part = segmentation.crop(box)
    axis = slice_axis(part.affine)
    others = [other for other in range(3) if other != axis]
    ijk = np.zeros(3)
    ijk[axis] = np.argmax(np.count_nonzero(part.array, axis=(others[0], others[1])))
    ijk[others] = np.argwhere(np.take(part.array, int(ijk[axis]), axis=axis)).mean(axis=0)
    return as_vector(part.ras_from_ijk(ijk[None])[0])


def _planes(case: Case) -> list[Image.Image]:
    ct, point = case.study.ct, point_of_interest(case)
    largest = case.measurements.lesions[0] if case.measurements.lesions else None
    axis = largest.slice_axis if largest else slice_axis(ct.affine)
    grids = [
        fitted_grid(ct, plane, point, PANEL_PX) for plane in (acquisition_plane(ct.affine, axis), CORONAL, SAGITTAL)
    ]
    panels = [ct_panel(case, grid) for grid in grids]
    if largest:
        draw_diameters(panels[0], largest, grids[0])
    return panels


def _view(case: Case, view3d: Path | None) -> Image.Image:
    if view3d is None:
        panel = surface_panel(case.segmentation, case.shown, PANEL_PX)
    else:
        with Image.open(view3d) as picture:
            panel = ImageOps.pad(picture.convert("RGB"), PANEL_PX, color=PAGE)
    return panel


def _legend(case: Case) -> list[tuple[Color, str]]:
    entries = [(label.color, label.title) for label in case.shown]
    if case.vena_cava is not None:
        entries.append((VENA_CAVA.color, "Vena cava"))
    if case.measurements.lesions:
        entries += [(LONG_AXIS, "Longest (LD)"), (SHORT_AXIS, "Short (SD)")]
    return entries
