"""Patients turned, scaled and bent a little: one drawing of everything that is not a flip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from LiverTumorSegLib.training.augmentation.placement import Placement, Size
from LiverTumorSegLib.training.synthesis.noise import smooth_field

_GRAIN_VOXELS = 32.0


@dataclass(frozen=True)
class Bending:
    """How far patients are bent.

    turn_degrees, log_scale: standard deviations of the turn about each axis and of the scale's logarithm.
    elastic_voxels: the largest elastic displacement.
    """

    turn_degrees: float = 8.0
    log_scale: float = 0.14
    elastic_voxels: float = 4.0


def bent(size: Size, bending: Bending, rng: np.random.Generator) -> Placement:
    """Turn, scale (half as different between the axes as it is on the whole) and smooth displacements of a patch."""
    turn = Rotation.from_euler("xyz", rng.normal(0, bending.turn_degrees, 3), degrees=True).as_matrix()
    scale = np.exp(rng.normal(0, bending.log_scale) + rng.normal(0, bending.log_scale / 2, 3))
    if bending.elastic_voxels == 0:
        return Placement(turn * scale)
    reach = rng.uniform(0, bending.elastic_voxels)
    elastic = np.stack([smooth_field(size, _GRAIN_VOXELS, rng) for _ in range(3)], -1) * np.float32(reach / 2)
    return Placement(turn * scale, elastic)
