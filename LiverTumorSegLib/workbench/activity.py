"""Long work that the window waits for without standing still: one at a time, polled, with progress and cancel."""

from __future__ import annotations

from typing import Protocol

from LiverTumorSegLib.child.job import Failure
from LiverTumorSegLib.progress import ProgressEvent


class Activity(Protocol):
    """A segmentation, an installation, a report. ``failure`` and ``cancelled`` tell how it ended."""

    title: str

    @property
    def progress(self) -> ProgressEvent: ...

    @property
    def log(self) -> str: ...

    @property
    def failure(self) -> Failure | None: ...

    @property
    def cancelled(self) -> bool: ...

    def start(self) -> None:
        """Raises InputError or OSError where it cannot begin; nothing is left then."""

    def poll(self) -> bool:
        """One step; whether it goes on."""

    def cancel(self) -> None:
        """Ask it to stop; polling sees it end within about a second."""

    def kill(self) -> None:
        """End it at once."""
