"""A whole run from a recipe and a data folder: what it writes, what it refuses, and what it says about its data."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from refusals import refused
from training_runs import SMALL, Balls, cases_recipe, small, write_data

from LiverTumorSegLib.engines.torch_engine import TorchOps
from LiverTumorSegLib.io.own_weights import model_of_file
from LiverTumorSegLib.io.weights import load
from LiverTumorSegLib.io.weights_card import facts
from LiverTumorSegLib.io.weights_repack import tensors_from_safetensors, tensors_sha256
from LiverTumorSegLib.models.lvt import lvt_definition, lvt_network
from LiverTumorSegLib.progress import ignore_progress
from LiverTumorSegLib.registry import KULEUVEN
from LiverTumorSegLib.settings import Device
from LiverTumorSegLib.training.card import can_be_exported
from LiverTumorSegLib.training.data_use import DataUse
from LiverTumorSegLib.training.job import RECIPE, TrainSettings, run_training
from LiverTumorSegLib.training.loop import LOG, Means, train
from LiverTumorSegLib.training.partial_labels import Setting
from LiverTumorSegLib.training.recipe import NetworkRecipe, Norm
from LiverTumorSegLib.training.recipe_file import read_recipe
from LiverTumorSegLib.training.run import CHECKPOINT, begin, read_checkpoint
from LiverTumorSegLib.training.sources import SPLIT, declared_use


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def root(tmp_path):
    write_data(tmp_path / "data", "ircad01", "ircad07")
    return tmp_path


def run(root: Path, recipe: Path, **changes: object):
    settings = TrainSettings(recipe, root / "runs" / recipe.stem, root / "data", device=Device.CPU, workers=0)
    return run_training(replace(settings, **changes), ignore_progress)


def card(root: Path, name: str) -> dict:
    return json.loads((root / "runs" / name / f"{name}.json").read_text())


def test_a_run_writes_weights_that_inference_can_use_and_their_card(root):
    recipe = cases_recipe(root / "one.toml", "ircad01", never_seen=("ircad07",))
    outcome = run(root, recipe)
    folder = root / "runs" / "one"
    assert {path.name for path in folder.iterdir()} == {
        CHECKPOINT, LOG, RECIPE, "one.safetensors", "one.json", "one.md",
    }  # fmt: skip
    tensors = tensors_from_safetensors((folder / "one.safetensors").read_bytes())
    assert {array.dtype for array in tensors.values()} == {np.dtype(np.float16)}
    lvt_definition("one", (4, 6, 8, 8), 6.0).check_weights(tensors)
    x = torch.randn(1, 1, 16, 16, 16)
    weights = {name: torch.from_numpy(array.astype(np.float32)) for name, array in tensors.items()}
    averaged = lvt_network(4)(TorchOps(), outcome.run.averaged, x)
    assert torch.allclose(lvt_network(4)(TorchOps(), weights, x), averaged, atol=0.01)
    told = card(root, "one")
    assert facts(KULEUVEN).keys() <= told.keys()
    spec = model_of_file(folder / "one.safetensors")
    assert load(spec, "one").keys() == tensors.keys()
    assert told["files"]["one"]["tensors_sha256"] == tensors_sha256(tensors)
    assert told["network"] == {
        "architecture": "lvt", "widths": [4, 6, 8, 8], "spacing_mm": 6.0, "hu_range": [-160.0, 240.0],
        "window": [16, 16, 16], "channels": ["liver", "vessel", "tumor"],
        "knows_coarse": False, "precision": "float16",
    }  # fmt: skip
    assert (told["training"]["steps"], told["training"]["recipe"]) == (3, recipe.read_text())
    assert told["data_use"] == {
        "trained_on": ["ircad01"], "images_of": ["ircad01"], "chosen_on": [],
        "data_sets": ["ircad"], "never_seen": ["ircad07"],
    }  # fmt: skip
    assert told["license"] == "CC-BY-NC-4.0"
    text = (folder / "one.md").read_text()
    assert "| trained on | ircad01 |" in text
    assert "| never seen | ircad07 |" in text
    assert "not a medical device" in text


def test_a_second_run_in_the_folder_needs_resume(root):
    recipe = cases_recipe(root / "one.toml", "ircad01")
    run(root, recipe)
    with refused("a run in", "at step 3", "--resume"):
        run(root, recipe)
    assert run(root, recipe, is_resumed=True).run.step == 3
    with refused("no checkpoint.pt"):
        run(root, recipe, is_resumed=True, folder=root / "runs" / "other")
    assert not (root / "runs" / "other").exists()


def test_a_run_starts_from_the_average_of_another_and_inherits_what_that_one_saw(root):
    first = run(root, cases_recipe(root / "first.toml", "ircad01"))
    second = run(root, cases_recipe(root / "second.toml", "ircad07", start_from="first"), minutes=0.0)
    for name, weights in first.run.averaged.items():
        assert torch.equal(second.run.averaged[name], weights), name
    for name, weights in first.run.network.auxiliary_weights().items():
        assert torch.equal(second.run.network.auxiliary_weights()[name], weights), name
    assert card(root, "second")["data_use"]["trained_on"] == ["ircad01", "ircad07"]
    with refused("ircad01", "never_seen"):
        run(root, cases_recipe(root / "third.toml", "ircad07", start_from="first", never_seen=("ircad01",)))
    (root / "runs" / "first" / CHECKPOINT).unlink()
    fourth = cases_recipe(root / "fourth.toml", "ircad07", start_from="first/first.safetensors")
    from_file = run(root, fourth, minutes=0.0)
    assert from_file.run.use.trained_on == ("ircad01", "ircad07")
    for name, weights in first.run.averaged.items():
        assert torch.allclose(from_file.run.averaged[name], weights, atol=1e-3), name
    (root / "runs" / "first" / "first.json").unlink()
    with refused("no first.json with data_use", "what data went into"):
        run(root, cases_recipe(root / "fifth.toml", "ircad07", start_from="first/first.safetensors"))


def test_a_run_to_start_from_that_is_not_there_or_does_not_fit_is_refused(root):
    with refused("no run 'first'", "Train first first"):
        run(root, cases_recipe(root / "second.toml", "ircad07", start_from="first"))
    run(root, cases_recipe(root / "first.toml", "ircad01"))
    second = cases_recipe(root / "second.toml", "ircad07", start_from="first")
    second.write_text(second.read_text().replace("[4, 6, 8, 8]", "[4, 6, 8, 10]"))
    with refused("[4, 6, 8, 8]", "[4, 6, 8, 10]"):
        run(root, second)


def test_a_checkpoint_of_the_first_version_saw_what_its_committed_recipe_names(root):
    run(root, cases_recipe(root / "synthetic.toml", "ircad01"))
    folder = root / "runs" / "synthetic"
    stored = read_checkpoint(folder)
    torch.save({name: stored[name] for name in ("widths", "network", "averaged", "step", "loss")}, folder / CHECKPOINT)
    outcome = run(root, cases_recipe(root / "second.toml", "ircad07", start_from="synthetic"), minutes=0.0)
    assert {"ircad02", "ircad19", "ircad07"} <= set(outcome.run.use.trained_on)
    assert "ircad01" not in outcome.run.use.trained_on
    assert outcome.run.use.images_of == ("ircad07",)
    assert (
        "of 1 patients and CT rendered from the label maps alone of 77 patients"
        in card(root, "second")["training_data"]
    )
    (root / "runs" / "synthetic").rename(root / "runs" / "another")
    with refused("does not record its data"):
        run(root, cases_recipe(root / "third.toml", "ircad07", start_from="another"))


def test_a_fold_trains_on_the_others_and_validates_on_its_own(root):
    recipe = cases_recipe(root / "one.toml", "ircad01", "ircad07")
    outcome = run(root, recipe, fold=1)
    use = outcome.run.use
    assert (len(use.trained_on), len(use.chosen_on)) == (1, 1)
    assert {*use.trained_on, *use.chosen_on} == {"ircad01", "ircad07"}
    folder = root / "runs" / "one"
    parts = json.loads((folder / SPLIT).read_text())["parts"]
    assert parts[0] == {"name": "fold-1", "structures": ["liver", "vessel", "tumor"], "subjects": list(use.chosen_on)}
    (row,) = list(csv.DictReader((folder / LOG).open()))
    assert row["step"] == "3"
    assert float(row["validation_loss"]) > 0
    with refused("the run was trained before", "--fold"):
        run(root, recipe, fold=2, is_resumed=True)
    with refused("no part 'fold-3'"):
        run(root, recipe, fold=3, folder=root / "runs" / "two")


def test_a_case_that_is_not_there_is_refused(root):
    with refused("no ct.nii.gz in", "ircad03"):
        run(root, cases_recipe(root / "one.toml", "ircad03"))


def test_only_what_inference_knows_is_exported(tmp_path):
    assert can_be_exported(SMALL)
    assert not can_be_exported(small(setting=Setting.MC))
    assert not can_be_exported(small(setting=Setting.MLX))
    assert not can_be_exported(replace(SMALL, network=NetworkRecipe((4, 6, 8, 8), norm=Norm.BATCH)))
    done = train(small(setting=Setting.MC, steps=1), begin(small(setting=Setting.MC), torch.device("cpu")), Balls(),
                 tmp_path, Means(workers=0))  # fmt: skip
    assert done.averaged["conv_15.kernel"].shape == (4, 4, 1, 1, 1)


@pytest.mark.parametrize(
    ("data_sets", "expected"),
    [
        ((), "Apache-2.0"),
        (("phantom",), "Apache-2.0"),
        (("total_example",), "Apache-2.0"),
        (("ircad", "hepatic-vessel"), "CC-BY-NC-4.0"),
        (("lits",), "CC-BY-NC-4.0"),
        (("hepatic-vessel", "hv-liver"), "CC-BY-SA-4.0"),
        (("ircad", "hospital"), "as the data allow: hospital"),
    ],
)
def test_weights_have_the_strictest_licence_of_their_data(data_sets, expected):
    assert DataUse(data_sets=data_sets).license == expected


def test_what_the_committed_recipes_use():
    root = Path(__file__).parents[3] / "LiverTumorSegLib" / "training" / "recipes"
    for name in ("synthetic", "synthetic-whole", "synthetic-ircad01", "synthetic-ircad07"):
        recipe = read_recipe(root / f"{name}.toml")
        declared_use(recipe).check_unseen(recipe.never_seen)
        more = () if name == "synthetic" else ("total_example",)
        assert declared_use(recipe).data_sets == ("hepatic-vessel", "ircad", "lits", *more)
    assert declared_use(read_recipe(root / "synthetic-whole.toml")).images_of == ()
    assert declared_use(read_recipe(root / "default.toml")).images_of == ("ircad01", "ircad07")
    anatomy = read_recipe(root / "anatomy.toml")
    declared_use(anatomy).check_unseen(anatomy.never_seen)
    assert (declared_use(anatomy).images_of, len(declared_use(anatomy).trained_on)) == ((), 101)
