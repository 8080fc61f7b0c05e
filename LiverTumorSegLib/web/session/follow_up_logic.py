"""Follow-up in a browser session: visits are chosen, the real ``track`` runs as a child, its numbers are shown."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trame_server import Server
from trame_server.utils.asynchronous import create_task
from trame_slicer.app.logic.base_logic import BaseLogic
from trame_slicer.core import SlicerApp

from LiverTumorSegLib.child.job import CommandJob, Failure, JobState
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.mrml.result import Result
from LiverTumorSegLib.mrml.result_nodes import reader_diameters
from LiverTumorSegLib.web.session.export_logic import EXPORTS
from LiverTumorSegLib.web.session.follow_up_choosing import Choosing
from LiverTumorSegLib.web.session.follow_up_list import VisitList
from LiverTumorSegLib.web.session.follow_up_reading import Reading
from LiverTumorSegLib.web.session.follow_up_report import FILE_NAME, pack_report, without_places
from LiverTumorSegLib.web.session.follow_up_state import FollowUpState
from LiverTumorSegLib.web.session.follow_up_ui import FollowUpUI
from LiverTumorSegLib.web.session.notice_logic import NoticeLogic
from LiverTumorSegLib.web.session.served_folder import ServedFolder
from LiverTumorSegLib.workbench.follow_up_run import FollowUpRun
from LiverTumorSegLib.workbench.follow_up_wish import TrackWish

OpenCt = tuple[Any | None, str]
"""Volume node, and the sha256 of what it was read from."""


class FollowUpLogic(BaseLogic[FollowUpState]):
    """folder: of the session. result: the one that is open. ct: the one that is on the screen.

    Needs no permit: results are read, no network runs.
    """

    def __init__(
        self,
        server: Server,
        slicer_app: SlicerApp,
        notices: NoticeLogic,
        folder: Path,
        result: Callable[[], Result | None],
        ct: Callable[[], OpenCt],
    ) -> None:
        super().__init__(server, slicer_app, FollowUpState)
        self._notices, self._folder, self._result = notices, folder, result
        self._places: list[Path] = [folder]
        """Folders of the server that no message and no file names."""
        self._list = VisitList(folder)
        self._work: CommandJob | FollowUpRun | None = None
        self._changes = self._changes_before = 0
        self._lines: dict[int, Any] = {}
        """What was dragged of the open result when the numbers were made."""
        self._keys: dict[int, str] = {}
        self._report: Path | None = None
        """Where the report is being made."""
        self._save: Callable[[str], None] = lambda _name: None
        self.choosing = Choosing(self.data, self._list, self._on_list, self._refuse, lambda: self.is_busy)
        self.reading = Reading(self.data, self.scene, lambda: (*ct(), self._open_key), self.changed, self._refuse)
        self.bind_changes({self.name.criterion: lambda *_: self.reading.show()})

    def set_ui(self, ui: FollowUpUI) -> None:
        self._save = ui.save
        self.choosing.set_ui(ui)
        self.reading.set_ui(ui.results)
        ui.open_added.connect(self.add_open)
        ui.run_clicked.connect(self.follow_up)
        ui.cancel_clicked.connect(self.cancel)
        ui.report_clicked.connect(self.make_report)

    def offer(self, served: ServedFolder | None) -> None:
        """Where result folders may be chosen."""
        self.choosing.served = served
        self._places = [self._folder, *([served.resolve("")] if served is not None else [])]

    @property
    def is_busy(self) -> bool:
        """Whether something runs, or a report is being packed: the visits stay as they are meanwhile."""
        return self._work is not None or self._report is not None

    def add_open(self) -> None:
        """The result on the screen becomes a visit; it is written at once, so that it stays one."""
        result = self._result()
        if result is None or self.is_busy or self._list.open_visit is not None:
            return
        self._notices.clear()
        try:
            self._list.add_open(result)
            self._begin(self._list.files.writing(result))
        except (InputError, OSError) as error:
            self._forget_unwritten()
            self._refuse(error)
        self._on_list()

    def follow_up(self) -> None:
        """Track all visits, as they are now."""
        self._start(None)

    def make_report(self) -> None:
        """The same with page and pictures, which the browser saves."""
        self._start(self._folder / f"report-{secrets.token_hex(8)}" / "follow-up")

    def cancel(self) -> None:
        """Of what was shown before, nothing changes."""
        if self._work is not None:
            self.data.message = "Cancelling"
            self._work.cancel()

    def tick(self) -> None:
        """One step of what runs."""
        work = self._work
        if work is None:
            return
        if work.poll():
            self.data.fraction, self.data.message = work.progress.fraction, work.progress.message
            return
        self._work, self.data.running = None, False
        if work.failure is not None:
            self._fail(work.failure)
        elif work.state is JobState.CANCELLED:
            self._notices.say("Cancelled. Nothing has changed.")
        if isinstance(work, FollowUpRun):
            self._take(work)
        self._forget_unwritten()

    def result_came(self, result: Result) -> None:
        """A run has brought it; where the one before was a visit, it takes its place."""
        if self._list.open_visit is not None:
            self._stop()
            self._list.replace_open(result)
            self.changed()
        self._show_list()

    def mask_changed(self, _result: Result) -> None:
        """The reader has edited the open result."""
        if self._list.open_visit is not None:
            self.changed()

    def lines_changed(self) -> None:
        """Perhaps: a diameter of the open result may have been dragged."""
        if self._list.open_visit is not None and self.reading.timeline is not None and self._dragged() != self._lines:
            self.changed()

    def changed(self) -> None:
        """What the numbers were made from is another one now."""
        self._changes += 1
        self.reading.outdate()

    def close(self) -> None:
        """The open CT leaves the scene; what was written of its result stays a visit."""
        if self._list.open_visit is not None:
            self._stop()
            self._list.release_open()
        self._show_list(closing=True)

    def end(self) -> None:
        """The session ends: no child and no file stays."""
        self._stop()
        self._list.close()

    def _start(self, output: Path | None) -> None:
        if self.is_busy:
            return
        self._notices.clear()
        reading, baseline = self.reading, self._list.baseline or None
        wish = TrackWish(reading.corrections, baseline, output, bool(self.data.other_patient), reading.timeline)
        run = FollowUpRun([visit.source for visit in self._list.visits], wish, self._list.files, (sys.executable,))
        self._changes_before, self._lines, self._report = self._changes, self._dragged(), output
        try:
            self._begin(run)
        except (InputError, OSError) as error:
            self._forget_report()
            self._refuse(error)

    def _begin(self, work: CommandJob | FollowUpRun) -> None:
        work.start()
        self._work = work
        self.data.running, self.data.fraction, self.data.message = True, 0.0, work.progress.message

    def _take(self, run: FollowUpRun) -> None:
        """Numbers; with a report, its files too."""
        if run.timeline is None:
            self._forget_report()
            return
        self._keys = run.keys
        self.reading.take(run.timeline, is_outdated=self._changes != self._changes_before)
        if run.report is not None:
            self.data.running, self.data.fraction, self.data.message = True, 1.0, "Packing"
            create_task(self._pack(run.report))

    async def _pack(self, report: Path) -> None:
        target, failure = self._folder / EXPORTS / FILE_NAME, ""
        try:
            await asyncio.to_thread(pack_report, report, target, self._places)
        except (OSError, ValueError) as error:
            failure = f"Not exported. The server could not write the file ({error})."
        if self._report is None:  # stopped meanwhile: its CT was closed
            target.unlink(missing_ok=True)
            return
        with self.state:
            self._forget_report()
            self.data.running = False
            if failure:
                self._notices.fail(without_places(failure, self._places))
        if not failure:
            self._save(FILE_NAME)

    @property
    def _open_key(self) -> str:
        """Of the open result's CT in the latest run; "" where it was none of its visits."""
        visit = self._list.open_visit
        return self._keys.get(visit.number, "") if visit is not None else ""

    def _dragged(self) -> dict[int, Any]:
        visit = self._list.open_visit
        result = visit.result if visit is not None else None
        return dict(reader_diameters(result)) if result is not None and result.measurements is not None else {}

    def _stop(self) -> None:
        """At once, without a word."""
        if self._work is not None:
            self._work.kill()
        self._work, self.data.running = None, False
        self._forget_report()
        self._forget_unwritten()

    def _forget_report(self) -> None:
        if self._report is not None:
            shutil.rmtree(self._report.parent, ignore_errors=True)
        self._report = None

    def _forget_unwritten(self) -> None:
        """A visit of which nothing was written after all is none."""
        self._list.note_written()
        visit = self._list.open_visit
        if visit is not None and (visit.folder is None or not visit.folder.is_dir()):
            self._list.remove(visit.number)
        self._show_list()

    def _on_list(self) -> None:
        """Without any visit nothing is known any more, and what was put right is forgotten."""
        self.changed()
        if not self._list.visits:
            self.reading.forget()
            self._list.close()
        self._show_list()

    def _show_list(self, *, closing: bool = False) -> None:
        has_result = not closing and self._result() is not None
        self.data.can_add_open = has_result and self._list.open_visit is None
        self.choosing.show()
        self.reading.show_lesion()

    def _refuse(self, error: Exception) -> None:
        self._notices.fail(without_places(str(error), self._places))

    def _fail(self, failure: Failure) -> None:
        message, details = (without_places(text, self._places) for text in (failure.message, failure.details))
        self._notices.fail(message, details)
