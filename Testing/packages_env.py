"""What the tests of installing packages need: small real wheels, a bare Python, indexes that misbehave."""

from __future__ import annotations

import base64
import hashlib
import http.server
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]


def write_wheel(folder: Path, name: str, version: str, requires: Sequence[str] = (), module: str = "") -> Path:
    """A wheel with one module of that name, whole and with its hashes; the folder is made."""
    importable = name.replace("-", "_")
    info = f"{importable}-{version}.dist-info"
    metadata = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    metadata += [f"Requires-Dist: {each}" for each in requires]
    contents = {
        f"{importable}.py": module or f"version = {version!r}\n",
        f"{info}/METADATA": "\n".join([*metadata, ""]),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    contents[f"{info}/RECORD"] = "".join(
        f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in contents.items()
    )
    contents[f"{info}/RECORD"] += f"{info}/RECORD,,\n"
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{importable}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in contents.items():
            archive.writestr(path, text)
    return wheel


def unpack(wheel: Path, folder: Path) -> None:
    """What installing a pure wheel comes to."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)


@dataclass(frozen=True)
class BarePython:
    """A Python with pip and nothing else in it."""

    python: str

    def says(self, code: str) -> str:
        """What it prints; an error of the code fails the test."""
        done = subprocess.run([self.python, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def pip(self, *words: str) -> None:
        subprocess.run([self.python, "-m", "pip", *words], capture_output=True, check=True)


def make_bare_python(folder: Path) -> BarePython:
    """A fresh virtual environment."""
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
    return BarePython(str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")))


@dataclass
class Index:
    """url: of a package index on this computer. paths: what it was asked for. asked: set once it was asked at all."""

    url: str = ""
    paths: list[str] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)


@contextmanager
def silent_index() -> Iterator[Index]:
    """Takes every request and answers none, as a broken proxy does."""
    closing = threading.Event()
    with _serve(lambda _handler: closing.wait()) as index:
        try:
            yield index
        finally:
            closing.set()


@contextmanager
def index_with_password() -> Iterator[Index]:
    """Answers that a name and a password are needed."""

    def refuse(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(401)
        handler.send_header("WWW-Authenticate", 'Basic realm="packages"')
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    with _serve(refuse) as index:
        yield index


@contextmanager
def stalling_index(wheel: Path) -> Iterator[Index]:
    """Begins to send the wheel and stops after its first bytes, as a network that breaks down does."""
    closing = threading.Event()

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        whole = not handler.path.endswith(".whl")
        body = f'<a href="/{wheel.name}">{wheel.name}</a>'.encode() if whole else wheel.read_bytes()
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html" if whole else "application/zip")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body if whole else body[:100])
        if not whole:
            closing.wait()

    with _serve(answer) as index:
        try:
            yield index
        finally:
            closing.set()


@contextmanager
def _serve(answer: Callable[[http.server.BaseHTTPRequestHandler], object]) -> Iterator[Index]:
    index = Index()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            index.paths.append(self.path)
            index.asked.set()
            answer(self)

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    index.url = f"http://127.0.0.1:{server.server_port}/simple"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield index
    finally:
        server.shutdown()
        thread.join()


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
