"""How bright the great vessels, the liver and the kidneys are: the evidence for a contrast phase."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from LiverTumorSegLib.anatomy.landmarks.abdomen import abdomen_of
from LiverTumorSegLib.anatomy.landmarks.aorta import find_aorta
from LiverTumorSegLib.anatomy.landmarks.spine import find_spine
from LiverTumorSegLib.arrays import HuArray, LabelArray, Mask
from LiverTumorSegLib.geometry.boxes import bounding_box, grow_box
from LiverTumorSegLib.labels import HEPATIC_VEIN, LIVER, PORTAL_VEIN, VESSEL, Label
from LiverTumorSegLib.phases.kidneys import find_kidneys
from LiverTumorSegLib.phases.phase import Enhancement
from LiverTumorSegLib.volume import Volume

LEAST_VESSEL_ML = 0.5
"""A smaller vessel says nothing."""
RIM_MM = 1.5
"""The border of a vessel is half liver; it is left out where enough is left."""
LIVER_SAMPLES = 200_000


def enhancement_of(ct: Volume, segmentation: Volume) -> Enhancement:
    """ct: HU; segmentation: uint8 on its grid, values of SEGMENTATION_LABELS.

    Raises ValueError if the grids differ. Any storage order, tilt and spacing.
    """
    abdomen = abdomen_of(ct, segmentation)
    spine = find_spine(abdomen)
    aorta = None if spine is None else find_aorta(abdomen, spine)
    kidneys = None if spine is None else find_kidneys(abdomen, spine)
    box = bounding_box(segmentation.array)
    if box is None:
        box = (slice(0, 1), slice(0, 1), slice(0, 1))
    region, labels = ct.crop(box), segmentation.array[box]
    return Enhancement(
        liver=_liver_hu(region.array, labels),
        aorta=None if aorta is None else aorta.hu,
        portal_vein=_vessel_hu(region, labels, PORTAL_VEIN),
        hepatic_vein=_vessel_hu(region, labels, HEPATIC_VEIN),
        vessel=_vessel_hu(region, labels, VESSEL),
        kidney=None if kidneys is None else kidneys.hu,
        cortex_medulla=None if kidneys is None else kidneys.cortex_medulla_hu,
        is_excreting=None if kidneys is None else kidneys.is_excreting,
        aorta_share=None if aorta is None else aorta.share,
        aorta_circles_ras_mm=() if aorta is None else aorta.circles_ras_mm,
    )


def _liver_hu(hu: HuArray, labels: LabelArray) -> float | None:
    """Of the parenchyma alone; every nth voxel of a large one."""
    values = hu[labels == LIVER.value]
    if not values.size:
        return None
    return float(np.median(values[:: max(1, values.size // LIVER_SAMPLES)]))


def _vessel_hu(region: Volume, labels: LabelArray, label: Label) -> float | None:
    mask = labels == label.value
    if int(mask.sum()) * region.voxel_ml < LEAST_VESSEL_ML:
        return None
    box = bounding_box(mask)
    if box is None:
        return None
    box = grow_box(box, (1, 1, 1), mask.shape)
    inside = _without_rim(mask[box], region)
    enough = int(inside.sum()) * region.voxel_ml >= LEAST_VESSEL_ML
    return float(np.median(region.array[box][inside if enough else mask[box]]))


def _without_rim(mask: Mask, grid: Volume) -> Mask:
    """Worn away by about RIM_MM along each axis whose voxels are small enough for that."""
    inside = mask
    for axis, step in enumerate(grid.spacing_mm):
        times = round(RIM_MM / step)
        if times:
            line = np.ones([2 * times + 1 if a == axis else 1 for a in range(3)], bool)
            inside = inside & ndimage.binary_erosion(mask, line)
    return inside
