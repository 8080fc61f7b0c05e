"""Ribs, sternum and vertebrae."""

from __future__ import annotations

import numpy as np

from LiverTumorSegLib.phantom.shapes import Field, Positions, ellipsoid, elliptic_cylinder, superellipse
from LiverTumorSegLib.phantom.trunk import SPINE_Y_MM, rib_surface

VERTEBRA_MM = 31.0
RIB_PITCH_MM = 27.0
LOWEST_RIB_Z_MM = -32.0
"""Where the twelfth rib leaves the spine."""
BONE_ENDS_DEG = np.array([62.0, 98.0, 128.0, 140.0, 146.0, 150.0, 152.0, 154.0, 156.0, 158.0], dtype=np.float32)
"""How far around the chest (0 = back, 180 = front) the bone of ribs 12, 11, 10, ... reaches."""
CARTILAGE_ENDS_DEG = np.array([62.0, 100.0, 146.0, 158.0, 165.0, 170.0, 172.0, 172.0, 172.0, 172.0], dtype=np.float32)


def ribs(p: Positions) -> Field:
    """Bony parts of the ribs."""
    return _ribs_up_to(p, BONE_ENDS_DEG, np.float32(0))


def rib_cartilage(p: Positions) -> Field:
    """From the bone's end towards the sternum."""
    return _ribs_up_to(p, CARTILAGE_ENDS_DEG, np.float32(90))


def sternum(p: Positions) -> Field:
    """Its lower end with the xiphoid."""
    plate = np.maximum(np.abs(rib_surface(p)) - 5, np.abs(p.x) - 15)
    return np.maximum(np.maximum(plate, 55 - p.z), -p.y)


def _ribs_up_to(p: Positions, ends_deg: np.ndarray, from_deg: np.float32) -> Field:
    """Ribs fall from the spine to the side and front, and their cartilages rise again to the sternum."""
    depth = rib_surface(p)
    angle = np.degrees(np.arctan2(np.abs(p.x), 1 - p.y))
    fall = np.clip(angle / 145, 0, 1)
    z = p.z + 78 * fall * fall * (3 - 2 * fall) - 1.4 * np.maximum(angle - 145, 0) - LOWEST_RIB_Z_MM
    number = np.clip(np.round(z / RIB_PITCH_MM), 0, len(ends_deg) - 1)
    height = z - number * np.float32(RIB_PITCH_MM)
    section = superellipse(depth, height, (3.6, 6.5), 2.0)
    arc_mm = np.float32(2.0)
    beyond = (angle - ends_deg[number.astype(np.int8)]) * arc_mm
    return np.maximum(section, np.maximum(beyond, (from_deg - angle) * arc_mm))


def vertebral_bodies(p: Positions) -> Field:
    """Without the discs between them; waisted."""
    t = _from_middle_of_vertebra(p)
    waist = 1 - np.float32(0.10) * np.cos(t * np.float32(np.pi / VERTEBRA_MM))
    return np.maximum(_spine_section(p, waist), np.abs(t) - np.float32(VERTEBRA_MM / 2 - 3.5))


def discs(p: Positions) -> Field:
    """A column; the bodies are drawn over it."""
    return _spine_section(p, np.float32(0.97))


def vertebral_arches(p: Positions) -> Field:
    """Pedicles and laminae around the canal, transverse and spinous processes."""
    t = _from_middle_of_vertebra(p)
    local = Positions(np.abs(p.x), p.y, t)
    ring = np.maximum(np.abs(elliptic_cylinder(p, (0.0, SPINE_Y_MM - 25), (12.5, 11.0))) - 3, np.abs(t + 2) - 11)
    transverse = ellipsoid(local, (26.0, SPINE_Y_MM - 21, 2.0), (19.0, 5.0, 6.0))
    spinous = ellipsoid(local, (0.0, SPINE_Y_MM - 42, -6.0), (4.0, 15.0, 10.0))
    return np.minimum(ring, np.minimum(transverse, spinous))


def spinal_canal(p: Positions) -> Field:
    """With the cord in it."""
    return elliptic_cylinder(p, (0.0, SPINE_Y_MM - 25), (10.5, 8.5))


def _from_middle_of_vertebra(p: Positions) -> Field:
    return np.mod(p.z + np.float32(VERTEBRA_MM / 2), np.float32(VERTEBRA_MM)) - np.float32(VERTEBRA_MM / 2)


def _spine_section(p: Positions, scale: Field | np.float32) -> Field:
    return superellipse(p.x / scale, (p.y - np.float32(SPINE_Y_MM)) / scale, (22.0, 17.0), 2.2)
