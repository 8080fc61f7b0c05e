"""A procedural abdomen: a CT that nobody had to lie in a scanner for, with every answer known.

from LiverTumorSegLib.phantom import PhantomSettings, make_phantom
phantom = make_phantom(PhantomSettings(seed=2))
"""

from __future__ import annotations

from LiverTumorSegLib.phantom.phantom import Phantom, make_phantom
from LiverTumorSegLib.phantom.settings import DEFAULT_LESIONS, LesionKind, LesionSettings, PhantomSettings, Phase, Site

__all__ = [
    "DEFAULT_LESIONS",
    "LesionKind",
    "LesionSettings",
    "Phantom",
    "PhantomSettings",
    "Phase",
    "Site",
    "make_phantom",
]
