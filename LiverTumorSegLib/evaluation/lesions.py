"""Lesion-wise agreement: which reference lesions were found, and which predicted ones are false."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.volume import Volume

HIT_SHARE = 0.10
"""A lesion counts as hit when more than this share of it is covered (LVT paper)."""


@dataclass(frozen=True)
class LesionCoverage:
    """id: value in its own label map. covered: share of its voxels that the other mask holds."""

    id: int
    volume_ml: float
    covered: float

    @property
    def hit(self) -> bool:
        return self.covered > HIT_SHARE


def coverage(lesions: Volume, other: Volume) -> tuple[LesionCoverage, ...]:
    """Every lesion of one instance map against another mask, largest first; () where there is none.

    lesions: integer ids, 0 is background. other: anything non-zero is mask. Raises ValueError on different grids.
    """
    if not lesions.same_grid(other):
        message = f"lesions on {lesions.describe_grid()}, the other mask on {other.describe_grid()}"
        raise ValueError(message)
    total = np.bincount(lesions.array.ravel(order="K"))
    found = np.bincount(lesions.array[other.array > 0], minlength=total.size)
    ids = np.flatnonzero(total[1:]) + 1
    rows = [LesionCoverage(int(i), float(total[i] * lesions.voxel_ml), float(found[i] / total[i])) for i in ids]
    return tuple(sorted(rows, key=lambda row: -row.volume_ml))


def share_hit(rows: tuple[LesionCoverage, ...]) -> float | None:
    """Sensitivity (reference lesions) or precision (predicted ones); None where there is no lesion to count."""
    return None if not rows else sum(row.hit for row in rows) / len(rows)
