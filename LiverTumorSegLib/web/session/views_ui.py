"""What lies over the views: letters for the patient's sides, the slice's position, its slider; layout and CT window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trame.widgets import html
from trame.widgets.vuetify3 import VBtn, VBtnToggle, VTextField
from trame_server.utils.typed_state import TypedState
from trame_slicer.app.logic.slice_view_logic import connect_slice_view_slider_to_state
from trame_slicer.app.ui.slider import Slider
from undo_stack import Signal

from LiverTumorSegLib.web.session.calls import call


@dataclass(frozen=True)
class WindowPreset:
    """Of a CT window, in HU."""

    name: str
    window_hu: float
    level_hu: float


WINDOW_PRESETS = (
    WindowPreset("Abdomen", 350.0, 60.0),
    WindowPreset("Liver", 200.0, 80.0),
    WindowPreset("Vessels", 600.0, 170.0),
)
"""Liver: narrow, around enhanced parenchyma, for hypodense lesions. Vessels: wide enough for arteries and bone."""

LAYOUTS = ("Four views", "Axial", "Coronal", "Sagittal", "3D")
_LAYOUT_ICONS = (
    "mdi-view-grid-outline",
    "mdi-alpha-a-box-outline",
    "mdi-alpha-c-box-outline",
    "mdi-alpha-s-box-outline",
    "mdi-cube-outline",
)


@dataclass
class SliceState:
    """Of one slice view: what lies at its edges (R, L, A, P, S, I), and where it is."""

    left: str = ""
    right: str = ""
    top: str = ""
    bottom: str = ""
    position: str = ""


@dataclass
class ViewsState:
    """preset: the name of the window preset that is shown, empty for any other window."""

    layout: str = LAYOUTS[0]
    window_hu: float = WINDOW_PRESETS[0].window_hu
    level_hu: float = WINDOW_PRESETS[0].level_hu
    preset: str = WINDOW_PRESETS[0].name
    is_open: bool = False


class ViewsBarUI(html.Div):
    """Layouts and CT windows, for the bar above the views."""

    preset_chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        state = TypedState(self.state, ViewsState)
        with self, html.Div(classes="lts-row", v_if=(state.name.is_open,)):
            html.Span("CT window", classes="lts-small")
            for preset in WINDOW_PRESETS:
                VBtn(
                    preset.name,
                    id=f"lts-window-{preset.name.lower()}",
                    size="small",
                    variant=(f"{state.name.preset} === '{preset.name}' ? 'flat' : 'tonal'",),
                    color=(f"{state.name.preset} === '{preset.name}' ? 'primary' : undefined",),
                    title=f"Window {preset.window_hu:.0f} HU, level {preset.level_hu:.0f} HU",
                    click=call(self.server, self.preset_chosen, f"'{preset.name}'"),
                )
            for label, name in (("W", state.name.window_hu), ("L", state.name.level_hu)):
                VTextField(
                    v_model_number=(name,),
                    type="number",
                    prefix=label,
                    suffix="HU",
                    step=10,
                    density="compact",
                    variant="outlined",
                    hide_details=True,
                    classes="lts-hu",
                )
            with VBtnToggle(
                v_model=(state.name.layout,), mandatory=True, density="compact", variant="outlined", divided=True
            ):
                for layout, icon in zip(LAYOUTS, _LAYOUT_ICONS, strict=True):
                    VBtn(icon=icon, value=layout, title=layout, size="small")


def slice_view_ui(server: Any, view_id: str, view: Any) -> None:
    """For trame-slicer's view factory: what is drawn over a slice view."""
    state = TypedState(server.state, SliceState, namespace=view_id)
    is_open = TypedState(server.state, ViewsState).name.is_open
    with html.Div(v_if=(is_open,), classes="lts-over"):
        for side in ("left", "right", "top", "bottom"):
            html.Span("{{ " + getattr(state.name, side) + " }}", classes=f"lts-side lts-{side}")
        html.Span("{{ " + state.name.position + " }}", classes="lts-position")
    _reset_button(view, is_open)
    with html.Div(v_if=(is_open,), classes="lts-slice-slider"):
        Slider(typed_state=connect_slice_view_slider_to_state(server, view), density="compact", thumb_size=12)


def three_d_view_ui(server: Any, _view_id: str, view: Any) -> None:
    """The same over the 3D view."""
    _reset_button(view, TypedState(server.state, ViewsState).name.is_open)


def _reset_button(view: Any, is_open: str) -> None:
    VBtn(
        icon="mdi-fit-to-screen-outline",
        v_if=(is_open,),
        size="x-small",
        variant="text",
        title="Show all of it",
        classes="lts-reset",
        click=view.reset_view,
    )
