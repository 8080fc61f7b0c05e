"""What stands in for the application and its module classes keeps what it promises; skipped inside desktop Slicer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import qt
import slicer
from stand_in_scene import add_table, add_text, segmentation, volume

if not getattr(qt, "IS_STAND_IN", False):
    pytest.skip("desktop Slicer has the real classes", allow_module_level=True)

from slicer.ScriptedLoadableModule import *  # noqa: F403 - the line that every scripted module has

__all__ = ["segmentation", "volume"]


class StandInLogic(ScriptedLoadableModuleLogic):  # noqa: F405
    pass


class StandInWidget(ScriptedLoadableModuleWidget):  # noqa: F405
    cleaned = False

    def setup(self) -> None:
        super().setup()
        self.layout.addWidget(qt.QLabel("ready"))

    def cleanup(self) -> None:
        self.cleaned = True


class StandInTest(ScriptedLoadableModuleTest):  # noqa: F405
    __test__ = False
    ran: list[str] = []  # noqa: RUF012

    def test_one(self) -> None:
        self.ran.append("one")


class StandIn(ScriptedLoadableModule):  # noqa: F405
    pass


def test_a_module_widget_sets_itself_up_and_cleans_up_when_it_is_unloaded(scene):
    widget = StandInWidget()
    assert (widget.moduleName, widget.developerMode, widget.parent.mrmlScene()) == ("StandIn", False, scene)
    assert widget.layout.count() == 1
    slicer.app.moduleManager().moduleAboutToBeUnloaded.emit("Another")
    assert not widget.cleaned
    slicer.app.moduleManager().moduleAboutToBeUnloaded.emit("StandIn")
    assert widget.cleaned


def test_a_module_finds_its_resources_and_runs_its_self_test():
    path = slicer.util.modulePath("LiverTumorSeg")
    assert Path(path).name == "LiverTumorSeg.py"
    module = StandIn(type("Parent", (), {"path": path})())
    assert module.resourcePath("UI/Form.ui") == str(Path(path).parent / "Resources" / "UI" / "Form.ui")
    assert module.parent.categories == []
    slicer.selfTests["StandIn"]()
    assert StandInTest.ran == ["one"]


def test_what_waits_for_the_end_of_startup_runs_once():
    calls = []
    slicer.app.connect("startupCompleted()", lambda: calls.append(1))
    slicer.app.complete_startup()
    slicer.app.complete_startup()
    assert calls == [1]


def test_there_is_one_parameter_node_and_closing_the_scene_empties_it(scene):
    node = StandInLogic().getParameterNode()
    node.SetParameter("speed", "fast")
    assert StandInLogic().getParameterNode() is node
    slicer.mrmlScene.Clear(0)
    after = StandInLogic().getParameterNode()
    assert after.GetParameter("speed") == ""
    assert after.GetAttribute("ModuleName") == "StandIn"


def test_everything_survives_a_scene_file(segmentation, volume, scene, tmp_path):
    table, text = add_table(), add_text("Note", Role="report")
    text.SetText("two lesions")
    line = scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "Long axis")
    line.AddControlPoint(1.5, 2.5, 3.5)
    line.AddControlPoint(4.5, 6.5, 15.5)
    parameters = StandInLogic().getParameterNode()
    parameters.SetParameter("speed", "fast")
    parameters.SetNodeReferenceID("Input", volume.GetID())
    segmentation.SetNodeReferenceID("LiverTumorSeg.Table", table.GetID())
    before = slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, "box", volume).copy()
    path = tmp_path / "case.mrb"
    assert slicer.util.saveScene(str(path))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(path))
    loaded = {each: slicer.util.getNode(each) for each in ("CT", "Liver", "Volumes", "Note", "Long axis")}
    assert loaded["Note"].GetText() == "two lesions"
    assert loaded["Note"].GetAttribute("Role") == "report"
    assert loaded["Volumes"].GetCellText(1, 1) == "12"
    assert loaded["Long axis"].GetMeasurement("length").GetValue() == pytest.approx(np.sqrt(9 + 16 + 144))
    assert loaded["Liver"].GetNodeReference("LiverTumorSeg.Table") is loaded["Volumes"]
    after = slicer.util.arrayFromSegmentBinaryLabelmap(loaded["Liver"], "box", loaded["CT"])
    assert np.array_equal(before, after)
    found = StandInLogic().getParameterNode()
    assert found.GetParameter("speed") == "fast"
    assert found.GetNodeReference("Input") is loaded["CT"]
    assert len(StandInLogic().getAllParameterNodes()) == 1
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    assert all(hierarchy.GetItemByDataNode(node) for node in loaded.values())


def test_nodes_are_saved_and_loaded_by_their_storage_nodes(segmentation, volume, tmp_path):
    table = add_table()
    for node, name in ((volume, "ct.nrrd"), (segmentation, "liver.seg.nrrd"), (table, "volumes.csv")):
        assert slicer.util.saveNode(node, str(tmp_path / name))
    ct = slicer.util.loadVolume(str(tmp_path / "ct.nrrd"))
    assert np.array_equal(slicer.util.arrayFromVolume(ct), slicer.util.arrayFromVolume(volume))
    liver = slicer.util.loadSegmentation(str(tmp_path / "liver.seg.nrrd"))
    assert liver.GetSegmentation().GetSegment("box").GetName() == "Box"
    assert slicer.util.loadTable(str(tmp_path / "volumes.csv")).GetNumberOfRows() == 2
    with pytest.raises(RuntimeError, match="no such file"):
        slicer.util.loadVolume(str(tmp_path / "missing.nrrd"))


def test_data_nodes_have_a_hierarchy_item_and_hidden_ones_have_none(scene):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    shown = add_text("shown")
    hidden = slicer.mrmlScene.CreateNodeByClass("vtkMRMLTextNode")
    hidden.UnRegister(None)
    hidden.SetHideFromEditors(True)
    scene.AddNode(hidden)
    assert hierarchy.GetItemName(hierarchy.GetItemByDataNode(shown)) == "shown"
    assert not hierarchy.GetItemByDataNode(hidden)
    scene.RemoveNode(shown)
    assert hierarchy.GetNumberOfItems() == 0


def test_messages_are_logged_and_questions_answered_with_no_as_in_a_slicer_that_tests(caplog):
    slicer.util.errorDisplay("no liver")
    assert "no liver" in caplog.text
    # Not what its documentation says, but what Slicer 5.12 does while testing.
    assert slicer.util.confirmYesNoDisplay("Install?") is False
    with pytest.raises(ValueError, match="broken"), slicer.util.tryWithErrorDisplay("Failed", waitCursor=True):
        raise ValueError("broken")
    slicer.app.settings().setValue("StandIns/Engine", "classical")
    assert slicer.util.settingsValue("StandIns/Engine", "none") == "classical"
    assert slicer.util.settingsValue("StandIns/Missing", 7) == 7
