"""Segment, its progress, its place in the queue, and cancel."""

from __future__ import annotations

from dataclasses import dataclass, field

from trame.widgets import html
from trame.widgets.vuetify3 import (
    VBtn,
    VProgressLinear,
    VSelect,
)
from trame_server.utils.typed_state import TypedState
from undo_stack import Signal

from LiverTumorSegLib.web.session.case_ui import CaseState
from LiverTumorSegLib.web.session.question_ui import QuestionUI


@dataclass
class Choice:
    """id: for the command line. title: for people."""

    id: str = ""
    title: str = ""


@dataclass
class RunState:
    """place: in the queue, 1 is next, 0 is not queued. fraction: of the run, 0 to 1."""

    running: bool = False
    place: int = 0
    fraction: float = 0.0
    message: str = ""
    has_result: bool = False
    replace_asked: bool = False
    model: str = "auto"
    models: list[Choice] = field(default_factory=list)
    quality: str = "standard"
    qualities: list[Choice] = field(default_factory=list)
    anatomy: str = "on"
    divisions: list[Choice] = field(default_factory=list)


def _select(title: str, chosen: str, choices: str, css_class: str) -> None:
    VSelect(
        v_model=(chosen,),
        items=(choices,),
        item_title="title",
        item_value="id",
        density="compact",
        variant="outlined",
        hide_details=True,
        classes=css_class,
        title=title,
    )


class RunUI(html.Div):
    """One button at a time: Segment, or Cancel."""

    segment_clicked = Signal()
    cancel_clicked = Signal()

    def __init__(self) -> None:
        super().__init__(classes="lts-section")
        self._state = TypedState(self.state, RunState)
        with self:
            self._buttons()
            self._progress()
            self._replace_dialog()

    def _buttons(self) -> None:
        name, case = self._state.name, TypedState(self.state, CaseState).name
        with html.Div(classes="lts-row", v_if=(f"!{name.running}",)):
            html.Button(style="display: none", id="lts-segment-now", click=self.segment_clicked)
            VBtn(
                "Segment",
                id="lts-segment",
                prepend_icon="mdi-play",
                color="primary",
                size="small",
                disabled=(f"!!(!{case.name} || {case.reading} || {case.upload} >= 0)",),
                click=(
                    f"{name.has_result} ? ({name.replace_asked} = true)"
                    " : window.document.getElementById('lts-segment-now').click()"
                ),
            )
            _select("Model", name.model, name.models, "lts-model")
        with html.Div(classes="lts-row lts-options", v_if=(f"!{name.running}",)):
            html.Span("Quality", classes="lts-small")
            _select("How much time the networks get", name.quality, name.qualities, "lts-quality")
            html.Span("Segments", classes="lts-small")
            _select("Couinaud segments", name.anatomy, name.divisions, "lts-anatomy")

    def _progress(self) -> None:
        name = self._state.name
        with html.Div(v_if=(name.running,)):
            with html.Div(classes="lts-row"):
                html.Div("{{ " + name.message + " }}", id="lts-run-message", classes="lts-small lts-grow")
                VBtn("Cancel", id="lts-cancel", size="x-small", variant="tonal", click=self.cancel_clicked)
            VProgressLinear(
                model_value=(f"100 * {name.fraction}",),
                indeterminate=(f"{name.place} > 0",),
                height=6,
                rounded=True,
                color="primary",
            )

    def _replace_dialog(self) -> None:
        asked = self._state.name.replace_asked
        QuestionUI(
            asked,
            "Segment again?",
            "The present segmentation is replaced, with all edits, once the new one is there.",
            keep=f"{asked} = false",
            go_on_text="Segment again",
            go_on=f"{asked} = false; window.document.getElementById('lts-segment-now').click()",
        )
