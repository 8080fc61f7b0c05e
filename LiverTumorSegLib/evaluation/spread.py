"""How a score lies over cases, or over replications of an experiment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev


@dataclass(frozen=True)
class Spread:
    """cases: how many values there are. sd: sample standard deviation (n - 1), None for a single one."""

    cases: int
    mean: float
    sd: float | None
    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Raises ValueError without a value."""
        sd = stdev(values) if len(values) > 1 else None
        return cls(len(values), fmean(values), sd, median(values), min(values), max(values))


def spread_of_known(values: Iterable[float | None]) -> Spread | None:
    """Of the values that are there; None where there is none."""
    known = [value for value in values if value is not None]
    return Spread.of(known) if known else None
