"""Tables for a paper from what a run folder holds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import pandas as pd

from causalvalues.errors import DataError, StudyError, did_you_mean
from causalvalues.graph import GraphPosterior
from causalvalues.model import FitIndices, total_effects
from causalvalues.model.direct_effects import direct_effects
from causalvalues.study.blocking import NOTE, blocked_beside
from causalvalues.study.manifest_reading import read_manifest
from causalvalues.study.run_names import prompts_of, shown_names, theory_of
from causalvalues.study.saving import load, load_model, model_beside
from causalvalues.tables import EdgeRows, EffectRows, Table, edge_table, effects_table, fit_table
from causalvalues.tables.effects import Form
from causalvalues.tables.naming import Naming
from causalvalues.tables.plans import levers_table, profile_table
from causalvalues.theories import theory

Names = Literal["shown", "raw"]
TableKind = Literal["edges", "effects", "matrix", "fit", "plan", "levers"]


@dataclass(frozen=True)
class RunTable:
    """Which table of a run is wanted.

    Parameters
    ----------
    kind : {"edges", "effects", "matrix", "fit", "plan", "levers"}
        Edges of the averaged graph, effects in rows or as a matrix, fit indices, the profile of a plan, or its levers.
    theory : str, default ""
        Value theory (id or file) for names and order; default: that of the run.
    direct : bool, default False
        Direct instead of total effects.
    number : int, default 1
        Which plan of the run.
    names : {"shown", "raw"}, default "shown"
        Values as their theory writes them ("Self-direction") and levers by the value that they aim at ("Prompt:
        Security"), or both as in the data ("self_direction", "do_security").

    Raises
    ------
    StudyError
        If the kind or the names are unknown, or the number is below 1.
    """

    kind: TableKind
    theory: str = ""
    direct: bool = False
    number: int = 1
    names: Names = "shown"

    def __post_init__(self) -> None:
        if self.kind not in get_args(TableKind):
            hint = did_you_mean(str(self.kind), get_args(TableKind))
            raise StudyError(f"There is no table of the kind {self.kind!r}.{hint}")
        if self.names not in get_args(Names):
            hint = did_you_mean(str(self.names), get_args(Names))
            raise StudyError(f"There are no names {self.names!r}. Choose shown or raw.{hint}")
        if self.number < 1:
            raise StudyError(f"The number of a plan is {self.number}. The first plan is 1.")


def table_of_run(path: Path, wanted: RunTable) -> Table:
    """Return a table of a finished run.

    Parameters
    ----------
    path : Path
        A run folder or its folder ``graph``; for edges a graph posterior as a file (with a ``model.json`` beside it,
        effects are shown), for effects a model as a file.
    wanted : RunTable

    Returns
    -------
    Table
        The plan's chance stands in the report of the run, not in its tables. Where the ledger of the run blocks claims,
        the note of edges and effects says so first, and every edge rests on "blocked".

    Raises
    ------
    DataError, StudyError, KeyFileError
        If what the table needs is not there or not understood.
    """
    if wanted.kind == "edges":
        return _edges(path, wanted)
    if wanted.kind in ("effects", "matrix"):
        return _effects(path, wanted)
    folder = _run_folder(path)
    tables = folder / "tables"
    if wanted.kind == "fit":
        return fit_table(FitIndices(_read(tables, "fit_indices").astype(float), ()))
    ledger = _read(tables, f"plan_{wanted.number}_ledger").reset_index()
    profile = _read(tables, f"plan_{wanted.number}")
    naming = _naming(folder, wanted, (tuple(map(str, profile.index)), tuple(map(str, ledger["lever"]))))
    return levers_table(ledger, naming) if wanted.kind == "levers" else profile_table(profile, ledger, naming)


def manifest_gap(path: Path) -> str:
    """Return what of the manifest of a run is damaged and what that means for a table, or "".

    Parameters
    ----------
    path : Path
        As for `table_of_run`.
    """
    folder = _run_folder(path) if path.is_dir() else _home(path)
    manifest = read_manifest(folder)
    if not manifest.lost:
        return ""
    means = {
        "settings": "The theory of the study is not known; values are called and ordered by what their names tell.",
        "plans": "Tables are written from other files and lack nothing for it.",
    }
    return f"{folder}: {manifest.damage}. {means[manifest.lost]}"


def _naming(folder: Path, wanted: RunTable, nodes: tuple[tuple[str, ...], tuple[str, ...]]) -> Naming:
    """Return how values and levers are called and ordered: as the study's report has them, or as in the data."""
    settings = read_manifest(folder).settings
    known = theory(wanted.theory) if wanted.theory else theory_of(settings, nodes[0])[0]
    if wanted.names == "raw":
        return Naming(known, {name: name for each in nodes for name in each})
    return Naming(known, shown_names(nodes, known, prompts_of(settings)))


def _home(file: Path) -> Path:
    """Return the run folder that a file of its folder ``graph`` belongs to, else the folder of the file."""
    folder = file.resolve().parent
    return folder.parent if folder.name == "graph" else folder


def _run_folder(path: Path) -> Path:
    if path.is_dir():
        return path.parent if path.name == "graph" and not (path / "graph").is_dir() else path
    if not path.exists():
        raise DataError(f"There is no folder {path}.")
    raise StudyError(f"{path} is a file, and this table needs a run folder. Give the folder that `study --out` made.")


def _edges(path: Path, wanted: RunTable) -> Table:
    place = path if path.is_file() else _run_folder(path) / "graph" / "posterior.json"
    posterior = load(place)
    if not isinstance(posterior, GraphPosterior):
        raise StudyError(f"{place} holds a {type(posterior).__name__}, and edges need a GraphPosterior.")
    naming = _naming(_home(place), wanted, (posterior.names, posterior.levers))
    rows = EdgeRows(blocked=blocked_beside(place))
    return _marked(edge_table(posterior, model_beside(place, posterior), naming.theory, naming.labels, rows), place)


def _effects(path: Path, wanted: RunTable) -> Table:
    place = path if path.is_file() else _run_folder(path) / "graph" / "model.json"
    model = load_model(place)
    effects = direct_effects(model) if wanted.direct else total_effects(model)
    what = "Direct effect" if wanted.direct else "Total effect"
    naming = _naming(_home(place), wanted, (model.values, model.levers))
    form: Form = "matrix" if wanted.kind == "matrix" else "long"
    return _marked(effects_table(effects, naming.theory, naming.labels, EffectRows(form, what)), place)


def _marked(table: Table, place: Path) -> Table:
    """Return the table with a note that says so first, where the ledger of the run blocks its claims."""
    return replace(table, note=f"{NOTE}. {table.note}") if blocked_beside(place) else table


def _read(folder: Path, name: str) -> pd.DataFrame:
    """Return a table of a run folder, indexed by its first column."""
    path = folder / f"{name}.csv"
    if not path.is_file():
        held = sorted(each.stem for each in folder.glob("*.csv")) if folder.is_dir() else []
        raise StudyError(f"{folder} has no table {name}.csv: this run did not make it.{did_you_mean(name, held)}")
    first = pd.read_csv(path, nrows=0).columns[0]
    table = pd.read_csv(path, keep_default_na=False, na_values=[""], dtype={first: str})
    return table.assign(**{first: table[first].fillna("")}).set_index(first)
