"""The numbers on the screen are those of the mask on the screen, whatever changed it; real child, real scene."""

from __future__ import annotations

import sys

import numpy as np
import psutil
import pytest
import slicer
from module_widget import add_ct, add_result_on, cells, edit, opened_module, wait_for_numbers, wait_until
from mrml_case import SHAPE, label_array

from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.mrml.grid import matrix_of
from LiverTumorSegLib.mrml.markups import ends_ras_of, is_reader_line, length_mm
from LiverTumorSegLib.mrml.segmentation_labels import segmentation_of
from LiverTumorSegLib.mrml.surfaces import create_surfaces
from LiverTumorSegLib.mrml.volume_node import view_of


@pytest.fixture
def module(scene):
    with opened_module() as widget:
        yield widget


@pytest.fixture
def result(scene, module):
    ct = add_ct(scene)
    added = add_result_on(scene, ct)
    module.ui.inputSelector.setCurrentNode(ct)
    module.logic.tick()
    return added


def expected_of(result):
    return measure_case(segmentation_of(result.segmentation, view_of(result.volume)))[0]


def without_small_tumor():
    mask = label_array() == 3
    mask[21:24, 12:15, 6:8] = False
    return mask


def test_an_erased_lesion_blanks_the_tables_at_once_and_then_leaves_them(module, result):
    assert result.lesions.GetNumberOfRows() == 2
    edit(result, "tumor", without_small_tumor())
    assert set(cells(result.volumetry, 1)) == {""}
    assert result.lesions.GetNumberOfRows() == 0
    assert "measuring" in module.ui.measureStatusLabel.text
    wait_for_numbers(module, result)
    assert result.measurements == expected_of(result)
    assert cells(result.lesions, 1) == [f"{result.measurements.lesions[0].volume_ml:.1f}"]
    assert module.ui.measureStatusLabel.text == ""


def test_emptying_a_segment_is_seen_although_slicer_sends_no_event_for_it(module, result):
    edit(result, "tumor", np.zeros(SHAPE, bool))
    wait_until(lambda: result.measurements is None, module)
    wait_for_numbers(module, result)
    assert (result.measurements.tumor_ml, result.measurements.lesions) == (0.0, ())
    assert result.measured_lines == []


def test_undo_brings_the_exact_old_numbers_back(module, result):
    before = result.measurements
    history = slicer.vtkSegmentationHistory()
    history.SetSegmentation(result.segmentation.GetSegmentation())
    history.SaveState()
    edit(result, "tumor", without_small_tumor())
    wait_for_numbers(module, result)
    assert result.measurements != before
    assert history.RestorePreviousState()
    wait_until(lambda: result.measurements is None, module)
    wait_for_numbers(module, result)
    assert result.measurements == before


@pytest.mark.parametrize("change", ["remove the vessels", "remove the tumors", "add a second tumor segment"])
def test_changes_of_the_list_of_segments_count(module, result, change):
    segmentation = result.segmentation.GetSegmentation()
    if change == "remove the vessels":
        segmentation.RemoveSegment("vessel")
    elif change == "remove the tumors":
        segmentation.RemoveSegment("tumor")
    else:
        segmentation.AddEmptySegment("Segment_1", "Tumour_2")
        mask = np.zeros(SHAPE, bool)
        mask[16:19, 18:20, 11:13] = True
        edit(result, "Segment_1", mask)
    wait_until(lambda: result.measurements is None, module)
    wait_for_numbers(module, result)
    assert result.measurements == expected_of(result)


def test_a_segment_that_is_none_of_ours_is_named_as_not_measured(module, result):
    segmentation = result.segmentation.GetSegmentation()
    segmentation.AddEmptySegment("Segment_1", "Cyst")
    wait_until(lambda: result.measurements is None, module)
    wait_for_numbers(module, result)
    assert "Cyst" in module.ui.measureStatusLabel.text
    assert len(result.measurements.lesions) == 2


@pytest.mark.parametrize("harmless", ["color", "visibility", "surfaces", "opacity"])
def test_what_leaves_the_mask_alone_leaves_the_numbers_alone(module, result, harmless):
    segment = result.segmentation.GetSegmentation().GetSegment("tumor")
    if harmless == "color":
        segment.SetColor(1, 0, 0)
    elif harmless == "surfaces":
        create_surfaces(result.segmentation)
    else:
        result.segmentation.GetDisplayNode().SetSegmentVisibility("tumor", False)
        result.segmentation.GetDisplayNode().SetSegmentOpacity3D("tumor", 0.5)
    for _step in range(5):
        module.logic.tick()
        slicer.app.processEvents()
    assert result.measurements is not None
    assert not module.logic.measuring.busy


def test_an_edit_during_the_measurement_of_another_is_not_overtaken_by_it(module, result):
    edit(result, "tumor", without_small_tumor())
    wait_until(lambda: bool(module.logic.measuring._asked), module)
    bigger = without_small_tumor()
    bigger[20:26, 10:18, 12:15] = True
    edit(result, "tumor", bigger)
    assert result.measurements is None
    wait_for_numbers(module, result)
    assert result.measurements == expected_of(result)


def test_two_results_that_change_together_keep_their_own_numbers(scene, module, result):
    other = add_result_on(scene, add_ct(scene, "other", start_ijk=(5, 2, -7)))
    module.logic.tick()
    edit(result, "tumor", without_small_tumor())
    edit(other, "vessel", np.zeros(SHAPE, bool))
    module.logic.tick()
    wait_for_numbers(module, result)
    wait_for_numbers(module, other)
    for each in (result, other):
        assert each.measurements == expected_of(each)
    assert len(result.measurements.lesions) == 1
    assert other.measurements.vessel_ml == 0


def test_a_rough_result_stays_flagged_after_an_edit(scene, module):
    rough = add_result_on(scene, add_ct(scene), run={"command": "segment", "model": {"id": "classical"}})
    module.logic.tick()
    edit(rough, "tumor", without_small_tumor())
    wait_for_numbers(module, rough)
    assert "no-network" in rough.measurements.flags


def test_a_measuring_child_that_died_while_nothing_was_asked_is_replaced_unseen(module, result):
    edit(result, "tumor", without_small_tumor())
    wait_for_numbers(module, result)
    psutil.Process(module.logic.measuring._child.pid).kill()
    edit(result, "tumor", label_array() == 3)
    wait_for_numbers(module, result)
    assert result.measurements == expected_of(result)
    assert module.ui.measureStatusLabel.text == ""


def test_a_measuring_child_that_cannot_live_is_told_and_numbers_stay_empty(module, result, monkeypatch):
    monkeypatch.setattr(module.logic.measuring, "_python", (sys.executable, "-c", "raise SystemExit('no room')"))
    edit(result, "tumor", without_small_tumor())
    wait_until(lambda: "could not be measured" in module.ui.measureStatusLabel.text, module)
    assert "no room" in module.ui.measureStatusLabel.text
    assert result.measurements is None
    monkeypatch.undo()
    edit(result, "tumor", label_array() == 3)
    wait_for_numbers(module, result)
    assert result.measurements == expected_of(result)


def test_an_edit_where_packages_are_missing_says_how_to_get_them(module, result, monkeypatch):
    monkeypatch.setattr(module.logic.measuring, "_python", (sys.executable, "-c", "import cc3d_that_is_not_there"))
    monkeypatch.setattr("LiverTumorSegModule.packages.missing_packages", lambda: ["connected-components-3d"])
    edit(result, "tumor", without_small_tumor())
    wait_until(lambda: "press Segment" in module.ui.measureStatusLabel.text, module)
    assert result.measurements is None


def test_a_ct_that_is_moved_and_scaled_by_a_transform_is_measured_where_it_lies(scene, module, result):
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    for node in (result.volume, result.segmentation):
        node.SetAndObserveTransformNodeID(transform.GetID())
    wait_for_numbers(module, result)
    before = result.measurements
    moved = np.diag([2.0, 2.0, 2.0, 1.0])
    moved[:3, 3] = (10, -20, 30)
    transform.SetMatrixTransformToParent(matrix_of(moved))
    wait_until(lambda: result.measurements is None, module)
    wait_for_numbers(module, result)
    assert result.measurements.tumor_ml == pytest.approx(8 * before.tumor_ml)
    assert result.measurements.lesions[0].long_axis_mm == pytest.approx(2 * before.lesions[0].long_axis_mm)
    assert length_mm(result.measured_lines[0]) == pytest.approx(result.measurements.lesions[0].long_axis_mm)
    assert result.reader_lines == []


def test_a_dragged_line_is_the_readers_in_the_table_beside_the_measured_one(module, result):
    line = result.measured_lines[0]
    start_ras = ends_ras_of(line)[0]
    line.SetNthControlPointPositionWorld(1, *(start_ras + (3, 4, 12)))
    wait_until(lambda: is_reader_line(line), module)
    assert cells(result.lesions, 4) == ["13", ""]
    line.SetNthControlPointPositionWorld(1, *(start_ras + (0, 6, 8)))
    wait_until(lambda: cells(result.lesions, 4) == ["10", ""], module)
    measured = next(x for x in result.measured_lines if x.GetName() == "Lesion 1 long axis")
    assert length_mm(measured) == pytest.approx(result.measurements.lesions[0].long_axis_mm)


def test_a_deleted_readers_line_leaves_the_table(scene, module, result):
    line = result.measured_lines[0]
    line.SetNthControlPointPositionWorld(1, *(ends_ras_of(line)[0] + (3, 4, 12)))
    wait_until(lambda: is_reader_line(line), module)
    scene.RemoveNode(line)
    wait_until(lambda: cells(result.lesions, 4) == ["", ""], module)
    assert len(result.measured_lines) == 4


def test_a_readers_line_is_carried_to_the_lesions_new_number(module, result):
    """The smaller lesion grows beyond the larger one: it is number 1 then, and so is its line."""
    line = next(x for x in result.measured_lines if x.GetName() == "Lesion 2 long axis")
    grid = view_of(result.volume)
    for end, index_ijk in enumerate([(21, 13, 7), (23, 13, 7)]):
        line.SetNthControlPointPositionWorld(end, *grid.ras_from_ijk(np.array([index_ijk]))[0])
    wait_until(lambda: is_reader_line(line), module)
    grown = label_array() == 3
    grown[18:27, 9:18, 4:10] = True
    edit(result, "tumor", grown)
    wait_for_numbers(module, result)
    assert line.GetName() == "Lesion 1 long axis (reader)"
    assert cells(result.lesions, 4) == [f"{2 * grid.spacing_mm[0]:.1f}", ""]


def test_a_scene_saved_between_edit_and_measurement_is_measured_after_loading(scene, module, result, tmp_path):
    edit(result, "tumor", without_small_tumor())
    module.logic.tick()
    assert result.measurements is None
    expected = expected_of(result)
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    scene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    from LiverTumorSegLib.mrml.result import results_in

    (back,) = results_in(scene)
    wait_for_numbers(module, back)
    assert back.measurements.lesions[0].volume_ml == pytest.approx(expected.lesions[0].volume_ml)
    assert len(back.measurements.lesions) == 1


def test_closing_the_scene_in_the_middle_of_a_measurement_is_safe(scene, module, result):
    edit(result, "tumor", without_small_tumor())
    wait_until(lambda: bool(module.logic.measuring._asked), module)
    scene.Clear(0)
    for _step in range(20):
        module.logic.tick()
        slicer.app.processEvents()
    assert not module.logic.measuring.busy
    assert module.errors == []


def test_removing_a_result_in_the_middle_of_a_measurement_is_safe(scene, module, result):
    from LiverTumorSegLib.mrml.result_nodes import remove_result

    edit(result, "tumor", without_small_tumor())
    remove_result(result)
    wait_until(lambda: not module.logic.measuring.busy, module)
    assert module.errors == []
