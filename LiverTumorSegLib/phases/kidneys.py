"""Kidneys that have taken up contrast agent: the brightest soft tissue on both sides of the spine.

Kidneys without contrast agent are no denser than what surrounds them in many patients; they are not searched for.
"""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import edt
import numpy as np
from scipy import ndimage

from LiverTumorSegLib.anatomy.landmarks.abdomen import STEP_MM, Abdomen
from LiverTumorSegLib.anatomy.landmarks.spine import Spine
from LiverTumorSegLib.arrays import Box, HuArray, Mask
from LiverTumorSegLib.geometry.boxes import grow_box
from LiverTumorSegLib.geometry.components import boxes_of
from LiverTumorSegLib.labels import LIVER

VOXEL_ML = STEP_MM[0] * STEP_MM[1] * STEP_MM[2] / 1000
ABOVE_LIVER_HU, LEAST_HU, MOST_HU = 30.0, 100.0, 700.0
"""A kidney that has taken up contrast agent is so much brighter than the liver."""
ASIDE_MM, FRONT_MM = (18.0, 110.0), (-40.0, 75.0)
"""Where to look, from the middle of the spine's bone."""
CENTER_ASIDE_MM, CENTER_FRONT_MM = (30.0, 98.0), (-30.0, 62.0)
NECK_MM = 5.0
"""Half the thickness of bridges to other bright things that are cut."""
KIDNEY_ML = (30.0, 350.0)
LEAST_TALL_MM = 28.0
URINE_HU = 350.0
"""Contrast agent that is being excreted is brighter than any tissue; so much at least, and above the cortex."""
URINE_ABOVE_CORTEX_HU = 80.0
URINE_ML = 0.2
SIDES_DIFFER = 0.3
"""Relative difference of both sides beyond which one of them is something else, or ill."""


@dataclass(frozen=True)
class Kidneys:
    """hu: median of what was found, the mean of both sides. cortex_medulla_hu: 85th minus 15th percentile inside.

    is_excreting: contrast agent fills the renal pelvis. found: 1 or 2.
    """

    hu: float
    cortex_medulla_hu: float
    is_excreting: bool
    found: int


def find_kidneys(abdomen: Abdomen, spine: Spine) -> Kidneys | None:
    """None where no bright organ lies there, or where both sides have nothing in common."""
    hu = ndimage.gaussian_filter(abdomen.hu, (0.8, 0.8, 0.4))
    bright = _bright(abdomen, hu)
    sides = [one for sign in (1.0, -1.0) if (one := _kidney(hu, bright & _zone(abdomen, spine, sign), abdomen, spine))]
    if not sides:
        return None
    if len(sides) == 2 and abs(sides[0].hu - sides[1].hu) > SIDES_DIFFER * max(sides[0].hu, sides[1].hu):
        return None
    return Kidneys(
        float(np.mean([one.hu for one in sides])),
        float(np.mean([one.cortex_medulla_hu for one in sides])),
        any(one.is_excreting for one in sides),
        len(sides),
    )


def _bright(abdomen: Abdomen, hu: HuArray) -> Mask:
    """Brighter than the liver; what lies darker inside (the medulla) taken in."""
    liver = abdomen.labels == LIVER.value
    level = float(np.median(abdomen.hu[liver])) if liver.any() else 0.0
    mask = (hu > max(level + ABOVE_LIVER_HU, LEAST_HU)) & (hu < MOST_HU) & ~abdomen.organ
    closed = ndimage.binary_closing(mask, ndimage.generate_binary_structure(3, 1), iterations=2) & ~abdomen.organ
    for k in range(closed.shape[2]):
        closed[:, :, k] = ndimage.binary_fill_holes(closed[:, :, k])
    return closed


def _zone(abdomen: Abdomen, spine: Spine, sign: float) -> Mask:
    """The place of one kidney. sign: 1 right, -1 left."""
    x, y = (abdomen.origin_ras[a] + STEP_MM[a] * np.arange(abdomen.hu.shape[a]) for a in (0, 1))
    aside = sign * (x[:, None] - spine.centers_ras_mm[None, :, 0])
    front = y[:, None] - spine.centers_ras_mm[None, :, 1]
    is_aside, is_front = _between(aside, ASIDE_MM), _between(front, FRONT_MM)
    return is_aside[:, None, :] & is_front[None, :, :]


def _kidney(hu: HuArray, mask: Mask, abdomen: Abdomen, spine: Spine) -> Kidneys | None:
    """The largest part of a mask that is of a kidney's size and in its place."""
    cores = edt.edt(mask, anisotropy=STEP_MM) > NECK_MM
    parts, count = cc3d.connected_components(cores, connectivity=6, return_N=True)
    if not count:
        return None
    sizes = np.bincount(parts.ravel())[1:]
    boxes = boxes_of(parts, int(count))
    margin = tuple(int(np.ceil(2 * NECK_MM / step)) for step in STEP_MM)
    for part in np.argsort(-sizes, kind="stable"):
        box = grow_box(boxes[part], (margin[0], margin[1], margin[2]), mask.shape)
        near = edt.edt(parts[box] != part + 1, anisotropy=STEP_MM) <= NECK_MM + 1
        kidney = near & mask[box]
        if _plausible(kidney, box, abdomen, spine):
            return _measured(hu[box], abdomen.hu[box], kidney)
    return None


def _plausible(kidney: Mask, box: Box, abdomen: Abdomen, spine: Spine) -> bool:
    heights = np.flatnonzero(kidney.any(axis=(0, 1)))
    tall_mm = (heights[-1] - heights[0] + 1) * STEP_MM[2]
    i, j, k = (at + axis.start for at, axis in zip(ndimage.center_of_mass(kidney), box, strict=True))
    aside, front = np.array(abdomen.origin_ras[:2]) + np.array([i, j]) * STEP_MM[:2] - spine.centers_ras_mm[int(k)]
    return bool(
        _between(np.array(kidney.sum() * VOXEL_ML), KIDNEY_ML)
        and tall_mm >= LEAST_TALL_MM
        and _between(np.array(abs(aside)), CENTER_ASIDE_MM)
        and _between(np.array(front), CENTER_FRONT_MM)
    )


def _measured(smooth_hu: HuArray, hu: HuArray, kidney: Mask) -> Kidneys:
    """Without the outermost voxel, which is half fat. Urine lies deep inside; at the border it is a rib."""
    inside = ndimage.binary_erosion(kidney, ndimage.generate_binary_structure(3, 1)) & (smooth_hu < URINE_HU)
    values = smooth_hu[inside] if inside.any() else smooth_hu[kidney]
    low, middle, high = (float(v) for v in np.percentile(values, (15, 50, 85)))
    deep = edt.edt(kidney, anisotropy=STEP_MM, black_border=True) > NECK_MM
    urine = deep & (hu > max(URINE_HU, high + URINE_ABOVE_CORTEX_HU))
    return Kidneys(middle, high - low, bool(urine.sum() * VOXEL_ML >= URINE_ML), 1)


def _between(values: np.ndarray, limits: tuple[float, float]) -> np.ndarray:
    return np.asarray((values >= limits[0]) & (values <= limits[1]))
