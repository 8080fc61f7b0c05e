"""The training loop: it learns, goes on where it stopped as if it had not, and what comes out runs in every engine."""

from __future__ import annotations

import csv
import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from refusals import refused
from training_runs import SMALL, Balls, StoppedError, small, stopping_after

from LiverTumorSegLib.settings import Precision
from LiverTumorSegLib.training.log import HEADER
from LiverTumorSegLib.training.loop import LOG, Means, train
from LiverTumorSegLib.training.partial_labels import OF_A_CT
from LiverTumorSegLib.training.recipe import NetworkRecipe, Norm, Optimizer
from LiverTumorSegLib.training.run import CHECKPOINT, begin, read_checkpoint, resume
from LiverTumorSegLib.training.samples import Sample
from LiverTumorSegLib.training.step import validation_loss

CPU = torch.device("cpu")
QUIET = Means(workers=0)


@pytest.fixture(autouse=True)
def one_thread():
    """So small a network waits for its threads most of the time, for very long where others compute too."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def assert_same(first, second, tolerance: float = 1e-6) -> None:
    assert first.keys() == second.keys()
    for name, weights in first.items():
        assert torch.allclose(second[name], weights, atol=tolerance), name


def steps_in(folder) -> list[str]:
    return [row[0] for row in csv.reader((folder / LOG).open())]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_run_that_was_stopped_ends_as_one_that_was_not(tmp_path, workers):
    (tmp_path / "whole").mkdir()
    (tmp_path / "stopped").mkdir()
    whole = train(SMALL, begin(SMALL, CPU), Balls(), tmp_path / "whole", QUIET)
    with pytest.raises(StoppedError):
        train(SMALL, begin(SMALL, CPU), Balls(), tmp_path / "stopped", Means(workers=workers, report=stopping_after(3)))
    assert read_checkpoint(tmp_path / "stopped")["step"] == 3
    resumed = train(SMALL, resume(SMALL, tmp_path / "stopped", CPU), Balls(), tmp_path / "stopped", QUIET)
    assert resumed.step == whole.step == 6
    assert resumed.loss == pytest.approx(whole.loss, abs=1e-6)
    assert_same(whole.averaged, resumed.averaged)
    assert_same(whole.network.state_dict(), resumed.network.state_dict())


@pytest.mark.parametrize("setting", OF_A_CT)
def test_it_learns_what_liver_looks_like(tmp_path, setting):
    """On samples that it was not trained on."""
    recipe = small(setting=setting, steps=60, schedule="constant")
    run = begin(recipe, CPU)
    before = validation_loss(run.network, recipe, Balls(), CPU)
    after = validation_loss(train(recipe, run, Balls(), tmp_path, QUIET).network, recipe, Balls(), CPU)
    assert after < 0.6 * before


def test_a_residual_network_with_batch_norm_learns_and_resumes(tmp_path):
    recipe = replace(
        small(steps=60, schedule="constant", batch=2),
        network=NetworkRecipe((4, 6, 8, 8), residual=True, norm=Norm.BATCH),
    )
    run = begin(recipe, CPU)
    before = validation_loss(run.network, recipe, Balls(), CPU)
    done = train(recipe, run, Balls(), tmp_path, QUIET)
    assert validation_loss(done.network, recipe, Balls(), CPU) < 0.7 * before
    assert_same(done.averaged, resume(recipe, tmp_path, CPU).averaged)


def test_sgd_and_bf16_learn_too(tmp_path):
    recipe = small(
        steps=60,
        optimizer=Optimizer.SGD,
        learning_rate=2e-2,
        schedule="poly",
        precision=Precision.BF16,
    )
    run = begin(recipe, CPU)
    before = validation_loss(run.network, recipe, Balls(), CPU)
    assert validation_loss(train(recipe, run, Balls(), tmp_path, QUIET).network, recipe, Balls(), CPU) < 0.8 * before


def test_a_checkpoint_of_the_first_version_goes_on(tmp_path):
    """Written as the loop of October 2026 wrote it: these six keys, and a log without a header."""
    recipe, run = small(steps=4), begin(SMALL, CPU)
    with pytest.raises(StoppedError):
        train(recipe, run, Balls(), tmp_path, Means(workers=0, report=stopping_after(2)))
    stored = {
        "widths": [4, 6, 8, 8],
        "network": run.network.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "averaged": {name: torch.from_numpy(tensor.numpy()) for name, tensor in run.averaged.items()},
        "step": 2,
        "loss": run.loss,
    }
    assert list(stored["network"])[:2] == ["conv_01_kernel", "conv_01_bias"]
    assert list(stored["averaged"])[:2] == ["conv_01.kernel", "conv_01.bias"]
    torch.save(stored, tmp_path / CHECKPOINT)
    (tmp_path / LOG).write_text("2,1.0453,0.000700,1795546068\n")
    resumed = train(recipe, resume(recipe, tmp_path, CPU), Balls(), tmp_path, QUIET)
    (tmp_path / "whole").mkdir()
    whole = train(recipe, begin(recipe, CPU), Balls(), tmp_path / "whole", QUIET)
    assert_same(whole.averaged, resumed.averaged)
    assert (tmp_path / "log-before.csv").read_text() == "2,1.0453,0.000700,1795546068\n"


def test_the_log_has_a_line_every_ten_steps_and_none_of_steps_that_are_done_again(tmp_path):
    recipe = small(steps=40, checkpoint_every=15)
    with pytest.raises(StoppedError):
        train(recipe, begin(recipe, CPU), Balls(), tmp_path, Means(workers=0, report=stopping_after(25)))
    assert steps_in(tmp_path) == [HEADER[0], "10", "20"]
    torch.save(read_checkpoint(tmp_path) | {"step": 15}, tmp_path / CHECKPOINT)  # as if it had been killed
    train(recipe, resume(recipe, tmp_path, CPU), Balls(), tmp_path, QUIET)
    rows = list(csv.DictReader((tmp_path / LOG).open()))
    assert [row["step"] for row in rows] == ["10", "20", "30", "40"]
    seconds = [float(row["seconds"]) for row in rows]
    assert seconds == sorted(seconds)


def test_validation_is_logged_when_it_was_asked_for(tmp_path):
    recipe = small(steps=20, validate_every=15)
    run = train(recipe, begin(recipe, CPU), Balls(), tmp_path, QUIET, validation=Balls())
    rows = {row["step"]: row["validation_loss"] for row in csv.DictReader((tmp_path / LOG).open())}
    assert rows.keys() == {"10", "15", "20"}
    assert rows["10"] == rows["20"] == ""
    assert 0 < float(rows["15"]) < 3
    assert run.network.training


def test_no_minutes_nothing_is_done_and_nothing_is_written(tmp_path):
    """So that the weights of a run can be written while another process goes on with it."""
    run = train(SMALL, begin(SMALL, CPU), Balls(), tmp_path, Means(minutes=0.0, workers=0))
    assert run.step == 0
    assert list(tmp_path.iterdir()) == []


def test_time_that_is_over_ends_the_run_after_a_step(tmp_path):
    assert train(SMALL, begin(SMALL, CPU), Balls(), tmp_path, Means(minutes=1e-9, workers=0)).step == 1


def test_a_batch_in_parts_is_the_same_batch(tmp_path):
    # Not AdamW, which turns the rounding noise of gradients that should be 0 (biases before a norm) into whole steps.
    recipe = small(batch=4, steps=3, optimizer=Optimizer.SGD)
    whole = train(recipe, begin(recipe, CPU), Balls(), tmp_path, QUIET)
    parts = train(recipe, begin(recipe, CPU), Balls(), tmp_path, Means(workers=0, at_once=3))
    assert_same(whole.network.state_dict(), parts.network.state_dict(), 1e-4)


def test_a_loss_that_is_no_number_ends_the_run_and_leaves_the_checkpoint(tmp_path):
    class Broken(Balls):
        def sample(self, rng):
            sample = super().sample(rng)
            return Sample(sample.hu * np.float32(math.nan), sample.labels, sample.annotated)

    train(small(steps=2), begin(SMALL, CPU), Balls(), tmp_path, QUIET)
    with refused("no number at step 2", "--resume"):
        train(SMALL, resume(SMALL, tmp_path, CPU), Broken(), tmp_path, QUIET)
    assert all(weights.isfinite().all() for weights in read_checkpoint(tmp_path)["averaged"].values())


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    train(small(steps=1), begin(SMALL, CPU), Balls(), tmp_path, QUIET)
    with refused("checkpoint of another network", "[4, 8, 8, 8]"):
        resume(replace(SMALL, network=NetworkRecipe((4, 8, 8, 8))), tmp_path, CPU)
    with refused("checkpoint of another network", "spacing_mm 3.0"):
        resume(small(spacing_mm=3.0), tmp_path, CPU)


def test_a_damaged_checkpoint_and_none_are_refused(tmp_path):
    with refused("no checkpoint.pt"):
        resume(SMALL, tmp_path, CPU)
    (tmp_path / CHECKPOINT).write_bytes(b"not a checkpoint")
    with refused("checkpoint.pt cannot be read"):
        resume(SMALL, tmp_path, CPU)


def test_progress_tells_step_loss_and_remaining_time(tmp_path):
    events = []
    recipe = small(steps=30)
    train(recipe, begin(recipe, CPU), Balls(), tmp_path, Means(workers=0, report=events.append))
    assert [event.fraction for event in events] == pytest.approx([(n + 1) / 30 for n in range(30)])
    assert events[-1].message.startswith("step 30 of 30, loss ")
    assert events[-1].message.endswith(", 0 min left")
    assert len({event.message for event in events}) == 4
