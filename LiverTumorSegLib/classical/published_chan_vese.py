"""Refinement of tumour outlines as SmoothSegNet's authors evaluate it: what ``chan_vese`` corrects.

Morphological Chan-Vese (Marquez-Neila et al., TPAMI 2014), two iterations with one smoothing step each, started with
the mask. One evolution moves all tumours, on the image that the tumour network sees: HU cut off at its range, and
everything outside the liver at the lower end. So the outer mean is far below any liver: liver is always closer to the
inner mean, whatever its HU, and the step acts like a dilation by the voxels of its iterations, inside the liver.
"""

from __future__ import annotations

import numpy as np

from LiverTumorSegLib.arrays import Mask, ProbabilityArray
from LiverTumorSegLib.classical.chan_vese import smoothed
from LiverTumorSegLib.geometry.boxes import bounding_box, grow_box
from LiverTumorSegLib.volume import Volume

HU_RANGE = (-200.0, 250.0)
"""Of the published tumour network. The authors scale it to 0..1, which changes nothing here."""
_REACH = 3
"""Voxels around the outline that one iteration looks at or moves."""


def published_contours(ct: Volume, tumor: Mask, organ: Mask, iterations: int = 2) -> Mask:
    """Tumours after so many iterations, inside the organ.

    ct: HU, of the liver's surroundings or more: how much more hardly matters, as the outer mean is low in any case. 0
    iterations give the tumours inside the organ. Tumours may vanish, merge or fall apart. Empty in, empty out.
    """
    mask = tumor & organ
    tight = bounding_box(mask)
    if tight is None:
        return mask
    hu = np.where(organ, np.clip(ct.array, *HU_RANGE), HU_RANGE[0]).astype(np.float32)
    box = grow_box(tight, (_REACH * iterations + 1,) * 3, ct.shape)
    mask[box] = _evolved(hu[box], mask[box], iterations, float(hu.sum(dtype=np.float64)), hu.size) & organ[box]
    return mask


def _evolved(hu: ProbabilityArray, mask: Mask, iterations: int, total_hu: float, voxels: int) -> Mask:
    """In a box around all tumours; the outer mean is that of a whole image, whose sum and size are given."""
    for turn in range(iterations):
        inside, within = float(hu[mask].sum(dtype=np.float64)), int(mask.sum())
        if within in (0, voxels):
            return mask
        inner, outer = inside / within, (total_hu - inside) / (voxels - within)
        closer_inside = np.abs(hu - inner) < np.abs(hu - outer)
        mask = smoothed(np.where(_edge(mask), closer_inside, mask), turn + 1)
    return mask


def _edge(mask: Mask) -> Mask:
    """Where the mask's central difference along some axis is not 0: the voxels on both sides of the outline."""
    edge = np.zeros_like(mask)
    for axis in (axis for axis, length in enumerate(mask.shape) if length > 1):
        edge |= np.gradient(mask.astype(np.int8), axis=axis) != 0
    return edge
