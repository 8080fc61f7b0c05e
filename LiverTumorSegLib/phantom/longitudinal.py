"""A patient over time: one anatomy, seen at visits in other places, breaths and slices, with lesions that change.

Every shape is evaluated at the positions that a visit's voxels had at rest: no mask is resampled, so labels are exact
on each visit's own grid. What became of every lesion is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from LiverTumorSegLib.arrays import Affine, Box, Vector
from LiverTumorSegLib.geometry.affine import slice_axis, slice_normal
from LiverTumorSegLib.phantom.anatomy import Anatomy, make_anatomy
from LiverTumorSegLib.phantom.courses import Piece, Place, at_visit
from LiverTumorSegLib.phantom.hand import Hand
from LiverTumorSegLib.phantom.lesions import Lesion
from LiverTumorSegLib.phantom.liver import LIVER_HIGH_RAS, LIVER_LOW_RAS
from LiverTumorSegLib.phantom.motion import Motion
from LiverTumorSegLib.phantom.phantom import acquisition_grid
from LiverTumorSegLib.phantom.render import acquire, paint
from LiverTumorSegLib.phantom.settings import LesionSettings, PhantomSettings
from LiverTumorSegLib.phantom.shapes import index_box
from LiverTumorSegLib.phantom.true_tracks import Seen, TrueTrack, true_tracks
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent, ignore_progress
from LiverTumorSegLib.volume import Volume

AROUND_LIVER_MM = 15.0


@dataclass(frozen=True)
class VisitSettings:
    """One examination.

    motion: where the patient lies. hand: who drew the masks; by default they are exact. spacing_mm, tilt_deg,
    orientation, noise_hu: as of PhantomSettings. top_mm: what lies higher (along S, in the body's frame) was not
    scanned; the liver's dome is at about 75.
    """

    motion: Motion = field(default_factory=Motion)
    spacing_mm: Vector = (0.8, 0.8, 2.0)
    tilt_deg: float = 0.0
    orientation: str = "LPS"
    noise_hu: float = 12.0
    top_mm: float = 400.0
    hand: Hand = field(default_factory=Hand)


@dataclass(frozen=True)
class PatientSettings:
    """seed: of the anatomy. places: of the lesions; their courses have one entry for each visit."""

    seed: int
    visits: tuple[VisitSettings, ...]
    places: tuple[Place, ...] = ()

    def __post_init__(self) -> None:
        for place in self.places:
            for course in place.courses:
                if len(course.blobs) != len(self.visits):
                    message = f"a course of {len(course.blobs)} visits in a patient with {len(self.visits)}"
                    raise ValueError(message)


@dataclass(frozen=True)
class Scan:
    """A visit, the patient's seed, the visit's number, and whether a CT is wanted."""

    settings: VisitSettings
    seed: int
    number: int
    with_ct: bool


@dataclass(frozen=True, eq=False)
class PhantomVisit:
    """segmentation: uint8, values of MAIN_LABELS. lesions: uint16, 0 or a lesion's id at this visit (1: the largest).

    ct: int16 HU on the same grid; None where only masks were asked for.
    """

    motion: Motion
    segmentation: Volume
    lesions: Volume
    ct: Volume | None = None


@dataclass(frozen=True, eq=False)
class PhantomPatient:
    """tracks: what became of every lesion, over all visits."""

    settings: PatientSettings
    visits: tuple[PhantomVisit, ...]
    tracks: tuple[TrueTrack, ...]


def make_patient(
    settings: PatientSettings, *, with_ct: bool = False, progress: ProgressCallback = ignore_progress
) -> PhantomPatient:
    """The same settings give the same patient. Without CTs only the part around the liver is made, much faster.

    Raises InputError when the lesions do not fit into the liver.
    """
    rooms = tuple(place.room for place in settings.places)
    anatomy = make_anatomy(PhantomSettings(seed=settings.seed, lesions=rooms))
    centers = _centers(anatomy.lesions, rooms)
    if not with_ct:
        anatomy = replace(anatomy, tissues=())
    visits: list[PhantomVisit] = []
    seen: list[Seen] = []
    for number, visit in enumerate(settings.visits):
        progress(ProgressEvent("phantom", number / len(settings.visits), f"visit {number + 1}"))
        groups = at_visit(settings.places, centers, number)
        scan = Scan(visit, settings.seed, number, with_ct)
        made, groups = _examine(anatomy, groups, scan)
        visits.append(made)
        normal = slice_normal(made.lesions.affine, slice_axis(made.lesions.affine))
        voxels = np.bincount(made.lesions.array.ravel(), minlength=len(groups) + 1)[1:]
        seen.append(Seen(groups, visit.motion, normal, voxels))
    progress(ProgressEvent("phantom", 1.0, "done"))
    count = sum(len(place.courses) for place in settings.places)
    return PhantomPatient(settings, tuple(visits), true_tracks(count, seen))


def _centers(placed: Sequence[Lesion], rooms: Sequence[LesionSettings]) -> list[Vector]:
    """Of the places in their own order; lesions are placed largest first."""
    order = sorted(range(len(rooms)), key=lambda n: -float(np.prod(rooms[n].radii_mm)))
    by_place = {place: lesion.center_ras for place, lesion in zip(order, placed, strict=True)}
    return [by_place[place] for place in range(len(rooms))]


def _examine(anatomy: Anatomy, groups: list[list[Piece]], scan: Scan) -> tuple[PhantomVisit, list[list[Piece]]]:
    """The visit, and its lesions with the ids of its map."""
    settings, motion = scan.settings, scan.settings.motion
    affine, shape = visit_grid(settings, is_whole=scan.with_ct)
    changed = replace(anatomy, lesions=tuple(piece.lesion for group in groups for piece in group))
    canvas = paint(changed, motion.body_from_visit @ affine, shape, ignore_progress, motion.breathing, settings.hand)
    number = _numbers_by_size(canvas.lesion_ids, len(groups))
    renumbered = [
        [replace(p, lesion=replace(p.lesion, id=int(number[p.lesion.id]))) for p in group] for group in groups
    ]
    ct = Volume(acquire(canvas, scan.seed, settings.noise_hu, scan.number), affine) if scan.with_ct else None
    visit = PhantomVisit(motion, Volume(canvas.labels, affine), Volume(number[canvas.lesion_ids], affine), ct)
    return visit, renumbered


def visit_grid(settings: VisitSettings, *, is_whole: bool) -> tuple[Affine, tuple[int, int, int]]:
    """Affine and shape: slices through the patient wherever it lies, or through the liver with a margin only."""
    motion = settings.motion
    asked = PhantomSettings(
        spacing_mm=settings.spacing_mm, tilt_deg=settings.tilt_deg, orientation=settings.orientation
    )
    affine, shape = acquisition_grid(asked)
    affine[:3, 3] += motion.shift_ras_mm
    to_body = motion.body_from_visit @ affine
    low, high = motion.breathing.box_after(LIVER_LOW_RAS - AROUND_LIVER_MM, LIVER_HIGH_RAS + AROUND_LIVER_MM)
    box = (
        (slice(0, shape[0]), slice(0, shape[1]), slice(0, shape[2]))
        if is_whole
        else index_box(to_body, shape, low, high)
    )
    box = _below(settings.top_mm, to_body, box)
    affine[:3, 3] += affine[:3, :3] @ [float(part.start) for part in box]
    i, j, k = (part.stop - part.start for part in box)
    return affine, (i, j, k)


def _below(top_mm: float, to_body: Affine, box: Box) -> Box:
    """Without the slices whose centre lies higher; at least one is left."""
    axis = slice_axis(to_body)
    middle = np.array([(part.start + part.stop - 1) / 2 for part in box])
    index = np.arange(box[axis].start, box[axis].stop)
    height = to_body[2, :3] @ middle + to_body[2, 3] + to_body[2, axis] * (index - middle[axis])
    kept = index[height <= top_mm]
    if not len(kept):
        kept = index[[int(np.argmin(height))]]
    slices = slice(int(kept[0]), int(kept[-1]) + 1)
    i, j, k = (slices if n == axis else part for n, part in enumerate(box))
    return i, j, k


def _numbers_by_size(ids: NDArray[np.uint16], count: int) -> NDArray[np.uint16]:
    """New number of every id (0 stays 0): 1 for the one with the most voxels; ties keep their order."""
    voxels = np.bincount(ids.ravel(), minlength=count + 1)[1:]
    number = np.zeros(count + 1, np.uint16)
    number[np.argsort(-voxels, kind="stable") + 1] = np.arange(1, count + 1)
    return number
