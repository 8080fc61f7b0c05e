"""A finished examination in a folder, on its way from the main job to the process that makes the scene.

Arrays as .npy, because they are written and read at the speed of memory; everything else in job.json. Not a format to
keep: both sides are always of the same version. Imports neither vtk nor slicer.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from LiverTumorSegLib.case import Case, RunRecord
from LiverTumorSegLib.labels import Code, Label, LabelSet
from LiverTumorSegLib.measurements import Measurements
from LiverTumorSegLib.study import Source, Study
from LiverTumorSegLib.volume import Volume

SCENE_FILE = "scene.mrb"
PICTURE_FILE = "view3d.png"
_JOB_FILE = "job.json"
_ARRAYS, _SEGMENTS, _CAVA = ("ct", "segmentation", "lesions"), "segments", "vena_cava"
_PERHAPS = (_SEGMENTS, _CAVA)
"""Named as the fields of a Case."""


def write_handover(folder: Path, case: Case) -> None:
    """Write a case into an existing folder. Raises OSError where it cannot."""
    for name, volume in zip(_ARRAYS, (case.study.ct, case.segmentation, case.lesions), strict=True):
        np.save(folder / f"{name}.npy", volume.array, allow_pickle=False)
    for name in _PERHAPS:
        volume = getattr(case, name)
        if volume is not None:
            np.save(folder / f"{name}.npy", volume.array, allow_pickle=False)
    job = {
        "affine": case.study.ct.affine.tolist(),
        "labels": [asdict(label) for label in case.labels],
        "measurements": case.measurements.to_json(),
        "source": case.study.source.to_json(),
        "run": asdict(case.run),
    }
    (folder / _JOB_FILE).write_text(json.dumps(job), encoding="utf-8")


def read_handover(folder: Path) -> Case:
    """The case that ``write_handover`` left in a folder; arrays stay on disk until they are touched."""
    job = json.loads((folder / _JOB_FILE).read_text(encoding="utf-8"))
    affine = np.array(job["affine"])
    there = [*_ARRAYS, *(name for name in _PERHAPS if (folder / f"{name}.npy").is_file())]
    volumes = {
        name: Volume(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False), affine) for name in there
    }
    return Case(
        study=Study(volumes["ct"], Source(**_with_tuples(job["source"]))),
        segmentation=volumes["segmentation"],
        lesions=volumes["lesions"],
        measurements=Measurements.from_json(job["measurements"]),
        run=RunRecord(**_with_tuples(job["run"])),
        labels=LabelSet(tuple(_label(item) for item in job["labels"])),
        segments=volumes.get(_SEGMENTS),
        vena_cava=volumes.get(_CAVA),
    )


def remove_handover(folder: Path) -> None:
    """Take the hand-over out of the folder again; what was made of it stays."""
    for name in (_JOB_FILE, *(f"{array}.npy" for array in (*_ARRAYS, *_PERHAPS))):
        (folder / name).unlink(missing_ok=True)


def _with_tuples(item: dict[str, Any]) -> dict[str, Any]:
    """JSON has lists only; the fields of the frozen classes are tuples."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in item.items()}


def _label(item: dict[str, Any]) -> Label:
    codes = {name: Code(**item[name]) for name in ("category", "code")}
    return Label(**_with_tuples(item | codes))
