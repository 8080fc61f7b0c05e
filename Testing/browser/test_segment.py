"""A run from the page: the command line's numbers, progress, cancel, and nothing replaced without asking."""

from __future__ import annotations

import csv
import json
import re
import time
from pathlib import Path

import psutil
import pytest
import SimpleITK as sitk
from playwright.sync_api import expect
from weights_fixture import WeightsByName
from workstation_page import AXIAL, LIVER, ORGAN, WorkstationPage
from workstation_server import WorkstationServer

OPEN_BUTTON = ".v-btn:has(.mdi-file-upload-outline)"


@pytest.fixture(scope="module")
def segmented(new_segmented) -> WorkstationPage:
    return new_segmented()


@pytest.fixture
def case(segmented: WorkstationPage, phantom: Path) -> WorkstationPage:
    """The same page with the CT alone."""
    segmented.upload(phantom / "ct.nii.gz")
    segmented.wait_until(lambda: not segmented.has_result, "a page without result")
    segmented.wait_for_case("x 56 voxels")
    return segmented


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def shown(text: str) -> str:
    """A number of a CSV file as the page shows it."""
    return f"{float(text):.1f}"


def test_the_tables_say_what_the_command_line_says(segmented: WorkstationPage, command_line: Path):
    numbers = segmented.numbers()
    volumes = rows_of(command_line / "volumes.csv")
    assert [(name.lower(), *cells) for name, cells in numbers.volumes.items()] == [
        (row["structure"].lower(), (shown(row["volume_ml"])), shown(row["share_of_liver_percent"])) for row in volumes
    ]
    lesions = rows_of(command_line / "measurements.csv")
    assert len(lesions) == 5
    assert [lesion[:4] for lesion in numbers.lesions] == [
        (row["lesion"], shown(row["long_axis_mm"]), shown(row["short_axis_mm"]), shown(row["volume_ml"]))
        for row in lesions
    ]


def test_a_run_without_networks_says_so(segmented: WorkstationPage):
    assert segmented.page.locator(".lts-flag.lts-stop").count() == 1


def test_who_opens_another_ct_is_asked_before_the_result_goes(segmented: WorkstationPage):
    numbers = segmented.numbers()
    segmented.page.click(OPEN_BUTTON)
    segmented.wait_for_question()
    segmented.answer(0)
    assert segmented.numbers() == numbers
    assert segmented.page.inner_text("#lts-case-name") == "ct"


def test_who_segments_again_is_asked_before_the_result_is_replaced(segmented: WorkstationPage):
    numbers = segmented.numbers()
    middle = segmented.size(AXIAL) / 2
    segmented.structure(LIVER)
    segmented.tool("paint")
    segmented.stroke(AXIAL, middle, middle + (20, 0))
    edited = segmented.wait_for_numbers(numbers)
    segmented.start_run()
    segmented.wait_for_question()
    segmented.answer(0)
    assert not segmented.run_message()
    assert segmented.numbers() == edited
    segmented.start_run()
    segmented.wait_for_question()
    segmented.answer(1)
    segmented.wait_for_run()
    # The old result stays in sight until the new one is there.
    assert segmented.numbers() == edited
    expect(segmented.page.locator("#lts-cancel")).to_have_count(0, timeout=60_000)
    assert segmented.wait_for_result() == numbers
    assert not segmented.can_undo


def test_another_ct_takes_the_place_of_the_result_once_that_is_agreed_to(
    segmented: WorkstationPage, phantom: Path, tmp_path: Path
):
    sitk.WriteImage(sitk.ReadImage(str(phantom / "ct.nii.gz"))[:, :, :30], str(tmp_path / "next.nii.gz"))
    segmented.page.click(OPEN_BUTTON)
    segmented.wait_for_question()
    with segmented.page.expect_file_chooser() as chooser:
        segmented.answer(1)
    chooser.value.set_files(tmp_path / "next.nii.gz")
    assert segmented.wait_for_case("112 x 87 x 30 voxels") == "next"
    assert not segmented.has_result
    assert not segmented.page.locator("#lts-tool-paint").is_visible()


def test_a_run_tells_how_far_it_is_and_asks_no_other_computer(case: WorkstationPage, server: WorkstationServer):
    seen, peers = [], set()
    case.choose_model("classical")
    case.start_run()
    case.wait_for_run()
    while (state := case.run_state())[0]:
        seen.append(state)
        peers |= server.peers()
        case.page.wait_for_timeout(20)
    case.wait_for_result()
    messages, percents = zip(*seen, strict=True)
    assert len(set(messages)) >= 4
    assert list(percents) == sorted(percents)
    assert len(set(percents)) >= 4
    assert percents[-1] > 50
    assert peers == {"127.0.0.1"}


def test_a_cancelled_run_leaves_nothing(case: WorkstationPage, server: WorkstationServer):
    session, folder = server.session_of(case.page.url), server.folder_of(case.page.url)
    # The child that measures edits may be there from an earlier result; it stays with the session.
    others, files = set(session.children(recursive=True)), set(folder.iterdir())
    case.choose_model("classical")
    case.start_run()
    case.wait_until(lambda: bool(server.runs()), "the run's process")
    run = set(session.children(recursive=True)) - others
    assert run
    assert set(folder.iterdir()) > files
    begun = time.monotonic()
    case.cancel()
    case.page.wait_for_selector("#lts-segment", timeout=20_000)
    assert time.monotonic() - begun < 3
    assert psutil.wait_procs(run, timeout=3)[1] == []
    assert set(session.children(recursive=True)) <= others
    assert set(folder.iterdir()) <= files
    assert case.notice()
    assert not case.has_result
    # And the next run is a run like any other.
    case.close_notice()
    assert case.segment().ml(ORGAN) > 1000


@pytest.mark.weights
def test_the_networks_find_the_liver(case: WorkstationPage, phantom: Path, kuleuven_weights: WeightsByName):
    numbers = case.segment("kuleuven")
    truth = json.loads((phantom / "truth.json").read_text())
    assert numbers.ml(ORGAN) == pytest.approx(truth["liver_ml"], rel=0.05)
    assert case.page.locator(".lts-flag.lts-stop").count() == 0
    assert all(re.fullmatch(r"\d+\.\d", cell) for cells in numbers.volumes.values() for cell in cells)


def test_segment_iv_is_divided_on_request(case: WorkstationPage):
    case.choose_segments("IVa, IVb")
    case.segment()
    case.plan_on()
    expect(case.page.locator("#lts-plan-IVa")).to_be_visible()
    expect(case.page.locator("#lts-plan-IVb")).to_be_visible()
    expect(case.page.locator("#lts-plan-IV")).to_have_count(0)
