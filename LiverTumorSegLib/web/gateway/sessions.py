"""All sessions: given out, kept, ended; one spare is kept warm so that opening takes no time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from aiohttp import web

from LiverTumorSegLib.web.gateway.leftovers import Leftovers, remove_folder
from LiverTumorSegLib.web.gateway.refusals import Refusal, session_ended
from LiverTumorSegLib.web.gateway.run_queue import RunQueue
from LiverTumorSegLib.web.gateway.session import Session
from LiverTumorSegLib.web.settings import ServeSettings

_LOG = logging.getLogger(__name__)


class Sessions:
    """command: the words that start a session process, all but its folder. Made and used in a running event loop."""

    def __init__(self, command: Sequence[str], settings: ServeSettings, leftovers: Leftovers) -> None:
        self._command, self._settings, self._leftovers = command, settings, leftovers
        self._open: dict[str, Session] = {}
        self._spare: Session | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closing = False
        self._queue = RunQueue(
            settings.max_runs, lambda session_id, message: self._open[session_id].process.send(message)
        )
        self._spare_timer: asyncio.TimerHandle | None = None
        self._watching = asyncio.create_task(self._watch())
        self._make_spare()

    def take(self) -> Session:
        """A session for somebody new, ready or about to be. Raises Refusal where there are as many as there may be."""
        if self._is_closing or len(self._open) >= self._settings.max_sessions:
            raise Refusal(
                503,
                "All places are taken.",
                f"{len(self._open)} sessions are open on this server, and it may have {self._settings.max_sessions}. "
                "Close a window that you do not need (its session ends some time later), or try again later. Whoever "
                "runs the server can allow more with --max-sessions.",
                link="Try again",
            )
        spare, self._spare = self._spare, None
        session = self._new() if spare is None or spare.process.is_over else spare
        self._open[session.id] = session
        session.attendance.begin()
        self._plan_spare()
        return session

    def find(self, session_id: str) -> Session | None:
        """None for one that was never given out, or has ended."""
        return self._open.get(session_id)

    async def close(self) -> None:
        """End all of them; nothing of them is left afterwards."""
        self._is_closing = True
        self._watching.cancel()
        if self._spare_timer:
            self._spare_timer.cancel()
        # All at once, which takes less time than one after the other.
        await asyncio.to_thread(self._leftovers.clear)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.to_thread(self._leftovers.clear)

    def _new(self) -> Session:
        session = Session(self._command, self._settings, self._leftovers, self._take_event)
        session.task = asyncio.create_task(self._care_for(session))
        self._tasks.add(session.task)
        session.task.add_done_callback(self._tasks.discard)
        return session

    async def _care_for(self, session: Session) -> None:
        try:
            await session.process.live(self._leftovers)
        finally:
            self._forget(session)
            if not self._is_closing:
                self._report_end(session)
                await asyncio.to_thread(remove_folder, session.folder)

    def _forget(self, session: Session) -> None:
        """It can be reached no more; its run and its place in the queue are free."""
        was_open = self._open.pop(session.id, None) is not None
        self._queue.release(session.id)
        if session is self._spare:
            # Not replaced before somebody comes: one that cannot start would be started for ever.
            self._spare = None
        elif was_open and self._spare is None:
            self._plan_spare()

    def _report_end(self, session: Session) -> None:
        """For whoever runs the server; its log goes with its folder."""
        end = session.process.end
        if end is not None and end.exit_code != 0:
            _LOG.warning("A session ended. %s", end.message)

    def _plan_spare(self) -> None:
        """Some time after the last one was taken: until then the machine is busy with that."""
        if self._spare_timer:
            self._spare_timer.cancel()
        if not self._is_closing:
            loop = asyncio.get_running_loop()
            self._spare_timer = loop.call_later(self._settings.limits.spare_after_s, self._make_spare)

    def _make_spare(self) -> None:
        if self._spare is None and len(self._open) < self._settings.max_sessions:
            self._spare = self._new()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._settings.limits.look_s)
            for session in list(self._open.values()):
                if session.attendance.is_over:
                    self._forget(session)
                    session.task.cancel()

    def _take_event(self, session_id: str, event: str) -> None:
        """Only of sessions that somebody has: a spare one wants nothing."""
        if session_id not in self._open:
            return
        if event == "run-wanted":
            self._queue.want(session_id)
        elif event == "run-ended":
            self._queue.release(session_id)
            # From here on, a grant is one for the next time it asks.
            self._open[session_id].process.send({"event": "run-released"})


SESSIONS = web.AppKey("sessions", Sessions)


def session_of(request: web.Request) -> Session:
    """The one that the address names. Raises Refusal if there is none."""
    session = request.app[SESSIONS].find(request.match_info["session"])
    if session is None:
        raise session_ended()
    return session
