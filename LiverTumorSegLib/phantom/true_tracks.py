"""The truth of a patient over time: which lesion of one visit is which of another, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.phantom.courses import Piece
from LiverTumorSegLib.phantom.lesions import Lesion
from LiverTumorSegLib.phantom.motion import Motion
from LiverTumorSegLib.timeline import State


@dataclass(frozen=True)
class TrueSighting:
    """A lesion at one visit.

    lesion_ids: of the visit's map; two after a split, the same as another track's after a merger, () where nothing of
    it is there or was scanned. The others are of its own ellipsoids whether or not they were scanned, and analytic to
    first order in the breath (which hardly changes within a lesion): volume_ml; long_axes_mm and short_axes_mm of the
    ellipses in which slices through the centres cut them; centers_ras_mm in the visit's space.
    """

    state: State
    lesion_ids: tuple[int, ...] = ()
    volume_ml: float = 0.0
    long_axes_mm: tuple[float, ...] = ()
    short_axes_mm: tuple[float, ...] = ()
    centers_ras_mm: tuple[Vector, ...] = ()


@dataclass(frozen=True)
class TrueTrack:
    """A lesion over all visits; ids count from 1."""

    id: int
    sightings: tuple[TrueSighting, ...]


@dataclass(frozen=True, eq=False)
class Seen:
    """A visit as the truth needs it. normal_ras: (3,), of its slices. voxels: of lesion 1, 2, ...; 0: out of view."""

    groups: list[list[Piece]]
    motion: Motion
    normal_ras: NDArray[np.float64]
    voxels: NDArray[np.int64]


def true_tracks(count: int, visits: Sequence[Seen]) -> tuple[TrueTrack, ...]:
    """Of ``count`` lesions."""
    return tuple(_track(number, visits) for number in range(1, count + 1))


def links(tracks: Sequence[TrueTrack], visit: int) -> set[tuple[int, int]]:
    """Pairs of lesion ids at a visit and the next one that are of one track."""
    return {
        (earlier, later)
        for track in tracks
        for earlier in track.sightings[visit].lesion_ids
        for later in track.sightings[visit + 1].lesion_ids
    }


def _track(number: int, visits: Sequence[Seen]) -> TrueTrack:
    sightings: list[TrueSighting] = []
    for visit in visits:
        shares = [{piece.track for piece in group} for group in visit.groups]
        pieces = [piece.lesion for group in visit.groups for piece in group if piece.track == number]
        ids = sorted({lesion.id for lesion in pieces if visit.voxels[lesion.id - 1]})
        is_merged = any(number in share and len(share) > 1 for share in shares)
        was_seen = any(before.lesion_ids for before in sightings)
        state = _state(bool(pieces), len(ids), is_merged, was_seen, is_first=not sightings)
        sightings.append(_sighting(state, ids, pieces, visit))
    return TrueTrack(number, tuple(sightings))


def _state(exists: bool, parts: int, is_merged: bool, was_seen: bool, *, is_first: bool) -> State:
    if not parts:
        absent = State.GONE if was_seen else State.ABSENT
        return State.NOT_EVALUABLE if exists else absent
    if not was_seen:
        return State.BASELINE if is_first else State.NEW
    if is_merged:
        return State.MERGED
    return State.SPLIT if parts > 1 else State.PERSISTENT


def _sighting(state: State, ids: list[int], pieces: list[Lesion], visit: Seen) -> TrueSighting:
    if not pieces:
        return TrueSighting(state)
    centers = visit.motion.visit_from_anatomy(np.array([lesion.center_ras for lesion in pieces]))
    jacobians = visit.motion.jacobian(centers)
    shrunk = np.abs(np.linalg.det(jacobians))
    axes = [axes_in_plane_mm(one, jac, visit.normal_ras) for one, jac in zip(pieces, jacobians, strict=True)]
    return TrueSighting(
        state,
        tuple(ids),
        float(sum(lesion.volume_ml / change for lesion, change in zip(pieces, shrunk, strict=True))),
        tuple(long for long, _ in axes),
        tuple(short for _, short in axes),
        tuple((float(x), float(y), float(z)) for x, y, z in centers),
    )


def axes_in_plane_mm(
    lesion: Lesion, jacobian: NDArray[np.float64], normal_ras: NDArray[np.float64]
) -> tuple[float, float]:
    """Long and short diameter of the ellipse in which a plane through the centre cuts a lesion that was moved.

    jacobian: (3, 3), of the map back to the anatomy at the centre.
    """
    plane = np.linalg.svd(normal_ras[None])[2][1:].T
    back = jacobian @ plane
    form = back.T @ np.diag(1 / np.square(lesion.settings.radii_mm)) @ back
    long, short = 2 / np.sqrt(np.linalg.eigvalsh(form))
    return float(long), float(short)
