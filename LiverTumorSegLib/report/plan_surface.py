"""3D pictures of a plan without OpenGL: what is resected and what remains, with lesions and vessels inside."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PIL import Image

from LiverTumorSegLib.case import shown_in
from LiverTumorSegLib.labels import LIVER, Label, LabelSet
from LiverTumorSegLib.planning.parts import RESECTION_LABELS
from LiverTumorSegLib.report.plan_views import PlanViews
from LiverTumorSegLib.report.surface import surface_panel
from LiverTumorSegLib.volume import Volume

_STEP = 16
"""Between the values of one part's labels and those of the next."""


def plan_surface(views: PlanViews, size_px: tuple[int, int]) -> Image.Image:
    """The liver in two translucent colours, or in its own where nothing is resected."""
    if views.parts is None:
        return surface_panel(views.segmentation, shown_in(views.segmentation), size_px)
    return surface_panel(*split_labels(views.segmentation, views.parts), size_px)


def split_labels(segmentation: Volume, parts: Volume) -> tuple[Volume, LabelSet]:
    """Each label twice, once for either part, so that a part is drawn around all that lies in it.

    The part that lies behind comes first: its glaze is under that of the other.
    """
    shown = shown_in(segmentation)
    inner = [label for label in shown if label is not LIVER]
    array = np.where(parts.array > 0, parts.array * np.uint8(_STEP) + segmentation.array, 0).astype(np.uint8)
    labels: list[Label] = []
    for part in sorted(RESECTION_LABELS, key=lambda part: _front_mm(parts, part.value)):
        family = part.value * _STEP
        labels.append(replace(part, value=family + LIVER.value, parent=None))
        labels += [
            replace(label, value=family + label.value, name=f"{part.name} {label.name}", parent=part.name)
            for label in inner
        ]
    return segmentation.with_array(array), LabelSet(tuple(labels))


def _front_mm(parts: Volume, value: int) -> float:
    """How far a part lies to the patient's front, in the mean."""
    places = np.argwhere(parts.array == value)
    return float(parts.ras_from_ijk(places.mean(axis=0, keepdims=True))[0, 1])
