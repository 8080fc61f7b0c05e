"""Files out: what the reader takes home."""

from __future__ import annotations

from dataclasses import dataclass

from trame.widgets import client, html
from trame.widgets.vuetify3 import VBtn, VProgressLinear
from trame_server.utils.typed_state import TypedState
from undo_stack import Signal

from LiverTumorSegLib.web.session.calls import call
from LiverTumorSegLib.web.session.result_ui import ResultState


@dataclass(frozen=True)
class Export:
    """kind: as the logic calls it. hint: what is in the file. needs_numbers: of the mask as it is now."""

    kind: str
    title: str
    icon: str
    hint: str
    needs_numbers: bool = False


EXPORTS = (
    Export(
        "folder",
        "Result folder",
        "mdi-folder-zip-outline",
        "Everything as a zip: Slicer scene, segmentation, NIfTI label maps, tables, pictures, report",
    ),
    Export("report", "Report", "mdi-file-document-outline", "The report with pictures as one HTML file"),
    Export("segmentation", ".seg.nrrd", "mdi-vector-polygon", "The segmentation for 3D Slicer"),
    Export("tables", "CSV", "mdi-table", "Volumes and lesions, unrounded, as two CSV files in a zip", True),
)


@dataclass
class ExportState:
    """What is being written, empty if nothing is; fraction: 0 to 1."""

    writing: str = ""
    fraction: float = 0.0


class ExportUI(html.Div):
    """A button for each kind of file; the browser saves it once it is written."""

    export_clicked = Signal(str)
    cancel_clicked = Signal()

    def __init__(self) -> None:
        super().__init__(classes="lts-section")
        name = TypedState(self.state, ExportState).name
        result = TypedState(self.state, ResultState).name
        with self, html.Div(v_if=(result.exists,)):
            html.Div("Export", classes="lts-heading")
            with html.Div(classes="lts-row", v_if=(f"!{name.writing}",)):
                for export in EXPORTS:
                    VBtn(
                        export.title,
                        id=f"lts-export-{export.kind}",
                        prepend_icon=export.icon,
                        size="x-small",
                        variant="tonal",
                        title=export.hint,
                        # The others are measured anew, or hold no numbers.
                        disabled=(f"!!{result.measuring}" if export.needs_numbers else "false",),
                        click=call(self.server, self.export_clicked, f"'{export.kind}'"),
                    )
            with html.Div(v_if=(name.writing,)):
                with html.Div(classes="lts-row"):
                    html.Div("{{ " + name.writing + " }}", classes="lts-small lts-grow")
                    VBtn(
                        "Cancel",
                        id="lts-cancel-export",
                        v_if=(f"{name.fraction} < 1",),
                        size="x-small",
                        variant="tonal",
                        click=self.cancel_clicked,
                    )
                VProgressLinear(model_value=(f"100 * {name.fraction}",), height=6, rounded=True, color="primary")
        with self:
            self._save = client.JSEval(exec="window.liverTumorSeg.save($event)")

    def save(self, name: str) -> None:
        """Let the browser take a file of the session's exports."""
        self._save.exec(name)
