"""What the explorer reads of a run folder, or of a graph posterior and a model that were saved without a study."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from causalvalues.errors import DataError, StudyError
from causalvalues.explorer.manifest import manifest_gaps
from causalvalues.graph import GraphPosterior
from causalvalues.model import StructuralModel
from causalvalues.study.blocking import NOTE, any_blocked
from causalvalues.study.manifest_reading import read_manifest
from causalvalues.study.run_names import shown_names, theory_of
from causalvalues.study.saving import load
from causalvalues.theories import ValueTheory

_ITEM = re.compile(r"^- (?:\*\*(?P<head>.+?)\*\* )?(?P<text>.+)$")
_MARKED = re.compile(r"\\(.)")
_BAR = re.compile(r"(?<!\\)\|")
SAYS = "What it says"
"""Head of the column of the report's table of levers that holds their words."""


@dataclass(frozen=True, eq=False)
class Run:
    """What a page is made from.

    Parameters
    ----------
    name : str
        Of the folder.
    title : str
    posterior : GraphPosterior
    model : StructuralModel
        Fitted to the graphs of the posterior.
    theory : ValueTheory or None
        Order and labels of the values, where they are known.
    labels : mapping of str to str
        Name as shown of each value and lever.
    gaps : tuple of str
        What of the run is damaged or missing and what is left out for it, a sentence each.
    settings : mapping
        Of the study, as its manifest holds them; empty without a study.
    cautions : tuple of (head, text)
        The first lines of the report.
    ledger : DataFrame or None
        ``kind, cause, effect, basis, probability, sentence, blocked``, as the study writes it.
    observed : mapping of str to (low, high)
        Least and largest score of each value and dose of each lever in the data, where the run says so.
    spreads : mapping of str to (mean, sd)
        Mean and standard deviation of each value in the data, where the run says so.
    starts : mapping of str to mapping of str to float
        Profiles without levers that plans of the study start from, by the title of the plan.
    targets : mapping of str to mapping of str to float
        Wanted scores of the plans of the study, by title.
    texts : mapping of str to str
        What each lever says, where that is known.
    """

    name: str
    title: str
    posterior: GraphPosterior
    model: StructuralModel
    theory: ValueTheory | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    cautions: tuple[tuple[str, str], ...] = ()
    ledger: pd.DataFrame | None = None
    observed: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    spreads: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    starts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    targets: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)

    @property
    def blocked(self) -> str:
        """What forbids claims about edges and paths, as figures and tables say it, or ""."""
        return NOTE if self.ledger is not None and any_blocked(self.ledger) else ""


def open_run(folder: str | Path) -> Run:
    """Read a run folder.

    Parameters
    ----------
    folder : str or Path
        Of a study (``graph/posterior.json``, ``graph/model.json``, and what else is there), or any folder with the two
        files ``posterior.json`` and ``model.json``.

    Raises
    ------
    StudyError
        If the folder or one of the two files is missing, or they hold something else or speak of different values.
    DataError
        If a file is damaged.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise StudyError(f"There is no run folder {str(folder)!r}. Make one: causalvalues demo, or causalvalues study.")
    home = folder / "graph" if (folder / "graph" / "posterior.json").is_file() else folder
    lacking = [name for name in ("posterior.json", "model.json") if not (home / name).is_file()]
    if lacking:
        raise StudyError(
            f"The folder {str(folder)!r} has no {' and no '.join(lacking)}. Give a run folder of a study, or save "
            "both: causalvalues learn ANSWERS --out posterior.json --model model.json."
        )
    posterior, model = load(home / "posterior.json"), load(home / "model.json")
    if not isinstance(posterior, GraphPosterior) or not isinstance(model, StructuralModel):
        raise StudyError(f"In {str(home)!r}, posterior.json should hold a GraphPosterior and model.json a model.")
    if set(posterior.names) != set(model.values):
        raise StudyError(f"The graphs and the model in {str(home)!r} speak of different values. Save both again.")
    manifest = read_manifest(folder)
    known, said = theory_of(manifest.settings, model.values)
    prompts = _texts_of_report(folder, model.levers)
    observed = _table(folder, "observed")
    plans = _plan_tables(folder, manifest.settings)
    return Run(
        name=folder.resolve().name,
        title=manifest.title or folder.resolve().name,
        posterior=posterior,
        model=model,
        theory=known,
        labels=shown_names((model.values, model.levers), known, prompts),
        gaps=(*manifest_gaps(manifest), *([said] if said else [])),
        settings=manifest.settings,
        cautions=_cautions(folder),
        ledger=_table(folder, "ledger"),
        observed=_pairs(observed, ("low", "high")),
        spreads=_pairs(observed, ("mean", "sd")),
        starts={title: _numbers(table, "start") for title, table in plans.items()},
        targets={title: _numbers(table, "target") for title, table in plans.items()},
        texts=prompts | _texts_of_plans(folder),
    )


def _cautions(folder: Path) -> tuple[tuple[str, str], ...]:
    """Return the list that stands under the title of a report, as plain text."""
    found = []
    for line in _report_lines(folder)[1:]:
        if line.startswith("#"):
            break
        item = _ITEM.match(line)
        if item:
            found.append((_plain(item["head"] or ""), _plain(item["text"])))
    return tuple(found)


def _plain(text: str) -> str:
    return _MARKED.sub(r"\1", text)


def _table(folder: Path, name: str) -> pd.DataFrame | None:
    path = folder / "tables" / f"{name}.csv"
    if not path.is_file():
        return None
    try:
        return pd.read_csv(path, dtype={"cause": str, "effect": str, "name": str}, keep_default_na=False)
    except (ValueError, OSError) as error:
        raise DataError(f"{path} cannot be read ({error}). Run the study again.") from None


def _pairs(table: pd.DataFrame | None, columns: tuple[str, str]) -> dict[str, tuple[float, float]]:
    """Return two numbers of each name in a table of what was observed; without those that are no numbers."""
    if table is None or not {"name", *columns} <= set(table.columns):
        return {}
    first, second = (pd.to_numeric(table[column], errors="coerce") for column in columns)
    rows = zip(table["name"], first, second, strict=True)
    least_first = columns == ("low", "high")
    good = [row for row in rows if math.isfinite(row[1]) and (row[1] <= row[2] if least_first else row[2] > 0)]
    return {str(name): (float(a), float(b)) for name, a, b in good if math.isfinite(b)}


def _plan_tables(folder: Path, settings: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    asked = settings.get("plan")
    found = {}
    for number, each in enumerate(asked if isinstance(asked, list) else [], start=1):
        table = _table(folder, f"plan_{number}")
        if table is not None and {"name", "start", "target"} <= set(table.columns):
            title = str(each.get("title") or "") if isinstance(each, dict) else ""
            found[title if title and title not in found else f"Plan {number}"] = table
    return found


def _numbers(table: pd.DataFrame, column: str) -> dict[str, float]:
    numbers = pd.to_numeric(table[column], errors="coerce")
    return {str(name): float(x) for name, x in zip(table["name"], numbers, strict=True) if pd.notna(x)}


def _texts_of_plans(folder: Path) -> dict[str, str]:
    """Return what levers say, as the plans of the run have it."""
    found: dict[str, str] = {}
    for path in sorted((folder / "tables").glob("plan_*_ledger.csv")):
        table = _table(folder, path.stem)
        if table is not None and {"lever", "label"} <= set(table.columns):
            found |= {str(a): str(b) for a, b in zip(table["lever"], table["label"], strict=True) if b}
    return found


def _texts_of_report(folder: Path, levers: tuple[str, ...]) -> dict[str, str]:
    """Return the column of the report's table of levers that says what each of them says."""
    found: dict[str, str] = {}
    column = -1
    for line in _report_lines(folder):
        cells = [_plain(cell.strip()) for cell in _BAR.split(line)[1:-1]]
        if not cells:
            column = -1
        elif SAYS in cells:
            column = cells.index(SAYS)
        elif column > 0 and column < len(cells) and cells[0] in levers and cells[column]:
            found[cells[0]] = cells[column]
    return found


def _report_lines(folder: Path) -> list[str]:
    try:
        return (folder / "report.md").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
