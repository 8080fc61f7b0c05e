"""A real server, a real browser, a context of its own for each test; every request and every error is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser_start import start_chromium
from cli_runs import cli
from playwright.sync_api import Browser
from workstation_page import BrowserRecord, WorkstationPage
from workstation_server import WorkstationServer, workstation_server

SPACING_MM = (3.0, 3.0, 5.0)

NewPage = Callable[..., WorkstationPage]


@pytest.fixture(scope="session")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a coarse phantom, ct.nii.gz, and nothing else that is a CT."""
    folder = tmp_path_factory.mktemp("phantom") / "files"
    done = cli("phantom", "-o", folder, "--spacing", *SPACING_MM)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def command_line(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Result folder of the command line, with the model that most tests use."""
    out = tmp_path_factory.mktemp("command-line") / "result"
    done = cli("segment", phantom / "ct.nii.gz", "-o", out, "--model", "classical", "--contents", "data")
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="session")
def server(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkstationServer]:
    """For all tests that need no other one. Sessions that a test has left end soon: each takes half a gigabyte."""
    options = ("--data", phantom, "--max-sessions", 50, "--idle-minutes", 0.3)
    with workstation_server(tmp_path_factory.mktemp("server"), *options) as running:
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Not for the whole session: where Playwright runs, other tests cannot run asyncio."""
    with start_chromium() as browser:
        yield browser


class Visits:
    """Contexts of a browser, each with one page."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._pages: list[WorkstationPage] = []

    def new_page(self, address: str, width: int = 1280, height: int = 800) -> WorkstationPage:
        context = self._browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True)
        record = BrowserRecord(address)
        record.watch(context)
        self._pages.append(WorkstationPage(context.new_page(), record))
        return self._pages[-1]

    def check(self) -> None:
        """The server alone was asked, over its websocket too, and nothing went wrong on the pages."""
        for record in [page.record for page in self._pages]:
            assert not record.foreign_hosts
            assert not record.take_errors()
            assert record.websockets or not record.hosts

    def close(self) -> None:
        for page in self._pages:
            page.page.context.close()


@pytest.fixture(scope="module")
def shared_visits(chromium: Browser) -> Iterator[Visits]:
    """For pages that all tests of a module work on."""
    visits = Visits(chromium)
    yield visits
    visits.close()


@pytest.fixture(autouse=True)
def all_stays_here(shared_visits: Visits) -> Iterator[None]:
    """After every test: pages that are shared have asked nobody else, and no error has come up."""
    yield
    shared_visits.check()


@pytest.fixture
def new_page(chromium: Browser, server: WorkstationServer) -> Iterator[NewPage]:
    """Opens the workstation in a context of its own; ``address``: another server's."""
    visits = Visits(chromium)

    def new(address: str = server.address, **viewport: int) -> WorkstationPage:
        return visits.new_page(address, **viewport).open()

    yield new
    try:
        visits.check()
    finally:
        visits.close()


@pytest.fixture
def page(new_page: NewPage) -> WorkstationPage:
    return new_page()


@pytest.fixture
def case(page: WorkstationPage, phantom: Path) -> WorkstationPage:
    """A page with the phantom."""
    page.upload(phantom / "ct.nii.gz")
    page.wait_for_case()
    return page


@pytest.fixture(scope="module")
def new_shared_page(shared_visits: Visits, server: WorkstationServer) -> NewPage:
    """Opens the workstation in a context that lives as long as the module."""

    def new(**viewport: int) -> WorkstationPage:
        return shared_visits.new_page(server.address, **viewport).open()

    return new


@pytest.fixture(scope="module")
def new_segmented(new_shared_page: NewPage, phantom: Path) -> NewPage:
    """The same with the phantom, segmented."""

    def new(**viewport: int) -> WorkstationPage:
        page = new_shared_page(**viewport)
        page.upload(phantom / "ct.nii.gz")
        page.wait_for_case()
        page.segment()
        return page

    return new
