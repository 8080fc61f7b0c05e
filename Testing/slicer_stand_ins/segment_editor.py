"""qMRMLSegmentEditorWidget: keeps its nodes in the editor node as Slicer's does; of the effects only their names."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets
from PySide6.QtCore import Property, Signal

from slicer_stand_ins.mrml_widgets import qMRMLWidget
from slicer_stand_ins.node_combo_box import qMRMLNodeComboBox
from slicer_stand_ins.pythonqt import stands_for_cpp
from slicer_stand_ins.ui_loader import available_in_ui
from slicer_stand_ins.vtk_observers import Observers

EFFECTS = (
    "Paint",
    "Draw",
    "Erase",
    "Scissors",
    "Islands",
    "Smoothing",
    "Threshold",
    "Margin",
    "Hollow",
    "Level tracing",
    "Grow from seeds",
    "Fill between slices",
    "Logical operators",
    "Mask volume",
)
"""What the editor of desktop Slicer offers without extensions."""


def _visibility(name: str) -> tuple[Property, Any]:
    """A property that shows or hides a part of the real widget, and its setter."""

    def set_(self: Any, visible: bool) -> None:
        self._shown[name] = bool(visible)
        self._update()

    return Property(bool, lambda self: self._shown[name], set_), set_


@available_in_ui
@stands_for_cpp
class qMRMLSegmentEditorWidget(qMRMLWidget):
    """A frame with the selectors, the effects' names and the segments with their colors."""

    segmentationNodeChanged = Signal(object)
    sourceVolumeNodeChanged = Signal(object)
    currentSegmentIDChanged = Signal(str)
    MRML_SIGNALS = {  # noqa: RUF012 - Qt's classes are no dataclasses
        **qMRMLWidget.MRML_SIGNALS,
        "segmentationNodeChanged(vtkMRMLSegmentationNode*)": "segmentationNodeChanged",
        "sourceVolumeNodeChanged(vtkMRMLVolumeNode*)": "sourceVolumeNodeChanged",
    }

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._editor_node: Any = None
        self._announced: tuple[Any, Any] = (None, None)
        self._effect_order: list[str] = []
        self._undo_states = 10
        self._read_only = False
        self._shortcuts_installed = False
        self._shown = {
            "segmentationNodeSelectorVisible": True,
            "sourceVolumeNodeSelectorVisible": True,
            "switchToSegmentationsButtonVisible": True,
            "unorderedEffectsVisible": True,
            "maskingSectionVisible": True,
            "specifyGeometryButtonVisible": True,
            "show3DButtonVisible": True,
            "addRemoveSegmentButtonsVisible": True,
            "autoShowSourceVolumeNode": True,
            "undoEnabled": True,
        }
        self._build()
        self._editor_observers = Observers(self, self._update)
        self._segmentation_observers = Observers(self, self._update)
        self._update()

    segmentationNodeSelectorVisible, setSegmentationNodeSelectorVisible = _visibility("segmentationNodeSelectorVisible")
    sourceVolumeNodeSelectorVisible, setSourceVolumeNodeSelectorVisible = _visibility("sourceVolumeNodeSelectorVisible")
    switchToSegmentationsButtonVisible, setSwitchToSegmentationsButtonVisible = _visibility(
        "switchToSegmentationsButtonVisible"
    )
    unorderedEffectsVisible, setUnorderedEffectsVisible = _visibility("unorderedEffectsVisible")
    maskingSectionVisible, setMaskingSectionVisible = _visibility("maskingSectionVisible")
    specifyGeometryButtonVisible, setSpecifyGeometryButtonVisible = _visibility("specifyGeometryButtonVisible")
    show3DButtonVisible, setShow3DButtonVisible = _visibility("show3DButtonVisible")
    addRemoveSegmentButtonsVisible, setAddRemoveSegmentButtonsVisible = _visibility("addRemoveSegmentButtonsVisible")
    autoShowSourceVolumeNode, setAutoShowSourceVolumeNode = _visibility("autoShowSourceVolumeNode")
    undoEnabled, setUndoEnabled = _visibility("undoEnabled")

    def setMaximumNumberOfUndoStates(self, count: int) -> None:
        self._undo_states = count

    def setReadOnly(self, read_only: bool) -> None:
        self._read_only = read_only

    maximumNumberOfUndoStates = Property(int, lambda self: self._undo_states, setMaximumNumberOfUndoStates)
    readOnly = Property(bool, lambda self: self._read_only, setReadOnly)

    def setMRMLScene(self, scene: Any) -> None:
        super().setMRMLScene(scene)
        for selector in (self._segmentation_selector, self._volume_selector):
            was_blocked = selector.blockSignals(True)
            selector.setMRMLScene(scene)
            selector.blockSignals(was_blocked)
        self._update()

    def setMRMLSegmentEditorNode(self, node: Any) -> None:
        self._editor_node = node
        self._editor_observers.watch(node, "ModifiedEvent")
        self._update()

    def mrmlSegmentEditorNode(self) -> Any:
        return self._editor_node

    def setSegmentationNode(self, node: Any) -> None:
        """Into the editor node; without one nothing happens, as in Slicer."""
        if self._editor_node is not None and node is not self.segmentationNode():
            self._editor_node.SetAndObserveSegmentationNode(node)
            self.setActiveEffectByName("")

    def segmentationNode(self) -> Any:
        return self._editor_node.GetSegmentationNode() if self._editor_node is not None else None

    def segmentationNodeID(self) -> str:
        return _id_of(self.segmentationNode())

    def setSourceVolumeNode(self, node: Any) -> None:
        if self._editor_node is not None:
            self._editor_node.SetAndObserveSourceVolumeNode(node)

    def sourceVolumeNode(self) -> Any:
        return self._editor_node.GetSourceVolumeNode() if self._editor_node is not None else None

    def sourceVolumeNodeID(self) -> str:
        return _id_of(self.sourceVolumeNode())

    def setCurrentSegmentID(self, segment_id: str) -> None:
        if self._editor_node is not None and segment_id != self.currentSegmentID():
            self._editor_node.SetSelectedSegmentID(segment_id)
            self.currentSegmentIDChanged.emit(segment_id)

    def currentSegmentID(self) -> str:
        return (self._editor_node.GetSelectedSegmentID() or "") if self._editor_node is not None else ""

    def availableEffectNames(self) -> list[str]:
        return list(EFFECTS)

    def effectByName(self, name: str) -> Any:
        """Only the name of an effect has a stand-in."""
        return SimpleNamespace(name=name) if name in EFFECTS else None

    def setActiveEffectByName(self, name: str) -> None:
        """A name that no effect has deactivates the current one."""
        if self._editor_node is not None:
            self._editor_node.SetActiveEffectName(name if name in EFFECTS else "")

    def setActiveEffect(self, effect: Any) -> None:
        self.setActiveEffectByName(effect.name if effect is not None else "")

    def activeEffect(self) -> Any:
        return self.effectByName(self._editor_node.GetActiveEffectName()) if self._editor_node is not None else None

    def setEffectNameOrder(self, names: list[str]) -> None:
        self._effect_order = list(names)
        self._update()

    def effectNameOrder(self) -> list[str]:
        return list(self._effect_order)

    def effectCount(self) -> int:
        return len(self._shown_effects())

    def installKeyboardShortcuts(self, parent: QtWidgets.QWidget | None = None) -> None:
        self._shortcuts_installed = True

    def uninstallKeyboardShortcuts(self) -> None:
        self._shortcuts_installed = False

    def setupViewObservations(self) -> None:
        """There are no views to observe."""

    def removeViewObservations(self) -> None:
        """There are no views to observe."""

    def updateWidgetFromMRML(self) -> None:
        self._update()

    def saveStateForUndo(self) -> None:
        """There is no undo."""

    def _build(self) -> None:
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._selectors = QtWidgets.QFormLayout()
        self._segmentation_selector = _selector("vtkMRMLSegmentationNode")
        self._volume_selector = _selector("vtkMRMLScalarVolumeNode")
        self._selectors.addRow("Segmentation:", self._segmentation_selector)
        self._selectors.addRow("Source volume:", self._volume_selector)
        column.addLayout(self._selectors)
        self._segmentation_selector.currentNodeChanged.connect(self.setSegmentationNode)
        self._volume_selector.currentNodeChanged.connect(self.setSourceVolumeNode)
        self._segments = QtWidgets.QTableWidget(0, 2, self)
        self._segments.setHorizontalHeaderLabels(["Color", "Name"])
        self._segments.setColumnWidth(0, 48)
        self._segments.horizontalHeader().setStretchLastSection(True)
        self._segments.verticalHeader().setVisible(False)
        self._segments.setEditTriggers(QtWidgets.QTableWidget.EditTrigger.NoEditTriggers)
        self._segments.setSelectionBehavior(QtWidgets.QTableWidget.SelectionBehavior.SelectRows)
        self._segments.setMinimumHeight(150)
        self._segments.cellClicked.connect(self._on_segment_clicked)
        column.addWidget(self._segments)
        self._effects = QtWidgets.QLabel(self)
        self._effects.setWordWrap(True)
        self._effects.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        self._effects.setMargin(4)
        column.addWidget(self._effects)

    def _update(self) -> None:
        self._selectors.setRowVisible(0, self._shown["segmentationNodeSelectorVisible"])
        self._selectors.setRowVisible(1, self._shown["sourceVolumeNodeSelectorVisible"])
        self._effects.setText("Effects:  " + ",  ".join(self._shown_effects()))
        segmentation, volume = self.segmentationNode(), self.sourceVolumeNode()
        for selector, node in ((self._segmentation_selector, segmentation), (self._volume_selector, volume)):
            was_blocked = selector.blockSignals(True)
            selector.setCurrentNode(node)
            selector.blockSignals(was_blocked)
        self._list_segments(segmentation)
        self._announce(segmentation, volume)

    def _announce(self, segmentation: Any, volume: Any) -> None:
        before, self._announced = self._announced, (segmentation, volume)
        if segmentation is not before[0]:
            self._watch_segments(segmentation)
            self._take_reference_volume(segmentation)
            self.segmentationNodeChanged.emit(segmentation)
        if volume is not before[1]:
            self.sourceVolumeNodeChanged.emit(volume)

    def _watch_segments(self, segmentation: Any) -> None:
        import slicer

        events = slicer.vtkSegmentation
        self._segmentation_observers.watch(
            segmentation, events.SegmentAdded, events.SegmentRemoved, events.SegmentModified
        )

    def _take_reference_volume(self, segmentation: Any) -> None:
        """As Slicer: the volume that a segmentation was made on becomes the source volume."""
        import slicer

        if segmentation is not None:
            role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
            reference = segmentation.GetNodeReference(role)
            if reference is not None:
                self.setSourceVolumeNode(reference)

    def _list_segments(self, node: Any) -> None:
        segmentation = node.GetSegmentation() if node is not None else None
        count = segmentation.GetNumberOfSegments() if segmentation is not None else 0
        self._segments.setRowCount(count)
        for row in range(count):
            segment = segmentation.GetNthSegment(row)
            color = QtWidgets.QTableWidgetItem()
            color.setBackground(QtGui.QColor.fromRgbF(*segment.GetColor()))
            name = QtWidgets.QTableWidgetItem(segment.GetName())
            name.setData(QtCore.Qt.ItemDataRole.UserRole, segmentation.GetNthSegmentID(row))
            self._segments.setItem(row, 0, color)
            self._segments.setItem(row, 1, name)

    def _on_segment_clicked(self, row: int, column: int) -> None:
        self.setCurrentSegmentID(self._segments.item(row, 1).data(QtCore.Qt.ItemDataRole.UserRole))

    def _shown_effects(self) -> list[str]:
        ordered = [name for name in self._effect_order if name in EFFECTS]
        others = [name for name in EFFECTS if name not in ordered]
        return ordered + (others if self._shown["unorderedEffectsVisible"] else [])


def _selector(kind: str) -> qMRMLNodeComboBox:
    selector = qMRMLNodeComboBox()
    selector.setNodeTypes([kind])
    selector.setNoneEnabled(True)
    return selector


def _id_of(node: Any) -> str:
    return node.GetID() if node is not None else ""
