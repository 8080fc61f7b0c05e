"""Seconds of a step, forwards, loss and backwards: ``python Testing/benchmarks/training_step.py [--patch 96]``.

The norm of training and that of inference take turns. Start it with and without MALLOC_MMAP_MAX_=0
MALLOC_TRIM_THRESHOLD_=17179869184 MALLOC_TOP_PAD_=268435456, which ``livertumorseg train`` gives to its own process.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time

import torch

from LiverTumorSegLib.engines.torch_engine import TorchOps
from LiverTumorSegLib.models.lvt import lvt_logits
from LiverTumorSegLib.training.losses import deeply_supervised
from LiverTumorSegLib.training.network import TrainableNetwork, TrainingOps
from LiverTumorSegLib.training.partial_labels import IRCAD, Setting, targets_from_labels

WIDTHS = (16, 32, 64, 128, 192)


def step_s(network: TrainableNetwork, ops: TorchOps, x: torch.Tensor, labels: torch.Tensor) -> float:
    begun = time.perf_counter()
    with torch.autocast("cpu", torch.bfloat16):
        weights = {name.replace("_", ".").replace("conv.", "conv_"): p for name, p in network.named_parameters()}
        levels = lvt_logits(ops, weights, x, len(WIDTHS))
    deeply_supervised(levels, targets_from_labels(labels, [IRCAD], Setting.ML)).backward()
    network.zero_grad()
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patch", type=int, default=96, help="voxels along each side (96)")
    parser.add_argument("--runs", type=int, default=4)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    network = TrainableNetwork(WIDTHS)
    x = torch.randn(1, 1, *(arguments.patch,) * 3)
    labels = torch.randint(0, 4, x.shape[1:], dtype=torch.uint8)
    kinds = {"norm of inference": TorchOps(), "norm of training": TrainingOps()}
    seconds: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(arguments.runs + 1):
        for name, ops in kinds.items():
            seconds[name].append(step_s(network, ops, x, labels))
    malloc = "yes" if "MALLOC_TOP_PAD_" in os.environ else "no"
    sys.stdout.write(f"malloc settings: {malloc}; patch {arguments.patch}^3, bf16, CPU\n")
    for name, values in seconds.items():
        sys.stdout.write(f"{name:20} {statistics.median(values[1:]):6.2f} s a step\n")


if __name__ == "__main__":
    main()
