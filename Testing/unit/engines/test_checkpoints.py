"""State dicts out of files of torch, whatever lies around them; never objects that would run as code."""

from __future__ import annotations

import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from refusals import refused  # noqa: E402

from LiverTumorSegLib.engines.checkpoints import read_checkpoint  # noqa: E402

STATE = {"first.weight": torch.arange(6.0).reshape(2, 3), "first.bias": torch.tensor([0.5, -1.0])}


class Touched:
    """Leaves a trace if somebody loads it as code."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def saved(tmp_path, content):
    path = tmp_path / "network.pth"
    torch.save(content, path)
    return path


@pytest.mark.parametrize(
    "content",
    [
        STATE,
        {"state_dict": STATE, "epoch": 3, "optimizer": {"lr": 1e-4}},
        {"model_state_dict": STATE},
        {"model": {f"module.{name}": tensor for name, tensor in STATE.items()}},
        {name: tensor.half() for name, tensor in STATE.items()},
        {name: torch.nn.Parameter(tensor.bfloat16()) for name, tensor in STATE.items()},
    ],
)
def test_the_weights_come_out_as_float32_under_their_own_names(tmp_path, content):
    found = read_checkpoint(saved(tmp_path, content))
    assert {name: array.dtype for name, array in found.items()} == dict.fromkeys(STATE, np.dtype(np.float32))
    for name, tensor in STATE.items():
        np.testing.assert_array_equal(found[name], tensor.numpy())


def test_a_prefix_that_not_all_names_have_belongs_to_the_name(tmp_path):
    found = read_checkpoint(saved(tmp_path, {"module.weight": torch.ones(2), "bias": torch.ones(1)}))
    assert set(found) == {"module.weight", "bias"}


def test_a_whole_pickled_module_is_refused(tmp_path):
    with refused("network.pth holds whole objects of Python", "state_dict()"):
        read_checkpoint(saved(tmp_path, torch.nn.Conv3d(1, 2, 3)))


def test_nothing_in_a_file_is_run(tmp_path):
    trace = tmp_path / "trace"
    with refused("whole objects"):
        read_checkpoint(saved(tmp_path, {"weight": Touched(trace)}))
    assert not trace.exists()


@pytest.mark.parametrize("content", [[torch.ones(2)], torch.ones(2), {"epoch": 3}, {}, {"state_dict": {"a": 1.0}}])
def test_what_holds_no_state_dict_is_refused(tmp_path, content):
    with refused("no state dict", "model_state_dict"):
        read_checkpoint(saved(tmp_path, content))


def test_a_damaged_file_is_refused(tmp_path):
    path = saved(tmp_path, STATE)
    whole = path.read_bytes()
    for content in (whole[: len(whole) // 2], b"", b"no checkpoint at all", whole[:40] + bytes(60) + whole[100:]):
        path.write_bytes(content)
        with refused("network.pth cannot be read"):
            read_checkpoint(path)


def test_a_missing_file_is_refused(tmp_path):
    with refused("no file", "nowhere.pth"):
        read_checkpoint(tmp_path / "nowhere.pth")


def test_without_torch_it_says_what_to_install(tmp_path, monkeypatch):
    path = saved(tmp_path, STATE)
    monkeypatch.setitem(sys.modules, "torch", None)
    with refused("torch is not installed", "livertumorseg[torch]"):
        read_checkpoint(path)
