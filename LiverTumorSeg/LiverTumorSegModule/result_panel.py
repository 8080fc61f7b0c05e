"""Edit and measure: the tables of a result, the way from a row to its slice, the segment editor, files out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import qt
import slicer
from slicer.i18n import tr as _

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.mrml.result import RESULT_ATTRIBUTE
from LiverTumorSegLib.workbench.export import as_text, csv_files, export_csv
from LiverTumorSegModule.messages import show_error

EDITOR_TAG = "LiverTumorSeg"
_ROW_PIXELS = 22


class ResultPanel:
    """on_choice: called with the segmentation node that was chosen. on_report: with the result to write a report of."""

    def __init__(self, ui: Any, on_choice: Callable[[Any], None], on_report: Callable[[Any], None]) -> None:
        self._ui = ui
        self._on_choice, self._on_report = on_choice, on_report
        self._result: Any | None = None
        ui.resultSelector.addAttribute("vtkMRMLSegmentationNode", RESULT_ATTRIBUTE)
        ui.resultSelector.connect("currentNodeChanged(vtkMRMLNode*)", on_choice)
        for table in (ui.volumetryTable, ui.lesionTable):
            table.horizontalHeader().setStretchLastSection(True)
            table.verticalHeader().setVisible(False)
            table.verticalHeader().setDefaultSectionSize(_ROW_PIXELS)
        ui.lesionTable.connect("clicked(QModelIndex)", self._on_row)
        ui.lesionTable.connect("activated(QModelIndex)", self._on_row)
        ui.segmentsCheckBox.connect("toggled(bool)", self.show_segments)
        ui.copyButton.connect("clicked()", self.copy_tables)
        ui.exportButton.connect("clicked()", self._on_export)
        ui.reportButton.connect("clicked()", lambda: self._on_report(self._result))
        ui.segmentEditor.setMaximumNumberOfUndoStates(10)
        ui.segmentEditor.setSegmentationNodeSelectorVisible(False)
        ui.segmentEditor.setSourceVolumeNodeSelectorVisible(False)
        ui.segmentEditor.setSwitchToSegmentationsButtonVisible(False)
        self.say("")
        self.show(None)

    def show(self, result: Any | None) -> None:
        """Another result, or none."""
        self._result = result
        self._ui.resultSelector.setCurrentNode(result.segmentation if result else None)
        self._ui.volumetryTable.setMRMLTableNode(result.volumetry if result else None)
        self._ui.lesionTable.setMRMLTableNode(result.lesions if result else None)
        for button in (self._ui.copyButton, self._ui.exportButton, self._ui.reportButton):
            button.enabled = result is not None
        segments = result.segments if result else None
        self._ui.segmentsCheckBox.enabled = segments is not None
        self._ui.segmentsCheckBox.checked = segments is not None and bool(segments.GetDisplayVisibility())
        self._show_in_editor(result)
        self.refresh()

    def refresh(self) -> None:
        """After the numbers have changed: the flags of the case in words, and columns as wide as what they hold."""
        _show_text(self._ui.flagsLabel, _flags_in_words(self._result))
        for table in (self._ui.volumetryTable, self._ui.lesionTable):
            table.resizeColumnsToContents()

    def say(self, text: str) -> None:
        """What is being measured, or could not be."""
        _show_text(self._ui.measureStatusLabel, text)

    def show_segments(self, visible: bool) -> None:
        """The Couinaud segments of the result, in slices and in 3D."""
        from LiverTumorSegLib.mrml.result_nodes import show_segments

        if self._result is not None:
            show_segments(self._result, visible=visible)

    def jump_to_lesion(self, lesion_id: int) -> None:
        """Turn the slice views to the long axis of a lesion; nothing happens if there is none of that number."""
        from LiverTumorSegLib.mrml.views import show_position

        measurements = self._result.measurements if self._result else None
        lesions = measurements.lesions if measurements else ()
        for lesion in lesions:
            if lesion.id == lesion_id and self._result is not None:
                show_position(slicer.mrmlScene, np.mean(lesion.long_axis_ras_mm, axis=0), self._result.volume)

    def copy_tables(self) -> None:
        """Both tables to the clipboard."""
        tables = [self._result.volumetry, self._result.lesions] if self._result else []
        slicer.app.clipboard().setText(as_text([table for table in tables if table is not None]))
        self.say(_("Both tables are on the clipboard."))

    def export_to(self, folder: Path) -> list[Path]:
        """Both tables as CSV, after asking where files would be replaced; what was written."""
        present = [path.name for path in csv_files(self._result, folder) if path.exists()]
        question = _("Replace {names} in {folder}?").format(names=", ".join(present), folder=folder)
        if present and not slicer.util.confirmOkCancelDisplay(question):
            return []
        try:
            written = export_csv(self._result, folder)
        except (InputError, OSError) as error:
            show_error(_("The tables could not be written: {reason}").format(reason=error))
            return []
        self.say(_("Written: {paths}").format(paths=", ".join(map(str, written))))
        return written

    def _on_row(self, index: Any) -> None:
        # By the number in the row, not by the row: the table may have been sorted.
        self.jump_to_lesion(int(index.sibling(index.row(), 0).data()))

    def _on_export(self) -> None:
        folder = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), _("Folder for the CSV files"))
        if folder:
            self.export_to(Path(str(folder)))

    def _show_in_editor(self, result: Any | None) -> None:
        editor = self._ui.segmentEditor
        editor.setMRMLSegmentEditorNode(_editor_node())
        editor.setSegmentationNode(result.segmentation if result else None)
        editor.setSourceVolumeNode(result.volume if result else None)


def _editor_node() -> Any:
    """Our own, so that the Segment Editor module keeps its choices."""
    node = slicer.mrmlScene.GetSingletonNode(EDITOR_TAG, "vtkMRMLSegmentEditorNode")
    if node is None:
        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
        node.UnRegister(None)
        node.SetSingletonTag(EDITOR_TAG)
        node = slicer.mrmlScene.AddNode(node)
    return node


def _show_text(label: Any, text: str) -> None:
    """An empty label takes no room."""
    label.text = text
    label.visible = bool(text)


def _flags_in_words(result: Any | None) -> str:
    """The warnings on the case, in rich text; what they mean is in the report."""
    measurements = result.measurements if result else None
    if measurements is None or not measurements.flags:
        return ""
    from LiverTumorSegLib.report.flags import explain_all

    texts = explain_all(measurements.flags)
    return "".join(f"<p><b>{text.title}.</b> {text.action}</p>" for text in texts)
