"""What a reader waits for in the browser: page, first picture, result, an edit, a resection on the screen, numbers.

    python Testing/benchmarks/workstation.py [CT] [--runs 3] [--size 1280 800]

CT: default is 3D-IRCADb patient 1 where LIVERTUMORSEG_TESTDATA has it, else the phantom. The real server, a real
session process, headless Chromium on the same computer; seconds, medians. An edit is a stroke of the brush that makes
the liver larger; it counts as visible when the picture in the browser has changed after the mouse was let go. Pictures
are read from the page, which takes some 10 ms. A resection is chosen by its segments; the page itself notes when its
numbers are there and when the last of the four pictures has come.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LIVERTUMORSEG_TESTDATA", ROOT.parent / "shared" / "data"))
sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]
os.environ.setdefault("LIVERTUMORSEG_CACHE", str(ROOT / "cache"))

from browser_start import start_chromium  # noqa: E402
from cli_runs import cli  # noqa: E402
from workstation_page import AXIAL, LIVER, THREE_D, BrowserRecord, WorkstationPage  # noqa: E402
from workstation_server import WorkstationServer, workstation_server  # noqa: E402

STROKE_PX = 40
FIRST_RESECTION, SECOND_RESECTION = (f".lts-usual-row:nth-child({number})" for number in (2, 4))
_NOTE_TIMES = """selector => {
  const numbers = document.querySelector("#lts-plan-numbers"), before = numbers.innerText;
  const noted = {numbers: 0, pictures: []};
  const begun = performance.now(), since = () => performance.now() - begun;
  const look = () => {
    const text = numbers.innerText;
    if (!noted.numbers && text !== before && /Removed \\(ml\\)\\s+\\d/.test(text)) noted.numbers = since();
  };
  new MutationObserver(look).observe(numbers, {subtree: true, childList: true, characterData: true});
  document.querySelectorAll(".layout-grid-item").forEach((view, number) => {
    view.querySelector("img").onload = () => { noted.pictures[number] = since(); };
  });
  window.noted = noted;
  document.querySelector(selector).click();
}"""
LONGEST_S = 60.0

Times = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("ct", type=Path, nargs="?")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--size", type=int, nargs=2, default=(1280, 800), help="of the window, in pixels")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, start_chromium() as browser:
        ct = arguments.ct or default_ct(Path(folder))
        runs = []
        for number in range(arguments.runs):
            with workstation_server(Path(folder) / f"server{number}") as server:
                runs.append(run(browser, server, ct, tuple(arguments.size)))
    size = " x ".join(map(str, arguments.size))
    sys.stdout.write(f"{ct}, window {size}, {arguments.runs} runs, {os.cpu_count()} cores, medians\n")
    for name in runs[0]:
        values = [times[name] for times in runs]
        sys.stdout.write(f"{name:44} {statistics.median(values):8.2f}   ({min(values):.2f} to {max(values):.2f})\n")


def run(browser: Browser, server: WorkstationServer, ct: Path, size: tuple[int, int]) -> Times:
    """One reader's way through the page."""
    times: Times = {}
    context = browser.new_context(viewport={"width": size[0], "height": size[1]})
    page = WorkstationPage(context.new_page(), BrowserRecord(server.address))
    page.page.wait_for_timeout(4000)  # the spare session is ready, as for everybody but the first one after the start
    times["page open (s)"] = timed(page.open)

    def first_picture() -> None:
        page.upload(ct)
        wait_for(page, AXIAL, lambda picture: picture.max() > 60)

    times["upload to first picture (s)"] = timed(first_picture)
    times["Segment to all of the result (s)"] = timed(lambda: (page.start_run(), page.wait_for_result()))
    page.page.wait_for_timeout(2000)
    times |= edit(page)
    times["next slice on the screen (s)"] = timed_change(page, AXIAL, lambda: page.scroll(AXIAL))
    times["3D turned on the screen (s)"] = timed_change(page, THREE_D, lambda: turn(page))
    times |= resection(page)
    session = server.session_of(page.page.url)
    times["memory of the session (GiB)"] = session.memory_info().rss / 2**30
    context.close()
    return times


def edit(page: WorkstationPage) -> Times:
    """A stroke that adds to the liver beside the body's middle, and its undo."""
    page.tool("paint")
    page.structure(LIVER)
    before = page.numbers()
    middle = page.size(AXIAL) / 2
    page.show_all(AXIAL)
    in_air = np.array([middle[0] - 100, 30.0])
    # The brush is on the screen then, and what the first edit needs is there.
    page.stroke(AXIAL, in_air, in_air + (1, 0))
    before = page.wait_for_numbers(before)
    page.page.wait_for_timeout(2000)
    solid, slices = page.still_picture(THREE_D), page.still_picture(AXIAL)
    start = middle + (20, 0)
    page.stroke(AXIAL, start, start + (STROKE_PX, 0))
    begun, times = time.monotonic(), {}
    wait_for(page, AXIAL, lambda picture: changed(picture, slices))
    times["edit on the screen (s)"] = time.monotonic() - begun
    page.wait_for_numbers(before)
    times["edit to its numbers (s)"] = time.monotonic() - begun
    wait_for(page, THREE_D, lambda picture: changed(picture, solid))
    times["edit to its 3D (s)"] = time.monotonic() - begun
    times["undo to its numbers (s)"] = timed(lambda: (page.undo(), page.wait_for_these_numbers(before)))
    page.tool("look")
    page.page.wait_for_timeout(1000)
    return times


def resection(page: WorkstationPage) -> Times:
    """The second choice: for the first one, the child that plans starts and looks at the liver."""
    begun = time.monotonic()
    page.plan_on()
    page.usual_resections()
    times = {"planning on to the usual resections (s)": time.monotonic() - begun}
    page.page.locator(FIRST_RESECTION).click()
    before = page.wait_for_plan()
    for view in range(4):
        page.still_picture(view)
    page.page.evaluate(_NOTE_TIMES, SECOND_RESECTION)
    page.wait_for_plan(before)
    page.page.wait_for_timeout(3000)
    noted = page.page.evaluate("() => window.noted")
    times["resection to its numbers (s)"] = noted["numbers"] / 1000
    times["resection to the last picture (s)"] = max(noted["pictures"]) / 1000
    return times


def turn(page: WorkstationPage) -> None:
    middle = page.size(THREE_D) / 2
    page.stroke(THREE_D, middle, middle + (30, 0))


def timed(work: Callable[[], object]) -> float:
    begun = time.monotonic()
    work()
    return time.monotonic() - begun


def timed_change(page: WorkstationPage, view: int, work: Callable[[], object]) -> float:
    before = page.still_picture(view)
    return timed(lambda: (work(), wait_for(page, view, lambda picture: changed(picture, before))))


def changed(picture: np.ndarray, before: np.ndarray) -> bool:
    """More than what a JPEG encoder does to a still picture."""
    return picture.shape == before.shape and bool((np.abs(picture - before).max(axis=2) > 40).sum() > 20)


def wait_for(page: WorkstationPage, view: int, condition: Callable[[np.ndarray], bool]) -> None:
    page.wait_until(lambda: (picture := page.picture(view)).size > 3 and condition(picture), "a picture", LONGEST_S)


def default_ct(folder: Path) -> Path:
    real = DATA / "cases" / "ircad01" / "ct.nii.gz"
    if real.is_file():
        return real
    done = cli("phantom", "-o", folder / "phantom")
    if done.returncode:
        raise RuntimeError(done.stderr)
    return folder / "phantom" / "ct.nii.gz"


if __name__ == "__main__":
    main()
