"""A rough liver without a network: the largest even block of soft tissue on the right side of the body.

For a first look where no network can be had. Works on a 3 mm grid with axes R, A, S; everything is deterministic.
Measured in docs/models/classical.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import edt
import fill_voids
import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import ImageArray, Mask
from LiverTumorSegLib.classical.regions import middle_and_deviation, parts_with
from LiverTumorSegLib.geometry.resample import Grid, median_filtered, resample, upright_grid
from LiverTumorSegLib.volume import Volume


@dataclass(frozen=True)
class LiverSettings:
    """What may be a liver.

    tissue_hu: level of parenchyma in any phase, also fatty. even_hu: largest local deviation inside it.
    seed_depth_mm: half the thickness of the block to start from. band, band_hu: half width of the parenchyma's range
    in robust deviations and its limits in HU. neck_mm: bridges to other organs thinner than twice this are cut.
    gap_mm: half the width of gaps that are closed. least_ml: what is smaller is no liver.
    rightward: how far its centre lies right of the body's, as a share of the body's width (a brain is in the middle).
    """

    grid_mm: float = 3.0
    tissue_hu: tuple[float, float] = (20.0, 200.0)
    even_hu: float = 15.0
    seed_depth_mm: float = 12.0
    band: float = 2.5
    band_hu: tuple[float, float] = (15.0, 30.0)
    neck_mm: float = 7.0
    gap_mm: float = 9.0
    least_ml: float = 300.0
    rightward: float = 0.05


DEFAULTS = LiverSettings()


def find_liver(ct: Volume, settings: LiverSettings = DEFAULTS) -> Mask:
    """The liver in a CT (HU) as a mask on its grid; empty where nothing looks like one (head, air, noise, water)."""
    coarse = median_filtered(resample(ct, upright_grid(ct, (settings.grid_mm,) * 3), outside=-1000.0), 1)
    hu = np.ascontiguousarray(coarse.array)
    body = _body(hu)
    seed = _seed(hu, body, settings)
    if seed is None:
        return np.zeros(ct.shape, bool, order="F")
    liver = _closed(_grown_from(seed, hu, settings), hu, settings)
    if not _plausible(liver, body, settings):
        return np.zeros(ct.shape, bool, order="F")
    soft = ndimage.gaussian_filter(liver.astype(np.float32), 0.7)
    return resample(Volume(soft, coarse.affine), Grid.of(ct), outside=0.0).array >= 0.5


def _body(hu: ImageArray) -> Mask:
    """The patient without table and air around; lungs and bowel gas are filled slice by slice."""
    dense = ndimage.binary_opening(hu > -300, ndimage.generate_binary_structure(3, 1))
    largest = cc3d.largest_k(dense, k=1, connectivity=6) > 0
    for k in range(largest.shape[2]):
        largest[:, :, k] = ndimage.binary_fill_holes(largest[:, :, k])
    return largest


def _seed(hu: ImageArray, body: Mask, settings: LiverSettings) -> Mask | None:
    """The largest even block of soft tissue right of the body's middle, or None."""
    if not body.any():
        return None
    low, high = settings.tissue_hu
    mean = ndimage.uniform_filter(hu, 5)
    deviation = np.sqrt(np.maximum(0, ndimage.uniform_filter(hu**2, 5) - mean**2))
    even = body & (mean > low) & (mean < high) & (deviation < settings.even_hu)
    even[: int(ndimage.center_of_mass(body)[0])] = False
    deep = _depth_mm(even, settings) > settings.seed_depth_mm
    if not deep.any():
        return None
    return cc3d.largest_k(deep, k=1, connectivity=6) > 0


def _grown_from(seed: Mask, hu: ImageArray, settings: LiverSettings) -> Mask:
    """All tissue of the seed's level that hangs together with it through more than a thin neck.

    The outermost voxel is half fat, so it may be further from that level.
    """
    middle, deviation = middle_and_deviation(hu[seed])
    band = float(np.clip(settings.band * deviation, *settings.band_hu))
    alike = fill_voids.fill(np.abs(ndimage.gaussian_filter(hu, 0.7) - middle) < band).astype(bool)
    thick = parts_with(_depth_mm(alike, settings) > settings.neck_mm, seed)
    liver = alike & (_distance_mm(thick, settings) <= settings.neck_mm + settings.grid_mm)
    rim = (_distance_mm(liver, settings) <= settings.grid_mm) & (np.abs(hu - middle) < 2 * band)
    return liver | rim


def _closed(liver: Mask, hu: ImageArray, settings: LiverSettings) -> Mask:
    """Vessels and lesions taken in: gaps and holes of soft tissue, but no fat, gas or bone."""
    wide = _distance_mm(liver, settings) <= settings.gap_mm
    closed = liver | ((_depth_mm(wide, settings) > settings.gap_mm) & (hu > 0) & (hu < 250))
    return np.asarray(fill_voids.fill(closed)).astype(bool)


def _plausible(liver: Mask, body: Mask, settings: LiverSettings) -> bool:
    if liver.sum() * settings.grid_mm**3 / 1000 < settings.least_ml:
        return False
    across = np.flatnonzero(body.any(axis=(1, 2)))
    shift = ndimage.center_of_mass(liver)[0] - ndimage.center_of_mass(body)[0]
    return bool(shift > settings.rightward * across.size)


def _depth_mm(mask: Mask, settings: LiverSettings) -> ImageArray:
    """Distance of voxels inside a mask from outside; the volume's edge does not count as outside."""
    return np.asarray(edt.edt(mask, anisotropy=(settings.grid_mm,) * 3))


def _distance_mm(mask: Mask, settings: LiverSettings) -> ImageArray:
    """Distance of every voxel from a mask."""
    return np.asarray(edt.edt(~mask, anisotropy=(settings.grid_mm,) * 3))
