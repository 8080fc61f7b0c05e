"""Which label of the main result a segment means, whatever a reader or another program called it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from LiverTumorSegLib.labels import HEPATIC_VEIN, LIVER, PORTAL_VEIN, TUMOR, VESSEL, Label

PRIORITY = (TUMOR, PORTAL_VEIN, HEPATIC_VEIN, VESSEL, LIVER)
"""Where segments overlap, the first one wins."""

_NAMES = {
    LIVER: {"liver", "liver parenchyma", "whole liver", "liver organ", "hepar"},
    VESSEL: {
        "vessel",
        "liver vessel",
        "hepatic vessel",
        "blood vessel",
        "vein",
        "liver vein",
        "portal vein and hepatic vein",
        "portal and hepatic vein",
    },
    PORTAL_VEIN: {"portal vein", "portal", "vena portae"},
    HEPATIC_VEIN: {"hepatic vein", "hepatic vein and vena cava"},
    TUMOR: {
        "tumor",
        "liver tumor",
        "hepatic tumor",
        "lesion",
        "liver lesion",
        "hepatic lesion",
        "metastasis",
        "liver metastasis",
        "mass",
        "neoplasm",
        "hcc",
    },
}
_CODES = {
    LIVER: {"10200004"},
    VESSEL: {
        "59820001",
    },
    PORTAL_VEIN: {"32764006", "73931004", "70253006"},
    HEPATIC_VEIN: {"8993003", "272998002", "273099000", "273202007"},
    TUMOR: {"4147007", "108369006", "86049000", "372087000", "14799000", "52988006"},
}


def label_of(names: Iterable[str], code: str = "") -> Label | None:
    """The label that the first recognized name means, else the one of the SNOMED CT code, else None.

    Case, plurals, British spelling, separators and a number at the end ("Tumour_2") do not matter.
    """
    for name in names:
        plain = _plain(name)
        for label, known in _NAMES.items():
            if plain in known:
                return label
    return next((label for label, known in _CODES.items() if code in known), None)


def _plain(name: str) -> str:
    words = re.sub(r"[\W_]+", " ", name.casefold()).strip()
    words = re.sub(r"\s*\d+$", "", words).replace("tumour", "tumor").replace("metastases", "metastasis")
    return " ".join(_singular(word) for word in words.split())


def _singular(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "is")) else word
