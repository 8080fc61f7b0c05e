"""The clinical prior of a run: what is expected of its cases, and which file says so."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io.prior_files import PRIOR, read_prior
from LiverTumorSegLib.training.smoothsegnet.loss_recipe import LossRecipe


@dataclass(frozen=True)
class RunPrior:
    """ratios: expected tumour / liver volume, by case id. sha256: of the file; both empty without one."""

    file: str = ""
    sha256: str = ""
    ratios: Mapping[str, float] = field(default_factory=dict)

    def check_covers(self, cases: Collection[str]) -> str:
        """A sentence on the cases without an expectation, "" where there is none; nothing to check without a file.

        Raises InputError where nothing is expected of any case: ids of another cohort would silently do nothing.
        """
        missing = sorted(set(cases) - self.ratios.keys())
        if not self.sha256 or not missing:
            return ""
        if len(missing) == len(set(cases)):
            raise InputError(
                found=f"{self.file}, which knows none of the {len(missing)} cases of this run (such as {missing[0]})",
                expected="predictions with the ids of the cases as keys",
                remedy="Make the prior from the clinical table of these patients",
            )
        few = ", ".join(missing[:5]) + (", ..." if len(missing) > 5 else "")
        return f"No prior for {len(missing)} of {len(set(cases))} cases ({few}): that term of the loss leaves them out."


def prior_of(loss: LossRecipe, data: Path, given: Path | None = None) -> RunPrior:
    """What a recipe's loss expects. data: folder that its file lies below. given: a file (or its folder) instead.

    Raises InputError where a prior counts and there is none, where one is given that counts nothing, and for what is no
    prior of the ratio of tumour to liver.
    """
    path = given or (data / loss.prior if loss.prior else None)
    if (path is not None) is not (loss.prior_weight > 0):
        raise InputError(
            found=f"loss.prior_weight {loss.prior_weight:g} {'with' if path else 'without'} a clinical prior",
            expected="a file of predicted ratios where they count (above 0), and none where they do not",
            remedy="Leave out --prior, or set loss.prior_weight in the recipe (0.5 or 0.6 as published)"
            if path
            else "Give --prior FILE (livertumorseg prior makes it), or set loss.prior_weight to 0",
        )
    if path is None:
        return RunPrior()
    ratios = read_prior(path)
    file = path / PRIOR if path.is_dir() else path
    return RunPrior(str(path), hashlib.sha256(file.read_bytes()).hexdigest(), ratios)
