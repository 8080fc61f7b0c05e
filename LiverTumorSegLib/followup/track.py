"""A patient's examinations as one follow-up: the way in.

Everything is found anew by each run; registration only says which lesions are the same, and no measured value depends
on it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from LiverTumorSegLib.arrays import Points
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.anchors import Wishes
from LiverTumorSegLib.followup.changes import changes
from LiverTumorSegLib.followup.corrections import Corrections
from LiverTumorSegLib.followup.enhancing import with_viable
from LiverTumorSegLib.followup.examination import Examination
from LiverTumorSegLib.followup.growth import growth_of
from LiverTumorSegLib.followup.look_back import look_back
from LiverTumorSegLib.followup.point_map import PointMap
from LiverTumorSegLib.followup.regions import regions_of
from LiverTumorSegLib.followup.registration import Registered, liver_of, register
from LiverTumorSegLib.followup.response import assess
from LiverTumorSegLib.followup.sightings import Scene, sighting_of, with_wishes
from LiverTumorSegLib.followup.targets import propose_targets
from LiverTumorSegLib.followup.track_settings import TrackSettings
from LiverTumorSegLib.followup.tracks import Track, follow
from LiverTumorSegLib.followup.visits import Ordered, comparison_warnings, in_order, slice_mm, visit_of
from LiverTumorSegLib.progress import Progress, ProgressCallback, ProgressEvent, ignore_progress
from LiverTumorSegLib.timeline import Criterion, FollowUp, LookBack, Role, Sighting, TrackedLesion, Visit

DEFAULTS = TrackSettings()
NO_CORRECTIONS = Corrections()


@dataclass(frozen=True, eq=False)
class Tracked:
    """timeline: what is told. examinations, maps: per visit, in the order of time; a map leads to the visit before,
    that of the first visit to itself.
    """

    timeline: FollowUp
    examinations: tuple[Examination, ...]
    maps: tuple[PointMap, ...]

    def carried(self, points_ras: Points, visit_from: int, visit_to: int) -> Points:
        """Points (n, 3) of one visit's space in another one's, in RAS mm."""
        for later in range(visit_from, visit_to, -1):
            points_ras = self.maps[later].to_previous(points_ras)
        for later in range(visit_from + 1, visit_to + 1):
            points_ras = self.maps[later].from_previous(points_ras)
        return points_ras


def follow_up(
    examinations: Sequence[Examination],
    corrections: Corrections = NO_CORRECTIONS,
    settings: TrackSettings = DEFAULTS,
    dates: Sequence[str] | None = None,
    earlier: FollowUp | None = None,
    report: ProgressCallback = ignore_progress,
) -> Tracked:
    """All of a follow-up.

    examinations: in any order if all have dates; one is enough, then nothing is compared. corrections: of the reader,
    which hold before any rule. dates: see ``visits.in_order``, which also tells what is refused. earlier: what the last
    run found, for the log. Raises InputError for a baseline that is none of the examinations, and CancelledError as
    ``report`` does.
    """
    progress = Progress(report)
    ordered = in_order(examinations, dates, settings)
    baseline = _baseline(ordered, corrections)
    wishes = Wishes.of(corrections, ordered.examinations, settings.matching.anchor_mm)
    with progress.stage("register", 0.0, 0.6, "Laying livers over each other") as told:
        registered = _registered(ordered, settings, told)
    with progress.stage("match", 0.6, 0.75, "Following lesions") as told:
        maps = tuple(one.map for one in registered)
        regions = [regions_of(one) for one in ordered.examinations]
        tracks = follow(regions, maps, wishes.continues, settings.matching)
        lesions, warnings = _lesions(tracks, ordered, registered, wishes, baseline, settings, told)
    with progress.stage("look back", 0.75, 0.95, "Looking back") as told:
        found = _looked_back(tracks, ordered, settings, told) if settings.look_back else {}
        lesions = [
            replace(one, look_back=found.get(track.number, ())) for track, one in zip(tracks, lesions, strict=True)
        ]
    with progress.stage("judge", 0.95, 1.0, "Judging response"):
        lesions = _with_roles(lesions, tracks, wishes, ordered, baseline, settings)
        visits = tuple(
            visit_of(n, ordered, baseline, registered[n].registration if n else None, settings)
            for n in range(len(ordered.examinations))
        )
        timeline = _timeline(ordered, visits, lesions, baseline, settings, (*wishes.warnings, *warnings))
        if earlier is not None:
            timeline = replace(timeline, log=changes(earlier, timeline))
    return Tracked(timeline, ordered.examinations, maps)


def _baseline(ordered: Ordered, corrections: Corrections) -> int:
    keys = [one.key for one in ordered.examinations]
    if not corrections.baseline:
        return 0
    if corrections.baseline not in keys:
        raise InputError(
            found=f"the baseline {corrections.baseline}, which is none of the examinations",
            expected=f"one of {', '.join(keys)}",
            remedy="Choose the baseline anew",
        )
    return keys.index(corrections.baseline)


def _registered(ordered: Ordered, settings: TrackSettings, report: ProgressCallback) -> tuple[Registered, ...]:
    """Per visit; the first one onto itself."""
    count = len(ordered.examinations)
    livers = []
    for number, one in enumerate(ordered.examinations):
        report(ProgressEvent("", 0.4 * number / count, f"visit {number + 1}"))
        livers.append(liver_of(one.segmentation, settings.registration))
    found = [register(None, None, settings.registration)]
    for number in range(1, count):
        report(ProgressEvent("", 0.4 + 0.6 * (number - 1) / count, f"visit {number} and {number + 1}"))
        found.append(register(livers[number], livers[number - 1], settings.registration))
    return tuple(found)


def _lesions(
    tracks: Sequence[Track],
    ordered: Ordered,
    registered: Sequence[Registered],
    wishes: Wishes,
    baseline: int,
    settings: TrackSettings,
    report: ProgressCallback,
) -> tuple[list[TrackedLesion], list[str]]:
    """In the tracks' order, without roles; and which of the reader's words could not be followed."""
    count = len(ordered.examinations)
    columns: list[list[Sighting]] = []
    for number, one in enumerate(ordered.examinations):
        report(ProgressEvent("", number / count))
        fits = number == 0 or registered[number].registration.is_usable
        scene = Scene(number, baseline, one, fits)
        seen = [sighting_of(track, scene, settings.matching) for track in tracks]
        columns.append(with_viable(seen, one, settings.response.viable))
    rows = [[column[track.number] for column in columns] for track in tracks]
    rows, warnings = with_wishes(tracks, rows, wishes)
    return [_lesion(track, row, ordered) for track, row in zip(tracks, rows, strict=True)], warnings


def _lesion(track: Track, row: Sequence[Sighting], ordered: Ordered) -> TrackedLesion:
    first = ordered.examinations[track.first_visit]
    largest = next(one for one in first.measurements.lesions if one.id == track.parts[track.first_visit][0])
    merged = sorted({number for number in track.merged_into if number is not None})
    return TrackedLesion(
        id=_name(track.number),
        role=Role.NON_TARGET,
        reason="",
        segments=largest.segments_title,
        sightings=tuple(
            replace(seen, merged_into=_name(int(seen.merged_into))) if seen.merged_into else seen for seen in row
        ),
        related=tuple(map(_name, merged)),
    )


def _name(number: int) -> str:
    return f"L{number + 1}"


def _looked_back(
    tracks: Sequence[Track], ordered: Ordered, settings: TrackSettings, report: ProgressCallback
) -> dict[int, tuple[LookBack, ...]]:
    """By number of the track, of those that were not there from the first visit on; a CT is read once, if at all."""
    found: dict[int, tuple[LookBack, ...]] = {}
    for number, one in enumerate(ordered.examinations):
        report(ProgressEvent("", number / len(ordered.examinations), f"visit {number + 1}"))
        later = [track for track in tracks if track.first_visit > number]
        looked = look_back([track.places[number] for track in later], number, one, settings.looking)
        for track, back in zip(later, looked, strict=True):
            found[track.number] = (*found.get(track.number, ()), back)
    return found


def _with_roles(
    lesions: Sequence[TrackedLesion],
    tracks: Sequence[Track],
    wishes: Wishes,
    ordered: Ordered,
    baseline: int,
    settings: TrackSettings,
) -> list[TrackedLesion]:
    """The reader's, then the proposed ones; with growth, and the lesions that have grown together."""
    by_reader = {}
    for (visit, lesion), role in wishes.roles.items():
        by_reader[next(track.number for track in tracks if lesion in track.parts[visit])] = role
    chosen = [
        replace(one, role=by_reader[number], reason="set by the reader", role_by_reader=True)
        if number in by_reader
        else one
        for number, one in enumerate(lesions)
    ]
    thickness_mm = slice_mm(ordered.examinations[baseline])
    proposed = propose_targets(chosen, baseline, thickness_mm, settings.response)
    hosts = {name: [one.id for one in lesions if name in one.related] for name in (lesion.id for lesion in lesions)}
    return [
        replace(
            one,
            role=proposed[one.id][0],
            reason=proposed[one.id][1],
            related=tuple(sorted({*one.related, *hosts[one.id]}, key=lambda name: int(name[1:]))),
        )
        for one in chosen
    ]


def _timeline(
    ordered: Ordered,
    visits: tuple[Visit, ...],
    lesions: Sequence[TrackedLesion],
    baseline: int,
    settings: TrackSettings,
    warnings: tuple[str, ...],
) -> FollowUp:
    months = [visit.months for visit in visits]
    grown = tuple(
        replace(one, growth=growth_of([_volume_ml(seen) for seen in one.sightings], months)) for one in lesions
    )
    has_arterial = any(visit.phase.endswith("arterial") for visit in visits)
    criteria = [one for one in Criterion if one is not Criterion.MRECIST or has_arterial]
    ids = [one.source.patient_id for one in ordered.examinations if one.source.patient_id]
    return FollowUp(
        patient_id=ids[0] if ids else "",
        baseline=baseline,
        visits=visits,
        lesions=grown,
        assessments={
            criterion: assess(criterion, grown, baseline, settings.response, len(visits)) for criterion in criteria
        },
        warnings=(*ordered.warnings, *comparison_warnings(ordered, visits, settings), *warnings),
        settings=json.loads(json.dumps(asdict(settings))),
    )


def _volume_ml(seen: Sighting) -> float | None:
    return seen.volume_ml if seen.parts else None
