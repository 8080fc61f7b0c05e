"""A chart as SVG inside a page: colours come from the page's style, words appear where the pointer rests."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from LiverTumorSegLib.report.chart import Axis, Chart, Mark, Reference, Series, label_places

SIZE_PX = (640, 350)
PALETTE = 8
"""Colours of the page's style: .c0 to .c7; from the ninth line on they come again, with other marks."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 62.0, 54.0, 16.0, 58.0
_LABELS_APART, _TICKS_APART = 15.0, 78.0
_RADIUS = 4.5
_MARK_SHAPES = ("circle", "square", "triangle", "diamond")


@dataclass(frozen=True)
class Place:
    """The chart's rectangle in a picture, in pixels from its upper left corner."""

    chart: Chart
    left: float = _LEFT
    top: float = _TOP
    right: float = SIZE_PX[0] - _RIGHT
    bottom: float = SIZE_PX[1] - _BOTTOM

    def x(self, value: float) -> float:
        return self.left + self.chart.x.share(value) * (self.right - self.left)

    def y(self, value: float) -> float:
        """Beyond the axis a value lies on its end."""
        share = min(1.0, max(0.0, self.chart.y.share(value)))
        return self.bottom - share * (self.bottom - self.top)


def chart_svg(chart: Chart) -> str:
    """An svg element. Every word is escaped; every mark has its words as a title."""
    place = Place(chart)
    width, height = SIZE_PX
    inside = [
        *_grid(place),
        *(_reference(place, line) for line in chart.references),
        *(part for series in chart.series for part in _series(place, series)),
        *(_reference_words(place, line) for line in chart.references),
        *_end_labels(place),
    ]
    label = escape(f"{chart.title}. {chart.summary}")
    return (
        f'<svg class="chart" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="{label}">\n' + "\n".join(inside) + "\n</svg>"
    )


def _grid(place: Place) -> list[str]:
    chart = place.chart
    parts = []
    for value, words in chart.y.ticks:
        y = place.y(value)
        parts.append(f'<line class="grid" x1="{place.left:.1f}" y1="{y:.1f}" x2="{place.right:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="tick" x="{place.left - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{escape(words)}</text>'
        )
    for x, row, words in tick_rows([(place.x(value), words) for value, words in chart.x.ticks]):
        base = place.bottom
        parts.append(f'<line class="axis" x1="{x:.1f}" y1="{base:.1f}" x2="{x:.1f}" y2="{base + 5:.1f}"/>')
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{base + 20 + 15 * row:.1f}" text-anchor="middle">{escape(words)}</text>'
        )
    base = place.bottom
    parts.append(f'<line class="axis" x1="{place.left:.1f}" y1="{base:.1f}" x2="{place.right:.1f}" y2="{base:.1f}"/>')
    parts.append(_axis_titles(place, chart.x, chart.y))
    return parts


def _axis_titles(place: Place, x: Axis, y: Axis) -> str:
    middle_x, middle_y = (place.left + place.right) / 2, (place.top + place.bottom) / 2
    return (
        f'<text class="title" x="{middle_x:.1f}" y="{SIZE_PX[1] - 6}" text-anchor="middle">{escape(x.title)}</text>'
        f'<text class="title" transform="translate(14 {middle_y:.1f}) rotate(-90)" text-anchor="middle">'
        f"{escape(y.title)}</text>"
    )


def tick_rows(ticks: list[tuple[float, str]], apart: float = _TICKS_APART) -> list[tuple[float, int, str]]:
    """Position, row (0 or 1) and words of each tick; where both rows are full a tick stays without words."""
    ends = [-apart, -apart]
    placed = []
    for x, words in ticks:
        row = next((row for row in (0, 1) if x - ends[row] >= apart), None)
        if row is not None:
            ends[row] = x
        placed.append((x, row or 0, words if row is not None else ""))
    return placed


def _reference(place: Place, line: Reference) -> str:
    if not line.points:
        return ""
    points = " ".join(f"{place.x(x):.1f},{place.y(y):.1f}" for x, y in line.points)
    title = f"<title>{escape(line.text)}</title>" if line.text else ""
    return f'<g class="reference {line.kind}"><polyline points="{points}">{title}</polyline></g>'


def _reference_words(place: Place, line: Reference) -> str:
    """On top of the lines."""
    if not line.points or not line.text:
        return ""
    x, y = line.points[0]
    at = f'x="{place.x(x) + 6:.1f}" y="{place.y(y) - 5:.1f}"'
    return f'<g class="reference {line.kind}"><text {at}>{escape(line.text)}</text></g>'


def color_class(number: int) -> str:
    """The class that gives a line its colour; what is no single lesion (below 0) has that of the text."""
    return f"c{number % PALETTE}" if number >= 0 else "ink"


def _classes(series: Series) -> str:
    return f"series {color_class(series.number)}{' dashed' if series.is_dashed else ''}"


def _series(place: Place, series: Series) -> list[str]:
    parts = [f'<g class="{_classes(series)}" data-key="{escape(series.key)}">']
    for run in series.runs:
        points = " ".join(f"{place.x(mark.x):.1f},{place.y(mark.y):.1f}" for mark in run)
        parts.append(f'<polyline points="{points}"/>')
    shape = _MARK_SHAPES[max(series.number, 0) // PALETTE % len(_MARK_SHAPES)]
    parts += [_mark(place, mark, shape) for run in series.runs for mark in run]
    return [*parts, "</g>"]


def _mark(place: Place, mark: Mark, shape: str) -> str:
    x, y, r = place.x(mark.x), place.y(mark.y), _RADIUS
    kind = "mark open" if mark.is_open else "mark"
    title = f"<title>{escape(mark.text)}</title>"
    if shape == "circle":
        return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{r}">{title}</circle>'
    corners = {
        "square": ((-r, -r), (r, -r), (r, r), (-r, r)),
        "triangle": ((0.0, -r - 1), (r + 1, r), (-r - 1, r)),
        "diamond": ((0.0, -r - 1), (r + 1, 0.0), (0.0, r + 1), (-r - 1, 0.0)),
    }[shape]
    points = " ".join(f"{x + dx:.1f},{y + dy:.1f}" for dx, dy in corners)
    return f'<polygon class="{kind}" points="{points}">{title}</polygon>'


def _end_labels(place: Place) -> list[str]:
    """The name of each line beside its last mark."""
    named = [(series, series.runs[-1][-1]) for series in place.chart.series if series.runs]
    places = label_places([place.y(mark.y) for _, mark in named], _LABELS_APART, place.top, place.bottom)
    return [
        f'<g class="{_classes(series)}" data-key="{escape(series.key)}"><text class="name" '
        f'x="{place.x(mark.x) + 9:.1f}" y="{y + 4:.1f}">{escape(series.name)}</text></g>'
        for (series, mark), y in zip(named, places, strict=True)
    ]
