"""The other organs of the upper abdomen and the great vessels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from LiverTumorSegLib.arrays import Points, Vector
from LiverTumorSegLib.phantom.shapes import (
    Field,
    Positions,
    capsule,
    ellipsoid,
    smooth_intersection,
    smooth_union,
    tube,
)
from LiverTumorSegLib.phantom.trunk import abdomen
from LiverTumorSegLib.phantom.vessel_tree import VesselTree, tree_of

AORTA: list[Vector] = [(-14.0, -26.0, 160.0), (-10.0, -23.0, 40.0), (-6.0, -22.0, -60.0), (-5.0, -22.0, -160.0)]
VENA_CAVA: list[Vector] = [(14.0, -6.0, 96.0), (19.0, -16.0, 62.0), (23.0, -20.0, 10.0), (20.0, -18.0, -160.0)]
PORTAL_TRUNK: list[Vector] = [(3.0, 8.0, -46.0), (10.0, 9.0, -28.0), (22.0, 11.0, -8.0), (30.0, 10.0, 0.0)]
SPLENIC_VEIN: list[Vector] = [(3.0, 8.0, -46.0), (-20.0, 16.0, -34.0), (-60.0, -8.0, -4.0), (-88.0, -30.0, 12.0)]
MESENTERIC_VEIN: list[Vector] = [(3.0, 8.0, -46.0), (5.0, 14.0, -90.0), (9.0, 22.0, -160.0)]
MESENTERIC_ARTERY: list[Vector] = [(-6.0, -14.0, -28.0), (-7.0, 2.0, -50.0), (-7.0, 14.0, -160.0)]
CELIAC_TRUNK: list[Vector] = [(-8.0, -14.0, -8.0), (-6.0, 2.0, -6.0), (12.0, 8.0, -14.0), (30.0, 13.0, -2.0)]
RENAL_VESSELS: list[list[Vector]] = [
    [(18.0, -20.0, -58.0), (36.0, -30.0, -62.0), (48.0, -38.0, -66.0)],
    [(20.0, -16.0, -52.0), (-14.0, -10.0, -50.0), (-48.0, -36.0, -46.0)],
]
KIDNEYS: list[Vector] = [(62.0, -46.0, -72.0), (-64.0, -48.0, -54.0)]
ESOPHAGUS: list[Vector] = [(-6.0, -10.0, 160.0), (-8.0, -4.0, 60.0), (-26.0, 2.0, 40.0), (-50.0, 2.0, 36.0)]
PANCREAS: list[Vector] = [
    (24.0, 14.0, -58.0),
    (14.0, 22.0, -46.0),
    (-16.0, 24.0, -30.0),
    (-52.0, 0.0, -8.0),
    (-84.0, -22.0, 8.0),
]
DUODENUM: list[Vector] = [
    (16.0, 36.0, -30.0),
    (38.0, 24.0, -40.0),
    (42.0, 8.0, -64.0),
    (36.0, 0.0, -98.0),
    (-20.0, 2.0, -104.0),
]
RIGHT_COLON: list[Vector] = [
    (98.0, 2.0, -160.0),
    (96.0, 8.0, -132.0),
    (84.0, 40.0, -108.0),
    (50.0, 62.0, -92.0),
    (0.0, 70.0, -84.0),
]
LEFT_COLON: list[Vector] = [
    (0.0, 70.0, -84.0),
    (-50.0, 66.0, -66.0),
    (-94.0, 36.0, -28.0),
    (-108.0, 0.0, -30.0),
    (-108.0, -24.0, -90.0),
    (-104.0, -16.0, -160.0),
]


def aorta(p: Positions) -> Field:
    """In front and left of the spine."""
    return tube(p, AORTA, [11.5, 11.0, 9.5, 8.5])


def vena_cava(p: Positions) -> Field:
    """Wider across than deep."""
    flat = Positions(p.x * np.float32(0.86), p.y * np.float32(1.1), p.z)
    points: list[Vector] = [(x * 0.86, y * 1.1, z) for x, y, z in VENA_CAVA]
    return tube(flat, points, [12.0, 11.0, 10.0, 10.0])


def portal_confluence(p: Positions) -> Field:
    """Portal vein up to the hilum, splenic and superior mesenteric vein."""
    veins = [
        tube(p, PORTAL_TRUNK, [6.5, 6.5, 6.2, 5.8]),
        tube(p, SPLENIC_VEIN, [5.0, 4.2, 3.8, 3.0]),
        tube(p, MESENTERIC_VEIN, [5.5, 5.0, 4.0]),
    ]
    return smooth_union(veins, 3.0)


def arteries(p: Positions) -> Field:
    """Superior mesenteric artery; celiac trunk with the hepatic artery."""
    return np.minimum(tube(p, MESENTERIC_ARTERY, [4.0, 3.8, 3.0]), tube(p, CELIAC_TRUNK, [4.0, 3.5, 2.5, 1.8]))


def renal_vessels(p: Positions) -> Field:
    """Right and left renal vein."""
    return np.minimum(*(tube(p, points, [5.0, 4.5, 3.5]) for points in RENAL_VESSELS))


def spleen(p: Positions, raised_mm: float) -> Field:
    """Follows the wall and the diaphragm; hollowed by stomach and kidney."""
    body = ellipsoid(p, (-112.0, -36.0, 14.0), (36.0, 46.0, 50.0))
    hollow = ellipsoid(p, (-54.0, -4.0, 24.0), (34.0, 46.0, 60.0))
    return smooth_intersection([body, -hollow, 4 - kidneys(p), abdomen(p, raised_mm) + 4], 8.0)


def kidneys(p: Positions) -> Field:
    """Outer surface; the medial hollow is the sinus."""
    return smooth_intersection(
        [np.minimum(*(ellipsoid(p, c, (27.0, 25.0, 53.0)) for c in KIDNEYS)), -renal_sinus(p)], 5.0
    )


def renal_sinus(p: Positions) -> Field:
    """The fat at the hilum of both kidneys."""
    hollows = [ellipsoid(p, (x - np.sign(x) * 17, y + 7, z), (17.0, 9.0, 22.0)) for x, y, z in KIDNEYS]
    return np.minimum(*hollows)


def renal_medulla(p: Positions) -> Field:
    """Pyramids: a wavy layer well under the surface."""
    waves = np.sin(p.z / np.float32(4.2)) * np.sin((p.y + p.x) / np.float32(5.5))
    return kidneys(p) + np.float32(9.5) - 3 * waves


def stomach(p: Positions, raised_mm: float) -> Field:
    """Outer surface of fundus, body and antrum."""
    parts = [
        ellipsoid(p, (-60.0, -6.0, 38.0), (36.0, 34.0, 32.0)),
        capsule(p, (-68.0, 6.0, 30.0), (-54.0, 46.0, -18.0), 30.0, 26.0),
        capsule(p, (-52.0, 48.0, -22.0), (-8.0, 52.0, -42.0), 24.0, 15.0),
        capsule(p, (-8.0, 52.0, -42.0), (16.0, 38.0, -30.0), 14.0, 9.0),
    ]
    return smooth_intersection([smooth_union(parts, 14.0), abdomen(p, raised_mm) + 4], 8.0)


def pancreas(p: Positions) -> Field:
    """Lobulated at its surface."""
    lobules = np.sin(p.x / np.float32(3.1)) * np.sin(p.y / np.float32(2.9)) * np.sin(p.z / np.float32(3.3))
    return tube(p, PANCREAS, [14.0, 12.0, 9.0, 9.0, 7.0]) + np.float32(1.2) * lobules


def duodenum(p: Positions) -> Field:
    """Its C around the head of the pancreas."""
    return tube(p, DUODENUM, [10.0, 12.0, 12.0, 12.0, 11.0])


def colon(p: Positions) -> Field:
    """With haustra."""
    haustra = np.float32(2.5) * np.sin((p.x + p.z) / np.float32(6)) * np.cos((p.y - p.z) / np.float32(7))
    right = tube(p, RIGHT_COLON, [24.0, 22.0, 19.0, 17.0, 16.0])
    left = tube(p, LEFT_COLON, [16.0, 17.0, 17.0, 14.0, 13.0, 13.0])
    return np.minimum(right, left) + haustra


def small_bowel(rng: np.random.Generator) -> VesselTree:
    """Loops under the stomach and around the navel; the radius is that of the outer surface and changes along them."""
    paths: list[Points] = []
    parents: list[NDArray[np.int64]] = []
    radii: list[NDArray[np.float64]] = []
    t = np.linspace(0, 1, 36)
    for z in (-72.0, -98.0, -124.0, -150.0):
        for y in (8.0, 38.0):
            waves, phases = rng.uniform(1.6, 3.2, 3), rng.uniform(0, 2 * np.pi, 4)
            x = np.linspace(-86, -30 if z > -90 else 55, len(t)) + 8 * np.sin(2 * np.pi * t * 3 + phases[0])
            y_of_t = y + 12 * np.sin(2 * np.pi * t * waves[1] + phases[1])
            z_of_t = z + 15 * np.sin(2 * np.pi * t * waves[2] + phases[2])
            first = len(t) * len(paths)
            paths.append(np.column_stack([x, y_of_t, z_of_t]))
            parents.append(np.concatenate([[-1], first + np.arange(len(t) - 1)]))
            radii.append(10 + 2 * np.sin(2 * np.pi * t * 4 + phases[3]))
    return tree_of(np.concatenate(paths), np.concatenate(parents), np.concatenate(radii))


def esophagus(p: Positions) -> Field:
    """Through the hiatus to the stomach; collapsed."""
    return tube(p, ESOPHAGUS, [8.0, 8.0, 8.0, 9.0])
