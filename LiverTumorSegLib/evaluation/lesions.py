"""Lesion-wise agreement: which reference lesions were found, and which predicted ones are false."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import Box, Vector
from LiverTumorSegLib.volume import Volume

HIT_SHARE = 0.10
"""A lesion counts as hit when more than this share of it is covered (LVT paper)."""

LongestDiameter = Callable[[Volume], float]
"""Longest axial diameter in mm of one lesion: a bool mask with at least one voxel, cropped to its box."""


@dataclass(frozen=True)
class LesionCoverage:
    """id: value in its own label map. covered: share of its voxels that the other mask holds.

    longest_mm: longest axial diameter, None where nobody asked for it. center_ras: of its box, in mm.
    """

    id: int
    volume_ml: float
    covered: float
    longest_mm: float | None = None
    center_ras: Vector | None = None

    @property
    def hit(self) -> bool:
        return self.covered > HIT_SHARE

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"hit": self.hit}


def coverage(lesions: Volume, other: Volume, longest_mm: LongestDiameter | None = None) -> tuple[LesionCoverage, ...]:
    """Every lesion of one instance map against another mask, largest first; () where there is none.

    lesions: integer ids, 0 is background. other: anything non-zero is mask. Raises ValueError on different grids.
    """
    if not lesions.same_grid(other):
        message = f"lesions on {lesions.describe_grid()}, the other mask on {other.describe_grid()}"
        raise ValueError(message)
    rows = [
        _covered(lesions, other, lesion_id, box, longest_mm)
        for lesion_id, box in enumerate(ndimage.find_objects(lesions.array), start=1)
        if box is not None
    ]
    return tuple(sorted(rows, key=lambda row: -row.volume_ml))


def share_hit(rows: Iterable[LesionCoverage]) -> float | None:
    """Sensitivity (reference lesions) or precision (predicted ones); None where there is no lesion to count."""
    hits = [row.hit for row in rows]
    return sum(hits) / len(hits) if hits else None


def _covered(
    lesions: Volume, other: Volume, lesion_id: int, box: Box, longest_mm: LongestDiameter | None
) -> LesionCoverage:
    part = lesions.crop(box)
    mask = part.array == lesion_id
    voxels = int(np.count_nonzero(mask))
    middle_ijk = np.array([[(axis.start + axis.stop - 1) / 2 for axis in box]])
    r, a, s = lesions.ras_from_ijk(middle_ijk)[0].tolist()
    return LesionCoverage(
        lesion_id,
        voxels * lesions.voxel_ml,
        int(np.count_nonzero(mask & (other.array[box] > 0))) / voxels,
        None if longest_mm is None else longest_mm(part.with_array(mask)),
        (r, a, s),
    )
