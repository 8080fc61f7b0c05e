"""Lesion-wise sensitivity and precision, for all lesions and by their size."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, sqrt
from typing import Any

from LiverTumorSegLib.evaluation.lesions import LesionCoverage

DIAMETER_BOUNDS_MM = (5.0, 10.0, 20.0, 50.0)
"""Of the longest axial diameter; 10 mm is where a lesion becomes measurable in RECIST 1.1."""

VOLUME_BOUNDS_ML = (0.5, 4.0, 65.0)
"""About the spheres of 10, 20 and 50 mm."""

_95_PERCENT = 1.959964


@dataclass(frozen=True)
class Rate:
    """hits of total; both at least 0."""

    hits: int
    total: int

    @classmethod
    def of(cls, lesions: Iterable[LesionCoverage]) -> Rate:
        """How many of some lesions are hit."""
        hits = [lesion.hit for lesion in lesions]
        return cls(sum(hits), len(hits))

    @property
    def share(self) -> float | None:
        """None where there is nothing to count."""
        return self.hits / self.total if self.total else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % confidence interval (Wilson 1927), which a few lesions make wide; None where there is nothing to count.

        It takes lesions as independent, which those of one patient are not.
        """
        if self.total == 0:
            return None
        share, z2 = self.hits / self.total, _95_PERCENT**2
        middle = share + z2 / (2 * self.total)
        half = _95_PERCENT * sqrt(share * (1 - share) / self.total + z2 / (4 * self.total**2))
        scale = 1 + z2 / self.total
        return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)

    def to_json(self) -> dict[str, Any]:
        return {"hits": self.hits, "total": self.total, "share": self.share, "interval": self.interval}


@dataclass(frozen=True)
class Stratum:
    """Lesions of lower <= size < upper. sensitivity: of reference lesions of this size; precision: of predicted ones.

    lower, upper: mm or ml, as ``unit`` says; upper is infinite for the largest.
    """

    unit: str
    lower: float
    upper: float
    sensitivity: Rate
    precision: Rate

    @property
    def name(self) -> str:
        if self.upper == inf:
            return f"{self.lower:g} {self.unit} and more"
        return (
            f"under {self.upper:g} {self.unit}" if self.lower == 0 else f"{self.lower:g} to {self.upper:g} {self.unit}"
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "lower": self.lower,
            "upper": None if self.upper == inf else self.upper,
            "unit": self.unit,
            "sensitivity": self.sensitivity.to_json(),
            "precision": self.precision.to_json(),
        }


def by_diameter(reference: Sequence[LesionCoverage], predicted: Sequence[LesionCoverage]) -> tuple[Stratum, ...]:
    """Strata of the longest axial diameter, smallest first; lesions that were not measured are in none."""
    return _strata(reference, predicted, lambda lesion: lesion.longest_mm, DIAMETER_BOUNDS_MM, "mm")


def by_volume(reference: Sequence[LesionCoverage], predicted: Sequence[LesionCoverage]) -> tuple[Stratum, ...]:
    """Strata of the volume, smallest first."""
    return _strata(reference, predicted, lambda lesion: lesion.volume_ml, VOLUME_BOUNDS_ML, "ml")


def _strata(
    reference: Sequence[LesionCoverage],
    predicted: Sequence[LesionCoverage],
    size: Callable[[LesionCoverage], float | None],
    bounds: tuple[float, ...],
    unit: str,
) -> tuple[Stratum, ...]:
    def rate(lesions: Sequence[LesionCoverage], lower: float, upper: float) -> Rate:
        sized = ((lesion, size(lesion)) for lesion in lesions)
        return Rate.of(lesion for lesion, value in sized if value is not None and lower <= value < upper)

    return tuple(
        Stratum(unit, lower, upper, rate(reference, lower, upper), rate(predicted, lower, upper))
        for lower, upper in pairwise((0.0, *bounds, inf))
    )
