"""Which engine, device and precision a run gets, from its settings and what this computer has."""

from __future__ import annotations

import ctypes
import importlib.util
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.settings import Device, Engine, Precision, SegmentSettings


@dataclass(frozen=True)
class EngineChoice:
    """Settings with every "auto" resolved. threads: 0 lets the engine use every core."""

    engine: Engine
    device: Device
    precision: Precision
    threads: int = 0


def choose_engine(settings: SegmentSettings) -> EngineChoice:
    """A GPU with torch if both are there, else OpenVINO on the CPU, else torch on the CPU.

    Raises InputError, saying what to install, if what was asked for or every engine is missing.
    """
    device = _device(settings)
    engine = _engine(settings.engine, device)
    return EngineChoice(engine, device, _precision(settings.precision, engine, device), settings.threads)


def _device(settings: SegmentSettings) -> Device:
    if settings.device is Device.CPU or settings.engine is Engine.OPENVINO:
        return Device.CPU
    if settings.device is Device.AUTO and not (_installed("torch") and _gpu_driver_present()):
        return Device.CPU
    _require("torch", f"device {settings.device}")
    from LiverTumorSegLib.engines.torch_engine import available_gpus

    gpus = available_gpus()
    if settings.device is Device.AUTO:
        return gpus[0] if gpus else Device.CPU
    if settings.device not in gpus:
        raise InputError(
            found=f"no {settings.device} device that torch can use",
            expected="a GPU with its driver, and a torch built for it",
            remedy="Use --device auto or --device cpu, or install the torch build for this GPU",
        )
    return settings.device


def _engine(wanted: Engine, device: Device) -> Engine:
    if wanted is not Engine.AUTO:
        _require(str(wanted), f"engine {wanted}")
        return wanted
    if device is not Device.CPU:
        return Engine.TORCH
    for engine in (Engine.OPENVINO, Engine.TORCH):
        if _installed(str(engine)):
            return engine
    raise InputError(
        found="neither OpenVINO nor torch in this Python environment",
        expected="one of them to run the networks",
        remedy=_install("openvino"),
    )


def _precision(wanted: Precision, engine: Engine, device: Device) -> Precision:
    if wanted is Precision.FP32:
        return wanted
    if _has_bf16(engine, device):
        return Precision.BF16
    if wanted is Precision.AUTO:
        return Precision.FP32
    raise InputError(
        found=f"no bf16 arithmetic on this {device}",
        expected="a processor with AVX512_BF16 or AMX, or a CUDA GPU with bf16",
        remedy="Use --precision fp32, or auto",
    )


def _has_bf16(engine: Engine, device: Device) -> bool:
    if engine is Engine.OPENVINO:
        from LiverTumorSegLib.engines import openvino_engine

        return openvino_engine.has_bf16()
    from LiverTumorSegLib.engines import torch_engine

    return torch_engine.has_bf16(device)


def _installed(module: str) -> bool:
    return importlib.util.find_spec(module) is not None


def _require(module: str, wanted_by: str) -> None:
    if not _installed(module):
        raise InputError(
            found=f"{wanted_by}, but the package {module} is not installed",
            expected=f"{module} in this Python environment",
            remedy=_install(module),
        )


def _install(package: str) -> str:
    return f"Run: {sys.executable} -m pip install {package}"


def _gpu_driver_present() -> bool:
    """Whether importing torch (1 to 2 s) could reveal a GPU: an NVIDIA or AMD driver, or Apple's own processor."""
    if platform.system() == "Darwin":
        return platform.machine() == "arm64"
    return Path("/dev/kfd").exists() or any(_loads(name) for name in ("libcuda.so.1", "nvcuda.dll"))


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
