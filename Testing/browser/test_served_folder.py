"""CTs in the folder that a server offers, and nothing outside it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import SimpleITK as sitk
from playwright.sync_api import expect
from workstation_page import WorkstationPage
from workstation_server import WorkstationServer, workstation_server

SERVER_BUTTON = ".v-btn:has(.mdi-server)"
TRIGGERS = re.compile(r"item\.is_folder \? trigger\('(\w+)', \[item\.path\]\) : trigger\('(\w+)', \[item\.path\]\)")
"""What the page calls to list a folder, and to open a file."""
OUTSIDE = (
    "../outside.nii.gz", "deeper/../../outside.nii.gz", "link.nii.gz", "way-out/outside.nii.gz", ".hidden.nii.gz",
    "/etc/passwd", "..", ".", "nothing",
)  # fmt: skip


@pytest.fixture(scope="module")
def offering(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WorkstationServer]:
    """Offers deeper/inside.nii.gz and deeper/second.nii.gz; outside.nii.gz lies beside, and links lead to it."""
    root = tmp_path_factory.mktemp("served")
    deeper = root / "offered" / "deeper"
    deeper.mkdir(parents=True)
    ct = phantom / "ct.nii.gz"
    for copy in (deeper / "inside.nii.gz", root / "outside.nii.gz", root / "offered" / ".hidden.nii.gz"):
        shutil.copy(ct, copy)
    sitk.WriteImage(sitk.ReadImage(str(ct))[:, :, :20], str(deeper / "second.nii.gz"))
    (root / "offered" / "link.nii.gz").symlink_to(root / "outside.nii.gz")
    (root / "offered" / "way-out").symlink_to(root)
    with workstation_server(root / "server", "--data", root / "offered") as running:
        yield running


@pytest.fixture(scope="module")
def page(shared_visits, offering: WorkstationServer) -> WorkstationPage:
    return shared_visits.new_page(offering.address).open()


def test_only_what_is_offered_is_listed_and_it_opens(page: WorkstationPage):
    page.page.click(SERVER_BUTTON)
    page.page.locator(".lts-served").first.wait_for()
    assert [text.split("\n")[0] for text in page.page.locator(".lts-served").all_inner_texts()] == ["deeper"]
    page.page.locator(".lts-served", has_text="deeper").click()
    page.page.locator(".lts-served", has_text="inside.nii.gz").click()
    assert page.wait_for_case() == "inside"
    assert "112 x 87 x 56 voxels" in page.description


def test_a_served_folder_without_slices_is_refused_without_saying_where_it_lies(page: WorkstationPage):
    page.page.click(SERVER_BUTTON)
    page.page.locator(".lts-served", has_text="deeper").click()
    page.page.locator(".lts-served", has_text="inside.nii.gz").wait_for()
    page.page.locator(".v-dialog .v-card-actions button").first.click()
    assert page.notice().startswith("The folder holds 2 files")
    assert "/" not in page.notice()
    page.close_notice()


def test_a_page_that_was_tampered_with_reaches_nothing_outside(page: WorkstationPage):
    """As its script could be made to: it calls the server with paths that no list shows."""
    listing, opening = TRIGGERS.search(page.page.evaluate("trame.state.get('trame__template_main')")).groups()
    page.page.evaluate("name => trame.trigger(name, ['deeper/inside.nii.gz'])", opening)
    assert page.wait_for_case("x 56 voxels") == "inside"
    for path in OUTSIDE:
        # Written differently, so that one message is told from the other.
        for name, written in ((opening, path), (listing, f"{path}/")):
            page.page.evaluate("([name, path]) => trame.trigger(name, [path])", [name, written])
            expect(page.page.locator("#lts-notice")).to_contain_text(repr(written))
    assert page.page.inner_text("#lts-case-name") == "inside"
    assert page.page.locator(".lts-served").count() == 0
    # The same call opens what is offered.
    page.page.evaluate("name => trame.trigger(name, ['deeper/second.nii.gz'])", opening)
    assert page.wait_for_case("x 20 voxels") == "second"
