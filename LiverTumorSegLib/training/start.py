"""Weights that a run begins with: another run's, or those of a file."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.own_weights import SUFFIX
from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.io.weights_repack import tensors_from_safetensors
from LiverTumorSegLib.training.data_use import DataUse
from LiverTumorSegLib.training.network import Tensors
from LiverTumorSegLib.training.recipe import RECIPES, Recipe
from LiverTumorSegLib.training.recipe_file import read_recipe
from LiverTumorSegLib.training.run import CHECKPOINT, begin, read_checkpoint
from LiverTumorSegLib.training.sources import declared_use


@dataclass(frozen=True, eq=False)
class Start:
    """weights: for ``run.begin``. use: of the data that went into them."""

    weights: Tensors
    use: DataUse


def find_start(recipe: Recipe, root: Path) -> Start | None:
    """What training.start_from names: a run or a weights file below ``root``, or a file's path; None for nothing.

    Of a run, the moving average is taken, and its auxiliary heads. Raises InputError where nothing is there, and where
    it is not recorded what data went in: then nobody could say who was never seen.
    """
    name = recipe.training.start_from
    if not name:
        return None
    place = Path(os.path.normpath(root / name))  # as in ../other/liver, where root may still have to be made
    if (place / CHECKPOINT).is_file():
        return _of_run(recipe, place, name)
    for path in (place, Path(f"{place}{SUFFIX}")):
        if path.is_file():
            return _of_file(path)
    raise InputError(
        found=f"no run {name!r} to start from in {root}",
        expected=f"a folder {place} with a {CHECKPOINT}, or a weights file",
        remedy=f"Train {name} first, with -o {place}",
    )


def _of_run(recipe: Recipe, folder: Path, name: str) -> Start:
    stored = read_checkpoint(folder)
    network = begin(recipe, torch.device("cpu")).network
    if _shapes(network.state_dict()) != _shapes(stored["network"]):
        raise InputError(
            found=f"{name}, whose network has {_called(stored.get('facts', {}), stored['widths'])}",
            expected="a network such as this recipe's, with "
            + _called({"backbone": recipe.network.backbone}, list(recipe.network.widths)),
            remedy="Change network in the recipe, or start from another run",
        )
    network.load_state_dict(stored["network"])
    use = DataUse.from_json(stored["use"]) if "use" in stored else _committed_use(name)
    return Start({**network.auxiliary_weights(), **stored["averaged"]}, use)


def _called(facts: dict[str, Any], widths: list[int]) -> str:
    return f"the backbone {facts['backbone']}" if facts.get("backbone") else f"widths {widths}"


def _shapes(state: Tensors) -> dict[str, tuple[int, ...]]:
    return {name: tuple(weight.shape) for name, weight in state.items()}


def _of_file(path: Path) -> Start:
    card = path.with_suffix(".json")
    facts = read_json(card) if card.is_file() else {}
    if not isinstance(facts.get("data_use"), dict):
        raise InputError(
            found=f"no {card.name} with data_use beside {path}",
            expected="the card that says what data went into the weights",
            remedy="Copy it along",
        )
    weights = {name: torch.from_numpy(array) for name, array in tensors_from_safetensors(path.read_bytes()).items()}
    return Start(weights, DataUse.from_json(facts["data_use"]))


def _committed_use(name: str) -> DataUse:
    """Of a checkpoint of the first version, which does not say: those were all runs of committed recipes."""
    path = RECIPES / f"{name}.toml"
    if path.is_file():
        return declared_use(read_recipe(path))
    raise InputError(
        found=f"the run {name}, which does not record its data",
        expected="a run of this version",
        remedy=f"Go on with it once: livertumorseg train {name} -o FOLDER --resume --minutes 0",
    )
