"""The planned margin: how far the cut passes from the lesions that it removes, and in which class that falls.

R0 and R1 are pathology's words; a plan knows only distances on a CT.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from LiverTumorSegLib.arrays import LabelArray
from LiverTumorSegLib.measure.gaps import Gap
from LiverTumorSegLib.planning.relations import Distance, distance_json
from LiverTumorSegLib.planning.voxel_surface import VoxelSurface, corners_of, index_of, shortest, tree_of
from LiverTumorSegLib.volume import Volume


class MarginClass(Enum):
    """Of a planned margin in mm; its value is the class' name in files."""

    NONE = "0"
    UNDER_1 = "<1"
    UNDER_5 = "1-5"
    UNDER_10 = "5-10"
    WIDE = ">=10"

    @property
    def title(self) -> str:
        return _TITLES[self]

    @classmethod
    def of(cls, mm: float, *, is_contact: bool = False) -> MarginClass:
        """Of a distance; contact is a class of its own, however far the voxels' centres are from one another."""
        if is_contact or mm <= 0:
            return cls.NONE
        limits = ((1.0, cls.UNDER_1), (5.0, cls.UNDER_5), (10.0, cls.UNDER_10))
        return next((found for limit, found in limits if mm < limit), cls.WIDE)


_TITLES = {
    MarginClass.NONE: "0 mm: the cut touches the lesion",
    MarginClass.UNDER_1: "under 1 mm",
    MarginClass.UNDER_5: "1 to under 5 mm",
    MarginClass.UNDER_10: "5 to under 10 mm",
    MarginClass.WIDE: "10 mm or more",
}


@dataclass(frozen=True)
class Margin:
    """The shortest way from the removed lesions to the remnant at the cut. voxel_mm: one voxel along it."""

    distance: Distance
    voxel_mm: float

    @property
    def margin_class(self) -> MarginClass:
        return MarginClass.of(self.distance.mm, is_contact=self.distance.is_contact)

    @property
    def possible_classes(self) -> tuple[MarginClass, ...]:
        """From the class of a margin one voxel smaller to that of one a voxel larger."""
        low = MarginClass.of(self.distance.mm - self.voxel_mm)
        high = MarginClass.of(self.distance.mm + self.voxel_mm)
        order = list(MarginClass)
        return tuple(order[order.index(low) : order.index(high) + 1])

    @property
    def could_change(self) -> bool:
        return len(self.possible_classes) > 1


def cut_voxels(parts: LabelArray, kept: int, removed: int) -> np.ndarray:
    """Voxels (n, 3) with the value kept that share a face with one of the value removed; the values differ by bits."""
    at_cut = np.zeros(parts.shape, bool, order="F")
    for axis in range(3):
        ahead, behind = ([slice(None)] * 3 for _ in range(2))
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        a, b = parts[tuple(ahead)], parts[tuple(behind)]
        meets = (a ^ b) == (kept ^ removed)
        at_cut[tuple(ahead)] |= meets
        at_cut[tuple(behind)] |= meets
    return np.argwhere(at_cut & (parts == kept))


def margin_to(surfaces: list[VoxelSurface], cut_ijk: np.ndarray, grid: Volume) -> Margin | None:
    """From the surfaces of lesions to the remnant's voxels at the cut (n, 3); None without either."""
    if not surfaces or len(cut_ijk) == 0:
        return None
    spacing_mm = np.array(grid.spacing_mm)
    voxels = np.concatenate([surface.voxels_ijk for surface in surfaces])
    corners = np.concatenate([surface.corners_ijk for surface in surfaces])
    centers_mm, here, there = shortest(voxels * spacing_mm, tree_of(cut_ijk * spacing_mm))
    faces_mm, _, _ = shortest(corners * spacing_mm, tree_of(corners_of(cut_ijk) * spacing_mm))
    gap = Gap(centers_mm, faces_mm, index_of(voxels[here]), index_of(cut_ijk[there]))
    return Margin(Distance.of(gap, grid), centers_mm - faces_mm)


def margin_json(margin: Margin) -> dict[str, Any]:
    """As in plan.json."""
    return {
        **distance_json(margin.distance),
        "voxel_mm": margin.voxel_mm,
        "class": margin.margin_class.value,
        "possible_classes": [one.value for one in margin.possible_classes],
    }
