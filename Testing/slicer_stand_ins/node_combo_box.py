"""qMRMLNodeComboBox on the real scene."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6 import QtWidgets
from PySide6.QtCore import Property, Signal

from slicer_stand_ins.pythonqt import stands_for_cpp
from slicer_stand_ins.ui_loader import available_in_ui
from slicer_stand_ins.vtk_observers import Observers


def _plain_property(kind: type | str, name: str, *, refill: bool = False) -> tuple[Property, Callable]:
    """A property that is only kept (or changes which nodes are listed), and its setter."""

    def set_(self: Any, value: Any) -> None:
        self._values[name] = value
        if refill:
            self._refill()

    return Property(kind, lambda self: self._values[name], set_), set_


@available_in_ui
@stands_for_cpp
class qMRMLNodeComboBox(QtWidgets.QWidget):
    """Lists the nodes of the scene that match, in the scene's order. Not a QComboBox, as Slicer's is none."""

    currentNodeChanged = Signal(object)
    currentNodeIDChanged = Signal(str)
    nodeAddedByUser = Signal(object)
    _any_node_chosen = Signal(bool)
    MRML_SIGNALS = {  # noqa: RUF012 - Qt's classes are no dataclasses
        "currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged",
        "currentNodeChanged(bool)": "_any_node_chosen",
        "nodeAddedByUser(vtkMRMLNode*)": "nodeAddedByUser",
    }

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Any = None
        self._announced_id = ""
        self._requested_id = ""
        self._attributes: dict[str, dict[str, str | None]] = {}
        self._values = {
            "nodeTypes": [],
            "hideChildNodeTypes": [],
            "noneEnabled": False,
            "noneDisplay": "None",
            "addEnabled": True,
            "removeEnabled": True,
            "editEnabled": False,
            "renameEnabled": False,
            "showHidden": False,
            "showChildNodeTypes": True,
            "selectNodeUponCreation": True,
            "baseName": "",
        }
        self._box = QtWidgets.QComboBox(self)
        # An entry is as wide as its node's name; the panel must not grow with it.
        self._box.setSizeAdjustPolicy(QtWidgets.QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self._box.currentIndexChanged.connect(self._announce)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._box)
        self._scene_observers = Observers(self, self._refill)
        self._node_observers: list[Observers] = []
        self.setEnabled(False)

    nodeTypes, setNodeTypes = _plain_property("QStringList", "nodeTypes", refill=True)
    hideChildNodeTypes, setHideChildNodeTypes = _plain_property("QStringList", "hideChildNodeTypes", refill=True)
    noneEnabled, setNoneEnabled = _plain_property(bool, "noneEnabled", refill=True)
    noneDisplay, setNoneDisplay = _plain_property(str, "noneDisplay", refill=True)
    showHidden, setShowHidden = _plain_property(bool, "showHidden", refill=True)
    showChildNodeTypes, setShowChildNodeTypes = _plain_property(bool, "showChildNodeTypes", refill=True)
    addEnabled, setAddEnabled = _plain_property(bool, "addEnabled")
    removeEnabled, setRemoveEnabled = _plain_property(bool, "removeEnabled")
    editEnabled, setEditEnabled = _plain_property(bool, "editEnabled")
    renameEnabled, setRenameEnabled = _plain_property(bool, "renameEnabled")
    selectNodeUponCreation, setSelectNodeUponCreation = _plain_property(bool, "selectNodeUponCreation")
    baseName, setBaseName = _plain_property(str, "baseName")

    def addAttribute(self, node_type: str, name: str, value: str | None = None) -> None:
        """Only nodes of this type with this attribute; without a value, any value will do."""
        self._attributes.setdefault(node_type, {})[name] = value
        self._refill()

    def removeAttribute(self, node_type: str, name: str) -> None:
        self._attributes.get(node_type, {}).pop(name, None)
        self._refill()

    def setMRMLScene(self, scene: Any) -> None:
        import slicer

        if scene is self._scene:
            return
        self._scene = scene
        events = slicer.vtkMRMLScene
        self._scene_observers.watch(
            scene, events.NodeAddedEvent, events.NodeRemovedEvent, events.EndBatchProcessEvent, events.EndCloseEvent
        )
        self._refill()
        if self._requested_id:
            self.setCurrentNodeID(self._requested_id)
            self._requested_id = ""
        self.setEnabled(scene is not None)

    def mrmlScene(self) -> Any:
        return self._scene

    def currentNode(self) -> Any:
        return self._scene.GetNodeByID(self._current_id()) if self._scene is not None and self._current_id() else None

    def setCurrentNode(self, node: Any) -> None:
        self.setCurrentNodeID(node.GetID() if node is not None else "")

    def setCurrentNodeID(self, node_id: str) -> None:
        """As Slicer's: an ID that is not listed selects nothing; one set before the scene is kept for it."""
        if self._scene is None:
            self._requested_id = node_id
            return
        index = self._box.findData(node_id) if node_id else -1
        self._box.setCurrentIndex(0 if index < 0 and self.noneEnabled else index)

    currentNodeID = Property(str, lambda self: self._current_id(), setCurrentNodeID, notify=currentNodeIDChanged)

    def nodeCount(self) -> int:
        return len(self._listed_ids())

    def nodeFromIndex(self, index: int) -> Any:
        ids = self._listed_ids()
        return self._scene.GetNodeByID(ids[index]) if 0 <= index < len(ids) else None

    def setCurrentNodeIndex(self, index: int) -> None:
        self.setCurrentNode(self.nodeFromIndex(index))

    def addNode(self, node_type: str | None = None) -> Any:
        """What the menu's "Create new ..." does."""
        kind = node_type or self.nodeTypes[0]
        node = self._scene.CreateNodeByClass(kind)
        node.UnRegister(None)
        for name, value in self._attributes.get(kind, {}).items():
            node.SetAttribute(name, value or "")
        node.SetName(self._scene.GenerateUniqueName(self.baseName or node.GetNodeTagName()))
        node = self._scene.AddNode(node)
        if self.selectNodeUponCreation:
            self.setCurrentNode(node)
        self.nodeAddedByUser.emit(node)
        return node

    def removeCurrentNode(self) -> None:
        self._scene.RemoveNode(self.currentNode())

    def _current_id(self) -> str:
        return self._box.currentData or ""

    def _listed_ids(self) -> list[str]:
        return [each for each in map(self._box.itemData, range(self._box.count)) if each]

    def _refill(self) -> None:
        """Lists the matching nodes anew; the current one stays while it is among them."""
        nodes = self._matching_nodes()
        wanted = self._current_id()
        was_left_empty = self._box.count > 0 and self._box.currentIndex < 0
        self._observe()
        was_blocked = self._box.blockSignals(True)
        self._box.clear()
        if self.noneEnabled:
            self._box.addItem(self.noneDisplay, "")
        for node in nodes:
            self._box.addItem(node.GetName() or "", node.GetID())
        index = self._box.findData(wanted) if wanted else -1
        # Without a "None" Qt selects the first entry, in Slicer as well.
        self._box.setCurrentIndex(index if index >= 0 or was_left_empty else min(0, self._box.count - 1))
        self._box.blockSignals(was_blocked)
        self._announce()

    def _announce(self, *_: Any) -> None:
        """Exactly once per change of the node, whatever the list did meanwhile."""
        if self._current_id() == self._announced_id:
            return
        self._announced_id = self._current_id()
        node = self.currentNode()
        self.currentNodeChanged.emit(node)
        self._any_node_chosen.emit(node is not None)
        self.currentNodeIDChanged.emit(self._announced_id)

    def _observe(self) -> None:
        """A rename, a new attribute or hiding changes the list: also of nodes that are not in it yet."""
        for observers in self._node_observers:
            observers.watch(None)
        self._node_observers = []
        for node in self._nodes_of_types():
            observers = Observers(self, self._on_node_modified)
            observers.watch(node, "ModifiedEvent")
            self._node_observers.append(observers)

    def _on_node_modified(self) -> None:
        """Most modifications change nothing here."""
        listed = {self._box.itemData(index): self._box.itemText(index) for index in range(self._box.count)}
        listed.pop("", None)
        if {node.GetID(): node.GetName() or "" for node in self._matching_nodes()} != listed:
            self._refill()

    def _nodes_of_types(self) -> list[Any]:
        if self._scene is None:
            return []
        nodes = [self._scene.GetNthNode(index) for index in range(self._scene.GetNumberOfNodes())]
        return [node for node in nodes if any(node.IsA(kind) for kind in self.nodeTypes)]

    def _matching_nodes(self) -> list[Any]:
        return [node for node in self._nodes_of_types() if self._matches(node)]

    def _matches(self, node: Any) -> bool:
        if node.GetHideFromEditors() and not self.showHidden:
            return False
        return any(self._matches_type(node, kind) for kind in self.nodeTypes)

    def _matches_type(self, node: Any, kind: str) -> bool:
        if not node.IsA(kind) or (not self.showChildNodeTypes and node.GetClassName() != kind):
            return False
        if any(node.IsA(hidden) for hidden in self.hideChildNodeTypes):
            return False
        return all(_has_attribute(node, *each) for each in self._attributes.get(kind, {}).items())


def _has_attribute(node: Any, name: str, value: str | None) -> bool:
    found = node.GetAttribute(name)
    return found is not None and (value is None or found == value)
