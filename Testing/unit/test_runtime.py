import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from LiverTumorSegLib.cli.progress_output import ProgressMode, ProgressOutput
from LiverTumorSegLib.cli.runtime import run_job
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.progress import ProgressEvent


def output(mode=ProgressMode.NONE):
    return ProgressOutput(mode, io.StringIO(), io.StringIO())


def test_the_exit_code_of_the_work_is_the_exit_code_of_the_job():
    assert run_job(lambda _job: 0, output()) == 0


def test_unusable_input_is_one_line_and_exit_code_two():
    out = ProgressOutput(ProgressMode.NONE, io.StringIO(), err := io.StringIO())

    def work(job):
        raise InputError(found="a\nfish", expected="a CT", remedy="Export a CT")

    assert run_job(work, out) == 2
    assert err.getvalue() == "livertumorseg: a fish. Expected a CT. Export a CT.\n"


def test_a_fault_of_the_program_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        run_job(lambda _job: 1 // 0, output())


def test_a_signal_stops_the_work_at_its_next_report_and_it_cleans_up_after_itself():
    unwound = []

    def work(job):
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
        try:
            while True:
                job.report(ProgressEvent("x", 0.5))
                time.sleep(0.01)
        finally:
            unwound.append(True)

    assert run_job(work, output()) == 3
    assert unwound == [True]


STUCK = """
import sys, time, pathlib
sys.path.insert(0, {root!r})
from LiverTumorSegLib.cli.progress_output import ProgressMode, ProgressOutput
from LiverTumorSegLib.cli.runtime import run_job
half = pathlib.Path({half!r})
def work(job):
    half.write_text("half")
    with job.cleaned_up_by(half.unlink):
        print("busy", flush=True)
        time.sleep(60)
    return 0
raise SystemExit(run_job(work, ProgressOutput(ProgressMode.NONE)))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_work_that_hangs_is_ended_and_what_it_left_open_is_removed(tmp_path, number):
    half = tmp_path / "half"
    code = STUCK.format(root=str(Path.cwd()), half=str(half))
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "busy\n"
        process.send_signal(number)
        assert process.wait(timeout=30) == 3
    assert not half.exists()


def test_json_progress_is_one_object_a_line():
    lines = io.StringIO()
    out = ProgressOutput(ProgressMode.JSON, lines, io.StringIO())
    out.progress(ProgressEvent("liver", 0.25, "window 1 of 4"))
    out.result("ignored", folder="here")
    assert [json.loads(line) for line in lines.getvalue().splitlines()] == [
        {"event": "progress", "stage": "liver", "fraction": 0.25, "message": "window 1 of 4"},
        {"event": "result", "folder": "here"},
    ]


def test_without_a_terminal_the_bar_is_a_line_for_each_new_message():
    err = io.StringIO()
    out = ProgressOutput(ProgressMode.BAR, io.StringIO(), err)
    for fraction in (0.1, 0.2, 0.3):
        out.progress(ProgressEvent("liver", fraction, "liver" if fraction < 0.3 else "lesions"))
    assert err.getvalue().splitlines() == [" 10% liver", " 30% lesions"]
