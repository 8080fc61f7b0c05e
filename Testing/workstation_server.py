"""The workstation as its users start it: ``livertumorseg serve`` in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from cli_runs import ROOT, command

START_S, END_S = 120.0, 30.0


class WorkstationServer:
    """folder: for its temporary files and its log, nothing else is in it. words: options of ``serve``."""

    def __init__(self, folder: Path, *words: object) -> None:
        self.temporary = folder / "temporary"
        self.temporary.mkdir(parents=True)
        self._log = folder / "stderr.txt"
        self._events: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command("serve", "--port", 0, "--progress", "json", *words),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=ROOT,
                env=os.environ | {"TMPDIR": str(self.temporary)},
            )
        threading.Thread(target=self._read, daemon=True).start()
        self.warnings: list[str] = []
        self.address, self.token = self._wait_for_address()

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Its exit status; raises subprocess.TimeoutExpired if it does not end by itself."""
        try:
            self.process.send_signal(how)
            return self.process.wait(END_S)
        finally:
            self.process.kill()

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def descendants(self) -> list[psutil.Process]:
        """Everything below it: sessions and what they have started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def sessions(self) -> list[psutil.Process]:
        """One for each page, and a spare one."""
        return psutil.Process(self.process.pid).children()

    def session_of(self, page_address: str) -> psutil.Process:
        """The process that a page belongs to."""
        folder = str(self.folder_of(page_address))
        [found] = [one for one in self.sessions() if folder in _words(one)]
        return found

    def folder_of(self, page_address: str) -> Path:
        """Of the session that a page belongs to."""
        [found] = self.temporary.glob(f"*/{urlsplit(page_address).path.split('/')[2]}")
        return found

    def runs(self) -> list[psutil.Process]:
        """Segmentations that are going on; what they start looks like them for a moment."""
        found = [one for one in self.descendants() if "segment" in _words(one)]
        return [one for one in found if one.ppid() not in {other.pid for other in found}]

    def peers(self) -> set[str]:
        """Addresses of the computers that it and everything below it is connected with."""
        found = set()
        for process in [psutil.Process(self.process.pid), *self.descendants()]:
            with contextlib.suppress(psutil.Error):
                found |= {one.raddr.ip for one in process.net_connections() if one.raddr}
        return found

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._events.put(json.loads(line))
        self._events.put(None)

    def _wait_for_address(self) -> tuple[str, str]:
        """Where it listens, and the token that it asks for (empty for none)."""
        while (event := self._events.get(timeout=START_S)) is not None:
            if event["event"] == "warning":
                self.warnings.append(event["message"])
            if event["event"] == "result":
                return event["address"].rstrip("/"), event["token"]
        raise AssertionError(f"The server did not start: {self.log}")


def _words(process: psutil.Process) -> list[str]:
    """Nothing of one that has just ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _is_dead(process: psutil.Process) -> bool:
    """Also one that has ended and that nobody has asked for its status yet."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return True


@contextmanager
def workstation_server(folder: Path, *words: object) -> Iterator[WorkstationServer]:
    """A server that is ended like every other one: with SIGTERM, and nothing of it is left."""
    server = WorkstationServer(folder, *words)
    try:
        yield server
    finally:
        below = server.descendants()
        status = server.stop()
    _, there = psutil.wait_procs(below, timeout=10)
    alive = [one for one in there if not _is_dead(one)]
    assert not alive, f"{alive} outlive the server"
    assert status in (0, 130), server.log
    assert not list(server.temporary.iterdir()), "The server has left files behind"
