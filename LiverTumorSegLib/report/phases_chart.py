"""phases.png: how far the liver's volume in each phase lies from the mean of all, as in Figure 5 of the LVT paper."""

from __future__ import annotations

import math

from PIL import Image

from LiverTumorSegLib.evaluation.panel import INK, Color, Pixel, Sheet
from LiverTumorSegLib.phases.comparison import PASS_PERCENT, WARN_PERCENT, Comparison, Verdict
from LiverTumorSegLib.phases.words import signed_percent, verdict_text

WIDTH_PX, HEIGHT_PX = 1000, 560
_LEFT, _TOP, _RIGHT, _BOTTOM = 84, 96, 976, 440
_LEAST_RANGE_PERCENT = 6.0
_SOFT: Color = (95, 102, 112)
_GRID: Color = (225, 228, 232)
_PASS_BAND: Color = (225, 240, 230)
_WARN_BAND: Color = (252, 243, 220)
COLORS: dict[Verdict, Color] = {
    Verdict.PASS: (22, 122, 72),
    Verdict.WARN: (176, 112, 0),
    Verdict.REVIEW: (170, 28, 36),
    Verdict.NOT_EVALUABLE: _SOFT,
}


def phases_chart(comparison: Comparison) -> Image.Image:
    """White, so that it prints; phases from left to right in the order of time."""
    sheet = Sheet(WIDTH_PX, HEIGHT_PX)
    reach = max(_LEAST_RANGE_PERCENT, float(math.ceil(1.1 * (comparison.liver.largest_percent or 0.0))))
    sheet.text(_LEFT, 30, "Liver volume: deviation from the mean of the phases (%)", 20, "lm")
    text = verdict_text(comparison)
    sheet.text(_LEFT, 62, text[:1].upper() + text[1:], 15, "lm", COLORS[comparison.verdict])
    _bands(sheet, reach)
    width = (_RIGHT - _LEFT) / len(comparison.phases)
    for n in range(len(comparison.phases)):
        _phase(sheet, comparison, n, _LEFT + width * (n + 0.5), reach)
    sheet.text(_RIGHT, HEIGHT_PX - 18, "For research use only.", 13, "rm", _SOFT)
    return sheet.finished()


def _y(percent: float, reach: float) -> float:
    return (_TOP + _BOTTOM) / 2 - percent / reach * (_BOTTOM - _TOP) / 2


def _bands(sheet: Sheet, reach: float) -> None:
    for limit, color in ((min(WARN_PERCENT, reach), _WARN_BAND), (PASS_PERCENT, _PASS_BAND)):
        sheet.box(_LEFT, _y(limit, reach), _RIGHT, _y(-limit, reach), color)
    step = 1 if reach <= 6 else math.ceil(reach / 6)
    for tick in range(-int(reach // step) * step, int(reach) + 1, step):
        y = _y(float(tick), reach)
        sheet.line(_LEFT, y, _RIGHT, y, INK if tick == 0 else _GRID)
        sheet.text(_LEFT - 10, y, f"{tick:+d}" if tick else "0", 14, "rm")


def _phase(sheet: Sheet, comparison: Comparison, n: int, x: Pixel, reach: float) -> None:
    percent, color = comparison.liver.percent[n], COLORS[comparison.verdicts[n]]
    if percent is None:
        sheet.text(x, _y(0.0, reach) - 16, "left out", 14, "mm", _SOFT)
    else:
        sheet.line(x, _y(0.0, reach), x, _y(percent, reach), color, 3)
        sheet.dot(x, _y(percent, reach), 7, color)
        above = -20 if percent >= 0 else 20
        sheet.text(x, _y(percent, reach) + above, signed_percent(percent), 15, "mm", color)
    sheet.text(x, _BOTTOM + 24, comparison.titles[n], 16)
    sheet.text(x, _BOTTOM + 48, f"{comparison.phases[n].liver_ml:.1f} ml", 14, "mm", _SOFT)
