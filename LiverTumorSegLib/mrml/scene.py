"""A scene without the desktop application: what 3D Slicer sets up at start-up, for tests, child processes and servers.

Desktop Slicer and the browser application bring their own scene; they call the other modules of this folder with it.
"""

from __future__ import annotations

import tempfile
from types import TracebackType
from typing import Any

import slicer
from vtkmodules.vtkCommonCore import vtkCollection

_MODULE_LOGICS = {
    "Units": "vtkSlicerUnitsLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
}
"""Setting a logic's scene registers its node classes there: without it a scene file loses those nodes.
No logic for terminologies: the bare core ships no terminology files, and segments keep their codes without it."""


class HeadlessScene:
    """A MRML scene with the logics that make its nodes work; any number of them may exist in one process.

    Use as a context manager, or call ``close``: nodes, logics and temporary files are gone afterwards.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="livertumorseg-scene-")
        self.scene: Any = slicer.vtkMRMLScene()
        self.application_logic: Any = _application_logic(self.scene)
        self._remote_logic: Any
        self._io_logic: Any
        self._remote_logic, self._io_logic = _file_logics(self.scene, self.application_logic, self._folder.name)
        self._logics = {name: self._module_logic(name, kind) for name, kind in _MODULE_LOGICS.items()}
        slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(self.scene)

    def logic(self, name: str) -> Any:
        """The logic of a module, by the module's name. Raises KeyError for modules that are not set up here."""
        return self._logics[name]

    def close(self) -> None:
        """Empty the scene and let go of it and its logics; safe to call twice, of no use afterwards."""
        if self.scene is None:
            return
        self.scene.Clear(True)
        self._logics.clear()
        self._remote_logic = self._io_logic = self.application_logic = None
        self.scene = None
        self._folder.cleanup()

    def __enter__(self) -> HeadlessScene:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _module_logic(self, name: str, kind: str) -> Any:
        logic = getattr(slicer, kind)()
        logic.SetMRMLApplicationLogic(self.application_logic)
        logic.SetMRMLScene(self.scene)
        self.application_logic.SetModuleLogic(name, logic)
        return logic


def _application_logic(scene: slicer.vtkMRMLScene) -> Any:
    logic = slicer.vtkSlicerApplicationLogic()
    logic.SetMRMLScene(scene)
    logic.SetSliceLogics(vtkCollection())
    logic.SetViewLogics(vtkCollection())
    logic.GetColorLogic().SetMRMLScene(scene)
    logic.GetColorLogic().AddDefaultColorNodes()
    # By this name other logics ask for it, to give a volume its colors.
    logic.SetModuleLogic("Colors", logic.GetColorLogic())
    return logic


def _file_logics(scene: slicer.vtkMRMLScene, application_logic: Any, cache: str) -> tuple[Any, Any]:
    """What reading a scene file needs, even from the local disk."""
    remote = slicer.vtkMRMLRemoteIOLogic()
    remote.SetMRMLScene(scene)
    remote.SetMRMLApplicationLogic(application_logic)
    remote.GetCacheManager().SetRemoteCacheDirectory(cache)
    manager = slicer.vtkDataIOManagerLogic()
    manager.SetMRMLScene(scene)
    manager.SetMRMLApplicationLogic(application_logic)
    manager.SetAndObserveDataIOManager(remote.GetDataIOManager())
    remote.AddDataIOToScene()
    return remote, manager
