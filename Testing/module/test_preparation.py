"""What is asked for, got or refused before a run: packages, PyTorch, networks."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest
from LiverTumorSegModule import preparation
from LiverTumorSegModule.parameters import Parameters
from LiverTumorSegModule.preparation import Preparation
from wheel_index import package

from LiverTumorSegLib.io import weights

LIBRARY_PACKAGES = ["openvino>=2025.1", "psutil>=5.9"]


class Front:
    """Answers questions and keeps all that it is told."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.questions: list[str] = []
        self.installations: list[tuple] = []
        self.refusals: list[str] = []

    def ask(self, question: str) -> bool:
        self.questions.append(question)
        return self.answer

    def begins(self, parameters: Parameters) -> bool:
        """Whether a run can begin with these parameters."""
        prepared = Preparation(self.ask, lambda *what: self.installations.append(what), self.refusals.append)
        return prepared.is_complete(parameters, parameters.settings())

    @property
    def was_left_alone(self) -> bool:
        return not (self.questions or self.installations or self.refusals)


@pytest.fixture
def parameters(scene, tmp_path, monkeypatch):
    """Of a new parameter node, where no network was fetched yet; give it what is not as usual."""
    monkeypatch.setenv(weights.CACHE_VARIABLE, str(tmp_path / "cache"))

    def make(**choices) -> Parameters:
        made = Parameters(scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))
        for name, value in choices.items():
            made.set(name, value)
        return made

    return make


@pytest.fixture
def packages_missing(monkeypatch):
    monkeypatch.setattr(preparation, "missing_packages", lambda: list(LIBRARY_PACKAGES))


@pytest.fixture
def torch_missing(monkeypatch):
    monkeypatch.setattr(preparation, "torch_is_installed", lambda: False)
    monkeypatch.setitem(sys.modules, "PyTorchUtils", None)  # importing it is an ImportError


@pytest.fixture
def pytorch_extension(torch_missing, monkeypatch):
    """The PyTorch extension, whose installation gives or does what the test sets; its calls are in ``calls``."""
    extension = SimpleNamespace(calls=[], gives=object(), fails_with=None)

    class PyTorchUtilsLogic:
        def installTorch(self, **options):  # noqa: N802 - the extension's name
            extension.calls.append(options)
            if extension.fails_with is not None:
                raise extension.fails_with
            return extension.gives

    module = ModuleType("PyTorchUtils")
    module.PyTorchUtilsLogic = PyTorchUtilsLogic
    monkeypatch.setitem(sys.modules, "PyTorchUtils", module)
    return extension


@pytest.fixture
def fetched(tmp_path, monkeypatch):
    """A small model instead of the published one, really fetched into the cache of the test."""
    wheel, spec = package()
    (tmp_path / "pyliverlesionseg-0.3-py3-none-any.whl").write_bytes(wheel)
    monkeypatch.setattr(preparation, "chosen_model", lambda _parameters: spec)
    return lambda: weights.fetch(spec, source=tmp_path)


def test_with_everything_there_a_run_begins_and_nobody_is_asked(parameters, fetched):
    front, chosen = Front(answer=False), parameters()
    fetched()
    assert front.begins(chosen)
    assert front.was_left_alone


def test_before_packages_are_installed_their_names_sizes_licences_and_source_are_told(parameters, packages_missing):
    front = Front(answer=True)
    assert not front.begins(parameters(model="classical"))
    (question,) = front.questions
    assert "openvino>=2025.1: 59 MB, Apache-2.0 (runs the networks on the CPU)" in question
    assert "psutil>=5.9: 0.2 MB, BSD-3-Clause (stops child processes)" in question
    assert "About 59 MB in all, " in question
    assert "from the Python Package Index" in question
    assert front.installations == [(LIBRARY_PACKAGES, None)]
    assert front.refusals == []


@pytest.mark.parametrize("offline", ["false", "true"])
def test_packages_come_from_the_offline_folder_where_there_is_one(parameters, packages_missing, tmp_path, offline):
    front = Front(answer=True)
    assert not front.begins(parameters(offline=offline, offlineFolder=str(tmp_path)))
    assert f"from the folder {tmp_path}" in front.questions[0]
    assert "Index" not in front.questions[0]
    assert front.installations == [(LIBRARY_PACKAGES, tmp_path)]


def test_who_does_not_want_the_packages_gets_none_and_is_told_why_there_is_no_run(parameters, packages_missing):
    front = Front(answer=False)
    assert not front.begins(parameters())
    assert len(front.questions) == 1
    assert front.installations == []
    assert front.refusals == ["Not segmented: the packages are not installed."]


def test_offline_without_a_folder_nobody_is_asked_but_told_what_to_do(parameters, packages_missing):
    front = Front(answer=True)
    assert not front.begins(parameters(offline="true"))
    assert (front.questions, front.installations) == ([], [])
    assert front.refusals == ["Packages are missing, and offline nothing is downloaded: set an offline folder."]


def test_before_networks_are_fetched_their_size_licence_and_origin_are_told(parameters):
    front = Front(answer=True)
    assert front.begins(parameters())
    (question,) = front.questions
    assert "KU Leuven" in question
    assert "27 MiB from https://pypi.org/project/pyliverlesionseg/0.3/" in question
    assert "licence Apache-2.0" in question
    assert front.refusals == []


def test_who_does_not_want_the_networks_is_told_of_the_one_that_needs_no_download(parameters):
    front = Front(answer=False)
    assert not front.begins(parameters())
    (refusal,) = front.refusals
    assert refusal == "Not segmented: the networks are not fetched. The built-in network needs no download."


@pytest.mark.parametrize(
    "choice", [{"offline": "true"}, {"offlineFolder": "/media/stick"}], ids=lambda c: next(iter(c))
)
def test_offline_or_with_a_folder_nobody_is_asked_to_fetch_networks(parameters, choice):
    front = Front(answer=False)
    assert front.begins(parameters(**choice))
    assert front.was_left_alone


def test_the_model_without_networks_is_never_asked_for(parameters):
    front = Front(answer=False)
    assert front.begins(parameters(model="classical"))
    assert front.was_left_alone


TORCH_NEEDED = [{"device": "cuda"}, {"device": "mps"}, {"engine": "torch"}, {"device": "cpu", "engine": "torch"}]
TORCH_NOT_NEEDED = [{}, {"device": "cpu"}, {"engine": "openvino"}, {"device": "cpu", "engine": "openvino"}]


@pytest.mark.parametrize("choice", TORCH_NEEDED, ids=str)
def test_without_torch_and_its_extension_the_sentence_names_the_extension_to_install(parameters, torch_missing, choice):
    front = Front(answer=True)
    assert not front.begins(parameters(model="classical", **choice))
    (refusal,) = front.refusals
    assert "the PyTorch extension is not installed" in refusal
    assert "Extensions Manager" in refusal
    assert front.questions == []


@pytest.mark.parametrize("choice", TORCH_NEEDED, ids=str)
def test_the_pytorch_extension_installs_torch_after_asking_for_itself(parameters, pytorch_extension, choice):
    front = Front(answer=False)
    assert front.begins(parameters(model="classical", **choice))
    assert pytorch_extension.calls == [{"askConfirmation": True}]
    assert front.was_left_alone


@pytest.mark.parametrize("choice", TORCH_NEEDED, ids=str)
def test_torch_that_is_there_is_not_installed_again(parameters, pytorch_extension, monkeypatch, choice):
    monkeypatch.setattr(preparation, "torch_is_installed", lambda: True)
    front = Front(answer=False)
    assert front.begins(parameters(model="classical", **choice))
    assert pytorch_extension.calls == []
    assert front.was_left_alone


def test_who_does_not_want_torch_is_told_why_there_is_no_run(parameters, pytorch_extension):
    pytorch_extension.gives = None
    front = Front(answer=True)
    assert not front.begins(parameters(model="classical", device="cuda"))
    assert front.refusals == ["Not segmented: PyTorch is not installed."]


@pytest.mark.parametrize(
    "error",
    [
        subprocess.CalledProcessError(1, ["PythonSlicer", "-m", "light_the_torch"]),
        ImportError("libcudart.so.13: cannot open shared object file"),
        RuntimeError("PythonSlicer executable not found"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_installation_of_torch_that_fails_is_a_sentence_with_its_reason(parameters, pytorch_extension, error):
    pytorch_extension.fails_with = error
    front = Front(answer=True)
    assert not front.begins(parameters(model="classical", engine="torch"))
    (refusal,) = front.refusals
    assert refusal.startswith("Not segmented: PyTorch could not be installed")
    assert str(error) in refusal


def test_offline_torch_is_not_downloaded_either(parameters, pytorch_extension):
    front = Front(answer=True)
    assert not front.begins(parameters(model="classical", device="cuda", offline="true"))
    assert pytorch_extension.calls == []
    (refusal,) = front.refusals
    assert "offline nothing is downloaded" in refusal


@pytest.mark.parametrize("choice", TORCH_NOT_NEEDED, ids=str)
def test_a_processor_with_openvino_needs_no_torch(parameters, pytorch_extension, choice):
    front = Front(answer=False)
    assert front.begins(parameters(model="classical", **choice))
    assert pytorch_extension.calls == []
    assert front.was_left_alone


def test_one_thing_at_a_time_is_asked_for_packages_before_torch_and_networks(
    parameters, packages_missing, pytorch_extension
):
    front = Front(answer=True)
    assert not front.begins(parameters(device="cuda"))
    assert len(front.questions) == 1
    assert pytorch_extension.calls == []
