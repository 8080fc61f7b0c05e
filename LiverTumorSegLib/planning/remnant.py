"""The future liver remnant in numbers: ml, percent of the functional liver, percent of the standard liver."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from LiverTumorSegLib.errors import InputError

SURFACE_RANGE_M2 = (0.8, 3.0)


class SurfaceFormula(StrEnum):
    """Body surface from height and weight."""

    MOSTELLER = "Mosteller"
    DUBOIS = "DuBois"


@dataclass(frozen=True)
class Patient:
    """Whom the remnant must serve. Raises InputError where the body surface is no adult's or older child's."""

    height_cm: float
    weight_kg: float
    formula: SurfaceFormula = SurfaceFormula.MOSTELLER

    def __post_init__(self) -> None:
        low, high = SURFACE_RANGE_M2
        if not (self.height_cm > 0 and self.weight_kg > 0 and low <= self.body_surface_m2 <= high):
            raise InputError(
                found=f"a height of {self.height_cm:g} cm and a weight of {self.weight_kg:g} kg",
                expected=f"a body surface of {low:g} to {high:g} m2",
                remedy="Give the height in cm and the weight in kg",
            )

    @property
    def body_surface_m2(self) -> float:
        """Mosteller, NEJM 1987;317:1098; DuBois and DuBois, Arch Intern Med 1916;17:863."""
        if self.formula is SurfaceFormula.DUBOIS:
            return float(0.007184 * self.height_cm**0.725 * self.weight_kg**0.425)
        return float((self.height_cm * self.weight_kg / 3600) ** 0.5)

    @property
    def standard_liver_ml(self) -> float:
        """Vauthey et al., Liver Transpl 2002;8:233."""
        return -794.41 + 1267.28 * self.body_surface_m2


@dataclass(frozen=True)
class FunctionalRemnant:
    """The part of the remnant, tumour left out, with both portal inflow and hepatic venous outflow (flow.py).

    percent: of the functional liver, to be set beside ``Remnant.measured_percent``; None where that is 0 ml.
    """

    ml: float
    percent: float | None
    without_inflow_ml: float
    without_outflow_ml: float


DOUBTFUL_SHARE = 0.5
"""Of the measured remnant: a functional one below that is to be checked."""


@dataclass(frozen=True)
class Remnant:
    """flr_ml: what remains, tumour and vessels in it too. measured_percent: (FLR - tumour in it) / (liver - tumour),
    None for a liver that is all tumour. standardised_percent: FLR / standard liver, None without height and weight.
    functional: None where portal and hepatic veins are not told apart.
    """

    flr_ml: float
    tumor_in_flr_ml: float
    measured_percent: float | None
    standardised_percent: float | None
    functional: FunctionalRemnant | None

    @property
    def functional_is_doubtful(self) -> bool:
        """Far below the measured one: more often a vein that is missing in the segmentation than liver without flow."""
        if self.functional is None or self.functional.percent is None or self.measured_percent is None:
            return False
        return self.functional.percent < DOUBTFUL_SHARE * self.measured_percent


def share_percent(part: float, whole: float) -> float | None:
    """None of nothing."""
    return 100.0 * part / whole if whole > 0 else None
