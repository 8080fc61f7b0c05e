"""What ``evaluate`` reads: the label map of a prediction, and the masks of an expert."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from LiverTumorSegLib.cli.evaluate_cases import PlannedCase
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.evaluation.agreement import STRUCTURES, Reference
from LiverTumorSegLib.io.label_names import label_of
from LiverTumorSegLib.io.raw import RawImage
from LiverTumorSegLib.io.read import read_image
from LiverTumorSegLib.io.results import LABELS, read_segmentation_of
from LiverTumorSegLib.io.seg_nrrd import is_seg_nrrd, read_seg_nrrd
from LiverTumorSegLib.io.segmentation import read_segmentation
from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.labels import TUMOR, VESSEL_VALUES, main_label
from LiverTumorSegLib.volume import Volume

MOST_VALUES = 1000
"""More is an image, not a mask."""

LabelMap = tuple[Volume, tuple[str, ...]]
"""Values of SEGMENTATION_LABELS, and warnings."""


def read_prediction(path: Path) -> LabelMap:
    """Of a result folder or a label map file (its values as in labels.json beside it, else 1 liver, 2 vessel, 3 tumor).

    Raises InputError for anything else.
    """
    if path.is_dir():
        return read_segmentation_of(path), ()
    return read_segmentation(path, _grid_of(path))


def read_reference(case: PlannedCase, grid: Volume) -> tuple[Reference, tuple[str, ...]]:
    """The expert's masks, and warnings. grid: the prediction's, on which a cropped .seg.nrrd is placed.

    Raises InputError for what cannot be read, lies outside the grid, or annotates nothing.
    """
    if case.reference is None:
        return _of_masks(case), ()
    if case.reference.is_dir():
        judged = case.annotated or frozenset(STRUCTURES)
        return Reference.of_labels(read_segmentation_of(case.reference), judged), ()
    labels, warnings = _placed(case.reference, grid)
    named = _named_in(case.reference)
    judged = case.annotated or named or frozenset(STRUCTURES)
    if case.annotated is None and named is None:
        warnings += _absent(case.reference, labels)
    return Reference.of_labels(labels, judged), warnings


def _of_masks(case: PlannedCase) -> Reference:
    masks = {name: united(paths) for name, paths in case.masks.items()}
    judged = frozenset(masks) if case.annotated is None else frozenset(masks) & case.annotated
    if not judged:
        raise InputError(
            found="no mask of a structure that is said to be annotated",
            expected="a file for at least one of them",
            remedy="Correct 'annotated', or give the files",
        )
    return Reference(**masks, judged=judged)


def united(files: Iterable[Path]) -> Volume:
    """One volume of one or more masks: ids of a single file are kept, several become one mask."""
    first, *others = (_mask(path) for path in files)
    if not others:
        return first
    mask = first.array > 0
    for other in others:
        if not other.same_grid(first):
            raise InputError(
                found=f"masks on different grids: {first.describe_grid()}, and {other.describe_grid()}",
                expected="masks drawn on one CT",
                remedy="Give files of the same examination",
            )
        mask = mask | (other.array > 0)
    return first.with_array(mask.astype("uint8"))


def _mask(path: Path) -> Volume:
    """Labels of a file; raises InputError for what is no mask (a CT, a probability map)."""
    image = read_image(path)
    flat = image.array.ravel(order="K")
    values = np.unique(flat[flat != 0])  # few are not 0, and to sort the rest takes a second
    if values.size > MOST_VALUES or (values != np.rint(values)).any() or (values < 0).any():
        raise InputError(
            found=f"{path.name} has {values.size} different values from {values[0]:g} to {values[-1]:g}",
            expected=f"a mask or lesion ids: at most {MOST_VALUES} whole numbers from 0",
            remedy="Give the file of the mask, not of the image",
        )
    whole = image.array if np.can_cast(image.array.dtype, np.int32) else image.array.astype(np.int32)
    return Volume(whole, image.affine)


def _placed(path: Path, grid: Volume) -> LabelMap:
    """A label map on its own grid; a .seg.nrrd, which Slicer crops to the segments, on the prediction's."""
    own, warnings = read_segmentation(path, _grid_of(path))
    if own.same_grid(grid) or not is_seg_nrrd(path):
        return own, warnings
    placed, _ = read_segmentation(path, grid)
    if np.count_nonzero(placed.array) != np.count_nonzero(own.array):
        raise InputError(
            found=f"{path.name} reaches beyond the prediction, which has {grid.describe_grid()}",
            expected="a prediction of the whole CT that the expert drew on",
            remedy="Give the segmentation of the same CT",
        )
    return placed, warnings


def _grid_of(path: Path) -> Volume:
    if path.is_file() and is_seg_nrrd(path):
        file = read_seg_nrrd(path)
        return Volume(file.layers[0], file.affine)
    image: RawImage = read_image(path)
    return Volume(image.array, image.affine)


def _named_in(path: Path) -> frozenset[str] | None:
    """The structures that a file says it has: segments of a .seg.nrrd, labels.json beside a label map; else None."""
    if is_seg_nrrd(path):
        labels = [label_of((item.id, item.name), item.code) for item in read_seg_nrrd(path).segments]
    elif (path.parent / LABELS).is_file():
        data = read_json(path.parent / LABELS)
        labels = [label_of((str(name),)) for name in dict(data.get("labels", data))]
    else:
        return None
    return frozenset(main_label(label).name for label in labels if label is not None)


def _absent(path: Path, labels: Volume) -> tuple[str, ...]:
    """A warning for structures without a voxel, of which nobody said whether the expert looked for them."""
    values = {"vessel": VESSEL_VALUES, "tumor": (TUMOR.value,)}
    absent = [name for name, some in values.items() if not np.isin(labels.array, some).any()]
    if not absent:
        return ()
    others = " ".join(name for name in STRUCTURES if name not in absent)
    return (
        f"{path.name} marks no {' and no '.join(absent)}: taken as 'there is none'. "
        f"If the expert did not annotate it, say so (--annotated {others}).",
    )
