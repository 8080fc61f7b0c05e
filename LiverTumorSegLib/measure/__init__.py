"""Volumes, lesions and diameters of a segmentation. ``measure_case`` is the way in."""

from LiverTumorSegLib.measure.case import measure_case

__all__ = ["measure_case"]
