"""The lesions in 3D, coloured by how near each part of them is to the nearest vessel."""

from __future__ import annotations

import numpy as np
from PIL import Image

from LiverTumorSegLib.arrays import LabelArray
from LiverTumorSegLib.case import shown_in
from LiverTumorSegLib.labels import LIVER, TUMOR, Label, LabelSet
from LiverTumorSegLib.planning.voxel_surface import VoxelSurface, tree_of
from LiverTumorSegLib.report.drawing import GRAY, PAGE, WHITE, Color, draw_legend, draw_text
from LiverTumorSegLib.report.plan_views import PlanViews
from LiverTumorSegLib.report.surface import surface_panel

PAGE_PX = (1000, 760)
BANDS: tuple[tuple[float, str, Color], ...] = (
    (2.0, "under 2 mm", (214, 40, 57)),
    (5.0, "2 to 5 mm", (244, 140, 60)),
    (10.0, "5 to 10 mm", (250, 218, 94)),
    (np.inf, "10 mm or more", (236, 236, 226)),
)
"""Upper limit in mm, words, colour: from warm to pale, told apart by those who do not see red and green."""
_FIRST_VALUE = 20
_LEGEND_PX = 56


def tumor_distances(views: PlanViews) -> Image.Image | None:
    """A page with a legend; None where there is no lesion or no vessel."""
    plan = views.planned.plan.fields.plan
    if not plan.tumor.any() or not plan.vessels():
        return None
    segmentation = views.segmentation
    labels = LabelSet((*(label for label in shown_in(segmentation) if label is not TUMOR), *_band_labels()))
    page = Image.new("RGB", PAGE_PX, PAGE)
    panel = surface_panel(segmentation.with_array(tumor_bands(views)), labels, (PAGE_PX[0], PAGE_PX[1] - _LEGEND_PX))
    page.paste(panel, (0, 0))
    draw_text(page, (14, 10), "Lesions: distance to the nearest vessel", WHITE, 22)
    draw_legend(page, (14, PAGE_PX[1] - _LEGEND_PX / 2), [(color, words) for _, words, color in BANDS], 22)
    draw_text(page, (PAGE_PX[0] - 14, PAGE_PX[1] - _LEGEND_PX / 2), "mm, between voxels", GRAY, 17, "rm")
    return page


def _band_labels() -> list[Label]:
    return [
        Label(_FIRST_VALUE + n, f"band {n}", words, color, TUMOR.category, TUMOR.code, LIVER.name)
        for n, (_, words, color) in enumerate(BANDS)
    ]


def tumor_bands(views: PlanViews) -> LabelArray:
    """The segmentation with each voxel of a lesion in the band of its own distance."""
    plan, grid = views.planned.plan.fields.plan, views.segmentation
    spacing_mm = np.array(grid.spacing_mm)
    vessels = np.concatenate([VoxelSurface.of(mask).voxels_ijk for mask in plan.vessels().values()])
    inside = np.argwhere(plan.tumor)
    away_mm, _ = tree_of(vessels * spacing_mm).query(inside * spacing_mm)
    bands = np.searchsorted([limit for limit, _, _ in BANDS], away_mm, side="right")
    array = np.array(grid.array, dtype=np.uint8)
    array[tuple(inside.T)] = _FIRST_VALUE + np.minimum(bands, len(BANDS) - 1)
    return array
