"""How much of the liver is tumor, for each case of a folder of segmentations or of a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.read import read_image
from LiverTumorSegLib.io.results import SEGMENTATION
from LiverTumorSegLib.io.seg_nrrd import is_seg_nrrd, read_seg_nrrd
from LiverTumorSegLib.io.segmentation import read_segmentation
from LiverTumorSegLib.labels import TUMOR
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent, ignore_progress
from LiverTumorSegLib.volume import Volume

_ENDINGS = (".seg.nrrd", ".nii.gz", ".nii", ".nrrd", ".mha", ".mhd")


def mask_files(folder: Path) -> dict[str, Path]:
    """Case id -> segmentation, sorted: result folders by their name, label maps by their file's without its ending.

    Raises InputError where there is none, or two have one name.
    """
    if not folder.is_dir():
        raise InputError(
            found=f"no folder {folder}",
            expected="a folder of result folders or label maps, named like the cases",
            remedy="Check the path",
        )
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        case, file = _case(path)
        if file is None:
            continue
        if case in found:
            raise InputError(
                found=f"{found[case]} and {file}, both of the case {case}",
                expected="one segmentation for each case",
                remedy="Move one of them away",
            )
        found[case] = file
    if not found:
        raise InputError(
            found=f"no segmentation in {folder}",
            expected="result folders or label maps (NIfTI, NRRD, MetaImage), named like the cases",
            remedy="Check the path",
        )
    return found


def ratios_of_masks(
    files: dict[str, Path], report: ProgressCallback = ignore_progress
) -> tuple[dict[str, float], tuple[str, ...]]:
    """Case id -> tumor ratio, and a warning for each case without a liver, which has no ratio.

    Raises InputError for a file that is no segmentation. ``report`` may raise CancelledError.
    """
    ratios, warnings = {}, []
    for n, (case, path) in enumerate(files.items()):
        report(ProgressEvent("masks", n / len(files), f"Counting voxels of {case}"))
        labels, notes = read_segmentation(path, _own_grid(path))
        warnings += [f"{case}: {note}" for note in notes]
        ratio = tumor_ratio(labels)
        if ratio is None:
            warnings.append(f"{case}: no voxel of liver or tumor; it counts as not known.")
        else:
            ratios[case] = ratio
    return ratios, tuple(warnings)


def tumor_ratio(labels: Volume) -> float | None:
    """Tumor voxels / voxels of the liver with vessels and tumors (TLVR, 0 to 1); None without any.

    labels: values of SEGMENTATION_LABELS.
    """
    organ = int(np.count_nonzero(labels.array))
    return int((labels.array == TUMOR.value).sum()) / organ if organ else None


def _own_grid(path: Path) -> Volume:
    """A volume on the grid of the segmentation itself: there is no CT to compare it with."""
    if is_seg_nrrd(path):
        file = read_seg_nrrd(path)
        return Volume(np.asarray(file.layers[0]), file.affine)
    image = read_image(path)
    return Volume(image.array, image.affine)


def _case(path: Path) -> tuple[str, Path | None]:
    if path.name.startswith("."):
        return "", None
    if path.is_dir():
        file = path / SEGMENTATION
        return path.name, file if file.is_file() else None
    ending = next((ending for ending in _ENDINGS if path.name.lower().endswith(ending)), None)
    return ("", None) if ending is None else (path.name[: -len(ending)], path)
