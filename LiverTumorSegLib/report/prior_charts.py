"""What the charts of a clinical prior show."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from LiverTumorSegLib.clinical.prior import PUBLISHED_R, TLVR, Prediction, Prior
from LiverTumorSegLib.clinical.scores import pearson
from LiverTumorSegLib.report.chart import Axis, Chart, Mark, Reference, Series, linear_axis
from LiverTumorSegLib.report.prior_words import number_text, r_text, target_title

_ROOM_FOR_NAMES = 1.16
LEFT_OUT, FITTED, OUTSIDE = 0, 1, 2
"""Places in the palette."""


def agreement_charts(prior: Prior) -> tuple[Chart, Chart]:
    """Predicted over observed: of patients left out, and of the same patients fitted. Both have the same axes."""
    return (
        _agreement(prior, "left-out", "Patients the model has not seen", LEFT_OUT, lambda one: one.predicted),
        _agreement(prior, "fitted", "The same patients, fitted to", FITTED, lambda one: one.fitted),
    )


def _agreement(prior: Prior, key: str, title: str, number: int, value: Callable[[Prediction], float]) -> Chart:
    seen = [one for one in prior.predictions if one.observed is not None]
    r = pearson(np.array([value(one) for one in seen]), np.array([one.observed for one in seen], float))
    all_values = [v for one in seen for v in (one.observed or 0.0, one.predicted, one.fitted)]
    marks: list[Mark | None] = []
    for one in seen:
        text = f"{one.case}: observed {number_text(one.observed)}, predicted {number_text(value(one))}"
        marks += [Mark(float(one.observed or 0.0), value(one), text), None]
    x = linear_axis([one.observed or 0.0 for one in seen], f"observed {target_title(prior)}", from_zero=True)
    y = linear_axis(all_values, "predicted", from_zero=True)
    low, high = max(x.low, y.low), min(x.high, y.high)
    return Chart(
        key=key,
        title=title,
        summary=f"{len(seen)} patients, r = {r_text(r)}.",
        x=x,
        y=y,
        series=(Series(key, "", number, tuple(marks)),),
        references=(Reference("zero", "", ((low, low), (high, high))),),
    )


def curve_chart(prior: Prior) -> Chart:
    """r over the number of columns: in-sample, with a ranking that has seen everyone, and honestly."""
    curves = prior.curves
    count = len(curves.cross_validated)
    lines = (
        ("in-sample", "fitted", FITTED, curves.in_sample),
        ("ranked-outside", "seen", OUTSIDE, curves.ranked_outside),
        ("cross-validated", "new", LEFT_OUT, curves.cross_validated),
    )
    y = linear_axis([r for line in lines for r in line[3]] + [1.0], "Pearson's r", from_zero=True)
    references = [Reference("zero", "", ((float(curves.count), y.low), (float(curves.count), y.high)))]
    if prior.target == TLVR:
        references.append(
            Reference("zero", f"paper, in-sample: {PUBLISHED_R:.3f}", ((1.0, PUBLISHED_R), (float(count), PUBLISHED_R)))
        )
    return Chart(
        key="curve",
        title="Pearson's r over the number of columns",
        summary=f"Chosen: {curves.count}, where r of new patients is highest.",
        x=_count_axis(count),
        y=y,
        series=tuple(_line(*line) for line in lines),
        references=tuple(references),
    )


def _line(key: str, name: str, number: int, values: Sequence[float]) -> Series:
    marks = tuple(Mark(float(n), r, f"{n} columns, {key}: r = {r_text(r)}") for n, r in enumerate(values, 1))
    return Series(key, name, number, marks)


def _count_axis(count: int) -> Axis:
    step = max(1, int(np.ceil(count / 8)))
    ticks = tuple((float(n), str(n)) for n in range(1, count + 1, step))
    return Axis(0.5, max(2.0, count * _ROOM_FOR_NAMES), ticks, "columns in the regression")
