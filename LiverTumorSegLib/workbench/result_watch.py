"""Seeing that a mask or a line has changed, whatever changed it.

Slicer's events alone are not enough: emptying a segment sends none, undo sends another one than painting. So times of
modification are compared; the events only make the comparison come at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Any

import slicer
from slicer.util import VTKObservationMixin

from LiverTumorSegLib.errors import InputError

LINE_SETTLES_S = 0.25
_BINARY_LABELMAP = "Binary labelmap"


class ResultWatch(VTKObservationMixin):
    """Call ``look`` often. on_mask and on_lines are called with the result whose mask or lines have changed."""

    def __init__(self, on_mask: Callable[[Any], None], on_lines: Callable[[Any], None]) -> None:
        VTKObservationMixin.__init__(self)
        self._on_mask, self._on_lines = on_mask, on_lines
        self._masks: dict[str, Hashable] = {}
        self._lines: dict[str, str] = {}
        """Line node id -> segmentation id."""
        self._moved: dict[str, float] = {}
        """Segmentation id -> when one of its lines last moved."""

    def look(self, scene: Any) -> None:
        """Find results, new ones too, and compare them with the last look."""
        from LiverTumorSegLib.mrml.result import results_in

        for result in results_in(scene):
            self._look_at_mask(result)
            self._look_at_lines(result)

    def forget(self) -> None:
        """All results are gone: the scene is being closed."""
        self.removeObservers()
        self._masks.clear()
        self._lines.clear()
        self._moved.clear()

    def _look_at_mask(self, result: Any) -> None:
        node = result.segmentation
        seen = self._masks.get(node.GetID())
        now = fingerprint(node)
        self._masks[node.GetID()] = now
        if seen is None:
            for event in ("SourceRepresentationModified", "SegmentModified", "SegmentAdded", "SegmentRemoved"):
                self.addObserver(node, getattr(slicer.vtkSegmentation, event), self._on_segmentation_event)
            # A scene may have been saved between an edit and its measurement.
            if result.measurements is None:
                self._on_mask(result)
        elif seen != now:
            self._on_mask(result)

    def _look_at_lines(self, result: Any) -> None:
        segmentation_id = result.segmentation.GetID()
        present = {line.GetID(): line for line in result.lines}
        for line_id, line in present.items():
            if line_id not in self._lines:
                self._lines[line_id] = segmentation_id
                self.addObserver(line, slicer.vtkMRMLMarkupsNode.PointModifiedEvent, self._on_line_event)
        removed = [name for name, owner in self._lines.items() if owner == segmentation_id and name not in present]
        for name in removed:
            del self._lines[name]
            self._moved[segmentation_id] = 0.0
        if time.monotonic() - self._moved.get(segmentation_id, float("inf")) > LINE_SETTLES_S:
            del self._moved[segmentation_id]
            self._on_lines(result)

    def _on_segmentation_event(self, node: Any, _event: object) -> None:
        from LiverTumorSegLib.mrml.result import result_of

        result = result_of(node)
        if result is not None and result.scene is not None:
            self._look_at_mask(result)

    def _on_line_event(self, line: Any, _event: object) -> None:
        owner = self._lines.get(line.GetID())
        if owner is not None:
            self._moved[owner] = time.monotonic()


def fingerprint(node: Any) -> Hashable:
    """Changes whenever voxels, or what the segments mean, may have changed; colors and surfaces do not count."""
    segmentation = node.GetSegmentation()
    parts = []
    for segment_id in segmentation.GetSegmentIDs():
        segment = segmentation.GetSegment(segment_id)
        labelmap = segment.GetRepresentation(_BINARY_LABELMAP)
        scalars = labelmap.GetPointData().GetScalars() if labelmap is not None else None
        times = (labelmap.GetMTime() if labelmap else 0, scalars.GetMTime() if scalars else 0)
        parts.append((segment_id, segment.GetName(), segment.GetTerminology(), segment.GetLabelValue(), *times))
    return _place_of(node), tuple(parts)


def _place_of(node: Any) -> Hashable:
    """A scaling transform changes volumes, any transform the end points of lines."""
    from LiverTumorSegLib.mrml.grid import to_world_of

    try:
        return to_world_of(node).tobytes()
    except InputError:
        return "warped"
