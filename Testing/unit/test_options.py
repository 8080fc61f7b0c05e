"""A front end's settings and the words of the command line mean the same."""

from __future__ import annotations

import pytest
from refusals import refused

from LiverTumorSegLib.child.words import words_from
from LiverTumorSegLib.cli.main import build_parser
from LiverTumorSegLib.cli.options import settings_from
from LiverTumorSegLib.registry import SMOOTHSEGNET
from LiverTumorSegLib.settings import Contour, Device, Engine, Precision, SegmentSettings, Variant


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
        SegmentSettings(
            SMOOTHSEGNET.id, contour=Contour.REFERENCE, backbone="a.safetensors", variant=Variant.MULTICLASS
        ),
    ],
    ids=["usual", "all changed", "of SmoothSegNet"],
)
def test_settings_come_back_from_the_command_line_as_they_went_in(settings):
    arguments = build_parser().parse_args(["segment", "ct.nii", "-o", "out", *words_from(settings)])
    assert settings_from(arguments) == settings


def parsed(*words):
    return settings_from(build_parser().parse_args(["segment", "ct.nii", "-o", "out", *words]))


def test_no_contour_is_a_shorter_word_for_contour_off():
    assert parsed("--no-contour") == parsed("--contour", "off") == SegmentSettings(contour=Contour.OFF)
    assert parsed("--contour", "reference", "--no-contour").contour is Contour.OFF
    assert parsed().contour is Contour.AUTO


@pytest.mark.parametrize("words", [["--backbone", "kuleuven"], ["--variant", "multiclass"]])
@pytest.mark.parametrize("model", ["auto", "combined", "kuleuven"])
def test_networks_and_form_of_smoothsegnet_are_choices_of_no_other_model(words, model):
    with refused(f"{words[0]} {words[1]}", model, "--model smoothsegnet"):
        parsed("--model", model, *words)


@pytest.mark.parametrize("words", [[], ["--backbone", "kuleuven"]])
def test_one_network_for_both_steps_must_be_named(words):
    with refused("--variant multiclass", "--backbone FILE.safetensors"):
        parsed("--model", "smoothsegnet", "--variant", "multiclass", *words)


def test_the_record_of_a_run_holds_the_new_choices():
    assert SegmentSettings().to_json().items() >= {"contour": "auto", "backbone": "", "variant": "two-step"}.items()
