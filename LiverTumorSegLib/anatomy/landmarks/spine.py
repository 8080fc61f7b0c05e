"""Where the spine is in every slice: the landmark beside which aorta and kidneys lie."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import ndimage

from LiverTumorSegLib.anatomy.landmarks.abdomen import STEP_MM, Abdomen
from LiverTumorSegLib.anatomy.landmarks.tracking import best_path

SKIN_HU = -200.0
BONE_FROM_HU, BONE_WIDTH_HU = 130.0, 150.0
"""Bone begins here and counts fully so much above; spongy bone of old patients is no denser than muscle."""
BLUR_MM = (18.0, 18.0, 10.0)
ASIDE_MM = 50.0
"""From the middle of the body."""
LEAST = 0.05
"""Mean share of bone along the way without which there is no spine."""


@dataclass(frozen=True, eq=False)
class Spine:
    """centers_ras_mm: R and A of the middle of its bone in each slice of an Abdomen."""

    centers_ras_mm: Float[np.ndarray, "k 2"]


def find_spine(abdomen: Abdomen) -> Spine | None:
    """The most bone near the middle of the body, followed from slice to slice; None where there is hardly any."""
    body = np.count_nonzero(abdomen.hu > SKIN_HU, axis=(1, 2))
    if not body.any():
        return None
    across = np.flatnonzero(body > 0.1 * body.max())
    middle = (across[0] + across[-1]) / 2
    bone = np.clip((abdomen.hu - BONE_FROM_HU) / BONE_WIDTH_HU, 0, 1).astype(np.float32)
    bone = ndimage.gaussian_filter(bone, [blur / step for blur, step in zip(BLUR_MM, STEP_MM, strict=True)])
    bone[np.abs(np.arange(len(bone)) - middle) * STEP_MM[0] > ASIDE_MM] = 0
    by_slice = np.ascontiguousarray(np.moveaxis(bone, 2, 0))
    path = best_path(by_slice[..., None], (1, 1, 0))
    i, j = path[:, 0], path[:, 1]
    if float(by_slice[np.arange(len(path)), i, j].mean()) < LEAST:
        return None
    return Spine(np.array(abdomen.origin_ras[:2]) + path[:, :2] * np.array(STEP_MM[:2]))
