"""Segment, cancel, progress, and what was said on the way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from LiverTumorSegLib.progress import ProgressEvent

_LOG_CHARACTERS = 20000


class RunPanel:
    """on_segment and on_cancel: called when the buttons are pressed."""

    def __init__(self, ui: Any, on_segment: Callable[[], None], on_cancel: Callable[[], None]) -> None:
        self._ui = ui
        self._log = ""
        ui.segmentButton.connect("clicked()", on_segment)
        ui.cancelButton.connect("clicked()", on_cancel)

    def show_idle(self, volume: Any | None) -> None:
        """Nothing runs: whether a run can begin, and if not, why."""
        self._ui.segmentButton.enabled = volume is not None
        self._ui.segmentButton.toolTip = (
            _("Find liver, vessels and tumors in {name} and measure them.").format(name=volume.GetName())
            if volume is not None
            else _("Choose a CT volume first.")
        )
        self._ui.cancelButton.enabled = False
        self._ui.progressRow.visible = False

    def show_running(self, title: str, event: ProgressEvent) -> None:
        """How far the run is; it may be on another volume than the one that is chosen now."""
        self._ui.segmentButton.enabled = False
        self._ui.segmentButton.toolTip = _("{title} is running.").format(title=title)
        self._ui.cancelButton.enabled = True
        self._ui.progressRow.visible = True
        self._ui.progressBar.value = round(1000 * event.fraction)
        self._ui.statusLabel.text = f"{title}: {event.message or event.stage}"

    def show_stopping(self) -> None:
        """Between the press on Cancel and the end of the child."""
        self._ui.cancelButton.enabled = False
        self._ui.statusLabel.text = _("Stopping...")

    def say(self, text: str) -> None:
        """The last word on a run, until the next one."""
        self._ui.statusLabel.text = text

    def show_log(self, text: str) -> None:
        """What the child has printed; its end, where it is long."""
        if text != self._log:  # or who reads it would lose the place twenty times a second
            self._log = text
            self._ui.logText.setPlainText(text[-_LOG_CHARACTERS:])
