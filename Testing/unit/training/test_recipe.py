"""Recipes: the committed ones can be read, and whatever is misspelt, missing or impossible is refused by its name."""

from __future__ import annotations

import pytest
from refusals import refused

from LiverTumorSegLib.anatomy.shape import SPACING_MM
from LiverTumorSegLib.models.anatomy import INPUT_RANGE
from LiverTumorSegLib.models.lvt import HU_RANGE
from LiverTumorSegLib.settings import Precision
from LiverTumorSegLib.training.augmentation.windowing import BASE
from LiverTumorSegLib.training.partial_labels import Setting
from LiverTumorSegLib.training.recipe import (
    RECIPES,
    Augmentation,
    CasesSource,
    LayoutSource,
    Norm,
    Optimizer,
    ShapesSource,
    SynthesisSource,
)
from LiverTumorSegLib.training.recipe_file import find_recipe, parse_recipe, read_recipe

TEXT = """
name = "one"
seed = 3
never_seen = ["ircad07"]
[network]
widths = [4, 6, 8, 8]
[training]
patch = [32, 16, 8]
spacing_mm = 2
steps = 10
learning_rate = 1
[[sources]]
kind = "cases"
names = ["ircad01"]
share = 2
"""


@pytest.mark.parametrize("file", sorted(RECIPES.glob("*.toml")), ids=lambda file: file.stem)
def test_committed_recipes_can_be_read_and_found(file):
    assert read_recipe(file).name == file.stem
    assert find_recipe(file.stem) == file
    assert find_recipe(str(file)) == file


def test_the_synthetic_recipe_has_the_numbers_that_its_run_began_with():
    recipe = read_recipe(RECIPES / "synthetic.toml")
    training, (source,) = recipe.training, recipe.sources
    assert (recipe.seed, recipe.network.widths, recipe.network.hu_range) == (1, (16, 32, 64, 128, 192), HU_RANGE)
    assert (training.patch, training.spacing_mm, training.batch, training.steps) == ((80, 80, 80), 1.5, 1, 4000)
    assert (training.learning_rate, training.schedule, training.warmup_steps) == (1e-3, "constant", 100)
    assert (training.weight_decay, training.optimizer, training.checkpoint_every) == (1e-4, Optimizer.ADAMW, 100)
    assert (training.setting, training.precision) == (Setting.ML, Precision.BF16)
    assert isinstance(source, SynthesisSource)
    assert (source.anatomies, source.coarse_share, len(source.label_maps)) == (4, 0.4, 16)
    assert recipe.knows_coarse
    assert recipe.coarse_patch == (80, 64, 48)


def test_the_published_recipe_is_as_the_paper_says():
    """LVT, A.2: 448 000 samples, 128 x 128 x 96 at 1 mm, SGD with polynomial decay, plain encoder, instance norm."""
    recipe = read_recipe(RECIPES / "lvt.toml")
    training, (source,) = recipe.training, recipe.sources
    assert (training.patch, training.spacing_mm, training.folds) == ((128, 128, 96), 1.0, 5)
    assert training.batch * training.steps == 448_000
    assert (training.optimizer, training.schedule, training.setting) == (Optimizer.SGD, "poly", Setting.ML)
    assert recipe.network.is_plain
    assert recipe.network.hu_range == (pytest.approx(BASE.low_hu), pytest.approx(BASE.high_hu))
    assert isinstance(source, LayoutSource)
    assert source.augmentation is Augmentation.LVT


@pytest.mark.parametrize(("name", "unseen"), [("synthetic-ircad01", "ircad07"), ("synthetic-ircad07", "ircad01")])
def test_leave_one_out_runs_never_see_the_other_case(name, unseen):
    recipe = read_recipe(RECIPES / f"{name}.toml")
    default = read_recipe(RECIPES / "default.toml")
    assert recipe.never_seen == (unseen,)
    assert recipe.training == default.training
    assert recipe.sources[1:] == default.sources[1:]
    assert recipe.sources[0].names == tuple({"ircad01", "ircad07"} - {unseen})


def test_the_coarse_grid_has_patches_of_the_same_size_unless_told():
    recipe = parse_recipe(TEXT, "one.toml")
    assert not recipe.knows_coarse
    assert recipe.coarse_patch == (32, 16, 8)
    coarse = TEXT.replace("share = 2", "share = 2\ncoarse_share = 0.5").replace("steps", "coarse_patch = 16\nsteps")
    assert parse_recipe(coarse, "one.toml").knows_coarse
    assert parse_recipe(coarse, "one.toml").coarse_patch == (16, 16, 16)


def test_patches_of_two_sizes_make_no_batch():
    coarse = TEXT.replace("share = 2", "share = 2\ncoarse_share = 0.5")
    assert parse_recipe(coarse.replace("steps", "batch = 2\nsteps"), "one.toml").training.batch == 2
    with refused("two sizes", "training.batch to 1"):
        parse_recipe(coarse.replace("steps", "batch = 2\ncoarse_patch = 16\nsteps"), "one.toml")


def test_entries_that_are_left_out_have_their_usual_values():
    recipe = parse_recipe(TEXT, "one.toml")
    assert recipe.training.patch == (32, 16, 8)
    assert recipe.training.spacing_mm == 2.0
    assert recipe.sources == (CasesSource(("ircad01",), 2.0),)
    assert (recipe.never_seen, recipe.chosen_on) == (("ircad07",), ())


@pytest.mark.parametrize(
    ("old", "new", "fragments"),
    [
        ("seed = 3", "sed = 3", ("no seed", "sed")),
        ("[training]", "[trainig]", ("no training", "trainig")),
        ("steps = 10", "", ("training has no steps",)),
        ("steps = 10", "steps = 10\nspeling = 1", ("training has unknown entries (speling)",)),
        ("steps = 10", "steps = 10.5", ("training.steps is 10.5", "whole number")),
        ("steps = 10", "steps = true", ("training.steps is True", "whole number")),
        ("steps = 10", "steps = 0", ("steps 0", "1 or more")),
        ("steps = 10", 'steps = 10\noptimizer = "adagrad"', ("training.optimizer is 'adagrad'", "adamw, sgd")),
        ("steps = 10", 'steps = 10\nschedule = "step"', ("training.schedule 'step'", "cosine")),
        ("steps = 10", 'steps = 10\nprecision = "auto"', ("training.precision auto", "bf16 or fp32")),
        ("steps = 10", "steps = 10\nfolds = 1", ("training.folds 1",)),
        ("learning_rate = 1", "learning_rate = 0", ("learning_rate 0", "above 0")),
        ("patch = [32, 16, 8]", "patch = [32, 16]", ("training.patch is [32, 16]", "3 entries")),
        ("patch = [32, 16, 8]", "patch = 36", ("36 x 36 x 36", "multiple of 8")),
        ("steps = 10", "steps = 10\ncoarse_patch = 12", ("12 x 12 x 12", "multiple of 8")),
        ("patch = [32, 16, 8]", "patch = 0", ("0 x 0 x 0", "multiple of 8")),
        ("[4, 6, 8, 8]", "[4, 6, 8]", ("3 levels", "at least 4 levels")),
        ("[4, 6, 8, 8]", "4", ("network.widths is 4", "a list")),
        ("[4, 6, 8, 8]", "[4, 6, 8, 8]\nhu_range = [200, -200]", ("from 200 to -200", "lower end first")),
        ('kind = "cases"', 'kind = "case"', ("sources 1 of kind 'case'", "synthesis, cases, layout")),
        ('kind = "cases"', "", ("sources 1 of kind 'None'",)),
        ('["ircad01"]', "[]", ("no names",)),
        ("share = 2", "share = 0", ("share 0", "above 0")),
        ("share = 2", "lesions = 2", ("lesions 2", "0 to 1")),
        ("share = 2", "share = ", ("cannot be read",)),
        ("[[sources]]", "[sources]", ("sources is", "[[sources]]")),
    ],
)
def test_what_is_wrong_is_named(old, new, fragments):
    assert old in TEXT
    with refused("one.toml", *fragments):
        parse_recipe(TEXT.replace(old, new), "one.toml")


def test_a_recipe_that_is_not_there_is_refused_with_those_there_are(tmp_path):
    with refused("no recipe 'sinthetic'", "lvt, smoothsegnet"):
        find_recipe("sinthetic")
    with refused("cannot be read"):
        read_recipe(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes("name = 'é'".encode("latin-1"))
    with refused("cannot be read"):
        read_recipe(tmp_path / "latin.toml")


def test_the_variant_of_the_experiment_can_be_asked_for():
    text = TEXT.replace("[4, 6, 8, 8]", '[4, 6, 8, 8]\nresidual = true\nnorm = "batch"')
    network = parse_recipe(text, "one.toml").network
    assert (network.residual, network.norm, network.is_plain) == (True, Norm.BATCH, False)


def test_the_recipe_for_anatomy_holds_livers_shapes_alone():
    recipe = read_recipe(RECIPES / "anatomy.toml")
    (source,) = recipe.sources
    assert isinstance(source, ShapesSource)
    assert recipe.knows_anatomy
    assert recipe.network.hu_range == INPUT_RANGE
    assert recipe.training.spacing_mm == SPACING_MM
    assert not set(source.label_maps) & set(recipe.never_seen)
    assert (len(source.label_maps), len(recipe.never_seen)) == (101, 29)


@pytest.mark.parametrize(
    ("setting", "source"),
    [("anatomy", 'kind = "cases"\nnames = ["ircad01"]'), ("ml", 'kind = "shapes"\nlabel_maps = ["a"]')],
)
def test_shapes_and_the_setting_for_them_go_together(setting, source):
    text = TEXT.replace("[training]", f'[training]\nsetting = "{setting}"').replace(
        'kind = "cases"\nnames = ["ircad01"]\nshare = 2', source
    )
    with refused(f"setting {setting} with", "ShapesSource alone for setting anatomy"):
        parse_recipe(text, "a.toml")
