"""Weights that somebody trained: found by their path, checked by their card."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from refusals import refused
from training_runs import SMALL

from LiverTumorSegLib.cli.model_choice import choose_model
from LiverTumorSegLib.io import weights
from LiverTumorSegLib.io.own_weights import is_weights_path, model_of_file
from LiverTumorSegLib.models.lvt import lvt_kernels
from LiverTumorSegLib.models.network import weight_shapes
from LiverTumorSegLib.progress import ignore_progress
from LiverTumorSegLib.registry import BUILT_IN
from LiverTumorSegLib.settings import SegmentSettings
from LiverTumorSegLib.training.card import export
from LiverTumorSegLib.training.run import begin


@pytest.fixture
def trained(tmp_path) -> Path:
    return export(begin(SMALL, torch.device("cpu")), SMALL, "a recipe", tmp_path)


def test_the_card_says_what_the_network_is(trained):
    spec = model_of_file(trained)
    assert (spec.id, spec.provides, spec.is_fetched) == ("small", ("liver", "vessel", "tumor"), False)
    assert spec.network.widths == (4, 6, 8, 8)
    assert (spec.network.spacing_mm, spec.network.window) == (6.0, (16, 16, 16))
    loaded = weights.load(spec, "small")
    assert {name: array.shape for name, array in loaded.items()} == weight_shapes(lvt_kernels([4, 6, 8, 8]))
    assert {array.dtype for array in loaded.values()} == {np.dtype(np.float32)}


def test_it_is_there_whole_and_needs_no_cache(trained, tmp_path, monkeypatch):
    monkeypatch.setenv(weights.CACHE_VARIABLE, str(tmp_path / "none"))
    spec = model_of_file(trained)
    assert weights.is_present(spec)
    weights.ensure_available(spec, allow_fetch=False)
    weights.verify(spec)
    weights.remove(spec)
    assert trained.exists()
    assert choose_model(SegmentSettings(str(trained)), ignore_progress, offline=True) == (spec, ())


def test_what_is_missing_is_named(trained):
    with refused("no file", "nowhere.safetensors"):
        model_of_file(trained.with_name("nowhere.safetensors"))
    trained.with_suffix(".json").unlink()
    with refused("small.json", "as training writes them"):
        model_of_file(trained)


@pytest.mark.parametrize(
    "change", [lambda card: card.pop("network"), lambda card: card["network"].update(architecture="other")]
)
def test_a_card_of_something_else_is_refused(trained, change):
    path = trained.with_suffix(".json")
    card = json.loads(path.read_text())
    change(card)
    path.write_text(json.dumps(card))
    with refused("small.json is not the card"):
        model_of_file(trained)


def test_only_files_are_taken_for_paths():
    assert is_weights_path("a/b.safetensors")
    assert not is_weights_path("kuleuven")


def test_the_registry_says_of_the_embedded_network_what_its_card_says():
    path = BUILT_IN.folder / f"{BUILT_IN.files[0].name}.safetensors"
    card = model_of_file(path)
    assert card.files == BUILT_IN.files
    assert card.network == BUILT_IN.network
    for fact in ("provides", "license", "citation", "training_data", "accuracy"):
        assert getattr(card, fact) == getattr(BUILT_IN, fact)
    weights.verify(BUILT_IN)


def test_embedded_weights_stay_small_enough_for_a_repository():
    assert 1e6 < sum(file.stat().st_size for file in BUILT_IN.folder.iterdir()) < 12e6
