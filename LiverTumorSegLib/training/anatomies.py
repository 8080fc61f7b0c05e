"""The bodies that a run is trained on: made once, kept in the run's folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent
from LiverTumorSegLib.training.recipe import Recipe
from LiverTumorSegLib.training.synthesis.complete import complete
from LiverTumorSegLib.training.synthesis.sources import abdomen_maps


def make_anatomies(recipe: Recipe, data: Path, folder: Path, report: ProgressCallback) -> None:
    """NAME-N.npy for each label map and completion; those that are there already are kept.

    data: with labelmaps/abdomen. Deterministic: map and number decide what is drawn, not the order.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = [name for name in recipe.label_maps if not _file(folder, name, recipe.anatomies - 1).exists()]
    for done, (name, drawn) in enumerate(abdomen_maps(data / "labelmaps" / "abdomen", wanted, recipe.spacing_mm)):
        for number in range(recipe.anatomies):
            report(ProgressEvent("anatomies", done / len(wanted), f"Completing {name}"))
            rng = np.random.default_rng([recipe.seed, recipe.label_maps.index(name), number])
            partial = folder / "partial"
            with partial.open("wb") as file:
                np.save(file, complete(drawn, rng))
            partial.rename(_file(folder, name, number))


def _file(folder: Path, name: str, number: int) -> Path:
    return folder / f"{name}-{number}.npy"
