"""What commands that train for hours need of their process: memory that stays, and an end that keeps what was done."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.errors import CancelledError, InputError, LiverTumorSegError
from LiverTumorSegLib.settings import Device

ALLOCATOR = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": "17179869184",
    "MALLOC_TOP_PAD_": "268435456",
}
"""Keep freed memory instead of handing it back: training on a CPU frees and takes gigabytes in each step, and glibc's
way of clearing fresh pages costs a third of the time."""


class StoppedError(LiverTumorSegError):
    """The user stopped a training, which can go on."""

    exit_code = CancelledError.exit_code

    def __init__(self, what_next: str) -> None:
        super().__init__(f"Stopped. {what_next}.")


def restart_with_allocator(device: Device) -> None:
    """Begin this process anew with ALLOCATOR, which glibc reads once at the start.

    Only where that helps: on Linux, without a GPU, when this is the program itself and nothing of it was chosen.
    """
    is_program = sys.argv[1:2] in (["train"], ["experiment"])
    is_useful = sys.platform == "linux" and device in (Device.AUTO, Device.CPU)
    if not (is_program and is_useful) or ALLOCATOR.keys() & os.environ.keys():
        return
    sys.stdout.flush()
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, **ALLOCATOR})


@contextmanager
def ending_with_checkpoint(job: Job, what_next: str) -> Iterator[None]:
    """Inside, a stop waits for the step that is going on and its checkpoint, longer than the runtime would.

    what_next: told to the user who has stopped the work.
    """
    ended = threading.Event()
    failures: list[LiverTumorSegError] = []

    def wait_and_end() -> None:
        ended.wait()
        failure = failures[0] if failures else StoppedError(what_next)
        job.output.failure(str(failure), failure.exit_code)
        sys.stdout.flush()
        os._exit(failure.exit_code)

    with job.cleaned_up_by(wait_and_end):
        try:
            yield
        except CancelledError as error:
            failures.append(StoppedError(what_next))
            raise failures[0] from error
        except LiverTumorSegError as error:
            failures.append(error)
            raise
        finally:
            ended.set()


def check_torch() -> None:
    """Raises InputError, saying how to install it, where it is missing."""
    if find_spec("torch") is None:
        raise InputError(
            found="no torch in this Python environment",
            expected="torch, which training needs",
            remedy='Run: pip install "livertumorseg[torch]"',
        )
