"""A training run as one file: everything that decides what comes out, and nothing else."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.models.lvt import AUXILIARY_HEADS

RECIPES = Path(__file__).with_name("recipes")


@dataclass(frozen=True)
class Recipe:
    """widths: features of each level. patch: voxels of spacing_mm along each side. label_maps: names below the data
    folder's labelmaps/abdomen. anatomies: completed bodies for each map. learning_rate: at its highest, after
    warmup_steps; then a cosine down to a hundredth of it at the last step.
    """

    name: str
    seed: int
    widths: tuple[int, ...]
    spacing_mm: float
    patch: int
    label_maps: tuple[str, ...]
    anatomies: int
    steps: int
    learning_rate: float
    warmup_steps: int
    weight_decay: float
    checkpoint_every: int = 100

    def __post_init__(self) -> None:
        if len(self.widths) < AUXILIARY_HEADS + 2:
            raise InputError(
                found=f"{len(self.widths)} levels",
                expected=f"at least {AUXILIARY_HEADS + 2}: the auxiliary heads sit on the decoder's lower levels",
                remedy="Give more widths in the recipe",
            )
        if self.patch % 2 ** (len(self.widths) - 1):
            raise InputError(
                found=f"a patch of {self.patch} voxels for {len(self.widths)} levels",
                expected=f"a multiple of {2 ** (len(self.widths) - 1)}",
                remedy="Change patch or widths in the recipe",
            )

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def read_recipe(path: Path) -> Recipe:
    """From a TOML file. Raises InputError for one that cannot be read, or names what a recipe does not have."""
    try:
        facts = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(
            found=f"{path} cannot be read ({error})", expected="a recipe in TOML", remedy="Check the path and the file"
        ) from error
    names = {field.name for field in fields(Recipe)}
    required = names - {"checkpoint_every"}
    if not required <= set(facts) <= names:
        wrong = sorted(set(facts) ^ required)
        raise InputError(
            found=f"{path.name} lacks or has unknown entries: {', '.join(wrong)}",
            expected=f"exactly {', '.join(sorted(required))}",
            remedy="Correct the recipe",
        )
    values: dict[str, Any] = {name: tuple(x) if isinstance(x, list) else x for name, x in facts.items()}
    return Recipe(**values)
