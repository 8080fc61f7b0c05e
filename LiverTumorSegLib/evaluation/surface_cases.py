"""Area of the surface inside a 2 x 2 x 2 neighbourhood of voxels, for each of its 256 fillings.

The surface runs through the middles of the edges between inside and outside (marching cubes). Which triangles a filling
has is the choice of Google DeepMind's surface-distance (Nikolov et al. 2018, arXiv:1809.04430), which MONAI took over;
up to rotation, reflection and exchange of inside and outside there are only 13, so that is all that is written here.
"""

from __future__ import annotations

from itertools import permutations, product

import numpy as np

from LiverTumorSegLib.arrays import Affine

INSIDE = 255
"""The filling of a neighbourhood that lies within the mask; 0 is one that lies outside. Neither holds surface."""

_CASES = {
    1: [(1, 1, 1)],
    3: [(2, 2, 0), (2, 2, 0)],
    6: [(1, -1, 1), (1, 1, -1)],
    7: [(1, 1, 1), (2, 2, 2), (4, 0, 0)],
    15: [(4, 0, 0), (4, 0, 0)],
    22: [(1, -1, -1), (1, -1, 1), (1, 1, -1)],
    23: [(1, 1, 1), (1, 1, 1), (2, 2, 2), (2, 2, 2)],
    24: [(1, -1, -1), (1, -1, -1)],
    25: [(0, 2, 2), (0, 2, 2), (1, -1, -1)],
    27: [(0, 2, -2), (1, 1, 1), (2, 0, -2), (3, 3, 3)],
    30: [(1, 1, 1), (1, 1, 1), (2, 2, 2), (4, 0, 0)],
    60: [(2, -2, 0), (2, -2, 0), (2, -2, 0), (2, -2, 0)],
    105: [(1, -1, -1), (1, -1, 1), (1, 1, -1), (1, 1, 1)],
}
"""Filling -> area vectors of its pieces (up to sign), in eighths of the neighbourhood's three faces."""


def corner_weight(a: int, b: int, c: int) -> int:
    """What a voxel at corner (a, b, c), each 0 or 1, adds to the number of a filling."""
    return 128 >> (4 * a + 2 * b + c)


def element_areas_mm2(affine: Affine) -> np.ndarray:
    """Surface area (256,) in mm2 of every filling; 0 for the empty and the full one.

    affine: of the voxels; exact for oblique and sheared grids too, as area vectors are carried along.
    """
    first, second, third = affine[:3, :3].T
    faces_mm2 = np.array([np.cross(second, third), np.cross(third, first), np.cross(first, second)])
    return np.asarray(np.linalg.norm(_ELEMENTS @ faces_mm2, axis=2).sum(axis=1) / 8)


def _all_fillings() -> np.ndarray:
    """Area vectors (256, 4, 3); unused ones are 0."""
    elements = np.zeros((256, 4, 3))
    weights = np.array([corner_weight(*corner) for corner in product((0, 1), repeat=3)]).reshape(2, 2, 2)
    for filling, pieces in _CASES.items():
        corners = (weights & filling) > 0
        for axes, signs in product(permutations(range(3)), product((1, -1), repeat=3)):
            turned = np.flip(corners.transpose(axes), tuple(axis for axis in range(3) if signs[axis] < 0))
            number = int(weights[turned].sum())
            rows = np.array(pieces)[:, list(axes)] * signs
            elements[[number, INSIDE - number], : len(rows)] = rows
    return elements


_ELEMENTS = _all_fillings()
