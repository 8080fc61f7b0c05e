"""What went wrong, or is worth knowing, in words, over the views."""

from __future__ import annotations

from dataclasses import dataclass

from trame.widgets import html
from trame.widgets.vuetify3 import VAlert, VBtn, VCard, VCardActions, VCardText, VCardTitle, VDialog
from trame_server.utils.typed_state import TypedState


@dataclass
class NoticeState:
    """kind: error, warning or info. details: what a program printed, for whoever has to find out."""

    text: str = ""
    details: str = ""
    kind: str = "info"
    details_shown: bool = False


class NoticeUI(html.Div):
    """One message at a time; the reader closes it."""

    def __init__(self) -> None:
        super().__init__()
        state = TypedState(self.state, NoticeState)
        with (
            self,
            VAlert(
                v_if=(state.name.text,),
                id="lts-notice",
                classes="lts-notice",
                type=(state.name.kind,),
                density="compact",
            ),
        ):
            html.Div("{{ " + state.name.text + " }}", classes="lts-notice-text")
            VBtn(
                "Details",
                v_if=(state.name.details,),
                size="small",
                variant="text",
                click=f"{state.name.details_shown} = true",
            )
            VBtn("Close", size="small", variant="text", click=f"{state.name.text} = ''")
        with self, VDialog(v_model=(state.name.details_shown,), max_width=900), VCard():
            VCardTitle("Details")
            with VCardText():
                html.Pre("{{ " + state.name.details + " }}", classes="lts-log")
            with VCardActions():
                VBtn("Close", click=f"{state.name.details_shown} = false")
