"""Was a new lesion already there? Its place in the earlier scans: how dark or bright, and what the model thought of it.

Compared are the mean of the region and of the liver within 10 mm around it (without vessels, tumours and a rim of 2 mm
that the place is not sure to), in units of that liver's own standard deviation from voxel to voxel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import Points
from LiverTumorSegLib.followup.examination import Examination
from LiverTumorSegLib.followup.regions import Region, share_in_view
from LiverTumorSegLib.followup.track_settings import LookBackSettings
from LiverTumorSegLib.labels import LIVER
from LiverTumorSegLib.timeline import LookBack
from LiverTumorSegLib.volume import Volume

RIM_MM = 2.0
LEAST_VOXELS = 50
"""Of liver around a region, to compare with."""
PERCENTILE = 95
NO_IMAGE = "Neither the image nor the model's probability is at hand."


@dataclass(frozen=True)
class _Contrast:
    hu: float
    noise_hu: float


def look_back(
    places: Sequence[Region], visit: int, examination: Examination, settings: LookBackSettings
) -> tuple[LookBack, ...]:
    """One for each region (in this visit's space), in their order; the CT and the probabilities are read once."""
    if not places:
        return ()
    ct, probability = examination.ct(), examination.tumor_probability()
    return tuple(_looked(place, visit, examination, ct, probability, settings) for place in places)


def _looked(
    place: Region,
    visit: int,
    examination: Examination,
    ct: Volume | None,
    probability: Volume | None,
    settings: LookBackSettings,
) -> LookBack:
    points = place.points_ras
    in_view = share_in_view(examination.segmentation, points)
    contrast = likely = None
    if in_view >= settings.least_in_view:
        contrast = None if ct is None else _contrast(place, examination, ct, settings)
        likely = None if probability is None else _percentile(probability, points)
    return LookBack(
        visit=visit,
        center_ras_mm=place.center_mm,
        in_view_percent=100 * in_view,
        verdict=verdict(in_view, contrast, likely, settings) if ct is not None or likely is not None else NO_IMAGE,
        contrast_hu=None if contrast is None else contrast.hu,
        noise_hu=None if contrast is None else contrast.noise_hu,
        probability=likely,
    )


def verdict(in_view: float, contrast: _Contrast | None, probability: float | None, settings: LookBackSettings) -> str:
    """A sentence. "Probably": it can be seen and the model calls it tumor; "may": one of both."""
    if in_view < settings.least_in_view:
        return "Its place is not in view."
    if contrast is None and probability is None:
        return "Too little liver lies around its place to compare with."
    is_visible, is_likely = _is_visible(contrast, settings), (probability or 0.0) >= settings.likely_probability
    told = _told(contrast, probability)
    if is_visible and is_likely:
        return f"{told}: it was probably there already."
    if is_visible or is_likely:
        return f"{told}: it may have been there already."
    return f"Nothing to see ({told[0].lower()}{told[1:]})."


def _is_visible(contrast: _Contrast | None, settings: LookBackSettings) -> bool:
    if contrast is None:
        return False
    least_hu = max(settings.visible_hu, settings.visible_noise * contrast.noise_hu)
    return contrast.hu <= -least_hu or contrast.hu >= settings.bright_factor * least_hu


def _told(contrast: _Contrast | None, probability: float | None) -> str:
    """Such as "Darker by 31 HU (2.1 x the noise) and 64 % tumour probability"."""
    parts = []
    if contrast is not None:
        how = "Darker" if contrast.hu < 0 else "Brighter"
        times = f" ({abs(contrast.hu) / contrast.noise_hu:.1f} x the noise)" if contrast.noise_hu > 0 else ""
        parts.append(f"{how} by {abs(contrast.hu):.0f} HU{times}")
    if probability is not None:
        parts.append(f"{100 * probability:.0f} % tumour probability")
    return " and ".join(parts)


def _contrast(place: Region, examination: Examination, ct: Volume, settings: LookBackSettings) -> _Contrast | None:
    """None where too little liver lies around the place."""
    inside = _linear(ct, place.points_ras)
    around = _linear(ct, _liver_around(place, examination.segmentation, settings.around_mm))
    inside, around = inside[np.isfinite(inside)], around[np.isfinite(around)]
    if not len(inside) or len(around) < LEAST_VOXELS:
        return None
    return _Contrast(float(inside.mean() - around.mean()), float(around.std()))


def _liver_around(place: Region, segmentation: Volume, around_mm: float) -> Points:
    """Centres (n, 3) of the voxels that are liver and nothing else, from RIM_MM to around_mm off the place."""
    corners = (
        np.array(np.meshgrid(*zip(place.points_ras.min(0), place.points_ras.max(0), strict=True))).reshape(3, -1).T
    )
    at = segmentation.ijk_from_ras(corners)
    margin = np.array([np.ceil(around_mm / step) for step in segmentation.spacing_mm])
    low = np.clip(np.floor(at.min(axis=0) - margin), 0, segmentation.shape).astype(int)
    high = np.clip(np.ceil(at.max(axis=0) + margin) + 1, 0, segmentation.shape).astype(int)
    if (high <= low).any():
        return np.empty((0, 3))
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    crop = segmentation.crop((i, j, k))
    liver_ras = crop.ras_from_ijk(np.argwhere(crop.array == LIVER.value))
    away, _ = place.tree.query(liver_ras, distance_upper_bound=around_mm)
    return liver_ras[(away > RIM_MM) & np.isfinite(away)]


def _percentile(probability: Volume, points_ras: Points) -> float | None:
    values = _linear(probability, points_ras)
    values = values[np.isfinite(values)]
    return float(np.percentile(values, PERCENTILE)) if len(values) else None


def _linear(volume: Volume, points_ras: Points) -> np.ndarray:
    """(n,) float64, trilinear; NaN outside of the volume."""
    if not len(points_ras):
        return np.empty(0)
    at = volume.ijk_from_ras(points_ras)
    outside = ((at < -0.5) | (at > np.array(volume.shape) - 0.5)).any(axis=1)
    low = np.clip(np.floor(at.min(axis=0)), 0, np.array(volume.shape) - 1).astype(int)
    high = np.clip(np.ceil(at.max(axis=0)) + 1, low + 1, volume.shape).astype(int)
    crop = volume.array[tuple(slice(a, b) for a, b in zip(low, high, strict=True))].astype(np.float64)
    values = ndimage.map_coordinates(crop, (at - low).T, order=1, mode="nearest")
    values[outside] = np.nan
    return values
