"""Sessions: opened at once, as many as there may be; one that cannot start is said, not waited for."""

from __future__ import annotations

import re
import time
from pathlib import Path

from gateway_runs import STAND_IN, becomes_true, folder_of, running_gateway, stand_ins

from LiverTumorSegLib.child.job import FOLDER_OF_PACKAGE


def test_the_first_page_leads_to_a_session_of_ones_own(temporary_files):
    with running_gateway() as gateway:
        answers = [gateway.get("/") for _ in range(2)]
        locations = [answer.headers["Location"] for answer in answers]
        assert {answer.status for answer in answers} == {303}
        assert all(re.fullmatch(r"s/[0-9a-f]{32}/index\.html", location) for location in locations)
        assert locations[0] != locations[1]
        assert "no-store" in answers[0].headers["Cache-Control"]


def test_a_session_process_gets_its_folder_its_options_its_key_and_a_group_of_its_own(temporary_files, tmp_path):
    with running_gateway(data_folder=tmp_path, max_upload_mib=77) as gateway:
        session = gateway.open()
        facts = gateway.facts(session)
        folder = Path(facts["folder"])
        assert folder == folder_of(temporary_files, session)
        assert folder.name == session.removeprefix("/s/")
        assert (facts["data"], facts["max_upload_mib"]) == (str(tmp_path), "77")
        assert len(facts["key"]) == 64
        assert facts["cwd"] == str(FOLDER_OF_PACKAGE)
        assert facts["session_of_its_own"]
        assert (folder / "uploads").is_dir()
        assert (folder / "exports").is_dir()


def test_only_the_user_of_the_server_can_enter_the_folders(temporary_files):
    with running_gateway() as gateway:
        folder = folder_of(temporary_files, gateway.open())
        assert [path.stat().st_mode & 0o777 for path in (folder, folder.parent)] == [0o700, 0o700]


def test_one_spare_session_is_there_before_anybody_comes_and_is_the_one_that_is_given_out():
    with running_gateway(spare_after_s=0.3) as gateway:
        assert becomes_true(lambda: len(stand_ins()) == 1)
        [spare] = stand_ins()
        session = gateway.open()
        assert gateway.facts(session)["pid"] == spare.pid
        # A new one is started a while later, and only one.
        assert becomes_true(lambda: len(stand_ins()) == 2)
        time.sleep(0.5)
        assert len(stand_ins()) == 2


def test_no_spare_session_is_started_right_after_one_was_taken():
    with running_gateway(spare_after_s=1.0) as gateway:
        begun = time.monotonic()
        gateway.open()
        assert becomes_true(lambda: len(stand_ins()) == 2)
        assert time.monotonic() - begun >= 1.0


def test_there_is_no_spare_session_for_a_server_that_is_full_until_one_ends():
    with running_gateway(spare_after_s=0.1, max_sessions=1) as gateway:
        session = gateway.open()
        gateway.facts(session)
        time.sleep(0.5)
        assert len(stand_ins()) == 1
        gateway.ask("POST", f"{session}/exit")
        assert becomes_true(lambda: len(stand_ins()) == 1 and gateway.get(session).status == 404)
        assert gateway.facts(gateway.open())["pid"]


def test_a_full_server_says_how_many_sessions_are_open_and_what_to_do():
    with running_gateway(max_sessions=2) as gateway:
        sessions = [gateway.open(), gateway.open()]
        answer = gateway.get("/")
        assert answer.status == 503
        assert answer.headers["Content-Type"].startswith("text/html")
        for words in ("2 sessions are open", "--max-sessions"):
            assert words in answer.text
        gateway.ask("POST", f"{sessions[0]}/exit")
        assert becomes_true(lambda: gateway.get("/").status == 303)


def test_looking_whether_the_server_lives_takes_no_session():
    with running_gateway(max_sessions=1) as gateway:
        assert [gateway.ask("HEAD", "/").status for _ in range(3)] == [200, 200, 200]
        assert gateway.get("/").status == 303


def test_pictures_and_frames_of_other_pages_and_what_browsers_fetch_just_in_case_take_no_session():
    with running_gateway(max_sessions=1) as gateway:
        for destination in ("image", "iframe", "empty", "script"):
            assert gateway.get("/", Sec_Fetch_Dest=destination).status == 403
        assert gateway.get("/", Sec_Fetch_Dest="document", Sec_Purpose="prefetch;prerender").status == 403
        assert gateway.get("/", Sec_Fetch_Dest="document").status == 303


def test_a_session_that_cannot_start_is_a_page_not_a_wait_and_its_last_words_are_logged(caplog):
    with running_gateway(command=(*STAND_IN, "--delay", "0.5", "--fail")) as gateway:
        answer = gateway.get(f"{gateway.open()}/index.html")
        assert answer.status == 503
        assert "The session could not start" in answer.text
        assert becomes_true(lambda: "no graphics here" in caplog.text)


def test_a_session_that_cannot_start_is_not_started_again_and_again():
    with running_gateway(command=(*STAND_IN, "--fail"), spare_after_s=0.1) as gateway:
        assert becomes_true(lambda: len(stand_ins()) == 1)
        assert becomes_true(lambda: not stand_ins())
        seen = []
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            seen += stand_ins()
            time.sleep(0.02)
        assert not seen
        assert gateway.get(f"{gateway.open()}/index.html").status == 503


def test_a_python_that_is_not_there_is_a_session_that_could_not_start():
    with running_gateway(command=("/nowhere/python",)) as gateway:
        assert gateway.get(f"{gateway.open()}/index.html").status in (404, 503)
        assert gateway.ask("HEAD", "/").status == 200


def test_a_session_that_does_not_get_ready_in_time_is_a_page_that_says_so():
    with running_gateway(command=(*STAND_IN, "--silent"), start_s=0.5) as gateway:
        answer = gateway.get(f"{gateway.open()}/index.html")
        assert answer.status == 503
        assert "still starting" in answer.text
