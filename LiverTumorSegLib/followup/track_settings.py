"""What following lesions over time takes for given."""

from __future__ import annotations

from dataclasses import dataclass, field

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.followup.settings import ResponseSettings


@dataclass(frozen=True)
class RegistrationSettings:
    """How livers are laid over each other, and when that counts as done.

    grid_mm: of the distance maps. band_mm: how far from the surface a liver's shape is looked at. stiffness: of the
    deformable step, mm2 per squared second difference of its control points, which lie control_mm apart. least_dice,
    jacobian: bounds of a usable registration.
    """

    grid_mm: float = 4.0
    band_mm: float = 12.0
    control_mm: float = 40.0
    stiffness: float = 1e-5
    least_dice: float = 0.90
    jacobian: tuple[float, float] = (0.5, 2.0)

    def __post_init__(self) -> None:
        low, high = self.jacobian
        lengths = (self.grid_mm, self.band_mm, self.control_mm, self.stiffness)
        if not (all(value > 0 for value in lengths) and 0 < low < 1 < high and 0 <= self.least_dice <= 1):
            raise InputError(
                found=f"grid, band, control distance and stiffness of {lengths}, Jacobians of {self.jacobian}, "
                f"a Dice of {self.least_dice:g}",
                expected="positive values, Jacobians on either side of 1, and a Dice between 0 and 1",
                remedy="Change the settings of the registration",
            )


@dataclass(frozen=True)
class MatchSettings:
    """Which lesions of two visits are the same.

    dilate_mm: of both masks before their overlap is taken. slack_mm: added to both radii in the cost of a distance.
    volume_weight: of |ln V ratio|. gate_mm, gate_radii: centres further apart than the larger of gate_mm and gate_radii
    (r1 + r2) never match. most_cost: a pair that costs more is left unmatched. edge_share: an unmatched lesion with so
    much of it in another one's place is a part of it. in_view_share: a place is in view when so much of it is,
    in_view_margin_mm from the volume's faces (carried places are wrong by some mm there); in_liver_mm: how far from the
    liver it may lie. anchor_mm: how near a lesion must be to a reader's point.
    """

    dilate_mm: float = 4.0
    slack_mm: float = 5.0
    volume_weight: float = 0.25
    gate_mm: float = 15.0
    gate_radii: float = 1.5
    most_cost: float = 1.75
    edge_share: float = 0.3
    in_view_share: float = 0.5
    in_view_margin_mm: float = 5.0
    in_liver_mm: float = 5.0
    anchor_mm: float = 5.0

    def __post_init__(self) -> None:
        shares = (self.edge_share, self.in_view_share)
        others = (self.dilate_mm, self.slack_mm, self.gate_mm, self.gate_radii, self.most_cost, self.anchor_mm)
        if not (all(0 < share <= 1 for share in shares) and all(value > 0 for value in others)):
            raise InputError(
                found=f"shares of {shares}, lengths and costs of {others}",
                expected="shares between 0 and 1, and positive lengths and costs",
                remedy="Change the settings of the matching",
            )


@dataclass(frozen=True)
class LookBackSettings:
    """When something is told to be seen in an earlier scan.

    around_mm: liver within it is compared with. least_in_view: share of the region. visible_noise, visible_hu: what is
    darker by both at least is seen; what is brighter, by bright_factor times that, since vessels that nobody has drawn
    are bright. likely_probability: from it on the model calls it tumor.

    At 360 balls of 4 to 10 mm radius in the livers of 3D-IRCADb 1 and 7, off the tumors, the 2.5 % darkest were darker
    by 0.1 to 0.6 times the noise, the 2.5 % brightest brighter by 0.5 to 1.5 times; six of number 1's seven tumors were
    darker by 1.1 to 1.8 times.
    """

    around_mm: float = 10.0
    least_in_view: float = 0.5
    visible_noise: float = 1.0
    visible_hu: float = 10.0
    bright_factor: float = 2.0
    likely_probability: float = 0.5


@dataclass(frozen=True)
class TrackSettings:
    """All of them. other_patient: studies whose patient's data differ are taken for one patient's, with a warning.

    look_back: whether new lesions are looked for in the earlier scans. slice_factor: of slice distances that differ so
    much between visits, the reader is told. oblique_degrees: of slices that are tilted more, too.
    """

    other_patient: bool = False
    look_back: bool = True
    slice_factor: float = 1.5
    oblique_degrees: float = 5.0
    registration: RegistrationSettings = field(default_factory=RegistrationSettings)
    matching: MatchSettings = field(default_factory=MatchSettings)
    looking: LookBackSettings = field(default_factory=LookBackSettings)
    response: ResponseSettings = field(default_factory=ResponseSettings)
