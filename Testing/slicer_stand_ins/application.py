"""`slicer.app` and `slicer.modules` without a desktop. What is not here raises AttributeError."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from typing import Any

from PySide6 import QtCore, QtWidgets

from LiverTumorSegLib.mrml.scene import HeadlessScene
from slicer_stand_ins.file_io import CoreIOManager

_LOGIC_NAMES = ("Volumes", "Segmentations", "Markups", "Tables", "Transforms", "SubjectHierarchy", "Units")


class Module:
    """An entry of ``slicer.modules``."""

    def __init__(self, name: str, path: str = "", logic: Any = None) -> None:
        self.name = self.title = name
        self.path = path
        self._logic = logic

    def logic(self) -> Any:
        return self._logic


class Modules:
    """``slicer.modules``: the modules by their name in lower case."""

    def __init__(self, session: HeadlessScene) -> None:
        for name in _LOGIC_NAMES:
            self.add(Module(name, logic=session.logic(name)))
        colors = session.application_logic.GetColorLogic()
        # Loading a volume asks the application for the logic of this module.
        session.application_logic.SetModuleLogic("Colors", colors)
        self.add(Module("Colors", logic=colors))

    def add(self, module: Module) -> None:
        setattr(self, module.name.lower(), module)


class ModuleManager(QtCore.QObject):
    """What modules connect to and ask for of qSlicerModuleManager."""

    moduleAboutToBeUnloaded = QtCore.Signal(str)

    def __init__(self, modules: Modules) -> None:
        super().__init__()
        self._modules = modules

    def module(self, name: str) -> Module | None:
        return getattr(self._modules, name.lower(), None)


class Application:
    """Composed of the real application logic and Qt's own application."""

    applicationName = "Slicer"
    majorVersion, minorVersion = 5, 12
    applicationVersion = "5.12.0"

    def __init__(self, qt_application: QtWidgets.QApplication, session: HeadlessScene, modules: Modules) -> None:
        self._qt = qt_application
        self._session = session
        self._folder = tempfile.TemporaryDirectory(prefix="livertumorseg-stand-ins-")
        self.temporaryPath = self._folder.name
        self.slicerHome = self._folder.name
        self._settings = _settings_in(self.temporaryPath)
        self._io_manager = CoreIOManager()
        self._module_manager = ModuleManager(modules)
        self._slots: dict[str, list[Callable[[], None]]] = {"startupCompleted()": []}

    def applicationLogic(self) -> Any:
        return self._session.application_logic

    def mrmlScene(self) -> Any:
        return self._session.scene

    def coreIOManager(self) -> CoreIOManager:
        return self._io_manager

    ioManager = coreIOManager

    def moduleManager(self) -> ModuleManager:
        return self._module_manager

    def layoutManager(self) -> None:
        """As in a Slicer without main window."""

    def topLevelWidgets(self) -> list[Any]:
        return self._qt.topLevelWidgets()

    def testingEnabled(self) -> bool:
        return True

    def processEvents(self) -> None:
        self._qt.processEvents()

    def clipboard(self) -> Any:
        return self._qt.clipboard()

    def settings(self) -> QtCore.QSettings:
        return self._settings

    userSettings = settings

    def setOverrideCursor(self, cursor: Any) -> None:
        self._qt.setOverrideCursor(cursor)

    def restoreOverrideCursor(self) -> None:
        self._qt.restoreOverrideCursor()

    def pauseRender(self) -> None:
        """There are no views."""

    def resumeRender(self) -> None:
        """There are no views."""

    def connect(self, signature: str, slot: Callable[[], None]) -> bool:
        """Only ``startupCompleted()``; a test calls the slots with ``complete_startup``."""
        if signature not in self._slots:
            message = f"no stand-in for the signal '{signature}' of slicer.app"
            raise AttributeError(message)
        self._slots[signature].append(slot)
        return True

    def complete_startup(self) -> None:
        """What desktop Slicer does once, when all modules are loaded."""
        slots, self._slots["startupCompleted()"] = self._slots["startupCompleted()"], []
        for slot in slots:
            slot()


def _settings_in(folder: str) -> QtCore.QSettings:
    """What ``qt.QSettings()`` gives as well; never the settings of whoever runs the tests."""
    ini = QtCore.QSettings.Format.IniFormat
    QtCore.QSettings.setDefaultFormat(ini)
    for scope in QtCore.QSettings.Scope:
        QtCore.QSettings.setPath(ini, scope, folder)
    QtCore.QCoreApplication.setOrganizationName("stand-ins")
    QtCore.QCoreApplication.setApplicationName("Slicer")
    return QtCore.QSettings()
