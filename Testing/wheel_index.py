"""A real package index on this computer, and a small package for it that looks like the publisher's."""

from __future__ import annotations

import hashlib
import http.server
import io
import os
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import h5py
import numpy as np

from LiverTumorSegLib.io.weights_repack import tensors_from_keras, tensors_sha256
from LiverTumorSegLib.registry import KULEUVEN, ModelSpec

WHEEL = "pyliverlesionseg-0.3-py3-none-any.whl"
LICENSE_TEXT = "A licence, made up for a test."


def keras_file(seed: int) -> bytes:
    """Two convolutions in the layout of Keras 2: kernel (x, y, z, in, out), bias, names as an attribute."""
    random, buffer = np.random.default_rng(seed), io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["header/voxel_size"] = np.array([3.0, 3.0, 3.0])
        for number, shape in ((2, (3, 3, 3, 4, 2)), (1, (3, 3, 1, 1, 4))):
            group = file.create_group(f"conv3d_{number}")
            names = [f"conv3d_{number}/kernel:0", f"conv3d_{number}/bias:0"]
            group.attrs["weight_names"] = [name.encode() for name in names]
            group[names[0]] = random.normal(size=shape).astype(np.float32)
            group[names[1]] = random.normal(size=shape[-1:]).astype(np.float32)
    return buffer.getvalue()


def package(padding: int = 0) -> tuple[bytes, ModelSpec]:
    """A wheel with two small weight files, and the spec that pins it. padding: more bytes, for slow downloads."""
    contents = {"liver": keras_file(1), "lesion": keras_file(2)}
    short = {"liver": "liv", "lesion": "lesion"}
    buffer = io.BytesIO()
    info = "pyliverlesionseg-0.3.dist-info"
    members: dict[str, str | bytes] = {
        f"pyliverlesionseg/trained_models/model_{short[name]}_seg_x.hdf5": content for name, content in contents.items()
    }
    members |= {
        "pyliverlesionseg/__init__.py": "raise SystemExit('foreign code was executed')",
        "pyliverlesionseg/padding.bin": np.random.default_rng(0).bytes(padding),
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: pyliverlesionseg\nVersion: 0.3\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/LICENSE": LICENSE_TEXT,
        f"{info}/RECORD": "",
    }
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)  # without a date: two processes make the same wheel
    files = tuple(
        replace(
            file,
            sha256=hashlib.sha256(contents[file.name]).hexdigest(),
            tensors_sha256=tensors_sha256(tensors_from_keras(contents[file.name])),
        )
        for file in KULEUVEN.files
    )
    wheel = buffer.getvalue()
    return wheel, replace(
        KULEUVEN, files=files, package_sha256=hashlib.sha256(wheel).hexdigest(), download_mib=len(wheel) / 2**20
    )


@contextmanager
def index(wheel: bytes, cut_after: int | None = None) -> Iterator[str]:
    """URL of a simple index that serves the wheel; cut_after: it drops every connection after so many bytes."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = wheel if self.path.endswith(".whl") else f'<a href="/{WHEEL}">{WHEEL}</a>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/zip" if body is wheel else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:cut_after] if body is wheel else body)
            self.close_connection = True

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def only_from(url: str) -> dict[str, str]:
    """Environment in which pip knows this index and nothing else."""
    return {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": url,
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_NO_INDEX": "0",
    }
