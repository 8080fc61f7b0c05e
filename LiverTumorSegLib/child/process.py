"""A child process that answers in JSON lines.

Its output goes into files, which the parent reads on when it polls: nothing blocks, no thread is needed (in an
application that holds Python's lock while it waits for the user, threads would stand still), and the log is kept.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from LiverTumorSegLib.child.ending import End, Ending
from LiverTumorSegLib.child.tree import ProcessTree

OUTPUT_FILE, LOG_FILE = "output.jsonl", "log.txt"
CLEAN_UP_S = 1.2
"""What a child gets to unwind after it was asked to stop; then it is killed."""
MOST_OUTPUT_BYTES = 2**26
"""Between two answers an honest child prints less than a megabyte; one that prints more than this is killed."""
_TAIL_BYTES = 4000
_AT_ONCE_BYTES = 2**20


class ChildProcess:
    """Start it, poll it until ``end`` is set, or kill it.

    folder: exists; takes what the child prints (OUTPUT_FILE, LOG_FILE). silence_s: a child from which no JSON line has
    come for so long hangs and is killed; None waits for ever.
    """

    def __init__(self, folder: Path, *, silence_s: float | None = None) -> None:
        self.end: End | None = None
        self._folder = folder
        self._silence_s = silence_s
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None
        self._unfinished = b""
        self._heard, self._printed_before = 0.0, 0
        self._tree: ProcessTree | None = None
        self._asked_to_stop: float | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self.end is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def log(self) -> str:
        """What the child has written to its error stream, and the lines of its output that are no JSON."""
        path = self._folder / LOG_FILE
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def start(
        self, words: Sequence[str], *, cwd: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """Start the child; returns at once. environment is added to this process'. Raises OSError if it cannot."""
        output, log = self._folder / OUTPUT_FILE, self._folder / LOG_FILE
        for path in (output, log):
            path.write_bytes(b"")
        with output.open("ab") as to_output, log.open("ab") as to_log:
            self._process = subprocess.Popen(
                list(words),
                stdin=subprocess.PIPE,
                stdout=to_output,
                stderr=to_log,
                cwd=cwd,
                env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", **(environment or {})},
                # A group of its own: Ctrl-C in a terminal reaches the parent alone, and the whole group can be killed.
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        self._tree = ProcessTree(self._process.pid)
        self._output = output.open("rb")
        self._heard = time.monotonic()

    def send(self, message: dict[str, Any]) -> None:
        """One JSON line to the child's input; a child that is gone shows when it is polled."""
        if self._process and self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.write(json.dumps(message).encode() + b"\n")
                self._process.stdin.flush()

    def poll(self) -> list[dict[str, Any]]:
        """The JSON objects that came since the last call; sets ``end`` once the child is gone."""
        if self._process is None or self.end is not None:
            return []
        code = self._process.poll()
        events = self._read(to_the_end=code is not None)
        now = time.monotonic()
        if events:
            self._heard, self._printed_before = now, self._printed_bytes()
        if self._asked_to_stop is not None:
            if code is not None or now - self._asked_to_stop > CLEAN_UP_S:
                self.kill()
        elif code is not None:
            self._finish(Ending.EXITED, code)
        elif self._printed_bytes() - self._printed_before > MOST_OUTPUT_BYTES:
            self._end_tree()
            self._finish(Ending.FLOODED, None)
        elif self._silence_s is not None and now - self._heard > self._silence_s:
            self._end_tree()
            self._finish(Ending.SILENT, None)
        return events

    def stop(self) -> None:
        """Ask the child to clean up and go; polling sees it gone within CLEAN_UP_S, killed if need be."""
        if self.running and self._tree and self._asked_to_stop is None:
            self._asked_to_stop = time.monotonic()
            self._tree.ask_to_end()

    def kill(self) -> None:
        """End the child and everything that it started, now; safe to call at any time."""
        if self.running:
            self._end_tree()
            self._finish(Ending.KILLED, None)

    def _end_tree(self) -> None:
        if self._tree and self._process:
            self._tree.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(CLEAN_UP_S)

    def _finish(self, ending: Ending, code: int | None) -> None:
        self.end = End(ending, code, self._log_tail(), self._silence_s)
        if self._output:
            self._output.close()
        if self._process and self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def _printed_bytes(self) -> int:
        return sum((self._folder / name).stat().st_size for name in (OUTPUT_FILE, LOG_FILE))

    def _read(self, *, to_the_end: bool) -> list[dict[str, Any]]:
        """A bit of the output at a time, so that a poll stays short; of a child that has ended, the rest."""
        if self._output is None:
            return []
        new = self._output.read(MOST_OUTPUT_BYTES if to_the_end else _AT_ONCE_BYTES)
        *lines, self._unfinished = (self._unfinished + new).split(b"\n")
        if to_the_end:
            lines.append(self._unfinished)
        texts = [line.decode("utf-8", "replace").strip() for line in lines]
        events = [(text, _object_in(text)) for text in texts if text]
        # Libraries print what they like: a line that is no JSON object is logged, not an error.
        if others := [text for text, event in events if event is None]:
            with (self._folder / LOG_FILE).open("a", encoding="utf-8") as log:
                log.write("\n".join(others) + "\n")
        return [event for _text, event in events if event is not None]

    def _log_tail(self) -> str:
        path = self._folder / LOG_FILE
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - _TAIL_BYTES))
            return log.read().decode("utf-8", "replace")


def _object_in(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        event = json.loads(text)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None
