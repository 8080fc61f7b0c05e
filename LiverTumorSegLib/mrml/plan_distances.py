"""Tumours coloured by how near vessels are, and vessels by how near tumours are: models in place of segments."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkDataObject, vtkPolyData

from LiverTumorSegLib.arrays import Points
from LiverTumorSegLib.labels import HEPATIC_VEIN, PORTAL_VEIN, TUMOR, VESSEL
from LiverTumorSegLib.mrml.grid import to_world_of
from LiverTumorSegLib.mrml.hierarchy import file_with
from LiverTumorSegLib.mrml.plan import COLORS_ROLE, DISTANCES_ROLE, Plan
from LiverTumorSegLib.mrml.plan_nodes import fade_parts, hide_in_3d, remove_node, show_again
from LiverTumorSegLib.mrml.segmentation_node import CLOSED_SURFACE
from LiverTumorSegLib.mrml.surfaces import create_surfaces

SCALARS = "Distance (mm)"
FURTHEST_MM = 20.0
NEAR_TO = {
    TUMOR.name: "vessels",
    PORTAL_VEIN.name: "tumors",
    HEPATIC_VEIN.name: "tumors",
    VESSEL.name: "tumors",
}
"""Segment id -> to what its distances are measured, as planning.live names it."""
SEGMENT_ATTRIBUTE = "LiverTumorSeg.DistancesOf"

_STOPS: tuple[tuple[float, tuple[int, int, int]], ...] = (
    (0.0, (178, 10, 45)),
    (2.0, (226, 60, 50)),
    (5.0, (246, 150, 60)),
    (10.0, (252, 224, 110)),
    (20.0, (238, 240, 232)),
)
"""mm and colour: dark and warm is near, pale is far; in grey, too, it runs from dark to light."""
_COLORS = 200
_LEGEND = "vtkMRMLColorLegendDisplayNode"


def surfaces_of(plan: Plan) -> dict[str, Any]:
    """Closed surfaces (vtkPolyData, in the result's own frame) by id, of the segments that can be coloured and are not
    empty.
    """
    segmentation = plan.result.segmentation.GetSegmentation()
    if not segmentation.ContainsRepresentation(CLOSED_SURFACE):
        create_surfaces(plan.result.segmentation)
    segments = {segment_id: segmentation.GetSegment(segment_id) for segment_id in NEAR_TO}
    found = {name: segment.GetRepresentation(CLOSED_SURFACE) for name, segment in segments.items() if segment}
    return {name: surface for name, surface in found.items() if surface is not None and surface.GetNumberOfPoints()}


def points_ras_of(plan: Plan, surface: Any) -> Points:
    """Its points (n, 3) where the patient is, as the child knows him."""
    to_world = to_world_of(plan.result.segmentation)
    own = vtk_to_numpy(surface.GetPoints().GetData()).astype(np.float64)
    return own @ to_world[:3, :3].T + to_world[:3, 3]


def show_distances(plan: Plan, segment_id: str, surface: Any, values_mm: np.ndarray) -> Any:
    """A model in place of a segment, coloured by a distance for each of its points."""
    scene, segmentation = plan.scene, plan.result.segmentation
    title = segmentation.GetSegmentation().GetSegment(segment_id).GetName()
    name = f"{plan.parts.GetName()} {title} distance"
    model = scene.AddNewNodeByClass("vtkMRMLModelNode", scene.GenerateUniqueName(name))
    model.SetAttribute(SEGMENT_ATTRIBUTE, segment_id)
    model.SetAndObserveTransformNodeID(segmentation.GetTransformNodeID())
    model.SetAndObservePolyData(_with_scalars(surface, values_mm))
    model.CreateDefaultDisplayNodes()
    _style(model.GetDisplayNode(), _colors_of(plan))
    plan.parts.AddNodeReferenceID(DISTANCES_ROLE, model.GetID())
    file_with(scene, segmentation, model)
    if len(plan.models) == 1:
        _add_legend(model)
    hide_in_3d(plan.result, segment_id)
    fade_parts(plan, faint=True)
    return model


def remove_distances(plan: Plan) -> None:
    """The segments again."""
    for model in plan.models:
        remove_node(plan.scene, model)
    plan.parts.RemoveNodeReferenceIDs(DISTANCES_ROLE)
    if plan.colors is not None:
        remove_node(plan.scene, plan.colors)
    show_again(plan.result, *NEAR_TO)
    fade_parts(plan, faint=False)


def color_of(mm: float) -> tuple[float, float, float]:
    """Red, green, blue from 0 to 1; beyond FURTHEST_MM that of it."""
    places = [stop for stop, _ in _STOPS]
    red, green, blue = (
        float(np.interp(mm, places, [color[channel] / 255 for _, color in _STOPS])) for channel in range(3)
    )
    return red, green, blue


def _with_scalars(surface: Any, values_mm: np.ndarray) -> vtkPolyData:
    colored = vtkPolyData()
    colored.DeepCopy(surface)
    scalars = numpy_to_vtk(np.asarray(values_mm, np.float32), deep=True)
    scalars.SetName(SCALARS)
    colored.GetPointData().AddArray(scalars)
    colored.GetPointData().SetActiveScalars(SCALARS)
    return colored


def _style(display: Any, colors: Any) -> None:
    display.SetActiveScalar(SCALARS, vtkDataObject.POINT)
    display.SetAndObserveColorNodeID(colors.GetID())
    display.SetScalarRangeFlag(slicer.vtkMRMLDisplayNode.UseManualScalarRange)
    display.SetScalarRange(0.0, FURTHEST_MM)
    display.SetScalarVisibility(True)


def _colors_of(plan: Plan) -> Any:
    """One table for all models: FURTHEST_MM in steps, each named by its mm."""
    if plan.colors is not None:
        return plan.colors
    node = plan.scene.AddNewNodeByClass("vtkMRMLColorTableNode", plan.scene.GenerateUniqueName("Distance in mm"))
    node.SetTypeToUser()
    node.SetNumberOfColors(_COLORS)
    for index in range(_COLORS):
        mm = (index + 0.5) * FURTHEST_MM / _COLORS
        node.SetColor(index, f"{mm:.2f} mm", *color_of(mm), 1.0)
    node.GetLookupTable().SetTableRange(0.0, FURTHEST_MM)
    plan.parts.SetNodeReferenceID(COLORS_ROLE, node.GetID())
    return node


def _add_legend(model: Any) -> None:
    scene = model.GetScene()
    if not scene.IsNodeClassRegistered(_LEGEND):  # as its module does it in the desktop application
        scene.RegisterNodeClass(getattr(slicer, _LEGEND)())
    legend = slicer.vtkSlicerColorLogic.AddDefaultColorLegendDisplayNode(model)
    if legend is not None:
        legend.SetTitleText(SCALARS)
        legend.SetLabelFormat("%.0f")
        legend.SetNumberOfLabels(5)
