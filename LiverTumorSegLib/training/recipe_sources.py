"""Where a recipe's samples come from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from LiverTumorSegLib.training.checks import above_zero, at_least, shares, some


class Augmentation(StrEnum):
    """Of real CTs. lvt: as published, with Random windowing; heavy: more and stronger, for very few cases."""

    NONE = "none"
    LVT = "lvt"
    HEAVY = "heavy"


@dataclass(frozen=True)
class SynthesisSource:
    """Rendered patients. label_maps: names below the data folder's labelmaps/abdomen. anatomies: completed bodies for
    each. coarse_share: of the patches, on the coarse grid, for the look at the whole body; vessels are too thin for it
    and are not asked for there. donors: livers to put into these bodies, names below labelmaps/vessels (msd...)
    or labelmaps/couinaud (any other; their vessels are not known). share: of all samples, relative to other sources.
    """

    label_maps: tuple[str, ...]
    anatomies: int
    coarse_share: float = 0.0
    donors: tuple[str, ...] = ()
    share: float = 1.0

    def __post_init__(self) -> None:
        above_zero(share=self.share)
        at_least(1, anatomies=self.anatomies)
        shares(coarse_share=self.coarse_share)
        some("label_maps", self.label_maps)


@dataclass(frozen=True)
class CasesSource:
    """Real CTs with masks. names: folders below the data folder's cases. lesions: share of the patches that get
    synthetic lesions beside their own. coarse_share: of the patches, as in ``SynthesisSource``.
    """

    names: tuple[str, ...]
    share: float = 1.0
    augmentation: Augmentation = Augmentation.LVT
    lesions: float = 0.0
    coarse_share: float = 0.0

    def __post_init__(self) -> None:
        above_zero(share=self.share)
        shares(lesions=self.lesions, coarse_share=self.coarse_share)
        some("names", self.names)


@dataclass(frozen=True)
class LayoutSource:
    """Public data sets. folders: one data set each, absolute or below the data folder; see ``data.layouts``."""

    folders: tuple[str, ...]
    share: float = 1.0
    augmentation: Augmentation = Augmentation.LVT
    lesions: float = 0.0

    def __post_init__(self) -> None:
        above_zero(share=self.share)
        shares(lesions=self.lesions)
        some("folders", self.folders)


@dataclass(frozen=True)
class ShapesSource:
    """Livers' shapes, for setting anatomy alone. label_maps: names below the data folder's labelmaps/couinaud; those of
    labelmaps/abdomen too have veins. veins_share: of the samples, from these.
    """

    label_maps: tuple[str, ...]
    share: float = 1.0
    veins_share: float = 0.0

    def __post_init__(self) -> None:
        above_zero(share=self.share)
        shares(veins_share=self.veins_share)
        some("label_maps", self.label_maps)


AnySource = SynthesisSource | CasesSource | LayoutSource | ShapesSource
