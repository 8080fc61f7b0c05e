"""What a person does with the module's panel, on the real scene."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import slicer
from LiverTumorSegModule.sample_data import load_phantom
from LiverTumorSegModule.surroundings import python_words
from module_widget import RIGHT_HANDED, add_ct, add_result_on, cells, edit, opened_module, wait_for_numbers, wait_until
from mrml_case import SHAPE, label_array

from LiverTumorSegLib.measurements import Measurements
from LiverTumorSegLib.mrml.markups import ends_ras_of, is_reader_line
from LiverTumorSegLib.mrml.result import results_of

UI_FILE = Path(__file__).parents[2] / "LiverTumorSeg" / "Resources" / "UI" / "LiverTumorSeg.ui"
AXIAL = np.diag([-0.9, -0.8, 2.5, 1.0])


@pytest.fixture
def module(scene):
    with opened_module() as widget:
        yield widget


@pytest.fixture
def slice_views(scene):
    """Taken out again: closing a scene keeps its views, turned as they are."""
    views = []
    for name, orientation in (("Red", "Axial"), ("Green", "Coronal"), ("Yellow", "Sagittal")):
        view = scene.CreateNodeByClass("vtkMRMLSliceNode")
        view.SetName(name)
        view.SetLayoutName(name)
        view.SetOrientation(orientation)
        views.append(scene.AddNode(view))
        view.UnRegister(None)
    yield views
    for view in views:
        scene.RemoveNode(view)


def test_without_a_ct_nothing_can_be_segmented_and_the_button_says_why(module):
    assert not module.ui.segmentButton.enabled
    assert "Choose a CT" in module.ui.segmentButton.toolTip
    assert not module.ui.cancelButton.enabled


def test_a_ct_that_is_in_the_scene_is_chosen_when_the_module_opens(scene):
    ct = add_ct(scene)
    with opened_module() as module:
        assert module.ui.inputSelector.currentNode() is ct
        assert module.ui.segmentButton.enabled
        assert "CT" in module.ui.segmentButton.toolTip


def chosen(combo):
    return combo.itemData(combo.currentIndex)


def choose(name, value):
    return lambda ui: getattr(ui, name).setCurrentIndex(getattr(ui, name).findData(value))


def put(name, attribute, value):
    return lambda ui: setattr(getattr(ui, name), attribute, value)


@pytest.mark.parametrize(
    ("change", "name", "value", "shown"),
    [
        (choose("modelSelector", "classical"), "model", "classical", lambda ui: chosen(ui.modelSelector)),
        (choose("deviceSelector", "cpu"), "device", "cpu", lambda ui: chosen(ui.deviceSelector)),
        (choose("engineSelector", "openvino"), "engine", "openvino", lambda ui: chosen(ui.engineSelector)),
        (choose("precisionSelector", "fp32"), "precision", "fp32", lambda ui: chosen(ui.precisionSelector)),
        (choose("contourSelector", "chan-vese"), "contour", "chan-vese", lambda ui: chosen(ui.contourSelector)),
        (choose("anatomySelector", "ivab"), "anatomy", "ivab", lambda ui: chosen(ui.anatomySelector)),
        (put("threadsSpinBox", "value", 3), "threads", "3", lambda ui: f"{ui.threadsSpinBox.value}"),
        (put("minLesionSpinBox", "value", 0.25), "minLesionMl", "0.25", lambda ui: f"{ui.minLesionSpinBox.value:g}"),
        (
            put("offlineCheckBox", "checked", True),
            "offline",
            "true",
            lambda ui: f"{ui.offlineCheckBox.checked}".lower(),
        ),
        (
            put("offlineFolderEdit", "currentPath", "/media/stick"),
            "offlineFolder",
            "/media/stick",
            lambda ui: ui.offlineFolderEdit.currentPath,
        ),
    ],
)
def test_every_choice_is_kept_in_the_parameter_node_and_shown_again_after_loading(
    scene, module, tmp_path, change, name, value, shown
):
    usual = shown(module.ui)
    assert usual != value
    change(module.ui)
    assert module.logic.getParameterNode().GetParameter(name) == value
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    scene.Clear(0)
    slicer.app.processEvents()
    assert shown(module.ui) == usual
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    slicer.app.processEvents()
    assert module.logic.getParameterNode().GetParameter(name) == value
    assert shown(module.ui) == value


def test_a_choice_made_by_a_script_is_shown(scene, module):
    ct = add_ct(scene)
    node = module.logic.getParameterNode()
    node.SetParameter("device", "cpu")
    node.SetParameter("threads", "5")
    node.SetNodeReferenceID("InputVolume", ct.GetID())
    assert module.ui.deviceSelector.itemData(module.ui.deviceSelector.currentIndex) == "cpu"
    assert module.ui.threadsSpinBox.value == 5
    assert module.ui.inputSelector.currentNode() is ct
    assert module.ui.segmentButton.enabled


def test_contradicting_choices_are_one_message_and_no_run(scene, module):
    module.ui.inputSelector.setCurrentNode(add_ct(scene))
    module._parameters.set("minLesionMl", "-1")
    module.ui.segmentButton.click()
    assert len(module.errors) == 1
    assert "Expected" in module.errors[0][0]
    assert module.logic.activity is None


def test_the_tables_show_the_result_of_the_chosen_ct(scene, module):
    first, second = add_ct(scene, "first"), add_ct(scene, "second")
    results = [add_result_on(scene, first), add_result_on(scene, second, (label_array() > 0).astype(np.uint8))]
    for ct, result in zip((first, second), results, strict=True):
        module.ui.inputSelector.setCurrentNode(ct)
        assert module.ui.resultSelector.currentNode() is result.segmentation
        assert module.ui.lesionTable.mrmlTableNode() is result.lesions
        assert module.ui.volumetryTable.mrmlTableNode() is result.volumetry
        assert module.ui.segmentEditor.segmentationNode() is result.segmentation
        assert module.ui.segmentEditor.sourceVolumeNode() is ct
    module.ui.inputSelector.setCurrentNode(add_ct(scene, "third"))
    assert module.ui.lesionTable.mrmlTableNode() is None
    assert not module.ui.exportButton.enabled


def test_of_two_results_on_one_ct_the_chosen_one_is_shown_and_stays_chosen(scene, module):
    ct = add_ct(scene)
    older, newer = add_result_on(scene, ct), add_result_on(scene, ct)
    module.ui.inputSelector.setCurrentNode(ct)
    assert module.ui.lesionTable.mrmlTableNode() is newer.lesions
    module.ui.resultSelector.setCurrentNode(older.segmentation)
    module.refresh()
    assert module.ui.lesionTable.mrmlTableNode() is older.lesions


def test_a_second_run_on_a_ct_shows_its_own_result_and_keeps_the_first(scene, module):
    ct = load_phantom(python_words(), Path(slicer.app.temporaryPath), ("--spacing", 6, 6, 8))
    module.ui.inputSelector.setCurrentNode(ct)
    module.ui.modelSelector.setCurrentIndex(module.ui.modelSelector.findData("classical"))
    shown = []
    for _run in range(2):
        module.ui.segmentButton.click()
        wait_until(lambda: module.logic.activity is None, module, 120)
        shown.append(module.ui.resultSelector.currentNode())
    assert module.errors == []
    assert "Finding the liver" in module.ui.logText.plainText
    assert [result.segmentation for result in results_of(ct)] == shown
    assert shown[0] is not shown[1]


def test_choosing_a_result_chooses_its_ct(scene, module):
    first, second = add_ct(scene, "first"), add_ct(scene, "second")
    result = add_result_on(scene, first)
    module.ui.inputSelector.setCurrentNode(second)
    module.ui.resultSelector.setCurrentNode(result.segmentation)
    assert module.ui.inputSelector.currentNode() is first


def test_other_segmentations_are_not_offered_as_results(scene, module):
    scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "somebody else's")
    result = add_result_on(scene, add_ct(scene))
    assert module.ui.resultSelector.nodeCount() == 1
    module.ui.resultSelector.setCurrentNode(result.segmentation)
    assert module.ui.resultSelector.currentNode() is result.segmentation


@pytest.mark.parametrize("row", [0, 1])
def test_a_click_on_a_row_turns_the_slices_to_the_long_axis_of_its_lesion(scene, module, slice_views, row):
    ct = add_ct(scene, affine=AXIAL)
    result = add_result_on(scene, ct)
    module.ui.inputSelector.setCurrentNode(ct)
    model = module.ui.lesionTable.model()
    clicked = module.ui.lesionTable.clicked
    getattr(clicked, "emit", clicked)(model.index(row, 0))  # PythonQt emits a signal that is called
    middle_ras = np.mean(result.measurements.lesions[row].long_axis_ras_mm, axis=0)
    for view, axis in zip(slice_views, (2, 1, 0), strict=True):
        assert view.GetSliceToRAS().GetElement(axis, 3) == pytest.approx(middle_ras[axis], abs=1e-6)


def test_in_an_oblique_acquisition_the_axial_view_lies_in_the_plane_of_the_long_axis(scene, module, slice_views):
    ct = add_ct(scene, affine=RIGHT_HANDED)
    result = add_result_on(scene, ct)
    module.ui.inputSelector.setCurrentNode(ct)
    module.resultPanel.jump_to_lesion(1)
    matrix = slice_views[0].GetSliceToRAS()
    normal = np.array([matrix.GetElement(row, 2) for row in range(3)])
    origin = np.array([matrix.GetElement(row, 3) for row in range(3)])
    for point_ras in np.array(result.measurements.lesions[0].long_axis_ras_mm):
        assert normal @ (point_ras - origin) == pytest.approx(0, abs=1e-6)


def test_a_row_of_a_table_that_is_being_measured_leads_nowhere_and_harms_nothing(scene, module):
    ct = add_ct(scene)
    result = add_result_on(scene, ct)
    module.ui.inputSelector.setCurrentNode(ct)
    module.logic.tick()
    edit(result, "tumor", np.zeros(SHAPE, bool))
    module.logic.tick()
    module.resultPanel.jump_to_lesion(1)
    module.resultPanel.jump_to_lesion(100)


def test_both_tables_go_to_the_clipboard_with_units(scene, module):
    ct = add_ct(scene)
    add_result_on(scene, ct)
    module.ui.inputSelector.setCurrentNode(ct)
    module.ui.copyButton.click()
    lines = slicer.app.clipboard().text().split("\n")
    assert lines[0] == "Structure\tVolume (ml)\tShare of liver (%)"
    assert lines[5] == ""
    assert lines[6].split("\t")[:3] == ["Lesion", "Volume (ml)", "Long axis (mm)"]
    assert [line.split("\t")[0] for line in lines[7:]] == ["1", "2"]


def test_csv_files_hold_unrounded_numbers_and_the_readers_diameters(scene, module, tmp_path):
    ct = add_ct(scene, "CT: abdomen/1")
    result = add_result_on(scene, ct)
    module.ui.inputSelector.setCurrentNode(ct)
    module.logic.tick()
    line = result.measured_lines[0]
    line.SetNthControlPointPositionWorld(1, *(ends_ras_of(line)[0] + (3, 4, 12)))
    wait_until(lambda: is_reader_line(line), module)
    written = module.resultPanel.export_to(tmp_path)
    assert [path.name for path in written] == ["CT_abdomen_1-volumes.csv", "CT_abdomen_1-lesions.csv"]
    with written[1].open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert float(rows[0]["long_axis_mm"]) == result.measurements.lesions[0].long_axis_mm
    assert float(rows[0]["reader_long_axis_mm"]) == pytest.approx(13)
    assert rows[1]["reader_long_axis_mm"] == ""
    with written[0].open(encoding="utf-8", newline="") as file:
        assert float(next(csv.DictReader(file))["volume_ml"]) == result.measurements.liver_ml


def test_existing_csv_files_are_replaced_only_after_asking(scene, module, tmp_path, monkeypatch):
    ct = add_ct(scene)
    add_result_on(scene, ct)
    module.ui.inputSelector.setCurrentNode(ct)
    (tmp_path / "CT-lesions.csv").write_text("years of work")
    asked = []
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text: asked.append(text) or False)
    assert module.resultPanel.export_to(tmp_path) == []
    assert "CT-lesions.csv" in asked[0]
    assert (tmp_path / "CT-lesions.csv").read_text() == "years of work"
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda text: True)
    assert len(module.resultPanel.export_to(tmp_path)) == 2


def test_a_report_of_the_edited_segmentation_has_the_numbers_of_the_tables(scene, module, tmp_path):
    ct = add_ct(scene)
    result = add_result_on(scene, ct)
    module.ui.inputSelector.setCurrentNode(ct)
    module.logic.tick()
    mask = label_array() == 3
    mask[21:24, 12:15, 6:8] = False
    edit(result, "tumor", mask)
    wait_for_numbers(module, result)
    module.saveReport(result, tmp_path / "report")
    wait_until(lambda: module.logic.activity is None, module, 120)
    assert module.errors == []
    assert (tmp_path / "report" / "report.html").is_file()
    assert (tmp_path / "report" / "segmentation.seg.nrrd").is_file()
    stored = Measurements.from_json(json.loads((tmp_path / "report" / "measurements.json").read_text()))
    assert stored.tumor_ml == pytest.approx(result.measurements.tumor_ml, rel=1e-5)
    assert [x.long_axis_mm for x in stored.lesions] == pytest.approx(
        [x.long_axis_mm for x in result.measurements.lesions], rel=1e-5
    )
    assert "report" in module.ui.statusLabel.text.lower()


def test_a_report_into_a_folder_of_other_files_is_refused_in_one_message(scene, module, tmp_path):
    ct = add_ct(scene)
    result = add_result_on(scene, ct)
    (tmp_path / "thesis.docx").write_text("years of work")
    module.saveReport(result, tmp_path)
    wait_until(lambda: module.logic.activity is None, module, 120)
    assert len(module.errors) == 1
    assert "thesis.docx" in module.errors[0][0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["thesis.docx"]


def test_flags_of_the_case_are_told_in_words(scene, module):
    ct = add_ct(scene)
    add_result_on(scene, ct)
    module.ui.inputSelector.setCurrentNode(ct)
    # A liver of 15 ml is not that of an adult.
    assert "implausible" in module.ui.flagsLabel.text


def test_closing_the_scene_empties_the_panel_and_it_can_be_used_again(scene, module):
    ct = add_ct(scene)
    add_result_on(scene, ct)
    module.ui.inputSelector.setCurrentNode(ct)
    scene.Clear(0)
    slicer.app.processEvents()
    assert module.ui.lesionTable.mrmlTableNode() is None
    assert not module.ui.segmentButton.enabled
    again = add_ct(scene)
    result = add_result_on(scene, again)
    module.ui.inputSelector.setCurrentNode(again)
    assert module.ui.lesionTable.mrmlTableNode() is result.lesions


def test_a_removed_result_leaves_the_panel(scene, module):
    from LiverTumorSegLib.mrml.result_nodes import remove_result

    ct = add_ct(scene)
    result = add_result_on(scene, ct)
    module.ui.inputSelector.setCurrentNode(ct)
    remove_result(result)
    module.logic.tick()
    module.refresh()
    assert module.ui.lesionTable.mrmlTableNode() is None


def test_opening_and_leaving_the_module_leaves_no_observer_behind(scene):
    with opened_module() as module:
        module.logic.tick()
        assert module.Observations
    assert not module.Observations
    add_result_on(scene, add_ct(scene))
    scene.Clear(0)


def test_the_form_is_folded_where_it_is_advanced_and_can_be_walked_through_with_the_keyboard(module):
    assert module.ui.advancedCollapsibleButton.collapsed
    assert module.ui.logCollapsibleButton.collapsed
    root = ElementTree.parse(UI_FILE).getroot()
    stops = [element.text for element in root.iter("tabstop")]
    named = {element.get("name") for element in root.iter("widget")}
    assert set(stops) <= named
    order = [element.get("name") for element in root.iter("widget") if element.get("name") in stops]
    assert order == stops
    usable = (
        "QPushButton",
        "QComboBox",
        "QCheckBox",
        "QSpinBox",
        "QDoubleSpinBox",
        "qMRMLNodeComboBox",
        "qMRMLTableView",
    )
    walked = [element.get("name") for element in root.iter("widget") if element.get("class") in usable]
    assert set(walked) <= set(stops)


def test_every_field_has_a_tooltip_and_a_label_or_an_accessible_name(module):
    root = ElementTree.parse(UI_FILE).getroot()
    buddies = {p.findtext("cstring") for p in root.iter("property") if p.get("name") == "buddy"}
    for element in root.iter("widget"):
        properties = {p.get("name"): p.findtext("string") for p in element.findall("property")}
        kind, name = element.get("class"), element.get("name")
        if kind in ("QComboBox", "qMRMLNodeComboBox", "QSpinBox", "QDoubleSpinBox", "QCheckBox", "ctkPathLineEdit"):
            assert properties.get("toolTip"), name
            assert name in buddies or (kind == "QCheckBox" and properties.get("text")), name
        if kind in ("qMRMLTableView", "QProgressBar", "QPlainTextEdit"):
            assert properties.get("accessibleName"), name


def test_numbers_in_the_form_carry_their_unit(module):
    assert module.ui.minLesionSpinBox.suffix == " ml"
    for table, columns in ((module.ui.volumetryTable, "Volumes in ml"), (module.ui.lesionTable, "mm")):
        assert columns in table.toolTip


def test_the_table_on_the_screen_shows_what_its_node_holds(scene, module):
    ct = add_ct(scene)
    result = add_result_on(scene, ct)
    module.ui.inputSelector.setCurrentNode(ct)
    model = module.ui.lesionTable.model()
    shown = [str(model.index(row, 1).data()) for row in range(model.rowCount())]
    assert shown == cells(result.lesions, 1)
