"""A follow-up held against the truth of a patient over time: links between visits, states, diameters."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np

from LiverTumorSegLib.followup.examination import Examination
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.phantom.true_tracks import TrueTrack
from LiverTumorSegLib.study import Source
from LiverTumorSegLib.timeline import FollowUp, State, TrackedLesion
from LiverTumorSegLib.volume import Volume

FIRST_DAY = date(2024, 1, 10)
BETWEEN_VISITS = timedelta(days=61)
LEAST_OVERLAP = 0.1
Link = tuple[int, int, int]
"""Number of the earlier visit, lesion id there, lesion id at the next one."""


def examination(number: int, segmentation: Volume, lesions: Volume | None = None, **more) -> Examination:
    """Of a patient without a name, two months after the previous one. lesions: ids as somebody drew them."""
    measurements, ids = measure_case(segmentation, lesions)
    sha256 = hashlib.sha256(segmentation.array.tobytes() + segmentation.affine.tobytes()).hexdigest()
    day = (FIRST_DAY + number * BETWEEN_VISITS).strftime("%Y%m%d")
    source = Source(f"visit{number + 1}", "nifti", sha256, study_date=day)
    return Examination(segmentation, ids, measurements, source, f"visit{number + 1}", **more)


def in_numbers_of(tracks: Sequence[TrueTrack], drawn: Sequence[Volume], measured: Sequence[Volume]) -> list[TrueTrack]:
    """The truth with the ids of the measured maps instead of those that were drawn, per visit on one grid each.

    A measured lesion is the drawn one that it shares most voxels with, if that is a tenth of either. A drawn lesion
    that nothing was measured of is not seen: its ids are (), its state stays.
    """
    tables = [_found_ids(a.array, b.array) for a, b in zip(drawn, measured, strict=True)]
    return [
        replace(
            track,
            sightings=tuple(
                replace(seen, lesion_ids=tuple(found for one in seen.lesion_ids for found in table.get(one, ())))
                for seen, table in zip(track.sightings, tables, strict=True)
            ),
        )
        for track in tracks
    ]


def _found_ids(drawn: np.ndarray, measured: np.ndarray) -> dict[int, tuple[int, ...]]:
    ids = np.unique(measured)
    drawn_voxels = np.bincount(drawn.ravel())
    table: dict[int, tuple[int, ...]] = {}
    for found in ids[ids > 0]:
        inside = np.bincount(drawn[measured == found])
        inside[0], total = 0, inside.sum()
        best = int(inside.argmax())
        if best and inside[best] >= LEAST_OVERLAP * min(total, drawn_voxels[best]):
            table[best] = (*table.get(best, ()), int(found))
    return table


def true_links(tracks: Sequence[TrueTrack]) -> set[Link]:
    return {
        (visit, earlier, later)
        for track in tracks
        for visit in range(len(track.sightings) - 1)
        for earlier in track.sightings[visit].lesion_ids
        for later in track.sightings[visit + 1].lesion_ids
    }


def found_links(timeline: FollowUp) -> set[Link]:
    """A lesion that is counted in another one from a visit on is linked to what it is counted in."""
    by_id = {lesion.id: lesion for lesion in timeline.lesions}
    return {
        (visit, earlier, later)
        for lesion in timeline.lesions
        for visit in range(len(timeline.visits) - 1)
        for earlier in _own_ids(lesion, visit)
        for later in _own_ids(lesion, visit + 1)
        or _own_ids(by_id.get(lesion.sightings[visit + 1].merged_into), visit + 1)
    }


def _own_ids(lesion: TrackedLesion | None, visit: int) -> tuple[int, ...]:
    return () if lesion is None else tuple(part.id for part in lesion.sightings[visit].parts)


def lesion_of(timeline: FollowUp, visit: int, ids: Sequence[int]) -> TrackedLesion | None:
    """The tracked lesion that these lesions of a visit belong to; of several the one with the largest part."""
    return next((lesion for one in sorted(ids) for lesion in timeline.lesions if one in _own_ids(lesion, visit)), None)


def states(tracks: Sequence[TrueTrack], timeline: FollowUp) -> list[tuple[int, int, State, State | None]]:
    """Track, visit, true state, found state: of every later visit of a lesion that has been there.

    Found is what the lesion that it was when last seen has become; of a new one, what it is called. None: not tracked.
    The truth calls all lesions merged that have grown together; a follow-up lets one of them go on and counts the
    others in it, so that one counts as merged, too.
    """
    rows = []
    for track in tracks:
        last: tuple[int, tuple[int, ...]] | None = None
        for visit, seen in enumerate(track.sightings):
            at = last or (visit, seen.lesion_ids)
            lesion = lesion_of(timeline, *at)
            if visit and (last or seen.lesion_ids):
                rows.append((track.id, visit, seen.state, _state_of(lesion, visit, timeline)))
            if seen.lesion_ids:
                last = (visit, seen.lesion_ids)
    return rows


def _state_of(lesion: TrackedLesion | None, visit: int, timeline: FollowUp) -> State | None:
    if lesion is None:
        return None
    state = lesion.sightings[visit].state
    holds_others = any(other.sightings[visit].merged_into == lesion.id for other in timeline.lesions)
    return State.MERGED if holds_others and state is State.PERSISTENT else state


@dataclass
class Score:
    """Counts over patients. links: right, found, true. false_links: between lesions of which one is no true one."""

    right_links: int = 0
    found_links: int = 0
    true_links: int = 0
    false_links: int = 0
    states: Counter[tuple[State, State | None]] = field(default_factory=Counter)

    def add(self, tracks: Sequence[TrueTrack], timeline: FollowUp) -> None:
        """Of one patient. Links from or to a lesion that belongs to no track are only counted as false_links."""
        known = {(n, i) for track in tracks for n, seen in enumerate(track.sightings) for i in seen.lesion_ids}
        truth, found = true_links(tracks), found_links(timeline)
        real = {link for link in found if {(link[0], link[1]), (link[0] + 1, link[2])} <= known}
        self.right_links += len(truth & real)
        self.found_links += len(real)
        self.true_links += len(truth)
        self.false_links += len(found - real)
        self.states.update((true, state) for _, _, true, state in states(tracks, timeline))


def measured_alone(examinations: Sequence[Examination], timeline: FollowUp) -> bool:
    """Whether every diameter, its end points and volume are to the bit those of its visit measured by itself."""
    for number, one in enumerate(examinations):
        alone = {lesion.id: lesion for lesion in measure_case(one.segmentation, one.lesions)[0].lesions}
        parts = [part for lesion in timeline.lesions for part in lesion.sightings[number].parts]
        if {part.id for part in parts} != set(alone):
            return False
        for part in parts:
            lesion = alone[part.id]
            names = ("volume_ml", "long_axis_mm", "short_axis_mm", "long_axis_ras_mm", "slice_index")
            if any(getattr(part, name) != getattr(lesion, name) for name in names):
                return False
    return True
