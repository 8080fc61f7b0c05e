"""The sources of a recipe, sampled."""

from __future__ import annotations

import numpy as np
from training_runs import cases_recipe, write_data

from LiverTumorSegLib.models.lvt import COARSE_STEP
from LiverTumorSegLib.progress import ignore_progress
from LiverTumorSegLib.training.partial_labels import IRCAD, LITS
from LiverTumorSegLib.training.recipe_file import read_recipe
from LiverTumorSegLib.training.samples import Sample
from LiverTumorSegLib.training.sources import Places, training_data


def sampled(folder, coarse_share: float) -> list[Sample]:
    path = cases_recipe(folder / "one.toml", "ircad01")
    text = path.read_text().replace("spacing_mm = 6", "spacing_mm = 6\ncoarse_patch = 8")
    path.write_text(f"{text}coarse_share = {coarse_share}\n")
    places = Places(write_data(folder / "data", "ircad01"), folder / "run")
    source = training_data(read_recipe(path), places, None, ignore_progress).source
    rng = np.random.default_rng(2)
    return [source.sample(rng) for _ in range(40)]


def test_coarse_patches_of_a_real_ct_show_more_and_no_vessels(tmp_path):
    samples = sampled(tmp_path, 0.5)
    coarse = [one for one in samples if one.hu.shape == (8, 8, 8)]
    fine = [one for one in samples if one.hu.shape == (16, 16, 16)]
    assert 10 <= len(coarse) <= 30
    assert len(coarse) + len(fine) == len(samples)
    assert {one.annotated for one in coarse} == {LITS}
    assert {one.annotated for one in fine} == {IRCAD}
    assert not any((one.labels == 2).any() for one in coarse)
    assert any((one.labels == 2).any() for one in fine)
    largest = [max(float((one.labels > 0).sum()) for one in some) for some in (fine, coarse)]
    assert largest[0] / largest[1] == np.clip(largest[0] / largest[1], 0.6 * COARSE_STEP**3, 1.4 * COARSE_STEP**3)


def test_without_a_coarse_share_all_patches_are_fine(tmp_path):
    assert {one.hu.shape for one in sampled(tmp_path, 0.0)} == {(16, 16, 16)}
