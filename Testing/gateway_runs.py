"""A real gateway in a thread, as ``livertumorseg serve`` runs it, with stand-ins for its sessions."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from LiverTumorSegLib.web.gateway.app import serve
from LiverTumorSegLib.web.gateway.leftovers import Leftovers
from LiverTumorSegLib.web.settings import ServeLimits, ServeSettings

STAND_IN = (sys.executable, str(Path(__file__).with_name("stand_in_session.py")))
TOKEN = "a token of more than 16 characters"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        """Of a refusal for scripts."""
        return self.json["message"]


@dataclass
class RunningGateway:
    settings: ServeSettings
    command: tuple[str, ...] = STAND_IN
    url: str = ""
    failure: BaseException | None = None
    leftovers: Leftovers = field(default_factory=Leftovers)
    stopping: threading.Event = field(default_factory=threading.Event)

    def start(self) -> None:
        ready = threading.Event()

        def on_ready(url: str) -> None:
            self.url = url
            ready.set()

        def run() -> None:
            work = serve(
                self.settings,
                stopped=self.stopping.is_set,
                on_ready=on_ready,
                session_command=self.command,
                leftovers=self.leftovers,
            )
            try:
                asyncio.run(work)
            except BaseException as error:
                self.failure = error
            ready.set()

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()
        assert ready.wait(20)
        if self.failure:
            raise self.failure

    def stop(self) -> float:
        """How long it took, in seconds."""
        begun = time.monotonic()
        self.stopping.set()
        self._thread.join(20)
        assert not self._thread.is_alive()
        if self.failure:
            raise self.failure
        return time.monotonic() - begun

    @property
    def port(self) -> int:
        return int(self.url.rstrip("/").rsplit(":", 1)[1])

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A request; names of headers are written with _ for -."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def raw(self, request: bytes) -> bytes:
        """Whatever a program may send; the head of what comes back, and a little more where it comes at once."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(request)
            answer = b""
            while b"\r\n\r\n" not in answer and (more := connection.recv(65536)):
                answer += more
            return answer

    def target(self, method: str, target: str, body: bytes = b"") -> Answer:
        """A request whose target nobody tidies up on the way."""
        head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Length: {len(body)}\r\n"
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall(f"{head}Connection: close\r\n\r\n".encode("latin-1") + body)
            response = http.client.HTTPResponse(connection, method=method)
            response.begin()
            return Answer(response.status, response.headers, response.read())

    def open(self, **headers: str) -> str:
        """The address of a new session, such as /s/0123...; it may still be starting."""
        answer = self.get("/", **headers)
        assert answer.status == 303, answer.text
        return "/" + answer.headers["Location"].removesuffix("/index.html")

    def facts(self, session: str) -> Any:
        return self.get(f"{session}/facts").json

    def say(self, session: str, event: str) -> None:
        """Let the session say it."""
        assert self.ask("POST", f"{session}/say", json.dumps({"event": event})).status == 200

    def heard(self, session: str) -> list[Any]:
        return [json.loads(line) for line in self.get(f"{session}/heard").json]


@contextmanager
def running_gateway(*, command: tuple[str, ...] = STAND_IN, **settings: Any) -> Iterator[RunningGateway]:
    """settings: of ServeSettings or ServeLimits. No spare session within the test unless spare_after_s is given."""
    names = ServeLimits.__dataclass_fields__
    limits = {"spare_after_s": 1000.0, "look_s": 0.05, **{name: settings[name] for name in settings if name in names}}
    others = {name: value for name, value in settings.items() if name not in names}
    gateway = RunningGateway(ServeSettings(**{"port": 0, **others}, limits=ServeLimits(**limits)), command)
    gateway.start()
    try:
        yield gateway
    finally:
        gateway.stop()


def folder_of(temporary_files: Path, session: str) -> Path:
    """Of a session that has not ended; temporary_files is the fixture of that name."""
    [found] = temporary_files.glob(f"livertumorseg-serve-*/{session.removeprefix('/s/')}")
    return found


def everything_in(folder: Path) -> set[str]:
    """Of uploads and what is on its way, but for folders that every session has."""
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    return found - {"uploads", "exports", "partial", "session.log"}


def open_upload(gateway: RunningGateway, target: str, head: str, body: bytes) -> socket.socket:
    """An upload whose end is still to come."""
    connection = socket.create_connection(("127.0.0.1", gateway.port), timeout=20)
    connection.sendall(f"PUT {target} HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\n{head}\r\n\r\n".encode() + body)
    return connection


def stand_ins() -> list[psutil.Process]:
    """Session processes of this test's gateways that are alive."""
    children = psutil.Process().children(recursive=True)
    return [child for child in children if not is_gone(child.pid) and STAND_IN[1] in " ".join(child.cmdline())]


def becomes_true(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
