"""What front ends share loads on the bare core of Slicer: without Qt, and before any package was installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import LiverTumorSegLib.workbench

FILES = sorted(Path(LiverTumorSegLib.workbench.__path__[0]).glob("*.py"))
NOT_SLICERS = {"qt", "ctk", "PySide6", "torch", "openvino", "nibabel", "nrrd", "cc3d", "fill_voids", "edt",
               "safetensors", "h5py", "PIL", "jinja2", "psutil", "pydicom"}  # fmt: skip
CODE = """
import importlib, json, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


def test_it_loads_on_the_core_and_imports_no_package_to_be_installed():
    names = [f"LiverTumorSegLib.workbench.{file.stem}" for file in FILES]
    assert "LiverTumorSegLib.workbench.segment_run" in names
    done = subprocess.run([sys.executable, "-c", CODE, *names], capture_output=True, text=True, check=True)
    imported = set(json.loads(done.stdout.splitlines()[-1]))
    assert "slicer" in imported
    assert imported & NOT_SLICERS == set()
