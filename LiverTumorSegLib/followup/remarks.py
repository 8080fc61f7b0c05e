"""What a reader should know beside the rule that decided."""

from __future__ import annotations

from collections.abc import Sequence

from LiverTumorSegLib.followup.course import Course
from LiverTumorSegLib.followup.criteria import RULES
from LiverTumorSegLib.followup.new_lesions import NewLesion
from LiverTumorSegLib.followup.words import are, lesions_text, percent_text
from LiverTumorSegLib.timeline import Criterion, Role, TrackedLesion


def remarks_at(course: Course, visit: int, new: Sequence[NewLesion]) -> tuple[str, ...]:
    """Clauses, () for none; new: the lesions that have appeared since the baseline."""
    return (
        *_of_new(course, new),
        *_of_nadir(course, visit),
        *_of_shapes(course, visit),
        *_of_others(course, visit),
    )


def _of_new(course: Course, new: Sequence[NewLesion]) -> list[str]:
    """Doubtful ones; all of them for a criterion that does not count them."""
    if not course.rule.counts_new:
        return [f"{lesions_text([one.lesion for one in new])} {are(len(new))} new"] if new else []
    return [
        f"lesion {one.lesion} is new, but {one.doubt}: please look, it is progression if it is real"
        for one in new
        if one.doubt
    ]


def _of_nadir(course: Course, visit: int) -> list[str]:
    nadir, total = course.nadir(visit), course.totals[visit]
    if nadir is None or not nadir.is_nothing or total.known <= 0:
        return []
    least = f"{course.rule.least_over_nothing:.3g} {course.rule.unit}"
    return [f"over a nadir of 0 only a rise of {least} counts: please check whether a lesion has come back"]


def _of_shapes(course: Course, visit: int) -> list[str]:
    """Targets that count as a sum of parts, or in another lesion."""
    found = []
    missing = {reading.lesion for reading in course.totals[visit].missing}
    for lesion in course.lesions:
        seen = lesion.sightings[visit]
        if lesion.role is not Role.TARGET or lesion.id in missing:
            continue
        if seen.merged_into:
            found.append(f"lesion {lesion.id} has grown together with lesion {seen.merged_into} and counts in it")
        elif len(seen.parts) > 1 and course.criterion is not Criterion.MRECIST:
            found.append(f"lesion {lesion.id} counts as the sum of its {len(seen.parts)} parts")
    return found


def _of_others(course: Course, visit: int) -> list[str]:
    """Growth of the non-target lesions as large as a PD of a target would be, in volume (RECIST 1.1, 4.3.4)."""
    others = [lesion for lesion in course.lesions if lesion.role is Role.NON_TARGET]
    volumes_ml = [pair for lesion in others if (pair := _volumes_ml(lesion, course.baseline, visit)) is not None]
    before_ml, now_ml = (sum(column) for column in zip(*volumes_ml, strict=True)) if volumes_ml else (0.0, 0.0)
    limit = RULES[Criterion.VOLUME].pd_percent
    if not course.rule.counts_new or before_ml <= 0 or now_ml < before_ml * (1 + limit / 100):
        return []
    percent = percent_text(100 * (now_ml - before_ml) / before_ml, limit)
    return [
        f"non-target lesions: {percent} in volume from the baseline; whether that is progression is the reader's word"
    ]


def _volumes_ml(lesion: TrackedLesion, baseline: int, visit: int) -> tuple[float, float] | None:
    """At the baseline and now; None unless it is there by itself at both."""
    first, now = lesion.sightings[baseline], lesion.sightings[visit]
    if not first.parts or not now.parts or first.volume_ml is None or now.volume_ml is None:
        return None
    return first.volume_ml, now.volume_ml
