"""Correcting the mask: which structure, with which tool, where it may paint; undo and redo."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from trame.widgets import html
from trame.widgets.vuetify3 import VBtn, VNumberInput, VSelect, VSlider
from trame_server.utils.typed_state import TypedState
from trame_slicer.app.ui import IslandsState, PaintEffectState, ScissorsEffectState, SmoothingState
from trame_slicer.segmentation import (
    SegmentationEffect,
    SegmentationEffectErase,
    SegmentationEffectIslands,
    SegmentationEffectNoTool,
    SegmentationEffectPaint,
    SegmentationEffectScissors,
    SegmentationEffectSmoothing,
    SegmentationIslandsMode,
)
from undo_stack import Signal

from LiverTumorSegLib.web.session.calls import call
from LiverTumorSegLib.web.session.result_ui import ResultState


@dataclass(frozen=True)
class Tool:
    """A segment editor effect, as the reader sees it."""

    title: str
    icon: str
    effect: type[SegmentationEffect]


TOOLS = (
    Tool("Look", "mdi-cursor-default-outline", SegmentationEffectNoTool),
    Tool("Paint", "mdi-brush", SegmentationEffectPaint),
    Tool("Erase", "mdi-eraser", SegmentationEffectErase),
    Tool("Scissors", "mdi-content-cut", SegmentationEffectScissors),
    Tool("Islands", "mdi-scatter-plot-outline", SegmentationEffectIslands),
    Tool("Smoothing", "mdi-blur", SegmentationEffectSmoothing),
)


class Area(Enum):
    """Where edits are allowed to change the mask."""

    EVERYWHERE = "Everywhere"
    INSIDE_LIVER = "Inside the liver only"
    OUTSIDE_OTHERS = "Not over other structures"


@dataclass
class EditState:
    """tool: the active effect's name. segment_id: what is being edited."""

    tool: str = SegmentationEffectNoTool.get_effect_name()
    segment_id: str = ""
    area: Area = Area.EVERYWHERE
    can_undo: bool = False
    can_redo: bool = False
    ready: bool = False


_FIELD = {"density": "compact", "variant": "outlined", "hide_details": True, "classes": "lts-field"}


class EditUI(html.Div):
    """The tools and what each of them can be told."""

    tool_clicked = Signal(str)
    segment_chosen = Signal(str)
    islands_clicked = Signal()
    smoothing_clicked = Signal()

    def __init__(self) -> None:
        super().__init__(classes="lts-section")
        self._edit = TypedState(self.state, EditState)
        with self, html.Div(v_if=(self._edit.name.ready,)):
            html.Div("Edit", classes="lts-heading")
            self._which_structure()
            self._tools()
            with self._for_tools(SegmentationEffectPaint, SegmentationEffectErase):
                self._brush()
            with self._for_tools(SegmentationEffectIslands):
                self._islands()
            with self._for_tools(SegmentationEffectSmoothing):
                self._smoothing()
            with self._for_tools(SegmentationEffectScissors):
                self._scissors()
            with self._for_tools(*(tool.effect for tool in TOOLS[1:])):
                self._area()

    def _which_structure(self) -> None:
        result = TypedState(self.state, ResultState).name
        with html.Div(classes="lts-row"):
            VBtn(
                "{{ row.name }}",
                v_for=f"row in {result.structures}",
                key="row.id",
                size="x-small",
                variant=(f"{self._edit.name.segment_id} === row.id ? 'flat' : 'tonal'",),
                color=("row.color",),
                classes="lts-which",
                click=call(self.server, self.segment_chosen, "row.id"),
            )

    def _tools(self) -> None:
        with html.Div(classes="lts-row"):
            for tool in TOOLS:
                active = self._is_active(tool.effect)
                VBtn(
                    icon=tool.icon,
                    id=f"lts-tool-{tool.title.lower()}",
                    size="small",
                    rounded="sm",
                    title=tool.title,
                    variant=(f"{active} ? 'flat' : 'text'",),
                    color=(f"{active} ? 'primary' : undefined",),
                    click=call(self.server, self.tool_clicked, f"'{tool.effect.get_effect_name()}'"),
                )

    def _brush(self) -> None:
        brush = TypedState(self.state, PaintEffectState).name
        ball = brush.use_sphere_brush
        with html.Div(classes="lts-row"):
            html.Span("Brush {{ " + brush.brush_diameter_slider.value + " }} mm", classes="lts-label")
            VSlider(
                v_model=(brush.brush_diameter_slider.value,),
                min=1,
                max=60,
                step=1,
                density="compact",
                hide_details=True,
                thumb_size=12,
                title="Brush diameter (Shift + wheel in a view)",
            )
            VBtn(
                icon=(f"{ball} ? 'mdi-sphere' : 'mdi-circle-outline'",),
                size="x-small",
                variant="tonal",
                title=(f"{ball} ? 'Ball: paints neighbouring slices too' : 'Disc: paints this slice only'",),
                click=f"{ball} = !{ball}",
            )

    def _scissors(self) -> None:
        state = TypedState(self.state, ScissorsEffectState)
        name = state.name
        fill_type, range_type = type(state.data.fill_mode), type(state.data.range_mode)
        fills = [{"title": mode.name.replace("_", " ").capitalize(), "value": state.encode(mode)} for mode in fill_type]
        ranges = {"Through all slices": "UNLIMITED", "Near this slice": "SYMMETRIC"}
        depths = [{"title": title, "value": state.encode(range_type[key])} for title, key in ranges.items()]
        VSelect(v_model=(name.fill_mode,), items=("lts_scissors_fills", fills), **_FIELD)
        VSelect(v_model=(name.range_mode,), items=("lts_scissors_depths", depths), **_FIELD)
        VNumberInput(
            v_if=(f"{name.range_mode} === {state.encode(range_type['SYMMETRIC'])}",),
            v_model=(name.symmetric_distance,),
            min=(0,),
            max=(500,),
            precision=1,
            label="Thickness in all (mm)",
            **_FIELD,
        )

    def _islands(self) -> None:
        state = TypedState(self.state, IslandsState)
        name = state.name
        modes = {
            "Keep the largest part": SegmentationIslandsMode.KEEP_LARGEST_ISLAND,
            "Remove small parts": SegmentationIslandsMode.REMOVE_SMALL_ISLANDS,
            "Keep the part that is clicked": SegmentationIslandsMode.KEEP_SELECTED,
            "Remove the part that is clicked": SegmentationIslandsMode.REMOVE_SELECTED,
        }
        small = state.encode(SegmentationIslandsMode.REMOVE_SMALL_ISLANDS)
        by_click = state.encode(SegmentationIslandsMode.get_interactive_modes())
        VSelect(
            v_model=(name.mode,),
            items=(
                "lts_islands_modes",
                [{"title": title, "value": state.encode(mode)} for title, mode in modes.items()],
            ),
            **_FIELD,
        )
        VNumberInput(
            v_if=(f"{name.mode} === {small}",),
            v_model=(name.minimum_size,),
            min=(1,),
            label="Smaller than (voxels)",
            **_FIELD,
        )
        self._apply(self.islands_clicked, hidden=f"{by_click}.includes({name.mode})")

    def _smoothing(self) -> None:
        state = TypedState(self.state, SmoothingState)
        name = state.name
        mode_type = type(state.data.mode)
        titles = {
            "MEDIAN": "Median",
            "OPENING": "Opening: removes protrusions",
            "CLOSING": "Closing: fills gaps",
            "GAUSSIAN": "Gaussian",
        }
        modes = [{"title": title, "value": state.encode(mode_type[key])} for key, title in titles.items()]
        gaussian = state.encode(mode_type["GAUSSIAN"])
        VSelect(v_model=(name.mode,), items=("lts_smoothing_modes", modes), **_FIELD)
        for value, label, shown in (
            (name.kernel_size, "Kernel (mm)", f"{name.mode} !== {gaussian}"),
            (name.standard_deviation, "Standard deviation (mm)", f"{name.mode} === {gaussian}"),
        ):
            VNumberInput(
                v_if=(shown,), v_model=(value,), min=(0.1,), max=(50,), step=(0.5,), precision=1, label=label, **_FIELD
            )
        self._apply(self.smoothing_clicked)

    def _area(self) -> None:
        VSelect(
            v_model=(self._edit.name.area,),
            items=("lts_areas", [{"title": area.value, "value": self._edit.encode(area)} for area in Area]),
            label="Changes",
            **_FIELD,
        )

    def _apply(self, signal: Callable[..., Any], hidden: str = "false") -> None:
        VBtn(
            "Apply",
            v_if=(f"!({hidden})",),
            size="small",
            variant="tonal",
            prepend_icon="mdi-check",
            classes="lts-apply",
            click=signal,
        )

    def _for_tools(self, *effects: type[SegmentationEffect]) -> html.Div:
        return html.Div(v_if=(" || ".join(self._is_active(effect) for effect in effects),), classes="lts-tool")

    def _is_active(self, effect: type[SegmentationEffect]) -> str:
        return f"{self._edit.name.tool} === '{effect.get_effect_name()}'"


class UndoRedoUI(html.Div):
    """For the bar above the views."""

    undo_clicked = Signal()
    redo_clicked = Signal()

    def __init__(self) -> None:
        super().__init__(classes="lts-row")
        name = TypedState(self.state, EditState).name
        buttons = (("undo", name.can_undo, self.undo_clicked), ("redo", name.can_redo, self.redo_clicked))
        with self:
            for title, possible, signal in buttons:
                VBtn(
                    icon=f"mdi-{title}",
                    v_if=(name.ready,),
                    id=f"lts-{title}",
                    size="small",
                    variant="text",
                    title=title.capitalize(),
                    disabled=(f"!{possible}",),
                    click=signal,
                )
