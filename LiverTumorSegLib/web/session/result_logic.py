"""The result in the scene: what is shown of it, and numbers that follow every edit."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from trame_server import Server
from trame_slicer.app.logic.base_logic import BaseLogic
from trame_slicer.core import SlicerApp
from undo_stack import Signal

from LiverTumorSegLib.measure.table import sentence, volumetry_rows
from LiverTumorSegLib.measurements import Lesion, Measurements, ReaderDiameters
from LiverTumorSegLib.mrml.result import Result
from LiverTumorSegLib.mrml.result_nodes import (
    keep_moved_lines,
    lock_lines,
    reader_diameters,
    remove_result,
    show_reader_lengths,
    show_segments,
)
from LiverTumorSegLib.mrml.segment_models import SegmentModels
from LiverTumorSegLib.mrml.segmentation_node import FILL_OPACITY_2D
from LiverTumorSegLib.mrml.views import show_position
from LiverTumorSegLib.report.flags import explain_all
from LiverTumorSegLib.web.session.result_ui import (
    FlagRow,
    LesionRow,
    ResultState,
    ResultUI,
    StructureRow,
    VolumeRow,
)
from LiverTumorSegLib.workbench.live_measuring import LiveMeasuring
from LiverTumorSegLib.workbench.result_watch import ResultWatch

MOST_LESION_ROWS = 200
"""A threshold painted into the tumor segment may make thousands of specks."""
OUTLINE_PX = 2
"""One pixel of a pale color is lost in the parenchyma."""
MODELS_AFTER_S, MODELS_AT_LATEST_S = 0.3, 3.0
"""3D follows once an edit has settled and its numbers are there; the slices show it at once."""


class ResultLogic(BaseLogic[ResultState]):
    """measured: emitted whenever numbers are known again. mask_changed: with the result, at once."""

    measured = Signal()
    mask_changed = Signal(object)

    def __init__(self, server: Server, slicer_app: SlicerApp, folder: Path) -> None:
        super().__init__(server, slicer_app, ResultState)
        self.result: Result | None = None
        self._shown: Measurements | None = None
        self._measuring = LiveMeasuring((sys.executable,), folder, self._on_measuring)
        self._watch = ResultWatch(self._on_mask, self._on_lines)
        self._models: SegmentModels | None = None
        self._models_due = float("inf")
        self._being_made: Iterator[str] | None = None
        self._shown_as = 0
        """When somebody last changed how the segments are shown."""
        self._editing = self._cutting = False
        self.bind_changes(
            {
                self.name.lines_visible: lambda *_: self._show_lines(),
                self.name.segments_visible: lambda *_: self._show_segments(),
            }
        )

    def set_ui(self, ui: ResultUI) -> None:
        ui.visibility_clicked.connect(self.toggle_visibility)
        ui.opacity_changed.connect(self.set_opacity)
        ui.lesion_clicked.connect(self.show_lesion)

    def warm_up(self) -> None:
        """Start the child that measures before it is needed."""
        self._measuring.warm_up()

    def show(self, result: Result) -> None:
        """A new result has come into the scene."""
        self.result = result
        self._models = SegmentModels(result.segmentation)
        self._models_due = time.monotonic()
        self.data.exists, self.data.lines_visible = True, True
        self.data.has_segments, self.data.segments_visible = result.segments is not None, False
        result.segmentation.GetDisplayNode().SetSliceIntersectionThickness(OUTLINE_PX)
        self._watch.look(self.scene)
        self._refresh_structures()
        self._refresh_numbers()

    def close(self) -> None:
        """Take the result out of the scene."""
        self._watch.forget()
        self._measuring.forget()
        if self._models is not None:
            self._models.remove()
        if self.result is not None:
            remove_result(self.result)
        self.result = self._shown = self._models = None
        self._being_made, self._models_due = None, float("inf")
        self.data.exists, self.data.measuring = False, ""
        self.data.has_segments = self.data.segments_visible = False
        self.data.structures, self.data.volumes = [], []
        self.data.lesions, self.data.flags = [], []

    def end(self) -> None:
        """The session ends: no child stays."""
        self._measuring.close()

    def keep_lines_still(self, editing: bool) -> None:
        """While a tool is in the reader's hand, the mouse moves no diameter."""
        self._editing = editing
        self._show_lines()

    def leave_mouse_to_plane(self, there: bool) -> None:
        """Nor while there is a plane, whose handles lie on a lesion's diameters."""
        self._cutting = there
        self._show_lines()

    def tick(self) -> None:
        """One step: see changes, take in numbers."""
        if self.result is None:
            return
        self._watch.look(self.scene)
        self._measuring.poll(self.scene)
        if self.result.measurements != self._shown:
            self._refresh_numbers()
        self._show_models_as_segments()
        self._make_models()

    def toggle_visibility(self, segment_id: str) -> None:
        """Show or hide a segment, in slices and in 3D."""
        display = self._display
        if display is not None and segment_id in self._segment_ids:
            display.SetSegmentVisibility(segment_id, not display.GetSegmentVisibility(segment_id))
            self._show_structures()

    def set_opacity(self, segment_id: str, opacity: float) -> None:
        """Of a segment's surface, 0 to 1; the fill in slices is that share of FILL_OPACITY_2D."""
        display = self._display
        if display is not None and segment_id in self._segment_ids:
            value = float(np.clip(opacity, 0.0, 1.0))
            display.SetSegmentOpacity3D(segment_id, value)
            display.SetSegmentOpacity2DFill(segment_id, FILL_OPACITY_2D * value)
            self._show_structures()

    def show_lesion(self, lesion_id: int) -> None:
        """Centre the views on a lesion's long axis; nothing happens if there is none of that number."""
        measurements = self.result.measurements if self.result else None
        for lesion in measurements.lesions if measurements else ():
            if lesion.id == lesion_id and self.result is not None:
                show_position(self.scene, np.mean(lesion.long_axis_ras_mm, axis=0), self.result.volume)

    @property
    def _display(self) -> Any | None:
        return self.result.segmentation.GetDisplayNode() if self.result else None

    @property
    def _segment_ids(self) -> list[str]:
        return list(self.result.segmentation.GetSegmentation().GetSegmentIDs()) if self.result else []

    @property
    def surfaces(self) -> dict[str, Any]:
        """Of the segments in 3D, of the mask as it is now; empty while they are being made."""
        is_due = self._models_due < float("inf") or self._being_made is not None
        return {} if self._models is None or is_due else self._models.surfaces

    def follow_picture(self) -> None:
        """Something else is shown in place of the segments, or no more."""
        if self.result is not None and self.result.segments is not None:
            self.data.segments_visible = bool(self.result.segments.GetDisplayVisibility())

    def _show_models_as_segments(self) -> None:
        display = self._display
        if display is not None and self._models is not None and display.GetMTime() != self._shown_as:
            self._shown_as = display.GetMTime()
            self._models.show()

    def _make_models(self) -> None:
        """One of them, so that the page stays alive in between."""
        late_s = time.monotonic() - self._models_due
        if self._models is not None and (late_s > MODELS_AT_LATEST_S or (late_s > 0 and not self._measuring.busy)):
            self._being_made, self._models_due = self._models.update(), float("inf")
        if self._being_made is not None and next(self._being_made, None) is None:
            self._being_made = None

    def _show_structures(self) -> None:
        if self._models is not None:
            self._models.show()
        self._refresh_structures()

    def _on_mask(self, result: Result) -> None:
        self._measuring.changed(result)
        self.mask_changed(result)
        self._models_due = time.monotonic() + MODELS_AFTER_S

    def _on_measuring(self, text: str) -> None:
        self.data.measuring = text

    def _on_lines(self, result: Result) -> None:
        keep_moved_lines(result)
        show_reader_lengths(result)
        self._refresh_numbers()

    def _show_lines(self) -> None:
        """In slices alone: in a small 3D view their labels would cover the liver."""
        if self.result is None:
            return
        for line in self.result.lines:
            line.SetDisplayVisibility(self.data.lines_visible)
            line.GetDisplayNode().SetVisibility3D(False)
        lock_lines(self.result, all_of_them=self._editing or self._cutting)

    def _show_segments(self) -> None:
        """In slices alone: in 3D they would cover what the reader looks for."""
        if self.result is not None:
            show_segments(self.result, visible=self.data.segments_visible, in_3d=False)

    def _refresh_structures(self) -> None:
        display = self._display
        if display is None or self.result is None:
            return
        segmentation = self.result.segmentation.GetSegmentation()
        self.data.structures = [
            StructureRow(
                id=segment_id,
                name=segmentation.GetSegment(segment_id).GetName(),
                color=_hex(segmentation.GetSegment(segment_id).GetColor()),
                visible=bool(display.GetSegmentVisibility(segment_id)),
                opacity=round(display.GetSegmentOpacity3D(segment_id), 2),
            )
            for segment_id in self._segment_ids
        ]

    def _refresh_numbers(self) -> None:
        if self.result is None:
            return
        measurements = self._shown = self.result.measurements
        self.data.volumes = volume_rows(measurements)
        readers = reader_diameters(self.result)
        lesions = measurements.lesions[:MOST_LESION_ROWS] if measurements else ()
        self.data.lesions = [lesion_row(lesion, readers.get(lesion.id, ReaderDiameters())) for lesion in lesions]
        flags = explain_all(measurements.flags) if measurements else ()
        self.data.flags = [FlagRow(text.title, text.action, str(text.severity)) for text in flags]
        # Lines that an edit has made are shown as the others.
        self._show_lines()
        if measurements is not None:
            self.measured()


def volume_rows(measurements: Measurements | None) -> list[VolumeRow]:
    """As readers say it, 0.1 ml and 0.1 %; without numbers while nothing is known."""
    rows = volumetry_rows(measurements or Measurements(0.0, 0.0, 0.0, None))[1]
    texts = [(sentence(str(name)), _digit(volume), _digit(share)) for name, volume, share in rows]
    return [VolumeRow(*text) if measurements else VolumeRow(text[0]) for text in texts]


def lesion_row(lesion: Lesion, reader: ReaderDiameters) -> LesionRow:
    """A reader's line goes before the measured one."""
    long_mm, short_mm = reader.long_axis_mm, reader.short_axis_mm
    return LesionRow(
        id=lesion.id,
        long_mm=_digit(lesion.long_axis_mm if long_mm is None else long_mm),
        short_mm=_digit(lesion.short_axis_mm if short_mm is None else short_mm),
        volume_ml=_digit(lesion.volume_ml),
        segments=lesion.segments_title,
        confidence_percent="" if lesion.confidence is None else f"{100 * lesion.confidence:.0f}",
        reader=long_mm is not None or short_mm is not None,
        flags=", ".join(lesion.flags),
    )


def _digit(value: object) -> str:
    return f"{value + 0.0:.1f}" if isinstance(value, int | float) else ""


def _hex(color: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in color)
