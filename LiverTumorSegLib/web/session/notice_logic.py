"""Messages to the person at the screen."""

from __future__ import annotations

from pathlib import Path

from trame_server import Server
from trame_slicer.app.logic.base_logic import BaseLogic
from trame_slicer.core import SlicerApp

from LiverTumorSegLib.web.session.notice_ui import NoticeState


class NoticeLogic(BaseLogic[NoticeState]):
    """hidden: a folder of the server whose path no message shows."""

    def __init__(self, server: Server, slicer_app: SlicerApp, hidden: Path) -> None:
        super().__init__(server, slicer_app, NoticeState)
        self._hidden = f"{hidden}/"

    def fail(self, text: str, details: str = "") -> None:
        """Something could not be done: what was found, what was expected, what to do."""
        self._show("error", text, details)

    def warn(self, text: str) -> None:
        """Done, but with a reservation."""
        self._show("warning", text, "")

    def say(self, text: str) -> None:
        """Done."""
        self._show("info", text, "")

    def clear(self) -> None:
        """Whatever is shown belongs to what was before."""
        self._show("info", "", "")

    def _show(self, kind: str, text: str, details: str) -> None:
        self.data.kind, self.data.details_shown = kind, False
        self.data.text, self.data.details = (part.replace(self._hidden, "") for part in (text, details))
