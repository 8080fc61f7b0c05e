"""From a click to a correction: which lesion it names, and what it replaces."""

from __future__ import annotations

from dataclasses import replace

import pytest
from followup_numbers import KEYS, seen, timeline

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.corrections import Anchor, Corrections, DiameterCorrection, GoneCorrection
from LiverTumorSegLib.timeline import Role, State
from LiverTumorSegLib.workbench.follow_up_edits import (
    anchor_of,
    as_new,
    as_same,
    earlier_lesions,
    lesion_at,
    with_diameter,
    with_gone,
    with_role,
    without_gone,
)

NOTHING = Corrections()


def test_an_anchor_is_the_middle_of_the_long_axis_and_names_its_lesion():
    for lesion_id, visit, point in (("L1", 0, (-5.0, 10.0, 40.0)), ("L3", 2, (18.0, 5.0, 2.0))):
        anchor = anchor_of(timeline(), lesion_id, visit)
        assert anchor == Anchor(KEYS[visit], point)
        assert lesion_at(timeline(), anchor) == lesion_id


def test_an_anchor_near_a_lesion_names_it_and_one_far_away_or_of_another_visit_names_none():
    assert lesion_at(timeline(), Anchor(KEYS[0], (-5.0, 13.0, 44.0))) == "L1"
    assert lesion_at(timeline(), Anchor(KEYS[0], (-5.0, 10.0, 70.0))) is None
    assert lesion_at(timeline(), Anchor("dddddddddddd", (-5.0, 10.0, 40.0))) is None


def test_a_second_word_on_a_role_replaces_the_first_and_leaves_other_lesions():
    said = with_role(NOTHING, timeline(), "L1", Role.NON_TARGET)
    said = with_role(said, timeline(), "L3", Role.EXCLUDED)
    said = with_role(said, timeline(), "L1", Role.TARGET)
    assert {lesion_at(timeline(), one.lesion): one.role for one in said.roles} == {
        "L1": Role.TARGET,
        "L3": Role.EXCLUDED,
    }
    assert len(said.roles) == 2


def test_gone_is_said_once_for_each_visit_and_only_where_a_lesion_was_not_found():
    said = with_gone(with_gone(NOTHING, timeline(), "L2", 1), timeline(), "L2", 1)
    place = Anchor(KEYS[0], (12.0, 20.0, 50.0))
    assert said.gone == (GoneCorrection(place, KEYS[1]),)
    said = with_gone(said, timeline(), "L2", 2)
    assert without_gone(said, timeline(), "L2", 1).gone == (GoneCorrection(place, KEYS[2]),)
    with pytest.raises(InputError, match="persistent at visit 2"):
        with_gone(said, timeline(), "L1", 1)


def test_diameters_are_those_of_one_visit_and_can_be_taken_back():
    said = with_diameter(NOTHING, timeline(), "L1", 1, long_axis_mm=21.5)
    said = with_diameter(said, timeline(), "L1", 2, long_axis_mm=27.0, short_axis_mm=12.0)
    said = with_diameter(said, timeline(), "L1", 1, unreadable=True)
    assert said.diameters == (
        DiameterCorrection(Anchor(KEYS[2], (-8.0, 15.0, 11.0)), 27.0, 12.0),
        DiameterCorrection(Anchor(KEYS[1], (-3.0, -4.0, 62.0)), unreadable=True),
    )
    assert [one.lesion.visit for one in with_diameter(said, timeline(), "L1", 2).diameters] == [KEYS[1]]


def test_what_the_mask_has_missed_can_be_measured_once_it_was_seen():
    said = with_diameter(NOTHING, timeline(), "L2", 1, long_axis_mm=5.0)
    assert [(one.visit, one.lesion.visit, one.long_axis_mm) for one in said.diameters] == [(KEYS[1], KEYS[0], 5.0)]
    assert with_diameter(said, timeline(), "L2", 1).diameters == ()
    with pytest.raises(InputError, match="not seen before visit 1"):
        with_diameter(NOTHING, timeline(), "L3", 0, long_axis_mm=5.0)


def test_a_match_names_the_other_lesion_where_it_was_last_seen_before():
    said = as_same(NOTHING, timeline(), "L3", 2, "L1")
    assert said.matches[0].earlier == Anchor(KEYS[1], (-3.0, -4.0, 62.0))
    said = as_new(said, timeline(), "L3", 2)
    assert [one.earlier for one in said.matches] == [None]
    with pytest.raises(InputError, match="not seen before visit 2"):
        as_same(NOTHING, timeline(), "L1", 1, "L3")


def test_of_a_split_lesion_all_parts_are_matched():
    whole = timeline()
    first = whole.lesions[0]
    other = seen(State.SPLIT, 8.0, 0.5, (2.0, 40.0, 11.0)).parts[0]
    split = replace(first.sightings[2], state=State.SPLIT, parts=(*first.sightings[2].parts, other))
    lesions = (replace(first, sightings=(*first.sightings[:2], split)), *whole.lesions[1:])
    said = as_new(NOTHING, replace(whole, lesions=lesions), "L1", 2)
    assert [one.later.point_ras_mm for one in said.matches] == [(-8.0, 15.0, 11.0), (2.0, 40.0, 11.0)]
    again = as_same(said, replace(whole, lesions=lesions), "L1", 2, "L2")
    assert len(again.matches) == 2


def test_only_lesions_that_were_seen_before_are_offered_as_the_same():
    assert earlier_lesions(timeline(), "L3", 2) == ["L1", "L2"]
    assert earlier_lesions(timeline(), "L1", 0) == []


def test_a_lesion_that_nobody_knows_is_refused_with_the_names_that_there_are():
    with pytest.raises(InputError, match="L1, L2, L3"):
        with_role(NOTHING, timeline(), "L9", Role.TARGET)
