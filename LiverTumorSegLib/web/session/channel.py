"""What a session and the gateway tell each other: JSON lines on the session's own input and output."""

from __future__ import annotations

import asyncio
import io
import json
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

Message = dict[str, Any]


class GatewayChannel:
    """on_message: called in the event loop with each message of the gateway. on_end: once, when the gateway is gone."""

    def __init__(self, source: io.TextIOBase, sink: io.TextIOBase) -> None:
        self.on_message: Callable[[Message], None] = lambda _message: None
        self.on_end: Callable[[], None] = lambda: None
        self._source, self._sink = source, sink

    @classmethod
    def over_stdio(cls) -> GatewayChannel:
        """Take the process' output for messages alone; what else is printed goes to the error stream from now on."""
        sys.stdout.flush()
        source = os.fdopen(os.dup(sys.stdin.fileno()), encoding="utf-8")
        sink = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8", buffering=1)
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        return cls(source, sink)

    def say(self, event: str, **facts: Any) -> None:
        """Nothing happens if the gateway is gone."""
        try:
            self._sink.write(json.dumps({"event": event, **facts}) + "\n")
            self._sink.flush()
        except (BrokenPipeError, ValueError):
            return

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to pass messages on; a thread reads, because a pipe cannot be waited for on every system."""
        threading.Thread(target=self._read, args=(loop,), name="gateway", daemon=True).start()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        for line in self._source:
            loop.call_soon_threadsafe(self._take, line)
        loop.call_soon_threadsafe(lambda: self.on_end())

    def _take(self, line: str) -> None:
        self.on_message(json.loads(line))
