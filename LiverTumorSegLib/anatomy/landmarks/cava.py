"""The inferior vena cava at the level of the liver, where it is in view.

It lies to the right of the aorta and is followed upwards as a round, even structure, as the aorta is; but it is softer,
often flat, hardly brighter than the liver that surrounds it, and its brightness changes where renal and hepatic veins
join. So the liver's border counts as an edge, and the brightness may change only slowly. Where the liver's mask has
swallowed it nothing can be seen, and those slices are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import numpy as np
from jaxtyping import Bool, Float, Float32, Int
from scipy import ndimage

from LiverTumorSegLib.anatomy.landmarks.abdomen import STEP_MM, Abdomen, abdomen_of
from LiverTumorSegLib.anatomy.landmarks.aorta import Aorta, find_aorta
from LiverTumorSegLib.anatomy.landmarks.outline import CentreLine, Neighbours, outlined
from LiverTumorSegLib.anatomy.landmarks.spine import find_spine
from LiverTumorSegLib.anatomy.landmarks.tracking import best_path
from LiverTumorSegLib.anatomy.landmarks.windows import Window, window_of
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.geometry.resample import Grid, box_around_other, resample
from LiverTumorSegLib.volume import Volume

COARSE_MM, FINE_MM, FINE_SLICE_MM = 1.5, 1.0, 2.0
"""Pixels in which it is followed, and in which it is outlined."""
BELOW_MM, ABOVE_MM = 15.0, 5.0
"""Beyond the liver's slices: only what lies beside the liver matters to a plan."""
SEARCH_MM = ((-6.0, 70.0), (-30.0, 55.0))
"""Around the aorta (R, A)."""
ASIDE_MM, ASIDE_SPREAD_MM = 30.0, 14.0
FRONT_MM, FRONT_SPREAD_MM = 10.0, 20.0
USUAL_WEIGHT = 0.06
RADII_MM = np.arange(4.0, 16.1, 1.5)
USUAL_RADIUS_MM, RADIUS_SPREAD_MM, RADIUS_WEIGHT = 9.0, 3.0, 0.04
DIRECTIONS = 24
RIM_MM = 2.0
CLEAR_RIM_HU, BESIDE_BONE_HU, EVEN_HU = 35.0, 60.0, 25.0
BLOOD_HU = (20.0, 400.0)
BORDER = 0.8
"""What the liver's border counts in a rim."""
SURE, CLEAR = 0.35, 0.45
"""Scores of a slice from which its brightness is believed, and from which it is shown."""
CHANGE_HU, CHANGE_WEIGHT = 25.0, 0.25
LEAST_SLICES, LEAST_PART_ML = 5, 1.0


@dataclass(frozen=True, eq=False)
class VenaCava:
    """mask: uint8 0 or 1 on the CT's grid, outside the organ. share: of the liver's slices in which it is clear."""

    mask: Volume
    share: float


@dataclass(frozen=True, eq=False)
class _Track:
    """One circle in every slice of a window. score: how clearly it is seen there."""

    x_mm: Float[np.ndarray, " k"]
    y_mm: Float[np.ndarray, " k"]
    z_mm: Float[np.ndarray, " k"]
    hu: Float[np.ndarray, " k"]
    score: Float[np.ndarray, " k"]


def find_cava(ct: Volume, segmentation: Volume) -> VenaCava | None:
    """ct: HU. segmentation: uint8 on its grid, values of SEGMENTATION_LABELS; None where nothing clear is found.

    Raises ValueError for two grids.
    """
    abdomen = abdomen_of(ct, segmentation)
    spine = find_spine(abdomen) if abdomen.organ.any() else None
    aorta = None if spine is None else find_aorta(abdomen, spine)
    if aorta is None:
        return None
    heights = _heights(abdomen, STEP_MM[2])
    track = _followed(_window(abdomen, aorta, heights, COARSE_MM), abdomen, aorta)
    clear = track.score >= CLEAR
    if int(clear.sum()) < LEAST_SLICES:
        return None
    mask = _outlined(abdomen, aorta, track)
    if not mask.array.any():
        return None
    return VenaCava(_on_grid_of(mask, segmentation), float(clear.mean()))


def _heights(abdomen: Abdomen, step_mm: float) -> Float[np.ndarray, " k"]:
    slices = np.flatnonzero(abdomen.organ.any(axis=(0, 1)))
    low, high = abdomen.above_mm(int(slices[0])) - BELOW_MM, abdomen.above_mm(int(slices[-1])) + ABOVE_MM
    return np.arange(low, high + step_mm / 2, step_mm)


def _window(abdomen: Abdomen, aorta: Aorta, heights: Float[np.ndarray, " k"], pixel_mm: float) -> Window:
    x, y, _ = _aorta_at(aorta, heights)
    (x_from, x_to), (y_from, y_to) = SEARCH_MM
    beside = float(RADII_MM[-1]) + RIM_MM
    return window_of(
        abdomen.ct,
        (float(x.min()) + x_from, float(x.max()) + x_to),
        (float(y.min()) + y_from, float(y.max()) + y_to),
        heights,
        pixel_mm,
        beside,
    )


def _aorta_at(aorta: Aorta, z_mm: Float[np.ndarray, " k"]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, y and radius at these heights."""
    known = aorta.centers_ras_mm
    x, y, radius = (np.interp(z_mm, known[:, 2], values) for values in (known[:, 0], known[:, 1], aorta.radii_mm))
    return x, y, radius


def _neighbours(window: Window, abdomen: Abdomen, aorta: Aorta) -> Neighbours:
    labels = Volume(abdomen.labels, abdomen.grid.affine)
    organ = resample(labels, window.grid, outside=0.0, linear=False).array > 0
    x, y, radius = _aorta_at(aorta, window.z_mm)
    return Neighbours(organ, window.disks(x, y, radius + RIM_MM))


def _followed(window: Window, abdomen: Abdomen, aorta: Aorta) -> _Track:
    """The best way upwards; then again, with a brightness that follows what the clear slices have."""
    neighbours = _neighbours(window, abdomen, aorta)
    hu = np.where(neighbours.other, np.float32(-80), window.hu)
    circles = [_circles(window, hu, neighbours.organ, float(radius)) for radius in RADII_MM]
    scores, means = (np.stack(part, axis=-1) for part in zip(*circles, strict=True))
    scores -= (RADIUS_WEIGHT * ((RADII_MM - USUAL_RADIUS_MM) / RADIUS_SPREAD_MM) ** 2).astype(np.float32)
    wanted = scores + _usual(window, aorta)[..., None]
    path = best_path(np.ascontiguousarray(wanted), (2, 2, 1))
    for _ in range(2):
        expected = _slowly_changing(_at(means, path), _at(scores, path))
        change = np.minimum(np.abs(means - expected[:, None, None, None]) / CHANGE_HU, 2)
        path = best_path(np.ascontiguousarray((wanted - CHANGE_WEIGHT * change).astype(np.float32)), (2, 2, 1))
    x, y = window.x_mm[path[:, 0]], window.y_mm[path[:, 1]]
    return _Track(x, y, window.z_mm, _at(means, path), ndimage.median_filter(_at(scores, path), 3, mode="nearest"))


def _at(values: Float32[np.ndarray, "k i j r"], path: Int[np.ndarray, "k 3"]) -> Float[np.ndarray, " k"]:
    """Along a path."""
    return values[np.arange(len(path)), path[:, 0], path[:, 1], path[:, 2]].astype(np.float64)


def _slowly_changing(hu: Float[np.ndarray, " k"], scores: Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
    sure = np.flatnonzero(scores >= SURE)
    if not sure.size:
        return hu
    filled = np.interp(np.arange(len(hu)), sure, hu[sure])
    return ndimage.gaussian_filter1d(ndimage.median_filter(filled, 7, mode="nearest"), 2.0)


def _circles(
    window: Window, hu: Float32[np.ndarray, "x y k"], organ: Bool[np.ndarray, "x y k"], radius_mm: float
) -> tuple[Float32[np.ndarray, "k i j"], Float32[np.ndarray, "k i j"]]:
    """How much a circle around every pixel looks like a vein beside or behind the liver (up to 1), and its mean HU."""
    middle = window.moved(hu, 0.0, 0.0)
    rim, total, squares = np.zeros_like(middle), middle.copy(), middle**2
    in_organ = window.moved(organ, 0.0, 0.0).astype(np.float32)
    reach = max(radius_mm - RIM_MM, 0.6 * radius_mm)
    for angle in np.linspace(0, 2 * np.pi, DIRECTIONS, endpoint=False):
        right, front = float(np.cos(angle)), float(np.sin(angle))
        inside = window.moved(hu, right * reach, front * reach)
        between = window.moved(hu, right * reach / 2, front * reach / 2)
        beyond = (right * (radius_mm + RIM_MM), front * (radius_mm + RIM_MM))
        organ_inside = window.moved(organ, right * reach, front * reach)
        step = inside - window.moved(hu, *beyond)
        edge = np.where(step < -BESIDE_BONE_HU, 0.4, np.clip(step / CLEAR_RIM_HU, -0.3, 1))
        rim += np.where(window.moved(organ, *beyond) & ~organ_inside, np.maximum(edge, BORDER), edge)
        in_organ += organ_inside
        total += inside + between
        squares += inside**2 + between**2
    samples = 2 * DIRECTIONS + 1
    mean = total / samples
    uneven = np.sqrt(np.maximum(0, squares / samples - mean**2)) / EVEN_HU
    score = rim / DIRECTIONS - 0.5 * np.minimum(uneven, 1.5) - 0.5 * in_organ / (DIRECTIONS + 1)
    score[(mean < BLOOD_HU[0]) | (mean > BLOOD_HU[1])] = -1
    by_slice = (np.moveaxis(values, 2, 0).astype(np.float32) for values in (score, mean))
    return next(by_slice), next(by_slice)


def _usual(window: Window, aorta: Aorta) -> Float32[np.ndarray, "k i j"]:
    """0 at the usual place beside the aorta, less away from it."""
    x, y, _ = _aorta_at(aorta, window.z_mm)
    aside = (window.x_mm[None, :] - x[:, None] - ASIDE_MM) / ASIDE_SPREAD_MM
    front = (window.y_mm[None, :] - y[:, None] - FRONT_MM) / FRONT_SPREAD_MM
    return (-USUAL_WEIGHT * (aside[:, :, None] ** 2 + front[:, None, :] ** 2)).astype(np.float32)


def _outlined(abdomen: Abdomen, aorta: Aorta, track: _Track) -> Volume:
    """What the clear slices show, without crumbs, on a fine grid of its own."""
    window = _window(abdomen, aorta, _heights(abdomen, FINE_SLICE_MM), FINE_MM)
    x, y, hu, score = (
        np.interp(window.z_mm, track.z_mm, values) for values in (track.x_mm, track.y_mm, track.hu, track.score)
    )
    mask = outlined(window, CentreLine(x, y, hu), _neighbours(window, abdomen, aorta))
    mask[..., score < CLEAR] = False
    least = int(LEAST_PART_ML * 1000 / (FINE_MM**2 * FINE_SLICE_MM))
    return Volume((cc3d.dust(mask, threshold=least, connectivity=26) > 0).astype(np.uint8), window.grid.affine)


def _on_grid_of(mask: Volume, segmentation: Volume) -> Volume:
    found = np.zeros(segmentation.shape, np.uint8)
    tight = bounding_box(mask.array)
    box = None if tight is None else box_around_other(tight, mask, segmentation, FINE_SLICE_MM)
    if box is not None:
        part = segmentation.crop(box)
        inside = resample(mask, Grid.of(part), outside=0.0).array >= 0.5
        found[box] = inside & (part.array == 0)
    return segmentation.with_array(found)
