"""A follow-up as tables of the scene, in the words and digits of a reader: 0.1 mm, 0.1 ml, 0.1 %."""

from __future__ import annotations

from typing import Any

from LiverTumorSegLib.followup.criteria import RULES
from LiverTumorSegLib.mrml.tables import Cell, fill_table
from LiverTumorSegLib.timeline import Assessment, Category, Criterion, FollowUp, Sighting, State, TrackedLesion

LESION_COLUMNS = (
    "Lesion",
    "Role",
    "Segment",
    "Visit",
    "Date",
    "State",
    "Long axis (mm)",
    "Short axis (mm)",
    "Volume (ml)",
    "Growth (%/month)",
    "Doubling (days)",
    "By",
    "Remark",
)
NOT_KNOWN = "-"


def visit_columns(criterion: Criterion) -> tuple[str, ...]:
    """Of the table of visits; the sum is one of diameters, products or volumes."""
    unit = RULES[criterion].unit
    return (
        "Visit",
        "Date",
        "Months",
        f"Sum ({unit})",
        "From baseline (%)",
        "From nadir (%)",
        f"From nadir ({unit})",
        "Response",
        "Once gone is confirmed",
        "Reason",
        "Liver (ml)",
        "Tumor (ml)",
        "Burden (%)",
        "CT",
    )


def fill_visits(
    node: Any,
    timeline: FollowUp | None,
    criterion: Criterion,
    titles: dict[str, str],
    *,
    is_outdated: bool = False,
) -> None:
    """One row per visit in the order of time; no row while nothing is known. Outdated: the judgement is away.

    titles: of CTs, by their keys.
    """
    rows = visit_rows(timeline, criterion, titles, is_outdated=is_outdated) if timeline else []
    fill_table(node, visit_columns(criterion), rows)


def visit_rows(
    timeline: FollowUp, criterion: Criterion, titles: dict[str, str], *, is_outdated: bool = False
) -> list[tuple[Cell, ...]]:
    """As the table has them."""
    judged = assessments_of(timeline, criterion)
    rows = []
    for number, (visit, one) in enumerate(zip(timeline.visits, judged, strict=True)):
        known = None if is_outdated else one
        rows.append(
            (
                str(number + 1),
                visit.date,
                rounded(visit.months),
                *_judgement(known, is_baseline=number == timeline.baseline),
                rounded(visit.liver_ml),
                rounded(visit.tumor_ml),
                rounded(visit.burden_percent),
                titles.get(visit.key, visit.title),
            )
        )
    return rows


def assessments_of(timeline: FollowUp, criterion: Criterion) -> tuple[Assessment | None, ...]:
    """One per visit; None where this follow-up was not judged by that criterion."""
    return timeline.assessments.get(criterion) or (None,) * len(timeline.visits)


def _judgement(one: Assessment | None, *, is_baseline: bool) -> tuple[Cell, ...]:
    if one is None:
        return (None, None, None, None, "", "", "")
    response = "baseline" if is_baseline else str(one.category or NOT_KNOWN)
    changes = (one.percent_from_baseline, one.percent_from_nadir, one.change_from_nadir)
    return (
        rounded(one.total),
        *map(rounded, changes),
        response,
        in_words(one.if_confirmed),
        one.reason,
    )


def fill_lesions(node: Any, timeline: FollowUp | None) -> None:
    """One row per lesion and visit; no row while nothing is known."""
    fill_table(node, LESION_COLUMNS, lesion_rows(timeline) if timeline else [])


def lesion_rows(timeline: FollowUp) -> list[tuple[Cell, ...]]:
    """As the table has them: lesion by lesion, in the order of visits."""
    return [
        (
            lesion.id,
            str(lesion.role),
            lesion.segments,
            str(number + 1),
            visit.date,
            state_in_words(seen),
            *map(rounded, (seen.long_axis_mm, seen.short_axis_mm, seen.volume_ml)),
            *_growth(lesion, number),
            "reader" if seen.by_reader else "",
            ", ".join(seen.flags),
        )
        for lesion in timeline.lesions
        for number, (visit, seen) in enumerate(zip(timeline.visits, lesion.sightings, strict=True))
    ]


def _growth(lesion: TrackedLesion, visit: int) -> tuple[Cell, Cell]:
    growth = lesion.growth[visit] if visit < len(lesion.growth) else None
    return (None, None) if growth is None else (rounded(growth.percent_per_month), rounded(growth.doubling_days))


def state_in_words(seen: Sighting) -> str:
    """What became of a lesion, in the words of a reader."""
    if seen.state is State.GONE:
        return "gone" if seen.confirmed else "not found: gone?"
    if seen.merged_into:
        return f"merged into {seen.merged_into}"
    return "not there yet" if seen.state is State.ABSENT else str(seen.state)


def in_words(category: Category | None) -> str:
    """A category, or nothing."""
    return "" if category is None else str(category)


def rounded(value: float | None) -> float | None:
    """To the digit that is shown; + 0.0: no "-0"."""
    return None if value is None else round(value, 1) + 0.0
