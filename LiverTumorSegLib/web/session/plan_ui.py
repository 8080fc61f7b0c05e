"""Plan a resection: what is removed, the numbers that follow, and the usual resections to choose from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from trame.widgets import html
from trame.widgets.vuetify3 import VBtn, VCheckbox, VSelect, VSlider, VTable, VTextField
from trame_server.utils.typed_state import TypedState
from undo_stack import Signal

from LiverTumorSegLib.labels import AS_READ, IV, PARTS_OF_IV
from LiverTumorSegLib.web.session.calls import call

FURTHEST_MM, NO_PLACE = 150.0, ""


@dataclass
class PlanRow:
    """One number of the chosen resection, as it is shown; empty while it is not known."""

    title: str = ""
    value: str = ""


@dataclass
class UsualRow:
    """A usual resection: texts as they are shown, empty while they are not known. segments: names with spaces between,
    the key by which it is chosen. hint: what the narrow table leaves out.
    """

    title: str = ""
    segments: str = ""
    flr_ml: str = ""
    flr_percent: str = ""
    removed: str = ""
    cut: str = ""
    left: str = ""
    margin_mm: str = ""
    hint: str = ""


@dataclass
class Place:
    """Where a plane can be put. id: the key, NO_PLACE for no plane."""

    id: str = NO_PLACE
    title: str = ""


@dataclass
class PlanState:
    """there: names of the liver's segments, none where it is not divided.

    segments: the removed ones' names. place: what the plane was put through.
    height_cm, weight_kg: "" of an emptied field. working: status tells what is going on, not what is wrong.
    """

    there: list[str] = field(default_factory=list)
    is_on: bool = False
    exists: bool = False
    segments: list[str] = field(default_factory=list)
    place: str = NO_PLACE
    places: list[Place] = field(default_factory=list)
    shift_mm: float = 0.0
    turn_deg: float = 0.0
    tilt_deg: float = 0.0
    height_cm: float | str = 0.0
    weight_kg: float | str = 0.0
    distances: bool = False
    status: str = ""
    working: bool = False
    rows: list[PlanRow] = field(default_factory=list)
    usual: list[UsualRow] = field(default_factory=list)


_USUAL_COLUMNS = (
    ("Usual resection", "row.title", "Those that leave or cut the fewest lesions first, then by the remnant"),
    ("FLR ml", "row.flr_ml", "Future liver remnant"),
    ("%", "row.flr_percent", "Remnant, % of liver without tumor"),
    ("Out", "row.removed", "Lesions removed"),
    ("Cut", "row.cut", "Lesions cut"),
    ("Left", "row.left", "Lesions left"),
    ("Margin", "row.margin_mm", "Planned margin in mm, give or take one voxel"),
)
_SLIDERS = (
    ("Shift", "mm", "shift_mm", FURTHEST_MM, 0.5, "Along the plane's normal, from where it was put"),
    ("Turn", "°", "turn_deg", 180.0, 1.0, "Of its normal: 0 to the patient's right, 90 to the front"),
    ("Tilt", "°", "tilt_deg", 90.0, 1.0, "Of its normal: 90 to the head"),
)


class PlanUI(html.Div):
    """The section, of which little is there until planning is switched on."""

    segment_clicked = Signal(str)
    usual_clicked = Signal(str)
    side_clicked = Signal()
    remove_clicked = Signal()

    def __init__(self) -> None:
        super().__init__(classes="lts-section", id="lts-plan")
        self._name = TypedState(self.state, PlanState).name
        with self:
            self._switch()
            with html.Div(v_if=(self._name.is_on,)):
                self._segments()
                self._plane()
                self._patient()
                self._status()
                self._usual()
                self._numbers()

    def _switch(self) -> None:
        name = self._name
        with html.Div(classes="lts-row"):
            VCheckbox(
                v_model=(name.is_on,),
                label="Plan on this result",
                id="lts-plan-on",
                density="compact",
                hide_details=True,
                disabled=(f"!{name.there}.length",),
                title=(
                    "Show what a resection removes and leaves, with numbers that follow every choice. Switched off, "
                    "the picture is that of the result again; the plan is kept."
                ),
            )
            html.Div(classes="lts-grow")
            VBtn(
                "Remove the plan",
                v_if=(name.exists,),
                id="lts-plan-remove",
                size="x-small",
                variant="text",
                click=self.remove_clicked,
            )
        html.Div("Needs a result with Couinaud segments.", v_if=(f"!{name.there}.length",), classes="lts-small")

    def _segments(self) -> None:
        name = self._name
        with html.Div(classes="lts-row lts-segments"):
            html.Span("Remove", classes="lts-small")
            for label in AS_READ:
                # Both parts of IV together are chosen as IV.
                names = (label.name, IV.name) if label in PARTS_OF_IV else (label.name,)
                chosen = " || ".join(f"{name.segments}.includes('{one}')" for one in names)
                VBtn(
                    label.name,
                    v_if=(f"{name.there}.includes('{label.name}')",),
                    id=f"lts-plan-{label.name}",
                    size="x-small",
                    variant=(f"({chosen}) ? 'flat' : 'tonal'",),
                    color=(f"({chosen}) ? 'primary' : undefined",),
                    title=f"Remove Couinaud segment {label.name}",
                    click=call(self.server, self.segment_clicked, f"'{label.name}'"),
                )

    def _plane(self) -> None:
        name = self._name
        with html.Div(classes="lts-row lts-plane"):
            VSelect(
                v_model=(name.place,),
                items=(name.places,),
                item_title="title",
                item_value="id",
                density="compact",
                variant="outlined",
                hide_details=True,
                id="lts-plan-place",
                classes="lts-place lts-grow",
                title="Cut along a plane: put it somewhere, then drag it by its handles or set it here",
            )
            VBtn(
                "Other side",
                id="lts-plan-side",
                size="x-small",
                variant="tonal",
                disabled=(f"!{name.place}",),
                title="Remove what lies on the other side of the plane",
                click=self.side_clicked,
            )
        with html.Div(v_if=(name.place,)):
            for title, unit, field_name, most, step, hint in _SLIDERS:
                self._slider(title, unit, getattr(name, field_name), most, step, hint)

    def _slider(self, title: str, unit: str, value: Any, most: float, step: float, hint: str) -> None:
        with html.Div(classes="lts-row lts-structure", title=hint):
            html.Span(f"{title} {{{{ {value} }}}} {unit}", classes="lts-label")
            VSlider(
                v_model=(value,),
                min=-most,
                max=most,
                step=step,
                density="compact",
                hide_details=True,
                thumb_size=12,
                id=f"lts-plan-{title.lower()}",
            )

    def _patient(self) -> None:
        name = self._name
        with html.Div(classes="lts-row lts-patient"):
            for label, value, unit, hint in (
                ("Height", name.height_cm, "cm", "With the weight it gives the standard liver. 0: not known"),
                ("Weight", name.weight_kg, "kg", "Of the patient. 0: not known"),
            ):
                VTextField(
                    v_model_number=(value,),
                    type="number",
                    min=0,
                    prefix=label,
                    suffix=unit,
                    density="compact",
                    variant="outlined",
                    hide_details=True,
                    classes="lts-hu",
                    id=f"lts-plan-{label.lower()}",
                    title=hint,
                )
            VCheckbox(
                v_model=(name.distances,),
                label="Distances",
                id="lts-plan-distances",
                density="compact",
                hide_details=True,
                title=(
                    "Colors tumors in 3D by their distance to the nearest vessel, and vessels by theirs to the nearest "
                    "tumor, from 0 to 20 mm"
                ),
            )

    def _status(self) -> None:
        name = self._name
        html.Div(
            "{{ " + name.status + " }}",
            v_if=(name.status,),
            id="lts-plan-status",
            classes=(f"{name.working} ? 'lts-small' : 'lts-flag lts-note'",),
        )

    def _numbers(self) -> None:
        name = self._name
        with (
            VTable(
                v_if=(f"{name.place} || {name.segments}.length",),
                density="compact",
                id="lts-plan-numbers",
                classes="lts-table lts-plan-numbers",
            ),
            html.Tbody(),
            html.Tr(v_for=f"row in {name.rows}", key="row.title"),
        ):
            html.Td("{{ row.title }}")
            html.Td("{{ row.value }}", title=("row.value",))

    def _usual(self) -> None:
        name = self._name
        with (
            html.Div(v_if=(f"!{name.place}",), classes="lts-usual"),
            VTable(density="compact", id="lts-plan-usual", classes="lts-table"),
        ):
            with html.Thead(), html.Tr():
                for title, _cell, hint in _USUAL_COLUMNS:
                    html.Th(title, title=hint)
            with (
                html.Tbody(),
                html.Tr(
                    v_for=f"row in {name.usual}",
                    key="row.segments",
                    classes=(f"'lts-usual-row' + (row.segments === {name.segments}.join(' ') ? ' lts-chosen' : '')",),
                    title=("row.hint",),
                    click=call(self.server, self.usual_clicked, "row.segments"),
                ),
            ):
                for _title, cell, _hint in _USUAL_COLUMNS:
                    html.Td("{{ " + cell + " }}")
