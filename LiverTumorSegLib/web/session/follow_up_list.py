"""The visits that a reader has chosen in a browser session: the result that is open, and finished result folders."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.mrml.hierarchy import patient_id_of
from LiverTumorSegLib.mrml.result import Result
from LiverTumorSegLib.web.session.served_folder import ServedFolder
from LiverTumorSegLib.workbench.follow_up_visits import VisitFiles, facts_of
from LiverTumorSegLib.workbench.follow_up_wish import VisitSource, date_of

EDITED_SINCE = "as it was before its last edits"


@dataclass(eq=False)
class ChosenVisit:
    """result: of the scene, None for one that is closed, or lies in a folder. folder: of its result, None while it has
    not been written. place: what is served, relative; "" for what this session has made. files: what holds the folder
    of a result of this session. note: for the reader.
    """

    number: int
    title: str
    date: str = ""
    patient_id: str = ""
    result: Result | None = None
    folder: Path | None = None
    place: str = ""
    files: VisitFiles | None = None
    note: str = ""

    @property
    def source(self) -> VisitSource:
        folder = self.folder if self.result is None else None
        return VisitSource(self.number, self.date, self.result, folder, self.title, self.patient_id)


@dataclass(eq=False)
class VisitList:
    """folder: of the session, for the results that are written. baseline: a number, 0 for the first visit in time."""

    folder: Path
    visits: list[ChosenVisit] = field(default_factory=list)
    baseline: int = 0
    _number: int = 0

    def __post_init__(self) -> None:
        self.files = self._new_files()
        """Of the result that is open."""

    @property
    def open_visit(self) -> ChosenVisit | None:
        """The one that is open in the scene."""
        return next((visit for visit in self.visits if visit.result is not None), None)

    @property
    def patients(self) -> list[str]:
        """Their numbers, as far as they are known."""
        return sorted({visit.patient_id for visit in self.visits if visit.patient_id})

    def add_open(self, result: Result) -> ChosenVisit:
        """The result of the scene; its files are written by the caller. Raises InputError without CT or liver."""
        volume = result.volume
        if volume is None:
            raise InputError(
                found="a result without its CT", expected="a result with its CT", remedy="Open the CT and segment it"
            )
        if result.measurements is not None and result.measurements.liver_ml <= 0:
            raise InputError(
                found="a result without liver",
                expected="a segmented liver, which the other examinations' livers are laid over",
                remedy="Segment again, or draw the liver",
            )
        scene = result.scene
        visit = ChosenVisit(
            self._next(), str(volume.GetName()), date_of(scene, volume), patient_id_of(scene, volume), result
        )
        visit.files = self.files
        self.visits.append(visit)
        return visit

    def add_served(self, served: ServedFolder, place: str) -> ChosenVisit:
        """A finished result folder. Raises InputError where it is none, leads out of what is served, or is chosen."""
        folder = served.resolve(place)
        if folder.is_dir():
            for item in folder.iterdir():
                served.resolve(f"{place}/{item.name}")
        if any(visit.folder == folder for visit in self.visits):
            raise InputError(
                found=f"{place} is a visit already", expected="each examination once", remedy="Choose another folder"
            )
        if not is_result_folder(folder):
            raise InputError(
                found=f"no finished result in {place}",
                expected="a result folder that segment or measure has written",
                remedy="Choose one that is listed as a finished result",
            )
        facts = facts_of(folder)
        visit = ChosenVisit(self._next(), folder.name, facts.date, facts.patient_id, None, folder, place)
        self.visits.append(visit)
        return visit

    def remove(self, number: int) -> None:
        """A visit, with what this session has written of it."""
        for visit in [visit for visit in self.visits if visit.number == number]:
            self.visits.remove(visit)
            if visit.files is not None:
                visit.files.close()
        if self.baseline == number:
            self.baseline = 0

    def note_written(self) -> None:
        """Where the open result lies now, if it lies there as it is."""
        visit = self.open_visit
        if visit is not None and visit.result is not None:
            visit.folder = self.files.folder_of(visit.result) or visit.folder

    def release_open(self) -> None:
        """The open result is about to leave the scene: what was written of it stays a visit, if there is any."""
        visit = self.open_visit
        if visit is None or visit.result is None:
            return
        current = self.files.folder_of(visit.result)
        folder = current or visit.folder
        if folder is None or not folder.is_dir():
            self.remove(visit.number)
            return
        visit.result, visit.folder = None, folder
        visit.note = "" if current is not None else EDITED_SINCE
        self.files = self._new_files()

    def replace_open(self, result: Result) -> None:
        """The open CT has another result: where the one before was a visit, it is that now."""
        visit = self.open_visit
        if visit is not None:
            self.files.close()
            visit.result, visit.folder = result, None

    def close(self) -> None:
        """Remove all files."""
        self.files.close()
        for visit in self.visits:
            if visit.files is not None:
                visit.files.close()

    def _next(self) -> int:
        self._number += 1
        return self._number

    def _new_files(self) -> VisitFiles:
        return VisitFiles((sys.executable,), self.folder)


def is_result_folder(folder: Path) -> bool:
    """Whether a folder looks like a finished result."""
    from LiverTumorSegLib.io.results import is_result  # late: it brings the readers of all formats

    return is_result(folder)
