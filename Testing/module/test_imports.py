"""Before any package is installed the module is there all the same: it opens, and shows a stored result.

In a child process that sees Slicer's own packages and no others: what is not there cannot be imported by accident.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from LiverTumorSegModule.surroundings import name_of, required_packages
from module_widget import opened_module, wait_until
from mrml_case import ct_array, label_array, oblique_affine
from packages_env import ROOT
from plan_scenes import divided_result

from LiverTumorSegLib.labels import MAIN_LABELS
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.mrml.plan import plan_of
from LiverTumorSegLib.mrml.result_nodes import add_result
from LiverTumorSegLib.mrml.views import add_default_views, focus_of
from LiverTumorSegLib.mrml.volume_node import add_volume_node, view_of
from LiverTumorSegLib.mrml.write import save_mrb
from LiverTumorSegLib.volume import Volume

SLICERS = ("numpy", "scipy", "SimpleITK", "pip", "vtk", "slicer-core", "PySide6_Essentials", "shiboken6")
"""Of these, the last two stand in for Slicer's Qt."""
FOUR_CLASSES = ["LiverTumorSeg", "LiverTumorSegLogic", "LiverTumorSegTest", "LiverTumorSegWidget"]
BOOT = """
import json, sys
from pathlib import Path
sys.path[:0] = {paths!r}
from slicer_stand_ins import desktop
desktop.boot()
desktop.register_module(Path({module!r}))
import slicer
before = set(sys.modules)
from LiverTumorSeg import *
"""
OPENED = """
import qt

def opened():
    parent = slicer.qMRMLWidget()
    parent.setLayout(qt.QVBoxLayout())
    parent.setMRMLScene(slicer.mrmlScene)
    widget = LiverTumorSegWidget(parent)
    widget.setup()
    parent.show()
    return widget
"""


@pytest.fixture(scope="session")
def slicers_packages(tmp_path_factory) -> Path:
    """A folder of links to the packages that Slicer brings.

    File by file: others (slicer-layer-dm, which trame-slicer needs) put modules of theirs into the core's folder.
    """
    folder = tmp_path_factory.mktemp("slicer")
    for name in SLICERS:
        distribution = importlib.metadata.distribution(name)
        for file in set(distribution.files):
            if file.parts[0] != "..":
                (folder / file).parent.mkdir(parents=True, exist_ok=True)
                (folder / file).symlink_to(Path(str(distribution.locate_file(file))))
    return folder


@pytest.fixture
def run_in_slicer(slicers_packages, tmp_path):
    """Run code after ``from LiverTumorSeg import *`` and return what it prints, as JSON."""

    def run(code: str, module: Path = ROOT / "LiverTumorSeg" / "LiverTumorSeg.py", library: Path = ROOT):
        stand_ins = tmp_path / "stand-ins"
        stand_ins.mkdir(exist_ok=True)
        if not (stand_ins / "slicer_stand_ins").exists():
            (stand_ins / "slicer_stand_ins").symlink_to(ROOT / "Testing" / "slicer_stand_ins")
        paths = [str(path) for path in (module.parent, library, stand_ins, slicers_packages)]
        script = tmp_path / "in_slicer.py"
        script.write_text(BOOT.format(paths=paths, module=str(module)) + code)
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-X", "faulthandler", str(script)],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "LIVERTUMORSEG_CACHE": str(tmp_path / "cache")},
        )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return run


@pytest.fixture
def stored(scene, tmp_path) -> dict:
    """A scene file with CT, result and slice views; and what of it is expected on the screen."""
    ct = add_volume_node(scene, Volume(ct_array(), oblique_affine()), "belly")
    segmentation = Volume(label_array(), oblique_affine())
    measurements = measure_case(segmentation)[0]
    result = add_result(scene, ct, segmentation, MAIN_LABELS, measurements, {"command": "segment"})
    add_default_views(scene, ct, focus_of(segmentation, ()))
    save_mrb(scene, tmp_path / "stored.mrb")
    axis = measurements.lesions[0].long_axis_ras_mm
    return {
        "path": tmp_path / "stored.mrb",
        "volumes": cells_of(result.volumetry),
        "lesions": cells_of(result.lesions),
        "middle_ras": np.mean(axis, axis=0),
        "slice_normal_ras": view_of(ct).affine[:3, 2] / np.linalg.norm(view_of(ct).affine[:3, 2]),
    }


def cells_of(table) -> list[list[str]]:
    columns = range(table.GetNumberOfColumns())
    return [[table.GetCellText(row, column) for column in columns] for row in range(table.GetNumberOfRows())]


def test_the_child_sees_slicers_packages_and_none_of_the_others(run_in_slicer):
    code = """
from importlib.util import find_spec
names = ("torch openvino nibabel nrrd cc3d fill_voids edt safetensors h5py PIL jinja2 jaxtyping psutil pydicom"
         " packaging pip setuptools numpy scipy SimpleITK vtk slicer").split()
print(json.dumps([name for name in names if find_spec(name)]))
"""
    assert run_in_slicer(code) == ["pip", "numpy", "scipy", "SimpleITK", "vtk", "slicer"]


def test_the_file_gives_slicer_its_four_classes_and_imports_no_package_to_be_installed(run_in_slicer):
    code = """
given = [name for name in dir() if isinstance(globals()[name], type)]
tops = sorted({name.partition(".")[0] for name in set(sys.modules) - before} - set(sys.stdlib_module_names))
print(json.dumps([given, tops]))
"""
    given, tops = run_in_slicer(code)
    assert sorted(set(given) - {"Path"}) == FOUR_CLASSES
    own = {"LiverTumorSeg", "LiverTumorSegModule", "LiverTumorSegLib"}
    assert own <= set(tops) <= own | {"numpy", "scipy", "SimpleITK", "vtk", "vtkmodules", "ctk", "qt", "slicer"}


def test_the_module_can_be_opened_before_anything_is_installed(run_in_slicer):
    code = f"""{OPENED}
widget = opened()
slicer.app.processEvents()
told = widget.ui.modelStatusLabel.text
enabled = widget.ui.segmentButton.enabled
widget.cleanup()
print(json.dumps([told, enabled]))
"""
    told, enabled = run_in_slicer(code)
    assert told == "Networks will be fetched once, after asking: 27 MiB, Apache-2.0."
    assert enabled is False


def test_the_first_press_on_segment_asks_for_all_that_is_missing_and_no_means_no(run_in_slicer):
    code = f"""{OPENED}
import numpy as np
widget = opened()
widget.ui.inputSelector.setCurrentNode(slicer.util.addVolumeFromArray(np.zeros((4, 5, 6), np.int16)))
questions = []
widget.ask = lambda question: bool(questions.append(question))
widget.ui.segmentButton.click()
said, activity = widget.ui.statusLabel.text, widget.logic.activity
widget.cleanup()
print(json.dumps([questions, said, activity]))
"""
    (question,), said, activity = run_in_slicer(code)
    listed = [line.strip().split(":")[0] for line in question.split("\n\n")[1].splitlines()[:-1]]
    assert listed == [each for each in required_packages() if name_of(each) not in SLICERS]
    assert said == "Not segmented: the packages are not installed."
    assert activity is None


SHOW_STORED = """
def cells(view):
    model = view.tableModel()
    return [[model.data(model.index(row, column)) for column in range(model.columnCount())]
            for row in range(model.rowCount())]

widget = opened()
slicer.util.loadScene({path!r})
slicer.app.processEvents()
widget.logic.tick()
volumes, lesions = cells(widget.ui.volumetryTable), cells(widget.ui.lesionTable)
views = list(slicer.util.getNodesByClass("vtkMRMLSliceNode"))
for view in views:
    view.JumpSliceByCentering(500, 500, 500)
widget.resultPanel.jump_to_lesion(1)
matrices = [[[view.GetSliceToRAS().GetElement(i, j) for j in range(4)] for i in range(4)] for view in views]
widget.resultPanel.copy_tables()
copied = slicer.app.clipboard().text()
said, flags = widget.ui.measureStatusLabel.text, widget.ui.flagsLabel.text
written = widget.resultPanel.export_to(Path({folder!r}))
widget.cleanup()
print(json.dumps([volumes, lesions, matrices, copied, said, flags, [path.read_text() for path in written]]))
"""


def test_a_stored_result_is_shown_jumped_through_and_exported_before_anything_is_installed(
    run_in_slicer, stored, tmp_path
):
    code = OPENED + SHOW_STORED.format(path=str(stored["path"]), folder=str(tmp_path))
    volumes, lesions, matrices, copied, said, flags, exported = run_in_slicer(code)
    assert volumes == stored["volumes"]
    assert lesions == stored["lesions"]
    assert len(lesions) == 2
    assert len(matrices) == 3
    for matrix in np.array(matrices):
        assert matrix[:3, 3] == pytest.approx(stored["middle_ras"], abs=1e-3)
    normals = np.array(matrices)[:, :3, 2]
    assert np.abs(normals @ stored["slice_normal_ras"]).max() == pytest.approx(1)  # one view lies in the CT's slices
    assert "\t".join(lesions[1]) in copied
    assert said == "Both tables are on the clipboard."
    assert "The liver's volume is implausible" in flags  # a liver of some milliliters is not a liver
    assert [len(text.splitlines()) for text in exported] == [1 + len(volumes), 1 + 2]


@pytest.fixture
def stored_plan(scene, tmp_path):
    """Its file, and the table's cells."""
    with opened_module() as module:
        result = divided_result(scene)
        module.ui.inputSelector.setCurrentNode(result.volume)
        module.ui.planCheckBox.checked = True
        module.ui.planSegmentIICheckBox.checked = True
        module.logic.tick()
        wait_until(lambda: not module.logic.planning.busy, module)
        values = cells_of(plan_of(result).table)
        save_mrb(scene, tmp_path / "plan.mrb")
    assert ["Resection", "Segment II removed"] in values
    return tmp_path / "plan.mrb", values


def test_a_stored_plan_keeps_its_numbers_says_what_is_missing_and_can_be_removed(run_in_slicer, stored_plan):
    path, values = stored_plan
    code = f"""{OPENED}
import time
slicer.util.loadScene({str(path)!r})
widget = opened()
widget.logic.planning.child._python = (sys.executable, "-S")  # the child has no packages either
from LiverTumorSegLib.mrml.plan import plan_of
from LiverTumorSegLib.mrml.result import results_in
(result,) = results_in(slicer.mrmlScene)
table, display = plan_of(result).table, result.segmentation.GetDisplayNode()
deadline = time.monotonic() + 60
while not widget.ui.planStatusLabel.text.startswith("Nothing can be planned") and time.monotonic() < deadline:
    widget.logic.tick()
    slicer.app.processEvents()
    time.sleep(0.01)
said = widget.ui.planStatusLabel.text
cells = [[table.GetCellText(row, column) for column in range(2)] for row in range(table.GetNumberOfRows())]
seen = [display.GetSegmentVisibility3D("liver")]
widget.ui.planCheckBox.checked = False
seen.append(display.GetSegmentVisibility3D("liver"))
widget.ui.planRemoveButton.click()
is_gone = plan_of(result) is None
widget.cleanup()
print(json.dumps([cells, said, seen, is_gone]))
"""
    found, said, seen, is_gone = run_in_slicer(code)
    assert found == values
    assert "press Segment" in said
    assert seen == [False, True]
    assert is_gone


def test_an_installed_module_finds_library_and_list_of_packages_beside_itself(run_in_slicer, tmp_path):
    installed = tmp_path / "qt-scripted-modules"
    without = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "LiverTumorSegLib", installed / "LiverTumorSegLib", ignore=without)
    for name in ("LiverTumorSegModule", "Resources"):
        shutil.copytree(ROOT / "LiverTumorSeg" / name, installed / name, ignore=without)
    shutil.copy(ROOT / "LiverTumorSeg" / "LiverTumorSeg.py", installed)
    shutil.copy(ROOT / "pyproject.toml", installed / "LiverTumorSegLib")
    code = f"""{OPENED}
import LiverTumorSegLib
from LiverTumorSegModule.surroundings import required_packages
widget = opened()
title = widget.ui.segmentButton.text
widget.cleanup()
print(json.dumps([LiverTumorSegLib.__file__, required_packages(), title, sys.path]))
"""
    library, packages, title, paths = run_in_slicer(code, installed / "LiverTumorSeg.py", installed)
    assert Path(library) == installed / "LiverTumorSegLib" / "__init__.py"
    assert packages == required_packages()
    assert title == "Segment"
    assert str(ROOT) not in paths


def test_an_installation_without_its_list_of_packages_is_an_error_that_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr("LiverTumorSegModule.surroundings._LIBRARY", tmp_path / "LiverTumorSegLib")
    with pytest.raises(FileNotFoundError, match=r"no pyproject\.toml .*Install it again"):
        required_packages()
