"""The planning child as its parent sees it: requests with numbers, answers with what they were for."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from LiverTumorSegLib.child.process import ChildProcess
from LiverTumorSegLib.workbench.translation import _

SILENCE_S = 120.0
_FILES_OF_ANSWERS = ("parts", "values")


class PlanChild:
    """It is started by the first request and kept. waiting: what is asked and not answered, by number: its purpose."""

    def __init__(self, python: Sequence[str], temporary_folder: Path) -> None:
        self.waiting: dict[int, str] = {}
        self._python = tuple(python)
        self._temporary_folder = temporary_folder
        self._process: ChildProcess | None = None
        self._folder: Path | None = None
        self._number, self._sent = 0, 0.0

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def folder(self) -> Path:
        """Where files for it and from it lie; there only after ``start``."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="LiverTumorSeg-plan-", dir=self._temporary_folder))
        return self._folder

    def next_number(self) -> int:
        """Of the request that is made next; numbers never come again."""
        self._number += 1
        return self._number

    def ask(self, request: dict[str, Any], purpose: str = "") -> int:
        """Send a request, and return its number. Raises OSError where the child cannot be started."""
        from LiverTumorSegLib.child.job import FOLDER_OF_PACKAGE

        if self._process is None:
            process = ChildProcess(self.folder)
            process.start([*self._python, "-m", "LiverTumorSegLib.planning.live"], cwd=FOLDER_OF_PACKAGE)
            self._process = process
        number = int(request["number"])
        self.waiting[number] = purpose
        self._sent = time.monotonic()
        self._process.send(request)
        return number

    def poll(self) -> list[tuple[dict[str, Any], str | None]]:
        """Answers and what was asked for them: None of one that nobody waits for, whose files are gone."""
        messages = self._process.poll() if self._process else []
        answers = [(message, self.waiting.pop(message.get("number", 0), None)) for message in messages]
        for message, purpose in answers:
            for name in _FILES_OF_ANSWERS if purpose is None else ():
                if name in message:
                    Path(message[name]).unlink(missing_ok=True)
        return answers

    def failure(self) -> str:
        """Why what is asked will not be answered, "" as long as it may be; the next request starts another child."""
        process = self._process
        if process is None or not self.waiting:
            return ""
        reason = ""
        if process.end is not None:
            reason = process.end.message
        elif time.monotonic() - self._sent > SILENCE_S:
            process.kill()
            reason = _("No answer within {seconds:g} s.").format(seconds=SILENCE_S)
        if reason:
            self._process = None
            self.waiting.clear()
        return reason

    def close(self) -> None:
        """End it and remove its files."""
        self.waiting.clear()
        if self._process is not None:
            self._process.kill()
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
