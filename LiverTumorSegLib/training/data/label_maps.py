"""Label files of NIfTI, NRRD or MetaImage -> masks on the image's grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.label_names import label_of
from LiverTumorSegLib.io.raw import RawImage
from LiverTumorSegLib.io.read import read_image
from LiverTumorSegLib.io.segmentation import read_segmentation
from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.labels import main_label
from LiverTumorSegLib.study import Study
from LiverTumorSegLib.training.data.structures import ALL_STRUCTURES, Drawn, Structure
from LiverTumorSegLib.training.data.turns import turn_towards
from LiverTumorSegLib.volume import Volume

_MAX_LISTED = 8
_UNKNOWN_NAMES = {"unknown", "ignore", "unlabeled", "unlabelled", "not annotated", "void"}


class Meaning(StrEnum):
    """What a value of a label map stands for; nothing: another organ, or a structure that does not count here."""

    LIVER = "liver"
    VESSEL = "vessel"
    TUMOR = "tumor"
    UNKNOWN = "unknown"
    NOTHING = "nothing"

    @property
    def structure(self) -> Structure | None:
        return Structure(self.value) if self.value in set(Structure) else None


Meanings = tuple[tuple[int, Meaning], ...]
"""Value -> meaning; 0 is always nothing."""


def meanings_of(values_by_name: Mapping[str, int]) -> Meanings:
    """From names as in labels.json, in any spelling that label_names knows; "unknown" and the like are unknown."""
    return tuple((value, _meaning(name)) for name, value in values_by_name.items())


def read_values(path: Path) -> Meanings:
    """The meanings that a labels.json gives to values. Raises InputError if it is not a list of names and values."""
    data = read_json(path)
    named = data.get("labels", data)
    try:
        return meanings_of({str(name): int(value) for name, value in dict(named).items() if int(value) != 0})
    except (TypeError, ValueError) as error:
        raise InputError(
            found=f"{path} is not a list of labels ({error})",
            expected='names and values such as {"liver": 1, "tumor": 2, "unknown": 255}',
            remedy="Correct it, or move it away to use the usual values",
        ) from error


@dataclass(frozen=True)
class LabelMap:
    """One file with a value for each class; values that ``meanings`` lacks are refused."""

    path: Path
    meanings: Meanings

    @property
    def structures(self) -> frozenset[Structure]:
        return frozenset(meaning.structure for _, meaning in self.meanings if meaning.structure is not None)

    def read(self, study: Study) -> Drawn:
        """Raises InputError for another grid than the image's and for unknown values."""
        image = read_image(self.path)
        self._check_values(image)
        labels = on_image_grid(image, study.ct)
        masks = {structure: self._mask(labels, structure) for structure in self.structures}
        if Structure.LIVER in masks:
            masks[Structure.LIVER] = np.logical_or.reduce(list(masks.values()))
        unknown = np.isin(labels, [value for value, meaning in self.meanings if meaning is Meaning.UNKNOWN])
        return Drawn(masks, unknown if unknown.any() else None)

    def _mask(self, labels: np.ndarray, structure: Structure) -> Mask:
        return np.isin(labels, [value for value, meaning in self.meanings if meaning.structure is structure])

    def _check_values(self, image: RawImage) -> None:
        known = {float(value) for value, _ in self.meanings}
        strange = [value for value in values_in(image) if value not in known]
        if strange:
            listed = ", ".join(f"{value} {meaning}" for value, meaning in self.meanings)
            raise InputError(
                found=f"{self.path} has the unknown values {_listed(strange)}",
                expected=f"0 for background, {listed}",
                remedy="Check that these are the labels of this data set; a table may name values in a labels.json",
            )


@dataclass(frozen=True)
class BinaryMask:
    """One file whose voxels that are not 0 are one structure; they must all have the same value."""

    path: Path
    structure: Structure

    @property
    def structures(self) -> frozenset[Structure]:
        return frozenset({self.structure})

    def read(self, study: Study) -> Drawn:
        """Raises InputError for another grid than the image's and where there are several values beside 0."""
        image = read_image(self.path)
        values = values_in(image)
        if len(values) > 1 or not np.isfinite(values).all():
            raise InputError(
                found=f"{self.path} has the values {_listed(values)}",
                expected=f"a mask of the {self.structure}: 0 and one other value",
                remedy="Give a mask of one structure, or name the values of a label map in a labels.json",
            )
        return Drawn({self.structure: on_image_grid(image, study.ct) != 0})


@dataclass(frozen=True)
class Segments:
    """A .seg.nrrd of 3D Slicer, whose segments are known by name or code."""

    path: Path

    @property
    def structures(self) -> frozenset[Structure]:
        return ALL_STRUCTURES

    def read(self, study: Study) -> Drawn:
        """Raises InputError for another grid than the image's and where no segment is known."""
        segmentation, _ = read_segmentation(self.path, study.ct)
        masks = {structure: segmentation.array == structure.label_value for structure in Structure}
        return Drawn(masks | {Structure.LIVER: segmentation.array != 0})


def values_in(image: RawImage) -> list[float]:
    """The values that occur beside 0, sorted."""
    flat = image.array.ravel(order="K")
    return [float(value) for value in np.unique(flat[flat != 0])]


def on_image_grid(image: RawImage, ct: Volume) -> np.ndarray:
    """A label file's voxels in the order of the image's. Raises InputError where the grids do not agree.

    The axes may be stored in another order or direction; nothing is resampled, cropped or shifted.
    """
    labels = Volume(image.array, image.affine)
    turned = turn_towards(labels.affine, ct.affine).volume(labels)
    if not turned.same_grid(ct):
        raise InputError(
            found=f"{image.path} has another grid than its image: {labels.describe_grid()}",
            expected=f"the image's voxels: {ct.describe_grid()}",
            remedy="Check that labels and image belong together; a header that was lost must be restored first",
        )
    return turned.array


def _meaning(name: str) -> Meaning:
    label = label_of((name,))
    if label is not None:
        return Meaning(main_label(label).name)
    plain = " ".join(name.casefold().replace("_", " ").split())
    return Meaning.UNKNOWN if plain in _UNKNOWN_NAMES else Meaning.NOTHING


def _listed(values: list[float]) -> str:
    shown = ", ".join(f"{value:g}" for value in values[:_MAX_LISTED])
    return shown + (f" and {len(values) - _MAX_LISTED} more" if len(values) > _MAX_LISTED else "")
