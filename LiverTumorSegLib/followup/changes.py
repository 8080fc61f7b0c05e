"""What has changed since the last run of a follow-up, in words."""

from __future__ import annotations

from LiverTumorSegLib.timeline import FollowUp, Sighting, State, TrackedLesion

SAME_PLACE_MM = 10.0
"""A lesion of an earlier run whose mask has changed lies no further from where it was."""
TOLD_MM = 0.05
"""Diameters that differ by less look the same."""


def changes(earlier: FollowUp, now: FollowUp) -> tuple[str, ...]:
    """() where nothing changed: examinations that came, went or have another mask; then, visit by visit, diameters,
    states and categories that are not what they were.
    """
    told = _of_visits(earlier, now)
    before = {visit.key: number for number, visit in enumerate(earlier.visits)}
    if earlier.visits[earlier.baseline].key != now.visits[now.baseline].key:
        told.append(f"The baseline is {now.visits[now.baseline].title.lower()} now.")
    names = _names(earlier, now, before)
    for number, visit in enumerate(now.visits):
        if visit.key in before:
            told += _of_lesions(earlier, now, before[visit.key], number, names)
            told += _of_responses(earlier, now, before[visit.key], number)
    return tuple(told)


def _of_visits(earlier: FollowUp, now: FollowUp) -> list[str]:
    masks = {visit.key: visit.mask_sha256 for visit in earlier.visits}
    told = [
        f"{visit.title}'s mask changed."
        for visit in now.visits
        if masks.get(visit.key) not in (None, visit.mask_sha256)
    ]
    told += [f"{visit.title} was added." for visit in now.visits if visit.key not in masks]
    kept = {visit.key for visit in now.visits}
    return told + [
        f"The examination {_day(visit.date)}(then {visit.title.lower()}) is not part of it any more."
        for visit in earlier.visits
        if visit.key not in kept
    ]


def _day(day: str) -> str:
    return f"of {day} " if day else ""


def _names(earlier: FollowUp, now: FollowUp, before: dict[str, int]) -> dict[str, TrackedLesion]:
    """Lesions of the earlier run by what they are called now: those that lie in the same places."""
    pairs = sorted(
        (distance, one.id, old.id)
        for one in now.lesions
        for old in earlier.lesions
        if (distance := _apart_mm(old, one, now, before)) is not None
    )
    known = {old.id: old for old in earlier.lesions}
    names: dict[str, TrackedLesion] = {}
    for _, name, old in pairs:
        if name not in names and old in known:
            names[name] = known.pop(old)
    return names


def _apart_mm(old: TrackedLesion, one: TrackedLesion, now: FollowUp, before: dict[str, int]) -> float | None:
    """At the visits at which both were seen, the smallest distance; None if it is too far, or there is none."""
    distances = [
        sum((a - b) ** 2 for a, b in zip(seen.center_ras_mm, then.center_ras_mm, strict=True)) ** 0.5
        for number, visit in enumerate(now.visits)
        if visit.key in before
        and (seen := one.sightings[number]).parts
        and (then := old.sightings[before[visit.key]]).parts
        and seen.center_ras_mm is not None
        and then.center_ras_mm is not None
    ]
    nearest = min(distances, default=None)
    return nearest if nearest is not None and nearest <= SAME_PLACE_MM else None


def _of_lesions(earlier: FollowUp, now: FollowUp, then: int, number: int, names: dict[str, TrackedLesion]) -> list[str]:
    title, told = now.visits[number].title, []
    for lesion in now.lesions:
        old, seen = names.get(lesion.id), lesion.sightings[number]
        if old is None:
            if seen.parts:
                told.append(f"{title}: lesion {lesion.id} was not known.")
            continue
        was, is_now = _words(old.sightings[then]), _words(seen)
        if _differ(old.sightings[then], seen):
            told.append(f"{title}: lesion {lesion.id}{_formerly(old, lesion)}: {was} became {is_now}.")
    kept = {old.id for old in names.values()}
    told += [
        f"{title}: lesion {old.id} of the last run is not there any more."
        for old in earlier.lesions
        if old.id not in kept and old.sightings[then].parts
    ]
    return told


def _formerly(old: TrackedLesion, lesion: TrackedLesion) -> str:
    return "" if old.id == lesion.id else f" (then {old.id})"


def _differ(old: Sighting, seen: Sighting) -> bool:
    if old.long_axis_mm is None or seen.long_axis_mm is None:
        return _words(old) != _words(seen)
    return old.state is not seen.state or abs(old.long_axis_mm - seen.long_axis_mm) >= TOLD_MM


def _words(seen: Sighting) -> str:
    if seen.state is State.GONE:
        return "gone" if seen.confirmed else "not found"
    size = "" if seen.long_axis_mm is None else f"{seen.long_axis_mm:.1f} mm"
    return size if size and seen.state in (State.BASELINE, State.PERSISTENT) else f"{seen.state} {size}".strip()


def _of_responses(earlier: FollowUp, now: FollowUp, then: int, number: int) -> list[str]:
    told = []
    for criterion, row in now.assessments.items():
        if criterion not in earlier.assessments:
            continue
        was, is_now = earlier.assessments[criterion][then].category, row[number].category
        if was is not is_now:
            told.append(
                f"{now.visits[number].title}, {criterion}: {was or 'no category'} became {is_now or 'no category'}."
            )
    return told
