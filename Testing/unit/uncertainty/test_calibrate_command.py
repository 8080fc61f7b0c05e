"""``calibrate`` from end to end, with patients of a few voxels and a segmenter whose answers are known."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import pytest
from confident_cases import ORGAN
from phantoms import Shape, affine_of, centered, sphere, voxelize
from refusals import refused

from LiverTumorSegLib.cli import calibrate_command
from LiverTumorSegLib.cli.calibrate_command import LOG, PAGE, PICTURE, prepare, write_calibration
from LiverTumorSegLib.cli.calibrate_patients import KnownCase, PlannedCase
from LiverTumorSegLib.cli.calibrate_run import read_log, record_cases
from LiverTumorSegLib.cli.progress_output import ProgressMode, ProgressOutput
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.errors import CancelledError, InputError
from LiverTumorSegLib.inference.findings import Findings, Whole
from LiverTumorSegLib.io.nifti import write_nifti
from LiverTumorSegLib.io.text_files import read_json, write_json
from LiverTumorSegLib.labels import LIVER, TUMOR
from LiverTumorSegLib.progress import ignore_progress
from LiverTumorSegLib.registry import KULEUVEN
from LiverTumorSegLib.settings import SegmentSettings
from LiverTumorSegLib.study import Source, Study
from LiverTumorSegLib.uncertainty.confidence import ANY_MODEL, model_of
from LiverTumorSegLib.volume import Volume

SHAPE, AFFINE = (44, 50, 30), centered(affine_of((4.0, 4.0, 5.0)), (44, 50, 30))
TUMOR_AT, FALSE_AT = (20.0, 0.0, 0.0), (-30.0, 10.0, 0.0)
HU_LIVER, HU_TUMOR, HU_FALSE = 100, 40, 150


def on_grid(shape: Shape) -> np.ndarray:
    return voxelize(SHAPE, AFFINE, shape).array


def known_case(*, is_hard: bool) -> KnownCase:
    """A tumour that both networks see; in a hard case also a bright place that one of them takes for a tumour."""
    organ, tumor, bright = on_grid(ORGAN), on_grid(sphere(14.0, TUMOR_AT)), on_grid(sphere(14.0, FALSE_AT))
    hu = np.where(organ, HU_LIVER, -50).astype(np.int16)
    hu[tumor] = HU_TUMOR
    if is_hard:
        hu[bright] = HU_FALSE
    truth = np.where(organ, np.uint8(LIVER.value), np.uint8(0))
    truth[tumor] = TUMOR.value
    return KnownCase(Study(Volume(hu, AFFINE), Source("", "synthetic", "")), truth)


class Thresholds:
    """Two voices: one knows tumours, the other takes what is bright for one as well."""

    spec, tumor_core, tumor_rim = KULEUVEN, 0.5, 0.3
    runs = 0

    def liver(self, ct, report):
        self.runs += 1
        return Whole(ct.with_array(np.where(ct.array > 0, np.float32(0.95), np.float32(0.02))))

    def findings(self, region, whole, report):
        dark = np.where(region.array == HU_TUMOR, np.float32(0.9), np.float32(0))
        both = np.where(region.array == HU_FALSE, np.float32(1.0), dark)
        voices = {"careful": region.with_array(dark), "rash": region.with_array(both)}
        organs = {"coarse": whole.organ, "fine": whole.organ}
        tumor = region.with_array(((dark + both) / 2).astype(np.float32))
        return Findings(whole.organ, tumor, organ_voices=organs, tumor_voices=voices)

    def describe(self):
        return []


def planned(count: int) -> Iterator[PlannedCase]:
    for n in range(count):
        yield PlannedCase(f"synthetic-{n}", f"p{n % 6}", n > 0, lambda n=n: known_case(is_hard=n % 2 == 1))


def run(folder, count, segmenter=None, report=ignore_progress):
    return record_cases(planned(count), count, segmenter or Thresholds(), SegmentSettings(), folder / LOG, report)


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("calibration")
    records = run(folder, 12)
    return folder, records, write_calibration(folder, records, "kuleuven", install=False)


def test_features_and_truth_of_every_case_are_recorded(calibrated):
    _, records, _ = calibrated
    easy, hard = records[0], records[1]
    assert easy.true_lesions == (True,)
    assert sorted(hard.true_lesions) == [False, True]
    assert easy.is_good
    assert not hard.is_good
    assert easy.liver_dice == pytest.approx(1.0)
    agreements = [lesion.agreement for lesion in hard.features.lesions]
    assert sorted(agreements) == pytest.approx([0.0, 1.0])


def test_the_files_say_how_reliable_the_fit_is(calibrated):
    folder, _, found = calibrated
    assert found.lesions.auc == 1.0
    assert (folder / PICTURE).stat().st_size > 5000
    page = (folder / PAGE).read_text(encoding="utf-8")
    assert "12 cases: **11 synthetic** and 1 real, of 6 patients" in page
    assert "| synthetic-0 | 1.000 | 0 | yes |" in page


def test_the_coefficients_are_those_of_this_model_and_no_other(calibrated):
    folder, _, found = calibrated
    stored = read_json(folder / calibrate_command.COEFFICIENTS_FILE)
    assert model_of(stored, "kuleuven") == found.model
    assert model_of(stored, "kuleuven").is_calibrated
    assert "11 synthetic patients" in found.model.fitted_on
    assert not model_of(stored, ANY_MODEL).is_calibrated
    assert "date" not in str(stored)


def test_installed_coefficients_are_used_by_later_runs(calibrated, tmp_path, monkeypatch):
    from LiverTumorSegLib.uncertainty import confidence

    _, records, found = calibrated
    place = tmp_path / "installed.json"
    write_json(place, read_json(confidence.COEFFICIENTS))
    monkeypatch.setattr(confidence, "COEFFICIENTS", place)
    write_calibration(tmp_path, records, "kuleuven", install=True)
    confidence.confidence_model.cache_clear()
    assert confidence.confidence_model("kuleuven") == found.model
    confidence.confidence_model.cache_clear()


def test_what_is_done_is_not_run_again_and_a_torn_line_is(calibrated, tmp_path):
    folder, records, _ = calibrated
    lines = (folder / LOG).read_text().splitlines(keepends=True)
    (tmp_path / LOG).write_text("".join(lines[:10]) + lines[10][:40])
    segmenter = Thresholds()
    assert run(tmp_path, 12, segmenter) == records
    assert segmenter.runs == 2
    assert read_log(tmp_path / LOG) == records


def test_a_cancel_keeps_the_cases_that_are_done(tmp_path):
    def stop_at_third(event):
        if "Case 3" in event.message:
            raise CancelledError

    with pytest.raises(CancelledError):
        run(tmp_path, 5, report=stop_at_third)
    assert [record.name for record in read_log(tmp_path / LOG)] == ["synthetic-0", "synthetic-1"]


def test_a_log_of_something_else_is_refused(tmp_path):
    (tmp_path / LOG).write_text('{"step": 3}\n')
    with refused("cannot be used"):
        read_log(tmp_path / LOG)


def test_cases_of_other_settings_are_not_mixed(tmp_path):
    prepare(tmp_path / "new", {"model": "combined", "seed": 1})
    prepare(tmp_path / "new", {"model": "combined", "seed": 1})
    with refused("other settings"):
        prepare(tmp_path / "new", {"model": "combined", "seed": 2})
    (tmp_path / "thesis.txt").write_text("mine")
    with refused("other files"):
        prepare(tmp_path, {})


def test_too_few_cases_are_kept_and_more_are_asked_for(tmp_path):
    records = run(tmp_path, 2)
    with pytest.raises(InputError, match="more --cases"):
        write_calibration(tmp_path, records, "kuleuven", install=False)


def arguments(folder, data, *more: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    calibrate_command.add_parser(parser.add_subparsers())
    words = ["calibrate", "-o", str(folder), "--data", str(data), "--model", "kuleuven", "--seed", "3", *more]
    return parser.parse_args(words)


def data_of_one_patient(folder):
    """A trunk whose skin, spine and liver were drawn."""
    maps = folder / "labelmaps" / "abdomen"
    maps.mkdir(parents=True)
    i, j, k = np.indices((52, 44, 36))
    labels = np.zeros((52, 44, 36), np.uint8)
    labels[((i - 26) / 25) ** 2 + ((j - 22) / 20) ** 2 < 1] = 1
    labels[((i - 26) / 4) ** 2 + ((j - 6) / 4) ** 2 < 1] = 2
    labels[((i - 34) / 11) ** 2 + ((j - 24) / 11) ** 2 + ((k - 18) / 11) ** 2 < 1] = 4
    write_nifti(maps / "p1.nii.gz", Volume(labels, affine_of((4.0, 4.0, 4.0))))
    facts = {"labels": {"body": 1, "bone": 2, "liver": 4}, "annotated": {"p1": ["body", "bone", "liver"]}}
    write_json(maps / "labels.json", facts)
    return folder


def test_the_command_makes_patients_runs_them_and_asks_for_more(tmp_path, monkeypatch):
    pytest.importorskip("torch")
    from LiverTumorSegLib.cli import model_choice
    from LiverTumorSegLib.inference import segmenters

    monkeypatch.setattr(model_choice, "choose_model", lambda *_args, **_named: (KULEUVEN, ()))
    monkeypatch.setattr(segmenters, "make_segmenter", lambda *_args: Thresholds())
    data, out = data_of_one_patient(tmp_path / "data"), tmp_path / "out"
    job = Job(ProgressOutput(ProgressMode.NONE))
    with pytest.raises(InputError, match="to calibrate with"):
        calibrate_command.work(arguments(out, data, "--cases", "2"), job)
    first, second = read_log(out / LOG)
    assert (first.name, first.patient, first.is_synthetic) == ("synthetic-0000", "p1", True)
    assert first.features != second.features
    assert 0 < first.liver_dice < 1


def test_the_same_seed_makes_the_same_patients(tmp_path):
    pytest.importorskip("torch")
    from LiverTumorSegLib.cli.calibrate_patients import planned_cases

    data = data_of_one_patient(tmp_path)
    (one,), (same,), (_, other) = (list(planned_cases(data, n, seed=5)) for n in (1, 1, 2))
    made = one.make()
    assert (made.study.ct.array == same.make().study.ct.array).all()
    assert (made.truth > 0).sum() > 1000
    assert made.truth.shape == made.study.ct.shape
    assert made.study.ct.array.dtype == np.int16
    again = other.make()
    assert again.study.ct.shape != made.study.ct.shape or (again.study.ct.array != made.study.ct.array).any()


def test_the_classical_fallback_and_a_folder_without_maps_are_refused(tmp_path):
    pytest.importorskip("torch")
    job = Job(ProgressOutput(ProgressMode.NONE))
    with refused("model classical"):
        calibrate_command.work(arguments(tmp_path / "o", tmp_path, "--model", "classical"), job)
    from LiverTumorSegLib.cli.calibrate_patients import planned_cases

    with refused("no label maps"):
        list(planned_cases(tmp_path, 1, 1))
    assert list(planned_cases(tmp_path, 0, 1)) == []
