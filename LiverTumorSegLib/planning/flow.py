"""Which part of a remnant keeps portal inflow and hepatic venous outflow.

A model, not a measurement of flow. Blood passes along the voxels of a vessel from its **mouth**: all of it within
mouth_mm (PlanSettings) of where it meets the vena cava or the portal trunk; where these are not given, of the thickest
point of each large piece. No resection takes the mouth: a surgeon divides branches, not the trunk. A piece without a
mouth, left alone by a gap in the segmentation, hangs on the nearest voxel of one that has a mouth. Each voxel of the
organ is served by the vessel voxel nearest to it in the whole anatomy; it keeps its flow while that voxel is still
joined to a mouth through vessel voxels of the remnant. With nothing resected, everything is served.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int
from scipy import ndimage
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.planning.voxel_graph import VoxelGraph
from LiverTumorSegLib.volume import Volume

MEETS_MM = 5.0
"""A vessel has its mouth where it comes so near to the one outside: segmentations stop short of each other."""
LARGE_PIECE = 0.1
"""Of the largest piece's voxels: pieces from here on are taken to have a mouth of their own."""


@dataclass(frozen=True, eq=False)
class VesselTree:
    """One vessel system of an organ. ijk: (n, 3) its voxels. pairs: (m, 2) those that pass blood to each other.
    is_mouth: (n,). served: (organ voxels,) which vessel voxel serves each.
    """

    ijk: Int[np.ndarray, "n 3"]
    pairs: Int[np.ndarray, "m 2"]
    is_mouth: Bool[np.ndarray, " n"]
    served: Int[np.ndarray, " o"]

    @classmethod
    def of(cls, vessel: Volume, organ: Mask, outside: Mask | None, mouth_mm: float) -> VesselTree | None:
        """Of a mask inside the organ; None where it is empty. outside: the vessel that it comes from or goes to."""
        graph = VoxelGraph.of(vessel)
        if len(graph) == 0:
            return None
        piece = _pieces(len(graph), graph.pairs)
        starts = _met(graph, vessel, outside)
        if not starts.any():
            starts = _thickest(graph, piece)
        is_mouth = _around(graph, piece, starts, mouth_mm)
        pairs = np.concatenate([graph.pairs, _bridges(graph, piece, is_mouth)])
        return cls(graph.ijk, pairs, is_mouth, _nearest_voxel(vessel, organ))

    def keeps_flow(self, remains: Mask) -> Bool[np.ndarray, " o"]:
        """Which of the organ's voxels are still served when only the voxels of a mask remain."""
        kept = remains[tuple(self.ijk.T)] | self.is_mouth
        piece = _pieces(len(kept), self.pairs[kept[self.pairs].all(axis=1)])
        has_mouth = np.zeros(len(kept), bool)
        has_mouth[piece[self.is_mouth]] = True
        return np.asarray((has_mouth[piece] & kept)[self.served])


def _pieces(count: int, pairs: np.ndarray) -> np.ndarray:
    links = csr_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    return np.asarray(connected_components(links, directed=False)[1])


def _met(graph: VoxelGraph, vessel: Volume, outside: Mask | None) -> np.ndarray:
    if outside is None or not outside.any():
        return np.zeros(len(graph), bool)
    near = cKDTree(vessel.ras_from_ijk(np.argwhere(outside))).query(graph.ras, distance_upper_bound=MEETS_MM)[0]
    return np.asarray(np.isfinite(near))


def _thickest(graph: VoxelGraph, piece: np.ndarray) -> np.ndarray:
    """The thickest point of each large piece."""
    sizes = np.bincount(piece)
    found = np.zeros(len(graph), bool)
    for number in np.flatnonzero(sizes >= LARGE_PIECE * sizes.max()):
        found[np.argmax(np.where(piece == number, graph.radius_mm, -1.0))] = True
    return found


def _around(graph: VoxelGraph, piece: np.ndarray, starts: np.ndarray, mouth_mm: float) -> np.ndarray:
    """What lies within mouth_mm of a start, in pieces that have one."""
    near_mm, _ = cKDTree(graph.ras[starts]).query(graph.ras, distance_upper_bound=mouth_mm)
    return np.asarray(np.isfinite(near_mm) & np.isin(piece, np.unique(piece[starts])))


def _bridges(graph: VoxelGraph, piece: np.ndarray, is_mouth: np.ndarray) -> np.ndarray:
    """From each piece without a mouth, the pair of voxels that brings it nearest to those that have one."""
    has_mouth = np.isin(piece, np.unique(piece[is_mouth]))
    joined, alone = np.flatnonzero(has_mouth), np.flatnonzero(~has_mouth)
    if len(alone) == 0:
        return np.zeros((0, 2), np.int64)
    away_mm, nearest = cKDTree(graph.ras[joined]).query(graph.ras[alone])
    order = np.lexsort([away_mm, piece[alone]])
    first = order[np.append(True, np.diff(piece[alone][order]) > 0)]
    return np.column_stack([alone[first], joined[nearest[first]]])


def _nearest_voxel(vessel: Volume, organ: Mask) -> np.ndarray:
    """Which of the vessel's voxels is nearest to each of the organ's; both are numbered in the order of np.argwhere."""
    mask = vessel.array != 0
    index = ndimage.distance_transform_edt(
        ~mask, sampling=vessel.spacing_mm, return_distances=False, return_indices=True
    )
    number = np.cumsum(mask, dtype=np.int32).reshape(mask.shape) - 1
    i, j, k = (axis[organ] for axis in index)
    return np.asarray(number[i, j, k])
