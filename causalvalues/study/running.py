"""`run_study`: a study file in, a run folder out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from causalvalues.errors import StudyError
from causalvalues.figures import draw
from causalvalues.files import replacing_folder, write_text
from causalvalues.study.document import Picture
from causalvalues.study.manifest import NAME, files_in, is_run_folder, manifest_text
from causalvalues.study.markdown import markdown_text
from causalvalues.study.page import page_text
from causalvalues.study.pictures import pictures
from causalvalues.study.pipeline import STEPS, study_results
from causalvalues.study.progress import progress_bar
from causalvalues.study.report import report
from causalvalues.study.results import StudyResults
from causalvalues.study.saving import save
from causalvalues.study.settings import StudySettings
from causalvalues.study.study_file import read_study
from causalvalues.study.tables import csv_text, tables


@dataclass(frozen=True, eq=False)
class StudyRun:
    """A finished study.

    Parameters
    ----------
    folder : Path
        Holds ``report.html``, ``report.md``, ``manifest.json``, ``tables/``, ``figures/`` and ``graph/``.
    files : tuple of str
        Every file in it, relative to the folder.
    results : StudyResults
    """

    folder: Path
    files: tuple[str, ...]
    results: StudyResults

    def __repr__(self) -> str:
        return f"StudyRun({str(self.folder)!r}, {len(self.files)} files)"

    @property
    def report(self) -> Path:
        """The report as one HTML page."""
        return self.folder / "report.html"


def run_study(study: str | Path | StudySettings, out: str | Path, seed: int | None = None) -> StudyRun:
    """Run a study and write its folder.

    The same study, seed and input give the same bytes of every file except the times in ``manifest.json``. The folder
    appears whole or not at all: an error or an interrupt leaves an earlier run as it was.

    Parameters
    ----------
    study : str, Path or StudySettings
        Study file (TOML); paths in it start at its folder. Paths in `StudySettings` start at the working directory.
    out : str or Path
        Run folder. An earlier run is replaced; a folder that holds anything else is refused.
    seed : int, optional
        In place of the study's own.

    Returns
    -------
    StudyRun

    Raises
    ------
    StudyError
        If the study file is not well formed, names something unknown, or `out` is no run folder.
    CheckError
        If the data doctor blocks; the message has all findings and their remedies.
    CausalValuesError
        As the verbs that the study calls.
    """
    out = Path(out)
    _refuse_other_folders(out)
    settings = study if isinstance(study, StudySettings) else read_study(study)
    if seed is not None:
        settings = StudySettings.model_validate(settings.model_dump() | {"seed": seed})
    folder = Path() if isinstance(study, StudySettings) else Path(study).parent
    started = datetime.now(UTC).isoformat(timespec="seconds")
    with progress_bar(STEPS + 1) as say:
        results = study_results(settings, folder, say)
        say("draw and write")
        with replacing_folder(out) as part:
            _write_all(results, part)
            ended = datetime.now(UTC).isoformat(timespec="seconds")
            write_text(part / NAME, manifest_text(results, part, started, ended))
    return StudyRun(out, (NAME, *files_in(out)), results)


def _write_all(results: StudyResults, folder: Path) -> None:
    figures = pictures(results)
    formats: Sequence[str] = results.settings.figures.formats
    (folder / "figures").mkdir()
    (folder / "graph").mkdir()
    for picture in figures.values():
        _draw(picture, folder / "figures", formats)
    for suffix in ("dot", "graphml", "json"):
        draw(figures["graph"].scene, folder / "graph" / f"averaged.{suffix}")
    save(results.posterior, folder / "graph" / "posterior.json")
    save(results.model, folder / "graph" / "model.json")
    for name, table in tables(results).items():
        write_text(folder / "tables" / f"{name}.csv", csv_text(table))
    blocks = report(results, figures)
    write_text(folder / "report.html", page_text(blocks, results.settings.title))
    write_text(folder / "report.md", markdown_text(blocks, formats[0]))


def _draw(picture: Picture, folder: Path, formats: Sequence[str]) -> None:
    for suffix in formats:
        draw(picture.scene, folder / f"{picture.stem}.{suffix}")


def _refuse_other_folders(out: Path) -> None:
    if out.is_file():
        raise StudyError(f"{out} is a file. Give a folder to write the run into.")
    if out.is_dir() and any(out.iterdir()) and not is_run_folder(out):
        raise StudyError(
            f"The folder {out} holds files that no study wrote, and a run would replace them. Give another folder."
        )
