"""A reader's corrections: which lesion they mean, and that they hold before any rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from followup_story import NAMES, examination, story

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.anchors import lesion_at
from LiverTumorSegLib.followup.corrections import (
    Anchor,
    Corrections,
    DiameterCorrection,
    GoneCorrection,
    MatchCorrection,
    RoleCorrection,
)
from LiverTumorSegLib.followup.track import follow_up
from LiverTumorSegLib.timeline import Criterion, Role, State

pytestmark = pytest.mark.usefixtures("register_once")


def told(name, visit):
    return next(one for one in story().timeline.lesions if one.id == name_of(name)).sightings[visit]


def name_of(name):
    return f"L{NAMES.index(name) + 1}"


def anchor(name, visit):
    """Where the lesion's largest part was seen."""
    (x, y, z), (u, v, w) = told(name, visit).parts[0].long_axis_ras_mm
    return Anchor(examination(visit).key, ((x + u) / 2, (y + v) / 2, (z + w) / 2))


def followed(visits=(0, 1), **corrections):
    return follow_up([examination(visit) for visit in visits], Corrections(**corrections)).timeline


def at(timeline, name):
    return next(one for one in timeline.lesions if one.id == name_of(name))


def test_a_point_means_the_lesion_that_holds_it_or_the_nearest():
    one = examination(1)
    lesion = one.measurements.lesions[0]
    start, end = np.array(lesion.long_axis_ras_mm)
    beyond = (end - start) / np.linalg.norm(end - start)
    assert lesion_at(one, tuple(((start + end) / 2).tolist()), 5.0) == lesion.id
    assert lesion_at(one, tuple((end + 3 * beyond).tolist()), 5.0) == lesion.id
    assert lesion_at(one, tuple((end + 9 * beyond).tolist()), 5.0) is None
    assert lesion_at(one, (900.0, 900.0, 900.0), 5.0) is None


def test_roles_of_a_reader_hold():
    timeline = followed(
        roles=(RoleCorrection(anchor("growing", 1), Role.TARGET), RoleCorrection(anchor("steady", 0), Role.EXCLUDED))
    )
    growing, steady = at(timeline, "growing"), at(timeline, "steady")
    assert (growing.role, growing.role_by_reader, growing.reason) == (Role.TARGET, True, "set by the reader")
    assert (steady.role, steady.role_by_reader) == (Role.EXCLUDED, True)
    assert len(timeline.targets) == 2


def test_a_reader_can_call_a_lesion_new():
    timeline = followed(matches=(MatchCorrection(anchor("shrinking", 1), None),))
    assert at(timeline, "shrinking").sightings[1].state is State.GONE
    assert sorted(one.sightings[1].state for one in timeline.lesions).count(State.NEW) == 2


def test_a_reader_can_say_which_lesion_it_is():
    timeline = followed(matches=(MatchCorrection(anchor("new", 1), anchor("coming back", 0)),))
    back = at(timeline, "coming back").sightings[1]
    assert back.state is State.PERSISTENT
    assert back.parts == told("new", 1).parts
    assert len(timeline.lesions) == 7


def test_a_match_may_name_the_visits_in_either_order():
    one, other = anchor("new", 1), anchor("coming back", 0)
    assert followed(matches=(MatchCorrection(one, other),)) == followed(matches=(MatchCorrection(other, one),))


def test_lesions_that_a_reader_takes_apart_are_told_apart():
    timeline = followed(matches=(MatchCorrection(anchor("left one", 1), anchor("right one", 0)),))
    assert at(timeline, "right one").sightings[1].state is State.PERSISTENT
    assert at(timeline, "left one").sightings[1].state is not State.PERSISTENT


def test_a_readers_diameter_replaces_the_measured_one():
    timeline = followed(diameters=(DiameterCorrection(anchor("steady", 1), 40.5, 21.0),))
    seen = at(timeline, "steady").sightings[1]
    assert (seen.long_axis_mm, seen.short_axis_mm, seen.by_reader) == (40.5, 21.0, True)
    assert seen.measured_long_axis_mm == told("steady", 1).long_axis_mm
    total = timeline.assessments[Criterion.RECIST][1].total
    assert {one.id for one in timeline.targets} == {name_of("steady"), name_of("splitting")}
    assert total == pytest.approx(40.5 + told("splitting", 1).long_axis_mm)


def test_a_readers_diameter_of_one_part_replaces_that_part():
    timeline = followed(diameters=(DiameterCorrection(anchor("splitting", 1), 20.0),))
    seen, was = at(timeline, "splitting").sightings[1], told("splitting", 1)
    assert seen.long_axis_mm == pytest.approx(20.0 + was.parts[1].long_axis_mm)
    assert seen.short_axis_mm == was.short_axis_mm


def test_what_nobody_can_measure_is_not_evaluable():
    timeline = followed(diameters=(DiameterCorrection(anchor("steady", 1), unreadable=True),))
    seen = at(timeline, "steady").sightings[1]
    assert (seen.state, seen.long_axis_mm, seen.by_reader) == (State.NOT_EVALUABLE, None, True)
    assert seen.parts


def test_a_reader_may_measure_what_the_mask_has_missed():
    """Too small to measure, but there: 5 mm at a visit at which no mask shows it."""
    read = DiameterCorrection(anchor("coming back", 0), 5.0, at_visit=examination(1).key)
    timeline = followed((0, 1, 2), diameters=(read,))
    seen = at(timeline, "coming back").sightings[1]
    assert (seen.state, seen.parts, seen.long_axis_mm, seen.by_reader) == (State.PERSISTENT, (), 5.0, True)
    assert (seen.volume_ml, seen.measured_long_axis_mm) == (None, None)
    assert at(timeline, "coming back").sightings[2] == told("coming back", 2)
    unreadable = followed(diameters=(replace(read, long_axis_mm=None, unreadable=True),))
    assert at(unreadable, "coming back").sightings[1].state is State.NOT_EVALUABLE


def test_what_was_read_in_place_of_the_mask_gives_way_once_the_mask_shows_it():
    read = DiameterCorrection(anchor("steady", 0), 5.0, at_visit=examination(1).key)
    timeline = followed(diameters=(read,))
    assert at(timeline, "steady").sightings[1] == told("steady", 1)
    assert any("where no mask showed it" in warning for warning in timeline.warnings)


def test_gone_is_0_mm_once_a_reader_says_so_and_stays_so_until_it_is_found_again():
    gone = GoneCorrection(anchor("shrinking", 2), examination(3).key)
    seen = at(followed((0, 1, 2, 3), gone=(gone,)), "shrinking").sightings[3]
    assert (seen.state, seen.confirmed, seen.long_axis_mm) == (State.GONE, True, 0.0)
    back = followed((0, 1, 2), gone=(GoneCorrection(anchor("coming back", 0), examination(1).key),))
    row = at(back, "coming back").sightings
    assert [(one.state, one.confirmed) for one in row[1:]] == [(State.GONE, True), (State.PERSISTENT, False)]


def test_what_the_mask_shows_is_not_gone():
    timeline = followed(gone=(GoneCorrection(anchor("steady", 0), examination(1).key),))
    assert at(timeline, "steady").sightings[1] == told("steady", 1)
    assert any("calls a lesion of visit 1 gone at visit 2" in warning for warning in timeline.warnings)


def test_another_baseline_is_a_readers_choice():
    timeline = followed((0, 1, 2), baseline=examination(1).key)
    assert timeline.baseline == 1
    assert [visit.months for visit in timeline.visits] == [-60 / 30.4375, 0.0, 63 / 30.4375]
    new = at(timeline, "new")
    assert [one.state for one in new.sightings] == [State.ABSENT, State.BASELINE, State.PERSISTENT]
    assert timeline.assessments[Criterion.RECIST][1].category is None
    assert timeline.assessments[Criterion.RECIST][2].category is not None
    with pytest.raises(InputError, match="none of the examinations"):
        followed(baseline="nothing")


def test_a_correction_that_leads_nowhere_is_told_and_left_out():
    lost = Anchor(examination(0).key, (0.0, 0.0, 500.0))
    unknown = replace(lost, visit="elsewhere")
    timeline = followed(
        roles=(RoleCorrection(lost, Role.EXCLUDED), RoleCorrection(unknown, Role.EXCLUDED)),
        matches=(MatchCorrection(anchor("steady", 0), anchor("growing", 0)),),
    )
    warnings = timeline.warnings
    assert any("within 5 mm of the place (0.0, 0.0, 500.0)" in warning for warning in warnings)
    assert any("elsewhere" in warning for warning in warnings)
    assert any("Both lesions of a match are of visit 1" in warning for warning in warnings)
    assert not any(one.role_by_reader for one in timeline.lesions)
