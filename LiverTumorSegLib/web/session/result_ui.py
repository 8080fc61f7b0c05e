"""The result: structures with visibility and opacity, volumes, lesions. All of it follows the mask."""

from __future__ import annotations

from dataclasses import dataclass, field

from trame.widgets import html
from trame.widgets.vuetify3 import VBtn, VIcon, VSlider, VTable
from trame_server.utils.typed_state import TypedState
from undo_stack import Signal

from LiverTumorSegLib.web.session.calls import call


@dataclass
class StructureRow:
    """A segment. opacity: 0 to 1, of its surface; its fill in slices goes with it."""

    id: str = ""
    name: str = ""
    color: str = ""
    visible: bool = True
    opacity: float = 1.0


@dataclass
class VolumeRow:
    """Texts as they are shown; empty while the mask is being measured."""

    name: str = ""
    volume_ml: str = ""
    share_percent: str = ""


@dataclass
class LesionRow:
    """Lengths, volume and confidence as they are shown; no confidence for what a reader drew. reader: whether a
    length is a reader's line, not the measured one.
    """

    id: int = 0
    long_mm: str = ""
    short_mm: str = ""
    volume_ml: str = ""
    confidence_percent: str = ""
    segments: str = ""
    reader: bool = False
    flags: str = ""


@dataclass
class FlagRow:
    """A warning on the case in words."""

    title: str = ""
    action: str = ""
    severity: str = ""


@dataclass
class ResultState:
    """measuring: what the person at the screen is told about the numbers, empty once all are known."""

    exists: bool = False
    measuring: str = ""
    structures: list[StructureRow] = field(default_factory=list)
    volumes: list[VolumeRow] = field(default_factory=list)
    lesions: list[LesionRow] = field(default_factory=list)
    flags: list[FlagRow] = field(default_factory=list)
    lines_visible: bool = True
    has_segments: bool = False
    segments_visible: bool = False


class ResultUI(html.Div):
    """Three tables."""

    visibility_clicked = Signal(str)
    opacity_changed = Signal(str, float)
    lesion_clicked = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._state = TypedState(self.state, ResultState)
        with self:
            self._structures()
            self._volumes()
            self._lesions()

    def _structures(self) -> None:
        name = self._state.name
        with html.Div(classes="lts-section", v_if=(name.exists,)):
            html.Div("Structures", classes="lts-heading")
            with html.Div(v_for=f"row in {name.structures}", key="row.id", classes="lts-row lts-structure"):
                VBtn(
                    icon=("row.visible ? 'mdi-eye-outline' : 'mdi-eye-off-outline'",),
                    size="x-small",
                    variant="text",
                    title="Show or hide",
                    click=call(self.server, self.visibility_clicked, "row.id"),
                )
                html.Span(classes="lts-swatch", style=("{background: row.color}",))
                html.Span("{{ row.name }}", classes="lts-structure-name")
                VSlider(
                    model_value=("row.opacity",),
                    min=0,
                    max=1,
                    step=0.05,
                    density="compact",
                    hide_details=True,
                    thumb_size=12,
                    title="Opacity",
                    update_modelValue=call(self.server, self.opacity_changed, "row.id", "$event"),
                )
            with html.Div(classes="lts-row lts-structure"):
                VBtn(
                    icon=(f"{name.lines_visible} ? 'mdi-eye-outline' : 'mdi-eye-off-outline'",),
                    size="x-small",
                    variant="text",
                    title="Show or hide the diameters",
                    click=f"{name.lines_visible} = !{name.lines_visible}",
                )
                VIcon("mdi-ruler", size="x-small")
                html.Span("Diameters", classes="lts-structure-name")
            with html.Div(v_if=(name.has_segments,), classes="lts-row lts-structure", id="lts-segments"):
                VBtn(
                    icon=(f"{name.segments_visible} ? 'mdi-eye-outline' : 'mdi-eye-off-outline'",),
                    size="x-small",
                    variant="text",
                    title="Show or hide the Couinaud segments in the slices",
                    click=f"{name.segments_visible} = !{name.segments_visible}",
                )
                VIcon("mdi-view-grid-outline", size="x-small")
                html.Span("Segments I-VIII", classes="lts-structure-name")

    def _volumes(self) -> None:
        name = self._state.name
        with html.Div(classes="lts-section", v_if=(name.exists,)):
            with VTable(density="compact", id="lts-volumes", classes="lts-table"):
                with html.Thead(), html.Tr():
                    for title in ("Volume", "ml", "% of liver"):
                        html.Th(title)
                with html.Tbody(), html.Tr(v_for=f"row in {name.volumes}", key="row.name"):
                    html.Td("{{ row.name }}")
                    html.Td("{{ row.volume_ml }}")
                    html.Td("{{ row.share_percent }}")
            html.Div("{{ " + name.measuring + " }}", v_if=(name.measuring,), id="lts-measuring", classes="lts-small")
            with html.Div(v_for=f"flag in {name.flags}", classes=("'lts-flag lts-' + flag.severity",)):
                html.B("{{ flag.title }}. ")
                html.Span("{{ flag.action }}")

    def _lesions(self) -> None:
        name = self._state.name
        with html.Div(classes="lts-section", v_if=(name.exists,)):
            html.Div("Lesions: {{ " + f"{name.measuring} ? '' : {name.lesions}.length" + " }}", classes="lts-heading")
            with VTable(density="compact", id="lts-lesions", classes="lts-table", v_if=(f"{name.lesions}.length",)):
                with html.Thead(), html.Tr():
                    for title, hint in (
                        ("No.", "Largest first"),
                        ("Long mm", "Longest diameter in an acquired slice"),
                        ("Short mm", "Longest perpendicular to it"),
                        ("ml", "Volume"),
                        ("Seg.", "Couinaud segment; a second one that holds more than 20 % of it is named too"),
                        ("Sure %", "How probable it is that this is a lesion, as the networks' voices say"),
                        ("", "Warnings"),
                    ):
                        html.Th(title, title=hint)
                with (
                    html.Tbody(),
                    html.Tr(
                        v_for=f"row in {name.lesions}",
                        key="row.id",
                        classes="lts-lesion",
                        title="Show its long axis in the views",
                        click=call(self.server, self.lesion_clicked, "row.id"),
                    ),
                ):
                    html.Td("{{ row.id }}")
                    html.Td("{{ row.long_mm }}{{ row.reader ? '*' : '' }}")
                    html.Td("{{ row.short_mm }}")
                    html.Td("{{ row.volume_ml }}")
                    html.Td("{{ row.segments }}")
                    html.Td("{{ row.confidence_percent }}")
                    with html.Td():
                        VIcon("mdi-alert-outline", v_if=("row.flags",), size="x-small", title=("row.flags",))
            html.Div("* a reader's line", v_if=(f"{name.lesions}.some(row => row.reader)",), classes="lts-small")
