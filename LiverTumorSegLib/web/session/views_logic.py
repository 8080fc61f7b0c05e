"""Slice and 3D views: which are shown, their CT window, and what they say about the patient's sides."""

from __future__ import annotations

from typing import Any

import numpy as np
from slicer import vtkMRMLAbstractViewNode
from trame_server import Server
from trame_server.utils.typed_state import TypedState
from trame_slicer.app.logic.base_logic import BaseLogic
from trame_slicer.core import LayoutManager, SlicerApp
from trame_slicer.rca_view import RemoteSliceViewFactory, RemoteThreeDViewFactory
from trame_slicer.views import Layout, LayoutDirection, ViewLayoutDefinition

from LiverTumorSegLib.mrml.grid import affine_of
from LiverTumorSegLib.web.session.views_ui import (
    LAYOUTS,
    WINDOW_PRESETS,
    SliceState,
    ViewsBarUI,
    ViewsState,
    slice_view_ui,
    three_d_view_ui,
)

_PICTURES = {"rca_encoder": "jpeg", "interactive_quality": 90, "target_fps": 30.0, "blur_fps": 15.0}
"""90 is also trame-rca's quality for still pictures: a lesion must not drown in blocks, and no view is drawn twice."""
MOST_PEELS = 2
"""Of translucent layers: the organ's front and back; each one is drawn once more (Testing/benchmarks/frames.py)."""
_SIDES = (("L", "R"), ("P", "A"), ("I", "S"))
"""Letters for the negative and the positive end of R, A and S."""


class ViewsLogic(BaseLogic[ViewsState]):
    """The views exist from the start; ``show`` puts a CT into them."""

    def __init__(self, server: Server, slicer_app: SlicerApp) -> None:
        super().__init__(server, slicer_app, ViewsState)
        for factory in (
            RemoteSliceViewFactory(server, populate_view_ui_f=slice_view_ui, **_PICTURES),
            RemoteThreeDViewFactory(server, populate_view_ui_f=three_d_view_ui, **_PICTURES),
        ):
            slicer_app.view_manager.register_factory(factory)
        self.layout_manager = LayoutManager(slicer_app.scene, slicer_app.view_manager, server)
        self.layout_manager.register_layout_dict(_layouts())
        self.layout_manager.set_layout(self.data.layout)
        self._volume: Any | None = None
        for view in slicer_app.view_manager.get_views():
            # With multisampling on a software renderer, translucent surfaces disappear.
            view.render_window().SetMultiSamples(0)
        for view in slicer_app.view_manager.get_threed_views():
            view.renderer().SetMaximumNumberOfPeels(MOST_PEELS)
            view.set_orientation_marker(vtkMRMLAbstractViewNode.OrientationMarkerTypeAxes)
        for view in self._slice_views:
            view.modified.connect(self._on_slice_modified)
        self.bind_changes(
            {
                self.name.layout: self.layout_manager.set_layout,
                (self.name.window_hu, self.name.level_hu): self._on_window,
            }
        )

    def set_ui(self, ui: ViewsBarUI) -> None:
        ui.preset_chosen.connect(self.choose_preset)

    def show(self, volume: Any) -> None:
        """All of a CT, in the middle, in the window that its display node has."""
        self._volume = volume
        display = volume.GetDisplayNode()
        self.data.window_hu, self.data.level_hu = display.GetWindow(), display.GetLevel()
        self._name_preset()
        self.data.is_open = True
        self._slicer_app.display_manager.show_volume_in_slice_background(volume)
        for view in self._slice_views:
            view.reset_view()

    def show_slices_through(self, point_ras: np.ndarray) -> None:
        """All of the body in the slices that a point lies in: at first sight, nothing is cut off."""
        for view in self._slice_views:
            view.fit_view_to_content()
            view.get_view_node().JumpSliceByOffsetting(*point_ras)

    def close(self) -> None:
        """Nothing is shown any more."""
        self._volume = None
        self.data.is_open = False
        self._slicer_app.display_manager.show_volume_in_slice_background(None)

    def choose_preset(self, name: str) -> None:
        """One of WINDOW_PRESETS; any other name is passed over."""
        for preset in WINDOW_PRESETS:
            if preset.name == name:
                self.data.window_hu, self.data.level_hu = preset.window_hu, preset.level_hu

    def render(self) -> None:
        """Draw all views again: not every change of a scene tells them."""
        for view in self._slicer_app.view_manager.get_views():
            view.schedule_render()

    @property
    def _slice_views(self) -> list[Any]:
        return list(self._slicer_app.view_manager.get_slice_views())

    def _on_window(self, window_hu: Any, level_hu: Any) -> None:
        # A field that is being typed into may hold nothing for a moment.
        if self._volume is not None and isinstance(window_hu, int | float) and isinstance(level_hu, int | float):
            self._volume.GetDisplayNode().SetWindowLevel(max(1.0, window_hu), level_hu)
        self._name_preset()

    def _name_preset(self) -> None:
        shown = (self.data.window_hu, self.data.level_hu)
        names = [preset.name for preset in WINDOW_PRESETS if (preset.window_hu, preset.level_hu) == shown]
        self.data.preset = names[0] if names else ""

    def _on_slice_modified(self, view: Any) -> None:
        node = view.get_view_node()
        if node is None:
            return
        state = TypedState(
            self.state, SliceState, namespace=self.server.translator.translate_key(view.get_singleton_tag())
        )
        slice_to_ras = affine_of(node.GetSliceToRAS())
        state.data.left, state.data.right = _letters(slice_to_ras[:3, 0])
        state.data.bottom, state.data.top = _letters(slice_to_ras[:3, 1])
        state.data.position = _position(slice_to_ras, view.get_slice_value())


def _letters(direction_ras: np.ndarray) -> tuple[str, str]:
    """What lies at the negative and the positive end of a direction: the side that it mostly points to."""
    axis = int(np.abs(direction_ras).argmax())
    negative, positive = _SIDES[axis]
    return (negative, positive) if direction_ras[axis] > 0 else (positive, negative)


def _position(slice_to_ras: np.ndarray, offset_mm: float) -> str:
    """A slice's place as readers say it: S 23.5 mm, along its normal."""
    normal = slice_to_ras[:3, 2]
    axis = int(np.abs(normal).argmax())
    along = offset_mm if normal[axis] > 0 else -offset_mm
    return f"{'RAS'[axis]} {along + 0.0:.1f} mm"


def _layouts() -> dict[str, Layout]:
    axial, coronal, sagittal = (
        ViewLayoutDefinition.axial_view(),
        ViewLayoutDefinition.coronal_view(),
        ViewLayoutDefinition.sagittal_view(),
    )
    three_d = ViewLayoutDefinition.threed_view()
    rows = [
        Layout(LayoutDirection.Horizontal, [axial, three_d]),
        Layout(LayoutDirection.Horizontal, [coronal, sagittal]),
    ]
    single = (axial, coronal, sagittal, three_d)
    alone = {name: Layout(LayoutDirection.Vertical, [view]) for name, view in zip(LAYOUTS[1:], single, strict=True)}
    return {LAYOUTS[0]: Layout(LayoutDirection.Vertical, rows), **alone}
