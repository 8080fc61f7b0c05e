"""Runs the command line as users and Slicer do: a real child process of this Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULT_FILES = {
    "labels.json", "lesions.nii.gz", "measurements.csv", "measurements.json", "overview.png", "report.html", "run.json",
    "couinaud.nii.gz", "couinaud.seg.nrrd", "scene.mrb", "segmentation.nii.gz", "segmentation.seg.nrrd", "summary.txt",
    "vena_cava.nii.gz", "volumes.csv",
}  # fmt: skip
"""Of every result."""
NETWORK_FILES = RESULT_FILES | {"tumor_probability.nii.gz"}
"""Of one that networks made."""


def command(*words: object) -> list[str]:
    return [sys.executable, "-m", "LiverTumorSegLib", *map(str, words)]


def cli(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """The finished process, with its output as text."""
    return subprocess.run(
        command(*words),
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
    )


def events(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """The JSON lines of a run with --progress json."""
    return [json.loads(line) for line in done.stdout.splitlines()]
