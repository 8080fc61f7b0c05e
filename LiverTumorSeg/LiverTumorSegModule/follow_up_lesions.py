"""The table of lesions over time, and what a reader puts right about one of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt
from slicer.i18n import tr as _

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.corrections import Corrections
from LiverTumorSegLib.mrml.followup import FollowUpNode
from LiverTumorSegLib.mrml.followup_nodes import correct
from LiverTumorSegLib.mrml.followup_tables import state_in_words
from LiverTumorSegLib.timeline import FollowUp, Role, Sighting, State, TrackedLesion
from LiverTumorSegLib.workbench import follow_up_edits as edits

_ROLE_COLUMN, _FIRST_VISIT = 1, 2


class LesionsPanel:
    """on_choice: called with the id of a lesion and the place of a visit, when a cell is clicked."""

    def __init__(self, ui: Any, on_choice: Callable[[str, int], None]) -> None:
        self._ui, self._on_choice = ui, on_choice
        self._follow_up: FollowUpNode | None = None
        self._chosen: tuple[str, int] | None = None
        self._widgets: list[Any] = []
        self._showing = False
        table = ui.followUpLesionsTable
        table.verticalHeader().setVisible(False)
        table.connect("cellClicked(int,int)", self._on_cell)
        self._connect()

    @property
    def chosen(self) -> tuple[str, int] | None:
        """A lesion and the place of a visit."""
        return self._chosen

    def show(self, follow_up: FollowUpNode | None) -> None:
        """What the scene holds."""
        self._follow_up = follow_up
        timeline = follow_up.timeline if follow_up else None
        self._showing = True
        try:
            self._show_table(timeline)
            if not _is_there(timeline, self._chosen):
                self._chosen = None
            self._show_lesion(timeline)
        finally:
            self._showing = False

    def choose(self, lesion_id: str, visit: int) -> None:
        """A lesion at a visit; nothing happens where there is none."""
        timeline = self._follow_up.timeline if self._follow_up else None
        if _is_there(timeline, (lesion_id, visit)):
            self._chosen = (lesion_id, visit)
            self._showing = True
            try:
                self._show_lesion(timeline)
            finally:
                self._showing = False
            self._on_choice(lesion_id, visit)

    def role_selector(self, row: int) -> Any:
        """Of a row of the table."""
        return self._ui.followUpLesionsTable.cellWidget(row, _ROLE_COLUMN)

    def _connect(self) -> None:
        ui = self._ui
        ui.followUpGoneButton.connect("toggled(bool)", self._on_gone)
        ui.followUpUnreadableButton.connect("toggled(bool)", lambda on: self._say_diameter(unreadable=bool(on)))
        ui.followUpDiameterButton.connect(
            "clicked()", lambda: self._say_diameter(long_axis_mm=float(ui.followUpDiameterSpinBox.value) or None)
        )
        ui.followUpMeasuredButton.connect("clicked()", self._say_diameter)
        ui.followUpNewButton.connect("clicked()", lambda: self._edit(edits.as_new))
        ui.followUpSameButton.connect("clicked()", self._on_same)

    def _show_table(self, timeline: FollowUp | None) -> None:
        table, visits = self._ui.followUpLesionsTable, timeline.visits if timeline else ()
        lesions = timeline.lesions if timeline else ()
        table.clear()
        self._widgets = []
        table.setColumnCount(_FIRST_VISIT + len(visits))
        table.setRowCount(len(lesions))
        titles = [f"{n + 1}: {visit.date}" if visit.date else visit.title for n, visit in enumerate(visits)]
        table.setHorizontalHeaderLabels([_("Lesion"), _("Role"), *titles])
        for row, lesion in enumerate(lesions):
            self._show_row(row, lesion)
        table.resizeColumnsToContents()

    def _show_row(self, row: int, lesion: TrackedLesion) -> None:
        table = self._ui.followUpLesionsTable
        item = qt.QTableWidgetItem(f"{lesion.id} ({lesion.segments})" if lesion.segments else lesion.id)
        item.setToolTip(lesion.reason)
        table.setItem(row, 0, item)
        combo = qt.QComboBox()
        for title, role in _roles():
            combo.addItem(title, str(role))
        combo.setCurrentIndex(combo.findData(self._role_of(lesion)))
        combo.toolTip = lesion.reason
        combo.connect("currentIndexChanged(int)", lambda index, c=combo: self._on_role(lesion.id, c.itemData(index)))
        table.setCellWidget(row, _ROLE_COLUMN, combo)
        self._widgets.append(combo)
        for visit, seen in enumerate(lesion.sightings):
            item = qt.QTableWidgetItem(_cell(seen))
            item.setToolTip(_in_full(lesion, seen))
            table.setItem(row, _FIRST_VISIT + visit, item)

    def _role_of(self, lesion: TrackedLesion) -> str:
        """What the reader has said since, else what was counted."""
        timeline = self._follow_up.timeline if self._follow_up else None
        if self._follow_up is not None and timeline is not None:
            for one in self._follow_up.corrections.roles:
                if edits.lesion_at(timeline, one.lesion) == lesion.id:
                    return str(one.role)
        return str(lesion.role)

    def _show_lesion(self, timeline: FollowUp | None) -> None:
        ui = self._ui
        rows = (ui.followUpStateRow, ui.followUpDiameterRow, ui.followUpMatchRow)
        for row in rows:
            row.enabled = self._chosen is not None
        if timeline is None or self._chosen is None:
            ui.followUpLesionLabel.text = _("Click a lesion to see and correct it.") if timeline else ""
            return
        lesion_id, visit = self._chosen
        lesion = edits.lesion_of(timeline, lesion_id)
        ui.followUpLesionsTable.setCurrentCell(timeline.lesions.index(lesion), _FIRST_VISIT + visit)
        seen = lesion.sightings[visit]
        title = _("<b>{lesion} at visit {visit}</b>: ").format(lesion=lesion_id, visit=visit + 1)
        ui.followUpLesionLabel.text = title + _in_full(lesion, seen, visit).replace("\n", "<br>")
        self._enable(timeline, seen)
        said = self._said_of(timeline)
        ui.followUpGoneButton.checked = self._is_said_gone(timeline)
        ui.followUpUnreadableButton.checked = said is not None and said.unreadable
        ui.followUpDiameterSpinBox.value = (said.long_axis_mm if said else None) or 0.0
        ui.followUpMeasuredButton.enabled = said is not None and said.long_axis_mm is not None
        ui.followUpSameSelector.clear()
        for other in edits.earlier_lesions(timeline, lesion_id, visit):
            ui.followUpSameSelector.addItem(other, other)
        for widget in (ui.followUpSameSelector, ui.followUpSameButton):
            widget.enabled = bool(seen.parts) and ui.followUpSameSelector.count > 0

    def _enable(self, timeline: FollowUp, seen: Sighting) -> None:
        ui, is_there = self._ui, bool(seen.parts)
        ui.followUpGoneButton.enabled = seen.state is State.GONE
        # A reader may see and measure what the mask has missed.
        is_readable = is_there or seen.state in (State.GONE, State.NOT_EVALUABLE, State.PERSISTENT)
        for widget in (ui.followUpUnreadableButton, ui.followUpDiameterSpinBox, ui.followUpDiameterButton):
            widget.enabled = is_readable
        is_later = self._chosen is not None and self._chosen[1] > 0
        ui.followUpNewButton.enabled = is_there and is_later and bool(timeline.visits)

    def _said_of(self, timeline: FollowUp) -> Any | None:
        """The reader's diameters of the chosen lesion at the chosen visit."""
        lesion_id, visit = self._chosen or ("", 0)
        for one in self._follow_up.corrections.diameters if self._follow_up else ():
            if one.visit == timeline.visits[visit].key and edits.lesion_at(timeline, one.lesion) == lesion_id:
                return one
        return None

    def _is_said_gone(self, timeline: FollowUp) -> bool:
        lesion_id, visit = self._chosen or ("", 0)
        said = self._follow_up.corrections.gone if self._follow_up else ()
        key = timeline.visits[visit].key
        return any(one.visit == key and edits.lesion_at(timeline, one.lesion) == lesion_id for one in said)

    def _on_cell(self, row: int, column: int) -> None:
        timeline = self._follow_up.timeline if self._follow_up else None
        if timeline is not None:
            lesion = timeline.lesions[row]
            self.choose(lesion.id, column - _FIRST_VISIT if column >= _FIRST_VISIT else lesion.first_visit)

    def _on_role(self, lesion_id: str, role: str) -> None:
        if not self._showing:
            self._apply(lambda said, timeline: edits.with_role(said, timeline, lesion_id, Role(str(role))))

    def _on_gone(self, on: bool) -> None:
        if not self._showing:
            self._edit(edits.with_gone if on else edits.without_gone)

    def _say_diameter(self, **values: Any) -> None:
        if not self._showing:
            self._edit(lambda *arguments: edits.with_diameter(*arguments, **values))

    def _on_same(self) -> None:
        selector = self._ui.followUpSameSelector
        other = str(selector.itemData(selector.currentIndex) or "")
        if other:
            self._edit(lambda said, timeline, lesion_id, visit: edits.as_same(said, timeline, lesion_id, visit, other))

    def _edit(self, change: Callable[..., Corrections]) -> None:
        """change: of corrections, numbers, and the chosen lesion and visit."""
        if self._chosen is not None:
            lesion_id, visit = self._chosen
            self._apply(lambda said, timeline: change(said, timeline, lesion_id, visit))

    def _apply(self, change: Callable[[Corrections, FollowUp], Corrections]) -> None:
        follow_up = self._follow_up
        if follow_up is None or follow_up.timeline is None:
            return
        try:
            correct(follow_up, change(follow_up.corrections, follow_up.timeline))
        except InputError as error:
            self._ui.followUpLesionLabel.text = str(error)


def _roles() -> tuple[tuple[str, Role], ...]:
    return (
        (_("target"), Role.TARGET),
        (_("non-target"), Role.NON_TARGET),
        (_("not a lesion"), Role.EXCLUDED),
    )


def _is_there(timeline: FollowUp | None, chosen: tuple[str, int] | None) -> bool:
    if timeline is None or chosen is None:
        return False
    lesion_id, visit = chosen
    return 0 <= visit < len(timeline.visits) and any(lesion.id == lesion_id for lesion in timeline.lesions)


def _cell(seen: Sighting) -> str:
    """A long axis, or what became of the lesion."""
    usual = seen.state in (State.BASELINE, State.PERSISTENT)
    if seen.long_axis_mm is None or not seen.parts:
        return state_in_words(seen)
    number = f"{seen.long_axis_mm:.1f}" + (_(" (reader)") if seen.by_reader else "")
    return number if usual else f"{number}, {state_in_words(seen)}"


def _in_full(lesion: TrackedLesion, seen: Sighting, visit: int | None = None) -> str:
    """All that is known of a lesion at a visit, and with the visit what was found on looking back at it."""
    numbers = []
    if seen.long_axis_mm is not None and seen.parts:
        short = "" if seen.short_axis_mm is None else f" x {seen.short_axis_mm:.1f}"
        numbers.append(f"{seen.long_axis_mm:.1f}{short} mm")
    if seen.by_reader and seen.measured_long_axis_mm is not None:
        numbers.append(_("measured {mm:.1f} mm").format(mm=seen.measured_long_axis_mm))
    if seen.volume_ml:
        numbers.append(f"{seen.volume_ml:.1f} ml")
    lines = [", ".join([state_in_words(seen), *numbers, *seen.flags]), lesion.reason]
    lines += [back.verdict for back in lesion.look_back if back.visit == visit]
    return "\n".join(line for line in lines if line)
