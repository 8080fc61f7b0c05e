"""Whatever becomes of the child, the user gets a plain sentence, and scene, disk and system are as before."""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import slicer
from module_runs import (
    AS_REAL_COMMAND,
    add_ct,
    children_since,
    finish,
    in_place_of_python,
    live,
    phantom,
    press_segment,
    reach,
    running_logic,
    start,
    surroundings,
)
from module_widget import opened_module

from LiverTumorSegLib.mrml.grid import matrix_of
from LiverTumorSegLib.volume import Volume

SILENCE_S = 1.0

FALLS = "import os, signal, sys\nsys.stderr.write('about to fall\\n'); sys.stderr.flush()\nos.kill(os.getpid(), {})\n"
GARBAGE = "import time\nwhile True:\n  print('<html>busy</html>', flush=True)\n  time.sleep(0.01)\n"
RESULT = "import json\nprint('all done'); print(json.dumps({'event': 'result', 'measurements': {}}))\n"
RESULT_OF_ANOTHER_VERSION = (
    "import atexit, json\n"
    "atexit.register(lambda: print(json.dumps({'event': 'result', 'measurements': {'schema': 99}})))\n"
) + AS_REAL_COMMAND
HALF_A_RUN_RECORD = (
    "import atexit, pathlib, sys\n"
    "record = pathlib.Path(sys.argv[sys.argv.index('-o') + 1]) / 'run.json'\n"
    "atexit.register(lambda: record.write_text(record.read_text()[:100]))\n"
) + AS_REAL_COMMAND
SHIFTED = (
    "import atexit, nibabel, pathlib, sys\n"
    "path = pathlib.Path(sys.argv[sys.argv.index('-o') + 1]) / 'segmentation.nii.gz'\n"
    "def shift():\n"
    "  image = nibabel.load(path)\n"
    "  image.affine[0, 3] += 53\n"
    "  nibabel.save(nibabel.Nifti1Image(image.get_fdata().astype('uint8'), image.affine), path)\n"
    "atexit.register(shift)\n"
) + AS_REAL_COMMAND
FEW_MEGABYTES = (
    "import os, sys\n"
    "sys.path.insert(0, os.getcwd())\n"
    "import psutil, resource\n"
    "from LiverTumorSegLib import pipelines, publish\n"
    "from LiverTumorSegLib.inference import segmenters\n"
    "from LiverTumorSegLib.io import read\n"
    "limit = psutil.Process().memory_info().vms + 150 * 2**20\n"
    "resource.setrlimit(resource.RLIMIT_AS, (limit, limit))\n"
) + AS_REAL_COMMAND

FAILURES = {
    "a crash": (FALLS.format("signal.SIGSEGV"), "It crashed (SIGSEGV) (about to fall).", "about to fall"),
    "an abort": (FALLS.format("signal.SIGABRT"), "It crashed (SIGABRT) (about to fall).", "about to fall"),
    "a traceback": (
        "raise ValueError('no such thing')",
        "It ended with exit code 1 (ValueError: no such thing).",
        "Traceback (most recent call last)",
    ),
    "silence": (
        "import sys, time\nsys.stderr.write('waiting\\n'); sys.stderr.flush(); time.sleep(300)",
        "It gave no sign of life for 1 s and was stopped. Try again, or another device.",
        "waiting",
    ),
    "garbage": (GARBAGE, "It gave no sign of life for 1 s and was stopped.", "<html>busy</html>"),
    "no result": ("print('bye')", "It ended without a result.", "bye"),
    "no files": (RESULT, "The result for CT cannot be read (no segmentation.nii.gz", "all done"),
}
"""By name: what runs in Python's place, what the user is told, what can be unfolded."""


@pytest.fixture
def logic(scene):
    phantom()
    with running_logic() as logic:
        yield logic


@pytest.fixture
def module(scene):
    phantom()
    with opened_module() as widget:
        widget.logic.measuring.warm_up()
        yield widget


def poll_to_the_end(run):
    """Without the application's own events: its timer would get an error as well."""
    while run.poll():
        time.sleep(0.01)


def fails(logic, node, **options):
    """A run that does, and leaves everything as it was; its failure."""
    before = surroundings()
    run = finish(logic, start(logic, node, **options))
    assert run.failure is not None
    assert (run.cancelled, run.result) == (False, None)
    assert surroundings() == before
    return run.failure


@pytest.mark.skipif(sys.platform == "win32", reason="programs end differently there")
@pytest.mark.parametrize("name", FAILURES)
def test_a_child_that_does_not_do_its_work_is_a_failure_in_plain_words(logic, tmp_path, name):
    code, message, details = FAILURES[name]
    failure = fails(logic, add_ct(), python=in_place_of_python(tmp_path, code), silence_s=SILENCE_S)
    assert message in failure.message
    assert "\n" not in failure.message
    assert details in failure.details
    reach(logic, start(logic, add_ct(name="next")), "liver")


@pytest.mark.skipif(sys.platform == "win32", reason="programs end differently there")
@pytest.mark.parametrize("name", FAILURES)
def test_the_module_shows_one_error_and_is_ready_for_the_next_run(module, tmp_path, name):
    code, message, _details = FAILURES[name]
    options = replace(module.logic.runOptions(), python=in_place_of_python(tmp_path, code), silence_s=SILENCE_S)
    module.logic.runOptions = lambda *_: options
    node = add_ct()
    module.ui.inputSelector.setCurrentNode(node)
    before = surroundings()
    run = finish(module.logic, press_segment(module, node))
    live(module.logic, 0.3)
    ((shown, unfolded),) = module.errors
    assert (shown, unfolded) == (run.failure.message, run.failure.details)
    assert message in module.ui.statusLabel.text
    assert module.ui.segmentButton.enabled
    assert not module.ui.cancelButton.enabled
    assert surroundings() == before


@pytest.mark.parametrize(
    ("code", "found"),
    [(HALF_A_RUN_RECORD, "Unterminated string"), (RESULT_OF_ANOTHER_VERSION, "this version reads schema 1")],
    ids=["run record cut off", "another version"],
)
def test_a_result_that_cannot_be_read_is_refused(logic, tmp_path, code, found):
    failure = fails(logic, add_ct(), python=in_place_of_python(tmp_path, code))
    assert "The result for CT cannot be read" in failure.message
    assert found in failure.message


def test_a_label_map_that_lies_elsewhere_is_refused_and_never_shifted(logic, tmp_path):
    failure = fails(logic, add_ct(), python=in_place_of_python(tmp_path, SHIFTED))
    assert failure.message == (
        "a segmentation of 112 x 87 x 56 voxels of 3 x 3 x 5 mm, origin 219.5 x 129.0 x -137.5 mm (RAS). Expected the"
        " grid of CT: 112 x 87 x 56 voxels of 3 x 3 x 5 mm, origin 166.5 x 129.0 x -137.5 mm (RAS). The CT was changed"
        " after it was segmented: segment it again."
    )


def test_a_ct_that_is_moved_during_the_run_gets_no_result_in_its_old_place(logic):
    node = add_ct()
    moved = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
    moved.SetMatrixTransformToParent(matrix_of(np.array([[1, 0, 0, 53.0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]])))
    before = surroundings()
    run = start(logic, node)
    reach(logic, run, "liver")
    node.SetAndObserveTransformNodeID(moved.GetID())
    finish(logic, run)
    assert "The CT was changed after it was segmented" in run.failure.message
    assert surroundings() == before


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are set differently there")
def test_a_command_that_runs_out_of_memory_says_so(logic, tmp_path):
    noise = np.random.default_rng(0).integers(-1000, 500, (500, 500, 200), np.int16)
    large = add_ct(Volume(noise, phantom().affine), "large")
    failure = fails(logic, large, python=in_place_of_python(tmp_path, FEW_MEGABYTES))
    assert failure.message == "Not enough memory. Close other programs, or crop the CT to the abdomen."
    assert "-m LiverTumorSegLib segment" in failure.details


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such signal")
def test_a_child_that_the_system_kills_is_told_as_out_of_memory(logic):
    node = add_ct()
    before = surroundings()
    run = start(logic, node)
    reach(logic, run, "vessels")
    (child,) = children_since(before)
    child.send_signal(signal.SIGKILL)
    finish(logic, run)
    assert run.failure.message == (
        "It ran out of memory. Close other programs, or crop the CT to the abdomen (Crop Volume)."
    )
    assert surroundings() == before


def test_an_error_while_the_result_is_brought_into_the_scene_is_a_failed_run_that_leaves_nothing(logic, monkeypatch):
    from LiverTumorSegLib.mrml import result_nodes

    def fill_volumetry(*_arguments):
        message = "in the middle"
        raise RuntimeError(message)

    monkeypatch.setattr(result_nodes, "fill_volumetry", fill_volumetry)
    node = add_ct()
    before = surroundings()
    run = start(logic, node)
    with pytest.raises(RuntimeError, match="in the middle"):
        poll_to_the_end(run)
    assert surroundings() == before
    finish(logic, run)
    assert run.failure.message == "The result could not be brought into the scene (in the middle)."
    assert surroundings() == before
