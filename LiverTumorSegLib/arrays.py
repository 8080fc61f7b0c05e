"""Names for the arrays that travel through the library.

Axes are always the (i, j, k) of the affine that goes with the array; a voxel's centre is at integer ijk.
The shapes are checked in the tests (``pytest --jaxtyping-packages=LiverTumorSegLib,beartype.beartype``).
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING or find_spec("jaxtyping"):
    from jaxtyping import Bool, Float, Float32, Num, Shaped, UInt8, UInt16
else:
    # Slicer shows a stored scene with its results before anything has been installed; shapes are for checks only.
    class _Unchecked:
        def __class_getitem__(cls, _shape):
            return np.ndarray

    Bool = Float = Float32 = Num = Shaped = UInt8 = UInt16 = _Unchecked

ImageArray = Shaped[np.ndarray, "i j k"]
HuArray = Num[np.ndarray, "i j k"]
Mask = Bool[np.ndarray, "i j k"]
LabelArray = UInt8[np.ndarray, "i j k"]
InstanceArray = UInt16[np.ndarray, "i j k"]
ProbabilityArray = Float32[np.ndarray, "i j k"]
Affine = Float[np.ndarray, "4 4"]
Points = Num[np.ndarray, "n 3"]

Box = tuple[slice, slice, slice]
"""Half-open index ranges along i, j, k; start and stop are set, step is not."""

Vector = tuple[float, float, float]
"""A point or a spacing in mm; the name of the variable says which frame it is in."""
