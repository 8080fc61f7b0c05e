"""Which lesions to follow: RECIST 1.1's at most two of the liver, the largest that can be measured again."""

from __future__ import annotations

from collections.abc import Sequence

from LiverTumorSegLib.followup.criteria import TOLERANCE
from LiverTumorSegLib.followup.settings import DEFAULT_SETTINGS, ResponseSettings
from LiverTumorSegLib.followup.words import amount_text, visit_text
from LiverTumorSegLib.measure.flags import DOUBTFUL_LESION, IMPLAUSIBLE_MASS, TOUCHES_EDGE
from LiverTumorSegLib.timeline import Role, TrackedLesion

SPOILING = {
    TOUCHES_EDGE: "it is cut off by the edge of the volume",
    DOUBTFUL_LESION: "the network itself doubts it",
    IMPLAUSIBLE_MASS: "it may lie beside the liver",
}
"""Flags of what another reading may not measure again, and what they say."""

Proposal = dict[str, tuple[Role, str]]


def propose_targets(
    lesions: Sequence[TrackedLesion],
    baseline: int,
    slice_thickness_mm: float,
    settings: ResponseSettings = DEFAULT_SETTINGS,
) -> Proposal:
    """Role and reason of every lesion, by id.

    slice_thickness_mm: of the baseline. Measurable is a longest diameter of 10 mm or more and of 2 slice thicknesses or
    more (which is more than 10 mm only where slices are thicker than 5 mm). Lesions with a spoiling flag become targets
    only where there is no other. Roles that a reader has given stay, and a reader's targets count among the most
    targets.
    """
    least_mm = max(settings.measurable_mm, 2 * slice_thickness_mm)
    kept = {lesion.id: (lesion.role, lesion.reason) for lesion in lesions if lesion.role_by_reader}
    free = max(0, settings.most_targets - sum(role is Role.TARGET for role, _ in kept.values()))
    others = [lesion for lesion in lesions if not lesion.role_by_reader]
    measurable = [one for one in others if _size_mm(one, baseline) >= max(least_mm, TOLERANCE) - TOLERANCE]
    measurable.sort(key=lambda lesion: -_size_mm(lesion, baseline))
    sound = [lesion for lesion in measurable if not _spoilt(lesion, baseline)]
    chosen = [lesion.id for lesion in (sound or measurable)[:free]]
    roles = {
        lesion.id: (
            (Role.TARGET, _why_target(lesion, baseline))
            if lesion.id in chosen
            else (Role.NON_TARGET, _why_not(lesion, baseline, least_mm, bool(sound)))
        )
        for lesion in others
    }
    return {lesion.id: (kept | roles)[lesion.id] for lesion in lesions}


def _size_mm(lesion: TrackedLesion, baseline: int) -> float:
    """Longest diameter at the baseline, of a split lesion that of its largest part; 0.0 where it is not there."""
    seen = lesion.sightings[baseline]
    if seen.by_reader or len(seen.parts) == 1:
        return seen.long_axis_mm or 0.0
    return max((part.long_axis_mm for part in seen.parts), default=0.0)


def _spoilt(lesion: TrackedLesion, baseline: int) -> str:
    """Why another reading may not measure the same; "" if nothing speaks against it."""
    seen = lesion.sightings[baseline]
    flags = {*seen.flags, *(flag for part in seen.parts for flag in part.flags)}
    return next((why for flag, why in SPOILING.items() if flag in flags), "")


def _why_target(lesion: TrackedLesion, baseline: int) -> str:
    size, why = amount_text(_size_mm(lesion, baseline), "mm"), _spoilt(lesion, baseline)
    if why:
        return f"{size} at the baseline; no better one is there, although {why}"
    return f"one of the largest that can be measured: {size} at the baseline"


def _why_not(lesion: TrackedLesion, baseline: int, least_mm: float, has_sound: bool) -> str:
    size_mm, why = _size_mm(lesion, baseline), _spoilt(lesion, baseline)
    if not size_mm:
        return f"not measured at the baseline ({visit_text(baseline)})"
    size = f"{amount_text(size_mm, 'mm')} at the baseline"
    if size_mm < least_mm - TOLERANCE:
        return f"{size}: below {least_mm:g} mm, not measurable"
    return f"{size}, but {why}" if why and has_sound else f"{size}, but other lesions are targets"
