"""Growth rates between visits, for exponential growth: percent per month and doubling time."""

from __future__ import annotations

import math
from collections.abc import Sequence

from LiverTumorSegLib.timeline import Growth

DAYS_PER_MONTH = 30.4375
LEAST_DAYS = 3.0
"""Between nearer visits a difference is that of two measurements, not growth."""


def growth_of(volumes_ml: Sequence[float | None], months: Sequence[float | None]) -> tuple[Growth | None, ...]:
    """Per visit: from the last visit before it whose volume is known.

    volumes_ml, months: per visit, in the order of time; None where not known. None at the first visit, where one of
    both volumes is 0 (no rate leads to or from nothing), where a date is missing, and within LEAST_DAYS. Raises
    ValueError where both are not of one length.
    """
    if len(volumes_ml) != len(months):
        message = f"{len(volumes_ml)} volumes at {len(months)} visits"
        raise ValueError(message)
    return tuple(_growth_at(visit, volumes_ml, months) for visit in range(len(months)))


def growth_of_diameters(
    diameters_mm: Sequence[float | None], months: Sequence[float | None]
) -> tuple[Growth | None, ...]:
    """The same from longest diameters, as of spheres: TG = 3 ln(D1 / D0) / months."""
    return growth_of([None if one is None else one**3 for one in diameters_mm], months)


def _growth_at(visit: int, volumes_ml: Sequence[float | None], months: Sequence[float | None]) -> Growth | None:
    earlier = next((n for n in range(visit - 1, -1, -1) if volumes_ml[n] is not None), None)
    if earlier is None:
        return None
    before_ml, now_ml = volumes_ml[earlier], volumes_ml[visit]
    start, end = months[earlier], months[visit]
    if not before_ml or not now_ml or start is None or end is None:
        return None
    apart = end - start
    if apart * DAYS_PER_MONTH < LEAST_DAYS:
        return None
    rate = math.log(now_ml / before_ml) / apart
    doubling_days = math.log(2) / rate * DAYS_PER_MONTH if rate else None
    return Growth(100 * math.expm1(rate), doubling_days)
