"""The evaluation of several cases for people, as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from LiverTumorSegLib.evaluation.agreement import STRUCTURES, ClassAgreement
from LiverTumorSegLib.evaluation.lesions import HIT_SHARE
from LiverTumorSegLib.evaluation.markdown_table import ABSENT, markdown_table, mean_sd
from LiverTumorSegLib.evaluation.strata import Rate, Stratum
from LiverTumorSegLib.evaluation.summary import ComparedCase, GroupSummary, LesionSummary
from LiverTumorSegLib.evaluation.surface import TOLERANCE_MM
from LiverTumorSegLib.evaluation.voxel_tables import DEFINITIONS, case_strata_table, strata_note, voxel_table


def markdown(cases: Sequence[ComparedCase], groups: Sequence[GroupSummary], pictures: Sequence[str] = ()) -> str:
    """The whole report. pictures: file names beside it."""
    parts = ["# Evaluation", _definitions(), "## Summary", summary_table(groups)]
    parts += [f"![{name}]({name})" for name in pictures]
    parts += ["## Voxels", DEFINITIONS, voxels(groups)]
    for group in groups:
        if group.strata:
            parts += [f"## Cases by size: {title(group.role)}", strata_note(group.strata, group.cases)]
            parts += [case_strata_table(group.strata)]
    parts += ["## Lesions", lesion_table(groups)]
    for group in groups:
        if group.lesions:
            parts += [f"## Lesions by size: {title(group.role)}", strata_table(group.lesions)]
    parts += ["## Cases", case_table(cases), "## False lesions", false_lesion_table(cases)]
    return "\n\n".join(parts) + "\n"


def title(role: str | None) -> str:
    """A group's name."""
    return role or "role not stated"


def summary_table(groups: Iterable[GroupSummary]) -> str:
    """Mean and standard deviation over cases of every structure, one line for each group and structure."""
    header = [
        "group",
        "structure",
        "cases",
        "DSC mean ± SD",
        "median",
        "DSC global",
        "NSD mean ± SD",
        "median",
        "within",
    ]
    rows = [
        [
            title(group.role),
            item.name,
            str(item.dice.cases),
            mean_sd(item.dice),
            f"{item.dice.median:.3f}",
            f"{item.global_dice:.3f}",
            mean_sd(item.nsd),
            f"{item.nsd.median:.3f}",
            f"{item.nsd_tolerance_mm:g} mm",
        ]
        for group in groups
        for item in group.structures
    ]
    return markdown_table(header, rows)


def voxels(groups: Iterable[GroupSummary]) -> str:
    """Voxel scores of every structure, over cases and over replications."""
    return voxel_table([(title(group.role), group.voxels) for group in groups])


def lesion_table(groups: Iterable[GroupSummary]) -> str:
    """Sensitivity and precision of all lesions of a group, and what is false."""
    header = ["group", "cases", "sensitivity", "precision", "sensitivity per case", "precision per case"]
    header += ["false lesions per case", "false ml"]
    return markdown_table(
        header, [_lesion_row(title(g.role), g.lesions) for g in groups if g.lesions], "No tumors are judged."
    )


def strata_table(lesions: LesionSummary) -> str:
    """By longest diameter, then by volume."""
    header = ["size", "sensitivity", "95 % interval", "precision", "95 % interval"]
    return markdown_table(header, [_stratum_row(stratum) for stratum in (*lesions.by_diameter, *lesions.by_volume)])


def case_table(cases: Iterable[ComparedCase]) -> str:
    """One line for each case; what is not judged is a dash."""
    header = ["case", "group"]
    header += [f"{name} {score}" for name in STRUCTURES for score in ("DSC", f"NSD {TOLERANCE_MM[name]:g} mm")]
    header += ["lesions found", "false lesions", "false ml"]
    rows = []
    for case in cases:
        scores = [text for name in STRUCTURES for text in _scores(case.agreement.of(name))]
        rows.append([_cell(_named(case)), title(case.role), *scores, *_lesion_counts(case)])
    return markdown_table(header, rows)


def false_lesion_table(cases: Iterable[ComparedCase]) -> str:
    """Predicted lesions that hit nothing, with where to look for them."""
    rows = [
        [
            _cell(_named(case)),
            f"{lesion.volume_ml:.2f}",
            ABSENT if lesion.longest_mm is None else f"{lesion.longest_mm:.1f}",
            f"{100 * lesion.covered:.0f}",
            ABSENT if lesion.center_ras is None else ", ".join(f"{mm:.0f}" for mm in lesion.center_ras),
        ]
        for case in cases
        for lesion in case.agreement.false_lesions
    ]
    return markdown_table(["case", "ml", "longest mm", "covered %", "center RAS mm"], rows, "None.")


def counted(rate: Rate) -> str:
    """0.75 (6 of 8); a dash where there is nothing to count."""
    return ABSENT if rate.share is None else f"{rate.share:.2f} ({rate.hits} of {rate.total})"


def _definitions() -> str:
    tolerances = ", ".join(f"{name} {mm:g} mm" for name, mm in TOLERANCE_MM.items())
    return " ".join(
        [
            "DSC: Dice of the voxels, per case.",
            f"NSD: share of both surfaces, by area, within a tolerance of the other one ({tolerances}).",
            "Liver: the organ, with its vessels and tumors.",
            "A lesion is a connected part (or an expert's id);",
            f"it is hit when the other mask covers more than {100 * HIT_SHARE:g} % of it.",
            "Sensitivity: reference lesions hit; precision: predicted lesions hit.",
            "Sizes are longest axial diameters (mm) and volumes (ml):",
            "of the reference lesion for sensitivity, of the predicted one for precision.",
            "SD: sample standard deviation over cases. A dash: not annotated, or nothing to count.",
        ]
    )


def _scores(item: ClassAgreement | None) -> tuple[str, str]:
    return (ABSENT, ABSENT) if item is None else (f"{item.dice:.3f}", f"{item.nsd:.3f}")


def _lesion_counts(case: ComparedCase) -> tuple[str, str, str]:
    if case.agreement.of("tumor") is None:
        return ABSENT, ABSENT, ABSENT
    rate, false = Rate.of(case.agreement.reference_lesions), case.agreement.false_lesions
    return f"{rate.hits} of {rate.total}", str(len(false)), f"{sum(lesion.volume_ml for lesion in false):.2f}"


def _lesion_row(name: str, lesions: LesionSummary) -> list[str]:
    per_case = (lesions.sensitivity_per_case, lesions.precision_per_case)
    return [
        name,
        str(lesions.cases),
        counted(lesions.sensitivity),
        counted(lesions.precision),
        *(mean_sd(spread) if spread else ABSENT for spread in per_case),
        f"{lesions.false_per_case:.2f}",
        f"{lesions.false_ml:.2f}",
    ]


def _stratum_row(stratum: Stratum) -> list[str]:
    rates = (stratum.sensitivity, stratum.precision)
    return [stratum.name, *(text for rate in rates for text in (counted(rate), _interval(rate)))]


def _interval(rate: Rate) -> str:
    return ABSENT if rate.interval is None else "{:.2f} to {:.2f}".format(*rate.interval)


def _named(case: ComparedCase) -> str:
    return f"{case.name} ({case.replication})" if case.replication else case.name


def _cell(text: str) -> str:
    """What a user typed, so that it cannot end its cell."""
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
