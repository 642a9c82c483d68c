"""The tables of the experiment with forced answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from causalvalues.numerals import estimate, number, percent
from causalvalues.skill.experimental_nouns import ExperimentalEffects
from causalvalues.skill.experimental_score import ModelScores
from causalvalues.skill.experimental_study import Experiment
from causalvalues.study.document import Cell, Table
from causalvalues.theories.theory import ValueTheory

SHOWN = 12
"""Effects in the table of the largest."""


def counted(effects: ExperimentalEffects) -> tuple[int, int, int]:
    """Return how many pairs differ, how many more are shown to be small, and how many there are."""
    apart = ~np.eye(len(effects.mean), dtype=bool)
    differs, still = (table.to_numpy(dtype=bool)[apart] for table in (effects.differs, effects.still))
    return int(differs.sum()), int((still & ~differs).sum()), int(apart.sum())


def _label(name: str, theory: ValueTheory | None) -> str:
    return name if theory is None or not theory.knows(name) else theory.labels[theory.canonical(name)]


def effects_table(found: Experiment, theory: ValueTheory | None) -> Table:
    """Return the largest effects of a value on another."""
    effects = found.effects.effects(centred=True)
    general = None if found.over_statements is None else found.over_statements.effects(centred=True)
    names = list(effects.mean.columns)
    cells = [(i, j) for i in names for j in names if i != j and np.isfinite(_at(effects.mean, i, j))]
    ranked = sorted(cells, key=lambda cell: (-abs(_at(effects.mean, *cell)), cell))[:SHOWN]
    rows: list[tuple[Cell, ...]] = []
    for i, j in ranked:
        row: list[Cell] = [_label(i, theory), _label(j, theory), _estimated(effects, i, j)]
        if general is not None:
            row.append(_estimated(general, i, j))
        rows.append(tuple(row))
    columns = ("Said", "Moves", "Effect", "For other statements")[: 3 if general is None else 4]
    level = percent(effects.level)
    return Table(
        columns,
        tuple(rows),
        f"The largest effects of a value on another, in score units with {level} intervals over respondents. For other "
        "statements: the same from rows with one statement, with intervals over the statements of a value. All are in "
        "tables/special_effects.csv.",
    )


def _estimated(effects: ExperimentalEffects, i: str, j: str) -> str:
    return estimate(_at(effects.mean, i, j), _at(effects.lower, i, j), _at(effects.upper, i, j))


def _at(table: pd.DataFrame, i: str, j: str) -> float:
    return float(table[j].loc[i])


def ways_table(found: Experiment) -> Table:
    """Return mean effects by way of forcing."""
    rows: list[tuple[Cell, ...]] = []
    for way in found.effects.names_of_ways:
        row: list[Cell] = [way]
        for effects in (found.effects.effects(way), found.effects.effects(way, centred=True)):
            own = np.diag(effects.mean.to_numpy(dtype=float))
            row.append(float(np.nanmean(own)) if np.isfinite(own).any() else None)
            if not effects.centred:
                row.append(float(np.nanmean(effects.mean.to_numpy()[~np.eye(len(own), dtype=bool)])))
        pairs = counted(found.effects.effects(way, centred=True))
        rows.append((*row, *(str(x) for x in pairs[:2])))
    return Table(
        ("Way", "Own value", "Other values", "Own value, special", "Pairs that differ", "Pairs shown to be small"),
        tuple(rows),
        "Mean effects by way of forcing (stance and number of statements of one value), against neutral sentences; and "
        "special to the pair.",
    )


def sentences_table(components: pd.DataFrame) -> Table:
    """Return variance components of sentences and values."""
    rows: list[tuple[Cell, ...]] = []
    for name in components.index:
        one = {str(column): float(components[column].loc[name]) for column in components.columns}
        parts = (one["between_values"], one["between_statements"], one["residual"])
        total = sum(parts)
        shares = tuple(part / total if total > 0 else float("nan") for part in parts)
        rows.append((str(name), *shares, one["generalises"], _p(one["p"])))
    return Table(
        ("Value that is measured", "Between values", "Between sentences", "Rest", "Found again", "p"),
        tuple(rows),
        "Is it the value or the sentence? Shares of the variance of what single statements of other values do to this "
        "one. Found again: share of the variance between mean effects of values that other sentences would show. p: "
        "all sentences of a value do the same (F test; pooled: Bonferroni).",
    )


def models_table(scores: ModelScores) -> Table:
    """Return every measure of every prediction."""
    table = scores.table
    columns = ("pearson", "pearson_raw", "spearman", "r2", "rmse", "sign", "auc", "p")
    rows: list[tuple[Cell, ...]] = []
    for name in table.index:
        numbers = [float(table[column].loc[name]) for column in columns]
        kind = "structural" if bool(table["structural"].loc[name]) else "simple"
        cells: list[Cell] = [x if np.isfinite(x) else None for x in numbers[:-1]]
        rows.append((str(name), kind, str(table["learned_from"].loc[name]), *cells, _p(numbers[-1])))
    return Table(
        ("Model", "Kind", "Learned from", "r", "r, not centred", "Rank", "R2", "RMSE", "Sign", "Moves or not", "p"),
        tuple(rows),
        "Agreement with the effects of forced answers, centred by value unless said. R2 and RMSE after one scale. "
        "Sign: share of the effects that differ from zero whose sign is foreseen. Moves or not: area under the ROC "
        "curve of the predicted size, pairs that differ against pairs shown to be small. p: as good under permuted "
        "names of the values.",
    )


def leads_table(scores: ModelScores, where: str, over: str = "other respondents") -> Table:
    """Return differences of structural models to the simple predictors."""
    rivals = [str(column) for column in scores.leads.columns if f"{column} units_lower" in scores.leads.columns]
    rows: list[tuple[Cell, ...]] = []
    for name in scores.leads.index:
        one = {str(column): float(scores.leads[column].loc[name]) for column in scores.leads.columns}
        cells: list[Cell] = [str(name), one["pearson"]]
        for rival in rivals:
            cells.append(estimate(one[rival], one[f"{rival} units_lower"], one[f"{rival} units_upper"]))
            cells.append(estimate(one[rival], one[f"{rival} lower"], one[f"{rival} upper"]))
        rows.append(tuple(cells))
    heads = [head for rival in rivals for head in (f"to {rival}", f"to {rival}, other values")]
    return Table(
        ("Model", "r", *heads),
        tuple(rows),
        f"Difference of correlations of each structural model to the simple predictors, with {percent(scores.level)} "
        f"intervals for {over}, and for {over} and other values. The model put forward was chosen on "
        f"{where}: {scores.chosen}.",
    )


def response_table(found: Experiment) -> Table:
    """Return how well left-out units and pairs are foreseen."""
    rows: list[tuple[Cell, ...]] = []
    table = found.response.table
    for key in table.index:
        one = {str(column): float(table[column].loc[key]) for column in table.columns}
        rows.append(
            (
                str(key[0]),
                str(key[1]),
                estimate(one["r2"], one["lower"], one["upper"]),
                estimate(one["lead"], one["lead_lower"], one["lead_upper"]),
                number(one["mae"], 3),
                percent(one["coverage"]),
            )
        )
    return Table(
        ("Left out", "Predictor", "R2", "Difference to the sum", "Mean absolute error", "Coverage"),
        tuple(rows),
        "Changes after forced answers of respondents, and of pairs of values, that the fit has not seen. R2: 1 less "
        "the squared errors over the squared deviations from each value's mean change, all cells pooled; 90% intervals "
        "over respondents. Coverage of 90% intervals.",
    )


def _p(share: float) -> str:
    return "< .001" if share < 0.001 else number(share, 3)
