"""Agreement of predicted matrices with an experiment: tables, bootstrap intervals, permutations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from causalvalues.frozen import FloatArray
from causalvalues.randomness import require_whole, stream
from causalvalues.skill.experimental_measures import MEASURES, Truths, agreement, measures
from causalvalues.skill.experimental_nouns import ALL, ExperimentalMatrix

LEVERS = "cross-effects of levers"
CORRELATIONS = "correlations without levers"


@dataclass(frozen=True, eq=False)
class Candidate:
    """A predicted matrix of value-on-value effects.

    Parameters
    ----------
    name : str
    prediction : DataFrame (p, p)
        [forced value, value], in any unit; the diagonal is not read.
    structural : bool
        Whether a structural causal model made it; else it is a simple predictor.
    learned_from : str, default ""
        Which rows it has seen.
    """

    name: str
    prediction: pd.DataFrame
    structural: bool
    learned_from: str = ""


@dataclass(frozen=True)
class ScoreSettings:
    """How models are scored.

    Parameters
    ----------
    way : str, default "all"
        Which forced answers are the truth; see `ExperimentalMatrix.effects`.
    rivals : tuple of str
        Names of the simple predictors that a structural model has to beat.
    resamples : int, default 1000
        Bootstrap samples of units and values.
    permutations : int, default 2000
        Of the names of the values.
    """

    way: str = ALL
    rivals: tuple[str, ...] = (LEVERS, CORRELATIONS)
    resamples: int = 1000
    permutations: int = 2000

    def __post_init__(self) -> None:
        require_whole("resamples", self.resamples, 20)
        require_whole("permutations", self.permutations, 20)


def permutation_p(effects: FloatArray, predicted: FloatArray, permutations: int, seed: int) -> float:
    """Return the share of permutations of the names of the values that agree at least as well, this one included.

    Parameters
    ----------
    effects, predicted : array (p, p)
        The diagonal is not read. Agreement is the correlation after taking away the means of columns.
    permutations : int
    seed : int
    """
    p = len(effects)
    generator = stream(seed, "permutation of values")
    orders = [np.arange(p), *(generator.permutation(p) for _ in range(permutations))]
    shuffled = np.array([effects[np.ix_(order, order)] for order in orders])
    none = np.zeros((p, p), dtype=bool)
    weights = np.broadcast_to(1.0 - np.eye(p), shuffled.shape)
    found = agreement(Truths(shuffled, weights, none, none), predicted)
    if np.isnan(found[0]):
        return float("nan")
    return float((found >= found[0] - 1e-12).mean())


def arrays_of(truth: ExperimentalMatrix, each: Sequence[Candidate]) -> dict[str, FloatArray]:
    """Return the predictions (p, p) in the order of the values."""
    names = list(truth.values)
    return {candidate.name: candidate.prediction.loc[names, names].to_numpy(dtype=float) for candidate in each}


def as_it_is(truth: ExperimentalMatrix, how: ScoreSettings) -> Truths:
    """Return the effects themselves, once."""
    raw, special = truth.effects(how.way), truth.effects(how.way, centred=True)
    p = len(truth.values)
    weights = (1.0 - np.eye(p))[None]
    return Truths(raw.mean.to_numpy()[None], weights, special.differs.to_numpy(), special.still.to_numpy())


def resampled(truth: ExperimentalMatrix, how: ScoreSettings, seed: int, nodes: bool) -> Truths:
    """Return resamples of the units, and of the values where `nodes` says so."""
    p, b = len(truth.values), how.resamples
    counts = truth.draws(b, seed)
    times = stream(seed, "values").multinomial(p, np.full(p, 1 / p), b).astype(float) if nodes else np.ones((b, p))
    weights = times[:, :, None] * times[:, None, :] * (1.0 - np.eye(p))
    once = as_it_is(truth, how)
    return Truths(truth.resampled(counts, how.way), weights, once.moved, once.still)


def score_table(truth: ExperimentalMatrix, each: Sequence[Candidate], how: ScoreSettings, seed: int) -> pd.DataFrame:
    """Return every measure of every candidate; see `ModelScores.table`."""
    once, arrays = as_it_is(truth, how), arrays_of(truth, each)
    effects = once.effects[0]
    many = {prefix: resampled(truth, how, seed, nodes) for prefix, nodes in (("", True), ("units_", False))}
    rows = {}
    for one in each:
        row: dict[str, object] = {"structural": one.structural, "learned_from": one.learned_from}
        found = measures(once, arrays[one.name])
        row |= {name: float(found[name][0]) for name in MEASURES}
        for prefix, resamples in many.items():
            ends = _ends(agreement(resamples, arrays[one.name]), truth.settings.level)
            row |= {f"{prefix}lower": ends[0], f"{prefix}upper": ends[1]}
        row["p"] = permutation_p(effects, arrays[one.name], how.permutations, seed)
        rows[one.name] = row
    table = pd.DataFrame(rows).T.infer_objects()
    return table.sort_values(["structural", "pearson"], ascending=[False, False], kind="stable")


def lead_table(truth: ExperimentalMatrix, each: Sequence[Candidate], how: ScoreSettings, seed: int) -> pd.DataFrame:
    """Return differences of structural models to their rivals; see `ModelScores.leads`."""
    arrays, once = arrays_of(truth, each), as_it_is(truth, how)
    sets = {"": once, "both": resampled(truth, how, seed, True), "units": resampled(truth, how, seed, False)}
    found = {kind: {name: agreement(these, a) for name, a in arrays.items()} for kind, these in sets.items()}
    rows = {}
    for one in each:
        if not one.structural:
            continue
        row = {"pearson": float(found[""][one.name][0])}
        for rival in (*how.rivals, "better"):
            names = how.rivals if rival == "better" else (rival,)
            lead = {
                kind: here[one.name] - np.max([here[name] for name in names], axis=0) for kind, here in found.items()
            }
            row[rival] = float(lead[""][0])
            row[f"{rival} lower"], row[f"{rival} upper"] = _ends(lead["both"], truth.settings.level)
            row[f"{rival} units_lower"], row[f"{rival} units_upper"] = _ends(lead["units"], truth.settings.level)
        rows[one.name] = row
    return pd.DataFrame(rows).T.sort_values("pearson", ascending=False, kind="stable")


def _ends(draws: FloatArray, level: float) -> tuple[float, float]:
    known = draws[np.isfinite(draws)]
    if len(known) < len(draws) / 2:
        return float("nan"), float("nan")
    lower, upper = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)
