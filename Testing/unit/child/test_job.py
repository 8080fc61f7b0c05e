"""Commands of the real command line as jobs of a front end."""

from __future__ import annotations

import stat
import time
from pathlib import Path

import pytest

from LiverTumorSegLib.child.job import CommandJob, JobState


def finish(job: CommandJob, seconds: float = 60) -> CommandJob:
    job.start()
    deadline = time.monotonic() + seconds
    while job.poll() and time.monotonic() < deadline:
        time.sleep(0.02)
    return job


def fake_python(folder: Path, script: str) -> tuple[str]:
    """A program in Python's place: the job's arguments are its own."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return (str(path),)


def test_a_command_that_ends_well_gives_its_facts(tmp_path):
    job = finish(CommandJob(["models", "list"], tmp_path))
    assert job.state is JobState.DONE
    assert {"kuleuven", "classical"} <= {model["id"] for model in job.facts["models"]}


def test_the_log_tells_command_stages_and_what_was_printed_besides(tmp_path):
    job = finish(CommandJob(["phantom", "-o", tmp_path / "phantom", "--spacing", 6, 6, 8], tmp_path))
    assert job.state is JobState.DONE
    first, *stages = job.log.splitlines()
    assert first.endswith("--spacing 6 6 8 --progress json")
    assert len(stages) >= 1
    assert all(float(line.split(" s  ")[0]) >= 0 for line in stages)


def test_unusable_input_is_a_failure_in_the_commands_own_words(tmp_path):
    job = finish(CommandJob(["segment", tmp_path / "nowhere.nii", "-o", tmp_path / "out"], tmp_path))
    assert job.state is JobState.FAILED
    assert "nowhere.nii" in job.failure.message
    assert "Expected" in job.failure.message
    assert "-m LiverTumorSegLib segment" in job.failure.details


def test_an_unknown_option_is_a_failure_whose_message_names_it(tmp_path):
    job = finish(CommandJob(["models", "list", "--no-such-option"], tmp_path))
    assert job.state is JobState.FAILED
    assert "--no-such-option" in job.failure.message


def test_a_child_that_only_prints_garbage_is_a_failure_with_the_garbage_in_the_details(tmp_path):
    job = finish(CommandJob(["segment"], tmp_path, python=fake_python(tmp_path, "echo '<html>busy</html>'")))
    assert job.state is JobState.FAILED
    assert job.failure.message == "It ended without a result."
    assert "<html>busy</html>" in job.failure.details


@pytest.mark.parametrize("line", ['{"event": "progress", "fraction": "many"}', '{"event": 5}', "[]", '{"other": 1}'])
def test_strange_json_does_no_harm(tmp_path, line):
    job = finish(CommandJob(["segment"], tmp_path, python=fake_python(tmp_path, f"echo '{line}'")))
    assert job.state is JobState.FAILED


def test_a_python_that_does_not_exist_is_a_failed_job(tmp_path):
    job = finish(CommandJob(["models", "list"], tmp_path, python=(str(tmp_path / "nopython"),)))
    assert job.state is JobState.FAILED
    assert "nopython could not be started" in job.failure.message


def test_a_cancelled_job_is_neither_done_nor_failed(tmp_path):
    job = CommandJob(["phantom", "-o", tmp_path / "phantom"], tmp_path)
    job.start()
    while job.poll() and job.progress.stage == "start":
        time.sleep(0.02)
    job.cancel()
    while job.poll():
        time.sleep(0.02)
    assert job.state is JobState.CANCELLED
    assert job.failure is None
    assert not (tmp_path / "phantom").exists()
