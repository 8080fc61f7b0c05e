"""One training by several processes, as ``torchrun`` starts them: each has its samples, all take the same step.

Plain torch.distributed: averaging one flat vector of gradients is all that is needed, so neither Lightning nor
DistributedDataParallel stands between; parts of a batch (``at_once``) then cost one exchange for a step, not several.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import torch
from torch import distributed

from LiverTumorSegLib.errors import InputError

_PATIENCE = timedelta(hours=6)
"""Of those that wait while the first one prepares data sets."""


@dataclass(frozen=True)
class Processes:
    """rank: which one this is. count: how many there are."""

    rank: int = 0
    count: int = 1
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_first(self) -> bool:
        """Whether this one writes files and talks."""
        return self.rank == 0

    def share_of(self, batch: int) -> int:
        """How many samples of a step are this process's. Raises InputError where a batch cannot be shared equally."""
        if batch % self.count:
            raise InputError(
                found=f"batches of {batch} for {self.count} processes",
                expected="as many samples for each process",
                remedy="Start another number of processes, or change training.batch in the recipe",
            )
        return batch // self.count

    def average_gradients(self, network: torch.nn.Module) -> None:
        """Each parameter's gradient becomes the mean of all processes; nothing to do for one."""
        if self.count == 1:
            return
        gradients = [parameter.grad for parameter in network.parameters() if parameter.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        distributed.all_reduce(flat)
        parts = (flat / self.count).split([gradient.numel() for gradient in gradients])
        for gradient, mean in zip(gradients, parts, strict=True):
            gradient.copy_(mean.view_as(gradient))

    def sums(self, *values: float) -> tuple[float, ...]:
        """Of each value over all processes: what all must know alike, such as that one of them wants to stop."""
        if self.count == 1:
            return values
        # float32 where there is nothing better (MPS)
        precise = torch.float32 if self.device.type == "mps" else torch.float64
        together = torch.tensor(values, dtype=precise, device=self.device)
        distributed.all_reduce(together)
        return tuple(together.tolist())

    @contextmanager
    def first_before_others(self) -> Iterator[None]:
        """The first process goes through the block, then the others: they find there what it has made."""
        if self.count > 1 and not self.is_first:
            distributed.barrier()
        yield
        if self.count > 1 and self.is_first:
            distributed.barrier()


@contextmanager
def joined(device: torch.device) -> Iterator[Processes]:
    """The processes that torchrun's environment tells of (RANK, WORLD_SIZE, MASTER_ADDR, MASTER_PORT); else this one.

    gloo between CPUs, NCCL between GPUs. device: of this process.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Processes(device=device)
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=_PATIENCE)
    try:
        yield Processes(distributed.get_rank(), count, device)
    finally:
        distributed.destroy_process_group()
