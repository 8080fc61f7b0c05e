"""Opening a CT: from the reader's computer, or from the folder that the server offers."""

from __future__ import annotations

from dataclasses import dataclass, field

from trame.widgets import html
from trame.widgets.vuetify3 import (
    VBtn,
    VCard,
    VCardActions,
    VCardText,
    VCardTitle,
    VDialog,
    VDivider,
    VIcon,
    VList,
    VListItem,
    VProgressLinear,
    VSpacer,
)
from trame_server.utils.typed_state import TypedState
from undo_stack import Signal

from LiverTumorSegLib.web.session.calls import call
from LiverTumorSegLib.web.session.question_ui import QuestionUI

ACCEPTED = ".nii,.gz,.nrrd,.nhdr,.mha,.mhd,.zip,.dcm,application/zip,application/dicom"


@dataclass
class ServedItem:
    """One line of the served folder. path: relative to it, the key with which it is opened."""

    name: str = ""
    path: str = ""
    is_folder: bool = False
    size: str = ""


@dataclass
class CaseState:
    """upload: fraction sent, below 0 when nothing is being sent. choices: CT series to choose from, in words."""

    name: str = ""
    description: str = ""
    warnings: list[str] = field(default_factory=list)
    reading: str = ""
    upload: float = -1.0
    choices: list[str] = field(default_factory=list)
    max_upload_mib: int = 0
    has_served: bool = False
    served_shown: bool = False
    served_path: str = ""
    served: list[ServedItem] = field(default_factory=list)
    unsaved: bool = False
    replace_asked: str = ""


class CaseUI(html.Div):
    """Buttons, what is open, and the dialogs on the way there."""

    upload_finished = Signal(str)
    upload_failed = Signal(str)
    series_chosen = Signal(int)
    served_asked = Signal(str)
    served_opened = Signal(str)
    choice_cancelled = Signal()

    def __init__(self) -> None:
        super().__init__(classes="lts-section")
        self._state = TypedState(self.state, CaseState)
        with self:
            self._buttons()
            self._busy()
            self._what_is_open()
            self._series_dialog()
            self._served_dialog()
            self._replace_dialog()

    def _buttons(self) -> None:
        name = self._state.name
        finished = self.server.trigger_name(self.upload_finished)
        failed = self.server.trigger_name(self.upload_failed)
        send = (
            "window.liverTumorSeg.open($event.target, "
            f"{{trame, progress: '{name.upload}', finished: '{finished}', failed: '{failed}', "
            f"mostMiB: {name.max_upload_mib}}})"
        )
        busy = f"!!({name.upload} >= 0 || {name.reading})"
        for element, attributes in (("lts-file", f'multiple accept="{ACCEPTED}"'), ("lts-folder", "webkitdirectory")):
            html.Input(
                type="file", id=element, style="display: none", change=send, raw_attrs=[attributes], disabled=(busy,)
            )
        with html.Div(classes="lts-row"):
            self._open_button(
                "Open CT", "mdi-file-upload-outline", "lts-file", busy, "NIfTI, NRRD, MetaImage or a DICOM zip"
            )
            self._open_button("Folder", "mdi-folder-upload-outline", "lts-folder", busy, "A folder of DICOM slices")
            with html.Div(v_if=(name.has_served,)):
                html.Input(
                    type="button",
                    id="lts-served",
                    style="display: none",
                    click=call(self.server, self.served_asked, "''"),
                )
                self._open_button(
                    "Server", "mdi-server", "lts-served", busy, "A CT in the folder that this server offers"
                )

    def _open_button(self, text: str, icon: str, element: str, busy: str, title: str) -> None:
        name = self._state.name
        VBtn(
            text,
            prepend_icon=icon,
            size="small",
            variant="tonal",
            disabled=(busy,),
            title=title,
            click=(
                f"{name.unsaved} ? ({name.replace_asked} = '{element}')"
                f" : window.document.getElementById('{element}').click()"
            ),
        )

    def _busy(self) -> None:
        name = self._state.name
        with html.Div(v_if=(f"{name.upload} >= 0",), classes="lts-row"):
            VProgressLinear(model_value=(f"100 * {name.upload}",), height=6, rounded=True, color="primary")
            VBtn("Cancel", size="x-small", variant="text", click="window.liverTumorSeg.cancelUpload()")
        with html.Div(v_if=(name.reading,)):
            html.Div("{{ " + name.reading + " }}", classes="lts-small")
            VProgressLinear(indeterminate=True, height=4, color="primary")

    def _what_is_open(self) -> None:
        name = self._state.name
        html.Div("{{ " + name.name + " }}", v_if=(name.name,), id="lts-case-name", classes="lts-case-name")
        html.Div("{{ " + name.description + " }}", v_if=(name.name,), classes="lts-small")
        html.Div(
            "Open an abdominal CT (up to {{ "
            + name.max_upload_mib
            + " }} MiB). It stays on this server, for this session"
            " alone, and no other computer is asked.",
            v_if=(f"!{name.name} && !{name.reading}",),
            classes="lts-small",
        )
        with html.Div(v_for=f"text in {name.warnings}", classes="lts-warning"):
            VIcon("mdi-alert-outline", size="x-small")
            html.Span("{{ text }}")

    def _series_dialog(self) -> None:
        name = self._state.name
        with VDialog(model_value=(f"{name.choices}.length > 0",), max_width=760, persistent=True), VCard():
            VCardTitle("Which CT series?")
            with VCardText(), VList(density="compact"):
                VListItem(
                    v_for=f"(text, index) in {name.choices}",
                    title=("text",),
                    click=call(self.server, self.series_chosen, "index + 1"),
                    classes="lts-series",
                )
            with VCardActions():
                VSpacer()
                VBtn("Cancel", click=self.choice_cancelled)

    def _served_dialog(self) -> None:
        name = self._state.name
        parent = f"{name.served_path}.split('/').slice(0, -1).join('/')"
        with VDialog(v_model=(name.served_shown,), max_width=760), VCard():
            VCardTitle("{{ '/' + " + name.served_path + " }}")
            VDivider()
            with VCardText(style="max-height: 60vh; overflow-y: auto"), VList(density="compact"):
                VListItem(
                    v_if=(name.served_path,),
                    prepend_icon="mdi-arrow-up-left",
                    title="..",
                    click=call(self.server, self.served_asked, parent),
                )
                VListItem(
                    v_for=f"item in {name.served}",
                    key="item.path",
                    prepend_icon=("item.is_folder ? 'mdi-folder-outline' : 'mdi-file-outline'",),
                    title=("item.name",),
                    subtitle=("item.size",),
                    classes="lts-served",
                    click=(
                        f"item.is_folder ? {call(self.server, self.served_asked, 'item.path')}"
                        f" : {call(self.server, self.served_opened, 'item.path')}"
                    ),
                )
            with VCardActions():
                VBtn(
                    "Open this folder as DICOM",
                    v_if=(name.served_path,),
                    click=call(self.server, self.served_opened, name.served_path),
                )
                VSpacer()
                VBtn("Close", click=f"{name.served_shown} = false")

    def _replace_dialog(self) -> None:
        asked = self._state.name.replace_asked
        QuestionUI(
            asked,
            "Close this result?",
            "Opening another CT closes this one with its segmentation. What you have not exported is lost.",
            keep=f"{asked} = ''",
            go_on_text="Open another",
            go_on=f"window.document.getElementById({asked}).click(); {asked} = ''",
        )
