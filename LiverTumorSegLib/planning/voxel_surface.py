"""Surfaces of masks as voxels and their corners, and the shortest way between two of them.

As in measure/gaps.py, whose fields of the whole organ would take seconds: what is nearest lies at a surface.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial import cKDTree

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.measure.gaps import Gap
from LiverTumorSegLib.volume import Volume

EVERY = 16
"""One point in so many gives the bound that spares the others their search."""
CUBE = np.array([(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)])


@dataclass(frozen=True, eq=False)
class VoxelSurface:
    """The voxels of a mask that have a face to something else (n, 3), and the corners of these (m, 3)."""

    voxels_ijk: Int[np.ndarray, "n 3"]
    corners_ijk: Int[np.ndarray, "m 3"]

    @classmethod
    def of(cls, mask: Mask) -> VoxelSurface:
        box = bounding_box(mask)
        if box is None:
            return cls(np.zeros((0, 3), np.int64), np.zeros((0, 3), np.int64))
        padded = np.pad(mask[box], 1)
        buried = mask[box].copy()
        for axis in range(3):
            for shift in (-1, 1):
                buried &= np.roll(padded, shift, axis)[1:-1, 1:-1, 1:-1]
        voxels = np.argwhere(mask[box] & ~buried) + [side.start for side in box]
        return cls(voxels, corners_of(voxels))


@dataclass(frozen=True, eq=False)
class Structure:
    """What lesions may lie near to: a mask that holds something, and those of its voxels that can be the nearest."""

    mask: Mask
    surface: VoxelSurface
    grid: Volume

    @classmethod
    def of(cls, mask: Mask, grid: Volume) -> Structure:
        return cls(mask, VoxelSurface.of(mask), grid)

    @classmethod
    def around(cls, organ: Mask, grid: Volume) -> Structure | None:
        """What lies outside of an organ; None where the image shows nothing of it."""
        border = outside_at(organ)
        return cls(~organ, VoxelSurface(border, corners_of(border)), grid) if len(border) else None

    def gap_of(self, other: Mask, surface: VoxelSurface) -> Gap | None:
        """From another mask, with its surface, to this one; None where it is empty."""
        box = bounding_box(other)
        if box is None:
            return None
        both = np.argwhere(other[box] & self.mask[box])
        if len(both):
            at = index_of(both[0] + [side.start for side in box])
            return Gap(0.0, 0.0, at, at)
        spacing_mm = np.array(self.grid.spacing_mm)
        voxels, corners = self._trees
        centers_mm, here, there = shortest(surface.voxels_ijk * spacing_mm, voxels)
        faces_mm, _, _ = shortest(surface.corners_ijk * spacing_mm, corners)
        return Gap(centers_mm, faces_mm, index_of(surface.voxels_ijk[here]), index_of(self.surface.voxels_ijk[there]))

    @cached_property
    def _trees(self) -> tuple[cKDTree, cKDTree]:
        spacing_mm = np.array(self.grid.spacing_mm)
        return tree_of(self.surface.voxels_ijk * spacing_mm), tree_of(self.surface.corners_ijk * spacing_mm)


def outside_at(organ: Mask) -> Int[np.ndarray, "n 3"]:
    """The voxels outside of a mask that share a face with one inside it."""
    at_border = np.zeros(organ.shape, bool, order="F")
    for axis in range(3):
        ahead, behind = ([slice(None)] * 3 for _ in range(2))
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        meets = organ[tuple(ahead)] ^ organ[tuple(behind)]
        at_border[tuple(ahead)] |= meets
        at_border[tuple(behind)] |= meets
    return np.argwhere(at_border & ~organ)


def corners_of(voxels_ijk: np.ndarray) -> np.ndarray:
    """Corners (m, 3) of voxels (n, 3), each once, on the grid that begins half a voxel before the voxels'."""
    if len(voxels_ijk) == 0:
        return np.zeros((0, 3), np.int64)
    low, high = voxels_ijk.min(axis=0), voxels_ijk.max(axis=0) + 2
    used = np.zeros(tuple(high - low), bool)
    for corner in CUBE:
        used[tuple((voxels_ijk - low + corner).T)] = True
    return np.argwhere(used) + low


def tree_of(points_mm: Float[np.ndarray, "n 3"]) -> cKDTree:
    """Quickly made: it is asked few questions."""
    return cKDTree(points_mm, balanced_tree=False, compact_nodes=False)


def shortest(from_mm: Float[np.ndarray, "n 3"], tree: cKDTree) -> tuple[float, int, int]:
    """Shortest distance from a set of points to those of a tree, and the numbers of the two that it joins."""
    bound = float(tree.query(from_mm[::EVERY])[0].min())
    distances, nearest = tree.query(from_mm, distance_upper_bound=bound * (1 + 1e-9) + 1e-9)
    here = int(distances.argmin())
    return float(distances[here]), here, int(nearest[here])


def index_of(ijk: np.ndarray) -> tuple[int, int, int]:
    """An index as plain numbers."""
    i, j, k = (int(n) for n in ijk)
    return i, j, k
