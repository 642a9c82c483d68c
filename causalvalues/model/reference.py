"""Whether the graph predicts what levers do to other values better than predictors that need no graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.errors import ModelError, did_you_mean
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.model.levers import cell_rows, lever_effects, paired_differences
from causalvalues.model.quantiles import weighted_quantiles
from causalvalues.model.structural import StructuralModel
from causalvalues.randomness import stream
from causalvalues.responses.matrix import ResponseMatrix

GRAPH = "graph"
HALF = "half the correlation"
OTHERS = "mean of the other levers"


@dataclass(frozen=True, eq=False)
class PredictorComparison:
    """How well three predictors foresee the cross-effects of levers.

    A cross-effect is the design-based effect of a lever on a value that is not its own, divided by that value's
    standard deviation over the rows without lever.

    Parameters
    ----------
    scores : DataFrame
        Indexed by predictor, columns ``r2`` (1 - squared error / squared cross-effects: zero is as good as predicting
        no effect), ``r2_about_mean`` (the same about each value's mean cross-effect, a yardstick that has seen the
        cross-effects), ``correlation``. The last two rows are least-squares mixes, fitted without the lever that they
        predict.
    cross_effects : DataFrame
        One row a lever and value: ``lever, own, value, observed`` and one column a predictor.
    difference : tuple of float
        R2 of the graph less that of the better simple predictor, with the ends of its 90% interval from a bootstrap in
        two levels: paired clusters within lever differences, and the levers themselves (NaN where clusters are not
        paired). The graph, its parameters and the correlations stay as they are.
    verdict : str
        One sentence.
    """

    scores: pd.DataFrame
    cross_effects: pd.DataFrame
    difference: tuple[float, float, float]
    verdict: str


def own_values(
    levers: tuple[str, ...], values: tuple[str, ...], own: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the value that each lever aims at: as given, else by the name ``do_<value>``.

    Raises
    ------
    ModelError
        If `own` names an unknown lever or value.

    Examples
    --------
    >>> own_values(("do_power", "persona"), ("power", "security"))
    {'do_power': 'power'}
    """
    if own is None:
        return {lever: lever[3:] for lever in levers if lever.startswith("do_") and lever[3:] in values}
    for lever, value in own.items():
        if lever not in levers:
            raise ModelError(f"There is no lever {lever!r}." + did_you_mean(lever, levers))
        if value not in values:
            raise ModelError(f"Lever {lever!r} aims at the unknown value {value!r}." + did_you_mean(value, values))
    return {lever: own[lever] for lever in levers if lever in own}


def compare_predictors(
    matrix: ResponseMatrix,
    model: StructuralModel,
    own: Mapping[str, str] | None = None,
    seed: int = 0,
    resamples: int = 1000,
) -> PredictorComparison:
    """Predict the effect of each lever on the values that it does not aim at, with the graph and without.

    With o_i the effect of lever i on its own value and all quantities in standard deviations of the rows without lever:
    *graph*: o_i times the mean total effect of value i on value j in `model`; *half the correlation*: o_i r_ij / 2 with
    r from the rows without lever; *mean of the other levers*: the mean effect on j of the levers that aim neither at i
    nor at j.

    Parameters
    ----------
    matrix : ResponseMatrix
        With at least three levers that aim at different values.
    model : StructuralModel
        Over the same values, learned from the rows without lever or with the levers partialled out (saturated). A model
        with sparse levers has seen the cross-effects that it is to predict, so its score flatters it.
    own : mapping of lever to value, optional
        By default levers named ``do_<value>``.
    seed : int, default 0
    resamples : int, default 1000
        Bootstrap samples of clusters and levers; the graph, its parameters and the correlations stay as they are.

    Returns
    -------
    PredictorComparison

    Raises
    ------
    ModelError
        If values differ or fewer than three levers aim at different values.
    """
    if set(model.values) != set(matrix.names):
        odd = ", ".join(sorted(set(model.values) ^ set(matrix.names)))
        raise ModelError(f"The model and the answers differ in the values {odd}. Fit the model to these answers.")
    aims = own_values(matrix.levers, matrix.names, own)
    if len(aims) < 3 or len(set(aims.values())) < len(aims):
        raise ModelError(
            "At least three levers that aim at different values are needed. Say with `own` what each aims at."
        )
    names, levers = sorted(matrix.names), sorted(aims)
    place = [names.index(aims[lever]) for lever in levers]
    plain = matrix.rows(~(matrix.doses != 0).any(axis=1)).frame()[names].astype(float)
    spread = plain.std().to_numpy()
    total = (np.tensordot(model.weights, model.total, axes=1))[
        np.ix_([model.place(aims[lever]) for lever in levers], [model.place(name) for name in names])
    ] * (spread[place][:, None] / spread)
    correlation = plain.corr().to_numpy()[place]
    effects = lever_effects(matrix).mean.loc[levers, names].to_numpy() / spread
    cross = np.ones(effects.shape, dtype=bool)
    cross[np.arange(len(levers)), place] = False
    cross &= np.isfinite(effects)
    task = _Task(place, total, correlation, cross)
    predictions = task.predict(effects)
    scores = _scores(effects, predictions, cross)
    observed = pd.DataFrame(effects, index=levers, columns=names)
    difference = _difference(matrix, observed, spread, task, (seed, resamples))
    table = _table(observed, aims, predictions, cross)
    return PredictorComparison(scores, table, difference, _verdict(scores, difference, len(table)))


@dataclass(frozen=True, eq=False)
class _Task:
    place: list[int]
    total: FloatArray
    correlation: FloatArray
    cross: BoolArray

    def predict(self, effects: FloatArray) -> dict[str, FloatArray]:
        """Return the three predictions (levers, p) from standardised effects (levers, p)."""
        reached = effects[np.arange(len(self.place)), self.place][:, None]
        seen = np.where(self.cross, effects, 0.0)
        others = (seen.sum(axis=0) - seen) / np.maximum(self.cross.sum(axis=0) - self.cross, 1)
        return {GRAPH: reached * self.total, HALF: reached * self.correlation / 2, OTHERS: others}


def r_squared(observed: FloatArray, predicted: FloatArray, reference: FloatArray | float = 0.0) -> float:
    """Return 1 - sum (observed - predicted)^2 / sum (observed - reference)^2."""
    return float(1 - np.square(observed - predicted).sum() / np.square(observed - reference).sum())


def _scores(effects: FloatArray, predictions: dict[str, FloatArray], cross: BoolArray) -> pd.DataFrame:
    simple, every = [HALF, OTHERS], [HALF, OTHERS, GRAPH]
    mixed = {
        "the two simple ones, mixed": _mix(effects, [predictions[name] for name in simple], cross),
        "all three, mixed": _mix(effects, [predictions[name] for name in every], cross),
    }
    seen = np.where(cross, effects, 0.0)
    column_mean = np.broadcast_to(seen.sum(axis=0) / np.maximum(cross.sum(axis=0), 1), effects.shape)
    rows = {}
    for name, prediction in (predictions | mixed).items():
        pair = effects[cross], prediction[cross]
        varies = np.ptp(pair[1]) > 0
        rows[name] = {
            "r2": r_squared(*pair),
            "r2_about_mean": r_squared(*pair, column_mean[cross]),
            "correlation": float(np.corrcoef(*pair)[0, 1]) if varies else np.nan,
        }
    return pd.DataFrame(rows).T


def _mix(effects: FloatArray, predictions: list[FloatArray], cross: BoolArray) -> FloatArray:
    """Return a least-squares mix of predictions (levers, p), its weights fitted without the lever that is predicted."""
    mixed = np.zeros_like(effects)
    for lever in range(len(effects)):
        rows = cross.copy()
        rows[lever] = False
        x = np.column_stack([prediction[rows] for prediction in predictions])
        weights = np.linalg.lstsq(x, effects[rows], rcond=None)[0]
        mixed[lever] = sum(w * prediction[lever] for w, prediction in zip(weights, predictions, strict=True))
    return mixed


def _difference(
    matrix: ResponseMatrix, observed: pd.DataFrame, spread: FloatArray, task: _Task, draws: tuple[int, int]
) -> tuple[float, float, float]:
    """Return R2 of the graph less that of the better simple predictor, and its 90% bootstrap interval."""
    cells, _ = cell_rows(matrix)
    levers, names = list(observed.index), list(observed.columns)
    columns = [matrix.names.index(name) for name in names]
    found = [paired_differences(matrix, cells[lever]) for lever in levers]
    here = _lead(observed.to_numpy(), task, np.ones(len(levers)))
    clusters = sorted({cluster for each in found for cluster in each.clusters})
    seed, resamples = draws
    if any(len(each.clusters) < 2 for each in found) or resamples < 1:
        return here, np.nan, np.nan
    place = {cluster: i for i, cluster in enumerate(clusters)}
    weights = np.zeros((len(levers), len(clusters), len(names)))
    differences = np.zeros_like(weights)
    for lever, each in enumerate(found):
        rows = [place[cluster] for cluster in each.clusters]
        d = each.differences[:, columns]
        weights[lever, rows] = np.where(np.isnan(d), 0.0, each.weights[:, columns])
        differences[lever, rows] = np.nan_to_num(d)
    picked = _counts(len(clusters), resamples, seed, "clusters"), _counts(len(levers), resamples, seed, "levers")
    leads = []
    for cluster_count, lever_count in zip(*picked, strict=True):
        total = np.einsum("g,lgp->lp", cluster_count, weights)
        mean = np.einsum("g,lgp->lp", cluster_count, weights * differences) / np.where(total > 0, total, np.nan)
        if np.isfinite(mean[task.cross]).all():
            leads.append(_lead(mean / spread, task, lever_count))
    leads = [lead for lead in leads if np.isfinite(lead)]
    if not leads:
        return here, np.nan, np.nan
    lower, upper = weighted_quantiles(np.array(leads), np.full(len(leads), 1 / len(leads)), (0.05, 0.95))
    return here, float(lower), float(upper)


def _counts(size: int, resamples: int, seed: int, what: str) -> FloatArray:
    """Return how often each of `size` things is in each bootstrap sample (resamples, size)."""
    generator = stream(seed, "compare_predictors", what)
    return generator.multinomial(size, np.full(size, 1 / size), resamples).astype(float)


def _lead(effects: FloatArray, task: _Task, count: FloatArray) -> float:
    """Return R2 of the graph less that of the better simple predictor, lever i counting `count[i]` times.

    NaN when these levers moved nothing. The mean of the other levers is taken over all of them: a lever that is drawn
    twice must not predict itself.
    """
    times = np.broadcast_to(count[:, None], effects.shape)[task.cross]
    observed = effects[task.cross]
    size = (times * np.square(observed)).sum()
    if size == 0:
        return np.nan
    r2 = {
        name: float(1 - (times * np.square(observed - predicted[task.cross])).sum() / size)
        for name, predicted in task.predict(effects).items()
    }
    return r2[GRAPH] - max(r2[HALF], r2[OTHERS])


def _table(
    effects: pd.DataFrame, aims: dict[str, str], predictions: dict[str, FloatArray], cross: BoolArray
) -> pd.DataFrame:
    rows = []
    for i, j in zip(*np.nonzero(cross), strict=True):
        lever = str(effects.index[i])
        row = {"lever": lever, "own": aims[lever], "value": effects.columns[j], "observed": effects.iloc[i, j]}
        rows.append(row | {name: prediction[i, j] for name, prediction in predictions.items()})
    return pd.DataFrame(rows)


def _verdict(scores: pd.DataFrame, difference: tuple[float, float, float], size: int) -> str:
    r2 = scores["r2"]
    start = (
        f"Of the {size} cross-effects of levers, R2 against predicting no effect is {_two(r2[GRAPH])} for the graph, "
        f"{_two(r2[HALF])} for half the correlation and {_two(r2[OTHERS])} for the mean of the other levers"
    )
    here, lower, upper = difference
    if np.isnan(lower):
        judgement, interval = "foresees them better" if here > 0 else "does not foresee them better", "no interval"
    else:
        judgement, interval = "does not foresee them better", f"90% interval {_two(lower)} to {_two(upper)}"
        judgement = "foresees them better" if lower > 0 else "foresees them worse" if upper < 0 else judgement
    lead = f"the graph {judgement} than the better simple predictor (difference {_two(here)}, {interval})"
    gain = r2["all three, mixed"] - r2["the two simple ones, mixed"]
    mixed = f"mixed with the two it changes the held-out R2 by {_two(gain)}"
    alone = scores.loc[[GRAPH, HALF, OTHERS], "r2_about_mean"]
    idle = "; about each value's own mean cross-effect the R2 of all three is negative" if (alone < 0).all() else ""
    return f"{start}: {lead}; {mixed}{idle}."


def _two(number: float) -> str:
    """Return a number with two decimals, zero without a sign."""
    return f"{round(float(number), 2) + 0.0:.2f}"
