"""A plan as the terminal shows it, and as facts for programs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from LiverTumorSegLib.case import RunRecord
from LiverTumorSegLib.planning.planned import ChosenResection, Planned
from LiverTumorSegLib.planning.relations import LesionRelations
from LiverTumorSegLib.planning.usual import WhatIf
from LiverTumorSegLib.planning.words import (
    NONE,
    distance_text,
    lesions_text,
    margin_class_text,
    margin_mm_text,
    margin_text,
    percent_text,
    vessel_of,
)

ROWS = 8
"""Of the what-if table; all are in the report."""
PAGE = "plan.html"


def plan_facts(planned: Planned, folder: Path, run: RunRecord) -> dict[str, Any]:
    """For --progress json: where the plan is, and all of plan.json."""
    return {
        "folder": str(folder),
        "report": str(folder / PAGE),
        "plan": planned.to_json(),
        "warnings": list(run.warnings),
        "timings_s": run.timings_s,
    }


def plan_summary(planned: Planned, folder: Path, run: RunRecord) -> str:
    """Lesions, the first rows of the what-if table, the chosen resection, and where the report is."""
    lines = [*_lesions(planned), "", *_what_if(planned)]
    if planned.chosen is not None:
        lines += ["", *_chosen(planned.chosen)]
    if planned.has_thick_slices:
        lines += ["", f"Slices {planned.slice_distance_mm:.1f} mm apart: whether something touches is not reliable."]
    return "\n".join([*lines, "", f"{run.timings_s['total']:.1f} s; report: {folder / PAGE}"])


def _lesions(planned: Planned) -> list[str]:
    if not planned.plan.lesions:
        return ["No lesion."]
    margin = "" if planned.chosen is None else "planned margin"
    head = (
        f"{'lesion':>6} {'ml':>7}  {'segments':12s} {'capsule':>15} {'portal vein':>15} {'hepatic vein':>15}  {margin}"
    )
    return [head.rstrip(), *(_lesion(planned, lesion) for lesion in planned.plan.lesions)]


def _lesion(planned: Planned, lesion: LesionRelations) -> str:
    portal, hepatic = (vessel_of(lesion, name) for name in ("portal_vein", "hepatic_vein"))
    vessels = [distance_text(None if vessel is None else vessel.distance) for vessel in (portal, hepatic)]
    words = f"{distance_text(lesion.capsule):>15} {vessels[0]:>15} {vessels[1]:>15}"
    margin = _margin_of(planned.chosen, lesion.lesion_id)
    return f"{lesion.lesion_id:6d} {lesion.volume_ml:7.1f}  {lesion.segments_title:12s} {words}  {margin}".rstrip()


def _margin_of(chosen: ChosenResection | None, lesion_id: int) -> str:
    if chosen is None:
        return ""
    if lesion_id in chosen.result.lesions_left:
        return "left"
    if lesion_id in chosen.result.lesions_cut:
        return "cut"
    return margin_mm_text(chosen.margins.get(lesion_id))


def _what_if(planned: Planned) -> list[str]:
    rows = planned.plan.what_if
    if not rows:
        return ["None of the usual resections is possible: segments are missing."]
    standard = f" {'std %':>6}" if planned.plan.patient is not None else ""
    head = f"{'usual resection':34s} {'FLR ml':>7} {'%':>6}{standard}  {'lesions left':22s} planned margin"
    more = [f"and {len(rows) - ROWS} more in the report"] if len(rows) > ROWS else []
    return [head, *(_row(row, with_standard=bool(standard)) for row in rows[:ROWS]), *more]


def _row(row: WhatIf, *, with_standard: bool) -> str:
    remnant = row.remnant
    standard = f" {percent_text(remnant.standardised_percent):>6}" if with_standard else ""
    numbers = f"{remnant.flr_ml:7.0f} {percent_text(remnant.measured_percent):>6}{standard}"
    return f"{row.resection.title:34s} {numbers}  {_not_removed(row):22s} {margin_class_text(row.margin)}"


def _not_removed(row: WhatIf) -> str:
    cut = f"cut {lesions_text(row.lesions_cut)}" if row.lesions_cut else ""
    left = lesions_text(row.lesions_left) if row.lesions_left else ""
    return "; ".join(filter(None, (left, cut))) or NONE


def _chosen(chosen: ChosenResection) -> list[str]:
    result, remnant = chosen.result, chosen.result.remnant
    functional = "" if remnant.functional is None else f", functional {percent_text(remnant.functional.percent)} %"
    standard = percent_text(remnant.standardised_percent)
    standardised = "" if standard == NONE else f", standardised {standard} %"
    return [
        f"{chosen.title}: {result.resected_ml:.1f} ml",
        f"  remnant {remnant.flr_ml:.1f} ml, measured {percent_text(remnant.measured_percent)} %"
        f"{standardised}{functional}",
        *(
            ["  the functional remnant is far below the measured one: is a vein missing in the segmentation?"]
            if remnant.functional_is_doubtful
            else []
        ),
        f"  lesions removed {lesions_text(result.lesions_removed)}, cut {lesions_text(result.lesions_cut)}, "
        f"left {lesions_text(result.lesions_left)}",
        f"  planned margin {margin_text(result.margin)}",
    ]
