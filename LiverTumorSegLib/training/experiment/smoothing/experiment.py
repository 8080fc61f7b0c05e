"""All runs of the ablation, one after the other; whatever is finished is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from LiverTumorSegLib.clinical.prior import PriorSettings
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.text_files import read_json, write_json, write_text
from LiverTumorSegLib.progress import ProgressCallback, ignore_progress, part_of
from LiverTumorSegLib.registry import ModelSpec
from LiverTumorSegLib.settings import Contour
from LiverTumorSegLib.training.data.splits import TEST, Split, chosen
from LiverTumorSegLib.training.experiment.smoothing.cohort import Cohort
from LiverTumorSegLib.training.experiment.smoothing.design import TRAIN, Networks, Training, random_splits
from LiverTumorSegLib.training.experiment.smoothing.prior import prior_scores, split_prior
from LiverTumorSegLib.training.experiment.smoothing.results import Results, SplitResults, results_json
from LiverTumorSegLib.training.experiment.smoothing.scale import BACKBONE, Scale
from LiverTumorSegLib.training.experiment.smoothing.scores import (
    ByContour,
    Segment,
    judged,
    scores_from_json,
    scores_json,
)
from LiverTumorSegLib.training.experiment.smoothing.tables import in_markdown
from LiverTumorSegLib.training.experiment.smoothing.training import Hardware, parameters, trained
from LiverTumorSegLib.training.preparation import prepare
from LiverTumorSegLib.training.recipe import Recipe
from LiverTumorSegLib.training.smoothsegnet.prior import prior_of

RESULTS, REPORT = "results.json", "tables.md"
_SCORES, _SETTINGS = "scores.json", "experiment.json"
_TRAINED = 0.9
"""Share of the progress of networks; the rest is judging."""


@dataclass(frozen=True)
class Experiment:
    """folder: of all runs. segment: how networks find liver and tumours in a CT. backbones: also to be compared, in
    two steps without anything else; beside the scale's own for the ablation.
    """

    cohort: Cohort
    scale: Scale
    folder: Path
    segment: Segment
    hardware: Hardware
    seed: int = 0
    backbones: tuple[str, ...] = ()

    def run(self, report: ProgressCallback = ignore_progress) -> Results:
        """Every run that has no scores yet; then results.json and tables.md.

        A run that was stopped goes on from its checkpoint. Raises InputError where the folder holds an experiment of
        another scale, seed or cohort, for too few patients, and for an unknown backbone.
        """
        own, others = self.scale.backbone(BACKBONE), [self.scale.backbone(name) for name in self.backbones]
        names = list(dict.fromkeys([own, *others]))
        self._check_same()
        done: dict[str, tuple[SplitResults, ...]] = {}
        for number, name in enumerate(names):
            networks = tuple(Networks) if name == own else (Networks.TWO_STEP,)
            part = part_of(report, number / len(names), (number + 1) / len(names))
            done[name] = self._splits(name, networks, part)
        results = Results(own, done, tuple(dict.fromkeys(others)))
        write_json(self.folder / RESULTS, results_json(results, self.cohort, self.scale.name, self.seed))
        write_text(self.folder / REPORT, in_markdown(results, self.cohort))
        return results

    def _splits(
        self, backbone: str, networks: Sequence[Networks], report: ProgressCallback
    ) -> tuple[SplitResults, ...]:
        splits = random_splits(self.cohort.subjects, self.seed)
        return tuple(
            _SplitRun(self, backbone, networks, split, number).results(
                part_of(report, number / len(splits), (number + 1) / len(splits))
            )
            for number, split in enumerate(splits)
        )

    def _check_same(self) -> None:
        facts = {
            "scale": repr(self.scale),
            "seed": self.seed,
            "subjects": [subject.id for subject in self.cohort.subjects],
            "told": list(self.cohort.told),
        }
        path = self.folder / _SETTINGS
        if path.exists() and read_json(path) != facts:
            raise InputError(
                found=f"another experiment in {self.folder}",
                expected="the same scale, seed, subjects and made-up facts as its finished runs have",
                remedy="Give another folder",
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        write_json(path, facts)


@dataclass(frozen=True)
class _SplitRun:
    """One backbone in one split. number: of the split, from 0."""

    experiment: Experiment
    backbone: str
    networks: Sequence[Networks]
    split: Split
    number: int

    @property
    def name(self) -> str:
        return f"split-{self.number + 1}"

    @cached_property
    def folder(self) -> Path:
        return self.experiment.folder / self.backbone.replace(":", "-") / self.name

    def results(self, report: ProgressCallback) -> SplitResults:
        scores: dict[Networks, ByContour] = {}
        counts: dict[Training, int] = {}
        for n, networks in enumerate(self.networks):
            part = part_of(report, n / len(self.networks), (n + 1) / len(self.networks))
            path = self.folder / networks.value / _SCORES
            if not path.exists():
                self._run(networks, path, part)
            facts = read_json(path)
            scores[networks] = scores_from_json(facts["scores"])
            counts |= {Training(name): int(count) for name, count in facts["parameters"].items()}
        has_prior = Networks.SMOOTHED in self.networks
        prior = prior_scores(self._prior(ignore_progress)) if has_prior else None
        return SplitResults(self.name, scores, counts, prior)

    def _run(self, networks: Networks, path: Path, report: ProgressCallback) -> None:
        trainings = networks.trainings
        models = [
            self._network(one, part_of(report, _TRAINED * n / len(trainings), _TRAINED * (n + 1) / len(trainings)))
            for n, one in enumerate(trainings)
        ]
        tests = chosen(self.split, self.experiment.cohort.subjects, TEST)
        only_off = len(self.networks) == 1  # a backbone that is compared without anything else
        contours = (Contour.OFF,) if only_off else networks.contours
        scores = judged(models, contours, tests, self.experiment.segment, self._named(report, networks, _TRAINED, 1.0))
        path.parent.mkdir(parents=True, exist_ok=True)
        counts = {str(one): parameters(model) for one, model in zip(trainings, models, strict=True)}
        write_json(path, {"parameters": counts, "scores": scores_json(scores)})

    def _network(self, training: Training, report: ProgressCallback) -> ModelSpec:
        """Trained, or as it was trained for other networks of this split."""
        experiment = self.experiment
        recipe, text = experiment.scale.recipe(training, self.backbone, 100 * experiment.seed + self.number)
        file = self._prior(_quiet(report, "fitting the clinical prior")) if training is Training.SMOOTHED else None
        prior = prior_of(recipe.loss, experiment.folder, file)
        subjects = chosen(self.split, experiment.cohort.subjects, TRAIN)
        prior.check_covers([one.id for one in subjects])
        cases = prepare(subjects, experiment.folder / "prepared", _grid_mm(recipe), _quiet(report, "preparing cases"))
        told = self._named(report, training, 0.0, 1.0)
        data_set = "phantom" if experiment.cohort.is_made_up else experiment.cohort.name
        return trained(recipe, text, self.folder / str(training), cases, prior, data_set, experiment.hardware, told)

    def _prior(self, report: ProgressCallback) -> Path:
        """The same for all backbones, so that it lies beside them."""
        experiment, cohort = self.experiment, self.experiment.cohort
        folder = experiment.folder / "priors" / self.name
        folder.mkdir(parents=True, exist_ok=True)
        ratios = {case: facts.ratio for case, facts in cohort.facts.items() if facts.ratio is not None}
        settings = PriorSettings(
            repeats=experiment.scale.prior_repeats, shuffles=experiment.scale.prior_shuffles, seed=experiment.seed
        )
        train = self.split.part(TRAIN).subjects
        return split_prior(cohort.table, ratios, train, folder, settings, report)

    def _named(self, report: ProgressCallback, what: str, start: float, stop: float) -> ProgressCallback:
        part = part_of(report, start, stop)
        told = f"{self.backbone}, {self.name}, {what}"
        return lambda event: part(replace(event, message=f"{told}: {event.message}"))


def _quiet(report: ProgressCallback, told: str) -> ProgressCallback:
    """One message for short work, which takes no share of the progress."""
    return lambda event: report(replace(event, fraction=0.0, message=told))


def _grid_mm(recipe: Recipe) -> float | None:
    training = recipe.training
    return training.cubic_mm if training.cell_mm else None
