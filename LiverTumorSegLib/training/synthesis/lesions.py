"""Tumours, cysts, calcifications and masses beside the liver, painted into an anatomy."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool
from scipy import ndimage

from LiverTumorSegLib.arrays import Box, LabelArray, Mask
from LiverTumorSegLib.training.synthesis.noise import Field, ellipsoid, smooth_field
from LiverTumorSegLib.training.synthesis.tissues import ORGAN, Tissue, is_organ

Part = Bool[np.ndarray, "a b c"]
"""A mask in a box of an array of shape (i, j, k)."""
_DIAMETERS_MM = ((4, 10), (8, 20), (15, 40), (35, 110))
"""Tiny, small, medium, large."""
_MOST = (8, 6, 3, 1)


def add_lesions(anatomy: LabelArray, spacing_mm: float, rng: np.random.Generator) -> LabelArray:
    """A copy with tumours (in half of the patients), cysts and now and then a mass beside the liver.

    Vessels run around a tumour or end in it: it covers them. The liver's own label map counts a cyst as liver.
    """
    out = anatomy.copy()
    organ = is_organ(anatomy)
    if not organ.any():
        return out
    bumps = smooth_field(anatomy.shape, 14 / spacing_mm, rng)
    if rng.random() < 0.35:
        _put_mass(out, organ, bumps, spacing_mm, rng)
    if rng.random() < 0.6:
        for size, most in zip(_DIAMETERS_MM, _MOST, strict=True):
            for _ in range(int(rng.integers(0, most + 1)) if rng.random() < 0.5 else 0):
                _put(out, organ, bumps, rng.uniform(*size) / spacing_mm, Tissue.TUMOR, rng)
    for _ in range(int(rng.integers(0, 4)) if rng.random() < 0.3 else 0):
        _put(out, organ, bumps, rng.uniform(4, 30) / spacing_mm, Tissue.CYST, rng)
    return out


def blob(organ: Mask, bumps: Field, diameter: float, rng: np.random.Generator) -> tuple[Box, Part]:
    """A bumpy ellipsoid around a random voxel of an organ, not cut off at its surface: a box, and what is inside in it.

    diameter: voxels, on average over the axes. Raises ValueError where the organ is empty.
    """
    places = np.flatnonzero(organ)
    center = np.array(np.unravel_index(int(rng.choice(places)), organ.shape), float)
    radii = diameter / 2 * rng.uniform(0.75, 1.25, 3)
    i, j, k = (slice(max(0, int(c - 1.6 * r - 2)), int(c + 1.6 * r + 3)) for c, r in zip(center, radii, strict=True))
    start = np.array([i.start, j.start, k.start])
    part = bumps[i, j, k]
    return (i, j, k), ellipsoid(part.shape, center - start, radii, part, rng.uniform(0, 0.35))


def _put(out: LabelArray, organ: Mask, bumps: Field, diameter: float, tissue: Tissue, rng: np.random.Generator) -> None:
    """One lesion somewhere in the organ; at its capsule, what would lie outside is cut off, or bulges it."""
    box, inside = blob(organ, bumps, diameter, rng)
    if rng.random() < 0.2:
        near = ndimage.binary_dilation(organ[box], iterations=max(1, round(diameter / 5)))
        inside &= near & np.isin(out[box], (*ORGAN, Tissue.FAT, Tissue.SOFT))  # bulges
    else:
        inside &= organ[box]
    out[box][inside] = tissue


def _put_mass(out: LabelArray, organ: Mask, bumps: Field, spacing_mm: float, rng: np.random.Generator) -> None:
    """A large mass that touches the liver's surface from outside and presses nothing but fat and bowel aside."""
    surface = np.argwhere(ndimage.binary_dilation(organ, iterations=2) & ~organ & (out == Tissue.FAT))
    inner = np.argwhere(organ[::4, ::4, ::4]) * 4
    if not len(surface) or not len(inner):  # a tip of the liver tells no direction
        return
    touch = surface[int(rng.integers(len(surface)))].astype(float)
    outward = touch - inner.mean(0)
    radii = rng.uniform(12, 55) / spacing_mm * rng.uniform(0.8, 1.2, 3)
    center = touch + outward / np.linalg.norm(outward) * radii.mean() * rng.uniform(0.7, 1.0)
    mass = ellipsoid(out.shape, center, radii, bumps, 0.15) & ~organ
    mass &= ~np.isin(out, (Tissue.AIR, Tissue.BONE, Tissue.LUNG, Tissue.HEART))
    out[mass] = Tissue.MASS
