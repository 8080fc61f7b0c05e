"""What a line chart shows, whoever draws it: axes, lines with their marks, reference lines, all in data's own units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

_MOST_TICKS = 6


@dataclass(frozen=True)
class Axis:
    """low, high: its ends. ticks: values with their words. is_log: of base ten; then low is above 0."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    title: str = ""
    is_log: bool = False

    def share(self, value: float) -> float:
        """Where a value lies between the ends, 0 to 1; beyond them outside of that."""
        low, high, value = (np.log10(v) if self.is_log else v for v in (self.low, self.high, value))
        return float((value - low) / (high - low))


@dataclass(frozen=True)
class Mark:
    """A point of a line. text: what a reader is told about it. is_open: drawn hollow: its value is not certain."""

    x: float
    y: float
    text: str
    is_open: bool = False


@dataclass(frozen=True)
class Series:
    """A line through its marks; None breaks it. key: the same thing in every chart. number: its place in the palette.

    is_dashed: it does not count for what the chart is about.
    """

    key: str
    name: str
    number: int
    marks: tuple[Mark | None, ...]
    is_dashed: bool = False

    @property
    def runs(self) -> list[list[Mark]]:
        """The marks that hang together."""
        runs: list[list[Mark]] = [[]]
        for mark in self.marks:
            if mark is None:
                runs.append([])
            else:
                runs[-1].append(mark)
        return [run for run in runs if run]


@dataclass(frozen=True)
class Reference:
    """A line that values are compared with. points: (x, y). kind: "better", "worse" or "zero"."""

    kind: str
    text: str
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Chart:
    """key: names it in the page. summary: what it shows, for those who do not see it."""

    key: str
    title: str
    summary: str
    x: Axis
    y: Axis
    series: tuple[Series, ...]
    references: tuple[Reference, ...] = ()


def linear_axis(values: Sequence[float], title: str, *, from_zero: bool, sign: bool = False, unit: str = "") -> Axis:
    """Round steps around all values. sign: ticks above 0 carry a plus."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if from_zero:
        low, high = min(0.0, low), max(0.0, high)
    if high - low < 1e-9:
        low, high = low - 1.0 * (not from_zero), high + 1.0
    step = _round_step((high - low) / (_MOST_TICKS - 1))
    first, last = np.floor(low / step + 1e-9), np.ceil(high / step - 1e-9)
    steps = [float(number * step) for number in np.arange(first, last + 1)]
    return Axis(steps[0], steps[-1], tuple((value, _words(value, sign=sign, unit=unit)) for value in steps), title)


def log_axis(values: Sequence[float], title: str) -> Axis:
    """Whole decades around all values above 0; a single one has a decade below and above."""
    above = [value for value in values if value > 0] or [1.0]
    first, last = int(np.floor(np.log10(min(above)))), int(np.ceil(np.log10(max(above))))
    if last <= first:
        last = first + 1
    ticks = tuple((10.0**power, f"{10.0**power:g}") for power in range(first, last + 1))
    return Axis(ticks[0][0], ticks[-1][0], ticks, title, is_log=True)


def label_places(wanted: Sequence[float], apart: float, low: float, high: float) -> list[float]:
    """Where labels go that should be at the wanted places, but not nearer to each other than ``apart``.

    In the order given; pushed apart from top to bottom, and back where the lowest would leave the range.
    """
    order = sorted(range(len(wanted)), key=lambda n: wanted[n])
    places = [min(max(wanted[n], low), high) for n in order]
    for before, here in pairwise(range(len(places))):
        places[here] = max(places[here], places[before] + apart)
    if places and places[-1] > high:
        places[-1] = high
        for here, after in reversed(list(pairwise(range(len(places))))):
            places[here] = min(places[here], places[after] - apart)
    result = [0.0] * len(wanted)
    for n, place in zip(order, places, strict=True):
        result[n] = place
    return result


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, ... that is as large."""
    power = 10.0 ** np.floor(np.log10(least))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * (1 - 1e-9)))


def _words(value: float, *, sign: bool, unit: str) -> str:
    text = f"{value:+g}" if sign and value else f"{value + 0.0:g}"
    return text.replace("-", "\N{MINUS SIGN}") + unit
