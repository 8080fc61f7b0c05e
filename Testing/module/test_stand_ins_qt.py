"""What stands in for PythonQt and its forms keeps what it promises; skipped inside desktop Slicer, which needs none."""

from __future__ import annotations

from typing import Any

import ctk
import pytest
import qt
import slicer
from stand_in_scene import FORM, Recorder, load_form, volume

if not getattr(qt, "IS_STAND_IN", False):
    pytest.skip("desktop Slicer has the real classes", allow_module_level=True)

__all__ = ["load_form", "volume"]


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
