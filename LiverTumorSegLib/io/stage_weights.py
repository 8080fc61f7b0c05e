"""Weights of single stages of SmoothSegNet: a .safetensors file each, with its card, and pairs of them in a folder."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.own_weights import SUFFIX, card_beside, spec_of_card
from LiverTumorSegLib.io.text_files import read_json, write_json
from LiverTumorSegLib.io.weights_folder import cache_folder
from LiverTumorSegLib.io.weights_repack import Tensors, safetensors_from, tensors_sha256
from LiverTumorSegLib.registry import ModelSpec, Stage, StageFacts

ARCHITECTURE = "stage"
"""What a card calls such a network; its backbone stands beside it."""
PAIR = (Stage.LIVER, Stage.TUMOR)
IMPORTED = "medassist"
"""Folder, in the cache, of a pair that ``livertumorseg models import`` made."""
_PLACES = ({"L", "R"}, {"A", "P"}, {"I", "S"})
_LARGEST = float(np.finfo(np.float16).max)


@dataclass(frozen=True)
class StageOrigin:
    """What a card says of where weights come from, in words: see ``registry.ModelSpec``.

    id: what a run's record calls the network. source_sha256: of the file that they were read from, None if they were
    trained here.
    """

    id: str
    title: str
    license: str
    origin: str
    citation: str
    training_data: str
    accuracy: str
    source_sha256: str | None = None


def stage_of_file(path: Path) -> ModelSpec:
    """The network in NAME.safetensors with the card NAME.json; the card's hashes are what ``io.weights.load`` checks.

    Raises InputError where one of the two is missing, or the card is none of a network for a stage.
    """
    card_path = card_beside(path)
    try:
        card = read_json(card_path)
        return replace(spec_of_card(card, path), stage=_facts(card["network"]))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            found=f"{card_path.name} is not the card of a network for a stage of SmoothSegNet ({error})",
            expected="a card as 'livertumorseg train smoothsegnet' or 'models import medassist' writes it",
            remedy="Use another file, or make it again",
        ) from error


def stage_card_network(facts: StageFacts) -> dict[str, Any]:
    """The section ``network`` of a card."""
    return {
        "architecture": ARCHITECTURE,
        "stage": str(facts.stage),
        "backbone": facts.backbone,
        "spacing_mm": None if facts.spacing_mm is None else list(facts.spacing_mm),
        "axes": facts.axes,
        "hu_range": list(facts.hu_range),
        "scaled_to": list(facts.scaled_to),
        "window": list(facts.window),
        "channels": list(facts.stage.channels),
    }


def write_stage(path: Path, tensors: Tensors, facts: StageFacts, origin: StageOrigin) -> ModelSpec:
    """Write weights as NAME.safetensors with their card NAME.json; what ``stage_of_file`` then finds there.

    Half precision, or float32 throughout where a weight is too large for it (a running variance may be). Files that are
    there are replaced. Raises InputError where a weight is not a finite number.
    """
    wrong = [name for name, array in tensors.items() if not np.isfinite(array).all()]
    if wrong:
        raise InputError(
            found=f"weights that are no finite numbers, at {wrong[0]} ({len(wrong)} in all)",
            expected="the weights of a network that was trained",
            remedy="Use another file",
        )
    largest = max(float(np.abs(array).max(initial=0.0)) for array in tensors.values())
    precision = np.dtype(np.float16 if largest <= _LARGEST else np.float32)
    stored = {name: np.ascontiguousarray(array, dtype=precision) for name, array in tensors.items()}
    content = safetensors_from(stored)
    card = _card(path.stem, stored, content, facts, origin)
    card["network"]["precision"] = str(precision)
    path.write_bytes(content)
    write_json(path.with_suffix(".json"), card)
    return stage_of_file(path)


def pair_in(folder: Path) -> tuple[ModelSpec, ModelSpec]:
    """The networks of both stages in a folder: liver.safetensors and tumor.safetensors with their cards.

    Raises InputError where a file is missing, or holds the network of another stage.
    """
    liver, tumor = (_of_stage(folder / f"{stage}{SUFFIX}", stage) for stage in PAIR)
    return liver, tumor


def imported_folder() -> Path:
    """Where ``livertumorseg models import medassist`` puts a pair unless told otherwise."""
    return cache_folder() / IMPORTED


def _of_stage(path: Path, stage: Stage) -> ModelSpec:
    spec = stage_of_file(path)
    if spec.stage is None or spec.stage.stage is not stage:
        raise InputError(
            found=f"{path.name} with a network of the stage {spec.stage.stage if spec.stage else 'unknown'}",
            expected=f"one of the stage {stage}",
            remedy="Name the files after their stages",
        )
    return spec


def _card(name: str, tensors: Tensors, content: bytes, facts: StageFacts, origin: StageOrigin) -> dict[str, Any]:
    return {
        "id": origin.id,
        "title": origin.title,
        "provides": list(facts.stage.channels[1:]),
        "license": origin.license,
        "origin": origin.origin,
        "citation": origin.citation,
        "training_data": origin.training_data,
        "accuracy": origin.accuracy,
        "package": None,
        "package_sha256": None,
        "files": {
            name: {
                "source_sha256": origin.source_sha256,
                "tensors_sha256": tensors_sha256(tensors),
                "sha256": hashlib.sha256(content).hexdigest(),
                "parameters": int(sum(array.size for array in tensors.values())),
            }
        },
        "network": stage_card_network(facts),
    }


def _facts(network: dict[str, Any]) -> StageFacts:
    if network["architecture"] != ARCHITECTURE:
        message = f"architecture {network['architecture']}"
        raise ValueError(message)
    spacing = network["spacing_mm"]
    axes, stage = str(network["axes"]), Stage(network["stage"])
    if len(axes) != len(_PLACES) or not all(any(axis in place for axis in axes) for place in _PLACES):
        message = f"axes {axes}"
        raise ValueError(message)
    low, high = map(float, network["hu_range"])
    bottom, top = map(float, network["scaled_to"])
    i, j, k = map(int, network["window"])
    return StageFacts(
        stage, str(network["backbone"]), None if spacing is None else _spacing(spacing), axes, (low, high), (i, j, k),
        (bottom, top),
    )  # fmt: skip


def _spacing(values: list[float]) -> tuple[float, float, float]:
    i, j, k = map(float, values)
    if min(i, j, k) <= 0:
        message = f"spacing {values}"
        raise ValueError(message)
    return i, j, k
