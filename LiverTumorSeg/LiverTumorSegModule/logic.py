"""The module's logic: for scripts, and for applications that stay alive while it works."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic
from slicer.util import VTKObservationMixin

from LiverTumorSegLib.child.job import SILENCE_S
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.settings import SegmentSettings
from LiverTumorSegLib.workbench.activity import Activity
from LiverTumorSegLib.workbench.follow_up_scene import mask_changed
from LiverTumorSegLib.workbench.follow_up_visits import VisitFiles
from LiverTumorSegLib.workbench.live_measuring import LiveMeasuring
from LiverTumorSegLib.workbench.live_planning import LivePlanning
from LiverTumorSegLib.workbench.result_watch import ResultWatch
from LiverTumorSegLib.workbench.segment_run import RunOptions, SegmentRun
from LiverTumorSegModule.packages import Installation, how_to_get_missing
from LiverTumorSegModule.surroundings import python_words

TICK_MS = 50


class LiverTumorSegLogic(ScriptedLoadableModuleLogic, VTKObservationMixin):
    """Usable without a widget: ``process`` for scripts; for applications, work that goes on while they live.

    onProgress: called with the running activity. onMeasuring: with a line on the numbers of an edited mask, empty once
    they are all known. onPlanning: with a line on the plan, empty once all is as chosen. onUsual: with the usual
    resections. onTick: twenty times a second.
    """

    def __init__(self) -> None:
        ScriptedLoadableModuleLogic.__init__(self)
        VTKObservationMixin.__init__(self)
        self.activity: Activity | None = None
        self.onProgress: Callable[[Activity], None] = lambda _activity: None
        self.onMeasuring: Callable[[str], None] = lambda _text: None
        self.onPlanning: Callable[[str], None] = lambda _text: None
        self.onUsual: Callable[[list[dict[str, Any]]], None] = lambda _usual: None
        self._onFinished: Callable[[Any], None] = lambda _activity: None
        folder = Path(slicer.app.temporaryPath)
        self.measuring = LiveMeasuring(python_words(), folder, lambda text: self.onMeasuring(text), how_to_get_missing)
        self.planning = LivePlanning(
            python_words(),
            folder,
            lambda text: self.onPlanning(text),
            lambda usual: self.onUsual(usual),
            how_to_get_missing,
        )
        self.visitFiles = VisitFiles(python_words(), folder)
        self.onTick: Callable[[], None] = lambda: None
        self._watch = ResultWatch(self._maskChanged, self._linesMoved)
        self._timer = qt.QTimer()
        self._timer.setInterval(TICK_MS)
        self._timer.connect("timeout()", self.tick)
        self._timer.start()
        # Scripts use the logic without the widget, and node ids begin anew in the next scene.
        self.addObserver(slicer.mrmlScene, slicer.vtkMRMLScene.StartCloseEvent, lambda *_: self.sceneCloses())

    def cleanup(self) -> None:
        """Stop everything; the logic is of no use afterwards."""
        self._timer.stop()
        self.removeObservers()
        self._stopActivity()
        self._watch.forget()
        self.measuring.close()
        self.planning.close()
        self.visitFiles.close()

    def runOptions(self, offline: bool = False, offlineFolder: Path | None = None) -> RunOptions:
        """How runs are made in this Slicer."""
        return RunOptions(python_words(), Path(slicer.app.temporaryPath), offline, offlineFolder, SILENCE_S)

    def startSegmentation(
        self, volume: Any, settings: SegmentSettings, options: RunOptions, onFinished: Callable[[SegmentRun], None]
    ) -> SegmentRun:
        """Segment a volume of the scene; returns at once. Raises InputError for one that cannot be used."""
        run = SegmentRun(volume, settings, options, self._resultIsThere)
        self._start(run, onFinished)
        self.measuring.warm_up()
        return run

    def startInstallation(
        self, requirements: list[str], wheels: Path | None, onFinished: Callable[[Installation], None]
    ) -> None:
        """Install packages into Slicer's Python; returns at once."""
        self._checkIdle()
        folder = Path(slicer.app.temporaryPath)
        self._start(
            Installation(requirements, python=python_words(), temporary_folder=folder, wheels=wheels), onFinished
        )

    def startReport(self, result: Any, folder: Path, onFinished: Callable[[Any], None]) -> None:
        """Write report and files of a result; returns at once. Raises InputError where that cannot be done."""
        from LiverTumorSegLib.workbench.export import ReportJob

        self._checkIdle()  # before the job writes its input
        self._start(ReportJob(result, folder, python_words(), Path(slicer.app.temporaryPath)), onFinished)

    def startFollowUp(
        self,
        followUp: Any,
        onFinished: Callable[[Any], None],
        folder: Path | None = None,
        otherPatient: bool = False,
    ) -> Any:
        """Follow the lesions of the visits of a follow-up; returns at once. folder: also write a report there.

        Raises InputError where that cannot be done.
        """
        from LiverTumorSegLib.workbench.follow_up_scene import run_of

        self._checkIdle()
        run = run_of(followUp, self.visitFiles, python_words(), output=folder, other_patient=otherPatient)
        self._start(run, onFinished)
        return run

    def process(self, volume: Any, settings: SegmentSettings | None = None, options: RunOptions | None = None) -> Any:
        """Segment a volume and wait for it, without any dialog: the segmentation node, with all numbers and surfaces.

        Raises RuntimeError, in words for the user, if that fails.
        """
        ended: list[SegmentRun] = []
        try:
            run = self.startSegmentation(
                volume, settings or SegmentSettings(), options or self.runOptions(), ended.append
            )
        except (InputError, OSError) as error:
            raise RuntimeError(str(error)) from error
        while not ended and self.activity is run:
            self.tick()
            slicer.app.processEvents()
            time.sleep(TICK_MS / 2000)
        if run.failure is not None:
            raise RuntimeError(run.failure.message)
        if run.result is None:
            message = "Cancelled"
            raise RuntimeError(message)
        return run.result.segmentation

    def cancel(self) -> None:
        """Stop what is running: over within two seconds, and the scene is as it was."""
        if self.activity is not None:
            self.activity.cancel()

    def sceneCloses(self) -> None:
        """Whatever was to go into the scene has nowhere to go any more."""
        self._stopActivity()
        self._watch.forget()
        self.measuring.forget()
        self.planning.forget()
        self.visitFiles.close()

    def tick(self) -> None:
        """One step of everything that goes on; called by a timer."""
        scene = slicer.mrmlScene
        if scene is None or scene.IsClosing() or scene.IsImporting():
            return
        self._watch.look(scene)
        self.measuring.poll(scene)
        self.planning.poll(scene)
        self.onTick()
        activity = self.activity
        if activity is None:
            return
        if activity.poll():
            self.onProgress(activity)
            return
        self.activity = None
        if activity.failure is not None:
            logging.error("%s: %s\n%s", activity.title, activity.failure.message, activity.failure.details)
        else:
            logging.info("%s\n%s", activity.title, activity.log)
        self._onFinished(activity)

    def _start(self, activity: Any, onFinished: Callable[[Any], None]) -> None:
        self._checkIdle()
        activity.start()
        self.activity, self._onFinished = activity, onFinished

    def _checkIdle(self) -> None:
        if self.activity is not None:
            raise InputError(
                found=f"{self.activity.title} is running",
                expected="one run at a time",
                remedy="Wait for it, or cancel it",
            )

    def _stopActivity(self) -> None:
        activity, self.activity = self.activity, None
        if activity is not None:
            activity.kill()

    def _resultIsThere(self, result: Any) -> None:
        """It is on the screen; surfaces follow."""
        logging.info("Result: %s", result.segmentation.GetName())
        self._watch.look(slicer.mrmlScene)

    def _maskChanged(self, result: Any) -> None:
        self.measuring.changed(result)
        self.planning.mask_changed(result)
        mask_changed(result)

    def _linesMoved(self, result: Any) -> None:
        from LiverTumorSegLib.mrml.result_nodes import keep_moved_lines, show_reader_lengths

        keep_moved_lines(result)
        show_reader_lengths(result)
