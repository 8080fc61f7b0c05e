"""What judging response takes for given; the thresholds that define a criterion are in ``criteria.py``."""

from __future__ import annotations

from dataclasses import dataclass, field

from LiverTumorSegLib.errors import InputError


@dataclass(frozen=True)
class ViableSettings:
    """How viable tissue is told from necrosis in an arterial CT (``viable.py``).

    smooth_mm: standard deviation of the smoothing within a slice. sigmas: viable is what is brighter than the liver's
    median by so many of its standard deviations. least_ml: enhancing or dark specks below it are noise (0.05 ml is a
    ball of 4.6 mm). dense_hu: above it lies Lipiodol, a clip or calcium, not tissue. most_dense_percent: of a lesion;
    with more of that, viable tissue cannot be seen. least_liver_ml: needed to know how bright the liver is.
    """

    smooth_mm: float = 1.0
    sigmas: float = 2.0
    least_ml: float = 0.05
    dense_hu: float = 250.0
    most_dense_percent: float = 2.0
    least_liver_ml: float = 20.0

    def __post_init__(self) -> None:
        amounts = (self.smooth_mm, self.sigmas, self.least_ml, self.most_dense_percent, self.least_liver_ml)
        if min(amounts) < 0:
            raise InputError(
                found=f"settings of viable tissue with a negative number: {amounts}",
                expected="numbers of 0 or more",
                remedy="Change the settings of viable tissue",
            )


@dataclass(frozen=True)
class ResponseSettings:
    """Thresholds around the criteria.

    measurable_mm: least longest diameter of a target, and at least 2 slice thicknesses. most_targets: proposed in the
    liver. too_small_mm: what a reader enters for a lesion that is there but too small to measure (a measured value
    counts as measured, below it too); a new lesion below it is not yet unequivocal. new_viable_mm: least diameter of a
    new lesion that counts for mRECIST.
    """

    measurable_mm: float = 10.0
    most_targets: int = 2
    too_small_mm: float = 5.0
    new_viable_mm: float = 10.0
    viable: ViableSettings = field(default_factory=ViableSettings)

    def __post_init__(self) -> None:
        if min(self.measurable_mm, self.too_small_mm, self.new_viable_mm) <= 0 or self.most_targets < 1:
            raise InputError(
                found=f"diameters of {self.measurable_mm:g}, {self.too_small_mm:g} and {self.new_viable_mm:g} mm, "
                f"{self.most_targets} targets",
                expected="positive diameters and at least one target",
                remedy="Change measurable_mm, too_small_mm, new_viable_mm or most_targets",
            )


DEFAULT_SETTINGS = ResponseSettings()
