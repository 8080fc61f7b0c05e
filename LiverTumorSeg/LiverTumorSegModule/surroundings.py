"""Where the library, its list of packages and Slicer's Python are; in a source tree, and once installed."""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from pathlib import Path

import LiverTumorSegLib

_LIBRARY = Path(LiverTumorSegLib.__file__).parent


def python_words() -> tuple[str, ...]:
    """How to start the Python whose packages the library uses: PythonSlicer, on the PATH of a running Slicer."""
    return (shutil.which("PythonSlicer") or sys.executable,)


def required_packages() -> list[str]:
    """The library's own list (pyproject.toml): installed beside the library, in a source tree above it."""
    for folder in (_LIBRARY, _LIBRARY.parent):
        file = folder / "pyproject.toml"
        if file.is_file():
            dependencies: list[str] = tomllib.loads(file.read_text(encoding="utf-8"))["project"]["dependencies"]
            return dependencies
    message = f"Found no pyproject.toml in {_LIBRARY} or above it: the installation is incomplete. Install it again."
    raise FileNotFoundError(message)


def name_of(requirement: str) -> str:
    """The package's name, without the versions that would do: "numpy" of "numpy>=2.0"."""
    return re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0]
