"""Which examinations a follow-up is of: result folders that the server offers, dates, the baseline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.web.session.case_ui import ServedItem
from LiverTumorSegLib.web.session.follow_up_list import ChosenVisit, VisitList, is_result_folder
from LiverTumorSegLib.web.session.follow_up_state import VisitItem
from LiverTumorSegLib.web.session.follow_up_ui import FollowUpUI
from LiverTumorSegLib.web.session.served_folder import ServedFolder


class Choosing:
    """data: FollowUpState as trame holds it. on_change: the visits are others. on_error: something was refused.

    is_busy: nothing changes while it is true.
    """

    def __init__(
        self,
        data: Any,
        visits: VisitList,
        on_change: Callable[[], None],
        on_error: Callable[[Exception], None],
        is_busy: Callable[[], bool],
    ) -> None:
        self.served: ServedFolder | None = None
        self._data, self._list = data, visits
        self._on_change, self._on_error, self._is_busy = on_change, on_error, is_busy

    def set_ui(self, ui: FollowUpUI) -> None:
        ui.folders_asked.connect(self.show_folders)
        ui.folder_added.connect(self.add_folder)
        ui.date_changed.connect(self.change_date)
        ui.baseline_chosen.connect(self.choose_baseline)
        ui.visit_removed.connect(self.remove)

    def show_folders(self, path: str) -> None:
        """Folders of the served one: results to be chosen, others to look into."""
        if self.served is None:
            return
        try:
            found = [entry for entry in self.served.entries(path) if entry.is_folder]
            self._data.folders = [self._folder_item(entry.name, entry.path) for entry in found]
            self._data.folders_path, self._data.folders_shown = path, True
        except InputError as error:
            self._on_error(error)

    def add_folder(self, place: str) -> None:
        """A result folder of the served ones."""
        if self.served is None or self._is_busy():
            return
        try:
            self._list.add_served(self.served, place)
        except (InputError, OSError) as error:
            self._on_error(error)
            return
        self._on_change()

    def change_date(self, number: int, date: str) -> None:
        """Of a visit, ISO; "" unknown."""
        for visit in self._list.visits:
            if visit.number == number and not self._is_busy():
                visit.date = str(date)
                self._on_change()

    def choose_baseline(self, number: int) -> None:
        """The visit that changes count from; chosen once more, it is the first in time again."""
        if not self._is_busy() and any(visit.number == number for visit in self._list.visits):
            self._list.baseline = 0 if self._list.baseline == number else number
            self._on_change()

    def remove(self, number: int) -> None:
        """Take a visit out, with what this session has written of it."""
        if not self._is_busy():
            self._list.remove(number)
            self._on_change()

    def show(self) -> None:
        """The list as it is."""
        self._data.visits = [_item(visit) for visit in self._list.visits]
        self._data.baseline, self._data.patients = self._list.baseline, self._list.patients
        if len(self._data.patients) < 2:
            self._data.other_patient = False

    def _folder_item(self, name: str, place: str) -> ServedItem:
        is_result = self.served is not None and is_result_folder(self.served.resolve(place))
        return ServedItem(name, place, not is_result, "a finished result" if is_result else "")


def _item(visit: ChosenVisit) -> VisitItem:
    return VisitItem(visit.number, visit.title, visit.patient_id, visit.date, visit.note, visit.place)
