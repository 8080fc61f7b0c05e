"""A segmentation that someone edited, back as a label map on the CT's grid."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from LiverTumorSegLib.arrays import Box, LabelArray, Mask
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.geometry.boxes import common, inside, union_of
from LiverTumorSegLib.geometry.resample import Grid, resample
from LiverTumorSegLib.io.label_names import PRIORITY, label_of
from LiverTumorSegLib.labels import Label, LabelSet
from LiverTumorSegLib.mrml.grid import affine_of, array_of, matrix_of, to_world_of
from LiverTumorSegLib.mrml.segmentation_node import BINARY_LABELMAP
from LiverTumorSegLib.volume import GRID_TOLERANCE_MM, Volume


def segmentation_of(node: slicer.vtkMRMLSegmentationNode, grid: Volume) -> Volume:
    """The exclusive label map (uint8, values of SEGMENTATION_LABELS) of a segmentation node on the grid of ``grid``.

    Segments are recognized as in files (``io.label_names``): by id, name or code; several may be one label, others do
    not count (``ignored_segments``). Where segments overlap, tumor wins over vessel over liver. Voxels that lie on the
    grid are copied exactly, whatever the extent of the node's label maps; a map on another grid (a reader changed the
    segmentation's geometry) is taken at the nearest voxel. Parts outside the grid are dropped. Raises InputError for a
    node without label maps, and under a warping transform.
    """
    array = np.zeros(grid.shape, np.uint8, order="F")
    labels, box = labelled_part_of(node, grid)
    array[box] = labels
    return Volume(array, grid.affine)


def labelled_part_of(node: slicer.vtkMRMLSegmentationNode, grid: Volume) -> tuple[LabelArray, Box]:
    """The same without building anything of the whole grid's size: the labels of a box that holds all of them, and the
    box (of one voxel where there are none).
    """
    to_world = to_world_of(node)
    _check_has_labelmap(node)
    meanings = _meanings(node)
    parts = [
        (label, *_mask_on_grid(node, segment_id, to_world, grid))
        for label in reversed(PRIORITY)
        for segment_id in (name for name, meant in meanings.items() if meant == label)
    ]
    box = union_of([part_box for _label, part_box, mask in parts if mask.size])
    labels = np.zeros([side.stop - side.start for side in box], np.uint8, order="F")
    for label, part_box, mask in parts:
        labels[inside(part_box, box)][mask] = label.value
    return labels, box


def values_in(node: slicer.vtkMRMLSegmentationNode, labels: LabelSet, grid: Volume, box: Box) -> LabelArray:
    """The values of labels (by the ids of a node's segments) in a box of a grid; 0 where there is none of them."""
    to_world, segmentation = to_world_of(node), node.GetSegmentation()
    values = np.zeros(grid.shape, np.uint8, order="F")[box]
    for label in labels:
        if segmentation.GetSegment(label.name) is None:
            continue
        part_box, mask = _mask_on_grid(node, label.name, to_world, grid)
        theirs, ours = common(part_box, box)
        values[ours][mask[theirs]] = label.value
    return values


def ignored_segments(node: slicer.vtkMRMLSegmentationNode) -> list[str]:
    """Names of the segments that are neither liver, vessel nor tumor, and so are not measured."""
    segmentation = node.GetSegmentation()
    return [segmentation.GetSegment(name).GetName() for name, meant in _meanings(node).items() if meant is None]


def _check_has_labelmap(node: Any) -> None:
    segmentation = node.GetSegmentation()
    if segmentation.GetNumberOfSegments() and not segmentation.ContainsRepresentation(BINARY_LABELMAP):
        raise InputError(
            found=f"{node.GetName()} without label maps (surfaces only)",
            expected="a segmentation with a binary label map",
            remedy="Create the binary labelmap representation in the Segmentations module",
        )


def _meanings(node: Any) -> dict[str, Label | None]:
    """Segment id -> what it means."""
    segmentation = node.GetSegmentation()
    segments = {segment_id: segmentation.GetSegment(segment_id) for segment_id in segmentation.GetSegmentIDs()}
    return {
        segment_id: label_of((segment_id, segment.GetName()), _code_of(segment))
        for segment_id, segment in segments.items()
    }


def _code_of(segment: Any) -> str:
    """Of the terminology entry's type (context~category~type~...), empty if the segment has none."""
    fields = (segment.GetTerminology() or "").split("~")
    parts = fields[2].split("^") if len(fields) > 2 else []
    return parts[1] if len(parts) > 1 else ""


def _mask_on_grid(node: Any, segment_id: str, to_world: np.ndarray, grid: Volume) -> tuple[Box, Mask]:
    """The box of the grid that a segment's label map covers, and which of its voxels belong to the segment."""
    labelmap = slicer.vtkOrientedImageData()
    if not node.GetBinaryLabelmapRepresentation(segment_id, labelmap) or labelmap.IsEmpty():
        return (slice(0, 0), slice(0, 0), slice(0, 0)), np.zeros((0, 0, 0), bool)
    part = Volume(array_of(labelmap) != 0, _affine_of_first_voxel(labelmap, to_world))
    aligned = _with_axes_of(part, grid)
    if aligned is None:
        nearest = resample(part.with_array(part.array.view(np.uint8)), Grid.of(grid), outside=0.0, linear=False)
        whole = slice(0, grid.shape[0]), slice(0, grid.shape[1]), slice(0, grid.shape[2])
        return whole, nearest.array != 0
    theirs, ours = _overlap(_first_index(aligned, grid), aligned.shape, grid.shape)
    return ours, aligned.array[theirs]


def _affine_of_first_voxel(labelmap: Any, to_world: np.ndarray) -> np.ndarray:
    """The label map's affine counts from index 0 of its extent, its array from the extent's first voxel."""
    matrix = matrix_of(np.eye(4))
    labelmap.GetImageToWorldMatrix(matrix)
    affine = to_world @ affine_of(matrix)
    affine[:3, 3] += affine[:3, :3] @ labelmap.GetExtent()[::2]
    return affine


def _with_axes_of(part: Volume, grid: Volume) -> Volume | None:
    """A part with its axes in the order and direction of the grid's; None if its voxels are not voxels of the grid."""
    turn = np.rint(np.linalg.inv(grid.affine[:3, :3]) @ part.affine[:3, :3]).astype(int)
    if not np.array_equal(turn @ turn.T, np.eye(3)):
        return None
    order = [int(axis) for axis in np.abs(turn).argmax(axis=1)]
    array = part.array.transpose(order)
    to_part = np.eye(4)
    to_part[:3, :3] = turn.T
    for axis, source in enumerate(order):
        if turn[axis, source] < 0:
            array = np.flip(array, axis)
            to_part[source, 3] = part.shape[source] - 1
    aligned = Volume(array, part.affine @ to_part)
    snapped = grid.affine.copy()
    snapped[:3, 3] = grid.ras_from_ijk(_first_index(aligned, grid)[None])[0]
    return aligned if aligned.same_grid(Volume(array, snapped), GRID_TOLERANCE_MM) else None


def _first_index(aligned: Volume, grid: Volume) -> np.ndarray:
    """Index in the grid of an aligned part's first voxel."""
    return np.rint(grid.ijk_from_ras(aligned.affine[None, :3, 3])[0]).astype(int)


def _overlap(start_ijk: np.ndarray, part: tuple[int, ...], grid: tuple[int, ...]) -> tuple[Any, Any]:
    """The common box, as index ranges of the part and of the grid; ranges may be empty."""
    low = np.maximum(0, start_ijk)
    high = np.maximum(low, np.minimum(grid, start_ijk + np.array(part)))
    theirs = tuple(slice(int(a), int(b)) for a, b in zip(low - start_ijk, high - start_ijk, strict=True))
    ours = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return theirs, ours
