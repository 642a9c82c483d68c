"""Which study a report is about: a study file, a finished run, the demo, or settings."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from causalvalues.errors import StudyError
from causalvalues.study.manifest_reading import NAME
from causalvalues.study.settings import StudySettings
from causalvalues.study.study_file import read_study, settings_from

DEMO = Path(__file__).parent / "demo.toml"
"""Options of every report for the answers that ship with the package."""


def asked_study(study: str | Path | StudySettings) -> tuple[StudySettings, Path, str]:
    """Return the settings of a study, the folder where its paths start, and its name for messages.

    Parameters
    ----------
    study : str, Path or StudySettings
        Study file, folder of a finished run, or ``"demo"``.

    Raises
    ------
    StudyError
        As `read_study`; or if a folder holds no run of a study, or its answers are not to be found as they were.
    """
    if isinstance(study, StudySettings):
        return study, Path(), "study"
    path = DEMO if study == "demo" else Path(study)
    if path.is_dir():
        return _of_run(path)
    return read_study(path), path.parent, str(path)


def _of_run(run: Path) -> tuple[StudySettings, Path, str]:
    """Return the settings that a run was made with; its questions and plans are left out."""
    held = _manifest(run)
    settings = settings_from(
        {key: part for key, part in held["settings"].items() if key not in ("query", "plan")}, NAME
    )
    if settings.data.demo:
        return settings, Path(), str(run)
    name, wanted = settings.data.path, held["input"]["sha256"]
    tried = [run.parent, run.parent.parent, Path()]
    for folder in tried:
        if (folder / name).is_file() and hashlib.sha256((folder / name).read_bytes()).hexdigest() == wanted:
            return settings, folder, str(run)
    raise StudyError(
        f"The run {run} was made from {name}, which does not lie as it was beside that folder or in the working "
        "folder. Give the study file."
    )


def _manifest(run: Path) -> dict[str, Any]:
    try:
        held = json.loads((run / NAME).read_text(encoding="utf-8"))
        whole = isinstance(held["settings"]["data"], dict) and isinstance(held["input"]["sha256"], str)
    except (OSError, ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise StudyError(f"The folder {run} holds no finished run of a study. Give one, or a study file.")
    assert isinstance(held, dict)  # noqa: S101
    return held
