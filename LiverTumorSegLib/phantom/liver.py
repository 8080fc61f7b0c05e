"""The liver's shape, as a function of a few numbers that differ between patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.phantom.organs import vena_cava
from LiverTumorSegLib.phantom.shapes import (
    Field,
    Positions,
    ellipsoid,
    elliptic_cylinder,
    smooth_intersection,
    smooth_union,
    tube,
)
from LiverTumorSegLib.phantom.trunk import abdomen, dome

LIVER_LOW_RAS = np.array([-100.0, -92.0, -125.0])
LIVER_HIGH_RAS = np.array([138.0, 95.0, 92.0])
"""A box that holds the liver of every patient."""


@dataclass(frozen=True)
class Patient:
    """What differs between patients: height of the diaphragm, length of both lobes, phases of the surface's waves."""

    raised_mm: float
    right_tip_mm: float
    left_tip_mm: float
    phases: tuple[float, float, float]


def draw_patient(rng: np.random.Generator) -> Patient:
    """A random adult."""
    raised, right, left = rng.uniform(-4, 4), rng.uniform(-8, 8), rng.uniform(-10, 10)
    a, b, c = rng.uniform(0, 2 * np.pi, 3)
    return Patient(raised, right, left, (a, b, c))


def liver(p: Positions, patient: Patient) -> Field:
    """Both lobes under the diaphragm, with the hollows of the visceral surface; vessels and lesions are part of it."""
    q = _waves(p, patient)
    lobes = smooth_union([_right_lobe(q), _left_lobe(q, patient.left_tip_mm)], 20.0)
    body = smooth_intersection([lobes, _above_visceral_surface(q, patient.right_tip_mm), _in_front_of_spine(q)], 12.0)
    body = smooth_union([body, ellipsoid(q, (6.0, -2.0, 24.0), (19.0, 17.0, 26.0))], 8.0)
    body = smooth_intersection([body, -_fissures(q)], 5.0)
    body = smooth_intersection(
        [body, abdomen(p, patient.raised_mm) + np.float32(1.8), np.float32(0.8) - gallbladder(p)], 6.0
    )
    return smooth_intersection([body, 0.5 - vena_cava(p)], 2.0)


def gallbladder(p: Positions) -> Field:
    """From its neck at the hilum down to the fundus in front."""
    return tube(p, [(36.0, 18.0, -22.0), (46.0, 42.0, -40.0), (51.0, 58.0, -54.0)], [4.0, 13.0, 14.0])


def _waves(p: Positions, patient: Patient) -> Positions:
    a, b, c = (np.float32(v) for v in patient.phases)
    return Positions(
        p.x + 2 * np.sin(p.y / 19 + a) + 2 * np.sin(p.z / 23 + b),
        p.y + 2 * np.sin(p.z / 21 + c) + 2 * np.sin(p.x / 27 + a),
        p.z + 2 * np.sin(p.x / 18 + b) + 2 * np.sin(p.y / 24 + c),
    )


def _right_lobe(p: Positions) -> Field:
    return ellipsoid(p, (70.0, 2.0, -8.0), (82.0, 104.0, 116.0))


def _left_lobe(p: Positions, longer_mm: float) -> Field:
    return ellipsoid(p, (-12.0, 50.0, 24.0), (66.0 + longer_mm, 38.0, 42.0))


def _above_visceral_surface(p: Positions, longer_mm: float) -> Field:
    """The lower surface climbs from the right lobe's tip to the hilum, runs level to the left, and is higher behind."""
    tip = np.float32(-96 - longer_mm)
    slope = tip + np.float32(0.9) * (106 - p.x)
    level = np.float32(-12) - np.float32(0.12) * p.x
    height = smooth_union([slope, level], 30.0) + np.float32(0.006) * np.minimum(p.y - 25, 0) ** 2
    return (height - p.z) * np.float32(0.75)


def _in_front_of_spine(p: Positions) -> Field:
    return -elliptic_cylinder(p, (-10.0, -48.0), (42.0, 42.0))


def _fissures(p: Positions) -> Field:
    """Porta hepatis, open below, and the fissure of the round ligament."""
    porta = dome(p, (17.0, 13.0, -14.0), (25.0, 8.5, 11.0))
    ligament = ellipsoid(p, (-4.0, 66.0, -12.0), (4.0, 26.0, 22.0))
    return np.minimum(porta, ligament)
