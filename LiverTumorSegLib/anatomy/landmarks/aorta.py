"""The aorta: a round, even structure in front of the spine, followed through the slices at the level of the liver.

It is found by its shape, not by its brightness, so that it is found before contrast agent too. Circles are compared by
how much their rim stands out and how even they are inside; the best way through all slices wins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float32

from LiverTumorSegLib.anatomy.landmarks.abdomen import STEP_MM, Abdomen
from LiverTumorSegLib.anatomy.landmarks.spine import Spine
from LiverTumorSegLib.anatomy.landmarks.tracking import best_path
from LiverTumorSegLib.anatomy.landmarks.windows import Window, window_of

PIXEL_MM = 1.5
RADII_MM = np.arange(5.0, 17.1, 1.5)
"""Of the circles; the aorta is 12 to 35 mm across."""
DIRECTIONS = 16
RIM_MM = 2.5
"""A rim is compared this far inside and outside of the circle."""
CLEAR_RIM_HU = 40.0
BESIDE_BONE_HU = 60.0
"""Where the outside is so much brighter the rim is seen as well, but may belong to the spine: it counts half."""
EVEN_HU = 30.0
BLOOD_HU = (15.0, 700.0)
ASIDE_MM, ASIDE_SPREAD_MM = -6.0, 14.0
FRONT_MM, FRONT_SPREAD_MM = 42.0, 20.0
"""Where it usually lies from the middle of the spine's bone (R, A)."""
USUAL_WEIGHT = 0.08
SEARCH_MM = ((-45.0, 35.0), (-12.0, 85.0))
CLEAR = 0.6
"""Score of a slice (-1 to 1) that is to be believed."""
MOST_ASIDE_MM = 14.0
"""What lies further to the right, in most slices, is the vena cava."""
LEAST_SLICES = 5
LEAST_SHARE = 0.5
"""Of the slices, that must be clear."""
HALF_HU = 30.0
"""A slice that differs so much from the others shows something else."""


@dataclass(frozen=True, eq=False)
class Aorta:
    """hu: median of the clear slices' medians. centers_ras_mm, radii_mm: in each of them. share: of clear slices."""

    hu: float
    centers_ras_mm: Float[np.ndarray, "n 3"]
    radii_mm: Float[np.ndarray, " n"]
    share: float

    @property
    def circles_ras_mm(self) -> tuple[tuple[float, float, float, float], ...]:
        """R, A, S and radius of every clear slice, rounded to 0.1 mm."""
        rounded = np.column_stack([self.centers_ras_mm, self.radii_mm]).round(1).tolist()
        return tuple((x, y, z, radius) for x, y, z, radius in rounded)


def find_aorta(abdomen: Abdomen, spine: Spine) -> Aorta | None:
    """Beside the liver; None where too few slices show a clear circle, or it lies where the vena cava does."""
    heights = np.flatnonzero(abdomen.organ.any(axis=(0, 1)))
    low, high = (0, abdomen.hu.shape[2]) if not heights.size else (int(heights[0]), int(heights[-1]) + 1)
    centers = spine.centers_ras_mm[low:high]
    window = _window(abdomen, centers, low, high)
    scores = np.stack([_circles(window, float(radius)) for radius in RADII_MM], axis=-1)
    usual = _usual(window, centers)
    path = best_path(np.ascontiguousarray(scores + usual[..., None]), (2, 2, 1))
    slices = np.arange(len(path))
    clear = scores[slices, path[:, 0], path[:, 1], path[:, 2]] >= CLEAR
    hu = np.array([_inside_hu(window, k, place) for k, place in enumerate(path)])
    if clear.any():
        clear &= np.abs(hu - np.median(hu[clear])) < HALF_HU
    if clear.sum() < LEAST_SLICES or clear.mean() < LEAST_SHARE:
        return None
    if np.median((window.x_mm[path[:, 0]] - centers[:, 0])[clear]) > MOST_ASIDE_MM:
        return None
    places = np.column_stack(
        [window.x_mm[path[:, 0]], window.y_mm[path[:, 1]], abdomen.above_mm(low) + slices * STEP_MM[2]]
    )
    return Aorta(float(np.median(hu[clear])), places[clear], RADII_MM[path[clear, 2]], float(clear.mean()))


def _window(abdomen: Abdomen, centers: Float[np.ndarray, "k 2"], low: int, high: int) -> Window:
    (x, y) = (
        (float(along.min()) + first, float(along.max()) + last)
        for along, (first, last) in zip(centers.T, SEARCH_MM, strict=True)
    )
    heights = np.array([abdomen.above_mm(k) for k in range(low, high)])
    return window_of(abdomen.ct, x, y, heights, PIXEL_MM, float(RADII_MM[-1]) + RIM_MM)


def _circles(window: Window, radius_mm: float) -> Float32[np.ndarray, "k i j"]:
    """How much a circle around every pixel looks like a vessel: 1 for a clear rim all around an even inside."""
    middle = window.moved(window.hu, 0.0, 0.0)
    rim, total, squares = np.zeros_like(middle), middle.copy(), middle**2
    for right, front in _directions():
        inside = window.moved(window.hu, right * (radius_mm - RIM_MM), front * (radius_mm - RIM_MM))
        between = window.moved(window.hu, right * (radius_mm - RIM_MM) / 2, front * (radius_mm - RIM_MM) / 2)
        step = inside - window.moved(window.hu, right * (radius_mm + RIM_MM), front * (radius_mm + RIM_MM))
        rim += np.where(step > 0, np.minimum(step / CLEAR_RIM_HU, 1), 0.5 * (step < -BESIDE_BONE_HU))
        total += inside + between
        squares += inside**2 + between**2
    samples = 2 * DIRECTIONS + 1
    mean = total / samples
    uneven = np.sqrt(np.maximum(0, squares / samples - mean**2)) / EVEN_HU
    score = rim / DIRECTIONS - 0.5 * np.minimum(uneven, 1.5)
    score[(mean < BLOOD_HU[0]) | (mean > BLOOD_HU[1])] = -1
    return np.asarray(np.moveaxis(score, 2, 0), dtype=np.float32)


def _directions() -> Iterator[tuple[float, float]]:
    for angle in np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False):
        yield float(np.cos(angle)), float(np.sin(angle))


def _usual(window: Window, centers: Float[np.ndarray, "k 2"]) -> Float32[np.ndarray, "k i j"]:
    """0 at the usual place, less away from it: tells the aorta from the vena cava, which is as round."""
    aside = (window.x_mm[None, :] - centers[:, :1] - ASIDE_MM) / ASIDE_SPREAD_MM
    front = (window.y_mm[None, :] - centers[:, 1:] - FRONT_MM) / FRONT_SPREAD_MM
    return (-USUAL_WEIGHT * (aside[:, :, None] ** 2 + front[:, None, :] ** 2)).astype(np.float32)


def _inside_hu(window: Window, k: int, place: np.ndarray) -> float:
    """Median of a circle without its rim."""
    reach = max(2.0 * PIXEL_MM, float(RADII_MM[place[2]]) - RIM_MM)
    steps = int(reach / PIXEL_MM)
    offsets = np.arange(-steps, steps + 1) * PIXEL_MM
    disk = offsets[:, None] ** 2 + offsets[None, :] ** 2 <= reach**2
    i, j = (int(place[a]) + window.pad for a in (0, 1))
    part = window.hu[i - steps : i + steps + 1, j - steps : j + steps + 1, k]
    return float(np.median(part[disk]))
