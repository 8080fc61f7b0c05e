"""Lesion instances: which tumour voxels belong together, numbered by volume."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.arrays import Box, Mask
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.geometry.boxes import bounding_box, shift_box
from LiverTumorSegLib.geometry.components import boxes_of, connected_components
from LiverTumorSegLib.geometry.ordering import order_of
from LiverTumorSegLib.volume import Volume

MAX_LESIONS = int(np.iinfo(np.uint16).max)


@dataclass(frozen=True, eq=False)
class Instances:
    """volume: uint16 ids on the tumour's grid, 1 is the largest. voxels, boxes: of the ids 1, 2, ..., in this order."""

    volume: Volume
    voxels: tuple[int, ...]
    boxes: tuple[Box, ...]


def find_instances(tumor: Volume, readers: Volume | None = None) -> Instances:
    """26-connected parts of a tumour mask, or a reader's grouping of it, numbered from the largest down.

    tumor: bool. readers: any integer ids on the same grid, 0 is no lesion; its ids are replaced by the rank in volume.
    The mask decides what is tumour: a reader's ids outside it do not count, and parts of it without an id become
    lesions of their own. Equal volumes: the higher centre first, then the more anterior, then the more right one. An
    empty mask has no instances.
    Raises InputError for more than 65535 lesions, non-integer ids, or another grid.
    """
    _check_readers(tumor, readers)
    ids = np.zeros_like(tumor.array, dtype=np.uint16)
    box = bounding_box(tumor.array)
    if box is None:
        return Instances(tumor.with_array(ids), (), ())
    labels, count = _grouped(tumor.array[box], readers.array[box] if readers else None)
    if count > MAX_LESIONS:
        raise InputError(
            found=f"{count} separate tumor parts",
            expected=f"at most {MAX_LESIONS}",
            remedy="This looks like noise: remove small islands from the tumour segment, then measure again",
        )
    voxels = np.bincount(labels.ravel(order="K"), minlength=count + 1)[1:]
    boxes = boxes_of(labels, count)
    order = _by_size(voxels, labels, boxes, tumor.crop(box))
    rank = np.zeros(count + 1, np.uint16)
    rank[order + 1] = np.arange(1, count + 1)
    ids[box] = rank[labels]
    return Instances(
        tumor.with_array(ids),
        tuple(int(voxels[n]) for n in order),
        tuple(shift_box(boxes[n], box) for n in order),
    )


def lesions_differ(tumor: Mask, readers: np.ndarray) -> bool:
    """Whether a reader's lesions cover other voxels than the tumour mask."""
    return bool(((readers != 0) != tumor).any())


def _check_readers(tumor: Volume, readers: Volume | None) -> None:
    if readers is None:
        return
    if not readers.same_grid(tumor):
        raise InputError(
            found=f"lesions with {readers.describe_grid()}",
            expected=f"the segmentation's grid: {tumor.describe_grid()}",
            remedy="Give the lesion map that belongs to this segmentation",
        )
    if readers.array.dtype.kind not in "iu":
        raise InputError(
            found=f"lesion ids of type {readers.array.dtype}",
            expected="whole numbers, one per lesion",
            remedy="Save the lesion map as a label map",
        )


def _grouped(tumor: Mask, readers: np.ndarray | None) -> tuple[np.ndarray, int]:
    """Ids 1..n without gaps: the reader's where there are some, 26-connected parts elsewhere."""
    if readers is None:
        return connected_components(tumor)
    grouped = tumor & (readers != 0)
    known, ids = np.unique(readers[grouped], return_inverse=True)
    labels, count = connected_components(tumor & ~grouped)
    labels = labels.astype(np.int64)
    labels[labels > 0] += known.size
    labels[grouped] = ids + 1
    return labels, count + known.size


def _by_size(voxels: np.ndarray, labels: np.ndarray, boxes: list[Box], grid: Volume) -> np.ndarray:
    """Indices of the parts, largest first; of equal ones the order does not depend on how the array is stored."""
    order = np.argsort(-voxels, kind="stable")
    sizes = voxels[order]
    starts = np.flatnonzero(np.diff(sizes, prepend=-1))
    groups = np.split(order, starts[1:])
    return np.concatenate([_by_place(group, labels, boxes, grid) for group in groups])


def _by_place(group: np.ndarray, labels: np.ndarray, boxes: list[Box], grid: Volume) -> np.ndarray:
    if group.size == 1:
        return group
    keys = [-_center_ras(labels, int(n) + 1, boxes[n], grid)[::-1] for n in group]
    return group[order_of(np.array(keys))]


def _center_ras(labels: np.ndarray, part: int, box: Box, grid: Volume) -> np.ndarray:
    center = np.argwhere(labels[box] == part).mean(axis=0) + [axis.start for axis in box]
    return grid.ras_from_ijk(center[np.newaxis])[0]
