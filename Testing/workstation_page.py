"""Drives the workstation's page as a reader does: with mouse and keyboard, by what is on the screen."""

from __future__ import annotations

import base64
import io
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, expect

from LiverTumorSegLib.registry import find_model

AXIAL, THREE_D, CORONAL, SAGITTAL = range(4)
"""The views in their order on the page."""
LIVER, TUMORS, PORTAL_VEIN, HEPATIC_VEINS, DIAMETERS, SEGMENTS = range(6)
"""The structures in their order on the page, and what can be shown beside them."""
ORGAN, WITHOUT_TUMORS, VESSEL, TUMOR = (
    "Liver with vessels and tumors", "Liver without tumors", "Liver vessels", "Liver tumors",
)  # fmt: skip
"""Rows of the volume table."""
SCREENSHOTS_VARIABLE = "LIVERTUMORSEG_SCREENSHOTS"
PATIENCE_S = 60.0

_PICTURE = """view => {
  const image = view.querySelector("img"), canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  if (canvas.width) canvas.getContext("2d").drawImage(image, 0, 0);
  return canvas.toDataURL("image/png");
}"""
_RUN = """() => {
  const line = document.querySelector("#lts-run-message"), bar = line?.parentElement.parentElement;
  return [line?.innerText ?? "", bar?.querySelector(":scope > .v-progress-linear")?.ariaValueNow];
}"""
_TABLES = """() => ["#lts-volumes tbody tr", ".lts-lesion"].map(
  rows => [...document.querySelectorAll(rows)].map(row => [...row.cells].map(cell => cell.innerText.trim())))"""

_PLAN_NUMBERS = """() => [...document.querySelectorAll("#lts-plan-numbers tr")].map(
  row => [...row.cells].map(cell => cell.innerText.trim()))"""
_USUAL = """() => [...document.querySelectorAll(".lts-usual-row")].map(
  row => [...row.cells].map(cell => cell.innerText.trim()))"""

_RESPONSES = """() => [...document.querySelectorAll(".lts-response")].map(
  row => [...row.cells].map(cell => cell.innerText.trim()))"""
_TRACKED = """() => [...document.querySelectorAll(".lts-tracked")].map(
  row => [...row.querySelectorAll(".lts-cell > div:first-child")].map(cell => cell.innerText.trim()))"""


@dataclass
class BrowserRecord:
    """What a browser context has asked for, and what has gone wrong on its pages."""

    server: str
    hosts: set[str] = field(default_factory=set)
    websockets: int = 0
    errors: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.on("request", lambda request: self._see(request.url))
        context.on("weberror", lambda error: self.errors.append(f"{error.error}"))
        context.on("console", self._hear)
        context.on("page", lambda page: page.on("websocket", self._see_websocket))

    @property
    def foreign_hosts(self) -> set[str]:
        """Everything but the server itself; what a page has made itself (blob, data) comes from nowhere."""
        return self.hosts - {urlsplit(self.server).netloc, ""}

    def take_errors(self) -> list[str]:
        """Errors that a test expects; they are not held against it any more."""
        taken, self.errors = self.errors, []
        return taken

    def _see(self, url: str) -> None:
        self.hosts.add(urlsplit(url).netloc)

    def _see_websocket(self, websocket: Any) -> None:
        self.websockets += 1
        self._see(websocket.url)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)


@dataclass(frozen=True)
class Numbers:
    """All that the tables say. volumes: by name, ml and %. lesions: no., long mm, short mm, ml, warning."""

    volumes: dict[str, tuple[str, str]]
    lesions: list[tuple[str, ...]]

    @property
    def are_known(self) -> bool:
        return bool(self.volumes) and all(ml for ml, _ in self.volumes.values())

    def ml(self, name: str) -> float:
        return float(self.volumes[name][0])


class WorkstationPage:
    """page: of a context that ``record`` watches."""

    def __init__(self, page: Page, record: BrowserRecord) -> None:
        self.page, self.record = page, record
        page.set_default_timeout(PATIENCE_S * 1000)

    def open(self) -> WorkstationPage:
        self.page.goto(self.record.server)
        self.page.wait_for_selector("#lts-file", state="attached")
        return self

    # Opening a CT

    def upload(self, *files: Path) -> None:
        self.page.set_input_files("#lts-file", list(files))

    def upload_folder(self, folder: Path) -> None:
        self.page.set_input_files("#lts-folder", folder)

    def wait_for_case(self, description: str = "") -> str:
        """Name of the CT, once it is in the views. description: a part of the line that is awaited."""
        expect(self.page.locator("#lts-case-name + .lts-small")).to_contain_text(description or " voxels of ")
        self.wait_until(lambda: bool(self.position_text(AXIAL)), "a slice's position")
        return self.page.inner_text("#lts-case-name")

    @property
    def description(self) -> str:
        """Size and spacing, in words."""
        return self.page.inner_text("#lts-case-name + .lts-small")

    def answer(self, number: int) -> None:
        """Press a button of the dialog that is open; the first one changes nothing."""
        dialog = self.page.locator(".v-dialog.v-overlay--active")
        dialog.locator(".v-card-actions button").nth(number).click()
        expect(dialog).to_have_count(0)

    def wait_for_question(self) -> None:
        self.page.locator(".v-dialog.v-overlay--active").wait_for()

    # Segmenting

    def choose_model(self, model_id: str) -> None:
        self.choose(self.page.locator(".lts-model"), find_model(model_id).title)

    def choose_segments(self, title: str) -> None:
        """How the liver is divided."""
        self.choose(self.page.locator(".lts-anatomy"), title)

    def start_run(self) -> None:
        self.page.click("#lts-segment")

    def wait_for_run(self) -> None:
        self.page.wait_for_selector("#lts-cancel")

    def wait_for_result(self) -> Numbers:
        """What the tables say once everything can be edited."""
        self.page.wait_for_selector("#lts-tool-paint", timeout=10 * PATIENCE_S * 1000)
        return self.wait_for_numbers()

    def segment(self, model_id: str = "classical") -> Numbers:
        self.choose_model(model_id)
        self.start_run()
        return self.wait_for_result()

    def cancel(self) -> None:
        self.page.click("#lts-cancel")

    def run_state(self) -> tuple[str, float]:
        """What is said about the run that is going on, and how far it is in %; empty and 0 if there is none."""
        message, percent = self.page.evaluate(_RUN)
        return message, float(percent or 0)

    def run_message(self) -> str:
        return self.run_state()[0]

    @property
    def has_result(self) -> bool:
        return self.page.locator("#lts-volumes").is_visible()

    # Numbers

    def numbers(self) -> Numbers:
        """Of one moment."""
        volumes, lesions = self.page.evaluate(_TABLES)
        return Numbers({name: (ml, percent) for name, ml, percent in volumes}, [tuple(row) for row in lesions])

    def wait_for_numbers(self, previous: Numbers | None = None) -> Numbers:
        """All of them, and others than those: the mask has changed, and has been measured."""
        seen = [self.numbers()]

        def are_new() -> bool:
            seen.append(self.numbers())
            return seen[-1].are_known and seen[-1] != previous

        self.wait_until(are_new, f"others than {previous}")
        return seen[-1]

    def wait_for_these_numbers(self, wanted: Numbers) -> None:
        self.wait_until(lambda: self.numbers() == wanted, f"{wanted}")

    # Planning

    def section(self, key: str) -> None:
        self.page.click(f"#lts-section-{key}")

    def plan_on(self) -> None:
        self.section("plan")
        self.page.locator("#lts-plan-on").click()
        self.page.wait_for_selector("#lts-plan-I")

    def remove_segments(self, *names: str) -> None:
        for name in names:
            self.page.click(f"#lts-plan-{name}")
            self.settle()

    def plan_numbers(self) -> dict[str, str]:
        """Of one moment, by title; empty texts while they are not known, nothing while nothing is chosen."""
        return dict(self.page.evaluate(_PLAN_NUMBERS))

    def wait_for_plan(self, previous: dict[str, str] | None = None) -> dict[str, str]:
        """The numbers of the chosen resection, and others than those."""
        seen = [self.plan_numbers()]

        def are_new() -> bool:
            seen.append(self.plan_numbers())
            return bool(seen[-1].get("Removed (ml)")) and seen[-1] != previous

        self.wait_until(are_new, f"a plan other than {previous}")
        return seen[-1]

    def usual_resections(self) -> list[tuple[str, ...]]:
        """Title, FLR ml, %, lesions removed, cut, left, margin, once all are known."""
        rows: list[list[str]] = []

        def are_known() -> bool:
            rows[:] = self.page.evaluate(_USUAL)
            return bool(rows) and all(row[1] for row in rows)

        self.wait_until(are_known, "the usual resections")
        return [tuple(row) for row in rows]

    def put_plane(self, title: str) -> None:
        self.choose(self.page.locator(".lts-place"), title)

    def plane_settings(self) -> tuple[float, float, float]:
        """Shift in mm, turn and tilt in degrees."""
        texts = self.page.locator("#lts-plan .lts-label").all_inner_texts()
        shift, turn, tilt = (float(text.split()[1]) for text in texts)
        return shift, turn, tilt

    # Follow-up

    def follow_up(self) -> None:
        """Run it, and wait for its numbers."""
        self.page.click("#lts-follow-up-run")
        self.page.wait_for_selector("#lts-follow-up-cancel")
        expect(self.page.locator("#lts-follow-up-cancel")).to_have_count(0, timeout=2 * PATIENCE_S * 1000)
        self.page.wait_for_selector("#lts-responses")
        self.settle()

    def responses(self) -> list[list[str]]:
        """Visit, sum, from baseline, from nadir, response."""
        rows: list[list[str]] = self.page.evaluate(_RESPONSES)
        return rows

    def tracked(self) -> list[list[str]]:
        """Of each lesion the longest diameter at each visit, "" where it has none."""
        rows: list[list[str]] = self.page.evaluate(_TRACKED)
        return rows

    # Editing

    def tool(self, name: str) -> None:
        button = self.page.locator(f"#lts-tool-{name}")
        button.click()
        expect(button).to_have_class(_class("bg-primary"))

    def structure(self, number: int) -> None:
        button = self.page.locator(".lts-which").nth(number)
        button.click()
        expect(button).to_have_class(_class("v-btn--variant-flat"))

    def brush(self, diameter_mm: int) -> None:
        self.drag_slider(self.page.locator(".lts-tool .v-slider"), diameter_mm)

    def number_field(self, value: float) -> None:
        """The one of the tool in hand. Typed: Playwright's fill() puts its text beside what is there."""
        box = self.page.locator(".lts-tool .v-number-input input")
        box.click()
        box.press("Control+a")
        box.press_sequentially(f"{value:g}")
        box.press("Tab")
        assert float(box.input_value()) == value
        self.settle()

    def area(self, text: str) -> None:
        self.choose(self.page.locator(".lts-tool .v-select").last, text)

    def apply(self) -> None:
        self.page.click(".lts-apply")

    def undo(self) -> None:
        self.page.click("#lts-undo")

    def redo(self) -> None:
        self.page.click("#lts-redo")

    @property
    def can_undo(self) -> bool:
        return self.page.locator("#lts-undo").is_enabled()

    # Views

    def view(self, number: int) -> Locator:
        return self.page.locator(".layout-grid-item").nth(number)

    def position_text(self, view: int) -> str:
        return self.view(view).evaluate("view => view.querySelector('.lts-position')?.innerText.trim() ?? ''")

    def position_mm(self, view: int) -> float:
        """Along R, A or S."""
        return float(self.position_text(view).split()[1])

    def scroll(self, view: int, *, forward: bool = True) -> None:
        """One step of the wheel; the position shows what came of it."""
        self._move_to(view, self.size(view) / 2)
        self.page.mouse.wheel(0, -100 if forward else 100)

    def show_all(self, view: int) -> None:
        self.view(view).locator(".lts-reset").click()

    def size(self, view: int) -> np.ndarray:
        """Width and height of the picture."""
        box = self._image(view).bounding_box()
        assert box is not None
        return np.array([box["width"], box["height"]])

    def stroke(self, view: int, *points_px: np.ndarray) -> None:
        """Press at the first point, move over the others, let go; from the picture's upper left corner."""
        self._move_to(view, points_px[0])
        self.page.mouse.down()
        for point in points_px[1:]:
            self._move_to(view, point, steps=8)
        self.page.mouse.up()

    def picture(self, view: int) -> np.ndarray:
        """RGB as the server has drawn it: (rows, columns, 3), without the letters that the page puts over it.

        (0, 0, 3) while nothing has come.
        """
        encoded = self.view(view).evaluate(_PICTURE).partition(",")[2]
        if not encoded:
            return np.zeros((0, 0, 3), int)
        return np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB")).astype(int)

    def wait_for_picture(self, view: int, condition: Callable[[np.ndarray], bool], what: str) -> np.ndarray:
        self.wait_until(lambda: condition(self.picture(view)), what)
        return self.picture(view)

    def still_picture(self, view: int) -> np.ndarray:
        """Once nothing has come for some time."""
        latest, since = self.picture(view), time.monotonic()
        while time.monotonic() < since + 0.7:
            self.page.wait_for_timeout(50)
            now = self.picture(view)
            if now.shape != latest.shape or (now != latest).any():
                latest, since = now, time.monotonic()
        return latest

    # Files and messages

    def export(self, kind: str, folder: Path) -> Path:
        """The file, in a folder that is made for it."""
        with self.page.expect_download() as download:
            self.page.click(f"#lts-export-{kind}")
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
        return path

    def notice(self) -> str:
        """Waits for it."""
        return self.page.locator("#lts-notice .lts-notice-text").inner_text()

    def close_notice(self) -> None:
        self.page.locator("#lts-notice button").last.click()
        expect(self.page.locator("#lts-notice")).to_have_count(0)

    def screenshot(self, name: str) -> None:
        """For people, where they have asked for it."""
        if folder := os.environ.get(SCREENSHOTS_VARIABLE):
            for view in (AXIAL, THREE_D, CORONAL, SAGITTAL):
                self.still_picture(view)
            self.page.screenshot(path=Path(folder) / f"{name}.png")

    # What the page is made of

    def choose(self, select: Locator, text: str) -> None:
        select.click()
        self.page.locator(".v-overlay--active .v-list-item").get_by_text(text, exact=True).click()
        expect(self.page.locator(".v-overlay--active")).to_have_count(0)
        self.settle()

    def settle(self) -> None:
        """Until the server knows all that was chosen on the page, and has answered."""
        self.page.wait_for_function("() => !trame.client.isBusy() && !trame.state.dirtyKeys.size")

    def drag_slider(self, slider: Locator, value: float) -> None:
        """By its keys, which are exact; each waits for the server's answer, which may move the slider again."""
        thumb = slider.locator("[role=slider]")
        thumb.focus()
        for _ in range(200):
            difference = value - float(thumb.get_attribute("aria-valuenow") or 0)
            if abs(difference) < 1e-6:
                return
            thumb.press("ArrowRight" if difference > 0 else "ArrowLeft")
            self.settle()
        raise AssertionError(f"The slider does not reach {value}")

    def wait_until(self, condition: Callable[[], bool], what: str, seconds: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"Waited {seconds:g} s for {what}"
            self.page.wait_for_timeout(50)

    def _image(self, view: int) -> Locator:
        return self.view(view).locator("img").first

    def _move_to(self, view: int, point_px: np.ndarray, steps: int = 1) -> None:
        box = self._image(view).bounding_box()
        assert box is not None
        self.page.mouse.move(box["x"] + point_px[0], box["y"] + point_px[1], steps=steps)


def _class(name: str) -> Any:
    return re.compile(rf"(^|\s){name}(\s|$)")
