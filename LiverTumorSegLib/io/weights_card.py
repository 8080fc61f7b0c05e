"""The card of a model: what is known about it, as data for people and reports."""

from __future__ import annotations

import hashlib
from typing import Any

from LiverTumorSegLib.io.weights_repack import Tensors
from LiverTumorSegLib.registry import ModelSpec, WeightsFile


def facts(spec: ModelSpec) -> dict[str, Any]:
    """What the registry says of a model."""
    return {
        "id": spec.id,
        "title": spec.title,
        "provides": list(spec.provides),
        "license": spec.license,
        "origin": spec.origin,
        "citation": spec.citation,
        "training_data": spec.training_data,
        "accuracy": spec.accuracy,
        "package": spec.package,
        "package_sha256": spec.package_sha256,
    }


def file_facts(file: WeightsFile, tensors: Tensors, content: bytes) -> dict[str, Any]:
    """Hashes of a file as published, of its tensors, and of the stored ``content``."""
    return {
        "source_sha256": file.sha256,
        "tensors_sha256": file.tensors_sha256,
        "sha256": hashlib.sha256(content).hexdigest(),
        "parameters": int(sum(array.size for array in tensors.values())),
    }
