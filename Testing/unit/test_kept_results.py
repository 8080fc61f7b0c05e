"""A kept result is used again only for what made it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from LiverTumorSegLib import __version__
from LiverTumorSegLib.cli.kept_results import is_kept
from LiverTumorSegLib.io.results import RUN, SEGMENTATION
from LiverTumorSegLib.pipelines import model_facts
from LiverTumorSegLib.registry import COMBINED, KULEUVEN, SMOOTHSEGNET
from LiverTumorSegLib.settings import Contour, SegmentSettings

SETTINGS = SegmentSettings(SMOOTHSEGNET.id)


@pytest.fixture
def folder(tmp_path):
    record = {
        "command": "segment",
        "version": __version__,
        "source": {"sha256": "c0ffee"},
        "settings": SETTINGS.to_json(),
        "model": json.loads(json.dumps(model_facts(SMOOTHSEGNET))),
    }
    (tmp_path / RUN).write_text(json.dumps(record))
    (tmp_path / SEGMENTATION).touch()
    return tmp_path


def test_the_same_ct_settings_and_weights_are_not_segmented_anew(folder):
    assert is_kept(folder, "c0ffee", SETTINGS, SMOOTHSEGNET)


@pytest.mark.parametrize(
    ("sha256", "settings", "spec"),
    [
        ("decaf", SETTINGS, SMOOTHSEGNET),
        ("c0ffee", replace(SETTINGS, contour=Contour.REFERENCE), SMOOTHSEGNET),
        ("c0ffee", SETTINGS, COMBINED),
        ("c0ffee", SETTINGS, replace(SMOOTHSEGNET, parts=(replace(KULEUVEN, files=KULEUVEN.files[:1]),))),
    ],
    ids=["another CT", "other settings", "another model", "the same model with other weights"],
)
def test_anything_else_is(folder, sha256, settings, spec):
    assert not is_kept(folder, sha256, settings, spec)
