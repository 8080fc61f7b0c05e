"""Planning a resection in the module's panel, choice by choice: real child, real scene, wherever the CT lies."""

from __future__ import annotations

import time

import numpy as np
import pytest
from module_widget import cells, opened_module, wait_until
from plan_panel import choose, column, planned_result, row_of, wait_for_plan
from plan_scenes import (
    PLACES,
    add_plane,
    add_points,
    move_plane,
    segments_on_screen,
    shown_parts,
    to_patient,
)

from LiverTumorSegLib.mrml.plan import plan_of
from LiverTumorSegLib.mrml.segmentation_labels import segmentation_of
from LiverTumorSegLib.mrml.volume_node import view_of

RIGHT = ("V", "VI", "VII", "VIII")
IN_THE_MIDDLE = (35.0, 8.0, 12.0)
CUT_IN_R = (36.9, 8.0, 12.0)
"""Between two voxels of the upright grid, so that no centre lies in the plane."""


@pytest.fixture
def module(scene):
    with opened_module() as widget:
        widget.ui.planCollapsibleButton.collapsed = False
        yield widget


@pytest.mark.parametrize("place", PLACES)
def test_a_usual_resection_takes_its_segments_to_the_voxel_and_tells_their_volume(scene, module, place):
    result = planned_result(scene, module, place)
    choose(module, "Right hepatectomy (Right hemihepatectomy)")
    wait_for_plan(module)
    plan = plan_of(result)
    gone, stays = segments_on_screen(result, RIGHT), segments_on_screen(result, ("I", "II", "III", "IV"))
    assert np.array_equal(shown_parts(result, plan), np.where(gone, 1, np.where(stays, 2, 0)))
    voxel_ml = view_of(result.volume).voxel_ml
    assert row_of(plan, "Removed (ml)") == f"{np.count_nonzero(gone) * voxel_ml:.1f}"
    assert row_of(plan, "Future liver remnant (ml)") == f"{np.count_nonzero(stays) * voxel_ml:.1f}"
    assert row_of(plan, "Lesions cut") == "1"
    assert row_of(plan, "Class of the margin") == "0 mm: the cut touches the lesion"
    assert [name for name in RIGHT if getattr(module.ui, f"planSegment{name}CheckBox").checked] == list(RIGHT)
    assert module.ui.planStatusLabel.text == ""


def test_a_divided_segment_iv_has_two_boxes_and_a_whole_one_has_one(scene, module):
    result = planned_result(scene, module, divides_iv=True)
    boxes = {name: getattr(module.ui, f"planSegment{name}CheckBox") for name in ("IV", "IVa", "IVb")}
    assert [name for name, box in boxes.items() if not box.isHidden()] == ["IVa", "IVb"]
    choose(module, "Left hepatectomy (Left hemihepatectomy)")
    assert boxes["IVa"].checked
    assert boxes["IVb"].checked
    wait_for_plan(module)
    boxes["IVa"].checked = False
    assert plan_of(result).choice.segments == ("II", "III", "IVb")
    wait_for_plan(module)
    gone = segments_on_screen(result, ("II", "III", "IVb"))
    assert np.array_equal(shown_parts(result, plan_of(result)) == 1, gone)
    choose(module, "Bisegmentectomy IVb, V (Gallbladder bed resection)")
    assert plan_of(result).choice.segments == ("IVb", "V")
    planned_result(scene, module)
    assert [name for name, box in boxes.items() if not box.isHidden()] == ["IV"]
    assert module.ui.planPresetSelector.findText("Bisegmentectomy IVb, V (Gallbladder bed resection)") < 0


@pytest.mark.parametrize("place", PLACES)
def test_numbers_and_picture_follow_a_plane_that_is_dragged(scene, module, place):
    result = planned_result(scene, module, place)
    plane = add_plane(scene, IN_THE_MIDDLE, (1.0, 0.0, 0.0), place)
    module.ui.planMarkupSelector.setCurrentNode(plane)
    wait_for_plan(module)
    plan = plan_of(result)
    before = row_of(plan, "Removed (ml)")
    move_plane(plane, CUT_IN_R, (1.0, 0.0, 0.0), place)
    module.logic.tick()
    assert row_of(plan, "Removed (ml)") == ""
    assert module.ui.planStatusLabel.text == "Planning..."
    wait_for_plan(module)
    grid = view_of(result.volume)
    organ = segmentation_of(result.segmentation, grid).array > 0
    inverse = np.linalg.inv(to_patient(place))
    places = np.moveaxis(np.indices(grid.shape), 0, -1).reshape(-1, 3)
    along_r = (grid.ras_from_ijk(places) @ inverse[:3, :3].T + inverse[:3, 3])[:, 0].reshape(grid.shape)
    gone = organ & (along_r > CUT_IN_R[0])
    assert np.array_equal(shown_parts(result, plan), np.where(gone, 1, np.where(organ, 2, 0)))
    assert row_of(plan, "Removed (ml)") == f"{np.count_nonzero(gone) * grid.voxel_ml:.1f}" != before
    module.ui.planSideButton.click()
    wait_for_plan(module)
    assert row_of(plan, "Future liver remnant (ml)") == f"{np.count_nonzero(gone) * grid.voxel_ml:.1f}"


@pytest.mark.parametrize("kind", ["Fiducial", "Curve", "ClosedCurve"])
def test_points_and_curves_cut_like_the_plane_through_them(scene, module, kind):
    result = planned_result(scene, module, "upright")
    corners = [(CUT_IN_R[0], a, s) for a, s in ((-22.0, -20.0), (38.0, -20.0), (38.0, 44.0), (-22.0, 44.0))]
    module.ui.planMarkupSelector.setCurrentNode(add_points(scene, corners, kind, "upright"))
    wait_for_plan(module)
    plan = plan_of(result)
    with_points = row_of(plan, "Removed (ml)"), shown_parts(result, plan)
    module.ui.planMarkupSelector.setCurrentNode(add_plane(scene, CUT_IN_R, (1.0, 0.0, 0.0), "upright"))
    wait_for_plan(module)
    assert row_of(plan, "Removed (ml)") == with_points[0] != ""
    assert np.array_equal(shown_parts(result, plan), with_points[1])


def test_a_plane_beside_the_liver_is_refused_in_words_and_shows_the_whole_liver(scene, module):
    result = planned_result(scene, module)
    plane = add_plane(scene, IN_THE_MIDDLE, (1.0, 0.0, 0.0))
    module.ui.planMarkupSelector.setCurrentNode(plane)
    wait_for_plan(module)
    plan = plan_of(result)
    display = result.segmentation.GetDisplayNode()
    assert not display.GetSegmentVisibility3D("liver")
    move_plane(plane, (200.0, 0.0, 0.0), (1.0, 0.0, 0.0))
    wait_for_plan(module)
    assert "a cut through the liver" in module.ui.planStatusLabel.text
    assert set(cells(plan.table, 1)) == {""}
    assert not shown_parts(result, plan).any()
    assert display.GetSegmentVisibility3D("liver")
    move_plane(plane, IN_THE_MIDDLE, (1.0, 0.0, 0.0))
    wait_for_plan(module)
    assert module.ui.planStatusLabel.text == ""
    assert not display.GetSegmentVisibility3D("liver")


def test_three_points_are_too_few_and_a_plane_that_is_not_placed_says_so(scene, module):
    planned_result(scene, module)
    module.ui.planMarkupSelector.setCurrentNode(add_points(scene, [(35, -20, 0), (35, 30, 0), (35, 0, 30)]))
    wait_for_plan(module)
    assert "3 points" in module.ui.planStatusLabel.text
    module.ui.planMarkupSelector.setCurrentNode(scene.AddNewNodeByClass("vtkMRMLMarkupsPlaneNode", "new"))
    wait_for_plan(module)
    assert "Place the plane new" in module.ui.planStatusLabel.text


def test_of_many_changes_the_last_one_is_shown(scene, module):
    result = planned_result(scene, module)
    plane = add_plane(scene, IN_THE_MIDDLE, (1.0, 0.0, 0.0))
    module.ui.planMarkupSelector.setCurrentNode(plane)
    wait_for_plan(module)
    for step in range(30):
        move_plane(plane, (20.0 + step, 8.0, 12.0), (1.0, 0.0, 0.0))
        module.logic.tick()
    module.ui.planSegmentIICheckBox.checked = True
    module.logic.tick()
    module.ui.planSegmentIIICheckBox.checked = True
    wait_for_plan(module)
    plan = plan_of(result)
    assert plan.markup is None
    assert module.ui.planMarkupSelector.currentNode() is None
    assert row_of(plan, "Resection") == "Segments II, III removed"
    assert np.array_equal(shown_parts(result, plan) == 1, segments_on_screen(result, ("II", "III")))
    assert module.ui.planPresetSelector.currentText.startswith("Left lateral sectionectomy")


def test_an_answer_to_an_older_choice_is_never_shown(scene, module):
    """The first is being worked on when the second is made."""
    result = planned_result(scene, module)
    wait_for_plan(module)
    plan, seen = plan_of(result), set()
    module.ui.planSegmentIICheckBox.checked = True
    module.logic.tick()
    time.sleep(0.05)
    module.ui.planSegmentIIICheckBox.checked = True
    module.logic.planning._follow(plan)  # the choice is seen before the answer comes
    while module.logic.planning.busy:
        module.logic.tick()
        seen.add(row_of(plan, "Resection"))
    assert seen - {""} == {"Segments II, III removed"}


def test_height_and_weight_standardise_the_remnant_here_and_in_the_table_of_usual_resections(scene, module):
    result = planned_result(scene, module)
    module.ui.planSegmentIICheckBox.checked = True
    wait_for_plan(module)
    plan = plan_of(result)
    assert row_of(plan, "Remnant, % of standard liver") == "-"
    module.ui.planHeightSpinBox.value = 175
    wait_for_plan(module)
    assert "only one of height and weight" in module.ui.planStatusLabel.text
    module.ui.planWeightSpinBox.value = 80
    wait_for_plan(module)
    standard_ml = -794.41 + 1267.28 * (175 * 80 / 3600) ** 0.5
    share = 100 * float(row_of(plan, "Future liver remnant (ml)")) / standard_ml
    assert row_of(plan, "Remnant, % of standard liver") == f"{share:.1f}"
    wait_until(lambda: plan.what_if.GetNumberOfRows() > 1 and column(plan.what_if, "Standardised (%)")[0] != "", module)
    named = dict(zip(column(plan.what_if, "Segments"), column(plan.what_if, "Standardised (%)"), strict=True))
    assert float(named["II"]) == pytest.approx(share, abs=0.06)


def test_a_click_on_a_usual_resection_plans_it(scene, module):
    result = planned_result(scene, module)
    plan = plan_of(result)
    wait_until(lambda: plan.what_if.GetNumberOfRows() > 1, module)
    assert column(plan.what_if, "Lesions cut")[0] == "-"  # the best one cuts none
    table = module.ui.planWhatIfTable
    table.clicked.emit(table.model().index(0, 0))
    wait_for_plan(module)
    assert list(plan.choice.segments) == column(plan.what_if, "Segments")[0].split()
    assert float(row_of(plan, "Removed (ml)")) == pytest.approx(
        float(column(plan.what_if, "Resected (ml)")[0]), abs=0.06
    )
