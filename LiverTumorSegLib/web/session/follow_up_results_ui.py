"""What came out of a follow-up: response, lesions over time, charts; and what the reader puts right."""

from __future__ import annotations

from typing import Any

from trame.widgets import html
from trame.widgets.vuetify3 import VBtn, VSelect, VTable
from trame_server.utils.typed_state import TypedState
from undo_stack import Signal

from LiverTumorSegLib.timeline import Role
from LiverTumorSegLib.web.session.calls import call
from LiverTumorSegLib.web.session.follow_up_state import FollowUpState

ROLE_TITLES = {Role.TARGET: "target", Role.NON_TARGET: "non-target", Role.EXCLUDED: "not a lesion"}
_RESPONSE = "Response"
_COLUMNS = (
    ("Visit", "row.visit", ""),
    ("Sum", "row.total", "Over the targets"),
    ("From baseline", "row.from_baseline", ""),
    ("From nadir", "row.from_nadir", "The smallest sum before"),
    (_RESPONSE, "row.grade || row.response", ""),
)


class FollowUpResultsUI(html.Div):
    """There once there are numbers."""

    cell_clicked = Signal(str, int)
    role_chosen = Signal(str, str)
    gone_clicked = Signal()
    new_clicked = Signal()
    same_clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        name = self._name = TypedState(self.state, FollowUpState).name
        with self, html.Div(v_if=(name.has_numbers,), classes=(f"{name.is_outdated} ? 'lts-outdated' : ''",)):
            self._judgement()
            self._lesions()
            self._lesion()
            self._charts()

    def _judgement(self) -> None:
        name = self._name
        with html.Div(classes="lts-row"):
            html.Div("Response", classes="lts-heading lts-grow")
            _choose("By which response is judged", name.criterion, name.criteria, "lts-criterion")
        with VTable(density="compact", id="lts-responses", classes="lts-table"):
            with html.Thead(), html.Tr():
                for title, _cell, hint in _COLUMNS:
                    html.Th(title, title=hint)
            with html.Tbody(), html.Template(v_for=f"row in {name.responses}", key="row.visit"):
                with html.Tr(classes="lts-response", title=("'Two readers may differ by ' + row.noise",)):
                    for title, cell, _hint in _COLUMNS:
                        grade = {"classes": ("'lts-grade lts-' + row.grade",)} if title == _RESPONSE else {}
                        html.Td("{{ " + cell + " }}", **grade)
                with (
                    html.Tr(v_if=("row.reason || row.confirmed",), classes="lts-reason"),
                    html.Td(colspan=len(_COLUMNS)),
                ):
                    html.Span("{{ row.reason }}")
                    html.Div("Would be {{ row.confirmed }}.", v_if=("row.confirmed",))

    def _lesions(self) -> None:
        name = self._name
        html.Div("Lesions: longest diameter in mm", classes="lts-heading")
        with html.Div(classes="lts-scroll"), VTable(density="compact", id="lts-tracked", classes="lts-table"):
            with html.Thead(), html.Tr():
                for title in ("Lesion", "Role", "Segment"):
                    html.Th(title)
                html.Th("{{ date }}", v_for=f"date in {name.dates}", key="date")
            with html.Tbody(), html.Tr(v_for=f"row in {name.lesions}", key="row.id", classes="lts-tracked"):
                with html.Td(title=("row.reason",)):
                    html.Span("{{ row.id }}", classes=("'lts-lesion-id ' + row.color",))
                with html.Td():
                    self._role()
                html.Td("{{ row.segments }}")
                chosen = f"{name.lesion} === row.id && {name.visit} === place"
                with html.Td(
                    v_for="(seen, place) in row.seen",
                    key="place",
                    title=("seen.hint",),
                    classes=(f"'lts-cell' + ({chosen} ? ' lts-chosen' : '')",),
                    click=call(self.server, self.cell_clicked, "row.id", "place"),
                ):
                    html.Div("{{ seen.size }}")
                    html.Div("{{ seen.state }}", classes="lts-state")

    def _role(self) -> None:
        with html.Select(
            title=("row.reason",),
            disabled=(self._name.running,),
            classes="lts-role",
            change=call(self.server, self.role_chosen, "row.id", "$event.target.value"),
        ):
            for role, title in ROLE_TITLES.items():
                html.Option(title, value=str(role), selected=(f"row.role === '{role}'",))

    def _lesion(self) -> None:
        """What was clicked, and what can be put right about it."""
        name = self._name
        html.Div("Click a lesion at a visit to see and correct it.", v_if=(f"!{name.lesion}",), classes="lts-small")
        with html.Div(v_if=(name.lesion,), id="lts-seen"):
            html.B("{{ " + f"{name.lesion} + ', visit ' + {name.dates}[{name.visit}]" + " }}")
            html.Div("{{ " + name.detail + " }}", id="lts-seen-detail", classes="lts-small")
            html.Div("{{ " + name.where + " }}", v_if=(name.where,), id="lts-seen-where", classes="lts-small")
            with html.Div(classes="lts-row"):
                small_button(
                    f"{{{{ {name.is_gone} ? 'Not certain that it is gone' : 'It is gone' }}}}",
                    "gone",
                    self.gone_clicked,
                    f"!{name.can_be_gone} || {name.running}",
                    "It was looked for and not found: 0 mm",
                )
                small_button(
                    "New lesion",
                    "new",
                    self.new_clicked,
                    f"!{name.can_be_new} || {name.running}",
                    "What is called so at this visit is another one, which was not there before",
                )
                with html.Div(v_if=(f"{name.earlier}.length",), classes="lts-row"):
                    small_button("Same as", "same", self.same_clicked, name.running, "It is that lesion of before")
                    _choose("Lesion of an earlier visit", name.same_as, name.earlier, "lts-same-as")

    def _charts(self) -> None:
        with html.Div(v_for=f"chart in {self._name.charts}", key="chart.title"):
            html.Div("{{ chart.title }}", classes="lts-heading")
            html.Div(v_html=("chart.svg",), classes="lts-chart")


def small_button(text: str, key: str, click: Any, disabled: str, hint: str, **more: Any) -> None:
    """disabled: an expression of the page."""
    VBtn(
        text,
        id=f"lts-follow-up-{key}",
        disabled=(f"!!({disabled})",),
        title=hint,
        click=click,
        **({"size": "x-small", "variant": "tonal"} | more),
    )


def _choose(title: str, chosen: str, choices: str, css_class: str) -> None:
    VSelect(
        v_model=(chosen,),
        items=(choices,),
        density="compact",
        variant="outlined",
        hide_details=True,
        classes=css_class,
        title=title,
    )
