"""visits.csv and lesions.csv: a follow-up for spreadsheets and statistics, unrounded."""

from __future__ import annotations

from collections.abc import Iterator

from LiverTumorSegLib.io.text_files import Cell, CsvTable
from LiverTumorSegLib.timeline import Assessment, Criterion, FollowUp, Growth, Sighting, Visit

_UNITS = {Criterion.RECIST: "mm", Criterion.MRECIST: "mm", Criterion.WHO: "mm2", Criterion.VOLUME: "ml"}
_NAMES = {
    Criterion.RECIST: "recist",
    Criterion.MRECIST: "mrecist",
    Criterion.WHO: "who",
    Criterion.VOLUME: "volume",
}
_VISIT = (
    "visit", "key", "date", "months", "title", "phase", "slice_thickness_mm", "liver_ml", "tumor_ml", "burden_percent",
    "registration_dice", "flags",
)  # fmt: skip
_LESION = (
    "lesion", "role", "segments", "visit", "date", "state", "long_axis_mm", "short_axis_mm", "measured_long_axis_mm",
    "viable_mm", "volume_ml", "ids", "slice_index", "slice_position_mm", "by_reader", "confirmed", "merged_into",
    "growth_percent_per_month", "doubling_days", "flags",
)  # fmt: skip


def visits_table(timeline: FollowUp) -> CsvTable:
    """A row for each visit, with six columns for each criterion."""
    header = [*_VISIT, *(name for criterion in timeline.assessments for name in _assessed_names(criterion))]
    rows = [
        [
            *_visit_cells(number, visit),
            *(cell for row in timeline.assessments.values() for cell in _assessed_cells(row[number])),
        ]
        for number, visit in enumerate(timeline.visits)
    ]
    return CsvTable(header, rows)


def lesions_table(timeline: FollowUp) -> CsvTable:
    """A row for each lesion at each visit."""
    return CsvTable(_LESION, list(_lesion_rows(timeline)))


def _visit_cells(number: int, visit: Visit) -> list[Cell]:
    dice = None if visit.registration is None else visit.registration.dice
    return [
        number + 1,
        visit.key,
        visit.date,
        visit.months,
        visit.title,
        visit.phase,
        visit.slice_thickness_mm,
        visit.liver_ml,
        visit.tumor_ml,
        visit.burden_percent,
        dice,
        " ".join(visit.flags),
    ]


def _assessed_names(criterion: Criterion) -> list[str]:
    name, unit = _NAMES[criterion], _UNITS[criterion]
    ends = ("from_baseline_percent", "from_nadir_percent", f"from_nadir_{unit}", "response", "reason")
    return [f"{name}_total_{unit}", *(f"{name}_{end}" for end in ends)]


def _assessed_cells(one: Assessment) -> list[Cell]:
    response = None if one.category is None else str(one.category)
    return [
        one.total,
        one.percent_from_baseline,
        one.percent_from_nadir,
        one.change_from_nadir,
        response,
        one.reason,
    ]


def _lesion_rows(timeline: FollowUp) -> Iterator[list[Cell]]:
    for lesion in timeline.lesions:
        growth = lesion.growth or (None,) * len(lesion.sightings)
        for number, (visit, seen) in enumerate(zip(timeline.visits, lesion.sightings, strict=True)):
            place: list[Cell] = [number + 1, visit.date]
            yield [lesion.id, str(lesion.role), lesion.segments, *place, *_seen_cells(seen, growth[number])]


def _seen_cells(seen: Sighting, growth: Growth | None) -> list[Cell]:
    largest = seen.parts[0] if seen.parts else None
    return [
        str(seen.state),
        seen.long_axis_mm,
        seen.short_axis_mm,
        seen.measured_long_axis_mm,
        seen.viable_mm,
        seen.volume_ml,
        " ".join(str(part.id) for part in seen.parts),
        None if largest is None else largest.slice_index,
        None if largest is None else largest.slice_position_mm,
        "yes" if seen.by_reader else "",
        "yes" if seen.confirmed else "",
        seen.merged_into,
        None if growth is None else growth.percent_per_month,
        None if growth is None else growth.doubling_days,
        " ".join(seen.flags),
    ]
