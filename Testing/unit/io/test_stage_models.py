"""Which networks a run of SmoothSegNet gets, and what is refused before any work."""

from __future__ import annotations

import pytest
from refusals import refused
from stage_files import facts, threshold_file

from LiverTumorSegLib.cli.model_choice import check_choice, choose_model
from LiverTumorSegLib.errors import ModelUnavailableError
from LiverTumorSegLib.io import weights
from LiverTumorSegLib.io.stage_models import STAND_INS_WARNING, missing_for_a_run, stage_model
from LiverTumorSegLib.io.stage_weights import imported_folder
from LiverTumorSegLib.progress import ignore_progress
from LiverTumorSegLib.registry import COMBINED, KULEUVEN, SMOOTHSEGNET, Stage
from LiverTumorSegLib.settings import SegmentSettings, Variant


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(weights.CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.fixture
def pair(tmp_path):
    for stage in Stage:
        threshold_file(tmp_path / "pair", facts(stage))
    return tmp_path / "pair"


def chosen(backbone="", variant=Variant.TWO_STEP):
    return stage_model(SegmentSettings(SMOOTHSEGNET.id, backbone=str(backbone), variant=variant))


def stages(spec):
    return [part.stage.stage if part.stage else part.id for part in spec.parts]


def test_nothing_given_and_nothing_imported_means_the_fetched_networks_and_a_warning(monkeypatch):
    assert chosen() is SMOOTHSEGNET
    assert missing_for_a_run(SMOOTHSEGNET) == [KULEUVEN]
    with pytest.raises(ModelUnavailableError, match="models fetch kuleuven"):
        choose_model(SegmentSettings(SMOOTHSEGNET.id), ignore_progress, offline=True)
    monkeypatch.setattr(weights, "ensure_available", lambda *_args, **_named: None)
    assert choose_model(SegmentSettings(SMOOTHSEGNET.id), ignore_progress, offline=True) == (
        SMOOTHSEGNET,
        (STAND_INS_WARNING,),
    )
    asked_for = SegmentSettings(SMOOTHSEGNET.id, backbone=KULEUVEN.id)
    assert choose_model(asked_for, ignore_progress, offline=True) == (SMOOTHSEGNET, ())


def test_an_imported_pair_is_taken_before_the_fetched_networks_and_needs_no_download(pair):
    imported_folder().parent.mkdir(parents=True)
    pair.rename(imported_folder())
    spec, warnings = choose_model(SegmentSettings(SMOOTHSEGNET.id), ignore_progress, offline=True)
    assert stages(spec) == [Stage.LIVER, Stage.TUMOR]
    assert warnings == ()
    assert missing_for_a_run(SMOOTHSEGNET) == []
    assert missing_for_a_run(COMBINED) == [KULEUVEN]


def test_a_folder_two_files_and_a_file_with_the_fetched_network_are_understood(pair):
    liver, tumor = pair / "liver.safetensors", pair / "tumor.safetensors"
    assert stages(chosen(pair)) == [Stage.LIVER, Stage.TUMOR]
    assert chosen(f"{liver},{tumor}") == chosen(pair)
    assert stages(chosen(f"kuleuven,{tumor}")) == ["kuleuven", Stage.TUMOR]
    assert stages(chosen(f"{liver},kuleuven")) == stages(chosen(liver)) == [Stage.LIVER, "kuleuven"]
    assert chosen("kuleuven,kuleuven") is SMOOTHSEGNET
    both = chosen(pair / "multiclass.safetensors", Variant.MULTICLASS)
    assert stages(both) == [Stage.MULTICLASS]
    assert both.title == "SmoothSegNet: liver and tumors at once (Made in a test)"
    assert chosen(pair).title == "SmoothSegNet: liver first, then tumors in it (Made in a test)"


def test_of_mixed_stages_what_is_fetched_is_still_fetched_and_the_record_tells_all_files_apart(pair):
    spec = chosen(f"{pair / 'liver.safetensors'},kuleuven")
    assert spec.fetched == (KULEUVEN,)
    assert spec.download_mib == KULEUVEN.download_mib
    assert spec.training_data == f"Made in a test: no data {KULEUVEN.title}: {KULEUVEN.training_data}"
    hashes = spec.hashes
    assert hashes == {
        "known/liver": spec.parts[0].files[0].sha256,
        "kuleuven/liver": KULEUVEN.files[0].sha256,
        "lesion": KULEUVEN.files[1].sha256,
    }


def test_networks_for_another_step_are_refused(pair):
    liver, tumor, both = (pair / f"{stage}.safetensors" for stage in Stage)
    with refused("liver.safetensors, a network for the liver", "one for tumors"):
        chosen(f"kuleuven,{liver}")
    with refused("tumor.safetensors, a network for tumors", "one for the liver", "first"):
        chosen(tumor)
    with refused("multiclass.safetensors", "one for the liver"):
        chosen(both)
    with refused("liver.safetensors", "liver and tumors at once"):
        chosen(liver, Variant.MULTICLASS)


@pytest.mark.parametrize("backbone", ["unet", "kuleuven,unet", "a,b,c", "nowhere/liver.safetensors", "kuleuven,"])
def test_what_names_no_network_is_refused(backbone):
    with refused():
        chosen(backbone)


def test_a_folder_without_a_pair_is_refused_before_any_work(pair):
    (pair / "tumor.safetensors").unlink()
    with refused("tumor.safetensors"):
        check_choice(SegmentSettings(SMOOTHSEGNET.id, backbone=str(pair)))
