"""Patients over time, drawn at random: a mix of those that a follow-up meets, the same for the same seed."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from itertools import cycle, islice

import numpy as np

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.phantom.breathing import Breathing
from LiverTumorSegLib.phantom.courses import Course, Place, growing, merging, splitting
from LiverTumorSegLib.phantom.hand import Hand
from LiverTumorSegLib.phantom.longitudinal import PatientSettings, VisitSettings
from LiverTumorSegLib.phantom.motion import Motion

LARGEST_SHIFT_MM, LARGEST_TURN_DEG = 30.0, 10.0
LARGEST_BREATH_MM = 12.0
THICKNESSES_MM = (1.0, 1.6, 2.0, 2.5, 3.0, 4.0, 5.0)
CUT_SHARE = 0.1
"""Of the visits after the first that miss the top of the liver."""
SMALLEST_MM = 3.0
"""Radius below which a lesion could fall between two slices of 5 mm."""


class Kind(StrEnum):
    """Of a patient. MIXED comes more often than the others."""

    MIXED = "mixed"
    UNCHANGED = "unchanged"
    HEALTHY = "healthy"
    MANY_SMALL = "many small"
    FEW = "few"


ORDER = (Kind.MIXED, Kind.MIXED, Kind.MANY_SMALL, Kind.FEW, Kind.MIXED, Kind.UNCHANGED, Kind.MIXED, Kind.FEW,
         Kind.MIXED, Kind.HEALTHY)  # fmt: skip
COURSES = ("stable", "growing", "shrinking", "new", "vanishing", "splitting", "merging")
CHANCES = (0.22, 0.22, 0.18, 0.12, 0.10, 0.08, 0.08)


def cohort(patients: int, seed: int, *, spacing_mm: float = 0.8, reader_mm: float = 0.0) -> tuple[PatientSettings, ...]:
    """2 to 4 visits and 0 to 8 lesions each, or 12 to 18 small ones; every tenth has none, every tenth no change.

    spacing_mm: within the slices. reader_mm: by how much outlines are off (standard deviation), anew at every visit;
    0: exact. The first patients of a larger cohort are those of a smaller one.
    """
    kinds = islice(cycle(ORDER), patients)
    drawn = [draw_patient(kind, [seed, n], spacing_mm) for n, kind in enumerate(kinds)]
    return tuple(_drawn_by_hand(patient, reader_mm) for patient in drawn) if reader_mm else tuple(drawn)


def _drawn_by_hand(patient: PatientSettings, reader_mm: float) -> PatientSettings:
    """The same patient; the hand of every visit is another one."""
    hands = [Hand(reader_mm, patient.seed + n) for n in range(len(patient.visits))]
    visits = tuple(replace(visit, hand=hand) for visit, hand in zip(patient.visits, hands, strict=True))
    return replace(patient, visits=visits)


def draw_patient(kind: Kind, seed: list[int], spacing_mm: float) -> PatientSettings:
    """One patient of a kind."""
    rng = np.random.Generator(np.random.PCG64(seed))
    visits = int(rng.integers(2, 5))
    places = _places(kind, visits, rng)
    settings = tuple(_visit(n, spacing_mm, rng) for n in range(visits))
    return PatientSettings(int(rng.integers(1, 1_000_000)), settings, places)


def _places(kind: Kind, visits: int, rng: np.random.Generator) -> tuple[Place, ...]:
    if kind is Kind.HEALTHY:
        return ()
    if kind is Kind.UNCHANGED:
        return tuple(Place((growing(_radii(rng, 14.0), [1.0] * visits),)) for _ in range(rng.integers(1, 7)))
    if kind is Kind.MANY_SMALL:
        return tuple(_place(visits, 6.0, rng) for _ in range(rng.integers(12, 19)))
    count = rng.integers(1, 4) if kind is Kind.FEW else rng.integers(4, 9)
    return tuple(_place(visits, 16.0, rng) for _ in range(count))


def _place(visits: int, largest_mm: float, rng: np.random.Generator) -> Place:
    course = str(rng.choice(COURSES, p=CHANCES))
    contrast = float(rng.uniform(-60, -35))
    at = int(rng.integers(1, visits))
    if course == "splitting":
        return Place((splitting(_radii(rng, largest_mm, 9.0), visits, at),), contrast)
    if course == "merging":
        first, second = (_radii(rng, min(largest_mm, 9.0)) for _ in range(2))
        return Place(merging(first, second, visits, at), contrast)
    return Place((_alone(course, visits, at, _radii(rng, largest_mm), rng),), contrast)


def _alone(course: str, visits: int, at: int, radii_mm: Vector, rng: np.random.Generator) -> Course:
    """One that neither parts nor joins. Factors are of the diameter, and never make a lesion too small to be seen."""
    if course == "new":
        return growing(radii_mm, [0.0 if n < at else 1.0 for n in range(visits)])
    if course == "vanishing":
        return growing(radii_mm, [1.0 if n < at else 0.0 for n in range(visits)])
    factors = [1.0]
    for _ in range(visits - 1):
        step = {"growing": rng.uniform(1.1, 1.5), "shrinking": rng.uniform(0.6, 0.9)}.get(course, 1.0)
        factors.append(factors[-1] * float(step))
    smallest = SMALLEST_MM / min(radii_mm)
    largest = max(1.0, 20.0 / max(radii_mm))
    return growing(radii_mm, [min(max(factor, smallest), largest) for factor in factors])


def _radii(rng: np.random.Generator, largest_mm: float, smallest_mm: float = SMALLEST_MM) -> Vector:
    """Small lesions are more common than large ones; the axes differ by up to a quarter."""
    size = float(np.exp(rng.uniform(np.log(smallest_mm * 1.15), np.log(max(largest_mm, smallest_mm * 1.2)))))
    x, y, z = np.clip(size * rng.uniform(0.87, 1.13, 3), SMALLEST_MM, None)
    return float(x), float(y), float(z)


def _visit(number: int, spacing_mm: float, rng: np.random.Generator) -> VisitSettings:
    """The first visit moves too: nothing is special about it but that nothing is cut off."""
    shift = _direction(rng) * rng.uniform(0, LARGEST_SHIFT_MM)
    turn = _direction(rng) * rng.uniform(0, LARGEST_TURN_DEG)
    down, front = rng.uniform(-LARGEST_BREATH_MM, LARGEST_BREATH_MM), rng.uniform(-4, 4)
    is_cut = number > 0 and rng.random() < CUT_SHARE
    pixel = spacing_mm * rng.uniform(0.9, 1.1)
    return VisitSettings(
        Motion(_vector(shift), _vector(turn), Breathing((0.0, float(front), float(down)))),
        (float(pixel), float(pixel), float(rng.choice(THICKNESSES_MM))),
        tilt_deg=float(rng.choice([0.0, 0.0, 0.0, rng.uniform(-15, 15)])),
        noise_hu=float(rng.uniform(8, 16)),
        top_mm=float(rng.uniform(25, 50)) if is_cut else 400.0,
    )


def _direction(rng: np.random.Generator) -> np.ndarray:
    direction = rng.standard_normal(3)
    return direction / np.linalg.norm(direction)


def _vector(values: np.ndarray) -> Vector:
    x, y, z = values
    return float(x), float(y), float(z)
