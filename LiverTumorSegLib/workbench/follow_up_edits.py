"""What a reader puts right in a follow-up, from a click to Corrections: each function gives back new ones.

A lesion is named by the middle of the long axis of its largest part at a visit, which lies inside it, whatever its
shape. A second word on the same lesion replaces the first.
"""

from __future__ import annotations

import math
from dataclasses import replace

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.corrections import (
    Anchor,
    Corrections,
    DiameterCorrection,
    GoneCorrection,
    MatchCorrection,
    RoleCorrection,
)
from LiverTumorSegLib.timeline import FollowUp, Part, Role, State, TrackedLesion

FAR_MM = 15.0
"""Further from all lesions of its visit, an anchor names none of them any more: the mask has changed."""


def with_role(corrections: Corrections, timeline: FollowUp, lesion_id: str, role: Role) -> Corrections:
    """The lesion is, or is not, a target, or is no lesion."""
    others = tuple(one for one in corrections.roles if lesion_at(timeline, one.lesion) != lesion_id)
    anchor = _anchor_at_first(timeline, lesion_of(timeline, lesion_id))
    return replace(corrections, roles=(*others, RoleCorrection(anchor, role)))


def with_gone(corrections: Corrections, timeline: FollowUp, lesion_id: str, visit: int) -> Corrections:
    """The lesion has disappeared at that visit: 0 mm. Raises InputError where it was found."""
    lesion = lesion_of(timeline, lesion_id)
    if lesion.sightings[visit].state is not State.GONE:
        raise InputError(
            found=f"{lesion_id}, which is {lesion.sightings[visit].state} at visit {visit + 1}",
            expected="a lesion that was looked for and not found",
            remedy="Choose a visit at which it was not found",
        )
    kept = without_gone(corrections, timeline, lesion_id, visit)
    # Named by where it was last seen before that.
    anchor = _anchor_before(timeline, lesion, visit)
    return replace(kept, gone=(*kept.gone, GoneCorrection(anchor, timeline.visits[visit].key)))


def without_gone(corrections: Corrections, timeline: FollowUp, lesion_id: str, visit: int) -> Corrections:
    """It is not certain any more that it has disappeared."""
    key = timeline.visits[visit].key
    return replace(
        corrections,
        gone=tuple(one for one in corrections.gone if one.visit != key or lesion_at(timeline, one.lesion) != lesion_id),
    )


def with_diameter(
    corrections: Corrections,
    timeline: FollowUp,
    lesion_id: str,
    visit: int,
    *,
    long_axis_mm: float | None = None,
    short_axis_mm: float | None = None,
    unreadable: bool = False,
) -> Corrections:
    """What the reader measured at a visit; without any of the three the measured diameters count again.

    Also where the mask does not show the lesion; it is then named by where it was seen before. Raises InputError where
    it was not seen by then.
    """
    lesion, key = lesion_of(timeline, lesion_id), timeline.visits[visit].key
    is_shown = bool(lesion.sightings[visit].parts)
    anchor = anchor_of(timeline, lesion_id, visit) if is_shown else _anchor_before(timeline, lesion, visit)
    others = tuple(
        one for one in corrections.diameters if one.visit != key or lesion_at(timeline, one.lesion) != lesion_id
    )
    if long_axis_mm is None and short_axis_mm is None and not unreadable:
        return replace(corrections, diameters=others)
    said = DiameterCorrection(anchor, long_axis_mm, short_axis_mm, unreadable, "" if is_shown else key)
    return replace(corrections, diameters=(*others, said))


def as_new(corrections: Corrections, timeline: FollowUp, lesion_id: str, visit: int) -> Corrections:
    """What is called lesion_id at that visit is another one, which was not there before."""
    return _matched(corrections, timeline, lesion_id, visit, None)


def as_same(corrections: Corrections, timeline: FollowUp, lesion_id: str, visit: int, other_id: str) -> Corrections:
    """What is called lesion_id at that visit is other_id of the visits before it.

    Raises InputError where the other one was not seen before that visit.
    """
    return _matched(corrections, timeline, lesion_id, visit, lesion_of(timeline, other_id))


def earlier_lesions(timeline: FollowUp, lesion_id: str, visit: int) -> list[str]:
    """With which lesion of before that visit one may be the same."""
    return [
        lesion.id
        for lesion in timeline.lesions
        if lesion.id != lesion_id and any(seen.parts for seen in lesion.sightings[:visit])
    ]


def lesion_of(timeline: FollowUp, lesion_id: str) -> TrackedLesion:
    """By its name. Raises InputError for one that is not there."""
    for lesion in timeline.lesions:
        if lesion.id == lesion_id:
            return lesion
    raise InputError(
        found=f"no lesion {lesion_id}",
        expected=f"one of {', '.join(lesion.id for lesion in timeline.lesions) or 'no lesions'}",
        remedy="Choose a lesion of the table",
    )


def anchor_of(timeline: FollowUp, lesion_id: str, visit: int) -> Anchor:
    """Names a lesion by where it is at a visit. Raises InputError where it is not there."""
    lesion = lesion_of(timeline, lesion_id)
    parts = lesion.sightings[visit].parts
    if not parts:
        raise InputError(
            found=f"{lesion_id}, which is {lesion.sightings[visit].state} at visit {visit + 1}",
            expected="a lesion that is there",
            remedy="Choose a visit at which it is there",
        )
    return Anchor(timeline.visits[visit].key, middle_of(parts[0]))


def lesion_at(timeline: FollowUp, anchor: Anchor) -> str | None:
    """The lesion that an anchor names in these numbers; None where none of that visit is near."""
    nearest, best_mm = None, FAR_MM
    for number, visit in enumerate(timeline.visits):
        if visit.key != anchor.visit:
            continue
        for lesion in timeline.lesions:
            for part in lesion.sightings[number].parts:
                distance_mm = math.dist(middle_of(part), anchor.point_ras_mm)
                if distance_mm <= best_mm:
                    nearest, best_mm = lesion.id, distance_mm
    return nearest


def middle_of(part: Part) -> Vector:
    """Of its long axis, which runs inside it."""
    start, end = part.long_axis_ras_mm
    r, a, s = ((one + other) / 2 for one, other in zip(start, end, strict=True))
    return r, a, s


def _anchor_at_first(timeline: FollowUp, lesion: TrackedLesion) -> Anchor:
    return anchor_of(timeline, lesion.id, lesion.first_visit)


def _anchor_before(timeline: FollowUp, lesion: TrackedLesion, visit: int) -> Anchor:
    """Where it was last seen before a visit."""
    before = [number for number in range(visit) if lesion.sightings[number].parts]
    if not before:
        raise InputError(
            found=f"{lesion.id}, which was not seen before visit {visit + 1}",
            expected="a lesion of an earlier visit",
            remedy="Choose another lesion, or a later visit",
        )
    return anchor_of(timeline, lesion.id, before[-1])


def _matched(
    corrections: Corrections, timeline: FollowUp, lesion_id: str, visit: int, other: TrackedLesion | None
) -> Corrections:
    """All parts that the lesion has at the visit, so that a split one stays together."""
    anchor_of(timeline, lesion_id, visit)
    earlier = None if other is None else _anchor_before(timeline, other, visit)
    key = timeline.visits[visit].key
    parts = lesion_of(timeline, lesion_id).sightings[visit].parts
    said = tuple(MatchCorrection(Anchor(key, middle_of(part)), earlier) for part in parts)
    others = tuple(
        one for one in corrections.matches if one.later.visit != key or lesion_at(timeline, one.later) != lesion_id
    )
    return replace(corrections, matches=(*others, *said))
