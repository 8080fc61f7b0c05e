"""From Segment to the result on the screen in the Slicer module, beside the command line; from an edit to its numbers.

    python Testing/benchmarks/slicer_module.py [CT] [--runs 3]

CT: default is 3D-IRCADb patient 1 where LIVERTUMORSEG_TESTDATA has it, else the phantom. Module and command line take
turns on the same file; medians. The module runs on Slicer's real core with stand-ins for the desktop application
(offscreen Qt, no views), or in desktop Slicer. "longest halt" is the longest time in which a timer of 10 ms did not
fire: how long the window would not answer.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LIVERTUMORSEG_TESTDATA", ROOT.parent / "shared" / "data"))
sys.path[:0] = [str(ROOT), str(ROOT / "Testing"), str(ROOT / "LiverTumorSeg")]
os.environ.setdefault("LIVERTUMORSEG_CACHE", str(ROOT / "cache"))
STAGES = ("write", "start", "run", "import", "surfaces")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ct", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    boot()
    with tempfile.TemporaryDirectory() as folder:
        ct = arguments.ct or default_ct(Path(folder))
        runs, command_line, edits = [], [], []
        for number in range(arguments.runs):
            command_line.append(run_command_line(ct, Path(folder) / f"out{number}"))
            run, edit = run_module(ct)
            runs.append(run)
            edits.append(edit)
    sys.stdout.write(f"{ct}, {arguments.runs} runs, {os.cpu_count()} cores, medians\n")
    sys.stdout.write(table(runs, command_line, edits))


def boot() -> None:
    import slicer

    if not hasattr(slicer, "app"):
        from slicer_stand_ins import desktop

        desktop.boot()
        desktop.register_module(ROOT / "LiverTumorSeg" / "LiverTumorSeg.py")


def default_ct(folder: Path) -> Path:
    real = DATA / "cases" / "ircad01" / "ct.nii.gz"
    if real.is_file():
        return real
    words = [sys.executable, "-m", "LiverTumorSegLib", "phantom", "-o", str(folder / "phantom")]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    return folder / "phantom" / "ct.nii.gz"


def run_command_line(ct: Path, out: Path) -> float:
    start = time.perf_counter()
    words = [sys.executable, "-m", "LiverTumorSegLib", "segment", str(ct), "-o", str(out), "--progress", "none"]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    return time.perf_counter() - start


def run_module(ct: Path) -> tuple[dict[str, float], dict[str, float]]:
    """Stages of one run with its longest halts, and the times of one edit after it."""
    import slicer

    from LiverTumorSeg import LiverTumorSegLogic
    from LiverTumorSegLib.io.read import read_study
    from LiverTumorSegLib.mrml.volume_node import add_volume_node
    from LiverTumorSegLib.settings import SegmentSettings

    slicer.mrmlScene.Clear(0)
    node = add_volume_node(slicer.mrmlScene, read_study(ct).ct, "CT")
    logic = LiverTumorSegLogic()
    try:
        halts = Halts()
        ended: list[Any] = []
        start = time.perf_counter()
        run = logic.startSegmentation(node, SegmentSettings(), logic.runOptions(), ended.append)
        on_screen = wait(lambda: run.result is not None or ended, start)
        total = wait(lambda: ended, start)
        seconds = {**run.seconds, "on screen": on_screen, "total": total, "longest halt": halts.longest}
        return seconds, edit(logic, run.result, halts)
    finally:
        logic.cleanup()


def edit(logic: Any, result: Any, halts: Halts) -> dict[str, float]:
    """The largest lesion loses its lower half; surfaces are shown, as after a run."""
    import numpy as np
    from module_widget import edit as set_segment

    from LiverTumorSegLib.labels import TUMOR
    from LiverTumorSegLib.mrml.segmentation_labels import segmentation_of
    from LiverTumorSegLib.mrml.volume_node import view_of

    mask = segmentation_of(result.segmentation, view_of(result.volume)).array == TUMOR.value
    if not mask.any():
        return {}
    slices = np.flatnonzero(mask.any(axis=(0, 1)))
    mask[:, :, : int(slices.mean())] = False
    halts.reset()
    start = time.perf_counter()
    set_segment(result, "tumor", mask)
    slicers_part = time.perf_counter() - start
    known = wait(lambda: result.measurements is not None and not logic.measuring.busy, start)
    return {"edit in Slicer (surface too)": slicers_part, "edit to numbers": known, "longest halt": halts.longest}


def wait(holds: Any, start: float) -> float:
    import slicer

    while not holds():
        slicer.app.processEvents()
        time.sleep(0.002)
    return time.perf_counter() - start


class Halts:
    """Longest time between two calls of a timer."""

    def __init__(self) -> None:
        import qt

        self.reset()
        self._timer = qt.QTimer()
        self._timer.setInterval(10)
        self._timer.connect("timeout()", self._fired)
        self._timer.start()

    def reset(self) -> None:
        self.longest, self._last = 0.0, time.perf_counter()

    def _fired(self) -> None:
        now = time.perf_counter()
        self.longest, self._last = max(self.longest, now - self._last), now


def table(runs: list[dict[str, float]], command_line: list[float], edits: list[dict[str, float]]) -> str:
    lines = [f"{'stage':30} {'s':>7}"]
    for name in (*STAGES, "on screen", "total", "longest halt"):
        lines.append(f"{name:30} {statistics.median(run[name] for run in runs):7.2f}")
    reference = statistics.median(command_line)
    total = statistics.median(run["total"] for run in runs)
    lines += [
        f"{'command line, whole':30} {reference:7.2f}",
        f"{'module - command line':30} {total - reference:+7.2f}",
        "",
    ]
    for name in edits[0]:
        lines.append(f"{name:30} {statistics.median(each[name] for each in edits):7.2f}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
