"""The files of a result folder, written and read back."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from LiverTumorSegLib.case import Case, RunRecord, couinaud_labels_in
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.nifti import read_nifti, write_nifti
from LiverTumorSegLib.io.nrrd import write_seg_nrrd
from LiverTumorSegLib.io.output_folder import OutputKind, check_room, output_folder
from LiverTumorSegLib.io.text_files import CsvTable, read_json, write_csv, write_json
from LiverTumorSegLib.labels import LabelSet
from LiverTumorSegLib.measurements import Measurements
from LiverTumorSegLib.volume import Volume

SEGMENTATION, LESIONS = "segmentation.nii.gz", "lesions.nii.gz"
SEG_NRRD, LABELS = "segmentation.seg.nrrd", "labels.json"
COUINAUD, COUINAUD_SEG_NRRD = "couinaud.nii.gz", "couinaud.seg.nrrd"
VENA_CAVA = "vena_cava.nii.gz"
TUMOR_PROBABILITY = "tumor_probability.nii.gz"
MEASUREMENTS, LESION_TABLE, VOLUME_TABLE = "measurements.json", "measurements.csv", "volumes.csv"
RUN, SCENE, REPORT, OVERVIEW = "run.json", "scene.mrb", "report.html", "overview.png"
SUMMARY, NARRATED = "summary.txt", "summary_narrated.txt"
_VOLUMES = {SEGMENTATION, LESIONS, SEG_NRRD, COUINAUD, COUINAUD_SEG_NRRD, VENA_CAVA, TUMOR_PROBABILITY}
_WRITTEN_HERE = _VOLUMES | {LABELS, MEASUREMENTS, LESION_TABLE, VOLUME_TABLE, RUN}
RESULT = OutputKind("an earlier result", RUN, frozenset(_WRITTEN_HERE | {SCENE, REPORT, OVERVIEW, SUMMARY, NARRATED}))
_ROOM_BESIDE_CT_BYTES = 20 * 2**20


@dataclass(frozen=True, eq=False)
class StoredCase:
    """A result folder read back. labels: name -> value in ``segmentation``. segments: None where there are none."""

    segmentation: Volume
    lesions: Volume
    labels: dict[str, int]
    measurements: Measurements
    run: dict[str, Any]
    segments: Volume | None = None


def result_folder(out: Path) -> AbstractContextManager[Path]:
    """A temporary folder that becomes the result folder ``out`` if all goes well; see output_folder."""
    return output_folder(out, RESULT)


def check_room_for_result(folder: Path, ct: Volume) -> None:
    """To call once the CT is known. Raises InputError if what lies in the folder at one time may not fit on the disk.

    That is the hand-over to the scene's process (CT, uint8 labels, segments and vena cava, uint16 lesion ids), the
    scene, which is at most as large as the CT (its voxels do not always pack), and the small files.
    """
    handed_over = ct.array.nbytes + ct.array.size * (3 * np.uint8().nbytes + np.uint16().nbytes)
    check_room(folder, int(handed_over) + int(ct.array.nbytes) + _ROOM_BESIDE_CT_BYTES)


def write_case_files(folder: Path, case: Case, *, volumes: CsvTable, lesions: CsvTable) -> None:
    """Segmentation (.seg.nrrd, .nii.gz and labels.json), Couinaud segments (.seg.nrrd, .nii.gz), vena cava, lesion
    ids, measurements (JSON, two CSV) and run.json.

    folder: exists, usually that of result_folder. Raises ValueError if a number is NaN or infinite.
    """
    write_seg_nrrd(folder / SEG_NRRD, case.segmentation, case.shown)
    write_nifti(folder / SEGMENTATION, case.segmentation)
    write_nifti(folder / LESIONS, case.lesions)
    if case.segments is not None:
        write_seg_nrrd(folder / COUINAUD_SEG_NRRD, case.segments, couinaud_labels_in(case.segments))
        write_nifti(folder / COUINAUD, case.segments)
    if case.vena_cava is not None:
        write_nifti(folder / VENA_CAVA, case.vena_cava)
    if case.tumor_probability is not None:
        write_nifti(folder / TUMOR_PROBABILITY, case.tumor_probability)
    write_labels_json(folder, case.labels)
    write_measurements(folder, case.measurements)
    write_csv(folder / VOLUME_TABLE, volumes)
    write_csv(folder / LESION_TABLE, lesions)
    write_run(folder, case.run)


def write_measurements(folder: Path, measurements: Measurements) -> None:
    """measurements.json, schema 1. Raises ValueError if a number is NaN or infinite."""
    write_json(folder / MEASUREMENTS, measurements.to_json())


def write_labels_json(folder: Path, labels: LabelSet) -> None:
    """labels.json: name -> value."""
    write_json(folder / LABELS, labels.values())


def write_run(folder: Path, run: RunRecord) -> None:
    """run.json; it marks a folder as a result, so write it last."""
    write_json(folder / RUN, asdict(run))


def read_case(folder: Path) -> StoredCase:
    """What write_case_files wrote. Raises InputError if the folder is not a complete result."""
    lesions = read_nifti(_present(folder, LESIONS))
    try:
        measurements = Measurements.from_json(read_json(_present(folder, MEASUREMENTS)))
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            found=f"{folder / MEASUREMENTS} cannot be used ({error})",
            expected="measurements of schema 1",
            remedy="Make the result again with this version",
        ) from error
    return StoredCase(
        read_segmentation_of(folder),
        Volume(lesions.array, lesions.affine),
        read_json(_present(folder, LABELS)),
        measurements,
        read_json(_present(folder, RUN)),
        read_segments_of(folder),
    )


def is_result(path: Path) -> bool:
    """Whether a path is a finished result folder, not a CT."""
    return (path / SEGMENTATION).is_file() and (path / RUN).is_file()


def read_segmentation_of(folder: Path) -> Volume:
    """The label map of a result folder. Raises InputError if the folder is none."""
    image = read_nifti(_present(folder, SEGMENTATION))
    return Volume(image.array, image.affine)


def read_segments_of(folder: Path) -> Volume | None:
    """The Couinaud segments of a result folder; None where the liver was not divided."""
    if not (folder / COUINAUD).is_file():
        return None
    image = read_nifti(folder / COUINAUD)
    return Volume(image.array, image.affine)


def read_vena_cava_of(folder: Path) -> Volume | None:
    """Mask (0 or 1) of the vena cava beside the liver; None where a result folder has none."""
    if not (folder / VENA_CAVA).is_file():
        return None
    image = read_nifti(folder / VENA_CAVA)
    return Volume(image.array, image.affine)


def read_tumor_probability_of(folder: Path) -> Volume | None:
    """Probability of tumor (0 to 1, float32) on a grid of its own; None where a result folder has none."""
    if not (folder / TUMOR_PROBABILITY).is_file():
        return None
    image = read_nifti(folder / TUMOR_PROBABILITY)
    return Volume(image.array.astype(np.float32) / np.float32(100), image.affine)


def _present(folder: Path, name: str) -> Path:
    path = folder / name
    if not path.is_file():
        raise InputError(
            found=f"no {name} in {folder}",
            expected="a result folder written by segment or measure",
            remedy="Check the path, or make the result again",
        )
    return path
