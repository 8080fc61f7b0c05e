"""Wall time by stage and peak memory of the main job, as a user runs it: a child process, from start to result folder.

    python Testing/benchmarks/main_job.py [CT] [--runs 3]

CT: default is 3D-IRCADb patient 1 as a DICOM zip where LIVERTUMORSEG_TESTDATA has it, else the phantom. Prints the
median of each stage. Memory is of the whole process tree, sampled every 50 ms (shared pages count once).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LIVERTUMORSEG_TESTDATA", ROOT.parent / "shared" / "data"))
SAMPLE_S = 0.05


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ct", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, default=3)
    arguments, more = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        ct = arguments.ct or default_ct(Path(folder))
        runs = [run_once(ct, Path(folder) / f"out{number}", more) for number in range(arguments.runs)]
    sys.stdout.write(f"{ct}, {arguments.runs} runs, {os.cpu_count()} cores, medians\n{table(runs)}\n")


def default_ct(folder: Path) -> Path:
    real = DATA / "dicom" / "ircad01_dicom.zip"
    if real.exists():
        return real
    command = [sys.executable, "-m", "LiverTumorSegLib", "phantom", "-o", str(folder / "phantom"), "--progress", "none"]
    subprocess.run(command, check=True)
    return folder / "phantom" / "ct.nii.gz"


def run_once(ct: Path, out: Path, more: list[str]) -> dict[str, float]:
    """Seconds by stage, the whole, what no stage accounts for, and the peak in MiB."""
    command = [
        sys.executable,
        "-m",
        "LiverTumorSegLib",
        "segment",
        str(ct),
        "-o",
        str(out),
        "--progress",
        "none",
        *more,
    ]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        peak = 0.0
        while process.poll() is None:
            peak = max(peak, tree_memory_mib(process.pid))
            time.sleep(SAMPLE_S)
    wall = time.perf_counter() - start
    if process.returncode:
        sys.exit(f"the run ended with exit code {process.returncode}")
    stages = json.loads((out / "run.json").read_text())["timings_s"]
    named = {name: seconds for name, seconds in stages.items() if "." not in name and name != "total"}
    return stages | {"start, end and other": wall - sum(named.values()), "WALL": wall, "PEAK MiB": peak}


def tree_memory_mib(pid: int) -> float:
    """Proportional set size of a process and its children."""
    try:
        tree = [parent := psutil.Process(pid), *parent.children(recursive=True)]
        return sum(process.memory_full_info().pss for process in tree) / 2**20
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0.0


def table(runs: list[dict[str, float]]) -> str:
    lines = [f"{'stage':24} {'median':>9} {'min':>9} {'max':>9}"]
    for name in runs[0]:
        values = [run[name] for run in runs]
        lines.append(f"{name:24} {statistics.median(values):9.2f} {min(values):9.2f} {max(values):9.2f}")
    return "\n".join(lines)


main()
