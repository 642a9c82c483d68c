"""Which parts of the mechanism do the data need? A test and the left-out gain of each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import FloatArray
from causalvalues.numerals import estimate, number
from causalvalues.prediction.differences import r2_difference
from causalvalues.prediction.left_out import FOLDS, left_out
from causalvalues.prediction.mechanism import Mechanism, in_name_order
from causalvalues.prediction.mechanism_terms import tried_pairs
from causalvalues.prediction.paired_rows import PairedRows
from causalvalues.prediction.score_tests import score_test
from causalvalues.randomness import require_whole

FEATURES = ("saturation", "interactions", "persistence", "moderation")
WORDS = {
    "saturation": "effects that lose strength when levers add up (saturation)",
    "interactions": "an interaction of each pair of levers",
    "persistence": "units that keep only a part of themselves (persistence below 1)",
    "moderation": "levers that move different starts differently (moderation)",
}
DRAWS = 999
FEW_DRAWS = 50
"""Draws of a fit whose mean alone is used."""


@dataclass(frozen=True, eq=False)
class Needs:
    """What the data need.

    Parameters
    ----------
    table : DataFrame
        Rows: saturation, interactions, persistence, moderation. Columns: ``p`` of the test that the part is absent (NaN
        where the rows cannot tell), ``gain`` of micro R2 by left-out persona through the part (of saturation: in a
        mechanism without interactions, which would take its place), ``lower``, ``upper`` ends of its 90% interval.
    """

    table: pd.DataFrame

    @property
    def sentences(self) -> tuple[str, ...]:
        """One sentence for each part."""
        out = []
        for name, row in self.table.iterrows():
            if np.isnan(row["p"]):
                out.append(f"The rows cannot tell whether there are {WORDS[str(name)]}.")
                continue
            need = "need" if row["p"] < 0.05 else "do not show a need for"
            gain = estimate(row["gain"], row["lower"], row["upper"], 3)
            p = "p \u2264 .001" if row["p"] < 0.0015 else f"p = {number(row['p'], 3)}"
            out.append(f"The data {need} {WORDS[str(name)]}: {p}, left-out micro R2 {gain} higher with it.")
        return tuple(out)

    def __str__(self) -> str:
        return "\n".join(self.sentences)


def needs(rows: PairedRows, seed: int, mechanism: Mechanism | None = None, folds: int = FOLDS) -> Needs:
    """Test each part of the mechanism and measure what it adds to left-out predictions.

    Parameters
    ----------
    rows : PairedRows
    seed : int
    mechanism : Mechanism, optional
        The whole, from which one part at a time is taken. Default `Mechanism()`.
    folds : int, default 10
        Of left-out personas.
    """
    whole = replace(mechanism or Mechanism(), draws=FEW_DRAWS)
    best = left_out(whole, rows, "persona", seed, folds)
    table = {}
    for feature in FEATURES:
        p = need_test(rows, feature, seed)
        row = {"p": p, "gain": np.nan, "lower": np.nan, "upper": np.nan}
        if not np.isnan(p):
            pair = (whole, _without(whole, feature))
            if feature == "saturation":  # interactions would take its place
                pair = (replace(pair[0], interactions=False), replace(pair[1], interactions=False))
            more = best if pair[0] == whole else left_out(pair[0], rows, "persona", seed, folds)
            less = left_out(replace(pair[1], name=f"without {feature}"), rows, "persona", seed, folds)
            told = r2_difference(more, less, "micro", seed)
            row |= {"gain": told.mean, "lower": told.lower, "upper": told.upper}
        table[feature] = row
    return Needs(pd.DataFrame(table).T.rename_axis("part"))


def need_test(rows: PairedRows, feature: str, seed: int, draws: int = DRAWS) -> float:
    """Return the p-value of "the mechanism has no such part"; NaN where the rows cannot tell.

    Each test is a `score_test`; the null keeps every other part that it could be mistaken for:

    - saturation: effects add up, against w > 0; the direction is the derivative at w = 0, (1 - n) sum_l d_l a_l.
    - interactions: effects of each lever apart for each total dose, against products of doses.
    - persistence: the change does not depend on the start, against slopes on the value's own start. Starts are taken
      as exact: where asking again gives other answers, use `persistence` with its error.
    - moderation: slopes on starts for each total dose, against slopes for each lever.

    Parameters
    ----------
    rows : PairedRows
    feature : {"saturation", "interactions", "persistence", "moderation"}
    seed : int
    draws : int, default 999

    Raises
    ------
    ModelError
        If there is no such part.
    """
    require_whole("draws", draws)
    if feature not in FEATURES:
        raise ModelError(f"There is no part {feature!r}." + did_you_mean(feature, FEATURES))
    ordered = in_name_order(rows)[0]
    doses, totals = ordered.doses, np.round(np.abs(ordered.doses).sum(axis=1), 12)
    x = ordered.start - ordered.start.mean(axis=0)
    slopes = _for_each(totals, x)
    given = (seed, draws)
    if feature == "saturation":
        if len(np.unique(totals)) < 2:
            return float("nan")
        null = np.column_stack([doses, slopes])
        return score_test(ordered, null, _saturating(ordered, null, totals), True, given)
    if feature == "interactions":
        pairs = tried_pairs(doses)
        if not pairs or not (ordered.used == 1).any():
            return float("nan")
        i, j = np.array(pairs).T
        null = np.column_stack([_scaled_sums(ordered, totals), slopes])
        return score_test(ordered, null, doses[:, i] * doses[:, j], False, given)
    cells = _cells(ordered)
    if feature == "persistence":
        return score_test(ordered, cells, x[:, None, :], False, given)
    lever_slopes = (doses[:, :, None] * x[:, None, :]).reshape(len(x), -1)
    return score_test(ordered, np.column_stack([cells, slopes]), lever_slopes, False, given)


def _without(mechanism: Mechanism, feature: str) -> Mechanism:
    if feature == "saturation":
        return replace(mechanism, saturation=False)
    if feature == "interactions":
        return replace(mechanism, interactions=False)
    if feature == "persistence":
        return replace(mechanism, persistence="none", moderated=False)
    return replace(mechanism, moderated=False)


def _for_each(totals: FloatArray, columns: FloatArray) -> FloatArray:
    """Columns apart for each total dose."""
    return np.column_stack([np.where((totals == total)[:, None], columns, 0.0) for total in np.unique(totals)])


def _cells(rows: PairedRows) -> FloatArray:
    names = sorted(set(rows.cells))
    return np.array([[float(cell == name) for name in names] for cell in rows.cells])


def _saturating(rows: PairedRows, null: FloatArray, totals: FloatArray) -> FloatArray:
    """Derivative of the fitted additive effects by w at 0, own to each value, (r, 1, p)."""
    whole = np.isfinite(rows.reached).all(axis=1)
    root = np.sqrt(rows.weights[whole])[:, None]
    found = np.linalg.lstsq(null[whole] * root, rows.change[whole] * root, rcond=1e-10)[0]
    effects = rows.doses @ found[: len(rows.levers)]
    return np.asarray(((1 - totals)[:, None] * effects)[:, None, :])


def _scaled_sums(rows: PairedRows, totals: FloatArray) -> FloatArray:
    """Effects of each lever, apart for each total dose: whatever the saturation, these hold its sums."""
    columns = _for_each(totals, rows.doses)
    return columns[:, (columns != 0).any(axis=0)]
