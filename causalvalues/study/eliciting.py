"""`run_elicitation`: a file that says what to ask in, a folder with answers and their report out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from causalvalues.elicitation.backend import Backend
from causalvalues.elicitation.cost import Estimate, Limits, refuse
from causalvalues.elicitation.elicit import Elicitation, Elicited, cost_of, elicit
from causalvalues.elicitation.gate import Gate
from causalvalues.elicitation.rubric import Judged
from causalvalues.elicitation.store import Store
from causalvalues.elicitation.store_file import default_store_path
from causalvalues.errors import StudyError
from causalvalues.files import replacing_folder
from causalvalues.study.elicitation_design import elicitation_of, inner_levers_of
from causalvalues.study.elicitation_progress import progress_line
from causalvalues.study.elicitation_settings import ElicitationSettings
from causalvalues.study.elicitation_writing import Record, gate_of, write_folder
from causalvalues.study.manifest import files_in
from causalvalues.study.manifest_reading import NAME
from causalvalues.study.model_opening import open_model, prices_of
from causalvalues.study.run_folder import RunFolder
from causalvalues.study.running import refuse_to_lose_files
from causalvalues.study.study_file import read_toml, validated


@dataclass(frozen=True, eq=False, repr=False)
class ElicitationRun(RunFolder):
    """A finished elicitation.

    Parameters
    ----------
    folder : Path
        Holds ``answers.csv``, ``key.toml``, ``study.toml``, ``report.html`` and more.
    files : tuple of str
        Every file in it, relative to the folder.
    elicited : Elicited
    gate : Gate
        What the checks say about validity and reliability.
    """

    elicited: Elicited
    gate: Gate

    def summary(self) -> str:
        """Return the first lines of the report, and where the rest is."""
        lines = [f"{begin} {text}" for begin, text in self.gate.first_lines()]
        return "\n".join([*lines, "", f"Answers and report: {self.folder}", f"Open {self.report}"])


@dataclass(frozen=True, eq=False)
class Prepared:
    """An elicitation that is ready to begin.

    Parameters
    ----------
    settings : ElicitationSettings
    elicitation : Elicitation
    backend : Backend
    store : Store
    estimate : Estimate
        Calls, tokens and cost of what is not stored yet.
    limits : Limits
    """

    settings: ElicitationSettings
    elicitation: Elicitation
    backend: Backend
    store: Store
    estimate: Estimate
    limits: Limits

    def close(self) -> None:
        """Give back the model and the store."""
        self.backend.close()
        self.store.close()


def read_elicitation(path: str | Path) -> ElicitationSettings:
    """Read and check a file for ``causalvalues elicit``.

    Raises
    ------
    StudyError
        If there is no such file, it is no TOML, a key is unknown, or a value has another type.
    """
    return validated(ElicitationSettings, read_toml(path), str(path))


def prepare(
    settings: ElicitationSettings,
    folder: Path,
    store: str | Path | None = None,
    limits: Limits | None = None,
    *,
    keep: bool = True,
    notice: Callable[[str], None] | None = None,
) -> Prepared:
    """Make the design, open model and store, and estimate the cost; the model is asked nothing.

    Parameters
    ----------
    settings : ElicitationSettings
    folder : Path
        Where relative paths start.
    store : str or Path, optional
        Default `default_store_path`.
    limits : Limits, optional
        On calls and cost; prices are those of the settings.
    keep : bool, default True
        Whether a store is made where there is none.
    notice : callable, optional
        Told when a server makes us wait.
    """
    elicitation = elicitation_of(settings, folder)
    backend = open_model(settings.model, folder, notice, inner_levers_of(settings.steering, folder))
    if settings.method.kind == "rubric":
        judge = backend if settings.judge is None else open_model(settings.judge, folder, notice)
        backend = Judged(backend, judge)
    where = Path(default_store_path() if store is None else store)
    opened = Store(where if keep or where.exists() else ":memory:")
    prices = prices_of(settings)
    kept = replace(limits or Limits(), prices=prices) if prices else limits or Limits()
    try:
        found = cost_of(elicitation, backend, opened, prices)
    except BaseException:
        opened.close()
        backend.close()
        raise
    return Prepared(settings, elicitation, backend, opened, found, kept)


def run_elicitation(
    study: str | Path | ElicitationSettings,
    out: str | Path,
    store: str | Path | None = None,
    limits: Limits | None = None,
    *,
    tell: Callable[[Estimate], None] | None = None,
    folder: str | Path = "",
) -> ElicitationRun:
    """Ask a model and write a folder of answers, with a report whose first page says what they are worth.

    Whatever was answered is in the store at once: after an interrupt, a crash or a limit the same call goes on from
    there, and ends with the same bytes in every file but ``manifest.json``.

    Parameters
    ----------
    study : str, Path or ElicitationSettings
        File (TOML); paths in it start at its folder.
    out : str or Path
        An earlier run is replaced; a folder that holds anything else is refused.
    store : str or Path, optional
        SQLite file of answers; default `default_store_path`.
    limits : Limits, optional
        On calls and cost of this run.
    tell : callable, optional
        Given the estimate before the model is asked.
    folder : str or Path, optional
        Where relative paths of `ElicitationSettings` start; default the working directory.

    Returns
    -------
    ElicitationRun

    Raises
    ------
    StudyError
        If the file is not well formed, or `out` holds files that no run wrote.
    ElicitationError
        If the model cannot do what the method needs.
    ProviderError
        If the model cannot be reached, or a limit is hit.
    """
    out = Path(out)
    refuse_to_lose_files(out)
    kept = Path(default_store_path() if store is None else store)
    if kept.resolve().is_relative_to(out.resolve()):
        raise StudyError(f"The store {kept} lies in the run folder {out}, which is replaced whole. Give another place.")
    settings = study if isinstance(study, ElicitationSettings) else read_elicitation(study)
    where = Path(folder) if isinstance(study, ElicitationSettings) else Path(study).parent
    started = _now()
    with progress_line() as watching:
        ready = prepare(settings, where, store, limits, notice=watching.notice)
        try:
            if tell is not None:
                tell(ready.estimate)
            refuse(ready.estimate, ready.limits)
            found = elicit(ready.elicitation, ready.backend, ready.store, ready.limits, watching.progress)
            asked = _questions(ready)
        finally:
            ready.close()
    gate = gate_of(found, settings)
    with replacing_folder(out) as part:
        write_folder(
            part, settings, found, gate, Record(ready.backend.identity, ready.estimate, asked, started, _now())
        )
        refuse_to_lose_files(out)
    return ElicitationRun(out, (NAME, *files_in(out)), found, gate)


def _questions(ready: Prepared) -> int:
    """Return how many different questions were put in all, by this run or earlier ones."""
    if not ready.estimate.guessed:
        return ready.estimate.calls + ready.estimate.stored
    known = cost_of(ready.elicitation, ready.backend, ready.store)
    return known.calls + known.stored


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
