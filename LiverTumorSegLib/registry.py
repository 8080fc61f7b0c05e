"""The models that the project knows, as data: no framework is imported here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from LiverTumorSegLib.errors import InputError


@dataclass(frozen=True)
class WeightsFile:
    """One file inside the publisher's package.

    member: its path there, as a pattern. sha256: of the file as published. tensors_sha256: of its content once
    repacked (``io.weights_repack.tensors_sha256``); independent of the file format's version.
    """

    name: str
    member: str
    sha256: str
    tensors_sha256: str


@dataclass(frozen=True)
class NetworkFacts:
    """How a network of the LVT kind is built and what it sees: see ``models.lvt.lvt_definition``.

    knows_coarse: whether it was also trained on the coarse grid, where one window shows a whole liver.
    """

    widths: tuple[int, ...]
    spacing_mm: float
    hu_range: tuple[float, float]
    window: tuple[int, int, int]
    knows_coarse: bool = False


class Stage(StrEnum):
    """What a network of SmoothSegNet is for: the first or the second of two steps, or both at once.

    Its channels are a softmax of background and liver; of background, liver and tumour in a CT masked to the liver; of
    the same three in a whole CT (the multi-class network of the ablation).
    """

    LIVER = "liver"
    TUMOR = "tumor"
    MULTICLASS = "multiclass"

    @property
    def channels(self) -> tuple[str, ...]:
        return ("background", "liver") if self is Stage.LIVER else ("background", "liver", "tumor")


@dataclass(frozen=True)
class StageFacts:
    """How a network for a stage of SmoothSegNet is built and what it sees: see ``models.backbones``.

    backbone: its name there. spacing_mm: of the grid it was trained on; None for the CT's own voxels, whatever their
    size, as published. axes: where the array's axes run to, as "RAS" or, as published, "PLI". hu_range: clipped to it,
    then mapped to scaled_to. window: voxels along these axes.
    """

    stage: Stage
    backbone: str
    spacing_mm: tuple[float, float, float] | None
    axes: str
    hu_range: tuple[float, float]
    window: tuple[int, int, int]
    scaled_to: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True)
class ModelSpec:
    """A model and where its weights come from.

    package: requirement and wheel hash for fetched models, None for models without a download. folder: of weights that
    lie on this computer and are not fetched. network: facts of the card of weights that ``livertumorseg train`` made.
    stage: the same for a network of one stage of SmoothSegNet.
    parts: the models that one which has no files of its own asks.
    training_data, accuracy: what is known, in words, for the card and the report.
    """

    id: str
    title: str
    provides: tuple[str, ...]
    license: str
    origin: str
    citation: str
    training_data: str
    accuracy: str
    package: str | None = None
    package_python: str | None = None
    package_sha256: str | None = None
    download_mib: float = 0.0
    files: tuple[WeightsFile, ...] = ()
    folder: Path | None = None
    network: NetworkFacts | None = None
    stage: StageFacts | None = None
    parts: tuple[ModelSpec, ...] = ()

    @property
    def fetched(self) -> tuple[ModelSpec, ...]:
        """Itself or those of its parts whose weights must be downloaded once."""
        own = (self,) if self.package else ()
        return own + tuple(one for part in self.parts for one in part.fetched)

    @property
    def is_fetched(self) -> bool:
        """Whether any weights must be downloaded once."""
        return bool(self.fetched)

    @property
    def all_files(self) -> tuple[WeightsFile, ...]:
        """Its parts' files too."""
        return self.files + tuple(file for part in self.parts for file in part.all_files)

    @property
    def hashes(self) -> dict[str, str]:
        """Of all files, by a network's name, after the id of its model where several have that name."""
        files = [(one.id, file) for one in (self, *self.parts) for file in one.files]
        uses = Counter(file.name for _, file in files)
        return {f"{owner}/{file.name}" if uses[file.name] > 1 else file.name: file.sha256 for owner, file in files}

    @property
    def has_networks(self) -> bool:
        """Whether an engine is needed."""
        return bool(self.all_files)


KULEUVEN = ModelSpec(
    id="kuleuven",
    title="KU Leuven whole-liver and liver-lesion networks (pyliverlesionseg 0.3)",
    provides=("liver", "tumor"),
    license="Apache-2.0",
    origin="https://pypi.org/project/pyliverlesionseg/0.3/",
    citation="pyliverlesionseg 0.3, Medical Image Computing, ESAT-PSI, KU Leuven",
    training_data="The publisher does not state it; public data sets (LiTS, 3D-IRCADb) may be among it, so figures on "
    "public cases may be flattering.",
    accuracy="Dice on 3D-IRCADb, two cases that were also used to choose settings: liver 0.97 and 0.88 (a mass beside "
    "the liver was taken in), tumours 0.88 (5 of 7 lesions found, two below 3 ml missed). See docs/models/kuleuven.md.",
    package="pyliverlesionseg==0.3",
    package_python="3.6",
    package_sha256="ffe1576aefff5922ea8d1cfa2c50864cda97798798559542b9517689fd290cb8",
    download_mib=27.0,
    files=(
        WeightsFile(
            "liver",
            "trained_models/*_liv_seg_*.hdf5",
            "591ea17ca58630bc5c972d58e8600068c46a4d56a5ca45af52c1c1277a41c662",
            "3f4775135110bb9b8b552a6435c52e3f4faccaee266f7979447756ec772aa6b6",
        ),
        WeightsFile(
            "lesion",
            "trained_models/*_lesion_seg_*.hdf5",
            "0dc9bc877a99c8afde00a078f122ae386136ed6eae1f157220317106e4f10e04",
            "201247bbe71e777fa287fb112f9599e738f45b6bb188ac083b6ee624ebfae5b2",
        ),
    ),
)

CLASSICAL = ModelSpec(
    id="classical",
    title="Rough outlines without a network (thresholds seeded from anatomy)",
    provides=("liver", "tumor"),
    license="Apache-2.0",
    origin="this project",
    citation="",
    training_data="None: no learned parameter.",
    accuracy="A rough outline for a first look only; see docs/models/classical.md.",
)

BUILT_IN = ModelSpec(
    id="built-in",
    title="Liver, vessels and tumors in one network, which comes with the program",
    provides=("liver", "vessel", "tumor"),
    license="CC-BY-NC-4.0",
    origin="this project",
    citation="M. Antonelli et al., The Medical Segmentation Decathlon, Nature Communications 13 (2022); L. Soler "
    "et al., 3D image reconstruction for comparison of algorithm database (IRCAD, 2010); P. Bilic et al.,"
    " The Liver Tumor Segmentation Benchmark (LiTS), Medical Image Analysis 84 (2023)",
    training_data="CT images and masks of 2 patients and CT rendered from the label maps alone of 78 patients (hepatic-"
    "vessel, ircad, lits, total_example).",
    accuracy="Dice on two CTs of 3D-IRCADb, each by a twin trained without it (leave-one-out), with the classical "
    "lesions: liver 0.94 and 0.73, vessels 0.46 and 0.59, tumours 0.59 with 3 false lesions; the second "
    "has a mass beside the liver, which is taken in. See docs/models/built-in.md.",
    files=(
        WeightsFile(
            "default",
            "",
            "dfe7bcbebd74e2e9b82eb491ecc4cbd2b60d51e8367bdd19dcac98b6a8e0b3f5",
            "ff796cf87f2dd0cbeb2bada8289966c19bd60e2a8820da6dfcfa49d4cbb7e400",
        ),
    ),
    folder=Path(__file__).with_name("weights"),
    network=NetworkFacts((16, 32, 64, 128, 192), 1.5, (-160.0, 240.0), (80, 80, 80), knows_coarse=True),
)

ANATOMY = ModelSpec(
    id="anatomy",
    title="Couinaud segments, portal vein and hepatic veins from a liver's shape",
    provides=("couinaud", "portal_vein", "hepatic_vein"),
    license="CC-BY-NC-4.0",
    origin="this project",
    citation="L. Soler et al., 3D image reconstruction for comparison of algorithm database (IRCAD, 2010); P. Bilic et"
    " al., The Liver Tumor Segmentation Benchmark (LiTS), Medical Image Analysis 84 (2023)",
    training_data="Shapes in the label maps alone of 101 patients (ircad, lits).",
    accuracy="Livers never seen, given the expert's liver: mean Dice of the eight segments 0.81 on 6 patients of "
    "3D-IRCADb and 0.84 on 23 of LiTS, volume error 15 to 18 % in the median, borders 4 mm apart on "
    "average. Veins in the expert's vessels of the 6: 85 % of their voxels right (a weight was chosen on "
    "these). See docs/models/anatomy.md.",
    files=(
        WeightsFile(
            "anatomy",
            "",
            "c698c0b5fa826a08581778edfeb379928ee3ec39be7f13d19206c310f91d52be",
            "59bb2027d3d1d361d560afb5e825b072cce2597c83bf8895900eed0b5f718401",
        ),
    ),
    folder=Path(__file__).with_name("weights"),
    network=NetworkFacts((16, 32, 64, 96), 4.0, (0.0, 2.0), (72, 64, 56)),
)
"""Not a model of the main job: it sees no CT, and works on whatever made the masks."""

COMBINED = ModelSpec(
    id="combined",
    title="The KU Leuven networks and the built-in one together",
    provides=("liver", "vessel", "tumor"),
    license=f"{KULEUVEN.license}; {BUILT_IN.license}",
    origin=f"{KULEUVEN.origin}; {BUILT_IN.origin}",
    citation=f"{KULEUVEN.citation}; {BUILT_IN.citation}",
    training_data=f"KU Leuven: {KULEUVEN.training_data} Built-in: {BUILT_IN.training_data}",
    accuracy="Dice on two CTs of 3D-IRCADb, each with a twin of the built-in network trained without it; settings "
    "were chosen on both: liver 0.97 and 0.90 (a mass beside the liver is taken in in part), vessels 0.62"
    " and 0.63, tumours 0.89 (5 of 7 lesions found, two below 3 ml missed). See docs/models/combined.md.",
    download_mib=KULEUVEN.download_mib,
    parts=(KULEUVEN, BUILT_IN),
)

SMOOTHSEGNET = ModelSpec(
    id="smoothsegnet",
    title="SmoothSegNet: liver first, then tumors in it; here with the KU Leuven networks in both steps",
    provides=("liver", "tumor"),
    license=KULEUVEN.license,
    origin=KULEUVEN.origin,
    citation="H. Wang, L. Mao, Z. Zhang, J. Li, SmoothSegNet: A Global-Local Framework for Liver Tumor Segmentation "
    f"with Clinical Knowledge-Informed Label Smoothing, Georgia Institute of Technology; {KULEUVEN.citation}",
    training_data=KULEUVEN.training_data,
    accuracy="Dice on two CTs of 3D-IRCADb with the KU Leuven networks in both steps, which were also used to choose "
    "how these look at a CT: liver 0.97 and 0.89 (a mass beside the liver was taken in and called a tumor), tumours "
    "0.88 (5 of 7 lesions found, two below 3 ml missed). See docs/models/smoothsegnet.md.",
    download_mib=KULEUVEN.download_mib,
    parts=(KULEUVEN,),
)
"""With what is there without training or import; ``io.stage_models`` puts other networks in the place of its parts: the
first is for the liver, the last for tumours, a single one for both.
"""

MODELS: tuple[ModelSpec, ...] = (COMBINED, KULEUVEN, BUILT_IN, SMOOTHSEGNET, CLASSICAL)


def find_model(model_id: str) -> ModelSpec:
    """The model of that id. Raises InputError, naming those there are."""
    for spec in MODELS:
        if spec.id == model_id:
            return spec
    raise InputError(
        found=f"no model called {model_id!r}",
        expected=f"one of {', '.join(spec.id for spec in MODELS)}",
        remedy="See: livertumorseg models list",
    )
