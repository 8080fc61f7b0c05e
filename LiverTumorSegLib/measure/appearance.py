"""How liver and lesions look in the CT: attenuation, shape, margin, contacts. Definitions: docs/summary.md.

Not part of ``measure_case``: it needs the CT, and the numbers that follow an edit must not wait for it.
"""

from __future__ import annotations

from dataclasses import replace

import edt
import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import Box, LabelArray, Mask
from LiverTumorSegLib.geometry.affine import slice_axis
from LiverTumorSegLib.geometry.boxes import bounding_box, grow_box, inside
from LiverTumorSegLib.labels import HEPATIC_VEIN, LIVER, PORTAL_VEIN, VESSEL
from LiverTumorSegLib.measure.edge import REACH_MM, edge_width_mm
from LiverTumorSegLib.measure.shape import lesion_shape
from LiverTumorSegLib.measurements import Appearance, Attenuation, Measurements
from LiverTumorSegLib.volume import Volume

RIM_MM = 3.0
"""So far from its outline the inside of a lesion begins: what is nearer is partly liver."""
RIM_SHARE = 0.5
"""Of the greatest depth, where that is less."""
LEAST_VOXELS = 30
"""Inside a lesion: fewer have no mean that could be trusted."""
BORDER_MM = 2.0
"""Parenchyma nearer to anything else is left out."""
LEAST_PARENCHYMA_ML = 5.0
_COARSE_MM = 1.5
"""Every nth voxel of the parenchyma is looked at: thousands are enough for a mean."""

TOO_SMALL, TOO_FEW_SLICES, NO_PARENCHYMA = "too-small", "too-few-slices", "no-parenchyma"


def with_appearance(measurements: Measurements, ct: Volume, segmentation: Volume, lesions: Volume) -> Measurements:
    """The measurements with what is seen in the CT; nothing that was measured before changes.

    ct: HU. segmentation, lesions: label map and ids of ``measurements`` on the CT's grid. Without an organ or lesions
    there is nothing to see. On sheared grids distances are those of the spacings.
    """
    box = bounding_box(segmentation.array)
    if box is None:
        return measurements
    box = grow_box(box, (1, 1, 1), ct.shape)  # with what lies beyond the organ's surface
    region, labels, ids = ct.crop(box), segmentation.array[box], lesions.array[box]
    parenchyma = parenchyma_of(region, labels)
    places = ndimage.find_objects(ids, max_label=len(measurements.lesions))
    seen = tuple(
        replace(
            lesion, appearance=_appearance(lesion.id, place, Volume(ids, region.affine), region, labels, parenchyma)
        )
        for lesion, place in zip(measurements.lesions, places, strict=True)
    )
    return replace(measurements, lesions=seen, parenchyma=parenchyma)


def parenchyma_of(ct: Volume, labels: LabelArray) -> Attenuation | None:
    """Of liver tissue more than BORDER_MM from anything else; None where less than LEAST_PARENCHYMA_ML is left.

    labels: values of SEGMENTATION_LABELS, of the CT's shape.
    """
    steps = [max(1, int(_COARSE_MM / s)) for s in ct.spacing_mm]
    every = tuple(slice(None, None, step) for step in steps)
    coarse_mm = tuple(s * step for s, step in zip(ct.spacing_mm, steps, strict=True))
    deep = edt.edt(labels[every] == LIVER.value, anisotropy=coarse_mm) > BORDER_MM
    values = ct.array[every][deep]
    if values.size * ct.voxel_ml * int(np.prod(steps)) < LEAST_PARENCHYMA_ML:
        return None
    return Attenuation(*_mean_and_sd(values))


def _appearance(
    number: int, box: Box, ids: Volume, ct: Volume, labels: LabelArray, parenchyma: Attenuation | None
) -> Appearance:
    axis = slice_axis(ct.affine)
    around = grow_box(box, _margin(ct, axis), ids.shape)
    lesion = ids.array[around] == number
    near = ct.crop(around)
    appearance = Appearance()
    missing: dict[str, str] = {}
    values = inner_values(near, lesion)
    if values is None:
        missing["attenuation"] = TOO_SMALL
    else:
        mean_hu, sd_hu = _mean_and_sd(values)
        difference_hu = None if parenchyma is None else mean_hu - parenchyma.mean_hu
        appearance = replace(appearance, mean_hu=mean_hu, sd_hu=sd_hu, difference_hu=difference_hu)
    shape = lesion_shape(near.with_array(lesion).crop(inside(box, around)), axis)
    if shape is None:
        missing["shape"] = TOO_FEW_SLICES
    else:
        appearance = replace(
            appearance, axis_ratio=shape.axis_ratio, compactness=shape.compactness, solidity=shape.solidity
        )
    width_mm, reason = edge_width_mm(near, lesion, labels[around] == LIVER.value, axis)
    if width_mm is None:
        missing["edge"] = reason
    at_surface, touches = contacts(lesion, labels[around])
    return replace(
        appearance,
        edge_width_mm=width_mm,
        at_surface=at_surface,
        touches=touches,
        not_measured=tuple(missing.items()),
    )


def inner_values(ct: Volume, lesion: Mask) -> np.ndarray | None:
    """HU (n,) inside a lesion, RIM_MM or half its depth from the outline; None for fewer than LEAST_VOXELS."""
    depth_mm = edt.edt(lesion, anisotropy=ct.spacing_mm)
    values = ct.array[depth_mm > min(RIM_MM, RIM_SHARE * float(depth_mm.max()))]
    return values if values.size >= LEAST_VOXELS else None


def contacts(lesion: Mask, labels: LabelArray) -> tuple[bool, tuple[str, ...]]:
    """Whether a lesion reaches the organ's surface, and the names of the vessel labels that it touches.

    In contact are voxels that touch, by a corner too, as in planning. The volume's edge is no surface.
    """
    shell = labels[ndimage.binary_dilation(lesion, np.ones((3, 3, 3), bool)) & ~lesion]
    found = set(np.unique(shell).tolist())
    return 0 in found, tuple(label.name for label in (PORTAL_VEIN, HEPATIC_VEIN, VESSEL) if label.value in found)


def _margin(ct: Volume, axis: int) -> tuple[int, int, int]:
    """Voxels that the margin needs: REACH_MM within the slices, one voxel across."""
    i, j, k = (1 if a == axis else int(np.ceil(REACH_MM / s)) + 1 for a, s in enumerate(ct.spacing_mm))
    return i, j, k


def _mean_and_sd(values: np.ndarray) -> tuple[float, float]:
    return float(values.mean(dtype=np.float64)), float(values.std(dtype=np.float64))
