"""How a run shows its progress: a bar for people, JSON lines for programs, or nothing."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from LiverTumorSegLib.progress import ProgressEvent

BAR_WIDTH = 30


@runtime_checkable  # so that the tests can check annotations
class TextStream(Protocol):
    """What is needed of stdout and stderr."""

    def write(self, text: str, /) -> int: ...

    def flush(self) -> None: ...

    def isatty(self) -> bool: ...


class ProgressMode(StrEnum):
    """Of --progress."""

    BAR = "bar"
    JSON = "json"
    NONE = "none"


class ProgressOutput:
    """Writes events: as JSON lines to stdout, or as a bar to stderr and the result as text to stdout."""

    def __init__(self, mode: ProgressMode, out: TextStream | None = None, err: TextStream | None = None) -> None:
        self.mode = mode
        self._out, self._err = out or sys.stdout, err or sys.stderr
        self._shown = ""

    def progress(self, event: ProgressEvent) -> None:
        if self.mode is ProgressMode.JSON:
            self._json("progress", stage=event.stage, fraction=round(event.fraction, 4), message=event.message)
        elif self.mode is ProgressMode.BAR:
            self._bar(event)

    def result(self, text: str, **facts: Any) -> None:
        """The end of a successful run: text for people, facts for programs."""
        if self.mode is ProgressMode.JSON:
            self._json("result", **facts)
        else:
            self._end_bar()
            self._out.write(text + "\n")
            self._out.flush()

    def warning(self, message: str) -> None:
        if self.mode is ProgressMode.JSON:
            self._json("warning", message=message)
        else:
            self._end_bar()
            self._err.write(f"livertumorseg: warning: {message}\n")

    def failure(self, message: str, exit_code: int) -> None:
        if self.mode is ProgressMode.JSON:
            self._json("error", message=message, exit_code=exit_code)
        self._end_bar()
        self._err.write(f"livertumorseg: {message}\n")
        self._err.flush()

    def _json(self, event: str, **facts: Any) -> None:
        self._out.write(json.dumps({"event": event, **facts}, allow_nan=False) + "\n")
        self._out.flush()

    def _bar(self, event: ProgressEvent) -> None:
        text = event.message or event.stage
        if not self._err.isatty():
            if text != self._shown:
                self._err.write(f"{event.fraction:4.0%} {text}\n")
        else:
            full = round(BAR_WIDTH * event.fraction)
            self._err.write(f"\r\x1b[K[{'#' * full}{'.' * (BAR_WIDTH - full)}] {event.fraction:4.0%} {text}")
        self._shown = text
        self._err.flush()

    def _end_bar(self) -> None:
        if self._shown and self.mode is ProgressMode.BAR and self._err.isatty():
            self._err.write("\n")
        self._shown = ""
