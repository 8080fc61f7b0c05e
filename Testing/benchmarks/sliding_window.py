"""Which window is best for the LVT network: ``python Testing/benchmarks/sliding_window.py [--engine openvino ...]``.

Time of one window of each size, then what that makes of a liver's box and of a whole CT, whose windows are counted, not
run. All take turns, so that a busy computer troubles all alike; compare ratios. Weights are random: the arithmetic does
not depend on them.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys

import numpy as np
from engines import Contender, choices, contender

from LiverTumorSegLib.engines import EngineChoice
from LiverTumorSegLib.inference.windows import tiles
from LiverTumorSegLib.models.lvt import lvt_definition
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.settings import Device, Engine, Precision

WINDOWS: tuple[Size, ...] = ((96, 96, 96), (128, 128, 128), (160, 160, 128))
REGIONS_MM = {"liver box": (250.0, 220.0, 230.0), "whole CT": (400.0, 400.0, 450.0)}


def measured(
    widths: tuple[int, ...], windows: list[Size], chosen: list[EngineChoice], repeats: int
) -> list[tuple[Size, Contender]]:
    """Every window on every engine; the first round, in which memory is taken, does not count."""
    contenders = [
        (window, contender(lvt_definition("lvt", widths, window=window), choice))
        for choice in chosen
        for window in windows
    ]
    for _ in range(1 + repeats):
        for window, each in contenders:
            each.run(np.random.default_rng(0).normal(scale=0.2, size=window).astype(np.float32))
    return contenders


def window_counts(window: Size, spacing_mm: float, overlap: float) -> list[int]:
    regions = [tuple(round(mm / spacing_mm) for mm in region_mm) for region_mm in REGIONS_MM.values()]
    return [len(tiles((i, j, k), window, overlap)) for i, j, k in regions]


def print_table(contenders: list[tuple[Size, Contender]], spacing_mm: float, overlap: float) -> None:
    columns = "   ".join(f"{name + ':':10} windows      s" for name in REGIONS_MM)
    sys.stdout.write(f"\noverlap {overlap:g}, {spacing_mm:g} mm\n")
    sys.stdout.write(f"engine    precision  window             s   CPU s   ns/voxel   {columns}\n")
    for window, each in contenders:
        wall, cpu = statistics.median(each.wall_s[1:]), statistics.median(each.cpu_s[1:])
        regions = "   ".join(f"{'':10} {n:7d} {n * wall:6.1f}" for n in window_counts(window, spacing_mm, overlap))
        sys.stdout.write(
            f"{each.choice.engine:9} {each.choice.precision:9}  {' x '.join(map(str, window)):15} {wall:5.2f} "
            f"{cpu:7.2f} {1e9 * wall / np.prod(window):10.0f}   {regions}\n"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--widths", type=int, nargs="+", default=[16, 32, 64, 128, 192])
    parser.add_argument("--spacing-mm", type=float, default=1.5)
    parser.add_argument("--overlap", type=float, nargs="+", default=[0.5, 0.25])
    parser.add_argument("--window", type=int, nargs=3, action="append", help="instead of the usual ones; repeatable")
    parser.add_argument("--device", type=Device, default=Device.CPU)
    parser.add_argument("--engine", type=Engine, nargs="+", default=[Engine.OPENVINO, Engine.TORCH])
    parser.add_argument("--precision", type=Precision, nargs="+", default=[Precision.BF16, Precision.FP32])
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    chosen = [
        choice
        for choice in choices(arguments.device, arguments.threads)
        if choice.engine in arguments.engine and choice.precision in arguments.precision
    ]
    processor = platform.processor() or platform.machine()
    sys.stdout.write(f"{platform.platform()}, {processor}, widths {arguments.widths}\n")
    windows = [(i, j, k) for i, j, k in arguments.window or WINDOWS]
    contenders = measured(tuple(arguments.widths), windows, chosen, arguments.repeats)
    for overlap in arguments.overlap:
        print_table(contenders, arguments.spacing_mm, overlap)


if __name__ == "__main__":
    main()
