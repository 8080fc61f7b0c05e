"""The tables of a follow-up's page as rows of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from LiverTumorSegLib.followup.criteria import RULES
from LiverTumorSegLib.report.chart_svg import color_class
from LiverTumorSegLib.report.followup_charts import drawn_lesions
from LiverTumorSegLib.report.followup_words import (
    DASH,
    amount_text,
    confirmed_text,
    flag_text,
    growth_text,
    interval_text,
    is_within,
    lesion_changes,
    lesion_noise,
    number_text,
    percent_text,
    registration_text,
    response_text,
    role_text,
    signed_text,
    state_text,
    unit_text,
    visit_text,
)
from LiverTumorSegLib.timeline import Criterion, FollowUp, Sighting, TrackedLesion


@dataclass(frozen=True)
class ResponseRow:
    """A visit under one criterion. grade: "PD" and so on, "" where it is not judged, for the colour."""

    visit: str
    total: str
    from_baseline: str
    noise: str
    from_nadir: str
    grade: str
    response: str
    confirmed: str
    reason: str


@dataclass(frozen=True)
class Cell:
    """A lesion at a visit. is_there: whether it was measured there."""

    state: str
    is_there: bool
    size: str
    change: str
    volume: str
    growth: str
    slice_text: str
    flags: tuple[str, ...]


@dataclass(frozen=True)
class LesionRow:
    """color: the class of its line in the charts, "" where it has none."""

    lesion: TrackedLesion
    color: str
    role: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class VisitRow:
    """What is known of an examination."""

    visit: str
    key: str
    phase: str
    thickness: str
    liver: str
    tumors: str
    registration: str
    flags: tuple[str, ...]


def response_rows(timeline: FollowUp, criterion: Criterion) -> list[ResponseRow]:
    """One for each visit."""
    unit, rows = RULES[criterion].unit, []
    for visit, one in enumerate(timeline.assessments[criterion]):
        within = " (within)" if is_within(one.percent_from_baseline, one.noise_percent) else ""
        rows.append(
            ResponseRow(
                visit_text(timeline, visit),
                DASH if one.total is None else amount_text(one.total, unit),
                percent_text(one.percent_from_baseline),
                interval_text(one.noise_percent) + within,
                _nadir_text(timeline, criterion, visit),
                str(one.category or ""),
                response_text(one) or ("baseline" if visit == timeline.baseline else DASH),
                confirmed_text(one),
                one.reason.replace(" -", " \N{MINUS SIGN}"),
            )
        )
    return rows


def _nadir_text(timeline: FollowUp, criterion: Criterion, visit: int) -> str:
    one = timeline.assessments[criterion][visit]
    if one.change_from_nadir is None:
        return DASH
    unit = unit_text(RULES[criterion].unit)
    nadir = "" if one.nadir_visit is None else f" (visit {one.nadir_visit + 1})"
    percent = "" if one.percent_from_nadir is None else f"{percent_text(one.percent_from_nadir)}, "
    return f"{percent}{signed_text(one.change_from_nadir)} {unit}{nadir}"


def lesion_rows(timeline: FollowUp, lesions: Sequence[TrackedLesion]) -> list[LesionRow]:
    """In the order given."""
    colors = {lesion.id: color_class(number) for number, lesion in enumerate(drawn_lesions(timeline))}
    return [
        LesionRow(lesion, colors.get(lesion.id, ""), role_text(lesion), _cells(timeline, lesion)) for lesion in lesions
    ]


def _cells(timeline: FollowUp, lesion: TrackedLesion) -> tuple[Cell, ...]:
    changes, growth = lesion_changes(timeline, lesion), lesion.growth or (None,) * len(lesion.sightings)
    return tuple(
        _cell(seen, changes[visit] if visit != timeline.baseline else None, growth_text(growth[visit]))
        for visit, seen in enumerate(lesion.sightings)
    )


def _cell(seen: Sighting, change: float | None, growth: str) -> Cell:
    return Cell(
        state_text(seen),
        bool(seen.parts),
        _size_text(seen),
        "" if change is None else _change_text(change),
        "" if seen.volume_ml is None or not seen.parts else f"{number_text(seen.volume_ml)} ml",
        "" if growth == DASH else growth,
        f"slice {seen.parts[0].slice_index}" if seen.parts else "",
        tuple(flag_text(flag) for flag in seen.flags),
    )


def _change_text(change: float) -> str:
    within = "within" if is_within(change, lesion_noise()) else "beyond"
    return f"{percent_text(change)} from baseline, {within} reader noise"


def _size_text(seen: Sighting) -> str:
    """Long by short axis, who measured it, and what the program had measured where a reader has."""
    if seen.long_axis_mm is None:
        return ""
    short = "" if seen.short_axis_mm is None else f" × {number_text(seen.short_axis_mm)}"
    reader = ""
    if seen.by_reader:
        measured = seen.measured_long_axis_mm
        reader = " (reader)" if measured is None else f" (reader; measured {number_text(measured)})"
    viable = "" if seen.viable_mm is None else f", viable {number_text(seen.viable_mm)} mm"
    return f"{number_text(seen.long_axis_mm)}{short} mm{reader}{viable}"


def visit_rows(timeline: FollowUp) -> list[VisitRow]:
    """One for each visit."""
    return [
        VisitRow(
            visit_text(timeline, number),
            visit.key,
            visit.phase or "not known",
            f"{number_text(visit.slice_thickness_mm)} mm",
            f"{number_text(visit.liver_ml)} ml",
            f"{number_text(visit.tumor_ml)} ml"
            + ("" if visit.burden_percent is None else f", {number_text(visit.burden_percent)} % of the liver"),
            registration_text(visit.registration),
            tuple(flag_text(flag) for flag in visit.flags),
        )
        for number, visit in enumerate(timeline.visits)
    ]
