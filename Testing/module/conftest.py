"""Tests of the scripted module: inside desktop Slicer as it is, elsewhere on the bare core with stand-ins."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import pytest
from vtk_fixture import vtk_errors

__all__ = ["vtk_errors"]

MODULE_FILE = Path(__file__).parents[2] / "LiverTumorSeg" / "LiverTumorSeg.py"


def _missing() -> str:
    """What the tests of this folder need and do not find, or nothing."""
    if find_spec("slicer") is None:
        return "needs slicer-core: pip install '.[mrml]'"
    import slicer

    if not hasattr(slicer, "app") and find_spec("PySide6") is None:
        return "needs PySide6-Essentials: pip install '.[dev]'"
    return ""


def _prepare() -> None:
    import slicer

    if not hasattr(slicer, "app"):
        from slicer_stand_ins import desktop

        desktop.boot()
        desktop.register_module(MODULE_FILE)
    sys.path.insert(0, str(MODULE_FILE.parent))


class _SkippedFile(pytest.Module):
    """Not even imported: the files here import slicer and qt first of all."""

    def collect(self) -> NoReturn:
        pytest.skip(_missing(), allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: Any) -> pytest.Module | None:
    return _SkippedFile.from_parent(parent, path=module_path) if _missing() else None


if not _missing():
    _prepare()


@pytest.fixture
def callback_errors() -> Iterator[list[BaseException]]:
    """Errors in slots and observers fail the test: they reach nobody but sys.excepthook.

    A test that provokes one takes it out of the list.
    """
    errors: list[BaseException] = []
    before = sys.excepthook
    sys.excepthook = lambda kind, error, trace: errors.append(error)
    yield errors
    sys.excepthook = before
    for error in errors:
        raise error


@pytest.fixture
def scene(vtk_errors: Any, callback_errors: list[BaseException]) -> Iterator[Any]:
    """The application's scene, empty before and after."""
    import slicer

    slicer.mrmlScene.Clear(0)
    yield slicer.mrmlScene
    slicer.mrmlScene.Clear(0)


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """An empty folder for what the module writes for a while."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder
