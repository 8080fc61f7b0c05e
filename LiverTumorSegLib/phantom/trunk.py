"""The walls of the trunk: skin, muscle, the cavity inside, the diaphragm that divides it, and what lies above it.

Frame: RAS in mm, x = 0 in the midline, y = 0 half-way between front and back, z = 0 at the porta hepatis. Sizes are
round numbers for an adult; none is taken from a particular patient.
"""

from __future__ import annotations

import numpy as np

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.phantom.shapes import (
    Field,
    Positions,
    ellipsoid,
    elliptic_cylinder,
    smooth_intersection,
    smooth_union,
    superellipse,
    tube,
)

SPINE_Y_MM = -50.0
"""Centre of the vertebral bodies."""


def skin(p: Positions) -> Field:
    """Outer surface of the trunk, a little wider at the chest's lower rim."""
    width = 1 + np.float32(0.03) * np.cos((p.z + 10) / np.float32(70))
    return superellipse(p.x / width, p.y, (153.0, 111.0), 2.35)


def muscle_wall(p: Positions) -> Field:
    """Outer surface of the muscles, under the subcutaneous fat."""
    width = 1 + np.float32(0.02) * np.cos((p.z + 10) / np.float32(70))
    return superellipse(p.x / width, p.y - 1, (142.0, 98.0), 2.3)


def rib_surface(p: Positions) -> Field:
    """The surface in which the ribs lie, half-way through the wall."""
    return superellipse(p.x, p.y - 1, (136.0, 92.0), 2.25)


def cavity(p: Positions) -> Field:
    """Inside of the wall; spine and back muscles bulge into it from behind."""
    inside = superellipse(p.x, p.y - 1, (130.0, 86.0), 2.2)
    bulge = elliptic_cylinder(p, (0.0, -88.0), (58.0, 46.0))
    return smooth_intersection([inside, -bulge], 14.0)


def dome(p: Positions, center_ras: Vector, radii_mm: Vector) -> Field:
    """Half an ellipsoid on top of an elliptic cylinder that goes down for ever."""
    below = Positions(p.x, p.y, np.maximum(p.z, np.float32(center_ras[2])))
    return ellipsoid(below, center_ras, radii_mm)


def abdomen(p: Positions, raised_mm: float) -> Field:
    """The part of the cavity under the diaphragm: two domes and the central tendon between them."""
    right = dome(p, (60.0, 3.0, -22.0), (78.0, 84.0, 92.0 + raised_mm))
    left = dome(p, (-66.0, -4.0, -22.0), (72.0, 80.0, 80.0 + raised_mm))
    middle = dome(p, (0.0, 32.0, -40.0), (80.0, 62.0, 98.0))
    back = elliptic_cylinder(p, (0.0, -48.0), (34.0, 44.0))
    back = smooth_intersection([back, p.z - 30 + 0 * p.x], 20.0)
    return smooth_intersection([smooth_union([right, left, middle, back], 16.0), cavity(p)], 6.0)


def mediastinum(p: Positions) -> Field:
    """Heart with its fat, and the fat column around aorta and esophagus."""
    column = elliptic_cylinder(p, (-4.0, -30.0), (30.0, 30.0))
    front = elliptic_cylinder(p, (-6.0, 50.0), (26.0, 60.0))
    return smooth_union([heart(p) - 7, column, front], 18.0)


def heart(p: Positions) -> Field:
    """Both ventricles and, behind and to the right, the right atrium."""
    return smooth_union(
        [ellipsoid(p, (-36.0, 38.0, 100.0), (52.0, 40.0, 44.0)), ellipsoid(p, (16.0, 18.0, 112.0), (38.0, 38.0, 46.0))],
        24.0,
    )


def heart_chambers(p: Positions) -> Field:
    """The blood in it."""
    left = ellipsoid(p, (-46.0, 32.0, 106.0), (32.0, 24.0, 34.0))
    right = ellipsoid(p, (8.0, 34.0, 108.0), (38.0, 26.0, 40.0))
    return smooth_intersection([np.minimum(left, right), heart(p) + 4], 4.0)


def lungs(p: Positions, raised_mm: float) -> Field:
    """What is left of the thorax beside the mediastinum."""
    return smooth_intersection([cavity(p) + 1, np.float32(1.6) - abdomen(p, raised_mm), -mediastinum(p)], 4.0)


def diaphragm(p: Positions, raised_mm: float) -> Field:
    """A sheet of 3 mm, and the crura beside the aorta."""
    sheet = np.maximum(np.abs(abdomen(p, raised_mm)) - np.float32(1.6), cavity(p))
    right = tube(p, [(9.0, -10.0, 60.0), (10.0, -22.0, 0.0), (12.0, -30.0, -60.0)], [4.0, 6.0, 4.0])
    left = tube(p, [(-16.0, -8.0, 60.0), (-25.0, -24.0, 0.0), (-22.0, -30.0, -60.0)], [4.0, 6.0, 4.0])
    return np.minimum(sheet, np.minimum(right, left))


def muscle_gaps(p: Positions) -> Field:
    """Fat between the layers of the wall, at the sides and in front, and in the midline."""
    depth = -muscle_wall(p)
    layers = np.minimum(np.abs(depth - 4), np.abs(depth - np.float32(7.5))) - np.float32(0.35)
    sides = np.maximum(60 - np.abs(p.x), -58 - p.y)
    midline = np.maximum(np.maximum(np.abs(p.x) - 1, -p.y), 1 - depth)
    return np.maximum(np.minimum(np.maximum(layers, sides), np.maximum(midline, depth - 8)), -cavity(p))


def table(p: Positions) -> Field:
    """The shell of the scanner's table, a hollow the patient lies in."""
    shell = np.abs(elliptic_cylinder(p, (0.0, 180.0), (299.0, 299.0))) - 1
    return np.maximum(shell, np.maximum(np.abs(p.x) - 150, p.y))


def back_muscles(p: Positions) -> Field:
    """Erector spinae and the psoas on both sides; they stand out against fat below the ribs."""
    mirrored = Positions(np.abs(p.x), p.y, p.z)
    erector = elliptic_cylinder(mirrored, (34.0, -82.0), (31.0, 19.0))
    psoas = tube(mirrored, [(27.0, -52.0, -30.0), (40.0, -48.0, -90.0), (54.0, -40.0, -160.0)], [5.0, 15.0, 24.0])
    quadratus = tube(mirrored, [(52.0, -66.0, -30.0), (72.0, -62.0, -160.0)], [8.0, 13.0])
    return np.minimum(erector, np.minimum(psoas, quadratus))
