"""Implicit shapes: functions of position whose value is a distance in mm, negative inside.

Distances are exact to first order near the surface, which is where they decide how a voxel is filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from LiverTumorSegLib.arrays import Affine, Box, Vector

Field = NDArray[np.floating[Any]]
"""One float32 value for each position."""


@dataclass(frozen=True)
class Positions:
    """Patient coordinates (RAS, mm) of a block of voxels; three float32 arrays that broadcast to the block's shape."""

    x: Field
    y: Field
    z: Field

    def moved(self, by_ras: Vector) -> Positions:
        """Seen from a point."""
        return Positions(*(c - np.float32(b) for c, b in zip((self.x, self.y, self.z), by_ras, strict=True)))


def positions(affine: Affine, box: Box) -> Positions:
    """Of the voxels in a box; an axis along which a coordinate does not change keeps the length 1."""
    steps = [np.arange(s.start, s.stop, dtype=np.float64) for s in box]
    coordinates = []
    for row in affine[:3]:
        total = np.full((1, 1, 1), row[3])
        for axis, step in enumerate(steps):
            if abs(row[axis]) > 1e-12:
                total = total + (row[axis] * step).reshape([-1 if a == axis else 1 for a in range(3)])
        coordinates.append(total.astype(np.float32))
    return Positions(*coordinates)


def index_box(affine: Affine, shape: Sequence[int], low_ras: NDArray[np.float64], high_ras: NDArray[np.float64]) -> Box:
    """Smallest index box that holds a box of patient space, clipped to the grid; empty where they do not meet."""
    inverse = np.linalg.inv(affine)
    middle = inverse[:3, :3] @ ((low_ras + high_ras) / 2) + inverse[:3, 3]
    reach = np.abs(inverse[:3, :3]) @ ((high_ras - low_ras) / 2)
    start = np.clip(np.floor(middle - reach), 0, shape).astype(int)
    stop = np.clip(np.ceil(middle + reach) + 1, start, shape).astype(int)
    i, j, k = (slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    return i, j, k


def ellipsoid(p: Positions, center_ras: Vector, radii_mm: Vector) -> Field:
    """Semi-axes along the patient axes."""
    q = p.moved(center_ras)
    u, v, w = (c / np.float32(r) for c, r in zip((q.x, q.y, q.z), radii_mm, strict=True))
    a, b, c = (c / np.float32(r) for c, r in zip((u, v, w), radii_mm, strict=True))
    scaled = np.maximum(np.sqrt(u * u + v * v + w * w), np.float32(1e-4))
    gradient = np.maximum(np.sqrt(a * a + b * b + c * c), np.float32(1e-4 / max(radii_mm)))
    return scaled * (scaled - 1) / gradient


def elliptic_cylinder(p: Positions, center_xy: tuple[float, float], radii_mm: tuple[float, float]) -> Field:
    """Along the body's axis, without ends."""
    u, v = (p.x - np.float32(center_xy[0])), (p.y - np.float32(center_xy[1]))
    return superellipse(u, v, radii_mm, 2.0)


def superellipse(u: Field, v: Field, radii_mm: tuple[float, float], exponent: float) -> Field:
    """|u/a|^n + |v/b|^n = 1 in a plane; exponents above 2 flatten the sides."""
    a, b, n = np.float32(radii_mm[0]), np.float32(radii_mm[1]), np.float32(exponent)
    u, v = np.maximum(np.abs(u / a), np.float32(1e-3)), np.maximum(np.abs(v / b), np.float32(1e-3))
    scaled = (u**n + v**n) ** (1 / n)
    slope = np.sqrt((u ** (n - 1) / a) ** 2 + (v ** (n - 1) / b) ** 2)
    return (scaled - 1) * scaled ** (n - 1) / slope


def capsule(p: Positions, start_ras: Vector, stop_ras: Vector, radius_start_mm: float, radius_stop_mm: float) -> Field:
    """A straight tube with round ends whose radius changes from one end to the other."""
    q = p.moved(start_ras)
    ax, ay, az = (np.float32(e - s) for s, e in zip(start_ras, stop_ras, strict=True))
    along = (q.x * ax + q.y * ay + q.z * az) / np.float32(max(float(ax * ax + ay * ay + az * az), 1e-6))
    along = np.clip(along, 0, 1)
    away = (q.x - along * ax) ** 2 + (q.y - along * ay) ** 2 + (q.z - along * az) ** 2
    return np.sqrt(away) - np.float32(radius_start_mm) - along * np.float32(radius_stop_mm - radius_start_mm)


def tube(p: Positions, points_ras: Sequence[Vector], radii_mm: Sequence[float]) -> Field:
    """Capsules one after the other, through the points."""
    pairs = zip(points_ras[:-1], points_ras[1:], radii_mm[:-1], radii_mm[1:], strict=True)
    return smooth_union([capsule(p, a, b, ra, rb) for a, b, ra, rb in pairs], min(radii_mm) * 0.5)


def smooth_union(distances: Sequence[Field], blend_mm: float) -> Field:
    """Union whose inner corners are rounded over about blend_mm."""
    joined = distances[0]
    for other in distances[1:]:
        overlap = np.maximum(np.float32(blend_mm) - np.abs(joined - other), 0)
        joined = np.minimum(joined, other) - overlap * overlap * np.float32(0.25 / blend_mm)
    return joined


def smooth_intersection(distances: Sequence[Field], blend_mm: float) -> Field:
    """Intersection whose edges are rounded over about blend_mm."""
    return -smooth_union([-d for d in distances], blend_mm)


def occupancy(distance: Field, edge_mm: float) -> Field:
    """Share of a voxel that a shape fills: 1 inside, 0 outside, linear over edge_mm around its surface."""
    return np.clip(np.float32(0.5) - distance / np.float32(edge_mm), 0, 1)
