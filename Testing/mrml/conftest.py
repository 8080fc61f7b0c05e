"""Scenes for the tests: the real core of 3D Slicer, or the tests skip."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from vtk_fixture import vtk_errors

__all__ = ["vtk_errors"]

pytest.importorskip("slicer", reason="needs slicer-core: pip install '.[mrml]'")

if TYPE_CHECKING:
    from LiverTumorSegLib.mrml.scene import HeadlessScene


@pytest.fixture
def session(vtk_errors: Any) -> Iterator[HeadlessScene]:
    from LiverTumorSegLib.mrml.scene import HeadlessScene

    with HeadlessScene() as made:
        yield made


@pytest.fixture
def scene(session: HeadlessScene) -> Any:
    return session.scene
