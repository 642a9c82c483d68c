"""What a lever does when the statements, too, are a sample: effects and gains with intervals over statements."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from causalvalues.errors import DataError, ModelError
from causalvalues.evidence.parts import item_parts
from causalvalues.frozen import FloatArray
from causalvalues.leakage.leakage_matrix import LeakageOptions
from causalvalues.leakage.unit_changes import mean_change, unit_changes
from causalvalues.prediction.paired_rows import paired_rows
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.theories import ScoringKey

STATEMENT_COLUMNS = ("statements", "effect", "effect_lower", "effect_upper", "gain", "gain_lower", "gain_upper")


@dataclass(frozen=True, eq=False)
class StatementEffects:
    """Effects of levers on single statements, and what they say of all statements of a value.

    Parameters
    ----------
    effect : DataFrame [lever, statement]
        Mean change over units, in units of the answers, turned so that high means most.
    value_of : mapping of statement to value
    levers : DataFrame
        One row a lever: ``statements`` (of its aim), ``effect`` (mean over them) and ``gain`` (that, minus the mean
        over the statements of all other values), with ``_lower`` and ``_upper`` ends over statements. The ends are NaN
        below two statements of the aim.
    level : float
    """

    effect: pd.DataFrame
    value_of: Mapping[str, str]
    levers: pd.DataFrame
    level: float

    def __repr__(self) -> str:
        return f"StatementEffects({len(self.levers)} levers on {len(self.value_of)} statements)"


def statement_effects(
    items: ResponseMatrix,
    key: ScoringKey,
    aims: Mapping[str, str],
    options: LeakageOptions | None = None,
    centring: str = "none",
) -> StatementEffects:
    """Measure what each lever alone does to each statement, with intervals over statements.

    Parameters
    ----------
    items : ResponseMatrix
        Answers to items, with levers and rows without any of the same units.
    key : ScoringKey
        Which item belongs to which value; every statement counts alike, whatever its weight.
    aims : mapping of lever to value
    options : LeakageOptions, optional
        Its dose and level.
    centring : {"none", "person_mean"}, default "none"
        Whether the mean of its answers to all statements is taken from each row, as in the scores.

    Returns
    -------
    StatementEffects

    Raises
    ------
    DataError
        If a lever aims at a value without statements.
    KeyFileError
        If the key scores groups, or by sums.

    Notes
    -----
    An interval over units is about other units and the same statements. Here it is about other statements: with e_i the
    mean change of statement i over units, the effect on the aim has Student's t interval over its m statements, and the
    gain Welch's interval (1947, Biometrika 34, 28-35) of the statements of the aim against those of the other values.
    What statements share because the same units answered is not in it, so read both intervals beside each other. A
    unit counts for a statement that it answered with and without levers.
    """
    options = options or LeakageOptions()
    parts = item_parts(items, key)
    value_of = {item: value for value, members in parts.weights.items() for item in members}
    for lever, value in aims.items():
        if value not in parts.weights:
            raise DataError(f"The lever {lever!r} aims at {value!r}, which has no statements in the key {key.id!r}.")
    matrix = _centred(parts.matrix) if centring == "person_mean" else parts.matrix
    levers, names = sorted(aims), sorted(value_of)
    means = np.column_stack(
        [_mean_changes(matrix, item, [(lever, options.dose) for lever in levers]) for item in names]
    )
    level = options.level
    scores = [
        _over_statements(means[k], np.array([value_of[item] == aims[lever] for item in names]), level)
        for k, lever in enumerate(levers)
    ]
    return StatementEffects(
        pd.DataFrame(means, levers, names),
        value_of,
        pd.DataFrame(scores, levers, list(STATEMENT_COLUMNS)),
        level,
    )


def _centred(matrix: ResponseMatrix) -> ResponseMatrix:
    """Return answers less the mean of each row's answers."""
    known = ~np.isnan(matrix.scores)
    means = np.where(known, matrix.scores, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return replace(matrix, scores=matrix.scores - means[:, None])


def _mean_changes(matrix: ResponseMatrix, item: str, cells: list[tuple[str, float]]) -> FloatArray:
    """Return the mean change over units of one statement in each cell; NaN where no unit answered it both ways."""
    at = matrix.names.index(item)
    try:
        rows = paired_rows(replace(matrix, names=(item,), scores=matrix.scores[:, [at]], status=matrix.status[:, [at]]))
    except ModelError:
        return np.full(len(cells), np.nan)
    return mean_change(unit_changes(rows, cells, sorted(set(rows.units))), 0.9).mean[:, 0]


def _over_statements(effects: FloatArray, of_aim: np.ndarray, level: float) -> tuple[float, ...]:
    """Return the numbers of one lever, in the order of `STATEMENT_COLUMNS`."""
    known = ~np.isnan(effects)
    wanted, other = effects[known & of_aim], effects[known & ~of_aim]
    m, n = len(wanted), len(other)
    if not m:
        return (0.0, *[math.nan] * 6)
    own = float(wanted.mean())
    gain = own - float(other.mean()) if n else math.nan
    if m < 2:
        return (float(m), own, math.nan, math.nan, gain, math.nan, math.nan)
    one = float(wanted.var(ddof=1)) / m
    half = math.sqrt(one) * float(stdtrit(m - 1, (1 + level) / 2))
    if n < 2:
        return (float(m), own, own - half, own + half, gain, math.nan, math.nan)
    two = float(other.var(ddof=1)) / n
    parts = one**2 / (m - 1) + two**2 / (n - 1)
    wide = math.sqrt(one + two) * float(stdtrit((one + two) ** 2 / parts, (1 + level) / 2)) if parts > 0 else 0.0
    return (float(m), own, own - half, own + half, gain, gain - wide, gain + wide)
