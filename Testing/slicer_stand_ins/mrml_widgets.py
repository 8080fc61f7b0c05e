"""qMRMLWidget, the root of a module's form, and the button that shows a segmentation in 3D."""

from __future__ import annotations

from typing import Any

from PySide6 import QtWidgets
from PySide6.QtCore import Property, Signal

from slicer_stand_ins.pythonqt import stands_for_cpp
from slicer_stand_ins.ui_loader import available_in_ui
from slicer_stand_ins.vtk_observers import Observers


@available_in_ui
@stands_for_cpp
class qMRMLWidget(QtWidgets.QWidget):
    """Holds the scene and hands it to whatever is connected with ``mrmlSceneChanged(vtkMRMLScene*)``."""

    mrmlSceneChanged = Signal(object)
    MRML_SIGNALS = {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"}  # noqa: RUF012 - Qt's classes are no dataclasses

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Any = None

    def setMRMLScene(self, scene: Any) -> None:
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)

    def mrmlScene(self) -> Any:
        return self._scene


@available_in_ui
@stands_for_cpp
class qMRMLSegmentationShow3DButton(QtWidgets.QPushButton):
    """Checked while the segmentation has surfaces; a click creates or removes them."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._segmentation: Any = None
        self._locked = False
        self._observers = Observers(self, self._update)
        self.setText("Show 3D")
        self.setCheckable(True)
        self.toggled.connect(self._on_toggled)
        self._update()

    def setMRMLScene(self, scene: Any) -> None:
        """Only there so that forms can connect it."""

    def setSegmentationNode(self, node: Any) -> None:
        import slicer

        self._segmentation = node
        segmentation = slicer.vtkSegmentation
        self._observers.watch(
            node,
            segmentation.ContainedRepresentationNamesModified,
            segmentation.SegmentAdded,
            segmentation.SegmentRemoved,
        )
        self._update()

    def segmentationNode(self) -> Any:
        return self._segmentation

    def setLocked(self, locked: bool) -> None:
        self._locked = locked
        self._update()

    locked = Property(bool, lambda self: self._locked, setLocked)

    def _update(self) -> None:
        segmentation = self._segmentation.GetSegmentation() if self._segmentation is not None else None
        self.setEnabled(segmentation is not None and segmentation.GetNumberOfSegments() > 0 and not self._locked)
        was_blocked = self.blockSignals(True)
        self.setChecked(segmentation is not None and segmentation.ContainsRepresentation("Closed surface"))
        self.blockSignals(was_blocked)

    def _on_toggled(self, checked: bool) -> None:
        if self._segmentation is None:
            return
        if checked:
            self._segmentation.CreateClosedSurfaceRepresentation()
        else:
            self._segmentation.RemoveClosedSurfaceRepresentation()
