from __future__ import annotations

import numpy as np
import pytest
from numpy_ops import NumpyOps, random_named_weights
from refusals import refused

from LiverTumorSegLib.models.backbones import BACKBONES, find_backbone, stage_definition
from LiverTumorSegLib.models.smoothsegnet import segresnet, segresnet_shapes
from LiverTumorSegLib.registry import Stage, StageFacts


def facts(backbone="segresnet-vae", window=(512, 512, 16), stage=Stage.LIVER, hu=(-150.0, 250.0), spacing=None):
    return StageFacts(stage, backbone, spacing, "PLI", hu, window)


def test_the_naive_form_uses_every_weight_once_and_its_channels_add_up_to_one():
    weights = random_named_weights(segresnet_shapes(3, filters=2))
    used = []

    class Counting(dict):
        def __getitem__(self, name):
            used.append(name)
            return super().__getitem__(name)

    out = segresnet(NumpyOps(), Counting(weights), np.random.default_rng(1).uniform(size=(1, 1, 24, 16, 8)))
    assert out.shape == (1, 3, 24, 16, 8)
    np.testing.assert_allclose(out.sum(axis=1), 1.0)
    assert out.std() > 0.02
    assert sorted(used) == sorted(weights)


def test_the_published_stages_are_what_the_papers_say():
    liver = stage_definition("liver", facts())
    tumor = stage_definition("tumor", facts(window=(256, 256, 32), stage=Stage.TUMOR, hu=(-200.0, 250.0)))
    assert (liver.channels, tumor.channels) == (2, 3)
    assert liver.window_out((512, 512, 16)) == (512, 512, 16)
    assert sum(np.prod(shape) for shape in liver.named.shapes.values()) == 4_697_554
    assert sum(np.prod(shape) for shape in tumor.named.shapes.values()) == 4_697_571


def test_hu_become_zero_to_one():
    seen = stage_definition("liver", facts()).input_from_hu(np.array([[[-1000, -150, -50, 50, 250, 900]]], np.int16))
    np.testing.assert_allclose(seen, [[[0.0, 0.0, 0.25, 0.5, 1.0, 1.0]]], atol=1e-7)
    assert seen.dtype == np.float32


def test_a_stage_runs_on_the_voxels_of_the_ct_unless_its_card_names_a_grid():
    assert stage_definition("liver", facts()).spacing_mm is None
    with pytest.raises(ValueError, match="own voxels"):
        _ = stage_definition("liver", facts()).grid_mm
    assert stage_definition("liver", facts(spacing=(2.0, 2.0, 3.0))).grid_mm == (2.0, 2.0, 3.0)


@pytest.mark.parametrize("name", BACKBONES)
def test_any_backbone_takes_either_published_window_and_comes_out_as_large(name):
    for stage, window in ((Stage.LIVER, (512, 512, 16)), (Stage.TUMOR, (256, 256, 32))):
        definition = stage_definition("x", facts(name, window, stage))
        assert definition.window_out(window) == window
        assert definition.channels == len(stage.channels)


def test_a_window_that_does_not_fit_the_levels_is_refused_and_the_next_one_named():
    with pytest.raises(ValueError, match=r"\(56, 32, 16\)"):
        stage_definition("liver", facts("segresnet", (50, 32, 16)))
    with pytest.raises(ValueError, match=r"\(64, 32, 16\)"):
        stage_definition("liver", facts("unet", (56, 32, 16)))


def test_an_empty_hu_range_is_refused():
    with pytest.raises(ValueError, match="lower end first"):
        stage_definition("liver", facts(hu=(250.0, -150.0)))


def test_a_backbone_can_be_made_narrower_by_its_name():
    small = find_backbone("unet++:8")
    assert (small.name, small.widths) == ("unet++:8", (8, 8, 16, 32, 64, 8))
    assert find_backbone("segresnet:16") == BACKBONES["segresnet"]
    narrow = stage_definition("liver", facts("segresnet:4"))
    assert narrow.named.shapes["convInit.conv.weight"] == (4, 1, 3, 3, 3)


@pytest.mark.parametrize("name", ["segresnet-vea", "", "unet:", "unet:zero", "unet:0", "unet:-4"])
def test_an_unknown_backbone_is_refused_and_the_known_ones_named(name):
    with refused("segresnet-vae, segresnet, unet, unet-large, unet++, ma-net"):
        find_backbone(name)
