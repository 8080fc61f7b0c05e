"""Per lesion: the shortest ways to the capsule and to the vessels, each in the plane in which it lies."""

from __future__ import annotations

from PIL import Image

from LiverTumorSegLib.planning.relations import Distance, LesionRelations
from LiverTumorSegLib.planning.words import VESSEL_TITLES, distance_text
from LiverTumorSegLib.report.drawing import GRAY, PAGE, draw_text
from LiverTumorSegLib.report.plan_views import LINE, PlanViews, close_up

PANEL_PX = 340
HEADER_PX = 54
"""Words stand above a panel, where they hide neither the patient's sides nor the line."""
FIELD_MM = 60.0
_GAP_PX = 4


def lesion_strip(views: PlanViews, lesion: LesionRelations) -> Image.Image | None:
    """Panels side by side; None where the lesion is near to nothing at all."""
    ways = shown_distances(lesion)
    if not ways:
        return None
    strip = Image.new("RGB", (len(ways) * (PANEL_PX + _GAP_PX) - _GAP_PX, PANEL_PX + HEADER_PX), PAGE)
    for index, (title, distance) in enumerate(ways):
        left = index * (PANEL_PX + _GAP_PX)
        panel, plane = close_up(views, distance.line_ras_mm, (PANEL_PX, PANEL_PX), FIELD_MM)
        strip.paste(panel, (left, HEADER_PX))
        draw_text(strip, (left + 8, 5), f"{title}: {distance_text(distance)}", LINE, 19)
        draw_text(strip, (left + 8, 29), plane, GRAY, 17)
    return strip


def shown_distances(lesion: LesionRelations) -> list[tuple[str, Distance]]:
    """Capsule first, then the vessels in the order of their names' table, not by distance: strips compare."""
    ways = [] if lesion.capsule is None else [("Capsule", lesion.capsule)]
    by_name = {vessel.vessel: vessel.distance for vessel in lesion.vessels}
    return ways + [(title.capitalize(), by_name[name]) for name, title in VESSEL_TITLES.items() if name in by_name]
