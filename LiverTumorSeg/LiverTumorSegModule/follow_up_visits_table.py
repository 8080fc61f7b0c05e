"""The table of visits: what is compared, since when, and how it is judged."""

from __future__ import annotations

from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from LiverTumorSegLib.followup.criteria import RULES
from LiverTumorSegLib.mrml.followup import FollowUpNode, VisitEntry
from LiverTumorSegLib.mrml.followup_nodes import add_follow_up, add_result_visit, change_visit, choose_baseline
from LiverTumorSegLib.mrml.followup_tables import assessments_of, in_words
from LiverTumorSegLib.mrml.result import Result, results_in
from LiverTumorSegLib.timeline import Assessment, FollowUp

_DATE_COLUMN, _BASELINE_COLUMN, _FIRST_NUMBER = 1, 2, 3
_DATE_PIXELS = 95


class VisitsTable:
    """Shows what the scene holds; whatever is chosen goes into the scene, and comes back with the next ``show``."""

    def __init__(self, table: Any) -> None:
        self._table = table
        self._widgets: list[Any] = []
        table.verticalHeader().setVisible(False)
        table.horizontalHeader().setStretchLastSection(True)

    def show(self, follow_up: FollowUpNode | None, dates: dict[int, str]) -> None:
        """dates: by the number of a visit, what is known of it otherwise."""
        entries: tuple[VisitEntry, ...] = follow_up.entries if follow_up else ()
        results = results_not_in(follow_up)
        table = self._table
        table.clear()
        self._widgets = []
        table.setColumnCount(8)
        table.setRowCount(len(entries) + len(results))
        table.setHorizontalHeaderLabels(_header(follow_up))
        for row, entry in enumerate(entries):
            if follow_up is not None:
                self._show_entry(row, follow_up, entry, dates.get(entry.number, ""))
        for row, result in enumerate(results, len(entries)):
            box = self._check_box(row, _title_of(result), is_checked=False)
            box.connect("toggled(bool)", lambda _on, one=result: add_result_visit(add_follow_up(slicer.mrmlScene), one))
        table.resizeColumnsToContents()

    def check_box(self, row: int) -> Any:
        """Of a row: whether the visit is compared."""
        return self._table.cellWidget(row, 0)

    def date_edit(self, row: int) -> Any:
        """Of a row: its date."""
        return self._table.cellWidget(row, _DATE_COLUMN)

    def baseline_button(self, row: int) -> Any:
        """Of a row: whether it is the baseline."""
        return self._table.cellWidget(row, _BASELINE_COLUMN)

    def _show_entry(self, row: int, follow_up: FollowUpNode, entry: VisitEntry, date: str) -> None:
        number = entry.number
        box = self._check_box(row, follow_up.title_of(entry), is_checked=entry.is_used)
        box.toolTip = entry.folder
        box.connect("toggled(bool)", lambda on: change_visit(follow_up, number, is_used=bool(on)))
        edit = qt.QLineEdit()
        edit.placeholderText = date or _("not known")
        edit.text = entry.date
        edit.maximumWidth = _DATE_PIXELS
        edit.toolTip = _("Date of the examination, as 2024-03-31.")
        edit.connect("editingFinished()", lambda: change_visit(follow_up, number, date=str(edit.text).strip()))
        self._put(row, _DATE_COLUMN, edit)
        radio = qt.QRadioButton()
        radio.checked = _is_baseline(follow_up, entry)
        radio.enabled = entry.is_used
        radio.toolTip = _("Everything is compared with this visit; without a choice the first one in time.")
        radio.connect("toggled(bool)", lambda on: choose_baseline(follow_up, number) if on else None)
        self._put(row, _BASELINE_COLUMN, radio)
        if entry.is_used:
            self._show_judgement(row, follow_up, entry)

    def _show_judgement(self, row: int, follow_up: FollowUpNode, entry: VisitEntry) -> None:
        place = place_of(follow_up.timeline, entry)
        if follow_up.timeline is None or place is None or follow_up.is_outdated:
            return
        one = assessments_of(follow_up.timeline, follow_up.criterion)[place]
        if one is None:
            return
        is_baseline = place == follow_up.timeline.baseline
        for column, text in enumerate(_cells(one, is_baseline=is_baseline), _FIRST_NUMBER):
            item = qt.QTableWidgetItem(text)
            item.setToolTip(_why(one))
            self._table.setItem(row, column, item)

    def _check_box(self, row: int, title: str, *, is_checked: bool) -> Any:
        box = qt.QCheckBox(title)
        box.checked = is_checked
        self._put(row, 0, box)
        return box

    def _put(self, row: int, column: int, widget: Any) -> None:
        self._table.setCellWidget(row, column, widget)
        self._widgets.append(widget)


def reasons_of(follow_up: FollowUpNode | None) -> str:
    """Why each visit is judged as it is, in a line; nothing while nothing is known."""
    timeline = follow_up.timeline if follow_up and not follow_up.is_outdated else None
    if follow_up is None or timeline is None:
        return ""
    judged = enumerate(assessments_of(timeline, follow_up.criterion))
    return "\n".join(f"{place + 1}: {one.reason}" for place, one in judged if one is not None and one.reason)


def results_not_in(follow_up: FollowUpNode | None) -> list[Result]:
    """Results of the scene that nobody has chosen as a visit yet."""
    chosen = [follow_up.segmentation_of(entry) for entry in follow_up.entries] if follow_up else []
    return [result for result in results_in(slicer.mrmlScene) if result.segmentation not in chosen]


def place_of(timeline: FollowUp | None, entry: VisitEntry) -> int | None:
    """The place of a visit in the order of time; None where the numbers know nothing of it."""
    visits = timeline.visits if timeline else ()
    return next((place for place, visit in enumerate(visits) if visit.key == entry.key and entry.key), None)


def _title_of(result: Result) -> str:
    return str((result.volume or result.segmentation).GetName())


def _header(follow_up: FollowUpNode | None) -> list[str]:
    unit = RULES[follow_up.criterion].unit if follow_up else "mm"
    return [
        _("Visit"),
        _("Date"),
        _("Baseline"),
        _("Response"),
        _("Sum ({unit})").format(unit=unit),
        _("Baseline %"),
        _("Nadir %"),
        _("If gone"),
    ]


def _cells(one: Assessment, *, is_baseline: bool) -> tuple[str, ...]:
    return (
        _("baseline") if is_baseline else in_words(one.category),
        "-" if one.total is None else f"{one.total:.1f}",
        _percent(one.percent_from_baseline),
        _percent(one.percent_from_nadir),
        in_words(one.if_confirmed),
    )


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:+.1f}"


def _why(one: Assessment) -> str:
    if one.noise_percent is None:
        return one.reason
    low, high = one.noise_percent
    return _("{reason}\nTwo readers may differ by {low:.0f} to {high:+.0f} %.").format(
        reason=one.reason, low=low, high=high
    )


def _is_baseline(follow_up: FollowUpNode, entry: VisitEntry) -> bool:
    if follow_up.baseline is not None:
        return follow_up.baseline == entry.number
    timeline = follow_up.timeline
    return timeline is not None and place_of(timeline, entry) == timeline.baseline
