"""The voxels of a vessel as a graph: who touches whom, and how far their centres lie apart."""

from __future__ import annotations

from dataclasses import dataclass

import edt
import numpy as np
from jaxtyping import Float, Int
from scipy.sparse import csr_array

from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.volume import Volume

HALF_OF_26 = [(a, b, c) for a in (-1, 0, 1) for b in (-1, 0, 1) for c in (-1, 0, 1) if (a, b, c) > (0, 0, 0)]
"""Each pair of neighbours once."""


@dataclass(frozen=True, eq=False)
class VoxelGraph:
    """ijk: (n, 3). ras: their centres in mm. radius_mm: from each centre to the vessel's wall. pairs: (m, 2) voxels
    that touch, by a corner too. lengths_mm: (m,) between their centres.
    """

    ijk: Int[np.ndarray, "n 3"]
    ras: Float[np.ndarray, "n 3"]
    radius_mm: Float[np.ndarray, " n"]
    pairs: Int[np.ndarray, "m 2"]
    lengths_mm: Float[np.ndarray, " m"]

    @classmethod
    def of(cls, vessel: Volume) -> VoxelGraph:
        """Of a mask, in the order of np.argwhere; of an empty one, an empty graph."""
        box = bounding_box(vessel.array)
        if box is None:
            return cls(np.zeros((0, 3), int), np.zeros((0, 3)), np.zeros(0), np.zeros((0, 2), int), np.zeros(0))
        mask = np.pad(vessel.array[box] != 0, 1)
        inner = np.argwhere(mask)
        wall_mm = edt.edt(np.asfortranarray(mask), anisotropy=vessel.spacing_mm)[tuple(inner.T)]
        ijk = inner - 1 + [axis.start for axis in box]
        pairs = _neighbours(mask, inner)
        ras = vessel.ras_from_ijk(ijk)
        return cls(ijk, ras, wall_mm.astype(float), pairs, np.linalg.norm(ras[pairs[:, 0]] - ras[pairs[:, 1]], axis=1))

    def __len__(self) -> int:
        return len(self.ijk)

    def matrix(self, costs: Float[np.ndarray, " m"]) -> csr_array:
        """Sparse and one-sided: for scipy's undirected graph routines."""
        return csr_array((costs, (self.pairs[:, 0], self.pairs[:, 1])), shape=(len(self), len(self)))


def _neighbours(mask: np.ndarray, inner: np.ndarray) -> np.ndarray:
    number = np.full(mask.shape, -1, np.int64)
    number[tuple(inner.T)] = np.arange(len(inner))
    found = []
    for step in HALF_OF_26:
        other = number[tuple((inner + step).T)]
        here = np.flatnonzero(other >= 0)
        found.append(np.column_stack([here, other[here]]))
    return np.concatenate(found)
