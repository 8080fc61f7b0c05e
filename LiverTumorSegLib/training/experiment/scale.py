"""How large the experiment is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.settings import Precision
from LiverTumorSegLib.training.augmentation.windowing import BASE
from LiverTumorSegLib.training.experiment.design import Cell
from LiverTumorSegLib.training.recipe import LayoutSource, NetworkRecipe, Norm, Recipe, TrainingRecipe


@dataclass(frozen=True)
class Scale:
    """patch: voxels of spacing_mm. batch, steps, warmup_steps: of each run. folds: runs of each cell. phantoms: to
    make where no data sets are given, a fifth of them for testing. external: phantoms of another scanner.
    """

    name: str
    widths: tuple[int, ...]
    patch: Size
    spacing_mm: float
    batch: int
    steps: int
    warmup_steps: int
    folds: int
    phantoms: int
    external: int
    precision: Precision = Precision.BF16

    def recipe(self, cell: Cell, seed: int) -> Recipe:
        """As in A.2: residual encoder, batch norm, AdamW 1e-3, cosine with warm-up, base window of Random windowing."""
        return Recipe(
            name=cell.name,
            seed=seed,
            network=NetworkRecipe(self.widths, residual=True, norm=Norm.BATCH, hu_range=(BASE.low_hu, BASE.high_hu)),
            training=TrainingRecipe(
                patch=self.patch,
                spacing_mm=self.spacing_mm,
                steps=self.steps,
                learning_rate=1e-3,
                setting=cell.setting,
                batch=self.batch,
                warmup_steps=self.warmup_steps,
                precision=self.precision,
            ),
            sources=(LayoutSource(("the cohort",)),),
        )


_SCALES = (
    # For the tests: what comes out means nothing.
    Scale("tiny", (2, 2, 4, 4), (16, 16, 16), 14.0, 2, 2, 1, 2, 10, 1, Precision.FP32),
    # Hours on a CPU: 16 runs of a small network at a coarse grid.
    Scale("small", (8, 16, 32, 64), (64, 64, 64), 3.0, 2, 400, 40, 2, 50, 8),
    # As published: 40 epochs of 100 steps with 112 patches, for GPUs and the public data sets.
    Scale("paper", (32, 64, 128, 256, 320, 320), (128, 128, 96), 1.0, 112, 4000, 400, 5, 303, 20),
)
SCALES: Mapping[str, Scale] = {scale.name: scale for scale in _SCALES}
