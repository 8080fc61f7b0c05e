"""Follow-ups that run: real ``measure`` and ``track`` children, three visits, corrections, a report, cancel."""

from __future__ import annotations

import json

import pytest
import slicer
from followup_numbers import DATES
from followup_scene import add_visits
from module_runs import surroundings
from module_widget import edit, opened_module, wait_until

from LiverTumorSegLib.mrml.followup import follow_up_in
from LiverTumorSegLib.mrml.followup_nodes import add_follow_up, add_result_visit, change_visit
from LiverTumorSegLib.mrml.segmentation_labels import segmentation_of
from LiverTumorSegLib.mrml.volume_node import view_of
from LiverTumorSegLib.timeline import Category, Criterion, FollowUp, Role, State

VANISHING = ((15.0, -6.0, 9.0), 8.0)
APPEARING = ((9.0, 12.0, -10.0), 7.0)
FURTHER = ((VANISHING,), (VANISHING,), (APPEARING,))
SECONDS = 240.0


@pytest.fixture
def module(scene):
    with opened_module() as widget:
        widget.ui.followUpCollapsibleButton.collapsed = False
        yield widget


def three_visits(scene, module, dates=DATES):
    """L1 stays, the second lesion vanishes at the third visit, where another one appears."""
    follow_up = add_follow_up(scene)
    results = add_visits(scene, further=FURTHER)
    for result, date in zip(results, dates, strict=True):
        add_result_visit(follow_up, result, date)
    module.logic.tick()
    return follow_up, results


def run(module):
    module.followUpUi.followUpRunButton.click()
    assert (module.errors, module.logic.activity is not None) == ([], True)
    wait_until(lambda: module.logic.activity is None, module, SECONDS)
    assert module.errors == []
    module.logic.tick()


def responses(follow_up):
    return [one.category for one in follow_up.timeline.assessments[Criterion.RECIST]]


def states(follow_up):
    return {tuple(str(seen.state) for seen in lesion.sightings): lesion.id for lesion in follow_up.timeline.lesions}


PERSISTENT = ("baseline", "persistent", "persistent")
GONE = ("baseline", "persistent", "gone")
NEW = ("absent", "absent", "new")


def test_three_visits_are_followed_and_judged_and_what_a_reader_puts_right_counts(scene, module):
    follow_up, results = three_visits(scene, module)
    panel, ui = module.followUpPanel, module.followUpUi
    run(module)
    found = states(follow_up)
    assert set(found) == {PERSISTENT, GONE, NEW}
    assert responses(follow_up) == [None, Category.SD, Category.PD]
    assert f"lesion {found[NEW]} is new" in ui.followUpReasonsLabel.text
    # Diameters are those of the results, to the bit: nothing was resampled
    timeline = follow_up.timeline
    for visit, result in enumerate(results):
        there = sorted(part.long_axis_mm for one in timeline.lesions for part in one.sightings[visit].parts)
        assert there == pytest.approx(sorted(one.long_axis_mm for one in result.measurements.lesions), abs=1e-4)
    # The appearing one is no lesion, says the reader: what is left is a lesion that was not found
    row = [lesion.id for lesion in timeline.lesions].index(found[NEW])
    selector = panel.lesions.role_selector(row)
    selector.setCurrentIndex(selector.findText("not a lesion"))
    module.logic.tick()
    assert ui.followUpReasonsLabel.text == ""
    written = set(module.logic.visitFiles._written)
    run(module)
    assert set(module.logic.visitFiles._written) == written
    assert states(follow_up) == found  # the same names
    assert responses(follow_up) == [None, Category.SD, Category.NE]
    third = follow_up.timeline.assessments[Criterion.RECIST][2]
    assert third.if_confirmed is Category.PR
    # It is gone
    panel.lesions.choose(found[GONE], 2)
    ui.followUpGoneButton.click()
    run(module)
    assert responses(follow_up) == [None, Category.SD, Category.PR]
    lesion = next(one for one in follow_up.timeline.lesions if one.id == found[GONE])
    assert lesion.sightings[2].confirmed
    excluded = next(one for one in follow_up.timeline.lesions if one.id == found[NEW])
    assert (excluded.role, excluded.role_by_reader) == (Role.EXCLUDED, True)


def test_a_readers_diameter_and_another_baseline_change_the_judgement(scene, module):
    follow_up, _results = three_visits(scene, module)
    panel, ui = module.followUpPanel, module.followUpUi
    change_visit(follow_up, follow_up.entries[2].number, is_used=False)
    module.logic.tick()
    run(module)
    panel.lesions.choose(states(follow_up)[("baseline", "persistent")], 1)
    ui.followUpDiameterSpinBox.value = 40.0
    ui.followUpDiameterButton.click()
    panel.visits.baseline_button(1).checked = True
    module.logic.tick()
    run(module)
    assert follow_up.timeline.baseline == 1
    assert follow_up.corrections.baseline == follow_up.timeline.visits[1].key
    lesion = next(one for one in follow_up.timeline.lesions if one.sightings[1].by_reader)
    assert lesion.sightings[1].long_axis_mm == 40.0
    assert lesion.sightings[1].measured_long_axis_mm == pytest.approx(
        follow_up.timeline.lesions[0].sightings[1].parts[0].long_axis_mm, abs=5
    )
    assert "(reader)" in ui.followUpLesionsTable.item(follow_up.timeline.lesions.index(lesion), 3).text()


def test_visits_without_dates_count_in_the_order_of_their_choice(scene, module):
    follow_up, _results = three_visits(scene, module, dates=("", "", ""))
    change_visit(follow_up, follow_up.entries[2].number, is_used=False)
    module.logic.tick()
    run(module)
    assert [visit.key for visit in follow_up.timeline.visits] == [entry.key for entry in follow_up.entries[:2]]
    assert [visit.months for visit in follow_up.timeline.visits] == [None, None]
    assert "in the order given" in module.followUpUi.followUpWarningsLabel.text


def test_a_report_is_written_with_the_visits_results_and_can_be_followed_from_there(scene, module, tmp_path):
    follow_up, _results = three_visits(scene, module)
    change_visit(follow_up, follow_up.entries[1].number, is_used=False)
    module.logic.tick()
    module.followUpPanel.export_to(tmp_path / "out")
    wait_until(lambda: module.logic.activity is None, module, SECONDS)
    assert module.errors == []
    report = tmp_path / "out" / "report"
    assert (report / "followup.html").stat().st_size > 10_000
    stored = FollowUp.from_json(json.loads((report / "followup.json").read_text()))
    assert stored == follow_up.timeline
    assert str(report) in module.followUpUi.followUpStatusLabel.text
    folders = [tmp_path / "out" / "visits" / visit.key for visit in stored.visits]
    assert [visit.result for visit in stored.visits] == [str(folder) for folder in folders]
    # The same again, from the folders alone, in an empty scene
    numbers = [[seen.long_axis_mm for seen in lesion.sightings] for lesion in stored.lesions]
    scene.Clear(0)
    slicer.app.processEvents()
    for folder in folders:
        module.followUpPanel.add_folder(folder)
    again = follow_up_in(scene)
    for entry, visit in zip(again.entries, stored.visits, strict=True):
        change_visit(again, entry.number, date=visit.date)
    module.logic.tick()
    run(module)
    assert [[seen.long_axis_mm for seen in one.sightings] for one in again.timeline.lesions] == numbers


def test_what_is_changed_while_it_runs_leaves_the_numbers_outdated(scene, module):
    follow_up, results = three_visits(scene, module)
    change_visit(follow_up, follow_up.entries[2].number, is_used=False)
    module.logic.tick()
    module.followUpUi.followUpRunButton.click()
    wait_until(lambda: module.logic.activity.progress.fraction > 0.35, module, SECONDS)
    change_visit(follow_up, follow_up.entries[0].number, date="2023-12-31")
    wait_until(lambda: module.logic.activity is None, module, SECONDS)
    assert follow_up.timeline is not None
    assert follow_up.is_outdated
    module.logic.tick()
    assert module.followUpUi.followUpReasonsLabel.text == ""
    assert "press Follow up" in module.followUpUi.followUpStatusLabel.text
    assert all(result.scene is scene for result in results)


def test_cancel_leaves_the_scene_as_it_was_and_no_process(scene, module):
    follow_up, _results = three_visits(scene, module)
    module.logic.tick()
    before, ui = surroundings(), module.followUpUi
    ui.followUpRunButton.click()
    wait_until(lambda: module.logic.activity.progress.fraction > 0.35, module, SECONDS)
    assert ui.followUpCancelButton.enabled
    assert not ui.followUpRunButton.enabled
    ui.followUpCancelButton.click()
    wait_until(lambda: module.logic.activity is None, module, 20)
    assert follow_up.timeline is None
    assert "nothing was changed" in ui.followUpStatusLabel.text
    after = surroundings()
    assert (after.nodes, after.items, after.children) == (before.nodes, before.items, before.children)
    assert ui.followUpRunButton.enabled


def test_two_patients_are_asked_about_and_the_scene_may_be_closed_while_it_runs(scene, module):
    follow_up, results = three_visits(scene, module)
    hierarchy = scene.GetSubjectHierarchyNode()
    for result, patient in zip(results, ("P1", "P1", "P2"), strict=True):
        study = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(result.volume))
        owner = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), patient)
        hierarchy.SetItemAttribute(owner, "DICOM.PatientID", patient)
        hierarchy.SetItemParent(study, owner)
    module.ask = lambda question: module.questions.append(question) or len(module.questions) > 1
    module.followUpUi.followUpRunButton.click()
    assert "P1, P2" in module.questions[0]
    assert module.logic.activity is None
    module.followUpUi.followUpRunButton.click()
    assert module.logic.activity is not None
    scene.Clear(0)
    slicer.app.processEvents()
    assert module.logic.activity is None
    module.logic.tick()
    assert module.followUpUi.followUpLesionsTable.rowCount == 0
    assert follow_up.scene is None


def test_an_edited_mask_is_measured_anew_and_the_others_are_not(scene, module):
    follow_up, results = three_visits(scene, module)
    change_visit(follow_up, follow_up.entries[2].number, is_used=False)
    module.logic.tick()
    run(module)
    folders = {name: one.folder for name, one in module.logic.visitFiles._written.items()}
    array = segmentation_of(results[1].segmentation, view_of(results[1].volume)).array == 3
    array[17:] = False  # of the second lesion
    edit(results[1], "tumor", array)
    module.logic.tick()
    assert follow_up.is_outdated
    run(module)
    again = {name: one.folder for name, one in module.logic.visitFiles._written.items()}
    changed = {name for name in folders if folders[name] != again[name]}
    assert changed == {results[1].segmentation.GetID()}
    assert any(seen.state is State.GONE for one in follow_up.timeline.lesions for seen in one.sightings)
    assert follow_up.timeline.log
