"""Which model a run gets: asks before the first download, falls back openly where it cannot be had."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from LiverTumorSegLib.engines import choose_engine
from LiverTumorSegLib.errors import CancelledError, InputError, ModelUnavailableError
from LiverTumorSegLib.inference.dividing import Divider
from LiverTumorSegLib.io import weights
from LiverTumorSegLib.io.own_weights import is_weights_path, model_of_file
from LiverTumorSegLib.io.stage_models import STAND_INS_WARNING, stage_model
from LiverTumorSegLib.progress import ProgressCallback
from LiverTumorSegLib.registry import ANATOMY, BUILT_IN, COMBINED, SMOOTHSEGNET, ModelSpec, find_model
from LiverTumorSegLib.settings import Division, Precision, SegmentSettings

AUTO = "auto"


def check_choice(settings: SegmentSettings) -> None:
    """What can be refused before any work: raises InputError for an unknown model, or an engine that is not there."""
    spec = COMBINED if settings.model == AUTO else _model_asked_for(settings)
    if spec.has_networks:
        choose_engine(settings)


def choose_model(
    settings: SegmentSettings, report: ProgressCallback, *, offline: bool
) -> tuple[ModelSpec, tuple[str, ...]]:
    """The model to run, fetched if need be, and warnings about the choice.

    auto: all networks together; where the fetched ones are absent and cannot be had, the built-in one alone with a
    warning. A model asked for by name is never replaced: raises ModelUnavailableError instead. SmoothSegNet, for which
    nobody has said which networks, takes an imported pair, or the fetched ones with a warning.
    """
    if settings.model != AUTO:
        spec = _model_asked_for(settings)
        _ensure(spec, report, offline=offline)
        stand_ins = spec is SMOOTHSEGNET and not settings.backbone
        return spec, (STAND_INS_WARNING,) if stand_ins else ()
    try:
        _ensure(COMBINED, report, offline=offline)
    except ModelUnavailableError as error:
        return BUILT_IN, (f"The built-in network alone was used, which is less accurate. {error}",)
    return COMBINED, ()


def choose_divider(settings: SegmentSettings) -> tuple[Divider | None, tuple[str, ...]]:
    """What divides the liver, and warnings: none where that is not wanted, or nothing here can run a network."""
    if settings.anatomy is Division.OFF:
        return None, ()
    try:
        # Its rounding must not depend on the machine; it is small, so that costs little.
        choice = choose_engine(replace(settings, precision=Precision.FP32))
    except InputError as error:
        return None, (f"Couinaud segments were left out. {error}",)
    return Divider(ANATOMY, choice, divides_iv=settings.anatomy is Division.IVAB), ()


def _model_asked_for(settings: SegmentSettings) -> ModelSpec:
    return stage_model(settings) if settings.model == SMOOTHSEGNET.id else model_named(settings.model)


def model_named(name: str) -> ModelSpec:
    """By its id, or by the path of weights that were trained here. Raises InputError where there is no such model."""
    return model_of_file(Path(name)) if is_weights_path(name) else find_model(name)


def _ensure(spec: ModelSpec, report: ProgressCallback, *, offline: bool) -> None:
    if not offline and sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty():
        for missing in weights.missing(spec):
            _ask(missing)
    weights.ensure_available(spec, allow_fetch=not offline, report=report)


def _ask(spec: ModelSpec) -> None:
    sys.stderr.write(
        f"{spec.title} is needed once: {spec.download_mib:.0f} MiB from {spec.origin}, licence {spec.license}. "
        "No patient data leaves this computer. Fetch it? [Y/n] "
    )
    sys.stderr.flush()
    answer = sys.stdin.readline()
    # The end of the input (Ctrl-D) is no consent; a bare Enter takes the offered yes.
    if not answer or answer.strip().lower() not in ("", "y", "yes"):
        raise CancelledError
