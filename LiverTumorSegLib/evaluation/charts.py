"""Pictures of an evaluation: how the scores lie over the cases, and which lesions are found by size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from LiverTumorSegLib.evaluation.agreement import STRUCTURES
from LiverTumorSegLib.evaluation.panel import INK, Color, Panel, Pixel, Sheet, paler
from LiverTumorSegLib.evaluation.strata import Rate
from LiverTumorSegLib.evaluation.summary import ROLES, ComparedCase, GroupSummary
from LiverTumorSegLib.evaluation.surface import TOLERANCE_MM
from LiverTumorSegLib.evaluation.tables import title

_COLORS: dict[str | None, Color] = dict(
    zip((*ROLES, None), ((120, 120, 124), (214, 120, 20), (0, 98, 160), (16, 126, 110)), strict=True)
)
_LEAST_FOR_BOX = 5
"""Quartiles of fewer cases say nothing; their dots do."""


def scores_chart(cases: Sequence[ComparedCase], groups: Sequence[GroupSummary]) -> Image.Image:
    """DSC and NSD of every structure: a dot for each case, their median, and a box from 25 to 75 % of five or more."""
    sheet = Sheet(1240, 520)
    dice = Panel(sheet, 60, 60, 600, 410, len(STRUCTURES), len(groups))
    dice.frame("DSC", STRUCTURES)
    nsd = Panel(sheet, 680, 60, 1220, 410, len(STRUCTURES), len(groups))
    nsd.frame("NSD", [f"{name}, {TOLERANCE_MM[name]:g} mm" for name in STRUCTURES])
    for slot, group in enumerate(groups):
        for place, name in enumerate(STRUCTURES):
            judged = [item for case in cases if case.role == group.role and (item := case.agreement.of(name))]
            _strip(dice, place, slot, [item.dice for item in judged], _COLORS[group.role])
            _strip(nsd, place, slot, [item.nsd for item in judged], _COLORS[group.role])
    _legend(sheet, groups, 495, "dot: a case, line: median, box: 25 to 75 %")
    return sheet.finished()


def lesions_chart(groups: Sequence[GroupSummary]) -> Image.Image | None:
    """Sensitivity and precision by longest diameter, with 95 % intervals; None where no tumours are judged."""
    judged = [(group, group.lesions) for group in groups if group.lesions is not None]
    if not judged:
        return None
    sheet = Sheet(1240, 940)
    names = [stratum.name for stratum in judged[0][1].by_diameter]
    sensitivity = Panel(sheet, 60, 60, 1220, 390, len(names), len(judged))
    sensitivity.frame("Sensitivity by longest diameter of the reference lesion", names)
    precision = Panel(sheet, 60, 510, 1220, 840, len(names), len(judged))
    precision.frame("Precision by longest diameter of the predicted lesion", names)
    for slot, (group, lesions) in enumerate(judged):
        for place, stratum in enumerate(lesions.by_diameter):
            _bar(sensitivity, place, slot, stratum.sensitivity, _COLORS[group.role])
            _bar(precision, place, slot, stratum.precision, _COLORS[group.role])
    _legend(sheet, [group for group, _ in judged], 915, "line: 95 % interval, numbers: hit / all")
    return sheet.finished()


def _strip(panel: Panel, place: int, slot: int, values: list[float], color: Color) -> None:
    panel.note(place, slot, f"n={len(values)}" if values else "none")
    if not values:
        return
    x, half = panel.x(place, slot), 0.38 * panel.slot_width
    low, middle, high = np.percentile(values, [25, 50, 75]).tolist()
    if len(values) >= _LEAST_FOR_BOX:
        panel.sheet.box(x - half, panel.y(low), x + half, panel.y(high), paler(color), color)
    panel.sheet.line(x - half, panel.y(middle), x + half, panel.y(middle), INK, 2.5)
    for number, value in enumerate(values):
        # Steps of the golden ratio lie apart from each other, and the same in every run.
        aside = (number * 0.618034 + 0.5) % 1.0 - 0.5
        panel.sheet.dot(x + 1.6 * half * aside, panel.y(value), 4.0, color)


def _bar(panel: Panel, place: int, slot: int, rate: Rate, color: Color) -> None:
    panel.note(place, slot, f"{rate.hits}/{rate.total}" if rate.total else "none")
    if rate.share is None or rate.interval is None:
        return
    x, half = panel.x(place, slot), 0.38 * panel.slot_width
    panel.sheet.box(x - half, panel.bottom, x + half, panel.y(rate.share), paler(color, 0.45), color)
    low, high = (panel.y(share) for share in rate.interval)
    panel.sheet.line(x, low, x, high, INK, 1.5)
    for y in (low, high):
        panel.sheet.line(x - 6, y, x + 6, y, INK, 1.5)


def _legend(sheet: Sheet, groups: Sequence[GroupSummary], y: Pixel, marks: str) -> None:
    """Also names the only group: a picture is shown without its page. marks: what is drawn, in words."""
    named = [(_COLORS[g.role], f"{title(g.role)} ({g.cases} {'case' if g.cases == 1 else 'cases'})") for g in groups]
    sheet.legend(60, y, named)
    sheet.text(1220, y, marks, 13, "rm")
