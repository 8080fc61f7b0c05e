"""The cache of weights, with a real index on this computer, real pip, and what can go wrong."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import venv
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from privileges import folder_for_everyone, without_privileges
from wheel_index import LICENSE_TEXT, WHEEL, index, keras_file, only_from, package

from LiverTumorSegLib.errors import CancelledError, ModelUnavailableError
from LiverTumorSegLib.io import weights
from LiverTumorSegLib.io.weights_package import _fraction
from LiverTumorSegLib.io.weights_repack import safetensors_from, tensors_from_keras, tensors_sha256
from LiverTumorSegLib.registry import CLASSICAL, KULEUVEN

ROOT = Path(__file__).parents[3]


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv(weights.CACHE_VARIABLE, str(folder))
    return folder


@pytest.fixture
def pip_from(monkeypatch):
    """Let pip see one index only."""

    def use(url):
        for name, value in only_from(url).items():
            monkeypatch.setenv(name, value)

    return use


def entries(folder):
    """All that a cache holds, hidden names too."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def on_disk(tmp_path, wheel):
    path = tmp_path / WHEEL
    path.write_bytes(wheel)
    return path


def test_a_fetch_downloads_checks_and_repacks_and_leaves_nothing_else(cache, pip_from):
    wheel, spec = package()
    fractions = []
    assert not weights.is_present(spec)
    with index(wheel) as url:
        pip_from(url)
        folder = weights.fetch(spec, report=lambda event: fractions.append(event.fraction))
    assert entries(cache) == [folder.name]
    assert entries(folder) == ["LICENSE.txt", "card.json", "lesion.safetensors", "liver.safetensors"]
    assert weights.is_present(spec)
    assert fractions[-1] == 1.0
    assert all(0 <= fraction <= 1 for fraction in fractions)
    weights.verify(spec)


def test_repacked_kernels_are_the_published_ones_with_channels_first(cache, tmp_path):
    wheel, spec = package()
    weights.fetch(spec, source=on_disk(tmp_path, wheel))
    loaded = weights.load(spec, "liver")
    with h5py.File(io.BytesIO(keras_file(1)), "r") as file:
        published = file["conv3d_2/conv3d_2/kernel:0"][()]
        bias = file["conv3d_2/conv3d_2/bias:0"][()]
    assert sorted(loaded) == ["conv_01.bias", "conv_01.kernel", "conv_02.bias", "conv_02.kernel"]
    assert loaded["conv_02.kernel"].dtype == np.float32
    assert loaded["conv_02.kernel"].shape == (2, 4, 3, 3, 3)
    for o, i in np.ndindex(2, 4):
        np.testing.assert_array_equal(loaded["conv_02.kernel"][o, i], published[:, :, :, i, o])
    np.testing.assert_array_equal(loaded["conv_02.bias"], bias)


def test_the_card_says_where_the_weights_come_from_and_what_is_not_known(cache, tmp_path):
    wheel, spec = package()
    folder = weights.fetch(spec, source=on_disk(tmp_path, wheel))
    card = weights.card(spec)
    assert card == json.loads((folder / "card.json").read_text())
    assert card["license_text"] == LICENSE_TEXT
    assert "does not state" in card["training_data"]
    assert card["package_sha256"] == hashlib.sha256(wheel).hexdigest()
    assert card["files"]["liver"]["parameters"] == 36 + 4 + 216 + 2
    assert card["files"]["liver"]["sha256"] == hashlib.sha256((folder / "liver.safetensors").read_bytes()).hexdigest()


def test_repacking_is_deterministic_and_the_pinned_hash_is_of_the_content():
    tensors = tensors_from_keras(keras_file(1))
    backwards = dict(reversed(tensors.items()))
    assert safetensors_from(tensors) == safetensors_from(backwards)
    assert tensors_sha256(tensors) == tensors_sha256(backwards)
    changed = {**tensors, "conv_01.bias": np.nextafter(tensors["conv_01.bias"], np.float32(9))}
    reshaped = {**tensors, "conv_01.kernel": tensors["conv_01.kernel"].reshape(4, 1, 9, 1, 1)}
    assert len({tensors_sha256(each) for each in (tensors, changed, reshaped)}) == 3


def test_a_second_fetch_needs_no_network(cache, tmp_path, pip_from):
    wheel, spec = package()
    folder = weights.fetch(spec, source=on_disk(tmp_path, wheel))
    pip_from("http://127.0.0.1:9/simple")
    assert weights.fetch(spec) == folder


def test_a_wheel_can_be_carried_over_as_a_file_or_in_a_folder(cache, tmp_path):
    wheel, spec = package()
    weights.fetch(spec, source=on_disk(tmp_path, wheel))
    weights.remove(spec)
    assert not weights.is_present(spec)
    weights.fetch(spec, source=tmp_path)
    assert weights.is_present(spec)


def test_a_source_without_the_wheel_is_an_error_that_says_how_to_get_it(cache, tmp_path):
    _wheel, spec = package()
    with pytest.raises(ModelUnavailableError, match=r"pip download pyliverlesionseg==0\.3 .*--from FILE"):
        weights.fetch(spec, source=tmp_path)
    with pytest.raises(ModelUnavailableError, match="no file or folder"):
        weights.fetch(spec, source=tmp_path / "missing")
    assert entries(cache) == []


def test_without_network_the_error_names_the_cause_and_the_way_around(cache, pip_from):
    _wheel, spec = package()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        pip_from(f"http://127.0.0.1:{closed.getsockname()[1]}/simple")
        with pytest.raises(ModelUnavailableError, match=r"refused.*--from FILE"):
            weights.fetch(spec)
    assert entries(cache) == []


def test_an_index_without_the_package_is_an_error(cache, pip_from):
    wheel, spec = package()
    with index(wheel) as url:
        pip_from(url)
        with pytest.raises(ModelUnavailableError, match="No matching distribution"):
            weights.fetch(replace(spec, package="pyliverlesionseg==9.9"))
    assert entries(cache) == []


def test_a_connection_that_is_cut_leaves_nothing_behind(cache, pip_from, monkeypatch):
    wheel, spec = package(padding=1_000_000)
    monkeypatch.setenv("PIP_RESUME_RETRIES", "0")
    with index(wheel, cut_after=300_000) as url:
        pip_from(url)
        with pytest.raises(ModelUnavailableError, match=r"download of pyliverlesionseg==0\.3 failed"):
            weights.fetch(spec)
    assert entries(cache) == []
    assert not weights.is_present(spec)


def test_a_package_with_another_hash_is_refused_unread(cache, pip_from):
    wheel, spec = package()
    other, _spec = package(padding=1)
    with index(other) as url:
        pip_from(url)
        with pytest.raises(ModelUnavailableError, match=f"Expected sha256 {hashlib.sha256(wheel).hexdigest()}"):
            weights.fetch(spec)
    assert entries(cache) == []


def test_a_file_in_the_package_with_another_hash_is_refused(cache, tmp_path):
    wheel, spec = package()
    spec = replace(spec, files=(spec.files[0], replace(spec.files[1], sha256="0" * 64)))
    with pytest.raises(ModelUnavailableError, match=r"lesion_seg_x\.hdf5"):
        weights.fetch(spec, source=on_disk(tmp_path, wheel))
    assert entries(cache) == []


def test_weights_that_repack_to_another_content_are_refused(cache, tmp_path):
    wheel, spec = package()
    spec = replace(spec, files=(replace(spec.files[0], tensors_sha256="0" * 64), spec.files[1]))
    with pytest.raises(ModelUnavailableError, match=r"liver\.safetensors"):
        weights.fetch(spec, source=on_disk(tmp_path, wheel))
    assert entries(cache) == []


@pytest.mark.parametrize(
    "content", [b"", b"not an HDF5 file", keras_file(1)[:2000]], ids=["empty", "text", "truncated"]
)
def test_a_weight_file_that_is_not_hdf5_is_an_error(content):
    with pytest.raises(ModelUnavailableError, match="cannot be read"):
        tensors_from_keras(content)


def test_an_hdf5_file_without_convolutions_is_an_error():
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["something"] = np.zeros(3)
    with pytest.raises(ModelUnavailableError, match="conv3d_1"):
        tensors_from_keras(buffer.getvalue())


DAMAGES = {
    "one bit": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
    "cut off": lambda content: content[:-9],
    "something else": lambda _content: b"?",
}


@pytest.mark.parametrize("damaged", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_file_in_the_cache_is_found_and_a_fetch_repairs_it(cache, tmp_path, damaged):
    wheel, spec = package()
    path = weights.fetch(spec, source=on_disk(tmp_path, wheel)) / "lesion.safetensors"
    path.write_bytes(damaged(path.read_bytes()))
    with pytest.raises(ModelUnavailableError, match="models fetch"):
        weights.load(spec, "lesion")
    with pytest.raises(ModelUnavailableError, match="models fetch"):
        weights.verify(spec)
    weights.load(spec, "liver")
    weights.fetch(spec, source=tmp_path)
    weights.verify(spec)
    assert len(entries(cache)) == 1


def test_a_damaged_card_is_found_and_a_fetch_repairs_it(cache, tmp_path):
    wheel, spec = package()
    folder = weights.fetch(spec, source=on_disk(tmp_path, wheel))
    (folder / "card.json").write_text('{"id": "kul')
    with pytest.raises(ModelUnavailableError, match="models fetch"):
        weights.verify(spec)
    weights.fetch(spec, source=tmp_path)
    weights.verify(spec)


@pytest.mark.parametrize(
    "content",
    ["[1]", '"card"', "{}", '{"files": [1]}', '{"files": {"liver": 3}}', '{"files": {"liver": {}, "lesion": {}}}']
    + ['{"files": {"liver": {"sha256": 1}, "lesion": {"sha256": 1}}}', "\N{LATIN SMALL LETTER E WITH ACUTE}"],
)
def test_a_card_of_another_shape_is_found_and_a_fetch_repairs_it(cache, tmp_path, content):
    wheel, spec = package()
    path = weights.fetch(spec, source=on_disk(tmp_path, wheel)) / "card.json"
    path.write_text(content, encoding="latin-1")
    for use in (weights.card, weights.verify):
        with pytest.raises(ModelUnavailableError, match=r"card\.json.*models fetch"):
            use(spec)
    weights.fetch(spec, source=tmp_path)
    weights.verify(spec)


@pytest.mark.parametrize("name", ["card.json", "liver.safetensors"])
def test_a_file_of_the_cache_that_may_not_be_read_is_an_error_and_a_fetch_repairs_it(monkeypatch, name):
    wheel, spec = package()
    with folder_for_everyone() as cache:
        monkeypatch.setenv(weights.CACHE_VARIABLE, str(cache))
        source = on_disk(cache, wheel)
        folder = weights.fetch(spec, source=source)
        (folder / name).chmod(0)
        for each in (cache, folder):
            each.chmod(0o777)
        with without_privileges():
            with pytest.raises(ModelUnavailableError, match=rf"Permission denied.*{name}"):
                weights.verify(spec)
            weights.fetch(spec, source=source)
            weights.verify(spec)


def test_a_model_whose_folder_may_not_be_entered_is_not_there(monkeypatch):
    wheel, spec = package()
    with folder_for_everyone() as cache:
        monkeypatch.setenv(weights.CACHE_VARIABLE, str(cache))
        weights.fetch(spec, source=on_disk(cache, wheel)).chmod(0)
        with without_privileges():
            assert not weights.is_present(spec)


def test_progress_is_counted_while_pip_makes_and_removes_folders(tmp_path):
    _wheel, spec = package()
    (tmp_path / "x.whl").write_bytes(bytes(2**20))
    done = threading.Event()

    def churn():
        while not done.is_set():
            for number in range(20):
                (tmp_path / f"{number}" / "deep").mkdir(parents=True)
            for number in range(20):
                shutil.rmtree(tmp_path / f"{number}")

    pip = threading.Thread(target=churn)
    pip.start()
    try:
        fractions = {_fraction(tmp_path, replace(spec, download_mib=4.0)) for _ in range(300)}
    finally:
        done.set()
        pip.join()
    assert fractions == {0.25}


def test_weights_that_were_never_fetched_are_an_error_that_says_how(cache):
    _wheel, spec = package()
    for attempt in (
        lambda: weights.load(spec, "liver"),
        lambda: weights.verify(spec),
        lambda: weights.ensure_available(spec, allow_fetch=False),
    ):
        with pytest.raises(ModelUnavailableError, match="livertumorseg models fetch kuleuven"):
            attempt()
    assert entries(cache) == []


def test_ensure_available_fetches_only_when_it_may(cache, pip_from):
    wheel, spec = package()
    with index(wheel) as url:
        pip_from(url)
        weights.ensure_available(spec, allow_fetch=True)
    weights.ensure_available(spec, allow_fetch=False)
    weights.verify(spec)


def test_a_model_without_download_is_always_there(cache):
    weights.ensure_available(CLASSICAL, allow_fetch=False)
    weights.verify(CLASSICAL)
    assert weights.is_present(CLASSICAL)
    assert entries(cache) == []


def test_two_fetches_at_once_both_end_with_one_whole_model(cache, tmp_path):
    wheel, spec = package()
    source, failures = on_disk(tmp_path, wheel), []
    together = threading.Barrier(4)

    def fetch():
        together.wait()
        try:
            weights.fetch(spec, source=source)
            weights.verify(spec)
        except ModelUnavailableError as error:
            failures.append(str(error))

    threads = [threading.Thread(target=fetch) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(entries(cache)) == 1


def test_cancelling_a_fetch_ends_pip_and_leaves_nothing(cache, pip_from):
    wheel, spec = package()

    def cancel(_event):
        raise CancelledError

    with index(wheel) as url:
        pip_from(url)
        with pytest.raises(CancelledError):
            weights.fetch(spec, report=cancel)
    assert entries(cache) == []


def test_a_python_without_pip_is_an_error_that_says_so(cache, tmp_path):
    venv.create(tmp_path / "bare", with_pip=False, symlinks=os.name != "nt")
    python = tmp_path / "bare" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    _wheel, spec = package()
    with pytest.raises(ModelUnavailableError, match=r"no pip.*ensurepip"):
        weights.fetch(spec, python=str(python))
    assert entries(cache) == []


def test_a_cache_that_cannot_be_made_is_an_error_that_names_it(tmp_path, monkeypatch):
    wheel, spec = package()
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(weights.CACHE_VARIABLE, str(tmp_path / "file" / "cache"))
    with pytest.raises(ModelUnavailableError, match=r"file/cache cannot be used.*LIVERTUMORSEG_CACHE"):
        weights.fetch(spec, source=on_disk(tmp_path, wheel))


FETCH_IN_A_SMALL_WORLD = """
import sys
from pathlib import Path
sys.path[:0] = [{root!r}, {testing!r}]
from wheel_index import package
from LiverTumorSegLib.errors import ModelUnavailableError
from LiverTumorSegLib.io import weights
_wheel, spec = package(padding=3_000_000)
try:
    weights.fetch(spec, source=Path({source!r}))
except ModelUnavailableError as error:
    print(error)
print(sorted(path.name for path in weights.cache_folder().iterdir()))
"""


@pytest.mark.parametrize(
    ("mount", "complaint"),
    [("size=8k", "No space left on device"), ("size=8m,ro", "Read-only file system")],
    ids=["full", "read-only"],
)
def test_a_full_or_read_only_disk_is_an_error_and_nothing_is_left(tmp_path, mount, complaint):
    """On a real small file system, in a namespace of its own."""
    cache = tmp_path / "small"
    cache.mkdir()
    namespace = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    prepare = f"mount -t tmpfs -o {mount} tmpfs {cache}"
    if shutil.which("unshare") is None or subprocess.run([*namespace, prepare], capture_output=True).returncode:
        pytest.skip("this computer does not let tests mount a small file system")
    wheel, _spec = package(padding=3_000_000)
    code = tmp_path / "fetch.py"
    source = on_disk(tmp_path, wheel)
    code.write_text(FETCH_IN_A_SMALL_WORLD.format(root=str(ROOT), testing=str(ROOT / "Testing"), source=str(source)))
    done = subprocess.run(
        [*namespace, f"{prepare} && {sys.executable} {code}"],
        env={**os.environ, weights.CACHE_VARIABLE: str(cache)},
        capture_output=True,
        text=True,
        check=True,
    )
    message, left = done.stdout.strip().splitlines()
    assert complaint in message
    assert weights.CACHE_VARIABLE in message
    assert left == "[]"


def test_too_little_room_is_said_before_anything_is_downloaded(cache):
    _wheel, spec = package()
    with pytest.raises(ModelUnavailableError, match=r"MiB free of the \d+ MiB"):
        weights.fetch(replace(spec, download_mib=1e9))
    assert entries(cache) == []


def test_the_cache_follows_the_environment_then_the_platform(monkeypatch, tmp_path):
    monkeypatch.setenv(weights.CACHE_VARIABLE, str(tmp_path))
    assert weights.cache_folder() == tmp_path
    monkeypatch.delenv(weights.CACHE_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setattr(sys, "platform", "linux")
    assert weights.cache_folder() == tmp_path / "xdg" / "livertumorseg"
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    monkeypatch.setattr(sys, "platform", "win32")
    assert weights.cache_folder() == tmp_path / "local" / "LiverTumorSeg" / "Cache"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert weights.cache_folder() == Path.home() / "Library" / "Caches" / "LiverTumorSeg"


def test_another_version_of_the_package_has_another_folder(cache):
    _wheel, spec = package()
    assert weights.model_folder(spec) != weights.model_folder(replace(spec, package_sha256="1" * 64))


@pytest.mark.weights
def test_the_real_networks_can_be_fetched_and_are_those_of_the_registry(kuleuven_weights):
    from LiverTumorSegLib.models.kuleuven import LESION, LIVER

    for network in (LIVER, LESION):
        network.check_weights(kuleuven_weights(network.name))
    for file in KULEUVEN.files:
        assert tensors_sha256(kuleuven_weights(file.name)) == file.tensors_sha256
