"""Runs a command's work so that it can be stopped at any moment and leaves nothing half-done.

The work runs in a thread; the main thread only waits, so that Ctrl-C (SIGINT) and SIGTERM are seen at once, also while
a network computes in C++. The work learns of it at its next progress report and unwinds; if it does not within a
second, the open ends it has registered are cleaned up from here and the process ends.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import FrameType

from LiverTumorSegLib.cli.progress_output import ProgressOutput
from LiverTumorSegLib.errors import CancelledError, LiverTumorSegError
from LiverTumorSegLib.progress import ProgressEvent

UNWIND_S = 1.0
POLL_S = 0.05


class Job:
    """What a command's work sees of its run: where to report, and what must be cleaned up if it is cut off."""

    def __init__(self, output: ProgressOutput) -> None:
        self.output = output
        self._cancelled = threading.Event()
        self._cleanups: list[Callable[[], None]] = []

    def report(self, event: ProgressEvent) -> None:
        """Show progress. Raises CancelledError once the user has asked to stop."""
        if self._cancelled.is_set():
            raise CancelledError
        self.output.progress(event)

    @contextmanager
    def cleaned_up_by(self, cleanup: Callable[[], None]) -> Iterator[None]:
        """While inside: ``cleanup`` runs if the process must end before the work has unwound."""
        self._cleanups.append(cleanup)
        try:
            yield
        finally:
            self._cleanups.remove(cleanup)

    def cancel(self) -> None:
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def clean_up(self) -> None:
        """Every registered end, the latest first; one that fails does not keep the others from running."""
        with ExitStack() as ends:
            for cleanup in self._cleanups:
                ends.callback(cleanup)


def run_job(work: Callable[[Job], int], output: ProgressOutput) -> int:
    """Run the work to its end, an error or a cancel; the exit code. Unexpected errors are raised as they are."""
    job = Job(output)
    outcome: list[int | BaseException] = []
    thread = threading.Thread(target=_run_into, args=(outcome, work, job), name="work", daemon=True)
    with _signals_cancel(job):
        thread.start()
        while thread.is_alive() and not job.cancelled:
            thread.join(POLL_S)
        thread.join(UNWIND_S if job.cancelled else None)
    if thread.is_alive():
        job.clean_up()
        output.failure(str(CancelledError()), CancelledError.exit_code)
        sys.stdout.flush()
        os._exit(CancelledError.exit_code)
    return _exit_code(outcome[0], output)


def _run_into(outcome: list[int | BaseException], work: Callable[[Job], int], job: Job) -> None:
    try:
        outcome.append(work(job))
    except BaseException as error:  # handed to the main thread, which raises what it does not know
        outcome.append(error)


def _exit_code(outcome: int | BaseException, output: ProgressOutput) -> int:
    if isinstance(outcome, int):
        return outcome
    if isinstance(outcome, LiverTumorSegError):
        output.failure(str(outcome), outcome.exit_code)
        return outcome.exit_code
    if isinstance(outcome, MemoryError):
        output.failure("Not enough memory. Close other programs, or crop the CT to the abdomen.", 2)
        return 2
    if isinstance(outcome, OSError) and not isinstance(outcome, BrokenPipeError):
        place = f" ({outcome.filename})" if outcome.filename else ""
        output.failure(f"The system refused to read or write: {outcome.strerror}{place}.", 2)
        return 2
    raise outcome


@contextmanager
def _signals_cancel(job: Job) -> Iterator[None]:
    def handler(_number: int, _frame: FrameType | None) -> None:
        job.cancel()

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
