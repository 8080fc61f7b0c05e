"""A front end's settings and the words of the command line mean the same."""

from __future__ import annotations

import pytest

from LiverTumorSegLib.child.words import words_from
from LiverTumorSegLib.cli.main import build_parser
from LiverTumorSegLib.cli.options import settings_from
from LiverTumorSegLib.settings import Contour, Device, Engine, Precision, SegmentSettings


@pytest.mark.parametrize(
    "settings",
    [
        SegmentSettings(),
        SegmentSettings(
            model="kuleuven",
            device=Device.CPU,
            engine=Engine.TORCH,
            precision=Precision.FP32,
            contour=Contour.CHAN_VESE,
            min_lesion_ml=0.375,
            threads=3,
        ),
    ],
    ids=["usual", "all changed"],
)
def test_settings_come_back_from_the_command_line_as_they_went_in(settings):
    arguments = build_parser().parse_args(["segment", "ct.nii", "-o", "out", *words_from(settings)])
    assert settings_from(arguments) == settings
