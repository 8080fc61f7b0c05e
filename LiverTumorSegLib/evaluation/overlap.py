"""Overlap of two masks on one grid."""

from __future__ import annotations

from dataclasses import dataclass

from LiverTumorSegLib.arrays import Mask


def dice(predicted: Mask, reference: Mask) -> float:
    """2 |A and B| / (|A| + |B|); 1 where both are empty, 0 where one is."""
    total = int(predicted.sum()) + int(reference.sum())
    return 1.0 if total == 0 else 2.0 * int((predicted & reference).sum()) / total


def volume_error(predicted: Mask, reference: Mask) -> float | None:
    """(V - V_ref) / V_ref; None where the reference is empty."""
    expected = int(reference.sum())
    return None if expected == 0 else (int(predicted.sum()) - expected) / expected


@dataclass(frozen=True)
class VoxelCounts:
    """The voxels of a volume by what was found and what the expert drew; at least one voxel in all.

    Accuracy and specificity depend on how much of the volume is neither: on how far the scan reaches around the liver.
    """

    true_positive: int
    false_positive: int
    false_negative: int
    true_negative: int

    @classmethod
    def of(cls, predicted: Mask, reference: Mask, voxels: int) -> VoxelCounts:
        """voxels: of the whole volume, of which the masks may be a part that holds all that was marked."""
        both = int((predicted & reference).sum())
        false, missed = int(predicted.sum()) - both, int(reference.sum()) - both
        return cls(both, false, missed, voxels - both - false - missed)

    @property
    def accuracy(self) -> float:
        """(TP + TN) / all."""
        right = self.true_positive + self.true_negative
        return right / (right + self.false_positive + self.false_negative)

    @property
    def iou(self) -> float:
        """TP / (TP + FP + FN); 1 where both are empty, as for Dice."""
        marked = self.true_positive + self.false_positive + self.false_negative
        return self.true_positive / marked if marked else 1.0

    @property
    def sensitivity(self) -> float | None:
        """TP / (TP + FN), of voxels; None where the reference is empty."""
        drawn = self.true_positive + self.false_negative
        return self.true_positive / drawn if drawn else None

    @property
    def specificity(self) -> float | None:
        """TN / (TN + FP), of voxels; None where the reference fills the volume."""
        others = self.true_negative + self.false_positive
        return self.true_negative / others if others else None
