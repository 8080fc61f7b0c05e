"""How large the experiment is, and the recipes of its networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from LiverTumorSegLib.models.backbones import find_backbone
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.phantom import Phantom
from LiverTumorSegLib.phantom.clinical import ClinicalSettings, make_patient
from LiverTumorSegLib.phantom.sketch import make_sketch
from LiverTumorSegLib.settings import Precision
from LiverTumorSegLib.training.experiment.smoothing.design import Training
from LiverTumorSegLib.training.recipe import RECIPES, Recipe
from LiverTumorSegLib.training.recipe_file import parse_recipe

BACKBONE = "segresnet-vae"
"""Of the ablation, as published."""
_HU = {Training.LIVER: (-150.0, 250.0)}
_USUAL_HU = (-200.0, 250.0)

Draw = Callable[[ClinicalSettings, int], Phantom]


@dataclass(frozen=True)
class Scale:
    """width_share: of the backbones' published features. patch: voxels of spacing_mm, along R, A, S. patients: of the
    made-up cohort, drawn by draw. prior_repeats, prior_shuffles: of the cross-validation of the clinical prior.
    is_published: recipes are the committed ones, the numbers here count for the made-up cohort alone.
    """

    name: str
    patients: int
    spacing_mm: float
    draw: Draw = field(repr=False)  # a function has no lasting name
    width_share: float = 1.0
    patch: Size = (0, 0, 0)
    steps: int = 0
    learning_rate: float = 1e-3
    warmup_steps: int = 10
    prior_weight: float = 0.5
    prior_repeats: int = 10
    prior_shuffles: int = 20
    precision: Precision = Precision.FP32
    is_published: bool = False

    def backbone(self, name: str) -> str:
        """With this scale's number of features, unless the name has one. Raises InputError for an unknown backbone."""
        known = find_backbone(name)
        filters = max(1, round(self.width_share * known.widths[0]))
        return name if ":" in name else known.with_filters(filters).name

    def recipe(self, training: Training, backbone: str, seed: int) -> tuple[Recipe, str]:
        """And its text. backbone: as ``backbone`` gives it. Without the prior, its weight in the loss is 0."""
        if not self.is_published:
            text = self._text(training, backbone, seed)
            return parse_recipe(text, f"{training} at scale {self.name}"), text
        path = RECIPES / f"smoothsegnet-{training.stage}.toml"
        text = path.read_text(encoding="utf-8")
        recipe = parse_recipe(text, path.name)
        weight = recipe.loss.prior_weight if training is Training.SMOOTHED else 0.0
        told = f"# In the smoothing experiment: seed {seed}, backbone {backbone}, prior_weight {weight:g}, no fold\n"
        changed = replace(
            recipe,
            seed=seed,
            network=replace(recipe.network, backbone=backbone),
            loss=replace(recipe.loss, prior_weight=weight),
        )
        return changed, told + text

    def _text(self, training: Training, backbone: str, seed: int) -> str:
        low, high = _HU.get(training, _USUAL_HU)
        prior = self.prior_weight if training is Training.SMOOTHED else 0.0
        return f"""# {training} of the smoothing experiment at scale {self.name}; the source is that of the split.
name = "{training}"
seed = {seed}

[network]
backbone = "{backbone}"
dropout = 0.0
hu_range = [{low}, {high}]

[training]
setting = "{training.stage}"
patch = {list(self.patch)}
spacing_mm = {self.spacing_mm}
steps = {self.steps}
optimizer = "adam"
learning_rate = {self.learning_rate}
weight_decay = 1e-5
schedule = "cosine"
warmup_steps = {self.warmup_steps}
precision = "{self.precision}"
checkpoint_every = 50

[loss]
prior_weight = {prior}

[[sources]]
kind = "layout"
folders = ["the cohort"]
augmentation = "none"
"""


_SCALES = (
    # For the tests: what comes out means nothing.
    Scale("tiny", 26, 14.0, make_sketch, 0.125, (32, 16, 16), 2, warmup_steps=1, prior_repeats=1, prior_shuffles=0),
    # Half an hour of one core with fast bf16: small networks at a coarse grid, which see half a liver at a time.
    Scale("small", 32, 4.0, make_patient, 0.5, (48, 32, 32), 400, learning_rate=2e-3, precision=Precision.BF16),
    # As published, for GPUs and HCC-TACE-Seg.
    Scale("paper", 98, 1.5, make_patient, is_published=True),
)
SCALES: Mapping[str, Scale] = {scale.name: scale for scale in _SCALES}
