"""Real CTs of the shared data folder as subjects: expert masks of all structures, or the liver that a model drew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.read import read_image
from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.study import Study
from LiverTumorSegLib.training.data.label_maps import LabelMap, Meaning, on_image_grid
from LiverTumorSegLib.training.data.structures import ALL_STRUCTURES, Drawn, Structure
from LiverTumorSegLib.training.data.subject import Annotation, CtSource, Subject

DATA_SET = "ircad"
"""Both cases are patients of 3D-IRCADb-01, under the name that the reader of the published folders gives them."""
WHOLE_BODY = "total_example"
"""A CT without contrast in which a model, not an expert, drew everything; its folder lies beside the cases' folder."""
_CT, _LIVER, _TUMORS = "ct.nii.gz", "liver.nii.gz", "liver_tumors_instances.nii.gz"
_VEINS = ("portal_vein.nii.gz", "hepatic_veins_and_vena_cava.nii.gz")


@dataclass(frozen=True)
class ExpertMasks:
    """path: a case's folder. A tumour file that is missing says that there is no tumour in the liver."""

    path: Path

    @property
    def structures(self) -> frozenset[Structure]:
        return ALL_STRUCTURES

    def read(self, study: Study) -> Drawn:
        """The masks that results are judged by: the organ is the liver with its tumours (cysts are liver), vessels are
        portal vein, hepatic veins and vena cava inside the organ. Raises InputError for another grid or a missing file.
        """
        tumor = self._mask(_TUMORS, study) if (self.path / _TUMORS).exists() else np.zeros(study.ct.shape, bool)
        organ = self._mask(_LIVER, study) | tumor
        first, second = (self._mask(name, study) for name in _VEINS)
        vessel = (first | second) & organ
        return Drawn({Structure.LIVER: organ, Structure.VESSEL: vessel, Structure.TUMOR: tumor})

    def _mask(self, name: str, study: Study) -> Mask:
        return np.asarray(on_image_grid(read_image(self.path / name), study.ct) > 0)


def case_subjects(data: Path, names: Sequence[str]) -> tuple[Subject, ...]:
    """data: with cases/NAME, and WHOLE_BODY, of which the liver alone counts. Nothing but names of labels is read yet.

    Raises InputError naming a case that is not there.
    """
    return tuple(_whole_body(data / name) if name == WHOLE_BODY else _case(data / "cases" / name) for name in names)


def _case(folder: Path) -> Subject:
    image = _ct_in(folder)
    return Subject(folder.name, DATA_SET, image, (Annotation(DATA_SET, image, ExpertMasks(folder), ALL_STRUCTURES),))


def _whole_body(folder: Path) -> Subject:
    """Vessels in the liver and tumours were not drawn; the portal vein's label runs on to the spleen."""
    image, values = _ct_in(folder), read_json(folder / "labels.json")
    meanings = tuple((value, Meaning.LIVER if name == "liver" else Meaning.NOTHING) for name, value in values.items())
    labels = LabelMap(folder / "labels.nii.gz", meanings)
    return Subject(folder.name, folder.name, image, (Annotation(folder.name, image, labels, labels.structures),))


def _ct_in(folder: Path) -> CtSource:
    if not (folder / _CT).is_file():
        raise InputError(
            found=f"no {_CT} in {folder}", expected="a case with its masks", remedy="Check names and data folder"
        )
    return CtSource(folder / _CT)
