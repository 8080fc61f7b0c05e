"""All runs of the experiment, one after the other; whatever is finished is kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from LiverTumorSegLib.engines.network import Network
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.text_files import read_json, write_json
from LiverTumorSegLib.models.network import NetworkDefinition
from LiverTumorSegLib.progress import ProgressCallback, ignore_progress, part_of
from LiverTumorSegLib.training.augmentation.published import PublishedAugmentation
from LiverTumorSegLib.training.data.splits import TEST, Split, chosen, partial_split
from LiverTumorSegLib.training.data.subject import Subject
from LiverTumorSegLib.training.experiment.cohort import Cohort
from LiverTumorSegLib.training.experiment.design import CELLS, Cell, runs_of
from LiverTumorSegLib.training.experiment.predictor import TrainedNetwork, definition_of
from LiverTumorSegLib.training.experiment.scale import Scale
from LiverTumorSegLib.training.experiment.scores import Predict, Probabilities, Scores, judged
from LiverTumorSegLib.training.experiment.tables import Results, table_1, table_2
from LiverTumorSegLib.training.loop import Means, train
from LiverTumorSegLib.training.preparation import prepare
from LiverTumorSegLib.training.prepared import PreparedCase
from LiverTumorSegLib.training.processes import Processes
from LiverTumorSegLib.training.run import CHECKPOINT, begin, resume
from LiverTumorSegLib.training.subject_patches import SubjectPatches

RESULTS, REPORT = "results.json", "tables.md"
_SCORES, _SETTINGS = "scores.json", "experiment.json"
_TRAINED = 0.95
"""Share of a run's progress; the rest is judging."""

Sliding = Callable[[Network, NetworkDefinition, Any], Probabilities]
"""A network over a volume (HU on its grid) -> probabilities; inference knows how."""


@dataclass(frozen=True)
class Experiment:
    """folder: of all runs. slide: how a network sees a whole volume. at_once: see ``loop.Means``."""

    cohort: Cohort
    scale: Scale
    folder: Path
    slide: Sliding
    device: torch.device
    seed: int = 0
    at_once: int = 0
    workers: int = 1

    def run(self, report: ProgressCallback = ignore_progress) -> Results:
        """Every run of every cell that has no scores yet; then results.json and tables.md.

        A run that was stopped goes on from its checkpoint. Raises InputError where the folder holds an experiment of
        another scale, seed or cohort, and for too few subjects.
        """
        self._check_same()
        split = partial_split(self.cohort.subjects, self.seed)
        tests = self._tests(split, part_of(report, 0.0, 0.0))
        done: dict[Cell, list[dict[str, Scores]]] = {}
        for number, cell in enumerate(CELLS):
            part = part_of(report, number / len(CELLS), (number + 1) / len(CELLS))
            done[cell] = self._runs(cell, split, tests, part)
        self._write(done)
        return done

    def _runs(
        self, cell: Cell, split: Split, tests: dict[str, tuple[PreparedCase, ...]], report: ProgressCallback
    ) -> list[dict[str, Scores]]:
        folds = self.scale.folds
        scores = []
        for number, subjects in enumerate(runs_of(cell, split, self.cohort.subjects, folds, self.seed)):
            folder = self.folder / cell.name / f"run-{number + 1}"
            if not (folder / _SCORES).exists():
                part = part_of(report, number / folds, (number + 1) / folds)
                self._run(cell, number, subjects, tests, folder, part)
            stored = read_json(folder / _SCORES)
            scores.append({name: _from_json(facts) for name, facts in stored.items()})
        return scores

    def _run(
        self,
        cell: Cell,
        number: int,
        subjects: Sequence[Subject],
        tests: dict[str, tuple[PreparedCase, ...]],
        folder: Path,
        report: ProgressCallback,
    ) -> None:
        recipe = self.scale.recipe(cell, self.seed + number)
        folder.mkdir(parents=True, exist_ok=True)
        cases = self._prepared(subjects, part_of(report, 0.0, 0.0))
        source = SubjectPatches(cases, recipe.training.patch, PublishedAugmentation())
        is_begun = (folder / CHECKPOINT).exists()
        run = resume(recipe, folder, self.device) if is_begun else begin(recipe, self.device)
        means = Means(
            Processes(device=self.device), self.at_once, self.workers, report=_named(cell, number, report, _TRAINED)
        )
        train(recipe, run, source, folder, means)
        network, definition = TrainedNetwork(run, recipe, self.device), definition_of(recipe)
        predict: Predict = lambda hu: self.slide(network, definition, hu)  # noqa: E731
        scores = {name: judged(cases, predict, cell.setting).to_json() for name, cases in tests.items()}
        write_json(folder / _SCORES, scores)

    def _tests(self, split: Split, report: ProgressCallback) -> dict[str, tuple[PreparedCase, ...]]:
        own = {self.cohort.name: chosen(split, self.cohort.subjects, TEST)}
        external = {self.cohort.external_name: self.cohort.external} if self.cohort.external else {}
        return {name: self._prepared(subjects, report) for name, subjects in (own | external).items()}

    def _prepared(self, subjects: Sequence[Subject], report: ProgressCallback) -> tuple[PreparedCase, ...]:
        return prepare(subjects, self.folder / "prepared", self.scale.spacing_mm, report)

    def _check_same(self) -> None:
        facts = {
            "scale": repr(self.scale),
            "seed": self.seed,
            "subjects": [subject.id for subject in self.cohort.subjects],
            "external": [subject.id for subject in self.cohort.external],
        }
        path = self.folder / _SETTINGS
        if path.exists() and read_json(path) != facts:
            raise InputError(
                found=f"another experiment in {self.folder}",
                expected="the same scale, seed and subjects as its finished runs have",
                remedy="Give another folder",
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(path, facts)

    def _write(self, results: Results) -> None:
        runs = {cell.name: [{name: s.to_json() for name, s in run.items()} for run in results[cell]] for cell in CELLS}
        write_json(self.folder / RESULTS, {"scale": self.scale.name, "seed": self.seed, "runs": runs})
        (self.folder / REPORT).write_text(in_markdown(results, self.cohort), encoding="utf-8")


def in_markdown(results: Results, cohort: Cohort) -> str:
    """Both tables."""
    test_sets = [cohort.name, *([cohort.external_name] if cohort.external else [])]
    return "\n".join(table(results, test_sets).in_markdown() for table in (table_1, table_2))


def _named(cell: Cell, number: int, report: ProgressCallback, stop: float) -> ProgressCallback:
    part = part_of(report, 0.0, stop)
    return lambda event: part(replace(event, message=f"{cell.name}, run {number + 1}: {event.message}"))


def _from_json(facts: dict[str, Any]) -> Scores:
    dice = {name: value for name, value in facts.items() if name not in ("sensitivity", "precision")}
    return Scores(dice, facts["sensitivity"], facts["precision"])
