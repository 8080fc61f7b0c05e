"""Annotated CTs on the grid that a network sees, kept in a run's folder and memory-mapped from there."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int16, UInt32

from LiverTumorSegLib.arrays import Box, ImageArray, LabelArray
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.io.text_files import read_json, write_json
from LiverTumorSegLib.labels import MAIN_LABELS, TUMOR
from LiverTumorSegLib.training.data.structures import Structure, loss_weights
from LiverTumorSegLib.training.data.subject import LabelledCt
from LiverTumorSegLib.training.partial_labels import Annotated

_HU, _LABELS, _PLACES, _FACTS = "hu.npy", "labels.npy", "places.npz", "facts.json"
_MOST_PLACES = 20_000
_HU_LIMITS = (-1024, 3071)
"""What CTs store in 12 bits; padding at -3024 HU becomes air."""

HuMap = Int16[np.ndarray, "i j k"]
Places = UInt32[np.ndarray, " n"]


@dataclass(frozen=True)
class OrganFacts:
    """box: of the organ (liver with vessels and tumours); None where there is none. voxels, tumor_voxels: counted."""

    box: Box | None
    voxels: int
    tumor_voxels: int


@dataclass(frozen=True)
class PreparedCase:
    """One CT in a folder of its own; axes run to the patient's right, front and head, voxels are cubes unless they were
    kept as they were. case_id: of its subject.

    Raises InputError, when it is read, where a file is missing or damaged.
    """

    folder: Path
    case_id: str = field(default="", compare=False)

    @cached_property
    def annotated(self) -> Annotated:
        liver, vessel, tumor = self._facts["weights"]
        return Annotated(float(liver), float(vessel), float(tumor))

    @cached_property
    def spacing_mm(self) -> float:
        """Edge of a cube; along the first axis where voxels are none."""
        return float(self._facts["spacing_mm"])

    @cached_property
    def organ(self) -> OrganFacts:
        """Looked up in all voxels, once."""
        labels = self.arrays()[1]
        organ = np.isin(labels, [label.value for label in MAIN_LABELS])
        return OrganFacts(bounding_box(organ), int(organ.sum()), int((labels == TUMOR.value).sum()))

    @cached_property
    def places(self) -> dict[str, Places]:
        """Annotated structures that are present -> flat indices (C order) of some of their voxels, evenly spread."""
        try:
            with np.load(self.folder / _PLACES) as stored:
                return {name: stored[name] for name in stored.files}
        except (OSError, ValueError) as error:
            raise _damaged(self.folder / _PLACES, error) from error

    def arrays(self) -> tuple[HuMap, LabelArray]:
        """HU and labels (0, values of MAIN_LABELS, IGNORE), memory-mapped and read-only."""
        return self._mapped(_HU), self._mapped(_LABELS)

    @cached_property
    def _facts(self) -> dict[str, Any]:
        return read_json(self.folder / _FACTS)

    def _mapped(self, name: str) -> ImageArray:
        try:
            return np.load(self.folder / name, mmap_mode="r")
        except (OSError, ValueError) as error:
            raise _damaged(self.folder / name, error) from error


def store(case: LabelledCt, folder: Path) -> PreparedCase:
    """Write a CT that lies on its final grid already. The folder appears as a whole, or not at all.

    A folder of that name that is there already is kept. Raises InputError where it cannot be written.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        try:
            _write(case, partial)
            if not folder.exists():
                partial.replace(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    except OSError as error:
        raise InputError(
            found=f"{folder.parent} cannot be written ({error.strerror or error})",
            expected="a folder with room for the resampled CTs",
            remedy="Give another folder, or make room",
        ) from error
    return PreparedCase(folder)


def _write(case: LabelledCt, folder: Path) -> None:
    labels = np.ascontiguousarray(case.labels.array)
    np.save(folder / _HU, np.ascontiguousarray(np.clip(np.rint(case.ct.array), *_HU_LIMITS).astype(np.int16)))
    np.save(folder / _LABELS, labels)
    places: dict[str, Any] = _places(labels, case.annotated)
    np.savez(folder / _PLACES, **places)
    facts = {
        "weights": list(loss_weights(case.annotated)),
        "spacing_mm": case.ct.spacing_mm[0],
        "origin_ras_mm": case.ct.affine[:3, 3].tolist(),
    }
    write_json(folder / _FACTS, facts)


def _places(labels: LabelArray, annotated: frozenset[Structure]) -> dict[str, Places]:
    found = {str(one): np.flatnonzero(labels == one.label_value) for one in Structure if one in annotated}
    return {
        name: voxels[:: -(-voxels.size // _MOST_PLACES)].astype(np.uint32)
        for name, voxels in found.items()
        if voxels.size
    }


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(
        found=f"{path} cannot be read ({error})",
        expected="a CT as it was prepared for training",
        remedy=f"Remove {path.parent}, and it is prepared again",
    )
