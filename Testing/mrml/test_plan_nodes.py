"""A plan in a living scene: its parts lie on the CT's voxels, it is stored whole, and it goes without a trace."""

from __future__ import annotations

import numpy as np
import pytest
from plan_scenes import MOVED, PLACES, START_IJK, add_plane, add_points, divided_result, shown_parts
from vtkmodules.util.numpy_support import vtk_to_numpy

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.mrml.grid import array_of, matrix_of
from LiverTumorSegLib.mrml.plan import PlanChoice, hidden_of, plan_of
from LiverTumorSegLib.mrml.plan_distances import (
    FURTHEST_MM,
    SCALARS,
    color_of,
    points_ras_of,
    remove_distances,
    show_distances,
    surfaces_of,
)
from LiverTumorSegLib.mrml.plan_markups import CUTTING_MARKUPS, cut_of
from LiverTumorSegLib.mrml.plan_nodes import add_plan, remove_plan, show_numbers, show_parts, show_plan
from LiverTumorSegLib.mrml.plan_tables import fill_what_if
from LiverTumorSegLib.mrml.plan_updates import liver_of, mark_plan_outdated
from LiverTumorSegLib.mrml.result import results_in
from LiverTumorSegLib.mrml.result_nodes import show_segments
from LiverTumorSegLib.mrml.segmentation_labels import segmentation_of
from LiverTumorSegLib.mrml.surfaces import create_surfaces
from LiverTumorSegLib.mrml.volume_node import view_of
from LiverTumorSegLib.mrml.write import load_mrb, save_mrb

NUMBERS = {
    "resected_ml": 812.34,
    "remnant": {
        "flr_ml": 600.0,
        "tumor_in_flr_ml": 0.04,
        "measured_percent": 41.26,
        "standardised_percent": None,
        "functional": {"ml": 512.5, "percent": 36.0, "without_inflow_ml": 1.0, "without_outflow_ml": 2.0},
    },
    "lesions_removed": [1, 3],
    "lesions_cut": [],
    "lesions_left": [2],
}
ANSWER = {
    "title": "Segments V, VI removed",
    "references": "over 40 %",
    "margin_mm": "5.1 +- 0.8 mm",
    "margin_class": "5 to under 10 mm (may also be 1 to under 5 mm)",
    "numbers": NUMBERS,
    "wish": [["V", "VI"], False, [0.0, 0.0]],
}


def ids_in(scene):
    return {scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())}


def items_in(scene):
    from vtkmodules.vtkCommonCore import vtkIdList

    hierarchy, ids = scene.GetSubjectHierarchyNode(), vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), ids, True)
    return {(ids.GetId(n), hierarchy.GetItemName(ids.GetId(n))) for n in range(ids.GetNumberOfIds())}


def rows(table):
    return {table.GetCellText(n, 0): table.GetCellText(n, 1) for n in range(table.GetNumberOfRows())}


def halves(result):
    """The liver in two at the middle of its first axis, and where that begins."""
    grid, labels, box, _segments = liver_of(result)
    middle = labels.shape[0] // 2
    parts = np.where(labels > 0, np.uint8(2), np.uint8(0))
    parts[:middle][labels[:middle] > 0] = 1
    whole = np.zeros(grid.shape, np.uint8)
    whole[box] = parts
    return parts, tuple(side.start for side in box), whole


def show_all(plan, parts, start):
    for _segment in show_parts(plan, parts, start):
        pass


def with_everything(scene, result):
    """A plan with parts, numbers, usual resections, a plane and coloured tumours."""
    plan = add_plan(result)
    plan.choose(PlanChoice((), True, 175.0, 80.5, True, True), add_plane(scene, (35.0, 8.0, 12.0), (1.0, 0.0, 0.0)))
    parts, start, whole = halves(result)
    show_all(plan, parts, start)
    show_plan(plan, visible=True)
    show_numbers(plan, ANSWER)
    row = NUMBERS | {"title": "T", "other_title": "O", "segments": ["V"], "margin_mm": "-", "margin_class": "-"}
    fill_what_if(plan.what_if, [row])
    surface = surfaces_of(plan)["tumor"]
    show_distances(plan, "tumor", surface, np.linspace(0, 30, surface.GetNumberOfPoints()))
    return plan, whole


@pytest.mark.parametrize("place", PLACES)
def test_the_parts_lie_on_the_voxels_that_they_are_of(scene, place):
    result = divided_result(scene, place)
    plan = add_plan(result)
    parts, start, whole = halves(result)
    show_all(plan, parts, start)
    assert np.array_equal(shown_parts(result, plan), whole)
    surfaces = [plan.parts.GetSegmentation().GetSegment(name) for name in ("resected", "remnant")]
    assert all(segment.GetRepresentation("Closed surface").GetNumberOfPoints() for segment in surfaces)


@pytest.mark.parametrize("place", PLACES)
def test_the_surface_of_a_part_lies_around_its_voxels(scene, place):
    result = divided_result(scene, place)
    plan = add_plan(result)
    parts, start, whole = halves(result)
    show_all(plan, parts, start)
    surface = plan.parts.GetSegmentation().GetSegment("remnant").GetRepresentation("Closed surface")
    points_ras = points_ras_of(plan, surface)
    voxels_ras = view_of(result.volume).ras_from_ijk(np.argwhere(whole == 2))
    for end in (np.min, np.max):
        assert np.allclose(end(points_ras, axis=0), end(voxels_ras, axis=0), atol=2.6)


def test_a_ct_that_is_cropped_keeps_the_parts_in_place(scene):
    result = divided_result(scene, "first index not 0")
    plan = add_plan(result)
    parts, start, _whole = halves(result)
    show_all(plan, parts, start)
    image = plan.parts.GetSegmentation().GetSegment("resected").GetRepresentation("Binary labelmap")
    assert image.GetExtent()[::2] == tuple(np.add(start, START_IJK))


def test_a_second_plan_on_a_result_is_the_first_one(scene):
    result = divided_result(scene)
    first = add_plan(result)
    before = ids_in(scene)
    assert add_plan(result).parts is first.parts
    assert ids_in(scene) == before
    assert [node.GetName() for node in first.nodes] == ["CT resection", "CT plan", "CT what if"]


def test_a_plan_without_a_ct_is_refused_and_leaves_nothing(scene):
    result = divided_result(scene)
    scene.RemoveNode(result.volume)
    before = ids_in(scene)
    with pytest.raises(InputError, match="without its CT"):
        add_plan(result)
    assert ids_in(scene) == before


def test_the_table_has_the_numbers_of_a_reader_and_blanks_while_they_are_not_known(scene):
    plan = add_plan(divided_result(scene))
    show_numbers(plan, ANSWER)
    shown = rows(plan.table)
    assert shown["Removed (ml)"] == "812.3"
    assert shown["Tumor in the remnant (ml)"] == "0.0"
    assert shown["Remnant, % of liver without tumor"] == "41.3 (over 40 %)"
    assert shown["Remnant, % of standard liver"] == "-"
    assert shown["Functional remnant (ml)"] == "512.5"
    assert (shown["Lesions removed"], shown["Lesions cut"], shown["Lesions left"]) == ("1, 3", "-", "2")
    assert shown["Class of the margin"].endswith("(may also be 1 to under 5 mm)")
    show_numbers(plan, None)
    assert set(rows(plan.table).values()) == {""}
    assert list(rows(plan.table)) == list(shown)


def test_the_liver_is_away_in_3d_while_its_parts_are_there_and_vessels_and_tumours_never(scene):
    result = divided_result(scene)
    plan, display = add_plan(result), result.segmentation.GetDisplayNode()
    show_segments(result, visible=True)
    show_plan(plan, visible=True)
    assert not result.segments.GetDisplayVisibility()
    assert display.GetSegmentVisibility3D("liver")  # nothing is resected yet
    parts, start, _whole = halves(result)
    show_all(plan, parts, start)
    assert not display.GetSegmentVisibility3D("liver")
    assert display.GetSegmentVisibility("liver")
    assert all(display.GetSegmentVisibility3D(name) for name in ("tumor", "portal_vein", "hepatic_vein"))
    show_plan(plan, visible=False)
    assert display.GetSegmentVisibility3D("liver")
    show_plan(plan, visible=True)
    mark_plan_outdated(plan)
    assert display.GetSegmentVisibility3D("liver")
    assert not shown_parts(result, plan).any()


def test_a_plan_is_stored_with_the_scene_and_found_again(session, scene, tmp_path):
    planned = divided_result(scene)
    plan, whole = with_everything(scene, planned)
    values = scalars_of(plan.models[0])
    save_mrb(scene, tmp_path / "plan.mrb")
    scene.Clear(False)
    load_mrb(scene, tmp_path / "plan.mrb")
    (result,) = results_in(scene)
    back = plan_of(result)
    assert back.choice == PlanChoice((), True, 175.0, 80.5, True, True)
    assert back.markup.GetName() == "cut"
    assert back.numbers == ANSWER
    assert rows(back.table)["Removed (ml)"] == "812.3"
    assert back.what_if.GetCellText(0, 0) == "T"
    assert np.array_equal(shown_parts(result, back), whole)
    assert np.allclose(scalars_of(back.models[0]), values, atol=1e-4)
    assert back.models[0].GetDisplayNode().GetColorNode() is back.colors
    assert hidden_of(result) == ["liver", "tumor"]
    assert not result.segmentation.GetDisplayNode().GetSegmentVisibility3D("liver")
    remove_plan(back)
    assert result.segmentation.GetDisplayNode().GetSegmentVisibility3D("liver")
    assert result.segmentation.GetDisplayNode().GetSegmentVisibility3D("tumor")


@pytest.mark.parametrize("saved", [False, True], ids=["never saved", "saved before"])
def test_a_removed_plan_leaves_neither_node_nor_item_and_the_markup_stays(scene, tmp_path, saved):
    result = divided_result(scene)
    create_surfaces(result.segmentation)
    if saved:
        save_mrb(scene, tmp_path / "before.mrb")
    before, items = ids_in(scene), items_in(scene)
    plan, _whole = with_everything(scene, result)
    markup = plan.markup
    if saved:
        save_mrb(scene, tmp_path / "plan.mrb")
    remove_plan(plan)
    assert markup.GetScene() is scene
    scene.RemoveNode(markup.GetDisplayNode())
    if markup.GetStorageNode():
        scene.RemoveNode(markup.GetStorageNode())
    scene.RemoveNode(markup)
    assert ids_in(scene) == before
    assert items_in(scene) == items
    assert plan_of(result) is None
    assert hidden_of(result) == []


def test_what_somebody_has_deleted_of_a_plan_is_missed_by_nobody(scene):
    result = divided_result(scene)
    plan, _whole = with_everything(scene, result)
    for node in (plan.table, plan.what_if, plan.colors, plan.models[0], plan.markup):
        scene.RemoveNode(node)
    show_numbers(plan, ANSWER)
    mark_plan_outdated(plan)
    assert (plan.table, plan.models, plan.markup) == (None, [], None)
    remove_plan(plan)
    assert hidden_of(result) == []


# Distances


def scalars_of(model):
    return vtk_to_numpy(model.GetPolyData().GetPointData().GetArray(SCALARS))


def test_a_model_shows_the_distance_of_every_point_in_the_colour_of_its_mm_with_a_legend(scene):
    result = divided_result(scene)
    plan, display = add_plan(result), result.segmentation.GetDisplayNode()
    surface = surfaces_of(plan)["tumor"]
    values = np.linspace(0, 30, surface.GetNumberOfPoints())
    model = show_distances(plan, "tumor", surface, values)
    shown = model.GetDisplayNode()
    assert np.allclose(scalars_of(model), values)
    assert (shown.GetActiveScalarName(), shown.GetScalarVisibility()) == (SCALARS, 1)
    assert tuple(shown.GetScalarRange()) == (0.0, FURTHEST_MM)
    table = shown.GetColorNode().GetLookupTable()
    for mm in (0.0, 2.0, 7.0, 15.0, 20.0, 99.0):
        color = np.zeros(3)
        table.GetColor(mm, color)
        assert np.allclose(color, color_of(mm), atol=0.03)
    legends = [model.GetNthDisplayNode(n) for n in range(model.GetNumberOfDisplayNodes())]
    assert [node.GetTitleText() for node in legends if node.IsA("vtkMRMLColorLegendDisplayNode")] == [SCALARS]
    assert not display.GetSegmentVisibility3D("tumor")
    remove_distances(plan)
    assert plan.models == []
    assert display.GetSegmentVisibility3D("tumor")


def test_near_is_dark_and_far_is_light_for_those_who_see_no_colours():
    greys = [float(np.dot(color_of(mm), (0.299, 0.587, 0.114))) for mm in np.linspace(0, FURTHEST_MM, 41)]
    assert np.all(np.diff(greys) > 0)


@pytest.mark.parametrize("place", PLACES)
def test_points_of_a_surface_are_told_where_the_patient_lies(scene, place):
    result = divided_result(scene, place)
    surface = surfaces_of(add_plan(result))["hepatic_vein"]
    grid = view_of(result.volume)
    vein_ras = grid.ras_from_ijk(np.argwhere(segmentation_of(result.segmentation, grid).array == 5))
    points_ras = points_ras_of(plan_of(result), surface)
    assert np.allclose(points_ras.mean(axis=0), vein_ras.mean(axis=0), atol=1.5)


def test_empty_segments_have_no_surface_to_colour(scene):
    result = divided_result(scene)
    assert set(surfaces_of(add_plan(result))) == {"tumor", "portal_vein", "hepatic_vein"}


# Markups


def test_a_plane_under_a_transform_cuts_where_it_is_seen(scene):
    plane = add_plane(scene, (1.0, 2.0, 3.0), (0.0, 0.6, 0.8))
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(matrix_of(MOVED))
    plane.SetAndObserveTransformNodeID(transform.GetID())
    cut = cut_of(plane)
    assert np.allclose(cut.points_ras, [(MOVED @ (1.0, 2.0, 3.0, 1.0))[:3]])
    assert np.allclose(cut.normal_ras, MOVED[:3, :3] @ (0.0, 0.6, 0.8))


@pytest.mark.parametrize("kind", ["Fiducial", "Curve", "ClosedCurve"])
def test_points_that_are_placed_count_and_one_that_hangs_on_the_mouse_does_not(scene, kind):
    node = add_points(scene, [(1.0, 2.0, 3.0), (4.0, 5.0, 6.0), (7.0, 8.0, 10.0)], kind)
    node.UnsetNthControlPointPosition(1)
    assert node.GetClassName() in CUTTING_MARKUPS
    cut = cut_of(node)
    assert (cut.points_ras, cut.normal_ras) == (((1.0, 2.0, 3.0), (7.0, 8.0, 10.0)), None)


def test_points_under_a_transform_count_where_they_are_seen(scene):
    node = add_points(scene, [(1.0, 2.0, 3.0), (4.0, 5.0, 6.0)])
    transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(matrix_of(MOVED))
    node.SetAndObserveTransformNodeID(transform.GetID())
    expected = [(MOVED @ (*point, 1.0))[:3] for point in ((1.0, 2.0, 3.0), (4.0, 5.0, 6.0))]
    assert np.allclose(cut_of(node).points_ras, expected)


def test_a_plane_that_is_not_placed_cuts_nothing(scene):
    assert cut_of(scene.AddNewNodeByClass("vtkMRMLMarkupsPlaneNode")) is None


def test_the_parts_are_not_taken_for_the_mask(scene):
    """The result stays what it was, and the plan is no result."""
    result = divided_result(scene)
    before = array_of(result.segmentation.GetSegmentation().GetSegment("liver").GetRepresentation("Binary labelmap"))
    labels = before.copy()
    with_everything(scene, result)
    assert [one.segmentation for one in results_in(scene)] == [result.segmentation]
    assert np.array_equal(before, labels)
