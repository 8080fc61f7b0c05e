"""Debian's chromium, driven by Playwright, which must not download one of its own."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@contextmanager
def start_chromium() -> Iterator[Browser]:
    """Raises FileNotFoundError, saying what to do, where there is none."""
    found = [path for name in NAMES if (path := shutil.which(name))]
    if not found:
        message = f"None of {', '.join(NAMES)} is installed. Run: make debian"
        raise FileNotFoundError(message)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found[0], headless=True, args=list(ARGUMENTS))
        yield browser
        browser.close()
