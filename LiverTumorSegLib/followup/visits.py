"""The order of examinations, whether they are of one patient, and what of them does not compare well."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.examination import Examination
from LiverTumorSegLib.followup.growth import DAYS_PER_MONTH
from LiverTumorSegLib.followup.livers import cut_faces
from LiverTumorSegLib.followup.track_settings import TrackSettings
from LiverTumorSegLib.followup.words import visit_text
from LiverTumorSegLib.geometry.affine import slice_axis, slice_distance_mm, slice_normal
from LiverTumorSegLib.measure.flags import LIVER_TOUCHES_EDGE, OBLIQUE
from LiverTumorSegLib.study import Source
from LiverTumorSegLib.timeline import Registration, Visit

POOR_REGISTRATION = "poor-registration"
"""Flag of a visit whose liver does not lie well over that of the visit before."""
_IDENTITY = {"patient_id": "patient id", "patient_birth_date": "birth date", "patient_sex": "sex"}


@dataclass(frozen=True, eq=False)
class Ordered:
    """Examinations in the order of time with their ISO dates ("" unknown), and what the reader should know."""

    examinations: tuple[Examination, ...]
    dates: tuple[str, ...]
    warnings: tuple[str, ...]


def in_order(examinations: Sequence[Examination], dates: Sequence[str] | None, settings: TrackSettings) -> Ordered:
    """By date where all are known (days alike stay as given), else as given.

    dates: one per examination, "YYYY-MM-DD" or "YYYYMMDD", "" for the header's; None for the headers'. Raises
    InputError for no examination, the same CT twice, data of different patients, dates that are none, dates that
    contradict the given order where some are missing, and another number of dates.
    """
    _check_different(examinations)
    warnings = _identity_warnings([one.source for one in examinations], settings)
    given = _dates_of(examinations, dates)
    known = [day for day in given if day]
    order = list(range(len(examinations)))
    if len(known) == len(given):
        order.sort(key=lambda place: given[place])
    elif known != sorted(known):
        raise InputError(
            found=f"examinations of {', '.join(day or 'an unknown day' for day in given)}",
            expected="all dates, or examinations in the order of time",
            remedy="Give all dates, or the studies in their order",
        )
    elif len(examinations) > 1:
        warnings.append("Not every examination has a date: they are taken in the order given.")
    days = tuple(given[place] for place in order)
    warnings += [
        f"{visit_text(n).capitalize()} and {visit_text(n + 1)} are of the same day: they are taken in the order given."
        for n in range(len(days) - 1)
        if days[n] and days[n] == days[n + 1]
    ]
    return Ordered(tuple(examinations[place] for place in order), days, tuple(warnings))


def visit_of(
    number: int, ordered: Ordered, baseline: int, registration: Registration | None, settings: TrackSettings
) -> Visit:
    """What is told of one examination."""
    one, day = ordered.examinations[number], ordered.dates[number]
    measured, grid = one.measurements, one.segmentation
    cut = bool(cut_faces(grid)) and LIVER_TOUCHES_EDGE not in measured.flags
    poor = registration is not None and not registration.is_usable
    extra = {LIVER_TOUCHES_EDGE: cut, OBLIQUE: _is_oblique(one, settings), POOR_REGISTRATION: poor}
    return Visit(
        key=one.key,
        title=visit_text(number).capitalize(),
        date=day,
        months=_months(ordered.dates[baseline], day),
        result=one.result,
        phase=one.phase,
        slice_thickness_mm=slice_mm(one),
        liver_ml=measured.liver_ml,
        tumor_ml=measured.tumor_ml,
        burden_percent=measured.burden_percent,
        mask_sha256=mask_sha256(one),
        registration=registration,
        flags=(*measured.flags, *(flag for flag, holds in extra.items() if holds)),
    )


def slice_mm(examination: Examination) -> float:
    """Between neighbouring slices."""
    affine = examination.segmentation.affine
    return slice_distance_mm(affine, slice_axis(affine))


def mask_sha256(examination: Examination) -> str:
    """Of the label map and the lesion ids with their grid; the order in memory does not matter."""
    digest = hashlib.sha256(np.round(examination.segmentation.affine, 4).tobytes())
    for array in (examination.segmentation.array, examination.lesions.array):
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(np.ascontiguousarray(array.T).tobytes())
    return digest.hexdigest()


def comparison_warnings(ordered: Ordered, visits: Sequence[Visit], settings: TrackSettings) -> list[str]:
    """Sentences about what makes numbers of different visits hard to compare; [] for nothing."""
    found = []
    thinnest = min(visits, key=lambda visit: visit.slice_thickness_mm)
    thickest = max(visits, key=lambda visit: visit.slice_thickness_mm)
    if thickest.slice_thickness_mm > settings.slice_factor * thinnest.slice_thickness_mm:
        found.append(
            f"The distance of slices differs: {thinnest.slice_thickness_mm:.1f} mm at {_low(thinnest)}, "
            f"{thickest.slice_thickness_mm:.1f} mm at {_low(thickest)}."
        )
    phases = {visit.phase: visit for visit in reversed(visits) if visit.phase}
    if len(phases) > 1:
        named = ", ".join(f"{phase} at {_low(visit)}" for phase, visit in sorted(phases.items()))
        found.append(f"The contrast phase differs: {named}.")
    for visit, one in zip(visits, ordered.examinations, strict=True):
        found += _warnings_of(visit, one, settings)
    return found


def _warnings_of(visit: Visit, examination: Examination, settings: TrackSettings) -> list[str]:
    found = []
    if _is_oblique(examination, settings):
        found.append(f"The slices of {_low(visit)} are tilted by more than {settings.oblique_degrees:g} degrees.")
    if cut_faces(examination.segmentation):
        found.append(f"The liver of {_low(visit)} is cut off by the edge of the volume.")
    registration = visit.registration
    if registration is not None and not registration.is_usable:
        found.append(
            f"The liver of {_low(visit)} does not lie well over that of the visit before "
            f"(Dice {registration.dice:.2f}, volumes changed by {registration.jacobian_low:.2f} to "
            f"{registration.jacobian_high:.2f}): "
            "which lesions are the same is a proposal, please check it."
        )
    return found


def _low(visit: Visit) -> str:
    return visit.title.lower()


def _is_oblique(examination: Examination, settings: TrackSettings) -> bool:
    affine = examination.segmentation.affine
    upward = abs(float(slice_normal(affine, slice_axis(affine))[2]))
    return float(np.degrees(np.arccos(min(1.0, upward)))) > settings.oblique_degrees


def _months(baseline: str, day: str) -> float | None:
    if not baseline or not day:
        return None
    return (date.fromisoformat(day) - date.fromisoformat(baseline)).days / DAYS_PER_MONTH


def _check_different(examinations: Sequence[Examination]) -> None:
    if not examinations:
        raise InputError(found="no study", expected="two or more studies of a patient", remedy="Name the studies")
    seen: dict[str, Examination] = {}
    for one in examinations:
        if one.key in seen:
            raise InputError(
                found=f"the same CT twice: {seen[one.key].result or one.key} and {one.result or one.key}",
                expected="a different CT for each visit",
                remedy="Name each study once",
            )
        seen[one.key] = one


def _dates_of(examinations: Sequence[Examination], dates: Sequence[str] | None) -> list[str]:
    if dates is not None and len(dates) != len(examinations):
        raise InputError(
            found=f"{len(dates)} dates for {len(examinations)} studies",
            expected="one date for each study",
            remedy="Give as many dates as studies, an empty one where the header's is right",
        )
    given = dates if dates is not None else [""] * len(examinations)
    return [_iso(day.strip() or one.source.study_date) for day, one in zip(given, examinations, strict=True)]


def _iso(day: str) -> str:
    """Raises InputError for what is no date."""
    try:
        return date.fromisoformat(day).isoformat() if day else ""
    except ValueError as error:
        raise InputError(
            found=f"the date {day!r}", expected="a date as 2024-05-31", remedy="Give the dates of the studies"
        ) from error


def _identity_warnings(sources: Sequence[Source], settings: TrackSettings) -> list[str]:
    """Raises InputError where data of the patient differ, unless the settings allow it; unknown data do not."""
    differing = {
        title: values
        for name, title in _IDENTITY.items()
        if len(values := sorted({getattr(source, name).strip() for source in sources} - {""})) > 1
    }
    if not differing:
        return []
    words = "; ".join(f"{title}: {' and '.join(values)}" for title, values in differing.items())
    if settings.other_patient:
        return [f"The studies say that they are of different patients ({words}); they were compared on request."]
    raise InputError(
        found=f"studies of different patients ({words})",
        expected="studies of one patient",
        remedy="Check the studies, or allow other patients if you know that they belong together",
    )
