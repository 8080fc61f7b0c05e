"""How far the choice of patients may have moved a mean: percentile bootstrap over patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

DRAWS = 2000
_PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True)
class Interval:
    """mean: of all values. low, high: 95 % interval. patients, values: how many of them."""

    mean: float
    low: float
    high: float
    patients: int
    values: int

    @property
    def excludes_zero(self) -> bool:
        return self.low > 0 or self.high < 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def interval(values: Mapping[str, Sequence[float]], seed: int = 0) -> Interval | None:
    """values: by patient, who may have several (tested in several splits): they are drawn together.

    The networks are taken as they are: what another start or another order of patches would change is not in it. None
    without a value.
    """
    known = [np.asarray(own, float) for own in values.values() if len(own)]
    if not known:
        return None
    sums, counts = np.array([own.sum() for own in known]), np.array([own.size for own in known])
    drawn = np.random.default_rng(seed).integers(0, len(known), (DRAWS, len(known)))
    low, high = np.percentile(sums[drawn].sum(1) / counts[drawn].sum(1), _PERCENTILES).tolist()
    return Interval(float(sums.sum() / counts.sum()), low, high, len(known), int(counts.sum()))
