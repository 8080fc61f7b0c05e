"""The page: a bar, the panel with everything that is done in its order, and the views."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trame.ui.vuetify3 import VAppLayout
from trame.widgets import html
from trame_server import Server

from LiverTumorSegLib import __version__
from LiverTumorSegLib.web.session.case_ui import CaseUI
from LiverTumorSegLib.web.session.edit_ui import EditUI, UndoRedoUI
from LiverTumorSegLib.web.session.export_ui import ExportUI
from LiverTumorSegLib.web.session.notice_ui import NoticeUI
from LiverTumorSegLib.web.session.result_ui import ResultUI
from LiverTumorSegLib.web.session.run_ui import RunUI
from LiverTumorSegLib.web.session.views_ui import ViewsBarUI

_STATIC = f"livertumorseg_{__version__}"
PAGE_FILES: dict[str, Any] = {
    "serve": {_STATIC: str(Path(__file__).with_name("static"))},
    "scripts": [f"{_STATIC}/workstation.js"],
    "styles": [f"{_STATIC}/workstation.css"],
}
"""For ``server.enable_module``."""
TITLE = "Liver Tumor Seg"


class PageUI:
    """All parts, for the logics to connect to. layout_manager: puts the views into the place that is theirs."""

    def __init__(self, server: Server, layout_manager: Any) -> None:
        with VAppLayout(server) as self.layout:
            self.layout.root.theme = "dark"
            with html.Div(classes="lts-page"):
                with html.Div(classes="lts-bar"):
                    html.Span(TITLE, classes="lts-title")
                    self.views = ViewsBarUI()
                    html.Div(classes="lts-grow")
                    self.undo_redo = UndoRedoUI()
                    html.Span("For research use only", classes="lts-small")
                with html.Div(classes="lts-body"):
                    with html.Div(classes="lts-panel"):
                        with html.Div(classes="lts-panel-top"):
                            self.case = CaseUI()
                            self.run = RunUI()
                            self.result = ResultUI()
                        # Within reach while the tables above it grow.
                        with html.Div(classes="lts-panel-bottom"):
                            self.edit = EditUI()
                            self.export = ExportUI()
                    with html.Div(classes="lts-views"):
                        layout_manager.initialize_layout_grid(self.layout)
                        self.notice = NoticeUI()
