"""The section Follow-up: what is shown of a scene, and what choices make of it. The run: test_follow_up_run.py."""

from __future__ import annotations

import pytest
import slicer
from followup_numbers import DATES, KEYS, timeline
from followup_scene import add_visits, follow_up_with_numbers
from module_widget import edit, opened_module

from LiverTumorSegLib.followup.corrections import Anchor, DiameterCorrection, GoneCorrection
from LiverTumorSegLib.mrml.followup import follow_up_in
from LiverTumorSegLib.mrml.followup_nodes import correct, show_timeline
from LiverTumorSegLib.timeline import Criterion, Role


@pytest.fixture
def module(scene):
    with opened_module() as widget:
        widget.ui.followUpCollapsibleButton.collapsed = False
        yield widget


@pytest.fixture
def panel(module):
    return module.followUpPanel


@pytest.fixture
def ui(module):
    return module.followUpUi


def texts(table, column):
    items = [table.item(row, column) for row in range(table.rowCount)]
    return [item.text() if item else "" for item in items]


def headers(table):
    return [table.horizontalHeaderItem(n).text() for n in range(table.columnCount)]


def shown(scene, module):
    follow_up, results = follow_up_with_numbers(scene)
    module.logic.tick()
    return follow_up, results


# Visits


def test_results_of_the_scene_are_offered_and_a_tick_makes_them_visits(scene, module, panel, ui):
    add_visits(scene, 2)
    module.logic.tick()
    boxes = [panel.visits.check_box(row) for row in range(2)]
    assert [(box.text, box.checked) for box in boxes] == [("CT 1", False), ("CT 2", False)]
    assert not ui.followUpRunButton.enabled
    for row in range(2):
        panel.visits.check_box(row).checked = True
        module.logic.tick()
    assert [entry.is_used for entry in follow_up_in(scene).entries] == [True, True]
    assert ui.followUpRunButton.enabled
    panel.visits.check_box(0).checked = False
    module.logic.tick()
    assert not ui.followUpRunButton.enabled
    assert ui.followUpVisitsTable.rowCount == 2


def test_dates_are_those_of_the_study_until_somebody_gives_another(scene, module, panel, ui):
    (result,) = add_visits(scene, 1)
    hierarchy = scene.GetSubjectHierarchyNode()
    item = hierarchy.GetItemByDataNode(result.volume)
    while hierarchy.GetItemLevel(item) != "Study":
        item = hierarchy.GetItemParent(item)
    hierarchy.SetItemAttribute(item, "DICOM.StudyDate", "20240331")
    module.logic.tick()
    panel.visits.check_box(0).checked = True
    module.logic.tick()
    edit_ = panel.visits.date_edit(0)
    assert (edit_.placeholderText, edit_.text) == ("2024-03-31", "")
    edit_.text = "2024-04-02"
    edit_.editingFinished.emit()
    module.logic.tick()
    assert follow_up_in(scene).entries[0].date == "2024-04-02"
    assert panel.visits.date_edit(0).text == "2024-04-02"


def test_the_table_tells_sums_changes_and_responses_with_their_reasons(scene, module, ui):
    shown(scene, module)
    table = ui.followUpVisitsTable
    assert headers(table)[4] == "Sum (mm)"
    assert texts(table, 4) == ["60.0", "-", "-"]
    assert texts(table, 3) == ["baseline", "NE", "PD"]
    assert texts(table, 7) == ["", "PR", ""]
    assert table.item(2, 3).toolTip() == "PD: new lesion L3"
    assert ui.followUpReasonsLabel.text == "1: Baseline\n2: NE: L2 was not found\n3: PD: new lesion L3"


def test_another_criterion_is_shown_at_once_and_kept(scene, module, ui):
    follow_up, _results = shown(scene, module)
    selector = ui.followUpCriterionSelector
    selector.setCurrentIndex(selector.findData("volume"))
    module.logic.tick()
    assert headers(ui.followUpVisitsTable)[4] == "Sum (ml)"
    assert texts(ui.followUpVisitsTable, 6) == ["", "-90.0", "+125.0"]
    assert follow_up.criterion is Criterion.VOLUME


def test_the_baseline_is_the_first_visit_until_another_is_chosen(scene, module, panel, ui):
    follow_up, _results = shown(scene, module)
    assert [panel.visits.baseline_button(row).checked for row in range(3)] == [True, False, False]
    panel.visits.baseline_button(1).checked = True
    module.logic.tick()
    assert follow_up.baseline == follow_up.entries[1].number
    assert [panel.visits.baseline_button(row).checked for row in range(3)] == [False, True, False]
    assert texts(ui.followUpVisitsTable, 3) == ["", "", ""]
    assert "press Follow up" in ui.followUpStatusLabel.text


def test_a_folder_is_added_once_and_what_is_none_is_refused_in_words(scene, module, panel, ui, tmp_path):
    (tmp_path / "empty").mkdir()
    panel.add_folder(tmp_path / "empty")
    assert "run.json" in ui.followUpStatusLabel.text
    assert follow_up_in(scene) is None
    folder = tmp_path / "2024"
    folder.mkdir()
    (folder / "run.json").write_text('{"source": {"sha256": "0123456789abcdef", "study_date": "20240102"}}')
    panel.add_folder(folder)
    assert ui.followUpStatusLabel.text == ""
    assert panel.visits.check_box(0).text == "2024"
    assert panel.visits.date_edit(0).placeholderText == "2024-01-02"
    panel.add_folder(folder)
    assert "already" in ui.followUpStatusLabel.text
    assert ui.followUpVisitsTable.rowCount == 1


def test_an_edit_of_a_mask_takes_the_judgement_away(scene, module, ui):
    follow_up, results = shown(scene, module)
    module.logic.tick()
    array = slicer.util.arrayFromVolume(results[1].volume).transpose() > 1000
    edit(results[1], "tumor", array)
    module.logic.tick()
    assert follow_up.is_outdated
    module.logic.tick()
    assert texts(ui.followUpVisitsTable, 3) == ["", "", ""]
    assert not ui.followUpChartsButton.enabled


# Lesions


def test_lesions_stand_in_rows_and_visits_in_columns(scene, module, panel, ui):
    shown(scene, module)
    table = ui.followUpLesionsTable
    assert headers(table) == ["Lesion", "Role", *(f"{n + 1}: {date}" for n, date in enumerate(DATES))]
    assert texts(table, 0) == ["L1 (VII)", "L2 (V/VI)", "L3 (II)"]
    assert texts(table, 2) == ["40.0", "20.0", "not there yet"]
    assert texts(table, 3) == ["20.0", "not found: gone?", "not there yet"]
    assert texts(table, 4) == ["26.0", "not found: gone?", "11.5, new"]
    assert [panel.lesions.role_selector(row).currentText for row in range(3)] == ["target", "target", "non-target"]


def test_a_role_is_kept_as_a_correction_where_the_lesion_was_first_seen(scene, module, panel, ui):
    follow_up, _results = shown(scene, module)
    selector = panel.lesions.role_selector(2)
    selector.setCurrentIndex(selector.findText("not a lesion"))
    module.logic.tick()
    (said,) = follow_up.corrections.roles
    assert (said.role, said.lesion) == (Role.EXCLUDED, Anchor(KEYS[2], (18.0, 5.0, 2.0)))
    assert panel.lesions.role_selector(2).currentText == "not a lesion"
    assert follow_up.is_outdated
    selector = panel.lesions.role_selector(2)
    selector.setCurrentIndex(selector.findText("target"))
    module.logic.tick()
    assert [one.role for one in follow_up.corrections.roles] == [Role.TARGET]


def test_a_lesion_that_was_not_found_is_confirmed_gone_and_taken_back(scene, module, panel, ui):
    follow_up, _results = shown(scene, module)
    panel.lesions.choose("L1", 1)
    assert not ui.followUpGoneButton.enabled
    panel.lesions.choose("L2", 1)
    assert ui.followUpGoneButton.enabled
    ui.followUpGoneButton.click()
    assert follow_up.corrections.gone == (GoneCorrection(Anchor(KEYS[0], (12.0, 20.0, 50.0)), KEYS[1]),)
    module.logic.tick()
    assert ui.followUpGoneButton.checked
    panel.lesions.choose("L2", 2)
    assert not ui.followUpGoneButton.checked
    panel.lesions.choose("L2", 1)
    ui.followUpGoneButton.click()
    assert follow_up.corrections.gone == ()


def test_a_readers_diameter_is_kept_for_that_visit_and_taken_back(scene, module, panel, ui):
    follow_up, _results = shown(scene, module)
    panel.lesions.choose("L1", 2)
    ui.followUpDiameterSpinBox.value = 27.5
    ui.followUpDiameterButton.click()
    anchor = Anchor(KEYS[2], (-8.0, 15.0, 11.0))
    assert follow_up.corrections.diameters == (DiameterCorrection(anchor, 27.5),)
    module.logic.tick()
    assert ui.followUpDiameterSpinBox.value == 27.5
    panel.lesions.choose("L1", 1)
    assert ui.followUpDiameterSpinBox.value == 0
    panel.lesions.choose("L1", 2)
    ui.followUpUnreadableButton.click()
    assert follow_up.corrections.diameters == (DiameterCorrection(anchor, unreadable=True),)
    module.logic.tick()
    ui.followUpUnreadableButton.click()
    assert follow_up.corrections.diameters == ()


def test_matches_are_put_right_from_the_chosen_visit_on(scene, module, panel, ui):
    follow_up, _results = shown(scene, module)
    panel.lesions.choose("L1", 0)
    assert not ui.followUpNewButton.enabled
    panel.lesions.choose("L3", 2)
    selector = ui.followUpSameSelector
    assert [selector.itemText(n) for n in range(selector.count)] == ["L1", "L2"]
    selector.setCurrentIndex(selector.findText("L2"))
    ui.followUpSameButton.click()
    (said,) = follow_up.corrections.matches
    assert said.later == Anchor(KEYS[2], (18.0, 5.0, 2.0))
    assert said.earlier == Anchor(KEYS[0], (12.0, 20.0, 50.0))
    module.logic.tick()
    ui.followUpNewButton.click()
    (said,) = follow_up.corrections.matches
    assert said.earlier is None


def test_what_is_known_of_the_chosen_lesion_is_told_in_words(scene, module, panel, ui):
    shown(scene, module)
    assert ui.followUpLesionLabel.text == "Click a lesion to see and correct it."
    assert not ui.followUpMatchRow.enabled
    ui.followUpLesionsTable.cellClicked.emit(0, 4)
    assert panel.lesions.chosen == ("L1", 2)
    assert "L1 at visit 3</b>: persistent, 26.0 x 13.0 mm, 9.0 ml" in ui.followUpLesionLabel.text
    ui.followUpLesionsTable.cellClicked.emit(2, 0)
    assert panel.lesions.chosen == ("L3", 2)


# The scene


def test_a_stored_follow_up_opens_with_its_tables(scene, module, panel, ui, tmp_path):
    follow_up, _results = shown(scene, module)
    panel.lesions.choose("L2", 1)
    ui.followUpGoneButton.click()
    show_timeline(follow_up, timeline())
    module.logic.tick()
    before = [texts(ui.followUpVisitsTable, n) for n in (3, 4)], texts(ui.followUpLesionsTable, 3)
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    scene.Clear(0)
    module.logic.tick()
    assert ui.followUpVisitsTable.rowCount == ui.followUpLesionsTable.rowCount == 0
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    module.logic.tick()
    after = [texts(ui.followUpVisitsTable, n) for n in (3, 4)], texts(ui.followUpLesionsTable, 3)
    assert after == before
    panel.lesions.choose("L2", 1)
    assert ui.followUpGoneButton.checked


def test_a_removed_follow_up_leaves_the_results(scene, module, panel, ui):
    _follow_up, results = shown(scene, module)
    ui.followUpRemoveButton.click()
    assert follow_up_in(scene) is None
    assert all(result.scene is scene for result in results)
    assert ui.followUpVisitsTable.rowCount == 3
    assert ui.followUpLesionsTable.rowCount == 0
    assert not ui.followUpRemoveButton.enabled


def test_what_a_script_changes_is_shown_as_well(scene, module, panel, ui):
    follow_up, _results = shown(scene, module)
    from LiverTumorSegLib.workbench.follow_up_edits import with_role

    correct(follow_up, with_role(follow_up.corrections, follow_up.timeline, "L1", Role.NON_TARGET))
    module.logic.tick()
    assert panel.lesions.role_selector(0).currentText == "non-target"
