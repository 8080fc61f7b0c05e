"""Completes the bare core of Slicer so far that scripted modules run; inside desktop Slicer it does nothing."""

from __future__ import annotations

import atexit
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import slicer

from LiverTumorSegLib.mrml.scene import HeadlessScene

_kept: list[Any] = []
"""Qt's application, the scene and its observers live as long as the process."""


def boot() -> None:
    """Make slicer.app, slicer.mrmlScene, slicer.modules, the modules qt and ctk and the qMRML widgets; only once."""
    if hasattr(slicer, "app"):
        return
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    if sys.platform.startswith("linux"):
        os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
    _install_qt()
    session = HeadlessScene()
    _kept.append(session)
    slicer.mrmlScene = session.scene
    _install_application(session)
    _install_widgets()
    _install_slicer_modules()


def register_module(path: Path) -> None:
    """As if Slicer had found the scripted module of this file: slicer.util.modulePath and resourcePath know it."""
    from slicer_stand_ins.application import Module

    slicer.modules.add(Module(path.stem, str(path)))


def reset() -> None:
    """Close the scene, as the desktop's menu does; singleton nodes stay, emptied."""
    slicer.mrmlScene.Clear(0)


def _install_qt() -> None:
    from PySide6 import QtCore, QtWidgets

    from slicer_stand_ins.qt_module import make_qt

    sys.modules["qt"] = make_qt()
    QtCore.qInstallMessageHandler(_print_qt_message)
    _kept.append(QtWidgets.QApplication.instance() or QtWidgets.QApplication(["Slicer"]))
    QtWidgets.QApplication.setStyle("Fusion")

    from slicer_stand_ins.ctk_module import make_ctk

    sys.modules["ctk"] = make_ctk()


def _install_application(session: HeadlessScene) -> None:
    from PySide6 import QtWidgets

    from slicer_stand_ins.application import Application, Modules
    from slicer_stand_ins.hierarchy import HierarchyItems

    slicer.modules = Modules(session)
    slicer.app = Application(QtWidgets.QApplication.instance(), session, slicer.modules)
    _kept.append(HierarchyItems(session.scene))


def _install_widgets() -> None:
    """Their modules register them for .ui files when they are imported."""
    from slicer_stand_ins import mrml_widgets, node_combo_box, segment_editor, table_view

    for module in (mrml_widgets, node_combo_box, table_view, segment_editor):
        for name in dir(module):
            if name.startswith("qMRML"):
                setattr(slicer, name, getattr(module, name))


def _install_slicer_modules() -> None:
    from slicer_stand_ins import scripted_module, translation

    _install_as("i18n", translation)
    _install_as("ScriptedLoadableModule", scripted_module)


def _install_as(name: str, module: ModuleType) -> None:
    sys.modules[f"slicer.{name}"] = module
    setattr(slicer, name, module)


def _print_qt_message(kind: Any, context: Any, text: str) -> None:
    """Qt's messages, without the one that the offscreen platform prints for every window."""
    if "propagateSizeHints" not in text:
        sys.stderr.write(f"Qt: {text}\n")


@atexit.register
def _forget() -> None:
    """Qt's application goes last: widgets and observers that outlive it crash the interpreter at exit."""
    while _kept:
        _kept.pop()
