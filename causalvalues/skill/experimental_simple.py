"""Simple predictors of what forced answers do: no graph, no equations."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError
from causalvalues.frozen import FloatArray
from causalvalues.model import lever_effects, own_values
from causalvalues.responses.matrix import ResponseMatrix
from causalvalues.skill.experimental_score import CORRELATIONS, LEVERS, Candidate
from causalvalues.theories.theory import ValueTheory

HALF = "half the correlation"
OTHERS = "mean of the other levers"
CIRCLE = "distance on the circle of the theory"


def lever_matrix(answers: ResponseMatrix, own: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Return the design-based effects of the lever of each value on every value, (p, p).

    Parameters
    ----------
    answers : ResponseMatrix
        Scores of values, with one lever a value.
    own : mapping of lever to value, optional
        By default levers named ``do_<value>``.

    Raises
    ------
    ModelError
        If a value has no lever of its own, or two.
    """
    aims = own_values(answers.levers, answers.names, own)
    names = sorted(answers.names)
    by_value = {value: lever for lever, value in sorted(aims.items())}
    lost = [name for name in names if name not in by_value]
    if lost or len(aims) > len(by_value):
        odd = lost[0] if lost else sorted(value for value in aims.values() if list(aims.values()).count(value) > 1)[0]
        raise ModelError(f"Not one lever aims at {odd!r}, but {'none' if lost else 'several'}. Say with `own` which.")
    table = lever_effects(answers).mean.loc[[by_value[name] for name in names], names]
    table.index = pd.Index(names)
    return table


def simple_candidates(
    answers: ResponseMatrix, theory: ValueTheory | None = None, own: Mapping[str, str] | None = None
) -> list[Candidate]:
    """Return predictors that a structural model has to beat.

    *Cross-effects of levers*: what the lever of value i does to value j. *Correlations*: between i and j over the rows
    without lever (means of units). *Half the correlation*: effect of lever i on its own value, in standard deviations
    of i, times half the correlation, in units of j. *Mean of the other levers*: mean effect on j of the levers of
    neither. *Distance on the circle*: steps between neighbours of a circular theory, the nearer the larger.

    Parameters
    ----------
    answers : ResponseMatrix
        Scores of values, with levers ``do_<value>`` and rows without any.
    theory : ValueTheory, optional
        Circular, for the distance.
    own : mapping of lever to value, optional
    """
    names = sorted(answers.names)
    levers = lever_matrix(answers, own)
    units = unit_means(answers)
    correlation = units.corr().loc[names, names]
    spread = units.std()
    reached = pd.Series(np.diag(levers), index=names) / spread.loc[names]
    half = correlation.mul(reached, axis=0).mul(spread.loc[names], axis=1) / 2
    table = levers.to_numpy()
    own_part = np.diag(table)
    others = (table.sum(axis=0) - own_part - np.where(np.eye(len(names), dtype=bool), 0.0, table)) / (len(names) - 2)
    found = [
        Candidate(LEVERS, levers, False, "rows with and without levers"),
        Candidate(CORRELATIONS, correlation, False, "rows without levers"),
        Candidate(HALF, half, False, "rows with and without levers"),
        Candidate(OTHERS, pd.DataFrame(others, names, names), False, "rows with and without levers"),
    ]
    near = None if theory is None else circle_nearness(theory, names)
    return found if near is None else [*found, Candidate(CIRCLE, near, False, "the theory")]


def circle_nearness(theory: ValueTheory, names: list[str]) -> pd.DataFrame | None:
    """Return minus the number of steps between values on the circle (p, p); None where the theory has none."""
    if not theory.circular or not all(theory.knows(name) for name in names):
        return None
    places = np.array([theory.dimensions.index(theory.canonical(name)) for name in names])
    steps = np.abs(places[:, None] - places)
    return pd.DataFrame(-np.minimum(steps, len(theory.dimensions) - steps).astype(float), index=names, columns=names)


def unit_means(answers: ResponseMatrix) -> pd.DataFrame:
    """Return the mean profile without levers of each unit, one row a unit in name order."""
    plain = answers.rows(~(answers.doses != 0).any(axis=1))
    if not len(plain):
        raise ModelError("No row is without lever. Ask units without levers as well.")
    units = plain.unit_ids if plain.clusters is None else plain.clusters
    table = pd.DataFrame(np.array(plain.scores), columns=list(plain.names))[sorted(plain.names)]
    return table.groupby(np.array(units, dtype=object)).mean().sort_index()


def as_array(table: pd.DataFrame) -> FloatArray:
    """Return a table as an array."""
    return np.asarray(table.to_numpy(dtype=float))
