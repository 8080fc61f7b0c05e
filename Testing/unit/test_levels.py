"""The map of the library: an import goes only to a lower level, or stays inside its folder."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

LIBRARY = Path(__file__).parents[2] / "LiverTumorSegLib"
LEVELS = {
    "arrays": 0, "case": 0, "errors": 0, "labels": 0, "measurements": 0, "progress": 0, "registry": 0, "settings": 0,
    "study": 0, "timeline": 0, "timing": 0, "volume": 0, "__init__": 0,
    "geometry": 1,
    "child": 1,
    "anatomy": 2, "classical": 2, "clinical": 2, "evaluation": 2, "io": 2, "measure": 2, "phantom": 2, "postprocess": 2,
    "followup": 3, "models": 3, "phases": 3, "planning": 3, "uncertainty": 3,
    "engines": 4, "mrml": 4, "report": 4,
    "inference": 5,
    "training": 5,
    "pipelines": 6, "publish": 6,
    "workbench": 7,
    "web": 8,
    "cli": 9, "__main__": 10,
}  # fmt: skip
ON_A_SCENE = {"mrml", "workbench", "web"}
FRAMEWORKS = {"torch": {"engines", "training"}, "openvino": {"engines"},
              "monai": {"engines", "training"}, "sklearn": {"clinical"}, "highdicom": set(),
              "vtk": ON_A_SCENE, "vtkmodules": ON_A_SCENE, "slicer": ON_A_SCENE,
              "trame": {"web"}, "trame_server": {"web"}, "trame_client": {"web"}, "trame_vuetify": {"web"},
              "trame_slicer": {"web"}, "trame_rca": {"web"}, "aiohttp": {"web"}, "undo_stack": {"web"},
              "qt": set(), "ctk": set()}  # fmt: skip
FLIP_PLACES = {"geometry", "io", "mrml"}
FILES = sorted(LIBRARY.rglob("*.py"))


def part_of(file: Path) -> str:
    return file.relative_to(LIBRARY).parts[0].removesuffix(".py")


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            found.add(node.module or "")
            found |= {f"{node.module}.{name.name}" for name in node.names if node.module == "LiverTumorSegLib"}
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(LIBRARY)))
def test_imports_go_only_to_lower_levels(file):
    here = part_of(file)
    for module in imports(file):
        if not module.startswith("LiverTumorSegLib."):
            continue
        there = module.split(".")[1]
        if there == "__version__" or there == here:
            continue
        both_plain_data = LEVELS[there] == LEVELS[here] == 0
        told = f"{here} (level {LEVELS[here]}) imports {there} (level {LEVELS[there]})"
        assert LEVELS[there] < LEVELS[here] or both_plain_data, told


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(LIBRARY)))
def test_frameworks_are_imported_only_where_they_live(file):
    for module in imports(file):
        allowed = FRAMEWORKS.get(module.split(".")[0])
        assert allowed is None or part_of(file) in allowed, f"{module} in {file.name}"


@pytest.mark.parametrize("file", FILES, ids=lambda f: str(f.relative_to(LIBRARY)))
def test_axes_are_flipped_only_in_the_places_for_it(file):
    if part_of(file) in FLIP_PLACES:
        return
    text = file.read_text().replace(" ", "")
    assert "[-1,-1,1" not in text
    assert "[-1.0,-1.0,1" not in text


def test_every_part_of_the_library_has_a_level():
    assert {part_of(file) for file in FILES} <= set(LEVELS)


def test_starting_the_library_imports_no_framework():
    import subprocess
    import sys

    heavy = "{'torch', 'openvino', 'vtk', 'slicer', 'SimpleITK', 'scipy'}"
    code = f"import sys, LiverTumorSegLib.cli.main; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
