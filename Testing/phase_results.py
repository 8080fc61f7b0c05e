"""Finished results of the synthetic abdomens, as segment writes them, with masks that are exactly right."""

from __future__ import annotations

from pathlib import Path

from phase_abdomens import SHAPE, abdomen
from plan_cases import TABLE

from LiverTumorSegLib.case import Case, RunRecord
from LiverTumorSegLib.io.nifti import write_nifti
from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.io.results import result_folder, write_case_files
from LiverTumorSegLib.measure.case import measure_case
from LiverTumorSegLib.phases.phase import ContrastPhase


def write_ct(folder: Path, phase: ContrastPhase) -> Path:
    """NAME.nii.gz in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{phase.replace(' ', '_')}.nii.gz"
    write_nifti(path, abdomen(phase, "oblique")[0])
    return path


def write_phase_result(folder: Path, phase: ContrastPhase, *, first_slice: int = 0) -> Path:
    """The result beside its CT. first_slice: slices before it are left out of both, so that a liver is cut off."""
    i, j, k = SHAPE
    left = (slice(0, i), slice(0, j), slice(first_slice, k))
    ct, segmentation = (volume.crop(left) for volume in abdomen(phase, "oblique"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{phase.replace(' ', '_')}.nii.gz"
    write_nifti(path, ct)
    study = read_study(path)
    measurements, lesions = measure_case(segmentation, None)
    run = RunRecord("segment", "0.0.1", "2026-01-02T03:04:05+00:00", {}, {"id": "test"}, study.source.to_json())
    out = folder / f"{path.name}.result"
    with result_folder(out) as work:
        case = Case(study, segmentation, lesions, measurements, run)
        write_case_files(work, case, volumes=TABLE, lesions=TABLE)
    return out
