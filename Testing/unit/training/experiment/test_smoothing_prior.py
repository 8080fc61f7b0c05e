"""The clinical prior of a split knows nothing of the patients that test, nor of a patient's own ratio."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from LiverTumorSegLib.clinical.prior import PriorSettings
from LiverTumorSegLib.clinical.table import RawTable
from LiverTumorSegLib.io.prior_files import read_prior
from LiverTumorSegLib.phantom.clinical import COLUMNS, ClinicalSettings, clinical_table
from LiverTumorSegLib.progress import ignore_progress
from LiverTumorSegLib.training.experiment.smoothing.prior import prior_scores, split_prior

SETTINGS = PriorSettings(repeats=1, shuffles=0, draws=50)
IDS = [f"P{number:03d}" for number in range(28)]
TRAIN, TEST = IDS[:22], IDS[22:]
RATIOS = dict(zip(IDS, np.exp(-3 + 0.9 * np.random.default_rng(1).standard_normal(len(IDS))).tolist(), strict=True))


def table(ratios: dict[str, float]) -> RawTable:
    rows = clinical_table(list(ratios.values()), ClinicalSettings(correlation=0.9))
    return RawTable(COLUMNS, tuple(tuple(row) for row in rows))


def fitted(folder: Path, raw: RawTable, ratios: dict[str, float]) -> dict:
    folder.mkdir()
    return json.loads(split_prior(raw, ratios, TRAIN, folder, SETTINGS, ignore_progress).read_text())


@pytest.fixture(scope="module")
def usual(tmp_path_factory) -> dict:
    return fitted(tmp_path_factory.mktemp("prior") / "a", table(RATIOS), RATIOS)


def test_patients_that_test_change_nothing_but_how_they_come_off_themselves(usual, tmp_path):
    """Neither their ratios nor their facts: other numbers, other words, twice as many empty cells."""
    other_ratios = RATIOS | dict.fromkeys(TEST, 0.9)
    usual_rows = table(RATIOS).rows
    shuffled = [(one, 1e6, 9.0, "Stage-D", 3.0, None, None, None, "maybe", 1e4) for one in TEST]
    other = fitted(tmp_path / "b", RawTable(COLUMNS, (*usual_rows[:22], *shuffled)), other_ratios)
    assert other["held_out"] != usual["held_out"]
    assert {**other, "held_out": None} == {**usual, "held_out": None}


def test_a_patients_own_ratio_is_not_in_its_prediction(usual, tmp_path):
    one = TRAIN[4]
    other = fitted(tmp_path / "b", table(RATIOS), RATIOS | {one: RATIOS[one] + 0.3})
    assert other["predictions"][one]["predicted"] == usual["predictions"][one]["predicted"]
    assert other["predictions"][one]["observed"] == pytest.approx(RATIOS[one] + 0.3)
    assert other["model"] != usual["model"]


def test_it_is_a_prior_of_those_that_are_trained_on_and_is_tried_on_the_others(usual, tmp_path):
    assert list(usual["predictions"]) == TRAIN
    assert all(one["fold"] in (1, 2, 3, 4, 5) for one in usual["predictions"].values())
    assert list(usual["held_out"]["cases"]) == TEST
    assert "TTP" not in usual["columns"]
    path = tmp_path / "prior.json"
    path.write_text(json.dumps(usual))
    assert set(read_prior(path)) == set(TRAIN)
    scores = prior_scores(path)
    assert scores.patients == len(TRAIN)
    assert scores.in_sample is not None
    assert scores.in_sample > 0.5
    predicted, observed = (
        [one[key] for one in usual["held_out"]["cases"].values()] for key in ("predicted", "observed")
    )
    assert scores.held_out == pytest.approx(np.corrcoef(predicted, observed)[0, 1])


def test_a_file_that_is_there_is_kept(tmp_path):
    (tmp_path / "prior.json").write_text("{}")
    assert split_prior(table(RATIOS), RATIOS, TRAIN, tmp_path, SETTINGS, ignore_progress).read_text() == "{}"
