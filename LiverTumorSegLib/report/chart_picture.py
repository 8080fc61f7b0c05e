"""A chart drawn with Pillow, for a picture that is looked at without its page."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from LiverTumorSegLib.evaluation.panel import INK, Color, Sheet
from LiverTumorSegLib.report.chart import Chart, Reference, Series, label_places
from LiverTumorSegLib.report.chart_svg import Place, tick_rows

COLORS: tuple[Color, ...] = (
    (0, 98, 160), (200, 84, 10), (16, 126, 96), (176, 64, 132),
    (168, 116, 0), (40, 140, 196), (106, 76, 176), (122, 92, 52),
)  # fmt: skip
"""As .c0 to .c7 of the page's style on white."""
_GRID: Color = (225, 228, 232)
_SOFT: Color = (110, 116, 124)
_KINDS: dict[str, Color] = {"better": (16, 126, 96), "worse": (190, 40, 50), "zero": (150, 156, 164)}
_PLAIN = str.maketrans({"\N{MINUS SIGN}": "-", "\N{EN DASH}": "-", "²": "2"})
_WHITE: Color = (255, 255, 255)
_DASH_PX, _GAP_PX = 7.0, 5.0


@dataclass(frozen=True)
class Frame:
    """Where a chart goes on a sheet, in pixels, its words included."""

    left: float
    top: float
    right: float
    bottom: float


def plain(text: str) -> str:
    """Without what Pillow's own font does not hold."""
    return text.translate(_PLAIN)


def line_color(number: int) -> Color:
    """Of a lesion's line; what is no single lesion (below 0) has that of the text."""
    return COLORS[number % len(COLORS)] if number >= 0 else INK


def draw_chart(sheet: Sheet, chart: Chart, frame: Frame) -> None:
    """Title, axes, reference lines, lines with marks and their names."""
    place = Place(chart, frame.left + 58, frame.top + 56, frame.right - 46, frame.bottom - 50)
    sheet.text(frame.left + 4, frame.top + 8, plain(chart.title), 17, "lm")
    _axes(sheet, place)
    for line in chart.references:
        _reference(sheet, place, line)
    for series in chart.series:
        _line(sheet, place, series)
    for line in chart.references:
        _reference_words(sheet, place, line)
    named = [(series, series.runs[-1][-1]) for series in chart.series if series.runs]
    heights = label_places([place.y(mark.y) for _, mark in named], 15.0, place.top, place.bottom)
    for (series, mark), y in zip(named, heights, strict=True):
        sheet.text(place.x(mark.x) + 9, y, series.name, 13, "lm", line_color(series.number), halo=2)


def _axes(sheet: Sheet, place: Place) -> None:
    for value, words in place.chart.y.ticks:
        y = place.y(value)
        sheet.line(place.left, y, place.right, y, _GRID)
        sheet.text(place.left - 7, y, plain(words), 13, "rm")
    sheet.line(place.left, place.bottom, place.right, place.bottom, INK)
    for x, row, words in tick_rows([(place.x(value), words) for value, words in place.chart.x.ticks]):
        sheet.line(x, place.bottom, x, place.bottom + 5, INK)
        sheet.text(x, place.bottom + 16 + 16 * row, plain(words), 13)
    sheet.text(place.left, place.top - 14, plain(place.chart.y.title), 12, "lm", _SOFT)


def _reference(sheet: Sheet, place: Place, line: Reference) -> None:
    color = _KINDS[line.kind]
    for (x0, y0), (x1, y1) in pairwise(line.points):
        _dashed(sheet, (place.x(x0), place.y(y0)), (place.x(x1), place.y(y1)), color, 1.2)


def _reference_words(sheet: Sheet, place: Place, line: Reference) -> None:
    if not line.points or not line.text:
        return
    x, y = line.points[0]
    sheet.text(place.x(x) + 8, place.y(y) - 9, plain(line.text), 12, "lm", _KINDS[line.kind], halo=2)


def _line(sheet: Sheet, place: Place, series: Series) -> None:
    color = line_color(series.number)
    for run in series.runs:
        for one, other in pairwise(run):
            ends = (place.x(one.x), place.y(one.y)), (place.x(other.x), place.y(other.y))
            if series.is_dashed:
                _dashed(sheet, *ends, color, 1.8)
            else:
                sheet.line(*ends[0], *ends[1], color, 2.2)
        for mark in run:
            sheet.dot(place.x(mark.x), place.y(mark.y), 5.0, color)
            if mark.is_open:
                sheet.dot(place.x(mark.x), place.y(mark.y), 3.0, _WHITE)


def _dashed(sheet: Sheet, start: tuple[float, float], stop: tuple[float, float], color: Color, width: float) -> None:
    (x0, y0), (x1, y1) = start, stop
    length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
    at = 0.0
    while at < length:
        a, b = at / length, min(1.0, (at + _DASH_PX) / length)
        sheet.line(x0 + a * (x1 - x0), y0 + a * (y1 - y0), x0 + b * (x1 - x0), y0 + b * (y1 - y0), color, width)
        at += _DASH_PX + _GAP_PX
