"""The criteria of response: what they add up, and from which change on it counts.

RECIST 1.1: Eisenhauer et al., Eur J Cancer 2009;45:228. mRECIST: Lencioni and Llovet, Semin Liver Dis 2010;30:52. WHO:
Miller et al., Cancer 1981;47:207. Volume: spheres whose diameter falls by 30 % or rises by 20 %.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from LiverTumorSegLib.timeline import Criterion, Sighting

TOLERANCE = 1e-9
"""Thresholds are inclusive, and sums of decimals are not exact."""


@dataclass(frozen=True)
class Rule:
    """A criterion's thresholds, in percent and in its unit.

    pr_percent: fall from the baseline. pd_percent: rise over the nadir. least_rise: which a PD needs besides, 0 for
    none. least_over_nothing: the only rule where the nadir is 0; 5 mm, or a square or a ball of 5 mm. counts_new:
    whether a new lesion is progression.
    """

    unit: str
    pr_percent: float
    pd_percent: float
    least_rise: float
    least_over_nothing: float
    counts_new: bool = True

    def is_progression(self, total: float, nadir: float) -> bool:
        """Whether a total has risen enough over the nadir."""
        rise = total - nadir
        if nadir <= TOLERANCE:
            return rise >= self.least_over_nothing - TOLERANCE
        return total >= nadir * (1 + self.pd_percent / 100) - TOLERANCE and rise >= self.least_rise - TOLERANCE

    def is_partial_response(self, percent_from_baseline: float) -> bool:
        """Whether a change from the baseline is fall enough."""
        return percent_from_baseline <= -self.pr_percent + TOLERANCE


RULES = {
    Criterion.RECIST: Rule("mm", 30.0, 20.0, 5.0, 5.0),
    Criterion.MRECIST: Rule("mm", 30.0, 20.0, 5.0, 5.0),
    Criterion.WHO: Rule("mm2", 50.0, 25.0, 0.0, 25.0),
    Criterion.VOLUME: Rule("ml", 65.7, 72.8, 0.0, math.pi / 6 * 0.125, counts_new=False),
}


def value_of(criterion: Criterion, seen: Sighting) -> float | None:
    """What a lesion adds to the total of a visit at which it is there; None where that was not measured."""
    if criterion is Criterion.RECIST:
        return seen.long_axis_mm
    if criterion is Criterion.MRECIST:
        return seen.viable_mm
    return seen.volume_ml if criterion is Criterion.VOLUME else _product_mm2(seen)


def _product_mm2(seen: Sighting) -> float | None:
    """Longest times short axis, of a split lesion the sum over its parts, scaled by what a reader has changed."""
    if seen.long_axis_mm is None or seen.short_axis_mm is None:
        return None
    product_mm2 = seen.long_axis_mm * seen.short_axis_mm
    long_mm, short_mm = (sum(getattr(part, name) for part in seen.parts) for name in ("long_axis_mm", "short_axis_mm"))
    if len(seen.parts) < 2 or not long_mm * short_mm:
        return product_mm2
    return sum(part.long_axis_mm * part.short_axis_mm for part in seen.parts) * product_mm2 / (long_mm * short_mm)
