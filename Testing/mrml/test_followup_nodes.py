"""A follow-up in a scene: visits, tables, corrections, stored and removed."""

from __future__ import annotations

import json

import pytest
from followup_numbers import DATES, KEYS, timeline
from followup_scene import add_visits, follow_up_with_numbers
from vtkmodules.vtkCommonCore import vtkIdList

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.corrections import Anchor, Corrections, GoneCorrection, RoleCorrection
from LiverTumorSegLib.mrml.followup import FollowUpNode, follow_up_in
from LiverTumorSegLib.mrml.followup_nodes import (
    FOLDER_TITLE,
    add_folder_visit,
    add_follow_up,
    add_result_visit,
    change_visit,
    choose_baseline,
    correct,
    judge_by,
    mark_follow_up_outdated,
    remove_follow_up,
    show_timeline,
)
from LiverTumorSegLib.mrml.followup_tables import LESION_COLUMNS, visit_columns
from LiverTumorSegLib.mrml.result import results_in
from LiverTumorSegLib.mrml.write import load_mrb, save_mrb
from LiverTumorSegLib.timeline import Criterion, Role

READER = Corrections(
    baseline=KEYS[1],
    roles=(RoleCorrection(Anchor(KEYS[0], (1.5, -2.25, 3.0)), Role.EXCLUDED),),
    gone=(GoneCorrection(Anchor(KEYS[0], (12.0, 20.0, 50.0)), KEYS[1]),),
)


def ids_in(scene):
    return {scene.GetNthNode(n).GetID() for n in range(scene.GetNumberOfNodes())}


def items_in(scene):
    hierarchy, ids = scene.GetSubjectHierarchyNode(), vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), ids, True)
    return {hierarchy.GetItemName(ids.GetId(n)) for n in range(ids.GetNumberOfIds())}


def rows(table):
    return [
        [table.GetCellText(row, column) for column in range(table.GetNumberOfColumns())]
        for row in range(table.GetNumberOfRows())
    ]


def column(table, title):
    names = [table.GetColumnName(n) for n in range(table.GetNumberOfColumns())]
    return [row[names.index(title)] for row in rows(table)]


def test_the_table_of_visits_tells_dates_sums_changes_and_why(scene):
    follow_up, _results = follow_up_with_numbers(scene)
    table = follow_up.visits_table
    assert column(table, "Date") == list(DATES)
    assert column(table, "Sum (mm)") == ["60", "", ""]
    assert column(table, "Response") == ["baseline", "NE", "PD"]
    assert column(table, "Once gone is confirmed") == ["", "PR", ""]
    assert column(table, "Reason")[2] == "PD: new lesion L3"
    assert column(table, "Liver (ml)") == ["1500", "1501", "1502"]


def test_another_criterion_judges_the_same_numbers_in_its_own_unit(scene):
    follow_up, _results = follow_up_with_numbers(scene)
    judge_by(follow_up, Criterion.VOLUME)
    table = follow_up.visits_table
    assert [table.GetColumnName(n) for n in range(14)] == list(visit_columns(Criterion.VOLUME))
    assert column(table, "Sum (ml)") == ["40", "4", "9"]
    assert column(table, "From baseline (%)") == ["", "-90", "-77.5"]
    assert column(table, "From nadir (ml)") == ["", "-36", "5"]
    assert column(table, "Response") == ["baseline", "PR", "PD"]


def test_the_table_of_lesions_has_a_row_for_each_lesion_and_visit(scene):
    follow_up, _results = follow_up_with_numbers(scene)
    table = follow_up.lesions_table
    assert [table.GetColumnName(n) for n in range(table.GetNumberOfColumns())] == list(LESION_COLUMNS)
    assert column(table, "Lesion") == ["L1"] * 3 + ["L2"] * 3 + ["L3"] * 3
    assert column(table, "Long axis (mm)") == ["40", "20", "26", "20", "", "", "", "", "11.5"]
    assert column(table, "State")[3:] == ["baseline", "not found: gone?", "not found: gone?"] + [
        "not there yet",
        "not there yet",
        "new",
    ]
    assert column(table, "Role")[::3] == ["target", "target", "non-target"]


def test_what_is_outdated_judges_nothing_until_there_are_new_numbers(scene):
    follow_up, _results = follow_up_with_numbers(scene)
    mark_follow_up_outdated(follow_up)
    assert follow_up.is_outdated
    assert set(column(follow_up.visits_table, "Response")) == {""}
    assert set(column(follow_up.visits_table, "Sum (mm)")) == {""}
    assert follow_up.lesions_table.GetNumberOfRows() == 0
    assert follow_up.curves_table.GetNumberOfRows() == 0
    show_timeline(follow_up, timeline())
    assert not follow_up.is_outdated
    assert column(follow_up.visits_table, "Response") == ["baseline", "NE", "PD"]


def test_a_correction_is_kept_as_the_commands_own_file_and_outdates_the_numbers(scene):
    follow_up, _results = follow_up_with_numbers(scene)
    correct(follow_up, READER)
    assert json.loads(follow_up.corrections_node.GetText()) == json.loads(json.dumps(READER.to_json()))
    assert follow_up.corrections == READER
    assert follow_up.is_outdated


def test_all_of_it_comes_back_with_the_scene(scene, tmp_path):
    follow_up, _results = follow_up_with_numbers(scene)
    follow_up.keep_corrections(READER)
    judge_by(follow_up, Criterion.VOLUME)
    show_timeline(follow_up, timeline())
    before = [rows(table) for table in (follow_up.visits_table, follow_up.lesions_table, follow_up.curves_table)]
    entries = follow_up.entries
    save_mrb(scene, tmp_path / "scene.mrb")
    scene.Clear(False)
    load_mrb(scene, tmp_path / "scene.mrb")
    back = follow_up_in(scene)
    assert back.entries == entries
    assert back.timeline == timeline()
    assert back.corrections == READER
    assert back.criterion is Criterion.VOLUME
    assert [rows(table) for table in (back.visits_table, back.lesions_table, back.curves_table)] == before
    assert [back.segmentation_of(entry).GetName() for entry in entries] == [f"CT {n} segmentation" for n in (1, 2, 3)]
    assert [back.volume_of(entry).GetName() for entry in entries] == ["CT 1", "CT 2", "CT 3"]


@pytest.mark.parametrize("saved", [False, True], ids=["never saved", "saved before"])
def test_a_removed_follow_up_leaves_neither_node_nor_item_and_the_results_stay(scene, tmp_path, saved):
    add_visits(scene)
    if saved:
        save_mrb(scene, tmp_path / "before.mrb")
    before, items = ids_in(scene), items_in(scene)
    follow_up = add_follow_up(scene)
    for result in results_in(scene):
        add_result_visit(follow_up, result)
    show_timeline(follow_up, timeline())
    assert FOLDER_TITLE in items_in(scene)
    if saved:
        save_mrb(scene, tmp_path / "with.mrb")
    remove_follow_up(follow_up)
    assert ids_in(scene) == before
    assert items_in(scene) == items
    assert follow_up_in(scene) is None


def test_everything_lies_in_one_folder_of_the_hierarchy(scene):
    follow_up, _results = follow_up_with_numbers(scene)
    hierarchy, ids = scene.GetSubjectHierarchyNode(), vtkIdList()
    parent = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(follow_up.node))
    assert hierarchy.GetItemName(parent) == FOLDER_TITLE
    hierarchy.GetItemChildren(parent, ids, False)
    kinds = [hierarchy.GetItemDataNode(ids.GetId(n)).GetClassName() for n in range(ids.GetNumberOfIds())]
    assert kinds.count("vtkMRMLTableNode") == 3
    assert kinds.count("vtkMRMLPlotChartNode") == 3
    assert kinds.count("vtkMRMLTextNode") == 2


def test_a_result_is_a_visit_once_and_a_deleted_one_is_none(scene):
    results = add_visits(scene, 2)
    follow_up = add_follow_up(scene)
    first = add_result_visit(follow_up, results[0])
    assert add_result_visit(follow_up, results[0]) == first
    add_result_visit(follow_up, results[1])
    assert len(follow_up.entries) == 2
    scene.RemoveNode(results[0].segmentation)
    assert [follow_up.segmentation_of(entry) for entry in follow_up.entries] == [results[1].segmentation]


def test_a_visit_that_is_left_out_stays_in_the_list_and_is_no_baseline(scene):
    results = add_visits(scene, 3)
    follow_up = add_follow_up(scene)
    numbers = [add_result_visit(follow_up, result).number for result in results]
    choose_baseline(follow_up, numbers[1])
    assert follow_up.baseline == numbers[1]
    change_visit(follow_up, numbers[1], is_used=False)
    assert [entry.is_used for entry in follow_up.entries] == [True, False, True]
    assert follow_up.baseline is None


def test_every_change_outdates_the_numbers_and_no_change_does_not(scene):
    follow_up, _results = follow_up_with_numbers(scene)
    number = follow_up.entries[1].number
    changes = (
        lambda: change_visit(follow_up, number, date="2024-05-01"),
        lambda: choose_baseline(follow_up, number),
        lambda: correct(follow_up, READER),
    )
    for change in changes:
        before = follow_up.changes
        change()
        assert follow_up.is_outdated
        assert follow_up.changes == before + 1
        show_timeline(follow_up, timeline())
        change()
        assert not follow_up.is_outdated


def test_a_folder_that_is_no_result_or_there_already_is_refused(scene, tmp_path):
    follow_up = add_follow_up(scene)
    with pytest.raises(InputError, match=r"no run\.json"):
        add_folder_visit(follow_up, tmp_path)
    (tmp_path / "run.json").write_text("{}")
    add_folder_visit(follow_up, tmp_path, "2024-02-03")
    with pytest.raises(InputError, match="already"):
        add_folder_visit(follow_up, tmp_path)
    assert [(entry.folder, entry.date) for entry in follow_up.entries] == [(str(tmp_path), "2024-02-03")]


def test_what_somebody_has_deleted_of_it_is_missed_by_nobody(scene):
    follow_up, _results = follow_up_with_numbers(scene)
    doomed = (follow_up.visits_table, follow_up.lesions_table, follow_up.curves_table, follow_up.corrections_node)
    for node in (*doomed, *follow_up.charts):
        scene.RemoveNode(node)
    show_timeline(follow_up, timeline())
    mark_follow_up_outdated(follow_up)
    assert follow_up.corrections == Corrections()
    remove_follow_up(follow_up)
    assert follow_up_in(scene) is None


def test_other_text_nodes_are_no_follow_up(scene):
    scene.AddNewNodeByClass("vtkMRMLTextNode", FOLDER_TITLE)
    assert follow_up_in(scene) is None
    made = add_follow_up(scene)
    assert isinstance(follow_up_in(scene), FollowUpNode)
    assert follow_up_in(scene).node is made.node
    assert add_follow_up(scene).node is made.node
