"""How far two readings of the same tumours differ: limits of agreement (95 %) of readers.

Published, pooled over 12 studies of longest diameters in CT (Yoon et al., Eur J Cancer 2016;53:5): of one lesion -22.1
to +25.4 % between readers and -17.8 to +16.1 % of one reader; of sums of several lesions -19.2 to +19.5 % and -9.8 to
+13.1 %.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Interval = tuple[float, float]


@dataclass(frozen=True)
class ReaderNoise:
    """Limits of agreement, in percent of the diameter: of one lesion, and of the sum of several."""

    one: Interval
    several: Interval


BETWEEN_READERS = ReaderNoise(one=(-22.1, 25.4), several=(-19.2, 19.5))
WITHIN_READER = ReaderNoise(one=(-17.8, 16.1), several=(-9.8, 13.1))


def noise_percent(sizes_mm: Sequence[float], noise: ReaderNoise = BETWEEN_READERS) -> Interval | None:
    """The change (low, high) of a sum of diameters that readers make where nothing has changed: the baseline and the
    later visit measured by two readers, or twice by one.

    Errors of lesions are taken as independent and proportional to the diameter: one lesion's limits shrink by
    sqrt(sum d^2) / sum d, which is 1 / sqrt(n) for n equal lesions. Readers err together too, so the limits of a sum
    never become narrower than the published ones of sums. Scanner and breathing come on top. None without a size.
    """
    total_mm = sum(sizes_mm)
    if total_mm <= 0:
        return None
    shrink = math.sqrt(sum(size**2 for size in sizes_mm)) / total_mm
    low, high = (shrink * limit for limit in noise.one)
    if sum(size > 0 for size in sizes_mm) == 1:
        return low, high
    return min(low, noise.several[0]), max(high, noise.several[1])
