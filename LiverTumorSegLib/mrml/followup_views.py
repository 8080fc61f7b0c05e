"""Two visits side by side: each in a slice view of its own, with its own CT and segmentation, in its own space.

Nothing is resampled or moved: each view is turned to a lesion's place in that visit. While the two views are open, what
else is shown in the scene stays out of them; it comes back as soon as another layout is chosen.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import slicer

from LiverTumorSegLib.arrays import Vector
from LiverTumorSegLib.mrml.followup import CHARTS_ROLE, FollowUpNode, VisitEntry
from LiverTumorSegLib.mrml.nodes import nodes_of_class
from LiverTumorSegLib.mrml.views import show_position_in

SIDE_BY_SIDE, CHARTS = 5801, 5802
"""Numbers of the layouts."""
LEFT, RIGHT = "FollowUpLeft", "FollowUpRight"
SIDES = (LEFT, RIGHT)
CHART_VIEWS = ("FollowUpChart1", "FollowUpChart2", "FollowUpChart3")
VIEWS_BEFORE_ATTRIBUTE = "LiverTumorSeg.ViewsBefore"
"""Of a display node: in which views it was shown before; an empty list is all of them."""
LAYOUT_BEFORE_ATTRIBUTE = "LiverTumorSeg.LayoutBefore"
USUAL_VIEWS = tuple(f"vtkMRMLSliceNode{name}" for name in ("Red", "Green", "Yellow")) + ("vtkMRMLViewNode1",)
_MARGIN = 1.05


@dataclass(frozen=True, eq=False)
class Shown:
    """What a view is to show: a CT and the segmentation on it."""

    volume: Any
    segmentation: Any


def register_layouts(scene: slicer.vtkMRMLScene) -> None:
    """Tell the application what the two layouts look like; to be called before a scene that uses them is loaded."""
    for layout in nodes_of_class(scene, "vtkMRMLLayoutNode"):
        for number, description in ((SIDE_BY_SIDE, _side_by_side()), (CHARTS, _charts())):
            if not layout.IsLayoutDescription(number):
                layout.AddLayoutDescription(number, description)


def shown_of(follow_up: FollowUpNode, entry: VisitEntry) -> Shown | None:
    """What there is of a visit in the scene; None where CT or segmentation are not there."""
    segmentation, volume = follow_up.segmentation_of(entry), follow_up.volume_of(entry)
    return None if segmentation is None or volume is None else Shown(volume, segmentation)


def show_side_by_side(scene: slicer.vtkMRMLScene, left: Shown, right: Shown) -> None:
    """Open the two views. The same visit may be in both."""
    end_side_by_side(scene)
    _open(scene, SIDE_BY_SIDE)
    for side, shown in zip(SIDES, (left, right), strict=True):
        view, composite = _view(scene, side), _composite(scene, side)
        composite.SetBackgroundVolumeID(shown.volume.GetID())
        composite.SetForegroundVolumeID(None)
        composite.SetLabelVolumeID(None)
        composite.SetLinkedControl(False)  # the two lie in different spaces
        view.SetOrientation("Axial")
        view.RotateToVolumePlane(shown.volume)
        view.JumpSliceByCentering(*_center_ras(shown.volume))
    _fit([(_view(scene, side), shown.volume) for side, shown in zip(SIDES, (left, right), strict=True)])
    _share_out(scene, left, right)


def jump_side(scene: slicer.vtkMRMLScene, side: str, volume: Any, point_ras: Vector) -> None:
    """Turn one of the two views to a place in its own visit."""
    view = scene.GetSingletonNode(side, "vtkMRMLSliceNode")
    if view is not None:
        show_position_in(view, np.array(point_ras), volume)


def is_side_by_side(scene: slicer.vtkMRMLScene) -> bool:
    """Whether the two views are what is on the screen."""
    return any(one.GetViewArrangement() == SIDE_BY_SIDE for one in nodes_of_class(scene, "vtkMRMLLayoutNode"))


def look_after_views(scene: slicer.vtkMRMLScene) -> None:
    """To be called often: once another layout was chosen, everything is shown again where it was before."""
    if not is_side_by_side(scene):
        _show_everywhere_again(scene)


def end_side_by_side(scene: slicer.vtkMRMLScene) -> None:
    """Back to the layout of before."""
    for layout in nodes_of_class(scene, "vtkMRMLLayoutNode"):
        before = layout.GetAttribute(LAYOUT_BEFORE_ATTRIBUTE)
        if layout.GetViewArrangement() in (SIDE_BY_SIDE, CHARTS) and before:
            layout.SetViewArrangement(int(before))
    _show_everywhere_again(scene)


def show_charts(follow_up: FollowUpNode) -> None:
    """Open the three charts, one below the other."""
    scene = follow_up.scene
    _open(scene, CHARTS)
    for tag, number in zip(CHART_VIEWS, range(3), strict=True):
        chart = follow_up.node.GetNthNodeReference(CHARTS_ROLE, number)
        view = scene.GetSingletonNode(tag, "vtkMRMLPlotViewNode")
        if view is None:
            view = _singleton(scene, "vtkMRMLPlotViewNode", tag)
        view.SetPlotChartNodeID(chart.GetID() if chart else None)


def _open(scene: Any, number: int) -> None:
    register_layouts(scene)
    for layout in nodes_of_class(scene, "vtkMRMLLayoutNode"):
        if layout.GetViewArrangement() not in (SIDE_BY_SIDE, CHARTS):
            layout.SetAttribute(LAYOUT_BEFORE_ATTRIBUTE, str(layout.GetViewArrangement()))
        layout.SetViewArrangement(number)


def _view(scene: Any, side: str) -> Any:
    """The application makes it with the layout; where there is no layout, it is made here."""
    return scene.GetSingletonNode(side, "vtkMRMLSliceNode") or _singleton(scene, "vtkMRMLSliceNode", side)


def _composite(scene: Any, side: str) -> Any:
    """The one of a slice view: of whatever draws it, else ours, which that will take over."""
    kind = "vtkMRMLSliceCompositeNode"
    there = [node for node in nodes_of_class(scene, kind) if node.GetLayoutName() == side]
    return there[0] if there else _singleton(scene, kind, side)


def _singleton(scene: Any, kind: str, tag: str) -> Any:
    # Made by the scene: its default slice node knows the orientation presets.
    node = scene.CreateNodeByClass(kind)
    node.UnRegister(None)
    node.SetName(tag)
    node.SetLayoutName(tag)
    node.SetSingletonTag(tag)
    return scene.AddNode(node)


def _fit(pairs: list[tuple[Any, Any]]) -> None:
    """The whole slices are seen, whatever the shape of the views, and both at one scale: sizes are compared by eye."""
    mm_per_pixel = max(_mm_per_pixel(view, volume) for view, volume in pairs)
    for view, _volume in pairs:
        columns, rows, _depth = view.GetDimensions()
        view.SetFieldOfView(mm_per_pixel * columns, mm_per_pixel * rows, view.GetFieldOfView()[2])


def _mm_per_pixel(view: Any, volume: Any) -> float:
    bounds_mm = np.zeros(6)
    volume.GetSliceBounds(bounds_mm, view.GetSliceToRAS())
    width_mm, height_mm = bounds_mm[1] - bounds_mm[0], bounds_mm[3] - bounds_mm[2]
    columns, rows, _depth = view.GetDimensions()
    return _MARGIN * float(max(width_mm / max(1, columns), height_mm / max(1, rows)))


def _center_ras(volume: Any) -> np.ndarray:
    bounds = np.zeros(6)
    volume.GetRASBounds(bounds)
    return np.asarray(bounds.reshape(3, 2).mean(axis=1))


def _share_out(scene: Any, left: Shown, right: Shown) -> None:
    """Each segmentation is in its own view; everything else is in neither."""
    places: dict[str, list[str]] = {}
    for side, shown in zip(SIDES, (left, right), strict=True):
        places.setdefault(shown.segmentation.GetID(), []).append(_view(scene, side).GetID())
    for node in nodes_of_class(scene, "vtkMRMLDisplayableNode"):
        views = places.get(node.GetID(), list(USUAL_VIEWS))
        for display in _displays_of(node):
            _show_in(display, views)


def _displays_of(node: Any) -> list[Any]:
    """Of what is drawn in slices by itself; images go through the composite nodes."""
    if node.IsA("vtkMRMLVolumeNode") or node.IsA("vtkMRMLAbstractViewNode"):
        return []
    found = (node.GetNthDisplayNode(index) for index in range(node.GetNumberOfDisplayNodes()))
    return [display for display in found if display is not None]


def _show_in(display: Any, view_ids: list[str]) -> None:
    before = [display.GetNthViewNodeID(index) for index in range(display.GetNumberOfViewNodeIDs())]
    if display.GetAttribute(VIEWS_BEFORE_ATTRIBUTE) is None:
        display.SetAttribute(VIEWS_BEFORE_ATTRIBUTE, json.dumps(before))
    _set_views(display, view_ids)


def _show_everywhere_again(scene: Any) -> None:
    for display in nodes_of_class(scene, "vtkMRMLDisplayNode"):
        before = display.GetAttribute(VIEWS_BEFORE_ATTRIBUTE)
        if before is not None:
            _set_views(display, json.loads(before))
            display.RemoveAttribute(VIEWS_BEFORE_ATTRIBUTE)


def _set_views(display: Any, view_ids: list[str]) -> None:
    modified = display.StartModify()
    display.RemoveAllViewNodeIDs()
    for view_id in view_ids:
        display.AddViewNodeID(view_id)
    display.EndModify(modified)


def _side_by_side() -> str:
    views = "".join(
        f'<item><view class="vtkMRMLSliceNode" singletontag="{side}"><property name="orientation" action="default">'
        f'Axial</property><property name="viewlabel" action="default">{label}</property>'
        f'<property name="viewcolor" action="default">{color}</property></view></item>'
        for side, label, color in zip(SIDES, ("1", "2"), ("#4a7fb5", "#c9702f"), strict=True)
    )
    return f'<layout type="horizontal" split="true">{views}</layout>'


def _charts() -> str:
    views = "".join(
        f'<item><view class="vtkMRMLPlotViewNode" singletontag="{tag}"><property name="viewlabel" action="default">'
        f"C{number + 1}</property></view></item>"
        for number, tag in enumerate(CHART_VIEWS)
    )
    return f'<layout type="vertical" split="true">{views}</layout>'
