"""The experiment on partial labels: who is trained on what, how it is judged, and that it runs and goes on."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from refusals import refused

from LiverTumorSegLib.cli import experiment_command
from LiverTumorSegLib.progress import ignore_progress
from LiverTumorSegLib.training.data.label_maps import BinaryMask
from LiverTumorSegLib.training.data.splits import partial_split
from LiverTumorSegLib.training.data.structures import ALL_STRUCTURES, Structure
from LiverTumorSegLib.training.data.subject import Annotation, CtSource, LabelledCt, Subject
from LiverTumorSegLib.training.experiment.cohort import Cohort, phantom_cohort
from LiverTumorSegLib.training.experiment.design import CELLS, Cell, Supervision, runs_of
from LiverTumorSegLib.training.experiment.experiment import REPORT, RESULTS, Experiment, in_markdown
from LiverTumorSegLib.training.experiment.predictor import TrainedNetwork, definition_of
from LiverTumorSegLib.training.experiment.scale import SCALES
from LiverTumorSegLib.training.experiment.scores import Scores, exclusive, judged, mean_and_deviation
from LiverTumorSegLib.training.partial_labels import OF_A_CT, Setting
from LiverTumorSegLib.training.prepared import store
from LiverTumorSegLib.training.recipe import Norm, Optimizer
from LiverTumorSegLib.training.run import begin
from LiverTumorSegLib.volume import Volume

CPU = torch.device("cpu")
TINY = SCALES["tiny"]


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def subject(number: int) -> Subject:
    """One that is never read."""
    image = CtSource(Path(f"{number}.nii"))
    masks = (BinaryMask(Path(f"{number}-{structure}.nii"), structure) for structure in Structure)
    annotations = tuple(Annotation("a", image, mask, mask.structures) for mask in masks)
    return Subject(f"s{number:03d}", "a", image, annotations)


SUBJECTS = tuple(subject(number) for number in range(303))


def test_a_quarter_three_partial_quarters_and_all_are_those_of_table_a1():
    split = partial_split(SUBJECTS, 0)
    kinds = {
        supervision: Counter(one.annotated for one in Cell(Setting.ML, supervision).subjects(split, SUBJECTS))
        for supervision in Supervision
    }
    liver, vessel, tumor = (frozenset({structure}) for structure in Structure)
    assert kinds[Supervision.QUARTER] == {ALL_STRUCTURES: 61}
    assert kinds[Supervision.QUARTER_AND_PARTIAL] == {ALL_STRUCTURES: 61, liver: 61, vessel: 61, tumor: 60}
    assert kinds[Supervision.ALL] == {ALL_STRUCTURES: 243}


def test_nobody_who_tests_is_trained_on_and_each_run_leaves_out_a_fold():
    split = partial_split(SUBJECTS, 0)
    test = set(split.part("test").subjects)
    for cell in CELLS:
        runs = runs_of(cell, split, SUBJECTS, 5, 0)
        assert len(runs) == 5
        own = {one.id for one in cell.subjects(split, SUBJECTS)}
        left_out = [own - {one.id for one in run} for run in runs]
        assert set().union(*left_out) == own
        assert sum(map(len, left_out)) == len(own)
        assert not own & test
    with refused("61 subjects for 62 folds"):
        runs_of(CELLS[0], split, SUBJECTS, 62, 0)


def test_cells_are_those_of_both_tables():
    names = {cell.name for cell in CELLS}
    assert len(CELLS) == len(names) == 8
    assert names == {"mc-25", "mlx-25", "ml-25", "mc-25-ps", "mlx-25-ps", "ml-25-ps", "mc-100", "mlx-100"}


def test_runs_are_trained_as_the_appendix_says():
    recipe = SCALES["paper"].recipe(CELLS[0], 0)
    training = recipe.training
    assert (recipe.network.residual, recipe.network.norm) == (True, Norm.BATCH)
    assert (training.optimizer, training.learning_rate, training.schedule) == (Optimizer.ADAMW, 1e-3, "cosine")
    assert (training.steps, training.batch, training.patch, training.spacing_mm) == (4000, 112, (128, 128, 96), 1.0)
    assert training.warmup_steps > 0
    assert tuple(SCALES) == experiment_command.SCALES


def one_hot(winner: int, channels: int) -> np.ndarray:
    probabilities = np.full((channels, 1, 1, 1), 0.1, np.float32)
    probabilities[winner] = 0.7
    return probabilities


def test_a_softmax_gives_its_most_probable_class():
    assert [int(exclusive(one_hot(n, 4), Setting.MC)[0, 0, 0]) for n in range(4)] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("liver", "vessel", "tumor", "expected"),
    [(0.4, 0.4, 0.4, 0), (0.5, 0.4, 0.4, 1), (0.9, 0.5, 0.4, 2), (0.9, 0.9, 0.5, 3), (0.1, 0.1, 0.6, 3)],
)
def test_sigmoids_go_by_priority(liver, vessel, tumor, expected):
    probabilities = np.array([liver, vessel, tumor], np.float32).reshape(3, 1, 1, 1)
    for setting in (Setting.ML, Setting.MLX):
        assert int(exclusive(probabilities, setting)[0, 0, 0]) == expected


def prepared(folder: Path, labels: np.ndarray):
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    hu = Volume(labels.astype(np.float32), affine)  # so that an answer can be made of it
    return store(LabelledCt(hu, Volume(labels, affine), ALL_STRUCTURES), folder)


def test_scores_by_hand(tmp_path):
    """Of two tumours one is covered by an eighth; half of the liver is found; unknown voxels are not judged."""
    truth = np.zeros((16, 10, 8), np.uint8)
    truth[:8] = 1
    truth[0, :8, 0] = 3
    truth[4, :2, 4] = 3
    truth[10] = 255

    def predict(hu):
        answer = np.zeros((3, *hu.shape), np.float32)
        answer[0, :4] = 1.0
        answer[2, 0, 0, 0] = 1.0
        answer[2, 10] = 1.0
        answer[2, 14, 0, 0] = 1.0
        return answer

    scores = judged([prepared(tmp_path / "case", truth)], predict, Setting.ML)
    liver_found, liver_there, both = 320 - 1, 640 - 10, 320 - 8
    assert scores.dice["liver"] == pytest.approx(2 * both / (liver_found + liver_there))
    assert scores.dice["tumor"] == pytest.approx(2 * 1 / (2 + 10))
    assert scores.dice["vessel"] == 1.0
    assert (scores.sensitivity, scores.precision) == (0.5, 0.5)


def test_without_a_tumour_there_is_nothing_to_find(tmp_path):
    case = prepared(tmp_path / "case", np.ones((4, 5, 6), np.uint8))
    scores = judged([case], lambda hu: np.stack([np.ones_like(hu), 0 * hu, 0 * hu]), Setting.ML)
    assert (scores.dice["liver"], scores.sensitivity, scores.precision) == (1.0, None, None)
    with pytest.raises(ValueError, match="no cases"):
        judged([], lambda hu: hu[None], Setting.ML)


def test_runs_have_a_mean_and_a_sample_deviation():
    assert mean_and_deviation([1.0, 3.0]) == (2.0, pytest.approx(2**0.5))
    assert mean_and_deviation([1.0]) == (1.0, 0.0)
    assert mean_and_deviation([1.0, None]) is None
    assert mean_and_deviation([]) is None


def test_tables_are_laid_out_as_in_the_paper():
    def run(value: float) -> dict[str, Scores]:
        return {"HV": Scores({"liver": value, "vessel": value / 2, "tumor": value / 4}, value, None)}

    results = {Cell(Setting.MLX, Supervision.QUARTER): [run(0.8), run(1.0)]}
    lines = in_markdown(results, Cohort("HV", (), "none", ())).splitlines()
    assert lines[2] == "| FS | PS | Head | HV: liver | HV: vessel | HV: tumor |"
    assert lines[4] == "| 25 % | ✗ | MC | - | - | - |"
    assert lines[5] == "| 25 % | ✗ | MLx | 0.900 ± 0.141 | 0.450 ± 0.071 | 0.225 ± 0.035 |"
    assert [line.split("|")[1:4] for line in lines[6:10]] == [
        [" 25 % ", " ✓ ", " MC "], [" 25 % ", " ✓ ", " MLx "], [" 100 % ", " ✗ ", " MC "], [" 100 % ", " ✗ ", " MLx "],
    ]  # fmt: skip
    assert lines[13] == "| FS | PS | LVT overlap | HV: vessel | HV: tumor | HV: sensitivity | HV: precision |"
    assert lines[15] == "| 25 % | ✗ | ✗ | 0.450 ± 0.071 | 0.225 ± 0.035 | 0.900 ± 0.141 | - |"


@pytest.mark.parametrize("setting", OF_A_CT)
def test_a_network_is_seen_by_inference_with_its_channels(setting):
    recipe = TINY.recipe(Cell(setting, Supervision.QUARTER), 0)
    network, definition = TrainedNetwork(begin(recipe, CPU), recipe, CPU), definition_of(recipe)
    hu = np.random.default_rng(0).normal(50, 50, (20, 18, 17)).astype(np.float32)
    answer = experiment_command.sliding()(network, definition, hu)
    assert answer.shape == (setting.channels, 20, 18, 17)
    if setting is Setting.MC:
        assert np.allclose(answer.sum(0), 1.0, atol=1e-4)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> Cohort:
    return phantom_cohort(TINY, tmp_path_factory.mktemp("phantoms"), ignore_progress)


def test_phantoms_are_enough_for_the_split_and_are_made_once(cohort):
    assert (len(cohort.subjects), len(cohort.external)) == (10, 1)
    folder = cohort.subjects[0].image.path.parents[2]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.gz")}
    again = phantom_cohort(TINY, folder, ignore_progress)
    assert again == cohort
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.gz")} == before


@pytest.mark.slow
def test_the_whole_experiment_runs_and_goes_on_where_it_was_stopped(cohort, tmp_path):
    class StoppedError(Exception):
        pass

    seen = []

    def stop_in_the_third_cell(event):
        seen.append(event.fraction)
        if event.message.startswith("mc-25-ps, run 1: step"):
            raise StoppedError

    experiment = Experiment(cohort, TINY, tmp_path, experiment_command.sliding(), CPU, workers=0)
    with pytest.raises(StoppedError):
        experiment.run(stop_in_the_third_cell)
    assert seen == sorted(seen)
    assert not (tmp_path / RESULTS).exists()
    kept = tmp_path / "mlx-25" / "run-2" / "scores.json"
    kept.write_text(kept.read_text().replace('"liver": 0.0', '"liver": 0.875'))
    results = experiment.run()
    assert results.keys() == set(CELLS)
    assert all(len(runs) == TINY.folds for runs in results.values())
    assert results[Cell(Setting.MLX, Supervision.QUARTER)][1]["Phantoms"].dice["liver"] == 0.875
    stored = json.loads((tmp_path / RESULTS).read_text())
    assert stored["scale"] == "tiny"
    assert stored["runs"].keys() == {cell.name for cell in CELLS}
    assert (tmp_path / REPORT).read_text() == in_markdown(results, cohort)
    with refused("another experiment in"):
        replace(experiment, seed=1).run()
