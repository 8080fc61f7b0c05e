"""Livers bent and turned, their vessels as they are, in part, faulty or unknown."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

from LiverTumorSegLib.anatomy.shape import ALL_LIVER, OUTSIDE
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.training.augmentation.bending import Bending, bent
from LiverTumorSegLib.training.augmentation.placement import Size, scaled, values_at
from LiverTumorSegLib.training.samples import Sample
from LiverTumorSegLib.training.shapes.maps import LiverShape
from LiverTumorSegLib.training.shapes.targets import HEPATIC, PORTAL, WITH_VEINS, WITHOUT_VEINS
from LiverTumorSegLib.training.synthesis.noise import smooth_field

_BENDING = Bending(turn_degrees=10.0, log_scale=0.1, elastic_voxels=5.0)
_OFF_CENTER_VOXELS = 3.0
_UNKNOWN_SHARE, _FAULTY_SHARE = 0.15, 0.45
"""Of the samples with veins: shown as if nobody had segmented any vessel; and as somebody with faults did."""
_LEAST_SHARE = 0.1
"""Of a voxel, from which on it counts as the vein that fills most of it."""
_GRAIN_VOXELS = (3.0, 8.0)
_MOST_MISSING, _MOST_FALSE = 0.5, 0.02
"""Of the liver, at most: where vessels were overlooked, and where there are none although they were segmented."""

Share = Float32[np.ndarray, "i j k"]


class ShapePatches:
    """A Source. size: voxels of a patch, which should hold a whole liver. veins_share: of the samples, from livers with
    known veins. Raises InputError without shapes.
    """

    def __init__(self, shapes: Sequence[LiverShape], size: Size, veins_share: float) -> None:
        if not shapes:
            raise InputError(found="no liver", expected="one or more", remedy="Name label maps in the recipe")
        self._all, self._with_veins = tuple(shapes), tuple(shape for shape in shapes if shape.has_veins)
        self._size, self._veins_share = size, veins_share

    def sample(self, rng: np.random.Generator) -> Sample:
        """One liver."""
        is_drawn = self._with_veins and rng.random() < self._veins_share
        shapes = self._with_veins if is_drawn else self._all
        segments, veins = self._moved(shape := shapes[int(rng.integers(len(shapes)))], rng)
        organ = segments > 0
        share = np.clip(veins.sum(0), 0, 1) * organ
        shown, is_shown = _as_segmented(share, organ, rng) if shape.has_veins else (share, False)
        image = np.where(organ, ALL_LIVER + shown, OUTSIDE).astype(np.float32)
        labels = segments.copy()
        for bit, vein in zip((PORTAL, HEPATIC), veins, strict=True):
            # A thin vein never fills half of so large a voxel.
            labels[organ & (vein > _LEAST_SHARE) & (vein >= veins.max(0))] += np.uint8(bit)
        return Sample(image, labels, WITH_VEINS if is_shown else WITHOUT_VEINS)

    def _moved(self, shape: LiverShape, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Segments and veins where the patch's voxels lie."""
        placement = bent(self._size, _BENDING, rng)
        center = (np.array(shape.segments.shape) - 1) / 2 + rng.uniform(-1, 1, 3) * _OFF_CENTER_VOXELS
        at = scaled(placement.offsets(self._size) + center.astype(np.float32), shape.segments.shape)
        labels = values_at(shape.segments.astype(np.float32), at, linear=False, outside=0.0).astype(np.uint8)
        if not shape.has_veins:
            return labels, np.zeros((2, *self._size), np.float32)
        portal, hepatic = (values_at(vein, at, linear=True, outside=0.0) for vein in shape.veins)
        return labels, np.stack([portal, np.where(hepatic == portal, np.float32(0), hepatic)])


def _as_segmented(share: Share, organ: np.ndarray, rng: np.random.Generator) -> tuple[Share, bool]:
    """Vessels as somebody may have segmented them, and whether there are any."""
    draw = rng.random()
    if draw < _UNKNOWN_SHARE or not organ.any():
        return np.zeros_like(share), False
    if draw > _UNKNOWN_SHARE + _FAULTY_SHARE:
        return share, True
    seen = smooth_field(share.shape, rng.uniform(*_GRAIN_VOXELS), rng)
    seen = seen > np.quantile(seen[organ], rng.uniform(0, _MOST_MISSING))
    false = smooth_field(share.shape, 2.0, rng)
    false = organ & (false > np.quantile(false[organ], 1 - rng.uniform(0, _MOST_FALSE)))
    thickness = np.float32(rng.uniform(0.6, 1.5))
    return np.clip(np.maximum(share * seen, false * np.float32(rng.uniform(0.3, 1))) * thickness, 0, 1), True
