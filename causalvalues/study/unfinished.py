"""Where a study keeps the draws of a long search, until it is finished."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from causalvalues import __version__
from causalvalues.study.settings import StudySettings

ENDING = ".unfinished"


def unfinished_folder(out: Path, settings: StudySettings, folder: Path) -> Path:
    """Return where a study keeps draws that are done: beside its run folder, by what the draws depend on.

    Parameters
    ----------
    out : Path
        Run folder.
    settings : StudySettings
        Questions, plans and figures may differ between two attempts; the rest may not.
    folder : Path
        Where relative paths of the settings start.
    """
    digest = hashlib.sha256(
        settings.model_dump_json(exclude={"title", "query", "plan", "figures", "model", "report"}).encode()
    )
    digest.update(__version__.encode())
    for name in (settings.data.path, settings.data.key, settings.data.theory):
        path = folder / name
        if name and path.is_file():
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    place = out.resolve()
    return place.with_name(place.name + ENDING) / digest.hexdigest()[:12]


def clear(kept: Path) -> None:
    """Take away the draws of a study that is finished; those of other studies stay."""
    shutil.rmtree(kept, ignore_errors=True)
    if kept.parent.is_dir() and not any(kept.parent.iterdir()):
        kept.parent.rmdir()
