"""Making a follow-up in a scene, keeping its tables and charts those of its numbers, and taking all of it out again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import slicer

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.corrections import Corrections
from LiverTumorSegLib.mrml.followup import (
    CORRECTIONS_ROLE,
    CURVES_ROLE,
    FOLLOW_UP_ATTRIBUTE,
    LESIONS_ROLE,
    LOADED_ATTRIBUTE,
    VISIT_ROLE,
    VISITS_ROLE,
    FollowUpNode,
    VisitEntry,
    follow_up_in,
)
from LiverTumorSegLib.mrml.followup_charts import add_charts, remove_series, show_charts_of
from LiverTumorSegLib.mrml.followup_tables import fill_lesions, fill_visits
from LiverTumorSegLib.mrml.hierarchy import remove_with_item
from LiverTumorSegLib.mrml.plan_nodes import remove_node
from LiverTumorSegLib.mrml.result import Result
from LiverTumorSegLib.mrml.result_nodes import nothing_added_on_error
from LiverTumorSegLib.mrml.tables import add_table_node
from LiverTumorSegLib.timeline import Criterion, FollowUp

FOLDER_TITLE, RECORD_TITLE = "Follow-up", "Follow-up record"
TITLES = {VISITS_ROLE: "Follow-up visits", LESIONS_ROLE: "Follow-up lesions", CURVES_ROLE: "Follow-up curves"}


def add_follow_up(scene: slicer.vtkMRMLScene) -> FollowUpNode:
    """The follow-up of a scene, a new one without visits where there is none: whole or not at all."""
    present = follow_up_in(scene)
    if present is not None:
        return present
    with nothing_added_on_error(scene):
        node = scene.AddNewNodeByClass("vtkMRMLTextNode", RECORD_TITLE)
        node.SetAttribute(FOLLOW_UP_ATTRIBUTE, "1")
        follow_up = FollowUpNode(node)
        for role, title in TITLES.items():
            node.SetNodeReferenceID(role, add_table_node(scene, title).GetID())
        corrections = scene.AddNewNodeByClass("vtkMRMLTextNode", "Follow-up corrections")
        corrections.SetText(json.dumps(Corrections().to_json(), indent=1))
        node.SetNodeReferenceID(CORRECTIONS_ROLE, corrections.GetID())
        add_charts(follow_up)
        _file(follow_up)
    show_timeline(follow_up, None)
    return follow_up


def add_result_visit(follow_up: FollowUpNode, result: Result, date: str = "") -> VisitEntry:
    """A result of the scene as a visit; one that is a visit already stays so."""
    for entry in follow_up.entries:
        if not entry.folder and follow_up.segmentation_of(entry) is result.segmentation:
            return entry
    entry = VisitEntry(_next_number(follow_up), date=date)
    follow_up.node.SetNodeReferenceID(f"{VISIT_ROLE}{entry.number}", result.segmentation.GetID())
    follow_up.keep_entries((*follow_up.entries, entry))
    mark_follow_up_outdated(follow_up)
    return entry


def add_folder_visit(follow_up: FollowUpNode, folder: Path, date: str = "") -> VisitEntry:
    """A finished result folder as a visit. Raises InputError where it is none, or chosen already."""
    from LiverTumorSegLib.io.results import RUN

    path = str(folder.resolve())
    if not (folder / RUN).is_file():
        raise InputError(
            found=f"no {RUN} in {folder}",
            expected="a result folder written by segment or measure",
            remedy="Choose the folder that holds segmentation.nii.gz and run.json",
        )
    if any(entry.folder == path for entry in follow_up.entries):
        raise InputError(
            found=f"{folder} is a visit already", expected="each examination once", remedy="Choose another folder"
        )
    entry = VisitEntry(_next_number(follow_up), path, date)
    follow_up.keep_entries((*follow_up.entries, entry))
    mark_follow_up_outdated(follow_up)
    return entry


def change_visit(follow_up: FollowUpNode, number: int, **values: Any) -> None:
    """Its date, or whether it is used (fields of VisitEntry)."""
    changed = tuple(replace(entry, **values) if entry.number == number else entry for entry in follow_up.entries)
    if changed != follow_up.entries:
        follow_up.keep_entries(changed)
        mark_follow_up_outdated(follow_up)


def choose_baseline(follow_up: FollowUpNode, number: int | None) -> None:
    """The visit that everything is compared with; None: the first in time."""
    if number != follow_up.baseline:
        follow_up.keep(baseline=number)
        mark_follow_up_outdated(follow_up)


def correct(follow_up: FollowUpNode, corrections: Corrections) -> None:
    """What the reader has put right now; the numbers are those of before."""
    if corrections != follow_up.corrections:
        follow_up.keep_corrections(corrections)
        mark_follow_up_outdated(follow_up)


def show_timeline(follow_up: FollowUpNode, timeline: FollowUp | None) -> None:
    """New numbers, into tables and charts; None: there are none."""
    follow_up.keep_timeline(timeline)
    follow_up.keep(is_outdated=False)
    _fill(follow_up, timeline)


def mark_follow_up_outdated(follow_up: FollowUpNode) -> None:
    """Something was changed: no table and no chart may judge by what was there before. The lesions stay named."""
    follow_up.keep(is_outdated=True, changes=follow_up.changes + 1)
    if follow_up.visits_table and follow_up.timeline:
        fill_visits(
            follow_up.visits_table, follow_up.timeline, follow_up.criterion, _titles(follow_up), is_outdated=True
        )
        if follow_up.lesions_table:
            fill_lesions(follow_up.lesions_table, None)
        show_charts_of(follow_up, None)


def judge_by(follow_up: FollowUpNode, criterion: Criterion) -> None:
    """Show the judgement by another criterion; nothing is tracked anew."""
    if criterion is not follow_up.criterion:
        follow_up.keep(criterion=str(criterion))
        if follow_up.is_outdated:
            mark_follow_up_outdated(follow_up)
        else:
            _fill(follow_up, follow_up.timeline)


def keep_keys(follow_up: FollowUpNode, keys: dict[int, str]) -> None:
    """By the number of a visit: what its CT is called in numbers and corrections."""
    follow_up.keep_entries(tuple(replace(entry, key=keys.get(entry.number, entry.key)) for entry in follow_up.entries))


def remove_follow_up(follow_up: FollowUpNode) -> None:
    """Take it out of its scene, with tables, charts, corrections, and what was loaded to be looked at; results stay."""
    scene = follow_up.scene
    for entry in follow_up.entries:
        _remove_loaded(follow_up, entry)
    for chart in follow_up.charts:
        remove_series(chart)
        remove_with_item(scene, chart)
    hierarchy = scene.GetSubjectHierarchyNode()
    folder = hierarchy.GetItemParent(hierarchy.GetItemByDataNode(follow_up.node))
    for node in (follow_up.visits_table, follow_up.lesions_table, follow_up.curves_table, follow_up.corrections_node):
        if node is not None:
            remove_node(scene, node)
    remove_node(scene, follow_up.node)
    is_ours = folder != hierarchy.GetInvalidItemID() and hierarchy.GetItemName(folder) == FOLDER_TITLE
    if is_ours and hierarchy.GetNumberOfItemChildren(folder) == 0:
        hierarchy.RemoveItem(folder)


def file_in_folder(follow_up: FollowUpNode, node: Any) -> None:
    """Put a node where the follow-up's others are."""
    hierarchy = follow_up.scene.GetSubjectHierarchyNode()
    item = hierarchy.GetItemByDataNode(follow_up.node)
    _place(hierarchy, hierarchy.GetItemParent(item), node)


def _fill(follow_up: FollowUpNode, timeline: FollowUp | None) -> None:
    if follow_up.visits_table:
        fill_visits(follow_up.visits_table, timeline, follow_up.criterion, _titles(follow_up))
    if follow_up.lesions_table:
        fill_lesions(follow_up.lesions_table, timeline)
    show_charts_of(follow_up, timeline)
    for chart in follow_up.charts:
        for index in range(chart.GetNumberOfPlotSeriesNodes()):
            file_in_folder(follow_up, chart.GetNthPlotSeriesNode(index))


def _titles(follow_up: FollowUpNode) -> dict[str, str]:
    """By the key of a CT: what it is called here."""
    return {entry.key: follow_up.title_of(entry) for entry in follow_up.entries}


def _file(follow_up: FollowUpNode) -> None:
    hierarchy = follow_up.scene.GetSubjectHierarchyNode()
    folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), FOLDER_TITLE)
    tables = (follow_up.visits_table, follow_up.lesions_table, follow_up.curves_table)
    for node in (follow_up.node, follow_up.corrections_node, *tables, *follow_up.charts):
        _place(hierarchy, folder, node)


def _place(hierarchy: Any, folder: int, node: Any) -> None:
    """Desktop Slicer has made an item for the node already; the bare core has not."""
    item = hierarchy.GetItemByDataNode(node)
    if item == hierarchy.GetInvalidItemID():
        hierarchy.CreateItem(folder, node)
    else:
        hierarchy.SetItemParent(item, folder)


def _next_number(follow_up: FollowUpNode) -> int:
    number = int(follow_up.state.get("next_number", 1))
    follow_up.keep(next_number=number + 1)
    return number


def _remove_loaded(follow_up: FollowUpNode, entry: VisitEntry) -> None:
    # Both are found before the first goes: the CT is found through the segmentation.
    for node in (follow_up.segmentation_of(entry), follow_up.volume_of(entry)):
        if node is not None and node.GetAttribute(LOADED_ATTRIBUTE):
            remove_node(follow_up.scene, node)
