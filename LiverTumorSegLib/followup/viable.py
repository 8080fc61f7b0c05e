"""Viable tissue for mRECIST: what of a lesion enhances in an arterial CT, and its longest diameter outside necrosis.

Enhancing is what is brighter than the liver's median by two of its standard deviations, both after a smoothing of 1 mm
within the slice that mixes neither lesion with liver nor liver with its surroundings. Tissue as bright as the liver
therefore counts as not enhancing, as mRECIST has it; only an unenhanced CT could tell it from necrosis.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import HuArray, Mask
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.settings import ViableSettings
from LiverTumorSegLib.geometry.affine import slice_axis
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.geometry.components import connected_components
from LiverTumorSegLib.geometry.outline import Outline
from LiverTumorSegLib.measure.axial import axial_diameters
from LiverTumorSegLib.measurements import Line
from LiverTumorSegLib.volume import Volume

MEDIAN_DEVIATIONS = 1.4826
"""A standard deviation, in median absolute deviations of a normal distribution."""
DEFAULT_VIABLE = ViableSettings()


@dataclass(frozen=True)
class LiverEnhancement:
    """How bright the liver is in a CT, after the smoothing: median and robust standard deviation."""

    median_hu: float
    noise_hu: float


@dataclass(frozen=True)
class Viable:
    """long_axis_mm: 0.0 where nothing enhances, None where it is not known; then note says why. line_ras_mm: its ends.
    viable_ml: volume of the enhancing part. threshold_hu: above which tissue enhances.
    """

    long_axis_mm: float | None
    line_ras_mm: Line | None = None
    viable_ml: float | None = None
    threshold_hu: float | None = None
    note: str = ""


def liver_enhancement(
    arterial: Volume, liver: Volume, settings: ViableSettings = DEFAULT_VIABLE
) -> LiverEnhancement | None:
    """Of the liver without its tumors. liver: bool, on the CT's grid. None where there is too little of it.

    Raises InputError where the grids differ.
    """
    _check_grid(arterial, liver, "liver mask")
    box = bounding_box(liver.array)
    if box is None or np.count_nonzero(liver.array[box]) * liver.voxel_ml < settings.least_liver_ml:
        return None
    hu = _smoothed(arterial.crop(box), liver.array[box], settings.smooth_mm)[liver.array[box]]
    median_hu = float(np.median(hu))
    return LiverEnhancement(median_hu, MEDIAN_DEVIATIONS * float(np.median(np.abs(hu - median_hu))))


def viable_of(
    arterial: Volume, lesion: Volume, liver: LiverEnhancement | None, settings: ViableSettings = DEFAULT_VIABLE
) -> Viable:
    """The longest axial diameter of the lesion's enhancing part that crosses no necrosis.

    arterial: HU. lesion: bool, on its grid, all parts of the lesion; an empty one has 0 mm. liver: from
    ``liver_enhancement`` of the same CT; None makes the answer "not known". Specks below settings.least_ml and half of
    the lesion, bright ones and then dark ones, are taken for noise. Raises InputError where the grids differ.
    """
    _check_grid(arterial, lesion, "lesion")
    box = bounding_box(lesion.array)
    if box is None:
        return Viable(0.0, viable_ml=0.0)
    if liver is None:
        return Viable(None, note="too little liver is in view to know how bright it is")
    hu, inside = arterial.crop(box), lesion.array[box]
    dense_percent = 100 * float((hu.array[inside] > settings.dense_hu).mean())
    if dense_percent > settings.most_dense_percent:
        return Viable(None, note=f"{dense_percent:.0f} % of it is denser than tissue (Lipiodol, a clip or calcium)")
    threshold_hu = liver.median_hu + settings.sigmas * liver.noise_hu
    least_voxels = min(settings.least_ml / lesion.voxel_ml, np.count_nonzero(inside) / 2)
    bright = _smoothed(hu, inside, settings.smooth_mm) >= threshold_hu
    return _measured(hu.with_array(_despeckled(inside & bright, inside, least_voxels)), threshold_hu)


def _measured(viable: Volume, threshold_hu: float) -> Viable:
    box = bounding_box(viable.array)
    if box is None:
        return Viable(0.0, viable_ml=0.0, threshold_hu=threshold_hu)
    found = axial_diameters(viable.crop(box), slice_axis(viable.affine), Outline.with_holes)
    (ax, ay, az), (bx, by, bz) = found.long_axis_ras.tolist()
    ml = float(np.count_nonzero(viable.array)) * viable.voxel_ml
    return Viable(found.long_axis_mm, ((ax, ay, az), (bx, by, bz)), ml, threshold_hu)


def _smoothed(ct: Volume, mask: Mask, smooth_mm: float) -> HuArray:
    """HU blurred within the slice, from voxels of the mask alone; meaningless outside of it."""
    in_plane = np.arange(3) != slice_axis(ct.affine)
    sigma = in_plane * smooth_mm / np.array(ct.spacing_mm)
    weight = mask.astype(np.float32)
    blurred = ndimage.gaussian_filter(ct.array * weight, sigma, mode="constant", truncate=3)
    return blurred / np.maximum(ndimage.gaussian_filter(weight, sigma, mode="constant", truncate=3), np.float32(1e-6))


def _despeckled(bright: Mask, inside: Mask, least_voxels: float) -> Mask:
    """Bright specks become dark, then dark ones bright."""
    bright = _without_specks(bright, least_voxels)
    return inside & ~_without_specks(inside & ~bright, least_voxels) if bright.any() else bright


def _without_specks(mask: Mask, least_voxels: float) -> Mask:
    """Its 26-connected parts of so many voxels or more."""
    labels, count = connected_components(np.ascontiguousarray(mask))
    large = np.bincount(labels.ravel(), minlength=count + 1) >= least_voxels
    large[0] = False
    return large[labels]


def _check_grid(arterial: Volume, mask: Volume, name: str) -> None:
    if not arterial.same_grid(mask):
        raise InputError(
            found=f"a {name} with {mask.describe_grid()}",
            expected=f"the arterial CT's grid: {arterial.describe_grid()}",
            remedy="Give the masks that were made of this CT",
        )
