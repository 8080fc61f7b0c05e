"""Where the lesions lie: inside the liver, apart from each other, at the site that was asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from LiverTumorSegLib.arrays import Points, Vector
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.phantom.settings import LesionKind, LesionSettings, Site
from LiverTumorSegLib.phantom.shapes import Field, Positions, ellipsoid, positions

LATTICE_MM = 3.0
GAP_MM = 5.0
CAPSULE_MM = 1.0
"""Least liver around every lesion, so that its whole ellipsoid counts."""

Shape = Callable[[Positions], Field]


@dataclass(frozen=True)
class Lesion:
    """A lesion in its place; id counts the tumors from 1, largest first, and is 0 for what is not a tumor."""

    id: int
    center_ras: Vector
    settings: LesionSettings

    @property
    def volume_ml(self) -> float:
        a, b, c = self.settings.radii_mm
        return 4 / 3 * np.pi * a * b * c / 1000

    def distance(self, p: Positions) -> Field:
        return ellipsoid(p, self.center_ras, self.settings.radii_mm)

    def semi_axes_in_plane_mm(self, normal_ras: NDArray[np.float64]) -> tuple[float, float]:
        """Long and short semi-axis of the ellipse in which a plane through the centre cuts the ellipsoid."""
        plane = np.linalg.svd(normal_ras[None])[2][1:].T
        form = plane.T @ np.diag(1 / np.square(self.settings.radii_mm)) @ plane
        long, short = 1 / np.sqrt(np.linalg.eigvalsh(form))
        return float(long), float(short)


@dataclass(frozen=True)
class Lattice:
    """Points of the organ every LATTICE_MM in random order, and how deep each lies under its surface."""

    points_ras: Points
    depth_mm: NDArray[np.float64]

    @property
    def volume_ml(self) -> float:
        return len(self.points_ras) * LATTICE_MM**3 / 1000


def lattice(
    shape: Shape, low_ras: NDArray[np.float64], high_ras: NDArray[np.float64], rng: np.random.Generator
) -> Lattice:
    """Of a shape within a box; the same for every acquisition of a patient.

    The order comes from a number drawn for every point of the box: a point at the surface that another machine's
    rounding puts outside changes no other choice.
    """
    affine = np.diag([LATTICE_MM, LATTICE_MM, LATTICE_MM, 1.0])
    affine[:3, 3] = low_ras
    i, j, k = (slice(0, int(n)) for n in np.ceil((high_ras - low_ras) / LATTICE_MM))
    inside = shape(positions(affine, (i, j, k))) < 0
    depth = ndimage.distance_transform_edt(inside, sampling=LATTICE_MM)
    order = np.argsort(rng.random(inside.shape)[inside])
    return Lattice((np.argwhere(inside) @ affine[:3, :3].T + low_ras)[order], depth[inside][order])


def place_lesions(
    wanted: Sequence[LesionSettings], organ: Lattice, shape: Shape, veins_ras: Points
) -> tuple[Lesion, ...]:
    """One place for each, largest first; the order of the result is the same.

    veins_ras: points (n, 3) on the large veins. Raises InputError when the liver has no room left.
    """
    order = sorted(wanted, key=lambda lesion: -float(np.prod(lesion.radii_mm)))
    vein_mm = cKDTree(veins_ras).query(organ.points_ras)[0]
    placed: list[Lesion] = []
    for settings in order:
        is_tumor = settings.kind is LesionKind.TUMOR
        number = 1 + sum(lesion.id > 0 for lesion in placed) if is_tumor else 0
        center = _free_place(settings, organ, vein_mm, placed, shape)
        placed.append(Lesion(number, center, settings))
    return tuple(placed)


def _free_place(
    settings: LesionSettings,
    organ: Lattice,
    vein_mm: NDArray[np.float64],
    placed: Sequence[Lesion],
    shape: Shape,
) -> Vector:
    radius = max(settings.radii_mm)
    fits = organ.depth_mm > radius + CAPSULE_MM
    for other in placed:
        apart = np.linalg.norm(organ.points_ras - other.center_ras, axis=1)
        fits &= apart > radius + max(other.settings.radii_mm) + GAP_MM
    fits &= _at_site(settings.site, radius, organ.depth_mm, vein_mm)
    for candidate in np.flatnonzero(fits)[:200]:
        x, y, z = organ.points_ras[candidate]
        if _is_covered(shape, (x, y, z), settings.radii_mm):
            return float(x), float(y), float(z)
    raise InputError(
        found=f"no room in the liver for a {settings.site} lesion with radii {settings.radii_mm} mm",
        expected=f"lesions that fit beside each other ({len(placed)} are placed)",
        remedy="Ask for fewer or smaller lesions, or another seed",
    )


def _at_site(
    site: Site, radius: float, depth_mm: NDArray[np.float64], vein_mm: NDArray[np.float64]
) -> NDArray[np.bool_]:
    if site is Site.SUBCAPSULAR:
        return depth_mm < radius + 5
    if site is Site.AT_VESSEL:
        return (vein_mm > radius) & (vein_mm < radius + 5)
    return (depth_mm > radius + 5) & (vein_mm > radius)


def _is_covered(shape: Shape, center_ras: Vector, radii_mm: Vector) -> bool:
    """Whether the organ holds the ellipsoid and CAPSULE_MM around it, on rays to all sides."""
    n = np.arange(400) + 0.5
    cosine, turn = 1 - 2 * n / 400, np.pi * (1 + 5**0.5) * n
    sine = np.sqrt(1 - cosine**2)
    sides = np.column_stack([sine * np.cos(turn), sine * np.sin(turn), cosine])
    surface = (sides * (np.array(radii_mm) + CAPSULE_MM) + center_ras).astype(np.float32)
    return bool((shape(Positions(*surface.T)) < 0).all())
