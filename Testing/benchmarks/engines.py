"""Time of one window of each network on each engine and precision: ``python Testing/benchmarks/engines.py``.

Engines take turns, so that a busy computer troubles all alike; compare ratios, and CPU seconds rather than wall time.
Weights are random: the arithmetic does not depend on them.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import sys
import time
from dataclasses import dataclass, field

import numpy as np

from LiverTumorSegLib.engines import EngineChoice, Network, choose_engine, load_network
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.models.kuleuven import LESION, LIVER
from LiverTumorSegLib.models.network import NetworkDefinition, weight_shapes
from LiverTumorSegLib.settings import Device, Engine, Precision, SegmentSettings


@dataclass
class Contender:
    choice: EngineChoice
    network: Network
    compile_s: float
    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)

    def run(self, window: np.ndarray) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        self.network.run(window)
        self.wall_s.append(time.perf_counter() - wall)
        self.cpu_s.append(time.process_time() - cpu)


def choices(device: Device, threads: int) -> list[EngineChoice]:
    """What this computer can do on a device."""
    engines = (Engine.OPENVINO, Engine.TORCH) if device in (Device.AUTO, Device.CPU) else (Engine.TORCH,)
    found = []
    for engine in engines:
        for precision in (Precision.FP32, Precision.BF16):
            settings = SegmentSettings(device=device, engine=engine, precision=precision, threads=threads)
            try:
                found.append(choose_engine(settings))
            except InputError as error:
                sys.stderr.write(f"left out: {error}\n")
    return found


def contender(definition: NetworkDefinition, choice: EngineChoice) -> Contender:
    random = np.random.default_rng(0)
    shapes = weight_shapes(definition.kernels)
    weights = {name: random.normal(scale=0.05, size=shape).astype(np.float32) for name, shape in shapes.items()}
    start = time.perf_counter()
    network = load_network(definition, weights, choice)
    return Contender(choice, network, time.perf_counter() - start)


def compare(definition: NetworkDefinition, device: Device, threads: int, repeats: int) -> None:
    contenders = [contender(definition, choice) for choice in choices(device, threads)]
    window = np.random.default_rng(0).normal(scale=0.2, size=definition.trained_window).astype(np.float32)
    for _ in range(repeats):
        for each in contenders:
            each.run(window)
    slowest = max(statistics.median(each.wall_s) for each in contenders)
    size = " x ".join(map(str, definition.trained_window))
    sys.stdout.write(f"\n{definition.name}, window {size}, median of {repeats}\n")
    sys.stdout.write("engine    device precision  compile s   window s   CPU s   times faster\n")
    for each in contenders:
        wall, cpu = statistics.median(each.wall_s), statistics.median(each.cpu_s)
        sys.stdout.write(
            f"{each.choice.engine:9} {each.choice.device:6} {each.choice.precision:9} {each.compile_s:10.2f} "
            f"{wall:10.2f} {cpu:7.2f} {slowest / wall:14.2f}\n"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--network", choices=("liver", "lesion", "both"), default="both")
    parser.add_argument("--device", type=Device, default=Device.CPU)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    sys.stdout.write(f"{platform.platform()}, {platform.processor() or platform.machine()}\n")
    for definition in (LIVER, LESION):
        if arguments.network in ("both", definition.name):
            compare(definition, arguments.device, arguments.threads, arguments.repeats)


if __name__ == "__main__":
    main()
