"""What the names of visits and lesions mean that a reader types: keys of visits, places inside lesions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.cli.track_choice import NamedLesion
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.corrections import Anchor
from LiverTumorSegLib.followup.examination import KEY_DIGITS, Examination
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.timeline import FollowUp, Part, TrackedLesion
from LiverTumorSegLib.volume import Volume

SAME_PLACE_MM = 3.0
"""Two places that are nearer than this are of one lesion."""
_STEPS = 33


class Names:
    """Finds what names mean. examinations: in the order of the visits; earlier: the report that names are taken from.

    A number of a visit is that of the earlier report where there is one, since that is what a reader has seen.
    """

    def __init__(self, examinations: Sequence[Examination], earlier: FollowUp | None) -> None:
        self._known = {examination.key: examination for examination in examinations}
        seen = [] if earlier is None else [visit.key for visit in earlier.visits if visit.key in self._known]
        self._order = seen or list(self._known)
        self._numbers = list(self._known) if earlier is None else [visit.key for visit in earlier.visits]
        self._earlier = earlier

    def visit(self, name: str) -> str:
        """The key of a visit. Raises InputError where there is none of this name."""
        key = name
        if len(name) < KEY_DIGITS:
            number = int(name)
            key = self._numbers[number - 1] if 1 <= number <= len(self._numbers) else ""
        if key not in self._known:
            raise InputError(
                found=f"visit {name}",
                expected=f"1 to {len(self._numbers)}, or the key of a visit that is among the studies",
                remedy="Take it from the report",
            )
        return key

    def anchor(self, name: NamedLesion) -> Anchor:
        """Where a lesion is, at its own visit or else at the first one where it is there."""
        if not name.is_tracked:
            return self._measured(name)
        lesion = self._tracked(name)
        if name.visit:
            return self._at_visit(lesion, self.visit(name.visit), name)
        return self._seen_at(lesion, [self._numbers[n] for n, seen in enumerate(lesion.sightings) if seen.parts], name)

    def is_shown(self, name: NamedLesion) -> bool:
        """Whether the mask shows a tracked lesion at the visit that is named with it."""
        key = self.visit(name.visit)
        return key in self._numbers and bool(self._tracked(name).sightings[self._numbers.index(key)].parts)

    def last_before(self, name: NamedLesion, visit: str) -> Anchor:
        """Where a tracked lesion was last before a visit, else first after it."""
        lesion = self._tracked(name)
        there = [n for n, seen in enumerate(lesion.sightings) if seen.parts]
        at = self._numbers.index(visit) if visit in self._numbers else len(self._numbers)
        nearest = [n for n in reversed(there) if n < at] + [n for n in there if n > at]
        return self._seen_at(lesion, [self._numbers[n] for n in nearest], name)

    def are_same(self, one: Anchor, other: Anchor) -> bool:
        """Whether two places are of one lesion: of a visit's, or as far as the earlier report has matched them."""
        if one.visit == other.visit:
            apart_mm = float(np.linalg.norm(np.subtract(one.point_ras_mm, other.point_ras_mm)))
            ids = [self._id_at(anchor) for anchor in (one, other)]
            return apart_mm < SAME_PLACE_MM or (ids[0] == ids[1] != 0)
        names = [self._tracked_at(anchor) for anchor in (one, other)]
        return names[0] == names[1] != ""

    def _id_at(self, anchor: Anchor) -> int:
        """The lesion of a visit in which a place lies, 0 where there is none."""
        return 0 if anchor.visit not in self._known else id_at(self._known[anchor.visit].lesions, anchor.point_ras_mm)

    def _tracked_at(self, anchor: Anchor) -> str:
        number, lesion_id = (
            self._numbers.index(anchor.visit) if anchor.visit in self._numbers else -1,
            self._id_at(anchor),
        )
        if self._earlier is None or number < 0 or not lesion_id:
            return ""
        lesions = self._known[anchor.visit].lesions
        for lesion in self._earlier.lesions:
            places = [place_of(part, lesions) for part in lesion.sightings[number].parts]
            if any(id_at(lesions, place) == lesion_id for place in places):
                return lesion.id
        return ""

    def is_before(self, one: str, other: str) -> bool:
        """Whether a visit comes before another one; both by their keys."""
        order = [*self._order, *(key for key in self._known if key not in self._order)]
        return order.index(one) < order.index(other)

    def _tracked(self, name: NamedLesion) -> TrackedLesion:
        lesions = () if self._earlier is None else self._earlier.lesions
        for lesion in lesions:
            if lesion.id == name.id:
                return lesion
        ids = ", ".join(lesion.id for lesion in lesions)
        raise InputError(
            found=f"lesion {name}",
            expected=f"one of {ids}" if ids else "a lesion of an earlier report, and there is none yet",
            remedy="Take the names from the report; run once without corrections to get them",
        )

    def _measured(self, name: NamedLesion) -> Anchor:
        """By its number in the visit's own result."""
        examination = self._known[self.visit(name.visit)]
        ids = [lesion.id for lesion in examination.measurements.lesions]
        if int(name.id) not in ids:
            raise InputError(
                found=f"lesion {name}",
                expected=f"one of the visit's lesions, 1 to {len(ids)}" if ids else "a visit with lesions",
                remedy="Take the number from the visit's report",
            )
        return Anchor(examination.key, place_inside(examination.lesions, int(name.id)))

    def _seen_at(self, lesion: TrackedLesion, keys: Sequence[str], name: NamedLesion) -> Anchor:
        for key in keys:
            if key in self._known:
                return self._at_visit(lesion, key, name)
        raise InputError(
            found=f"lesion {name}, whose visits are not among the studies",
            expected="a lesion of the studies given",
            remedy="Give all studies of the follow-up",
        )

    def _at_visit(self, lesion: TrackedLesion, key: str, name: NamedLesion) -> Anchor:
        """In its largest part there; where it was not found, at the place where it would lie."""
        seen = lesion.sightings[self._numbers.index(key)] if key in self._numbers else None
        if seen is not None and seen.parts:
            return Anchor(key, place_of(seen.parts[0], self._known[key].lesions))
        if seen is None or seen.center_ras_mm is None:
            raise InputError(
                found=f"lesion {name}, whose place at this visit nobody knows",
                expected="a lesion that was seen or carried over there",
                remedy="Name it by the number in the visit's own result, as 2:3",
            )
        return Anchor(key, seen.center_ras_mm)


def place_inside(lesions: Volume, lesion_id: int) -> Vector:
    """The centre of the voxel of a lesion that is nearest to its centroid (RAS, mm). Raises ValueError without one."""
    box = bounding_box(lesions.array == lesion_id)
    if box is None:
        message = f"no lesion {lesion_id}"
        raise ValueError(message)
    part = lesions.crop(box)
    points = part.ras_from_ijk(np.argwhere(part.array == lesion_id).astype(np.float64))
    nearest = points[int(np.argmin(np.linalg.norm(points - points.mean(axis=0), axis=1)))]
    x, y, z = (float(value) for value in nearest)
    return x, y, z


def place_of(part: Part, lesions: Volume) -> Vector:
    """Inside the lesion that is there now, nearest to the middle of its longest diameter; that middle if none is."""
    start, stop = (np.array(end) for end in part.long_axis_ras_mm)
    shares = sorted(np.linspace(0.0, 1.0, _STEPS), key=lambda share: abs(share - 0.5))
    points = np.array([start + share * (stop - start) for share in shares])
    ijk = np.rint(lesions.ijk_from_ras(points)).astype(int)
    within = ((ijk >= 0) & (ijk < np.array(lesions.shape))).all(axis=1)
    inside = [n for n in np.flatnonzero(within) if lesions.array[tuple(ijk[n])]]
    if inside:
        return place_inside(lesions, int(lesions.array[tuple(ijk[inside[0]])]))
    x, y, z = (float(value) for value in points[0])
    return x, y, z


def id_at(lesions: Volume, point_ras: Vector) -> int:
    """The lesion in whose voxel a place lies, 0 for none."""
    ijk = np.rint(lesions.ijk_from_ras(np.array([point_ras]))[0]).astype(int)
    is_within = bool((ijk >= 0).all() and (ijk < np.array(lesions.shape)).all())
    return int(lesions.array[tuple(ijk)]) if is_within else 0
