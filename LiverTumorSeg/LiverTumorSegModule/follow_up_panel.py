"""Follow-up: which examinations, the run, what came out, what the reader puts right, and files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.mrml.followup import FollowUpNode, follow_up_in
from LiverTumorSegLib.mrml.followup_nodes import add_folder_visit, add_follow_up, judge_by, remove_follow_up
from LiverTumorSegLib.mrml.followup_views import end_side_by_side
from LiverTumorSegLib.timeline import Criterion
from LiverTumorSegLib.workbench.activity import Activity
from LiverTumorSegLib.workbench.follow_up_run import FollowUpRun
from LiverTumorSegLib.workbench.follow_up_visits import facts_of
from LiverTumorSegLib.workbench.follow_up_wish import FEWEST_VISITS, date_of
from LiverTumorSegModule.follow_up_lesions import LesionsPanel
from LiverTumorSegModule.follow_up_reading import Reading
from LiverTumorSegModule.follow_up_visits_table import VisitsTable, reasons_of, results_not_in
from LiverTumorSegModule.packages import how_to_get_missing


class FollowUpPanel:
    """on_run: called with the follow-up and the folder of a report (None: numbers only). on_cancel: stops what runs.

    What is chosen here goes into the scene; ``look`` shows what the scene holds, whoever has changed it.
    """

    def __init__(
        self, ui: Any, on_run: Callable[[FollowUpNode, Path | None], None], on_cancel: Callable[[], None]
    ) -> None:
        self._ui, self._on_run = ui, on_run
        self._seen: object = None
        self._activity: Activity | None = None
        self._said = ""
        self._dates: dict[int, str] = {}
        self.visits = VisitsTable(ui.followUpVisitsTable)
        self.reading = Reading(ui, lambda: self.lesions.chosen, self.say)
        self.lesions = LesionsPanel(ui, lambda lesion_id, _visit: self.reading.jump(lesion_id))
        for criterion in Criterion:
            ui.followUpCriterionSelector.addItem(str(criterion), str(criterion))
        ui.followUpCriterionSelector.connect("currentIndexChanged(int)", self._on_criterion)
        ui.followUpRunButton.connect("clicked()", self.run)
        ui.followUpCancelButton.connect("clicked()", on_cancel)
        ui.followUpAddFolderButton.connect("clicked()", self._on_add_folder)
        ui.followUpExportButton.connect("clicked()", self._on_export)
        ui.followUpRemoveButton.connect("clicked()", self.remove)
        self.look()

    @property
    def follow_up(self) -> FollowUpNode | None:
        """Of the scene."""
        return follow_up_in(slicer.mrmlScene)

    def look(self) -> None:
        """To be called often: shows the scene where it has changed since."""
        self.reading.look()
        seen = _fingerprint(self.follow_up)
        if seen != self._seen:
            self._seen = seen
            self._show()

    def show_activity(self, activity: Activity | None) -> None:
        """What runs now, this or something else; None: nothing."""
        self._activity = activity
        is_ours = isinstance(activity, FollowUpRun)
        self._ui.followUpProgressBar.visible = is_ours
        self._ui.followUpCancelButton.enabled = is_ours
        if activity is not None and is_ours:
            self._ui.followUpProgressBar.value = round(1000 * activity.progress.fraction)
            _show_text(self._ui.followUpStatusLabel, activity.progress.message or activity.progress.stage)
        self._enable(self.follow_up)

    def finished(self, activity: Activity) -> None:
        """The last word on a run of ours."""
        self.show_activity(None)
        if not isinstance(activity, FollowUpRun):
            return
        if activity.cancelled:
            self.say(_("Cancelled; nothing was changed."))
        elif activity.failure is not None:
            self.say(activity.failure.message)
        elif activity.report is not None:
            self.say(_("Written: {folder}").format(folder=activity.report))
        else:
            self.say("")
        self.look()

    def say(self, text: str) -> None:
        """A line on what was done or cannot be done."""
        self._said = text
        self._show_status(self.follow_up)

    def run(self) -> None:
        """Make the numbers new."""
        if self.follow_up is not None:
            self.say("")
            self._on_run(self.follow_up, None)

    def export_to(self, folder: Path) -> None:
        """Numbers, tables and a page with pictures, in a folder."""
        if self.follow_up is not None:
            self._on_run(self.follow_up, folder)

    def add_folder(self, folder: Path) -> None:
        """A finished result folder as a visit."""
        try:
            facts_of(folder)
            add_folder_visit(add_follow_up(slicer.mrmlScene), folder)
            self.say("")
        except InputError as error:
            self.say(str(error))
        except ImportError as error:
            self.say(how_to_get_missing() or str(error))
        self.look()

    def remove(self) -> None:
        """Take the follow-up out of the scene."""
        if self.follow_up is not None:
            end_side_by_side(slicer.mrmlScene)
            remove_follow_up(self.follow_up)
            self.say("")
        self.look()

    def _show(self) -> None:
        follow_up = self.follow_up
        self._dates = _known_dates(follow_up)
        self.visits.show(follow_up, self._dates)
        self.lesions.show(follow_up)
        self.reading.show(follow_up)
        selector = self._ui.followUpCriterionSelector
        selector.setCurrentIndex(selector.findData(str(follow_up.criterion if follow_up else Criterion.RECIST)))
        _show_text(self._ui.followUpReasonsLabel, reasons_of(follow_up))
        warnings = follow_up.timeline.warnings + follow_up.timeline.log if follow_up and follow_up.timeline else ()
        _show_text(self._ui.followUpWarningsLabel, "\n".join(warnings))
        self.show_activity(self._activity)
        self._show_status(follow_up)

    def _show_status(self, follow_up: FollowUpNode | None) -> None:
        if isinstance(self._activity, FollowUpRun):
            return
        text = self._said
        if not text and follow_up is not None and follow_up.timeline is not None and follow_up.is_outdated:
            text = _("Something was changed: press Follow up to judge anew.")
        _show_text(self._ui.followUpStatusLabel, text)

    def _enable(self, follow_up: FollowUpNode | None) -> None:
        ui = self._ui
        used = [entry for entry in follow_up.entries if entry.is_used] if follow_up else []
        can_run = len(used) >= FEWEST_VISITS and self._activity is None
        ui.followUpRunButton.enabled = ui.followUpExportButton.enabled = can_run
        ui.followUpRemoveButton.enabled = follow_up is not None and not isinstance(self._activity, FollowUpRun)
        ui.followUpAddFolderButton.enabled = not isinstance(self._activity, FollowUpRun)
        ui.followUpRunButton.toolTip = (
            _("Lay the livers over each other, match the lesions and judge the response.")
            if len(used) >= FEWEST_VISITS
            else _("Tick two examinations or more first.")
        )

    def _on_criterion(self, index: int) -> None:
        follow_up = self.follow_up
        if follow_up is not None:
            judge_by(follow_up, Criterion(str(self._ui.followUpCriterionSelector.itemData(index))))

    def _on_add_folder(self) -> None:
        folder = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), _("Result folder of a visit"))
        if folder:
            self.add_folder(Path(str(folder)))

    def _on_export(self) -> None:
        folder = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), _("Folder for the report"))
        if folder:
            self.export_to(Path(str(folder)))


def _show_text(label: Any, text: str) -> None:
    """An empty label takes no room."""
    label.text = text
    label.visible = bool(text)


def _fingerprint(follow_up: FollowUpNode | None) -> object:
    """Changes with all that the panel shows."""
    others = tuple((one.segmentation.GetID(), one.segmentation.GetName()) for one in results_not_in(follow_up))
    if follow_up is None:
        return others
    nodes = (follow_up.node, follow_up.corrections_node)
    volumes = [follow_up.volume_of(entry) for entry in follow_up.entries]
    names = tuple(volume.GetName() if volume is not None else "" for volume in volumes)
    return others, names, tuple((node.GetID(), node.GetMTime()) for node in nodes if node is not None)


def _known_dates(follow_up: FollowUpNode | None) -> dict[int, str]:
    """By the number of a visit: what its study, or its run record, says."""
    found: dict[int, str] = {}
    for entry in follow_up.entries if follow_up else ():
        if not entry.folder:
            volume = follow_up.volume_of(entry) if follow_up else None
            found[entry.number] = date_of(slicer.mrmlScene, volume) if volume else ""
            continue
        try:
            found[entry.number] = facts_of(Path(entry.folder)).date
        except (InputError, ImportError):
            found[entry.number] = ""
    return found
