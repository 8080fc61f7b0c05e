"""Parts of a browser session without a browser: the real Slicer core and trame-slicer's editor and views."""

from __future__ import annotations

import os
import sys

import pytest

pytest.importorskip("trame_slicer", reason="needs trame-slicer: pip install '.[web]'")
if sys.platform.startswith("linux"):
    os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")
