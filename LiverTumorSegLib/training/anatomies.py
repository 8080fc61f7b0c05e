"""The bodies that a run is trained on: made once, kept in the run's folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from LiverTumorSegLib.arrays import LabelArray
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent, part_of
from LiverTumorSegLib.training.expert_cases import WHOLE_BODY
from LiverTumorSegLib.training.recipe import Recipe, SynthesisSource
from LiverTumorSegLib.training.synthesis.complete import Drawn, complete
from LiverTumorSegLib.training.synthesis.donors import Donor, couinaud_donors, vessel_donors
from LiverTumorSegLib.training.synthesis.sources import abdomen_maps, whole_body_map
from LiverTumorSegLib.training.synthesis.transplant import NoRoomError, transplant

WITH_VESSELS = "msd"
"""How the names of donors begin whose vessels were annotated."""
_DONATED = 1000
"""In the seed, where a number of completion stands for the bodies' own livers."""


def make_anatomies(recipe: Recipe, source: SynthesisSource, data: Path, folder: Path, report: ProgressCallback) -> None:
    """BODY-N.npy for each label map and completion, BODY+DONOR.npy for each donor; what is there already is kept.

    data: with labelmaps. What is drawn depends on the recipe's seed, the place of map or donor in its list, and N.
    Raises InputError for a map or donor that is not there, or for a donor that fits into none of the bodies.
    """
    folder.mkdir(parents=True, exist_ok=True)
    share = 1.0 if not source.donors else len(source.label_maps) / (len(source.label_maps) + len(source.donors))
    _complete_maps(recipe, source, data, folder, part_of(report, 0.0, share))
    if source.donors:
        _give_livers(recipe, source, data, folder, part_of(report, share, 1.0))


def _complete_maps(recipe: Recipe, source: SynthesisSource, data: Path, folder: Path, report: ProgressCallback) -> None:
    wanted = [name for name in source.label_maps if not (folder / f"{name}-{source.anatomies - 1}.npy").exists()]
    for done, (name, drawn) in enumerate(_bodies(recipe, wanted, data)):
        for number in range(source.anatomies):
            report(ProgressEvent("anatomies", done / len(wanted), f"completing {name}"))
            rng = np.random.default_rng([recipe.seed, source.label_maps.index(name), number])
            _store(folder / f"{name}-{number}.npy", complete(drawn, rng))


def _give_livers(recipe: Recipe, source: SynthesisSource, data: Path, folder: Path, report: ProgressCallback) -> None:
    wanted = [name for name in source.donors if not any(folder.glob(f"*+{name}.npy"))]
    for done, (name, donor) in enumerate(_donors(recipe, wanted, data)):
        report(ProgressEvent("anatomies", done / len(wanted), f"giving away the liver of {name}"))
        rng = np.random.default_rng([recipe.seed, source.donors.index(name), _DONATED])
        body, anatomy = _first_that_fits(recipe, source, data, name, donor, rng)
        _store(folder / f"{body}+{name}.npy", anatomy)


def _first_that_fits(
    recipe: Recipe, source: SynthesisSource, data: Path, name: str, donor: Donor, rng: np.random.Generator
) -> tuple[str, LabelArray]:
    """Bodies in random order: not every liver has room in every one."""
    for body in rng.permutation(np.array(source.label_maps)):
        ((_, drawn),) = _bodies(recipe, [str(body)], data)
        try:
            return str(body), complete(transplant(drawn, donor, rng), rng)
        except NoRoomError:
            continue
    raise InputError(
        found=f"{name}, whose liver fits into none of {len(source.label_maps)} bodies",
        expected="a body with room for it",
        remedy="Leave this donor out of the recipe",
    )


def _bodies(recipe: Recipe, names: list[str], data: Path) -> Iterator[tuple[str, Drawn]]:
    mm = recipe.training.cubic_mm
    yield from abdomen_maps(data / "labelmaps" / "abdomen", [name for name in names if name != WHOLE_BODY], mm)
    if WHOLE_BODY in names:
        yield WHOLE_BODY, whole_body_map(data / WHOLE_BODY, mm)


def _donors(recipe: Recipe, names: list[str], data: Path) -> Iterator[tuple[str, Donor]]:
    mm, maps = recipe.training.cubic_mm, data / "labelmaps"
    known = [name for name in names if name.startswith(WITH_VESSELS)]
    yield from vessel_donors(maps / "vessels", known, mm)
    yield from couinaud_donors(maps / "couinaud", [name for name in names if name not in known], mm)


def _store(path: Path, anatomy: LabelArray) -> None:
    """Whole or not at all."""
    partial = path.with_name("partial")
    with partial.open("wb") as file:
        np.save(file, anatomy)
    partial.replace(path)
