"""Whatever the library reads of its own folder comes along when it is installed."""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "LiverTumorSegLib"


def test_every_file_of_the_library_is_part_of_the_wheel():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    listed = {path for pattern in settings["package-data"]["LiverTumorSegLib"] for path in LIBRARY.glob(pattern)}
    files = {path for path in LIBRARY.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    resources = {path for path in files if path.suffix not in (".py", ".pyc")} - {LIBRARY / "CMakeLists.txt"}
    assert {".html", ".js", ".css", ".toml"} <= {path.suffix for path in resources}
    assert resources <= listed


def test_every_folder_with_modules_is_a_package():
    folders = {path.parent for path in LIBRARY.rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []
