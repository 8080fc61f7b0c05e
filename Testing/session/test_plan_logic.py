"""Planning in a browser session: real scene, real views, real child, wherever the CT lies; the page is not drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import psutil
import pytest
from plan_scenes import PLACES, segments_on_screen, shown_parts
from session_workstation import Desk, usual_column
from trame_slicer.segmentation import SegmentationEffectErase, SegmentationEffectNoTool, SegmentationEffectPaint
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkFiltersSources import vtkSphereSource

from LiverTumorSegLib.mrml.plan import hidden_of, plan_of
from LiverTumorSegLib.mrml.plan_distances import SCALARS, SEGMENT_ATTRIBUTE
from LiverTumorSegLib.mrml.segmentation_labels import segmentation_of
from LiverTumorSegLib.mrml.volume_node import view_of

RIGHT = ("V", "VI", "VII", "VIII")


@pytest.fixture
def desk(only_desk: Desk) -> Iterator[Desk]:
    yield only_desk
    only_desk.close()


def nodes_in(desk: Desk) -> set[str]:
    return {desk.scene.GetNthNode(n).GetID() for n in range(desk.scene.GetNumberOfNodes())}


def organ_of(result: Any) -> np.ndarray:
    return segmentation_of(result.segmentation, view_of(result.volume)).array > 0


def places_ras(result: Any) -> np.ndarray:
    """Of all voxels of the CT (i, j, k, 3)."""
    grid = view_of(result.volume)
    ijk = np.moveaxis(np.indices(grid.shape), 0, -1)
    return grid.ras_from_ijk(ijk.reshape(-1, 3)).reshape(ijk.shape)


def erase_a_ball(desk: Desk, center_ras: np.ndarray) -> None:
    """With the editor's own tool, so that it can be undone."""
    source = vtkSphereSource()
    source.SetRadius(8.0)
    source.SetCenter(*center_ras)
    source.Update()
    desk.session.edit.choose_segment("liver")
    desk.session.edit.choose_tool(SegmentationEffectErase.get_effect_name())
    desk.session.slicer_app.segmentation_editor.apply_polydata_world(source.GetOutput())
    desk.session.edit.choose_tool(SegmentationEffectNoTool.get_effect_name())


@pytest.mark.parametrize("place", PLACES)
def test_segments_are_removed_to_the_voxel_and_the_page_tells_their_volume(desk: Desk, place: str):
    result, plan = desk.planned(place)
    for name in ("VIII", "V", "VII", "VI"):
        desk.press(desk.plan.toggle_segment, name)
    assert desk.shown.segments == list(RIGHT)
    desk.wait_for_plan()
    gone, stays = segments_on_screen(result, RIGHT), segments_on_screen(result, ("I", "II", "III", "IV"))
    assert np.array_equal(shown_parts(result, plan), np.where(gone, 1, np.where(stays, 2, 0)))
    voxel_ml = view_of(result.volume).voxel_ml
    assert desk.value("Removed (ml)") == f"{np.count_nonzero(gone) * voxel_ml:.1f}"
    assert desk.value("Future liver remnant (ml)") == f"{np.count_nonzero(stays) * voxel_ml:.1f}"
    assert desk.value("Lesions cut") == "1"
    assert desk.value("Class of the margin") == "0 mm: the cut touches the lesion"
    desk.press(desk.plan.toggle_segment, "V")
    desk.wait_for_plan()
    assert desk.value("Resection") == "Segments VI, VII, VIII removed"


@pytest.mark.parametrize("place", PLACES)
def test_a_plane_cuts_where_it_is_seen_and_its_settings_move_it(desk: Desk, place: str):
    result, plan = desk.planned(place)
    desk.choose(place="middle")
    desk.choose(shift_mm=3.3, turn_deg=20.0, tilt_deg=-10.0)
    desk.wait_for_plan()
    organ, points_ras = organ_of(result), places_ras(result)
    turn, tilt = np.radians([20.0, -10.0])
    normal = np.array([np.cos(tilt) * np.cos(turn), np.cos(tilt) * np.sin(turn), np.sin(tilt)])
    beyond_mm = (points_ras - points_ras[organ].mean(axis=0)) @ normal - 3.3
    gone, unsure = organ & (beyond_mm > 0), organ & (np.abs(beyond_mm) < 1e-3)
    parts = shown_parts(result, plan)
    assert np.array_equal(parts[~unsure], np.where(gone, 1, np.where(organ, 2, 0))[~unsure])
    assert desk.value("Resection") == "Side of a plane along the normal removed"
    before = desk.value("Removed (ml)")
    desk.press(desk.plan.take_other_side)
    desk.wait_for_plan()
    assert desk.value("Future liver remnant (ml)") == before
    assert desk.value("Resection") == "Side of a plane against the normal removed"


def test_a_plane_through_a_lesion_removes_the_side_away_from_the_middle(desk: Desk):
    result, plan = desk.planned()
    assert [place.id for place in desk.shown.places] == ["", "middle", "lesion 1"]
    desk.choose(place="lesion 1")
    lesion = np.mean(result.measurements.lesions[0].long_axis_ras_mm, axis=0)
    assert np.allclose(plan.markup.GetOriginWorld(), lesion)
    outward = lesion - places_ras(result)[organ_of(result)].mean(axis=0)
    assert np.allclose(plan.markup.GetNormalWorld(), outward / np.linalg.norm(outward), atol=2e-3)
    desk.wait_for_plan()
    assert desk.value("Lesions cut") == "1"


def test_a_plane_that_is_dragged_moves_sliders_line_and_numbers(desk: Desk):
    _result, plan = desk.planned("upright")
    desk.choose(place="middle")
    desk.wait_for_plan()
    before = desk.value("Removed (ml)")
    start = np.array(plan.markup.GetOriginWorld())
    plan.markup.SetOriginWorld(*(start + [5.0, 2.0, 0.0]))
    desk.tick()
    assert (desk.shown.shift_mm, desk.shown.turn_deg, desk.shown.tilt_deg) == (5.0, 0.0, 0.0)
    assert desk.value("Removed (ml)") == ""
    square = next(
        node
        for node in (desk.scene.GetNthNode(n) for n in range(desk.scene.GetNumberOfNodes()))
        if node.GetName() == "Plane's square"
    )
    corners = vtk_to_numpy(square.GetPolyData().GetPoints().GetData())
    assert np.allclose(corners[:, 0], start[0] + 5.0)
    assert np.ptp(corners[:, 1]) > 30
    desk.wait_for_plan()
    assert 0 < float(desk.value("Removed (ml)")) < float(before)


def test_a_plane_beside_the_liver_is_refused_in_words(desk: Desk):
    result, plan = desk.planned()
    desk.choose(place="middle")
    desk.wait_for_plan()
    desk.choose(shift_mm=140.0)
    desk.wait_for_plan()
    assert "a cut through the liver" in desk.shown.status
    assert not desk.shown.working
    assert {row.value for row in desk.shown.rows} == {""}
    assert not shown_parts(result, plan).any()
    desk.choose(shift_mm=0.0)
    desk.wait_for_plan()
    assert desk.shown.status == ""


def test_segments_leave_a_plane_and_a_plane_leaves_segments(desk: Desk):
    _result, plan = desk.planned()
    desk.press(desk.plan.choose_segments, ("II",))
    desk.choose(place="middle")
    assert (desk.shown.segments, plan.markup is not None) == ([], True)
    assert plan.markup.GetDisplayVisibility()
    plane = plan.markup
    desk.press(desk.plan.choose_segments, ("III",))
    assert (desk.shown.place, plan.markup) == ("", None)
    assert not plane.GetDisplayVisibility()
    desk.choose(place="middle")
    assert plan.markup is plane
    desk.choose(place="")
    desk.wait_for_plan()
    assert desk.shown.status == "Choose what to remove."


def test_a_usual_resection_is_planned_by_a_click_on_its_row(desk: Desk):
    _result, plan = desk.planned()
    desk.wait_until(lambda: bool(usual_column(plan, "Resection")) and len(desk.shown.usual) > 1)
    desk.wait_until(lambda: desk.shown.usual[0].flr_ml != "")
    best = desk.shown.usual[0]
    assert best.cut == "-"  # the best one cuts none
    assert best.hint.startswith(f"{best.title}")
    desk.press(desk.plan.choose_segments, tuple(best.segments.split()))
    desk.wait_for_plan()
    assert " ".join(desk.shown.segments) == best.segments
    assert desk.value("Future liver remnant (ml)") == best.flr_ml
    assert desk.value("Remnant, % of liver without tumor").split()[0] == best.flr_percent
    assert [desk.value(f"Lesions {what}").replace(", ", ",") for what in ("removed", "left")] == [
        best.removed,
        best.left,
    ]


def test_height_and_weight_standardise_the_remnant_and_outlive_the_result(desk: Desk):
    desk.planned()
    desk.press(desk.plan.choose_segments, ("II",))
    desk.choose(height_cm=175)
    desk.wait_for_plan()
    assert "height and weight" in desk.shown.status
    desk.choose(weight_kg=80, height_cm=175)
    desk.wait_for_plan()
    standard_ml = -794.41 + 1267.28 * (175 * 80 / 3600) ** 0.5
    share = f"{100 * float(desk.value('Future liver remnant (ml)')) / standard_ml:.1f}"
    assert desk.value("Remnant, % of standard liver") == share
    desk.choose(weight_kg="")
    desk.wait_for_plan()
    assert desk.value("Remnant, % of standard liver") == "-"
    desk.choose(weight_kg=80)
    result = desk.bring()  # segmented again
    assert (desk.shown.exists, desk.shown.is_on, desk.shown.segments) == (False, False, [])
    desk.choose(is_on=True)
    assert plan_of(result).choice.weight_kg == 80
    desk.session.close_case()
    assert (desk.shown.height_cm, desk.shown.weight_kg) == (0.0, 0.0)


def test_an_edit_and_its_undo_blank_the_plan_at_once_and_plan_anew(desk: Desk):
    result, plan = desk.planned()
    desk.press(desk.plan.choose_segments, ("II",))
    desk.wait_for_plan()
    desk.wait_until(lambda: bool(usual_column(plan, "Resection")))
    before = [row.value for row in desk.shown.rows]
    whole_ml = result.measurements.liver_ml
    erase_a_ball(desk, places_ras(result)[segments_on_screen(result, ("II",))].mean(axis=0))
    desk.tick()
    assert {row.value for row in desk.shown.rows} == {""}
    assert all(row.flr_ml == "" for row in desk.shown.usual)
    desk.wait_for_plan()
    desk.wait_until(lambda: result.measurements is not None)
    planned_ml = float(desk.value("Removed (ml)")) + float(desk.value("Future liver remnant (ml)"))
    assert planned_ml == pytest.approx(result.measurements.liver_ml, abs=0.11)
    assert planned_ml < whole_ml - 0.5
    desk.session.edit.undo()
    desk.tick()
    assert {row.value for row in desk.shown.rows} == {""}
    desk.wait_for_plan()
    assert [row.value for row in desk.shown.rows] == before


def test_switched_off_the_picture_is_that_of_the_result_and_on_again_that_of_the_plan(desk: Desk):
    result, plan = desk.planned()
    desk.press(desk.plan.choose_segments, ("II",))
    desk.wait_for_plan()
    display = result.segmentation.GetDisplayNode()
    liver = desk.session.result._models._models["liver"].GetDisplayNode()
    desk.tick()
    assert (plan.parts.GetDisplayVisibility(), display.GetSegmentVisibility3D("liver")) == (1, False)
    assert not liver.GetVisibility()
    desk.choose(is_on=False)
    desk.tick()
    assert (plan.parts.GetDisplayVisibility(), liver.GetVisibility()) == (0, 1)
    desk.choose(is_on=True)
    desk.wait_for_plan()
    desk.tick()
    assert (plan.parts.GetDisplayVisibility(), liver.GetVisibility()) == (1, 0)
    assert desk.value("Resection") == "Segment II removed"


def test_couinaud_segments_make_room_for_the_parts(desk: Desk):
    result = desk.bring()
    with desk.session.state:
        desk.session.result.data.segments_visible = True
    assert result.segments.GetDisplayVisibility()
    desk.choose(is_on=True)
    assert not result.segments.GetDisplayVisibility()
    assert not desk.session.result.data.segments_visible


@pytest.mark.parametrize("place", ["oblique", "sheared by the gantry", "under a transform"])
def test_tumors_and_vessels_are_coloured_by_distance_without_surfaces_of_slicers_own(desk: Desk, place: str):
    """Against the naive way: every voxel of the veins, as a block of its own, from every point."""
    import slicer

    from LiverTumorSegLib.mrml.grid import matrix_of

    result, plan = desk.planned(place)
    desk.choose(distances=True)
    desk.wait_until(lambda: len(plan.models) == 3)
    assert not result.segmentation.GetSegmentation().ContainsRepresentation("Closed surface")
    model = next(node for node in plan.models if node.GetAttribute(SEGMENT_ATTRIBUTE) == "tumor")
    to_world = matrix_of(np.eye(4))
    slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(model.GetParentTransformNode(), None, to_world)
    world = slicer.util.arrayFromVTKMatrix(to_world)
    points_ras = vtk_to_numpy(model.GetPolyData().GetPoints().GetData()) @ world[:3, :3].T + world[:3, 3]
    grid = view_of(result.volume)
    labels = segmentation_of(result.segmentation, grid).array
    blocks = grid.ras_from_ijk(np.argwhere((labels == 4) | (labels == 5)))
    inverse = np.linalg.inv(grid.affine[:3, :3])
    away_ijk = np.abs((points_ras[:, np.newaxis] - blocks) @ inverse.T)
    beyond = np.maximum(away_ijk - 0.5, 0) * np.linalg.norm(grid.affine[:3, :3], axis=0)
    expected_mm = np.linalg.norm(beyond, axis=2).min(axis=1)
    found_mm = vtk_to_numpy(model.GetPolyData().GetPointData().GetArray(SCALARS))
    assert np.ptp(expected_mm) > 10
    if place != "sheared by the gantry":  # whose voxels are no boxes
        assert np.abs(found_mm - expected_mm).max() < 0.05
    own = desk.session.result._models._models["tumor"].GetDisplayNode()
    desk.tick()
    assert not own.GetVisibility()
    desk.choose(distances=False)
    desk.tick()
    assert plan.models == []
    assert own.GetVisibility()


def test_a_removed_plan_leaves_nothing_and_a_result_that_goes_takes_its_plan_along(desk: Desk):
    empty = nodes_in(desk)
    result = desk.bring()
    desk.wait_until(lambda: desk.session.result.surfaces != {})
    with_result = nodes_in(desk)
    desk.choose(is_on=True)
    desk.choose(place="middle")
    desk.choose(distances=True)
    plan = plan_of(result)
    desk.wait_until(lambda: len(plan.models) == 3 and not desk.plan.busy)
    desk.press(desk.plan.remove)
    # Colours that others may use stay registered; nothing of the plan does.
    assert nodes_in(desk) - with_result == set()
    assert hidden_of(result) == []
    assert (desk.shown.exists, desk.shown.is_on, desk.shown.place) == (False, False, "")
    desk.choose(is_on=True)
    desk.choose(place="lesion 1")
    desk.wait_for_plan()
    desk.close()
    assert nodes_in(desk) - empty == set()
    assert not desk.plan.busy


def test_the_mouse_drags_the_plane_and_no_diameter_below_it_but_a_tool_drags_neither(desk: Desk):
    result, plan = desk.planned()
    assert not any(line.GetLocked() for line in result.lines)
    desk.choose(place="middle")
    assert not plan.markup.GetLocked()
    assert all(line.GetLocked() for line in result.lines)
    desk.session.edit.choose_tool(SegmentationEffectPaint.get_effect_name())
    assert plan.markup.GetLocked()
    desk.session.edit.choose_tool(SegmentationEffectNoTool.get_effect_name())
    assert not plan.markup.GetLocked()
    desk.choose(place="")
    assert not any(line.GetLocked() for line in result.lines)


def test_a_divided_segment_iv_is_removed_by_halves_or_as_a_whole(desk: Desk):
    result, plan = desk.planned(divides_iv=True)
    assert desk.shown.there == ["I", "II", "III", "IVa", "IVb", "V", "VI", "VII", "VIII"]
    for name in ("V", "IVb"):
        desk.press(desk.plan.toggle_segment, name)
    desk.wait_for_plan()
    assert desk.shown.segments == ["IVb", "V"]
    gone = segments_on_screen(result, ("IVb", "V"))
    assert np.array_equal(shown_parts(result, plan) == 1, gone)
    desk.press(desk.plan.toggle_segment, "IVa")
    assert desk.shown.segments == ["IV", "V"]
    desk.wait_for_plan()
    assert np.array_equal(shown_parts(result, plan) == 1, gone | segments_on_screen(result, ("IVa",)))
    desk.press(desk.plan.toggle_segment, "IVb")
    assert desk.shown.segments == ["IVa", "V"]


def test_what_needs_a_divided_segment_iv_is_not_offered_for_a_whole_one(desk: Desk):
    desk.planned()
    desk.wait_until(lambda: len(desk.shown.usual) > 1)
    assert not [row.title for row in desk.shown.usual if "IVb" in row.segments]
    desk.press(desk.plan.choose_segments, ("IVb", "II"))
    assert desk.shown.segments == ["II"]


def test_a_liver_without_segments_cannot_be_planned_on(desk: Desk):
    result = desk.bring()
    desk.scene.RemoveNode(result.segments)
    desk.plan.show(result)
    assert not desk.shown.there
    desk.choose(is_on=True)
    assert plan_of(result) is None
    assert not desk.shown.is_on


def test_a_planning_child_that_died_unasked_is_replaced_unseen(desk: Desk):
    desk.planned()
    desk.press(desk.plan.choose_segments, ("II",))
    desk.wait_for_plan()
    psutil.Process(desk.plan.child_pid).kill()
    desk.press(desk.plan.choose_segments, ("II", "III"))
    desk.wait_for_plan()
    assert desk.value("Resection") == "Segments II, III removed"


def test_the_child_ends_with_the_session(desk: Desk):
    desk.planned()
    desk.wait_for_plan()
    pid = desk.plan.child_pid
    assert psutil.pid_exists(pid)
    desk.plan.end()
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert desk.plan.child_pid is None
    desk.close()
    desk.planned()  # and another one is started where it is wanted
    desk.wait_for_plan()
    assert desk.plan.child_pid is not None
