"""A session ends when its process does, or when nobody looks at it; then nothing of it is left."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from pathlib import Path

import aiohttp
from gateway_runs import RunningGateway, becomes_true, folder_of, is_gone, running_gateway, stand_ins


def session_folders(temporary_files: Path) -> list[Path]:
    return [path for path in temporary_files.glob("livertumorseg-serve-*/*") if path.is_dir()]


def watch_for(gateway: RunningGateway, session: str, seconds: float) -> None:
    """Have the page open for so long."""

    async def watch() -> None:
        async with aiohttp.ClientSession() as client, client.ws_connect(f"{gateway.url}{session[1:]}/ws"):
            await asyncio.sleep(seconds)

    asyncio.run(watch())


def test_a_session_that_has_ended_and_one_that_never_was_are_answered_with_a_page_and_a_way_on():
    with running_gateway() as gateway:
        session = gateway.open()
        gateway.ask("POST", f"{session}/exit")
        assert becomes_true(lambda: gateway.get(f"{session}/index.html").status == 404)
        for path in (f"{session}/index.html", session, f"/s/{'0' * 32}/index.html"):
            answer = gateway.get(path)
            assert answer.status == 404
            assert "This session has ended" in answer.text
            assert 'href="/"' in answer.text
        assert gateway.ask("POST", f"{session}/paraview/").status == 404


def test_addresses_that_are_none_are_answered_with_a_page():
    with running_gateway() as gateway:
        for path in ("/favicon.ico", "/s/", "/s/short/index.html", f"/s/{'A' * 32}/", "/S/" + "0" * 32, "/%0a<script>"):
            answer = gateway.get(path)
            assert answer.status == 404
            assert "There is nothing here" in answer.text
            assert "<script" not in answer.text


def test_a_process_that_exits_takes_its_folder_and_all_that_it_started_with_it(temporary_files, caplog):
    with running_gateway() as gateway:
        session = gateway.open()
        children = [gateway.ask("POST", f"{session}/spawn?output={output}").json["pid"] for output in ("own", "shared")]
        folder = folder_of(temporary_files, session)
        caplog.clear()
        gateway.ask("POST", f"{session}/exit?code=7")
        assert becomes_true(lambda: all(map(is_gone, children)))
        assert becomes_true(lambda: not folder.exists())
        assert gateway.get(session).status == 404
        # For whoever runs the server: the log went with the folder.
        [warning] = [record for record in caplog.records if record.levelno == logging.WARNING]
        assert "exit code 7" in warning.getMessage()
        assert "the end of it" in warning.getMessage()


def test_a_session_ends_some_time_after_its_last_browser_has_gone(temporary_files):
    with running_gateway(idle_minutes=0.7 / 60) as gateway:
        session = gateway.open()
        facts = gateway.facts(session)
        child = gateway.ask("POST", f"{session}/spawn").json["pid"]
        watch_for(gateway, session, 1.5)
        assert gateway.get(f"{session}/index.html").status == 200
        assert becomes_true(lambda: gateway.get(f"{session}/index.html").status == 404, 5)
        assert becomes_true(lambda: is_gone(facts["pid"]) and is_gone(child))
        assert becomes_true(lambda: not Path(facts["folder"]).exists())


def test_a_browser_that_comes_back_in_time_keeps_the_session():
    with running_gateway(idle_minutes=2.0 / 60) as gateway:
        session = gateway.open()
        for _ in range(3):
            watch_for(gateway, session, 0.1)
            time.sleep(0.9)
        assert gateway.get(f"{session}/index.html").status == 200


def test_a_session_whose_page_was_never_opened_ends_and_one_that_is_looked_at_does_not(temporary_files):
    with running_gateway(unopened_s=3.0) as gateway:
        unopened, opened = gateway.open(), gateway.open()
        pid = gateway.facts(unopened)["pid"]
        watch_for(gateway, opened, 3.0)
        assert becomes_true(lambda: is_gone(pid) and gateway.get(unopened).status == 404)
        assert gateway.get(f"{opened}/index.html").status == 200
        assert len(session_folders(temporary_files)) == 1


def test_a_spare_session_waits_for_as_long_as_it_takes():
    with running_gateway(unopened_s=0.3, idle_minutes=0.1 / 60) as gateway:
        assert becomes_true(lambda: len(stand_ins()) == 1)
        [spare] = stand_ins()
        time.sleep(1.0)
        assert gateway.facts(gateway.open())["pid"] == spare.pid


def test_a_process_that_closes_its_output_is_taken_for_gone(temporary_files):
    code = "import os, time; os.close(1); time.sleep(60)"
    with running_gateway(command=(sys.executable, "-c", code)) as gateway:
        session = gateway.open()
        assert becomes_true(lambda: gateway.get(session).status == 404)
        assert becomes_true(lambda: not session_folders(temporary_files))
