"""A result in a living scene: placed on whatever grid the CT has, following edits and a reader's hands."""

from __future__ import annotations

import numpy as np
import pytest
import slicer
from mrml_case import SHAPE, ct_array, label_array, oblique_affine, rotation

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.labels import MAIN_LABELS
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.mrml.grid import image_of, matrix_of, right_handed
from LiverTumorSegLib.mrml.markups import ends_ras_of, is_reader_line, length_mm
from LiverTumorSegLib.mrml.plan_updates import cava_of
from LiverTumorSegLib.mrml.result import Result, result_of, results_in, results_of
from LiverTumorSegLib.mrml.result_nodes import (
    MOST_LESIONS_WITH_LINES,
    add_result,
    keep_moved_lines,
    lock_lines,
    mark_outdated,
    reader_diameters,
    remove_result,
    show_measurements,
    show_reader_lengths,
)
from LiverTumorSegLib.mrml.segmentation_labels import segmentation_of
from LiverTumorSegLib.mrml.volume_node import view_of
from LiverTumorSegLib.mrml.write import load_mrb, save_mrb
from LiverTumorSegLib.volume import Volume


def volume_node(scene, affine=None, start_ijk=(0, 0, 0), name="CT"):
    """A volume as other modules may leave it: any handedness, any first index."""
    node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    node.SetIJKToRASMatrix(matrix_of(oblique_affine() if affine is None else affine))
    node.SetAndObserveImageData(image_of(ct_array(), start_ijk))
    node.CreateDefaultDisplayNodes()
    return node


def under_transform(scene, node, matrix):
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
    transform.SetMatrixTransformToParent(matrix_of(matrix))
    node.SetAndObserveTransformNodeID(transform.GetID())
    return transform


def shifted_and_scaled() -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3] = rotation(5, 10, -20) @ np.diag([1.1, 0.9, 1.2])
    matrix[:3, 3] = (12.0, -31.0, 53.0)
    return matrix


def result_on(scene, node, labels=None) -> Result:
    grid = view_of(node)
    segmentation = Volume(label_array() if labels is None else labels, grid.affine)
    return add_result(scene, node, segmentation, MAIN_LABELS, measure_case(segmentation)[0], {"command": "segment"})


def cells(table, column):
    return [table.GetCellText(row, column) for row in range(table.GetNumberOfRows())]


def drag(line, end, to_ras):
    line.SetNthControlPointPositionWorld(end, *to_ras)


LEFT_HANDED = oblique_affine()
RIGHT_HANDED = oblique_affine() @ np.diag([-1.0, 1.0, 1.0, 1.0])


@pytest.mark.parametrize("affine", [LEFT_HANDED, RIGHT_HANDED], ids=["left-handed", "right-handed"])
@pytest.mark.parametrize("start_ijk", [(0, 0, 0), (7, -3, 11)], ids=["from 0", "cropped"])
@pytest.mark.parametrize("moved", [False, True], ids=["plain", "transformed"])
def test_segments_lines_and_numbers_lie_on_the_cts_own_voxels(scene, affine, start_ijk, moved):
    node = volume_node(scene, affine, start_ijk)
    if moved:
        under_transform(scene, node, shifted_and_scaled())
    result = result_on(scene, node)
    grid = view_of(node)
    assert np.array_equal(segmentation_of(result.segmentation, grid).array, label_array())
    exported = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "labels")
    logic = slicer.vtkSlicerSegmentationsModuleLogic
    assert logic.ExportSegmentsToLabelmapNode(result.segmentation, ["liver", "vessel", "tumor"], exported, node)
    assert np.array_equal(view_of(exported).array, label_array())
    for line in result.measured_lines:
        ends_ijk = grid.ijk_from_ras(ends_ras_of(line))
        middle = np.rint(ends_ijk.mean(axis=0)).astype(int)
        assert label_array()[tuple(middle)] == 3
        assert ends_ijk[:, 2] == pytest.approx(ends_ijk[0, 2], abs=1e-6)
    longest = result.measurements.lesions[0].long_axis_mm
    assert length_mm(result.measured_lines[0]) == pytest.approx(longest, abs=1e-6)
    voxel_ml = abs(np.linalg.det(grid.affine[:3, :3])) / 1000
    assert result.measurements.tumor_ml == pytest.approx((label_array() == 3).sum() * voxel_ml)


def test_the_vena_cava_lies_on_the_cts_own_voxels_and_goes_with_its_result(scene):
    node = volume_node(scene, LEFT_HANDED, (7, -3, 11))
    grid = view_of(node)
    segmentation, cava = Volume(label_array(), grid.affine), np.zeros(label_array().shape, np.uint8)
    cava[1:4, 2:5, 3:20] = 1
    measured = measure_case(segmentation)[0]
    result = add_result(scene, node, segmentation, MAIN_LABELS, measured, {}, vena_cava=Volume(cava, grid.affine))
    assert np.array_equal(cava_of(result, grid).array, cava)
    assert "64131007" in result.vena_cava.GetSegmentation().GetSegment("vena_cava").GetTerminology()
    assert result.vena_cava.GetSegmentation().ContainsRepresentation("Closed surface")
    remove_result(result)
    assert not scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")


def test_without_a_vena_cava_there_is_no_node_of_it(scene):
    result = result_on(scene, volume_node(scene))
    assert result.vena_cava is None
    assert cava_of(result, view_of(result.volume)) is None


def test_a_result_of_another_grid_is_refused_and_nothing_of_it_stays(scene):
    node = volume_node(scene)
    before = scene.GetNumberOfNodes()
    elsewhere = oblique_affine()
    elsewhere[0, 3] += 53
    segmentation = Volume(label_array(), elsewhere)
    with pytest.raises(InputError, match="changed after it was segmented"):
        add_result(scene, node, segmentation, MAIN_LABELS, measure_case(segmentation)[0], {})
    assert scene.GetNumberOfNodes() == before


def test_an_error_in_the_middle_leaves_the_scene_as_it_was(scene, monkeypatch):
    from LiverTumorSegLib.mrml import result_nodes

    node = volume_node(scene)
    before = scene.GetNumberOfNodes()

    def fails(*_arguments):
        message = "in the middle"
        raise RuntimeError(message)

    monkeypatch.setattr(result_nodes, "fill_volumetry", fails)
    with pytest.raises(RuntimeError, match="in the middle"):
        result_on(scene, node)
    assert scene.GetNumberOfNodes() == before


def test_results_of_two_volumes_and_two_of_one_are_told_apart(scene):
    first, second = volume_node(scene, name="first"), volume_node(scene, name="second")
    results = [result_on(scene, node) for node in (first, second, first)]
    assert [x.segmentation for x in results_of(first)] == [results[0].segmentation, results[2].segmentation]
    assert [x.segmentation for x in results_of(second)] == [results[1].segmentation]
    assert len({x.segmentation.GetName() for x in results_in(scene)}) == 3
    assert len({part.GetID() for x in results for part in x.parts}) == sum(len(x.parts) for x in results)
    assert result_of(scene.AddNewNodeByClass("vtkMRMLSegmentationNode")) is None
    assert result_of(None) is None


def test_removing_a_result_leaves_the_ct_and_the_other_result(scene):
    node = volume_node(scene)
    kept, removed = result_on(scene, node), result_on(scene, node)
    before = len(kept.parts)
    remove_result(removed)
    assert [x.segmentation for x in results_in(scene)] == [kept.segmentation]
    assert len(kept.parts) == before
    assert scene.GetNodeByID(node.GetID()) is node


def test_an_outdated_result_shows_no_number_of_the_old_mask(scene):
    result = result_on(scene, volume_node(scene))
    mark_outdated(result)
    assert result.measurements is None
    assert set(cells(result.volumetry, 1)) == {""}
    assert result.lesions.GetNumberOfRows() == 0
    assert not any(line.GetDisplayVisibility() for line in result.measured_lines)
    assert result.run == {"command": "segment"}


def test_after_an_edit_tables_and_lines_are_those_of_the_new_mask(scene):
    result = result_on(scene, volume_node(scene))
    labels = label_array()
    labels[21:24, 12:15, 6:8] = 1  # the smaller tumor goes
    labels[28, 14, 11] = 3
    measurements = measure_case(Volume(labels, view_of(result.volume).affine))[0]
    mark_outdated(result)
    show_measurements(result, measurements)
    assert cells(result.lesions, 1) == [f"{round(x.volume_ml, 1):g}" for x in measurements.lesions]
    assert [length_mm(line) for line in result.measured_lines[::2]] == pytest.approx(
        [x.long_axis_mm for x in measurements.lesions]
    )
    assert all(line.GetDisplayVisibility() for line in result.measured_lines)
    assert result.measurements == measurements


def test_lines_of_vanished_lesions_go_and_those_of_new_ones_come(scene):
    result = result_on(scene, volume_node(scene))
    affine = view_of(result.volume).affine
    for count in (0, 5, 1):
        labels = np.where(label_array() > 0, 1, 0).astype(np.uint8)
        for index in range(count):
            labels[8 + 3 * index, 12:14, 11] = 3
        show_measurements(result, measure_case(Volume(labels, affine))[0])
        assert len(result.measured_lines) == 2 * count
        assert result.lesions.GetNumberOfRows() == count


def test_a_mask_of_a_thousand_specks_gets_rows_for_all_and_lines_for_the_largest_only(scene):
    result = result_on(scene, volume_node(scene))
    labels = np.zeros(SHAPE, np.uint8)
    labels[::3, ::3, ::3] = 3
    measurements = measure_case(Volume(labels, view_of(result.volume).affine))[0]
    show_measurements(result, measurements)
    assert result.lesions.GetNumberOfRows() == len(measurements.lesions) > 500
    assert len(result.measured_lines) == 2 * MOST_LESIONS_WITH_LINES


def test_a_dragged_line_is_the_readers_and_the_measured_one_comes_back_beside_it(scene):
    result = result_on(scene, volume_node(scene))
    line, measured_ends = result.measured_lines[0], ends_ras_of(result.measured_lines[0])
    drag(line, 1, measured_ends[0] + (3, 4, 12))
    assert keep_moved_lines(result)
    assert result.reader_lines == [line]
    assert line.GetName() == "Lesion 1 long axis (reader)"
    assert length_mm(line) == pytest.approx(13)
    assert cells(result.lesions, 4) == ["13", ""]
    assert cells(result.lesions, 2)[0] == f"{round(result.measurements.lesions[0].long_axis_mm, 1):g}"
    beside = [x for x in result.measured_lines if x.GetName() == "Lesion 1 long axis"]
    assert [ends_ras_of(x) == pytest.approx(measured_ends) for x in beside] == [True]
    assert beside[0].GetLocked()
    assert not keep_moved_lines(result)


def test_a_readers_line_that_is_dragged_again_changes_its_length_in_the_table(scene):
    result = result_on(scene, volume_node(scene))
    line = result.measured_lines[3]
    drag(line, 0, ends_ras_of(line)[1] + (2, 3, 6))
    keep_moved_lines(result)
    drag(line, 0, ends_ras_of(line)[1] + (0, 0, 20))
    show_reader_lengths(result)
    readers = reader_diameters(result)
    assert (list(readers), readers[2].long_axis_mm) == ([2], None)
    assert readers[2].short_axis_mm == pytest.approx(20)
    assert cells(result.lesions, 5) == ["", "20"]


def test_a_readers_line_follows_its_lesion_and_is_kept_when_that_is_erased(scene):
    result = result_on(scene, volume_node(scene))
    line = result.measured_lines[2]
    drag(line, 1, ends_ras_of(line)[0] + (3, 4, 12))
    keep_moved_lines(result)
    show_measurements(result, result.measurements, {line.GetID(): 1})
    assert line.GetName() == "Lesion 1 long axis (reader)"
    assert cells(result.lesions, 4) == ["13", ""]
    show_measurements(result, result.measurements, {line.GetID(): None})
    assert line.GetName() == "No lesion: long axis (reader)"
    assert cells(result.lesions, 4) == ["", ""]
    assert result.reader_lines == [line]


def test_a_line_dragged_just_before_an_edit_is_not_lost(scene):
    result = result_on(scene, volume_node(scene))
    line = result.measured_lines[0]
    drag(line, 1, ends_ras_of(line)[0] + (3, 4, 12))
    mark_outdated(result)
    assert is_reader_line(line)
    assert line.GetDisplayVisibility()


def test_lines_that_move_with_their_ct_or_lose_its_transform_are_not_the_readers(scene):
    node = volume_node(scene)
    transform = under_transform(scene, node, np.eye(4))
    result = result_on(scene, node)
    before_ras = ends_ras_of(result.measured_lines[0])
    transform.SetMatrixTransformToParent(matrix_of(shifted_and_scaled()))
    assert np.abs(ends_ras_of(result.measured_lines[0]) - before_ras).max() > 10
    assert not keep_moved_lines(result)
    for line in result.measured_lines:
        line.HardenTransform()
    assert not keep_moved_lines(result)
    assert result.reader_lines == []


def test_lines_are_placed_under_the_transform_that_their_ct_has_now(scene):
    node = volume_node(scene)
    result = result_on(scene, node)
    transform = under_transform(scene, node, shifted_and_scaled())
    result.segmentation.SetAndObserveTransformNodeID(transform.GetID())
    measurements = measure_case(segmentation_of(result.segmentation, view_of(node)))[0]
    show_measurements(result, measurements)
    for line in result.measured_lines:
        assert line.GetTransformNodeID() == transform.GetID()
    longest = result.measured_lines[0]
    assert ends_ras_of(longest) == pytest.approx(np.array(measurements.lesions[0].long_axis_ras_mm), abs=1e-9)
    assert length_mm(longest) == pytest.approx(measurements.lesions[0].long_axis_mm)


def test_everything_survives_a_scene_file_also_under_a_transform(scene, session, tmp_path):
    node = volume_node(scene, start_ijk=(4, 5, 6))
    under_transform(scene, node, shifted_and_scaled())
    result = result_on(scene, node)
    line = result.measured_lines[0]
    drag(line, 1, ends_ras_of(line)[0] + (3, 4, 12))
    keep_moved_lines(result)
    expected = (result.measurements, result.run, cells(result.lesions, 4), cells(result.volumetry, 1))
    ends_ras, grid = ends_ras_of(line), view_of(node)
    mask = segmentation_of(result.segmentation, grid).array
    save_mrb(scene, tmp_path / "scene.mrb")
    scene.Clear(False)
    load_mrb(scene, tmp_path / "scene.mrb")
    (back,) = results_in(scene)
    assert (back.measurements, back.run, cells(back.lesions, 4), cells(back.volumetry, 1)) == expected
    (line,) = back.reader_lines
    assert ends_ras_of(line) == pytest.approx(ends_ras, abs=1e-3)
    assert len(back.measured_lines) == 4
    assert not keep_moved_lines(back)
    # Slicer's reader reverses the last axis of left-handed volumes.
    expected_mask = right_handed(Volume(mask, grid.affine))
    assert view_of(back.volume).same_grid(expected_mask)
    assert np.array_equal(segmentation_of(back.segmentation, view_of(back.volume)).array, expected_mask.array)


def test_the_result_is_filed_in_the_study_of_its_ct(scene):
    hierarchy = scene.GetSubjectHierarchyNode()
    node = volume_node(scene)
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Doe")
    study = hierarchy.CreateStudyItem(patient, "CT abdomen")
    hierarchy.CreateItem(study, node)
    result = result_on(scene, node)
    show_measurements(result, result.measurements)
    for part in result.parts:
        folder = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(part))
        assert hierarchy.GetItemName(folder) == "Liver tumor segmentation"
        assert hierarchy.GetItemParent(folder) == study
    second = result_on(scene, node)
    parents = {hierarchy.GetItemParent(hierarchy.GetItemByDataNode(part)) for x in (result, second) for part in x.parts}
    assert len(parents) == 1


def test_while_the_mask_is_edited_no_line_can_be_moved_and_afterwards_those_that_could_before(scene):
    result = result_on(scene, volume_node(scene))
    dragged = result.measured_lines[0]
    dragged.SetNthControlPointPosition(0, 1.0, 2.0, 3.0)
    keep_moved_lines(result)
    movable = {line.GetID() for line in result.lines if not line.GetLocked()}
    assert dragged.GetID() in movable
    assert 0 < len(movable) < len(result.lines)  # the measured line beside the dragged one stays
    lock_lines(result, all_of_them=True)
    assert all(line.GetLocked() for line in result.lines)
    lock_lines(result)
    assert {line.GetID() for line in result.lines if not line.GetLocked()} == movable
