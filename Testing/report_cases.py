"""A small body whose parts lie at known places in the patient, on any grid, as a finished case."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from LiverTumorSegLib.case import Case, RunRecord
from LiverTumorSegLib.measurements import Lesion, Measurements
from LiverTumorSegLib.study import Source, Study
from LiverTumorSegLib.volume import Volume

# Centre and half size in RAS mm. Nothing is symmetric: a flip or a swap of axes moves every part.
BODY = ((0.0, 0.0, 0.0), (80.0, 55.0, 60.0))
LIVER = ((35.0, 8.0, 12.0), (32.0, 28.0, 30.0))
TUMOR = ((42.0, 15.0, 20.0), (14.0, 9.0, 11.0))
VESSEL = ((22.0, 0.0, 8.0), (5.0, 4.0, 16.0))
BODY_HU, LIVER_HU, TUMOR_HU, VESSEL_HU = 0, 110, 30, 180


def turn(degrees_rap: tuple[float, float, float]) -> np.ndarray:
    """Rotation about the R, then the A, then the S axis."""
    result = np.eye(3)
    for axis, degrees in enumerate(degrees_rap):
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        a, b = (n for n in range(3) if n != axis)
        step = np.eye(3)
        step[a, a], step[a, b], step[b, a], step[b, b] = c, -s, s, c
        result = step @ result
    return result


def affine_around_origin(columns_mm: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """The middle voxel of a grid at RAS (0, 0, 0)."""
    affine = np.eye(4)
    affine[:3, :3] = columns_mm
    affine[:3, 3] = -columns_mm @ ((np.array(shape) - 1) / 2)
    return affine


_SPACING = np.diag([2.0, 2.4, 3.0])
_LPS = np.diag([-1.0, -1.0, 1.0])
_SLICES_FIRST = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
_GANTRY_TILT = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, np.tan(np.radians(18.0)), 1.0]])

_COLUMNS: dict[str, tuple[np.ndarray, tuple[int, int, int]]] = {
    "upright": (_SPACING, (90, 70, 50)),
    "stored as LPS": (_LPS @ _SPACING, (90, 70, 50)),
    "slices first": (_SLICES_FIRST @ np.diag([3.0, 2.4, 2.0]), (50, 70, 90)),
    "oblique": (turn((14.0, -9.0, 21.0)) @ _LPS @ _SPACING, (100, 80, 60)),
    "sheared by the gantry": (_GANTRY_TILT @ _LPS @ _SPACING, (90, 70, 60)),
}
SHAPES = {name: shape for name, (_, shape) in _COLUMNS.items()}
GRIDS = {name: affine_around_origin(columns, shape) for name, (columns, shape) in _COLUMNS.items()}


def inside(part: tuple[tuple[float, ...], tuple[float, ...]], points_ras: np.ndarray) -> np.ndarray:
    """Whether points (..., 3) lie in a box of the patient."""
    return (np.abs(points_ras - np.array(part[0])) <= np.array(part[1])).all(axis=-1)


def centers_ras(affine: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """(i, j, k, 3): where every voxel's centre is."""
    return np.moveaxis(np.indices(shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]


@cache
def box_case(grid: str = "upright") -> Case:
    """The body with its liver, one vessel and one tumor, measured by hand."""
    points = centers_ras(GRIDS[grid], SHAPES[grid])
    hu = np.full(SHAPES[grid], -1000, np.int16)
    labels = np.zeros(SHAPES[grid], np.uint8)
    parts = ((BODY, BODY_HU, 0), (LIVER, LIVER_HU, 1), (VESSEL, VESSEL_HU, 2), (TUMOR, TUMOR_HU, 3))
    for part, value_hu, label in parts:
        where = inside(part, points)
        hu[where], labels[where] = value_hu, label
    ct = Volume(hu, GRIDS[grid])
    lesions = ct.with_array((labels == 3).astype(np.uint16))
    return Case(Study(ct, source()), ct.with_array(labels), lesions, measured(ct), record())


def measured(ct: Volume) -> Measurements:
    axis = 0 if ct.shape[0] == 50 else 2
    return Measurements(230.0, 4.0, 11.1, 4.8, (lesion(1, axis),), ())


def lesion(number: int, slice_axis: int = 2, flags: tuple[str, ...] = ()) -> Lesion:
    """The tumor's diameters in its axial middle plane: 28 mm from right to left, 18 mm from back to front."""
    (r, a, s), (half_r, half_a, _) = TUMOR
    return Lesion(
        id=number,
        volume_ml=11.1,
        long_axis_mm=28.0,
        short_axis_mm=18.0,
        feret_mm=28.0,
        long_axis_ras_mm=((r + half_r, a, s), (r - half_r, a, s)),
        short_axis_ras_mm=((r, a - half_a, s), (r, a + half_a, s)),
        slice_axis=slice_axis,
        slice_index=31,
        slice_position_mm=s,
        slice_thickness_mm=3.0,
        flags=flags,
    )


def source() -> Source:
    return Source(path="/somewhere/box.nii.gz", kind="nifti", sha256="5" * 64)


def record() -> RunRecord:
    return RunRecord("segment", "0.0.1", "2026-01-02T03:04:05+00:00", {"model": "auto"}, {"id": "kuleuven"}, {})


def without_lesion(case: Case) -> Case:
    labels = np.where(case.segmentation.array == 3, 1, case.segmentation.array).astype(np.uint8)
    nothing = case.lesions.with_array(np.zeros_like(case.lesions.array))
    return replace(
        case,
        segmentation=case.segmentation.with_array(labels),
        lesions=nothing,
        measurements=Measurements(230.0, 4.0, 0.0, 0.0),
    )


def without_liver(case: Case) -> Case:
    labels = np.zeros_like(case.segmentation.array)
    return replace(
        without_lesion(case),
        segmentation=case.segmentation.with_array(labels),
        measurements=Measurements(0.0, 0.0, 0.0, None, (), ("no-liver-found",)),
    )
