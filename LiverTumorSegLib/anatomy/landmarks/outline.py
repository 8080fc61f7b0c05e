"""The outline of a vessel around its centre line: in every slice the best closed curve around one place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from LiverTumorSegLib.anatomy.landmarks.tracking import best_path
from LiverTumorSegLib.anatomy.landmarks.windows import Window
from LiverTumorSegLib.arrays import Mask

RAYS = 48
STEP_MM, FARTHEST_MM = 0.5, 20.0
LIKE_HU = 45.0
"""A voxel that differs by more from the vessel's middle speaks against being inside it."""
CLEAR_STEP_HU = 20.0
"""Fall of HU over STEP_MM that counts as one clear edge."""
EDGE_WEIGHT = 2.0
BORDER = 0.7
"""What the border of a neighbouring organ counts at least, whatever the HU: an edge, but not the clearest."""
USUAL_MM, SPREAD_MM, USUAL_WEIGHT = 9.0, 3.0, 0.02
_STEEPEST = 2
"""Steps that the radius may change from one direction to the next."""


@dataclass(frozen=True, eq=False)
class CentreLine:
    """One place in every slice of a window, and how bright the vessel is there."""

    x_mm: Float[np.ndarray, " k"]
    y_mm: Float[np.ndarray, " k"]
    hu: Float[np.ndarray, " k"]


@dataclass(frozen=True, eq=False)
class Neighbours:
    """What the vessel cannot be, on a window's grid. organ: whose border is an edge. other: never inside."""

    organ: Bool[np.ndarray, "i j k"]
    other: Bool[np.ndarray, "i j k"]


def outlined(window: Window, line: CentreLine, neighbours: Neighbours) -> Mask:
    """Mask on the window's grid of what the outlines hold, without the neighbours."""
    radii = np.stack([_radii(window, line, neighbours, k) for k in range(len(line.hu))])
    radii = ndimage.median_filter(radii, (5, 1), mode="nearest")
    radii = ndimage.gaussian_filter(radii, (0.8, 1.0), mode=("nearest", "wrap"))
    mask = np.zeros(window.grid.shape, bool)
    axes = [window.grid.affine[a, 3] + window.pixel_mm * np.arange(window.grid.shape[a]) for a in (0, 1)]
    for k, along in enumerate(radii):
        right, front = np.meshgrid(axes[0] - line.x_mm[k], axes[1] - line.y_mm[k], indexing="ij")
        angle = np.mod(np.arctan2(front, right), 2 * np.pi)
        reach = np.interp(angle, np.append(_angles(), 2 * np.pi), np.append(along, along[0]))
        mask[..., k] = np.hypot(right, front) <= reach
    return mask & ~neighbours.organ & ~neighbours.other


def _radii(window: Window, line: CentreLine, neighbours: Neighbours, k: int) -> Float[np.ndarray, " ray"]:
    """Of one slice: as long as voxels look like the middle, up to a clear edge, from ray to ray in small steps."""
    reach = np.arange(STEP_MM, FARTHEST_MM, STEP_MM)
    along = np.stack([np.outer(np.cos(_angles()), reach), np.outer(np.sin(_angles()), reach)])
    centre = np.array([line.x_mm[k], line.y_mm[k]]) - window.grid.affine[:2, 3]
    places = (along + centre[:, None, None]) / window.pixel_mm
    hu = ndimage.map_coordinates(window.hu[..., k], places, order=1, mode="nearest")
    organ, other = (
        ndimage.map_coordinates(mask[..., k].astype(np.uint8), places, order=0, mode="nearest") > 0
        for mask in (neighbours.organ, neighbours.other)
    )
    like = np.clip(1 - np.abs(hu - line.hu[k]) / LIKE_HU, -1.5, 1)
    like = np.where(other, -1.5, np.where(organ, np.minimum(like, -0.3), like))
    edge = np.clip(-ndimage.gaussian_filter1d(hu, 2.0, axis=1, order=1) / CLEAR_STEP_HU, -0.5, 1.5)
    border = ~organ & np.roll(organ, -1, axis=1)
    border[:, -1] = False
    edge = np.where(border, np.maximum(edge, BORDER), edge)
    inside = np.cumsum(like, axis=1) * (STEP_MM / 4)
    return reach[_closed(inside + EDGE_WEIGHT * edge - USUAL_WEIGHT * ((reach - USUAL_MM) / SPREAD_MM) ** 2)]


def _closed(scores: Float[np.ndarray, "ray r"]) -> np.ndarray:
    """The best way around: three turns, of which the middle one closes."""
    turns = np.concatenate([scores] * 3)[:, None, None, :].astype(np.float32)
    path = best_path(np.ascontiguousarray(turns), (0, 0, _STEEPEST))
    return path[len(scores) : 2 * len(scores), 2]


def _angles() -> Float[np.ndarray, " ray"]:
    return np.linspace(0, 2 * np.pi, RAYS, endpoint=False)
