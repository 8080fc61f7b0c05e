"""Making a plan in a scene, showing the parts that a resection makes, and taking all of it out again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import slicer

from LiverTumorSegLib.arrays import LabelArray
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.labels import LIVER
from LiverTumorSegLib.mrml.grid import array_of, image_of, matrix_of
from LiverTumorSegLib.mrml.hierarchy import file_with, remove_with_item
from LiverTumorSegLib.mrml.plan import (
    PLAN_ROLE,
    TABLE_ROLE,
    WHAT_IF_ROLE,
    Plan,
    PlanChoice,
    hidden_of,
    keep_hidden,
    plan_of,
)
from LiverTumorSegLib.mrml.plan_tables import fill_plan, fill_what_if
from LiverTumorSegLib.mrml.result import Result
from LiverTumorSegLib.mrml.result_nodes import nothing_added_on_error, show_segments
from LiverTumorSegLib.mrml.segmentation_node import BINARY_LABELMAP, CLOSED_SURFACE, add_segmentation_node
from LiverTumorSegLib.mrml.surfaces import light_surface
from LiverTumorSegLib.mrml.tables import add_table_node
from LiverTumorSegLib.mrml.volume_node import view_of

PARTS_TITLE, PLAN_TITLE, WHAT_IF_TITLE = "resection", "plan", "what if"
FILL_OPACITY_2D = 0.25
OPACITY_3D = {"resected": 0.35, "remnant": 0.25}
"""What lies inside stays visible; what goes stands out."""
PARTS_MM = 2.5
"""Grid of their surfaces, which must follow every choice: half the time of the grid on which a liver stays."""
FAINT = 0.35
"""Of these, while colours inside are to be read: a tint would change them."""


def add_plan(result: Result) -> Plan:
    """The plan on a result, a new one where there is none: whole or not at all. Nothing is chosen yet.

    Raises InputError where the CT is gone.
    """
    from LiverTumorSegLib.planning.parts import RESECTION_LABELS  # what else is here needs no further package

    present = plan_of(result)
    if present is not None:
        return present
    scene, volume = result.scene, result.volume
    if volume is None:
        raise InputError(
            found="a result without its CT", expected="the CT that was segmented", remedy="Load it, or segment again"
        )
    with nothing_added_on_error(scene):
        grid = view_of(volume)
        nothing = grid.with_array(np.zeros(grid.shape, np.uint8, order="F"))
        name = volume.GetName()
        parts = add_segmentation_node(scene, nothing, RESECTION_LABELS, volume, f"{name} {PARTS_TITLE}")
        for role, title in ((TABLE_ROLE, PLAN_TITLE), (WHAT_IF_ROLE, WHAT_IF_TITLE)):
            parts.SetNodeReferenceID(role, add_table_node(scene, f"{name} {title}").GetID())
        plan = Plan(parts, result)
        _style(plan)
        plan.choose(PlanChoice(), None)
        for node in plan.nodes:
            file_with(scene, result.segmentation, node)
    show_numbers(plan, None)
    fill_what_if(plan.what_if, None)
    result.segmentation.SetNodeReferenceID(PLAN_ROLE, parts.GetID())
    return plan


def show_numbers(plan: Plan, numbers: dict[str, Any] | None) -> None:
    """Make the table that of an answer; None: nothing is known (any more)."""
    plan.keep_numbers(numbers)
    if plan.table:
        fill_plan(plan.table, numbers)


def show_parts(plan: Plan, parts: LabelArray | None, start_ijk: tuple[int, int, int] = (0, 0, 0)) -> Iterator[str]:
    """Put the two parts in place, then their surfaces: yields before each, so that an application stays alive. Those of
    the parts before stay in 3D until both are made.

    parts: values of planning.parts.RESECTION_LABELS in a box of the CT that begins at start_ijk; None shows nothing.
    """
    volume = plan.result.volume
    if volume is None:
        return
    plan.parts.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    if parts is None:
        nothing = _placed(np.zeros((2, 2, 2), np.uint8), start_ijk, volume)
        count = len(_segments_of(plan))
        _replace(plan, CLOSED_SURFACE, [None] * count)
        _replace(plan, BINARY_LABELMAP, [nothing] * count)
    else:
        yield from _show_parts(plan, parts, start_ijk, volume)
    _liver_in_3d(plan)


def _show_parts(plan: Plan, parts: LabelArray, start_ijk: tuple[int, int, int], volume: Any) -> Iterator[str]:
    _replace(plan, BINARY_LABELMAP, [_placed(parts, start_ijk, volume)] * len(_segments_of(plan)))
    surfaces = []
    for segment_id, segment in _segments_of(plan):
        yield segment_id
        alone = _placed((parts == segment.GetLabelValue()).astype(np.uint8), start_ijk, volume)
        surfaces.append(light_surface(plan.parts, segment_id, alone, PARTS_MM))
    _replace(plan, CLOSED_SURFACE, surfaces)
    plan.parts.GetDisplayNode().SetPreferredDisplayRepresentationName3D(CLOSED_SURFACE)


def _segments_of(plan: Plan) -> list[tuple[str, Any]]:
    segmentation = plan.parts.GetSegmentation()
    return [(segment_id, segmentation.GetSegment(segment_id)) for segment_id in segmentation.GetSegmentIDs()]


def _replace(plan: Plan, name: str, representations: list[Any]) -> None:
    """Of all segments at once: where one of them is without a surface, Slicer's views make all of them, at the label
    map's own resolution.
    """
    modified = plan.parts.StartModify()
    for (_segment_id, segment), representation in zip(_segments_of(plan), representations, strict=True):
        segment.RemoveRepresentation(name)
        if representation is not None:
            segment.AddRepresentation(name, representation)
    plan.parts.EndModify(modified)


def show_plan(plan: Plan, *, visible: bool) -> None:
    """The parts in the liver's place, or the liver again. Couinaud segments would cover both."""
    plan.parts.SetDisplayVisibility(visible)
    if visible:
        show_segments(plan.result, visible=False)
    _liver_in_3d(plan)


def _liver_in_3d(plan: Plan) -> None:
    """As long as there are no parts to be seen, the liver itself is."""
    if plan.parts.GetDisplayVisibility() and _has_parts(plan):
        hide_in_3d(plan.result, LIVER.name)
    else:
        show_again(plan.result, LIVER.name)


def _has_parts(plan: Plan) -> bool:
    segmentation = plan.parts.GetSegmentation()
    images = [segmentation.GetSegment(name).GetRepresentation(BINARY_LABELMAP) for name in segmentation.GetSegmentIDs()]
    return any(image is not None and bool(array_of(image).any()) for image in images)


def hide_in_3d(result: Result, segment_id: str) -> None:
    """A segment that something of the plan stands for; one that is away already is nobody's business."""
    display = result.segmentation.GetDisplayNode()
    there = result.segmentation.GetSegmentation().GetSegment(segment_id) is not None
    if there and display.GetSegmentVisibility3D(segment_id):
        display.SetSegmentVisibility3D(segment_id, False)
        keep_hidden(result, [*hidden_of(result), segment_id])


def show_again(result: Result, *segment_ids: str) -> None:
    """Those of these segments that were hidden here."""
    hidden = hidden_of(result)
    for segment_id in hidden:
        if segment_id in segment_ids:
            result.segmentation.GetDisplayNode().SetSegmentVisibility3D(segment_id, True)
    if set(hidden) & set(segment_ids):
        keep_hidden(result, [name for name in hidden if name not in segment_ids])


def remove_plan(plan: Plan) -> None:
    """Take a plan out of its scene; the result is as it was before. Markups stay: somebody has drawn them."""
    scene = plan.scene
    show_again(plan.result, *hidden_of(plan.result))
    for node in reversed(plan.nodes):
        remove_node(scene, node)
    plan.result.segmentation.SetNodeReferenceID(PLAN_ROLE, None)


def remove_node(scene: slicer.vtkMRMLScene, node: Any) -> None:
    """With what shows and stores it; the bare core and desktop Slicer differ in what goes by itself."""
    count = node.GetNumberOfDisplayNodes() if node.IsA("vtkMRMLDisplayableNode") else 0
    companions = [node.GetNthDisplayNode(index) for index in range(count)]
    if node.IsA("vtkMRMLStorableNode"):
        companions += [node.GetNthStorageNode(index) for index in range(node.GetNumberOfStorageNodes())]
    remove_with_item(scene, node)
    for companion in companions:
        if companion is not None and companion.GetScene() is scene:
            scene.RemoveNode(companion)


def fade_parts(plan: Plan, *, faint: bool) -> None:
    """How much of what lies inside the parts is seen in 3D."""
    for segment_id, opacity in OPACITY_3D.items():
        plan.parts.GetDisplayNode().SetSegmentOpacity3D(segment_id, opacity * FAINT if faint else opacity)


def _style(plan: Plan) -> None:
    fade_parts(plan, faint=False)
    for segment_id in OPACITY_3D:
        plan.parts.GetDisplayNode().SetSegmentOpacity2DFill(segment_id, FILL_OPACITY_2D)


def _placed(array: LabelArray, start_ijk: tuple[int, int, int], volume: Any) -> Any:
    first = volume.GetImageData().GetExtent()[::2]
    i, j, k = (int(low) + start for low, start in zip(first, start_ijk, strict=True))
    labelmap = slicer.vtkOrientedImageData()
    labelmap.DeepCopy(image_of(array, (i, j, k)))
    matrix = matrix_of(np.eye(4))
    volume.GetIJKToRASMatrix(matrix)
    labelmap.SetGeometryFromImageToWorldMatrix(matrix)
    return labelmap
