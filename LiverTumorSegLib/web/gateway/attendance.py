"""Whether anybody is there: when a session's browsers came and went, and whether it has been left for too long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Attendance:
    """idle_s: from the last browser's leaving. unopened_s: from ``begin`` where none ever came."""

    def __init__(self, idle_s: float, unopened_s: float) -> None:
        self._idle_s, self._unopened_s = idle_s, unopened_s
        self._present = 0
        self._deadline: float | None = None

    def begin(self) -> None:
        """Somebody was given the session; before that it waits without end."""
        self._deadline = time.monotonic() + self._unopened_s

    @contextmanager
    def present(self) -> Iterator[None]:
        """Inside, somebody is there: an open websocket, or a file on its way."""
        self._present += 1
        try:
            yield
        finally:
            self._present -= 1
            self._deadline = time.monotonic() + self._idle_s

    @property
    def is_over(self) -> bool:
        return not self._present and self._deadline is not None and time.monotonic() > self._deadline
