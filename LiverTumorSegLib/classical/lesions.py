"""Dark blobs inside the liver, without a network: for a first look only, and rather none than many false ones.

Measured in docs/models/classical.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import cc3d
import edt
import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import ImageArray, Mask
from LiverTumorSegLib.classical.regions import middle_and_deviation, parts_with
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.geometry.resample import Grid, grown_box, resample, upright_grid
from LiverTumorSegLib.volume import Volume


@dataclass(frozen=True)
class LesionSettings:
    """What counts as a lesion.

    darker: robust deviations of the smoothed parenchyma below its level, darker_hu: and at least so many HU.
    core_mm: half its least thickness. depth_mm: its core lies this deep in the organ. lowest_hu: the mean of fat
    (fissures, the organ's rim) and bile (gallbladder) lies below. least_ml: smaller ones are dropped.
    """

    grid_mm: float = 2.0
    smoothing_mm: float = 2.0
    darker: float = 3.0
    darker_hu: float = 12.0
    core_mm: float = 3.5
    depth_mm: float = 6.0
    lowest_hu: float = 20.0
    least_ml: float = 0.3


DEFAULTS = LesionSettings()


def find_lesions(ct: Volume, organ: Mask, settings: LesionSettings = DEFAULTS) -> Mask:
    """Hypodense lesions inside an organ mask, on the CT's grid (HU); empty if there are none or no organ."""
    found = np.zeros(ct.shape, bool, order="F")
    tight = bounding_box(organ)
    if tight is None:
        return found
    box = grown_box(tight, 2 * settings.grid_mm, ct)
    crop = ct.crop(box)
    grid = upright_grid(crop, (settings.grid_mm,) * 3)
    inside = resample(crop.with_array(organ[box].astype(np.float32)), grid, outside=0.0).array >= 0.5
    if not inside.any():
        return found
    lesions = _dark_blobs(resample(crop, grid, outside=-1000.0).array, inside, settings)
    soft = resample(Volume(lesions.astype(np.float32), grid.affine), Grid.of(crop), outside=0.0).array
    inside_organ = (soft >= 0.5) & organ[box]
    found[box] = parts_with(inside_organ, inside_organ, settings.least_ml / ct.voxel_ml)
    return found


def _dark_blobs(hu: ImageArray, organ: Mask, settings: LesionSettings) -> Mask:
    """Connected dark parts with a thick, deep core; the outermost voxel of the organ is half fat and left out."""
    depth_mm = _depth_mm(organ, settings)
    inside = depth_mm > settings.grid_mm
    if not inside.any():
        return inside
    sigma = settings.smoothing_mm / settings.grid_mm
    weight = ndimage.gaussian_filter(inside.astype(np.float32), sigma)
    smooth = ndimage.gaussian_filter(np.where(inside, hu, 0), sigma) / np.maximum(weight, 0.1)
    middle, deviation = middle_and_deviation(smooth[inside])
    dark = inside & (smooth < middle - max(settings.darker * deviation, settings.darker_hu))
    cores = (_depth_mm(dark, settings) > settings.core_mm) & (depth_mm > settings.depth_mm)
    return _without_fluid_and_fat(parts_with(dark, cores), cores, hu, settings)


def _without_fluid_and_fat(blobs: Mask, cores: Mask, hu: ImageArray, settings: LesionSettings) -> Mask:
    """Judged by the cores: the outer part of anything is mixed with parenchyma."""
    parts, count = cc3d.connected_components(blobs, connectivity=26, return_N=True)
    if count == 0:
        return blobs
    mean_hu = ndimage.mean(hu, np.where(cores, parts, 0), np.arange(1, count + 1))
    return np.concatenate([[False], np.asarray(mean_hu) >= settings.lowest_hu])[parts]


def _depth_mm(mask: Mask, settings: LesionSettings) -> ImageArray:
    return np.asarray(edt.edt(mask, anisotropy=(settings.grid_mm,) * 3))
