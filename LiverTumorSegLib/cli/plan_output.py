"""From a result folder to the finished folder of a plan; nothing is left behind where it fails or is cancelled."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from LiverTumorSegLib import __version__
from LiverTumorSegLib.case import RunRecord
from LiverTumorSegLib.cli.plan_choice import PlanChoice
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.nifti import write_nifti
from LiverTumorSegLib.io.nrrd import write_seg_nrrd
from LiverTumorSegLib.io.output_folder import OutputKind, output_folder
from LiverTumorSegLib.io.raw import read_bytes, sha256
from LiverTumorSegLib.io.read import read_image, read_study
from LiverTumorSegLib.io.results import (
    COUINAUD,
    LESIONS,
    RUN,
    SEGMENTATION,
    StoredCase,
    read_case,
    read_vena_cava_of,
    write_run,
)
from LiverTumorSegLib.io.text_files import CsvTable, write_csv, write_json
from LiverTumorSegLib.planning.anatomy import PlanAnatomy
from LiverTumorSegLib.planning.fields import PlanningFields
from LiverTumorSegLib.planning.parts import RESECTION_LABELS, parts_on
from LiverTumorSegLib.planning.plan import Plan
from LiverTumorSegLib.planning.planned import Planned, choose
from LiverTumorSegLib.planning.relations import relate_lesions
from LiverTumorSegLib.planning.tables import relations_table, what_if_table
from LiverTumorSegLib.planning.usual import what_if
from LiverTumorSegLib.progress import Progress
from LiverTumorSegLib.publish import versions
from LiverTumorSegLib.report.plan_overview import plan_overview
from LiverTumorSegLib.report.plan_page import write_plan_page
from LiverTumorSegLib.report.plan_tumors import tumor_distances
from LiverTumorSegLib.report.plan_views import PlanViews
from LiverTumorSegLib.timing import peak_memory_mib
from LiverTumorSegLib.volume import Volume

PLAN, WHAT_IF, RELATIONS, PAGE, PICTURE = "plan.json", "what_if.csv", "lesions.csv", "plan.html", "plan.png"
PARTS, PARTS_SEG_NRRD = "resection.nii.gz", "resection.seg.nrrd"
FOLDER = OutputKind(
    "an earlier plan", RUN, frozenset({PLAN, WHAT_IF, RELATIONS, PAGE, PICTURE, PARTS, PARTS_SEG_NRRD, RUN})
)


@dataclass(frozen=True, eq=False)
class Done:
    """What was written."""

    planned: Planned
    run: RunRecord


def plan_to_folder(result: Path, output: Path, choice: PlanChoice, job: Job) -> Done:
    """Read, plan and write. Raises InputError for a result without segments, and for what does not fit to it."""
    progress = Progress(job.report)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    cleanup = partial(shutil.rmtree, ignore_errors=True)
    with output_folder(output, FOLDER) as folder, job.cleaned_up_by(partial(cleanup, folder)):
        with progress.stage("read", 0.0, 0.1, "Reading"):
            stored = read_case(result)
            anatomy = _anatomy(result, stored, choice)
            ct = None if choice.ct is None else _ct(choice.ct, stored.segmentation)
        planned = _planned(anatomy, choice, progress)
        run = RunRecord(
            command="plan",
            version=__version__,
            started=started,
            settings=choice.settings,
            model={},
            source=_source(result, stored),
            versions=versions(),
        )
        with progress.stage("report", 0.75, 0.92, "Drawing pictures and report"):
            views = PlanViews(planned, ct)
            overview = plan_overview(views)
            overview.save(folder / PICTURE, compress_level=4)
            write_plan_page(folder / PAGE, views, run, overview, tumor_distances(views))
        with progress.stage("files", 0.92, 1.0, "Writing the plan"):
            _write_files(folder, planned, stored.segmentation)
        timings = progress.clock.seconds() | {"total": progress.clock.total()}
        run = replace(run, timings_s=timings, peak_memory_mib=round(peak_memory_mib()))
        write_run(folder, run)
    return Done(planned, run)


def _planned(anatomy: PlanAnatomy, choice: PlanChoice, progress: Progress) -> Planned:
    """The chosen resection comes first: what is wrong with it is told before the long table is made."""
    with progress.stage("fields", 0.1, 0.3, "Looking at the liver"):
        fields = PlanningFields.of(anatomy)
    with progress.stage("resection", 0.3, 0.35, "Cutting"):
        chosen = None if choice.resection is None else choose(fields, choice.resection, choice.patient)
    with progress.stage("relations", 0.35, 0.5, "Measuring distances"):
        lesions = relate_lesions(anatomy)
    with progress.stage("what-if", 0.5, 0.75, "Trying the usual resections"):
        rows = what_if(fields, choice.patient)
    return Planned(Plan(fields, choice.patient, lesions, rows), chosen)


def _anatomy(result: Path, stored: StoredCase, choice: PlanChoice) -> PlanAnatomy:
    if stored.segments is None:
        raise InputError(
            found=f"no {COUINAUD} in {result}: nobody has divided this liver",
            expected="a result with Couinaud segments",
            remedy="Make the result again with --anatomy on",
        )
    segmentation, lesions, segments = (
        volume.with_array(volume.array.astype(kind))
        for volume, kind in ((stored.segmentation, np.uint8), (stored.lesions, np.uint16), (stored.segments, np.uint8))
    )
    cava = read_vena_cava_of(result) if choice.cava is None else _mask(choice.cava)
    return PlanAnatomy(segmentation, lesions, segments, cava)


def _mask(path: Path) -> Volume:
    image = read_image(path)
    return Volume(image.array != 0, image.affine)


def _ct(path: Path, segmentation: Volume) -> Volume:
    ct = read_study(path).ct
    if not ct.same_grid(segmentation):
        raise InputError(
            found=f"a CT of {ct.describe_grid()}",
            expected=f"the CT of the result: {segmentation.describe_grid()}",
            remedy="Give the CT that the result was made from (--ct), or leave it out",
        )
    return ct


def _source(result: Path, stored: StoredCase) -> dict[str, Any]:
    """Which result this plan was made on, and what that says of itself."""
    hashes = {name: sha256(read_bytes(result / name)) for name in (SEGMENTATION, LESIONS, COUINAUD)}
    of_run = {name: stored.run.get(name) for name in ("command", "version", "started")}
    return {"result": str(result), "sha256": hashes, "run": of_run, "study": stored.run.get("source") or {}}


def _write_files(folder: Path, planned: Planned, grid: Volume) -> None:
    write_json(folder / PLAN, planned.to_json())
    write_csv(folder / WHAT_IF, CsvTable(*what_if_table(planned.plan)))
    write_csv(folder / RELATIONS, CsvTable(*relations_table(planned.plan)))
    if planned.chosen is not None:
        parts = parts_on(planned.chosen.result, grid)
        write_nifti(folder / PARTS, parts)
        write_seg_nrrd(folder / PARTS_SEG_NRRD, parts, RESECTION_LABELS)
