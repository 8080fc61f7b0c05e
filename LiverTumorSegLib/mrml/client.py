"""The main job's side of the scene's child process. Imports neither vtk nor slicer.

Slicer's core takes a second to import and draws with OpenGL, which can crash a process that lacks a driver. In a child
both are harmless: the import overlaps with the networks, and a crash costs the picture, not the result.
"""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

from LiverTumorSegLib.case import Case
from LiverTumorSegLib.child.ending import last_words
from LiverTumorSegLib.child.tree import ProcessTree
from LiverTumorSegLib.mrml.handover import remove_handover, write_handover
from LiverTumorSegLib.mrml.outcome import Outcome, SceneResult
from LiverTumorSegLib.progress import ProgressCallback, ignore_progress

WORKER_COMMAND = (sys.executable, "-m", "LiverTumorSegLib.mrml.worker")
TIMEOUT_S = 180.0
_POLL_S = 0.1
_FOLDER_OF_PACKAGE = Path(__file__).parents[2]


class SceneWorker:
    """A child process for one scene: ``start`` it early, ``finish`` it once, ``close`` it in any case.

    As a context manager it starts on entry and is killed on exit. A child that cannot do its work (Slicer's core or
    OpenGL missing, crash, hang) shows as warnings of the result, never as an error of the caller's.
    """

    def __init__(self, command: Sequence[str] = WORKER_COMMAND, timeout_s: float = TIMEOUT_S) -> None:
        self._command = tuple(command)
        self._timeout_s = timeout_s
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the child)
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._closing = threading.Lock()

    def start(self) -> None:
        """Start the child; returns at once. Call once."""
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            encoding="utf-8",
            errors="replace",
            cwd=_FOLDER_OF_PACKAGE,
            # Ctrl-C in a terminal goes to the parent alone, which then closes its child.
            start_new_session=True,
        )
        self._reader = threading.Thread(target=_pass_on, args=(self._process.stdout, self._lines), daemon=True)
        self._reader.start()

    def finish(self, case: Case, folder: Path, progress: ProgressCallback = ignore_progress) -> SceneResult:
        """Hand a case to the child through an existing folder, and wait for scene and picture in it.

        progress is called ten times a second and may raise CancelledError; the child is killed then. Raises OSError
        where the folder cannot take the hand-over.
        """
        folder = folder.resolve()
        outcome = Outcome(folder)
        try:
            write_handover(folder, case)
            self._send(folder)
            self._listen(outcome, progress)
        finally:
            self.close()
            remove_handover(folder)
            outcome.remove_incomplete()
        return outcome.result()

    def close(self) -> None:
        """Kill the child and its children at once; safe to call at any time and from any thread."""
        with self._closing:
            process, self._process = self._process, None
        if process is None or self._reader is None:
            return
        ProcessTree(process.pid).kill()
        process.wait()
        self._reader.join()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        self._errors.close()

    def __enter__(self) -> SceneWorker:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, folder: Path) -> None:
        """A child that is gone already shows when its answers end."""
        process = self._process
        if process is None or process.stdin is None:
            message = "finish() without start(), or a second time"
            raise ValueError(message)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps({"folder": str(folder)}) + "\n")
            process.stdin.flush()

    def _listen(self, outcome: Outcome, progress: ProgressCallback) -> None:
        deadline = time.monotonic() + self._timeout_s
        while not outcome.over:
            progress(outcome.event)
            try:
                line = self._lines.get(timeout=_POLL_S)
            except queue.Empty:
                line = ""
            if line is None:
                outcome.fail(self._how_it_ended())
            elif line:
                outcome.take(line)
            if not outcome.over and time.monotonic() > deadline:
                outcome.fail(f"no answer within {self._timeout_s:g} s")

    def _how_it_ended(self) -> str:
        process = self._process
        if process is None:
            return "closed"
        code = process.wait()
        self._errors.seek(0)
        return f"exit code {code}{last_words(self._errors.read().decode('utf-8', 'replace'))}"


def _pass_on(stream: Iterable[str], lines: queue.Queue[str | None]) -> None:
    """Reads ahead, so that a child never waits for its parent; None marks the end."""
    for line in stream:
        lines.put(line)
    lines.put(None)
