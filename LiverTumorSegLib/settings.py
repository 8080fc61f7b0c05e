"""Settings of a run: frozen, checked once at construction, written beside the result."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.registry import KULEUVEN, SMOOTHSEGNET


class Device(StrEnum):
    """Where networks run; auto takes a GPU where there is one."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


class Engine(StrEnum):
    """What runs them; auto is OpenVINO on CPUs, torch on GPUs and where OpenVINO is missing."""

    AUTO = "auto"
    OPENVINO = "openvino"
    TORCH = "torch"


class Precision(StrEnum):
    """Arithmetic of the networks; auto is bf16 where the processor has it, else fp32."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"


class Contour(StrEnum):
    """Refinement of tumour outlines after the network.

    AUTO: what the model does by itself. CHAN_VESE: corrected, with means from bands beside the outline. REFERENCE: as
    SmoothSegNet's authors evaluate it, with means of the whole image (see ``classical.published_chan_vese``).
    """

    AUTO = "auto"
    OFF = "off"
    CHAN_VESE = "chan-vese"
    REFERENCE = "reference"


class Variant(StrEnum):
    """Of SmoothSegNet: the liver first and tumours in it, or one network for both, as in the ablation."""

    TWO_STEP = "two-step"
    MULTICLASS = "multiclass"


class Quality(StrEnum):
    """How much time the networks get.

    SmoothSegNet's: best is the overlap of its authors' evaluation (0.8), the others that of their application (0.2).
    Other networks of ``train``: more overlap of their windows. The fetched ones: best adds mirrored looks for lesions.
    The built-in one: best adds overlapping windows to the one that shows everything. Of these two, fast is as standard.
    """

    FAST = "fast"
    STANDARD = "standard"
    BEST = "best"


class Division(StrEnum):
    """Whether the liver is divided into Couinaud segments, and its vessels into portal vein and hepatic veins.

    IVAB: with IVa and IVb in the place of IV.
    """

    ON = "on"
    IVAB = "ivab"
    OFF = "off"


class Contents(StrEnum):
    """Of a result folder; data leaves out what is for people: the Slicer scene, the pictures and the report."""

    ALL = "all"
    DATA = "data"


@dataclass(frozen=True)
class SegmentSettings:
    """One run of the main job.

    model: a name of the registry, or auto. min_lesion_ml: predicted lesions below it are dropped (what a reader drew is
    never dropped). threads: 0 lets the engine use every core. backbone, variant: networks and form of SmoothSegNet;
    backbone is "" for what there is, a folder with a pair, or LIVER[,TUMOR], each "kuleuven" or a weights file.
    """

    model: str = "auto"
    quality: Quality = Quality.STANDARD
    device: Device = Device.AUTO
    engine: Engine = Engine.AUTO
    precision: Precision = Precision.AUTO
    contour: Contour = Contour.AUTO
    min_lesion_ml: float = 0.1
    threads: int = 0
    anatomy: Division = Division.ON
    backbone: str = ""
    variant: Variant = Variant.TWO_STEP

    def __post_init__(self) -> None:
        if not 0 <= self.min_lesion_ml < 1000:
            raise InputError(
                found=f"a minimum lesion volume of {self.min_lesion_ml:g} ml",
                expected="0 to 1000 ml",
                remedy="Give --min-lesion-ml in millilitres",
            )
        if self.threads < 0:
            raise InputError(
                found=f"{self.threads} threads", expected="0 (all cores) or more", remedy="Change --threads"
            )
        if self.engine is Engine.OPENVINO and self.device in (Device.CUDA, Device.MPS):
            raise InputError(
                found=f"engine openvino with device {self.device}",
                expected="OpenVINO on a CPU, torch on a GPU",
                remedy="Use --engine torch, or --device cpu",
            )

        self._check_stages()

    def _check_stages(self) -> None:
        wanted = f"--backbone {self.backbone}" if self.backbone else f"--variant {self.variant}"
        if self.model != SMOOTHSEGNET.id and (self.backbone or self.variant is not Variant.TWO_STEP):
            raise InputError(
                found=f"{wanted} with the model {self.model}",
                expected=f"these choices with the model {SMOOTHSEGNET.id} only",
                remedy=f"Add --model {SMOOTHSEGNET.id}, or leave them out",
            )
        if self.variant is Variant.MULTICLASS and self.backbone in ("", KULEUVEN.id):
            raise InputError(
                found=f"--variant {self.variant} without weights for it",
                expected="one network for liver and tumours; none can be fetched or imported",
                remedy="Train one, and give its file: --backbone FILE.safetensors",
            )

    def to_json(self) -> dict[str, Any]:
        return {name: str(value) if isinstance(value, StrEnum) else value for name, value in asdict(self).items()}
