"""`run_study`: a study file in, a run folder out."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from causalvalues.errors import DataError, StudyError
from causalvalues.figures import draw
from causalvalues.files import check_replaceable, replacing_folder, write_text
from causalvalues.study.document import Picture
from causalvalues.study.manifest import files_in, foreign_files, manifest_text
from causalvalues.study.manifest_reading import NAME
from causalvalues.study.markdown import markdown_text
from causalvalues.study.page import page_text
from causalvalues.study.pictures import pictures
from causalvalues.study.pipeline import STEPS, study_results
from causalvalues.study.progress import progress_bar
from causalvalues.study.report import report
from causalvalues.study.results import StudyResults
from causalvalues.study.run_folder import RunFolder
from causalvalues.study.saving import save
from causalvalues.study.settings import StudySettings
from causalvalues.study.study_file import read_study
from causalvalues.study.tables import csv_text, tables
from causalvalues.study.unfinished import clear, unfinished_folder


@dataclass(frozen=True, eq=False, repr=False)
class StudyRun(RunFolder):
    """A finished study.

    Parameters
    ----------
    folder : Path
        Holds ``report.html``, ``report.md``, ``manifest.json``, ``tables/``, ``figures/`` and ``graph/``.
    files : tuple of str
        Every file in it, relative to the folder.
    results : StudyResults
    """

    results: StudyResults


def run_study(study: str | Path | StudySettings, out: str | Path, seed: int | None = None) -> StudyRun:
    """Run a study and write its folder.

    The same study, seed and input give the same bytes of every file except the times in ``manifest.json``. The folder
    appears whole or not at all: an error or an interrupt leaves an earlier run as it was. What a long order search has
    done by then is kept beside it, in a folder of the same name that ends in ``.unfinished``, and the same call goes on
    from there.

    Parameters
    ----------
    study : str, Path or StudySettings
        Study file (TOML); paths in it start at its folder. Paths in `StudySettings` start at the working directory.
    out : str or Path
        Run folder. An earlier run is replaced; a folder that holds anything else, be it beside the files of a run, is
        refused, and so is the working folder.
    seed : int, optional
        In place of the study's own.

    Returns
    -------
    StudyRun

    Raises
    ------
    StudyError
        If the study file is not well formed, names something unknown, or `out` holds files that no study wrote or that
        this one reads, or cannot be replaced.
    CheckError
        If the data doctor blocks; the message has all findings and their remedies.
    CausalValuesError
        As the verbs that the study calls.
    """
    out = Path(out)
    refuse_to_lose_files(out)
    settings = study if isinstance(study, StudySettings) else read_study(study)
    if seed is not None:
        settings = StudySettings.model_validate(settings.model_dump() | {"seed": seed})
    folder = Path() if isinstance(study, StudySettings) else Path(study).parent
    refuse_to_lose_input(out, settings, folder, study)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    kept = unfinished_folder(out, settings, folder)
    with progress_bar(STEPS + 1) as say, _saying_how_to_go_on(kept):
        results = study_results(settings, folder, say, kept)
        say("draw and write")
        with ending_cleanly(), replacing_folder(out) as part:
            _write_all(results, part)
            ended = datetime.now(UTC).isoformat(timespec="seconds")
            write_text(part / NAME, manifest_text(results, part, started, ended))
            refuse_to_lose_files(out)
    clear(kept)
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


def refuse_to_lose_files(out: Path) -> None:
    """Refuse a place where a run would replace files of somebody else, or that cannot be replaced at all."""
    if out.is_file():
        raise StudyError(f"{out} is a file. Give a folder to write the run into.")
    try:
        check_replaceable(out)
        foreign = foreign_files(out.resolve()) if out.is_dir() else ()
    except DataError as error:
        raise StudyError(str(error)) from None
    except OSError as error:
        raise StudyError(f"{out} cannot be read: {error.strerror}. Give another folder.") from None
    if foreign:
        shown = ", ".join(foreign[:5]) + (f" and {len(foreign) - 5} more" if len(foreign) > 5 else "")
        raise StudyError(
            f"The folder {out} holds files that no study wrote ({shown}), and a run would replace them. "
            "Move them, or give another folder."
        )


def refuse_to_lose_input(out: Path, settings: StudySettings, folder: Path, study: object) -> None:
    """Refuse to write a run over the files that it reads."""
    data = settings.data
    read = [folder / name for name in (data.path, data.key, data.theory) if name]
    if isinstance(study, str | Path):
        read.append(Path(study))
    for path in read:
        if path.is_file() and path.resolve().is_relative_to(out.resolve()):
            raise StudyError(f"{path} lies in the run folder {out}, which is replaced whole. Give another folder.")


@contextmanager
def _saying_how_to_go_on(kept: Path) -> Iterator[None]:
    """Say after an interrupt whether draws are kept, and how to go on from them."""
    try:
        yield
    except KeyboardInterrupt:
        if not kept.is_dir():
            raise KeyboardInterrupt("Interrupted. Nothing was written.") from None
        raise KeyboardInterrupt(
            f"Interrupted. The bootstrap graphs that are done are kept in {kept.parent}; the same command goes on from "
            "there, with the result of an uninterrupted run."
        ) from None


@contextmanager
def ending_cleanly() -> Iterator[None]:
    """Turn a request to end (SIGTERM) into `SystemExit` meanwhile, so that half a folder is cleared away."""

    def end(number: int, _: FrameType | None) -> None:
        raise SystemExit(128 + number)

    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
