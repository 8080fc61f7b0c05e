"""A plan with the resection that somebody has chosen: what its files, report and summary are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.geometry.affine import slice_axis, slice_distance_mm
from LiverTumorSegLib.planning.fields import PlanningFields
from LiverTumorSegLib.planning.margin import Margin, cut_voxels, margin_json, margin_to
from LiverTumorSegLib.planning.plan import Plan, result_json
from LiverTumorSegLib.planning.remnant import Patient
from LiverTumorSegLib.planning.resection import (
    REMAINS,
    RESECTED,
    Resection,
    ResectionResult,
    SegmentResection,
    resect,
)
from LiverTumorSegLib.planning.surfaces import CurvedSurface, Side

THICK_SLICES_MM = 3.0
"""From here on, whether two structures touch is more a matter of the slices than of the patient."""


@dataclass(frozen=True, eq=False)
class ChosenResection:
    """margins: by id of the lesions that are removed or cut, each for itself; the result's is the smallest. cut_at_ras:
    by id of those that are cut, a place in the lesion in the middle of the cut.
    """

    resection: Resection
    result: ResectionResult
    margins: dict[int, Margin]
    cut_at_ras: dict[int, Vector]

    @property
    def title(self) -> str:
        """What is removed, in words."""
        if isinstance(self.resection, SegmentResection):
            many = "s" if len(self.resection.segments) > 1 else ""
            return f"Segment{many} {', '.join(self.resection.segments)} removed"
        where = "a curved surface" if isinstance(self.resection.surface, CurvedSurface) else "a plane"
        side = self.resection.removes
        if isinstance(side, Side):
            return f"Side of {where} {side} removed"
        return f"Side of {where} with lesion{'s' if len(side) > 1 else ''} {', '.join(map(str, side))} removed"

    @property
    def nearest_lesion(self) -> int | None:
        """The one that the cut passes nearest to, the largest of those that it touches; None where no lesion is
        removed or cut.
        """
        return min(self.margins, key=self._gap_mm, default=None)

    def _gap_mm(self, lesion_id: int) -> float:
        distance = self.margins[lesion_id].distance
        return 0.0 if distance.is_contact else distance.mm

    def to_json(self) -> dict[str, Any]:
        margins = [{"lesion": lesion_id, **margin_json(margin)} for lesion_id, margin in self.margins.items()]
        return {"title": self.title, **_how_json(self.resection), **result_json(self.result), "lesion_margins": margins}


@dataclass(frozen=True, eq=False)
class Planned:
    """chosen: None where only relations and the usual resections were asked for."""

    plan: Plan
    chosen: ChosenResection | None = None

    @property
    def slice_distance_mm(self) -> float:
        affine = self.plan.fields.grid.affine
        return slice_distance_mm(affine, slice_axis(affine))

    @property
    def has_thick_slices(self) -> bool:
        return self.slice_distance_mm >= THICK_SLICES_MM - 1e-3

    def to_json(self) -> dict[str, Any]:
        """Schema 1 of plan.json: Plan.to_json, the slices, and the chosen resection or null."""
        chosen = None if self.chosen is None else self.chosen.to_json()
        return self.plan.to_json() | {"slice_distance_mm": self.slice_distance_mm, "resection": chosen}


def choose(fields: PlanningFields, resection: Resection, patient: Patient | None = None) -> ChosenResection:
    """Carry out a resection, with the margin of each lesion. Raises InputError as ``resect`` does."""
    result = resect(fields, resection, patient)
    cut = cut_voxels(result.parts.array, REMAINS, RESECTED)
    touched = sorted((*result.lesions_removed, *result.lesions_cut))
    found = {lesion_id: margin_to([fields.lesions[lesion_id].surface], cut, fields.grid) for lesion_id in touched}
    margins = {lesion_id: margin for lesion_id, margin in found.items() if margin is not None}
    return ChosenResection(resection, result, margins, _cut_at(fields, cut, result.lesions_cut))


def _cut_at(fields: PlanningFields, cut_ijk: np.ndarray, lesions_cut: tuple[int, ...]) -> dict[int, Vector]:
    lesion_of = fields.plan.lesions.array[tuple(cut_ijk.T)]
    found = {}
    for lesion_id in lesions_cut:
        places = fields.grid.ras_from_ijk(cut_ijk[lesion_of == lesion_id])
        if len(places):
            x, y, z = places[np.linalg.norm(places - places.mean(axis=0), axis=1).argmin()].tolist()
            found[lesion_id] = (x, y, z)
    return found


def _how_json(resection: Resection) -> dict[str, Any]:
    if isinstance(resection, SegmentResection):
        return {"kind": "segments", "segments": list(resection.segments)}
    removes = resection.removes
    side = {"side": str(removes)} if isinstance(removes, Side) else {"removes_lesions": list(removes)}
    surface = resection.surface
    if isinstance(surface, CurvedSurface):
        points = [list(point) for point in surface.points_ras]
        return {"kind": "curved surface", "points_ras_mm": points, "normal_ras": list(surface.normal_ras), **side}
    plane = {"point_ras_mm": list(surface.point_ras), "normal_ras": list(surface.normal_ras)}
    return {"kind": "plane", **plane, **side}
