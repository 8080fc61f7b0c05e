"""What is no usable CT is refused in words, tells nothing about the server's folders, and leaves the page as it was."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from playwright.sync_api import expect
from workstation_page import WorkstationPage
from workstation_server import workstation_server

MIB = 2**20


@pytest.fixture(scope="module")
def page(new_shared_page, phantom: Path) -> WorkstationPage:
    page = new_shared_page()
    page.upload(phantom / "ct.nii.gz")
    page.wait_for_case()
    return page


def refusal(page: WorkstationPage) -> str:
    """The message, closed again. It keeps to itself where files lie on the server, and what was open stays open."""
    message = page.notice()
    assert "Expected" in message
    for told in ("/tmp", "uploads", "livertumorseg-serve", "Traceback", "site-packages", "--"):
        assert told not in message
    assert page.page.inner_text("#lts-case-name") == "ct"
    expect(page.page.locator("#lts-segment")).to_be_enabled()
    page.close_notice()
    return message


def a_text(file: Path, _ct: bytes) -> None:
    file.write_text("This is no CT. " * 200)


def half_a_ct(file: Path, ct: bytes) -> None:
    file.write_bytes(ct[: len(ct) // 2])


def nothing(file: Path, _ct: bytes) -> None:
    file.write_bytes(b"")


def a_zip_of_nothing(file: Path, _ct: bytes) -> None:
    with zipfile.ZipFile(file, "w"):
        pass


def a_zip_of_a_text(file: Path, _ct: bytes) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("readme.txt", "no CT")


def a_zip_that_swells(file: Path, _ct: bytes) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("slice.dcm", "w") as member:
        for _ in range(150):
            member.write(bytes(MIB))


def a_gzip_that_claims_a_huge_image(file: Path, ct: bytes) -> None:
    header = bytearray(gzip.decompress(ct)[:352])
    header[40:56] = np.array([3, 30000, 30000, 30000, 1, 1, 1, 1], dtype=np.int16).tobytes()
    file.write_bytes(gzip.compress(bytes(header) + bytes(MIB)))


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("text.nii.gz", a_text),
        ("half.nii.gz", half_a_ct),
        ("empty.nii.gz", nothing),
        ("nothing.zip", a_zip_of_nothing),
        ("readme.zip", a_zip_of_a_text),
        ("bomb.zip", a_zip_that_swells),
        ("huge.nii.gz", a_gzip_that_claims_a_huge_image),
        ("<img src=x onerror=alert(1)>.nii.gz", a_text),
    ],
)
def test_an_unusable_file_is_refused_in_words(
    page: WorkstationPage, phantom: Path, tmp_path: Path, name: str, write: Callable[[Path, bytes], None]
):
    write(tmp_path / name, (phantom / "ct.nii.gz").read_bytes())
    page.upload(tmp_path / name)
    assert name in refusal(page)


def test_several_files_without_a_slice_are_refused_in_words(page: WorkstationPage, phantom: Path):
    page.upload(phantom / "truth.json", phantom / "ct.nii.gz")
    message = refusal(page)
    assert "2 files but no DICOM image" in message
    assert "such as ct.nii.gz" in message


def test_after_refusals_the_next_ct_opens(page: WorkstationPage, phantom: Path, tmp_path: Path):
    a_text(tmp_path / "text.nii.gz", b"")
    page.upload(tmp_path / "text.nii.gz")
    refusal(page)
    sitk.WriteImage(sitk.ReadImage(str(phantom / "ct.nii.gz"))[:, :, :20], str(tmp_path / "next.nii.gz"))
    page.upload(tmp_path / "next.nii.gz")
    assert page.wait_for_case("112 x 87 x 20 voxels") == "next"
    assert page.page.locator("#lts-notice").count() == 0
    page.upload(phantom / "ct.nii.gz")
    assert page.wait_for_case("112 x 87 x 56 voxels") == "ct"


def test_a_server_that_offers_no_folder_and_takes_little_says_both(shared_visits, phantom: Path, tmp_path: Path):
    with workstation_server(tmp_path / "server", "--max-upload-mib", 1) as server:
        page = shared_visits.new_page(server.address).open()
        assert page.page.locator(".v-btn:has(.mdi-file-upload-outline)").is_visible()
        assert not page.page.locator(".v-btn:has(.mdi-server)").is_visible()
        assert "1 MiB" in page.page.inner_text(".lts-panel")
        (tmp_path / "large.nii").write_bytes(gzip.decompress((phantom / "ct.nii.gz").read_bytes()) + bytes(2 * MIB))
        page.upload(tmp_path / "large.nii")
        notice = page.notice()
        assert "1 MiB" in notice
        assert "/tmp" not in notice
        # The browser itself writes down that the server has said no.
        assert all("413" in error for error in page.record.take_errors())
        page.close_notice()
        page.upload(phantom / "ct.nii.gz")
        assert page.wait_for_case() == "ct"
        page.page.goto("about:blank")
