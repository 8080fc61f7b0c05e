"""The masks of 3D-IRCADb-01: a folder of DICOM slices for each structure, in names that its annotators chose freely."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath

import edt
import fill_voids
import numpy as np

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.geometry.boxes import bounding_box
from LiverTumorSegLib.io.archive import Entry
from LiverTumorSegLib.study import Study
from LiverTumorSegLib.training.data.dicom_masks import read_dicom_mask
from LiverTumorSegLib.training.data.mask_files import mask_entries
from LiverTumorSegLib.training.data.structures import ALL_STRUCTURES, Drawn, Structure
from LiverTumorSegLib.volume import Volume

CLEFT_MM = 3.0
"""Clefts and holes of the liver mask up to twice as wide count as liver where a vessel runs in them.

In patients 1 and 7 this adds 1.0 ml of portal vein and 0.3 ml of other veins to the 42 and 68 ml inside the liver mask.
A margin of 3 mm around the liver would add 8.6 and 11.4 ml instead, nearly all of it vena cava and portal trunk along
the liver, which are no part of the organ (docs/conventions.md) and would become liver by the hierarchy of the labels.
"""


class Part(StrEnum):
    """What a folder of masks is, as far as it counts here."""

    LIVER = "liver"
    TUMORS = "liver tumors"
    PORTAL_VEIN = "portal vein"
    HEPATIC_VEINS = "hepatic veins"


_NAMES = {
    "liver": Part.LIVER,
    "livertumor": Part.TUMORS,
    "portalvein": Part.PORTAL_VEIN,
    "venoussystem": Part.HEPATIC_VEINS,
    "venacava": Part.HEPATIC_VEINS,
    "hepaticvein": Part.HEPATIC_VEINS,
}
"""Patients 2, 10, 11, 13 and 18 have the hepatic veins in ``venacava``. Left out on purpose: ``tumor`` of patient 7 (of
the adrenal gland), ``metastasectomie`` of patient 14 (what surgery left), and cysts (``livercyst``, ``liverkyst``)."""

Folders = dict[Part, dict[str, list[Entry]]]


@dataclass(frozen=True)
class IrcadMasks:
    """MASKS_DICOM of one patient, a zip or a folder. structures: what its folders make known."""

    path: Path
    structures: frozenset[Structure] = ALL_STRUCTURES

    def read(self, study: Study) -> Drawn:
        """Organ, vessels in it and tumours. Raises InputError for slices that are not those of the CT."""
        with mask_entries(self.path) as entries:
            folders = _by_part(entries)
            drawn = {part: _union(folders[part], study) for part in Part}
        tumor = drawn[Part.TUMORS]
        organ = drawn[Part.LIVER] | tumor
        if Structure.VESSEL not in self.structures:
            return Drawn({Structure.LIVER: organ, Structure.TUMOR: tumor})
        veins = drawn[Part.PORTAL_VEIN] | drawn[Part.HEPATIC_VEINS]
        vessel = veins & with_clefts_closed(organ, study.ct)
        return Drawn({Structure.LIVER: organ | vessel, Structure.VESSEL: vessel, Structure.TUMOR: tumor})


def parts_in(path: Path) -> frozenset[Part]:
    """What there are masks of, by the names alone. Raises InputError for a broken zip."""
    with mask_entries(path) as entries:
        return frozenset(_by_part(entries))


def part_of(name: str) -> Part | None:
    """What a folder of that name holds: numbers, case, plurals and separators do not matter; None for other organs."""
    letters = re.sub(r"[^a-z]", "", name.casefold()).replace("tumour", "tumor")
    return _NAMES.get(letters) or _NAMES.get(letters.removesuffix("s"))


def with_clefts_closed(organ: Mask, ct: Volume) -> Mask:
    """The organ closed by CLEFT_MM (distances as on a grid of right angles), its holes filled; empty stays empty."""
    box = bounding_box(organ)
    if box is None:
        return organ
    # A closed set stays in the box of what was closed; the margin keeps the volume's faces from counting as organ.
    margin = [int(np.ceil(CLEFT_MM / step)) + 1 for step in ct.spacing_mm]
    inside = np.pad(organ[box], [(n, n) for n in margin])
    near = edt.edt(~inside, anisotropy=ct.spacing_mm) <= CLEFT_MM
    closed = inside | (edt.edt(near, anisotropy=ct.spacing_mm) > CLEFT_MM)
    result = np.zeros_like(organ)
    result[box] = fill_voids.fill(closed)[tuple(slice(n, -n) for n in margin)]
    return result


def _by_part(entries: Iterable[Entry]) -> Folders:
    """Files by what the folder they lie in is, and by that folder; those of other structures are left out."""
    found: Folders = defaultdict(lambda: defaultdict(list))
    for entry in entries:
        folder = PurePath(entry.name).parent
        part = part_of(folder.name)
        if part is not None:
            found[part][str(folder)].append(entry)
    return found


def _union(folders: dict[str, list[Entry]], study: Study) -> Mask:
    """All masks of one kind together; empty where there is none."""
    union = np.zeros(study.ct.shape, bool, order="F")
    for name, entries in folders.items():
        union |= read_dicom_mask(name, entries, study)
    return union
