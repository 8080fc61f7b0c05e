from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from engine_runs import ENGINES

from LiverTumorSegLib.engines import choose_engine
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.settings import Device, Engine, Precision, SegmentSettings

ROOT = Path(__file__).parents[3]
HAS_TORCH = importlib.util.find_spec("torch") is not None
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="torch is not installed")


def python(code: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "TF_BUILD", "JENKINS_URL")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env={**kept, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_cpu_gets_openvino():
    choice = choose_engine(SegmentSettings(device=Device.CPU, threads=3))
    assert (choice.engine, choice.device, choice.threads) == (Engine.OPENVINO, Device.CPU, 3)


def test_auto_precision_is_bf16_exactly_where_the_processor_has_it():
    flags = Path("/proc/cpuinfo")
    if not flags.exists():
        pytest.skip("no /proc/cpuinfo to compare with")
    has_bf16 = any(flag in flags.read_text() for flag in ("avx512_bf16", "amx_bf16"))
    expected = Precision.BF16 if has_bf16 else Precision.FP32
    assert choose_engine(SegmentSettings(device=Device.CPU)).precision is expected
    if HAS_TORCH:
        assert choose_engine(SegmentSettings(device=Device.CPU, engine=Engine.TORCH)).precision is expected


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_that_is_asked_for_is_taken(engine):
    settings = SegmentSettings(device=Device.CPU, engine=engine, precision=Precision.FP32)
    choice = choose_engine(settings)
    assert (choice.engine, choice.precision) == (engine, Precision.FP32)


@needs_torch
def test_torch_takes_over_where_openvino_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    assert choose_engine(SegmentSettings(device=Device.CPU)).engine is Engine.TORCH


def test_an_engine_that_is_asked_for_and_missing_is_an_error_with_the_command_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(InputError, match="pip install openvino"):
        choose_engine(SegmentSettings(engine=Engine.OPENVINO))


def test_no_engine_at_all_is_an_error_with_the_command_to_install_one(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InputError, match="pip install openvino"):
        choose_engine(SegmentSettings())


def test_a_gpu_without_torch_is_an_error_with_the_command_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InputError, match="pip install torch"):
        choose_engine(SegmentSettings(device=Device.CUDA))


@needs_torch
def test_a_gpu_that_is_not_there_is_an_error():
    import torch

    if torch.cuda.is_available():
        pytest.skip("this computer has a CUDA GPU")
    with pytest.raises(InputError, match="no cuda device"):
        choose_engine(SegmentSettings(device=Device.CUDA))


@needs_torch
def test_a_cuda_gpu_is_taken_by_auto_and_answers_like_the_cpu():
    import torch
    from engine_runs import with_kernels
    from numpy_ops import random_weights

    from LiverTumorSegLib.engines import EngineChoice, load_network
    from LiverTumorSegLib.models.kuleuven import LESION, lesion_kernels

    if not torch.cuda.is_available():
        pytest.skip("this computer has no CUDA GPU")
    choice = choose_engine(SegmentSettings(precision=Precision.FP32))
    assert (choice.engine, choice.device) == (Engine.TORCH, Device.CUDA)
    network, window = with_kernels(LESION, lesion_kernels(2)), (116, 100, 62)
    x, weights = np.random.default_rng(1).normal(size=window).astype(np.float32), random_weights(lesion_kernels(2))
    on_cpu = load_network(network, weights, EngineChoice(Engine.TORCH, Device.CPU, Precision.FP32), window).run(x)
    np.testing.assert_allclose(load_network(network, weights, choice, window).run(x), on_cpu, atol=5e-3)


def test_importing_the_engines_imports_no_framework():
    code = "import sys, LiverTumorSegLib.engines; print([m for m in ('torch', 'openvino', 'h5py') if m in sys.modules])"
    assert python(code) == "[]"


def test_a_cpu_run_does_not_import_torch():
    code = """
import sys
from LiverTumorSegLib.engines import choose_engine
from LiverTumorSegLib.engines.openvino_engine import OpenVinoNetwork
from LiverTumorSegLib.settings import Device, SegmentSettings
choose_engine(SegmentSettings(device=Device.CPU))
print('openvino' in sys.modules, 'torch' in sys.modules)
"""
    assert python(code) == "True False"


def test_openvino_reports_nothing_to_anyone(tmp_path):
    """Its own import would write a client id into the home folder and send an event; ours must do neither."""
    code = """
import sys, time
seen = []
def watch(event, arguments):
    if event.split('.')[0] in ('socket', 'subprocess', 'urllib', 'http'):
        seen.append(event)
sys.addaudithook(watch)
from LiverTumorSegLib.engines.openvino_engine import has_bf16, openvino
has_bf16()
time.sleep(0.5)
print(seen, any('openvino_telemetry' in name for name in sys.modules), openvino().__name__)
"""
    assert python(code, HOME=str(tmp_path), USERPROFILE=str(tmp_path)) == "[] False openvino"
    assert list(tmp_path.rglob("*")) == []
