"""New lesions: which have appeared since the baseline, and which of them are unequivocal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from LiverTumorSegLib.followup.flags import BY_POOR_REGISTRATION
from LiverTumorSegLib.followup.settings import ResponseSettings
from LiverTumorSegLib.followup.words import amount_text
from LiverTumorSegLib.measure.flags import DOUBTFUL_LESION
from LiverTumorSegLib.timeline import Criterion, Role, Sighting, State, TrackedLesion


@dataclass(frozen=True)
class NewLesion:
    """since: the visit at which it appeared. doubt: why it may be none, "" where it is unequivocal."""

    lesion: str
    since: int
    doubt: str


def new_lesions(
    criterion: Criterion, lesions: Sequence[TrackedLesion], baseline: int, visit: int, settings: ResponseSettings
) -> tuple[NewLesion, ...]:
    """Those that are new at a visit or have been since an earlier one; not those that a reader excludes or calls gone.

    A lesion is unequivocal once, at the visit or earlier, the network did not doubt it, the livers lay well over each
    other where it appeared, it was large enough and, for mRECIST, it enhanced; or once a reader has measured it or
    given it a role.
    """
    found = []
    for lesion in lesions:
        since = _appeared(lesion, baseline, visit)
        seen = lesion.sightings[visit]
        if since is None or lesion.role is Role.EXCLUDED or (seen.state is State.GONE and seen.confirmed):
            continue
        found.append(NewLesion(lesion.id, since, _doubt_until(lesion, since, visit, criterion, settings)))
    return tuple(found)


def _appeared(lesion: TrackedLesion, baseline: int, visit: int) -> int | None:
    """The first visit after the baseline at which a lesion is there that was not there at the baseline."""
    if _was_there(lesion, baseline):
        return None
    return next((n for n in range(baseline + 1, visit + 1) if lesion.sightings[n].parts), None)


def _was_there(lesion: TrackedLesion, baseline: int) -> bool:
    """At the baseline: seen, or not measured there but known to a reader, or from before."""
    seen = lesion.sightings[baseline]
    is_known = seen.by_reader or any(one.parts for one in lesion.sightings[:baseline])
    may_be_there = seen.state in (State.NOT_EVALUABLE, State.PERSISTENT)
    return bool(seen.parts or seen.merged_into or (may_be_there and is_known))


def _doubt_until(
    lesion: TrackedLesion, since: int, visit: int, criterion: Criterion, settings: ResponseSettings
) -> str:
    """What is left of the doubts of all visits from the first one on; "" for none."""
    seen = [one for one in lesion.sightings[since : visit + 1] if one.parts]
    if lesion.role_by_reader or any(one.by_reader for one in seen):
        return ""
    if BY_POOR_REGISTRATION in seen[0].flags:
        return "the livers do not lie well over each other, so it may be an earlier one"
    doubts = [_doubt(criterion, one, settings) for one in seen]
    return "" if "" in doubts else doubts[-1]


def _doubt(criterion: Criterion, seen: Sighting, settings: ResponseSettings) -> str:
    if all(DOUBTFUL_LESION in (*part.flags, *seen.flags) for part in seen.parts):
        return "the network itself doubts it"
    is_viable = criterion is Criterion.MRECIST
    least_mm = settings.new_viable_mm if is_viable else settings.too_small_mm
    size_mm = max(part.long_axis_mm for part in seen.parts)
    if size_mm < least_mm:
        return f"it measures {amount_text(size_mm, 'mm')}, below {least_mm:g} mm"
    return "it does not enhance" if is_viable and seen.viable_mm == 0 else ""
