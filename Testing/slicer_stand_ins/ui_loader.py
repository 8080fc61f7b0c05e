"""Loads .ui files whose custom widgets are stand-ins."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from PySide6 import QtCore, QtUiTools

from slicer_stand_ins.pythonqt import loading_ui

WIDGET_CLASSES: dict[str, type] = {}
"""The stand-ins by their C++ name."""


def available_in_ui(kind: type) -> type:
    """Class decorator: .ui files may name this widget class."""
    WIDGET_CLASSES[kind.__name__] = kind
    return kind


class QUiLoader(QtUiTools.QUiLoader):
    """Raises where Qt would only print: an unknown class, property, or an end of a connection."""

    def load(self, device: QtCore.QIODevice, parent: Any = None) -> Any:
        root = ElementTree.fromstring(bytes(device.readAll().data()))
        _check_classes(root, set(self.availableWidgets()) | set(WIDGET_CLASSES))
        connections = _taken_out(root, "connections")
        buffer = QtCore.QBuffer()
        buffer.setData(ElementTree.tostring(root))
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        with loading_ui():
            form = super().load(buffer, parent)
        _check_properties(root, form)
        for connection in connections:
            _connect(form, connection)
        return form

    def createWidget(self, class_name: str, parent: Any = None, name: str = "") -> Any:
        if class_name not in WIDGET_CLASSES:
            return super().createWidget(class_name, parent, name)
        widget = WIDGET_CLASSES[class_name](parent)
        widget.setObjectName(name)
        return widget


def _check_classes(root: ElementTree.Element, known: set[str]) -> None:
    for widget in root.iter("widget"):
        if widget.get("class") not in known:
            message = f"no stand-in for the widget class {widget.get('class')} ({widget.get('name')})"
            raise NotImplementedError(message)


_OF_THE_FORM_BUILDER = {"buddy"}
"""Written as properties of the file, but set by the form builder."""


def _check_properties(root: ElementTree.Element, form: Any) -> None:
    """Qt silently makes a dynamic property of one that does not exist; stdset="0" asks for one."""
    for element in root.iter("widget"):
        widget = _object(form, element.get("name"))
        for each in element.findall("property"):
            name = each.get("name")
            if name in _OF_THE_FORM_BUILDER:
                continue
            if each.get("stdset") != "0" and widget.metaObject().indexOfProperty(name) < 0:
                message = f"{element.get('class')} ({element.get('name')}) has no property '{name}'"
                raise NotImplementedError(message)


def _taken_out(root: ElementTree.Element, tag: str) -> list[ElementTree.Element]:
    """Qt itself cannot connect signals with MRML nodes, so all connections are made in Python."""
    found = root.find(tag)
    if found is None:
        return []
    root.remove(found)
    return list(found)


def _connect(form: Any, connection: ElementTree.Element) -> None:
    ends = {child.tag: child.text or "" for child in connection}
    sender, receiver = _object(form, ends["sender"]), _object(form, ends["receiver"])
    slot = ends["slot"].partition("(")[0]
    sender.connect(ends["signal"], getattr(receiver, slot))


def _object(form: Any, name: str | None) -> Any:
    found = form if form.objectName == name else form.findChild(QtCore.QObject, name)
    if found is None:
        message = f"the form has no object named '{name}'"
        raise NotImplementedError(message)
    return found
