"""Files that come in: each in its place and whole, whatever a hostile program calls it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from gateway_runs import everything_in

MIB = 2**20


def test_a_file_arrives_in_its_batch_byte_for_byte(gateway, session, folder):
    content = os.urandom(3 * MIB + 17)
    answer = gateway.ask("PUT", f"{session}/uploads/one/ct.nii.gz", content)
    assert (answer.status, answer.json) == (201, {"bytes": len(content)})
    assert (folder / "uploads" / "one" / "ct.nii.gz").read_bytes() == content


def test_subfolders_and_names_in_all_languages_are_kept(gateway, session, folder):
    answer = gateway.ask("PUT", f"{session}/uploads/two/Studie%201/Br%C3%BCste%20(1)/I%20100%25.dcm", b"dicom")
    assert answer.status == 201
    assert (folder / "uploads/two/Studie 1/Brüste (1)/I 100%.dcm").read_bytes() == b"dicom"


def test_an_empty_file_is_a_file(gateway, session, folder):
    assert gateway.ask("PUT", f"{session}/uploads/three/empty", b"").json == {"bytes": 0}
    assert (folder / "uploads/three/empty").read_bytes() == b""


def test_a_file_without_a_length_arrives_whole(gateway, session, folder):
    answer = gateway.ask("PUT", f"{session}/uploads/four/a", iter([b"x" * MIB, b"y" * 10]))
    assert answer.json == {"bytes": MIB + 10}
    assert (folder / "uploads/four/a").stat().st_size == MIB + 10


def test_many_files_at_once_all_arrive(gateway, session, folder):
    def put(number: int) -> int:
        return gateway.ask("PUT", f"{session}/uploads/many/{number % 3}/{number}", str(number).encode()).status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(put, range(60))) == {201}
    found = {path.name: path.read_text() for path in (folder / "uploads/many").rglob("*") if path.is_file()}
    assert found == {str(number): str(number) for number in range(60)}


HOSTILE = {
    "parent": "../../../evil",
    "parent in the middle": "a/../../evil",
    "parent in percent-encoding": "%2e%2e/%2e%2e/evil",
    "parent behind an encoded slash": "a%2f..%2f..%2fevil",
    "parent behind a backslash": "..%5c..%5cevil",
    "backslash": "a%5cevil",
    "raw backslash": "a\\evil",
    "absolute": "/etc/evil",
    "encoded slash in front": "%2fetc%2fevil",
    "drive": "C:evil",
    "drive and slash": "C:/evil",
    "empty part": "a//evil",
    "empty": "",
    "empty at the end": "a/",
    "dot": "./evil",
    "encoded dot": "%2e/evil",
    "nul": "evil%00.dcm",
    "newline": "evil%0a.dcm",
    "escape": "evil%1b[2J",
    "delete": "evil%7f",
    "c1 control": "evil%c2%85",
    "no utf-8": "evil%ff%fe",
    "overlong slash": "..%c0%afevil",
    "surrogate": "evil%ed%a0%80",
    "long name": "e" * 151,
    "too many bytes": "%e2%82%ac" * 100,
    "deep": "/".join("abcdefghi"),
}


@pytest.mark.parametrize("path", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_path_that_leads_elsewhere_or_cannot_be_kept_is_refused(gateway, session, folder, temporary_files, path):
    before = everything_in(folder), sorted(temporary_files.rglob("*evil*"))
    answer = gateway.target("PUT", f"{session}/uploads/hostile/{path}", b"evil")
    assert answer.status == 400
    assert answer.message
    assert (everything_in(folder), sorted(temporary_files.rglob("*evil*"))) == before


@pytest.mark.parametrize("batch", ["UPPER", "a.b", "..", "%2e%2e", "a%2fb", "a" * 33, "%00", "ä", "a-b"])
def test_a_batch_that_is_no_plain_word_is_refused(gateway, session, folder, batch):
    before = everything_in(folder)
    target = f"{session}/uploads/{batch}/evil".encode().decode("latin-1")
    assert gateway.target("PUT", target, b"evil").status in (400, 404)
    assert gateway.target("DELETE", target.removesuffix("/evil")).status in (400, 404)
    assert everything_in(folder) == before


def test_names_as_long_and_as_deep_as_allowed_arrive(gateway, session, folder):
    path = "/".join(letter * 150 for letter in "abcdefgh")
    assert gateway.ask("PUT", f"{session}/uploads/long/{path}", b"deep").status == 201
    assert (folder / "uploads/long" / path).read_bytes() == b"deep"


def test_a_file_that_is_there_already_is_refused_and_stays_as_it_is(gateway, session, folder):
    assert gateway.ask("PUT", f"{session}/uploads/same/a/b", b"first").status == 201
    for path in ("a/b", "a", "a/b/c"):
        answer = gateway.ask("PUT", f"{session}/uploads/same/{path}", b"second")
        assert answer.status == 409
        assert "already" in answer.message
    assert (folder / "uploads/same/a/b").read_bytes() == b"first"


def test_of_two_files_of_one_name_at_the_same_time_one_arrives_whole(gateway, session, folder):
    contents = [letter * (5 * MIB) for letter in (b"a", b"b")]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda content: gateway.ask("PUT", f"{session}/uploads/race/x", content), contents))
    assert sorted(answer.status for answer in answers) == [201, 409]
    kept = contents[[answer.status for answer in answers].index(201)]
    assert (folder / "uploads/race/x").read_bytes() == kept
    assert not list((folder / "partial").iterdir())


def test_a_compressed_upload_is_refused(gateway, session):
    assert gateway.ask("PUT", f"{session}/uploads/zip/a", b"xx", Content_Encoding="gzip").status == 415


def test_an_upload_into_a_session_that_never_was_is_refused_in_json(gateway):
    answer = gateway.ask("PUT", f"/s/{'0' * 32}/uploads/a/b", b"x")
    assert answer.status == 404
    assert "ended" in answer.message
