"""A follow-up made by hand, with every state and its pictures: what pages and tables are tested with."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
from report_cases import BODY, BODY_HU, GRIDS, LIVER, LIVER_HU, SHAPES, TUMOR_HU, centers_ras, inside

from LiverTumorSegLib.case import Case, RunRecord
from LiverTumorSegLib.followup.criteria import RULES
from LiverTumorSegLib.followup.examination import Examination
from LiverTumorSegLib.io.nifti import write_nifti
from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.io.results import result_folder, write_case_files
from LiverTumorSegLib.io.text_files import CsvTable
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.measurements import Lesion
from LiverTumorSegLib.study import Source
from LiverTumorSegLib.timeline import (
    Assessment,
    Category,
    Criterion,
    FollowUp,
    Growth,
    LookBack,
    Part,
    Registration,
    Role,
    Sighting,
    State,
    TrackedLesion,
    Visit,
)
from LiverTumorSegLib.volume import Volume

# Centre and half size (RAS, mm) of each visit's lesions, in the order of their volumes. The body moves by MOVES.
LESIONS = (
    {"L1": ((42.0, 15.0, 20.0), (14.0, 9.0, 11.0)), "L2": ((20.0, -6.0, 0.0), (8.0, 6.0, 8.0))},
    {"L1": ((42.0, 15.0, 20.0), (10.0, 7.0, 8.0))},
    {"L1": ((42.0, 15.0, 20.0), (15.0, 9.0, 11.0)), "L3": ((18.0, 20.0, 30.0), (6.0, 7.0, 6.0))},
)
MOVES = ((0.0, 0.0, 0.0), (6.0, -4.0, 9.0), (-5.0, 3.0, -6.0))
VISIT_GRIDS = ("upright", "oblique", "slices first")
DATES = ("2024-01-10", "2024-04-09", "2024-07-08")
IDENTITY = ((1.0, 0.0, 0.0, 0.0), (0.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 0.0), (0.0, 0.0, 0.0, 1.0))
DAYS_PER_MONTH = 30.4375


def placed(part, visit: int):
    """A box where it lies at a visit."""
    return (tuple(np.add(part[0], MOVES[visit])), part[1])


@cache
def examination(visit: int, *, with_ct: bool = True) -> Examination:
    """Measured by the program on a grid of its own."""
    grid = VISIT_GRIDS[visit]
    points = centers_ras(GRIDS[grid], SHAPES[grid])
    hu, labels = np.full(SHAPES[grid], -1000, np.int16), np.zeros(SHAPES[grid], np.uint8)
    parts = [(BODY, BODY_HU, 0), (LIVER, LIVER_HU, 1), *((box, TUMOR_HU, 3) for box in LESIONS[visit].values())]
    for part, value_hu, label in parts:
        where = inside(placed(part, visit), points)
        hu[where], labels[where] = value_hu, label
    ct = Volume(hu, GRIDS[grid])
    measured, lesions = measure_case(ct.with_array(labels), None)
    source = Source(f"/patients/Doe^Jane/{visit}.nii.gz", "nifti", str(visit + 1) * 64, study_date=DATES[visit])
    return Examination(
        ct.with_array(labels),
        lesions,
        measured,
        source,
        f"/results/{visit}",
        ct=(lambda: ct) if with_ct else lambda: None,
    )


def part_of(lesion: Lesion) -> Part:
    names = Part.__dataclass_fields__
    return Part(**{name: getattr(lesion, name) for name in names})


def seen(visit: int, name: str, state: State) -> Sighting:
    """The lesion as it was measured there."""
    lesion = examination(visit).measurements.lesions[list(LESIONS[visit]).index(name)]
    center = placed(LESIONS[visit][name], visit)[0]
    long_mm = lesion.long_axis_mm
    return Sighting(
        state,
        (part_of(lesion),),
        long_mm,
        lesion.short_axis_mm,
        long_mm,
        None,
        lesion.volume_ml,
        center,
        flags=lesion.flags,
    )


def not_seen(visit: int, first: int, name: str, state: State, **more) -> Sighting:
    """Where it would lie."""
    return Sighting(state, volume_ml=0.0, center_ras_mm=placed(LESIONS[first][name], visit)[0], **more)


def tracked() -> tuple[TrackedLesion, ...]:
    first = (seen(0, "L1", State.BASELINE), seen(1, "L1", State.PERSISTENT), seen(2, "L1", State.PERSISTENT))
    second = (
        seen(0, "L2", State.BASELINE),
        not_seen(1, 0, "L2", State.GONE, confirmed=True),
        not_seen(2, 0, "L2", State.GONE),
    )  # fmt: skip
    third = (
        not_seen(0, 2, "L3", State.ABSENT), not_seen(1, 2, "L3", State.ABSENT), seen(2, "L3", State.NEW)
    )  # fmt: skip
    back = (
        LookBack(0, third[0].center_ras_mm, 100.0, "Nothing was seen there.", 1.2, 9.0, 0.02),
        LookBack(1, third[1].center_ras_mm, 100.0, "Something darker than the liver was there.", -24.0, 9.0, 0.61),
    )
    growth = (None, Growth(-27.5, -66.0), Growth(41.0, 61.4))
    return (
        TrackedLesion("L1", Role.TARGET, "largest of the liver, 28 mm", "VIII", first, growth),
        TrackedLesion(
            "L2", Role.TARGET, "second largest, 16 mm", "V/VI", second, (None, None, None), role_by_reader=True
        ),
        TrackedLesion("L3", Role.NON_TARGET, "new lesions are no targets", "IV", third, (None, None, None), back),
    )


def visits(dates: tuple[str, ...] = DATES) -> tuple[Visit, ...]:
    known = all(dates)
    return tuple(
        Visit(
            key=examination(n).key,
            title=f"Visit {n + 1}",
            date=dates[n],
            months=n * 90 / DAYS_PER_MONTH if known else None,
            result=f"/results/{n}",
            phase=("portal venous", "portal venous", "arterial")[n],
            slice_thickness_mm=3.0,
            liver_ml=examination(n).measurements.liver_ml,
            tumor_ml=examination(n).measurements.tumor_ml,
            burden_percent=examination(n).measurements.burden_percent,
            mask_sha256=str(n) * 64,
            registration=Registration(0.97, 0.9, 1.1, True, IDENTITY) if n else None,
            flags=("phase-differs",) if n == 2 else (),
        )
        for n in range(3)
    )


def assessed(totals: tuple[float, ...], categories: tuple[Category | None, ...]) -> tuple[Assessment, ...]:
    """Told by hand; the numbers follow from the totals."""
    rows = []
    for n, (total, category) in enumerate(zip(totals, categories, strict=True)):
        if not n:
            rows.append(Assessment(None, "baseline", total))
            continue
        nadir_visit = int(np.argmin(totals[:n]))
        nadir = totals[nadir_visit]
        rows.append(
            Assessment(
                category, f"{category}: because of visit {nadir_visit + 1}.", total, 100 * (total / totals[0] - 1),
                100 * (total / nadir - 1), total - nadir, nadir_visit, noise_percent=(-19.2, 19.5),
            )
        )  # fmt: skip
    return tuple(rows)


def timeline(dates: tuple[str, ...] = DATES) -> FollowUp:
    lesions = tracked()
    long_mm = [lesions[0].sightings[n].long_axis_mm for n in range(3)]
    totals = (long_mm[0] + lesions[1].sightings[0].long_axis_mm, long_mm[1], long_mm[2])
    rows = assessed(totals, (None, Category.PR, Category.PD))
    rows = (*rows[:2], replace(rows[2], if_confirmed=Category.PD))
    ml = tuple(sum(seen.volume_ml for lesion in lesions[:2] for seen in lesion.sightings[n : n + 1]) for n in range(3))
    assert set(RULES) >= {Criterion.RECIST, Criterion.VOLUME}
    return FollowUp(
        "P1", 0, visits(dates), lesions,
        {Criterion.RECIST: rows, Criterion.VOLUME: assessed(ml, (None, Category.PR, Category.PD))},
        log=("The mask of visit 1 has changed since the last run.",),
        warnings=("Visit 3 is of another phase than the others.",),
    )  # fmt: skip


def examinations(*, with_ct: bool = True) -> tuple[Examination, ...]:
    return tuple(examination(n, with_ct=with_ct) for n in range(3))


def record() -> RunRecord:
    return RunRecord("track", "9.9", "2026-01-02T03:04:05+00:00", {"look_back": "on"}, {}, {})


def write_visit(folder: Path, visit: int, *, date: str | None = None, patient: str = "P1") -> Path:
    """CT and result folder of a visit, as segment would have left them; the result."""
    shown = examination(visit)
    folder.mkdir(parents=True, exist_ok=True)
    write_nifti(folder / f"ct{visit}.nii.gz", shown.ct())
    study = read_study(folder / f"ct{visit}.nii.gz")
    source = replace(study.source, study_date=DATES[visit] if date is None else date, patient_id=patient)
    run = replace(record(), command="segment", source=source.to_json())
    case = Case(replace(study, source=source), shown.segmentation, shown.lesions, shown.measurements, run)
    with result_folder(folder / f"visit{visit}") as out:
        write_case_files(out, case, volumes=CsvTable(("nothing",), ()), lesions=CsvTable(("nothing",), ()))
    return folder / f"visit{visit}"
