"""The results in the layout of the papers' tables, and what they leave out: intervals and differences."""

from __future__ import annotations

from collections.abc import Sequence

from LiverTumorSegLib.evaluation.markdown_table import ABSENT, markdown_table, mean_sd
from LiverTumorSegLib.evaluation.paper_tables import (
    AblationRow,
    ModelRow,
    backbone_table,
    component_table,
    method_table,
    model_size_table,
    model_table,
    tumor_size_table,
)
from LiverTumorSegLib.evaluation.scores import Scores
from LiverTumorSegLib.models.backbones import find_backbone
from LiverTumorSegLib.training.experiment.smoothing.cohort import Cohort
from LiverTumorSegLib.training.experiment.smoothing.design import (
    LIVER_METHODS,
    METHODS,
    PAIRS,
    Method,
    Training,
    method,
)
from LiverTumorSegLib.training.experiment.smoothing.intervals import Interval
from LiverTumorSegLib.training.experiment.smoothing.prior import PriorScores
from LiverTumorSegLib.training.experiment.smoothing.results import (
    RATIO_ERROR,
    Results,
    SplitResults,
    difference,
    mean_interval,
    paper_scores,
)
from LiverTumorSegLib.training.experiment.smoothing.sizes import Bound, bounds_of, large_cases

_I, _II = "I (Wang, Mao et al.)", "II (SmoothSegNet)"
_METRICS = {"dice": "Dice", "sensitivity": "Sensitivity", "iou": "IoU", RATIO_ERROR: "error of tumor / liver"}
_INTERVALS = (
    "95 % intervals: percentile bootstrap over patients (one who tests in several splits counts as one). They hold the "
    "chance of who was drawn to test, not that of another start or order of training. * excludes 0."
)


def in_markdown(results: Results, cohort: Cohort) -> str:
    """Everything that was run."""
    parts = [*cohort.told, f"Backbone of the ablation: {results.backbone}."]
    parts += [_titled("Clinical prior, r of predicted and observed tumor / liver", prior_table(results.own))]
    parts += [_titled(title, table) for title, table in _ablation(results, cohort)]
    parts += [_titled(title, table) for title, table in _backbones(results, cohort)]
    return "\n\n".join(parts) + "\n"


def _titled(title: str, table: str) -> str:
    return f"**{title}**\n\n{table}"


def _ablation(results: Results, cohort: Cohort) -> list[tuple[str, str]]:
    own = results.own
    rows = {
        structure: [_row(own, one, structure) for one in methods]
        for structure, methods in (("liver", LIVER_METHODS), ("tumor", METHODS))
    }
    bounds = bounds_of(cohort)
    sizes = [_size_line(results, cohort, bound, is_large=is_large) for bound in bounds for is_large in (True, False)]
    whole = ("All tumors", paper_scores(own, method("V"), "tumor"))
    return [
        (f"{_I}, Table 4: mean ± SD of {len(own)} splits", method_table(rows["liver"], rows["tumor"])),
        (f"{_II}, Table 5: mean (SD) of {len(own)} splits", component_table(rows["liver"], rows["tumor"])),
        ("Mean Dice of tumors in each split", split_table(own)),
        ("Means over cases, with 95 % intervals", f"{interval_table(own)}\n\n{_INTERVALS}"),
        ("Differences in the same tumors, with 95 % intervals", difference_table(own)),
        (f"{_I}, Table 3: version V by size. {_bounds_told(bounds)}", tumor_size_table([whole, *sizes])),
    ]


def _row(splits: Sequence[SplitResults], one: Method, structure: str) -> AblationRow:
    is_tumor = structure == "tumor"
    return AblationRow(
        one.version,
        one.title,
        one.is_two_step,
        one.has_contour if is_tumor else None,
        one.is_smoothed if is_tumor else None,
        paper_scores(splits, one, structure),
    )


def prior_table(splits: Sequence[SplitResults]) -> str:
    """One line for each split."""
    priors = [(split.name, split.prior) for split in splits if split.prior is not None]
    header = ["", "patients", "in sample", "cross-validated", "those that test", "columns"]
    return markdown_table(header, [_prior_line(name, one) for name, one in priors], "No clinical prior.")


def _prior_line(name: str, one: PriorScores) -> list[str]:
    rs = (one.in_sample, one.cross_validated, one.held_out)
    return [name, str(one.patients), *(ABSENT if r is None else f"{r:.2f}" for r in rs), ", ".join(one.columns)]


def split_table(splits: Sequence[SplitResults]) -> str:
    """So that a training that went wrong can be told from a method that does."""
    lines = [
        [one.version, one.title, *(mean_sd(paper_scores([split], one, "tumor").dice) for split in splits)]
        for one in METHODS
    ]
    return markdown_table(["", "Method", *(split.name for split in splits)], lines)


def interval_table(splits: Sequence[SplitResults]) -> str:
    """Of every method: tumours by all metrics, and the liver's Dice."""
    header = ["", "Method", *_METRICS.values(), "Dice of the liver"]
    lines = [
        [
            one.version,
            one.title,
            *(_told(mean_interval(splits, one, "tumor", metric)) for metric in _METRICS),
            _told(mean_interval(splits, one, "liver", "dice")),
        ]
        for one in METHODS
    ]
    return markdown_table(header, lines)


def difference_table(splits: Sequence[SplitResults]) -> str:
    """What each part adds."""
    lines = []
    for first, second in PAIRS:
        found = [difference(splits, method(first), method(second), "tumor", metric) for metric in _METRICS]
        lines.append([f"{first} - {second}", *(_told(one, is_difference=True) for one in found)])
    return markdown_table(["", *_METRICS.values()], lines)


def _told(found: Interval | None, *, is_difference: bool = False) -> str:
    if found is None:
        return ABSENT
    sign = "+" if is_difference else ""
    star = " *" if is_difference and found.excludes_zero else ""
    return f"{found.mean:{sign}.3f} [{found.low:{sign}.3f}, {found.high:{sign}.3f}]{star}"


def _bounds_told(bounds: Sequence[Bound]) -> str:
    if all(bound.is_published for bound in bounds):
        return "Bounds as published"
    return "Not all of the papers' bounds (10 cm, 500 cm3) divide these patients; others are the cohort's medians"


def _size_line(results: Results, cohort: Cohort, bound: Bound, *, is_large: bool) -> tuple[str, Scores]:
    cases = large_cases(cohort, bound, is_large=is_large)
    return bound.told(is_large=is_large), paper_scores(results.own, method("V"), "tumor", cases)


def _backbones(results: Results, cohort: Cohort) -> list[tuple[str, str]]:
    if not results.compared:
        return []
    plain = method("II")
    models = {
        structure: [
            ModelRow(
                find_backbone(name).title,
                paper_scores(results.splits[name], plain, structure),
                results.splits[name][0].parameters.get(training),
            )
            for name in results.compared
        ]
        for structure, training in (("liver", Training.LIVER), ("tumor", Training.TUMOR))
    }
    whole = ModelRow("SmoothSegNet (V)", paper_scores(results.own, method("V"), "tumor"))
    bound = bounds_of(cohort)[0]
    sizes = [
        (bound.told(is_large=is_large), _models_of_size(results, large_cases(cohort, bound, is_large=is_large)))
        for is_large in (True, False)
    ]
    return [
        (f"{_I}, Table 1: backbones, liver", backbone_table(models["liver"])),
        (f"{_I}, Table 2: backbones, tumors, without contour adjust and smoothing", backbone_table(models["tumor"])),
        (f"{_II}, Table 2: liver", model_table(models["liver"])),
        (f"{_II}, Table 3: tumors", model_table([*models["tumor"], whole])),
        (f"{_II}, Table 4: tumors by size", model_size_table(sizes)),
    ]


def _models_of_size(results: Results, cases: frozenset[str]) -> list[ModelRow]:
    rows = [
        ModelRow(find_backbone(name).title, paper_scores(results.splits[name], method("II"), "tumor", cases))
        for name in results.compared
    ]
    return [*rows, ModelRow("SmoothSegNet (V)", paper_scores(results.own, method("V"), "tumor", cases))]
