"""``livertumorseg models import medassist``: state dicts, as MONAI makes them, become this program's own files."""

from __future__ import annotations

import argparse
import hashlib
import io
import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
nets = pytest.importorskip("monai.networks.nets")

from engine_runs import ENGINES, ready  # noqa: E402

from LiverTumorSegLib.cli import models_command  # noqa: E402
from LiverTumorSegLib.cli.progress_output import ProgressMode, ProgressOutput  # noqa: E402
from LiverTumorSegLib.cli.runtime import run_job  # noqa: E402
from LiverTumorSegLib.io import weights  # noqa: E402
from LiverTumorSegLib.io.medassist import imported_model  # noqa: E402
from LiverTumorSegLib.io.stage_weights import pair_in  # noqa: E402
from LiverTumorSegLib.models.backbones import stage_definition  # noqa: E402
from LiverTumorSegLib.registry import Stage  # noqa: E402

PUBLISHED = {"liver": ((512, 512, 16), 2), "tumor": ((256, 256, 32), 3)}


@pytest.fixture(scope="module")
def published():
    """The two modules as the authors make them, with weights of enough contrast."""
    torch.manual_seed(2)
    modules = {}
    for stage, (window, channels) in PUBLISHED.items():
        modules[stage] = nets.SegResNetVAE(
            window, vae_estimate_std=False, vae_default_std=0.3, vae_nz=256, blocks_down=[1, 2, 2, 4],
            blocks_up=[1, 1, 1], init_filters=16, norm="instance", out_channels=channels, dropout_prob=0.2,
        ).eval()  # fmt: skip
        with torch.no_grad():
            modules[stage].conv_final[2].conv.weight *= 10
    return modules


@pytest.fixture(scope="module")
def files(published, tmp_path_factory):
    folder = tmp_path_factory.mktemp("published")
    for stage, module in published.items():
        torch.save(module.state_dict(), folder / f"{stage}.pth")
    return {stage: folder / f"{stage}.pth" for stage in published}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(weights.CACHE_VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def models(*words, mode=ProgressMode.NONE):
    """Exit code, what went to stdout, what went to stderr."""
    parser = argparse.ArgumentParser()
    models_command.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["models", *map(str, words)])
    out, err = io.StringIO(), io.StringIO()
    code = run_job(lambda job: arguments.work(arguments, job), ProgressOutput(mode, out, err))
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("engine", ENGINES)
def test_an_imported_network_answers_as_the_module_it_came_from(engine, published, files, cache):
    assert models("import", "medassist", files["liver"], files["tumor"])[0] == 0
    window = (48, 32, 16)
    x = np.random.default_rng(4).uniform(size=window).astype(np.float32)
    for spec, stage in zip(pair_in(cache / "medassist"), ("liver", "tumor"), strict=True):
        definition = stage_definition(stage, spec.stage)
        assert definition.trained_window == PUBLISHED[stage][0]
        with torch.inference_mode():
            logits, no_loss = published[stage](torch.from_numpy(x)[None, None])
        assert no_loss is None
        expected = torch.softmax(logits, 1)[0].numpy()
        assert expected.std(axis=(1, 2, 3)).min() > 0.05, "an answer without contrast would prove nothing"
        found = ready(definition, weights.load(spec, stage), engine, window).run(x)
        np.testing.assert_allclose(found, expected, atol=0.02)  # stored in half precision
        assert np.abs(found - expected).mean() < 1e-3


def test_the_cards_say_what_is_known_and_what_is_not(files, cache):
    code, out, _err = models("import", "medassist", files["liver"], files["tumor"])
    assert code == 0
    assert "liver: 4,697,554 weights in 33 tensors, without the 11 of its second decoder (VAE)" in out
    assert "tumor: 4,697,571 weights" in out
    assert "licence: unknown" in out
    for stage, hu_range in (("liver", [-150.0, 250.0]), ("tumor", [-200.0, 250.0])):
        card = json.loads((cache / "medassist" / f"{stage}.json").read_text())
        assert card["license"].startswith("unknown")
        assert card["files"][stage]["source_sha256"] == hashlib.sha256(files[stage].read_bytes()).hexdigest()
        network = card["network"]
        assert (network["axes"], network["spacing_mm"], network["hu_range"]) == ("PLI", None, hu_range)
        assert (network["scaled_to"], network["window"]) == ([0.0, 1.0], list(PUBLISHED[stage][0]))
        assert network["precision"] == "float16"


def test_list_info_verify_and_remove_know_the_pair(files):
    code, _out, err = models("info", "medassist")
    assert code == 2
    assert "livertumorseg models import medassist" in err
    assert "medassist" not in models("list")[1]
    models("import", "medassist", files["liver"], files["tumor"])
    lines = {line.split()[0]: line for line in models("list")[1].splitlines() if line}
    assert " yes " in lines["medassist"]
    code, out, _err = models("info", "medassist")
    assert code == 0
    assert hashlib.sha256(files["tumor"].read_bytes()).hexdigest() in out
    assert models("verify", "medassist") == (0, "medassist: 2 files as imported\n", "")
    assert models("remove", "medassist")[0] == 0
    assert "medassist" not in models("list")[1]


def test_a_damaged_pair_does_not_hide_the_other_models(files, cache):
    models("import", "medassist", files["liver"], files["tumor"])
    (cache / "medassist" / "tumor.json").write_text("{}")
    code, out, err = models("list")
    assert code == 0
    assert "kuleuven" in out
    assert "medassist is left out" in err
    assert "tumor.json" in err
    assert models("remove", "medassist")[0] == 0


def test_a_pair_can_go_to_a_folder_of_ones_own_and_replaces_an_older_one(files, cache, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "notes.txt").write_text("kept")
    for _ in range(2):
        code, out, _err = models(
            "import", "medassist", files["liver"], files["tumor"], "--into", folder, mode=ProgressMode.JSON
        )
        assert code == 0
    result = json.loads(out.splitlines()[-1])
    assert (result["model"], result["folder"]) == ("medassist", str(folder))
    assert len(result["dropped"]["liver"]) == len(result["dropped"]["tumor"]) == 11
    assert sorted(path.name for path in folder.iterdir()) == [
        "liver.json", "liver.safetensors", "notes.txt", "tumor.json", "tumor.safetensors",
    ]  # fmt: skip
    weights.verify(imported_model(folder))
    assert not (cache / "medassist").exists()


def without(state, *names):
    return {name: weight for name, weight in state.items() if name not in names}


DAMAGES = {
    "a layer is missing": (lambda s: without(s, "convInit.conv.weight"), "missing: convInit.conv.weight"),
    "a part of the second decoder is missing": (lambda s: without(s, "vae_fc1.bias"), "missing: vae_fc1.bias"),
    "one too many": (lambda s: {**s, "extra.weight": torch.ones(2)}, "unknown: extra.weight"),
    "another width": (
        lambda s: {**s, "up_samples.2.0.conv.weight": torch.ones(16, 31, 1, 1, 1)},
        "up_samples.2.0.conv.weight (16, 31, 1, 1, 1) for (16, 32, 1, 1, 1)",
    ),
    "nothing fits": (lambda _s: {f"layer{n}.weight": torch.ones(2) for n in range(9)}, "and 4 more"),
    "not a number": (lambda s: {**s, "conv_final.2.conv.bias": torch.full((3,), torch.nan)}, "no finite numbers"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_checkpoint_that_does_not_fit_is_refused_by_name_and_nothing_is_written(
    damage, published, files, cache, tmp_path
):
    change, told = DAMAGES[damage]
    torch.save(change(published["tumor"].state_dict()), tmp_path / "damaged.pth")
    code, out, err = models("import", "medassist", files["liver"], tmp_path / "damaged.pth")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert told in err
    assert list(cache.rglob("*.safetensors")) == []


def test_exchanged_files_are_refused(files, cache):
    code, _out, err = models("import", "medassist", files["tumor"], files["liver"])
    assert code == 2
    assert "conv_final.2.conv.bias (3,) for (2,)" in err
    assert "Give the liver's file first" in err


def test_a_checkpoint_without_its_second_decoder_is_whole_too(published, files, tmp_path, cache):
    kept = {name: weight for name, weight in published["liver"].state_dict().items() if not name.startswith("vae")}
    torch.save({"state_dict": {f"module.{name}": weight for name, weight in kept.items()}}, tmp_path / "short.pth")
    code, out, _err = models("import", "medassist", tmp_path / "short.pth", files["tumor"])
    assert code == 0
    assert "liver: 4,697,554 weights in 33 tensors\n" in out
    assert imported_model().parts[0].stage.stage is Stage.LIVER


def test_only_what_is_known_can_be_imported(files):
    with pytest.raises(SystemExit):
        models("import", "other", files["liver"], files["tumor"])
