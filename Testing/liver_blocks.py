"""Small made-up livers with tubes and balls in them, on any grid: known answers for the classical methods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.volume import Volume

CENTER_RAS = np.array([30.0, -20.0, 15.0])


@dataclass(frozen=True, eq=False)
class Block:
    ct: Volume
    organ: np.ndarray
    vessels: np.ndarray
    lesion: np.ndarray


def tilted_affine(spacing_mm: tuple[float, float, float], degrees: float, shape: tuple[int, int, int]) -> np.ndarray:
    """Axes turned about R by some degrees, CENTER_RAS in the middle of the volume."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    affine = np.eye(4)
    affine[:3, :3] = np.array([[1, 0, 0], [0, c, -s], [0, s, c]]) @ np.diag(spacing_mm)
    affine[:3, 3] = CENTER_RAS - affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return affine


def make_block(
    *,
    vessel_hu: float = 50.0,
    lesion_hu: float = -50.0,
    noise_hu: float = 10.0,
    spacing_mm: tuple[float, float, float] = (0.9, 0.9, 2.0),
    degrees: float = 0.0,
) -> Block:
    """A ball of parenchyma (110 HU, radius 42 mm) in fat, a cross of two tubes (radius 4 mm), one ball-shaped lesion.

    vessel_hu, lesion_hu: difference to the parenchyma. The lesion (radius 10 mm) lies off the tubes.
    """
    i, j, k = (int(100 / step) for step in spacing_mm)
    affine = tilted_affine(spacing_mm, degrees, (i, j, k))
    grid = Volume(np.zeros((i, j, k), np.uint8), affine)
    points = grid.ras_from_ijk(np.indices((i, j, k)).reshape(3, -1).T) - CENTER_RAS
    x, y, z = points.T.reshape(3, i, j, k)
    organ = x**2 + y**2 + z**2 < 42**2
    along_x = (y**2 + z**2 < 4**2) & (abs(x) < 34)
    along_z = (x**2 + y**2 < 4**2) & (abs(z) < 34)
    vessels = along_x | along_z
    lesion = (x - 18) ** 2 + (y + 16) ** 2 + (z - 12) ** 2 < 10**2
    hu = np.where(organ, 110.0, -90.0) + vessel_hu * vessels + lesion_hu * lesion
    hu += np.random.default_rng(0).normal(0, noise_hu, hu.shape)
    return Block(Volume(hu.astype(np.float32), affine), organ, vessels, lesion)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return 2 * int((a & b).sum()) / max(1, int(a.sum()) + int(b.sum()))
