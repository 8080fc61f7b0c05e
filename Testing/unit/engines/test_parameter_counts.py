"""Which of the papers' parameter counts are those of a network, and which a summary tool printed."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("monai")

from LiverTumorSegLib.engines.module_runs import checkpoint_shapes, module_shapes  # noqa: E402
from LiverTumorSegLib.engines.modules import make_module  # noqa: E402
from LiverTumorSegLib.models.backbones import BACKBONES  # noqa: E402
from LiverTumorSegLib.models.smoothsegnet import segresnet_shapes  # noqa: E402

LIVER, TUMOR = (512, 512, 16), (256, 256, 32)
REAL = {
    "segresnet": (4_697_554, 4_697_571),
    "unet": (4_808_917, 4_809_920),
    "unet-large": (9_440_997, 9_442_862),
    "unet++": (6_976_008, 6_976_140),
}


def module_without_memory(name, channels, window=TUMOR):
    with torch.device("meta"):
        return make_module(name, channels, window)


def count(module):
    return sum(weight.numel() for weight in module.parameters())


def summary_tool(module, x):
    """What torchsummary adds up: weight and bias of each layer, every time that it is called."""
    counted = []

    def hook(layer, _inputs, _output):
        counted.extend(
            w.numel() for w in (getattr(layer, "weight", None), getattr(layer, "bias", None)) if w is not None
        )

    for layer in module.modules():
        layer.register_forward_hook(hook)
    module.training_forward(x)
    return sum(counted)


@pytest.mark.parametrize("name", REAL)
def test_a_baseline_has_as_many_parameters_as_the_papers_say(name):
    assert tuple(count(module_without_memory(name, channels)) for channels in (2, 3)) == REAL[name]
    assert set(BACKBONES[name].printed) <= set(REAL[name])


@pytest.mark.parametrize("name", BACKBONES)
def test_the_data_of_every_backbone_name_its_parameters_at_inference(name):
    shapes = [module_shapes(name, channels) for channels in (2, 3)]
    running = ("running_mean", "running_var")
    counts = [sum(torch.Size(s).numel() for n, s in one.items() if not n.endswith(running)) for one in shapes]
    assert tuple(counts) == BACKBONES[name].parameters


@pytest.mark.parametrize(("channels", "window", "whole"), [(2, LIVER, 17_354_739), (3, TUMOR, 11_055_108)])
def test_of_a_segresnet_vae_a_fraction_is_left_for_inference(channels, window, whole):
    assert count(module_without_memory("segresnet-vae", channels, window)) == whole
    kept = segresnet_shapes(channels)
    assert sum(torch.Size(shape).numel() for shape in kept.values()) == REAL["segresnet"][channels - 2]
    every = checkpoint_shapes("segresnet-vae", channels, window)
    assert {name: shape for name, shape in every.items() if not name.startswith("vae")} == kept


def test_the_figure_of_the_papers_for_segresnet_vae_counts_the_decoder_twice_and_leaves_a_layer_out():
    """The decoder is called for the mask and for the painted image; the layer of deviations never: they are fixed."""
    module = module_without_memory("segresnet-vae", 3)
    assert summary_tool(module, torch.zeros((1, 1, *TUMOR), device="meta")) == 9_258_756
    decoder = sum(count(part) for part in (module.network.up_layers, module.network.up_samples))
    assert count(module) + decoder - count(module.network.vae_fc2) == 9_258_756


def test_the_summary_tool_counts_a_network_without_such_layers_rightly():
    module = module_without_memory("segresnet", 3)
    assert summary_tool(module, torch.zeros((1, 1, *TUMOR), device="meta")) == REAL["segresnet"][1]


def test_the_figure_of_the_papers_for_ma_net_is_of_another_network():
    """Of a 2D one, by a summary tool: docs/models/smoothsegnet.md. This one is 3D."""
    assert BACKBONES["ma-net"].printed == (22_453_723,)
    assert 22_453_723 not in BACKBONES["ma-net"].parameters
    assert count(module_without_memory("ma-net", 3)) == BACKBONES["ma-net"].parameters[1]
