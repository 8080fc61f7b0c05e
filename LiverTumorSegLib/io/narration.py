"""A question to an OpenAI-compatible endpoint, and its answer: HTTP without proxies, redirects or surprises.

Nothing here knows what is asked. What is sent goes to the address that was given and to no other: ``http.client``
follows no redirect and asks no proxy, and the address at the other end is looked at again before a byte is sent.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from LiverTumorSegLib.errors import InputError, LiverTumorSegError
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent

TIME_LIMIT_S = 180.0
LONGEST_ANSWER_BYTES = 1 << 20
_COMPLETIONS, _MODELS = "/chat/completions", "/models"
_CONNECT_S, _POLL_S = 10.0, 0.1
_NAME_LENGTH = 100


class NarrationError(LiverTumorSegError):
    """No answer that could be used; says why, for a warning: a run does not end because of it."""


@dataclass(frozen=True)
class Endpoint:
    """Where to ask. url: http(s)://HOST[:PORT], with or without /v1. model: "" takes the first that the endpoint lists.

    is_anywhere: may lie outside this computer and its private network, and then must be https. Raises InputError for a
    URL that is none of these, or that holds a name and password.
    """

    url: str
    model: str = ""
    is_anywhere: bool = False
    time_limit_s: float = TIME_LIMIT_S

    def __post_init__(self) -> None:
        parts = _split(self.url)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise _bad_url(self.url, "no http or https address")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise _bad_url(self.address, "an address with a name, password, query or fragment")

    @property
    def address(self) -> str:
        """As it is told: scheme, host and port."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"

    @property
    def base_path(self) -> str:
        """The path that ends with the version of the interface."""
        path = urlsplit(self.url).path.rstrip("/").removesuffix(_COMPLETIONS)
        return path or "/v1"

    def check_reach(self) -> None:
        """Refuse, before any work, what may not be asked. Raises InputError.

        A name that is not found is left for later.
        """
        parts = urlsplit(self.url)
        with suppress(OSError, UnicodeError):
            found = socket.getaddrinfo(parts.hostname, parts.port or 0, type=socket.SOCK_STREAM)
            for place in found:
                self.check_address(str(place[4][0]))

    def check_address(self, address: str) -> None:
        """The same for an IP address. Raises InputError."""
        if is_private(address):
            return
        if not self.is_anywhere:
            raise InputError(
                found=f"{self.address}, which lies outside this computer and its private network",
                expected="an endpoint to which the facts of a patient can go without leaving the house",
                remedy="Use a local endpoint, or add --narrate-anywhere if you may send them there",
            )
        if urlsplit(self.url).scheme != "https":
            raise InputError(
                found=f"{self.address}, to which the facts of a patient would go readable for everybody on the way",
                expected="https for an endpoint outside the private network",
                remedy="Use its https address",
            )


@dataclass(frozen=True)
class Answer:
    """text: what the model said. model: its name."""

    text: str
    model: str


def is_private(address: str) -> bool:
    """Whether an IP address is one of this computer or of a private network."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(ip, "ipv4_mapped", None)
    ip = mapped or ip
    return ip.is_loopback or (ip.is_private and not ip.is_unspecified)


def ask(endpoint: Endpoint, system: str, user: str, report: ProgressCallback) -> Answer:
    """One question with its instruction. Raises NarrationError, InputError as Endpoint.check_reach does.

    May raise CancelledError from the progress callback, which is called all the time; what is under way is cut off.
    """
    exchange = _Exchange(endpoint, system, user)
    thread = threading.Thread(target=exchange.run, name="narrate", daemon=True)
    thread.start()
    began = time.monotonic()
    try:
        while thread.is_alive():
            share = (time.monotonic() - began) / endpoint.time_limit_s
            report(ProgressEvent("narrate", min(1.0, share)))
            if share > 1:
                message = f"{endpoint.address} gave no answer within {endpoint.time_limit_s:g} s"
                raise NarrationError(message)
            thread.join(_POLL_S)
    finally:
        exchange.cut_off()
    return exchange.outcome()


@dataclass(eq=False)
class _Exchange:
    """What runs in the thread, and its end of the line, which another thread may cut."""

    endpoint: Endpoint
    system: str
    user: str
    _open: list[http.client.HTTPConnection] = field(default_factory=list)
    _done: list[Answer | LiverTumorSegError] = field(default_factory=list)
    _is_cut: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        try:
            self._done.append(self._answer())
        except LiverTumorSegError as error:
            self._done.append(error)
        except (OSError, http.client.HTTPException, ValueError) as error:
            words = str(error) or type(error).__name__
            self._done.append(NarrationError(f"{self.endpoint.address} could not be asked ({words})"))

    def outcome(self) -> Answer:
        if not self._done:
            message = f"{self.endpoint.address} could not be asked"
            raise NarrationError(message)
        done = self._done[0]
        if isinstance(done, LiverTumorSegError):
            raise done
        return done

    def cut_off(self) -> None:
        """Nothing is sent from now on, and nothing waits any more."""
        self._is_cut.set()
        for connection in self._open:
            with suppress(OSError):
                if connection.sock is not None:
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def _answer(self) -> Answer:
        model = self.endpoint.model or _first_model(self._json("GET", _MODELS))
        question = {
            "model": model,
            "messages": [{"role": "system", "content": self.system}, {"role": "user", "content": self.user}],
            "temperature": 0,
            "stream": False,
        }
        text = _said(self._json("POST", _COMPLETIONS, json.dumps(question, ensure_ascii=False).encode()))
        return Answer(text, model[:_NAME_LENGTH])

    def _json(self, method: str, path: str, body: bytes | None = None) -> dict[str, Any]:
        connection = self._connection()
        try:
            self._connect(connection)
            headers = {"Content-Type": "application/json", "Accept": "application/json"}
            connection.request(method, self.endpoint.base_path + path, body, headers)
            response = connection.getresponse()
            if response.status != http.client.OK:
                message = f"{self.endpoint.address} answered {response.status} {response.reason} to {method} {path}"
                raise NarrationError(message)
            return self._read(response)
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.endpoint.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=_CONNECT_S)
        connection.auto_open = 0  # never to an address that nobody has looked at
        self._open.append(connection)
        return connection

    def _connect(self, connection: http.client.HTTPConnection) -> None:
        connection.connect()
        # The thread that waits for this one is the first to give up.
        connection.sock.settimeout(self.endpoint.time_limit_s + _CONNECT_S)
        if self._is_cut.is_set():
            message = "It was cut off"
            raise NarrationError(message)
        # The name may lead elsewhere than a moment ago.
        self.endpoint.check_address(str(connection.sock.getpeername()[0]))

    def _read(self, response: http.client.HTTPResponse) -> dict[str, Any]:
        content = response.read(LONGEST_ANSWER_BYTES + 1)
        if len(content) > LONGEST_ANSWER_BYTES:
            message = f"{self.endpoint.address} answered with more than {LONGEST_ANSWER_BYTES >> 20} MiB"
            raise NarrationError(message)
        try:
            data = json.loads(content)
        except (ValueError, RecursionError) as error:
            message = f"{self.endpoint.address} answered with something that is no JSON"
            raise NarrationError(message) from error
        if not isinstance(data, dict):
            message = f"{self.endpoint.address} answered with JSON that is no object"
            raise NarrationError(message)
        return data


def _first_model(listed: dict[str, Any]) -> str:
    try:
        return str(listed["data"][0]["id"])
    except (LookupError, TypeError) as error:
        message = "The endpoint lists no model; name one with --narrate-model"
        raise NarrationError(message) from error


def _said(answer: dict[str, Any]) -> str:
    try:
        text = answer["choices"][0]["message"]["content"]
    except (LookupError, TypeError) as error:
        message = "The endpoint's answer holds no text"
        raise NarrationError(message) from error
    if not isinstance(text, str):
        message = "The endpoint's answer holds no text"
        raise NarrationError(message)
    return text


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return None
    return parts


def _bad_url(url: str, what: str) -> InputError:
    return InputError(
        found=f"{url}: {what}",
        expected="the address of an OpenAI-compatible endpoint, such as http://localhost:11434",
        remedy="Change --narrate",
    )
