"""Checkpoints of torch as plain arrays; nothing in a file can run code on the way."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np

from LiverTumorSegLib.errors import InputError

NESTED = ("state_dict", "model_state_dict", "model")
"""Where training scripts put a network's weights beside other things."""
PREFIX = "module."
"""Before every name, of networks that were trained on several GPUs."""


def read_checkpoint(path: Path) -> dict[str, np.ndarray]:
    """Name -> float32 array of the state dict in a file of ``torch.save``, or under one of NESTED in it.

    Names lose a common PREFIX. Raises InputError where the file is missing, damaged, holds whole objects of Python
    instead of a state dict (they would be run as code, so they are refused), or has no weights; or without torch.
    """
    if not path.is_file():
        raise InputError(found=f"no file {path}", expected="a checkpoint (.pth)", remedy="Check the path")
    named = _state_dict(_loaded(path), path)
    shorter = {name.removeprefix(PREFIX): tensor for name, tensor in named.items()}
    whole = shorter if all(name.startswith(PREFIX) for name in named) else named
    return {name: tensor.detach().float().numpy() for name, tensor in whole.items()}


def _loaded(path: Path) -> Any:
    torch = _torch()
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # torch's own text advises to load it as code
        named_a_class = "GLOBAL" in str(error)
        raise (_objects(path) if named_a_class else _damaged(path)) from error
    except (RuntimeError, EOFError, ValueError, LookupError, AttributeError, OSError) as error:
        raise _damaged(path) from error


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise InputError(
            found="a checkpoint of torch, but torch is not installed",
            expected="torch and monai in this Python environment, for the import only",
            remedy=f'Run: {sys.executable} -m pip install "livertumorseg[torch]"',
        ) from error
    return torch


def _state_dict(content: Any, path: Path) -> dict[str, Any]:
    for found in (content, *(content.get(key) for key in NESTED if isinstance(content, dict))):
        if isinstance(found, dict) and found and all(_is_weight(name, value) for name, value in found.items()):
            return found
    told = (
        f"a dictionary with {', '.join(map(str, list(content)[:5])) or 'nothing'}" if isinstance(content, dict) else ""
    )
    raise InputError(
        found=f"{path.name} holds {told or type(content).__name__}, no state dict",
        expected=f"names and tensors, as torch.save(network.state_dict()) writes, or these under {', '.join(NESTED)}",
        remedy="Save the network's state dict and import that",
    )


def _is_weight(name: object, value: object) -> bool:
    return isinstance(name, str) and hasattr(value, "detach")


def _objects(path: Path) -> InputError:
    return InputError(
        found=f"{path.name} holds whole objects of Python, which loading would run as code; so it was not loaded",
        expected="a state dict: names and tensors",
        remedy="Where you trust it, load it where it was made and save it anew: torch.save(network.state_dict(), FILE)",
    )


def _damaged(path: Path) -> InputError:
    return InputError(
        found=f"{path.name} cannot be read as a checkpoint of torch: it is something else, or damaged",
        expected="a file of torch.save",
        remedy="Get the file again",
    )
