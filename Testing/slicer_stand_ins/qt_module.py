"""The module `qt` of desktop Slicer: Qt's classes in one flat namespace, behaving as PythonQt's."""

from __future__ import annotations

from types import ModuleType

from PySide6 import QtCore

from slicer_stand_ins import pythonqt
from slicer_stand_ins.ui_loader import QUiLoader


def make_qt() -> ModuleType:
    """The module, not yet in ``sys.modules``."""
    pythonqt.adopt()
    module = ModuleType("qt", __doc__)
    for namespace in pythonqt.NAMESPACES:
        for name in dir(namespace):
            if name.startswith("Q"):
                setattr(module, name, getattr(namespace, name))
    module.IS_STAND_IN = True
    module.QUiLoader = QUiLoader
    module.Signal, module.SIGNAL, module.SLOT = QtCore.Signal, QtCore.SIGNAL, QtCore.SLOT
    return module
