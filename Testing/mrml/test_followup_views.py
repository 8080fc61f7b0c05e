"""The charts of a follow-up, and two visits side by side, each in its own space."""

from __future__ import annotations

import numpy as np
import pytest
from followup_numbers import PLACES_RAS, timeline
from followup_scene import add_visits, follow_up_with_numbers, grid, layout_logic

from LiverTumorSegLib.mrml.followup import follow_up_in
from LiverTumorSegLib.mrml.followup_charts import MONTHS, VISIT, curves, series_of
from LiverTumorSegLib.mrml.followup_nodes import add_follow_up, add_result_visit, judge_by, show_timeline
from LiverTumorSegLib.mrml.followup_views import (
    CHART_VIEWS,
    CHARTS,
    LEFT,
    RIGHT,
    SIDE_BY_SIDE,
    SIDES,
    end_side_by_side,
    is_side_by_side,
    jump_side,
    look_after_views,
    register_layouts,
    show_charts,
    show_side_by_side,
    shown_of,
)
from LiverTumorSegLib.mrml.grid import affine_of
from LiverTumorSegLib.mrml.write import load_mrb, save_mrb
from LiverTumorSegLib.timeline import Criterion

FOUR_UP = 3


@pytest.fixture
def layout(scene):
    logic = layout_logic(scene)
    node = logic.GetLayoutNode()
    node.SetViewArrangement(FOUR_UP)
    yield node
    logic.SetMRMLScene(None)


def points_of(series):
    table = series.GetTableNode()
    names = [table.GetColumnName(n) for n in range(table.GetNumberOfColumns())]
    x, y = names.index(series.GetXColumnName()), names.index(series.GetYColumnName())
    values = [[table.GetTable().GetValue(row, col).ToDouble() for col in (x, y)] for row in range(3)]
    return [(round(a, 2), round(b, 3)) for a, b in values if not np.isnan(b)]


def curves_of(chart):
    return {series.GetName(): points_of(series) for series in series_of(chart)}


def test_the_chart_of_the_sum_has_the_limits_of_response_and_progression(scene):
    follow_up, _results = follow_up_with_numbers(scene)
    drawn = curves_of(follow_up.charts[0])
    assert drawn == {
        "Sum (mm)": [(0.0, 60.0)],
        "-30 % from baseline": [(0.0, 42.0), (2.99, 42.0), (5.98, 42.0)],
        "+20 % from nadir": [(0.0, 72.0), (2.99, 72.0), (5.98, 72.0)],
    }
    assert follow_up.charts[0].GetXAxisTitle() == MONTHS
    assert follow_up.charts[0].GetYAxisTitle() == "mm"


def test_by_volume_the_limits_are_those_of_volume_and_the_nadir_is_followed(scene):
    follow_up, _results = follow_up_with_numbers(scene)
    judge_by(follow_up, Criterion.VOLUME)
    drawn = curves_of(follow_up.charts[0])
    assert drawn["Sum (ml)"] == [(0.0, 40.0), (2.99, 4.0), (5.98, 9.0)]
    assert drawn["-65.7 % from baseline"][0] == (0.0, 13.72)
    assert drawn["+72.8 % from nadir"] == [(0.0, 69.12), (2.99, 69.12), (5.98, 6.912)]
    assert follow_up.charts[0].GetYAxisTitle() == "ml"


def test_diameters_and_volumes_have_a_curve_for_each_lesion_and_volumes_a_log_axis_without_0(scene):
    follow_up, _results = follow_up_with_numbers(scene)
    _sum, diameters, volumes = follow_up.charts
    assert curves_of(diameters) == {
        "L1 (VII)": [(0.0, 40.0), (2.99, 20.0), (5.98, 26.0)],
        "L2 (V/VI)": [(0.0, 20.0)],
        "L3 (II)": [(5.98, 11.5)],
    }
    assert curves_of(volumes)["L2 (V/VI)"] == [(0.0, 20.0)]
    assert curves_of(volumes)["All tumor"] == [(0.0, 45.0), (2.99, 4.0), (5.98, 12.0)]
    assert (diameters.GetYAxisLogScale(), volumes.GetYAxisLogScale()) == (False, True)
    faint, solid = (series_of(diameters)[n].GetLineStyle() for n in (2, 0))
    assert faint != solid  # L3 is no target


def test_without_dates_the_curves_go_from_visit_to_visit():
    columns = curves(timeline(dates=False), Criterion.RECIST)
    assert columns[VISIT] == [1.0, 2.0, 3.0]
    assert MONTHS not in columns


def test_charts_come_back_with_the_scene(scene, tmp_path):
    follow_up, _results = follow_up_with_numbers(scene)
    before = [curves_of(chart) for chart in follow_up.charts]
    save_mrb(scene, tmp_path / "scene.mrb")
    scene.Clear(False)
    load_mrb(scene, tmp_path / "scene.mrb")
    back = follow_up_in(scene)
    assert [curves_of(chart) for chart in back.charts] == before
    assert back.charts[2].GetYAxisLogScale()
    show_timeline(back, timeline())
    assert [curves_of(chart) for chart in back.charts] == before


def test_the_three_charts_are_shown_in_views_of_their_own(scene, layout):
    follow_up, _results = follow_up_with_numbers(scene)
    show_charts(follow_up)
    assert layout.GetViewArrangement() == CHARTS
    views = [scene.GetSingletonNode(tag, "vtkMRMLPlotViewNode") for tag in CHART_VIEWS]
    assert [view.GetPlotChartNodeID() for view in views] == [chart.GetID() for chart in follow_up.charts]
    end_side_by_side(scene)
    assert layout.GetViewArrangement() == FOUR_UP


# Side by side


def sides(scene):
    return [scene.GetSingletonNode(side, "vtkMRMLSliceNode") for side in SIDES]


def backgrounds(scene):
    found = {}
    for n in range(scene.GetNumberOfNodesByClass("vtkMRMLSliceCompositeNode")):
        node = scene.GetNthNodeByClass(n, "vtkMRMLSliceCompositeNode")
        found[node.GetLayoutName()] = node.GetBackgroundVolumeID()
    return found


def is_seen_in(node, view):
    return node.GetDisplayNode().IsDisplayableInView(view.GetID())


def opened(scene, first=0, second=2, **options):
    follow_up, results = follow_up_with_numbers(scene, **options)
    left, right = (shown_of(follow_up, follow_up.entries[n]) for n in (first, second))
    show_side_by_side(scene, left, right)
    return follow_up, results, left, right


def test_each_view_has_the_ct_and_the_segmentation_of_its_own_visit(scene, layout):
    _follow_up, results, left, right = opened(scene)
    assert is_side_by_side(scene)
    shown = backgrounds(scene)
    assert (shown[LEFT], shown[RIGHT]) == (results[0].volume.GetID(), results[2].volume.GetID())
    views = sides(scene)
    seen = [[is_seen_in(result.segmentation, view) for view in views] for result in results]
    assert seen == [[True, False], [False, False], [False, True]]
    lines = results[0].lines
    assert lines
    assert not any(is_seen_in(line, view) for line in lines for view in views)
    assert (left.volume, right.volume) == (results[0].volume, results[2].volume)


def test_a_jump_turns_each_view_to_the_place_in_its_own_space(scene, layout):
    _follow_up, _results, left, right = opened(scene)
    jump_side(scene, LEFT, left.volume, PLACES_RAS[0])
    jump_side(scene, RIGHT, right.volume, PLACES_RAS[2])
    for view, place in zip(sides(scene), (PLACES_RAS[0], PLACES_RAS[2]), strict=True):
        assert affine_of(view.GetSliceToRAS())[:3, 3] == pytest.approx(place)


def test_views_of_oblique_cts_lie_in_their_slices(scene, layout):
    _follow_up, _results, _left, right = opened(scene, turn_degrees=18.0)
    jump_side(scene, RIGHT, right.volume, PLACES_RAS[2])
    to_ras = affine_of(sides(scene)[1].GetSliceToRAS())
    normal = grid(2, 18.0)[:3, 2] / np.linalg.norm(grid(2, 18.0)[:3, 2])
    assert abs(to_ras[:3, 2] @ normal) == pytest.approx(1.0)
    assert to_ras[:3, 3] == pytest.approx(PLACES_RAS[2])


def test_the_whole_slices_are_seen_at_one_scale(scene, layout):
    """80 x 79.2 mm at the left, 79.2 x 84 mm at the right."""
    opened(scene)
    for view in sides(scene):
        width_mm, height_mm, _depth = view.GetFieldOfView()
        assert width_mm == height_mm == pytest.approx(1.05 * 28 * 3.0)


def test_in_another_layout_everything_is_shown_as_before(scene, layout):
    results = add_visits(scene, 2)
    results[0].segmentation.GetDisplayNode().AddViewNodeID("vtkMRMLSliceNodeGreen")
    follow_up = add_follow_up(scene)
    entries = [add_result_visit(follow_up, result) for result in results]
    show_side_by_side(scene, *(shown_of(follow_up, entry) for entry in entries))
    look_after_views(scene)
    assert not is_seen_in(results[1].segmentation, sides(scene)[0])
    layout.SetViewArrangement(FOUR_UP)
    look_after_views(scene)
    first, second = (result.segmentation.GetDisplayNode() for result in results)
    assert [first.GetNthViewNodeID(n) for n in range(first.GetNumberOfViewNodeIDs())] == ["vtkMRMLSliceNodeGreen"]
    assert second.GetNumberOfViewNodeIDs() == 0


def test_another_pair_replaces_the_first_and_the_end_is_the_layout_before_it(scene, layout):
    follow_up, results, _left, right = opened(scene)
    show_side_by_side(scene, right, shown_of(follow_up, follow_up.entries[1]))
    seen = [[is_seen_in(result.segmentation, view) for view in sides(scene)] for result in results]
    assert seen == [[False, False], [False, True], [True, False]]
    end_side_by_side(scene)
    assert layout.GetViewArrangement() == FOUR_UP
    assert all(result.segmentation.GetDisplayNode().GetNumberOfViewNodeIDs() == 0 for result in results)


def test_a_scene_that_was_saved_side_by_side_opens_so_and_ends_as_before(scene, layout, tmp_path):
    opened(scene)
    save_mrb(scene, tmp_path / "scene.mrb")
    scene.Clear(False)
    layout.SetViewArrangement(FOUR_UP)
    register_layouts(scene)
    load_mrb(scene, tmp_path / "scene.mrb")
    assert is_side_by_side(scene)
    layout.SetViewArrangement(FOUR_UP)
    look_after_views(scene)
    back = follow_up_in(scene)
    displays = [back.segmentation_of(entry).GetDisplayNode() for entry in back.entries]
    assert [display.GetNumberOfViewNodeIDs() for display in displays] == [0, 0, 0]


def test_the_layouts_are_known_once(scene, layout):
    register_layouts(scene)
    register_layouts(scene)
    assert layout.IsLayoutDescription(SIDE_BY_SIDE)
    assert layout.IsLayoutDescription(CHARTS)
