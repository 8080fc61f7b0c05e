"""Opening a CT in every form that readers have it in, one after the other on one page."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from dicom_series import write_series
from workstation_page import AXIAL, CORONAL, SAGITTAL, WorkstationPage

from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.volume import Volume

NIFTI_SIZE = "112 x 87 x 56 voxels of 3.00 x 3.00 x 5.00 mm"


@pytest.fixture(scope="module")
def page(new_shared_page) -> WorkstationPage:
    return new_shared_page()


@pytest.fixture(scope="module")
def ct(phantom: Path) -> Volume:
    return read_study(phantom / "ct.nii.gz").ct


@pytest.fixture
def with_phantom(page: WorkstationPage, phantom: Path) -> WorkstationPage:
    page.upload(phantom / "ct.nii.gz")
    page.wait_for_case(NIFTI_SIZE)
    return page


def first_slices(ct: Volume, number: int) -> Volume:
    return Volume(ct.array[:, :, :number], ct.affine)


def size(number_of_slices: int) -> str:
    return f"112 x 87 x {number_of_slices} voxels of 3.00 x 3.00 x 5.00 mm"


def pixel_of(i: float, j: float, picture: np.ndarray) -> tuple[int, int]:
    """Column and row of a place in voxels of the phantom (112 x 87) that fills the width of the axial view."""
    rows, columns, _ = picture.shape
    pixels = columns / 112
    return round(columns / 2 + (i - 55.5) * pixels), round(rows / 2 + (j - 43) * pixels)


def pack(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.rglob("*")):
            archive.write(path, path.relative_to(folder.parent))
    return target


def is_the_phantom(picture: np.ndarray) -> bool:
    """Its body is 104 of the 112 voxels wide that fill the axial view; around it is black air, inside it bone."""
    columns = np.flatnonzero((picture.max(axis=2) > 40).any(axis=0))
    width = np.ptp(columns) / picture.shape[1] if columns.size else 0.0
    return abs(width - 104 / 112) < 0.03 and picture[:10, :10].max() < 20 and picture.max() > 240


def test_a_nifti_file_is_shown_with_its_name_its_size_and_its_spacing(page: WorkstationPage, phantom: Path):
    page.upload(phantom / "ct.nii.gz")
    assert page.wait_for_case() == "ct"
    assert page.description == NIFTI_SIZE
    page.wait_for_picture(AXIAL, is_the_phantom, "the phantom's axial slice")


def test_each_window_preset_gives_the_tissues_the_gray_that_they_should_have(with_phantom: WorkstationPage, ct: Volume):
    # Squares of 7 voxels in the deep lesion and in the liver behind it, in the slice that the page shows first.
    tissues = {"lesion": (27, 33), "liver": (24, 52)}
    hu = {name: ct.array[i - 3 : i + 4, j - 3 : j + 4, 28].mean() for name, (i, j) in tissues.items()}
    assert hu["lesion"] + 50 < hu["liver"]
    for preset, (window_hu, level_hu) in {"vessels": (600, 170), "liver": (200, 80), "abdomen": (350, 60)}.items():
        with_phantom.page.click(f"#lts-window-{preset}")
        picture = with_phantom.still_picture(AXIAL)
        for name, (i, j) in tissues.items():
            left, top = pixel_of(i - 3.5, j - 3.5, picture)
            right, bottom = pixel_of(i + 3.5, j + 3.5, picture)
            shown = picture[top:bottom, left:right].mean()
            assert shown == pytest.approx(255 * (0.5 + (hu[name] - level_hu) / window_hu), abs=4), (preset, name)


@pytest.mark.parametrize(("view", "axis"), [(AXIAL, 2), (CORONAL, 1), (SAGITTAL, 0)])
def test_the_wheel_and_the_slider_go_slice_by_slice(with_phantom: WorkstationPage, ct: Volume, view: int, axis: int):
    page, letter, step = with_phantom, "RAS"[axis], ct.spacing_mm[axis]
    before, start = page.still_picture(view), page.position_mm(view)
    assert page.position_text(view).startswith(letter)
    page.scroll(view)
    page.wait_until(lambda: page.position_mm(view) != start, "another slice")
    assert abs(page.position_mm(view) - start) == pytest.approx(step, abs=0.06)
    page.wait_for_picture(view, lambda picture: (picture != before).any(), "another slice's picture")
    page.scroll(view, forward=False)
    page.wait_until(lambda: page.position_mm(view) == start, "the slice from before")
    page.wait_for_picture(view, lambda picture: (picture == before).all(), "the picture from before")
    page.page.mouse.move(5, 5)
    slider = page.view(view).locator(".v-slider [role=slider]")
    slider.focus()
    slider.press("ArrowRight")
    page.wait_until(lambda: page.position_mm(view) != start, "another slice")
    assert abs(page.position_mm(view) - start) == pytest.approx(step, abs=0.06)


def test_a_nrrd_file_is_the_same_ct(page: WorkstationPage, phantom: Path, tmp_path: Path):
    image = sitk.ReadImage(str(phantom / "ct.nii.gz"))
    sitk.WriteImage(image[:, :, :55], str(tmp_path / "portal.nrrd"), useCompression=True)
    page.upload(tmp_path / "portal.nrrd")
    assert page.wait_for_case(size(55)) == "portal"
    page.wait_for_picture(AXIAL, is_the_phantom, "the phantom's axial slice")


def test_a_zip_of_dicom_slices_is_one_ct(page: WorkstationPage, ct: Volume, tmp_path: Path):
    write_series(tmp_path / "patient" / "portal", first_slices(ct, 54))
    page.upload(pack(tmp_path / "patient", tmp_path / "patient.zip"))
    page.wait_for_case(size(54))
    assert "2024" in page.description, "the date in the slices"
    page.wait_for_picture(AXIAL, is_the_phantom, "the phantom's axial slice")


def test_a_folder_of_dicom_slices_is_one_ct_whatever_else_lies_in_it(page: WorkstationPage, ct: Volume, tmp_path: Path):
    write_series(tmp_path / "patient" / "portal", first_slices(ct, 53))
    (tmp_path / "patient" / ".DS_Store").write_bytes(b"what file managers leave behind")
    (tmp_path / "patient" / "notes.txt").write_text("no image")
    page.upload_folder(tmp_path / "patient")
    page.wait_for_case(size(53))
    page.wait_for_picture(AXIAL, is_the_phantom, "the phantom's axial slice")


def test_dicom_slices_that_are_chosen_as_files_are_one_ct(page: WorkstationPage, ct: Volume, tmp_path: Path):
    page.upload(*write_series(tmp_path / "patient", first_slices(ct, 52)))
    page.wait_for_case(size(52))


def test_of_two_series_the_chosen_one_is_opened(page: WorkstationPage, ct: Volume, tmp_path: Path):
    write_series(tmp_path / "study" / "one", first_slices(ct, 51), number=1, description="Arterial")
    write_series(tmp_path / "study" / "two", first_slices(ct, 50), number=2, description="Portal venous")
    page.upload(pack(tmp_path / "study", tmp_path / "study.zip"))
    lines = page.page.locator(".lts-series")
    lines.nth(1).wait_for()
    first, second = lines.all_inner_texts()
    assert "Arterial" in first
    assert "Portal venous" in second
    lines.nth(1).click()
    page.wait_for_case(size(50))


def test_who_chooses_no_series_keeps_what_is_open(with_phantom: WorkstationPage, ct: Volume, tmp_path: Path):
    page = with_phantom
    for number in (1, 2):
        write_series(tmp_path / "study" / str(number), first_slices(ct, 10), number=number)
    page.upload(pack(tmp_path / "study", tmp_path / "study.zip"))
    page.page.locator(".lts-series").nth(1).wait_for()
    page.answer(0)
    assert page.wait_for_case() == "ct"
    assert page.description == NIFTI_SIZE
