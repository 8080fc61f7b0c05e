"""A segmentation that someone drew or edited -> the exclusive label map on the CT's own voxels."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from LiverTumorSegLib.arrays import Affine, LabelArray, Mask
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.label_names import PRIORITY, label_of
from LiverTumorSegLib.io.raw import RawImage
from LiverTumorSegLib.io.read import read_image
from LiverTumorSegLib.io.seg_nrrd import SegmentFile, is_seg_nrrd, read_seg_nrrd
from LiverTumorSegLib.labels import ALL_COUINAUD_LABELS, MAIN_LABELS, Label
from LiverTumorSegLib.volume import GRID_TOLERANCE_MM, Volume

LABELS_FILE = "labels.json"

Part = tuple[str, Label | None, Mask]
"""What the file calls it, what it means (None: not known), its voxels on the file's grid."""


def read_segmentation(path: Path, ct: Volume) -> tuple[Volume, tuple[str, ...]]:
    """uint8 values of SEGMENTATION_LABELS on the CT's grid, and warnings.

    path: .seg.nrrd, or a label map (NIfTI, NRRD, MetaImage) whose values are those of ``labels.json`` beside it, else
    those of MAIN_LABELS. Its grid may be a part of the CT's, or have its axes swapped or reversed. Overlaps
    go to the tumor first, then the vessels. Raises InputError for another grid and where nothing is recognized.
    """
    assumed: tuple[str, ...] = ()
    if path.is_file() and is_seg_nrrd(path):
        file = read_seg_nrrd(path)
        parts, affine = _segment_parts(file), file.affine
        shape = file.layers.shape[1:]
    else:
        image = read_image(path)
        parts, affine, shape = _label_parts(image), image.affine, image.array.shape
        assumed = _assumed(path, parts)
    known = [part for part in parts if part[1] is not None]
    if not known:
        raise _nothing_known(path, [name for name, _, _ in parts])
    labels, notes = _on_grid(path, _merge(known, shape), affine, ct)
    return labels, assumed + _notes(parts, is_empty=not labels.array.any()) + notes


def read_lesions(path: Path, ct: Volume) -> Volume:
    """A reader's lesion ids on the CT's grid (NIfTI, NRRD, MetaImage). Raises InputError for another grid or values."""
    image, values = _whole_on(path, ct)
    if values.size and (values[0] < 0 or values[-1] > np.iinfo(np.uint16).max):
        raise InputError(
            found=f"lesion ids from {values[0]:g} to {values[-1]:g} in {path.name}",
            expected="whole numbers from 0 (no lesion) to 65535",
            remedy="Number the lesions from 1",
        )
    return ct.with_array(image.array.astype(np.uint16))


def read_couinaud(path: Path, ct: Volume) -> Volume:
    """Couinaud segments on the CT's grid (NIfTI, NRRD, MetaImage). Raises InputError for another grid or values."""
    image, values = _whole_on(path, ct)
    known = tuple(ALL_COUINAUD_LABELS.values().values())
    if not set(values.tolist()) <= set(known) or not values.size:
        raise InputError(
            found=f"the values {_listed(int(value) for value in values) or '0'} in {path.name}",
            expected="Couinaud segments: 1 to 8, IVa 9 and IVb 10, and 0 outside",
            remedy="Give couinaud.nii.gz of a result, or a map with these values",
        )
    return ct.with_array(image.array.astype(np.uint8))


def _whole_on(path: Path, ct: Volume) -> tuple[RawImage, np.ndarray]:
    """An image on the CT's grid, and its values beside 0."""
    image = read_image(path)
    values, labels = _whole_values(image), Volume(image.array, image.affine)
    if not labels.same_grid(ct):
        raise _other_grid(path, labels.array, image.affine, ct)
    return image, values


def _assumed(path: Path, parts: list[Part]) -> tuple[str, ...]:
    """A warning where values were given meaning without being told it: other conventions have 2 for tumours."""
    if (path.parent / LABELS_FILE).is_file() or not any(mask.any() for _, _, mask in parts[1:]):
        return ()
    meanings = ", ".join(f"{label.value} {label.name}" for label in MAIN_LABELS)
    return (f"No {LABELS_FILE} lies beside {path.name}: its values were taken as {meanings}.",)


def _segment_parts(file: SegmentFile) -> list[Part]:
    return [
        (segment.name or segment.id, label_of((segment.id, segment.name), segment.code), file.mask(segment))
        for segment in file.segments
    ]


def _label_parts(image: RawImage) -> list[Part]:
    values = [int(value) for value in _whole_values(image) if value != 0]
    names = _label_names(image.path.parent / LABELS_FILE)
    if not names:
        names = {label.value: label.name for label in MAIN_LABELS}
    unknown = [value for value in values if value not in names]
    if unknown:
        raise InputError(
            found=f"{image.path.name} has the values {_listed(unknown)}, which have no name",
            expected=", ".join(f"{value} {name}" for value, name in sorted(names.items())),
            remedy='Put a labels.json such as {"liver": 1, "tumor": 2} beside it',
        )
    return [(name, label_of((name,)), image.array == value) for value, name in names.items()]


def _whole_values(image: RawImage) -> np.ndarray:
    flat = image.array.ravel(order="K")
    values = np.unique(flat[flat != 0])
    if values.size > 1000 or (values != np.rint(values)).any():
        raise InputError(
            found=f"{image.path.name} has {values.size} different values, like a CT or a probability map",
            expected="a label map of a few whole numbers",
            remedy="Give the segmentation, not the image",
        )
    return values


def _label_names(path: Path) -> dict[int, str]:
    """value -> name of labels.json; {} if there is none. Raises InputError if it cannot be understood."""
    if not path.is_file():
        return {}
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        return {int(value): str(name) for name, value in dict(data.get("labels", data)).items()}
    except (OSError, UnicodeDecodeError, ValueError, AttributeError, TypeError) as error:
        raise InputError(
            found=f"{path} is not a list of labels ({error})",
            expected='names and values such as {"liver": 1, "vessel": 2, "tumor": 3}',
            remedy="Correct it, or move it away to use these values",
        ) from error


def _merge(parts: Iterable[Part], shape: tuple[int, ...]) -> LabelArray:
    merged = np.zeros(shape, dtype=np.uint8, order="F")
    parts = list(parts)
    for label in reversed(PRIORITY):
        for _, meant, mask in parts:
            if meant == label:
                merged[mask] = label.value
    return merged


def _on_grid(path: Path, labels: LabelArray, affine: Affine, ct: Volume) -> tuple[Volume, tuple[str, ...]]:
    """Moves labels by whole voxels (and swapped or reversed axes) to the CT's grid."""
    ct_from_file = np.linalg.inv(ct.affine) @ affine
    turn = np.rint(ct_from_file[:3, :3]).astype(int)
    is_permutation = (np.abs(turn).sum(axis=0) == 1).all() and (np.abs(turn).sum(axis=1) == 1).all()
    offset = np.rint(ct_from_file[:3, 3]).astype(int)
    if not is_permutation or _largest_error_mm(labels.shape, ct_from_file, turn, offset, ct) > GRID_TOLERANCE_MM:
        raise _other_grid(path, labels, affine, ct)
    axes = [int(np.flatnonzero(turn[row])[0]) for row in range(3)]
    signs = np.array([turn[row, axes[row]] for row in range(3)])
    turned = np.transpose(labels, axes)[tuple(slice(None, None, int(sign)) for sign in signs)]
    start = offset + np.where(signs < 0, 1 - np.array(turned.shape), 0)
    return _placed(turned, start, ct)


def _placed(labels: LabelArray, start: np.ndarray, ct: Volume) -> tuple[Volume, tuple[str, ...]]:
    low = np.maximum(start, 0)
    high = np.maximum(np.minimum(start + labels.shape, ct.shape), low)
    result = np.zeros(ct.shape, dtype=np.uint8, order="F")
    inside = labels[tuple(slice(a, b) for a, b in zip(low - start, high - start, strict=True))]
    result[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = inside
    lost = int(np.count_nonzero(labels)) - int(np.count_nonzero(inside))
    return ct.with_array(result), (f"{lost} segmented voxels lie outside the CT and were left out.",) if lost else ()


def _largest_error_mm(shape: tuple[int, ...], exact: Affine, turn: np.ndarray, offset: np.ndarray, ct: Volume) -> float:
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in shape], indexing="ij"), dtype=np.float64).reshape(3, -1)
    apart_ijk = (exact[:3, :3] - turn) @ corners + (exact[:3, 3] - offset)[:, None]
    return float(np.linalg.norm(ct.affine[:3, :3] @ apart_ijk, axis=0).max())


def _other_grid(path: Path, labels: LabelArray, affine: Affine, ct: Volume) -> InputError:
    return InputError(
        found=f"{path.name} has another grid than the CT: {Volume(labels, affine).describe_grid()}",
        expected=f"the CT's voxels: {ct.describe_grid()}",
        remedy="Give the CT it was drawn on, or in Slicer set that CT as source geometry and save again",
    )


def _nothing_known(path: Path, names: list[str]) -> InputError:
    return InputError(
        found=f"{path.name} has {_listed(names) if names else 'no segments'}, none of which is known",
        expected="segments named liver, vessel or tumor (or with their SNOMED CT codes)",
        remedy="Rename the segments, or put a labels.json beside the label map",
    )


def _notes(parts: list[Part], *, is_empty: bool) -> tuple[str, ...]:
    ignored = [name for name, meant, mask in parts if meant is None and mask.any()]
    notes = [f"Ignored segments that are not liver, vessel or tumor: {_listed(ignored)}."] if ignored else []
    if is_empty:
        notes.append("The segmentation is empty.")
    return tuple(notes)


def _listed(items: Iterable[object]) -> str:
    shown = [str(item) for item in items]
    return ", ".join(shown[:10]) + (f" and {len(shown) - 10} more" if len(shown) > 10 else "")
