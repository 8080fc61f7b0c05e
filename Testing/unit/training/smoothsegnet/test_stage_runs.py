"""Whole trainings of SmoothSegNet's stages: what comes out, where a stopped one goes on, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from refusals import refused
from stage_training import stage_recipe, write_pair, write_prior
from training_runs import StoppedError, cases_recipe, stopping_after, write_data

from LiverTumorSegLib.engines.choice import EngineChoice
from LiverTumorSegLib.engines.network import load_network
from LiverTumorSegLib.io.stage_weights import pair_in, stage_of_file
from LiverTumorSegLib.io.weights import load
from LiverTumorSegLib.models.backbones import stage_definition
from LiverTumorSegLib.progress import ignore_progress
from LiverTumorSegLib.registry import Stage, StageFacts
from LiverTumorSegLib.settings import Device, Engine, Precision, Variant
from LiverTumorSegLib.training.job import TrainSettings, run_training
from LiverTumorSegLib.training.smoothsegnet.pair import stage_recipes, train_stages


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def root(tmp_path) -> Path:
    write_data(tmp_path / "data", "ircad01", "ircad07")
    return tmp_path


def settings(root: Path, recipe: Path, **changes: object) -> TrainSettings:
    usual = TrainSettings(recipe, root / "runs" / recipe.stem, root / "data", device=Device.CPU, workers=0)
    return replace(usual, **changes)


def run(root: Path, recipe: Path, report=ignore_progress, **changes: object):
    return run_training(settings(root, recipe, **changes), report)


def card(path: Path) -> dict:
    return json.loads(path.with_suffix(".json").read_text())


def test_both_stages_are_trained_into_what_segment_takes(root):
    name = write_pair(root, "ircad01")
    recipes = stage_recipes(str(name), Variant.TWO_STEP)
    out = root / "runs" / "pair"
    outcomes = train_stages(recipes, settings(root, Path(), folder=out), ignore_progress)
    assert [outcome.run.step for outcome in outcomes.values()] == [4, 4]
    assert {path.name for path in out.iterdir()} == {
        "prepared", "liver", "tumor", "liver.safetensors", "liver.json", "liver.md", "tumor.safetensors", "tumor.json",
        "tumor.md",
    }  # fmt: skip
    liver, tumor = pair_in(out)
    assert tumor.stage == StageFacts(
        Stage.TUMOR, "segresnet-vae:2", (6.0, 6.0, 6.0), "RAS", (-150.0, 250.0), (32, 16, 16)
    )
    assert liver.license == "CC-BY-NC-4.0"
    told = card(out / "tumor.safetensors")
    assert told["data_use"]["images_of"] == ["ircad01"]
    assert told["training"]["recipe"] == recipes[Stage.TUMOR].read_text()
    assert "| grid | 6 x 6 x 6 mm, axes RAS, windows of 32 x 16 x 16 voxels |" in (out / "tumor.md").read_text()
    with refused("a run in", "--resume"):
        train_stages(recipes, settings(root, Path(), folder=out), ignore_progress)


def test_inference_answers_as_the_trained_network(root):
    outcome = run(root, stage_recipe(root / "tumor.toml", "tumor", "ircad01"))
    spec = stage_of_file(outcome.weights)
    definition = stage_definition("tumor", spec.stage)
    choice = EngineChoice(Engine.TORCH, Device.CPU, Precision.FP32, 1)
    network = load_network(definition, load(spec, spec.files[0].name), choice)
    window = np.random.default_rng(0).uniform(0, 1, (32, 16, 16)).astype(np.float32)
    outcome.run.network.load(outcome.run.averaged)
    outcome.run.network.eval()
    with torch.no_grad():
        (logits,) = outcome.run.network(torch.from_numpy(window)[None, None])
    assert np.allclose(network.run(window), torch.softmax(logits, 1)[0].numpy(), atol=5e-3)  # stored as float16


def test_a_stage_that_was_stopped_ends_as_one_that_was_not(root):
    """With dropout and a VAE's noise, which both draw from torch's random numbers."""
    recipe = stage_recipe(root / "liver.toml", "liver", "ircad01", "ircad07")
    whole = run(root, recipe)
    folder = root / "runs" / "stopped"
    with pytest.raises(StoppedError):
        run(root, recipe, _after_preparation(3), folder=folder)
    torch.rand(7)
    resumed = run(root, recipe, folder=folder, is_resumed=True)
    assert resumed.run.step == whole.run.step == 4
    assert resumed.run.loss == pytest.approx(whole.run.loss, abs=1e-6)
    for name, weights in whole.run.network.state_dict().items():
        assert torch.allclose(resumed.run.network.state_dict()[name], weights, atol=1e-6), name
    for name, weights in whole.run.averaged.items():
        assert torch.allclose(resumed.run.averaged[name], weights, atol=1e-6), name


def _after_preparation(steps: int):
    stop = stopping_after(steps)

    def report(event) -> None:
        if event.stage == "train":
            stop(event)

    return report


def test_a_pair_goes_on_where_it_stopped(root):
    recipes = stage_recipes(str(write_pair(root, "ircad01")), None)
    whole = train_stages(recipes, settings(root, Path(), folder=root / "whole"), ignore_progress)
    out = settings(root, Path(), folder=root / "stopped")
    with pytest.raises(StoppedError):
        train_stages(recipes, out, _after_preparation(2))
    assert not (root / "stopped" / "tumor").exists()
    resumed = train_stages(recipes, replace(out, is_resumed=True), ignore_progress)
    for stage, outcome in whole.items():
        for name, weights in outcome.run.averaged.items():
            assert torch.allclose(resumed[stage].run.averaged[name], weights, atol=1e-6), (stage, name)
    with refused("no checkpoint.pt", "leave out --resume"):
        train_stages(recipes, settings(root, Path(), folder=root / "no", is_resumed=True), ignore_progress)


def test_the_minutes_are_for_both_stages(root):
    recipes = stage_recipes(str(write_pair(root, "ircad01", steps="100000")), None)
    outcomes = train_stages(recipes, settings(root, Path(), folder=root / "short", minutes=0.04), ignore_progress)
    liver, tumor = (outcome.run for outcome in outcomes.values())
    assert 0 < liver.step < 100000
    assert 0 < tumor.step < 100000
    assert liver.seconds < 0.04 * 60


def test_another_backbone_takes_both_stages(root):
    recipes = stage_recipes(str(write_pair(root, "ircad01")), None)
    out = root / "other"
    train_stages(recipes, settings(root, Path(), folder=out, backbone="segresnet:2"), ignore_progress)
    assert {spec.stage.backbone for spec in pair_in(out)} == {"segresnet:2"}
    assert card(out / "liver.safetensors")["training"]["recipe"].startswith("# trained with --backbone segresnet:2\n")
    with refused("checkpoint of another network", "backbone segresnet-vae:2"):
        train_stages(recipes, settings(root, Path(), folder=out, is_resumed=True), ignore_progress)
    with refused("--backbone unet for one", "a stage of SmoothSegNet"):
        run(root, cases_recipe(root / "one.toml", "ircad01"), backbone="unet")
    with refused("no backbone 'resnet'"):
        train_stages(recipes, settings(root, Path(), folder=root / "no", backbone="resnet"), ignore_progress)


def test_the_multiclass_variant_is_one_network(root):
    stage_recipe(root / "tiny-multiclass.toml", "multiclass", "ircad01", steps="2")
    recipes = stage_recipes(str(root / "tiny"), Variant.MULTICLASS)
    out = root / "multiclass"
    train_stages(recipes, settings(root, Path(), folder=out), ignore_progress)
    assert stage_of_file(out / "multiclass.safetensors").stage.stage is Stage.MULTICLASS


def test_a_prior_changes_what_is_learned_of_its_case_only(root):
    recipe = stage_recipe(root / "tumor.toml", "tumor", "ircad01", prior_weight=5.0)
    other = stage_recipe(root / "plain.toml", "tumor", "ircad01")
    prior = write_prior(root / "prior.json", {"ircad01": 0.9})
    plain = run(root, other)
    told = run(root, recipe, prior=prior)
    assert told.run.prior == card(told.weights)["training"]["prior_sha256"] != ""
    assert told.run.loss > plain.run.loss + 1.0
    assert any(not torch.equal(told.run.averaged[name], one) for name, one in plain.run.averaged.items())
    with refused("knows none of the 1 cases", "ircad01"):
        run(root, recipe, folder=root / "no", prior=write_prior(root / "strange.json", {"HCC_001": 0.1}))
    both = stage_recipe(root / "both.toml", "tumor", "ircad01", "ircad07", prior_weight=0.5)
    assert "No prior for 1 of 2 cases (ircad07)" in run(root, both, prior=prior).warnings[0]


def test_a_run_with_a_prior_goes_on_with_the_same_one_only(root):
    recipe = stage_recipe(root / "tumor.toml", "tumor", "ircad01", prior_weight=0.5)
    prior = write_prior(root / "prior.json", {"ircad01": 0.2})
    run(root, recipe, prior=prior)
    assert run(root, recipe, prior=prior, is_resumed=True).run.step == 4
    with refused("the prior", "at step 4", "the file that the run began with"):
        run(root, recipe, prior=write_prior(root / "other.json", {"ircad01": 0.3}), is_resumed=True)
    with refused("prior_weight 0.5 without a clinical prior", "--prior FILE"):
        run(root, recipe, is_resumed=True)


def test_a_prior_that_counts_nothing_is_refused(root):
    prior = write_prior(root / "prior.json", {"ircad01": 0.2})
    with refused("prior_weight 0 with a clinical prior"):
        run(root, stage_recipe(root / "plain.toml", "tumor", "ircad01"), prior=prior)
    recipes = stage_recipes(str(write_pair(root, "ircad01")), None)
    with refused("counts in none of the recipes"):
        train_stages(recipes, settings(root, Path(), folder=root / "no", prior=prior), ignore_progress)


def test_the_prior_of_a_pair_is_for_the_second_stage(root):
    recipes = stage_recipes(str(write_pair(root, "ircad01", prior_weight=0.5).with_name("tiny")), None)
    recipes[Stage.LIVER].write_text(
        recipes[Stage.LIVER].read_text().replace("prior_weight = 0.5", "prior_weight = 0.0")
    )
    prior = write_prior(root / "prior.json", {"ircad01": 0.2})
    with refused("prior_weight 0.5 without a clinical prior"):
        train_stages(recipes, settings(root, Path(), folder=root / "pair"), ignore_progress)
    assert not (root / "pair").exists()
    outcomes = train_stages(recipes, settings(root, Path(), folder=root / "pair", prior=prior), ignore_progress)
    assert (outcomes[Stage.LIVER].run.prior, len(outcomes[Stage.TUMOR].run.prior)) == ("", 64)


def test_a_native_stage_with_axes_of_its_own_trains(root):
    recipe = stage_recipe(
        root / "native.toml", "tumor", "ircad01", spacing_mm='"native"', hu_range='[-200, 250]\naxes = "PLI"'
    )
    facts = stage_of_file(run(root, recipe).weights).stage
    assert (facts.spacing_mm, facts.axes, facts.window) == (None, "PLI", (32, 16, 16))


def test_thick_slices_and_painted_lesions_train(root):
    recipe = stage_recipe(
        root / "thick.toml", "tumor", "ircad01", spacing_mm="[6, 6, 12]", augmentation='"heavy"\nlesions = 0.5'
    )
    assert run(root, recipe).run.step == 4


def test_one_stage_begins_with_the_weights_of_another_run(root):
    first = run(root, stage_recipe(root / "first.toml", "tumor", "ircad01"))
    second = stage_recipe(root / "second.toml", "tumor", "ircad07", steps='1\nstart_from = "first"')
    begun = run(root, second, minutes=0.0)
    for name, weights in first.run.averaged.items():
        assert torch.equal(begun.run.averaged[name], weights), name
    for name, weights in first.run.network.auxiliary_weights().items():
        assert torch.equal(begun.run.network.auxiliary_weights()[name], weights), name
    assert begun.run.use.images_of == ("ircad01", "ircad07")


def test_a_pair_with_another_backbone_than_it_starts_from_is_refused(root):
    first = stage_recipes(str(write_pair(root, "ircad01", steps="1")), None)
    train_stages(first, settings(root, Path(), folder=root / "first"), ignore_progress)
    (root / "second").mkdir()
    second = {}
    for stage in first:
        start = f'1\nstart_from = "../first/{stage}"'
        second[stage] = stage_recipe(root / "second" / f"tiny-{stage}.toml", str(stage), "ircad07", steps=start)
    with refused("the backbone segresnet-vae:2", "the backbone segresnet:2"):
        train_stages(second, settings(root, Path(), folder=root / "unet", backbone="segresnet:2"), ignore_progress)
    outcomes = train_stages(second, settings(root, Path(), folder=root / "pair"), ignore_progress)
    assert outcomes[Stage.TUMOR].run.use.images_of == ("ircad01", "ircad07")


def test_what_a_pair_starts_from_is_looked_for_before_its_first_step(root):
    stage_recipe(root / "tiny-liver.toml", "liver", "ircad01")
    stage_recipe(root / "tiny-tumor.toml", "tumor", "ircad01", steps='1\nstart_from = "../nothing/tumor"')
    with refused("no run '../nothing/tumor'"):
        train_stages(
            stage_recipes(str(root / "tiny"), None), settings(root, Path(), folder=root / "no"), ignore_progress
        )
    assert not (root / "no").exists()
