"""An abdomen of simple bodies in five contrast phases, on grids of any spacing, tilt and storage order.

Positions are RAS in mm: aorta and vena cava are at the same place, whatever the height.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
from phantoms import Shape, box, ellipsoid, rotation, sphere, union

from LiverTumorSegLib.labels import HEPATIC_VEIN, LIVER, PORTAL_VEIN
from LiverTumorSegLib.phases.phase import ContrastPhase
from LiverTumorSegLib.volume import Volume

AORTA_RAS_MM, AORTA_RADIUS_MM = (-8.0, -12.0), 10.0
CAVA_RAS_MM, CAVA_RADIUS_MM = (22.0, -12.0), 10.0
SHAPE, SPACING_MM = (92, 108, 54), (3.1, 2.5, 4.4)
NOISE_HU = 10.0
UNEVEN_BONE_HU = 70.0
"""Of spongy bone, which no vessel is."""

HU: dict[ContrastPhase, dict[str, float]] = {
    ContrastPhase.NATIVE: {
        "aorta": 40, "cava": 40, "portal": 41, "hepatic": 40, "liver": 58, "cortex": 32, "medulla": 31, "pelvis": 5,
    },
    ContrastPhase.EARLY_ARTERIAL: {
        "aorta": 330, "cava": 60, "portal": 50, "hepatic": 44, "liver": 60, "cortex": 170, "medulla": 60, "pelvis": 5,
    },
    ContrastPhase.LATE_ARTERIAL: {
        "aorta": 280, "cava": 90, "portal": 125, "hepatic": 62, "liver": 74, "cortex": 190, "medulla": 85, "pelvis": 5,
    },
    ContrastPhase.PORTAL_VENOUS: {
        "aorta": 150, "cava": 140, "portal": 168, "hepatic": 160, "liver": 112, "cortex": 190, "medulla": 160,
        "pelvis": 5,
    },
    ContrastPhase.DELAYED: {
        "aorta": 112, "cava": 112, "portal": 114, "hepatic": 113, "liver": 92, "cortex": 148, "medulla": 140,
        "pelvis": 700,
    },
}  # fmt: skip


SAME_IN_ALL = {"fat": -100, "muscle": 55, "spongy bone": 260, "bone": 350}
LABELS = {"liver": LIVER.value, "portal": PORTAL_VEIN.value, "hepatic": HEPATIC_VEIN.value}


def grid_affine(kind: str) -> np.ndarray:
    """upright: axes R, A, S. oblique: turned about two axes, anisotropic, i to the left and k to the feet."""
    linear = np.diag(SPACING_MM)
    if kind == "oblique":
        linear = rotation(9.0, 0) @ rotation(-6.0, 2) @ linear @ np.diag([-1.0, 1.0, -1.0])
    affine = np.eye(4)
    affine[:3, :3] = linear
    affine[:3, 3] = -linear @ ((np.array(SHAPE) - 1) / 2)
    return affine


@cache
def abdomen(phase: ContrastPhase, kind: str = "upright", *, with_aorta: bool = True) -> tuple[Volume, Volume]:
    """CT (int16) and segmentation with liver, portal and hepatic veins. with_aorta: False leaves fat in its place."""
    affine, hu = grid_affine(kind), HU[phase] | SAME_IN_ALL
    ct, labels = np.full(SHAPE, -1000.0), np.zeros(SHAPE, np.uint8)
    for name, inside in _bodies(kind):
        if name != "aorta" or with_aorta:
            ct[inside] = hu[name]
            labels[inside] = LABELS.get(name, 0)
    rng = np.random.default_rng(3)
    ct += rng.normal(0, NOISE_HU, SHAPE)
    spongy = dict(_bodies(kind))["spongy bone"]
    ct[spongy] += rng.normal(0, UNEVEN_BONE_HU, int(spongy.sum()))
    return Volume(np.round(ct).astype(np.int16), affine), Volume(labels, affine)


@cache
def _bodies(kind: str) -> tuple[tuple[str, np.ndarray], ...]:
    """Painted one after the other."""
    points = np.indices(SHAPE).reshape(3, -1).T @ grid_affine(kind)[:3, :3].T + grid_affine(kind)[:3, 3]
    return tuple((name, shape(points).reshape(SHAPE)) for name, shape in _shapes())


def _shapes() -> Iterator[tuple[str, Shape]]:
    yield "fat", lambda p: (p[:, 0] / 135) ** 2 + (p[:, 1] / 105) ** 2 <= 1
    for side in (-1, 1):
        yield "muscle", _column(side * 34.0, -74.0, 20.0)
    yield "spongy bone", _column(0.0, -44.0, 18.0)
    yield "bone", box((14, 26, 400), center=(0, -72, 0))
    yield "cava", _column(*CAVA_RAS_MM, CAVA_RADIUS_MM)
    for side in (-1, 1):
        for name, radii_mm in (("cortex", (27, 25, 50)), ("medulla", (18, 16, 40)), ("pelvis", (6, 6, 12))):
            yield name, _at(ellipsoid(radii_mm), (side * 62.0, -34.0, -50.0))
    yield "aorta", _column(*AORTA_RAS_MM, AORTA_RADIUS_MM)
    yield "liver", _at(ellipsoid((60, 48, 62)), (56.0, 26.0, 30.0))
    yield "portal", union(*(sphere(7.0, (30.0 + x, 22.0 - x / 3, 10.0)) for x in range(-6, 50, 4)))
    yield "hepatic", union(*(sphere(6.0, (30.0 + x, 10.0 + x / 2, 62.0 - x)) for x in range(-6, 40, 4)))


def _column(right_mm: float, front_mm: float, radius_mm: float) -> Shape:
    return lambda points: np.hypot(points[:, 0] - right_mm, points[:, 1] - front_mm) <= radius_mm


def _at(shape: Shape, center: tuple[float, float, float]) -> Shape:
    return lambda points: shape(points - np.array(center))
