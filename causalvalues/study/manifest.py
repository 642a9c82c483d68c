"""The manifest of a run folder: what was run, with what, on what, and what came out."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from causalvalues import __version__
from causalvalues.study.manifest_reading import NAME, parsed_manifest
from causalvalues.study.results import StudyResults


class Titled(Protocol):
    """Settings of any kind of run."""

    @property
    def title(self) -> str:
        """Return the heading of its report."""
        ...

    @property
    def seed(self) -> int:
        """Return its seed."""
        ...


FORMAT = "causalvalues-run 1"
PACKAGES = ("numpy", "scipy", "pandas", "numba", "networkx", "matplotlib", "pydantic")


def manifest_text(results: StudyResults, folder: Path, started: str, ended: str) -> str:
    """Return the manifest of a finished folder as JSON.

    Parameters
    ----------
    results : StudyResults
    folder : Path
        Holds every file but the manifest.
    started, ended : str
        Times; the only entries that differ between two runs of one study on one machine.
    """
    answers, posterior = results.answers, results.posterior
    held = {
        **run_head(results.settings, started, ended),
        "packages": {name: _version(name) for name in PACKAGES},
        "input": {"file": answers.source, "sha256": answers.sha256, "rows": len(answers.matrix)},
        "settings": json_ready(results.settings.model_dump(mode="python")),
        "learner": {"method": posterior.method, "kind": posterior.kind, "settings": json_ready(posterior.settings)},
        "givens": list(results.model.givens),
        "files": files_in(folder),
    }
    return json.dumps(held, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def run_head(settings: Titled, started: str, ended: str) -> dict[str, Any]:
    """Return what every manifest begins with: what was run, when, and on what."""
    return {
        "format": FORMAT,
        "title": settings.title,
        "started": started,
        "ended": ended,
        "seed": settings.seed,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "causalvalues": __version__,
    }


def files_in(folder: Path) -> dict[str, str]:
    """Return path -> SHA-256 of every file in a folder but the manifest, sorted."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != NAME)
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def json_ready(thing: Any) -> Any:
    """Return nested settings with tuples as lists and infinite numbers as text."""
    if isinstance(thing, dict):
        return {str(key): json_ready(value) for key, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [json_ready(value) for value in thing]
    if isinstance(thing, float) and not math.isfinite(thing):
        return str(thing)
    return thing if isinstance(thing, str | int | float | bool | None) else str(thing)


def foreign_files(folder: Path) -> tuple[str, ...]:
    """Return what lies in a folder and is neither its manifest nor listed there, sorted; without one, every file.

    A folder in which this is empty holds nothing but one run, or nothing at all.
    """
    own = _listed(folder)
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return tuple(sorted({path.relative_to(folder).as_posix() for path in found} - own))


def _listed(folder: Path) -> set[str]:
    """Return the files that the manifest of a folder says a study wrote, with itself; none when it is no manifest."""
    held, _ = parsed_manifest(folder)
    known = str(held.get("format", "")).startswith("causalvalues-run ")
    files = held.get("files") if known else None
    return {NAME, *files} if isinstance(files, dict) else set()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
