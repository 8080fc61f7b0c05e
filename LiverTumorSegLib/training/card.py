"""What comes out of a run: weights as a .safetensors file in half precision, and a card that says what they are."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from LiverTumorSegLib import __version__
from LiverTumorSegLib.io.own_weights import ANATOMY, SEGMENTER, SUFFIX
from LiverTumorSegLib.io.stage_weights import ARCHITECTURE as STAGE
from LiverTumorSegLib.io.stage_weights import stage_card_network
from LiverTumorSegLib.io.text_files import write_json
from LiverTumorSegLib.io.weights_repack import Tensors, safetensors_from, tensors_sha256
from LiverTumorSegLib.models import anatomy
from LiverTumorSegLib.models.lvt import CHANNELS
from LiverTumorSegLib.registry import Stage
from LiverTumorSegLib.training.partial_labels import Setting
from LiverTumorSegLib.training.recipe import Recipe
from LiverTumorSegLib.training.run import Run

_CITATIONS = {
    "ircad": "L. Soler et al., 3D image reconstruction for comparison of algorithm database (IRCAD, 2010)",
    "lits": "P. Bilic et al., The Liver Tumor Segmentation Benchmark (LiTS), Medical Image Analysis 84 (2023)",
    "hcc-tace-seg": "A. W. Moawad et al., Multimodality annotated hepatocellular carcinoma data set including pre- and "
    "post-TACE with imaging segmentation, Scientific Data 10:33 (2023), CC BY 4.0",
    "hepatic-vessel": "M. Antonelli et al., The Medical Segmentation Decathlon, Nature Communications 13 (2022)",
}
_ROLES = {
    "trained_on": "trained on",
    "images_of": "of these, with their CT images",
    "chosen_on": "chosen on",
    "never_seen": "never seen",
}


@dataclass(frozen=True)
class _Kind:
    """What a card says of the networks of one setting. rendered: how patients of label maps alone were seen."""

    architecture: str
    title: str
    channels: tuple[str, ...]
    provides: tuple[str, ...]
    rendered: str


def _stage_kind(stage: Stage, title: str) -> _Kind:
    return _Kind(STAGE, title, stage.channels, stage.channels[1:], "CT rendered from")


_KINDS = {
    Setting.ML: _Kind(SEGMENTER, "Liver, vessels and tumours in one network", CHANNELS, CHANNELS, "CT rendered from"),
    Setting.ANATOMY: _Kind(
        ANATOMY,
        "Couinaud segments, portal vein and hepatic veins from a liver's shape",
        anatomy.CHANNELS,
        ("couinaud", *anatomy.CHANNELS[-2:]),
        "shapes in",
    ),
    Setting.LIVER: _stage_kind(Stage.LIVER, "SmoothSegNet, first stage: the liver in a CT"),
    Setting.TUMOR: _stage_kind(Stage.TUMOR, "SmoothSegNet, second stage: tumours in a liver"),
    Setting.MULTICLASS: _stage_kind(Stage.MULTICLASS, "SmoothSegNet's network for liver and tumours at once"),
}
_LARGEST = float(np.finfo(np.float16).max)


def can_be_exported(recipe: Recipe) -> bool:
    """Whether inference knows this kind of network and what its channels mean."""
    return recipe.network.is_plain and recipe.training.setting in _KINDS


def export(run: Run, recipe: Recipe, recipe_text: str, folder: Path, name: str = "") -> Path:
    """NAME.safetensors (float16), NAME.json and NAME.md in a folder; the path of the weights.

    The averaged weights without what only training needs, under the names that inference takes. name: the recipe's if
    left out. Files that are there are replaced. Raises ValueError where ``can_be_exported`` is false, or a weight is
    too large for half precision.
    """
    if not can_be_exported(recipe):
        message = f"{recipe.name}: a network that inference does not know"
        raise ValueError(message)
    tensors = {one: _half(weight.cpu().numpy(), one) for one, weight in run.averaged.items()}
    content = safetensors_from(tensors)
    path = folder / f"{name or recipe.name}{SUFFIX}"
    path.write_bytes(content)
    card = card_of(run, recipe, recipe_text, tensors, content, path.stem)
    write_json(path.with_suffix(".json"), card)
    path.with_suffix(".md").write_text(in_markdown(card), encoding="utf-8")
    return path


def card_of(run: Run, recipe: Recipe, recipe_text: str, tensors: Tensors, content: bytes, name: str) -> dict[str, Any]:
    """The entries of ``io.weights_card``, and those that only trained weights have: network, training, data_use."""
    training, use, kind = recipe.training, run.use, _KINDS[recipe.training.setting]
    return {
        "id": name,
        "title": f"{kind.title} ({recipe.name}), trained by this project",
        "provides": list(kind.provides),
        "license": use.license,
        "origin": "this project",
        "citation": "; ".join(_CITATIONS[name] for name in use.data_sets if name in _CITATIONS),
        "training_data": _training_data(recipe, run),
        "accuracy": "Not measured by the training run.",
        "package": None,
        "package_sha256": None,
        "files": {
            name: {
                "source_sha256": None,
                "tensors_sha256": tensors_sha256(tensors),
                "sha256": hashlib.sha256(content).hexdigest(),
                "parameters": int(sum(array.size for array in tensors.values())),
            }
        },
        "network": {**_network(recipe, kind), "precision": "float16"},
        "training": {
            "steps": run.step,
            "of_steps": training.steps,
            "loss": None if np.isnan(run.loss) else round(run.loss, 4),
            "hours": round(run.seconds / 3600, 2),
            "version": __version__,
            "recipe": recipe_text,
            **({"prior_sha256": run.prior} if run.prior else {}),
        },
        "data_use": {**use.to_json(), "never_seen": list(recipe.never_seen)},
    }


def _network(recipe: Recipe, kind: _Kind) -> dict[str, Any]:
    if recipe.network.backbone:
        return stage_card_network(recipe.stage)
    return {
        "architecture": kind.architecture,
        "widths": list(recipe.network.widths),
        "spacing_mm": recipe.training.cubic_mm,
        "hu_range": list(recipe.network.hu_range),
        "window": list(recipe.training.patch),
        "channels": list(kind.channels),
        "knows_coarse": recipe.knows_coarse,
    }


def _in_words(network: dict[str, Any]) -> tuple[str, str]:
    """The network, and its grid."""
    if network["architecture"] != STAGE:
        return (
            f"{network['architecture']}, widths {', '.join(map(str, network['widths']))}",
            f"{network['spacing_mm']:g} mm",
        )
    spacing = network["spacing_mm"]
    grid = "the CT's own voxels" if spacing is None else f"{' x '.join(f'{mm:g}' for mm in spacing)} mm"
    return f"{network['backbone']} for the stage {network['stage']}", f"{grid}, axes {network['axes']}"


def in_markdown(card: dict[str, Any]) -> str:
    """The card for people."""
    network, training, use = card["network"], card["training"], card["data_use"]
    called, grid = _in_words(network)
    roles = {told: ", ".join(use[role]) or "none" for role, told in _ROLES.items()}
    file = next(iter(card["files"].values()))
    lines = [
        f"# {card['title']}",
        "",
        "For research use only: not a medical device.",
        "",
        "| | |",
        "| --- | --- |",
        f"| licence of the weights | {card['license']} |",
        f"| network | {called}, {file['parameters']:,} parameters |",
        f"| grid | {grid}, windows of {' x '.join(map(str, network['window']))} voxels |",
        f"| input | {network['hu_range'][0]:g} to {network['hu_range'][1]:g} |",
        *(f"| {role} | {names} |" for role, names in roles.items()),
        f"| steps | {training['steps']} of {training['of_steps']}, {training['hours']:g} h |",
        f"| loss at the end | {training['loss']} |",
        f"| sha256 | `{file['sha256']}` |",
        "",
        card["training_data"],
        "",
        f"Accuracy: {card['accuracy']}",
        "",
        *([f"Cite: {card['citation']}.", ""] if card["citation"] else []),
        "## Recipe",
        "",
        "```toml",
        training["recipe"].strip(),
        "```",
        "",
    ]
    return "\n".join(lines)


def _training_data(recipe: Recipe, run: Run) -> str:
    use = run.use
    maps_alone = len(use.trained_on) - len(use.images_of)
    parts = [f"CT images and masks of {len(use.images_of)} patients"] if use.images_of else []
    rendered = _KINDS[recipe.training.setting].rendered
    parts += [f"{rendered} the label maps alone of {maps_alone} patients"] if maps_alone else []
    unseen = f" Nothing of {', '.join(recipe.never_seen)} was used." if recipe.never_seen else ""
    return f"{' and '.join(parts) or 'Nothing'} ({', '.join(use.data_sets) or 'no data set'}).{unseen}"


def _half(array: np.ndarray, name: str) -> np.ndarray:
    if not np.abs(array).max() <= _LARGEST:
        message = f"{name}: weights up to {np.abs(array).max():g}, more than half precision holds"
        raise ValueError(message)
    return array.astype(np.float16)
