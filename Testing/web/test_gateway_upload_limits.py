"""How much may come in: bytes and files of a session, and what the disk must keep."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor

from gateway_runs import everything_in, folder_of, open_upload, running_gateway

MIB = 2**20


def test_an_upload_above_the_limit_is_refused_before_it_is_sent(temporary_files):
    with running_gateway(max_upload_mib=2) as gateway:
        session = gateway.open()
        connection = open_upload(gateway, f"{session}/uploads/a/b", f"Content-Length: {3 * MIB}", b"")
        answer = connection.recv(65536).decode()
        connection.close()
        assert " 413 " in answer.splitlines()[0]
        for fragment in ("3.0 MiB", "at most 2 MiB", "--max-upload-mib"):
            assert fragment in answer
        assert everything_in(folder_of(temporary_files, session)) == set()


def test_an_upload_without_a_length_is_cut_off_at_the_limit_and_removed(temporary_files):
    with running_gateway(max_upload_mib=2) as gateway:
        session = gateway.open()
        answer = gateway.ask("PUT", f"{session}/uploads/a/b", iter([bytes(MIB)] * 2 + [b"x"]))
        assert answer.status == 413
        assert "2.1 MiB" in answer.message
        assert everything_in(folder_of(temporary_files, session)) == set()
        assert gateway.ask("PUT", f"{session}/uploads/a/b", iter([bytes(MIB)] * 2)).status == 201


def test_the_limit_holds_for_all_batches_together_and_a_batch_that_is_removed_frees_its_part(temporary_files):
    with running_gateway(max_upload_mib=2) as gateway:
        session, other = gateway.open(), gateway.open()
        assert gateway.ask("PUT", f"{session}/uploads/a/b/c", bytes(MIB)).status == 201
        assert gateway.ask("PUT", f"{session}/uploads/b/c", bytes(MIB)).status == 201
        assert gateway.ask("PUT", f"{session}/uploads/c/d", b"x").status == 413
        assert gateway.ask("PUT", f"{other}/uploads/c/d", b"x").status == 201
        assert gateway.ask("DELETE", f"{session}/uploads/a").status == 204
        assert everything_in(folder_of(temporary_files, session)) == {"uploads/b", "uploads/b/c"}
        assert gateway.ask("PUT", f"{session}/uploads/a/b/c", bytes(MIB)).status == 201
        assert gateway.ask("PUT", f"{session}/uploads/c/d", b"x").status == 413
        assert gateway.ask("DELETE", f"{session}/uploads/never").status == 204


def test_what_the_session_has_read_and_removed_takes_no_room_any_more(temporary_files):
    with running_gateway(max_upload_mib=2) as gateway:
        session = gateway.open()
        assert gateway.ask("PUT", f"{session}/uploads/a/b", bytes(2 * MIB)).status == 201
        assert gateway.ask("PUT", f"{session}/uploads/c/d", b"x").status == 413
        shutil.rmtree(folder_of(temporary_files, session) / "uploads" / "a")
        assert gateway.ask("PUT", f"{session}/uploads/c/d", bytes(2 * MIB)).status == 201
        assert gateway.ask("PUT", f"{session}/uploads/e/f", b"x").status == 413


def test_uploads_at_the_same_time_stay_within_the_limit_together(temporary_files):
    with running_gateway(max_upload_mib=3) as gateway, ThreadPoolExecutor(4) as pool:
        session = gateway.open()
        answers = list(
            pool.map(lambda name: gateway.ask("PUT", f"{session}/uploads/a/{name}", iter([bytes(MIB)] * 2)), "wxyz")
        )
        assert {answer.status for answer in answers} <= {201, 413}
        assert 413 in {answer.status for answer in answers}
        folder = folder_of(temporary_files, session)
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.name != "session.log"]
        assert set(sizes) <= {2 * MIB}
        assert sum(sizes) <= 3 * MIB


def test_the_number_of_files_is_limited_and_refused_ones_do_not_count():
    with running_gateway(most_upload_files=2) as gateway:
        session = gateway.open()
        put = lambda path: gateway.ask("PUT", f"{session}/uploads/{path}", b"x")  # noqa: E731
        assert [put(path).status for path in ("a/1", "a/1", "b/2", "b/3")] == [201, 409, 201, 413]
        assert "at most 2" in put("b/3").message
        gateway.ask("DELETE", f"{session}/uploads/a")
        assert [put(path).status for path in ("b/3", "b/4")] == [201, 413]


def test_a_disk_that_would_be_too_full_is_left_alone(temporary_files):
    with running_gateway(keep_free_bytes=2**60) as gateway:
        session = gateway.open()
        for body in (b"x", iter([b"x"])):
            answer = gateway.ask("PUT", f"{session}/uploads/a/b", body)
            assert answer.status == 507
            assert "TMPDIR" in answer.message
        assert everything_in(folder_of(temporary_files, session)) == set()
