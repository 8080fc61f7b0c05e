"""Trainings of SmoothSegNet's stages that are small enough for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

STAGE_TEXT = """
name = "NAME"
seed = 1
[network]
backbone = "segresnet-vae:2"
hu_range = [-150.0, 250.0]
[training]
setting = "STAGE"
patch = [32, 16, 16]
spacing_mm = 6
steps = 4
optimizer = "adam"
amsgrad = true
learning_rate = 1e-2
weight_decay = 1e-5
checkpoint_every = 2
precision = "fp32"
[loss]
prior_weight = WEIGHT
[[sources]]
kind = "cases"
names = [NAMES]
augmentation = "none"
"""


def stage_recipe(path: Path, stage: str, *names: str, prior_weight: float = 0.0, **changes: str) -> Path:
    """A recipe of cases for a stage, called as the file; written there. changes: entries, as TOML has them."""
    text = STAGE_TEXT.replace("NAMES", ", ".join(f'"{name}"' for name in names))
    text = text.replace('"NAME"', f'"{path.stem}"').replace("STAGE", stage).replace("WEIGHT", str(prior_weight))
    for entry, value in changes.items():
        lines = [f"{entry} = {value}" if line.startswith(f"{entry} =") else line for line in text.splitlines()]
        text = "\n".join(lines)
    path.write_text(text, encoding="utf-8")
    return path


def write_pair(folder: Path, *names: str, prior_weight: float = 0.0, **changes: str) -> Path:
    """tiny-liver.toml and tiny-tumor.toml; what ``train`` takes for both."""
    stage_recipe(folder / "tiny-liver.toml", "liver", *names, **changes)
    stage_recipe(folder / "tiny-tumor.toml", "tumor", *names, prior_weight=prior_weight, **changes)
    return folder / "tiny"


def write_prior(path: Path, ratios: Mapping[str, float]) -> Path:
    """prior.json as ``livertumorseg prior`` writes it."""
    predictions = {case: {"predicted": ratio, "fold": 1, "observed": None} for case, ratio in ratios.items()}
    path.write_text(json.dumps({"schema": 1, "target": "tlvr", "predictions": predictions}), encoding="utf-8")
    return path
