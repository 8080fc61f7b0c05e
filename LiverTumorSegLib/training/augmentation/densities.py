"""Other densities: another phase, another tube voltage, another patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import LabelArray
from LiverTumorSegLib.labels import LIVER, TUMOR, VESSEL
from LiverTumorSegLib.training.samples import Image

_SOFT_HU = (-160.0, 240.0)
_MIDDLE_HU = 60.0
_LEAST_VOXELS = 100
_EDGE_VOXELS = 0.6


@dataclass(frozen=True)
class Densities:
    """How far HU are changed: standard deviations of the shift and of the logarithms of scale (about soft tissue) and
    of the gamma of soft tissue (-160 to 240 HU).
    """

    shift_hu: float = 12.0
    log_scale: float = 0.1
    log_gamma: float = 0.15

    def changed(self, hu: Image, rng: np.random.Generator) -> Image:
        """The same order of brightness everywhere."""
        shift, scale, gamma = rng.normal(0, (self.shift_hu, self.log_scale, self.log_gamma))
        low, high = _SOFT_HU
        hu = _MIDDLE_HU + np.float32(shift) + np.float32(np.exp(scale)) * (hu - _MIDDLE_HU)
        share = (np.clip(hu, low, high) - low) / (high - low)
        return (hu + (share ** np.float32(np.exp(gamma)) - share) * (high - low)).astype(np.float32)


@dataclass(frozen=True)
class Contrasts:
    """How a phase makes structures stand out: the liver from all else, vessels and tumours from the liver.

    organ_hu: the most that the liver with all in it becomes brighter or darker. vessel, tumor: least and greatest
    factor of the difference that there is.
    """

    organ_hu: float = 20.0
    vessel: tuple[float, float] = (0.5, 1.5)
    tumor: tuple[float, float] = (0.7, 1.4)

    def changed(self, hu: Image, labels: LabelArray, rng: np.random.Generator) -> Image:
        """With soft edges. A structure of which there are few labelled voxels stays as it is, and so does everything
        where there is hardly any labelled liver.
        """
        organ = rng.uniform(-self.organ_hu, self.organ_hu)
        factors = {VESSEL.value: rng.uniform(*self.vessel), TUMOR.value: rng.uniform(*self.tumor)}
        liver_hu = middle_of(hu, labels == LIVER.value)
        if liver_hu is None:
            return hu
        more = np.zeros(256, np.float32)
        more[LIVER.value] = organ
        for value, factor in factors.items():
            own_hu = middle_of(hu, labels == value)
            more[value] = organ + (0.0 if own_hu is None else (factor - 1) * (own_hu - liver_hu))
        return hu + ndimage.gaussian_filter(more[labels], _EDGE_VOXELS)


def middle_of(hu: Image, mask: np.ndarray) -> float | None:
    """Median HU; None where there are too few voxels for one."""
    values = hu[mask]
    return None if values.size < _LEAST_VOXELS else float(np.median(values[:: 1 + values.size // 20_000]))
