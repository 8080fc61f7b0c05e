"""Smooth random fields, from which shapes, textures and deformations are cut."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float32
from torch.nn import functional

Field = Float32[np.ndarray, "i j k"]


def smooth_field(shape: tuple[int, ...], grain_voxels: float, rng: np.random.Generator) -> Field:
    """Mean 0, standard deviation 1; structures of about ``grain_voxels`` across."""
    coarse = tuple(int(np.ceil(n / grain_voxels)) + 3 for n in shape)
    seeds = torch.from_numpy(rng.standard_normal(coarse, dtype=np.float32))[None, None]
    size = tuple(int(np.ceil(n * grain_voxels)) for n in coarse)
    fine = functional.interpolate(seeds, size=size, mode="trilinear", align_corners=False)[0, 0].numpy()
    starts = [int(rng.integers(0, have - want + 1)) for have, want in zip(fine.shape, shape, strict=True)]
    field = fine[tuple(slice(start, start + n) for start, n in zip(starts, shape, strict=True))]
    return (field - field.mean()) / np.float32(field.std() + 1e-6)


def ellipsoid(
    shape: tuple[int, ...], center: np.ndarray, radii: np.ndarray, bumps: Field, roughness: float
) -> np.ndarray:
    """bool: inside an ellipsoid (voxels) whose surface is pushed in and out by a field."""
    axes = [((np.arange(n, dtype=np.float32) - c) / r) ** 2 for n, c, r in zip(shape, center, radii, strict=True)]
    return axes[0][:, None, None] + axes[1][None, :, None] + axes[2][None, None, :] + roughness * bumps < 1
