"""One session: its process, its folder, what was uploaded into it, and who looks at it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from LiverTumorSegLib.web.gateway.attendance import Attendance
from LiverTumorSegLib.web.gateway.leftovers import Leftovers
from LiverTumorSegLib.web.gateway.refusals import Refusal, session_ended
from LiverTumorSegLib.web.gateway.session_process import SessionProcess
from LiverTumorSegLib.web.gateway.upload_space import UploadSpace
from LiverTumorSegLib.web.settings import ServeSettings


class Session:
    """command: without the folder, which is made here. on_event: called with the session's id and the event's name.

    id: what is in the browser's address. key: what the process wants to hear from whoever talks to it. task: its life,
    set by whoever keeps the session; cancelling it ends the process.
    """

    task: asyncio.Task[None]

    def __init__(
        self,
        command: Sequence[str],
        settings: ServeSettings,
        leftovers: Leftovers,
        on_event: Callable[[str, str], None],
    ) -> None:
        self.id, self.key = secrets.token_hex(16), secrets.token_hex(32)
        self.folder = leftovers.new_folder(self.id)
        for folder in (self.uploads, self.exports, self.partial):
            folder.mkdir()
        limits = settings.limits
        self.space = UploadSpace(settings.max_upload_mib, limits.most_upload_files, limits.keep_free_bytes)
        self.attendance = Attendance(settings.idle_minutes * 60, limits.unopened_s)
        self.process = SessionProcess(
            [*command, "--folder", str(self.folder)], self.folder, self.key, lambda event: on_event(self.id, event)
        )
        self.stalled_upload_s, self._start_s = limits.stalled_upload_s, limits.start_s

    @property
    def uploads(self) -> Path:
        return self.folder / "uploads"

    @property
    def exports(self) -> Path:
        """From where files are handed out."""
        return self.folder / "exports"

    @property
    def partial(self) -> Path:
        """Where files are while they come in; beside the uploads, so that the process never sees half a file."""
        return self.folder / "partial"

    async def port(self) -> int:
        """Of the process, once it is ready. Raises Refusal if it is not in time, or not at all."""
        try:
            port = await self.process.when_ready(self._start_s)
        except TimeoutError:
            raise Refusal(
                503,
                "The session is still starting.",
                "The server has much to do. Reload this page in a minute.",
                link="Start another session",
            ) from None
        if port is None and self.process.port is None:
            raise Refusal(
                503,
                "The session could not start.",
                "Try again. If that does not help, tell whoever runs this server: its output says what happened.",
                link="Start a new session",
            )
        if port is None:
            raise session_ended()
        return port
