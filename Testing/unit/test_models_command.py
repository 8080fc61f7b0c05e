"""``livertumorseg models`` as its parser and its work, on a real cache."""

from __future__ import annotations

import argparse
import io
import json

import pytest
from wheel_index import LICENSE_TEXT, WHEEL, package

from LiverTumorSegLib.cli import models_command
from LiverTumorSegLib.cli.progress_output import ProgressMode, ProgressOutput
from LiverTumorSegLib.cli.runtime import run_job
from LiverTumorSegLib.io import weights
from LiverTumorSegLib.registry import KULEUVEN


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(weights.CACHE_VARIABLE, str(tmp_path / "cache"))


@pytest.fixture
def small_model(tmp_path, monkeypatch):
    """The registry pins a small package of the same layout instead of the published one; the path of its wheel."""
    wheel, spec = package()
    path = tmp_path / WHEEL
    path.write_bytes(wheel)
    monkeypatch.setattr("LiverTumorSegLib.registry.MODELS", (spec,))
    monkeypatch.setattr(models_command, "MODELS", (spec,))
    return path


def models(*words, mode=ProgressMode.NONE):
    """Exit code, what went to stdout, what went to stderr."""
    parser = argparse.ArgumentParser()
    models_command.add_parser(parser.add_subparsers())
    arguments = parser.parse_args(["models", *map(str, words)])
    out, err = io.StringIO(), io.StringIO()
    code = run_job(lambda job: arguments.work(arguments, job), ProgressOutput(mode, out, err))
    return code, out.getvalue(), err.getvalue()


def test_the_list_names_every_model_with_its_licence_and_whether_it_is_there():
    code, out, _err = models("list")
    lines = {line.split()[0]: line for line in out.splitlines() if line}
    assert code == 0
    assert " no " in lines["kuleuven"]
    assert "Apache-2.0" in lines["kuleuven"]
    assert " yes " in lines["classical"]
    assert " yes " in lines["built-in"]
    assert "CC-BY-NC-4.0" in lines["built-in"]
    assert " no " in lines["combined"]


def test_fetch_verify_info_and_remove_do_what_they_say(small_model):
    assert models("fetch", "--from", small_model)[0] == 0
    assert models("verify") == (0, "kuleuven: 2 files as published\n", "")
    assert " yes " in models("list")[1]
    code, out, _err = models("info", "--license")
    assert code == 0
    assert "training data: The publisher does not state it" in out
    assert LICENSE_TEXT in out
    assert models("remove")[0] == 0
    code, _out, err = models("verify")
    assert code == 2
    assert "livertumorseg models fetch kuleuven" in err


def test_info_of_a_model_that_is_not_there_says_so():
    code, out, _err = models("info")
    assert code == 0
    assert "present: not in" in out
    assert KULEUVEN.package_sha256 in out


def test_fetch_reports_its_progress_as_json_for_programs(small_model):
    _code, out, _err = models("fetch", "--from", small_model, mode=ProgressMode.JSON)
    events = [json.loads(line) for line in out.splitlines()]
    assert events[-1]["event"] == "result"
    assert events[-1]["model"] == "kuleuven"
    assert {event["stage"] for event in events if event["event"] == "progress"} == {"models"}


@pytest.mark.parametrize("action", ["info", "fetch", "verify", "remove"])
def test_an_unknown_model_is_one_line_that_names_the_known_ones(action):
    code, out, err = models(action, "nope")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "combined, kuleuven, built-in, smoothsegnet, classical" in err


@pytest.mark.parametrize("model", ["classical", "built-in"])
def test_what_comes_with_the_program_needs_no_fetch_and_cannot_be_removed(model):
    assert models("fetch", model) == (0, f"{model}: needs no download\n", "")
    assert models("verify", model)[0] == 0
    code, _out, err = models("remove", model)
    assert code == 2
    assert "comes with the program" in err


def test_of_a_model_that_asks_others_what_is_fetched_is_fetched_and_removed():
    code, out, _err = models("info", "combined")
    assert code == 0
    assert "parts: kuleuven, built-in" in out
    code, _out, err = models("verify", "combined")
    assert code == 2
    assert "livertumorseg models fetch kuleuven" in err
