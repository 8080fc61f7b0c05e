"""docs/conventions.md tells what the code does."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from LiverTumorSegLib.io.text_files import read_json
from LiverTumorSegLib.measure import flags as machine
from LiverTumorSegLib.uncertainty import case_features, confidence, lesion_features, reasons
from LiverTumorSegLib.uncertainty.confidence import ANY_MODEL, COEFFICIENTS, model_of

CONVENTIONS = (Path(__file__).parents[3] / "docs" / "conventions.md").read_text(encoding="utf-8")
HAND_SET = model_of(read_json(COEFFICIENTS), ANY_MODEL)


@pytest.mark.parametrize("flag", sorted({*machine.LESION_FLAGS, *machine.CASE_FLAGS}))
def test_every_flag_is_a_row_of_the_table(flag):
    assert f"\n| `{flag}` | " in CONVENTIONS


@pytest.mark.parametrize("name", sorted({*HAND_SET.lesion.terms, *HAND_SET.case.terms}))
def test_every_input_is_defined(name):
    assert f"`{name}`" in CONVENTIONS


def test_thresholds_are_those_of_the_code():
    section = CONVENTIONS[CONVENTIONS.index("## Confidence") :]
    limits = HAND_SET.limits
    for words in (
        f"`poor` below {confidence.POOR_BELOW} ",
        f"`good` from {confidence.GOOD_FROM} ",
        f"Below {confidence.DOUBTFUL_BELOW}: `doubtful-lesion`",
        f"Dice is {confidence.LEAST_LIVER_DICE} or more",
        f"lesion of {case_features.COUNTED_ML:g} ml",
        f"with {lesion_features.SUPPORT_AT} or more",
        f"within {lesion_features.SHELL_MM:g} mm around",
        f"within {case_features.BORDER_MM:g} mm of",
        f"| below {limits.organ_probability} |",
        f"| entropy above {limits.border_entropy} |",
        f"`voices_dice` below {limits.voices_dice} |",
        f"| below {limits.voices_volume_ratio} |",
        f"| below {limits.solidity} |",
        f"| above {limits.cut_cm2:g} cm² |",
        f"| above {100 * limits.implausible_share:g} % |",
        f"| below {limits.least_confidence} |",
    ):
        assert words in section, words
    assert {field.name for field in fields(reasons.Limits)} <= set(vars(limits))
