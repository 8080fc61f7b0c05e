"""Where a patch's voxels lie in the volume it is cut from: turned, scaled, flipped and bent in one resampling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Float32, Num, Shaped, UInt8
from torch.nn import functional

from LiverTumorSegLib.arrays import Box, ImageArray, LabelArray
from LiverTumorSegLib.training.samples import Image

Size = tuple[int, int, int]
Offsets = Float32[np.ndarray, "i j k 3"]
Positions = Num[np.ndarray, "a b c 3"]
Patch = Float32[np.ndarray, "a b c"]
PatchLabels = UInt8[np.ndarray, "a b c"]
"""Of another shape (a, b, c) than the volume (i, j, k) they are cut from."""

AIR_HU = -1000.0
BACKGROUND = 0.0
"""The label beyond the volume. Not ``IGNORE``: what the network sees there is air, which is no liver, and scans whose
field of view ends in the liver look the same; so do the windows at a volume's edge in inference."""
_FLIPS = (-1.0, 1.0)


@dataclass(frozen=True, eq=False)
class Placement:
    """The voxel at offset o from the patch's centre shows what lies at ``matrix @ o + elastic`` from the place in the
    volume that the patch is centred on. All in voxels; patch and volume have the same spacing.
    """

    matrix: Float[np.ndarray, "3 3"]
    elastic: Offsets | None = None

    def offsets(self, size: Size) -> Offsets:
        """Of every voxel of a patch, from the place it is centred on."""
        axes = [np.arange(n, dtype=np.float32) - (n - 1) / 2 for n in size]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1) @ self.matrix.T.astype(np.float32)
        return (grid if self.elastic is None else grid + self.elastic).astype(np.float32)

    @property
    def flipped_axes(self) -> tuple[int, ...] | None:
        """Those that run backwards, where there is nothing but that; else None."""
        diagonal = np.diag(self.matrix)
        if self.elastic is not None or not np.array_equal(self.matrix, np.diag(diagonal)):
            return None
        return tuple(np.flatnonzero(diagonal < 0).tolist()) if np.isin(diagonal, _FLIPS).all() else None


STRAIGHT = Placement(np.eye(3))


def cut(
    hu: ImageArray, labels: LabelArray, center_ijk: Float[np.ndarray, " 3"], size: Size, placement: Placement
) -> tuple[Patch, PatchLabels]:
    """A patch (HU, labels) around a place of a volume; AIR_HU and BACKGROUND beyond the volume.

    hu is interpolated trilinearly, labels take the nearest voxel. Nothing is interpolated where the placement only
    flips and the center lies on the voxels (between them for an even size). A patch that lies beyond the volume
    altogether is air.
    """
    start = center_ijk - (np.array(size) - 1) / 2
    flips = placement.flipped_axes
    if flips is not None and np.array_equal(start, np.round(start)):
        first = start.astype(int)
        return _copied(hu, first, size, flips, AIR_HU, np.float32), _copied(
            labels, first, size, flips, BACKGROUND, np.uint8
        )
    positions = placement.offsets(size) + center_ijk.astype(np.float32)
    box = _box_around(positions, labels.shape)
    if box is None:
        return np.full(size, AIR_HU, np.float32), np.full(size, BACKGROUND, np.uint8)
    positions -= np.array([side.start for side in box], np.float32)
    at = scaled(positions, labels[box].shape)
    return (
        values_at(hu[box].astype(np.float32), at, linear=True, outside=AIR_HU),
        values_at(labels[box].astype(np.float32), at, linear=False, outside=BACKGROUND).astype(np.uint8),
    )


def scaled(positions_ijk: Positions, shape: tuple[int, ...]) -> torch.Tensor:
    """Positions in a volume as torch wants them: k first, -1 to 1 from edge to edge of the volume."""
    ends = np.array(shape, np.float32)
    return torch.from_numpy((2 * positions_ijk[..., ::-1] + 1) / ends[::-1] - 1)[None].float()


def values_at(array: Image, at: torch.Tensor, *, linear: bool, outside: float) -> Patch:
    """Values of a volume at ``scaled`` positions; over the outermost half voxel they go over into ``outside``."""
    values = torch.from_numpy(array - np.float32(outside))[None, None]
    mode = "bilinear" if linear else "nearest"
    found = functional.grid_sample(values, at, mode=mode, padding_mode="zeros", align_corners=False)
    return found[0, 0].numpy() + np.float32(outside)


def _copied(
    array: ImageArray, first: np.ndarray, size: Size, flips: tuple[int, ...], outside: float, dtype: type
) -> Shaped[np.ndarray, "a b c"]:
    out: np.ndarray = np.full(size, outside, dtype)
    starts = np.clip(first, 0, array.shape)
    stops = np.maximum(starts, np.minimum(first + size, array.shape))
    there = tuple(slice(int(a), int(b)) for a, b in zip(starts, stops, strict=True))
    here = tuple(slice(int(a), int(b)) for a, b in zip(starts - first, stops - first, strict=True))
    np.flip(out, flips)[here] = array[there]
    return out


def _ends(values: np.ndarray) -> tuple[float, float]:
    return float(values.min()), float(values.max())


def _box_around(positions: np.ndarray, shape: tuple[int, ...]) -> Box | None:
    """With all voxels that count for any of the positions; None where the volume has none."""
    least, most = (np.array(ends) for ends in zip(*(_ends(positions[..., axis]) for axis in range(3)), strict=True))
    low = np.maximum(0, np.floor(least) - 1).astype(int)
    high = np.minimum(shape, np.ceil(most) + 2).astype(int)
    if (high <= low).any():
        return None
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return i, j, k
