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
_CROWDED_SHARE, _BESIDE_SHARE = 0.8, 0.5
_SMOOTH = (Tissue.MASS, Tissue.MASS, Tissue.BOWEL_CONTENT, Tissue.SOFT, Tissue.SPLEEN, Tissue.KIDNEY, Tissue.HEART)
_BELLY = (Tissue.SOFT, Tissue.BOWEL_WALL, Tissue.BOWEL_CONTENT, Tissue.GAS)
_YIELDING = (Tissue.FAT, *_BELLY)


def add_lesions(anatomy: LabelArray, spacing_mm: float, rng: np.random.Generator) -> LabelArray:
    """A copy with tumours (in half of the patients), cysts, and large smooth things beside the liver.

    Vessels run around a tumour or end in it: it covers them. The liver's own label map counts a cyst as liver.
    """
    out = anatomy.copy()
    organ = is_organ(anatomy)
    if not organ.any():
        return out
    bumps = smooth_field(anatomy.shape, 14 / spacing_mm, rng)
    for _ in range(int(rng.integers(1, 4)) if rng.random() < _CROWDED_SHARE else 0):
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
    """A large mass that touches the liver's surface from outside, or something as large and smooth elsewhere in the
    belly: a full stomach or gut, another organ. It presses nothing but fat, organs and bowel aside.
    """
    radii = rng.uniform(15, 60) / spacing_mm * rng.uniform(0.7, 1.3, 3)
    is_beside = rng.random() < _BESIDE_SHARE
    center = _beside(out, organ, radii, rng) if is_beside else _somewhere(out, rng)
    if center is None:
        return
    mass = ellipsoid(out.shape, center, radii, bumps, float(rng.uniform(0.05, 0.3))) & ~organ
    mass &= ~np.isin(out, (Tissue.AIR, Tissue.BONE, Tissue.LUNG, Tissue.MUSCLE))
    out[mass] = rng.choice(_SMOOTH)


def _beside(out: LabelArray, organ: Mask, radii: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """The centre of what touches the liver; None where there is no room, or a tip of the liver tells no direction."""
    surface = np.argwhere(ndimage.binary_dilation(organ, iterations=2) & ~organ & np.isin(out, _YIELDING))
    inner = np.argwhere(organ[::4, ::4, ::4]) * 4
    if not len(surface) or not len(inner):
        return None
    touch = surface[int(rng.integers(len(surface)))].astype(float)
    outward = touch - inner.mean(0)
    center: np.ndarray = touch + outward / np.linalg.norm(outward) * radii.mean() * rng.uniform(0.7, 1.0)
    return center


def _somewhere(out: LabelArray, rng: np.random.Generator) -> np.ndarray | None:
    places = np.argwhere(np.isin(out[::3, ::3, ::3], _BELLY))
    return places[int(rng.integers(len(places)))] * 3.0 if len(places) else None
