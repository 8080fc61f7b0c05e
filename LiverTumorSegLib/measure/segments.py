"""How large the Couinaud segments are, and how much of a lesion lies in which."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from LiverTumorSegLib.geometry.components import count_voxels
from LiverTumorSegLib.labels import ALL_COUINAUD_LABELS, PARTS_OF_IV, couinaud_labels_of
from LiverTumorSegLib.measure.instances import Instances
from LiverTumorSegLib.measurements import Lesion, SegmentVolume
from LiverTumorSegLib.volume import Volume


def segment_volumes(segments: Volume) -> tuple[SegmentVolume, ...]:
    """All eight, in their order, those without a voxel too; IVa and IVb instead of IV where it is divided; () where
    there is no liver.
    """
    counts = count_voxels(segments.array, tuple(label.value for label in ALL_COUINAUD_LABELS))
    total = sum(counts.values())
    if not total:
        return ()
    return tuple(
        SegmentVolume(label.name, counts[label.value] * segments.voxel_ml, 100 * counts[label.value] / total)
        for label in couinaud_labels_of(iv_is_divided=any(counts[part.value] for part in PARTS_OF_IV))
    )


def with_segments(lesion: Lesion, instances: Instances, segments: Volume) -> Lesion:
    """The lesion with its share in each segment that holds some of it; outside all of them it counts for none."""
    box = instances.boxes[lesion.id - 1]
    inside = segments.array[box][instances.volume.array[box] == lesion.id]
    counts = np.bincount(inside, minlength=len(ALL_COUINAUD_LABELS.labels) + 1)
    shares = [(label.name, 100 * float(counts[label.value]) / inside.size) for label in ALL_COUINAUD_LABELS]
    found = sorted((share for share in shares if share[1] > 0), key=lambda share: -share[1])
    return replace(lesion, segments=tuple(found))
