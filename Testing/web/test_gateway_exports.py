"""Files that go out: regular files right inside the session's folder for them, and nothing else."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from urllib.parse import quote

import pytest
from gateway_runs import becomes_true, folder_of

SECRET = b"a secret of somebody else"


@pytest.fixture(scope="module")
def exports(temporary_files: Path, session: str) -> Path:
    """The folder, with things beside it and in it that must not get out."""
    folder = folder_of(temporary_files, session) / "exports"
    (folder.parent / "secret").write_bytes(SECRET)
    (folder / "subfolder").mkdir()
    (folder / "subfolder" / "secret").write_bytes(SECRET)
    (folder / "link").symlink_to(folder.parent / "secret")
    (folder / "link to a folder").symlink_to(folder.parent)
    (folder / "back\\slash").write_bytes(SECRET)
    os.mkfifo(folder / "pipe")
    return folder


def test_a_file_comes_as_a_download_that_nobody_keeps(gateway, session, exports):
    content = os.urandom(3 * 2**20 + 5)
    (exports / "result.zip").write_bytes(content)
    answer = gateway.get(f"{session}/exports/result.zip")
    assert (answer.status, answer.body) == (200, content)
    assert answer.headers["Content-Disposition"] == "attachment; filename=\"result.zip\"; filename*=UTF-8''result.zip"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Length"] == str(len(content))


def test_an_empty_file_comes_empty(gateway, session, exports):
    (exports / "empty").write_bytes(b"")
    answer = gateway.get(f"{session}/exports/empty")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "0")


@pytest.mark.parametrize("name", ["Brüste & Leber.nrrd", 'a"b;c.zip', "100%.csv", "スライサー.mrb", "a'b"])
def test_any_name_is_kept_in_utf_8_and_cannot_break_out_of_the_header(gateway, session, exports, name):
    (exports / name).write_bytes(b"x")
    answer = gateway.get(f"{session}/exports/{quote(name)}")
    assert answer.status == 200
    plain, full = answer.headers["Content-Disposition"].removeprefix('attachment; filename="').split('"; filename*=')
    assert full == "UTF-8''" + quote(name, safe="")
    assert not set(plain) & set("\";%'& ")


def test_head_says_how_large_it_is(gateway, session, exports):
    (exports / "sized").write_bytes(b"12345")
    answer = gateway.ask("HEAD", f"{session}/exports/sized")
    assert (answer.status, answer.body, answer.headers["Content-Length"]) == (200, b"", "5")


def test_the_file_that_was_asked_for_comes_not_a_compressed_one_beside_it(gateway, session, exports):
    (exports / "a.nii").write_bytes(b"plain")
    (exports / "a.nii.gz").write_bytes(b"another")
    answer = gateway.get(f"{session}/exports/a.nii", Accept_Encoding="gzip, br")
    assert (answer.body, answer.headers["Content-Encoding"]) == (b"plain", None)


HOSTILE = {
    "parent": "../secret",
    "encoded parent": "%2e%2e/secret",
    "encoded slash": "..%2fsecret",
    "backslash": "..%5csecret",
    "a name with a backslash": "back%5cslash",
    "subfolder": "subfolder/secret",
    "encoded subfolder": "subfolder%2fsecret",
    "a folder": "subfolder",
    "the folder itself": ".",
    "nothing": "",
    "absolute": "/etc/passwd",
    "encoded absolute": "%2fetc%2fpasswd",
    "link": "link",
    "through a link": "link%20to%20a%20folder/secret",
    "pipe": "pipe",
    "nul": "secret%00.zip",
    "newline": "%0asecret",
    "no utf-8": "%ff",
    "absent": "absent",
    "too long": "x" * 3000,
}


@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_else_gets_out(gateway, session, exports, name):
    answer = gateway.target("GET", f"{session}/exports/{name}")
    assert answer.status == 404
    assert b"no such file" in answer.body
    assert SECRET not in answer.body


@pytest.mark.parametrize(
    "target", ["{0}/exports/../secret", "{0}/uploads/../secret", "/s/../etc/passwd", "{0}/../../x"]
)
def test_no_target_is_tidied_up_into_a_file(gateway, session, exports, target):
    answer = gateway.target("GET", target.format(session))
    assert SECRET not in answer.body
    assert b"root:" not in answer.body


def test_a_target_with_a_host_in_it_is_a_path_all_the_same(gateway, session, exports):
    (exports / "there").write_bytes(b"there")
    own = f"http://127.0.0.1:{gateway.port}{session}/exports"
    assert gateway.target("GET", f"{own}/there").body == b"there"
    assert gateway.target("GET", f"{own}/../secret").status == 404


def test_a_file_of_a_session_that_never_was_is_answered_with_a_page(gateway):
    answer = gateway.get(f"/s/{'f' * 32}/exports/result.zip")
    assert answer.status == 404
    assert "This session has ended" in answer.text


def test_a_download_that_is_given_up_harms_nobody(gateway, session, exports):
    (exports / "large").write_bytes(bytes(50 * 2**20))
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        head = f"GET {session}/exports/large HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\n\r\n"
        connection.sendall(head.encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
    assert gateway.get(f"{session}/exports/large").body == bytes(50 * 2**20)
    assert becomes_true(lambda: gateway.get(f"{session}/index.html").status == 200)


def test_a_file_that_is_cut_off_meanwhile_is_a_failed_download(gateway, session, exports):
    (exports / "shrinking").write_bytes(bytes(80 * 2**20))
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=20) as connection:
        head = f"GET {session}/exports/shrinking HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\n\r\n"
        connection.sendall(head.encode())
        received = connection.recv(1000)
        os.truncate(exports / "shrinking", 60 * 2**20)
        received += b"".join(iter(lambda: connection.recv(2**20), b""))
    assert f"Content-Length: {80 * 2**20}".encode() in received
    assert len(received) < 80 * 2**20
