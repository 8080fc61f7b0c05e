"""The stand-ins keep what they promise; skipped inside desktop Slicer, which needs none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ctk
import numpy as np
import pytest
import qt
import slicer
from mrml_case import SHAPE, oblique_affine
from scene_pictures import slice_picture, widget_picture

if not getattr(qt, "IS_STAND_IN", False):
    pytest.skip("desktop Slicer has the real classes", allow_module_level=True)

from slicer.ScriptedLoadableModule import *  # noqa: F403 - the line that every scripted module has

BOX = (slice(5, 12), slice(8, 20), slice(6, 15))
# Right-handed: Slicer turns the slices of a left-handed volume around when it reads the file.
AFFINE = oblique_affine() @ np.diag([1.0, -1.0, 1.0, 1.0])
FORM = """<ui version="4.0"><class>Form</class>
<widget class="qMRMLWidget" name="Form"><layout class="QVBoxLayout" name="column">
<item><widget class="ctkCollapsibleButton" name="section"><property name="text"><string>Input</string></property>
 <layout class="QFormLayout" name="fields">
 <item row="0" column="0"><widget class="QLabel" name="label"><property name="text"><string>CT:</string></property>
 </widget></item>
 <item row="0" column="1"><widget class="qMRMLNodeComboBox" name="ct">
  <property name="nodeTypes"><stringlist><string>vtkMRMLScalarVolumeNode</string></stringlist></property>
  <property name="noneEnabled"><bool>true</bool></property>
 </widget></item></layout></widget></item>
<item><widget class="QPushButton" name="apply"><property name="text"><string>Apply</string></property></widget></item>
<item><widget class="qMRMLSegmentEditorWidget" name="editor"/></item>
</layout></widget>
<customwidgets>
<customwidget><class>ctkCollapsibleButton</class><extends>QWidget</extends><container>1</container></customwidget>
<customwidget><class>qMRMLNodeComboBox</class><extends>QWidget</extends></customwidget>
<customwidget><class>qMRMLSegmentEditorWidget</class><extends>QWidget</extends></customwidget>
<customwidget><class>qMRMLWidget</class><extends>QWidget</extends><container>1</container></customwidget>
</customwidgets>
<connections><connection><sender>Form</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
<receiver>ct</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection></connections></ui>"""


@pytest.fixture
def load_form(tmp_path: Path) -> Any:
    def load(text: str) -> Any:
        path = tmp_path / "Form.ui"
        path.write_text(text)
        return slicer.util.loadUI(str(path))

    return load


@pytest.fixture
def volume(scene: Any) -> Any:
    i, _, k = np.indices(SHAPE)
    return slicer.util.addVolumeFromArray((8 * i + 3 * k).astype(np.int16).transpose(), AFFINE, "CT")


@pytest.fixture
def segmentation(volume: Any) -> Any:
    """A red box on an oblique grid."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Liver")
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.GetSegmentation().AddEmptySegment("box", "Box", (1, 0, 0))
    mask = np.zeros(SHAPE, np.uint8)
    mask[BOX] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask.transpose(), node, "box", volume)
    return node


def add_table(name: str = "Volumes") -> Any:
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode", name)
    table.SetUseColumnTitleAsColumnHeader(True)
    for column in ("Name", "Milliliters"):
        table.AddColumn().SetName(column)
    for row, cells in enumerate((("Liver", "1500"), ("Tumor", "12"))):
        table.AddEmptyRow()
        for column, cell in enumerate(cells):
            table.SetCellText(row, column, cell)
    return table


class Recorder:
    """A slot that remembers what it was called with."""

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def __call__(self, *arguments: Any) -> None:
        self.calls.append(arguments[0] if len(arguments) == 1 else arguments)


# Qt as PythonQt


def test_properties_are_attributes_and_their_setters_stay_callable():
    button = qt.QPushButton("one")
    button.text = "two"
    button.setEnabled(False)
    button.name = "applyButton"
    assert (button.text, button.enabled, button.objectName) == ("two", False, "applyButton")
    button.setText("three")
    assert button.text == "three"
    assert button.className() == "QPushButton"


def test_objects_that_qt_makes_itself_behave_as_well():
    view, menu = qt.QTableView(), qt.QMenu()
    header = view.horizontalHeader()
    header.stretchLastSection = True
    assert header.stretchLastSection is True
    assert menu.addAction("Copy").text == "Copy"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("titel", "x", "'titel' does not exist on QPushButton"),
        ("setText", "x", "slot 'setText' can not be overwritten"),
        ("sizeHint", qt.QSize(1, 1), "not writable"),
        ("icon", "no icon", "does not accept"),
    ],
)
def test_what_pythonqt_refuses_to_set_is_refused(name, value, message):
    with pytest.raises(AttributeError, match=message):
        setattr(qt.QPushButton(), name, value)


def test_a_python_subclass_may_have_attributes_of_its_own():
    class Panel(qt.QWidget):
        def sizeHint(self) -> Any:  # noqa: N802 - Qt's name
            return qt.QSize(321, 123)

    panel = Panel()
    panel.logic = "mine"
    assert panel.logic == "mine"
    panel.adjustSize()
    assert panel.width == 321


def test_a_slot_gets_the_arguments_that_the_signature_names_and_that_it_takes(scene):
    button, box = qt.QPushButton(), qt.QDoubleSpinBox()
    without, with_state, value, nothing = Recorder(), Recorder(), Recorder(), []
    button.connect("clicked()", without)
    button.connect("clicked(bool)", with_state)
    box.connect("valueChanged(double)", value)
    box.connect("valueChanged(double)", lambda: nothing.append(1))
    button.click()
    box.value = 2.5
    assert (without.calls, with_state.calls, value.calls, nothing) == ([()], [False], [2.5], [1])


def test_a_slot_is_disconnected_by_the_same_signature():
    button, slot = qt.QPushButton(), Recorder()
    button.connect("clicked(bool)", slot)
    assert button.disconnect("clicked(bool)", slot)
    assert not button.disconnect("clicked(bool)", slot)
    button.click()
    assert slot.calls == []


def test_a_signal_that_does_not_exist_raises():
    with pytest.raises(AttributeError, match="pressed\\(int\\)"):
        qt.QPushButton().connect("pressed(int)", print)


def test_an_error_in_a_slot_is_reported_and_does_not_reach_who_clicked(scene, callback_errors):
    def fail() -> None:
        raise ValueError("broken")

    button = qt.QPushButton()
    button.connect("clicked()", fail)
    button.click()
    assert isinstance(callback_errors.pop(), ValueError)


def test_timers_dialogs_and_processes_run():
    dialog, process, states = qt.QDialog(), qt.QProcess(), Recorder()
    qt.QTimer.singleShot(0, dialog.accept)
    assert dialog.exec_() == qt.QDialog.Accepted
    loop = qt.QEventLoop()
    process.connect("finished(int,QProcess::ExitStatus)", states)
    process.connect("finished(int,QProcess::ExitStatus)", loop.quit)
    process.start("sh", ["-c", "echo done; exit 3"])
    loop.exec_()
    assert states.calls == [(3, qt.QProcess.NormalExit)]
    assert process.readAllStandardOutput().data() == b"done\n"


def test_a_deleted_object_is_gone():
    button = qt.QPushButton()
    button.delete()
    with pytest.raises(RuntimeError, match="deleted"):
        button.text  # noqa: B018 - reading is the test


# Forms


def test_a_form_hands_the_scene_to_its_widgets(load_form, volume):
    form = load_form(FORM)
    ui = slicer.util.childWidgetVariables(form)
    form.setMRMLScene(slicer.mrmlScene)
    ui.ct.setCurrentNode(volume)
    assert ui.ct.currentNode() is volume
    assert (ui.section.text, ui.apply.text, form.className()) == ("Input", "Apply", "qMRMLWidget")
    assert not hasattr(form, "ct")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('class="QPushButton"', 'class="ctkFittedTextBrowser"', "ctkFittedTextBrowser"),
        ('class="QPushButton"', 'class="qMRMLSpinBox"', "qMRMLSpinBox"),
        ('name="noneEnabled"', 'name="noneAllowed"', "no property 'noneAllowed'"),
        ("<receiver>ct<", "<receiver>mr<", "no object named 'mr'"),
    ],
)
def test_what_has_no_stand_in_is_named_when_the_form_is_loaded(load_form, before, after, message):
    with pytest.raises(NotImplementedError, match=message):
        load_form(FORM.replace(before, after))


def test_ctk_and_slicer_name_the_class_that_has_no_stand_in():
    with pytest.raises(AttributeError, match=r"ctk\.ctkRangeWidget"):
        ctk.ctkRangeWidget  # noqa: B018 - reading is the test
    with pytest.raises(AttributeError, match="qMRMLSliderWidget"):
        slicer.qMRMLSliderWidget  # noqa: B018 - reading is the test


def test_a_collapsed_section_hides_what_is_in_it(load_form):
    form = load_form(FORM)
    ui = slicer.util.childWidgetVariables(form)
    states = Recorder()
    ui.section.connect("contentsCollapsed(bool)", states)
    form.show()
    open_height = form.sizeHint.height()
    ui.section.collapsed = True
    assert not ui.ct.visible
    qt.QApplication.processEvents()
    assert form.sizeHint.height() < open_height
    ui.section.click()
    assert ui.ct.visible
    assert not ui.section.collapsed
    assert states.calls == [True, False]


def test_a_section_that_a_form_collapses_opens_with_what_is_in_it(load_form):
    closed = '<property name="collapsed"><bool>true</bool></property>'
    form = load_form(FORM.replace("<string>Input</string></property>", f"<string>Input</string></property>{closed}"))
    ui = slicer.util.childWidgetVariables(form)
    ui.label.hide()
    form.show()
    assert not ui.ct.visible
    ui.section.collapsed = False
    assert ui.ct.visible


def test_a_path_is_kept_in_the_settings_of_the_test():
    edit, paths = ctk.ctkPathLineEdit(), Recorder()
    edit.filters = ctk.ctkPathLineEdit.Dirs
    edit.settingKey = "StandIns/Path"
    edit.connect("currentPathChanged(QString)", paths)
    edit.currentPath = "/data/case"
    edit.addCurrentPathToHistory()
    assert paths.calls == ["/data/case"]
    other = ctk.ctkPathLineEdit()
    other.settingKey = "StandIns/Path"
    assert other.currentPath == "/data/case"


# Widgets on the scene


@pytest.fixture
def selector(scene: Any) -> Any:
    box = slicer.qMRMLNodeComboBox()
    box.nodeTypes = ["vtkMRMLTextNode"]
    box.setMRMLScene(scene)
    return box


def add_text(name: str, **attributes: str) -> Any:
    node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLTextNode")
    node.UnRegister(None)
    node.SetName(name)
    for key, value in attributes.items():
        node.SetAttribute(key, value)
    return slicer.mrmlScene.AddNode(node)


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


# Modules


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


# Pictures


@pytest.mark.parametrize(
    ("orientation", "column_ras", "row_ras"),
    [
        ("Axial", (-1, 0, 0), (0, -1, 0)),
        ("Coronal", (-1, 0, 0), (0, 0, -1)),
        ("Sagittal", (0, -1, 0), (0, 0, -1)),
    ],
)
def test_a_slice_shows_the_segment_where_it_is(segmentation, volume, scene, orientation, column_ras, row_ras):
    center = (AFFINE @ (8.0, 13.5, 10.0, 1.0))[:3] + (3.0, 2.0, -4.0)
    nodes = scene.GetNumberOfNodes()
    picture = slice_picture(
        scene, slicer.app.applicationLogic(), orientation, tuple(center.tolist()), 50.0, (250, 200), volume
    ).astype(int)
    assert scene.GetNumberOfNodes() == nodes
    rows, columns = np.indices((200, 250)) + 0.5
    millimeters = np.stack([columns - 125, rows - 100], axis=-1) * 50.0 / 250
    points = center + millimeters @ np.array([column_ras, row_ras], float)
    index = (points - AFFINE[:3, 3]) @ np.linalg.inv(AFFINE[:3, :3]).T
    low = np.array([each.start for each in BOX]) - 0.5
    high = np.array([each.stop for each in BOX]) - 0.5
    depth = np.minimum(index - low, high - index).min(axis=-1)
    red = picture[..., 0] > picture[..., 1] + 40
    assert (depth > 0.5).sum() > 500
    assert red[depth > 0.5].all()
    assert not red[depth < -0.8].any()


def test_a_line_is_drawn_in_the_slice_that_it_lies_in(volume, scene):
    line = scene.AddNewNodeByClass("vtkMRMLMarkupsLineNode", "Long axis")
    start = (AFFINE @ (16.0, 14.0, 11.0, 1.0))[:3]
    for point in (start, start + (15.0, 0.0, 0.0)):
        line.AddControlPoint(*point.tolist())
    line.GetDisplayNode().SetPropertiesLabelVisibility(False)
    line.GetDisplayNode().SetPointLabelsVisibility(False)
    pictures = [
        slice_picture(scene, slicer.app.applicationLogic(), "Axial", tuple(at.tolist()), 50.0, (200, 200)).astype(int)
        for at in (start, start + (0.0, 0.0, 6.0))
    ]
    drawn, elsewhere = (picture[..., 0] > picture[..., 1] + 40 for picture in pictures)
    # The patient's right is on the left: 7.5 mm of 50 from the middle is the line's own middle.
    assert drawn[95:106, 65:75].any()
    assert not drawn[95:106, 125:].any()
    assert not elsewhere.any()


def test_a_widget_is_photographed_with_readable_text(load_form, segmentation, scene, tmp_path):
    from PIL import Image

    form = load_form(FORM)
    ui = slicer.util.childWidgetVariables(form)
    ui.editor.setMRMLSegmentEditorNode(scene.AddNewNodeByClass("vtkMRMLSegmentEditorNode"))
    form.setMRMLScene(scene)
    ui.editor.setMRMLScene(scene)
    ui.editor.setSegmentationNode(segmentation)
    form.resize(420, 480)
    widget_picture(form, tmp_path / "form.png")
    picture = np.asarray(Image.open(tmp_path / "form.png").convert("RGB")).astype(int)
    assert picture.shape[:2] == (480, 420)
    red = (picture[..., 0] > 240) & (picture[..., 1:].max(axis=-1) < 20)
    assert red.sum() > 300
    # Without fonts Qt draws boxes or nothing: the same words must differ from other words.
    words = {text: _label_pixels(text) for text in ("Hill", "Mill")}
    assert not np.array_equal(words["Hill"], words["Mill"])
    assert (words["Hill"] < 128).any()


def _label_pixels(text: str) -> np.ndarray:
    label = qt.QLabel(text)
    label.resize(80, 20)
    image = label.grab().toImage().convertToFormat(qt.QImage.Format_Grayscale8)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine()).copy()
