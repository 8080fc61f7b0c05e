"""The module's widget: puts the panels together and passes on what happens."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.workbench.activity import Activity
from LiverTumorSegLib.workbench.follow_up_wish import patients_of, sources_of
from LiverTumorSegModule.input_panel import InputPanel
from LiverTumorSegModule.logic import LiverTumorSegLogic
from LiverTumorSegModule.messages import follow_up_questions, last_word, show_error
from LiverTumorSegModule.packages import how_to_get_missing
from LiverTumorSegModule.parameters import Parameters
from LiverTumorSegModule.preparation import Preparation
from LiverTumorSegModule.run_panel import RunPanel


class LiverTumorSegWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Puts the panels together; asks before anything is installed or fetched.

    ask: a question in words -> whether the user agrees. showError: message and details.
    """

    def __init__(self, parent: Any = None) -> None:
        VTKObservationMixin.__init__(self)
        self.logic: LiverTumorSegLogic | None = None
        self.ask: Callable[[str], bool] = slicer.util.confirmYesNoDisplay
        self.showError: Callable[[str, str], None] = show_error
        self._parameters: Parameters | None = None
        self._showing = False
        # Last, because without a parent it makes one and calls setup() at once.
        ScriptedLoadableModuleWidget.__init__(self, parent)

    def setup(self) -> None:
        """Called when the module is opened for the first time."""
        from LiverTumorSegModule.follow_up_panel import FollowUpPanel
        from LiverTumorSegModule.plan_panel import PlanPanel
        from LiverTumorSegModule.result_panel import ResultPanel

        ScriptedLoadableModuleWidget.setup(self)
        form = slicer.util.loadUI(self.resourcePath("UI/LiverTumorSeg.ui"))
        self.layout.addWidget(form)
        self.ui = slicer.util.childWidgetVariables(form)
        self.logic = LiverTumorSegLogic()
        self.logic.onProgress = self._onProgress
        self.logic.onMeasuring = self._onMeasuring
        self.logic.onPlanning = lambda text: self.planPanel.say(text)
        self.logic.onUsual = lambda usual: self.planPanel.offer(usual)
        self.inputPanel = InputPanel(self.ui, self.refresh)
        self.runPanel = RunPanel(self.ui, self.onSegment, self.onCancel)
        self.resultPanel = ResultPanel(self.ui, self._onResultChosen, self.onReport)
        self.planPanel = PlanPanel(self.ui, self.logic.planning, self.refresh)
        section = slicer.util.loadUI(self.resourcePath("UI/FollowUp.ui"))
        self.ui.followUpCollapsibleButton.layout().addWidget(section)
        self.followUpUi = slicer.util.childWidgetVariables(section)
        self.followUpPanel = FollowUpPanel(self.followUpUi, self.onFollowUp, self.onCancel)
        self.logic.onTick = self.followUpPanel.look
        form.setMRMLScene(slicer.mrmlScene)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self._onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self._onSceneEndClose)
        self.addObserver(scene, scene.EndImportEvent, self._onSceneEndClose)
        self._takeParameterNode()

    def cleanup(self) -> None:
        """Called when the application closes or the module is reloaded."""
        self.removeObservers()
        if self.logic is not None:
            self.logic.cleanup()

    def onReload(self) -> None:
        """Slicer's Reload button (developer mode) reads the module's file again; this makes it read these files too."""
        for name in [name for name in sys.modules if name.split(".")[0] == "LiverTumorSegModule"]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def enter(self) -> None:
        """Called each time the module is opened."""
        self._takeParameterNode()
        self.ui.segmentEditor.installKeyboardShortcuts()
        self.ui.segmentEditor.updateWidgetFromMRML()

    def exit(self) -> None:
        """Called each time another module is opened."""
        self.ui.segmentEditor.setActiveEffect(None)
        self.ui.segmentEditor.uninstallKeyboardShortcuts()
        self.ui.segmentEditor.removeViewObservations()

    def refresh(self) -> None:
        """Show what the parameter node and the running work say."""
        if self.logic is None or self._parameters is None:
            return
        self.inputPanel.describe_model()
        self.inputPanel.enable(self.logic.activity is None)
        if self.logic.activity is None:
            self.runPanel.show_idle(self._parameters.input_volume)
        self._showResultOfInput()

    def onSegment(self) -> None:
        """Check what is needed, ask for what is missing, and run."""
        if self.logic is None or self._parameters is None or self._parameters.input_volume is None:
            return
        preparation = Preparation(lambda question: self.ask(question), self._install, self.runPanel.say)
        try:
            settings = self._parameters.settings()
            if preparation.is_complete(self._parameters, settings):
                options = self.logic.runOptions(self._parameters.offline, self._parameters.offline_folder)
                self.logic.startSegmentation(self._parameters.input_volume, settings, options, self._onFinished)
        except (InputError, OSError) as error:
            self.showError(str(error), "")
        self.refresh()

    def onCancel(self) -> None:
        """Stop what is running."""
        if self.logic is not None:
            self.runPanel.show_stopping()
            self.logic.cancel()

    def onReport(self, result: Any) -> None:
        """Ask where, and write CT, segmentation, numbers and report as the command line does."""
        folder = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), _("New folder for the report"))
        if folder:
            self.saveReport(result, Path(str(folder)))

    def saveReport(self, result: Any, folder: Path) -> None:
        """Write the result folder; one with other files in it is refused with a message."""
        if self.logic is None or self.logic.activity is not None:
            return
        try:
            self.logic.startReport(result, folder, self._onFinished)
        except (InputError, OSError) as error:
            self.showError(str(error), "")
        self.refresh()

    def onFollowUp(self, followUp: Any, folder: Path | None = None) -> None:
        """Follow the lesions of the chosen visits; folder: also write a report there. Asks where patients differ."""
        if self.logic is None or self.logic.activity is not None:
            return
        try:
            patients = patients_of(sources_of(followUp))
            if all(self.ask(question) for question in follow_up_questions(patients, folder)):
                self.logic.startFollowUp(followUp, self._onFinished, folder, len(patients) > 1)
        except (InputError, OSError) as error:
            self.showError(str(error), "")
        except ImportError as error:
            self.showError(how_to_get_missing() or str(error), "")
        self.refresh()

    def _onProgress(self, activity: Activity) -> None:
        self.followUpPanel.show_activity(activity)
        self.runPanel.show_running(activity.title, activity.progress)
        self.runPanel.show_log(activity.log)

    def _install(self, requirements: list[str], wheels: Path | None) -> None:
        """Pressing Segment is repeated once that is done."""
        if self.logic is not None:
            self.logic.startInstallation(requirements, wheels, self._onInstalled)

    def _onInstalled(self, installation: Activity) -> None:
        self._onFinished(installation)
        if installation.failure is None and not installation.cancelled:
            self.onSegment()

    def _onFinished(self, activity: Activity) -> None:
        self.followUpPanel.finished(activity)
        self.runPanel.show_log(activity.log)
        self.runPanel.say(last_word(activity))
        result = getattr(activity, "result", None)
        if self._parameters is not None and result is not None and result.volume is self._parameters.input_volume:
            self._parameters.result = result.segmentation
        self.refresh()
        if activity.failure is not None:
            self.showError(activity.failure.message, activity.failure.details)

    def _onMeasuring(self, text: str) -> None:
        self.resultPanel.say(text)
        self.resultPanel.refresh()

    def _onResultChosen(self, node: Any) -> None:
        """In the selector of results: its CT becomes the input."""
        from LiverTumorSegLib.mrml.result import result_of

        result = result_of(node)
        if self._parameters is None or result is None:
            return
        self._parameters.result = node
        if result.volume is not None:
            self._parameters.input_volume = result.volume
        self._showChoices()

    def _showResultOfInput(self) -> None:
        """The result on the chosen CT: the one that was chosen, else the latest."""
        from LiverTumorSegLib.mrml.result import result_of, results_of

        if self._parameters is None:
            return
        volume = self._parameters.input_volume
        chosen = result_of(self._parameters.result)
        if volume is not None and (chosen is None or chosen.volume is not volume):
            chosen = next(reversed(results_of(volume)), None)
        self._parameters.result = chosen.segmentation if chosen else None
        self.resultPanel.show(chosen)
        self.planPanel.show(chosen)

    def _takeParameterNode(self) -> None:
        if self.logic is None:
            return
        node = self.logic.getParameterNode()
        if not self.hasObserver(node, vtk.vtkCommand.ModifiedEvent, self._onParametersModified):
            self.addObserver(node, vtk.vtkCommand.ModifiedEvent, self._onParametersModified)
        self._parameters = Parameters(node)
        if self._parameters.input_volume is None:
            self._parameters.input_volume = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
        self._showChoices()

    def _onParametersModified(self, _caller: Any, _event: Any) -> None:
        """By a script, say; showing what is chosen may itself choose the result that belongs to it."""
        if not self._showing:
            self._showChoices()

    def _showChoices(self) -> None:
        self._showing = True
        try:
            self.inputPanel.show(self._parameters)
            self.refresh()
        finally:
            self._showing = False

    def _onSceneStartClose(self, _caller: Any, _event: Any) -> None:
        self._parameters = None
        self.inputPanel.show(None)
        self.resultPanel.show(None)
        self.planPanel.show(None)
        self.ui.segmentEditor.removeViewObservations()
        self.runPanel.show_idle(None)

    def _onSceneEndClose(self, _caller: Any, _event: Any) -> None:
        self._takeParameterNode()
