"""Real children that answer, crash, hang, babble, run out of memory, and have children of their own."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from LiverTumorSegLib.child.ending import Ending
from LiverTumorSegLib.child.process import CLEAN_UP_S, ChildProcess

FAMILY = (
    "import subprocess, sys, time, json\n"
    "grandchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)\n"
    "print(json.dumps({'event': 'family', 'pid': grandchild.pid}), flush=True)\n"
)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., ChildProcess]]:
    children = []

    def started(code: str, **settings) -> ChildProcess:
        child = ChildProcess(tmp_path, **settings)
        child.start([sys.executable, "-c", code])
        children.append(child)
        return child

    yield started
    for child in children:
        child.kill()


def events_until_end(child: ChildProcess, seconds: float = 20) -> list[dict]:
    events, deadline = [], time.monotonic() + seconds
    while child.end is None and time.monotonic() < deadline:
        events += child.poll()
        time.sleep(0.02)
    return events


def first_event(child: ChildProcess) -> dict:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if events := child.poll():
            return events[0]
        time.sleep(0.02)
    pytest.fail("the child said nothing")


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_json_lines_arrive_in_order_and_the_last_one_needs_no_newline(start):
    child = start("print('{\"n\": 1}'); print('{\"n\": 2}'); print('{\"n\": 3}', end='')")
    assert events_until_end(child) == [{"n": 1}, {"n": 2}, {"n": 3}]
    assert (child.end.ending, child.end.exit_code) == (Ending.EXITED, 0)


def test_a_line_that_arrives_in_two_halves_is_one_event(start):
    child = start("import time\nprint('{\"n\":', end='', flush=True); time.sleep(0.3); print(' 7}', flush=True)")
    assert events_until_end(child) == [{"n": 7}]


def test_output_that_is_no_json_object_goes_into_the_log_beside_the_error_stream(start):
    code = "import sys\nprint('loading plugin...'); print('[1, 2]'); sys.stderr.write('oops\\n'); print('{\"n\": 1}')"
    child = start(code)
    assert events_until_end(child) == [{"n": 1}]
    assert sorted(child.log.split("\n")) == ["", "[1, 2]", "loading plugin...", "oops"]


def test_the_child_hears_what_is_sent(start):
    child = start("import sys\nfor line in sys.stdin: print(line.strip().replace('ping', 'pong'), flush=True)")
    child.send({"word": "ping"})
    assert first_event(child) == {"word": "pong"}


def test_a_crash_is_told_by_its_signal_and_last_words(start):
    child = start("import os, sys\nsys.stderr.write('about to fall\\n'); sys.stderr.flush(); os.abort()")
    events_until_end(child)
    assert child.end.message == "It crashed (SIGABRT) (about to fall)."


def test_an_exit_code_is_told_with_the_last_line_of_the_traceback(start):
    child = start("raise ValueError('no such thing')")
    events_until_end(child)
    assert child.end.message == "It ended with exit code 1 (ValueError: no such thing)."


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are set differently there")
def test_a_child_that_runs_out_of_memory_is_told_so(start):
    code = (
        "import resource\n"
        "resource.setrlimit(resource.RLIMIT_AS, (2**29, 2**29))\n"
        "hoard = [bytearray(2**26) for _ in range(100)]"
    )
    child = start(code)
    events_until_end(child)
    assert "ran out of memory" in child.end.message


def test_a_child_that_the_system_kills_is_told_as_out_of_memory(start):
    child = start("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    events_until_end(child)
    assert "ran out of memory" in child.end.message


def test_a_child_that_falls_silent_is_stopped_although_it_babbles(start):
    code = "import time\nprint('{\"n\": 1}', flush=True)\nwhile True:\n  print('babble', flush=True); time.sleep(0.05)"
    child = start(code, silence_s=0.6)
    assert events_until_end(child) == [{"n": 1}]
    assert child.end.ending is Ending.SILENT
    assert "no sign of life for 0.6 s" in child.end.message
    assert is_gone(child.pid)


def test_a_child_that_prints_without_end_is_stopped_and_no_poll_takes_long(start, record_property):
    child = start("while True: print('garbage' * 100)")
    longest, deadline = 0.0, time.monotonic() + 60
    while child.end is None and time.monotonic() < deadline:
        begun = time.monotonic()
        assert child.poll() == []
        longest = max(longest, time.monotonic() - begun)
        time.sleep(0.02)
    record_property("longest_poll_s", round(longest, 2))
    assert child.end.ending is Ending.FLOODED
    assert child.end.message.startswith("It printed without end (")
    assert is_gone(child.pid)


def test_killing_takes_the_whole_family_even_those_in_sessions_of_their_own(start):
    child = start(FAMILY + "time.sleep(60)")
    grandchild = first_event(child)["pid"]
    child.kill()
    assert child.end.ending is Ending.KILLED
    assert is_gone(child.pid)
    assert is_gone(grandchild)


def test_a_child_may_clean_up_when_it_is_asked_to_stop(start, tmp_path):
    code = (
        "import signal, sys, time, pathlib\n"
        f"def leave(*_): pathlib.Path({str(tmp_path / 'cleaned')!r}).touch(); sys.exit(3)\n"
        "signal.signal(signal.SIGTERM, leave); print('{}', flush=True); time.sleep(60)"
    )
    child = start(code)
    first_event(child)
    child.stop()
    events_until_end(child)
    assert child.end.ending is Ending.KILLED
    assert (tmp_path / "cleaned").exists()


def test_a_child_that_does_not_want_to_stop_is_killed_with_its_family(start):
    child = start("import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + FAMILY + "time.sleep(60)")
    grandchild = first_event(child)["pid"]
    asked = time.monotonic()
    child.stop()
    events_until_end(child)
    assert time.monotonic() - asked < CLEAN_UP_S + 5
    assert is_gone(child.pid)
    assert is_gone(grandchild)


@pytest.mark.skipif(sys.platform == "win32", reason="there the system's own command kills the tree")
def test_without_psutil_the_process_group_is_killed(start, monkeypatch):
    code = FAMILY.replace(", start_new_session=True", "") + "time.sleep(60)"
    child = start(code)
    grandchild = first_event(child)["pid"]
    monkeypatch.setitem(sys.modules, "psutil", None)
    child.kill()
    monkeypatch.undo()
    assert is_gone(child.pid)
    # Nobody waits for a grandchild here, and the system takes a moment.
    deadline = time.monotonic() + 10
    while not is_gone(grandchild) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert is_gone(grandchild)


def test_a_program_that_does_not_exist_is_an_error_at_the_start(tmp_path):
    with pytest.raises(OSError, match="no-such-program"):
        ChildProcess(tmp_path).start([str(tmp_path / "no-such-program")])
