"""What has changed since the last run is told in words."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest
from followup_cases import Ball, Scan, moved

from LiverTumorSegLib.followup.corrections import Corrections
from LiverTumorSegLib.followup.track import follow_up

pytestmark = pytest.mark.usefixtures("register_once")
LESIONS = (Ball.of(60, 2, 25, 10), Ball.of(-42, 22, 24, 7))
GROWN = (Ball.of(60, 2, 25, 11), LESIONS[1])


@cache
def visit(number, lesions=LESIONS):
    date = ("20200101", "20200301", "20200501")[number]
    return Scan(lesions, moved((6.0 * number, 0, 4.0 * number)), date=date, name=f"visit {number + 1}").examination()


@cache
def first_run():
    return follow_up([visit(0), visit(1), visit(2, GROWN)]).timeline


def test_nothing_is_told_of_an_unchanged_follow_up():
    assert follow_up([visit(0), visit(1), visit(2, GROWN)], earlier=first_run()).timeline == first_run()
    assert first_run().log == ()


def test_a_changed_mask_and_what_it_changed_later_are_told():
    smaller = (Ball.of(60, 2, 25, 7), LESIONS[1])
    log = follow_up([visit(0), visit(1, smaller), visit(2, GROWN)], earlier=first_run()).timeline.log
    was, is_now = visit(1).measurements.lesions[0], visit(1, smaller).measurements.lesions[0]
    assert log[0] == "Visit 2's mask changed."
    assert f"Visit 2: lesion L1: {was.long_axis_mm:.1f} mm became {is_now.long_axis_mm:.1f} mm." in log
    assert "Visit 3, RECIST 1.1: SD became PD." in log
    assert not any("L2" in line for line in log)


def test_a_lesion_that_was_drawn_anew_or_erased_is_told():
    more = follow_up([visit(0), visit(1, (*LESIONS, Ball.of(20, 18, -5, 8))), visit(2, GROWN)], earlier=first_run())
    assert "Visit 2: lesion L3 was not known." in more.timeline.log
    less = follow_up([visit(0), visit(1), visit(2, GROWN)], earlier=more.timeline).timeline.log
    assert "Visit 2: lesion L3 of the last run is not there any more." in less


def test_names_that_changed_are_told_with_the_old_ones():
    swapped = (Ball.of(60, 2, 25, 6.5), LESIONS[1])
    timeline = follow_up([visit(0, swapped), visit(1), visit(2, GROWN)], earlier=first_run()).timeline
    assert any(line.startswith("Visit 1: lesion L2 (then L1): ") for line in timeline.log)
    assert not any(line.startswith("Visit 1: lesion L1 (then L2): ") for line in timeline.log)


def test_visits_that_came_and_went_are_told():
    shorter = follow_up([visit(0), visit(1)], earlier=first_run()).timeline
    assert shorter.log == ("The examination of 2020-05-01 (then visit 3) is not part of it any more.",)
    assert follow_up([visit(0), visit(1), visit(2, GROWN)], earlier=shorter).timeline.log[0] == "Visit 3 was added."


def test_another_baseline_is_told():
    chosen = Corrections(baseline=visit(1).key)
    log = follow_up([visit(0), visit(1), visit(2, GROWN)], chosen, earlier=first_run()).timeline.log
    assert log[0] == "The baseline is visit 2 now."


def test_a_log_is_of_one_run_only():
    changed = replace(first_run(), log=("something",))
    assert follow_up([visit(0), visit(1), visit(2, GROWN)], earlier=changed).timeline.log == ()
