"""Bodies of known size on grids of any spacing, tilt, shear and storage order.

A shape is a function from patient positions (n, 3) in RAS mm to true inside; a voxel belongs to it if its centre does.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np

from LiverTumorSegLib.labels import LIVER, TUMOR
from LiverTumorSegLib.volume import Volume

Shape = Callable[[np.ndarray], np.ndarray]

STORAGE_ORDERS = [
    (axes, flips) for axes in itertools.permutations(range(3)) for flips in itertools.product((False, True), repeat=3)
]
"""The 48 ways to store one volume: order of the axes, and which of them run backwards."""


def rotation(degrees: float, axis: int) -> np.ndarray:
    """Turn (3, 3) about a patient axis (0 R, 1 A, 2 S)."""
    a, (u, v) = np.radians(degrees), [n for n in range(3) if n != axis]
    turn = np.eye(3)
    turn[u, u] = turn[v, v] = np.cos(a)
    turn[u, v], turn[v, u] = -np.sin(a), np.sin(a)
    return turn


def affine_of(spacing_mm, origin_ras=(0.0, 0.0, 0.0), turn=None, shear=None) -> np.ndarray:
    """ijk -> RAS. turn: (3, 3). shear: {(to, along): mm} adds mm along patient axis ``to`` to every step."""
    affine = np.eye(4)
    affine[:3, :3] = (np.eye(3) if turn is None else turn) @ np.diag(spacing_mm)
    for (to, along), mm in (shear or {}).items():
        affine[to, along] += mm
    affine[:3, 3] = origin_ras
    return affine


def centered(linear: np.ndarray, shape, center_ras=(0.0, 0.0, 0.0), offset_ijk=(0.0, 0.0, 0.0)) -> np.ndarray:
    """The affine moved so that index (shape - 1)/2 + offset lies at center_ras."""
    affine = linear.copy()
    middle = (np.array(shape) - 1) / 2 + offset_ijk
    affine[:3, 3] = np.asarray(center_ras) - affine[:3, :3] @ middle
    return affine


def grid_for(linear: np.ndarray, half_mm: float, margin: int = 2) -> tuple[int, int, int]:
    """Voxels along each axis that hold a ball of half_mm about the centre, on tilted and sheared grids too."""
    reach = half_mm * np.linalg.norm(np.linalg.inv(linear[:3, :3]), axis=1)
    i, j, k = (2 * (int(np.ceil(r)) + margin) + 1 for r in reach)
    return i, j, k


def voxelize(shape: tuple[int, int, int], affine: np.ndarray, inside: Shape) -> Volume:
    points = np.indices(shape).reshape(3, -1).T
    ras = points @ affine[:3, :3].T + affine[:3, 3]
    return Volume(inside(ras).reshape(shape), affine)


def body(inside: Shape, half_mm: float, linear: np.ndarray, offset_ijk=(0.0, 0.0, 0.0), center_ras=(7.0, -11.0, 23.0)):
    """A shape about its own origin, placed at center_ras on a grid that just holds it; offset_ijk < 1 voxel."""
    shape = grid_for(linear, half_mm)
    affine = centered(linear, shape, center_ras, offset_ijk)
    return voxelize(shape, affine, lambda ras: inside(ras - np.asarray(center_ras)))


def sphere(radius_mm: float, center=(0.0, 0.0, 0.0)) -> Shape:
    return lambda p: ((p - np.asarray(center)) ** 2).sum(axis=1) <= radius_mm**2


def ellipsoid(semi_axes_mm, turn=None) -> Shape:
    back = np.eye(3) if turn is None else turn.T
    return lambda p: (((p @ back.T) / np.asarray(semi_axes_mm)) ** 2).sum(axis=1) <= 1


def box(size_mm, turn=None, center=(0.0, 0.0, 0.0)) -> Shape:
    """Half-open, so that a box of n spacings has n voxels wherever it lies."""
    back = np.eye(3) if turn is None else turn.T
    half = np.asarray(size_mm) / 2

    def inside(p: np.ndarray) -> np.ndarray:
        q = (p - np.asarray(center)) @ back.T
        return ((q >= -half - 1e-9) & (q < half - 1e-9)).all(axis=1)

    return inside


def pipe(outer_mm: float, inner_mm: float, height_mm: float, open_degrees: float = 0.0) -> Shape:
    """A ring, or a C that is open by an angle about +R, of a given height along S."""

    def inside(p: np.ndarray) -> np.ndarray:
        radius = np.hypot(p[:, 0], p[:, 1])
        angle = np.degrees(np.abs(np.arctan2(p[:, 1], p[:, 0])))
        ring = (radius <= outer_mm) & (radius >= inner_mm) & (np.abs(p[:, 2]) <= height_mm / 2)
        return ring & (angle >= open_degrees / 2)

    return inside


def union(*shapes: Shape) -> Shape:
    return lambda p: np.any([shape(p) for shape in shapes], axis=0)


def dumbbell(radius_mm: float, apart_mm: float, bar_mm: float) -> Shape:
    """Two balls whose centres are apart_mm from each other along R, joined by a square bar."""
    ends = [sphere(radius_mm, (side * apart_mm / 2, 0.0, 0.0)) for side in (-1, 1)]
    return union(*ends, box((apart_mm, bar_mm, bar_mm)))


def stored_as(volume: Volume, axes: tuple[int, ...], flips: tuple[bool, ...]) -> Volume:
    """The same patient stored in another order of axes, some of them backwards."""
    array, linear, origin = volume.array, volume.affine[:3, :3].copy(), volume.affine[:3, 3].copy()
    for axis in np.flatnonzero(flips):
        origin += linear[:, axis] * (array.shape[axis] - 1)
        linear[:, axis] *= -1
        array = np.flip(array, axis)
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = linear[:, list(axes)], origin
    return Volume(np.ascontiguousarray(np.transpose(array, axes)), affine)


def tumor_only(mask: Volume) -> Volume:
    """A segmentation that is nothing but tumour."""
    return mask.with_array(mask.array.astype(np.uint8) * TUMOR.value)


def in_liver(mask: Volume) -> Volume:
    """A segmentation with the mask as tumour and liver everywhere else."""
    return mask.with_array(np.where(mask.array, TUMOR.value, LIVER.value).astype(np.uint8))
