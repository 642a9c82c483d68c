"""`run_report`: a study file and the name of a report in, a folder out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pydantic import create_model

from causalvalues.errors import StudyError, did_you_mean
from causalvalues.figures import draw
from causalvalues.files import replacing_folder, write_text
from causalvalues.reports.asked_study import asked_study
from causalvalues.reports.frame import Given, Made
from causalvalues.reports.registry import ReportKind, report_kind, report_kinds
from causalvalues.study.document import Bullets
from causalvalues.study.manifest import PACKAGES, files_in, json_ready, run_head
from causalvalues.study.manifest_reading import NAME
from causalvalues.study.markdown import markdown_text
from causalvalues.study.page import page_text
from causalvalues.study.pipeline import STEPS
from causalvalues.study.progress import progress_bar
from causalvalues.study.run_folder import RunFolder
from causalvalues.study.running import ending_cleanly, refuse_to_lose_files, refuse_to_lose_input
from causalvalues.study.sections import Section
from causalvalues.study.settings import StudySettings
from causalvalues.study.study_file import validated


@dataclass(frozen=True, eq=False, repr=False)
class ReportRun(RunFolder):
    """A finished report.

    Parameters
    ----------
    folder : Path
        Holds ``report.html``, ``report.md``, ``manifest.json``, further files and ``figures/``.
    files : tuple of str
        Every file in it, relative to the folder.
    made : Made
    """

    made: Made

    @property
    def first_lines(self) -> tuple[tuple[str, str], ...]:
        """What the report says first: (short beginning, text) each."""
        lead = [block for block in self.made.blocks if isinstance(block, Bullets) and block.lead]
        return lead[0].items if lead else ()


def run_report(name: str, study: str | Path | StudySettings, out: str | Path, seed: int | None = None) -> ReportRun:
    """Make a report on a study and write its folder.

    The same report, study, seed and input give the same bytes of every file except the times in ``manifest.json``. The
    folder appears whole or not at all.

    Parameters
    ----------
    name : str
        One of `report_kinds`.
    study : str, Path or StudySettings
        Study file (TOML), folder of a finished run, or ``"demo"`` for the answers that ship with the package.
    out : str or Path
        An earlier run of the same report is replaced; a folder that holds anything else is refused.
    seed : int, optional
        In place of the study's own.

    Returns
    -------
    ReportRun

    Raises
    ------
    StudyError
        If there is no such report, its table of the study file is not well formed, or `out` holds other files.
    CausalValuesError
        As the verbs that the report calls.
    """
    kind, out = report_kind(name), Path(out)
    _refuse_another_run(out, name)
    settings, folder, place = asked_study(study)
    if seed is not None:
        settings = StudySettings.model_validate(settings.model_dump() | {"seed": seed})
    options = options_of(kind, settings, place)
    refuse_to_lose_input(out, settings, folder, study)
    started = datetime.now(UTC).isoformat(timespec="seconds")
    with progress_bar(STEPS + 3) as say:
        given = Given(settings, folder, options, say)
        made = kind.make(given)
        say("draw and write")
        with ending_cleanly(), replacing_folder(out) as part:
            _write(made, part, settings)
            ended = datetime.now(UTC).isoformat(timespec="seconds")
            write_text(part / NAME, _manifest(name, given, part, (started, ended)))
            _refuse_another_run(out, name)
    return ReportRun(out, (NAME, *files_in(out)), made)


def options_of(kind: ReportKind, settings: StudySettings, place: str) -> Section:
    """Return the ``[report.NAME]`` table of a study file, checked; unknown reports and keys are refused.

    Raises
    ------
    StudyError
        Naming the table, the key and the nearest thing that would be understood.
    """
    known = [each.name for each in report_kinds()]
    for name in settings.report:
        if name not in known:
            raise StudyError(f"{place}: [report] has no key {name!r}." + did_you_mean(name, known))
    table = create_model("Table", __base__=Section, **{kind.name: (kind.options, kind.options())})  # type: ignore[call-overload]
    root = create_model("Root", __base__=Section, report=(table, table()))
    held: dict[str, Any] = {"report": {kind.name: settings.report.get(kind.name, {})}}
    options = getattr(validated(root, held, place).report, kind.name)  # type: ignore[attr-defined]
    assert isinstance(options, Section)  # noqa: S101
    return options


def _refuse_another_run(out: Path, name: str) -> None:
    """Refuse a folder that holds anything but an earlier run of the same report."""
    refuse_to_lose_files(out)
    if not (out / NAME).is_file():
        return
    held = json.loads((out / NAME).read_text(encoding="utf-8"))
    if held.get("report") != name:
        what = f"the report {held['report']!r}" if "report" in held else "a study"
        raise StudyError(f"The folder {out} holds {what}, which this report would replace. Give another folder.")


def _write(made: Made, folder: Path, settings: StudySettings) -> None:
    formats = settings.figures.formats
    for stem, scene in made.scenes.items():
        (folder / "figures").mkdir(exist_ok=True)
        for suffix in formats:
            draw(scene, folder / "figures" / f"{stem}.{suffix}")
    for name, text in made.files.items():
        write_text(folder / name, text)
    write_text(folder / "report.html", page_text(made.blocks, made.title))
    write_text(folder / "report.md", markdown_text(made.blocks, formats[0]))


def _manifest(name: str, given: Given, folder: Path, times: tuple[str, str]) -> str:
    answers = given.answers
    held: Mapping[str, Any] = {
        **run_head(given.settings, *times),
        "report": name,
        "packages": {package: version(package) for package in (*PACKAGES, "pymcdm")},
        "input": {"file": answers.source, "sha256": answers.sha256, "rows": len(answers.matrix)},
        "options": json_ready(given.options.model_dump(mode="python")),
        "settings": json_ready(given.settings.model_dump(mode="python")),
        "files": files_in(folder),
    }
    return json.dumps(held, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
