"""A question before something is lost: one button keeps, the other goes on."""

from __future__ import annotations

from trame.widgets.vuetify3 import VBtn, VCard, VCardActions, VCardText, VCardTitle, VDialog, VSpacer


class QuestionUI(VDialog):
    """shown: state that is true or not empty while it is asked. keep, go_on: JavaScript of the two buttons."""

    def __init__(self, shown: str, title: str, text: str, *, keep: str, go_on_text: str, go_on: str) -> None:
        super().__init__(model_value=(f"!!{shown}",), max_width=520, persistent=True)
        with self, VCard():
            VCardTitle(title)
            VCardText(text)
            with VCardActions():
                VSpacer()
                VBtn("Keep it", click=keep)
                VBtn(go_on_text, color="warning", click=go_on)
