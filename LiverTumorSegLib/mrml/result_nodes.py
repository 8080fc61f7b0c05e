"""Making a result in a scene, and keeping its tables and lines those of its mask."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import slicer

from LiverTumorSegLib.case import couinaud_labels_in
from LiverTumorSegLib.labels import CAVA_LABELS, LIVER, LabelSet
from LiverTumorSegLib.measurements import Measurements, ReaderByLesion, ReaderDiameters
from LiverTumorSegLib.mrml.hierarchy import file_beside, file_with, remove_with_item
from LiverTumorSegLib.mrml.markups import (
    LONG,
    SHORT,
    add_measured_line,
    assign_reader_line,
    axis_of,
    has_moved,
    length_mm,
    lesion_id_of,
    make_reader_line,
    place_measured_line,
)
from LiverTumorSegLib.mrml.result import (
    CAVA_ROLE,
    LESIONS_ROLE,
    LINE_ROLE,
    RECORD_ROLE,
    RESULT_ATTRIBUTE,
    SEGMENTS_ROLE,
    VOLUMETRY_ROLE,
    Result,
)
from LiverTumorSegLib.mrml.segmentation_node import CLOSED_SURFACE, add_segmentation_node, show_filled
from LiverTumorSegLib.mrml.surfaces import create_surfaces
from LiverTumorSegLib.mrml.tables import (
    LESION_TITLE,
    VOLUMETRY_TITLE,
    add_table_node,
    fill_lesions,
    fill_volumetry,
)
from LiverTumorSegLib.volume import Volume

SEGMENTATION_TITLE, RECORD_TITLE = "segmentation", "measurements"
SEGMENTS_TITLE, CAVA_TITLE = "Couinaud segments", "vena cava"
MOST_LESIONS_WITH_LINES = 50
"""A threshold painted into the tumor segment may make thousands of specks; a line for each would halt everything."""


def add_result(
    scene: slicer.vtkMRMLScene,
    volume_node: Any,
    segmentation: Volume,
    labels: LabelSet,
    measurements: Measurements,
    run: dict[str, Any],
    segments: Volume | None = None,
    vena_cava: Volume | None = None,
) -> Result:
    """A finished result on a CT that is in the scene: whole, or (if an error is raised) not at all.

    segmentation: uint8 on the CT's grid. segments: Couinaud's, likewise, or None; they are there, but not shown at
    first. vena_cava: uint8, 0 or 1, likewise, or None. Raises InputError for another grid.
    """
    with nothing_added_on_error(scene):
        node = add_segmentation_node(
            scene, segmentation, labels, volume_node, f"{volume_node.GetName()} {SEGMENTATION_TITLE}"
        )
        node.SetAttribute(RESULT_ATTRIBUTE, str(run.get("command", "")) or "segment")
        result = Result(node)
        if segments is not None:
            node.SetNodeReferenceID(SEGMENTS_ROLE, _segments_node(scene, segments, volume_node).GetID())
        if vena_cava is not None:
            node.SetNodeReferenceID(CAVA_ROLE, _cava_node(scene, vena_cava, volume_node).GetID())
        for role, title in ((VOLUMETRY_ROLE, VOLUMETRY_TITLE), (LESIONS_ROLE, LESION_TITLE)):
            node.SetNodeReferenceID(role, add_table_node(scene, f"{volume_node.GetName()} {title}").GetID())
        record = scene.AddNewNodeByClass("vtkMRMLTextNode", f"{volume_node.GetName()} {RECORD_TITLE}")
        node.SetNodeReferenceID(RECORD_ROLE, record.GetID())
        result.keep(measurements, run)
        show_measurements(result, measurements)
        file_beside(scene, volume_node, result.parts)
    return result


def show_measurements(
    result: Result, measurements: Measurements, reader_lesions: dict[str, int | None] | None = None
) -> None:
    """Make tables and measured lines those of new measurements.

    reader_lesions: by node id of a reader's line, the lesion that it lies in now. A reader's line is never removed.
    """
    keep_moved_lines(result)
    for line in result.reader_lines:
        if reader_lesions is not None and line.GetID() in reader_lesions:
            assign_reader_line(line, reader_lesions[line.GetID()])
    result.keep(measurements)
    _place_lines(result, measurements)
    if result.volumetry:
        fill_volumetry(result.volumetry, measurements)
    show_reader_lengths(result)


def mark_outdated(result: Result) -> None:
    """The mask has changed: no table and no line may show what was measured of the old one."""
    keep_moved_lines(result)
    result.keep(None)
    if result.volumetry:
        fill_volumetry(result.volumetry, None)
    if result.lesions:
        fill_lesions(result.lesions, None)
    for line in result.measured_lines:
        line.SetDisplayVisibility(False)


def keep_moved_lines(result: Result) -> bool:
    """Measured lines that somebody has dragged become the reader's, and the measured ones come back beside them.

    Whether there were any.
    """
    moved = [line for line in result.measured_lines if has_moved(line)]
    for line in moved:
        make_reader_line(line)
    measurements = result.measurements
    if moved and measurements is not None:
        _place_lines(result, measurements)
        show_reader_lengths(result)
    return bool(moved)


def show_reader_lengths(result: Result) -> None:
    """Bring the lesion table up to date with the lengths of the reader's lines."""
    if result.lesions and result.measurements is not None:
        fill_lesions(result.lesions, result.measurements, reader_diameters(result))


def show_segments(result: Result, *, visible: bool, in_3d: bool = True) -> None:
    """Show or hide the Couinaud segments, if there are any; in 3D they cover liver and vessels.

    The liver's own fill would mix with theirs, so it is away meanwhile.
    """
    node = result.segments
    if node is None:
        return
    node.SetDisplayVisibility(visible)
    node.GetDisplayNode().SetVisibility3D(in_3d)
    result.segmentation.GetDisplayNode().SetSegmentVisibility2DFill(LIVER.name, not visible)
    if visible and in_3d and not node.GetSegmentation().ContainsRepresentation(CLOSED_SURFACE):
        create_surfaces(node)


def lock_lines(result: Result, *, all_of_them: bool = False) -> None:
    """Which lines the mouse may not move.

    One reader's line for one axis: the measured one beside it stays where it is. all_of_them: while the mask is edited,
    a stroke across a line is meant for the mask.
    """
    dragged = {(lesion_id_of(line), axis_of(line)) for line in result.reader_lines}
    for line in result.measured_lines:
        line.SetLocked(all_of_them or (lesion_id_of(line), axis_of(line)) in dragged)
    for line in result.reader_lines:
        line.SetLocked(all_of_them)


def reader_diameters(result: Result) -> ReaderByLesion:
    """Lengths of the reader's lines by lesion; of several for one axis the latest counts."""
    found: ReaderByLesion = {}
    for line in result.reader_lines:
        lesion_id = lesion_id_of(line)
        if lesion_id is not None:
            before = found.get(lesion_id, ReaderDiameters())
            found[lesion_id] = replace(before, **{f"{axis_of(line)}_axis_mm": length_mm(line)})
    return found


def remove_result(result: Result) -> None:
    """Take a result out of its scene, with all its parts."""
    scene = result.scene
    for node in result.parts:
        remove_with_item(scene, node)


@contextmanager
def nothing_added_on_error(scene: slicer.vtkMRMLScene) -> Iterator[None]:
    """Nodes that were added inside are removed again if an error leaves the context."""
    before = _ids(scene)
    try:
        yield
    except BaseException:
        for node_id in _ids(scene) - before:
            node = scene.GetNodeByID(node_id)
            if node is not None:
                remove_with_item(scene, node)
        raise


def _segments_node(scene: slicer.vtkMRMLScene, segments: Volume, volume_node: Any) -> Any:
    labels = couinaud_labels_in(segments)
    node = add_segmentation_node(scene, segments, labels, volume_node, f"{volume_node.GetName()} {SEGMENTS_TITLE}")
    show_filled(node, labels)
    node.SetDisplayVisibility(False)
    return node


def _cava_node(scene: slicer.vtkMRMLScene, vena_cava: Volume, volume_node: Any) -> Any:
    """With its surface: it is small."""
    node = add_segmentation_node(scene, vena_cava, CAVA_LABELS, volume_node, f"{volume_node.GetName()} {CAVA_TITLE}")
    for label in CAVA_LABELS:
        node.GetDisplayNode().SetSegmentOpacity3D(label.name, 1.0)
    create_surfaces(node)
    return node


def _ids(scene: Any) -> set[str]:
    return {scene.GetNthNode(index).GetID() for index in range(scene.GetNumberOfNodes())}


def _place_lines(result: Result, measurements: Measurements) -> None:
    """Measured lines for the largest lesions: nodes are used again, so that an edit does not stir the whole scene."""
    wanted = [(lesion, axis) for lesion in measurements.lesions[:MOST_LESIONS_WITH_LINES] for axis in (LONG, SHORT)]
    free = result.measured_lines
    added = [_add_line(result) for _lesion in wanted[len(free) :]]
    for (lesion, axis), line in zip(wanted, [*free, *added], strict=False):
        place_measured_line(line, lesion, axis, result.segmentation.GetTransformNodeID())
        line.SetDisplayVisibility(True)
    for line in free[len(wanted) :]:
        remove_with_item(result.scene, line)
    lock_lines(result)


def _add_line(result: Result) -> Any:
    line = add_measured_line(result.scene)
    result.segmentation.AddNodeReferenceID(LINE_ROLE, line.GetID())
    file_with(result.scene, result.segmentation, line)
    return line
