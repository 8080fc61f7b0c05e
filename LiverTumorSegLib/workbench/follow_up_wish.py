"""What is to be followed, and how, before anything runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.corrections import Corrections
from LiverTumorSegLib.timeline import FollowUp
from LiverTumorSegLib.workbench.follow_up_visits import facts_of, iso_date

FEWEST_VISITS = 2


@dataclass(frozen=True, eq=False)
class VisitSource:
    """Where a visit comes from: a result of the scene, or a finished result folder. number: what the caller calls it.

    date: ISO; "" unknown. patient_id: "" unknown.
    """

    number: int
    date: str
    result: Any | None = None
    folder: Path | None = None
    title: str = ""
    patient_id: str = ""


@dataclass(frozen=True)
class TrackWish:
    """What is to be made of the visits.

    baseline: the number of a visit, None for the first one in time. output: where the report with pictures goes; None
    for the numbers alone. other_patient: go on where the examinations name several patients.
    """

    corrections: Corrections = field(default_factory=Corrections)
    baseline: int | None = None
    output: Path | None = None
    other_patient: bool = False
    earlier: FollowUp | None = None


def sources_of(follow_up: Any) -> list[VisitSource]:
    """The visits of a follow-up in a scene that are to be used. Raises InputError for a folder that is no result."""
    return [_source_of(follow_up, entry) for entry in follow_up.entries if entry.is_used]


def _source_of(follow_up: Any, entry: Any) -> VisitSource:
    from LiverTumorSegLib.mrml.hierarchy import patient_id_of
    from LiverTumorSegLib.mrml.result import result_of

    if entry.folder:
        folder = Path(entry.folder)
        facts = facts_of(folder)
        return VisitSource(entry.number, entry.date or facts.date, None, folder, folder.name, facts.patient_id)
    result, volume = result_of(follow_up.segmentation_of(entry)), follow_up.volume_of(entry)
    if result is None or volume is None:
        raise InputError(
            found=f"{follow_up.segmentation_of(entry).GetName()} without its CT",
            expected="a result with its CT in the scene",
            remedy="Load the CT, or leave this visit out",
        )
    scene = follow_up.scene
    known = entry.date or date_of(scene, volume)
    return VisitSource(entry.number, known, result, None, volume.GetName(), patient_id_of(scene, volume))


def date_of(scene: Any, volume: Any) -> str:
    """Of a CT of the scene, as DICOM has it; "" where nobody knows it."""
    from LiverTumorSegLib.mrml.hierarchy import study_date_of

    return iso_date(study_date_of(scene, volume))


def check(visits: Sequence[VisitSource], wish: TrackWish) -> None:
    """Raises InputError where these visits cannot be followed."""
    if len(visits) < FEWEST_VISITS:
        raise InputError(
            found=f"{len(visits)} visit{'s' if len(visits) != 1 else ''}",
            expected="two examinations of one patient, or more",
            remedy="Choose further results, or add result folders",
        )
    for visit in visits:
        if visit.date and not _is_date(visit.date):
            raise InputError(
                found=f"the date {visit.date} of {visit.title}",
                expected="a date as 2024-03-31",
                remedy="Correct it, or leave it empty",
            )
    unknown = [visit.title for visit in visits if not visit.date]
    if 0 < len(unknown) < len(visits):
        raise InputError(
            found=f"no date of {', '.join(unknown)}",
            expected="a date of every visit, or of none",
            remedy="Give the missing dates; without any, the visits count in the order of their choice",
        )
    patients = patients_of(visits)
    if len(patients) > 1 and not wish.other_patient:
        raise InputError(
            found=f"examinations of several patients: {', '.join(patients)}",
            expected="one patient",
            remedy="Take the others out, or confirm that it is one patient under several numbers",
        )


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def patients_of(visits: Sequence[VisitSource]) -> list[str]:
    """The patients' numbers that the examinations name; more than one is a question to the reader."""
    return sorted({visit.patient_id for visit in visits if visit.patient_id})
