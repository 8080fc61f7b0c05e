"""The files of a procedural phantom: a CT to work on and the truth beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from LiverTumorSegLib.io.nifti import write_nifti
from LiverTumorSegLib.io.output_folder import OutputKind, output_folder
from LiverTumorSegLib.io.results import LABELS, LESIONS, SEGMENTATION, write_labels_json
from LiverTumorSegLib.io.text_files import write_json
from LiverTumorSegLib.labels import MAIN_LABELS
from LiverTumorSegLib.volume import Volume

CT, TRUTH = "ct.nii.gz", "truth.json"
PHANTOM = OutputKind("an earlier phantom", TRUTH, frozenset({CT, TRUTH, SEGMENTATION, LESIONS, LABELS}))


def write_phantom_files(out: Path, ct: Volume, segmentation: Volume, lesions: Volume, truth: dict[str, Any]) -> None:
    """ct.nii.gz (HU), segmentation.nii.gz with labels.json, lesions.nii.gz (ids) and truth.json (ml, mm).

    Raises InputError as output_folder does.
    """
    with output_folder(out, PHANTOM) as folder:
        write_nifti(folder / CT, ct)
        write_nifti(folder / SEGMENTATION, segmentation)
        write_nifti(folder / LESIONS, lesions)
        write_labels_json(folder, MAIN_LABELS)
        write_json(folder / TRUTH, truth)
