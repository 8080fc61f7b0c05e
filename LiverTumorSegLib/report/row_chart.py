"""A chart with a row for each name: a bar from zero, or a dot with its interval and a second, hollow one."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from LiverTumorSegLib.report.chart import Axis
from LiverTumorSegLib.report.chart_svg import SIZE_PX, color_class

_ROW_PX, _TOP_PX, _BOTTOM_PX, _RIGHT_PX = 24.0, 10.0, 48.0, 20.0
_NAME_PX, _CHARACTER_PX = 250.0, 7.2


@dataclass(frozen=True)
class Row:
    """value: of the bar or dot. low, high: its interval. other: of the hollow dot. text: where the pointer rests.

    number: the color's place in the palette.
    """

    name: str
    value: float | None
    text: str
    low: float | None = None
    high: float | None = None
    other: float | None = None
    number: int = 0


@dataclass(frozen=True)
class RowChart:
    """is_bars: a bar from zero for each value, else dots."""

    title: str
    summary: str
    x: Axis
    rows: tuple[Row, ...]
    is_bars: bool

    @property
    def height_px(self) -> float:
        return _TOP_PX + _ROW_PX * len(self.rows) + _BOTTOM_PX


def row_chart_svg(chart: RowChart) -> str:
    """An svg element in the manner of chart_svg."""
    width, height = SIZE_PX[0], chart.height_px
    parts = [*_grid(chart), *(part for n, row in enumerate(chart.rows) for part in _row(chart, n, row))]
    label = escape(f"{chart.title}. {chart.summary}")
    return (
        f'<svg class="chart" viewBox="0 0 {width} {height:.0f}" width="{width}" height="{height:.0f}" role="img" '
        f'aria-label="{label}">\n' + "\n".join(parts) + "\n</svg>"
    )


def _x(chart: RowChart, value: float) -> float:
    share = min(1.0, max(0.0, chart.x.share(value)))
    return _NAME_PX + share * (SIZE_PX[0] - _RIGHT_PX - _NAME_PX)


def _grid(chart: RowChart) -> list[str]:
    bottom = chart.height_px - _BOTTOM_PX
    parts = []
    for value, words in chart.x.ticks:
        x, kind = _x(chart, value), "axis" if value == 0 else "grid"
        parts.append(f'<line class="{kind}" x1="{x:.1f}" y1="{_TOP_PX}" x2="{x:.1f}" y2="{bottom:.1f}"/>')
        parts.append(
            f'<text class="tick" x="{x:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{escape(words)}</text>'
        )
    middle = (_NAME_PX + SIZE_PX[0] - _RIGHT_PX) / 2
    title = escape(chart.x.title)
    return [*parts, f'<text class="title" x="{middle:.1f}" y="{bottom + 40:.1f}" text-anchor="middle">{title}</text>']


def _row(chart: RowChart, n: int, row: Row) -> list[str]:
    y = _TOP_PX + _ROW_PX * (n + 0.5)
    name = _shortened(row.name)
    parts = [f'<text x="{_NAME_PX - 10:.0f}" y="{y + 4:.1f}" text-anchor="end">{escape(name)}</text>']
    shape = _bar(chart, y, row) if chart.is_bars else _dots(chart, y, row)
    return [*parts, f'<g class="series {color_class(row.number)}">', *shape, f"<title>{escape(row.text)}</title></g>"]


def _bar(chart: RowChart, y: float, row: Row) -> list[str]:
    if row.value is None:
        return []
    left, right = sorted((_x(chart, 0.0), _x(chart, row.value)))
    return [f'<rect class="bar" x="{left:.1f}" y="{y - 7:.1f}" width="{right - left:.1f}" height="14"/>']


def _dots(chart: RowChart, y: float, row: Row) -> list[str]:
    parts = []
    if row.low is not None and row.high is not None:
        ends = f"{_x(chart, row.low):.1f},{y:.1f} {_x(chart, row.high):.1f},{y:.1f}"
        parts.append(f'<polyline points="{ends}"/>')
    for value, kind in ((row.value, "mark"), (row.other, "mark open c1")):
        if value is not None:
            parts.append(f'<circle class="{kind}" cx="{_x(chart, value):.1f}" cy="{y:.1f}" r="5"/>')
    return parts


def _shortened(name: str) -> str:
    most = int((_NAME_PX - 14) / _CHARACTER_PX)
    return name if len(name) <= most else name[: most - 1] + "…"
