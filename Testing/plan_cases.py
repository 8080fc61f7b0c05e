"""The box-shaped liver of report_cases with veins and Couinaud segments, to plan on: distances are known.

The liver reaches from R 3 to 67 mm; its segments I to VIII are slabs of 8 mm along R. The lesion reaches from R 28 to
56, from A 6 to 24 and from S 9 to 31; the liver's front is at A 36. The portal vein ends at R 25, the hepatic vein lies
behind the lesion, from A -10 to -4.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from report_cases import GRIDS, SHAPES, box_case, centers_ras, inside

from LiverTumorSegLib.case import Case
from LiverTumorSegLib.io.results import result_folder, write_case_files
from LiverTumorSegLib.io.text_files import CsvTable
from LiverTumorSegLib.planning.anatomy import PlanAnatomy
from LiverTumorSegLib.planning.fields import PlanningFields
from LiverTumorSegLib.planning.plan import make_plan
from LiverTumorSegLib.planning.planned import Planned, choose
from LiverTumorSegLib.planning.remnant import Patient
from LiverTumorSegLib.planning.resection import Resection
from LiverTumorSegLib.volume import Volume

PORTAL = ((19.0, 0.0, 8.0), (6.0, 4.0, 16.0))
HEPATIC = ((42.0, -7.0, 20.0), (14.0, 3.0, 5.0))
FIRST_SLAB_R, SLAB_MM = 3.0, 8.0
TABLE = CsvTable(("nothing",), ())


@cache
def divided_case(grid: str = "upright") -> Case:
    """With portal and hepatic veins and with segments."""
    case = box_case(grid)
    points = centers_ras(GRIDS[grid], SHAPES[grid])
    labels = case.segmentation.array.copy()
    labels[labels == 2] = 1
    for part, value in ((PORTAL, 4), (HEPATIC, 5)):
        labels[inside(part, points) & (labels == 1)] = value
    slab = np.clip((points[..., 0] - FIRST_SLAB_R) // SLAB_MM, 0, 7) + 1
    segments = np.where(labels > 0, slab, 0).astype(np.uint8)
    segmentation = case.segmentation.with_array(labels)
    return replace(case, segmentation=segmentation, segments=segmentation.with_array(segments))


@cache
def anatomy(grid: str = "upright") -> PlanAnatomy:
    case = divided_case(grid)
    return PlanAnatomy(case.segmentation, case.lesions, case.segments)


def with_thin_slices(whole: PlanAnatomy) -> PlanAnatomy:
    """The same voxels at half the size: 1.5 mm between slices."""
    half = np.diag([0.5, 0.5, 0.5, 1.0])
    parts = (whole.segmentation, whole.lesions, whole.segments)
    return PlanAnatomy(*(Volume(part.array, half @ part.affine) for part in parts))


def planned(grid: str = "upright", resection: Resection | None = None, patient: Patient | None = None) -> Planned:
    plan = make_plan(anatomy(grid), patient)
    return Planned(plan, None if resection is None else choose(plan.fields, resection, patient))


@cache
def fields(grid: str = "upright") -> PlanningFields:
    return PlanningFields.of(anatomy(grid))


def write_result(out: Path, case: Case) -> Path:
    """A result folder as segment writes it, data only."""
    with result_folder(out) as folder:
        write_case_files(folder, case, volumes=TABLE, lesions=TABLE)
    return out
