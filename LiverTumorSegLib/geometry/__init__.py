"""Geometry of patient space: frames, resampling, components, distances, diameters. No framework, no files."""
