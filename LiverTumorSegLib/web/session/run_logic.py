"""A run of the main job: waits for its turn, goes on in a child process, brings its result into the scene."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from trame_server import Server
from trame_slicer.app.logic.base_logic import BaseLogic
from trame_slicer.core import SlicerApp
from undo_stack import Signal

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.registry import MODELS
from LiverTumorSegLib.settings import Division, Quality, SegmentSettings
from LiverTumorSegLib.web.session.channel import GatewayChannel
from LiverTumorSegLib.web.session.notice_logic import NoticeLogic
from LiverTumorSegLib.web.session.permit import RunPermit
from LiverTumorSegLib.web.session.run_ui import Choice, RunState, RunUI
from LiverTumorSegLib.workbench.segment_run import RunOptions, SegmentRun

AUTOMATIC = Choice("auto", "Best model here")
_DIVISIONS = {Division.ON: "I-VIII", Division.IVAB: "IVa, IVb", Division.OFF: "None"}


class RunLogic(BaseLogic[RunState]):
    """arrived: emitted with the result as soon as it is in the scene. finished: once the run has ended well."""

    arrived = Signal(object)
    finished = Signal(object)

    def __init__(
        self, server: Server, slicer_app: SlicerApp, notices: NoticeLogic, folder: Path, channel: GatewayChannel
    ) -> None:
        super().__init__(server, slicer_app, RunState)
        self.permit = RunPermit(channel, self._begin, self._on_place)
        self._notices = notices
        self._options = RunOptions((sys.executable,), folder, offline=True, surfaces=False)
        self._volume: Any | None = None
        self._run: SegmentRun | None = None
        self.data.qualities = [Choice(str(quality), str(quality).capitalize()) for quality in Quality]
        self.data.divisions = [Choice(str(one), title) for one, title in _DIVISIONS.items()]
        self.data.models = [AUTOMATIC, *(Choice(spec.id, spec.title) for spec in MODELS)]

    def set_ui(self, ui: RunUI) -> None:
        ui.segment_clicked.connect(self.start)
        ui.cancel_clicked.connect(self.cancel)

    def show(self, volume: Any) -> None:
        """The CT that the next run is about."""
        self._volume = volume

    def start(self) -> None:
        """Queue up for a run on the CT that is open."""
        if self._volume is None or self.data.running:
            return
        self._notices.clear()
        self.data.running, self.data.fraction, self.data.place = True, 0.0, 0
        self.data.message = "Waiting for a free place"
        self.permit.ask()

    def cancel(self) -> None:
        """Over within two seconds, and the scene is as it was."""
        if self._run is not None:
            self.data.message = "Cancelling"
            self._run.cancel()
        elif self.data.running:
            self._end()

    def close(self) -> None:
        """The CT is being closed: nothing of its run may arrive."""
        if self._run is not None:
            self._run.kill()
        self._run = self._volume = None
        self._end()
        self.data.has_result = False

    def tick(self) -> None:
        """One step of the run."""
        run = self._run
        if run is None:
            return
        if run.poll():
            self.data.fraction, self.data.message = run.progress.fraction, run.progress.message
            return
        self._run = None
        self._end()
        if run.failure is not None:
            self._notices.fail(run.failure.message, run.failure.details)
        elif run.cancelled:
            self._notices.say("Cancelled. Nothing has changed.")
        else:
            if run.warnings:
                self._notices.warn(" ".join(run.warnings))
            self.finished(run.result)

    def _begin(self) -> None:
        with self.state:
            self.data.place = 0
            if self._volume is None:
                self._end()
                return
            settings = SegmentSettings(self.data.model, Quality(self.data.quality), anatomy=Division(self.data.anatomy))
            run = SegmentRun(self._volume, settings, self._options, self._on_result)
            try:
                run.start()
            except (InputError, OSError) as error:
                self._notices.fail(str(error))
                self._end()
                return
            self._run = run

    def _on_place(self, place: int) -> None:
        with self.state:
            self.data.place = place
            before = "" if place == 1 else f", {place - 1} before this one"
            self.data.message = f"In the queue: other CTs are being segmented on this server{before}"

    def _on_result(self, result: Any) -> None:
        self.data.has_result = True
        self.arrived(result)

    def _end(self) -> None:
        self.data.running, self.data.place = False, 0
        self.permit.give_back()
