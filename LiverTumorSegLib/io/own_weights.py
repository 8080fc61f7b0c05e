"""Weights that ``livertumorseg train`` made, or that somebody else made with it: a file, and its card beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.registry import ModelSpec, NetworkFacts, WeightsFile

SUFFIX = ".safetensors"
SEGMENTER, ANATOMY = "lvt", "lvt-anatomy"
"""Architectures: networks that see a CT, and those that see a liver's shape."""
_SETTINGS = {SEGMENTER: "ml", ANATOMY: "anatomy"}


def is_weights_path(model: str) -> bool:
    """Whether a model is named by its file instead of its id."""
    return model.endswith(SUFFIX)


def model_of_file(path: Path, architecture: str = SEGMENTER) -> ModelSpec:
    """The model in NAME.safetensors with the card NAME.json; the card's hashes are what ``io.weights.load`` checks.

    Raises InputError where one of the two is missing, or the card is none of a network of that architecture.
    """
    card_path = card_beside(path)
    try:
        return _spec(read_json(card_path), path, architecture)
    except (LookupError, TypeError, ValueError) as error:
        raise InputError(
            found=f"{card_path.name} is not the card of a network of the kind {architecture} ({error})",
            expected="a card as 'livertumorseg train' writes it",
            remedy=f"Train with setting {_SETTINGS[architecture]} and a plain network, or use another file",
        ) from error


def card_beside(path: Path) -> Path:
    """Of weights. Raises InputError where one of the two files is missing."""
    card_path = path.with_suffix(".json")
    for file in (path, card_path):
        if not file.is_file():
            raise InputError(
                found=f"no file {file}",
                expected=f"weights ({SUFFIX}) and beside them their card ({card_path.name}), as training writes them",
                remedy="Check the path, or copy both files",
            )
    return card_path


def spec_of_card(card: dict[str, Any], path: Path) -> ModelSpec:
    """What a card says of weights, but for its section ``network``. Raises what a malformed one makes dictionaries
    raise.
    """
    hashes = card["files"][path.stem]
    return ModelSpec(
        id=str(card["id"]),
        title=str(card["title"]),
        license=str(card["license"]),
        origin=str(card["origin"]),
        citation=str(card["citation"]),
        training_data=str(card["training_data"]),
        provides=tuple(map(str, card["provides"])),
        accuracy=str(card["accuracy"]),
        files=(WeightsFile(path.stem, "", str(hashes["sha256"]), str(hashes["tensors_sha256"])),),
        folder=path.parent,
    )


def _spec(card: dict[str, Any], path: Path, architecture: str) -> ModelSpec:
    network = card["network"]
    if network["architecture"] != architecture:
        message = f"architecture {network['architecture']}"
        raise ValueError(message)
    low, high = map(float, network["hu_range"])
    i, j, k = map(int, network["window"])
    return replace(
        spec_of_card(card, path),
        network=NetworkFacts(
            tuple(map(int, network["widths"])),
            float(network["spacing_mm"]),
            (low, high),
            (i, j, k),
            bool(network["knows_coarse"]),
        ),
    )
