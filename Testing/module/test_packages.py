"""Which packages are missing, what is said about them, and installing them: with real pip, into a Python of its own."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import time
from pathlib import Path

import psutil
import pytest
from LiverTumorSegModule.packages import FACTS, SLICERS_OWN, Installation, in_words, missing_packages
from LiverTumorSegModule.surroundings import name_of, required_packages
from packages_env import (
    ROOT,
    BarePython,
    index_with_password,
    make_bare_python,
    silent_index,
    stalling_index,
    unpack,
    write_wheel,
)
from wheel_index import only_from

NUMPY = importlib.metadata.version("numpy")
NOWHERE = "http://127.0.0.1:9/simple"


@pytest.fixture(scope="session")
def bare(tmp_path_factory) -> BarePython:
    """With a numpy of the version that the tests run on, as Slicer's Python has Slicer's own; a small one does."""
    folder = tmp_path_factory.mktemp("bare")
    python = make_bare_python(folder / "python")
    python.pip("install", "--no-index", str(write_wheel(folder, "numpy", NUMPY)))
    return python


@pytest.fixture(autouse=True)
def no_other_index(monkeypatch):
    """What this computer's pip is set to does not count."""
    for name, value in only_from(NOWHERE).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PIP_RETRIES", "0")


@pytest.fixture
def wheels(tmp_path) -> Path:
    """gallstone needs bile; both are there."""
    folder = tmp_path / "wheels"
    write_wheel(folder, "gallstone", "1.0", requires=["bile>=2"])
    write_wheel(folder, "bile", "2.5")
    return folder


@pytest.fixture
def install(bare, temporary):
    """Make an installation into the bare Python; whatever is still running at the end is ended."""
    made = []

    def make(requirements, **options) -> Installation:
        made.append(Installation(requirements, python=(bare.python,), temporary_folder=temporary, **options))
        return made[-1]

    yield make
    for each in made:
        each.kill()


def run(installation) -> Installation:
    installation.start()
    while installation.poll():
        time.sleep(0.02)
    return installation


def installed_in(bare) -> dict[str, str]:
    code = "import importlib.metadata as m, json; print(json.dumps({d.name: d.version for d in m.distributions()}))"
    return json.loads(bare.says(code))


def missing_in(bare, *folders) -> list[str]:
    """``missing_packages`` as that Python sees it, with more folders of packages."""
    paths = [str(path) for path in (ROOT / "LiverTumorSeg", ROOT, *folders)]
    # This Python has no Slicer that could translate.
    code = (
        "import types; sys.modules['slicer'] = types.ModuleType('slicer'); "
        "sys.modules['slicer.i18n'] = types.SimpleNamespace(tr=str); "
        "from LiverTumorSegModule.packages import missing_packages; print(json.dumps(missing_packages()))"
    )
    return json.loads(bare.says(f"import json, sys; sys.path[:0] = {paths!r}; {code}"))


def processes_with(folder) -> list[psutil.Process]:
    return [each for each in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(each.info["cmdline"] or [])]


def test_where_the_library_is_installed_nothing_is_missing():
    assert missing_packages() == []


def test_a_bare_python_misses_all_but_the_numpy_that_it_has(bare):
    assert missing_in(bare) == [each for each in required_packages() if each != "numpy>=2.0"]


def test_a_package_that_is_too_old_is_missing_and_the_oldest_that_will_do_is_not(bare, tmp_path):
    present = {
        "nibabel": "5.1.9",  # wanted: 5.2
        "psutil": "5.9",
        "scipy": "1.13rc1",  # before 1.13
        "edt": "3.0b1",  # a preview, but of a later version
        "fill-voids": "2.0",
        "Jinja2": "3.1.6",
        "pillow": "9.5",  # wanted: 10; as text it would be greater
    }
    for name, version in present.items():
        unpack(write_wheel(tmp_path / "wheels", name, version), tmp_path / "packages")
    missing = missing_in(bare, tmp_path / "packages")
    wanted = [each for each in required_packages() if name_of(each).lower() in {name.lower() for name in present}]
    assert len(wanted) == len(present)
    assert [each for each in missing if each in wanted] == ["scipy>=1.13", "nibabel>=5.2", "pillow>=10"]


def test_a_package_that_was_just_installed_is_no_longer_missing(tmp_path, monkeypatch):
    monkeypatch.setattr("LiverTumorSegModule.packages.required_packages", lambda: ["omentum>=1"])
    folder = tmp_path / "packages"
    folder.mkdir()
    os.utime(folder, (0, 0))  # Python looks again where a folder's time has changed, and file systems round times
    monkeypatch.syspath_prepend(folder)
    assert missing_packages() == ["omentum>=1"]
    unpack(write_wheel(tmp_path, "omentum", "1.0"), folder)
    assert missing_packages() == []


def test_each_requirement_is_slicers_own_or_described_and_nothing_else_is():
    names = [name_of(each) for each in required_packages()]
    assert sorted(FACTS) == sorted(name for name in names if name not in SLICERS_OWN)
    assert "numpy" in names


OF_CLASSIFIERS = {
    "Apache Software License": {"Apache-2.0"},
    "MIT License": {"MIT"},
    "BSD License": {"BSD-2-Clause", "BSD-3-Clause"},
}


def licenses_of(name: str) -> set[str]:
    """SPDX names that the installed package's own metadata allows; its License field may hold the whole text."""
    metadata = importlib.metadata.metadata(name)
    stated = metadata.get("License-Expression") or metadata.get("License") or ""
    if re.fullmatch(r"[\w.-]+", stated):
        return {stated}
    classifiers = [each.rpartition(" :: ") for each in metadata.get_all("Classifier") or []]
    return {spdx for kind, _, last in classifiers if "License" in kind for spdx in OF_CLASSIFIERS.get(last, {last})}


@pytest.mark.parametrize("name", sorted(FACTS))
def test_the_licence_that_is_told_is_the_one_that_the_package_states(name):
    assert FACTS[name].license in licenses_of(name)


def test_the_list_for_the_question_has_sizes_licences_purposes_and_the_sum():
    assert in_words(["openvino>=2025.1", "psutil>=5.9", "h5py>=3.11"]).splitlines() == [
        "  openvino>=2025.1: 59 MB, Apache-2.0 (runs the networks on the CPU)",
        "  psutil>=5.9: 0.2 MB, BSD-3-Clause (stops child processes)",
        "  h5py>=3.11: 5 MB, BSD-3-Clause (reads the published networks)",
        "About 64 MB in all, with the small packages that these need themselves.",
    ]


def test_the_list_for_the_question_names_every_package_of_the_library():
    lines = in_words(required_packages()).splitlines()[:-1]
    assert [line.split(":")[0].strip() for line in lines] == required_packages()
    assert [line for line in lines if "MB" not in line] == [f"  {each}" for each in required_packages()[:4]]


def test_a_folder_of_wheels_is_installed_without_asking_any_index(bare, wheels, temporary, install, monkeypatch):
    with silent_index() as index:
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        installation = run(install(["gallstone>=1"], wheels=wheels))
        assert index.paths == []
    assert installation.failure is None
    assert not installation.cancelled
    assert bare.says("import gallstone, bile; print(gallstone.version, bile.version)") == "1.0 2.5"
    assert "Successfully installed bile-2.5 gallstone-1.0" in installation.log
    assert list(temporary.iterdir()) == []
    assert not installation.poll()


def test_what_pip_does_now_is_shown_while_it_works(install):
    with silent_index() as index:
        installation = install(["mesentery"], pip_options=("--index-url", index.url))
        assert installation.progress.message == "Installing packages"
        installation.start()
        assert index.asked.wait(60)
        while "index" not in installation.progress.message:  # pip writes that before it asks
            assert installation.poll()
            time.sleep(0.02)
        assert installation.progress.message == f"Looking in indexes: {index.url}"
        assert 0 < installation.progress.fraction < 1


def test_a_requirement_that_the_folder_lacks_fails_with_pips_own_words(bare, wheels, temporary, install):
    before = installed_in(bare)
    installation = run(install(["spleen>=3"], wheels=wheels))
    message = installation.failure.message
    assert message.startswith("The packages were not installed. ERROR: ")
    assert "spleen>=3" in message
    assert f"Looking in links: {wheels}" in installation.failure.details
    assert "ERROR: No matching distribution found for spleen>=3" in installation.failure.details
    assert not installation.cancelled
    assert list(temporary.iterdir()) == []
    assert installed_in(bare) == before


def test_a_package_that_wants_another_numpy_than_slicers_is_refused_by_name(bare, wheels, install):
    write_wheel(wheels, "numpy", "99.0")
    write_wheel(wheels, "pancreas", "1.0", requires=["numpy>=99"])
    before = installed_in(bare)
    installation = run(install(["pancreas"], wheels=wheels))
    assert "pancreas" in installation.failure.message
    assert f"numpy=={NUMPY}" in installation.failure.details
    assert installed_in(bare) == before
    assert bare.says("import numpy; print(numpy.version)") == NUMPY


def test_an_upgrade_of_what_is_asked_for_leaves_slicers_numpy_alone(bare, wheels, install):
    write_wheel(wheels, "numpy", "99.0")
    write_wheel(wheels, "duodenum", "1.0", requires=["numpy"])
    installation = run(install(["duodenum"], wheels=wheels, pip_options=("--upgrade", "--upgrade-strategy", "eager")))
    assert installation.failure is None
    assert installed_in(bare)["numpy"] == NUMPY
    assert installed_in(bare)["duodenum"] == "1.0"


def test_an_index_that_wants_a_password_is_a_failure_not_a_wait_for_ever(temporary, install):
    with index_with_password() as index:
        installation = run(install(["mesentery"], pip_options=("--index-url", index.url)))
        assert index.paths
    assert "not installed. ERROR: " in installation.failure.message
    assert list(temporary.iterdir()) == []


def test_a_network_that_breaks_down_is_named_as_the_reason(tmp_path, install):
    wheel = write_wheel(tmp_path, "mesentery", "1.0")
    with stalling_index(wheel) as index:
        options = ("--index-url", index.url, "--timeout", "1", "--retries", "0")
        installation = run(install(["mesentery"], pip_options=options))
        assert f"/{wheel.name}" in index.paths
    assert "Read timed out" in installation.failure.message


@pytest.mark.timeout(120)
def test_cancelling_while_the_index_is_silent_ends_pip_and_leaves_no_file(bare, temporary, install, monkeypatch):
    elsewhere = temporary.with_name("elsewhere")  # where pip would leave what it was working on
    elsewhere.mkdir()
    for variable in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.setenv(variable, str(elsewhere))
    before = installed_in(bare)
    with silent_index() as index:
        installation = install(["mesentery"], pip_options=("--index-url", index.url))
        installation.start()
        assert index.asked.wait(60)
        assert installation.poll()
        assert processes_with(temporary)
        installation.cancel()
        while installation.poll():
            time.sleep(0.02)
        assert processes_with(temporary) == []
    assert installation.cancelled
    assert installation.failure is None
    assert list(temporary.iterdir()) == []
    assert list(elsewhere.iterdir()) == []
    assert installed_in(bare) == before


def test_killing_ends_pip_at_once_and_leaves_no_file(temporary, install):
    with silent_index() as index:
        installation = install(["mesentery"], pip_options=("--index-url", index.url))
        installation.start()
        assert index.asked.wait(60)
        installation.kill()
        assert processes_with(temporary) == []
    assert list(temporary.iterdir()) == []
    assert installation.cancelled
    assert not installation.poll()


def test_a_python_that_cannot_be_started_is_an_error_and_nothing_is_left(temporary):
    installation = Installation(["gallstone"], python=(str(temporary / "python"),), temporary_folder=temporary)
    with pytest.raises(FileNotFoundError):
        installation.start()
    assert list(temporary.iterdir()) == []


def test_the_manuals_command_for_a_computer_without_network_names_every_package():
    manual = (Path(__file__).parents[2] / "docs" / "slicer.md").read_text(encoding="utf-8")
    command = next(line for line in manual.splitlines() if line.startswith("pip download --only-binary"))
    assert set(command.split("wheels ")[1].split()) == set(FACTS)
