"""One liver laid over another one by their shapes alone, never by tumours or grey values.

What is found carries points from one visit to the other; nothing that is measured is ever moved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from LiverTumorSegLib.followup.bend import bend
from LiverTumorSegLib.followup.livers import LiverShape
from LiverTumorSegLib.followup.point_map import PointMap
from LiverTumorSegLib.followup.straight import SurfacePoints, fit_straight, residuals
from LiverTumorSegLib.followup.track_settings import RegistrationSettings
from LiverTumorSegLib.timeline import Registration
from LiverTumorSegLib.volume import Volume

DEFAULTS = RegistrationSettings()
STIFFER = (1.0, 30.0)
"""The stiffness is multiplied by these in turn, until no part of the liver is squeezed too much."""
LEAST_GAIN = 0.002
"""Of Dice: a bent map that gains less is not worth it."""


@dataclass(frozen=True, eq=False)
class Registered:
    """The map between a visit and the previous one, and how well it fits."""

    map: PointMap
    registration: Registration


def liver_of(segmentation: Volume, settings: RegistrationSettings = DEFAULTS) -> LiverShape | None:
    """What ``register`` needs of a visit; None where there is no liver."""
    return LiverShape.of(segmentation, settings.grid_mm, settings.band_mm + settings.grid_mm)


def register(
    this: LiverShape | None, previous: LiverShape | None, settings: RegistrationSettings = DEFAULTS
) -> Registered:
    """A visit's liver and the previous one's, found anew from the masks; the same input gives the same map.

    Where one of them has no liver, nothing is moved and the result is not usable.
    """
    if this is None or previous is None:
        return Registered(PointMap(), _judged(0.0, (1.0, 1.0), PointMap(), settings))
    straight = PointMap(fit_straight(this, previous, settings.band_mm))
    dice = _dice(this, previous, straight)
    for factor in STIFFER:
        bent = PointMap(straight.affine, bend(this, previous, straight.affine, settings, factor * settings.stiffness))
        low, high = _jacobians(this, bent)
        better = _dice(this, previous, bent)
        if better <= dice + LEAST_GAIN:
            break
        if settings.jacobian[0] <= low <= high <= settings.jacobian[1]:
            return Registered(bent, _judged(better, (low, high), bent, settings))
    return Registered(straight, _judged(dice, _jacobians(this, straight), straight, settings))


def _judged(
    dice: float, jacobians: tuple[float, float], found: PointMap, settings: RegistrationSettings
) -> Registration:
    low, high = settings.jacobian
    return Registration(
        dice=dice,
        jacobian_low=jacobians[0],
        jacobian_high=jacobians[1],
        is_usable=dice >= settings.least_dice and low <= jacobians[0] and jacobians[1] <= high,
        previous_from_this=tuple(tuple(float(value) for value in row) for row in found.affine),
    )


def _dice(this: LiverShape, previous: LiverShape, found: PointMap) -> float:
    """Of both livers on this one's coarse grid, where both images show what is there; 0 where they share nothing."""
    at = np.argwhere(this.known)
    points = SurfacePoints(this.distance.ras_from_ijk(at), this.distance.array[tuple(at.T)].astype(np.float64))
    shown, difference = residuals(points, previous, found.to_previous(points.ras))
    here, there = points.distance[shown] > 0, (points.distance + difference)[shown] > 0
    both = int(np.count_nonzero(here)) + int(np.count_nonzero(there))
    return 2 * int(np.count_nonzero(here & there)) / both if both else 0.0


def _jacobians(this: LiverShape, found: PointMap) -> tuple[float, float]:
    """The smallest and the largest inside this liver."""
    whole = float(np.linalg.det(found.affine[:3, :3]))
    if found.bending is None:
        return whole, whole
    inside = whole * found.bending.jacobian()[this.inside]
    return float(inside.min()), float(inside.max())
