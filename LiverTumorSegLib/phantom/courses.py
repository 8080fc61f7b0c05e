"""What becomes of a lesion from visit to visit, in the anatomy at rest: ellipsoids that grow, leave, part and join."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.phantom.lesions import Lesion
from LiverTumorSegLib.phantom.settings import LesionSettings, Site

CENTER: Vector = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Blob:
    """An ellipsoid. offset_ras_mm: from its place's centre. radii_mm: along R, A, S."""

    radii_mm: Vector
    offset_ras_mm: Vector = CENTER

    @property
    def reach_mm(self) -> Vector:
        """Half the size of the box about the place's centre that holds it."""
        x, y, z = np.abs(self.offset_ras_mm) + self.radii_mm
        return float(x), float(y), float(z)


@dataclass(frozen=True)
class Course:
    """One lesion. blobs: per visit what it consists of, () where it is not there."""

    blobs: tuple[tuple[Blob, ...], ...]


@dataclass(frozen=True)
class Place:
    """A part of the liver that one lesion needs over all visits, or several that grow together."""

    courses: tuple[Course, ...]
    contrast_hu: float = -45.0
    site: Site = Site.DEEP

    @property
    def room(self) -> LesionSettings:
        """An ellipsoid that holds every blob of every visit."""
        every = [blob for course in self.courses for blobs in course.blobs for blob in blobs]
        box = np.max([blob.reach_mm for blob in every], axis=0)
        scale = max(_largest_scaled(blob, box) for blob in every)
        x, y, z = box * scale
        return LesionSettings((float(x), float(y), float(z)), self.contrast_hu, self.site)


@dataclass(frozen=True)
class Piece:
    """An ellipsoid of a track (they count from 1) at a visit; ``lesion.id`` says which lesion of the visit it is in."""

    track: int
    lesion: Lesion


def growing(radii_mm: Vector, factors: Sequence[float]) -> Course:
    """factors: per visit, of the diameter; 0: not there."""
    return Course(tuple((_ball(radii_mm, factor),) if factor > 0 else () for factor in factors))


def splitting(radii_mm: Vector, visits: int, at: int, gap_mm: float = 4.0) -> Course:
    """Whole before visit ``at``; from then on what is left of its right and its left end.

    gap_mm: liver between the two, at rest.
    """
    x, y, z = radii_mm
    half = (x - gap_mm / 2) / 2
    left, right = (Blob((half, 0.8 * y, 0.8 * z), (side * (x - half), 0.0, 0.0)) for side in (-1, 1))
    return Course(tuple((Blob(radii_mm),) if visit < at else (left, right) for visit in range(visits)))


def merging(first_mm: Vector, second_mm: Vector, visits: int, at: int, gap_mm: float = 5.0) -> tuple[Course, Course]:
    """Two beside each other (along A) that grow by a half; from visit ``at`` on they overlap.

    gap_mm: liver between the two before, at rest.
    """
    apart = first_mm[1] + second_mm[1] + gap_mm
    factor = max(1.5, (apart + 2) / (apart - gap_mm))
    courses = []
    for side, radii in ((-1, first_mm), (1, second_mm)):
        offset = (0.0, side * apart / 2, 0.0)
        sizes = [1.0 if visit < at else factor for visit in range(visits)]
        courses.append(Course(tuple((_ball(radii, size, offset),) for size in sizes)))
    return courses[0], courses[1]


def at_visit(places: Sequence[Place], centers_ras: Sequence[Vector], visit: int) -> list[list[Piece]]:
    """Lesions as a reader tells them apart: groups of pieces that overlap, numbered from 1 (``lesion.id``)."""
    groups: list[list[Piece]] = []
    track = 0
    for place, center in zip(places, centers_ras, strict=True):
        blobs = [(track + n, blob) for n, course in enumerate(place.courses, 1) for blob in course.blobs[visit]]
        track += len(place.courses)
        for group in _grown_together(blobs):
            number = len(groups) + 1
            groups.append([Piece(which, _painted(number, place, center, blob)) for which, blob in group])
    return groups


def _grown_together(blobs: list[tuple[int, Blob]]) -> list[list[tuple[int, Blob]]]:
    groups: list[list[tuple[int, Blob]]] = []
    for item in blobs:
        touching = [group for group in groups if any(overlap(item[1], other) for _, other in group)]
        groups = [group for group in groups if group not in touching]
        groups.append([other for group in touching for other in group] + [item])
    return groups


def overlap(first: Blob, second: Blob) -> bool:
    """Whether both hold a common point of the line between their centres."""
    between = np.subtract(second.offset_ras_mm, first.offset_ras_mm)
    apart = float(np.linalg.norm(between))
    if apart == 0:
        return True
    reach = sum(1 / float(np.linalg.norm(between / apart / blob.radii_mm)) for blob in (first, second))
    return reach > apart


def _painted(number: int, place: Place, center_ras: Vector, blob: Blob) -> Lesion:
    x, y, z = np.add(center_ras, blob.offset_ras_mm)
    return Lesion(number, (float(x), float(y), float(z)), LesionSettings(blob.radii_mm, place.contrast_hu, place.site))


def _ball(radii_mm: Vector, factor: float, offset_ras_mm: Vector = CENTER) -> Blob:
    x, y, z = (float(r * factor) for r in radii_mm)
    return Blob((x, y, z), offset_ras_mm)


def _largest_scaled(blob: Blob, box_mm: np.ndarray) -> float:
    """By how much the ellipsoid with the box's half sizes as axes must grow to hold a blob."""
    turn, tilt = np.meshgrid(np.linspace(0, 2 * np.pi, 73), np.linspace(0, np.pi, 37))
    sides = np.stack([np.sin(tilt) * np.cos(turn), np.sin(tilt) * np.sin(turn), np.cos(tilt)], axis=-1)
    surface = np.asarray(blob.offset_ras_mm) + sides * blob.radii_mm
    return float(np.linalg.norm(surface / box_mm, axis=-1).max())
