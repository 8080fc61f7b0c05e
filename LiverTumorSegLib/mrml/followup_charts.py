"""A follow-up as charts of the scene: sum of diameters with its limits, diameters, volumes on a log axis."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

import slicer

from LiverTumorSegLib.followup.criteria import RULES
from LiverTumorSegLib.mrml.followup import CHARTS_ROLE, FollowUpNode
from LiverTumorSegLib.mrml.followup_tables import assessments_of
from LiverTumorSegLib.mrml.hierarchy import remove_with_item
from LiverTumorSegLib.mrml.tables import fill_table
from LiverTumorSegLib.timeline import Criterion, FollowUp, Role, TrackedLesion

MONTHS, VISIT = "Months since the baseline", "Visit"
SUM, LIVER, ALL_TUMOR = "Sum", "Liver", "All tumor"
SUM_TITLE, DIAMETERS_TITLE, VOLUMES_TITLE = "Sum of the targets", "Long axes", "Volumes"
_NAN = math.nan
COLORS = (
    (0.12, 0.47, 0.71),
    (0.84, 0.37, 0.00),
    (0.00, 0.55, 0.40),
    (0.58, 0.40, 0.74),
    (0.75, 0.15, 0.35),
    (0.55, 0.34, 0.29),
    (0.35, 0.70, 0.90),
    (0.60, 0.55, 0.05),
)
_DARK, _GREEN, _RED = (0.1, 0.1, 0.1), (0.0, 0.5, 0.3), (0.75, 0.1, 0.1)


def show_charts_of(follow_up: FollowUpNode, timeline: FollowUp | None) -> None:
    """Make table and charts those of new numbers; None: nothing is drawn."""
    table = follow_up.curves_table
    if table is None or len(follow_up.charts) < 3:
        return
    columns = curves(timeline, follow_up.criterion) if timeline else {}
    fill_table(table, tuple(columns), list(zip(*columns.values(), strict=True)))
    of_sum, of_diameters, of_volumes = follow_up.charts
    for chart in follow_up.charts:
        remove_series(chart)
    if timeline is None:
        return
    _describe(follow_up, timeline)
    unit = RULES[follow_up.criterion].unit
    fall, rise = limit_titles(follow_up.criterion)
    add_series(of_sum, table, f"{SUM} ({unit})", f"{SUM} ({unit})", _DARK)
    add_series(of_sum, table, fall, fall, _GREEN, is_limit=True)
    add_series(of_sum, table, rise, rise, _RED, is_limit=True)
    for index, lesion in enumerate(shown_lesions(timeline)):
        color = COLORS[index % len(COLORS)]
        faint = lesion.role is not Role.TARGET
        add_series(of_diameters, table, _title(lesion), diameter_column(lesion), color, is_faint=faint)
        add_series(of_volumes, table, _title(lesion), volume_column(lesion), color, is_faint=faint)
    add_series(of_volumes, table, ALL_TUMOR, f"{ALL_TUMOR} (ml)", _RED)
    add_series(of_volumes, table, LIVER, f"{LIVER} (ml)", _DARK)


def curves(timeline: FollowUp, criterion: Criterion) -> dict[str, list[float]]:
    """Column -> a value per visit; NaN where nothing is known, and for 0 ml, which no log axis has."""
    judged = assessments_of(timeline, criterion)
    totals = [one.total if one else None for one in judged]
    unit = RULES[criterion].unit
    fall, rise = limit_titles(criterion)
    rule = RULES[criterion]
    baseline = totals[timeline.baseline]
    response = None if baseline is None else baseline * (1 - rule.pr_percent / 100)
    nadirs = [totals[one.nadir_visit] if one and one.nadir_visit is not None else None for one in judged]
    nadirs[timeline.baseline] = baseline
    columns = {
        _axis(timeline): _places(timeline),
        f"{SUM} ({unit})": _numbers(totals),
        fall: _numbers([response if number >= timeline.baseline else None for number in range(len(totals))]),
        rise: _numbers([None if nadir is None else nadir * (1 + rule.pd_percent / 100) for nadir in nadirs]),
    }
    for lesion in shown_lesions(timeline):
        columns[diameter_column(lesion)] = _numbers([seen.long_axis_mm for seen in lesion.sightings])
        columns[volume_column(lesion)] = _numbers([seen.volume_ml or None for seen in lesion.sightings])
    columns[f"{ALL_TUMOR} (ml)"] = _numbers([visit.tumor_ml or None for visit in timeline.visits])
    columns[f"{LIVER} (ml)"] = _numbers([visit.liver_ml or None for visit in timeline.visits])
    return columns


def limit_titles(criterion: Criterion) -> tuple[str, str]:
    """Of the lines below and above which there is a response and a progression."""
    rule = RULES[criterion]
    return f"-{rule.pr_percent:g} % from baseline", f"+{rule.pd_percent:g} % from nadir"


def shown_lesions(timeline: FollowUp) -> list[TrackedLesion]:
    """Targets first; none that the reader has excluded."""
    lesions = [lesion for lesion in timeline.lesions if lesion.role is not Role.EXCLUDED]
    return sorted(lesions, key=lambda lesion: lesion.role is not Role.TARGET)


def diameter_column(lesion: TrackedLesion) -> str:
    """Its long axis."""
    return f"{lesion.id} (mm)"


def volume_column(lesion: TrackedLesion) -> str:
    """Its volume."""
    return f"{lesion.id} (ml)"


def add_chart(scene: slicer.vtkMRMLScene, title: str, y_title: str, *, log_axis: bool = False) -> Any:
    """An empty chart."""
    chart = scene.AddNewNodeByClass("vtkMRMLPlotChartNode", scene.GenerateUniqueName(title))
    chart.SetTitle(title)
    chart.SetYAxisTitle(y_title)
    chart.SetXAxisTitle(MONTHS)
    chart.SetYAxisLogScale(log_axis)
    chart.SetLegendVisibility(True)
    return chart


def add_series(
    chart: Any,
    table: Any,
    title: str,
    column: str,
    color: Sequence[float],
    *,
    is_limit: bool = False,
    is_faint: bool = False,
) -> None:
    """A curve with a point per visit; a limit is a dashed line without points. Faint: not counted."""
    scene = chart.GetScene()
    series = scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", title)
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetXColumnName(table.GetColumnName(0))
    series.SetYColumnName(column)
    series.SetPlotType(series.PlotTypeScatter)
    series.SetLineStyle(
        series.LineStyleDash if is_limit else series.LineStyleDot if is_faint else series.LineStyleSolid
    )
    series.SetMarkerStyle(series.MarkerStyleNone if is_limit else series.MarkerStyleCircle)
    series.SetMarkerSize(8)
    series.SetLineWidth(1 if is_limit else 2)
    series.SetColor(*color)
    chart.AddAndObservePlotSeriesNodeID(series.GetID())


def remove_series(chart: Any) -> None:
    """Take the curves of a chart out of the scene."""
    for series in series_of(chart):
        remove_with_item(chart.GetScene(), series)
    chart.RemoveAllPlotSeriesNodeIDs()


def series_of(chart: Any) -> list[Any]:
    """Its curves, in their order."""
    found = (chart.GetNthPlotSeriesNode(index) for index in range(chart.GetNumberOfPlotSeriesNodes()))
    return [series for series in found if series is not None]


def add_charts(follow_up: FollowUpNode) -> None:
    """The three charts, empty."""
    unit = RULES[follow_up.criterion].unit
    for title, y_title, log_axis in (
        (SUM_TITLE, unit, False),
        (DIAMETERS_TITLE, "mm", False),
        (VOLUMES_TITLE, "ml", True),
    ):
        chart = add_chart(follow_up.scene, title, y_title, log_axis=log_axis)
        follow_up.node.AddNodeReferenceID(CHARTS_ROLE, chart.GetID())


def _describe(follow_up: FollowUpNode, timeline: FollowUp) -> None:
    follow_up.charts[0].SetYAxisTitle(RULES[follow_up.criterion].unit)
    follow_up.charts[0].SetTitle(f"{SUM_TITLE}, {follow_up.criterion}")
    for chart in follow_up.charts:
        chart.SetXAxisTitle(_axis(timeline))


def _axis(timeline: FollowUp) -> str:
    return MONTHS if _has_months(timeline) else VISIT


def _places(timeline: FollowUp) -> list[float]:
    if _has_months(timeline):
        return [float(visit.months or 0.0) for visit in timeline.visits]
    return [float(number + 1) for number in range(len(timeline.visits))]


def _has_months(timeline: FollowUp) -> bool:
    return all(visit.months is not None for visit in timeline.visits)


def _numbers(values: Iterable[float | None]) -> list[float]:
    return [_NAN if value is None else float(value) for value in values]


def _title(lesion: TrackedLesion) -> str:
    return f"{lesion.id} ({lesion.segments})" if lesion.segments else lesion.id
