"""The work of the planning child (``live``): one opened liver, and answers to what is asked of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import Box, LabelArray, Mask
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.geometry.boxes import bounding_box, union_of
from LiverTumorSegLib.labels import TUMOR, VESSEL
from LiverTumorSegLib.measure.instances import find_instances
from LiverTumorSegLib.measure.live import read_request
from LiverTumorSegLib.planning.anatomy import CAVA, PlanAnatomy
from LiverTumorSegLib.planning.fields import PlanningFields
from LiverTumorSegLib.planning.live import Answer, Request, taken_in
from LiverTumorSegLib.planning.plan import result_json
from LiverTumorSegLib.planning.planned import ChosenResection
from LiverTumorSegLib.planning.remnant import Patient, share_percent
from LiverTumorSegLib.planning.resection import (
    Resection,
    ResectionResult,
    SegmentResection,
    SurfaceResection,
    resect,
)
from LiverTumorSegLib.planning.surface_distance import distances_to
from LiverTumorSegLib.planning.surfaces import CurvedSurface, Plane, Side
from LiverTumorSegLib.planning.usual import USUAL_RESECTIONS, WhatIf, what_if
from LiverTumorSegLib.planning.words import margin_class_text, margin_mm_text, references_text
from LiverTumorSegLib.volume import Volume


class LiveSession:
    """say: takes every answer."""

    def __init__(self, say: Callable[[Answer], None]) -> None:
        self._say = say
        self._fields: PlanningFields | None = None
        self._folder = Path()
        self._number = 0
        """Of the request that opened the liver."""
        self._patient: Patient | None = None
        self._steps: Iterator[None] = iter(())
        self._rows: tuple[WhatIf, ...] | None = None
        self.has_more = False
        """Whether ``go_on`` would do something."""

    def handle(self, request: Request) -> None:
        """Answer one request."""
        work = {"open": self._open, "patient": self._take_patient, "resect": self._resect, "distances": self._distances}
        kind = request["kind"]
        try:
            work[kind](request)
        except InputError as error:
            self._say({"event": "refused", "kind": kind, "number": request["number"], "message": str(error)})

    def go_on(self) -> None:
        """One step of the table of usual resections."""
        self.has_more = next(self._steps, self) is not self

    def _open(self, request: Request) -> None:
        self._fields, self._steps, self.has_more, self._rows = None, iter(()), False, None
        self._folder, self._number = Path(request["labels"]).parent, request["number"]
        self._fields = PlanningFields.of(_anatomy(request))
        self._say(
            {
                "event": "opened",
                "number": self._number,
                "liver_ml": self._fields.organ_voxels * self._fields.voxel_ml,
                "functional_ml": self._fields.functional_liver_ml,
                "lesions": list(self._fields.lesions),
            }
        )
        self._steps, self.has_more = self._try_usual(self._fields), True

    def _take_patient(self, request: Request) -> None:
        """One who cannot be is told, and nothing is standardised by him."""
        self._patient, remark = None, ""
        try:
            self._patient = _patient(request["height_cm"], request["weight_kg"])
        except InputError as error:
            remark = str(error)
        self._say({"event": "patient", "number": request["number"], "remark": remark})
        self._say_what_if()

    def _resect(self, request: Request) -> None:
        fields = self._opened()
        resection = resection_of(request)
        result = resect(fields, resection, self._patient)
        part, start = _cut_to_organ(result)
        path = self._folder / f"parts-{request['number']}.npy"
        np.save(path, part, allow_pickle=False)
        references = fields.settings.references
        self._say(
            {
                "event": "resected",
                "number": request["number"],
                "title": ChosenResection(resection, result, {}, {}).title,
                "numbers": result_json(result),
                "references": references_text(result.remnant.measured_percent, references),
                **_margin_words(result),
                "parts": str(path),
                "start": start,
            }
        )

    def _distances(self, request: Request) -> None:
        points_ras = taken_in(request["points"])
        plan = self._opened().plan
        target = plan.tumor if request["to"] == "tumors" else _named_vessels(plan)
        if not target.any():
            raise InputError(
                found=f"a liver without {request['to']}",
                expected="something to be near to",
                remedy="Distances are not shown here",
            )
        path = self._folder / f"distances-{request['number']}.npy"
        values = distances_to(plan.segmentation.with_array(target), points_ras)
        np.save(path, values.astype(np.float32), allow_pickle=False)
        self._say({"event": "distances", "number": request["number"], "values": str(path)})

    def _opened(self) -> PlanningFields:
        if self._fields is None:
            raise InputError(
                found="no liver to plan on", expected="one that could be opened", remedy="See what was said of it"
            )
        return self._fields

    def _try_usual(self, fields: PlanningFields) -> Iterator[None]:
        rows: list[WhatIf] = []
        for usual in USUAL_RESECTIONS:
            rows += what_if(fields, None, (usual,))
            yield
        self._rows = tuple(sorted(rows, key=lambda row: (row.lesions_not_removed, -row.remnant.flr_ml)))
        self._say_what_if()

    def _say_what_if(self) -> None:
        if self._rows is not None:
            rows = [_row_json(row, self._patient) for row in self._rows]
            self._say({"event": "what-if", "number": self._number, "rows": rows})


def usual_json() -> list[dict[str, Any]]:
    """The usual resections with their names and segments."""
    return [
        {"title": usual.title, "other_title": usual.other_title, "segments": list(usual.segments)}
        for usual in USUAL_RESECTIONS
    ]


def resection_of(request: Request) -> Resection:
    """What a request wants removed. Raises InputError for a surface that is none."""
    if "segments" in request:
        return SegmentResection(tuple(request["segments"]))
    side = Side.AGAINST_NORMAL if request["against"] else Side.ALONG_NORMAL
    if "plane" in request:
        plane = request["plane"]
        return SurfaceResection(Plane(tuple(plane["point_ras"]), tuple(plane["normal_ras"])), side)
    return SurfaceResection(CurvedSurface(tuple(tuple(point) for point in request["points_ras"])), side)


def _anatomy(request: Request) -> PlanAnatomy:
    """Lesions as ``measure`` numbers them, so that the ids are those of the result's table."""
    labels, segments = read_request(request)
    if segments is None:
        raise InputError(
            found="a liver without Couinaud segments", expected="one that was divided", remedy="Segment the CT again"
        )
    lesions = find_instances(labels.with_array(labels.array == TUMOR.value), None).volume
    organ = labels.array > 0
    whole = labels.with_array(_without_gaps(np.where(organ, segments.array, np.uint8(0)), organ, labels.spacing_mm))
    return PlanAnatomy(labels, lesions, whole, _vena_cava(request, labels))


def _vena_cava(request: Request, grid: Volume) -> Volume | None:
    """From the indices of its voxels: most of a CT is none."""
    if "vena_cava" not in request:
        return None
    mask = np.zeros(grid.shape, np.uint8, order="F")
    mask[tuple(taken_in(request["vena_cava"]).T)] = 1
    return grid.with_array(mask)


def _without_gaps(segments: LabelArray, organ: Mask, spacing_mm: tuple[float, float, float]) -> LabelArray:
    """What an edit has left apart from the divided liver goes to the nearest segment."""
    if not (organ & (segments == 0)).any() or not segments.any():
        return segments
    box = union_of([part for part in [bounding_box(organ)] if part is not None])
    filled = segments.copy()
    i, j, k = ndimage.distance_transform_edt(
        segments[box] == 0, sampling=spacing_mm, return_distances=False, return_indices=True
    )
    filled[box] = np.where(organ[box], segments[box][i, j, k], np.uint8(0))
    return filled


def _patient(height_cm: float, weight_kg: float) -> Patient | None:
    if height_cm <= 0 and weight_kg <= 0:
        return None
    if height_cm <= 0 or weight_kg <= 0:
        raise InputError(
            found="only one of height and weight", expected="both", remedy="Give both for the standardised remnant"
        )
    return Patient(float(height_cm), float(weight_kg))


def _named_vessels(plan: PlanAnatomy) -> Mask:
    vessels = {name: mask for name, mask in plan.vessels().items() if name != CAVA}
    named = [mask for name, mask in vessels.items() if name != VESSEL.name] or list(vessels.values())
    return np.logical_or.reduce([np.zeros_like(plan.organ), *named])


def _cut_to_organ(result: ResectionResult) -> tuple[LabelArray, list[int]]:
    """The parts without the empty border, and the index of their first voxel on the CT's grid."""
    organ: Box = union_of([part for part in [bounding_box(result.parts.array)] if part is not None])
    start = [outer.start + inner.start for outer, inner in zip(result.box, organ, strict=True)]
    return result.parts.array[organ], start


def _margin_words(result: ResectionResult | WhatIf) -> dict[str, str]:
    return {"margin_mm": margin_mm_text(result.margin), "margin_class": margin_class_text(result.margin)}


def _row_json(row: WhatIf, patient: Patient | None) -> dict[str, Any]:
    """Whoever the patient is, it is the same remnant."""
    standard = None if patient is None else share_percent(row.remnant.flr_ml, patient.standard_liver_ml)
    row = replace(row, remnant=replace(row.remnant, standardised_percent=standard))
    usual = row.resection
    named = {"title": usual.title, "other_title": usual.other_title, "segments": list(usual.segments)}
    return named | result_json(row) | _margin_words(row)
