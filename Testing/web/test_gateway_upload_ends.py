"""Uploads that do not come to their end leave nothing: cut off, stalled, senseless, or not wanted any more."""

from __future__ import annotations

import socket
import time

import pytest
from gateway_runs import becomes_true, everything_in, folder_of, open_upload, running_gateway

MIB = 2**20
UNFINISHED = {
    "with a length": ("Content-Length: 9000000", b"x" * 3_000_000),
    "without a length": ("Transfer-Encoding: chunked", b"2DC6C0\r\n" + b"x" * 3_000_000 + b"\r\n"),
}


@pytest.mark.parametrize(("head", "body"), UNFINISHED.values(), ids=UNFINISHED.keys())
@pytest.mark.parametrize("how", ["closed", "reset", "half closed"])
def test_an_upload_that_is_cut_off_leaves_nothing(temporary_files, how, head, body):
    with running_gateway(max_upload_mib=10) as gateway:
        session = gateway.open()
        folder = folder_of(temporary_files, session)
        connection = open_upload(gateway, f"{session}/uploads/cut/sub/a", head, body)
        assert becomes_true(lambda: len(list((folder / "partial").iterdir())) == 1)
        if how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        if how == "half closed":
            connection.shutdown(socket.SHUT_WR)
        else:
            connection.close()
        assert becomes_true(lambda: not everything_in(folder))
        # What it had taken is free again.
        assert gateway.ask("PUT", f"{session}/uploads/cut/b", b"x" * 9 * MIB).status == 201
        connection.close()


@pytest.mark.parametrize(("head", "body"), UNFINISHED.values(), ids=UNFINISHED.keys())
def test_an_upload_that_stands_still_is_given_up(temporary_files, head, body):
    with running_gateway(stalled_upload_s=0.5) as gateway:
        session = gateway.open()
        with open_upload(gateway, f"{session}/uploads/a/b", head, body) as connection:
            assert b" 408 " in connection.recv(65536).splitlines()[0]
            assert everything_in(folder_of(temporary_files, session)) == set()


@pytest.mark.parametrize("in_one_piece", [True, False])
def test_an_upload_whose_chunks_make_no_sense_leaves_nothing(temporary_files, in_one_piece):
    with running_gateway(stalled_upload_s=0.5) as gateway:
        session = gateway.open()
        folder = folder_of(temporary_files, session)
        sense, nonsense = b"1E8480\r\n" + b"x" * 2_000_000 + b"\r\n", b"no number\r\n"
        begun = sense + nonsense if in_one_piece else sense
        with open_upload(gateway, f"{session}/uploads/a/b", "Transfer-Encoding: chunked", begun) as connection:
            if not in_one_piece:
                assert becomes_true(lambda: list((folder / "partial").iterdir()))
                connection.sendall(nonsense)
            assert connection.recv(65536).splitlines()[0].split()[1] in (b"400", b"408")
        assert becomes_true(lambda: not everything_in(folder))


def test_a_batch_that_is_removed_while_a_file_comes_in_stays_removed(gateway, session, folder):
    target = f"{session}/uploads/going/a"
    with open_upload(gateway, target, "Content-Length: 3000000", b"x" * 2_000_000) as connection:
        assert becomes_true(lambda: list((folder / "partial").iterdir()))
        assert gateway.ask("DELETE", f"{session}/uploads/going").status == 204
        connection.sendall(b"x" * 1_000_000)
        assert b" 409 " in connection.recv(65536).splitlines()[0]
    assert becomes_true(lambda: not list((folder / "partial").iterdir()))
    assert not (folder / "uploads/going").exists()
    assert gateway.ask("PUT", target, b"again").status == 201


LAST_WORDS = {
    "the rest": ("Content-Length: 3000000", b"x" * 2_000_000, b"x" * 1_000_000),
    "the end alone": ("Transfer-Encoding: chunked", b"100000\r\n" + bytes(MIB) + b"\r\n", b"0\r\n\r\n"),
}


@pytest.mark.parametrize(("head", "begun", "rest"), LAST_WORDS.values(), ids=LAST_WORDS.keys())
def test_an_upload_into_a_session_that_ends_meanwhile_is_refused_and_leaves_nothing(
    temporary_files, gateway, head, begun, rest
):
    session = gateway.open()
    folder = folder_of(temporary_files, session)
    with open_upload(gateway, f"{session}/uploads/a/b", head, begun) as connection:
        assert becomes_true(lambda: list((folder / "partial").iterdir()))
        gateway.ask("POST", f"{session}/exit")
        assert becomes_true(lambda: not folder.exists())
        connection.sendall(rest)
        assert b" 404 " in connection.recv(65536).splitlines()[0]
    time.sleep(0.1)
    assert not folder.exists()


def test_the_session_never_sees_a_file_that_is_not_whole(gateway, session, folder):
    with open_upload(gateway, f"{session}/uploads/slow/a", "Content-Length: 3000000", b"x" * 2_000_000):
        assert becomes_true(lambda: list((folder / "partial").iterdir()))
        assert not (folder / "uploads/slow").exists()
