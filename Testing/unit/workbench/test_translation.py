"""Texts are translated where Slicer can, and stay as they are on its bare core."""

from __future__ import annotations

import runpy
import sys
from types import ModuleType

import LiverTumorSegLib.workbench

FILE = f"{LiverTumorSegLib.workbench.__path__[0]}/translation.py"


def test_slicers_own_function_is_given_unwrapped(monkeypatch):
    """It looks at the file that calls it."""
    slicers = ModuleType("slicer.i18n")
    slicers.tr = lambda text: text.upper()
    monkeypatch.setitem(sys.modules, "slicer", ModuleType("slicer"))
    monkeypatch.setitem(sys.modules, "slicer.i18n", slicers)
    assert runpy.run_path(FILE)["_"] is slicers.tr


def test_without_slicers_function_a_text_stays_as_it_is(monkeypatch):
    monkeypatch.setitem(sys.modules, "slicer.i18n", None)
    assert runpy.run_path(FILE)["_"]("Writing the {what}") == "Writing the {what}"
