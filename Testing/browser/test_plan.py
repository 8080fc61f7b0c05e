"""Planning a resection on the page: the numbers of the command line, parts on the screen, a plane under the mouse."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest
from cli_runs import cli
from workstation_exports import FittedSlice
from workstation_page import AXIAL, THREE_D, BrowserRecord, WorkstationPage
from workstation_server import workstation_server

from LiverTumorSegLib.io.read import read_study

RIGHT = ("V", "VI", "VII", "VIII")
RESECTED_RGB, REMNANT_RGB = np.array((226, 84, 66)), np.array((250, 214, 165))


@dataclass(frozen=True)
class Planned:
    """A page with a result, planning switched on, and what was exported of the result. bare: 3D before it."""

    page: WorkstationPage
    result: Path
    bare: np.ndarray


@pytest.fixture(scope="module")
def planned(new_segmented, tmp_path_factory) -> Planned:
    page = new_segmented()
    place = tmp_path_factory.mktemp("exported")
    with zipfile.ZipFile(page.export("folder", place)) as archive:
        archive.extractall(place)
    [result] = [path for path in place.iterdir() if path.is_dir()]
    bare = page.still_picture(THREE_D)
    page.plan_on()
    return Planned(page, result, bare)


def plan_of(result: Path, out: Path, *words: object) -> dict:
    """plan.json of the command line."""
    done = cli("plan", result, "-o", out, *words)
    assert done.returncode == 0, done.stderr
    return json.loads((out / "plan.json").read_text())


def tenth(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def ids(values: list[int]) -> str:
    return ", ".join(map(str, values)) or "-"


def test_segments_that_are_chosen_give_the_numbers_of_the_command_line(planned: Planned, tmp_path: Path):
    page = planned.page
    page.remove_segments(*RIGHT)
    numbers = page.wait_for_plan()
    page.page.fill("#lts-plan-height", "175")
    page.page.fill("#lts-plan-weight", "80")
    numbers = page.wait_for_plan(numbers)
    plan = plan_of(planned.result, tmp_path / "plan", "--resect", ",".join(RIGHT), "--height", 175, "--weight", 80)
    chosen = plan["resection"]
    remnant, functional = chosen["remnant"], chosen["remnant"]["functional"]
    assert numbers["Resection"] == "Segments V, VI, VII, VIII removed"
    assert numbers["Removed (ml)"] == tenth(chosen["resected_ml"])
    assert numbers["Future liver remnant (ml)"] == tenth(remnant["flr_ml"])
    assert numbers["Tumor in the remnant (ml)"] == tenth(remnant["tumor_in_flr_ml"])
    assert numbers["Remnant, % of liver without tumor"].split()[0] == tenth(remnant["measured_percent"])
    assert numbers["Remnant, % of standard liver"] == tenth(remnant["standardised_percent"])
    assert numbers["Functional remnant (ml)"] == tenth(functional["ml"])
    share, _, doubt = numbers["Functional remnant, % of liver without tumor"].partition(" ")
    assert (share, bool(doubt)) == (tenth(functional["percent"]), functional["is_doubtful"])
    for title, name in (("removed", "lesions_removed"), ("cut", "lesions_cut"), ("left", "lesions_left")):
        assert numbers[f"Lesions {title}"] == ids(chosen[name])
    margin = chosen["margin"]
    if not margin["is_contact"]:
        assert numbers["Planned margin"] == f"{margin['distance_mm']:.1f} +- {margin['voxel_mm']:.1f} mm"


def test_the_usual_resections_are_ranked_with_their_numbers_and_a_click_plans_one(planned: Planned, tmp_path: Path):
    page = planned.page
    rows = page.usual_resections()
    expected = plan_of(planned.result, tmp_path / "plan")["what_if"]
    assert [row[:6] for row in rows] == [
        (
            row["title"], tenth(row["remnant"]["flr_ml"]), tenth(row["remnant"]["measured_percent"]),
            *(ids(row[f"lesions_{what}"]).replace(", ", ",") for what in ("removed", "cut", "left")),
        )
        for row in expected
    ]  # fmt: skip
    before = page.plan_numbers()
    number = next(n for n, row in enumerate(rows) if row[0] == "Left lateral sectionectomy")
    page.page.locator(".lts-usual-row").nth(number).click()
    numbers = page.wait_for_plan(before)
    assert numbers["Resection"] == "Segments II, III removed"
    assert numbers["Future liver remnant (ml)"] == rows[number][1]
    assert "lts-chosen" in (page.page.locator(".lts-usual-row").nth(number).get_attribute("class") or "")


def test_both_parts_are_on_the_screen_in_their_colours_and_go_with_the_plan(planned: Planned):
    page = planned.page

    def like(picture: np.ndarray, rgb: np.ndarray) -> int:
        """Pixels of a hue, whatever lies under it."""
        hue = (rgb - rgb.mean()) / np.linalg.norm(rgb - rgb.mean())
        tint = picture - picture.mean(axis=2, keepdims=True)
        strength = np.linalg.norm(tint, axis=2)
        return int(((tint @ hue > 0.95 * strength) & (strength > 8)).sum())

    before = page.plan_numbers()
    page.page.locator(".lts-usual-row", has_text=re.compile("^Right hepatectomy")).click()
    page.wait_for_plan(before)
    for view in (AXIAL, THREE_D):
        page.wait_for_picture(
            view, lambda now: min(like(now, RESECTED_RGB), like(now, REMNANT_RGB)) > 1000, f"both parts in {view}"
        )
    page.page.locator("#lts-plan-on").click()
    page.wait_for_picture(THREE_D, lambda now: (np.abs(now - planned.bare) < 30).mean() > 0.995, "the result's 3D")
    page.page.locator("#lts-plan-on").click()
    assert page.wait_for_plan()["Resection"] == "Segments V, VI, VII, VIII removed"


def test_a_plane_is_dragged_in_a_slice_and_the_numbers_follow(planned: Planned, phantom: Path):
    page = planned.page
    page.section("result")
    for view in range(4):
        page.show_all(view)
    page.tool("look")
    page.page.locator(".lts-lesion").first.click()
    page.section("plan")
    before = page.plan_numbers()
    page.put_plane("Plane through lesion 1")
    placed = page.wait_for_plan(before)
    _, turn, tilt = page.plane_settings()
    # Centred on the lesion, at the scale of the whole CT.
    fitted = FittedSlice(AXIAL, read_study(phantom / "ct.nii.gz").ct, page.size(AXIAL))
    normal = np.array([np.cos(np.radians(turn)), np.sin(np.radians(turn))]) * np.cos(np.radians(tilt))
    middle = page.size(AXIAL) / 2
    moved_px = np.array([24.0, 9.0])
    page.still_picture(AXIAL)
    page.stroke(AXIAL, middle, middle + moved_px)
    dragged = page.wait_for_plan(placed)
    shift_mm, *angles = page.plane_settings()
    assert shift_mm == pytest.approx(float(-moved_px * fitted.mm_per_px @ normal), abs=2.5)
    assert angles == [turn, tilt]
    page.page.click("#lts-plan-side")
    assert page.wait_for_plan(dragged)["Future liver remnant (ml)"] == dragged["Removed (ml)"]


def test_the_panel_holds_all_of_it_side_by_side(planned: Planned):
    wide = planned.page.page.evaluate(
        """() => [...document.querySelectorAll("#lts-plan *")].filter(one => one.getBoundingClientRect().right >
            document.querySelector(".lts-panel").getBoundingClientRect().right).map(one => one.outerHTML)"""
    )
    assert wide == []


def test_the_planning_child_ends_with_its_page(chromium, phantom: Path, tmp_path: Path):
    with workstation_server(tmp_path / "server", "--idle-minutes", 0.05) as server:
        context = chromium.new_context()
        page = WorkstationPage(context.new_page(), BrowserRecord(server.address)).open()
        page.upload(phantom / "ct.nii.gz")
        page.wait_for_case()
        page.segment()
        page.plan_on()
        page.remove_segments("II")
        page.wait_for_plan()
        session = server.session_of(page.page.url)
        [child] = [one for one in session.children() if "LiverTumorSegLib.planning.live" in one.cmdline()]
        context.close()
        gone, _alive = psutil.wait_procs([child, session], timeout=60)
        left = [one for one in (child, session) if one not in gone and one.status() != psutil.STATUS_ZOMBIE]
        assert left == []
