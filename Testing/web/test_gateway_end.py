"""However a server ends, nothing of it is left: no process, no port, and the files no longer than to its next start."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import aiohttp
import pytest
from gateway_runs import (
    STAND_IN,
    RunningGateway,
    becomes_true,
    folder_of,
    is_gone,
    open_upload,
    running_gateway,
    stand_ins,
)
from refusals import refused

from LiverTumorSegLib.web.gateway.abandoned import claim, remove_abandoned
from LiverTumorSegLib.web.gateway.app import serve
from LiverTumorSegLib.web.settings import ServeSettings

ROOT = Path(__file__).parents[2]
WAITS_FOR_NOBODY_S = 5.0
"""It takes 0.3 s; whoever waits for a browser's goodbye or a lingering upload takes 10 s and more."""
SERVER = """
import asyncio, sys
from LiverTumorSegLib.web.gateway.app import serve
from LiverTumorSegLib.web.settings import ServeSettings
asyncio.run(serve(ServeSettings(port=0), stopped=lambda: False, on_ready=lambda url: print(url, flush=True),
                  session_command=sys.argv[1:]))
"""


def watch(gateway: RunningGateway, session: str, is_connected: threading.Event) -> threading.Thread:
    """A browser with an open websocket, until the server ends."""

    async def browse() -> None:
        async with aiohttp.ClientSession() as client, client.ws_connect(f"{gateway.url}{session[1:]}/ws") as connection:
            await connection.send_str("here")
            await connection.receive()
            is_connected.set()
            await connection.receive()

    thread = threading.Thread(target=lambda: asyncio.run(browse()), daemon=True)
    thread.start()
    return thread


def stuck_download(gateway: RunningGateway, session: str) -> socket.socket:
    """Of a browser that takes the beginning and no more."""
    gateway.ask("POST", f"{session}/export?name=large", bytes(30 * 2**20))
    connection = socket.create_connection(("127.0.0.1", gateway.port), timeout=20)
    head = f"GET {session}/exports/large HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\n\r\n"
    connection.sendall(head.encode())
    assert connection.recv(100).startswith(b"HTTP/1.1 200")
    return connection


def test_stopping_ends_all_sessions_and_removes_all_files_and_waits_for_nobody(temporary_files):
    with running_gateway(spare_after_s=0.1) as gateway:
        sessions = [gateway.open() for _ in range(3)]
        pids = [gateway.facts(session)["pid"] for session in sessions]
        pids.append(gateway.ask("POST", f"{sessions[0]}/spawn?output=shared").json["pid"])
        gateway.ask("PUT", f"{sessions[1]}/uploads/a/b", bytes(2**20))
        is_connected = threading.Event()
        browser = watch(gateway, sessions[1], is_connected)
        assert is_connected.wait(20)
        with (
            stuck_download(gateway, sessions[2]),
            open_upload(gateway, f"{sessions[0]}/uploads/a/b", "Content-Length: 9", b"x"),
        ):
            assert gateway.stop() < WAITS_FOR_NOBODY_S
        assert all(map(is_gone, pids))
        assert not list(temporary_files.glob("livertumorseg-serve-*"))
        browser.join(10)
        assert not browser.is_alive()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", gateway.port), timeout=5)


def test_a_server_that_is_stopped_while_sessions_are_starting_leaves_nothing(temporary_files):
    for pause in (0.0, 0.05, 0.2):
        with running_gateway(command=(*STAND_IN, "--delay", "30")) as gateway:
            gateway.open()
            time.sleep(pause)
            assert gateway.stop() < WAITS_FOR_NOBODY_S
        assert not list(temporary_files.glob("livertumorseg-serve-*"))
        assert becomes_true(lambda: not stand_ins())


def test_another_thread_can_clean_up_when_the_loop_hangs(temporary_files):
    with running_gateway() as gateway:
        session = gateway.open()
        pid = gateway.facts(session)["pid"]
        child = gateway.ask("POST", f"{session}/spawn").json["pid"]
        gateway.leftovers.clear()
        assert is_gone(pid)
        assert becomes_true(lambda: is_gone(child))
        assert not list(temporary_files.glob("livertumorseg-serve-*"))


def test_a_server_that_fails_to_say_where_it_is_leaves_nothing(temporary_files):
    def on_ready(_url: str) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(serve(ServeSettings(port=0), stopped=lambda: False, on_ready=on_ready, session_command=STAND_IN))
    assert not list(temporary_files.glob("livertumorseg-serve-*"))
    assert not stand_ins()


def test_a_server_that_is_killed_leaves_no_session_process_and_the_next_one_removes_its_files(temporary_files):
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, *STAND_IN],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(temporary_files)},
    )
    assert server.stdout is not None
    gateway = RunningGateway(ServeSettings(), url=server.stdout.readline().strip())
    session = gateway.open()
    facts = gateway.facts(session)
    gateway.ask("PUT", f"{session}/uploads/a/ct.nii.gz", b"somebody's CT")
    server.send_signal(signal.SIGKILL)
    server.wait()
    server.stdout.close()
    assert becomes_true(lambda: is_gone(facts["pid"]))
    assert (Path(facts["folder"]) / "uploads/a/ct.nii.gz").exists()
    with running_gateway() as another:
        assert not Path(facts["folder"]).parent.exists()
        # The other way round it has not been taken for abandoned itself.
        remove_abandoned()
        assert folder_of(temporary_files, another.open()).exists()


def test_only_folders_of_dead_servers_are_taken_for_abandoned(temporary_files, tmp_path):
    dead, alive, starting, elsewhere = (temporary_files / f"livertumorseg-serve-{n}" for n in "abcd")
    for folder in (dead, alive, starting):
        folder.mkdir()
    (tmp_path / "kept").write_text("kept")
    elsewhere.symlink_to(tmp_path)
    claim(tmp_path).close()
    claim(dead).close()
    with claim(alive):
        remove_abandoned()
        assert [folder.exists() for folder in (dead, alive, starting, elsewhere)] == [False, True, True, True]
    assert (tmp_path / "kept").read_text() == "kept"
    remove_abandoned()
    assert not alive.exists()
    starting.rmdir()
    elsewhere.unlink()


def test_a_port_that_is_in_use_is_said_in_one_line_and_nothing_is_started(temporary_files):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with refused(f"port {port}", "--port"):
            start(ServeSettings(port=port))
    assert not list(temporary_files.glob("livertumorseg-serve-*"))


def test_a_second_server_on_the_same_port_is_refused_and_the_first_one_goes_on():
    with running_gateway() as gateway:
        with refused(f"port {gateway.port}", "--port"):
            start(ServeSettings(port=gateway.port))
        assert gateway.ask("HEAD", "/").status == 200


def test_a_host_that_is_not_this_computer_is_refused():
    token = "x" * 20
    with refused("192.0.2.1", "--host"):
        start(ServeSettings(host="192.0.2.1", port=0, token=token))
    with refused("no-such-host.invalid", "--host"):
        start(ServeSettings(host="no-such-host.invalid", port=0, token=token))


def test_a_certificate_that_is_none_is_refused(tmp_path):
    for name in ("certificate.pem", "key.pem"):
        (tmp_path / name).write_text("no PEM")
    with refused("certificate.pem", "PEM"):
        start(ServeSettings(port=0, tls_certificate=tmp_path / "certificate.pem", tls_key=tmp_path / "key.pem"))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_the_address_that_is_told_is_one_that_works(host):
    if host == "::1" and not socket.has_dualstack_ipv6():
        pytest.skip("this system has no IPv6")
    with running_gateway(host=host) as gateway:
        shown = "[::1]" if host == "::1" else host
        assert gateway.url == f"http://{shown}:{gateway.port}/"
        assert asyncio.run(status_of(gateway.url)) == 200


def test_the_gateway_starts_without_slicer_and_the_like():
    heavy = (
        "{'slicer', 'vtk', 'vtkmodules', 'torch', 'trame', 'trame_server', 'wslink', 'openvino', 'numpy', 'SimpleITK'}"
    )
    code = f"import sys, LiverTumorSegLib.web.gateway.app; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


async def status_of(url: str) -> int:
    async with aiohttp.ClientSession() as client, client.head(url) as answer:
        return answer.status


def start(settings: ServeSettings) -> None:
    """Start and stop at once."""
    asyncio.run(serve(settings, stopped=lambda: True, on_ready=lambda _url: None, session_command=STAND_IN))
