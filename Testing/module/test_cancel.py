"""A run that is cut off at any moment leaves the scene, the disk and the system as they were."""

from __future__ import annotations

import random
import time

import pytest
import slicer
from module_runs import (
    AS_REAL_COMMAND,
    QUICK,
    add_ct,
    children_since,
    finish,
    in_place_of_python,
    is_alive,
    live,
    phantom,
    press_segment,
    reach,
    running_logic,
    start,
    surroundings,
    temporary_folder,
    until,
)
from module_widget import opened_module

from LiverTumorSegLib.mrml.result import results_in, results_of
from LiverTumorSegLib.settings import SegmentSettings
from LiverTumorSegLib.workbench.segment_run import SegmentRun

LONGEST_CANCEL_S = 6.0
"""Required are 2 s (recorded); the rest is for machines that are busy with other things."""
DELAYS_S = {"start": 0.8, "liver": 3.0, "tumors": 4.0, "vessels": 0.8, "files": 0.1}
"""By stage of the published networks: up to how long after its beginning the run is cancelled."""


@pytest.fixture
def logic(scene):
    phantom()
    with running_logic() as logic:
        yield logic


@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.parametrize("stage", DELAYS_S)
def test_a_cancel_at_any_moment_leaves_no_trace(logic, kuleuven_weights, stage, record_property):
    node = add_ct()
    before = surroundings()
    run = start(logic, node, SegmentSettings())
    reach(logic, run, stage)
    live(logic, random.Random(stage).uniform(0, DELAYS_S[stage]))
    family = children_since(before)
    assert family
    asked = time.perf_counter()
    logic.cancel()
    until(lambda: logic.activity is None, logic)
    seconds = time.perf_counter() - asked
    record_property("seconds_to_cancel", round(seconds, 2))
    assert seconds < LONGEST_CANCEL_S
    assert not [child for child in family if is_alive(child)]
    assert (run.cancelled, run.failure, run.result) == (True, None, None)
    assert surroundings() == before
    reach(logic, start(logic, node), "liver")


def test_a_cancel_takes_what_the_child_has_started_in_a_session_of_its_own(logic, tmp_path):
    grandchild = "[sys.executable, '-c', 'import time; time.sleep(300)']"
    family = f"import subprocess, sys\nsubprocess.Popen({grandchild}, start_new_session=True)\n{AS_REAL_COMMAND}"
    node = add_ct()
    before = surroundings()
    run = start(logic, node, python=in_place_of_python(tmp_path, family))
    reach(logic, run, "liver")
    assert [child for child in children_since(before) if "time.sleep(300)" in " ".join(child.cmdline())]
    logic.cancel()
    assert finish(logic, run).cancelled
    assert surroundings() == before


def test_once_the_result_is_on_the_screen_a_cancel_does_not_take_it_away(logic):
    run = start(logic, add_ct())
    reach(logic, run, "surfaces")
    logic.cancel()
    finish(logic, run)
    assert not run.cancelled
    assert [result.segmentation for result in results_in(slicer.mrmlScene)] == [run.result.segmentation]


def test_closing_the_scene_in_the_middle_of_a_run_ends_it_and_the_module_stays_usable(scene):
    phantom()
    with opened_module() as widget:
        scene.Clear(0)
        widget.logic.measuring.warm_up()
        before = surroundings()
        press_segment(widget, add_ct())
        reach(widget.logic, widget.logic.activity, "vessels")
        scene.Clear(0)
        assert widget.logic.activity is None
        live(widget.logic, 0.5)
        assert surroundings() == before
        assert widget.ui.cancelButton.enabled is False
        node = add_ct(name="next")
        run = press_segment(widget, node)
        finish(widget.logic, run)
        assert widget.errors == []
        assert [result.segmentation for result in results_of(node)] == [run.result.segmentation]


def test_a_ct_that_is_loaded_after_the_scene_was_closed_never_gets_the_result_of_the_one_before(scene, logic):
    """Node ids begin anew in an empty scene; nothing but the run knows of it here."""
    first = add_ct(name="first patient")
    first_id = first.GetID()
    run = SegmentRun(first, QUICK, logic.runOptions(), lambda _result: None)
    run.start()
    scene.Clear(0)
    second = add_ct(name="second patient")
    assert second.GetID() == first_id
    before = surroundings()
    while run.poll():
        time.sleep(0.05)
    assert "first patient is no longer in the scene" in run.failure.message
    assert surroundings().nodes == before.nodes


def test_a_logic_that_is_closed_in_the_middle_of_a_run_leaves_nothing(scene):
    node = add_ct()
    before = surroundings()
    with running_logic() as logic:
        run = start(logic, node)
        reach(logic, run, "vessels")
        family = children_since(before)
        assert len(family) >= 2
        assert list(temporary_folder().glob("LiverTumorSeg-*/CT.nii"))
    assert not [child for child in family if is_alive(child)]
    assert surroundings() == before
    assert run.cancelled
