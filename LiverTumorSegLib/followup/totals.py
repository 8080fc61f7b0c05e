"""What the lesions of a visit add up to, and which of them are missing in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from LiverTumorSegLib.followup.criteria import TOLERANCE, value_of
from LiverTumorSegLib.followup.flags import OUTSIDE_LIVER
from LiverTumorSegLib.timeline import Criterion, Role, Sighting, State, TrackedLesion


@dataclass(frozen=True)
class Reading:
    """What a lesion counts at a visit; value None: not known, and missing says why ("is out of view {when}")."""

    lesion: str
    value: float | None
    missing: str = ""

    @property
    def is_nothing(self) -> bool:
        """Whether it is known that nothing is there."""
        return self.value is not None and self.value <= TOLERANCE


@dataclass(frozen=True)
class Total:
    """Of the targets at a visit. known: the sum of those that are measured."""

    readings: tuple[Reading, ...]

    @property
    def known(self) -> float:
        return sum((reading.value for reading in self.readings if reading.value is not None), 0.0)

    @property
    def missing(self) -> tuple[Reading, ...]:
        return tuple(reading for reading in self.readings if reading.value is None)

    @property
    def value(self) -> float | None:
        """The sum of all; None where one is not known, and where there is none."""
        return None if self.missing or not self.readings else self.known


def total_at(criterion: Criterion, lesions: Sequence[TrackedLesion], visit: int) -> Total:
    """Of the targets; lesions that have grown together count once, with whatever they have become."""
    return Total(readings_of(Role.TARGET, criterion, lesions, visit))


def readings_of(role: Role, criterion: Criterion, lesions: Sequence[TrackedLesion], visit: int) -> tuple[Reading, ...]:
    """Of the lesions of a role; one for those that have grown together."""
    known = {lesion.id: lesion for lesion in lesions}
    hosts = {_host(known, lesion, visit).id: lesion for lesion in lesions if lesion.role is role}
    return tuple(_reading(criterion, known[host], lesion, visit) for host, lesion in hosts.items())


def _host(known: dict[str, TrackedLesion], lesion: TrackedLesion, visit: int) -> TrackedLesion:
    """The lesion that this one is counted in at a visit: itself, where it has not grown together with another."""
    passed: set[str] = set()
    while (into := lesion.sightings[visit].merged_into) in known and lesion.id not in passed:
        passed.add(lesion.id)
        lesion = known[into]
    return lesion


def _reading(criterion: Criterion, host: TrackedLesion, counted: TrackedLesion, visit: int) -> Reading:
    if host.role is Role.EXCLUDED:
        return Reading(counted.id, None, f"has grown together with lesion {host.id}, which is excluded")
    seen = host.sightings[visit]
    if seen.state is State.ABSENT or (seen.state is State.GONE and seen.confirmed):
        return Reading(host.id, 0.0)
    missing = _why_unknown(seen)
    value = None if missing else value_of(criterion, seen)
    if value is None and not missing:
        missing = (
            "is not measured {when}" if criterion is not Criterion.MRECIST else "has no known viable diameter {when}"
        )
    return Reading(host.id, value, missing)


def _why_unknown(seen: Sighting) -> str:
    if seen.state is State.GONE:
        return "was not found {when} and no reader has confirmed that it is gone"
    if seen.state is State.NOT_EVALUABLE:
        if seen.by_reader:
            return "could not be measured by the reader {when}"
        outside = "lies where no liver is drawn {when} (resected, or missing in the mask)"
        return outside if OUTSIDE_LIVER in seen.flags else "is out of view {when}"
    return ""
