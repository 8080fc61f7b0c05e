"""Edits land where the reader sees them, also on a CT that lies under a transform (tilted gantry).

trame-slicer 2.0 goes from the mouse to voxels by the CT's own matrix and leaves out the transform above it: on a CT
with sheared slices, a stroke would land centimetres from the mouse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from trame_slicer.core import SegmentationEditor
from trame_slicer.segmentation import SegmentationEffectIslands, SegmentationEffectScissors
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkPolyData

from LiverTumorSegLib.arrays import Affine
from LiverTumorSegLib.mrml.grid import to_world_of

Point = tuple[float, float, float]


class PlacedEditing:
    """Put once between an editor and what is told of places in the world; ``follow`` each CT that is edited."""

    def __init__(self, editor: SegmentationEditor) -> None:
        self._from_world: Affine = np.eye(4)
        self._editor = editor
        scissors, islands = editor.get_effect(SegmentationEffectScissors), editor.get_effect(SegmentationEffectIslands)
        # The places where points of the world come in; there is no public one.
        self._wrap(scissors, "_polydata_to_oriented_image", self._surface_in_node)
        for name in ("keep_island_at_position", "remove_island_at_position"):
            self._wrap(islands, name, self._point_in_node)

    def follow(self, volume_node: Any) -> None:
        """From now on the editor edits a segmentation on this CT. Raises InputError under a warping transform."""
        self._from_world = np.linalg.inv(to_world_of(volume_node))
        modifier = self._editor.active_segment_modifier
        self._wrap(modifier, "_world_points_to_ijk", self._points_in_node)
        self._wrap(modifier, "_world_poly_to_ijk", self._surface_in_node)

    @staticmethod
    def _wrap(owner: Any, name: str, to_node: Callable[[Any], Any]) -> None:
        original = getattr(owner, name)
        setattr(owner, name, lambda place: original(to_node(place)))

    def _point_in_node(self, point_ras: Point) -> Point:
        x, y, z = self._from_world[:3, :3] @ np.asarray(point_ras[:3]) + self._from_world[:3, 3]
        return float(x), float(y), float(z)

    def _points_in_node(self, points: vtkPoints) -> vtkPoints:
        coordinates = vtk_to_numpy(points.GetData()).astype(float)
        moved = vtkPoints()
        moved.SetDataTypeToDouble()
        moved.SetData(numpy_to_vtk(coordinates @ self._from_world[:3, :3].T + self._from_world[:3, 3], deep=True))
        return moved

    def _surface_in_node(self, surface: vtkPolyData) -> vtkPolyData:
        moved = vtkPolyData()
        moved.DeepCopy(surface)
        moved.SetPoints(self._points_in_node(surface.GetPoints()))
        return moved
