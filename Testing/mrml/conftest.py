"""Scenes for the tests: the real core of 3D Slicer, or the tests skip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("slicer", reason="needs slicer-core: pip install '.[mrml]'")

if TYPE_CHECKING:
    from LiverTumorSegLib.mrml.scene import HeadlessScene


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


@pytest.fixture
def session(vtk_errors: Any) -> Iterator[HeadlessScene]:
    from LiverTumorSegLib.mrml.scene import HeadlessScene

    with HeadlessScene() as made:
        yield made


@pytest.fixture
def scene(session: HeadlessScene) -> Any:
    return session.scene
