"""What stands in for the MRML widgets keeps what it promises; skipped inside desktop Slicer, which needs none."""

from __future__ import annotations

from typing import Any

import pytest
import qt
import slicer
from stand_in_scene import Recorder, add_table, add_text, segmentation, volume

if not getattr(qt, "IS_STAND_IN", False):
    pytest.skip("desktop Slicer has the real classes", allow_module_level=True)

__all__ = ["segmentation", "volume"]


@pytest.fixture
def selector(scene: Any) -> Any:
    box = slicer.qMRMLNodeComboBox()
    box.nodeTypes = ["vtkMRMLTextNode"]
    box.setMRMLScene(scene)
    return box


def test_a_node_selector_follows_the_scene_and_announces_each_change_once(selector, scene):
    nodes, ids = Recorder(), Recorder()
    selector.connect("currentNodeChanged(vtkMRMLNode*)", nodes)
    selector.connect("currentNodeIDChanged(QString)", ids)
    first, second = add_text("first"), add_text("second")
    assert nodes.calls == [first]
    selector.setCurrentNode(second)
    selector.setCurrentNode(second)
    second.SetName("renamed")
    assert nodes.calls == [first, second]
    assert selector.findChild(qt.QComboBox).currentText == "renamed"
    scene.RemoveNode(second)
    assert selector.currentNode() is first
    slicer.mrmlScene.Clear(0)
    assert nodes.calls == [first, second, first, None]
    assert ids.calls[-1] == ""
    assert selector.nodeCount() == 0


def test_a_node_selector_with_none_selects_nothing_by_itself(selector):
    selector.noneEnabled = True
    node = add_text("first")
    assert selector.currentNode() is None
    selector.currentNodeID = node.GetID()
    assert selector.currentNode() is node
    selector.setCurrentNode(None)
    assert selector.currentNodeID == ""


def test_a_node_selector_lists_only_nodes_with_the_attribute(selector):
    selector.addAttribute("vtkMRMLTextNode", "LiverTumorSeg.Role", "report")
    add_text("other", **{"LiverTumorSeg.Role": "log"})
    plain, report = add_text("plain"), add_text("report", **{"LiverTumorSeg.Role": "report"})
    assert [selector.nodeFromIndex(index) for index in range(selector.nodeCount())] == [report]
    plain.SetAttribute("LiverTumorSeg.Role", "report")
    assert selector.nodeCount() == 2
    plain.SetHideFromEditors(True)
    plain.Modified()
    assert selector.nodeCount() == 1
    created = selector.addNode()
    assert created.GetAttribute("LiverTumorSeg.Role") == "report"
    assert selector.currentNode() is created


def test_a_table_view_shows_its_node_and_follows_it(scene):
    view, table = slicer.qMRMLTableView(), add_table()
    view.setMRMLTableNode(table)
    model = view.model()
    titles = [model.headerData(column, qt.Qt.Horizontal) for column in range(model.columnCount())]
    assert titles == ["Name", "Milliliters"]
    table.SetCellText(1, 1, "13")
    assert model.index(1, 1).data() == "13"
    table.AddEmptyRow()
    assert model.rowCount() == 3
    model.setData(model.index(2, 0), "Cyst")
    assert table.GetCellText(2, 0) == "Cyst"
    assert view.mrmlTableNode() is table


def test_a_locked_table_is_read_only(scene):
    view, table = slicer.qMRMLTableView(), add_table()
    view.setMRMLTableNode(table)
    assert view.model().index(0, 0).flags() & qt.Qt.ItemIsEditable
    table.SetLocked(True)
    assert not view.model().index(0, 0).flags() & qt.Qt.ItemIsEditable


def test_a_row_of_a_table_view_is_clicked_and_copied(scene):
    view, rows = slicer.qMRMLTableView(), []
    view.setMRMLTableNode(add_table())
    view.setSelectionBehavior(qt.QTableView.SelectRows)
    view.connect("clicked(QModelIndex)", lambda index: rows.append(index.row()))
    view.clicked.emit(view.model().index(1, 0))
    view.selectRow(1)
    view.copySelection()
    assert rows == [1]
    assert slicer.app.clipboard().text() == "Tumor\t12"


def test_the_segment_editor_keeps_its_nodes_in_the_editor_node(segmentation, volume, scene):
    editor = slicer.qMRMLSegmentEditorWidget()
    node = scene.AddNewNodeByClass("vtkMRMLSegmentEditorNode")
    editor.setMRMLSegmentEditorNode(node)
    editor.setMRMLScene(scene)
    changed = Recorder()
    editor.connect("segmentationNodeChanged(vtkMRMLSegmentationNode*)", changed)
    editor.setSegmentationNode(segmentation)
    assert node.GetSegmentationNode() is editor.segmentationNode() is segmentation
    assert node.GetSourceVolumeNode() is editor.sourceVolumeNode() is volume
    assert changed.calls == [segmentation]
    editor.setActiveEffectByName("Islands")
    assert (node.GetActiveEffectName(), editor.activeEffect().name) == ("Islands", "Islands")
    editor.setActiveEffectByName("")
    assert editor.activeEffect() is None
    node.SetAndObserveSegmentationNode(None)
    assert editor.segmentationNode() is None


def test_the_button_for_3d_makes_surfaces(segmentation):
    button = slicer.qMRMLSegmentationShow3DButton()
    assert not button.enabled
    button.setSegmentationNode(segmentation)
    button.click()
    assert segmentation.GetSegmentation().ContainsRepresentation("Closed surface")
    segmentation.RemoveClosedSurfaceRepresentation()
    assert not button.checked
