"""Follow-up on the page: result folders that the server offers and results of the page, with real children."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import SimpleITK as sitk
from cli_runs import cli
from followup_pages import DATES, write_visit
from playwright.sync_api import expect
from workstation_page import AXIAL, WorkstationPage
from workstation_server import WorkstationServer, workstation_server

from LiverTumorSegLib.io.followup_files import REPORT, TIMELINE
from LiverTumorSegLib.timeline import Criterion, FollowUp

RUN_S = 120.0


@pytest.fixture(scope="module")
def offered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """patient/visit0 to visit2 with their CTs beside them."""
    root = tmp_path_factory.mktemp("offered")
    for visit in range(3):
        write_visit(root / "patient", visit)
    return root


@pytest.fixture(scope="module")
def offering(offered: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkstationServer]:
    options = ("--data", offered, "--idle-minutes", 0.1)
    with workstation_server(tmp_path_factory.mktemp("follow-up"), *options) as running:
        yield running


@pytest.fixture(scope="module")
def expected(offered: Path, tmp_path_factory: pytest.TempPathFactory) -> FollowUp:
    """What the command line says."""
    out = tmp_path_factory.mktemp("command-line") / "out"
    done = cli("track", *(offered / "patient" / f"visit{n}" for n in range(3)), "-o", out, "--contents", "data")
    assert done.returncode == 0, done.stderr
    return FollowUp.from_json(json.loads((out / REPORT / TIMELINE).read_text()))


@pytest.fixture(scope="module")
def followed(shared_visits, offering: WorkstationServer) -> WorkstationPage:
    """A page with all three visits, judged."""
    page = shared_visits.new_page(offering.address).open()
    choose(page, 3)
    page.follow_up()
    return page


def choose(page: WorkstationPage, count: int) -> None:
    """Result folders, through the dialog."""
    page.section("follow-up")
    page.page.click("#lts-follow-up-folder")
    page.page.locator("#lts-folders .lts-served", has_text="patient").click()
    for visit in range(count):
        page.page.locator("#lts-folders .lts-served", has_text=f"visit{visit}").click()
        expect(page.page.locator(".lts-visit")).to_have_count(visit + 1)
    page.page.click("#lts-folders-done")
    expect(page.page.locator("#lts-folders")).to_be_hidden()


def test_the_tables_say_what_the_command_says(followed: WorkstationPage, expected: FollowUp):
    recist = expected.assessments[Criterion.RECIST]
    assert [row[0] for row in followed.responses()] == [f"Visit {n + 1} ({date})" for n, date in enumerate(DATES)]
    assert [row[1] for row in followed.responses()] == [f"{one.total:.1f} mm" if one.total else "–" for one in recist]
    assert [row[-1] for row in followed.responses()] == ["baseline", *(str(one.category) for one in recist[1:])]
    cells = [[f"{seen.long_axis_mm:.1f}" for seen in lesion.sightings if seen.parts] for lesion in expected.lesions]
    assert [[cell for cell in row if cell] for row in followed.tracked()] == cells
    roles = [select.input_value() for select in followed.page.locator(".lts-role").all()]
    assert roles == [str(lesion.role) for lesion in expected.lesions]
    assert recist[2].reason.replace(" -", " −") in followed.page.inner_text("#lts-responses")
    expect(followed.page.locator(".lts-chart svg")).to_have_count(3)
    assert followed.page.locator(".lts-chart script").count() == 0


def test_a_chart_fits_into_the_panel_and_its_lines_are_drawn(followed: WorkstationPage):
    panel = followed.page.locator(".lts-panel").bounding_box()
    for chart in followed.page.locator(".lts-chart svg").all():
        box = chart.bounding_box()
        assert 500 < box["width"] <= panel["width"]
    line = followed.page.locator(".lts-chart .c0 polyline").first
    assert line.evaluate("line => getComputedStyle(line).stroke") == "rgb(109, 184, 240)"
    followed.screenshot("follow-up")


def test_a_click_on_a_lesion_goes_to_it_in_the_ct_of_its_visit(followed: WorkstationPage, expected: FollowUp):
    page = followed.page
    page.click(".lts-tracked >> nth=0 >> .lts-cell >> nth=1")
    expect(page.locator("#lts-seen-where")).to_contain_text("not the one on the screen")
    page.click(".v-btn:has(.mdi-server)")
    page.locator(".v-overlay--active .lts-served", has_text="patient").click()
    page.locator(".v-overlay--active .lts-served", has_text="ct0.nii.gz").click()
    assert followed.wait_for_case() == "ct0"
    # The first visit's CT, as a file: its grid is upright.
    page.click(".lts-tracked >> nth=0 >> .lts-cell >> nth=0")
    expect(page.locator("#lts-seen-where")).to_have_count(0)
    start, end = expected.lesions[0].sightings[0].parts[0].long_axis_ras_mm
    followed.wait_until(lambda: abs(followed.position_mm(AXIAL) - (start[2] + end[2]) / 2) < 2.0, "the lesion's slice")


def test_what_is_put_right_outdates_the_numbers_until_they_are_made_again(followed: WorkstationPage):
    page = followed.page
    assert all(row[-1] for row in followed.responses())
    page.select_option(".lts-tracked >> nth=2 >> .lts-role", label="not a lesion")
    page.wait_for_selector("#lts-follow-up-outdated")
    followed.settle()
    assert [row[-1] for row in followed.responses()] == ["", "", ""]
    page.click(".lts-tracked >> nth=1 >> .lts-cell >> nth=2")
    page.click("#lts-follow-up-gone")
    expect(page.locator("#lts-follow-up-gone")).to_contain_text("Not certain")
    followed.follow_up()
    expect(page.locator("#lts-follow-up-outdated")).to_have_count(0)
    assert all(row[-1] for row in followed.responses())
    assert "gone (confirmed)" in page.inner_text(".lts-tracked >> nth=1")


def test_the_report_is_the_real_one_and_says_nothing_of_the_server(
    followed: WorkstationPage, offered: Path, offering: WorkstationServer, tmp_path: Path
):
    with followed.page.expect_download(timeout=RUN_S * 1000) as download:
        followed.page.click("#lts-follow-up-report")
    download.value.save_as(tmp_path / "follow-up.zip")
    with zipfile.ZipFile(tmp_path / "follow-up.zip") as archive:
        names = {Path(name).name for name in archive.namelist()}
        assert {"followup.html", "followup.png", "followup.json", "visits.csv", "lesions.csv", "run.json"} == names
        assert b"gone (confirmed)" in archive.read("follow-up/followup.html")
        assert not [name for name in archive.namelist() if str(offered).encode() in archive.read(name)]
    folder = offering.folder_of(followed.page.url)
    followed.wait_until(lambda: not list(folder.glob("report-*")), "its files to go")


def test_bad_dates_are_refused_in_words(followed: WorkstationPage):
    page = followed.page
    date = page.locator(".lts-visit .lts-date").first
    date.fill("")
    date.blur()
    page.wait_for_selector("#lts-follow-up-outdated")
    page.click("#lts-follow-up-run")
    assert "no date of visit0" in followed.notice()
    followed.close_notice()
    date.fill(DATES[0])
    date.blur()
    followed.settle()


def test_a_page_that_is_closed_ends_the_child_and_removes_its_files(shared_visits, offering: WorkstationServer):
    page = shared_visits.new_page(offering.address).open()
    choose(page, 3)
    session, folder = offering.session_of(page.page.url), offering.folder_of(page.page.url)
    page.page.click("#lts-follow-up-run")
    page.wait_until(lambda: bool(tracking(session)), "the child")
    [child] = tracking(session)
    page.page.close()
    child.wait(60)
    session.wait(60)
    deadline = time.monotonic() + 30
    while folder.exists():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_result_of_the_page_is_a_visit_beside_one_of_the_server(
    new_page, offering: WorkstationServer, offered: Path, phantom: Path, tmp_path: Path
):
    part = sitk.ReadImage(str(phantom / "ct.nii.gz"))[:, :, 2:]
    sitk.WriteImage(part, str(tmp_path / "later.nii.gz"))
    done = cli(
        "segment", tmp_path / "later.nii.gz", "-o", offered / "later", "--model", "classical", "--contents", "data"
    )
    assert done.returncode == 0, done.stderr
    page = new_page(offering.address)
    page.upload(phantom / "ct.nii.gz")
    page.wait_for_case()
    page.segment()
    page.section("follow-up")
    page.page.click("#lts-follow-up-open")
    expect(page.page.locator(".lts-visit")).to_have_count(1)
    expect(page.page.locator("#lts-follow-up-cancel")).to_have_count(0, timeout=60_000)
    expect(page.page.locator(".lts-visit")).to_have_count(1)
    page.page.click("#lts-follow-up-folder")
    page.page.locator("#lts-folders .lts-served", has_text="later").click()
    page.page.click("#lts-folders-done")
    page.follow_up()
    assert [row[0] for row in page.responses()] == ["Visit 1", "Visit 2"]
    assert page.responses()[0][-1] == "baseline"
    assert page.responses()[1][-1]
    page.page.click(".lts-tracked >> nth=0 >> .lts-cell >> nth=0")
    expect(page.page.locator("#lts-seen-where")).to_have_count(0)
    page.screenshot("follow-up-of-the-page")


def tracking(session) -> list:
    return [one for one in session.children(recursive=True) if "track" in one.cmdline()]
