"""The page: a bar, the panel with everything that is done in its order, and the views."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trame.ui.vuetify3 import VAppLayout
from trame.widgets import html
from trame.widgets.vuetify3 import VBtn, VBtnToggle
from trame_server import Server
from trame_server.utils.typed_state import TypedState

from LiverTumorSegLib import __version__
from LiverTumorSegLib.web.session.case_ui import CaseUI
from LiverTumorSegLib.web.session.edit_ui import EditUI, UndoRedoUI
from LiverTumorSegLib.web.session.export_ui import ExportUI
from LiverTumorSegLib.web.session.follow_up_ui import FollowUpUI
from LiverTumorSegLib.web.session.notice_ui import NoticeUI
from LiverTumorSegLib.web.session.plan_ui import PlanUI
from LiverTumorSegLib.web.session.result_ui import ResultState, ResultUI
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

SECTIONS = {"result": "Result", "plan": "Plan a resection", "follow-up": "Follow-up"}
"""One at a time: the panel is too short for all of it."""
WITHOUT_RESULT = ("follow-up",)
"""Its visits may lie in the folder that the server offers."""


@dataclass
class PageState:
    """section: one of SECTIONS."""

    section: str = "result"


class SectionsUI(html.Div):
    """Which section is in sight; most of them need a result."""

    def __init__(self) -> None:
        super().__init__(classes="lts-sections")
        section = self._section = TypedState(self.state, PageState).name.section
        self._exists = TypedState(self.state, ResultState).name.exists
        toggle = VBtnToggle(v_model=(section,), mandatory=True, density="compact", variant="outlined", divided=True)
        with self, toggle:
            for key, title in SECTIONS.items():
                disabled = "false" if key in WITHOUT_RESULT else f"!{self._exists}"
                VBtn(title, value=key, id=f"lts-section-{key}", size="small", disabled=(disabled,))

    def in_sight(self, key: str) -> str:
        """Whether it is that section's turn, as an expression of the page."""
        turn = f"{self._section} === '{key}'"
        return turn if key in WITHOUT_RESULT else f"{self._exists} && {turn}"


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
                    panel = html.Div(classes="lts-panel")
                    with panel:
                        with html.Div(classes="lts-panel-top"):
                            self.case = CaseUI()
                            self.run = RunUI()
                            sections = SectionsUI()
                            # Room for tables and charts over time.
                            panel.classes = (f"'lts-panel' + ({sections.in_sight('follow-up')} ? ' lts-wide' : '')",)
                            with html.Div(v_show=(sections.in_sight("result"),)):
                                self.result = ResultUI()
                            with html.Div(v_show=(sections.in_sight("plan"),)):
                                self.plan = PlanUI()
                            with html.Div(v_show=(sections.in_sight("follow-up"),)):
                                self.follow_up = FollowUpUI()
                        # Within reach while the tables above it grow.
                        with html.Div(classes="lts-panel-bottom"):
                            self.edit = EditUI()
                            with html.Div(v_show=(sections.in_sight("result"),)):
                                self.export = ExportUI()
                    with html.Div(classes="lts-views"):
                        layout_manager.initialize_layout_grid(self.layout)
                        self.notice = NoticeUI()
