"""Overlap of two masks on one grid."""

from __future__ import annotations

from LiverTumorSegLib.arrays import Mask


def dice(predicted: Mask, reference: Mask) -> float:
    """2 |A and B| / (|A| + |B|); 1 where both are empty, 0 where one is."""
    total = int(predicted.sum()) + int(reference.sum())
    return 1.0 if total == 0 else 2.0 * int((predicted & reference).sum()) / total


def volume_error(predicted: Mask, reference: Mask) -> float | None:
    """(V - V_ref) / V_ref; None where the reference is empty."""
    expected = int(reference.sum())
    return None if expected == 0 else (int(predicted.sum()) - expected) / expected
