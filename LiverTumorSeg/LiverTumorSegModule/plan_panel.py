"""Plan a resection: what to remove, the numbers that follow, and the picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from slicer.i18n import tr as _

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.labels import AS_READ, IV, PARTS_OF_IV
from LiverTumorSegLib.mrml.plan import Plan, can_be_removed, chosen_of, plan_of, segments_there
from LiverTumorSegLib.mrml.plan_tables import SEGMENTS_COLUMN
from LiverTumorSegLib.workbench.live_planning import LivePlanning
from LiverTumorSegModule.packages import how_to_get_missing

_ROW_PIXELS = 22


class PlanPanel:
    """planning: does the work; the plan in the scene holds what is chosen here. on_switch: called when the picture is
    the plan's, or the result's again.
    """

    def __init__(self, ui: Any, planning: LivePlanning, on_switch: Callable[[], None]) -> None:
        self._ui, self._planning, self._after_switch = ui, planning, on_switch
        self._result: Any | None = None
        self._showing = False
        self._help = ui.planCheckBox.toolTip
        self._segments = {label.name: getattr(ui, f"planSegment{label.name}CheckBox") for label in AS_READ}
        self._usual: list[dict[str, Any]] = []
        for table in (ui.planTable, ui.planWhatIfTable):
            table.horizontalHeader().setStretchLastSection(True)
            table.verticalHeader().setVisible(False)
            table.verticalHeader().setDefaultSectionSize(_ROW_PIXELS)
        ui.planPresetSelector.addItem(_("Own choice"), "")
        self._connect()
        self.say("")
        self.show(None)

    def show(self, result: Any | None) -> None:
        """The plan on another result, or on none; one that is on is looked after from now on."""
        self._result = result
        plan = plan_of(result)
        if plan is not None and plan.choice.is_on:
            self._planning.start(plan.result)
        elif self._planning.planned_id:
            self._planning.stop()
        self._show_choice(plan)
        self.refresh()

    def refresh(self) -> None:
        """After the numbers have changed: columns as wide as what they hold."""
        for table in (self._ui.planTable, self._ui.planWhatIfTable):
            table.resizeColumnsToContents()

    def say(self, text: str) -> None:
        """What is being planned, or cannot be."""
        self._ui.planStatusLabel.text = text
        self._ui.planStatusLabel.visible = bool(text)
        self.refresh()

    def offer(self, usual: list[dict[str, Any]]) -> None:
        """The usual resections to choose from."""
        self._usual = usual
        self._fill_presets()
        self._show_choice(plan_of(self._result))

    def _fill_presets(self) -> None:
        """Those that can be done with the segments of this liver."""
        selector, there = self._ui.planPresetSelector, segments_there(self._result)
        possible = [one for one in self._usual if can_be_removed(one["segments"], there)]
        if selector.count == 1 + len(possible):
            return
        selector.clear()
        selector.addItem(_("Own choice"), "")
        for one in possible:
            other = f" ({one['other_title']})" if one["other_title"] else ""
            selector.addItem(one["title"] + other, " ".join(one["segments"]))

    def switch(self, on: bool) -> None:
        """Plan on the result that is shown, or show it as it was; the plan is kept."""
        from LiverTumorSegLib.mrml.plan_distances import remove_distances
        from LiverTumorSegLib.mrml.plan_nodes import show_plan

        plan = self._new_plan() if on else plan_of(self._result)
        if plan is not None:
            kept = replace(plan.choice, is_on=on, distances=plan.choice.distances and on)
            plan.choose(kept, plan.markup)
            if not on:
                remove_distances(plan)
            show_plan(plan, visible=on)
        self.show(self._result)
        self._after_switch()

    def remove(self) -> None:
        """Take the plan out of the scene."""
        from LiverTumorSegLib.mrml.plan_nodes import remove_plan

        plan = plan_of(self._result)
        self._planning.stop()
        if plan is not None:
            remove_plan(plan)
        self.show(self._result)

    def choose_segments(self, names: tuple[str, ...]) -> None:
        """In Couinaud's order, whatever the order given; a markup is left."""
        self._choose(segments=chosen_of(names, segments_there(self._result)), markup=None)

    def _new_plan(self) -> Plan | None:
        from LiverTumorSegLib.mrml.plan_nodes import add_plan

        try:
            return add_plan(self._result) if self._result is not None else None
        except InputError as error:
            self.say(str(error))
        except ImportError as error:
            self.say(how_to_get_missing() or str(error))
        return None

    def _connect(self) -> None:
        ui = self._ui
        ui.planCheckBox.connect("toggled(bool)", self._on_switch)
        ui.planPresetSelector.connect("currentIndexChanged(int)", self._on_preset)
        for box in self._segments.values():
            box.connect("toggled(bool)", lambda _on: self._on_segments())
        ui.planMarkupSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._on_markup)
        ui.planSideButton.connect("clicked()", self._on_side)
        ui.planHeightSpinBox.connect("valueChanged(double)", lambda value: self._choose(height_cm=float(value)))
        ui.planWeightSpinBox.connect("valueChanged(double)", lambda value: self._choose(weight_kg=float(value)))
        ui.planDistancesCheckBox.connect("toggled(bool)", lambda on: self._choose(distances=bool(on)))
        ui.planRemoveButton.connect("clicked()", self.remove)
        for signal in ("clicked(QModelIndex)", "activated(QModelIndex)"):
            ui.planWhatIfTable.connect(signal, self._on_row)

    def _choose(self, **values: Any) -> None:
        """Into the plan in the scene, from which the work is done; markup is one of the values."""
        plan = plan_of(self._result)
        if plan is None or self._showing:
            return
        markup = values.pop("markup", plan.markup)
        plan.choose(replace(plan.choice, **values), markup)
        self._show_choice(plan)

    def _on_switch(self, on: bool) -> None:
        if not self._showing:
            self.switch(on)

    def _on_preset(self, index: int) -> None:
        segments = str(self._ui.planPresetSelector.itemData(index) or "")
        if segments and not self._showing:
            self.choose_segments(tuple(segments.split()))

    def _on_segments(self) -> None:
        if not self._showing:
            there = segments_there(self._result)
            self.choose_segments(tuple(name for name in there if self._segments[name].checked))

    def _on_markup(self, node: Any) -> None:
        if node is not None:
            self._choose(markup=node, segments=())
        else:
            self._choose(markup=None)

    def _on_side(self) -> None:
        plan = plan_of(self._result)
        if plan is not None:
            self._choose(against=not plan.choice.against)

    def _on_row(self, index: Any) -> None:
        # By what the row says, not by its number: the table may have been sorted.
        segments = str(index.sibling(index.row(), SEGMENTS_COLUMN).data())
        self.choose_segments(tuple(segments.split()))

    def _show_choice(self, plan: Plan | None) -> None:
        self._showing = True
        try:
            self._fill_presets()
            self._enable(plan)
            self._ui.planCheckBox.checked = plan is not None and plan.choice.is_on
            self._show_cut(plan)
            self._ui.planTable.setMRMLTableNode(plan.table if plan else None)
            self._ui.planWhatIfTable.setMRMLTableNode(plan.what_if if plan else None)
            if plan is not None:
                self._ui.planHeightSpinBox.value = plan.choice.height_cm
                self._ui.planWeightSpinBox.value = plan.choice.weight_kg
            self._ui.planDistancesCheckBox.checked = plan is not None and plan.choice.distances
        finally:
            self._showing = False

    def _show_cut(self, plan: Plan | None) -> None:
        segments = plan.choice.segments if plan else ()
        there, parts = segments_there(self._result), {part.name for part in PARTS_OF_IV}
        for name, box in self._segments.items():
            box.checked = name in segments or (name in parts and IV.name in segments)
            box.visible = name in there or (not there and name not in parts)
        self._ui.planPresetSelector.setCurrentIndex(max(0, self._ui.planPresetSelector.findData(" ".join(segments))))
        self._ui.planMarkupSelector.setCurrentNode(plan.markup if plan else None)

    def _enable(self, plan: Plan | None) -> None:
        ui = self._ui
        is_on = plan is not None and plan.choice.is_on
        divided = self._result is not None and self._result.segments is not None
        ui.planCheckBox.enabled = divided
        ui.planCheckBox.toolTip = self._help if divided else _("Needs a result with Couinaud segments.")
        for widget in (ui.planFormRow, ui.planDistancesCheckBox, ui.planTable, ui.planWhatIfTable):
            widget.enabled = is_on
        ui.planSideButton.enabled = is_on and plan is not None and plan.markup is not None
        ui.planRemoveButton.enabled = plan is not None
