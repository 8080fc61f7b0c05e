"""What a user names -> phases: DICOM folders with several series, results, and what is left out of them."""

from __future__ import annotations

import numpy as np
import pytest
from dicom_series import oblique_affine, write_series

from LiverTumorSegLib.cli.phases_inputs import CtInput, ResultInput, phase_inputs
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.dicom_list import list_series
from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.volume import Volume


def stack(folder, number, description, *, slices=60, change=None, coronal=False):
    hu = np.linspace(-1000, 400 + number, 30 * slices).astype(np.int16).reshape(6, 5, slices)
    affine = oblique_affine((2.0, 2.0, 2.5))
    if coronal:
        affine[:3, [1, 2]] = affine[:3, [2, 1]]
    write_series(folder, Volume(hu, affine), number=number, description=description, prefix=f"s{number}_",
                 **({"change": change} if change else {}))  # fmt: skip


def of_another_study(_k, dataset):
    dataset.StudyInstanceUID += ".9"


@pytest.fixture
def examination(tmp_path):
    folder = tmp_path / "dicom"
    stack(folder, 1, "bolus", slices=8)
    stack(folder, 2, "arteriell")
    stack(folder, 3, "portalvenös")
    stack(folder, 4, "coronal", coronal=True)
    return folder


def test_every_series_is_listed_with_its_extent_and_plane(examination):
    listed = list_series(examination)
    assert [one.selector for one in listed] == ["#1", "#2", "#3", "#4"]
    assert [one.extent_mm for one in listed] == pytest.approx([7 * 2.5, 59 * 2.5, 59 * 2.5, 59 * 2.0], abs=1e-3)
    assert [one.is_axial for one in listed] == [True, True, True, False]
    assert read_study(examination, series=listed[2].selector).source.series_description == "portalvenös"


def test_a_folder_stands_for_all_of_its_axial_series_that_may_show_a_liver(examination):
    found = phase_inputs([examination])
    assert found.phases == (CtInput(examination, "#2"), CtInput(examination, "#3"))
    assert len(found.warnings) == 2
    assert "'bolus'" in found.warnings[0]
    assert "shorter than 100 mm" in found.warnings[0]
    assert "'coronal'" in found.warnings[1]
    assert "not axial" in found.warnings[1]


def test_series_may_be_chosen(examination):
    found = phase_inputs([examination], "1, 3")
    assert found.phases == (CtInput(examination, "1"), CtInput(examination, "3"))
    assert found.warnings == ()


def test_several_studies_in_one_folder_are_to_be_chosen_from(tmp_path):
    stack(tmp_path, 1, "portal 2020")
    stack(tmp_path, 2, "portal 2022", change=of_another_study)
    with pytest.raises(InputError, match="several studies") as refused:
        phase_inputs([tmp_path])
    assert "--series" in str(refused.value)
    assert len(phase_inputs([tmp_path], "1,2").phases) == 2


def test_results_files_and_folders_with_one_series_are_taken_as_they_are(tmp_path):
    stack(tmp_path / "one", 1, "portal")
    (tmp_path / "result").mkdir()
    for name in ("run.json", "segmentation.nii.gz"):
        (tmp_path / "result" / name).write_text("{}")
    paths = [tmp_path / "one", tmp_path / "result", tmp_path / "ct.nii.gz"]
    assert phase_inputs(paths).phases == (CtInput(paths[0]), ResultInput(paths[1]), CtInput(paths[2]))


def test_one_phase_alone_is_refused(tmp_path):
    stack(tmp_path / "one", 1, "portal")
    for given in ([tmp_path / "one"], [tmp_path / "ct.nii.gz"]):
        with pytest.raises(InputError, match="two or more phases"):
            phase_inputs(given)


def test_what_the_header_says_of_a_phase_is_read(tmp_path):
    def with_times(_k, dataset):
        dataset.ProtocolName = "Abdomen 3 phases"
        dataset.ContrastBolusAgent = "Iomeprol 400"
        dataset.ContrastBolusStartTime = "101500"
        dataset.AcquisitionTime = "101610.5"
        dataset.SeriesTime = "101600"

    stack(tmp_path, 1, "portal", change=with_times)
    source = read_study(tmp_path).source
    assert (source.protocol_name, source.contrast_agent) == ("Abdomen 3 phases", "Iomeprol 400")
    assert (source.contrast_start_time, source.acquisition_time, source.series_time) == ("101500", "101610.5", "101600")
    assert type(source).from_json(source.to_json()) == source
