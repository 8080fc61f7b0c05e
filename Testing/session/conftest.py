"""Parts of a browser session without a browser: the real Slicer core and trame-slicer's editor and views."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from session_workstation import Desk

pytest.importorskip("trame_slicer", reason="needs trame-slicer: pip install '.[web]'")
if sys.platform.startswith("linux"):
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")


@pytest.fixture(scope="session")
def only_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """For all tests: a process has one."""
    from session_workstation import Desk

    desk = Desk(tmp_path_factory.mktemp("session"))
    yield desk
    desk.session.follow_up.end()
    desk.session.plan.end()
    desk.session.result.end()
