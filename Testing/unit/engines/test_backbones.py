"""Every backbone in every engine, and as torch trains it: one answer."""

from __future__ import annotations

import builtins
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
nets = pytest.importorskip("monai.networks.nets")

from engine_runs import ENGINES, ready  # noqa: E402
from numpy_ops import NumpyOps, random_named_weights  # noqa: E402
from refusals import refused  # noqa: E402

from LiverTumorSegLib.engines.module_runs import module_shapes  # noqa: E402
from LiverTumorSegLib.engines.modules import load_weights, make_module, weights_of  # noqa: E402
from LiverTumorSegLib.models.backbones import BACKBONES, stage_definition  # noqa: E402
from LiverTumorSegLib.models.baselines import VAE_DEVIATION, VAE_LATENT  # noqa: E402
from LiverTumorSegLib.registry import Stage, StageFacts  # noqa: E402
from LiverTumorSegLib.settings import Engine, Precision  # noqa: E402

WINDOW = (48, 32, 16)
SMALL = {
    "segresnet-vae": "segresnet-vae:4",
    "segresnet": "segresnet:4",
    "unet": "unet:4",
    "unet-large": "unet-large:4",
    "unet++": "unet++:4",
    "ma-net": "ma-net:2",
}
"""With few features."""
SMALL_NAMES = pytest.mark.parametrize("name", [SMALL[name] for name in BACKBONES])
PUBLISHED = {
    "blocks_down": (1, 2, 2, 4),
    "blocks_up": (1, 1, 1),
    "init_filters": 16,
    "norm": "instance",
    "dropout_prob": 0.2,
}


def definition(name, stage=Stage.TUMOR, window=WINDOW):
    return stage_definition(str(stage), StageFacts(stage, name, None, "PLI", (-200.0, 250.0), window))


def window_of(size=WINDOW, seed=1):
    """0 outside a box, as a CT masked to the liver is."""
    window = np.random.default_rng(seed).uniform(0.3, 0.7, size=size).astype(np.float32)
    window[: size[0] // 4] = 0.0
    window[:, -size[1] // 3 :] = 0.0
    return window


def arrays(weights):
    return {name: weight.numpy() for name, weight in weights.items()}


def trained_a_little(name, channels=3):
    """Running statistics of the batch norm are none of those that it starts with; probabilities have some contrast."""
    torch.manual_seed(0)
    module = make_module(name, channels, WINDOW)
    with torch.no_grad():
        for seed in range(3):
            module(torch.from_numpy(window_of(seed=seed))[None, None])
    weights = weights_of(module)
    last = [weight for key, weight in weights.items() if weight.ndim == 5 and weight.shape[0] == channels][-1]
    last *= 10
    return module.eval()


def softmax_of(module, x):
    with torch.inference_mode():
        return torch.softmax(module(torch.from_numpy(x)[None, None]), 1)[0].numpy()


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("stage", "window"), [(Stage.LIVER, (64, 32, 16)), (Stage.TUMOR, (32, 48, 16))])
def test_segresnet_answers_as_the_published_module_of_monai_does(engine, stage, window):
    """Full width, the published hyperparameters, weights under MONAI's own names; 1e-4 of fp32."""
    torch.manual_seed(3)
    reference = nets.SegResNetVAE(
        window, vae_estimate_std=False, vae_default_std=VAE_DEVIATION, vae_nz=VAE_LATENT,
        out_channels=len(stage.channels), **PUBLISHED,
    ).eval()  # fmt: skip
    with torch.no_grad():
        reference.conv_final[2].conv.weight *= 10
    x = window_of(window)
    with torch.inference_mode():
        expected = torch.softmax(reference(torch.from_numpy(x)[None, None])[0], 1)[0].numpy()
    assert expected.std(axis=(1, 2, 3)).min() > 0.05, "an answer without contrast would prove nothing"
    state = {name: weight for name, weight in reference.state_dict().items() if not name.startswith("vae")}
    found = ready(definition("segresnet-vae", stage, window), arrays(state), engine, window).run(x)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@SMALL_NAMES
@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_answers_as_the_module_that_was_trained(name, engine):
    module, x = trained_a_little(name), window_of()
    expected = softmax_of(module, x)
    assert expected.std(axis=(1, 2, 3)).min() > 0.01, "an answer without contrast would prove nothing"
    found = ready(definition(name), arrays(weights_of(module)), engine, WINDOW).run(x)
    assert (found.shape, found.dtype) == ((3, *WINDOW), np.float32)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_allclose(found.sum(axis=0), 1.0, atol=1e-5)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("precision", [Precision.FP32, Precision.BF16])
def test_segresnet_gives_the_answer_of_the_naive_form(engine, precision):
    network = definition("segresnet:2")
    weights = random_named_weights(network.named.shapes)
    expected = network.function(NumpyOps(), weights, window_of().astype(np.float64)[None, None])[0]
    found = ready(network, weights, engine, WINDOW, precision).run(window_of())
    assert expected.std() > 0.05, "an answer without contrast would prove nothing"
    assert np.abs(found - expected).mean() < (1e-5 if precision is Precision.FP32 else 2e-2)
    np.testing.assert_allclose(found, expected, atol=1e-3 if precision is Precision.FP32 else 0.5)


@SMALL_NAMES
def test_a_module_takes_any_legal_window_in_training_and_in_use(name):
    module, x = make_module(name, 2, (32, 32, 16)), torch.rand((1, 1, 64, 32, 32))
    assert module.train()(x).shape == module.eval()(x).shape == (1, 2, 64, 32, 32)


@SMALL_NAMES
def test_training_reaches_every_weight_that_inference_uses(name):
    torch.manual_seed(0)
    module = make_module(name, 3, WINDOW).train()
    logits, extra = module.training_forward(torch.rand((1, 1, *WINDOW)))
    assert extra.shape == ()
    assert (float(extra.detach()) > 0) == (BACKBONES[name.partition(":")[0]].has_vae)
    (torch.square(torch.softmax(logits, 1)[:, 1]).mean() + extra).backward()
    unused = {key for key, weight in module.named_parameters() if weight.grad is None}
    assert unused <= {"network.vae_fc2.weight", "network.vae_fc2.bias"} | {
        key for key in unused if "final_conv_0" in key
    }


def test_the_loss_of_the_second_decoder_is_that_of_monai():
    torch.manual_seed(0)
    module, x = make_module("segresnet-vae:4", 3, WINDOW, dropout=0.0).train(), torch.rand((2, 1, *WINDOW))
    torch.manual_seed(5)
    logits, extra = module.training_forward(x)
    torch.manual_seed(5)
    expected_logits, expected = module.network.train()(x)
    assert float(extra.detach()) == pytest.approx(float(expected.detach()), rel=1e-6)
    torch.testing.assert_close(logits, expected_logits)
    with refused("made for (48, 32, 16)"):
        module.training_forward(torch.rand((1, 1, 32, 32, 16)))


def test_the_published_dropout_makes_two_looks_differ_in_training_only():
    module, x = make_module("unet:4", 2, WINDOW), torch.rand((1, 1, *WINDOW))
    assert not torch.equal(module.train()(x), module(x))
    assert torch.equal(module.eval()(x), module(x))


@SMALL_NAMES
def test_weights_go_from_one_module_to_another_in_half_precision_too(name):
    first, second = trained_a_little(name), make_module(name, 3, WINDOW).eval()
    stored = {key: array.astype(np.float16) for key, array in arrays(weights_of(first)).items()}
    load_weights(second, stored)
    np.testing.assert_allclose(softmax_of(second, window_of()), softmax_of(first, window_of()), atol=0.05)
    assert not any(key.startswith("vae") or key.endswith("num_batches_tracked") for key in stored)
    assert {key: array.shape for key, array in stored.items()} == module_shapes(name, 3)


def test_weights_that_do_not_fit_are_refused_before_anything_is_changed():
    module = make_module("segresnet:4", 3, WINDOW)
    before = {key: weight.clone() for key, weight in weights_of(module).items()}
    others = weights_of(make_module("segresnet:4", 2, WINDOW))
    with refused("conv_final.2.conv.bias", "2 in all"):
        load_weights(module, others)
    with refused("missing"):
        load_weights(module, {})
    assert all(torch.equal(before[key], weight) for key, weight in weights_of(module).items())
    with pytest.raises(ValueError, match="do not fit"):
        ready(definition("segresnet:4"), arrays(others), Engine.TORCH, WINDOW)
    with pytest.raises(ValueError, match="do not fit"):
        ready(definition("unet:4"), arrays(others), Engine.OPENVINO, WINDOW)


def test_a_number_of_features_counts_the_same_after_the_name_and_as_a_setting():
    module = make_module("unet", 2, WINDOW, init_filters=8)
    assert module.backbone.name == "unet:8"
    assert {key: tuple(weight.shape) for key, weight in weights_of(module).items()} == module_shapes("unet:8", 2)


def test_a_window_that_a_module_cannot_take_is_refused():
    with refused("U-Net", "multiples of 16"):
        make_module("unet", 2, (40, 32, 16))
    with refused("SegResNetVAE", "multiples of 16"):
        make_module("segresnet-vae", 2, (24, 32, 16))
    make_module("segresnet:4", 2, (24, 32, 16))
    with refused("(32, 32, 16) or more"):
        make_module("unet:4", 2, (16, 16, 16))


class StoppedError(Exception):
    pass


def test_a_module_can_be_stopped_in_the_middle_of_a_window_and_run_again():
    module = trained_a_little("unet:4")
    network = ready(definition("unet:4"), arrays(weights_of(module)), Engine.TORCH, WINDOW)
    calls = []

    def stop():
        calls.append(1)
        if len(calls) > 5:
            raise StoppedError

    with pytest.raises(StoppedError):
        network.run(window_of(), stop)
    assert len(calls) == 6
    np.testing.assert_allclose(network.run(window_of()), softmax_of(module, window_of()), atol=1e-4)


@pytest.mark.parametrize("package", ["torch", "monai"])
def test_a_module_without_torch_or_monai_is_an_error_that_says_what_to_install(package, monkeypatch):
    """Also for OpenVINO, which converts the module; SegResNet needs neither."""
    for name in [name for name in sys.modules if name.endswith(("engines.modules", "engines.module_runs"))]:
        monkeypatch.delitem(sys.modules, name)
    usual = builtins.__import__

    def missing(name, *rest):
        if name.split(".")[0] == package:
            raise ModuleNotFoundError(f"No module named {package!r}", name=package)
        return usual(name, *rest)

    network, window = definition("segresnet:4"), window_of()
    weights = random_named_weights(network.named.shapes)
    monkeypatch.setattr(builtins, "__import__", missing)
    with refused(package, "livertumorseg[torch]"):
        ready(definition("unet:4"), {}, Engine.OPENVINO, WINDOW)
    assert ready(network, weights, Engine.OPENVINO, WINDOW).run(window).shape == (3, *WINDOW)
