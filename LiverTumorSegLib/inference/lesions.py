"""Where tumours are: the lesion network at 1 x 1 x 3 mm inside the liver's region.

Follows the publisher's preprocessing (HU window, everything outside the dilated liver -0.5) with three differences that
were measured on real cases (docs/decisions/0006): the liver is dilated by 6 mm in every direction, windows are larger
and fitted to the liver, and a lesion grows from a certain core to its faint rim.
"""

from __future__ import annotations

import edt
import numpy as np
from scipy import ndimage

from LiverTumorSegLib.arrays import Mask
from LiverTumorSegLib.engines.network import Network
from LiverTumorSegLib.geometry.resample import resample, upright_grid
from LiverTumorSegLib.inference.windows import fewest_windows, run_tiles, tiles, touching
from LiverTumorSegLib.models.kuleuven import LESION
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.progress import ProgressCallback, ignore_progress, part_of
from LiverTumorSegLib.volume import Volume

OUTSIDE = -0.5
DILATION_MM = 6.0
CORE_AT, RIM_AT = 0.5, 0.2
"""A lesion is where the probability reaches CORE_AT, and what hangs together with it at RIM_AT."""


class LesionSearch:
    """The lesion network's view of one liver: made first, because the best window depends on the liver's size."""

    def __init__(self, region: Volume, liver: Volume) -> None:
        """Prepare the view.

        region: CT (HU) around the liver on its own grid. liver: probability on any grid; outside 0.5 is not liver.
        """
        self._seen = self._prepared(region)
        on_grid = resample(liver, upright_grid(region, LESION.grid_mm), outside=0.0)
        self._near = within(on_grid, 0.5, DILATION_MM)
        boxes = ndimage.find_objects(self._near.astype(np.uint8))
        self._box = boxes[0] if boxes else None

    @property
    def window_in(self) -> Size:
        """The input window that covers this liver with the least computing."""
        if self._box is None:
            return LESION.trained_window
        i, j, k = (axis.stop - axis.start for axis in self._box)
        return fewest_windows((i, j, k), LESION)

    def probability(
        self,
        network: Network,
        report: ProgressCallback = ignore_progress,
        mirrors: tuple[tuple[int, ...], ...] = ((),),
    ) -> Volume:
        """Probability of tumour at 1 x 1 x 3 mm on an upright grid over the region; 0 beyond the dilated liver.

        mirrors: axes along which each look is flipped; the looks are averaged.
        """
        probability = np.zeros(self._seen.shape, np.float32)
        if self._box is not None:
            masked = np.where(self._near, self._seen.array, np.float32(OUTSIDE))[self._box]
            near = self._near[self._box]
            # Windows without any liver need not be computed: their answer would not be used.
            corners = touching(near, tiles(near.shape, network.window_out), network.window_out)
            for done, axes in enumerate(mirrors):
                part = part_of(report, done / len(mirrors), (done + 1) / len(mirrors))
                flipped = [_mirrored(corner, near.shape, network.window_out, axes) for corner in corners]
                answer = run_tiles(np.flip(masked, axes), flipped, network, part)
                probability[self._box] += np.flip(answer, axes) / np.float32(len(mirrors))
            probability[~self._near] = 0.0
        return self._seen.with_array(probability)

    @staticmethod
    def _prepared(region: Volume) -> Volume:
        scaled = region.with_array(LESION.input_from_hu(region.array))
        return resample(scaled, upright_grid(region, LESION.grid_mm), outside=OUTSIDE)


def _mirrored(corner: Size, shape: Size, window_out: Size, axes: tuple[int, ...]) -> Size:
    """Where a window lies once the array is flipped."""
    i, j, k = (
        n - start - size if axis in axes else start
        for axis, (start, n, size) in enumerate(zip(corner, shape, window_out, strict=True))
    )
    return i, j, k


def within(liver: Volume, at: float, distance_mm: float) -> Mask:
    """Where a probability reaches ``at``, and so far around it; nowhere where it does so nowhere."""
    outside = np.asfortranarray(liver.array < at)
    if outside.all():
        return ~outside
    return edt.edt(outside, anisotropy=liver.spacing_mm) <= distance_mm
