"""The scene's child process: the real worker, and children that misbehave."""

from __future__ import annotations

import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
from mrml_case import case_on, tilted_affine
from PIL import Image

from LiverTumorSegLib.errors import CancelledError
from LiverTumorSegLib.mrml.client import WORKER_COMMAND, SceneWorker
from LiverTumorSegLib.mrml.scene import HeadlessScene
from LiverTumorSegLib.mrml.write import load_mrb


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


RUN_WORKER = "import runpy; runpy.run_module('LiverTumorSegLib.mrml.worker', run_name='__main__')"
WITHOUT_CORE = "import sys; sys.modules['slicer'] = None; " + RUN_WORKER
SCENE_THEN_CRASH = """
import json, os, pathlib, signal
folder = pathlib.Path(json.loads(input())["folder"])
(folder / "scene.mrb").write_bytes(b"whole")
print(json.dumps({"event": "scene"}), flush=True)
(folder / "view3d.png").write_bytes(b"half")
os.write(2, b"first words\\n\\x1b[31mlibEGL: no driver\\x1b[0m\\n")
os.kill(os.getpid(), signal.SIGSEGV)
"""


@pytest.fixture
def case():
    return case_on(tilted_affine())


def test_scene_and_picture_are_made_and_nothing_else_is_left(case, tmp_path):
    events = []
    with SceneWorker() as worker:
        result = worker.finish(case, tmp_path, events.append)
    assert result.warnings == ()
    assert result.mrb == tmp_path / "scene.mrb"
    assert result.picture == tmp_path / "view3d.png"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scene.mrb", "view3d.png"]
    assert set(result.timings_s) == {"nodes", "surfaces", "scene.mrb", "picture"}
    assert result.peak_memory_mib > 50
    with Image.open(result.picture) as picture:
        assert len(np.unique(np.asarray(picture).reshape(-1, 3), axis=0)) > 500
    with HeadlessScene() as session:
        load_mrb(session.scene, result.mrb)
        assert session.scene.GetFirstNodeByName("Lesion 2 short axis") is not None
    fractions = [event.fraction for event in events]
    assert fractions == sorted(fractions)
    assert {event.stage for event in events} == {"scene"}


def test_a_relative_folder_means_the_parents_working_folder(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "job").mkdir()
    with SceneWorker() as worker:
        result = worker.finish(case, (tmp_path / "job").relative_to(tmp_path))
    assert result.mrb == tmp_path / "job" / "scene.mrb"


def test_without_slicers_core_the_result_says_what_to_install(case, tmp_path):
    with SceneWorker(python(WITHOUT_CORE)) as worker:
        result = worker.finish(case, tmp_path)
    assert (result.mrb, result.picture) == (None, None)
    assert len(result.warnings) == 1
    assert "pip install 'livertumorseg[mrml]'" in result.warnings[0]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="hides EGL's drivers, which Linux has")
@pytest.mark.parametrize("hidden", ["__EGL_VENDOR_LIBRARY_FILENAMES", "LIBGL_DRIVERS_PATH"])
def test_without_an_opengl_driver_the_scene_is_there_and_the_picture_is_not(case, tmp_path, monkeypatch, hidden):
    monkeypatch.setenv(hidden, "/nowhere")
    with SceneWorker() as worker:
        result = worker.finish(case, tmp_path)
    assert result.mrb is not None
    assert result.mrb.is_file()
    assert result.picture is None
    assert "libegl1 libegl-mesa0 libgl1-mesa-dri" in result.warnings[0]


def test_a_crash_while_drawing_costs_the_picture_only(case, tmp_path):
    with SceneWorker(python(SCENE_THEN_CRASH)) as worker:
        result = worker.finish(case, tmp_path)
    assert result.mrb.read_bytes() == b"whole"
    assert result.picture is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["scene.mrb"]
    assert result.warnings == (
        "No view3d.png: the child process for Slicer's core failed, exit code -11 (libEGL: no driver). "
        "If OpenGL is missing, on Debian or Ubuntu: apt install libegl1 libegl-mesa0 libgl1-mesa-dri.",
    )


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise SystemExit(7)", "exit code 7"),
        ("print('Segmentation fault', flush=True); input(); input()", "it answered 'Segmentation fault'"),
        ("print('[1, 2]', flush=True); input(); input()", "it answered '[1, 2]'"),
        ('print(\'{"event": "dance"}\', flush=True); input(); input()', "it answered"),
        ("import time; time.sleep(60)", "no answer within 1 s"),
    ],
    ids=["ends", "garbage", "no-object", "unknown-event", "hangs"],
)
def test_a_child_that_misbehaves_is_a_warning(case, tmp_path, code, reason):
    with SceneWorker(python(code), timeout_s=1.0) as worker:
        result = worker.finish(case, tmp_path)
    assert (result.mrb, result.picture) == (None, None)
    assert reason in result.warnings[0]
    assert list(tmp_path.iterdir()) == []


def test_a_cancel_kills_the_child_and_its_children_and_leaves_nothing(case, tmp_path):
    sleep = "import subprocess, sys, time; time.sleep(60)"
    code = sleep.replace("; time", f"; subprocess.Popen([sys.executable, '-c', {sleep!r}]); time")
    family = []

    def cancel(_event):
        family[:] = psutil.Process().children(recursive=True)
        if len(family) >= 2:
            raise CancelledError

    with SceneWorker(python(code)) as worker, pytest.raises(CancelledError):
        worker.finish(case, tmp_path, cancel)
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []
    assert list(tmp_path.iterdir()) == []


def test_a_worker_that_is_never_used_is_gone_when_its_context_ends():
    with SceneWorker() as worker:
        child = psutil.Process(worker._process.pid)
    worker.close()
    assert not child.is_running()


def test_the_worker_ends_when_its_parent_is_gone():
    child = subprocess.Popen(WORKER_COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert '"ready"' in child.stdout.readline()
    child.stdin.close()
    assert child.wait(timeout=20) == 0
    child.stdout.close()


def test_the_worker_ends_with_its_parent_in_the_middle_of_a_job(tmp_path):
    """The parent is killed right after it handed the job over, so it closes nothing itself."""
    parent = subprocess.Popen(
        python(
            "import os, pathlib, sys, signal; sys.path.insert(0, 'Testing')\n"
            "from mrml_case import case_on, tilted_affine\n"
            "from LiverTumorSegLib.mrml.client import SceneWorker\n"
            "def die(event):\n"
            "    if event.fraction > 0: os.kill(os.getpid(), signal.SIGKILL)\n"
            "worker = SceneWorker(); worker.start(); print(worker._process.pid, flush=True)\n"
            f"worker.finish(case_on(tilted_affine()), pathlib.Path({str(tmp_path)!r}), die)"
        ),
        stdout=subprocess.PIPE,
        text=True,
    )
    worker = int(parent.stdout.readline())
    parent.wait(timeout=60)
    parent.stdout.close()
    deadline = time.monotonic() + 30
    while psutil.pid_exists(worker) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not psutil.pid_exists(worker) or psutil.Process(worker).status() == psutil.STATUS_ZOMBIE


def test_finishing_a_worker_that_was_not_started_is_a_mistake_of_the_program(case, tmp_path):
    with pytest.raises(ValueError, match="without start"):
        SceneWorker().finish(case, tmp_path)
