"""Training needs torch; without it these tests are not even collected."""

from __future__ import annotations

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("torch") else ["*.py", "augmentation/*.py", "experiment/*.py", "synthesis/*.py"]
