"""Follow-up: which examinations, and the run; what comes out of it is in ``follow_up_results_ui``."""

from __future__ import annotations

from trame.widgets import client, html
from trame.widgets.vuetify3 import VBtn, VCheckbox, VProgressLinear, VTable
from trame_server.utils.typed_state import TypedState
from undo_stack import Signal

from LiverTumorSegLib.web.session.calls import call
from LiverTumorSegLib.web.session.case_ui import CaseState
from LiverTumorSegLib.web.session.follow_up_dialog_ui import result_folder_dialog
from LiverTumorSegLib.web.session.follow_up_results_ui import FollowUpResultsUI, small_button
from LiverTumorSegLib.web.session.follow_up_state import FollowUpState
from LiverTumorSegLib.web.session.result_ui import ResultState

FEWEST_VISITS = 2
_COLUMNS = (
    ("Examination", "Its result folder, or its CT"),
    ("Patient", "PatientID"),
    ("Date", "Of the examination. Without any dates, visits count in the order of their choice"),
    ("Baseline", "What changes count from; while none is chosen, the first in time"),
    ("", ""),
)


class FollowUpUI(html.Div):
    """The section; there before any CT is opened, since visits may lie in the folder that the server offers."""

    open_added = Signal()
    folders_asked = Signal(str)
    folder_added = Signal(str)
    date_changed = Signal(int, str)
    baseline_chosen = Signal(int)
    visit_removed = Signal(int)
    run_clicked = Signal()
    cancel_clicked = Signal()
    report_clicked = Signal()

    def __init__(self) -> None:
        super().__init__(classes="lts-section", id="lts-follow-up")
        self._name = TypedState(self.state, FollowUpState).name
        with self:
            self._choice()
            self._visits()
            self._run()
            self._notes()
            self.results = FollowUpResultsUI()
            self._save = client.JSEval(exec="window.liverTumorSeg.save($event)")
            result_folder_dialog(self._name, self.folders_asked, self.folder_added)

    def save(self, name: str) -> None:
        """Let the browser take a file of the session's exports."""
        self._save.exec(name)

    def _choice(self) -> None:
        name, case = self._name, TypedState(self.state, CaseState).name
        result = TypedState(self.state, ResultState).name
        with html.Div(classes="lts-row"):
            small_button(
                "Add the open result",
                "open",
                self.open_added,
                f"!{name.can_add_open} || {name.running}",
                "The result on the screen becomes a visit; it stays one when another CT is opened",
                v_if=(result.exists,),
            )
            small_button(
                "Add a result folder",
                "folder",
                call(self.server, self.folders_asked, "''"),
                name.running,
                "A finished result in the folder that this server offers",
                v_if=(case.has_served,),
            )
        html.Div(
            "Choose two or more examinations of one patient: results that you have made on this page, one after the "
            "other, or result folders that the server offers.",
            v_if=(f"{name.visits}.length < {FEWEST_VISITS}",),
            classes="lts-small",
        )

    def _visits(self) -> None:
        name = self._name
        with VTable(v_if=(f"{name.visits}.length",), density="compact", id="lts-visits", classes="lts-table"):
            with html.Thead(), html.Tr():
                for title, hint in _COLUMNS:
                    html.Th(title, title=hint)
            with html.Tbody(), html.Tr(v_for=f"item in {name.visits}", key="item.number", classes="lts-visit"):
                with html.Td():
                    html.Span("{{ item.title }}")
                    html.Div("{{ item.note }}", v_if=("item.note",), classes="lts-small")
                html.Td("{{ item.patient_id }}")
                with html.Td():
                    html.Input(
                        type="date",
                        value=("item.date",),
                        disabled=(name.running,),
                        classes="lts-date",
                        change=call(self.server, self.date_changed, "item.number", "$event.target.value"),
                    )
                with html.Td():
                    html.Input(
                        type="radio",
                        checked=(f"{name.baseline} === item.number",),
                        disabled=(name.running,),
                        classes="lts-baseline",
                        click=call(self.server, self.baseline_chosen, "item.number"),
                    )
                with html.Td():
                    VBtn(
                        icon="mdi-close",
                        size="x-small",
                        variant="text",
                        disabled=(name.running,),
                        classes="lts-remove-visit",
                        title="Take it out of the follow-up",
                        click=call(self.server, self.visit_removed, "item.number"),
                    )
        VCheckbox(
            v_model=(name.other_patient,),
            v_if=(f"{name.patients}.length > 1",),
            label=(f"'One patient under several numbers: ' + {name.patients}.join(', ')",),
            id="lts-other-patient",
            density="compact",
            hide_details=True,
        )

    def _run(self) -> None:
        name = self._name
        with html.Div(classes="lts-row", v_if=(f"!{name.running}",)):
            small_button(
                "Follow up",
                "run",
                self.run_clicked,
                f"{name.visits}.length < {FEWEST_VISITS}",
                "Lays the livers over each other, matches their lesions and judges the response",
                color="primary",
                prepend_icon="mdi-play",
                size="small",
                variant="elevated",
            )
            small_button(
                "Report",
                "report",
                self.report_clicked,
                f"{name.visits}.length < {FEWEST_VISITS}",
                "Page with charts and pictures, tables and numbers as a zip, made anew of everything as it is now",
                v_if=(name.has_numbers,),
            )
        with html.Div(v_if=(name.running,)):
            with html.Div(classes="lts-row"):
                html.Div("{{ " + name.message + " }}", id="lts-follow-up-message", classes="lts-small lts-grow")
                VBtn("Cancel", id="lts-follow-up-cancel", size="x-small", variant="tonal", click=self.cancel_clicked)
            VProgressLinear(model_value=(f"100 * {name.fraction}",), height=6, rounded=True, color="primary")

    def _notes(self) -> None:
        name = self._name
        html.Div(
            "Something was changed since these numbers came: follow up again.",
            v_if=(f"{name.has_numbers} && {name.is_outdated}",),
            id="lts-follow-up-outdated",
            classes="lts-flag",
        )
        with html.Div(v_if=(name.has_numbers,)):
            html.Div("{{ text }}", v_for=f"text in {name.warnings}", key="text", classes="lts-flag lts-note")
