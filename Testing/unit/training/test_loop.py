"""The training loop: it learns, goes on where it stopped as if it had not, and what comes out runs in every engine."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import torch
from refusals import refused

from LiverTumorSegLib.engines.torch_engine import TorchOps
from LiverTumorSegLib.models.lvt import lvt_kernels, lvt_network
from LiverTumorSegLib.models.network import weight_shapes
from LiverTumorSegLib.training.loop import input_from_hu, rate_at, train
from LiverTumorSegLib.training.network import TrainableNetwork
from LiverTumorSegLib.training.recipe import RECIPES, Recipe, read_recipe
from LiverTumorSegLib.training.synthesis.tissues import Tissue

SMALL = Recipe("test", 1, (4, 6, 8, 8), 6.0, 32, (), 1, 6, 1e-2, 2, 1e-4, checkpoint_every=2)


def anatomy() -> np.ndarray:
    i, j, k = np.indices((56, 48, 44))
    codes = np.full(i.shape, Tissue.FAT, np.uint8)
    codes[((i - 30) / 18) ** 2 + ((j - 24) / 14) ** 2 + ((k - 22) / 14) ** 2 < 1] = Tissue.LIVER
    codes[24:40, 22:25, 20:23] = Tissue.PORTAL_VEIN
    return codes


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "anatomies").mkdir()
    np.save(tmp_path / "anatomies" / "one.npy", anatomy())
    return tmp_path


class StoppedError(Exception):
    pass


def stop_at(step: int):
    def report(event):
        if f"step {step}," in event.message:
            raise StoppedError

    return report


def test_a_run_that_was_stopped_ends_as_one_that_was_not(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("whole")
    (folder / "anatomies").rename(other / "anatomies")
    whole = train(SMALL, other, lambda _event: None)
    stopped = tmp_path_factory.mktemp("stopped")
    (stopped / "anatomies").symlink_to(other / "anatomies")
    with pytest.raises(StoppedError):
        train(SMALL, stopped, stop_at(3))
    resumed = train(SMALL, stopped, lambda _event: None)
    assert resumed.step == whole.step == 6
    for name, weights in whole.averaged.items():
        assert np.allclose(resumed.averaged[name], weights, atol=1e-6), name
    assert [row[0] for row in csv.reader((stopped / "log.csv").open())] == ["2", "3", "4", "6", "6"]


def test_it_learns_what_liver_looks_like(folder):
    recipe = Recipe("test", 1, (4, 6, 8, 8), 6.0, 32, (), 1, 40, 1e-2, 5, 1e-4)
    losses = []
    train(recipe, folder, lambda event: losses.append(float(event.message.rsplit(" ", 1)[1])))
    assert losses[-1] < 0.95 * losses[0]


def test_a_checkpoint_of_another_network_is_refused(folder):
    train(Recipe("test", 1, (4, 6, 8, 8), 6.0, 32, (), 1, 1, 1e-2, 2, 1e-4), folder, lambda _event: None)
    with refused("checkpoint of another network", "widths (4, 8, 8, 8)"):
        train(Recipe("test", 1, (4, 8, 8, 8), 6.0, 32, (), 1, 1, 1e-2, 2, 1e-4), folder, lambda _event: None)


def test_the_rate_warms_up_and_comes_down_to_a_hundredth():
    recipe = Recipe("test", 1, (4, 6, 8, 8), 6.0, 32, (), 1, 100, 1e-2, 10, 1e-4)
    assert rate_at(0, recipe) == pytest.approx(1e-3)
    assert rate_at(9, recipe) == pytest.approx(1e-2, rel=0.03)
    assert rate_at(100, recipe) == pytest.approx(1e-4)


def test_hu_are_clipped_and_centered():
    assert input_from_hu(np.array([-1000.0, -160.0, 40.0, 240.0, 3000.0])).tolist() == [-0.5, -0.5, 0.0, 0.5, 0.5]


def test_training_and_inference_compute_the_same():
    torch.manual_seed(0)
    network = TrainableNetwork((4, 6, 8, 8))
    x = torch.randn(1, 1, 16, 24, 8)
    with torch.no_grad():
        full, half, quarter = network(x)
        weights = {name: torch.from_numpy(array) for name, array in network.weights().items()}
        answer = lvt_network(4)(TorchOps(), weights, x)
    assert torch.allclose(answer, torch.sigmoid(full), atol=1e-6)
    assert (half.shape, quarter.shape) == ((1, 3, 8, 12, 4), (1, 3, 4, 6, 2))
    assert {name: array.shape for name, array in network.weights().items()} == weight_shapes(lvt_kernels([4, 6, 8, 8]))


def test_every_weight_has_a_gradient():
    network = TrainableNetwork((4, 6, 8, 8))
    sum(level.square().mean() for level in network(torch.randn(1, 1, 16, 16, 16))).backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in network.parameters())


def test_two_levels_of_the_network_by_hand():
    """One voxel of every size, kernels of ones: what adds up can be followed."""
    kernels = lvt_kernels([1, 1])
    assert kernels == ((1, 1, 3, 3, 3),) * 4 + ((1, 2, 3, 3, 3), (1, 1, 3, 3, 3), (3, 1, 1, 1, 1))
    weights = {f"conv_{n:02d}.kernel": torch.zeros(shape) for n, shape in enumerate(kernels, 1)}
    weights |= {f"conv_{n:02d}.bias": torch.full(shape[:1], float(n)) for n, shape in enumerate(kernels, 1)}
    answer = lvt_network(2)(TorchOps(), weights, torch.randn(1, 1, 4, 4, 4))
    assert torch.allclose(answer, torch.sigmoid(torch.tensor(7.0)))


@pytest.mark.parametrize("file", sorted(RECIPES.glob("*.toml")), ids=lambda file: file.stem)
def test_committed_recipes_can_be_read(file):
    assert read_recipe(file).name == file.stem


def test_a_recipe_with_something_else_in_it_is_refused(tmp_path):
    text = (RECIPES / "synthetic.toml").read_text()
    (tmp_path / "a.toml").write_text(text + "\nspeling = 1\n")
    with refused("speling"):
        read_recipe(tmp_path / "a.toml")
    (tmp_path / "b.toml").write_text(text.replace("patch = 96", ""))
    with refused("patch"):
        read_recipe(tmp_path / "b.toml")
    (tmp_path / "c.toml").write_text(text.replace("patch = 96", "patch = 90"))
    with refused("multiple of 16"):
        read_recipe(tmp_path / "c.toml")
