"""A small OpenAI-compatible server that answers what a test wants, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, bytes]
MODEL = "test-model-7b"


@dataclass
class Endpoint:
    """url: of the server. asked: method, path and body of every request. waits: set it to let slow answers go."""

    url: str = ""
    asked: list[tuple[str, str, bytes]] = field(default_factory=list)
    waits: threading.Event = field(default_factory=threading.Event)

    @property
    def question(self) -> dict[str, Any]:
        """The body of the last question."""
        return json.loads(next(body for method, _path, body in reversed(self.asked) if method == "POST"))

    @property
    def facts(self) -> dict[str, Any]:
        return json.loads(self.question["messages"][-1]["content"])


def saying(text: str) -> Reply:
    """A proper answer."""
    return 200, json.dumps({"choices": [{"message": {"role": "assistant", "content": text}}]}).encode()


@contextmanager
def narration_server(answer: Callable[[Endpoint], Reply | None]) -> Iterator[Endpoint]:
    """answer: to POST; None drops the line. /v1/models lists two models."""
    endpoint = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            endpoint.asked.append(("GET", self.path, b""))
            self.reply(200, json.dumps({"data": [{"id": MODEL}, {"id": "another"}]}).encode())

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            endpoint.asked.append(("POST", self.path, body))
            said = answer(endpoint)
            if said is None:
                self.close_connection = True
            else:
                self.reply(*said)

        def reply(self, status: int, body: bytes) -> None:
            try:
                self.send_response(status)
                if status in (301, 302, 307, 308):
                    self.send_header("Location", "http://127.0.0.1:9/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:  # the other side has hung up, as some tests want
                self.close_connection = True

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        endpoint.waits.set()
        server.shutdown()
        server.server_close()
        thread.join()
