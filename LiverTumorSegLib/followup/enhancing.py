"""Viable diameters of a visit's lesions, where its CT is arterial and at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy import ndimage

from LiverTumorSegLib.followup.examination import Examination
from LiverTumorSegLib.followup.settings import ViableSettings
from LiverTumorSegLib.followup.viable import liver_enhancement, viable_of
from LiverTumorSegLib.geometry.boxes import union_of
from LiverTumorSegLib.labels import LIVER
from LiverTumorSegLib.timeline import Sighting


def with_viable(sightings: Sequence[Sighting], examination: Examination, settings: ViableSettings) -> list[Sighting]:
    """The same, with viable_mm of those that have parts; unchanged where the phase is not arterial."""
    ct = examination.ct() if examination.phase.endswith("arterial") and any(one.parts for one in sightings) else None
    if ct is None:
        return list(sightings)
    liver = liver_enhancement(
        ct, examination.segmentation.with_array(examination.segmentation.array == LIVER.value), settings
    )
    boxes = ndimage.find_objects(examination.lesions.array)
    done = []
    for seen in sightings:
        if not seen.parts:
            done.append(seen)
            continue
        ids = [part.id for part in seen.parts]
        box = union_of([boxes[lesion - 1] for lesion in ids])
        lesion = examination.lesions.crop(box)
        found = viable_of(ct.crop(box), lesion.with_array(np.isin(lesion.array, ids)), liver, settings)
        done.append(replace(seen, viable_mm=found.long_axis_mm))
    return done
