"""A small finished examination for the tests of scenes: nothing about it is symmetric, cubic or axis-aligned."""

from __future__ import annotations

import numpy as np

from LiverTumorSegLib.case import Case, RunRecord
from LiverTumorSegLib.measurements import Lesion, Line, Measurements
from LiverTumorSegLib.study import Source, Study
from LiverTumorSegLib.volume import Volume

SHAPE = (34, 29, 23)
SPACING_MM = (1.1, 1.3, 2.2)


def rotation(x_degrees: float, y_degrees: float, z_degrees: float) -> np.ndarray:
    """Rotations about R, then A, then S as one matrix (3, 3)."""
    turned = np.eye(3)
    for axis, angle in enumerate(np.radians([x_degrees, y_degrees, z_degrees])):
        step = np.eye(3)
        first, second = (axis + 1) % 3, (axis + 2) % 3
        step[first, first] = step[second, second] = np.cos(angle)
        step[first, second], step[second, first] = -np.sin(angle), np.sin(angle)
        turned = step @ turned
    return turned


def oblique_affine() -> np.ndarray:
    """A LAS grid (i to the left, k to the head) turned about all three axes."""
    affine = np.eye(4)
    affine[:3, :3] = rotation(12, -9, 17) @ np.diag([-SPACING_MM[0], SPACING_MM[1], SPACING_MM[2]])
    affine[:3, 3] = (41.5, -63.25, 118.75)
    return affine


def tilted_affine() -> np.ndarray:
    """A gantry tilt of 20 degrees: slices stay parallel, each is pushed back against the one below."""
    affine = np.diag([-SPACING_MM[0], -SPACING_MM[1], SPACING_MM[2], 1.0])
    affine[1, 2] = SPACING_MM[2] * np.tan(np.radians(20))
    affine[:3, 3] = (10.0, 20.0, -30.0)
    return affine


def label_array() -> np.ndarray:
    """Liver with a vessel along i and two tumors; the larger at the head, at low i, its mirror side is empty."""
    i, j, k = np.indices(SHAPE)
    array = np.zeros(SHAPE, np.uint8, order="F")
    array[((i - 16) / 13.0) ** 2 + ((j - 14) / 10.0) ** 2 + ((k - 11) / 8.0) ** 2 < 1] = 1
    array[(array == 1) & ((j - 13) ** 2 + (k - 8) ** 2 < 5)] = 2
    array[((i - 9) / 4.0) ** 2 + ((j - 17) / 4.0) ** 2 + ((k - 14) / 3.0) ** 2 < 1] = 3
    array[21:24, 12:15, 6:8] = 3
    return array


def ct_array() -> np.ndarray:
    """HU that differ in every voxel's neighborhood, beyond the range of 12 bits."""
    return np.random.default_rng(3).integers(-1500, 4000, SHAPE).astype(np.int16)


def lesions() -> tuple[Lesion, ...]:
    """Two lesions whose lines have lengths known by hand: 3-4-12 is 13, 2-3-6 is 7, 1-4-8 is 9, 6-6-7 is 11."""
    return (
        _lesion(1, 13.0, 7.0, ((1.5, 2.25, 3.0), (4.5, 6.25, 15.0)), ((0.0, 0.0, 9.0), (2.0, 3.0, 15.0)), ("oblique",)),
        _lesion(2, 11.0, 9.0, ((-7.0, 6.0, 6.0), (0.0, 0.0, 0.0)), ((1.0, 4.0, 8.0), (0.0, 0.0, 0.0)), ()),
    )


def case_on(affine: np.ndarray, array: np.ndarray | None = None, **source: str) -> Case:
    """A case on a grid of SHAPE; without an array, the labels are ``label_array``."""
    labels = label_array() if array is None else array
    ct = Volume(ct_array(), affine)
    found = lesions() if (labels == 3).any() else ()
    return Case(
        study=Study(ct, Source(path="/data/belly.nii.gz", kind="nifti", sha256="0" * 64, **source)),
        segmentation=Volume(labels, affine),
        lesions=Volume((labels == 3).astype(np.uint16), affine),
        measurements=Measurements(1489.25, 29.125, 111.5, 7.5, found),
        run=RunRecord("segment", "0.1", "2026-01-01T00:00:00", {}, {}, {}),
    )


def _lesion(id_: int, long_mm: float, short_mm: float, long_: Line, short: Line, flags: tuple[str, ...]) -> Lesion:
    return Lesion(id_, 84.5 / id_, long_mm, short_mm, long_mm, long_, short, 2, 71 + id_, -12.5, 1.6, flags)
