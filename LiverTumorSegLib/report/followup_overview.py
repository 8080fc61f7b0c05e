"""followup.png: the charts, and the targets at every visit, on one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from LiverTumorSegLib.evaluation.panel import Sheet
from LiverTumorSegLib.report.chart import Chart
from LiverTumorSegLib.report.chart_picture import Frame, draw_chart, plain
from LiverTumorSegLib.report.followup_charts import charts_of
from LiverTumorSegLib.report.followup_pictures import PICTURE_PX, LesionPicture
from LiverTumorSegLib.report.followup_words import (
    DASH,
    percent_text,
    response_text,
    role_text,
    state_text,
    visit_text,
)
from LiverTumorSegLib.report.overview import RESEARCH_ONLY
from LiverTumorSegLib.timeline import Criterion, FollowUp, Role, TrackedLesion

WIDTH_PX = 1600
MOST_ROWS, MOST_COLUMNS = 3, 5
_TOP_PX, _CHART_PX, _LABEL_PX, _CAPTION_PX, _GAP_PX, _FOOT_PX = 96, 420, 130, 44, 16, 36
_CHARTS = 3


@dataclass(frozen=True)
class Layout:
    """Where the pictures go: lesions in blocks side by side, as many as fit, in rows below each other."""

    lesions: tuple[TrackedLesion, ...]
    visits: tuple[int, ...]

    @classmethod
    def of(cls, timeline: FollowUp) -> Layout:
        visits = shown_visits(timeline)
        room = MOST_ROWS * (WIDTH_PX // _block_px(len(visits)))
        return cls(tuple(shown_lesions(timeline)[:room]), tuple(visits))

    @property
    def blocks(self) -> int:
        return WIDTH_PX // _block_px(len(self.visits))

    @property
    def height(self) -> int:
        return -(-len(self.lesions) // self.blocks) * (PICTURE_PX + _CAPTION_PX)

    def corner(self, lesion: int) -> tuple[int, int]:
        """Upper left corner of a lesion's block, below the charts."""
        row, block = divmod(lesion, self.blocks)
        top = _TOP_PX + _CHART_PX + _GAP_PX + row * (PICTURE_PX + _CAPTION_PX)
        return 20 + block * _block_px(len(self.visits)), top

    def picture(self, lesion: int, column: int) -> tuple[int, int]:
        left, top = self.corner(lesion)
        return left + _LABEL_PX + column * (PICTURE_PX + _GAP_PX), top


def followup_overview(timeline: FollowUp, pictures: Sequence[LesionPicture]) -> Image.Image:
    """An RGB picture; of more visits than fit the baseline and the last ones are shown, of more lesions the first."""
    layout = Layout.of(timeline)
    sheet = Sheet(WIDTH_PX, _TOP_PX + _CHART_PX + _GAP_PX + layout.height + _FOOT_PX)
    sheet.text(20, 28, plain(headline(timeline)), 26, "lm")
    sheet.text(20, 64, plain(_reason(timeline)), 16, "lm")
    width = WIDTH_PX / _CHARTS
    for place, chart in enumerate(_main_charts(timeline)):
        bottom = float(_TOP_PX + _CHART_PX)
        draw_chart(sheet, chart, Frame(place * width + 14.0, float(_TOP_PX), (place + 1) * width - 10.0, bottom))
    for number in range(len(layout.lesions)):
        _words(sheet, timeline, layout, number)
    sheet.text(WIDTH_PX - 20, _TOP_PX + _CHART_PX + _GAP_PX + layout.height + 16, RESEARCH_ONLY, 14, "rm")
    page = sheet.finished()
    images = {(picture.lesion, picture.visit): picture.image for picture in pictures}
    for number, lesion in enumerate(layout.lesions):
        for column, visit in enumerate(layout.visits):
            if (lesion.id, visit) in images:
                page.paste(images[lesion.id, visit], layout.picture(number, column))
    return page


def headline(timeline: FollowUp) -> str:
    """The last visit's response by RECIST, and the sum."""
    one = timeline.assessments[Criterion.RECIST][-1]
    response = response_text(one) or "no later visit than the baseline"
    total = "" if one.total is None else f" · sum of diameters {one.total:.1f} mm"
    change = "" if one.percent_from_baseline is None else f", {percent_text(one.percent_from_baseline)} from baseline"
    return f"{visit_text(timeline, len(timeline.visits) - 1)}: {response}{total}{change}"


def shown_lesions(timeline: FollowUp) -> list[TrackedLesion]:
    """Targets first, then what is new, then the rest."""
    there = [lesion for lesion in timeline.lesions if lesion.role is not Role.EXCLUDED]
    return sorted(there, key=lambda lesion: (lesion.role is not Role.TARGET, lesion.first_visit <= timeline.baseline))


def shown_visits(timeline: FollowUp) -> list[int]:
    """The baseline and the last ones."""
    count = len(timeline.visits)
    if count <= MOST_COLUMNS:
        return list(range(count))
    last = list(range(count - MOST_COLUMNS + 1, count))
    return [min(timeline.baseline, last[0] - 1), *last]


def _block_px(visits: int) -> int:
    return _LABEL_PX + visits * (PICTURE_PX + _GAP_PX) + _GAP_PX


def _reason(timeline: FollowUp) -> str:
    reason = timeline.assessments[Criterion.RECIST][-1].reason
    return f"{Criterion.RECIST}: {reason}" if reason else DASH


def _main_charts(timeline: FollowUp) -> list[Chart]:
    wanted = (f"sum-{Criterion.RECIST.name.lower()}", "spider", "volume")
    return [chart for key in wanted for chart in charts_of(timeline) if chart.key == key]


def _words(sheet: Sheet, timeline: FollowUp, layout: Layout, number: int) -> None:
    """The lesion's name beside its pictures, and under each the visit and what became of it."""
    lesion = layout.lesions[number]
    left, top = layout.corner(number)
    sheet.text(left, top + 16, lesion.id, 22, "lm")
    words = (role_text(lesion), f"segment {lesion.segments}" if lesion.segments else "")
    for line, text in enumerate(filter(None, words)):
        sheet.text(left, top + 44 + 22 * line, plain(text), 14, "lm")
    for column, visit in enumerate(layout.visits):
        x, _ = layout.picture(number, column)
        text = f"{visit_text(timeline, visit)}: {state_text(lesion.sightings[visit])}"
        sheet.text(x, top + PICTURE_PX + 13, plain(text), 13, "lm")
