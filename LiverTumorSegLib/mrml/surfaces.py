"""Surfaces of segments, for 3D views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import slicer
from vtkmodules.vtkCommonMath import vtkMatrix4x4

from LiverTumorSegLib.mrml.grid import affine_of, array_of, image_of, matrix_of
from LiverTumorSegLib.mrml.segmentation_node import BINARY_LABELMAP, CLOSED_SURFACE

_SURFACE_NETS = {"Conversion method": "1"}
"""With Slicer's low-pass filter after them; half the time of flying edges, the same look and volume."""
_SMOOTHED_AS_MADE = {"Conversion method": "1", "SurfaceNets smoothing": "1", "Smoothing factor": "1.0"}
"""Less than half of the time again, but 0.3 mm inside the true surface: for the liver, not for lesions (a ball of 8 mm
would lose half of its volume). docs/decisions/0015-living-surfaces.md"""

COARSE_MM = 1.5
"""Of the translucent organ in pictures: half a million of its triangles took three quarters of the drawing time."""


def create_surfaces(node: slicer.vtkMRMLSegmentationNode) -> None:
    """Surfaces of all segments, and how Slicer makes them again after an edit."""
    for _segment_id in surfaces_one_by_one(node):
        pass


def surfaces_one_by_one(node: slicer.vtkMRMLSegmentationNode) -> Iterator[str]:
    """The same in steps, for an application that must stay alive in between: yields the id of each finished segment."""
    segmentation = node.GetSegmentation()
    _set_parameters(segmentation, _SURFACE_NETS)
    for segment_id in segmentation.GetSegmentIDs():
        segment = segmentation.GetSegment(segment_id)
        labelmap = segment.GetRepresentation(BINARY_LABELMAP)
        how = _SMOOTHED_AS_MADE if _is_translucent(node, segment_id) else _parameters_of(segmentation)
        segment.AddRepresentation(CLOSED_SURFACE, _surface_of(labelmap, segment.GetLabelValue(), how))
        yield segment_id
    node.GetDisplayNode().SetPreferredDisplayRepresentationName3D(CLOSED_SURFACE)


def coarsen_translucent_surfaces(node: slicer.vtkMRMLSegmentationNode, spacing_mm: float = COARSE_MM) -> None:
    """Replace the surfaces of translucent segments by coarser ones; for a scene that is drawn and then thrown away.

    Vessels and tumors keep theirs: smoothing thins small structures on a coarse grid.
    """
    segmentation = node.GetSegmentation()
    for segment_id in segmentation.GetSegmentIDs():
        if _is_translucent(node, segment_id):
            surface = _coarse_surface(node, segment_id, spacing_mm)
            if surface is not None:
                segmentation.GetSegment(segment_id).AddRepresentation(CLOSED_SURFACE, surface)


def light_surface(
    node: slicer.vtkMRMLSegmentationNode, segment_id: str, labelmap: Any, coarse_mm: float = COARSE_MM
) -> Any:
    """A surface (vtkPolyData) for views drawn without a graphics card: coarse where the segment is translucent.

    labelmap: of the segment alone, 1 inside; not empty.
    """
    coarse = _every_nth_voxel(labelmap, coarse_mm) if _is_translucent(node, segment_id) else labelmap
    return _surface_of(coarse, 1, _SURFACE_NETS)


def _coarse_surface(node: Any, segment_id: str, spacing_mm: float) -> Any | None:
    fine = slicer.vtkOrientedImageData()
    if not node.GetBinaryLabelmapRepresentation(segment_id, fine) or fine.IsEmpty():
        return None
    return _surface_of(_every_nth_voxel(fine, spacing_mm), 1, _SURFACE_NETS)


def _is_translucent(node: Any, segment_id: str) -> bool:
    return bool(node.GetDisplayNode().GetSegmentOpacity3D(segment_id) < 1)


def _surface_of(labelmap: Any, value: int, parameters: Mapping[str, str]) -> Any:
    """Slicer's own conversion of one value of a label map, without the segmentation that it belongs to."""
    segment = slicer.vtkSegment()
    segment.SetLabelValue(value)
    segment.AddRepresentation(BINARY_LABELMAP, labelmap)
    alone = slicer.vtkSegmentation()
    alone.SetSourceRepresentationName(BINARY_LABELMAP)
    alone.AddSegment(segment, "alone")
    _set_parameters(alone, parameters)
    alone.CreateRepresentation(CLOSED_SURFACE)
    return segment.GetRepresentation(CLOSED_SURFACE)


def _every_nth_voxel(fine: Any, spacing_mm: float) -> Any:
    """A label map of about ``spacing_mm``; never finer than the original, every voxel stays in its place."""
    matrix = vtkMatrix4x4()
    fine.GetImageToWorldMatrix(matrix)
    affine = affine_of(matrix)
    steps = [max(1, round(spacing_mm / float(size))) for size in np.linalg.norm(affine[:3, :3], axis=0)]
    affine[:3, 3] += affine[:3, :3] @ fine.GetExtent()[::2]
    coarse = slicer.vtkOrientedImageData()
    coarse.DeepCopy(image_of(array_of(fine)[tuple(slice(None, None, step) for step in steps)]))
    coarse.SetGeometryFromImageToWorldMatrix(matrix_of(affine @ np.diag([*steps, 1.0])))
    return coarse


def _parameters_of(segmentation: Any) -> dict[str, str]:
    """What a reader has chosen in the Segmentations module goes for the first surfaces, too."""
    names = (*_SMOOTHED_AS_MADE, "Decimation factor")
    return {name: segmentation.GetConversionParameter(name) for name in names}


def _set_parameters(segmentation: Any, parameters: Mapping[str, str]) -> None:
    for name, value in parameters.items():
        segmentation.SetConversionParameter(name, value)
