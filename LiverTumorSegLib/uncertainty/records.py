"""One case with its features and its truth: what a calibration is fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from LiverTumorSegLib.uncertainty.case_features import COUNTED_ML, CaseFeatures
from LiverTumorSegLib.uncertainty.confidence import LEAST_LIVER_DICE
from LiverTumorSegLib.uncertainty.judging import Features
from LiverTumorSegLib.uncertainty.lesion_features import LesionFeatures


@dataclass(frozen=True)
class Record:
    """patient: cases of one patient are never on both sides of a cross-validation. features.case: None without organ.

    true_lesions: of each found lesion, whether more than 10 % of it lies in a true one. liver_dice: of the organ.
    """

    name: str
    patient: str
    is_synthetic: bool
    features: Features
    true_lesions: tuple[bool, ...]
    liver_dice: float

    @property
    def is_good(self) -> bool:
        """LEAST_LIVER_DICE, and no false lesion of COUNTED_ML or more."""
        found = zip(self.features.lesions, self.true_lesions, strict=True)
        has_false = any(not is_true and lesion.volume_ml >= COUNTED_ML for lesion, is_true in found)
        return self.liver_dice >= LEAST_LIVER_DICE and not has_false

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "patient": self.patient,
            "synthetic": self.is_synthetic,
            "liver_dice": self.liver_dice,
            "true_lesions": list(self.true_lesions),
            "lesions": [asdict(lesion) for lesion in self.features.lesions],
            "case": None if self.features.case is None else asdict(self.features.case),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Record:
        """The inverse of to_json. Raises KeyError or TypeError for what is no record of this version."""
        case = None if data["case"] is None else CaseFeatures(**data["case"])
        lesions = tuple(LesionFeatures(**lesion) for lesion in data["lesions"])
        return cls(
            data["name"],
            data["patient"],
            data["synthetic"],
            Features(lesions, case),
            tuple(data["true_lesions"]),
            data["liver_dice"],
        )
