"""Who may run a segmentation: all sessions share the processors, so they are let in first come, first served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Tell = Callable[[str, dict[str, Any]], None]


class RunQueue:
    """max_runs: at a time. tell: called with a session's id and what it should know; it may not call back."""

    def __init__(self, max_runs: int, tell: Tell) -> None:
        self._max_runs, self._tell = max_runs, tell
        self._running: list[str] = []
        self._waiting: list[str] = []
        self._told: dict[str, dict[str, Any]] = {}

    def want(self, session: str) -> None:
        """Let it run or queue up; one that runs or waits already keeps its place and is told again."""
        if session not in self._running and session not in self._waiting:
            self._waiting.append(session)
        self._told.pop(session, None)
        self._settle()

    def release(self, session: str) -> None:
        """Its run has ended, or it gives up its place; nothing happens to one that has neither."""
        if session in self._running:
            self._running.remove(session)
        elif session in self._waiting:
            self._waiting.remove(session)
        else:
            return
        self._told.pop(session, None)
        self._settle()

    def _settle(self) -> None:
        while self._waiting and len(self._running) < self._max_runs:
            self._running.append(self._waiting.pop(0))
        for session in self._running:
            self._inform(session, {"event": "run-granted"})
        for place, session in enumerate(self._waiting, start=1):
            self._inform(session, {"event": "run-queued", "place": place, "running": len(self._running)})

    def _inform(self, session: str, message: dict[str, Any]) -> None:
        """Only what is new to it."""
        if self._told.get(session) != message:
            self._told[session] = message
            self._tell(session, message)
