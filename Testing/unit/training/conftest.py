"""Training needs torch; without it these tests are not even collected."""

from __future__ import annotations

from importlib.util import find_spec

_FOLDERS = ("augmentation", "experiment", "smoothsegnet", "synthesis")
collect_ignore_glob = [] if find_spec("torch") else ["*.py", *(f"{folder}/*.py" for folder in _FOLDERS)]
