"""plan.png: a 3D picture, two planes and the place where the cut passes nearest to a lesion, on one page."""

from __future__ import annotations

import numpy as np
from PIL import Image

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.case import shown_in
from LiverTumorSegLib.labels import LIVER
from LiverTumorSegLib.measurements import Line
from LiverTumorSegLib.planning.parts import RESECTION_LABELS
from LiverTumorSegLib.planning.planned import ChosenResection, Planned
from LiverTumorSegLib.planning.words import lesions_text, margin_mm_text, percent_text
from LiverTumorSegLib.report.drawing import GRAY, PAGE, WHITE, Color, draw_legend, draw_text
from LiverTumorSegLib.report.overview import RESEARCH_ONLY
from LiverTumorSegLib.report.panels import plane_title
from LiverTumorSegLib.report.plan_surface import plan_surface
from LiverTumorSegLib.report.plan_views import LINE, PlanViews, close_up, draw_distance, middle_of, write_lines
from LiverTumorSegLib.report.slices import CORONAL, SAGITTAL, Plane, as_vector

PAGE_PX = (1600, 1300)
PANEL_PX = (796, 592)
CLOSE_MM = 70.0
_GAP_PX, _TOP_PX = 8, 58


def plan_overview(views: PlanViews) -> Image.Image:
    """The page as an RGB picture; the planes meet where the margin is smallest, else in the largest lesion."""
    page = Image.new("RGB", PAGE_PX, PAGE)
    draw_text(page, (14, _TOP_PX / 2), headline(views.planned), WHITE, 28, "lm")
    for index, panel in enumerate(_panels(views)):
        row, column = divmod(index, 2)
        page.paste(panel, (column * (PANEL_PX[0] + _GAP_PX), _TOP_PX + row * (PANEL_PX[1] + _GAP_PX)))
    bottom = (_TOP_PX + 2 * PANEL_PX[1] + _GAP_PX + page.height) / 2
    draw_legend(page, (14, bottom), _legend(views), 21)
    draw_text(page, (PAGE_PX[0] - 14, bottom), RESEARCH_ONLY, GRAY, 18, "rm")
    return page


def headline(planned: Planned) -> str:
    """The chosen resection and its remnant, or how much there is to plan."""
    if planned.chosen is None:
        count = len(planned.plan.lesions)
        return f"Liver {_liver_ml(planned):.0f} ml · {count} lesion{'s' * (count != 1)} · no resection chosen"
    remnant = planned.chosen.result.remnant
    parts = [planned.chosen.title, f"remnant {remnant.flr_ml:.0f} ml, {percent_text(remnant.measured_percent)} %"]
    if planned.chosen.result.lesions_cut:
        parts.append(f"cuts lesion {lesions_text(planned.chosen.result.lesions_cut)}")
    elif planned.chosen.result.margin is not None:
        parts.append(f"margin {margin_mm_text(planned.chosen.result.margin)}")
    return " · ".join(parts)


def point_of_interest(planned: Planned) -> Vector:
    """Where the planes meet: at the cut that is nearest to a lesion, in the largest lesion, or in the liver."""
    line = nearest_line(planned.chosen)
    if line is not None:
        return middle_of(line)
    fields = planned.plan.fields
    largest = max(fields.lesions.values(), key=lambda lesion: len(lesion.organ_at), default=None)
    points = fields.organ_ras if largest is None else fields.organ_ras[largest.organ_at]
    middle = points.mean(axis=0)
    return as_vector(points[np.argmin(np.linalg.norm(points - middle, axis=1))])


def nearest_line(chosen: ChosenResection | None) -> Line | None:
    """From the lesion that the cut passes nearest to, to the remnant; of a lesion that is cut, a place in the cut."""
    if chosen is None or chosen.nearest_lesion is None:
        return None
    place = chosen.cut_at_ras.get(chosen.nearest_lesion)
    return chosen.margins[chosen.nearest_lesion].distance.line_ras_mm if place is None else (place, place)


def _panels(views: PlanViews) -> list[Image.Image]:
    chosen = views.planned.chosen
    through, line = point_of_interest(views.planned), nearest_line(chosen)
    planes = (views.axial, CORONAL, SAGITTAL) if line is None else (views.axial, _upright_along(line))
    panels = [plan_surface(views, PANEL_PX), *(_slice(views, plane, through, line) for plane in planes)]
    if line is not None and chosen is not None:
        panel, plane = close_up(views, line, PANEL_PX, CLOSE_MM)
        write_lines(panel, (_nearest_text(chosen), plane))
        panels.append(panel)
    return panels


def _upright_along(line: Line) -> Plane:
    """The upright plane that shows more of a line."""
    along_r, along_a, _ = np.abs(np.subtract(line[1], line[0]))
    return CORONAL if along_r >= along_a else SAGITTAL


def _nearest_text(chosen: ChosenResection) -> str:
    lesion_id = chosen.nearest_lesion
    if lesion_id is None or lesion_id in chosen.cut_at_ras:
        return f"Lesion {lesion_id} is cut"
    return f"Lesion {lesion_id} to remnant: {margin_mm_text(chosen.margins[lesion_id])}"


def _slice(views: PlanViews, plane: Plane, through: Vector, line: Line | None) -> Image.Image:
    grid = views.organ_grid(plane, through, PANEL_PX)
    image = views.picture(grid)
    if line is not None and line[0] != line[1]:
        draw_distance(image, grid, line)
    write_lines(image, (plane_title(grid),))
    return image


def _legend(views: PlanViews) -> list[tuple[Color, str]]:
    parts = RESECTION_LABELS if views.parts is not None else (LIVER,)
    entries = [(label.color, label.title) for label in parts]
    entries += [(label.color, label.title) for label in shown_in(views.segmentation) if label is not LIVER]
    return entries + ([(LINE, "Nearest")] if _has_line(views.planned.chosen) else [])


def _has_line(chosen: ChosenResection | None) -> bool:
    line = nearest_line(chosen)
    return line is not None and line[0] != line[1]


def _liver_ml(planned: Planned) -> float:
    fields = planned.plan.fields
    return fields.organ_voxels * fields.voxel_ml
