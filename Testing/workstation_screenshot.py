"""Pictures of the workstation in the documentation: the phantom, segmented by the networks, in a real browser.

python Testing/workstation_screenshot.py [docs/images]

workstation.jpg with the result, workstation-plan.jpg with a resection planned on it.
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "Testing")]

from browser_start import start_chromium  # noqa: E402
from cli_runs import cli  # noqa: E402
from workstation_page import BrowserRecord, WorkstationPage  # noqa: E402
from workstation_server import workstation_server  # noqa: E402

SIZE = {"width": 1280, "height": 800}


def main() -> None:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = cli("phantom", "-o", folder / "phantom", "--spacing", 1.5, 1.5, 3)
        if made.returncode:
            raise RuntimeError(made.stderr)
        with workstation_server(folder / "server") as server, start_chromium() as browser:
            context = browser.new_context(viewport=SIZE)
            page = WorkstationPage(context.new_page(), BrowserRecord(server.address)).open()
            page.upload(folder / "phantom" / "ct.nii.gz")
            page.wait_for_case()
            page.start_run()
            page.wait_for_result()
            page.tool("paint")
            page.page.wait_for_timeout(3000)
            save(page, target / "workstation.jpg")
            page.tool("look")
            page.plan_on()
            page.usual_resections()
            page.remove_segments("V", "VI", "VII", "VIII")
            page.wait_for_plan()
            save(page, target / "workstation-plan.jpg")


def save(page: WorkstationPage, target: Path) -> None:
    """Once the views stand still."""
    for view in range(4):
        page.still_picture(view)
    Image.open(io.BytesIO(page.page.screenshot())).convert("RGB").save(target, quality=88)


if __name__ == "__main__":
    main()
