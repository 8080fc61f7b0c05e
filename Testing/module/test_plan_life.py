"""What becomes of a plan: edits, transforms, switching off, storing, closing, and children that die."""

from __future__ import annotations

import sys

import numpy as np
import psutil
import pytest
import slicer
from module_widget import cells, edit, opened_module, wait_for_numbers, wait_until
from plan_panel import ids_in, planned_result, row_of, wait_for_plan
from plan_scenes import (
    add_plane,
    divided_result,
    move_plane,
    shown_parts,
)

from LiverTumorSegLib.mrml.grid import matrix_of
from LiverTumorSegLib.mrml.plan import hidden_of, plan_of
from LiverTumorSegLib.mrml.plan_distances import SCALARS, SEGMENT_ATTRIBUTE
from LiverTumorSegLib.mrml.result import results_in
from LiverTumorSegLib.mrml.segmentation_labels import segmentation_of
from LiverTumorSegLib.mrml.volume_node import view_of

IN_THE_MIDDLE = (35.0, 8.0, 12.0)
CUT_IN_R = (36.9, 8.0, 12.0)
"""Between two voxels of the upright grid, so that no centre lies in the plane."""


@pytest.fixture
def module(scene):
    with opened_module() as widget:
        widget.ui.planCollapsibleButton.collapsed = False
        yield widget


def test_an_edit_blanks_the_plan_at_once_and_plans_the_new_mask(scene, module):
    result = planned_result(scene, module)
    module.ui.planSegmentIICheckBox.checked = True
    wait_for_plan(module)
    plan = plan_of(result)
    whole = segmentation_of(result.segmentation, view_of(result.volume)).array
    edit(result, "tumor", np.zeros(whole.shape, bool))
    edit(result, "liver", (whole == 1) | (whole == 3))
    module.logic.tick()
    assert set(cells(plan.table, 1)) == {""}
    assert plan.what_if.GetNumberOfRows() == 0
    wait_for_numbers(module, result)
    wait_for_plan(module)
    assert row_of(plan, "Lesions left") == "-"
    assert float(row_of(plan, "Removed (ml)")) + float(row_of(plan, "Future liver remnant (ml)")) == pytest.approx(
        result.measurements.liver_ml, abs=0.11
    )


def test_a_ct_that_is_moved_by_a_transform_takes_its_plan_along(scene, module):
    """With a scale of 2 along one axis: twice the volume, as in the result's own table."""
    result = planned_result(scene, module)
    module.ui.planSegmentIICheckBox.checked = True
    wait_for_plan(module)
    plan = plan_of(result)
    before, parts = float(row_of(plan, "Removed (ml)")), shown_parts(result, plan)
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(matrix_of(np.diag([2.0, 1.0, 1.0, 1.0])))
    for node in (result.volume, result.segmentation, result.segments):
        node.SetAndObserveTransformNodeID(transform.GetID())
    wait_until(lambda: row_of(plan, "Removed (ml)") == "", module)
    wait_for_plan(module)
    assert float(row_of(plan, "Removed (ml)")) == pytest.approx(2 * before, abs=0.11)
    assert plan.parts.GetTransformNodeID() == transform.GetID()
    assert np.array_equal(shown_parts(result, plan), parts)


def test_switched_off_the_picture_is_that_of_the_result_and_on_again_that_of_the_plan(scene, module):
    result = planned_result(scene, module)
    module.ui.planSegmentIICheckBox.checked = True
    wait_for_plan(module)
    plan, display = plan_of(result), result.segmentation.GetDisplayNode()
    assert (plan.parts.GetDisplayVisibility(), display.GetSegmentVisibility3D("liver")) == (1, False)
    assert all(display.GetSegmentVisibility3D(name) for name in ("tumor", "portal_vein", "hepatic_vein"))
    module.ui.planCheckBox.checked = False
    assert (plan.parts.GetDisplayVisibility(), display.GetSegmentVisibility3D("liver")) == (0, True)
    assert not module.ui.planSegmentsRow.enabled
    module.ui.planCheckBox.checked = True
    assert (plan.parts.GetDisplayVisibility(), display.GetSegmentVisibility3D("liver")) == (1, False)
    wait_for_plan(module)
    assert row_of(plan, "Resection") == "Segment II removed"


def test_a_removed_plan_leaves_nothing_and_a_liver_that_was_hidden_stays_hidden(scene, module):
    result = divided_result(scene)
    module.ui.inputSelector.setCurrentNode(result.volume)
    module.logic.tick()
    display = result.segmentation.GetDisplayNode()
    display.SetSegmentVisibility3D("liver", False)
    before = ids_in(scene)
    module.ui.planCheckBox.checked = True
    module.ui.planSegmentIICheckBox.checked = True
    module.ui.planDistancesCheckBox.checked = True
    wait_for_plan(module)
    assert len(plan_of(result).models) == 3
    module.ui.planRemoveButton.click()
    assert ids_in(scene) == before
    assert not display.GetSegmentVisibility3D("liver")
    assert display.GetSegmentVisibility3D("tumor")
    assert plan_of(result) is None
    assert not module.ui.planCheckBox.checked
    assert hidden_of(result) == []


def test_a_plan_comes_back_with_the_scene_and_lives_on(scene, module, tmp_path):
    planned = planned_result(scene, module)
    module.ui.planMarkupSelector.setCurrentNode(add_plane(scene, IN_THE_MIDDLE, (1.0, 0.2, 0.0)))
    module.ui.planSideButton.click()
    wait_for_plan(module)
    plan = plan_of(planned)
    wait_until(lambda: plan.what_if.GetNumberOfRows() > 1, module)
    table, parts, rows = cells(plan.table, 1), shown_parts(planned, plan), cells(plan.what_if, 0)
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    scene.Clear(0)
    slicer.app.processEvents()
    assert not module.ui.planCheckBox.checked
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    slicer.app.processEvents()
    (result,) = results_in(scene)
    back = plan_of(result)
    assert (cells(back.table, 1), cells(back.what_if, 0)) == (table, rows)
    assert np.array_equal(shown_parts(result, back), parts)
    assert module.ui.planCheckBox.checked
    assert module.ui.planMarkupSelector.currentNode() is back.markup is not None
    wait_for_plan(module)
    assert cells(back.table, 1) == table
    move_plane(back.markup, CUT_IN_R, (1.0, 0.2, 0.0))
    module.logic.tick()
    wait_for_plan(module)
    assert cells(back.table, 1) != table
    assert "" not in cells(back.table, 1)
    module.ui.planCheckBox.checked = False
    assert result.segmentation.GetDisplayNode().GetSegmentVisibility3D("liver")


def test_closing_the_scene_in_the_middle_of_a_plan_is_safe(scene, module):
    planned_result(scene, module)
    module.ui.planSegmentIICheckBox.checked = True
    module.logic.tick()
    scene.Clear(0)
    for _step in range(20):
        module.logic.tick()
        slicer.app.processEvents()
    assert not module.logic.planning.busy
    assert module.errors == []
    again = planned_result(scene, module, "upright")
    module.ui.planSegmentIICheckBox.checked = True
    wait_for_plan(module)
    assert row_of(plan_of(again), "Resection") == "Segment II removed"


def test_a_planning_child_that_died_unasked_is_replaced_unseen(scene, module):
    result = planned_result(scene, module)
    module.ui.planSegmentIICheckBox.checked = True
    wait_for_plan(module)
    psutil.Process(module.logic.planning.child.pid).kill()
    module.ui.planSegmentIIICheckBox.checked = True
    wait_for_plan(module)
    assert row_of(plan_of(result), "Resection") == "Segments II, III removed"
    assert module.ui.planStatusLabel.text == ""


def test_a_planning_child_that_cannot_live_is_told_in_words(scene, module, monkeypatch):
    monkeypatch.setattr(module.logic.planning.child, "_python", (sys.executable, "-c", "raise SystemExit('no room')"))
    result = planned_result(scene, module)
    module.ui.planSegmentIICheckBox.checked = True
    wait_until(lambda: "Nothing can be planned" in module.ui.planStatusLabel.text, module)
    assert "no room" in module.ui.planStatusLabel.text
    assert set(cells(plan_of(result).table, 1)) == {""}


def test_a_plan_that_somebody_deletes_gives_the_liver_back(scene, module):
    result = planned_result(scene, module)
    module.ui.planSegmentIICheckBox.checked = True
    wait_for_plan(module)
    scene.RemoveNode(plan_of(result).parts)
    module.logic.tick()
    assert result.segmentation.GetDisplayNode().GetSegmentVisibility3D("liver")
    assert not module.logic.planning.busy
    assert module.errors == []


def test_a_result_without_segments_cannot_be_planned_on_and_says_why(scene, module):
    from module_widget import add_ct, add_result_on

    ct = add_ct(scene)
    add_result_on(scene, ct)
    module.ui.inputSelector.setCurrentNode(ct)
    assert not module.ui.planCheckBox.enabled
    assert "Couinaud" in module.ui.planCheckBox.toolTip


@pytest.mark.parametrize("place", ["oblique", "under a transform"])
def test_tumors_are_coloured_by_how_far_each_point_lies_from_the_vessel(scene, module, place):
    """Against the naive way: every voxel of the veins, as a block of its own, from every point."""
    from vtkmodules.util.numpy_support import vtk_to_numpy

    result = planned_result(scene, module, place)
    module.ui.planDistancesCheckBox.checked = True
    wait_for_plan(module)
    plan, grid = plan_of(result), view_of(result.volume)
    model = next(node for node in plan.models if node.GetAttribute(SEGMENT_ATTRIBUTE) == "tumor")
    to_world = matrix_of(np.eye(4))
    slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(model.GetParentTransformNode(), None, to_world)
    world = slicer.util.arrayFromVTKMatrix(to_world)
    points_ras = vtk_to_numpy(model.GetPolyData().GetPoints().GetData()) @ world[:3, :3].T + world[:3, 3]
    labels = segmentation_of(result.segmentation, grid).array
    away_ijk = np.abs(grid.ijk_from_ras(points_ras)[:, np.newaxis] - np.argwhere((labels == 4) | (labels == 5)))
    expected_mm = np.linalg.norm(np.maximum(away_ijk - 0.5, 0) * grid.spacing_mm, axis=2).min(axis=1)
    found_mm = vtk_to_numpy(model.GetPolyData().GetPointData().GetArray(SCALARS))
    assert np.ptp(expected_mm) > 10
    assert np.abs(found_mm - expected_mm).max() < 0.05
    display = model.GetDisplayNode()
    assert (display.GetScalarVisibility(), tuple(display.GetScalarRange())) == (1, (0.0, 20.0))
    assert not result.segmentation.GetDisplayNode().GetSegmentVisibility3D("tumor")
    module.ui.planDistancesCheckBox.checked = False
    module.logic.tick()
    assert plan.models == []
    assert result.segmentation.GetDisplayNode().GetSegmentVisibility3D("tumor")
