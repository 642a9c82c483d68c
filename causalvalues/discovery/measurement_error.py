"""How many false edges measurement error makes: simulated at the data's own number of rows and reliabilities.

Two values that are joined through a third keep a partial correlation given that third value's error-prone score, and
enough rows show it as an edge. So the share of false edges grows with the rows, and no learner that reads the scores
as if they were the values is safe.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from causalvalues.discovery.discover import discover
from causalvalues.discovery.exact import MOST_VALUES, ExactPosterior
from causalvalues.discovery.exact_sums import LAYERS_UP_TO
from causalvalues.discovery.optimum import best_dag
from causalvalues.discovery.scores import BIC
from causalvalues.errors import DataError, DiscoveryError, did_you_mean
from causalvalues.evidence import Evidence, Finding, summarise
from causalvalues.evidence.corrected_moments import correct_for_error
from causalvalues.frozen import BoolArray, FloatArray
from causalvalues.randomness import stream

LIMIT = 0.1
"""Expected share of false edges above which claims about direct effects and paths are blocked."""

MOST_ROWS = 20_000
"""Rows that are simulated at most; with more rows the shares are larger still."""

TRUTH_ROWS = 1000
"""The graph of the simulation is the best one at this many rows at most, so that it stays sparse."""

FLOOR = 0.05
"""Eigenvalue floor of the disattenuated correlations that the graph of the simulation is fitted to."""


@dataclass(frozen=True, eq=False)
class FalseEdges:
    """Expected shares of false and found edges.

    Parameters
    ----------
    table : DataFrame
        One row for each ``graph`` ("learned", "random") and ``scores`` ("as they are", "corrected"): ``false`` (share
        of the pairs without an edge that are claimed), ``false_se`` (Monte Carlo standard error), ``found`` (share of
        the pairs with an edge that are claimed), ``repeats`` that could be used.
    n : int
        Rows of each simulated data set: the effective number of the evidence.
    edges : int
        Edges of the graph that was simulated.
    reliabilities : mapping of str to float
    """

    table: pd.DataFrame
    n: int
    edges: int
    reliabilities: Mapping[str, float]

    def expected(self, scores: str = "as they are") -> float:
        """Return the larger of the expected shares of false edges of the two kinds of graphs; NaN if none is known."""
        chosen = self.table[self.table["scores"] == scores]
        return float(chosen["false"].max())

    def blocks(self, scores: str = "as they are") -> bool:
        """Whether claims about direct effects and paths are blocked: more than 10% false edges are expected."""
        return self.expected(scores) > LIMIT

    def findings(self) -> list[Finding]:
        """Return what the data doctor says about it: CV602 when claims are blocked, else the note CV603."""
        share, corrected = self.expected(), self.expected("corrected")
        row = self.table[(self.table["scores"] == "as they are") & (self.table["false"] == share)]
        error = float(row["false_se"].iloc[0]) if len(row) else float("nan")
        low = sorted(self.reliabilities.items(), key=lambda item: (item[1], item[0]))[:3]
        where = "reliabilities of " + ", ".join(f"{name!r} ({value:.2f})" for name, value in low)
        power = {scores: float(part["found"].min()) for scores, part in self.table.groupby("scores")}
        found = f"which find {power['corrected']:.0%} of the true edges, against {power['as they are']:.0%}"
        after = "" if np.isnan(corrected) else f"; {corrected:.0%} from corrected moments ({found})"
        message = (
            f"With {self.n} effective rows and these reliabilities, {share:.0%} (Monte Carlo standard error "
            f"{error:.1%}) of the pairs that have no edge are expected to be claimed as edges{after}."
        )
        if not self.blocks():
            return [Finding("CV603", "note", where, message, "Nothing needs to be done.")]
        remedy = "Claims about direct effects and paths are blocked (effects of levers are not). "
        if np.isnan(corrected) or corrected > LIMIT:
            remedy += "Correction does not mend it here: add items, or merge dimensions that answers do not tell apart."
        else:
            remedy += "Learn from corrected moments (`summarise(items, moments=CorrectedMoments(key))`), or add items."
        return [Finding("CV602", "warning", where, message, remedy)]


def expected_false_edges(
    evidence: Evidence,
    reliabilities: Mapping[str, float] | pd.Series,
    standard_errors: Mapping[str, float] | pd.Series | None = None,
    repeats: int = 40,
    seed: int = 0,
) -> FalseEdges:
    """Simulate how many false edges the exact posterior claims when scores hold measurement error.

    A sparse graph is fitted to the disattenuated correlations (best BIC). Scores are simulated from its linear-Gaussian
    model with errors of the given reliabilities, at the effective number of rows of the evidence, and learned from. The
    same is done for random graphs with equally many edges and the same coefficients.

    Parameters
    ----------
    evidence : Evidence
        Of the scores as they are, 2 to 20 values; levers are partialled out.
    reliabilities : mapping of str to float, or Series
        Reliability of each value within design cells, above 0, for example ``reliability(answers, key)["alpha"]``.
    standard_errors : mapping of str to float, or Series, optional
        Standard errors of the reliabilities; the corrected moments of the simulation feel them.
    repeats : int, default 40
        Data sets for each kind of graph.
    seed : int, default 0

    Returns
    -------
    FalseEdges

    Raises
    ------
    DataError
        If a value has no reliability, or it does not lie above 0 and up to 1.
    DiscoveryError
        If there are more than 20 values, or `repeats` is below 1.
    """
    names = tuple(sorted(evidence.names))
    if len(names) > MOST_VALUES or repeats < 1:
        raise DiscoveryError(f"False edges are simulated for at most {MOST_VALUES} values, with one repeat or more.")
    share = _checked(names, {str(name): float(value) for name, value in reliabilities.items()})
    errors = {} if standard_errors is None else dict(standard_errors)
    true = _true_correlation(evidence, names, share)
    n = int(min(max(round(evidence.n_score), len(names) + 2), MOST_ROWS))
    graph = best_dag(_as_evidence(names, true, min(n, TRUTH_ROWS)), ExactPosterior(score=BIC(), moment_draws=0))[0]
    coefficients = _fitted(graph.adjacency, true)
    setting = _Setting(names, share, np.array([errors.get(name, 0.0) for name in names]), n)
    records = []
    for kind in ("learned", "random"):
        found: dict[str, list[tuple[float, float]]] = {"as they are": [], "corrected": []}
        for number in range(repeats):
            rng = stream(seed, "false edges", kind, number)
            b = coefficients if kind == "learned" else _shuffled(coefficients, rng)
            for scores, rates in _learned(setting, b, rng).items():
                found[scores].append(rates)
        records += [_record(kind, scores, rates) for scores, rates in found.items()]
    table = pd.DataFrame(records, columns=["graph", "scores", "false", "false_se", "found", "repeats"])
    return FalseEdges(table, n, int(graph.adjacency.sum()), dict(zip(names, share.tolist(), strict=True)))


@dataclass(frozen=True, eq=False)
class _Setting:
    """What every simulated data set shares: names, reliabilities (p,), their standard errors (p,) and rows."""

    names: tuple[str, ...]
    share: FloatArray
    errors: FloatArray
    n: int


def _checked(names: tuple[str, ...], reliabilities: Mapping[str, float]) -> FloatArray:
    for name in reliabilities:
        if name not in names:
            raise DataError(f"There is no value {name!r}." + did_you_mean(name, names))
    missing = [name for name in names if name not in reliabilities]
    if missing:
        raise DataError(
            f"No reliability was given for {', '.join(map(repr, missing))}. Give 1 for a value without error."
        )
    wrong = [f"{name!r} ({reliabilities[name]:g})" for name in names if not 0 < reliabilities[name] <= 1]
    if wrong:
        raise DataError(f"Reliabilities lie above 0 and up to 1; look at {', '.join(wrong)}. Drop values without any.")
    return np.array([float(reliabilities[name]) for name in names])


def _true_correlation(evidence: Evidence, names: tuple[str, ...], share: FloatArray) -> FloatArray:
    """Return the disattenuated correlations in sorted order, with eigenvalues below the floor raised to it."""
    correlation = evidence.correlation.loc[list(names), list(names)].to_numpy()
    true = correlation / np.sqrt(np.outer(share, share))
    np.fill_diagonal(true, 1.0)
    values, vectors = np.linalg.eigh(true)
    raised = (vectors * np.maximum(values, FLOOR)) @ vectors.T
    scale = np.sqrt(np.diag(raised))
    return np.asarray(raised / np.outer(scale, scale))


def _as_evidence(names: tuple[str, ...], correlation: FloatArray, n: int) -> Evidence:
    p = len(names)
    return Evidence(names, np.zeros(p), correlation * (n - 1), n, float(n), np.full((p, p), float(n)))


def _fitted(graph: BoolArray, correlation: FloatArray) -> FloatArray:
    """Return the regression coefficients (p, p), [cause, effect], of each value on its parents."""
    b = np.zeros(graph.shape)
    for j in range(len(graph)):
        parents = np.flatnonzero(graph[:, j])
        if len(parents):
            b[parents, j] = np.linalg.solve(correlation[np.ix_(parents, parents)], correlation[parents, j])
    return b


def _shuffled(coefficients: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return a random graph with the same number of edges and the same coefficients in random places."""
    p = len(coefficients)
    values = rng.permutation(coefficients[coefficients != 0])
    place = rng.permutation(p * (p - 1) // 2)[: len(values)]
    rows, columns = (index[place] for index in np.triu_indices(p, 1))
    order = rng.permutation(p)
    b = np.zeros((p, p))
    b[order[rows], order[columns]] = values
    return b


def _scores(b: FloatArray, share: FloatArray, n: int, rng: np.random.Generator) -> FloatArray:
    """Return rows (n, p) of scores: true scores of variance 1, each a sum of its causes and noise, plus errors.

    Coefficients of a value whose causes would explain more than 90% of it are scaled down.
    """
    p = len(b)
    true = np.zeros((n, p))
    covariance = np.eye(p)
    for j in _order(b):
        parents = np.flatnonzero(b[:, j])
        explained = float(b[parents, j] @ covariance[np.ix_(parents, parents)] @ b[parents, j])
        slopes = b[parents, j] * min(1.0, np.sqrt(0.9 / explained) if explained > 0 else 1.0)
        explained = float(slopes @ covariance[np.ix_(parents, parents)] @ slopes)
        covariance[j] = slopes @ covariance[parents]
        covariance[:, j] = covariance[j]
        covariance[j, j] = 1.0
        true[:, j] = true[:, parents] @ slopes + np.sqrt(1.0 - explained) * rng.normal(size=n)
    return np.asarray(true + np.sqrt(1.0 / share - 1.0) * rng.normal(size=(n, p)))


def _order(b: FloatArray) -> list[int]:
    """Return the values with causes before effects."""
    order: list[int] = []
    while len(order) < len(b):
        order += [j for j in range(len(b)) if j not in order and set(np.flatnonzero(b[:, j])) <= set(order)]
    return order


def _learned(setting: _Setting, b: FloatArray, rng: np.random.Generator) -> dict[str, tuple[float, float]]:
    """Return shares of claimed pairs without and with an edge, from the scores as they are and corrected."""
    method = ExactPosterior(draws=1, moment_draws=0)
    if len(b) > LAYERS_UP_TO:
        method = replace(method, draws=500, min_effective=1.0)
    plain = summarise(pd.DataFrame(_scores(b, setting.share, setting.n, rng), columns=list(setting.names)))
    guess = np.clip(rng.normal(setting.share, setting.errors), 0.01, 1.0)
    rates = {"as they are": _rates(plain, method, b != 0)}
    with suppress(DataError):
        known, errors = (dict(zip(setting.names, x.tolist(), strict=True)) for x in (guess, setting.errors))
        rates["corrected"] = _rates(correct_for_error(plain, known, errors), method, b != 0)
    return rates


def _rates(evidence: Evidence, method: ExactPosterior, graph: BoolArray) -> tuple[float, float]:
    pairs = np.triu_indices(len(graph), 1)
    joined = (graph | graph.T)[pairs]
    claimed = discover(evidence, method).adjacent_probabilities.to_numpy()[pairs] > 0.5
    false = float(claimed[~joined].mean()) if not joined.all() else np.nan
    return false, float(claimed[joined].mean()) if joined.any() else np.nan


def _record(kind: str, scores: str, rates: list[tuple[float, float]]) -> tuple[str, str, float, float, float, int]:
    if not rates:
        return kind, scores, np.nan, np.nan, np.nan, 0
    false, found = np.array(rates).T
    error = float(np.std(false) / np.sqrt(max(len(false) - 1, 1)))
    return kind, scores, float(false.mean()), error, float(found.mean()), len(rates)
