"""Subjects of data sets -> cases on the grid that a network sees, each made once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from LiverTumorSegLib.geometry.axes import reoriented
from LiverTumorSegLib.geometry.resample import resample, smoothed, upright_grid
from LiverTumorSegLib.io.archive import folder_entries
from LiverTumorSegLib.io.raw import unreadable
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent, ignore_progress
from LiverTumorSegLib.training.augmentation.placement import AIR_HU, BACKGROUND
from LiverTumorSegLib.training.data.subject import LabelledCt, Subject
from LiverTumorSegLib.training.prepared import PreparedCase, store

_VERSION = 1
"""Of what is stored; with another one, everything is made anew."""
_KEY_LETTERS = 12


def prepare(
    subjects: Sequence[Subject], folder: Path, spacing_mm: float | None, report: ProgressCallback = ignore_progress
) -> tuple[PreparedCase, ...]:
    """Folders ID-KEY below ``folder``, in the order of the subjects; those that are there already are kept.

    spacing_mm: None keeps the CTs' own voxels. The key says what was prepared: files by path, size and time of change,
    annotated structures, spacing. report: called before each subject; where it raises, those that are done stay. No
    subjects give no cases. Raises InputError naming a file that is missing or damaged, and where the folder cannot be
    written.
    """
    cases = []
    for done, subject in enumerate(subjects):
        report(ProgressEvent("prepare", done / len(subjects), subject.id))
        target = folder / f"{subject.id}-{_key(subject, spacing_mm)}"
        if not target.is_dir():
            case = subject.load()
            store(on_own_grid(case) if spacing_mm is None else on_cubic_grid(case, spacing_mm), target)
        cases.append(PreparedCase(target, subject.id))
    report(ProgressEvent("prepare", 1.0))
    return tuple(cases)


def prepare_loaded(case: LabelledCt, name: str, folder: Path, spacing_mm: float) -> PreparedCase:
    """The same for arrays: folder NAME-KEY, the key being made of the arrays' content, annotation and spacing."""
    facts = (_VERSION, spacing_mm, sorted(case.annotated), case.ct.affine.tolist(), case.ct.shape)
    digest = hashlib.sha256(repr(facts).encode())
    for array in (case.ct.array, case.labels.array):
        digest.update(np.ascontiguousarray(array).tobytes())
    target = folder / f"{name}-{digest.hexdigest()[:_KEY_LETTERS]}"
    return PreparedCase(target) if target.is_dir() else store(on_cubic_grid(case, spacing_mm), target)


def on_cubic_grid(case: LabelledCt, spacing_mm: float) -> LabelledCt:
    """Any frame and spacing -> upright cubes of spacing_mm: axes run to the patient's right, front and head.

    HU are interpolated trilinearly (LVT, appendix A.2) after smoothing where the grid becomes coarser, float32;
    labels take the nearest voxel. The corners that an oblique CT does not reach are AIR_HU and BACKGROUND, for they
    are what the network sees there in inference.
    """
    grid = upright_grid(case.ct, (spacing_mm, spacing_mm, spacing_mm))
    ct = resample(smoothed(case.ct, (spacing_mm,) * 3), grid, outside=AIR_HU)
    labels = resample(case.labels, grid, outside=BACKGROUND, linear=False)
    return LabelledCt(ct, labels, case.annotated, case.warnings)


def on_own_grid(case: LabelledCt) -> LabelledCt:
    """The CT's own voxels, its axes turned to the patient's right, front and head as nearly as they can be."""
    return LabelledCt(reoriented(case.ct, "RAS"), reoriented(case.labels, "RAS"), case.annotated, case.warnings)


def _key(subject: Subject, spacing_mm: float | None) -> str:
    """Of everything that decides what is stored."""
    sources = [(subject.image.path, subject.image.series)]
    sources += [(one.image.path, one.image.series) for one in subject.annotations]
    sources += [(one.labels.path, str(sorted(one.structures))) for one in subject.annotations]
    states = [(str(path.resolve()), detail, _state(path)) for path, detail in sources]
    return hashlib.sha256(repr((_VERSION, spacing_mm, states)).encode()).hexdigest()[:_KEY_LETTERS]


def _state(path: Path) -> tuple[int, int, int]:
    """Number of files, bytes, last change in ns: of a file, or of all files of a folder."""
    try:
        files = [entry.path for entry in folder_entries(path)] if path.is_dir() else [path]
        states = [file.stat() for file in files]
    except OSError as error:
        raise unreadable(path, error) from error
    return len(states), sum(one.st_size for one in states), max((one.st_mtime_ns for one in states), default=0)
