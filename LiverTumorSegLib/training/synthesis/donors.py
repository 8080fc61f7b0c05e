"""Livers without a body: maps that were cropped to the organ, to be put into bodies that are known (``transplant``).

Maps of Couinaud segments: Zhang et al., Anatomical-aware point-voxel network for Couinaud segmentation (MICCAI 2023),
of LiTS and 3D-IRCADb patients; of vessels: Medical Segmentation Decathlon, task 8, from the same repository.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import LabelArray, Mask
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.geometry.components import connected_components
from LiverTumorSegLib.geometry.resample import resample, upright_grid
from LiverTumorSegLib.io.nifti import read_nifti
from LiverTumorSegLib.training.synthesis.tissues import Tissue
from LiverTumorSegLib.volume import Volume

IRCAD_IN_LITS = frozenset(f"lits{number}" for number in range(28, 48))
"""The 20 patients of 3D-IRCADb in some order. None of them is among the maps stored today."""
_VESSEL = 2
_LEFT, _RIGHT, _FRONT, _BACK, _UPPER, _LOWER = (2, 3), (6, 7), (3, 4), (6, 7), (7, 8), (5, 6)
_APART_MM = 15.0
_IN_LIVER_MM = 6.0
_MAX_STEP_MM = 6.0


@dataclass(frozen=True, eq=False)
class Donor:
    """A liver on an upright grid (axes R, A, S) of cubic voxels, cropped to it.

    codes: (i, j, k) Tissue: LIVER; PORTAL_VEIN for vessels, which nobody told apart; else AIR. One connected part
    without holes. has_vessels: whether vessels were annotated; where not, that is not to say that there are none.
    """

    codes: LabelArray
    spacing_mm: float
    has_vessels: bool


def donors_without(names: Iterable[str], never_seen: Iterable[str]) -> tuple[str, ...]:
    """Names, in their order, less those of patients who must stay unseen (``ircad01``) and of maps that may show them.

    LiTS holds all of 3D-IRCADb under other numbers; while any patient of it is unseen, all LiTS 28 to 47 are left out.
    """
    unseen = frozenset(never_seen)
    twins = IRCAD_IN_LITS if any(name.startswith("ircad") for name in unseen) else frozenset()
    return tuple(name for name in names if name not in unseen | twins)


def couinaud_donors(folder: Path, names: Iterable[str], spacing_mm: float) -> Iterator[tuple[str, Donor]]:
    """NAME.nii.gz with Couinaud segments 1 to 8 -> (name, liver without vessels), one by one.

    Raises InputError for a map that ``segments_lie_upright`` refuses, and as ``read_nifti`` and ``donor_from`` do.
    """
    return _donors(folder, names, spacing_mm, segments_lie_upright, has_vessels=False)


def vessel_donors(folder: Path, names: Iterable[str], spacing_mm: float) -> Iterator[tuple[str, Donor]]:
    """NAME.nii.gz with liver 1 and vessels 2 -> (name, liver with vessels), one by one.

    Raises InputError for a map that ``shape_lies_upright`` refuses, and as ``read_nifti`` and ``donor_from`` do.
    """
    return _donors(folder, names, spacing_mm, shape_lies_upright, has_vessels=True)


def donor_from(labels: Volume, spacing_mm: float, *, has_vessels: bool) -> Donor:
    """One map on an upright cubic grid: largest part, holes filled, cropped; thick axial slices are interpolated.

    labels: all that is not 0 is liver; with has_vessels 2 is vessel, which counts only where the
    liver is once gaps of 6 mm are closed.
    Raises InputError where nothing is drawn, or where slices are more than 6 mm apart.
    """
    array, organ = labels.array, labels.array > 0
    if not organ.any():
        raise InputError(found="a map without liver", expected="a liver that is not 0", remedy="Leave this donor out")
    if _steps_mm(labels).max() > _MAX_STEP_MM:
        raise InputError(
            found=f"voxels {_steps_mm(labels).max():.1f} mm long",
            expected="at most 6 mm",
            remedy="Leave this donor out",
        )
    vessels = array == _VESSEL if has_vessels else np.zeros_like(organ)
    liver = _on_grid(labels.with_array(organ & ~vessels), spacing_mm)
    veins = _on_grid(labels.with_array(vessels), spacing_mm)
    organ = _whole(_closed(liver, max(1, round(_IN_LIVER_MM / spacing_mm))) & (liver | veins))
    codes = np.where(organ, np.where(veins, np.uint8(Tissue.PORTAL_VEIN), np.uint8(Tissue.LIVER)), np.uint8(Tissue.AIR))
    box = bounding_box(organ)
    return Donor(np.ascontiguousarray(codes[box]), spacing_mm, has_vessels)


def segments_lie_upright(segments: Volume) -> bool:
    """Whether VI, VII lie right of and behind II, III and III, IV, and VII, VIII above V, VI; each by 15 mm or more.

    segments: values 1 to 8. False where a segment is missing. All 130 stored maps pass (least: 54, 62 and 42 mm).
    """
    centers = {value: _center_ras(segments, segments.array == value) for value in range(2, 9)}

    def along(axis: int, these: tuple[int, ...], those: tuple[int, ...]) -> float:
        return float(np.mean([centers[s][axis] for s in these]) - np.mean([centers[s][axis] for s in those]))

    apart_mm = (along(0, _RIGHT, _LEFT), along(1, _FRONT, _BACK), along(2, _UPPER, _LOWER))
    return all(mm > _APART_MM for mm in apart_mm)


def shape_lies_upright(labels: Volume) -> bool:
    """Whether the whole is a liver's shape: bulk on the right (by 5 % of the box), not low (-5 %), right lobe behind.

    For maps without segments. All 130 livers whose segments lie upright pass, and so do the 29 maps of vessels, which
    were also looked at; of the same 159 none passes mirrored, one passes back to front, 11 upside down.
    """
    points = labels.ras_from_ijk(np.argwhere(labels.array > 0)[::7])
    low, high = points.min(axis=0), points.max(axis=0)
    shares = (points.mean(axis=0) - low) / (high - low)
    place = (points[:, 0] - low[0]) / (high[0] - low[0])
    behind_mm = points[place < 0.4, 1].mean() - points[place > 0.6, 1].mean()
    return bool(shares[0] > 0.55 and shares[2] > 0.45 and behind_mm > -5.0)


def _donors(
    folder: Path, names: Iterable[str], spacing_mm: float, is_upright: Callable[[Volume], bool], *, has_vessels: bool
) -> Iterator[tuple[str, Donor]]:
    for name in names:
        image = read_nifti(folder / f"{name}.nii.gz")
        labels = Volume(np.asarray(image.array).astype(np.uint8), image.affine)
        if not is_upright(labels):
            raise InputError(
                found=f"{name}, whose liver does not lie upright in the frame of its file",
                expected="the right lobe on the patient's right and behind, the dome on top",
                remedy="Leave this donor out, or correct the file's affine",
            )
        yield name, donor_from(labels, spacing_mm, has_vessels=has_vessels)


def _center_ras(labels: Volume, mask: Mask) -> np.ndarray:
    """(3,); NaN, which no comparison passes, where nothing is there."""
    points = np.argwhere(mask)
    return labels.ras_from_ijk(points.mean(axis=0, keepdims=True))[0] if points.size else np.full(3, np.nan)


def _steps_mm(labels: Volume) -> np.ndarray:
    """Longest step of the grid along R, A and S."""
    return np.abs(labels.affine[:3, :3]).max(axis=1)


def _on_grid(mask: Volume, spacing_mm: float) -> Mask:
    """Nearest voxels of the upright cubic grid; between thicker axial slices, the shape in between."""
    thick_mm = float(_steps_mm(mask)[2])
    numbers = mask.with_array(mask.array.astype(np.uint8))
    grid = upright_grid(mask, (spacing_mm, spacing_mm, spacing_mm))
    if thick_mm <= spacing_mm * 1.1:
        return resample(numbers, grid, outside=0.0, linear=False).array > 0
    slices = resample(numbers, upright_grid(mask, (spacing_mm, spacing_mm, thick_mm)), outside=0.0, linear=False)
    depth = slices.with_array(_depths(slices.array > 0))
    return resample(depth, grid, outside=-1.0).array > 0


def _depths(mask: Mask) -> np.ndarray:
    """Per axial slice, voxels to the outline: positive inside. Linear in k, this is shape-based interpolation.

    Raya and Udupa, Shape-based interpolation of multidimensional objects (IEEE TMI 1990). An empty slice lies as far
    outside as its neighbours reach inside, so that ends are rounded.
    """
    planes = mask.transpose(2, 0, 1)
    inside = [ndimage.distance_transform_edt(np.pad(plane, 1))[1:-1, 1:-1] for plane in planes]
    depths = []
    for k, plane in enumerate(planes):
        near = max(inside[n].max() for n in (k - 1, k, k + 1) if 0 <= n < len(planes))
        outside = ndimage.distance_transform_edt(~plane) if plane.any() else np.full(plane.shape, near + 1.0)
        depths.append(np.where(plane, inside[k] - 0.5, 0.5 - outside))
    return np.stack(depths, axis=2).astype(np.float32)


def _whole(organ: Mask) -> Mask:
    """The largest part of what is drawn, its holes filled."""
    parts, _ = connected_components(organ)
    return ndimage.binary_fill_holes(parts == 1 + int(np.bincount(parts.ravel())[1:].argmax()))


def _closed(mask: Mask, radius: int) -> Mask:
    padded = np.pad(mask, radius)
    closed = ndimage.binary_closing(padded, ndimage.generate_binary_structure(3, 1), iterations=radius)
    return closed[tuple(slice(radius, -radius) for _ in range(3))]
