"""Volumes, lesions and diameters of a segmentation. ``measure.case.measure_case`` is the way in."""
