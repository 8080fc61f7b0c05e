"""Where a training runs."""

from __future__ import annotations

import os

import torch

from LiverTumorSegLib.engines.torch_engine import available_gpus
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.settings import Device


def training_device(wanted: Device) -> torch.device:
    """auto: the first GPU that torch can use, else the CPU. Of several GPUs, each process takes that of its number.

    Raises InputError where the wanted one is not there.
    """
    there = [*available_gpus(), Device.CPU]
    chosen = there[0] if wanted is Device.AUTO else wanted
    if chosen not in there:
        raise InputError(
            found=f"no device {wanted} that torch {torch.__version__} can use",
            expected=f"one of {', '.join(there)}",
            remedy="Use --device cpu, or install torch for that device",
        )
    if chosen is Device.CUDA:
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device(str(chosen))
