"""What readers take home: each kind of file, read back with the project's own readers, before and after an edit."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from cli_runs import RESULT_FILES
from workstation_exports import FittedSlice, exported_mask, exported_tables, rows_of
from workstation_page import AXIAL, LIVER, ORGAN, TUMOR, VESSEL, Numbers, WorkstationPage

from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.io.results import read_case, read_segmentation_of
from LiverTumorSegLib.labels import TUMOR as TUMOR_LABEL
from LiverTumorSegLib.labels import VESSEL_VALUES
from LiverTumorSegLib.volume import Volume

ML_PER_VOXEL = 0.045


@pytest.fixture(scope="module")
def page(new_segmented) -> WorkstationPage:
    return new_segmented()


@pytest.fixture(scope="module")
def ct(phantom: Path) -> Volume:
    return read_study(phantom / "ct.nii.gz").ct


def check_mask(mask: np.ndarray, numbers: Numbers) -> None:
    """Its voxels, counted, are the volumes of the table."""
    for name, voxels in {
        ORGAN: mask > 0,
        VESSEL: np.isin(mask, VESSEL_VALUES),
        TUMOR: mask == TUMOR_LABEL.value,
    }.items():
        assert numbers.ml(name) == pytest.approx(voxels.sum() * ML_PER_VOXEL, abs=0.051), name


def check_tables(volumes: list[dict[str, str]], lesions: list[dict[str, str]], numbers: Numbers) -> None:
    """Their numbers, rounded, are those of the page."""
    assert [(row["structure"].lower(), f"{float(row['volume_ml']):.1f}") for row in volumes] == [
        (name.lower(), ml) for name, (ml, _) in numbers.volumes.items()
    ]
    columns = ("long_axis_mm", "short_axis_mm", "volume_ml")
    assert [(row["lesion"], *(f"{float(row[column]):.1f}" for column in columns)) for row in lesions] == [
        lesion[:4] for lesion in numbers.lesions
    ]


def check_report(html: str, numbers: Numbers) -> None:
    """It says the numbers, and asks no other computer for anything."""
    assert html.startswith("<!DOCTYPE html>") or html.startswith("<!doctype html>")
    text = re.sub(r"<style.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL)
    words = set(text.split())
    for name in (ORGAN, TUMOR):
        assert numbers.volumes[name][0] in words
    for lesion in numbers.lesions:
        assert {lesion[1], lesion[2]} <= words
    assert not re.findall(r"""(?:src|href)=["']?(?:https?:)?//""", html)
    assert "<script" not in html


def check_folder(file: Path, target: Path, numbers: Numbers, ct: Volume) -> None:
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert {Path(name).name for name in archive.namelist()} == RESULT_FILES
        [folder] = {name.split("/")[0] for name in archive.namelist()}
        archive.extractall(target)
    result = target / folder
    check_mask(read_segmentation_of(result).array, numbers)
    case = read_case(result)
    assert case.segmentation.same_grid(ct)
    check_tables(
        rows_of((result / "volumes.csv").read_text()), rows_of((result / "measurements.csv").read_text()), numbers
    )
    check_report((result / "report.html").read_text(encoding="utf-8"), numbers)
    with zipfile.ZipFile(result / "scene.mrb") as scene:
        assert any(name.endswith(".mrml") for name in scene.namelist())
        assert any(name.endswith(".seg.nrrd") for name in scene.namelist())


def test_the_tables_hold_the_command_lines_numbers_unrounded(page: WorkstationPage, command_line: Path, tmp_path: Path):
    volumes, lesions = exported_tables(page, tmp_path)
    assert volumes == rows_of((command_line / "volumes.csv").read_text())
    expected = rows_of((command_line / "measurements.csv").read_text())
    assert [{name: lesion[name] for name in expected[0]} for lesion in lesions] == expected
    assert all(lesion[name] == "" for lesion in lesions for name in lesion if name.startswith("reader_"))


def test_the_segmentation_is_the_command_lines(page: WorkstationPage, command_line: Path, ct: Volume, tmp_path: Path):
    mask = exported_mask(page, ct, tmp_path)
    assert (mask == read_segmentation_of(command_line).array).all()
    check_mask(mask, page.numbers())


def test_the_report_says_the_numbers(page: WorkstationPage, tmp_path: Path):
    report = page.export("report", tmp_path)
    assert report.suffix == ".html"
    check_report(report.read_text(encoding="utf-8"), page.numbers())


def test_every_file_follows_an_edit(page: WorkstationPage, ct: Volume, tmp_path: Path):
    before = page.numbers()
    page.show_all(AXIAL)
    page.structure(LIVER)
    page.tool("paint")
    page.brush(20)
    place = FittedSlice(AXIAL, ct, page.size(AXIAL))
    page.stroke(AXIAL, place.pixel_of(83, 28), place.pixel_of(83, 0))
    edited = page.wait_for_numbers(before)
    # Liver was painted over a part of the largest lesion.
    assert edited.ml(TUMOR) < before.ml(TUMOR) - 2
    check_tables(*exported_tables(page, tmp_path), edited)
    check_mask(exported_mask(page, ct, tmp_path), edited)
    check_report(page.export("report", tmp_path).read_text(encoding="utf-8"), edited)
    check_folder(page.export("folder", tmp_path), tmp_path / "unpacked", edited, ct)


def test_a_report_that_is_cancelled_leaves_nothing(page: WorkstationPage, server, tmp_path: Path):
    session, folder = server.session_of(page.page.url), server.folder_of(page.page.url)
    exports = set((folder / "exports").iterdir())
    children = set(session.children(recursive=True))
    page.page.click("#lts-export-folder")
    page.page.click("#lts-cancel-export")
    page.page.locator("#lts-export-folder").wait_for(timeout=10_000)
    page.wait_until(lambda: set(session.children(recursive=True)) <= children, "the report's process to end")
    page.wait_until(lambda: not list(folder.glob("report-*")), "its files to go")
    assert set((folder / "exports").iterdir()) == exports
