"""What networks have said of one liver, as it is asked about single places."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float32
from scipy import ndimage

from LiverTumorSegLib.arrays import Points
from LiverTumorSegLib.volume import Volume

Values = Float32[np.ndarray, " n"]


@dataclass(frozen=True, eq=False)
class Evidence:
    """Probabilities (0 to 1) of the organ (liver, vessels and tumours) and of tumour, each on a grid of its own.

    organ_voices, tumor_voices: of the single networks, by name; {} where one network alone has spoken.
    """

    organ: Volume
    tumor: Volume
    organ_voices: Mapping[str, Volume] = field(default_factory=dict)
    tumor_voices: Mapping[str, Volume] = field(default_factory=dict)

    @property
    def organ_opinions(self) -> tuple[Volume, ...]:
        """All voices, or the only one."""
        return tuple(self.organ_voices.values()) or (self.organ,)

    @property
    def tumor_opinions(self) -> dict[str, Volume]:
        """All voices by name, or the only one as "tumor"."""
        return dict(self.tumor_voices) or {"tumor": self.tumor}


def values_at(volume: Volume, points_ras: Points) -> Values:
    """Trilinear values at positions (n, 3) in mm; 0 where the volume does not reach.

    The outermost half voxel repeats its edge, as in ``geometry.resample``.
    """
    ijk = volume.ijk_from_ras(points_ras).T
    ends = np.array(volume.shape)[:, None] - 0.5
    is_within = ((ijk >= -0.5) & (ijk <= ends)).all(axis=0)
    values = ndimage.map_coordinates(volume.array, ijk, order=1, mode="nearest", output=np.float32)
    return np.where(is_within, values, np.float32(0))


def lowest_at(volumes: tuple[Volume, ...], points_ras: Points) -> Values:
    """Of several volumes the lowest value at each position: what all of them agree to."""
    return np.min([values_at(volume, points_ras) for volume in volumes], axis=0)
