"""How sharp a lesion's margin is: the distance over which the attenuation changes across its outline.

Only slices in which the lesion is large are looked at, and only within them: where the surface is oblique to a thick
slice, every edge is blurred. Each eighth of the way around is fitted for itself and may be shifted: a mask that is a
pixel too large here and too small there would blur the edge of all taken together. What counts is the median.
"""

from __future__ import annotations

import edt
import numpy as np
from scipy.special import ndtr

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.geometry.affine import SUPERIOR, slice_normal
from LiverTumorSegLib.volume import Volume

REACH_MM = 6.0
"""On either side of the outline."""
WIDTH_PER_SIGMA = 2.563
"""From 10 to 90 % of a step that is blurred by a Gaussian."""
SECTORS = 8
LEAST_STEP_HU = 10.0
"""A smaller step cannot be told from noise."""
LEAST_DEPTH_MM = 3.5
"""A lesion whose middle is nearer to its outline has no inside to compare with."""
LARGEST_PIXEL_MM = 2.0

TOO_SMALL, COARSE_PIXELS, LITTLE_CONTRAST, LITTLE_PARENCHYMA = (
    "too-small", "coarse-pixels", "little-contrast", "little-parenchyma-around",
)  # fmt: skip

_LEAST_SECTORS, _LEAST_PIXELS, _LEAST_FIT = 3, 30, 0.7
_FROM_LARGEST_AREA = 0.5
_BINS_MM = np.arange(-REACH_MM, REACH_MM + 0.1, 0.5) + 0.013
"""Distances are multiples of half a pixel: no border between bins may lie on one of them. Nor between sectors:"""
_TURN_RAD = 0.1
_SHIFTS_MM = np.arange(-3.0, 3.01, 0.5)
_SIGMAS_MM = np.geomspace(0.3, 4.0, 16)


def edge_width_mm(ct: Volume, lesion: Mask, parenchyma: Mask, axis: int) -> tuple[float | None, str]:
    """From 10 to 90 % of the step, median around the lesion; or None, and why: (width, "") or (None, reason).

    ct: HU, a crop with REACH_MM around the lesion in its slices. lesion, parenchyma: of its shape; other tissues are
    left out. axis: of the slices. At most 10 mm can be told, and 0.8 mm is the least.
    """
    in_plane = [a for a in range(3) if a != axis]
    pixel_mm = [ct.spacing_mm[a] for a in in_plane]
    if max(pixel_mm) > LARGEST_PIXEL_MM:
        return None, COARSE_PIXELS
    areas = lesion.sum(axis=tuple(in_plane))
    large = np.flatnonzero(areas >= _FROM_LARGEST_AREA * areas.max())
    slices = [slice(0, n) for n in lesion.shape]
    slices[axis] = slice(int(large[0]), int(large[-1]) + 1)
    part = (slices[0], slices[1], slices[2])
    ct, lesion, parenchyma = ct.crop(part), lesion[part], parenchyma[part]
    distance_mm = signed_in_plane_mm(lesion, ct, axis)
    if -distance_mm.min(where=np.isfinite(distance_mm), initial=0.0) < LEAST_DEPTH_MM:
        return None, TOO_SMALL
    chosen = (np.abs(distance_mm) < REACH_MM) & (lesion | parenchyma)
    return _median_width_mm(distance_mm[chosen], ct.array[chosen], _sector_of(chosen, lesion, ct, axis))


def signed_in_plane_mm(mask: Mask, grid: Volume, axis: int) -> np.ndarray:
    """From each pixel's centre to the outline of the mask in its slice: negative inside, far away in empty slices."""
    in_plane = [a for a in range(3) if a != axis]
    steps = list(grid.spacing_mm)
    half_mm = (steps[in_plane[0]] + steps[in_plane[1]]) / 4
    steps[axis] = 1e6  # no way leads out of a slice
    outside = edt.edt(~mask, anisotropy=tuple(steps)) - half_mm
    inside = edt.edt(mask.copy(order="K"), anisotropy=tuple(steps)) - half_mm
    return np.where(mask, -inside, outside)


def _sector_of(chosen: Mask, lesion: Mask, grid: Volume, axis: int) -> np.ndarray:
    """Which eighth of the way around the lesion each chosen voxel lies in; the same however the volume is stored."""
    normal = slice_normal(grid.affine, axis)
    normal = normal if normal[SUPERIOR] >= 0 else -normal
    # The slices are those closest to axial, so R never lies along their normal.
    right = np.eye(3)[0]
    first = right - (right @ normal) * normal
    first /= np.linalg.norm(first)
    away_mm = (np.argwhere(chosen) - np.argwhere(lesion).mean(axis=0)) @ grid.affine[:3, :3].T
    angle = np.arctan2(away_mm @ np.cross(normal, first), away_mm @ first) + _TURN_RAD
    return np.asarray((angle / (2 * np.pi) * SECTORS).astype(np.intp) % SECTORS)


def _median_width_mm(distance_mm: np.ndarray, hu: np.ndarray, sector: np.ndarray) -> tuple[float | None, str]:
    seen, widths_mm = 0, []
    for number in range(SECTORS):
        here = sector == number
        inside = int(np.count_nonzero(distance_mm[here] < 0))
        if min(inside, int(here.sum()) - inside) < _LEAST_PIXELS:
            continue
        seen += 1
        step_hu, sigma_mm, fit = fitted_step(distance_mm[here], hu[here])
        if abs(step_hu) >= LEAST_STEP_HU and fit >= _LEAST_FIT:
            widths_mm.append(WIDTH_PER_SIGMA * sigma_mm)
    if len(widths_mm) >= _LEAST_SECTORS:
        return float(np.median(widths_mm)), ""
    return None, LITTLE_PARENCHYMA if seen < _LEAST_SECTORS else LITTLE_CONTRAST


def fitted_step(distance_mm: np.ndarray, hu: np.ndarray) -> tuple[float, float, float]:
    """The blurred step that fits best: its height (outside minus inside, HU), sigma (mm), explained share of variance.

    All pairs of shift and sigma are tried; height and level follow by linear least squares on means of 0.5 mm.
    """
    counts, _ = np.histogram(distance_mm, _BINS_MM)
    sums, _ = np.histogram(distance_mm, _BINS_MM, weights=hu.astype(np.float64))
    filled = counts > 0
    weight = counts[filled] / counts.sum()
    mean_hu = sums[filled] / counts[filled]
    middle_mm = ((_BINS_MM[1:] + _BINS_MM[:-1]) / 2)[filled]
    step = ndtr((middle_mm - _SHIFTS_MM[:, None, None]) / _SIGMAS_MM[None, :, None])
    step = step - (weight * step).sum(axis=-1, keepdims=True)
    level = mean_hu - (weight * mean_hu).sum()
    spread = (weight * step**2).sum(axis=-1)
    # Where all distances lie on one side of a shifted step there is nothing to fit.
    height = (weight * step * level).sum(axis=-1) / np.maximum(spread, 1e-9)
    left = (weight * (level - height[..., None] * step) ** 2).sum(axis=-1)
    shift, sigma = np.unravel_index(int(left.argmin()), left.shape)
    variance = float((weight * level**2).sum())
    explained = 1 - float(left[shift, sigma]) / variance if variance > 0 else 0.0
    return float(height[shift, sigma]), float(_SIGMAS_MM[sigma]), explained
