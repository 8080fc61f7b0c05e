"""Networks of SmoothSegNet's steps whose answer is known, as files with cards, and a CT that they are right about."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from LiverTumorSegLib.engines import EngineChoice
from LiverTumorSegLib.inference.loading import Loader
from LiverTumorSegLib.inference.two_stage import CardStage
from LiverTumorSegLib.io.stage_weights import StageOrigin, write_stage
from LiverTumorSegLib.models.network import NetworkDefinition
from LiverTumorSegLib.models.ops import Size
from LiverTumorSegLib.registry import ModelSpec, Stage, StageFacts
from LiverTumorSegLib.settings import Device, Engine, Precision
from LiverTumorSegLib.volume import Volume

ORIGIN = StageOrigin("known", "Made in a test", "Apache-2.0", "a test", "nobody", "no data", "not known")
LIVER_HU, TUMOR_HU = 50.5, 140.5
"""What is brighter is liver, and tumour; between two HU, so that rounding of weights decides nothing."""
_STEEPNESS = 64.0
PUBLISHED_HU = {Stage.LIVER: (-150.0, 250.0), Stage.TUMOR: (-200.0, 250.0), Stage.MULTICLASS: (-200.0, 250.0)}


def facts(stage: Stage, axes: str = "PLI", window: Size = (32, 24, 16), **changes: object) -> StageFacts:
    return StageFacts(stage, "segresnet:4", changes.get("spacing_mm"), axes, PUBLISHED_HU[stage], window)


def threshold_definition(card: StageFacts, shift: Size = (0, 0, 0)) -> NetworkDefinition:
    """One convolution and a softmax: single voxels above a threshold, seen ``shift`` voxels further on."""

    def function(ops, weights, x):
        i, j, k = (n // 2 for n in ops.shape(weights["conv_01.kernel"])[2:])
        return ops.softmax(ops.convolution(x, weights["conv_01.kernel"], weights["conv_01.bias"], (i, j, k)))

    size = tuple(2 * abs(n) + 1 for n in shift)
    return NetworkDefinition(
        name=str(card.stage),
        function=function,
        kernels=((len(card.stage.channels), 1, *size),),
        spacing_mm=card.spacing_mm,
        hu_range=card.hu_range,
        trained_window=card.window,
        margin=(0, 0, 0),
        smallest=(1, 1, 1),
        step=(1, 1, 1),
        scaled_to=card.scaled_to,
    )


def threshold_weights(card: StageFacts, shift: Size = (0, 0, 0)) -> dict[str, np.ndarray]:
    """Of ``threshold_definition``: logits that grow with HU, one line per class, equal where one takes over."""
    low, high = card.hu_range
    at = [(hu - low) / (high - low) for hu in (LIVER_HU, TUMOR_HU)]
    slopes, offsets = {
        Stage.LIVER: ([0, 1], [0, -at[0]]),
        Stage.TUMOR: ([-9, 0, 1], [0, 0, -at[1]]),
        Stage.MULTICLASS: ([0, 1, 2], [0, -at[0], -at[0] - at[1]]),
    }[card.stage]
    size = tuple(2 * abs(n) + 1 for n in shift)
    kernel = np.zeros((len(slopes), 1, *size), np.float32)
    there = tuple(abs(n) + n for n in shift)
    kernel[(slice(None), 0, *there)] = np.array(slopes) * _STEEPNESS
    return {"conv_01.kernel": kernel, "conv_01.bias": (np.array(offsets) * _STEEPNESS).astype(np.float32)}


def threshold_file(folder: Path, card: StageFacts, shift: Size = (0, 0, 0)) -> ModelSpec:
    folder.mkdir(exist_ok=True)
    return write_stage(folder / f"{card.stage}.safetensors", threshold_weights(card, shift), card, ORIGIN)


def threshold_stage(folder: Path, card: StageFacts, engine: Engine, shift: Size = (0, 0, 0)) -> CardStage:
    """Read from files that this writes, as the product reads them."""
    choice = EngineChoice(engine, Device.CPU, Precision.FP32, 1)
    return CardStage(card, threshold_definition(card, shift), Loader(threshold_file(folder, card, shift), choice))


@dataclass(frozen=True, eq=False)
class KnownCt:
    """ct: anisotropic, oblique, no cube. liver: the organ, with a hole that is none. tumor: two of them in it."""

    ct: Volume
    liver: np.ndarray
    tumor: np.ndarray


def known_ct() -> KnownCt:
    """A liver of 100 HU with a hole, tumours of 180 HU, and beside it a smaller organ and a bright bone."""
    a, b = np.deg2rad(14), np.deg2rad(9)
    about_s = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    about_r = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    order = np.array([[0, -2.0, 0], [0, 0, 2.5], [4.0, 0, 0]])  # i runs to the head, j to the left, k to the front
    affine = np.eye(4)
    affine[:3, :3] = about_s @ about_r @ order
    affine[:3, 3] = [50.0, -60.0, 210.0]
    ct = Volume(np.zeros((31, 62, 50), np.int16), affine)
    ijk = np.moveaxis(np.indices(ct.shape), 0, -1) * ct.spacing_mm

    def ball(center_ijk, radius_mm):
        return np.linalg.norm(ijk - np.array(center_ijk) * ct.spacing_mm, axis=-1) < radius_mm

    organ = ball((14, 25, 20), 38)
    hole, spleen = ball((17, 30, 15), 5), ball((20, 55, 40), 12)
    tumors = ball((10, 20, 26), 11) | ball((19, 17, 20), 8)
    bone = ball((26, 54, 8), 9)
    hu = np.select([bone, tumors, hole, organ, spleen], [300, 180, -20, 100, 100], -60)
    return KnownCt(ct.with_array(hu.astype(np.int16)), organ, tumors)
