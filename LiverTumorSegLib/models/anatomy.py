"""The network that tells Couinaud segments, portal vein and hepatic veins by a liver's shape (``anatomy.shape``)."""

from __future__ import annotations

from LiverTumorSegLib.anatomy.shape import ALL_VESSEL, OUTSIDE, SPACING_MM
from LiverTumorSegLib.labels import COUINAUD_LABELS, VEINS
from LiverTumorSegLib.models.lvt import lvt_definition
from LiverTumorSegLib.models.network import NetworkDefinition
from LiverTumorSegLib.models.ops import Size

CHANNELS = tuple(label.name for label in (*COUINAUD_LABELS, *VEINS))
"""Probabilities inside the organ; what they are outside means nothing."""
INPUT_RANGE = (OUTSIDE, ALL_VESSEL)


def anatomy_definition(name: str, widths: tuple[int, ...], window: Size) -> NetworkDefinition:
    """As ``lvt_definition``, for a shape image in the place of a CT."""
    return lvt_definition(name, widths, SPACING_MM, INPUT_RANGE, window, len(CHANNELS))
