"""The child process that makes scene and picture: ``python -m LiverTumorSegLib.mrml.worker``.

It imports Slicer's core at once, then waits for one line on its input: ``{"folder": "..."}``, a hand-over (see
``handover``), into which it writes the scene and the picture. It answers with one JSON object a line on its output:
``ready``, ``progress``, ``scene``, ``picture``, ``warning``, ``done``, or ``unavailable`` where the core is not
installed. It ends when its input ends, so it cannot outlive its parent.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any, TextIO

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.mrml.handover import PICTURE_FILE, SCENE_FILE, read_handover
from LiverTumorSegLib.timing import Stopwatch, peak_memory_mib

PICTURE_SIZE_PX = (900, 700)


class Answers:
    """One JSON object a line. Whatever else C++ or Python code prints goes to the error stream, not in between."""

    def __init__(self) -> None:
        self._stream: TextIO = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def say(self, event: str, **details: Any) -> None:
        self._stream.write(json.dumps({"event": event, **details}) + "\n")
        self._stream.flush()


def main() -> None:
    """One scene, then the end."""
    answers = Answers()
    try:
        importlib.import_module("slicer")
    except ImportError as error:
        answers.say("unavailable", message=str(error))
        return
    for name in ("case_nodes", "picture", "surfaces", "views", "write"):
        importlib.import_module(f"LiverTumorSegLib.mrml.{name}")
    answers.say("ready")
    line = sys.stdin.readline()
    if not line:
        return
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    make_scene(Path(json.loads(line)["folder"]), answers)


def make_scene(folder: Path, answers: Answers) -> None:
    """Scene file first, picture second: a machine without OpenGL gets its scene."""
    from LiverTumorSegLib.mrml.case_nodes import add_case
    from LiverTumorSegLib.mrml.scene import HeadlessScene
    from LiverTumorSegLib.mrml.surfaces import create_surfaces
    from LiverTumorSegLib.mrml.views import add_default_views, focus_of

    watch = Stopwatch()
    case = read_handover(folder)
    with HeadlessScene() as session:
        answers.say("progress", fraction=0.0, message="Building the Slicer scene")
        with watch.stage("nodes"):
            nodes = add_case(session.scene, case)
            focus = focus_of(case.segmentation, case.measurements.lesions)
            add_default_views(session.scene, nodes.volume, focus)
        with watch.stage("surfaces"):
            create_surfaces(nodes.result.segmentation)
        answers.say("progress", fraction=0.3, message="Writing the Slicer scene")
        with watch.stage("scene.mrb"):
            _write_scene(session, folder, answers)
        answers.say("progress", fraction=0.6, message="Drawing the 3D picture")
        with watch.stage("picture"):
            _draw(session, nodes.result.segmentation, focus, folder, answers)
    answers.say("done", timings_s=watch.seconds(), peak_memory_mib=peak_memory_mib())


def _write_scene(session: Any, folder: Path, answers: Answers) -> None:
    from LiverTumorSegLib.mrml.write import save_mrb

    try:
        save_mrb(session.scene, folder / SCENE_FILE)
    except InputError as error:
        answers.say("warning", message=f"No Slicer scene: {error}")
    else:
        answers.say("scene")


def _draw(session: Any, segmentation_node: Any, focus: Any, folder: Path, answers: Answers) -> None:
    from LiverTumorSegLib.mrml.picture import render_3d, write_png
    from LiverTumorSegLib.mrml.surfaces import coarsen_translucent_surfaces

    coarsen_translucent_surfaces(segmentation_node)
    try:
        picture = render_3d(session.scene, session.application_logic, focus, PICTURE_SIZE_PX)
        write_png(folder / PICTURE_FILE, picture)
    except InputError as error:
        answers.say("warning", message=f"No 3D picture: {error}")
    else:
        answers.say("picture")


def _leave_with_parent() -> None:
    """The parent keeps our input open as long as it lives and wants us."""
    while os.read(0, 4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
