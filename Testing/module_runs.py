"""What the tests of the module's runs share: the CT, what must be as it was afterwards, waiting, programs as Python."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import slicer
from LiverTumorSegModule.logic import LiverTumorSegLogic
from LiverTumorSegModule.sample_data import load_phantom
from LiverTumorSegModule.surroundings import python_words
from vtkmodules.vtkCommonCore import vtkIdList

from LiverTumorSegLib.child.job import JobState
from LiverTumorSegLib.mrml.grid import image_of, matrix_of
from LiverTumorSegLib.mrml.volume_node import volume_of
from LiverTumorSegLib.settings import SegmentSettings
from LiverTumorSegLib.volume import Volume
from LiverTumorSegLib.workbench.segment_run import SegmentRun

QUICK = SegmentSettings(model="classical")
"""A run of about 4 s."""

AS_REAL_COMMAND = (
    "import os, runpy, sys\n"
    "sys.path.insert(0, os.getcwd())\n"
    "sys.argv = sys.argv[2:]\n"
    "runpy.run_module('LiverTumorSegLib', run_name='__main__', alter_sys=True)\n"
)
"""For ``in_place_of_python``: from here on, the program is the command line that was asked for."""


@functools.cache
def phantom() -> Volume:
    """The CT of the procedural phantom: 112 x 87 x 56 voxels of 3 x 3 x 5 mm. The first call closes the scene."""
    volume = volume_of(load_phantom(python_words(), temporary_folder(), ("--spacing", 3, 3, 5)))
    slicer.mrmlScene.Clear(0)
    return volume


def add_ct(ct: Volume | None = None, name: str = "CT", start_ijk: tuple[int, int, int] = (0, 0, 0)) -> Any:
    """A CT (the phantom) as a volume node, as other modules may leave it: any handedness, any first index."""
    ct = ct or phantom()
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    to_first = np.eye(4)
    to_first[:3, 3] = np.negative(start_ijk)
    node.SetIJKToRASMatrix(matrix_of(ct.affine @ to_first))
    node.SetAndObserveImageData(image_of(ct.array, start_ijk))
    node.CreateDefaultDisplayNodes()
    return node


def temporary_folder() -> Path:
    """Where Slicer lets modules write."""
    return Path(slicer.app.temporaryPath)


@contextmanager
def running_logic() -> Iterator[LiverTumorSegLogic]:
    """A logic whose child for edited masks is up already, so that only runs change what there is.

    When it is closed, it leaves neither file nor process.
    """
    before = replace(surroundings(), nodes=frozenset(), items=frozenset())
    logic = LiverTumorSegLogic()
    logic.measuring.warm_up()
    try:
        yield logic
    finally:
        logic.cleanup()
    assert replace(surroundings(), nodes=frozenset(), items=frozenset()) == before


# What a run that does not succeed must leave as it was


@dataclass(frozen=True)
class Surroundings:
    """nodes: their ids. items: of the subject hierarchy, with parent and name. children: pids of living processes."""

    nodes: frozenset[str]
    items: frozenset[tuple[int, int, str]]
    files: frozenset[str]
    children: frozenset[int]


def surroundings() -> Surroundings:
    """Scene, temporary folder and processes as they are now."""
    scene = slicer.mrmlScene
    return Surroundings(
        frozenset(scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())),
        frozenset(_items(scene)),
        frozenset(map(str, temporary_folder().rglob("*"))),
        frozenset(child.pid for child in living_children()),
    )


def _items(scene: Any) -> Iterator[tuple[int, int, str]]:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.ResolveSubjectHierarchy(scene)
    ids = vtkIdList()
    hierarchy.GetItemChildren(hierarchy.GetSceneItemID(), ids, True)
    for index in range(ids.GetNumberOfIds()):
        item = ids.GetId(index)
        yield item, hierarchy.GetItemParent(item), hierarchy.GetItemName(item)


def living_children() -> list[psutil.Process]:
    """Processes that this one has started, and theirs."""
    return [child for child in psutil.Process().children(recursive=True) if is_alive(child)]


def children_since(before: Surroundings) -> list[psutil.Process]:
    """Those that are new."""
    return [child for child in living_children() if child.pid not in before.children]


def is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


# Waiting


def until(holds: Callable[[], bool], logic: LiverTumorSegLogic, seconds: float = 120) -> None:
    """Let the application live until something holds; looks more often than the logic's own timer does."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"still not so after {seconds} s"
        logic.tick()
        slicer.app.processEvents()
        time.sleep(0.005)


def live(logic: LiverTumorSegLogic, seconds: float) -> None:
    """Let the application live for so long."""
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() >= end, logic)


def start(logic: LiverTumorSegLogic, node: Any, settings: SegmentSettings = QUICK, **options: Any) -> SegmentRun:
    """Begin a run; options: of RunOptions, where they are not the logic's own."""
    return logic.startSegmentation(node, settings, replace(logic.runOptions(), **options), lambda _run: None)


def reach(logic: LiverTumorSegLogic, run: SegmentRun, stage: str) -> None:
    """Until a run is in a stage; fails the test if it ends before."""
    until(lambda: run.progress.stage == stage or run.state is not JobState.RUNNING, logic)
    assert run.progress.stage == stage, run.failure


def finish(logic: LiverTumorSegLogic, run: SegmentRun) -> SegmentRun:
    """Until nothing runs; the run, whatever became of it."""
    until(lambda: logic.activity is None, logic)
    return run


def press_segment(widget: Any, node: Any, model: str = "classical") -> SegmentRun:
    """Choose a volume and a model in the module's panel and press Segment: the run, which has begun."""
    widget.ui.inputSelector.setCurrentNode(node)
    widget.ui.modelSelector.setCurrentIndex(widget.ui.modelSelector.findData(model))
    widget.ui.segmentButton.click()
    assert (widget.questions, widget.errors) == ([], [])
    return widget.logic.activity


# Programs in Python's place


def in_place_of_python(folder: Path, code: str) -> Sequence[str]:
    """How to start a Python that does something else than it is asked to: its arguments begin with "-m"."""
    script = folder / "instead.py"
    script.write_text(code, encoding="utf-8")
    return (*python_words(), str(script))
