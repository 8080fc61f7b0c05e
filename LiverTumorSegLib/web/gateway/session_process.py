"""One session process: started, listened to, told things, ended with all that it has started."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from LiverTumorSegLib.child.ending import End, Ending
from LiverTumorSegLib.child.job import FOLDER_OF_PACKAGE
from LiverTumorSegLib.web.gateway.leftovers import MARK_VARIABLE, Leftovers, SessionTree, kill_trees

LOG_FILE = "session.log"
KEY_VARIABLE = "LIVERTUMORSEG_SESSION_KEY"
_LOOK_S = 0.2
"""A process whose output is held open by one of its children is found to be gone by looking."""
_LAST_WORDS_S = 1.0
_TAIL_BYTES = 4000
_ENVIRONMENT = {
    "PYTHONUNBUFFERED": "1",
    "PYTHONIOENCODING": "utf-8",
    # wslink: on the loopback, pings only cut off a session that is busy, and compression only costs time. The gateway
    # itself pings the browsers.
    "WSLINK_HEART_BEAT": "0",
    "WSLINK_WS_COMPRESS": "0",
}


class SessionProcess:
    """words: the whole command. on_event: called with the name of each event but ``ready``.

    port: where it listens on 127.0.0.1, None before it is ready. end: how it ended by itself, None before, and if it
    was ended from here.
    """

    def __init__(self, words: Sequence[str], folder: Path, key: str, on_event: Callable[[str], None]) -> None:
        self.port: int | None = None
        self.end: End | None = None
        self.is_over = False
        self._words, self._folder, self._key, self._on_event = list(words), folder, key, on_event
        self._mark = secrets.token_hex(16)
        self._settled = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None

    async def live(self, leftovers: Leftovers) -> None:
        """From its start to its end. Cancelling this ends the process; either way nothing that it started is left."""
        tree: SessionTree | None = None
        try:
            process = self._process = await self._start()
            tree = SessionTree(process.pid, self._mark)
            leftovers.add(tree)
            await self._listen_to(process)
            self.end = End(Ending.EXITED, process.returncode, self._log_tail())
        except OSError as error:
            self.end = End(Ending.EXITED, None, f"It could not be started: {error.strerror}")
        finally:
            self.is_over = True
            self._settled.set()
            if tree is not None:
                await asyncio.to_thread(kill_trees, [tree])
                leftovers.discard(tree)

    async def when_ready(self, seconds: float) -> int | None:
        """Its port once it is ready, None if it has ended. Raises TimeoutError if it is neither in time."""
        async with asyncio.timeout(seconds):
            await self._settled.wait()
        return None if self.is_over else self.port

    def send(self, message: dict[str, Any]) -> None:
        """One JSON line; lost if the process is gone or has not started yet."""
        if self._process is not None and self._process.stdin is not None and not self.is_over:
            self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _start(self) -> asyncio.subprocess.Process:
        with self._log().open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *self._words,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                cwd=FOLDER_OF_PACKAGE,
                env={**os.environ, **_ENVIRONMENT, KEY_VARIABLE: self._key, MARK_VARIABLE: self._mark},
                start_new_session=True,
            )

    async def _listen_to(self, process: asyncio.subprocess.Process) -> None:
        """Until it is gone, or has closed its output."""
        listening = asyncio.create_task(self._take_events(process))
        try:
            while process.returncode is None and not listening.done():
                await asyncio.wait({listening}, timeout=_LOOK_S)
            # The output ends a moment before the exit code is known.
            for _ in range(round(_LAST_WORDS_S / 0.02)):
                if process.returncode is not None:
                    break
                await asyncio.sleep(0.02)
        finally:
            listening.cancel()

    async def _take_events(self, process: asyncio.subprocess.Process) -> None:
        while process.stdout is not None:
            try:
                line = await process.stdout.readline()
            except ValueError:  # longer than any message; what has come of it was thrown away
                continue
            if not line:
                return
            event = _object_in(line)
            port = event.get("port")
            if event.get("event") == "ready" and isinstance(port, int):
                self.port = port
                self._settled.set()
            elif isinstance(event.get("event"), str):
                self._on_event(event["event"])

    def _log(self) -> Path:
        return self._folder / LOG_FILE

    def _log_tail(self) -> str:
        with contextlib.suppress(OSError), self._log().open("rb") as log:
            log.seek(max(0, _size_of(log) - _TAIL_BYTES))
            return log.read().decode("utf-8", "replace")
        return ""


def _size_of(file: IO[bytes]) -> int:
    return os.fstat(file.fileno()).st_size


def _object_in(line: bytes) -> dict[str, Any]:
    """Empty for what is no JSON object: libraries print what they like."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
