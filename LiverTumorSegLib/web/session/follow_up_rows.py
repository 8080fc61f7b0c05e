"""A follow-up as rows and charts of the page: words and digits of the report, 0.1 mm and 0.1 %."""

from __future__ import annotations

from collections.abc import Callable

from LiverTumorSegLib.report.chart_svg import chart_svg
from LiverTumorSegLib.report.followup_charts import charts_of
from LiverTumorSegLib.report.followup_rows import Cell, lesion_rows, response_rows
from LiverTumorSegLib.report.followup_words import number_text
from LiverTumorSegLib.timeline import Criterion, FollowUp, Role, Sighting, TrackedLesion
from LiverTumorSegLib.web.session.follow_up_state import ChartItem, LesionItem, ResponseItem, SeenItem

MOST_LESIONS = 100
_COMMAND_LINE_WORDS = " Give it with --ct."


def response_items(timeline: FollowUp, criterion: Criterion, *, is_outdated: bool) -> list[ResponseItem]:
    """One for each visit; outdated: the judgement is away, what was measured stays."""
    return [
        ResponseItem(
            visit=row.visit,
            total=row.total,
            from_baseline=row.from_baseline,
            noise=row.noise,
            from_nadir=row.from_nadir,
            grade="" if is_outdated else row.grade,
            response="" if is_outdated else row.response,
            confirmed="" if is_outdated else row.confirmed,
            reason="" if is_outdated else row.reason,
        )
        for row in response_rows(timeline, criterion)
    ]


def lesion_items(timeline: FollowUp, role_of: Callable[[TrackedLesion], Role]) -> list[LesionItem]:
    """In the order of their names. role_of: what counts for the reader now."""
    return [
        LesionItem(
            id=row.lesion.id,
            color=row.color,
            role=str(role_of(row.lesion)),
            segments=row.lesion.segments,
            reason=row.lesion.reason,
            seen=[
                SeenItem(_cell_text(seen), cell.state, _hint(cell))
                for seen, cell in zip(row.lesion.sightings, row.cells, strict=True)
            ],
        )
        for row in lesion_rows(timeline, timeline.lesions[:MOST_LESIONS])
    ]


def chart_items(timeline: FollowUp, criterion: Criterion) -> list[ChartItem]:
    """The sum by a criterion, each lesion's change, volumes: those that there is something to draw in."""
    others = {f"sum-{one.name.lower()}" for one in Criterion if one is not criterion}
    return [ChartItem(chart.title, chart_svg(chart)) for chart in charts_of(timeline) if chart.key not in others]


def warnings_of(timeline: FollowUp) -> list[str]:
    """For whoever sits before a page, not a terminal."""
    return [text.removesuffix(_COMMAND_LINE_WORDS) for text in timeline.warnings]


def seen_in_full(timeline: FollowUp, lesion: TrackedLesion, visit: int) -> str:
    """All that is known of a lesion at a visit, and what was found there on looking back."""
    [row] = lesion_rows(timeline, [lesion])
    back = [one.verdict for one in lesion.look_back if one.visit == visit]
    return ". ".join(text.rstrip(".") for text in (_hint(row.cells[visit]), *back) if text)


def _cell_text(seen: Sighting) -> str:
    """The long axis that counts; * for a reader's."""
    if seen.long_axis_mm is None or not seen.parts:
        return ""
    return number_text(seen.long_axis_mm) + ("*" if seen.by_reader else "")


def _hint(cell: Cell) -> str:
    words = (cell.state, cell.size, cell.volume, cell.change, cell.growth, *cell.flags)
    return ", ".join(text for text in words if text)
