"""What planning takes for given; none of it is a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from LiverTumorSegLib.errors import InputError


@dataclass(frozen=True)
class ReferenceLine:
    """A remnant in percent of the functional liver that readers compare with, and for which livers."""

    percent: float
    title: str


REFERENCE_LINES = (
    ReferenceLine(20.0, "normal liver"),
    ReferenceLine(30.0, "after chemotherapy, steatosis"),
    ReferenceLine(40.0, "cirrhosis"),
)


@dataclass(frozen=True)
class PlanSettings:
    """Reaches and thresholds of planning.

    shells_mm: reach of the margin shells. second_share_percent: a further segment is named in a lesion's title above
    it. least_part_ml: a cut that leaves less on one side does not cut the liver in two. mouth_mm: how far a vessel's
    mouth reaches, which no resection takes (flow.py). references: lines drawn beside the remnant.
    """

    shells_mm: tuple[float, ...] = (5.0, 10.0)
    second_share_percent: float = 20.0
    least_part_ml: float = 1.0
    mouth_mm: float = 15.0
    references: tuple[ReferenceLine, ...] = REFERENCE_LINES

    def __post_init__(self) -> None:
        if not all(reach > 0 for reach in (*self.shells_mm, self.mouth_mm)) or self.least_part_ml <= 0:
            raise InputError(
                found=f"shells of {self.shells_mm} mm, a mouth of {self.mouth_mm} mm, parts of {self.least_part_ml} ml",
                expected="positive lengths and a positive volume",
                remedy="Change shells_mm, mouth_mm or least_part_ml",
            )
        percents = (self.second_share_percent, *(line.percent for line in self.references))
        if not all(0 <= percent <= 100 for percent in percents):
            raise InputError(
                found=f"{percents} percent",
                expected="percentages between 0 and 100",
                remedy="Change second_share_percent or the reference lines",
            )


DEFAULT_SETTINGS = PlanSettings()
