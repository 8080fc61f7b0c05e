"""The whole ablation at its smallest: it runs, goes on where it was stopped, and trains nothing twice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from refusals import refused

from LiverTumorSegLib.cli.experiment_smoothing import segmenting
from LiverTumorSegLib.cli.main import main
from LiverTumorSegLib.phantom.clinical import ClinicalSettings
from LiverTumorSegLib.progress import ProgressEvent, ignore_progress
from LiverTumorSegLib.settings import Device, Quality
from LiverTumorSegLib.training.data.splits import TEST
from LiverTumorSegLib.training.experiment.smoothing.cohort import synthetic_cohort
from LiverTumorSegLib.training.experiment.smoothing.design import TRAIN, random_splits
from LiverTumorSegLib.training.experiment.smoothing.experiment import REPORT, RESULTS, Experiment
from LiverTumorSegLib.training.experiment.smoothing.scale import SCALES
from LiverTumorSegLib.training.experiment.smoothing.tables import in_markdown
from LiverTumorSegLib.training.experiment.smoothing.training import Hardware

TINY = SCALES["tiny"]
OWN = "segresnet-vae-2"


class StoppedError(Exception):
    """What a user's stop raises here."""


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("ablation")


@pytest.fixture(scope="module")
def experiment(folder) -> Experiment:
    cohort = synthetic_cohort(TINY, ClinicalSettings(), folder / "phantoms", ignore_progress)
    segment = segmenting(Device.CPU, Quality.STANDARD)
    return Experiment(cohort, TINY, folder, segment, Hardware(torch.device("cpu"), workers=0))


@pytest.fixture(scope="module")
def stopped(experiment, folder) -> dict[Path, int]:
    """Stopped while the second split trains its tumours; when each file of weights was written."""
    seen = []

    def stop(event: ProgressEvent) -> None:
        seen.append(event.fraction)
        if "split-2, tumor: step" in event.message:
            raise StoppedError

    with pytest.raises(StoppedError):
        experiment.run(stop)
    assert seen == sorted(seen)
    assert not (folder / RESULTS).exists()
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.safetensors")}


@pytest.fixture(scope="module")
def results(experiment, stopped, folder):
    """A kept score is changed by hand first, so that it can be recognized."""
    kept = folder / OWN / "split-1" / "multiclass" / "scores.json"
    stored = json.loads(kept.read_text())
    for one in stored["scores"]["off"].values():
        one["tumor"]["dice"] = 0.875
    kept.write_text(json.dumps(stored))
    return experiment.run()


def test_a_split_trains_four_networks_and_shares_the_livers(results, folder):
    for number in (1, 2, 3):
        weights = sorted(path.parent.name for path in (folder / OWN / f"split-{number}").rglob("*.safetensors"))
        assert weights == ["liver", "multiclass", "tumor", "tumor-smoothed"]
        scores = sorted(path.parent.name for path in (folder / OWN / f"split-{number}").rglob("scores.json"))
        assert scores == ["multiclass", "two-step", "two-step-smoothed"]


def test_what_was_finished_before_a_stop_is_kept(stopped, results, folder):
    assert len(stopped) == 6  # four of the first split, two of the second
    assert {path: path.stat().st_mtime_ns for path in stopped} == stopped
    first = results.own[0]
    assert [one.tumor.dice for cases in first.scores["multiclass"].values() for one in cases] == [0.875] * 5
    written = json.loads((folder / RESULTS).read_text())
    assert written["runs"][results.backbone].keys() == {"split-1", "split-2", "split-3"}


def test_nobody_who_tests_was_trained_on_and_only_smoothing_saw_a_prior(results, experiment, folder):
    for number, split in enumerate(random_splits(experiment.cohort.subjects, 0), 1):
        place = folder / OWN / f"split-{number}"
        for name in ("liver", "multiclass", "tumor", "tumor-smoothed"):
            card = json.loads((place / name / f"{name.removesuffix('-smoothed')}.json").read_text())
            assert card["data_use"]["trained_on"] == sorted(split.part(TRAIN).subjects)
            assert ("prior_sha256" in card["training"]) is (name == "tumor-smoothed")
        for name in ("multiclass", "two-step", "two-step-smoothed"):
            scores = json.loads((place / name / "scores.json").read_text())["scores"]
            assert all(set(cases) == set(split.part(TEST).subjects) for cases in scores.values())
        prior = json.loads((folder / "priors" / f"split-{number}" / "prior.json").read_text())
        assert set(prior["predictions"]) == set(split.part(TRAIN).subjects)


def test_tables_are_written_and_another_backbone_joins_later(results, experiment, folder):
    assert (folder / REPORT).read_text() == in_markdown(results, experiment.cohort)
    assert "SegResNet " not in in_markdown(results, experiment.cohort)
    more = replace(experiment, backbones=("segresnet",)).run()
    assert set(more.splits) == {"segresnet-vae:2", "segresnet:2"}
    assert "| SegResNet " in (folder / REPORT).read_text()
    weights = {path.parent.name for path in (folder / "segresnet-2").rglob("*.safetensors")}
    assert weights == {"liver", "tumor"}


def test_another_seed_needs_another_folder(results, experiment):
    with refused("another experiment in"):
        replace(experiment, seed=1).run()


def test_the_command_refuses_a_backbone_that_there_is_not_before_it_makes_anything(tmp_path, capsys):
    words = ["experiment", "smoothing", "-o", str(tmp_path / "out"), "--scale", "tiny", "--backbones", "unet,unet9"]
    assert main(words) == 2
    assert "no backbone 'unet9'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
