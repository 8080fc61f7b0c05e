"""The training itself: steps on fresh samples, a log, and checkpoints from which it goes on."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path

from LiverTumorSegLib.errors import CancelledError, InputError
from LiverTumorSegLib.progress import ProgressCallback, ProgressEvent, ignore_progress
from LiverTumorSegLib.training import log
from LiverTumorSegLib.training.optimizers import rate_at
from LiverTumorSegLib.training.processes import Processes
from LiverTumorSegLib.training.recipe import Recipe
from LiverTumorSegLib.training.run import Run, save
from LiverTumorSegLib.training.samples import Source
from LiverTumorSegLib.training.step import seed_noise, take_step, validation_loss
from LiverTumorSegLib.training.stream import NumberedSamples, Turn, batches

LOG = "log.csv"


@dataclass(frozen=True)
class Means:
    """With what a run is done; nothing of it changes the result beyond rounding.

    processes: and their device. at_once: samples that go through the network together, 0 for all of a step. workers:
    processes that prepare samples. minutes: after which it stops for now. report: called after every step; whatever it
    raises ends the run after its checkpoint was written.
    """

    processes: Processes = field(default_factory=Processes)
    at_once: int = 0
    workers: int = 1
    minutes: float = math.inf
    report: ProgressCallback = ignore_progress


def train(
    recipe: Recipe, run: Run, source: Source, folder: Path, means: Means, validation: Source | None = None
) -> Run:
    """Go on with a run until the recipe's last step, or for so many minutes; every process calls it.

    With no minutes, nothing is done and nothing is written.

    run: as ``run.begin`` or ``run.resume`` make it; changed in place. folder: for checkpoint and log, which the first
    process writes; it exists. validation: samples whose loss is logged. The samples of a step and their order depend on
    the recipe's seed alone, so a run that was stopped ends as one that was not. Raises CancelledError where another
    process was stopped, InputError where the loss is no number any more.
    """
    return _Training(recipe, run, folder, means, validation).until_done(source)


@dataclass
class _Training:
    recipe: Recipe
    run: Run
    folder: Path
    means: Means
    validation: Source | None

    def __post_init__(self) -> None:
        self._begun, self._first_step, self._seconds_before = time.monotonic(), self.run.step, self.run.seconds
        self._message = ""

    def until_done(self, source: Source) -> Run:
        training, processes = self.recipe.training, self.means.processes
        if self.means.minutes <= 0:
            return self.run
        turn = Turn(self.run.step, processes.share_of(training.batch), processes.rank, processes.count)
        samples = NumberedSamples(source, (self.recipe.seed,), self.recipe.network)
        if processes.is_first:
            log.start(self.folder / LOG, self.run.step)
        self.run.network.train()
        stream = batches(samples, turn, self.means.workers)
        is_over = False
        while self.run.step < training.steps and not is_over:
            batch = next(stream)  # before the seed: a DataLoader draws from the same random numbers when it begins
            seed_noise(self.recipe.seed, self.run.step, processes.rank)
            loss = take_step(self.run, self.recipe, batch, processes, self.means.at_once)
            is_over = self._after_step(loss)
        self._save()
        return self.run

    def _after_step(self, loss: float) -> bool:
        """Whether time is over. All processes must decide alike: one that left would keep the others waiting."""
        processes, run = self.means.processes, self.run
        raised = self._report()
        total, over, stops = processes.sums(loss, float(self._elapsed() > 60 * self.means.minutes), float(bool(raised)))
        if not math.isfinite(total):
            raise _no_number(run.step)
        run.count_step(total / processes.count)
        run.seconds = self._seconds_before + self._elapsed()
        if stops:
            self._save()
            raise raised or CancelledError
        if run.step % log.EVERY == 0 or self._validates():
            self._log()
        if run.step % self.recipe.training.checkpoint_every == 0:
            self._save()
        return over > 0

    def _report(self) -> BaseException | None:
        """What the caller raised to stop. A new message every few steps: where there is no bar, each is a line."""
        run, steps = self.run, self.recipe.training.steps
        done = run.step + 1
        if done % log.EVERY == 0 or not self._message:
            left = (steps - done) * self._elapsed() / (done - self._first_step)
            loss = "" if math.isnan(run.loss) else f", loss {run.loss:.3f}"
            self._message = f"step {done} of {steps}{loss}, {_in_words(left)} left"
        try:
            self.means.report(ProgressEvent("train", done / steps, self._message))
        except BaseException as error:  # raised again once the others know and the checkpoint is written
            return error
        return None

    def _elapsed(self) -> float:
        return time.monotonic() - self._begun

    def _validates(self) -> bool:
        every = self.recipe.training.validate_every
        return self.validation is not None and every > 0 and self.run.step % every == 0

    def _log(self) -> None:
        run, processes = self.run, self.means.processes
        if not processes.is_first:
            return
        loss = None
        if self.validation is not None and self._validates():
            loss = validation_loss(run.network, self.recipe, self.validation, processes.device)
        rate = rate_at(run.step, self.recipe.training)
        log.append(self.folder / LOG, log.Line(run.step, run.loss, rate, run.seconds, loss))

    def _save(self) -> None:
        if self.means.processes.is_first:
            save(self.run, self.recipe, self.folder)


def _no_number(step: int) -> InputError:
    return InputError(
        found=f"a loss that is no number at step {step}",
        expected="a finite loss",
        remedy="Go on from the checkpoint (--resume) with a lower training.learning_rate",
    )


def _in_words(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
