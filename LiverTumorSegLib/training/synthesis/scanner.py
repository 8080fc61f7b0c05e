"""What a scanner adds to densities: blur of its kernel, slice thickness, the grain of its noise."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from LiverTumorSegLib.training.samples import Image
from LiverTumorSegLib.training.synthesis.noise import Field

_THICK_FROM = 1.5
_GRAIN_FROM = 0.2
"""Voxels; less cannot be told from none."""


def blurred(hu: Image, in_plane: float, across: float, thickness: float) -> Image:
    """in_plane, across: sigma of the kernel along i and j, and along k. thickness: of a slice. All in voxels."""
    hu = ndimage.gaussian_filter(hu, (in_plane, in_plane, across))
    if thickness > _THICK_FROM:
        hu = ndimage.uniform_filter1d(hu, max(1, round(thickness)), axis=2)
    return hu


def grained(noise: Field, in_plane: float, across: float) -> Field:
    """White noise (standard deviation 1) -> noise of the same strength with a grain, sigma in voxels."""
    if in_plane <= _GRAIN_FROM:
        return noise
    noise = ndimage.gaussian_filter(noise, (in_plane, in_plane, across))
    return noise / (noise.std() + np.float32(1e-6))
