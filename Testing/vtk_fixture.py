"""Errors of VTK and MRML, which are otherwise only printed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture
def vtk_errors() -> Iterator[Any]:
    """Whatever VTK and MRML complain about fails the test: their errors are otherwise only printed."""
    from vtkmodules.vtkCommonCore import vtkOutputWindow, vtkStringOutputWindow

    before, window = vtkOutputWindow.GetInstance(), vtkStringOutputWindow()
    vtkOutputWindow.SetInstance(window)
    yield window
    vtkOutputWindow.SetInstance(before)
    assert "ERROR" not in window.GetOutput()
    assert "Warning" not in window.GetOutput()
