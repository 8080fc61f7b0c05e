"""Foreign weight files -> plain arrays -> safetensors: no foreign code and no pickle on the way."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from LiverTumorSegLib.errors import ModelUnavailableError

Tensors = dict[str, np.ndarray]
_CONVOLUTION = re.compile(r"conv3d_(\d+)")
_OUT_IN_XYZ = (4, 3, 0, 1, 2)


def tensors_from_keras(content: bytes) -> Tensors:
    """Convolutions of a Keras 2 HDF5 file, numbered in the order of execution, values exactly as stored (float32).

    conv_NN.kernel (out, in, x, y, z), conv_NN.bias (out,). Raises ModelUnavailableError if there are none.
    """
    import h5py

    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            numbers = sorted(int(match[1]) for name in file if (match := _CONVOLUTION.fullmatch(name)))
            tensors = {name: array for number in numbers for name, array in _convolution(file, number).items()}
    except (OSError, KeyError, ValueError) as error:
        raise _unreadable(why=str(error)) from error
    if not tensors:
        raise _unreadable(why="no group conv3d_1, conv3d_2, ...")
    return tensors


def tensors_sha256(tensors: Mapping[str, np.ndarray]) -> str:
    """Hash of names, dtypes, shapes and values: the same whatever file they were in."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        array = tensors[name]
        digest.update(f"{name} {array.dtype.newbyteorder('<').str} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes())
    return digest.hexdigest()


def safetensors_from(tensors: Tensors) -> bytes:
    """The content of a .safetensors file."""
    from safetensors.numpy import save

    return save(tensors)


def tensors_from_safetensors(content: bytes) -> Tensors:
    """What ``safetensors_from`` packed. Raises ModelUnavailableError if the content is damaged."""
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        return load(content)
    except (SafetensorError, KeyError, ValueError) as error:
        raise _unreadable(why=str(error)) from error


def _convolution(file: Any, number: int) -> Tensors:
    group = file[f"conv3d_{number}"]
    kernel, bias = (_named(group, name) for name in _weight_names(group))
    kernel = np.ascontiguousarray(kernel.transpose(_OUT_IN_XYZ), dtype=np.float32)
    return {f"conv_{number:02d}.kernel": kernel, f"conv_{number:02d}.bias": np.asarray(bias, dtype=np.float32)}


def _weight_names(group: Any) -> list[str]:
    names = group.attrs["weight_names"]
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]


def _named(group: Any, name: str) -> np.ndarray:
    return np.asarray(group[name][()])


def _unreadable(*, why: str) -> ModelUnavailableError:
    return ModelUnavailableError(
        found=f"a file of network weights that cannot be read ({why})",
        expected="the weights as published, or as this program stored them",
        remedy="Fetch them again: livertumorseg models fetch",
    )
