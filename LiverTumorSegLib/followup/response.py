"""Response of a visit: progression, complete response, partial response, stable disease, tested in this order.

A reason names the rule that decided, with its numbers. Definitions: docs/follow-up.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from LiverTumorSegLib.followup.course import Course
from LiverTumorSegLib.followup.criteria import TOLERANCE
from LiverTumorSegLib.followup.new_lesions import NewLesion, new_lesions
from LiverTumorSegLib.followup.noise import Interval, noise_percent
from LiverTumorSegLib.followup.remarks import remarks_at
from LiverTumorSegLib.followup.settings import DEFAULT_SETTINGS, ResponseSettings
from LiverTumorSegLib.followup.totals import Reading, readings_of
from LiverTumorSegLib.followup.words import amount_text, are, lesions_text, missing_text, visit_text
from LiverTumorSegLib.timeline import Assessment, Category, Criterion, Role, State, TrackedLesion

AT_VISIT = "at this visit"


@dataclass(frozen=True)
class _Verdict:
    category: Category
    clause: str


@dataclass(frozen=True)
class _Scene:
    """A visit after the baseline, with what is asked of it more than once. others: the non-target lesions."""

    course: Course
    visit: int
    new: tuple[NewLesion, ...]
    others: tuple[Reading, ...]

    @classmethod
    def of(cls, course: Course, visit: int, settings: ResponseSettings) -> _Scene:
        new = new_lesions(course.criterion, course.lesions, course.baseline, visit, settings)
        return cls(course, visit, new, readings_of(Role.NON_TARGET, course.criterion, course.lesions, visit))


def assess(
    criterion: Criterion,
    lesions: Sequence[TrackedLesion],
    baseline: int,
    settings: ResponseSettings = DEFAULT_SETTINGS,
    visits: int | None = None,
) -> tuple[Assessment, ...]:
    """One per visit; the baseline and what lies before it have no category.

    Roles and sightings are set, one sighting per visit. baseline: a visit's number. visits: how many there are, needed
    where there are no lesions. if_confirmed is set where it differs from the category.
    """
    count = visits if visits is not None else max((len(lesion.sightings) for lesion in lesions), default=0)
    found = _assessments(Course.of(criterion, lesions, baseline, count), settings)
    if not any(_is_unconfirmed(lesion) for lesion in lesions):
        return found
    confirmed = _assessments(Course.of(criterion, [_confirmed(one) for one in lesions], baseline, count), settings)
    return tuple(
        one if one.category is then.category else replace(one, if_confirmed=then.category)
        for one, then in zip(found, confirmed, strict=True)
    )


def _is_unconfirmed(lesion: TrackedLesion) -> bool:
    return any(seen.state is State.GONE and not seen.confirmed for seen in lesion.sightings)


def _confirmed(lesion: TrackedLesion) -> TrackedLesion:
    sightings = tuple(replace(seen, confirmed=True) if seen.state is State.GONE else seen for seen in lesion.sightings)
    return replace(lesion, sightings=sightings)


def _assessments(course: Course, settings: ResponseSettings) -> tuple[Assessment, ...]:
    return tuple(
        _judged(course, visit, settings) if visit > course.baseline else _not_judged(course, visit)
        for visit in range(len(course.totals))
    )


def _not_judged(course: Course, visit: int) -> Assessment:
    total = course.totals[visit]
    if visit < course.baseline:
        return Assessment(None, "before the baseline", total.value)
    count = len(total.readings)
    if total.value is not None:
        targets = "1 target lesion" if count == 1 else f"{count} target lesions"
        return Assessment(None, f"baseline: {targets}, {amount_text(total.value, course.rule.unit)}", total.value)
    reason = missing_text(total.missing, AT_VISIT) or "no target lesion"
    return Assessment(None, f"baseline: {reason}", None)


def _judged(course: Course, visit: int, settings: ResponseSettings) -> Assessment:
    scene = _Scene.of(course, visit, settings)
    verdicts = (test(scene) for test in _TESTS)
    verdict = next(found for found in verdicts if found is not None)
    remarks = remarks_at(course, visit, scene.new)
    total, nadir = course.totals[visit].value, course.nadir(visit)
    change = None if total is None or nadir is None else total - nadir.total
    return Assessment(
        category=verdict.category,
        reason="; ".join([f"{verdict.category}: {verdict.clause}", *remarks]),
        total=total,
        percent_from_baseline=course.percent_from_baseline(visit),
        percent_from_nadir=None if change is None or nadir is None or nadir.is_nothing else 100 * change / nadir.total,
        change_from_nadir=change,
        nadir_visit=None if nadir is None else nadir.visit,
        noise_percent=_noise(course, visit),
    )


def _noise(course: Course, visit: int) -> Interval | None:
    """Known for longest diameters only."""
    if course.criterion is not Criterion.RECIST or course.percent_from_baseline(visit) is None:
        return None
    return noise_percent([reading.value or 0.0 for reading in course.totals[course.baseline].readings])


def _progression_of_targets(scene: _Scene) -> _Verdict | None:
    """Also where targets are missing: what they hold can only add to the sum of the others."""
    course, total, nadir = scene.course, scene.course.totals[scene.visit], scene.course.nadir(scene.visit)
    if nadir is None or not course.rule.is_progression(total.known, nadir.total):
        return None
    clause = course.over_nadir_text(total.known, nadir)
    if total.missing:
        clause += f" by the measured lesions alone ({missing_text(total.missing, AT_VISIT)})"
    by_new = _progression_by_new(scene)
    return _Verdict(Category.PD, clause if by_new is None else f"{clause}; {by_new.clause}")


def _progression_by_new(scene: _Scene) -> _Verdict | None:
    sure = [new for new in scene.new if not new.doubt]
    if not sure or not scene.course.rule.counts_new:
        return None
    clauses = []
    for start in sorted({new.since for new in sure}):
        ids = [new.lesion for new in sure if new.since == start]
        when = "" if start == scene.visit else f" since {visit_text(start)}"
        clauses.append(f"{lesions_text(ids)} {are(len(ids))} new{when}")
    return _Verdict(Category.PD, ", ".join(clauses))


def _targets_missing(scene: _Scene) -> _Verdict | None:
    missing = scene.course.totals[scene.visit].missing
    return _Verdict(Category.NE, missing_text(missing, AT_VISIT)) if missing else None


def _no_targets(scene: _Scene) -> _Verdict | None:
    course = scene.course
    if course.totals[scene.visit].readings:
        return None
    before = readings_of(Role.NON_TARGET, course.criterion, course.lesions, course.baseline)
    if any(one.value for one in before) and all(one.is_nothing for one in scene.others):
        return _Verdict(Category.CR, "all lesions are gone (none was a target)")
    return _Verdict(Category.NE, "there is no target lesion")


def _no_baseline(scene: _Scene) -> _Verdict | None:
    course = scene.course
    missing = course.totals[course.baseline].missing
    if missing:
        return _Verdict(Category.NE, missing_text(missing, "at the baseline"))
    if course.totals[course.baseline].known <= TOLERANCE:
        return _Verdict(Category.NE, f"the targets add up to 0 {course.rule.unit} at the baseline")
    return None


def _complete(scene: _Scene) -> _Verdict | None:
    """Complete only if no other lesion is left; partial otherwise, as RECIST 1.1 has it."""
    if scene.course.totals[scene.visit].known > TOLERANCE:
        return None
    words = "without viable tissue" if scene.course.criterion is Criterion.MRECIST else "gone"
    left = [one.lesion for one in scene.others if one.value is not None and not one.is_nothing]
    if left:
        verb = f"remain{'s' * (len(left) == 1)}"
        return _Verdict(Category.PR, f"all targets are {words}, but non-target {lesions_text(left)} {verb}")
    unknown = [one for one in scene.others if one.value is None]
    if unknown:
        return _Verdict(Category.PR, f"all targets are {words}, but non-target {missing_text(unknown, AT_VISIT)}")
    return _Verdict(Category.CR, f"all {'lesions' if scene.others else 'targets'} are {words}")


def _partial(scene: _Scene) -> _Verdict | None:
    course, percent = scene.course, scene.course.percent_from_baseline(scene.visit)
    if percent is None or not course.rule.is_partial_response(percent):
        return None
    total, nadir = course.totals[scene.visit].known, course.nadir(scene.visit)
    risen = nadir is not None and total > nadir.total + TOLERANCE
    clauses = [course.from_baseline_text(percent), *([course.over_nadir_text(total, nadir)] if nadir and risen else [])]
    return _Verdict(Category.PR, ", ".join(clauses))


def _stable(scene: _Scene) -> _Verdict:
    course, total, nadir = scene.course, scene.course.totals[scene.visit].known, scene.course.nadir(scene.visit)
    percent = course.percent_from_baseline(scene.visit)
    if nadir is None or percent is None:
        message = f"visit {scene.visit} has no baseline to be stable against"
        raise ValueError(message)
    fallen = f"{course.from_baseline_text(percent)}: a fall of less than {course.rule.pr_percent:g} %"
    risen = f"{course.over_nadir_text(total, nadir)}: {course.short_of_text(total, nadir)}"
    has_fallen, has_risen = percent < -TOLERANCE, total > nadir.total + TOLERANCE
    clauses = [clause for clause, holds in ((fallen, has_fallen), (risen, has_risen)) if holds]
    return _Verdict(Category.SD, ", ".join(clauses) or "unchanged from the baseline")


_TESTS = (
    _progression_of_targets,
    _progression_by_new,
    _targets_missing,
    _no_targets,
    _no_baseline,
    _complete,
    _partial,
    _stable,
)
