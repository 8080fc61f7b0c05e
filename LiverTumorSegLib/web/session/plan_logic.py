"""Planning on the result: what the page chooses goes into the plan in the scene, from which the work is done."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from trame_server import Server
from trame_slicer.app.logic.base_logic import BaseLogic
from trame_slicer.core import SlicerApp
from undo_stack import Signal

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.mrml.plan import Plan, can_be_removed, chosen_of, plan_of, segments_there, toggled
from LiverTumorSegLib.mrml.plan_distances import remove_distances
from LiverTumorSegLib.mrml.plan_nodes import add_plan, remove_plan, show_plan
from LiverTumorSegLib.mrml.result import Result
from LiverTumorSegLib.web.session.notice_logic import NoticeLogic
from LiverTumorSegLib.web.session.plan_plane import CuttingPlane, PlaneSetting, middle_of, outward
from LiverTumorSegLib.web.session.plan_rows import lesion_of, places_for, plan_rows, usual_rows
from LiverTumorSegLib.web.session.plan_ui import NO_PLACE, PlanState, PlanUI
from LiverTumorSegLib.workbench.live_planning import LivePlanning

PLANE_OVER_LIVER = 0.8
"""The square that is shown of a plane, of the longest side of the liver's box."""


class PlanLogic(BaseLogic[PlanState]):
    """surfaces: of the result's segments in 3D as they are now, empty while they are not known.

    switched: emitted when the picture has become the plan's, or the result's again. plane_shown: with whether there is
    a plane to be dragged.
    """

    switched = Signal()
    plane_shown = Signal(bool)

    def __init__(
        self,
        server: Server,
        slicer_app: SlicerApp,
        notices: NoticeLogic,
        folder: Path,
        surfaces: Callable[[], dict[str, Any]],
    ) -> None:
        super().__init__(server, slicer_app, PlanState)
        self._notices = notices
        self._planning = LivePlanning(
            (sys.executable,), folder, self._on_status, self._on_usual, surfaces=lambda _plan: surfaces()
        )
        self._plane = CuttingPlane(self.scene)
        self._placed = NO_PLACE
        """What the plane was last put through."""
        self._result: Result | None = None
        self._usual: list[dict[str, Any]] = []
        self._seen: tuple[int, ...] = ()
        """Times of modification of the tables that the page shows."""
        name = self.name
        self.bind_changes(
            {
                name.is_on: lambda *_: self._on_switch(),
                (name.height_cm, name.weight_kg): lambda *_: self._on_patient(),
                name.distances: lambda *_: self._on_distances(),
                name.place: lambda *_: self._on_place(),
                (name.shift_mm, name.turn_deg, name.tilt_deg): lambda *_: self._on_setting(),
            }
        )

    def set_ui(self, ui: PlanUI) -> None:
        ui.segment_clicked.connect(self.toggle_segment)
        ui.usual_clicked.connect(lambda segments: self.choose_segments(tuple(segments.split())))
        ui.side_clicked.connect(self.take_other_side)
        ui.remove_clicked.connect(self.remove)

    @property
    def busy(self) -> bool:
        """Whether something on the screen is not yet as it was chosen."""
        return self._planning.busy

    @property
    def child_pid(self) -> int | None:
        return self._planning.child.pid

    def show(self, result: Result) -> None:
        """The result that is planned on, from now on."""
        self._result = result
        self.data.there = list(segments_there(result))
        self.offer_places()

    def offer_places(self) -> None:
        """Lesions have come, gone, or got other numbers."""
        self.data.places = places_for(self._result.measurements if self._result else None)

    def mask_changed(self, result: Result) -> None:
        """What was planned on the old one goes; a new plan follows."""
        self._planning.mask_changed(result)

    def switch(self, *, on: bool) -> None:
        """Plan on the result, or show it as it was; the plan is kept."""
        plan = self._new_plan() if on else plan_of(self._result)
        if plan is not None:
            plan.choose(replace(plan.choice, is_on=on, distances=plan.choice.distances and on), plan.markup)
            if not on:
                remove_distances(plan)
            show_plan(plan, visible=on)
            if on:
                self._planning.start(plan.result)
                self._on_patient()
        if not on:
            self._planning.stop()
        self._show_choice()
        self.switched()

    def toggle_segment(self, name: str) -> None:
        """Remove a Couinaud segment, or keep it after all."""
        self.choose_segments(toggled(self.data.segments, name))

    def choose_segments(self, names: tuple[str, ...]) -> None:
        """In Couinaud's order, whatever the order given; a plane is left."""
        self._choose(None, segments=chosen_of(names, self.data.there))

    def take_other_side(self) -> None:
        """Of the plane."""
        plan = plan_of(self._result)
        if plan is not None and plan.markup is not None:
            self._choose(plan.markup, against=not plan.choice.against)

    def put_plane(self, place: str) -> None:
        """Through the liver's middle, or through a lesion with its outer side to be removed."""
        plan = plan_of(self._result)
        if plan is None:
            return
        try:
            middle_ras, side_mm = middle_of(plan.result)
        except InputError as error:
            self._notices.fail(str(error))
            return
        through_ras = self._center_of(lesion_of(place))
        through_ras = middle_ras if through_ras is None else through_ras
        self._placed = place
        self._plane.place(through_ras, outward(through_ras - middle_ras), PLANE_OVER_LIVER * side_mm)
        self._choose(self._plane.node, segments=(), against=False)

    def remove(self) -> None:
        """Take the plan out of the scene."""
        plan = plan_of(self._result)
        self._planning.stop()
        if plan is not None:
            remove_plan(plan)
        self._plane.remove()
        self._show_choice()
        self.switched()

    def keep_plane_still(self, editing: bool) -> None:
        """While a tool is in the reader's hand."""
        self._plane.lock(locked=editing)

    def close(self) -> None:
        """The result leaves the scene; who the patient is stays known."""
        self.remove()
        self._result = None
        self.data.there = []
        self.data.places = []

    def forget_patient(self) -> None:
        """Another CT is opened."""
        self.data.height_cm = self.data.weight_kg = 0.0

    def end(self) -> None:
        """The session ends: no child stays."""
        self._planning.close()

    def tick(self) -> None:
        """One step: see what was dragged, take in numbers and parts."""
        if self._result is None:
            return
        self._planning.poll(self.scene)
        if self.data.place:
            self._show_setting()
        plan = plan_of(self._result)
        if plan is None and self.data.exists:  # somebody has deleted it
            self._show_choice()
        if plan is not None:
            self._refresh_tables(plan)
        self.data.working = self._planning.busy

    def _new_plan(self) -> Plan | None:
        try:
            return add_plan(self._result) if self._result is not None and self._result.segments else None
        except InputError as error:
            self._notices.fail(str(error))
        return None

    def _choose(self, markup: Any | None, **values: Any) -> None:
        plan = plan_of(self._result)
        if plan is not None:
            plan.choose(replace(plan.choice, **values), markup)
            self._show_choice()

    def _center_of(self, lesion_id: int | None) -> np.ndarray | None:
        measurements = self._result.measurements if self._result else None
        for lesion in measurements.lesions if measurements else ():
            if lesion.id == lesion_id:
                return np.mean(lesion.long_axis_ras_mm, axis=0)
        return None

    def _on_switch(self) -> None:
        plan = plan_of(self._result)
        if self.data.is_on != (plan is not None and plan.choice.is_on):
            self.switch(on=self.data.is_on)

    def _on_patient(self) -> None:
        plan = plan_of(self._result)
        # A field that is being typed into may hold nothing for a moment.
        values = {"height_cm": self.data.height_cm, "weight_kg": self.data.weight_kg}
        known = {name: float(value) if isinstance(value, int | float) else 0.0 for name, value in values.items()}
        if plan is not None:
            self._choose(plan.markup, **known)

    def _on_distances(self) -> None:
        plan = plan_of(self._result)
        if plan is not None:
            self._choose(plan.markup, distances=bool(self.data.distances))

    def _on_place(self) -> None:
        plan = plan_of(self._result)
        if plan is None or self._place_shown(plan) == self.data.place:
            return
        if self.data.place == NO_PLACE:
            self._choose(None)
        else:
            self.put_plane(self.data.place)

    def _place_shown(self, plan: Plan | None) -> str:
        return self._placed if plan is not None and plan.markup is not None else NO_PLACE

    def _on_setting(self) -> None:
        values = (self.data.shift_mm, self.data.turn_deg, self.data.tilt_deg)
        if self.data.place and all(isinstance(value, int | float) for value in values):
            self._plane.move(PlaneSetting(*(float(value) for value in values)))

    def _on_status(self, text: str) -> None:
        self.data.status = text[:1].upper() + text[1:]

    def _on_usual(self, usual: list[dict[str, Any]]) -> None:
        self._usual = usual
        self._seen = ()

    def _show_choice(self) -> None:
        plan = plan_of(self._result)
        choice = plan.choice if plan else None
        is_on = bool(choice and choice.is_on)
        self.data.exists, self.data.is_on = plan is not None, is_on
        self.data.segments = list(choice.segments) if choice else []
        self.data.distances = bool(choice and choice.distances)
        self.data.place = self._place_shown(plan)
        has_plane = is_on and self.data.place != NO_PLACE
        self._plane.show(visible=has_plane)
        self.plane_shown(has_plane)
        self._show_setting()
        if plan is None:
            self.data.rows, self.data.usual, self.data.status = [], [], ""
        self._seen = ()

    def _show_setting(self) -> None:
        self._plane.draw()
        setting = self._plane.setting
        self.data.shift_mm, self.data.turn_deg, self.data.tilt_deg = (
            setting.shift_mm,
            setting.turn_deg,
            setting.tilt_deg,
        )

    def _refresh_tables(self, plan: Plan) -> None:
        tables = [node for node in (plan.table, plan.what_if) if node is not None]
        seen = tuple(int(node.GetMTime()) for node in tables)
        if seen == self._seen or len(tables) < 2:
            return
        self._seen = seen
        self.data.rows = plan_rows(plan.table)
        usual = [one for one in self._usual if can_be_removed(one["segments"], self.data.there)]
        self.data.usual = usual_rows(plan.what_if, usual)
