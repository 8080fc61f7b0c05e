"""Several processes take the steps that one would take, and end together; with real ones, over gloo."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from refusals import refused
from training_runs import SHARED, Balls

from LiverTumorSegLib.training.loop import Means, train
from LiverTumorSegLib.training.processes import Processes
from LiverTumorSegLib.training.run import begin, read_checkpoint, resume

TESTING = Path(__file__).parents[2]
CPU = torch.device("cpu")
ONE_OF_SEVERAL = """
import sys
from pathlib import Path
import torch
from training_runs import SHARED, Balls, stopping_after
from LiverTumorSegLib.training.loop import Means, train
from LiverTumorSegLib.training.processes import joined
from LiverTumorSegLib.training.run import begin
torch.set_num_threads(1)
folder, stopper = Path(sys.argv[1]), int(sys.argv[2])
with joined(torch.device("cpu")) as processes:
    with processes.first_before_others():
        print(processes.rank, "prepares", len(list(folder.glob("made"))), flush=True)
        (folder / "made").touch()
    report = stopping_after(2) if processes.rank == stopper else stopping_after(100)
    train(SHARED, begin(SHARED, processes.device), Balls(), folder, Means(processes, workers=0, report=report))
"""


def several(folder: Path, *, stopper: int = -1) -> list[subprocess.CompletedProcess[str]]:
    """Two processes as torchrun starts them."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = []
    for rank in range(2):
        told = {"RANK": rank, "WORLD_SIZE": 2, "LOCAL_RANK": rank, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        places = os.pathsep.join(map(str, (TESTING, TESTING.parent)))
        environment = {**os.environ, **{name: str(value) for name, value in told.items()}, "PYTHONPATH": places}
        command = [sys.executable, "-c", ONE_OF_SEVERAL, str(folder), str(stopper)]
        pipe = subprocess.PIPE
        started.append(subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment))
    ended = [process.communicate(timeout=300) for process in started]
    return [
        subprocess.CompletedProcess(process.args, process.returncode, out, err)
        for process, (out, err) in zip(started, ended, strict=True)
    ]


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_two_processes_do_what_one_does_with_their_batches_together(tmp_path):
    done = several(tmp_path)
    assert [one.returncode for one in done] == [0, 0], done
    assert [one.stdout for one in done] == ["0 prepares 0\n", "1 prepares 1\n"]
    (tmp_path / "one").mkdir()
    alone = train(SHARED, begin(SHARED, CPU), Balls(), tmp_path / "one", Means(workers=0))
    together = resume(SHARED, tmp_path, CPU)
    assert together.step == alone.step == 4
    assert together.loss == pytest.approx(alone.loss, abs=1e-5)
    for name, weights in alone.network.state_dict().items():
        assert torch.allclose(together.network.state_dict()[name], weights, atol=1e-5), name
    start = begin(SHARED, CPU).averaged
    moved = [(weights - start[name]).abs().max() for name, weights in alone.averaged.items()]
    assert max(moved) > 1e-3


def test_one_that_is_stopped_takes_the_others_along(tmp_path):
    done = several(tmp_path, stopper=1)
    assert all(one.returncode for one in done)
    assert "CancelledError" in done[0].stderr
    assert "StoppedError" in done[1].stderr
    assert read_checkpoint(tmp_path)["step"] == 2


def test_a_batch_that_cannot_be_shared_is_refused():
    assert Processes(1, 2).share_of(4) == 2
    with refused("batches of 3 for 2 processes"):
        Processes(1, 2).share_of(3)


def test_a_process_alone_needs_no_others():
    network = torch.nn.Linear(1, 1)
    Processes().average_gradients(network)
    with Processes().first_before_others():
        assert Processes().sums(1.0, 2.0) == (1.0, 2.0)
    assert Processes().is_first
