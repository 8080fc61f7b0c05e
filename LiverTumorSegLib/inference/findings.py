"""What a model finds around a liver, before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from LiverTumorSegLib.postprocess import USUAL_STEPS, Steps
from LiverTumorSegLib.volume import Volume

Voices = Mapping[str, Volume]
"""Probabilities of one structure by the name of the network that gave them."""


@dataclass(frozen=True, eq=False)
class Whole:
    """Probability (0 to 1) of the organ, wherever the CT shows it, and the single networks' opinions on it.

    tumor: of tumours on the same grid, from a model that finds both at once.
    """

    organ: Volume
    voices: Voices = field(default_factory=dict)
    tumor: Volume | None = None


@dataclass(frozen=True, eq=False)
class Findings:
    """Probabilities (0 to 1), each on a grid of the model's choice over the region that it was asked about.

    organ: liver with its vessels and tumours; 0.5 and more is liver. vessel: None from a model that knows none; a
    vessel is where it reaches vessel_sure, and where it reaches vessel_doubtful and brightness and shape say vessel.
    organ_voices, tumor_voices: what the combined ones were made of, for judging how sure they are. steps: what turns
    masks of them into the result.
    """

    organ: Volume
    tumor: Volume
    vessel: Volume | None = None
    organ_voices: Voices = field(default_factory=dict)
    tumor_voices: Voices = field(default_factory=dict)
    vessel_sure: float = 0.5
    vessel_doubtful: float = 0.1
    steps: Steps = USUAL_STEPS
