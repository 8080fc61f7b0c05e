"""Lesions keep their names over visits on moved, turned, oblique and left-handed grids, and every state is told."""

from __future__ import annotations

import json

import numpy as np
import pytest
from followup_story import LESIONS, MOVES, NAMES, SCANS, examination, story

from LiverTumorSegLib.followup.examination import Examination
from LiverTumorSegLib.followup.flags import OUT_OF_VIEW
from LiverTumorSegLib.followup.track import follow_up
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.timeline import Category, Criterion, FollowUp, State

B, P, N, G = State.BASELINE, State.PERSISTENT, State.NEW, State.GONE
S, M, X, A = State.SPLIT, State.MERGED, State.NOT_EVALUABLE, State.ABSENT
STATES = {
    "steady": (B, P, P, P),
    "shrinking": (B, P, P, G),
    "splitting": (B, S, X, S),
    "growing": (B, P, P, P),
    "left one": (B, P, P, P),
    "right one": (B, M, M, P),
    "coming back": (B, G, P, G),
    "new": (A, N, P, P),
}


def lesion(name):
    return next(one for one in story().timeline.lesions if one.id == f"L{NAMES.index(name) + 1}")


def where(name, visit):
    """The patient's own place of what is drawn of a lesion."""
    balls = LESIONS[visit][name]
    weights = [np.prod(ball.half_mm) for ball in balls]
    return np.average([ball.center for ball in balls], axis=0, weights=weights)


def test_visits_are_in_the_order_of_their_dates():
    visits = story().timeline.visits
    assert [visit.date for visit in visits] == ["2020-01-10", "2020-03-10", "2020-05-12", "2020-07-14"]
    assert [visit.result for visit in visits] == [scan.name for scan in SCANS]
    assert [visit.title for visit in visits] == ["Visit 1", "Visit 2", "Visit 3", "Visit 4"]
    assert visits[1].months == 60 / 30.4375


@pytest.mark.parametrize("name", NAMES)
def test_every_lesion_has_its_name_and_its_states(name):
    assert tuple(seen.state for seen in lesion(name).sightings) == STATES[name]
    assert len(story().timeline.lesions) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_called_a_lesion_lies_where_it_was_drawn(name):
    for visit, seen in enumerate(lesion(name).sightings):
        if not seen.parts:
            continue
        true = MOVES[visit][:3, :3] @ where(name, visit) + MOVES[visit][:3, 3]
        assert np.linalg.norm(np.array(seen.center_ras_mm) - true) < 1.5


def test_the_place_of_a_lesion_is_known_at_every_visit():
    for name in NAMES:
        first = next(visit for visit in range(4) if LESIONS[visit].get(name))
        for visit, seen in enumerate(lesion(name).sightings):
            if seen.parts or seen.state is M:
                continue
            true = MOVES[visit][:3, :3] @ where(name, first) + MOVES[visit][:3, 3]
            assert np.linalg.norm(np.array(seen.center_ras_mm) - true) < 4.0, (name, visit)


@pytest.mark.parametrize("visit", range(4))
def test_registration_changes_no_measured_value_by_a_bit(visit):
    given = examination(visit)
    alone, _ = measure_case(given.segmentation)
    by_id = {one.id: one for one in alone.lesions}
    parts = [part for one in story().timeline.lesions for part in one.sightings[visit].parts]
    assert sorted(part.id for part in parts) == sorted(by_id)
    for part in parts:
        for field in ("long_axis_mm", "short_axis_mm", "volume_ml", "long_axis_ras_mm", "slice_index"):
            assert getattr(part, field) == getattr(by_id[part.id], field)
    for one in story().timeline.lesions:
        seen = one.sightings[visit]
        if len(seen.parts) == 1:
            assert seen.long_axis_mm == seen.parts[0].long_axis_mm == seen.measured_long_axis_mm


def test_a_split_lesion_counts_as_the_sum_of_its_parts():
    seen = lesion("splitting").sightings[1]
    assert len(seen.parts) == 2
    assert seen.parts[0].volume_ml > seen.parts[1].volume_ml
    assert seen.long_axis_mm == seen.parts[0].long_axis_mm + seen.parts[1].long_axis_mm
    assert seen.volume_ml == seen.parts[0].volume_ml + seen.parts[1].volume_ml


def test_lesions_that_have_grown_together_count_once():
    left, right = lesion("left one"), lesion("right one")
    for visit in (1, 2):
        seen = right.sightings[visit]
        assert (seen.parts, seen.long_axis_mm, seen.merged_into) == ((), None, left.id)
        assert len(left.sightings[visit].parts) == 1
    assert left.related == (right.id,)
    assert right.related == (left.id,)


def test_a_place_outside_the_image_is_not_gone():
    seen = lesion("splitting").sightings[2]
    assert seen.flags == (OUT_OF_VIEW,)
    assert (seen.long_axis_mm, seen.volume_ml) == (None, None)


def test_what_was_not_found_is_no_0_mm_until_a_reader_says_so():
    seen = lesion("coming back").sightings[1]
    assert (seen.long_axis_mm, seen.confirmed, seen.volume_ml) == (None, False, 0.0)


def test_livers_fit_and_a_cut_liver_is_told():
    visits = story().timeline.visits
    assert visits[0].registration is None
    for visit in visits[1:]:
        assert visit.registration.is_usable
        assert visit.registration.dice > 0.96
    warnings = story().timeline.warnings
    assert "The liver of visit 3 is cut off by the edge of the volume." in warnings
    assert "The slices of visit 2 are tilted by more than 5 degrees." in warnings
    assert "The distance of slices differs: 2.6 mm at visit 2, 4.0 mm at visit 4." in warnings


def test_points_are_carried_between_any_two_visits():
    points = np.array([[60.0, 2.0, 25.0], [-42.0, 22.0, 24.0], [30.0, -20.0, -10.0]])
    for start in range(4):
        here = points @ MOVES[start][:3, :3].T + MOVES[start][:3, 3]
        for end in range(4):
            there = points @ MOVES[end][:3, :3].T + MOVES[end][:3, 3]
            assert np.linalg.norm(story().carried(here, start, end) - there, axis=1).max() < 4.0


def test_response_is_judged_by_all_criteria_but_the_one_that_needs_an_arterial_phase():
    timeline = story().timeline
    assert set(timeline.assessments) == {Criterion.RECIST, Criterion.WHO, Criterion.VOLUME}
    assert timeline.assessments[Criterion.RECIST][1].category is Category.PD
    assert "lesion L8 is new" in timeline.assessments[Criterion.RECIST][1].reason
    grown = lesion("growing").growth
    assert grown[0] is None
    assert grown[1].percent_per_month > 0


def test_a_new_lesion_is_looked_for_in_the_earlier_scan():
    back = lesion("new").look_back
    assert [one.visit for one in back] == [0]
    assert abs(back[0].contrast_hu) < 10
    assert back[0].verdict.startswith("Nothing to see")
    assert all(one.look_back == () for one in story().timeline.lesions if one.id != "L8")


def test_the_same_input_gives_the_same_output_to_the_bit():
    again = follow_up([examination(visit) for visit in range(4)])
    assert again.timeline == story().timeline
    points = np.array([[60.0, 2.0, 25.0], [-42.0, 22.0, 24.0]])
    assert np.array_equal(again.carried(points, 0, 3), story().carried(points, 0, 3))


def test_the_follow_up_survives_json():
    timeline = story().timeline
    assert FollowUp.from_json(json.loads(json.dumps(timeline.to_json(), allow_nan=False))) == timeline


def test_one_examination_is_a_follow_up_without_comparison():
    timeline = follow_up([examination(0)]).timeline
    assert [seen.state for one in timeline.lesions for seen in one.sightings] == [B] * 7


def test_an_empty_liver_without_lesions_is_followed_too():
    full = examination(0)
    nothing = full.segmentation.with_array(np.zeros_like(full.segmentation.array))
    measured, lesions = measure_case(nothing)
    empty = Examination(nothing, lesions, measured, SCANS[1].source(), "empty")
    timeline = follow_up([full, empty]).timeline
    assert not timeline.visits[1].registration.is_usable
    assert {one.sightings[1].state for one in timeline.lesions} == {State.NOT_EVALUABLE}
