"""The cases of a calibration: synthetic patients that are hard on purpose, and the real cases at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from LiverTumorSegLib.arrays import HuArray, LabelArray
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.read import read_study
from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.study import Source, Study
from LiverTumorSegLib.training.data.structures import exclusive_map
from LiverTumorSegLib.training.expert_cases import ExpertMasks
from LiverTumorSegLib.training.synthesis.complete import Drawn, complete
from LiverTumorSegLib.training.synthesis.lesions import add_lesions
from LiverTumorSegLib.training.synthesis.render import render
from LiverTumorSegLib.training.synthesis.sources import abdomen_maps
from LiverTumorSegLib.training.synthesis.tissues import is_organ, labels_of
from LiverTumorSegLib.volume import Volume

SPACING_MM = 1.5
_CUT_SHARE, _CUT = 0.25, (0.1, 0.45)
"""Of the patients, whose field of view ends in the liver; how much of the liver's height is missing."""
_NOISY_SHARE, _NOISE_HU = 0.25, (20.0, 70.0)
"""Of the patients, that get more noise than ``render`` gives; its standard deviation."""


@dataclass(frozen=True, eq=False)
class KnownCase:
    """truth: labels of MAIN_LABELS on the CT's grid."""

    study: Study
    truth: LabelArray


@dataclass(frozen=True)
class PlannedCase:
    """A case that is not made, or read, before ``make`` is called."""

    name: str
    patient: str
    is_synthetic: bool
    make: Callable[[], KnownCase]


def planned_cases(data: Path, count: int, seed: int) -> Iterator[PlannedCase]:
    """``count`` synthetic patients, one label map after the other, then the real cases of data/cases.

    data: with labelmaps/abdomen. Raises InputError where there is no label map.
    """
    folder = data / "labelmaps" / "abdomen"
    if count and not (folder / "labels.json").is_file():
        raise InputError(
            found=f"no label maps in {folder}", expected="labelmaps/abdomen", remedy="Give the data folder with --data"
        )
    patients = sorted(read_json(folder / "labels.json")["annotated"]) if count else []
    for number in range(count):
        patient = patients[number % len(patients)]
        yield PlannedCase(f"synthetic-{number:04d}", patient, True, _maker(folder, patient, number, seed))
    for place in sorted(path for path in (data / "cases").glob("*") if (path / "ct.nii.gz").is_file()):
        yield PlannedCase(place.name, place.name, False, _reader(place))


def synthetic_case(drawn: Drawn, rng: np.random.Generator) -> KnownCase:
    """A patient around one label map; may have tumours, a mass beside the liver, no contrast, noise, and be cut off.

    On an upright grid (R, A, S) of the map's spacing. The same state of rng gives the same patient.
    """
    mm = drawn.spacing_mm
    anatomy = _in_view(add_lesions(complete(drawn, rng), mm, rng), rng)
    hu = _noisier(render(anatomy, mm, rng), rng)
    ct = Volume(np.clip(np.rint(hu), -1024, 3000).astype(np.int16), np.diag([mm, mm, mm, 1.0]))
    return KnownCase(Study(ct, Source("", "synthetic", "")), labels_of(anatomy))


def _maker(folder: Path, patient: str, number: int, seed: int) -> Callable[[], KnownCase]:
    def make() -> KnownCase:
        ((_, drawn),) = abdomen_maps(folder, [patient], SPACING_MM)
        return synthetic_case(drawn, np.random.default_rng([seed, number]))

    return make


def _reader(folder: Path) -> Callable[[], KnownCase]:
    def read() -> KnownCase:
        study = read_study(folder / "ct.nii.gz")
        return KnownCase(study, exclusive_map([ExpertMasks(folder).read(study)], study.ct.shape))

    return read


def _in_view(anatomy: LabelArray, rng: np.random.Generator) -> LabelArray:
    """Of some patients the head's or the feet's side of the scan is missing, with a part of the liver."""
    height = np.flatnonzero(is_organ(anatomy).any(axis=(0, 1)))
    if rng.random() >= _CUT_SHARE or not height.size:
        return anatomy
    lost = int(rng.uniform(*_CUT) * height.size)
    is_dome = bool(rng.random() < 0.5)
    kept = anatomy[:, :, : height[-1] - lost] if is_dome else anatomy[:, :, height[0] + lost :]
    return np.ascontiguousarray(kept)


def _noisier(hu: HuArray, rng: np.random.Generator) -> HuArray:
    if rng.random() >= _NOISY_SHARE:
        return hu
    return hu + np.float32(rng.uniform(*_NOISE_HU)) * rng.standard_normal(hu.shape, dtype=np.float32)
