"""How far points lie from a structure: for surfaces that are coloured by it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from LiverTumorSegLib.arrays import Points
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.planning.voxel_surface import VoxelSurface, tree_of
from LiverTumorSegLib.volume import Volume

CANDIDATES = 8
"""Voxels whose centres are nearest to a point; one of them has the nearest face, or one nearer by little."""
AT_ONCE = 50_000
"""Points; more take memory without being faster."""


def distances_to(structure: Volume, points_ras: Points) -> Float[np.ndarray, " n"]:
    """From points (n, 3) to the faces of a mask's voxels, in mm; 0 inside. Raises InputError for an empty mask.

    Faces, not centres: two structures whose voxels share a face are 0 mm apart.
    """
    surface = VoxelSurface.of(structure.array != 0).voxels_ijk
    if len(surface) == 0:
        raise InputError(found="an empty mask", expected="something to be near to", remedy="Give another structure")
    tree = tree_of(structure.ras_from_ijk(surface))
    parts = [points_ras[first : first + AT_ONCE] for first in range(0, len(points_ras), AT_ONCE)]
    found = []
    for part in parts:
        _, near = tree.query(part, k=min(CANDIDATES, len(surface)))
        offsets = structure.ijk_from_ras(part)[:, np.newaxis] - surface[near.reshape(len(part), -1)]
        beyond = offsets - np.clip(offsets, -0.5, 0.5)
        to_face_mm = np.linalg.norm(beyond @ structure.affine[:3, :3].T, axis=-1).min(axis=1)
        found.append(np.where(_is_inside(structure, part), 0.0, to_face_mm))
    return np.concatenate([np.zeros(0), *found])


def _is_inside(structure: Volume, points_ras: Points) -> np.ndarray:
    ijk = np.rint(structure.ijk_from_ras(points_ras)).astype(int)
    on_grid = ((ijk >= 0) & (ijk < structure.shape)).all(axis=1)
    i, j, k = np.clip(ijk, 0, np.array(structure.shape) - 1).T
    return np.asarray(on_grid & (structure.array[i, j, k] != 0))
