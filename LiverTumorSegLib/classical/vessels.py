"""Portal and hepatic veins inside the liver, by brightness and shape; no network.

A vessel is what stands out of the parenchyma around it by most of the contrast of the large veins, looks like a tube
at some scale, and hangs together with a part that is certain; its rim is then followed down to a lower contrast, as
readers do. Every threshold follows the contrast and the noise of the CT at hand; lengths are in mm. Measured in
docs/models/classical.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import edt
import fill_voids
import numpy as np
from jaxtyping import Bool, Float
from scipy import ndimage

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.classical.regions import grown, middle_and_deviation, parts_with
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.geometry.resample import Grid, grown_box, resample, upright_grid
from LiverTumorSegLib.geometry.ridge import tube_strength
from LiverTumorSegLib.volume import Volume

NO_VESSELS_WARNING = (
    "No vessel stands out of the liver (no contrast agent, or too much noise), so the vessel mask is empty."
)

MARGIN_MM = 3.0
"""Around the organ's box, so that smoothing and resampling see its surface."""


@dataclass(frozen=True)
class VesselSettings:
    """What counts as a vessel.

    body: share of the large veins' contrast that a vessel exceeds; noise_floor: and this many robust deviations of the
    smoothed parenchyma. core: multiple of that limit which a certain part exceeds, core_depth_mm deep in the organ.
    hard_hu: what is so far above the parenchyma is bone, calcium or metal, and left out with the tumours' margin.
    border_mm: bodies stay this far from the organ's surface (a predicted one takes in ribs, kidney, bowel wall).
    rim: share of that limit down to which a vessel is followed, at most rim_mm outwards.
    """

    grid_mm: float = 1.0
    smoothing_mm: float = 0.85
    background_mm: float = 12.0
    scales_mm: tuple[float, ...] = (1.5, 2.5, 4.0)
    body: float = 0.6
    noise_floor: float = 2.5
    core: float = 1.7
    core_depth_mm: float = 3.0
    border_mm: float = 2.0
    rim: float = 0.75
    rim_mm: float = 1.5
    min_tree_ml: float = 0.3
    tumor_margin_mm: float = 2.0
    hard_hu: float = 250.0


DEFAULTS = VesselSettings()

_WorkImage = Float[np.ndarray, "z y x"]
_WorkMask = Bool[np.ndarray, "z y x"]


def find_vessels(ct: Volume, organ: Mask, exclude: Mask, settings: VesselSettings = DEFAULTS) -> Mask:
    """Vessels inside the organ and outside of what is excluded (tumours), as a mask on the CT's grid.

    ct: HU. organ, exclude: masks of its shape; the organ may be a predicted one. Empty if the organ is empty or if no
    vessel stands out (then NO_VESSELS_WARNING applies). Does not depend on the storage order of the axes.
    """
    found = np.zeros(ct.shape, bool, order="F")
    tight = bounding_box(organ)
    if tight is None:
        return found
    box = grown_box(tight, MARGIN_MM, ct)
    crop = ct.crop(box)
    region = _work_region(crop, organ[box], exclude[box], settings)
    if region.parenchyma.any():
        found[box] = _vessels_of(region, crop, settings) & organ[box] & ~exclude[box]
    return found


@dataclass(frozen=True, eq=False)
class _Region:
    """The organ on the isotropic upright work grid: HU, and where parenchyma or vessels are (tumours are not).

    Arrays are (k, j, i) of the grid, ITK's memory order: nothing here depends on direction.
    """

    hu: _WorkImage
    parenchyma: _WorkMask
    grid: Grid


def _work_region(crop: Volume, organ: Mask, exclude: Mask, settings: VesselSettings) -> _Region:
    grid = upright_grid(crop, (settings.grid_mm,) * 3)
    inside = _resampled(crop, organ, grid) >= 0.5
    if exclude.any():
        margin = settings.tumor_margin_mm / settings.grid_mm
        inside &= ~grown(_resampled(crop, exclude, grid) >= 0.5, margin)
    hu = resample(crop, grid, outside=-1000.0).array.T
    if inside.any():
        hard = inside & (hu > np.median(hu[inside]) + settings.hard_hu)
        inside &= ~grown(hard, settings.tumor_margin_mm / settings.grid_mm)
    return _Region(hu, inside, grid)


def _resampled(crop: Volume, mask: Mask, grid: Grid) -> _WorkImage:
    return resample(crop.with_array(mask.astype(np.float32)), grid, outside=0.0).array.T


def _vessels_of(region: _Region, crop: Volume, settings: VesselSettings) -> Mask:
    """Vessels on the crop's grid, not yet cut to the organ."""
    excess = _excess_hu(region, settings)
    depth_mm = edt.edt(region.parenchyma, anisotropy=(settings.grid_mm,) * 3)
    limit = _limit_hu(excess, depth_mm, settings)
    if limit == float("inf"):
        return np.zeros(crop.shape, bool)
    trees = _trees(excess, depth_mm, limit, settings)
    near = fill_voids.fill(grown(trees, settings.rim_mm / settings.grid_mm))
    soft = Volume(np.where(near, excess, np.float32(0)).T, region.grid.affine)
    return resample(soft, Grid.of(crop), outside=0.0).array > settings.rim * limit


def _trees(excess: _WorkImage, depth_mm: _WorkImage, limit: float, settings: VesselSettings) -> _WorkMask:
    """The vessels' bodies: bright, tubular, connected to a certain part, large enough."""
    voxels = np.flatnonzero((excess > limit) & (depth_mm > settings.border_mm))
    tube = tube_strength(excess, voxels, settings.scales_mm, settings.grid_mm, settings.smoothing_mm)
    certain = (tube > limit / 3) & (excess.ravel()[voxels] > settings.core * limit)
    certain &= depth_mm.ravel()[voxels] > settings.core_depth_mm
    bodies, cores = np.zeros(excess.shape, bool), np.zeros(excess.shape, bool)
    bodies.ravel()[voxels[tube > 0]] = True
    cores.ravel()[voxels[certain]] = True
    return parts_with(bodies, cores, settings.min_tree_ml * 1000 / settings.grid_mm**3)


def _excess_hu(region: _Region, settings: VesselSettings) -> _WorkImage:
    """HU above the parenchyma around, slightly smoothed inside the organ; 0 outside."""
    inside = region.parenchyma
    above = np.where(inside, np.clip(region.hu - _background_hu(region, settings), -100, 150), 0).astype(np.float32)
    return _smoothed_inside(above, inside, settings.smoothing_mm / settings.grid_mm)


def _background_hu(region: _Region, settings: VesselSettings) -> _WorkImage:
    """The parenchyma's own level, which varies over the liver (fat, beam hardening, perfusion): a wide masked mean.

    Taken on every fourth voxel, and of values clipped to what parenchyma can be, so that vessels do not lift it.
    """
    inside, hu, step = region.parenchyma, region.hu, 4
    middle, deviation = middle_and_deviation(hu[inside])
    coarse = tuple(slice(step // 2, None, step) if n > step else slice(None) for n in hu.shape)
    clipped = np.clip(hu[coarse], middle - 2 * deviation, middle + deviation) - middle
    weight = inside[coarse].astype(np.float32)
    sigma = settings.background_mm / (settings.grid_mm * step)
    total = ndimage.gaussian_filter(np.where(inside[coarse], clipped, 0).astype(np.float32), sigma)
    level = total / np.maximum(ndimage.gaussian_filter(weight, sigma), 1e-3)
    return middle + ndimage.zoom(level, np.array(hu.shape) / level.shape, order=1, grid_mode=True, mode="nearest")


def _limit_hu(excess: _WorkImage, depth_mm: _WorkImage, settings: VesselSettings) -> float:
    """Excess that a vessel's body exceeds: a share of the large veins' contrast, but above the noise; inf if no veins.

    The contrast is a high percentile of the excess smoothed to large veins' size, away from the organ's surface. Even
    the coarsest Gaussian texture has its 99.5th percentile at 2.6 deviations, so less than that is no sign of veins.
    """
    _, deviation = middle_and_deviation(excess[depth_mm > 0])
    deep = depth_mm > min(5.0, 0.5 * float(depth_mm.max()))
    contrast = float(np.percentile(ndimage.gaussian_filter(excess, 1.5 / settings.grid_mm)[deep], 99.5))
    if contrast <= 2.6 * deviation:
        return float("inf")
    return max(settings.body * contrast, settings.noise_floor * deviation)


def _smoothed_inside(image: _WorkImage, inside: _WorkMask, sigma: float) -> _WorkImage:
    weight = ndimage.gaussian_filter(inside.astype(np.float32), sigma)
    return np.where(inside, ndimage.gaussian_filter(image, sigma) / np.maximum(weight, 0.3), 0).astype(np.float32)
