"""Each page has a session of its own: they see nothing of each other, wait for each other, and end with the server."""

from __future__ import annotations

import re
import signal
import time
from pathlib import Path

import psutil
import pytest
import SimpleITK as sitk
from playwright.sync_api import expect
from workstation_exports import FittedSlice
from workstation_page import AXIAL, LIVER, ORGAN, WorkstationPage
from workstation_server import WorkstationServer

from LiverTumorSegLib.io.read import read_study


@pytest.fixture
def part(phantom: Path, tmp_path: Path) -> Path:
    """The lower half of the phantom and of its liver, which is another CT."""
    sitk.WriteImage(sitk.ReadImage(str(phantom / "ct.nii.gz"))[:, :, :28], str(tmp_path / "part.nii.gz"))
    return tmp_path / "part.nii.gz"


def open_ct(page: WorkstationPage, file: Path) -> WorkstationPage:
    page.upload(file)
    page.wait_for_case()
    page.choose_model("classical")
    return page


def test_two_pages_wait_for_each_other_and_see_nothing_of_each_other(
    new_page, server: WorkstationServer, phantom: Path, part: Path, tmp_path: Path
):
    first, second = open_ct(new_page(), phantom / "ct.nii.gz"), open_ct(new_page(), part)
    assert (first.page.inner_text("#lts-case-name"), second.page.inner_text("#lts-case-name")) == ("ct", "part")

    # One run at a time: the second one stands in the queue, and begins when the first one is done.
    first.start_run()
    first.wait_until(lambda: len(server.runs()) == 1, "the first run")
    second.start_run()
    second.wait_for_run()
    expect(second.page.locator("#lts-run-message")).to_contain_text("queue")
    # A bar that does not say how far it is.
    bar = second.page.locator("div:has(> .lts-row > #lts-run-message) > .v-progress-linear")
    expect(bar).not_to_have_attribute("aria-valuenow", re.compile("."))
    most = 0
    while message := second.run_message():
        most = max(most, len(server.runs()))
        assert "queue" in message or first.run_message() == "" or first.has_result
        second.page.wait_for_timeout(50)
    assert most == 1
    one, other = first.wait_for_result(), second.wait_for_result()
    assert one.ml(ORGAN) > other.ml(ORGAN) + 100

    # An edit on one page changes nothing on the other.
    first.tool("paint")
    first.structure(LIVER)
    first.show_all(AXIAL)
    place = FittedSlice(AXIAL, read_study(phantom / "ct.nii.gz").ct, first.size(AXIAL))
    first.stroke(AXIAL, place.pixel_of(130, 105), place.pixel_of(100, 105))
    edited = first.wait_for_numbers(one)
    assert second.numbers() == other
    assert not second.can_undo
    assert not second.page.locator("#lts-tool-paint.bg-primary").count()

    # What one has exported is not to be had with the other's address.
    name = first.export("tables", tmp_path).name
    for page, status in ((first, 200), (second, 404)):
        address = page.page.url.rsplit("/", 1)[0]
        assert page.page.request.get(f"{address}/exports/{name}").status == status
    assert first.numbers() == edited


def test_a_reload_brings_back_the_session_with_its_result(new_page, server: WorkstationServer, phantom: Path):
    page = open_ct(new_page(), phantom / "ct.nii.gz")
    page.start_run()
    numbers = page.wait_for_result()
    address, session = page.page.url, server.session_of(page.page.url)
    picture = page.still_picture(AXIAL)
    page.page.reload()
    assert page.wait_for_result() == numbers
    assert page.page.url == address
    assert server.session_of(page.page.url).pid == session.pid
    assert page.page.inner_text("#lts-case-name") == "ct"
    page.wait_for_picture(AXIAL, lambda now: now.shape == picture.shape and (now == picture).all(), "the same slice")
    # It is alive: liver that is painted over the lesion in the middle is measured.
    page.structure(LIVER)
    page.tool("paint")
    page.stroke(AXIAL, page.size(AXIAL) / 2, page.size(AXIAL) / 2 + (20, 0))
    page.wait_for_numbers(numbers)


def test_nothing_is_left_of_a_server_that_is_ended_in_the_middle_of_a_run(new_page, phantom: Path, tmp_path: Path):
    """With Ctrl-C; the servers of all other tests end with SIGTERM."""
    server = WorkstationServer(tmp_path / "server")
    page = new_page(server.address)
    open_ct(page, phantom / "ct.nii.gz").start_run()
    page.wait_until(lambda: len(server.runs()) == 1, "the run")
    below = server.descendants()
    assert len(below) >= 2
    assert list(server.temporary.rglob("*.nii"))
    begun = time.monotonic()
    status = server.stop(signal.SIGINT)
    assert time.monotonic() - begun < 10
    assert status == 0
    assert psutil.wait_procs(below, timeout=5)[1] == []
    assert list(server.temporary.iterdir()) == []
    page.record.take_errors()  # that the connection is lost
