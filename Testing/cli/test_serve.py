"""``livertumorseg serve`` from the outside: who gets in, what is refused, how it ends."""

from __future__ import annotations

import signal
import socket
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest
from cli_runs import cli
from workstation_server import WorkstationServer, workstation_server

TOKEN = "a token that nobody guesses"


def status_of(url: str, **headers: str) -> int:
    class NoRedirect(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_arguments):
            return None

    opener = urllib.request.build_opener(NoRedirect)
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_opens_sessions_and_leaves_nothing_when_it_is_stopped(tmp_path, how):
    server = WorkstationServer(tmp_path, "--offline")
    try:
        assert server.address.startswith("http://127.0.0.1:")
        assert status_of(server.address) == 303
        below = server.descendants()
        assert below
    finally:
        status = server.stop(how)
    assert status == 0, server.log
    assert not psutil.wait_procs(below, timeout=10)[1]
    assert not list(server.temporary.iterdir())


def test_where_others_can_reach_it_a_token_is_made_told_and_asked_for(tmp_path):
    with workstation_server(tmp_path, "--offline", "--host", "0.0.0.0") as server:
        assert "readable over the network" in server.warnings[0]
        address = f"http://127.0.0.1:{server.address.rsplit(':', 1)[1]}"
        assert len(server.token) >= 32
        assert status_of(address) == 401
        assert status_of(f"{address}?token={server.token}") == 303
        assert status_of(f"{address}?token=wrong") == 401


def test_a_token_from_a_file_is_asked_for_on_this_computer_too(tmp_path):
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    with workstation_server(tmp_path, "--offline", "--token-file", file) as server:
        assert server.token == TOKEN
        assert status_of(server.address) == 401


def empty_token(folder: Path) -> tuple[object, ...]:
    (folder / "token").write_text("\n")
    return "--token-file", folder / "token"


def short_token(folder: Path) -> tuple[object, ...]:
    (folder / "token").write_text("short")
    return "--token-file", folder / "token"


def no_token_file(folder: Path) -> tuple[object, ...]:
    return "--token-file", folder / "nowhere"


def no_data(folder: Path) -> tuple[object, ...]:
    return "--data", folder / "nowhere"


def certificate_alone(folder: Path) -> tuple[object, ...]:
    (folder / "cert.pem").write_text("")
    return "--tls-certificate", folder / "cert.pem"


def no_room(_folder: Path) -> tuple[object, ...]:
    return "--max-sessions", 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (empty_token, "is empty"),
        (short_token, "at least 16"),
        (no_token_file, "cannot be read"),
        (no_data, "--data"),
        (certificate_alone, "--tls-key"),
        (no_room, "--max-sessions"),
    ],
)
def test_what_cannot_work_is_refused_in_a_line(tmp_path, words, told):
    done = cli("serve", "--offline", "--port", 0, *words(tmp_path))
    assert done.returncode == 2
    assert told in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_port_in_use_is_named():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = cli("serve", "--offline", "--port", port)
    assert done.returncode == 2
    assert str(port) in done.stderr.splitlines()[-1]
    assert "--port" in done.stderr.splitlines()[-1]
