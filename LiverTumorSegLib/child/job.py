"""One command of the command line, run in a child process for a front end."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from LiverTumorSegLib.child.ending import Ending
from LiverTumorSegLib.child.process import ChildProcess
from LiverTumorSegLib.errors import CancelledError
from LiverTumorSegLib.progress import ProgressEvent

SILENCE_S = 180.0
"""The longest a healthy run is silent is one window of a large network on a slow CPU, about 20 s."""
FOLDER_OF_PACKAGE = Path(__file__).parents[2]


class JobState(Enum):
    """Where a job is; the last three are final."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Failure:
    """message: for a person, in a sentence or two. details: what the child printed, for whoever has to find out."""

    message: str
    details: str


class CommandJob:
    """``livertumorseg WORDS --progress json`` as a child: poll it until ``state`` is final.

    folder: exists; takes the child's output and log. python: whose LiverTumorSegLib runs is the one beside this file,
    whatever that Python has installed.
    """

    def __init__(
        self,
        words: Sequence[object],
        folder: Path,
        *,
        python: Sequence[str] = (sys.executable,),
        silence_s: float = SILENCE_S,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.state = JobState.RUNNING
        self.progress = ProgressEvent("start", 0.0, "Starting")
        self.facts: dict[str, Any] = {}
        self.warnings: list[str] = []
        self.failure: Failure | None = None
        self._command = [*python, "-m", "LiverTumorSegLib", *map(str, words), "--progress", "json"]
        self._environment = environment
        self._error: str | None = None
        self._journal: list[str] = []
        self._started = 0.0
        self._child = ChildProcess(folder, silence_s=silence_s)

    @property
    def log(self) -> str:
        """The command, when each stage began, warnings, and what the child printed besides: for whoever looks back."""
        return "\n".join([" ".join(self._command), *self._journal, self._child.log]).strip()

    @property
    def pid(self) -> int | None:
        return self._child.pid

    def start(self) -> None:
        """Returns at once; a Python that cannot be started is a failed job."""
        self._started = time.monotonic()
        try:
            self._child.start(self._command, cwd=FOLDER_OF_PACKAGE, environment=self._environment)
        except OSError as error:
            self._fail(f"{self._command[0]} could not be started ({error.strerror}).")

    def poll(self) -> bool:
        """Take in what the child has said; whether it is still running."""
        if self.state is not JobState.RUNNING:
            return False
        for event in self._child.poll():
            self._take(event)
        if self._child.end is not None:
            self._conclude()
        return self.state is JobState.RUNNING

    def cancel(self) -> None:
        """Stop the child with everything that it started; polling sees the job cancelled within about a second."""
        self._child.stop()

    def kill(self) -> None:
        """The same without waiting for the child to clean up after itself."""
        self._child.kill()
        self.poll()

    def _take(self, event: dict[str, Any]) -> None:
        kind = event.get("event")
        if kind == "progress":
            fraction = event.get("fraction")
            if isinstance(fraction, int | float):
                if event.get("stage") != self.progress.stage:
                    self._note(f"{event.get('stage')}: {event.get('message')}")
                self.progress = ProgressEvent(str(event.get("stage", "")), fraction, str(event.get("message", "")))
        elif kind == "warning":
            self.warnings.append(str(event.get("message", "")))
            self._note(f"warning: {self.warnings[-1]}")
        elif kind == "result":
            self.facts = {name: value for name, value in event.items() if name != "event"}
        elif kind == "error":
            self._error = str(event.get("message", ""))

    def _conclude(self) -> None:
        end = self._child.end
        if end is None:
            return
        if end.ending is Ending.KILLED or end.exit_code == CancelledError.exit_code:
            self.state = JobState.CANCELLED
        elif end.exit_code == 0 and self.facts:
            self.state = JobState.DONE
        elif end.exit_code == 0:
            self._fail("It ended without a result.")
        else:
            self._fail(self._error or end.message)

    def _fail(self, message: str) -> None:
        self.state = JobState.FAILED
        self.failure = Failure(message, self.log)

    def _note(self, text: str) -> None:
        self._journal.append(f"{time.monotonic() - self._started:6.1f} s  {text}")
