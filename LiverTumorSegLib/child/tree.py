"""Ending a process with everything that it started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import Any

_DYING_S = 0.5
"""The system takes a few milliseconds to end a killed process; one that hangs in a driver may never end."""


class ProcessTree:
    """A process and its descendants, as far as they are seen; every call may come at any time, also when all are gone.

    Descendants in sessions of their own are found where psutil is installed. Where it is not (nothing is, while it is
    being installed), signals go to the group of a process that was started with ``start_new_session``.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._members: dict[int, Any] = {}

    def ask_to_end(self) -> None:
        """Let them clean up and go (SIGTERM)."""
        self._look()
        for member in self._members.values():
            _quietly(member.terminate)
        _signal_group(self._pid, signal.SIGTERM)

    def kill(self) -> None:
        """End them at once, those too that were seen before and have lost their parent since."""
        self._look(stopping=True)
        for member in self._members.values():
            _quietly(member.kill)
        _signal_group(self._pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        deadline = time.monotonic() + _DYING_S
        while any(map(_lives, self._members.values())) and time.monotonic() < deadline:
            time.sleep(0.005)

    def _look(self, *, stopping: bool = False) -> None:
        """Find members until there are no new ones; a stopped one starts no other between the look and the kill."""
        try:
            import psutil
        except ImportError:
            return
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self._pid)
            fresh = [root, *root.children(recursive=True)]
            while fresh:
                self._members |= {member.pid: member for member in fresh}
                if stopping:
                    for member in fresh:
                        _quietly(member.suspend)
                fresh = [member for member in root.children(recursive=True) if member.pid not in self._members]


def _quietly(action: Any) -> None:
    import psutil

    with contextlib.suppress(psutil.Error):
        action()


def _lives(member: Any) -> bool:
    import psutil

    try:
        return member.is_running() and member.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _signal_group(pid: int, number: int) -> None:
    """The group outlives its leader; of a process that leads none, only the process itself gets the signal."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(pid)], capture_output=True, check=False)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
