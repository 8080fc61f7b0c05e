"""Segments in 3D as light models, for a 3D view that is drawn without a graphics card.

Slicer's own surfaces are made again by every edit, at the label map's resolution: half a million triangles for a liver,
which a software renderer draws twice a second. Here the translucent organ comes from a coarser grid, and only segments
whose voxels have changed are made again, one at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import slicer

from LiverTumorSegLib.mrml.grid import array_of
from LiverTumorSegLib.mrml.hierarchy import remove_with_item
from LiverTumorSegLib.mrml.surfaces import light_surface


class SegmentModels:
    """One model node for each segment that has voxels; visibility, color and opacity are those of the segment."""

    def __init__(self, segmentation: slicer.vtkMRMLSegmentationNode) -> None:
        self._segmentation = segmentation
        self._models: dict[str, Any] = {}
        self._seen: dict[str, bytes] = {}

    def update(self) -> Iterator[str]:
        """Make the models of changed segments again; yields the id after each, so that an application stays alive."""
        ids = list(self._segmentation.GetSegmentation().GetSegmentIDs())
        for gone in [segment_id for segment_id in self._models if segment_id not in ids]:
            del self._seen[gone]
            self._remove(gone)
        for segment_id in ids:
            if self._update(segment_id):
                yield segment_id

    def show(self) -> None:
        """Take over how the segments are shown."""
        display = self._segmentation.GetDisplayNode()
        for segment_id, model in self._models.items():
            shown = model.GetDisplayNode()
            modified = shown.StartModify()
            shown.SetColor(self._segmentation.GetSegmentation().GetSegment(segment_id).GetColor())
            shown.SetOpacity(display.GetSegmentOpacity3D(segment_id))
            in_3d = display.GetSegmentVisibility(segment_id) and display.GetSegmentVisibility3D(segment_id)
            shown.SetVisibility(display.GetVisibility() and in_3d)
            shown.EndModify(modified)

    @property
    def surfaces(self) -> dict[str, Any]:
        """The surfaces (vtkPolyData) by segment id, in the segmentation's own frame."""
        return {segment_id: model.GetPolyData() for segment_id, model in self._models.items()}

    def remove(self) -> None:
        """Take all models out of the scene."""
        self._seen.clear()
        for segment_id in list(self._models):
            self._remove(segment_id)

    def _update(self, segment_id: str) -> bool:
        """Whether the segment had changed."""
        image = slicer.vtkOrientedImageData()
        self._segmentation.GetBinaryLabelmapRepresentation(segment_id, image)
        has_voxels = not image.IsEmpty() and array_of(image).any()
        mark = _mark_of(image) if has_voxels else b""
        if self._seen.get(segment_id) == mark:
            return False
        self._seen[segment_id] = mark
        if has_voxels:
            self._model_of(segment_id).SetAndObservePolyData(light_surface(self._segmentation, segment_id, image))
            self.show()
        elif segment_id in self._models:
            self._remove(segment_id)
        return True

    def _model_of(self, segment_id: str) -> Any:
        model = self._models.get(segment_id)
        if model is None:
            name = f"{self._segmentation.GetName()} {segment_id} model"
            model = self._segmentation.GetScene().AddNewNodeByClass("vtkMRMLModelNode", name)
            model.SetAndObserveTransformNodeID(self._segmentation.GetTransformNodeID())
            model.SetSaveWithScene(False)
            model.CreateDefaultDisplayNodes()
            self._models[segment_id] = model
        return model

    def _remove(self, segment_id: str) -> None:
        model = self._models.pop(segment_id)
        scene = model.GetScene()
        if scene is not None:
            scene.RemoveNode(model.GetDisplayNode())
            remove_with_item(scene, model)


def _mark_of(image: Any) -> bytes:
    """Of the voxels and their place."""
    place = repr((image.GetExtent(), image.GetOrigin(), image.GetSpacing())).encode()
    return hashlib.blake2b(place + array_of(image).tobytes(order="A"), digest_size=16).digest()
