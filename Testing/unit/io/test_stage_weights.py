"""A network for a stage as a file with its card: written, found, checked."""

from __future__ import annotations

import json

import numpy as np
import pytest
from refusals import refused

from LiverTumorSegLib.errors import ModelUnavailableError
from LiverTumorSegLib.io import weights
from LiverTumorSegLib.io.stage_weights import (
    StageOrigin,
    imported_folder,
    pair_in,
    stage_card_network,
    stage_of_file,
    write_stage,
)
from LiverTumorSegLib.registry import Stage, StageFacts

ORIGIN = StageOrigin("mine", "a title", "CC0", "here", "nobody", "nothing", "none", source_sha256="ab")
LIVER = StageFacts(Stage.LIVER, "unet:4", (2.0, 2.5, 3.0), "RAS", (-150.0, 250.0), (48, 32, 16), (-1.0, 1.0))
TUMOR = StageFacts(Stage.TUMOR, "segresnet-vae", None, "PLI", (-200.0, 250.0), (256, 256, 32))
TENSORS = {"a.weight": np.arange(12, dtype=np.float32).reshape(2, 6), "a.bias": np.array([0.25, -1.5], np.float32)}


def written(folder, name="liver", facts=LIVER, tensors=TENSORS):
    return write_stage(folder / f"{name}.safetensors", tensors, facts, ORIGIN)


@pytest.mark.parametrize("facts", [LIVER, TUMOR])
def test_what_is_written_is_found_again_and_loads_as_it_was(tmp_path, facts):
    spec = written(tmp_path, facts=facts)
    assert spec == stage_of_file(tmp_path / "liver.safetensors")
    assert (spec.stage, spec.id, spec.license, spec.provides) == (facts, "mine", "CC0", facts.stage.channels[1:])
    assert not spec.is_fetched
    weights.verify(spec)
    loaded = weights.load(spec, "liver")
    assert {array.dtype for array in loaded.values()} == {np.dtype(np.float32)}
    for name, tensor in TENSORS.items():
        np.testing.assert_array_equal(loaded[name], tensor)


def test_the_card_tells_what_the_network_is_and_where_it_is_from(tmp_path):
    written(tmp_path, facts=TUMOR)
    card = json.loads((tmp_path / "liver.json").read_text())
    network = card["network"]
    assert network.pop("precision") == "float16"
    assert network == stage_card_network(TUMOR)
    assert network == {
        "architecture": "stage",
        "stage": "tumor",
        "backbone": "segresnet-vae",
        "spacing_mm": None,
        "axes": "PLI",
        "hu_range": [-200.0, 250.0],
        "scaled_to": [0.0, 1.0],
        "window": [256, 256, 32],
        "channels": ["background", "liver", "tumor"],
    }
    assert card["files"]["liver"]["source_sha256"] == "ab"
    assert card["files"]["liver"]["parameters"] == 14


def test_weights_too_large_for_half_precision_are_kept_in_single(tmp_path):
    large = {**TENSORS, "a.running_var": np.array([1e6, 0.0], np.float32)}
    loaded = weights.load(written(tmp_path, tensors=large), "liver")
    np.testing.assert_array_equal(loaded["a.running_var"], [1e6, 0.0])
    assert json.loads((tmp_path / "liver.json").read_text())["network"]["precision"] == "float32"


def test_weights_that_are_no_numbers_are_refused_and_nothing_is_written(tmp_path):
    with refused("no finite numbers", "a.bias"):
        written(tmp_path, tensors={**TENSORS, "a.bias": np.array([np.nan, 0.0], np.float32)})
    assert list(tmp_path.iterdir()) == []


def test_a_changed_weight_or_file_is_noticed(tmp_path):
    spec = written(tmp_path)
    write_stage(tmp_path / "liver.safetensors", {**TENSORS, "a.bias": np.zeros(2, np.float32)}, LIVER, ORIGIN)
    with pytest.raises(ModelUnavailableError, match=r"liver\.safetensors"):
        weights.load(spec, "liver")


def test_what_is_missing_is_named(tmp_path):
    with refused("no file", "liver.safetensors"):
        stage_of_file(tmp_path / "liver.safetensors")
    written(tmp_path)
    (tmp_path / "liver.json").unlink()
    with refused("liver.json"):
        stage_of_file(tmp_path / "liver.safetensors")


@pytest.mark.parametrize(
    "change",
    [
        lambda card: card.pop("network"),
        lambda card: card.update(network=[]),
        lambda card: card["files"].pop("liver"),
        lambda card: card["network"].update(architecture="lvt"),
        lambda card: card["network"].update(stage="kidney"),
        lambda card: card["network"].update(axes="RRS"),
        lambda card: card["network"].update(axes="RA"),
        lambda card: card["network"].update(spacing_mm=[1.0, 0.0, 1.0]),
        lambda card: card["network"].update(spacing_mm=1.5),
        lambda card: card["network"].update(window=[32, 32]),
        lambda card: card["network"].update(hu_range="wide"),
    ],
)
def test_a_card_of_something_else_is_refused(tmp_path, change):
    written(tmp_path)
    card = json.loads((tmp_path / "liver.json").read_text())
    change(card)
    (tmp_path / "liver.json").write_text(json.dumps(card))
    with refused("liver.json is not the card"):
        stage_of_file(tmp_path / "liver.safetensors")


def test_a_pair_is_found_by_its_names_and_each_must_be_of_its_stage(tmp_path):
    written(tmp_path)
    with refused("no file", "tumor.safetensors"):
        pair_in(tmp_path)
    written(tmp_path, "tumor", TUMOR)
    assert [spec.stage for spec in pair_in(tmp_path)] == [LIVER, TUMOR]
    written(tmp_path, "tumor", LIVER)
    with refused("tumor.safetensors with a network of the stage liver", "the stage tumor"):
        pair_in(tmp_path)


def test_an_imported_pair_lies_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv(weights.CACHE_VARIABLE, str(tmp_path))
    assert imported_folder() == tmp_path / "medassist"
