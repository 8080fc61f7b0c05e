"""The charts of a follow-up: the sum of each criterion with its thresholds, each lesion's change, volumes."""

from __future__ import annotations

from itertools import pairwise

from LiverTumorSegLib.followup.criteria import RULES, Rule
from LiverTumorSegLib.report.chart import Axis, Chart, Mark, Reference, Series, linear_axis, log_axis
from LiverTumorSegLib.report.followup_words import (
    CRITERION_SUMS,
    CRITERION_TITLES,
    amount_text,
    lesion_changes,
    number_text,
    percent_text,
    short_visit,
    unit_text,
)
from LiverTumorSegLib.timeline import Assessment, Criterion, FollowUp, Role, Sighting, State, TrackedLesion

MOST_LINES = 16
"""Lesions of a chart: the targets first, then the largest."""
_SUM, _ALL_TUMORS = "sum", "all"
_MARGIN = 0.04


def charts_of(timeline: FollowUp) -> list[Chart]:
    """All that there is something to draw in; a criterion without any total has none."""
    sums = [total_chart(timeline, criterion) for criterion in timeline.assessments]
    found = [*sums, spider_chart(timeline), volume_chart(timeline)]
    return [chart for chart in found if any(line.runs for line in chart.series)]


def time_axis(timeline: FollowUp) -> Axis:
    """Months since the baseline where every visit has a date, else the visits one after the other."""
    places = visit_places(timeline)
    span = places[-1] - places[0] or 1.0
    ticks = tuple((place, short_visit(timeline, visit)) for visit, place in enumerate(places))
    title = "Date of the examination" if is_dated(timeline) else "Visit (dates are not known)"
    return Axis(places[0] - _MARGIN * span, places[-1] + _MARGIN * span, ticks, title)


def is_dated(timeline: FollowUp) -> bool:
    """Whether the distance in time of all visits is known."""
    return all(visit.months is not None for visit in timeline.visits)


def visit_places(timeline: FollowUp) -> list[float]:
    """Where each visit lies on the time axis."""
    months = [visit.months for visit in timeline.visits]
    known = [month for month in months if month is not None]
    return known if len(known) == len(months) else [float(n + 1) for n in range(len(months))]


def total_chart(timeline: FollowUp, criterion: Criterion) -> Chart:
    """The sum over the targets, with the lines that partial response and progression are told by."""
    row, rule = timeline.assessments[criterion], RULES[criterion]
    unit, places = unit_text(rule.unit), visit_places(timeline)
    marks = tuple(_total_mark(timeline, criterion, visit, places[visit]) for visit in range(len(row)))
    references = (*_partial_line(timeline, row, rule), *_progression_line(timeline, row, rule))
    values = [mark.y for mark in marks if mark is not None] + [y for line in references for _, y in line.points]
    title = CRITERION_SUMS[criterion]
    return Chart(
        f"sum-{criterion.name.lower()}",
        f"{title} ({CRITERION_TITLES[criterion]})",
        "; ".join(mark.text for mark in marks if mark is not None),
        time_axis(timeline),
        linear_axis(values, f"Sum ({unit})", from_zero=True),
        (Series(_SUM, "sum", 0, marks),),
        references,
    )


def _total_mark(timeline: FollowUp, criterion: Criterion, visit: int, place: float) -> Mark | None:
    one = timeline.assessments[criterion][visit]
    if one.total is None:
        return None
    change = "" if one.percent_from_baseline is None else f", {percent_text(one.percent_from_baseline)} from baseline"
    response = "" if one.category is None else f", {one.category}"
    amount = amount_text(one.total, RULES[criterion].unit)
    return Mark(place, one.total, f"{short_visit(timeline, visit)}: {amount}{change}{response}")


def _partial_line(timeline: FollowUp, row: tuple[Assessment, ...], rule: Rule) -> tuple[Reference, ...]:
    """From the baseline to the last visit."""
    total, places = row[timeline.baseline].total, visit_places(timeline)
    if not total or timeline.baseline == len(row) - 1:
        return ()
    level = total * (1 - rule.pr_percent / 100)
    text = f"{percent_text(-rule.pr_percent)} from the baseline (PR)"
    return (Reference("better", text, ((places[timeline.baseline], level), (places[-1], level))),)


def _progression_line(timeline: FollowUp, row: tuple[Assessment, ...], rule: Rule) -> tuple[Reference, ...]:
    """A step before each visit: what its sum had to stay below, given the nadir so far."""
    places, points = visit_places(timeline), []
    for before, visit in pairwise(range(timeline.baseline, len(row))):
        nadir_visit = row[visit].nadir_visit
        nadir = None if nadir_visit is None else row[nadir_visit].total
        if nadir is not None:
            level = progression_level(rule, nadir)
            points += [(places[before], level), (places[visit], level)]
    least = f" and {rule.least_rise:g} {unit_text(rule.unit)}" if rule.least_rise else ""
    text = f"{percent_text(rule.pd_percent)}{least} from the nadir (PD)"
    return (Reference("worse", text, tuple(points)),) if points else ()


def progression_level(rule: Rule, nadir: float) -> float:
    """The smallest sum that is progression."""
    if nadir <= 0:
        return rule.least_over_nothing
    return max(nadir * (1 + rule.pd_percent / 100), nadir + rule.least_rise)


def drawn_lesions(timeline: FollowUp) -> list[TrackedLesion]:
    """At most MOST_LINES that somebody has not excluded, in the order of their names."""
    there = [lesion for lesion in timeline.lesions if lesion.role is not Role.EXCLUDED]
    first = sorted(there, key=lambda lesion: (lesion.role is not Role.TARGET, -_largest_ml(lesion)))[:MOST_LINES]
    return [lesion for lesion in there if lesion in first]


def _largest_ml(lesion: TrackedLesion) -> float:
    return max((seen.volume_ml or 0.0 for seen in lesion.sightings), default=0.0)


def spider_chart(timeline: FollowUp) -> Chart:
    """Each lesion's longest diameter in percent of the baseline's; new lesions have none to begin from."""
    places = visit_places(timeline)
    lines = []
    for number, lesion in enumerate(drawn_lesions(timeline)):
        marks = tuple(
            None if change is None else Mark(places[visit], change, _change_words(timeline, lesion, visit, change))
            for visit, change in enumerate(lesion_changes(timeline, lesion))
        )
        if any(mark is not None for mark in marks[timeline.baseline + 1 :]):
            lines.append(Series(lesion.id, lesion.id, number, marks, is_dashed=lesion.role is not Role.TARGET))
    rule = RULES[Criterion.RECIST]
    start, end = places[timeline.baseline], places[-1]
    levels = (("zero", "", 0.0), ("better", percent_text(-rule.pr_percent), -rule.pr_percent))
    references = tuple(Reference(kind, text, ((start, y), (end, y))) for kind, text, y in levels)
    values = [mark.y for line in lines for mark in line.marks if mark is not None] + [-40.0, 20.0]
    return Chart(
        "spider",
        "Each lesion's change from the baseline",
        "; ".join(mark.text for line in lines for mark in line.marks[-1:] if mark is not None),
        time_axis(timeline),
        linear_axis(values, "Longest diameter, change (%)", from_zero=True, sign=True),
        tuple(lines),
        references if start < end else (),
    )


def _change_words(timeline: FollowUp, lesion: TrackedLesion, visit: int, change: float) -> str:
    size = lesion.sightings[visit].long_axis_mm
    amount = "" if size is None else f"{number_text(size)} mm, "
    return f"{lesion.id}, {short_visit(timeline, visit)}: {amount}{percent_text(change)}"


def volume_chart(timeline: FollowUp) -> Chart:
    """Of each lesion and of all tumors, on a logarithmic axis: equal growth rates are equal slopes.

    What is gone lies on the axis' lower end, as a hollow mark.
    """
    places = visit_places(timeline)
    total_words = [f"All tumors, {short_visit(timeline, n)}: " for n in range(len(places))]
    tumors = [visit.tumor_ml for visit in timeline.visits]
    shown = drawn_lesions(timeline)
    values = [seen.volume_ml or 0.0 for lesion in shown for seen in lesion.sightings] + tumors
    axis = log_axis(values, "Volume (ml), logarithmic")
    whole = tuple(
        Mark(place, max(ml, axis.low), f"{words}{number_text(ml)} ml", is_open=ml <= 0)
        for place, ml, words in zip(places, tumors, total_words, strict=True)
    )
    lines = [Series(_ALL_TUMORS, "all", -1, whole)]
    for number, lesion in enumerate(shown):
        marks = tuple(_volume_mark(timeline, lesion, visit, places[visit], axis.low) for visit in range(len(places)))
        lines.append(Series(lesion.id, lesion.id, number, marks, is_dashed=lesion.role is not Role.TARGET))
    return Chart(
        "volume",
        "Volumes",
        "; ".join(mark.text for line in lines for mark in line.marks[-1:] if mark is not None),
        time_axis(timeline),
        axis,
        tuple(lines),
    )


def _volume_mark(timeline: FollowUp, lesion: TrackedLesion, visit: int, place: float, low: float) -> Mark | None:
    seen = lesion.sightings[visit]
    if seen.volume_ml is None or not _is_counted(seen):
        return None
    text = f"{lesion.id}, {short_visit(timeline, visit)}: {number_text(seen.volume_ml)} ml"
    return Mark(place, max(seen.volume_ml, low), text, is_open=seen.volume_ml <= 0)


def _is_counted(seen: Sighting) -> bool:
    """Whether its volume is one of its own: it has appeared, and is in view."""
    return seen.state not in (State.ABSENT, State.NOT_EVALUABLE) and not seen.merged_into
