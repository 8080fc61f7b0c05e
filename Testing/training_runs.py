"""A training small enough for tests: a bright ball with a tube and a dark spot in it, never twice at the same place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np

from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent
from LiverTumorSegLib.settings import Precision
from LiverTumorSegLib.training.partial_labels import IRCAD, Annotated
from LiverTumorSegLib.training.recipe import NetworkRecipe, Optimizer, Recipe, SynthesisSource, TrainingRecipe
from LiverTumorSegLib.training.samples import Sample

SMALL = Recipe(
    "small",
    1,
    NetworkRecipe((4, 6, 8, 8)),
    TrainingRecipe((16, 16, 16), 6.0, 6, 1e-2, warmup_steps=2, checkpoint_every=2, precision=Precision.FP32),
    (SynthesisSource(("ircad02",), 1),),
)


def small(**changes: object) -> Recipe:
    """SMALL with other entries of [training]."""
    return replace(SMALL, training=replace(SMALL.training, **changes))


SHARED = small(batch=2, steps=4, optimizer=Optimizer.SGD)
"""For several processes. Not AdamW: it turns the rounding noise of gradients that should be 0 into whole steps."""


class StoppedError(Exception):
    """By the user."""


def stopping_after(steps: int) -> ProgressCallback:
    """Raises StoppedError at that report, one of which comes after each step."""
    calls = iter(range(1, 10**6))

    def report(_event: ProgressEvent) -> None:
        if next(calls) == steps:
            raise StoppedError

    return report


class Balls:
    """A Source. Where a structure is not annotated, it has the value of what it lies in, as the protocol demands."""

    def __init__(self, size: tuple[int, int, int] = (16, 16, 16), annotated: Annotated = IRCAD) -> None:
        self._size, self._annotated = size, annotated

    def sample(self, rng: np.random.Generator) -> Sample:
        distance = np.linalg.norm(np.moveaxis(np.indices(self._size), 0, -1) - rng.uniform(5, 11, 3), axis=-1)
        labels = np.zeros(self._size, np.uint8)
        labels[distance < 7] = 1
        labels[(distance < 7) & (np.indices(self._size)[2] % 8 < 2)] = 2
        labels[distance < 2.5] = 3
        hu = np.array([-80.0, 100.0, 180.0, 40.0], np.float32)[labels]
        return Sample(hu + rng.normal(0, 10, self._size).astype(np.float32), self._seen(labels), self._annotated)

    def _seen(self, labels: np.ndarray) -> np.ndarray:
        kept = labels.copy()
        inside = 1 if self._annotated.liver else 0
        for value, weight in ((2, self._annotated.vessel), (3, self._annotated.tumor)):
            if not weight:
                kept[labels == value] = inside
        if not self._annotated.liver:
            kept[kept == 1] = 0
        return kept


def write_case(folder: Path, seed: int = 0) -> None:
    """As in the shared data: CT (HU) and masks, 6 mm voxels; a ball of liver with a tube of vein and a tumour in it."""
    folder.mkdir(parents=True)
    rng = np.random.default_rng(seed)
    i, j, k = np.indices((24, 22, 20))
    distance = np.sqrt((i - 12) ** 2 + (j - 11) ** 2 + (k - 10) ** 2)
    liver, vein = distance < 8, (distance < 8) & (abs(i - 8) < 2) & (abs(j - 11) < 2)
    tumor = (i - 15) ** 2 + (j - 11) ** 2 + (k - 10) ** 2 < 6
    hu = np.select([tumor, vein, liver], [40.0, 180.0, 100.0], -80.0) + rng.normal(0, 10, i.shape)
    masks = {
        "liver": liver,
        "portal_vein": vein,
        "hepatic_veins_and_vena_cava": np.zeros_like(vein),
        "liver_tumors_instances": tumor,
    }
    _write_nifti(folder / "ct.nii.gz", hu.astype(np.int16))
    for name, mask in masks.items():
        _write_nifti(folder / f"{name}.nii.gz", mask.astype(np.uint8))


def write_data(folder: Path, *names: str) -> Path:
    """A data folder with such cases."""
    for number, name in enumerate(names):
        write_case(folder / "cases" / name, number)
    return folder


def _write_nifti(path: Path, array: np.ndarray) -> None:
    nibabel.save(nibabel.Nifti1Image(array, np.diag([6.0, 6.0, 6.0, 1.0])), path)


CASES_TEXT = """
name = "NAME"
seed = 1
never_seen = [UNSEEN]
[network]
widths = [4, 6, 8, 8]
[training]
patch = 16
spacing_mm = 6
steps = 3
learning_rate = 1e-2
checkpoint_every = 2
validate_every = 3
folds = 2
precision = "fp32"
start_from = "START"
[[sources]]
kind = "cases"
names = [NAMES]
augmentation = "none"
"""


def cases_recipe(path: Path, *names: str, start_from: str = "", never_seen: tuple[str, ...] = ()) -> Path:
    """A recipe of such cases, called as the file; written there."""
    text = CASES_TEXT.replace('"NAME"', f'"{path.stem}"').replace('"START"', f'"{start_from}"')
    for word, values in (("[NAMES]", names), ("[UNSEEN]", never_seen)):
        text = text.replace(word, "[" + ", ".join(f'"{value}"' for value in values) + "]")
    path.write_text(text, encoding="utf-8")
    return path
