"""The segment editor on the result: Slicer's effects on the server, told by the page."""

from __future__ import annotations

from trame_server import Server
from trame_server.utils.typed_state import TypedState
from trame_slicer.app.logic.base_logic import BaseLogic
from trame_slicer.app.logic.segmentation import (
    EraseEffectLogic,
    IslandsEffectLogic,
    PaintEffectLogic,
    ScissorsEffectLogic,
    SmoothingEffectLogic,
)
from trame_slicer.app.ui import PaintEffectState, SliderState, SmoothingState
from trame_slicer.core import SlicerApp
from trame_slicer.segmentation import (
    BrushDiameterMode,
    SegmentationEditableAreaMode,
    SegmentationEffectIslands,
    SegmentationEffectNoTool,
    SegmentationEffectSmoothing,
)
from undo_stack import Signal, UndoStack

from LiverTumorSegLib.labels import TUMOR
from LiverTumorSegLib.mrml.result import Result
from LiverTumorSegLib.web.session.edit_ui import TOOLS, Area, EditState, EditUI, UndoRedoUI
from LiverTumorSegLib.web.session.placed_editing import PlacedEditing

MOST_UNDO_STATES = 10
"""As in the Slicer module; a state holds a copy of the mask."""
BRUSH_MM = SliderState(min_value=1, max_value=60, step=1, value=10)


class EditLogic(BaseLogic[EditState]):
    """Edits one segmentation at a time; seeing what changed is left to whoever watches the scene.

    tool_changed: emitted with whether a tool is in the reader's hand.
    """

    tool_changed = Signal(bool)

    def __init__(self, server: Server, slicer_app: SlicerApp) -> None:
        super().__init__(server, slicer_app, EditState)
        self._editor = slicer_app.segmentation_editor
        self._brush_in_mm()
        self._effects = [
            kind(server, slicer_app)
            for kind in (
                PaintEffectLogic,
                EraseEffectLogic,
                ScissorsEffectLogic,
                IslandsEffectLogic,
                SmoothingEffectLogic,
            )
        ]
        self._smooth_as_chosen()
        self._placed = PlacedEditing(self._editor)
        self._undo_stack = UndoStack(undo_limit=MOST_UNDO_STATES)
        self._editor.set_undo_stack(self._undo_stack)
        for signal in self._undo_stack.signals():
            signal.connect(self._on_undo_stack)
        self._editor.active_effect_name_changed.connect(self._on_effect)
        self._editor.active_segment_id_changed.connect(self._on_segment)
        self.bind_changes({self.name.area: self._on_area})

    def set_ui(self, ui: EditUI, undo_ui: UndoRedoUI) -> None:
        ui.tool_clicked.connect(self.choose_tool)
        ui.segment_chosen.connect(self.choose_segment)
        ui.islands_clicked.connect(self._apply_islands)
        ui.smoothing_clicked.connect(self._apply_smoothing)
        undo_ui.undo_clicked.connect(self.undo)
        undo_ui.redo_clicked.connect(self.redo)

    def edit(self, result: Result) -> None:
        """From now on, edits go into the mask of a result."""
        self._editor.set_active_segmentation(result.segmentation, result.volume)
        self._placed.follow(result.volume)
        self.choose_segment(TUMOR.name)
        self._on_area(self.data.area)
        self.data.ready = True

    def close(self) -> None:
        """The result leaves the scene."""
        self.data.ready = False
        self._editor.clear()
        self._on_undo_stack()

    def choose_tool(self, effect_name: str) -> None:
        """One of TOOLS, by its effect's name; any other is passed over."""
        for tool in TOOLS:
            if tool.effect.get_effect_name() == effect_name:
                self._editor.set_active_effect_type(tool.effect)

    def choose_segment(self, segment_id: str) -> None:
        """What is edited."""
        if segment_id in self._editor.get_segment_ids():
            self._editor.set_active_segment_id(segment_id)

    def undo(self) -> None:
        """The mask as it was before the last edit, to the voxel."""
        self._undo_stack.undo()

    def redo(self) -> None:
        """The edit that was undone."""
        self._undo_stack.redo()

    def _brush_in_mm(self) -> None:
        state = TypedState(self.state, PaintEffectState)
        state.data.brush_diameter_mode = BrushDiameterMode.Absolute
        TypedState.from_dataclass(state.data.brush_diameter_slider, BRUSH_MM)

    def _smooth_as_chosen(self) -> None:
        """trame-slicer's own logic follows the choices only where its own panel is used."""
        state, effect = TypedState(self.state, SmoothingState), self._editor.get_effect(SegmentationEffectSmoothing)
        state.bind_changes(
            {
                state.name.mode: effect.set_smoothing_mode,
                state.name.kernel_size: effect.set_kernel_size,
                state.name.standard_deviation: effect.set_standard_deviation,
            }
        )

    def _apply_islands(self) -> None:
        self._editor.get_effect(SegmentationEffectIslands).apply()

    def _apply_smoothing(self) -> None:
        self._editor.get_effect(SegmentationEffectSmoothing).apply_smoothing()

    def _on_area(self, area: Area) -> None:
        modes = {
            Area.EVERYWHERE: SegmentationEditableAreaMode.EVERYWHERE,
            Area.INSIDE_LIVER: SegmentationEditableAreaMode.INSIDE_ALL_SEGMENTS,
            Area.OUTSIDE_OTHERS: SegmentationEditableAreaMode.OUTSIDE_ALL_SEGMENTS,
        }
        self._editor.set_editable_area(modes[area])

    def _on_effect(self, effect_name: str) -> None:
        looking = SegmentationEffectNoTool.get_effect_name()
        self.data.tool = effect_name or looking
        self.tool_changed(self.data.tool != looking)

    def _on_segment(self, segment_id: str) -> None:
        self.data.segment_id = segment_id

    def _on_undo_stack(self, *_: object) -> None:
        self.data.can_undo = self._undo_stack.can_undo()
        self.data.can_redo = self._undo_stack.can_redo()
