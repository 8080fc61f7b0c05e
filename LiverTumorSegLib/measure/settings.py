"""Where a flag is raised. None of these changes a measured value."""

from __future__ import annotations

from dataclasses import dataclass

from LiverTumorSegLib.errors import InputError


@dataclass(frozen=True)
class MeasureSettings:
    """Thresholds of the flags.

    liver_range_ml: organ volumes outside it are implausible in an adult. 369 healthy adults span 594 to 2250 ml (Feng
    et al., World J Gastroenterol 2017;23:4968); the range leaves room for shrunken and for tumour-laden livers.
    mass_ml, surroundings_mm, least_parenchyma: a lesion of mass_ml or more of whose surroundings less than
    least_parenchyma is liver may lie beside the liver, not in it (see plausibility.py for the numbers behind them).
    oblique_degrees: tilt of the slices against axial. feret_ratio: Feret over longest diameter.
    """

    liver_range_ml: tuple[float, float] = (500.0, 4000.0)
    mass_ml: float = 30.0
    surroundings_mm: float = 10.0
    least_parenchyma: float = 0.4
    oblique_degrees: float = 5.0
    feret_ratio: float = 1.05

    def __post_init__(self) -> None:
        low, high = self.liver_range_ml
        if not 0 <= low < high:
            raise InputError(
                found=f"a plausible liver volume of {low:g} to {high:g} ml",
                expected="two ascending volumes in ml",
                remedy="Change liver_range_ml",
            )
        if self.surroundings_mm <= 0 or not 0 <= self.least_parenchyma <= 1:
            raise InputError(
                found=f"surroundings of {self.surroundings_mm:g} mm with a share of {self.least_parenchyma:g}",
                expected="a positive distance and a share between 0 and 1",
                remedy="Change surroundings_mm or least_parenchyma",
            )
