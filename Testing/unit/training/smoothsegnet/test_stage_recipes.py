"""Recipes for the stages: the committed ones are as published or as they say, and contradictions are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from refusals import refused

from LiverTumorSegLib.models.smoothsegnet import FILTERS
from LiverTumorSegLib.registry import Stage, StageFacts
from LiverTumorSegLib.settings import Variant
from LiverTumorSegLib.training.optimizers import make_optimizer, rate_at
from LiverTumorSegLib.training.partial_labels import Setting
from LiverTumorSegLib.training.recipe import (
    NATIVE,
    RECIPES,
    Augmentation,
    LayoutSource,
    LossRecipe,
    Optimizer,
    Recipe,
    SynthesisSource,
)
from LiverTumorSegLib.training.recipe_file import parse_recipe, read_recipe
from LiverTumorSegLib.training.smoothsegnet.pair import stage_recipes

PAIRS = (
    "smoothsegnet",
    "smoothsegnet-synthetic",
    "smoothsegnet-cpu",
    "smoothsegnet-cpu-ircad01",
    "smoothsegnet-cpu-ircad07",
)
TEXT = """
name = "one"
seed = 3
[network]
backbone = "segresnet-vae:4"
[training]
setting = "tumor"
patch = [32, 16, 16]
spacing_mm = [1.5, 2, 3]
steps = 10
optimizer = "adam"
learning_rate = 1
[loss]
prior_weight = 0.5
[[sources]]
kind = "cases"
names = ["ircad01"]
"""


def committed(name: str) -> Recipe:
    return read_recipe(RECIPES / f"{name}.toml")


@pytest.mark.parametrize(
    ("stage", "window", "hu_range"),
    [
        (Stage.LIVER, (512, 512, 16), (-150.0, 250.0)),
        (Stage.TUMOR, (256, 256, 32), (-200.0, 250.0)),
    ],
)
def test_the_published_recipes_are_as_the_paper_says(stage, window, hu_range):
    """Tables SB1 to SB3: Adam 1e-4, weight decay 1e-5, cosine, 150 epochs, batch 1; native voxels, axes PLI."""
    recipe = committed(f"smoothsegnet-{stage}")
    training, (source,) = recipe.training, recipe.sources
    assert recipe.stage == StageFacts(stage, "segresnet-vae", None, "PLI", hu_range, window)
    assert recipe.network.dropout == 0.2
    assert FILTERS == 16
    assert (training.optimizer, training.learning_rate, training.weight_decay) == (Optimizer.ADAM, 1e-4, 1e-5)
    assert (training.schedule, training.batch, training.warmup_steps) == ("cosine", 1, 0)
    assert training.steps == 150 * 78  # four fifths of 98 patients
    assert training.spacing_mm == NATIVE
    assert recipe.loss.prior_weight == (0.5 if stage is Stage.TUMOR else 0.0)
    assert isinstance(source, LayoutSource)
    assert source.augmentation is Augmentation.NONE


def test_the_rate_falls_by_a_cosine_over_all_epochs():
    training = committed("smoothsegnet-tumor").training
    assert rate_at(0, training) == pytest.approx(1e-4)
    assert rate_at(5850, training) == pytest.approx(0.5e-4, rel=0.02)
    assert rate_at(11700, training) == pytest.approx(1e-6)


@pytest.mark.parametrize("name", PAIRS)
def test_each_pair_has_a_recipe_for_both_stages(name):
    recipes = stage_recipes(name, Variant.TWO_STEP)
    assert [read_recipe(path).training.setting.stage for path in recipes.values()] == [Stage.LIVER, Stage.TUMOR]
    assert stage_recipes(name + "-nothing", None) is None


def test_the_ablation_has_one_network_for_both():
    (path,) = stage_recipes("smoothsegnet", Variant.MULTICLASS).values()
    assert read_recipe(path).stage.stage is Stage.MULTICLASS


@pytest.mark.parametrize("stage", ["liver", "tumor"])
@pytest.mark.parametrize(("name", "unseen"), [("ircad01", "ircad07"), ("ircad07", "ircad01")])
def test_leave_one_out_runs_differ_from_the_others_in_their_cases_only(stage, name, unseen):
    recipe, both = committed(f"smoothsegnet-cpu-{name}-{stage}"), committed(f"smoothsegnet-cpu-{stage}")
    start = committed(f"smoothsegnet-synthetic-{stage}")
    assert recipe.never_seen == (unseen,)
    assert start.never_seen == ("ircad01", "ircad07")
    assert all(isinstance(source, SynthesisSource) for source in start.sources)
    assert (recipe.network, recipe.training, recipe.loss) == (both.network, both.training, both.loss)
    assert recipe.training.start_from == f"../smoothsegnet-synthetic/{stage}"
    assert (recipe.sources[0].names, recipe.sources[1:]) == ((name,), both.sources[1:])
    assert recipe.stage == start.stage


def test_a_stage_is_told_by_setting_and_backbone():
    recipe = parse_recipe(TEXT, "one.toml")
    assert recipe.training.setting is Setting.TUMOR
    assert recipe.stage == StageFacts(
        Stage.TUMOR, "segresnet-vae:4", (1.5, 2.0, 3.0), "RAS", (-160.0, 240.0), (32, 16, 16)
    )
    assert recipe.cut_patch == (32, 22, 32)
    assert recipe.loss == LossRecipe(prior_weight=0.5)
    assert recipe.sees_liver_only


@pytest.mark.parametrize(
    ("old", "new", "fragments"),
    [
        ('setting = "tumor"', 'setting = "ml"', ("spacing_mm (1.5, 2.0, 3.0) in setting ml", "cubes")),
        ('backbone = "segresnet-vae:4"', "widths = [4, 6, 8, 8]", ("setting tumor with widths", "a backbone")),
        ('backbone = "segresnet-vae:4"', 'backbone = "unet"\nwidths = [4, 6, 8, 8]', ("unet with widths",)),
        ("segresnet-vae:4", "resnet", ("no backbone 'resnet'", "ma-net")),
        ("[32, 16, 16]", "[36, 16, 16]", ("window (36, 16, 16)",)),
        ("[32, 16, 16]", "[24, 16, 16]", ("a patch of 24 x 16 x 16", "multiples of 16")),
        ("[32, 16, 16]", "16", ("a patch of 16 x 16 x 16", "more than one along some axis")),
        ("[1.5, 2, 3]", "[1.5, 0, 3]", ("spacing_mm 0",)),
        ("[1.5, 2, 3]", "[1.5, 3]", ("training.spacing_mm is [1.5, 3]", "3 entries")),
        ("[1.5, 2, 3]", '"naitive"', ("training.spacing_mm 'naitive'", '"native"')),
        ("[1.5, 2, 3]", '"native"', ("voxels of any size with CasesSource",)),
        ('setting = "tumor"', 'setting = "liver"', ("prior_weight 0.5 for the liver's stage",)),
        ("prior_weight = 0.5", "prior_wait = 0.5", ("loss has unknown entries (prior_wait)",)),
        ('names = ["ircad01"]', 'names = ["ircad01"]\ncoarse_share = 0.5', ("coarse_share", "one grid")),
        ('optimizer = "adam"', 'optimizer = "sgd"\namsgrad = true', ("amsgrad with sgd",)),
        ("[training]", "dropout = 1.5\n[training]", ("dropout 1.5", "0 to 1")),
        ("[training]", 'axes = "RAR"\n[training]', ("axes 'RAR'",)),
    ],
)
def test_contradictions_are_named(old, new, fragments):
    assert old in TEXT
    with refused("one.toml", *fragments):
        parse_recipe(TEXT.replace(old, new), "one.toml")


def test_what_belongs_to_stages_is_refused_elsewhere():
    plain = TEXT.replace('backbone = "segresnet-vae:4"', "widths = [4, 6, 8, 8]").replace('"tumor"', '"ml"')
    plain = plain.replace("[1.5, 2, 3]", "2")
    with refused("[loss] in a recipe of another network"):
        parse_recipe(plain, "one.toml")
    with refused("axes or network.dropout without a backbone"):
        parse_recipe(plain.replace("[training]", 'axes = "PLI"\n[training]'), "one.toml")


def test_adam_adds_the_decay_to_the_gradient():
    """One step of 1 from 1.0 with gradient 0 and decay: Adam goes the whole rate, AdamW rate x decay only."""
    training = replace(parse_recipe(TEXT, "one.toml").training, learning_rate=0.01, weight_decay=0.1)
    ends = []
    for optimizer in (Optimizer.ADAM, Optimizer.ADAMW):
        network = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.ones_(network.weight)
        made = make_optimizer(replace(training, optimizer=optimizer, amsgrad=True), network)
        assert made.defaults["amsgrad"]
        network.weight.grad = torch.zeros_like(network.weight)
        made.step()
        ends.append(float(network.weight.detach()))
    assert ends == pytest.approx([0.99, 0.999], abs=1e-6)
