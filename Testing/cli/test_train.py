"""``livertumorseg train`` as users run it: a real child process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import pytest
from cli_runs import ROOT, cli, command, events

if not find_spec("torch"):
    pytest.skip("training needs torch", allow_module_level=True)

from stage_training import write_pair, write_prior
from training_runs import cases_recipe, write_data

ONE_THREAD = {"OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("train")
    write_data(place / "data", "ircad01", "ircad07")
    cases_recipe(place / "one.toml", "ircad01", never_seen=("ircad07",))
    return place


def train(place: Path, *words: object):
    return cli("train", *words, "--data", place / "data", "--device", "cpu", "--progress", "json", **ONE_THREAD)


def test_a_recipe_becomes_weights_and_a_run_is_not_replaced(place):
    done = train(place, place / "one.toml", "-o", place / "runs" / "one")
    assert done.returncode == 0, done.stderr
    told = events(done)
    assert told[-1]["event"] == "result"
    assert (told[-1]["step"], told[-1]["steps"]) == (3, 3)
    assert Path(told[-1]["weights"]).name == "one.safetensors"
    steps = [event for event in told if event.get("stage") == "train"]
    assert steps[-1]["fraction"] == 1.0
    assert steps[0]["message"].startswith("step 1 of 3, ")
    again = train(place, place / "one.toml", "-o", place / "runs" / "one")
    assert again.returncode == 2
    assert "at step 3" in again.stderr
    assert "--resume" in again.stderr
    assert train(place, place / "one.toml", "-o", place / "runs" / "one", "--resume").returncode == 0


def test_one_command_trains_both_stages_of_smoothsegnet_and_goes_on(place, tmp_path):
    name = write_pair(tmp_path, "ircad01")
    text = (tmp_path / "tiny-tumor.toml").read_text()
    (tmp_path / "tiny-tumor.toml").write_text(text.replace("prior_weight = 0.0", "prior_weight = 0.5"))
    prior, out = write_prior(tmp_path / "prior.json", {"ircad01": 0.1}), tmp_path / "pair"
    words = (name, "-o", out, "--prior", prior, "--backbone", "segresnet:2")
    done = train(place, *words)
    assert done.returncode == 0, done.stderr
    results = [event for event in events(done) if event["event"] == "result"]
    assert [(event["step"], Path(event["weights"])) for event in results] == [
        (4, out / "liver.safetensors"),
        (4, out / "tumor.safetensors"),
    ]
    fractions = [event["fraction"] for event in events(done) if event.get("stage") == "train"]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    (out / "tumor.safetensors").unlink()
    assert train(place, *words, "--resume", "--minutes", 0).returncode == 0
    assert (out / "tumor.safetensors").is_file()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_ends_after_the_checkpoint_and_the_run_goes_on(place, number):
    recipe = place / "long.toml"
    text = (place / "one.toml").read_text()
    recipe.write_text(text.replace("steps = 3", "steps = 100000").replace('"one"', '"long"'))
    folder = place / f"stopped-{number.name}"
    words = ("train", recipe, "-o", folder, "--data", place / "data", "--device", "cpu", "--progress", "json")
    with subprocess.Popen(
        command(*words),
        cwd=ROOT,
        env=os.environ | ONE_THREAD,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stdout:
            if json.loads(line).get("message", "").startswith("step "):
                break
        time.sleep(0.5)
        process.send_signal(number)
        _out, err = process.communicate(timeout=120)
    assert process.returncode == 3, err
    assert "Stopped" in err
    assert "--resume" in err
    assert (folder / "checkpoint.pt").exists()
    done = train(place, recipe, "-o", folder, "--resume", "--minutes", 0)
    assert done.returncode == 0, done.stderr
    assert events(done)[-1]["step"] > 0
    assert (folder / "long.safetensors").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nonsense", "-o", "x"), "no recipe 'nonsense'"),
        (("synthetic", "-o", "x", "--data", "/nowhere"), "no folder /nowhere"),
        (("synthetic", "-o", "x", "--fold", "1"), "without real CTs"),
        (("synthetic", "-o", "x", "--minutes", "-1"), "expected 0 or more"),
        (("synthetic", "-o", ""), "an empty path"),
        (("synthetic", "-o", "x", "--variant", "multiclass"), "--variant multiclass with the recipe synthetic"),
    ],
)
def test_what_cannot_be_used_is_refused_in_words(place, tmp_path, words, told):
    given = [tmp_path / "x" if word == "x" else word for word in words]
    more = () if "--data" in words else ("--data", place / "data")
    done = cli("train", *given, *more, **ONE_THREAD)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
